package viet

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// What Vietnamese text in old bytes looks like in a modern file.
func TestDecode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		e        Encoding
		capitals bool
		in, want string
	}{
		{Unicode, false, "Nguye\u0302\u0303n", "Nguyễn"},
		{TCVN3, false, "NguyÔn ThÞ Thïy D\u00AD¬ng", "Nguyễn Thị Thùy Dương"},
		{TCVN3, true, "§ç H÷u NghÜa", "ĐỖ HỮU NGHĨA"},
		{TCVN3, false, "Hä vµ tªn", "Họ và tên"},
		{TCVN3, false, "“Hä” – vµ…", "“Họ” – và…"},
		{VNI, false, "Nguyeãn Thò Thuøy Döông", "Nguyễn Thị Thùy Dương"},
		{VNI, false, "ÑOÃ HÖÕU NGHÓA", "ĐỖ HỮU NGHĨA"},
		{VNI, false, "ÑOÃ HÖõU", "ĐỖ HỮU"}, // a mark of the other case
		{UTF8, false, "Nguyá»…n", "Nguyễn"},
		{UTF8, false, "\u00C4\u0090\u00E1\u00BA\u00B7ng", "Đặng"}, // the Latin-1 view
		{UTF8Twice, false, "NguyÃ¡Â»â€¦n", "Nguyễn"},
		{UTF8Via58, false, "Ă\u00AAn", "ên"},
		{CP1258, false, "NguyêÞn Thiò", "Nguyễn Thị"},
		{VISCII, false, "Nguy®n TÕ", "Nguyện Tạ"},
		{VPS, false, "NguyÍn", "Nguyễn"},
	} {
		if got, ok := Decode(c.in, c.e, c.capitals); !ok || got != c.want {
			t.Errorf("Decode(%q, %s) = %q, %v; want %q", c.in, c.e, got, ok, c.want)
		}
	}
}

// What cannot be text of an encoding.
func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		e  Encoding
		in string
	}{
		{TCVN3, "Nguyễn"}, {VNI, "Nguyễn"}, {VPS, "Đ"}, {VISCII, "ư"}, {CP1258, "Nguye\u0302\u0303n"},
		{VNI, "Hà"}, {VNI, "ùa"}, // a mark without its letter
		{UTF8, "Hoàng"}, {UTF8, "Nguyá»n"}, {UTF8, "日"}, {UTF8Twice, "Nguyá»…n"},
		{UTF8, "Ð’"}, // would be Cyrillic
	} {
		if got, ok := Decode(c.in, c.e, false); ok {
			t.Errorf("Decode(%q, %s) = %q", c.in, c.e, got)
		}
	}
}

// Every line of the tables, in both views of its bytes.
func TestTables(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		e     Encoding
		tsv   string
		lines int
	}{{TCVN3, tcvn3TSV, 95}, {VNI, vniTSV, 134}, {VPS, vpsTSV, 120}, {VISCII, visciiTSV, 127}} {
		rows := tableRows(c.tsv)[1:]
		if len(rows) != c.lines {
			t.Errorf("%s has %d lines, want %d", c.e, len(rows), c.lines)
		}
		for _, row := range rows {
			raw := unhex(t, row[0])
			latin1 := ""
			for _, b := range raw {
				latin1 += string(rune(b))
			}
			for _, view := range []string{latin1, viewOf(raw)} {
				if got, ok := Decode(view, c.e, false); !ok || got != norm.NFC.String(row[1]) {
					t.Errorf("%s %s is %q, %v; want %q", c.e, row[0], got, ok, row[1])
				}
			}
			if c.e == TCVN3 {
				if got, _ := Decode(latin1, TCVN3, true); got != row[2] {
					t.Errorf("%s in an H font is %q, want %q", row[0], got, row[2])
				}
			}
		}
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	var raw []byte
	for ; len(s) >= 2; s = s[2:] {
		n := strings.Index("0123456789ABCDEF", s[:1])*16 + strings.Index("0123456789ABCDEF", s[1:2])
		raw = append(raw, byte(n))
	}
	return raw
}

