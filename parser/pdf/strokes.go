package pdf

import (
	"cmp"
	"slices"
	"strings"
)

// strokes takes the lines that belong to letters out of the rules: what goes through them, and what lies under them from the
// first to the last. Such a line may reach as far as a cell's border, and is none.
func strokes(glyphs []glyphAt, rules []rule) (borders, through []rule) {
	shown := make([]glyphAt, 0, len(glyphs))
	for _, g := range glyphs {
		if !g.picture && strings.TrimSpace(g.text) != "" && g.size < 200 {
			shown = append(shown, g)
		}
	}
	slices.SortFunc(shown, func(a, b glyphAt) int { return cmp.Compare(a.y, b.y) })
	for _, r := range rules {
		switch strokeOf(shown, r) {
		case noStroke:
			borders = append(borders, r)
		case strikes:
			through = append(through, r)
		case underlines:
		}
	}
	return borders, through
}

type stroke uint8

const (
	noStroke stroke = iota
	strikes
	underlines
)

// strokeOf says what a rule is for the glyphs, which are in order of height.
func strokeOf(glyphs []glyphAt, r rule) stroke {
	if r.vertical {
		return noStroke
	}
	const reach = 120 // no letter is higher
	i, _ := slices.BinarySearchFunc(glyphs, r.at-reach, func(g glyphAt, y float64) int { return cmp.Compare(g.y, y) })
	kind, text := noStroke, span{}
	for ; i < len(glyphs) && glyphs[i].y <= r.at+reach; i++ {
		g := glyphs[i]
		if mid := g.x + g.w/2; mid < r.from || mid > r.to {
			continue
		}
		var now stroke
		switch up := (r.at - g.y) / g.size; {
		case strikeLow <= up && up <= strikeHigh:
			now = strikes
		case -0.3 <= up && up < 0:
			now = underlines
		default:
			continue
		}
		if kind == noStroke {
			kind, text = now, span{g.x, g.x + g.w}
		}
		text = text.with(span{g.x, g.x + g.w})
	}
	if abs(text.from-r.from) < 1.5 && abs(text.to-r.to) < 1.5 {
		return kind
	}
	return noStroke
}

// Between which heights a line goes through a letter, in sizes of the font above its foot.
const (
	strikeLow  = 0.12
	strikeHigh = 0.5
)
