package charset_test

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/unicode/norm"

	"vanthu/parser/charset"
)

const sample = "Stt;Mã số SV/HV;Họ và tên;Lớp;Khóa\r\n1;2453010001;Nguyễn Thị Thùy Dương;YAK50;K50\r\n2;2453010002;Đặng Văn Ẩn;YAK50;K50\r\n"

func encode(t *testing.T, e encoding.Encoding, s string) []byte {
	t.Helper()
	b, err := e.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// as1258 writes s as programs do: base letters with circumflex, breve and horn, the tones behind them.
func as1258(t *testing.T, s string) []byte {
	t.Helper()
	var b strings.Builder
	for _, r := range s {
		var tone []rune
		var rest []rune
		for _, m := range norm.NFD.String(string(r)) {
			if strings.ContainsRune("\u0300\u0301\u0303\u0309\u0323", m) {
				tone = append(tone, m)
			} else {
				rest = append(rest, m)
			}
		}
		b.WriteString(norm.NFC.String(string(rest)) + string(tone))
	}
	return encode(t, charmap.Windows1258, b.String())
}

func TestDecode(t *testing.T) {
	t.Parallel()
	wide := func(order unicode.Endianness, mark unicode.BOMPolicy) []byte {
		return encode(t, unicode.UTF16(order, mark), sample)
	}
	broken := strings.Replace(sample, "ễ", "\xe1\xbb", 1)
	for name, c := range map[string]struct {
		data       []byte
		text, name string
	}{
		"utf-8":             {[]byte(sample), sample, ""},
		"utf-8 mark":        {[]byte("\xef\xbb\xbf" + sample), sample, ""},
		"utf-8, one broken": {[]byte(broken), strings.Replace(sample, "ễ", "\uFFFD", 1), ""},
		"utf-8, cut":        {[]byte("Lê Ẩn, Đỗ Ẩ")[:14], "Lê Ẩn, Đ\uFFFD", ""},
		"utf-16le mark":     {wide(unicode.LittleEndian, unicode.UseBOM), sample, charset.UTF16LE},
		"utf-16be mark":     {wide(unicode.BigEndian, unicode.UseBOM), sample, charset.UTF16BE},
		"utf-16le":          {wide(unicode.LittleEndian, unicode.IgnoreBOM), sample, charset.UTF16LE},
		"utf-16be":          {wide(unicode.BigEndian, unicode.IgnoreBOM), sample, charset.UTF16BE},
		"utf-16, odd":       {append(wide(unicode.LittleEndian, unicode.UseBOM), 'x'), sample + "\uFFFD", charset.UTF16LE},
		"windows-1258":      {as1258(t, sample), sample, charset.Windows1258},
		"windows-1252":      {[]byte("M\xe3; H\xe0 N\xe0 Lan; Ho\xe0ng Th\xf9y; L\xea Tr\xed"), "Mã; Hà Nà Lan; Hoàng Thùy; Lê Trí", charset.Windows1252},
		"TCVN3":             {[]byte("Nguy\xd4n Th\xde Th\xfcy D\xad\xacng; \xa7\xc7ng V\xa8n"), "NguyÔn ThÞ Thüy D\u00AD¬ng; §Çng V¨n", charset.Windows1252},
		"VNI":               {[]byte("Nguye\xe3n Th\xf2 Thu\xf8y D\xf6\xf4ng; Tra\xe0n V\xe2n"), "Nguyeãn Thò Thuøy Döông; Traàn Vân", charset.Windows1252},
		"ASCII":             {[]byte("a;b\n"), "a;b\n", ""},
		"empty":             {nil, "", ""},
	} {
		text, got := charset.Decode(c.data)
		if text != c.text || got != c.name {
			t.Errorf("%s: %q %q, want %q %q", name, text, got, c.text, c.name)
		}
	}
}

func TestDecodeAs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		data        []byte
		label       string
		text, named string
	}{
		"right":                   {as1258(t, sample), "windows-1258", sample, charset.Windows1258},
		"UTF-8 that says western": {[]byte("Lê Ẩn"), "iso-8859-1", "Lê Ẩn", ""},
		"1258 that says UTF-8":    {as1258(t, sample), "utf-8", sample, charset.Windows1258},
		"1258 that says western":  {as1258(t, sample), "windows-1252", sample, charset.Windows1258},
		"another":                 {[]byte("\xd0\xd1"), "koi8-r", "пя", "koi8-r"},
		"unknown":                 {[]byte("Lê"), "x-none", "Lê", ""},
	} {
		text, got := charset.DecodeAs(c.data, c.label)
		if text != c.text || got != c.named {
			t.Errorf("%s: %q %q, want %q %q", name, text, got, c.text, c.named)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(sample), "utf-8")
	f.Add([]byte("\xff\xfea\x00\x00\xd8"), "")
	f.Add([]byte("Th\xf2"), "windows-1258")
	f.Fuzz(func(t *testing.T, data []byte, label string) {
		for _, text := range []string{first(charset.Decode(data)), first(charset.DecodeAs(data, label))} {
			if text != strings.ToValidUTF8(text, "") {
				t.Errorf("%q is no UTF-8", text)
			}
		}
	})
}

func first(text, _ string) string { return text }