// Names survive the way through every encoding, but for capitals that TCVN3 does not have.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, name := range inventNames(2, 2000) {
		for e := Unicode; e < encodings; e++ {
			text, ok := encode(name, e)
			got, back := Decode(text, e, false)
			if !ok || !back || !strings.EqualFold(got, name) {
				t.Errorf("%s: %q went as %q and came back %q", e, name, text, got)
			}
		}
	}
}

// glibc's iconv is another author's table of the same encodings.
func TestDecodeAgreesWithIconv(t *testing.T) {
	t.Parallel()
	iconv, err := exec.LookPath("iconv")
	if err != nil {
		t.Skip("no iconv here")
	}
	for e, charset := range map[Encoding]string{TCVN3: "TCVN5712-1", VISCII: "VISCII", CP1258: "CP1258"} {
		var lines []byte
		for c := 0xA1; c < 0x100; c++ {
			lines = append(lines, 'a', byte(c), '\n')
		}
		cmd := exec.CommandContext(t.Context(), iconv, "-c", "-f", charset, "-t", "UTF-8") // -c: leave out what the charset has not
		cmd.Stdin = bytes.NewReader(lines)
		out, err := cmd.Output()
		if len(out) == 0 {
			t.Errorf("iconv -f %s: %v", charset, err)
			continue
		}
		agreed := 0
		for i, want := range strings.Split(strings.TrimSuffix(string(out), "\n"), "\n") {
			c := 0xA1 + i
			want = norm.NFC.String(want)
			if last := []rune(want)[len([]rune(want))-1]; want == "a" || !unicode.IsLetter(last) {
				continue // signs are left as they are shown
			}
			if got, ok := Decode("a"+string(rune(c)), e, false); !ok || got != want {
				t.Errorf("%s %02X is %q, %v; iconv says %q", e, c, got, ok, want)
			}
			agreed++
		}
		if agreed < 50 {
			t.Errorf("only %d letters of %s were compared", agreed, charset)
		}
	}
}

func TestFontEncoding(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		font     string
		want     Encoding
		capitals bool
	}{
		{".VnTime", TCVN3, false}, {".VnTimeH", TCVN3, true}, {".VnArialH", TCVN3, true}, {".vntime", TCVN3, false}, {".vntimeh", TCVN3, true},
		{`"\.VnTime"`, TCVN3, false}, {".VnCourier New", TCVN3, false}, {".VnCommercial Script", TCVN3, false}, {".vngothic", TCVN3, false},
		{"VNI-Times", VNI, false}, {"VNI-Helve-Condense", VNI, false}, {"vni-times", VNI, false},
		{"VPS Times", VPS, false}, {"VI Times", VISCII, false}, {"HoangYen", VISCII, false},
		{"Times New Roman", Unicode, false}, {"SVN-Arial", Unicode, false}, {"UTM Avo", Unicode, false}, {"UVN Ai Cap", Unicode, false},
		{"iCiel Cadena", Unicode, false}, {"1FTV VIP", Unicode, false}, {"", Unicode, false}, {"VnTimes", Unicode, false}, {"Vivaldi", Unicode, false},
	} {
		if got, capitals := FontEncoding(c.font); got != c.want || capitals != c.capitals {
			t.Errorf("FontEncoding(%q) = %s, %v; want %s, %v", c.font, got, capitals, c.want, c.capitals)
		}
	}
}

func TestRepairCase(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in    string
		names bool
		want  string
	}{
		{"NGUYễN THị AN", false, "NGUYỄN THỊ AN"},
		{"NGUYễN Văn An", false, "NGUYỄN Văn An"},
		{"Đỗ HữU NGHĩA", false, "ĐỖ HỮU NGHĨA"},
		{"Lê Vũ", false, "Lê Vũ"}, {"Hồ Ân", true, "Hồ Ân"}, {"Vũ", true, "Vũ"},
		{"Nguyễn Thị ánh", true, "Nguyễn Thị Ánh"}, {"bóng ánh", false, "bóng ánh"}, {"Lý ý", true, "Lý Ý"},
		{" Lê  ý ", true, " Lê  Ý "}, {"", true, ""},
	} {
		if got := repairCase(c.in, c.names); got != c.want {
			t.Errorf("repairCase(%q, %v) = %q, want %q", c.in, c.names, got, c.want)
		}
	}
}
