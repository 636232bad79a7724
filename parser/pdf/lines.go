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

// lines puts the glyphs of a page together: by height, then from left to right.
func lines(glyphs []glyphAt) Page {
	glyphs = slices.DeleteFunc(glyphs, func(g glyphAt) bool {
		return g.x != g.x || g.y != g.y || g.w != g.w || g.size != g.size // hostile numbers
	})
	slices.SortStableFunc(glyphs, func(a, b glyphAt) int { return cmp.Compare(b.y, a.y) })
	var p Page
	for i := 0; i < len(glyphs); {
		j := i + 1
		for j < len(glyphs) && !glyphs[i].picture && !glyphs[j].picture && glyphs[i].y-glyphs[j].y <= sameLine*max(glyphs[i].size, glyphs[j].size) {
			j++
		}
		if glyphs[i].picture {
			p.Lines = append(p.Lines, Line{Picture: true})
		} else {
			p.Lines = append(p.Lines, split(glyphs[i:j])...)
		}
		i = j
	}
	return p
}

// split joins the glyphs of one height into lines.
func split(glyphs []glyphAt) []Line {
	slices.SortStableFunc(glyphs, func(a, b glyphAt) int { return cmp.Compare(a.x, b.x) })
	var out []Line
	var b strings.Builder
	flush := func() {
		text := strings.Join(strings.Fields(b.String()), " ")
		b.Reset()
		if strings.Trim(text, "\uFFFD ") != "" {
			out = append(out, Line{Text: text, Column: len(out) + 1})
		}
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
	}
	flush()
	return out
}
