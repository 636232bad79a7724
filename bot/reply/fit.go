package reply

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// The reason column in points: a character of its width is 7 pixels in the usual font, and 5 pixels are margin
// (ECMA-376 part 1, §18.3.1.13).
const reasonPoints = (reasonWidth*7 + 5) * 72.0 / 96

// The height of a line by the size of its font, and the highest row that spreadsheet programs allow.
const (
	lineHeight = 1.32
	rowLimit   = 400
)

// A face is what of a font decides how much room a text takes.
type face struct {
	size float64 // points
	wide float64 // against Times New Roman
}

// A fontUse is what is asked of the font of a style; without a size when nobody can read it.
type fontUse struct {
	name   string
	size   float64
	struck bool
}

func (m *marker) fontOf(style int) fontUse {
	var use fontUse
	xfs, fonts := m.f.Styles.CellXfs.Xf, m.f.Styles.Fonts
	if style < 0 || style >= len(xfs) || xfs[style].FontID == nil || fonts == nil {
		return use
	}
	id := *xfs[style].FontID
	if id < 0 || id >= len(fonts.Font) || fonts.Font[id] == nil {
		return use
	}
	font := fonts.Font[id]
	if size := font.Sz; size != nil && size.Val != nil && *size.Val >= 6 && *size.Val <= 40 {
		use.size = *size.Val
	}
	if font.Name != nil && font.Name.Val != nil {
		use.name = *font.Name.Val
	}
	use.struck = font.Strike != nil && (font.Strike.Val == nil || *font.Strike.Val)
	return use
}

// faceOf looks into a style; a size that nobody can read is taken for the usual one.
func (m *marker) faceOf(style int) face {
	use := m.fontOf(style)
	f := face{size: cmp.Or(use.size, 12), wide: 1.1}
	if strings.Contains(use.name, "Times") {
		f.wide = 1
	}
	return f
}

// shows says whether our words can be read in the font of a style: it is not struck through, and none of those that show
// other letters than Unicode's (TCVN3, VNI, VPS, VISCII, Vietware).
func (m *marker) shows(style int) bool {
	use := m.fontOf(style)
	return !use.struck && !slices.ContainsFunc([]string{".vn", "vni", "vps", "vi ", "vntime", "svntime", "symbol", "wingdings"}, func(old string) bool {
		return strings.HasPrefix(strings.ToLower(use.name), old)
	})
}

// grow makes a row high enough for its text. Programs do not do it by themselves for a file that they open; a row that
// is high enough already, or hidden, stays as it is.
func (m *marker) grow(sheet string, row int, text string, f face) error {
	lines := linesOf(text, f, reasonPoints)
	needed := min(math.Ceil(float64(lines)*f.size*lineHeight), rowLimit)
	height, own := m.heights[row]
	if own && (height == 0 || height >= needed) || lines == 1 {
		return nil
	}
	return m.f.SetRowHeight(sheet, row, needed)
}

// linesOf counts the lines of a text that is wrapped between words in a column of a width in points. It reckons with the
// widths of letters, not with their number: capitals take half as much room again.
func linesOf(text string, f face, width float64) int {
	lines := 0
	em := f.size * f.wide
	for part := range strings.SplitSeq(norm.NFD.String(text), "\n") {
		lines++
		used := 0.0
		for word := range strings.SplitSeq(part, " ") {
			long := 0.0
			for _, r := range word {
				long += em * letterWidth(r)
			}
			blank := em * letterWidth(' ')
			if used > 0 && used+blank+long > width {
				lines++
				used = 0
			}
			if used > 0 {
				used += blank
			}
			used += long
			if used > width { // a word longer than the line is cut
				more := math.Ceil(used/width) - 1
				lines += int(more)
				used -= more * width
			}
		}
	}
	return lines
}

// letterWidth is about what a letter takes in Times New Roman, as part of the font's size.
func letterWidth(r rune) float64 {
	switch {
	case unicode.Is(unicode.Mn, r):
		return 0
	case strings.ContainsRune(" .,:;/!'|iljtI", r):
		return 0.28
	case strings.ContainsRune("fr-()[]", r):
		return 0.34
	case strings.ContainsRune("saecz", r):
		return 0.45
	case strings.ContainsRune("mMW@%", r):
		return 0.9
	case unicode.IsUpper(r), r == 'w', r > unicode.MaxASCII && r != 'đ':
		return 0.72
	}
	return 0.5
}
