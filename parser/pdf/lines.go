package pdf

import (
	"cmp"
	"slices"
	"strings"
)

// How far apart glyphs stand, in sizes of the font.
const (
	sameLine = 0.35 // difference in height within a line
	wordGap  = 0.15 // a blank that was not painted
	farApart = 1.2  // another column
)

// A Line is a run of text on one height. Two runs far apart on the same height are two lines, left before right.
type Line struct {
	Text    string
	Font    string
	Column  int  // 1 for the first run on its height, 2 for the next …
	Picture bool // a picture instead of text
	y       float64
	from    float64 // left end
	to      float64 // right end
	size    float64
}

// heights sorts glyphs from top to bottom and groups those of one height. A picture is a group of its own.
func heights(glyphs []glyphAt) [][]glyphAt {
	slices.SortStableFunc(glyphs, func(a, b glyphAt) int { return cmp.Compare(b.y, a.y) })
	var out [][]glyphAt
	for i := 0; i < len(glyphs); {
		j := i + 1
		for j < len(glyphs) && !glyphs[i].picture && !glyphs[j].picture && glyphs[i].y-glyphs[j].y <= sameLine*max(glyphs[i].size, glyphs[j].size) {
			j++
		}
		out = append(out, glyphs[i:j])
		i = j
	}
	return out
}

// lines puts the glyphs of a page together: by height, then from left to right.
func lines(glyphs []glyphAt) []Line {
	var out []Line
	for _, g := range heights(glyphs) {
		out = append(out, split(g)...)
	}
	return out
}

// split joins the glyphs of one height into lines.
func split(glyphs []glyphAt) []Line {
	if glyphs[0].picture {
		return []Line{{Picture: true, y: glyphs[0].y}}
	}
	slices.SortStableFunc(glyphs, func(a, b glyphAt) int { return cmp.Compare(a.x, b.x) })
	var out []Line
	var b strings.Builder
	n := Line{}
	flush := func() {
		n.Text = strings.Join(strings.Fields(b.String()), " ")
		b.Reset()
		if strings.Trim(n.Text, "\uFFFD ") != "" {
			n.Column = len(out) + 1
			out = append(out, n)
		}
		n = Line{}
	}
	end := 0.0
	for i, g := range glyphs {
		blank := strings.TrimSpace(g.text) == ""
		if i > 0 && !blank {
			switch gap := g.x - end; {
			case gap > farApart*g.size:
				flush()
			case gap > wordGap*g.size:
				b.WriteByte(' ')
			}
		}
		b.WriteString(g.text)
		if !blank || i == 0 {
			end = max(end, g.x+g.w)
			if i == 0 {
				end = g.x + g.w
			}
		}
		if blank {
			continue
		}
		if n.size == 0 {
			n.y, n.from, n.size, n.Font = g.y, g.x, g.size, g.font
		}
		n.to = end
	}
	flush()
	return out
}
