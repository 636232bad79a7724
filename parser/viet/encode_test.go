package viet

import (
	"math/rand/v2"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// encode writes text as programs of its time did and windows-1252 shows it; ok is false when the encoding lacks a letter.
func encode(text string, e Encoding) (view string, ok bool) {
	var b strings.Builder
	text = norm.NFC.String(text)
	switch e {
	case TCVN3:
		return encodeSingle(text, &tcvn3, &tcvn3Rare)
	case VPS:
		return encodeSingle(text, &vps, nil)
	case VISCII:
		return encodeSingle(text, &viscii, nil)
	case VNI:
		back := map[rune][]byte{}
		for p, r := range vniPairs {
			if old := back[r]; old == nil || (p[0] < 'a') == (p[1] < 0xE0) {
				back[r] = []byte{p[0], p[1]}
			}
		}
		for c, r := range vniSingle {
			if r != 0 {
				back[r] = []byte{byte(c)}
			}
		}
		for _, r := range text {
			c, is := back[r]
			if !is && r >= 0x80 {
				return "", false
			} else if !is {
				c = []byte{byte(r)}
			}
			b.WriteString(viewOf(c))
		}
	case CP1258:
		for _, r := range text {
			c, is := charmap.Windows1258.EncodeRune(r)
			if !is {
				base, mark, found := splitTone(r)
				if !found {
					return "", false
				}
				c, _ = charmap.Windows1258.EncodeRune(base)
				b.WriteString(viewOf([]byte{c}))
				c, _ = charmap.Windows1258.EncodeRune(mark)
			}
			b.WriteString(viewOf([]byte{c}))
		}
	case UTF8:
		return viewOf([]byte(text)), true
	case UTF8Twice:
		return viewOf([]byte(viewOf([]byte(text)))), true
	case UTF8Via58:
		for _, c := range []byte(text) {
			r := charmap.Windows1258.DecodeByte(c)
			if r == utf8.RuneError {
				r = rune(c)
			}
			b.WriteRune(r)
		}
	default:
		return text, true
	}
	return b.String(), true
}

// splitTone splits ễ into ê and its tone.
func splitTone(r rune) (base, mark rune, ok bool) {
	var rest []rune
	for _, d := range norm.NFD.String(string(r)) {
		if toneOf(d) != ngang {
			mark = d
			continue
		}
		rest = append(rest, d)
	}
	composed := []rune(norm.NFC.String(string(rest)))
	return composed[0], mark, mark != 0 && len(composed) == 1
}

// encodeSingle writes small letters where the encoding has no capital, as a typist with an H font does.
func encodeSingle(text string, table, without *letters) (string, bool) {
	back := map[rune]byte{}
	for c, r := range table {
		if r != 0 && (without == nil || without[c] == 0) {
			back[r] = byte(c)
		}
	}
	var b strings.Builder
	for _, r := range text {
		if r < 0x80 {
			b.WriteRune(r)
			continue
		}
		c, ok := back[r]
		if !ok {
			c, ok = back[[]rune(strings.ToLower(string(r)))[0]]
		}
		if !ok {
			return "", false
		}
		b.WriteString(viewOf([]byte{c}))
	}
	return b.String(), true
}

// viewOf shows bytes as a program that takes them for windows-1252.
func viewOf(raw []byte) string {
	var b strings.Builder
	for _, c := range raw {
		r := charmap.Windows1252.DecodeByte(c)
		if r == utf8.RuneError {
			r = rune(c)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// The syllables that the invented names of the tests are drawn from; frequent ones stand twice.
var (
	families = strings.Fields(`Nguyễn Nguyễn Nguyễn Trần Trần Lê Lê Phạm Phạm Hoàng Huỳnh Huỳnh Phan Vũ Võ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Đào Đoàn Vương
		Trịnh Trương Đinh Lâm Phùng Mai Tô Tạ Hà Lưu Đậu Thái Châu Kiều Thạch Quách Tống Từ La Sơn Danh Kim Ông Âu Ứng`)
	middles = strings.Fields(`Văn Văn Thị Thị Thị Hữu Đức Ngọc Minh Thanh Quốc Bảo Gia Hoài Xuân Thu Hồng Kim Mỹ Thùy Thuý Phương Hoàng Anh Khánh Trúc Tuấn
		Như Đăng Công Đình Trọng Bích Cẩm Ánh Huyền Yến Tú Nhật Phúc Thành Quang Duy Diễm Kiều Hải Chí Tường`)
	givens = strings.Fields(`An Anh Ánh Ân Ẩn Bình Bảo Châu Chi Cường Dung Dũng Duy Duyên Dương Đạt Đăng Đức Giang Hà Hải Hạnh Hằng Hân Hiền Hiếu Hoa Hòa Hoà
		Hoàng Hồng Huệ Hùng Hưng Hương Hường Huy Huyền Khánh Khoa Khôi Kiên Kiệt Lan Linh Loan Long Lộc Lợi Luân Ly Mai Mạnh Minh My Mỹ Nam Nga Ngân Nghĩa
		Ngọc Nguyên Nguyệt Nhân Nhi Nhung Như Nương Oanh Phát Phong Phú Phúc Phước Phương Quân Quý Quyên Quỳnh Sang Sơn Sương Tài Tâm Tân Thảo Thắng Thi
		Thiện Thịnh Thoa Thơ Thu Thuận Thúy Thùy Thuỳ Thủy Thư Thương Tiên Tiến Toàn Trâm Trân Trang Trí Trinh Trúc Trung Tú Tuấn Tùng Tuyền Tuyết Uyên
		Vân Vi Việt Vinh Vũ Vy Ý Yến Khoẻ Khỏe Tuyển Ửng Hoạt Thoại`)
)

// inventNames makes n names; the same seed gives the same names.
func inventNames(seed uint64, n int) []string {
	rnd := rand.New(rand.NewPCG(seed, 3))
	pick := func(from []string) string { return from[rnd.IntN(len(from))] }
	names := make([]string, 0, n)
	for range n {
		name := pick(families)
		for range rnd.IntN(3) {
			name += " " + pick(middles)
		}
		names = append(names, name+" "+pick(givens))
	}
	return names
}
