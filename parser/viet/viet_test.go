package viet

import (
	"bufio"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// vectors reads the table of invented names: one map a line, by column.
func vectors(t *testing.T) []map[string]string {
	t.Helper()
	f, err := os.Open("testdata/name_vectors.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var head []string
	var all []map[string]string
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if strings.HasPrefix(sc.Text(), "#") {
			continue
		}
		cols := strings.Split(strings.ReplaceAll(sc.Text(), `\u00a0`, "\u00a0"), "\t")
		if head == nil {
			head = cols
			continue
		}
		v := map[string]string{}
		for i, h := range head {
			v[h] = cols[i]
		}
		all = append(all, v)
	}
	if len(all) < 30 {
		t.Fatalf("only %d vectors", len(all))
	}
	return all
}

func TestVectors(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		cleaned, _ := Clean(v["input"])
		for col, got := range map[string]string{
			"clean_nfc":  cleaned,
			"title_case": TitleCase(cleaned),
			"fold_ascii": Fold(cleaned),
			"tone_key":   ToneKey(cleaned),
			// What a school's own scheme would make user names of rests on the fold.
			"initials_username":  userName(cleaned, false),
			"given_dot_initials": userName(cleaned, true),
		} {
			if got != v[col] {
				t.Errorf("%s of %q is %q, want %q", col, v["input"], got, v[col])
			}
		}
		for _, style := range []string{"old_style", "new_style"} {
			for _, form := range []string{v[style], strings.ToUpper(v[style]), norm.NFD.String(v[style])} {
				if ToneKey(form) != v["tone_key"] {
					t.Errorf("the key of %q is %q, want %q", form, ToneKey(form), v["tone_key"])
				}
			}
		}
		if ToneKey(v["old_style"]) != ToneKey(v["new_style"]) {
			t.Errorf("%q and %q have different keys", v["old_style"], v["new_style"])
		}
	}
}

// userName makes "nvan" of Nguyễn Văn An, or "an.nv" with the given name first.
func userName(name string, givenFirst bool) string {
	words := strings.Fields(strings.NewReplacer("'", "", "-", "").Replace(Fold(name)))
	last := words[len(words)-1]
	initials := ""
	for _, w := range words[:len(words)-1] {
		initials += w[:1]
	}
	if givenFirst && initials != "" {
		return last + "." + initials
	}
	return initials + last
}

func TestToneKey(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"Hòa", "Hoà", "HOÀ", "ho\u00e0", "Hoa\u0300"}, {"Thủy", "Thuỷ"}, {"Khỏe", "Khoẻ"}, {"Thúy", "Thuý"}, {"Qúy", "Quý"}, {"Hòang", "Hoàng"},
		{"Loan", "LOAN"}, {"Tuệ", "Tụê", "Tue\u0323\u0302", "Tue\u0302\u0323"},
	} {
		for _, s := range same[1:] {
			if ToneKey(s) != ToneKey(same[0]) {
				t.Errorf("%q and %q have different keys", s, same[0])
			}
		}
	}
	for _, apart := range [][2]string{{"Mỹ", "Mĩ"}, {"Lý", "Lí"}, {"Hòa", "Hóa"}, {"Đan", "Dan"}, {"Ân", "An"}, {"Thuỳ", "Thủy"}, {"Niê", "Nie"}} {
		if ToneKey(apart[0]) == ToneKey(apart[1]) {
			t.Errorf("%q and %q have one key", apart[0], apart[1])
		}
	}
}

func TestClean(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in, want string
		did      Changes
	}{
		{"", "", 0},
		{"2153010345", "2153010345", 0},
		{"  Lê An  ", "Lê An", 0},
		{"Lê\u00a0An", "Lê An", Blanks},
		{"Lê  An", "Lê An", Blanks},
		{"Lê An\u00a0", "Lê An", 0},
		{"Lê\nAn", "Lê An", Blanks},
		{"Nguye\u0302\u0303n", "Nguyễn", Composed},
		{"Nguyê\u0303n", "Nguyễn", Composed},
		{"\u200bAn\u00ad", "An", Invisible},
		{"An\x00h", "Anh", Invisible},
		{"Ðặng", "Đặng", Eth},
		{"ðạt", "đạt", Eth},
		{"H’Hen", "H'Hen", Signs}, {"HʼHen", "H'Hen", Signs}, {"H`Hen", "H'Hen", Signs}, {"H´Hen", "H'Hen", Signs},
		{"\u202aAn\u202c", "An", Invisible}, {"\ufeffLê\u3000An", "Lê An", Invisible | Blanks}, {"Ɖỗ ɖạt", "Đỗ đạt", Eth},
		{"2024–2030", "2024-2030", Signs},
		{"a\xffb", "a\uFFFDb", 0},
		{"a\u200b\u0301", "á", Invisible},
	} {
		got, did := Clean(c.in)
		if got != c.want || did != c.did {
			t.Errorf("Clean(%q) = %q, %05b; want %q, %05b", c.in, got, did, c.want, c.did)
		}
	}
}

func TestTitleCaseLeavesMixedCase(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"H'HEN NIÊ": "H'Hen Niê", "Ro Phi ah": "Ro Phi ah", "ý": "ý", "trần thị-an": "Trần Thị-An",
	} {
		if got := TitleCase(in); got != want {
			t.Errorf("TitleCase(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestIsSyllable(t *testing.T) {
	t.Parallel()
	good := `Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Quốc Quý Quỳnh Quyên Quang Quân Khánh
		Nghĩa Nghiêm Thuỳ Thùy Hoà Hòa Khoẻ Khuê Giang Gia Giáp Giêng Gì Y Ý Yến Uyên Oanh Ánh Ân Ẩn Ưng Thịnh Trúc Phúc Lộc Việt Nguyệt
		Ngọc Bích Kiệt Kỳ Mỹ Mĩ Thạch Danh Sơn Sóc Xuân Thuận Tuyết Khoa Huy Thoại Lưu Hữu Diệu Kiều Hiếu Quới Phước Tường`
	for _, w := range strings.Fields(good) {
		if !IsSyllable(w) {
			t.Errorf("%q is refused", w)
		}
	}
	bad := `Nguyênx Phol Rây1 Ah H'Hen Kdăm Dơng Ngiêm Kông Nguyen3 Đạcs Lat Phuc Brơi Nguyẽễn NguyÔn abc qu ng Ce Ghan`
	for _, w := range append(strings.Fields(bad), "", " ", "\xff") {
		if IsSyllable(w) {
			t.Errorf("%q passes", w)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"Nguyễn Văn An", "Nguye\u0302\u0303n\u200b", "Ðặng  Đức", "\xff\xfe", "H’Hen", "a\u00ad\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once, _ := Clean(s)
		twice, did := Clean(once)
		if once != twice || did != 0 {
			t.Errorf("Clean(%q) = %q, again %q (%05b)", s, once, twice, did)
		}
		if !utf8.ValidString(once) {
			t.Errorf("Clean(%q) is not UTF-8", s)
		}
		Fold(once)
		ToneKey(once)
		IsSyllable(once)
		TitleCase(once)
	})
}

// TestFoldTable holds the table of Fold against the decomposition of each letter.
func TestFoldTable(t *testing.T) {
	t.Parallel()
	for r := rune(1); r < 0x3000; r++ {
		if got, want := Fold(string(r)), string(appendFolded(nil, r)); got != want {
			t.Errorf("%U: %q, want %q", r, got, want)
		}
	}
}
