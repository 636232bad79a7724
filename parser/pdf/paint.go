package pdf

import (
	"bytes"
	"slices"
	"strings"

	"vanthu/parser"
)

// A matrix is the six numbers of §8.3.3.
type matrix [6]float64

var identity = matrix{1, 0, 0, 1, 0, 0}

// mul returns m applied before n.
func (m matrix) mul(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

// A glyphAt is one character on the page: its left end, its width and the size of its font in page units.
type glyphAt struct {
	x, y, w, size float64
	text          string
	font          string
	picture       bool
	window        span // the clipping path from left to right (§8.5.4)
	cut           bool // the page does not show it whole: a part lies outside of the clipping path
}

// A painter runs the content of pages and keeps what is painted.
type painter struct {
	f      *file
	fonts  map[int]*font // by object number
	glyphs []glyphAt
	rules  []rule
	total  int
	ops    int
}

// graphics is the part of the graphics state that text depends on (§8.4, §9.3).
type graphics struct {
	ctm                          matrix
	font                         *font
	size, char, word, lead, rise float64
	scale                        float64
	clip                         box
}

// page paints a page. What it returns is good until the next one.
func (p *painter) page(pg page) ([]glyphAt, []rule) {
	p.glyphs, p.rules = p.glyphs[:0], p.rules[:0]
	var content []byte
	parts := p.f.array(pg.dict["Contents"])
	if parts == nil {
		parts = array{pg.dict["Contents"]}
	}
	for _, c := range parts {
		if s, ok := p.f.get(c).(stream); ok {
			content = append(append(content, p.f.decode(s)...), '\n')
		}
		if p.f.problem != nil {
			return nil, nil
		}
	}
	p.run(content, pg.resources, graphics{ctm: pg.turned(), scale: 1, clip: everywhere}, 0)
	p.glyphs = slices.DeleteFunc(p.glyphs, func(g glyphAt) bool {
		return g.x-g.x != 0 || g.y-g.y != 0 || g.w-g.w != 0 || g.size-g.size != 0 // hostile numbers
	})
	return p.glyphs, p.rules
}

// turned returns the matrix of a page that is shown turned clockwise (§7.7.3.3 Rotate). Only directions matter, so nothing
// is moved back.
func (pg page) turned() matrix {
	switch (pg.rotate%360 + 360) % 360 {
	case 90:
		return matrix{0, -1, 1, 0, 0, 0}
	case 180:
		return matrix{-1, 0, 0, -1, 0, 0}
	case 270:
		return matrix{0, 1, -1, 0, 0, 0}
	}
	return identity
}

// A run is one content stream while it is painted.
type run struct {
	*painter
	g         graphics
	stack     []graphics
	tm, line  matrix
	path      path
	marks     []mark
	resources dict
	depth     int
}

func (p *painter) run(content []byte, resources dict, g graphics, depth int) {
	r := &run{painter: p, g: g, tm: identity, line: identity, resources: resources, depth: depth}
	l := &lexer{data: content}
	var args []any
	for p.f.problem == nil {
		v, ok := l.next()
		if !ok {
			return
		}
		op, isOp := v.(keyword)
		if !isOp {
			if len(args) < 64 {
				args = append(args, v)
			}
			continue
		}
		if p.ops++; p.ops > maxOps {
			p.f.problem = parser.Beyond(maxOps, "lệnh vẽ")
			return
		}
		if op == "ID" {
			skipImage(l)
		} else {
			r.do(string(op), args)
		}
		args = args[:0]
	}
}

// skipImage reads over the bytes of an inline picture (§8.9.7).
func skipImage(l *lexer) {
	for {
		i := bytes.Index(l.data[min(l.pos, len(l.data)):], []byte("EI"))
		if i < 0 {
			l.pos = len(l.data)
			return
		}
		l.pos += i + 2
		if isSpace(l.data[l.pos-3]) && (l.pos >= len(l.data) || isSpace(l.data[l.pos])) {
			return
		}
	}
}

func num(args []any, i int) float64 {
	if i >= len(args) {
		return 0
	}
	n, _ := args[i].(float64)
	return n
}

// do runs one operator; those that have no part in text are passed over.
func (r *run) do(op string, args []any) {
	g := &r.g
	switch op {
	case "q":
		if len(r.stack) < 256 {
			r.stack = append(r.stack, *g)
		}
	case "Q":
		if n := len(r.stack); n > 0 {
			*g, r.stack = r.stack[n-1], r.stack[:n-1]
		}
	case "cm":
		g.ctm = six(args).mul(g.ctm)
	case "BT":
		r.tm, r.line = identity, identity
	case "Tm":
		r.tm = six(args)
		r.line = r.tm
	case "Td", "TD":
		if op == "TD" {
			g.lead = -num(args, 1)
		}
		r.move(num(args, 0), num(args, 1))
	case "T*":
		r.move(0, -g.lead)
	case "TL":
		g.lead = num(args, 0)
	case "Tc":
		g.char = num(args, 0)
	case "Tw":
		g.word = num(args, 0)
	case "Tz":
		g.scale = num(args, 0) / 100
	case "Ts":
		g.rise = num(args, 0)
	case "Tf":
		r.setFont(args)
	case "Tj":
		r.show(args, 0)
	case "'":
		r.move(0, -g.lead)
		r.show(args, 0)
	case "\"":
		g.word, g.char = num(args, 0), num(args, 1)
		r.move(0, -g.lead)
		r.show(args, 2)
	case "TJ":
		r.showAll(args)
	case "Do":
		r.object(args)
	case "BMC", "BDC":
		if len(r.marks) < 256 {
			r.marks = append(r.marks, mark{from: len(r.glyphs), text: r.actualText(args)})
		}
	case "EMC":
		r.endMark()
	default:
		r.draw(op, args)
	}
}

// A mark is marked content while it is open (§14.6).
type mark struct {
	from int // the first of its glyphs
	text string
}

// actualText returns the text that the writer gives for marked content (§14.9.4), "" when it gives none.
func (r *run) actualText(args []any) string {
	if len(args) < 2 {
		return ""
	}
	v := args[1]
	if n, ok := v.(name); ok {
		v = r.f.dict(r.resources["Properties"])[n]
	}
	s, _ := r.f.get(r.f.dict(v)["ActualText"]).(str)
	if text, ok := strings.CutPrefix(string(s), "\xfe\xff"); ok {
		return utf16Text(str(text))
	}
	return ""
}

// endMark puts the given text in the place of glyphs of which the font does not say what they mean.
func (r *run) endMark() {
	n := len(r.marks)
	if n == 0 {
		return
	}
	m := r.marks[n-1]
	r.marks = r.marks[:n-1]
	unknown := func(g glyphAt) bool { return strings.Contains(g.text, "\uFFFD") }
	if m.text == "" || !slices.ContainsFunc(r.glyphs[m.from:], unknown) {
		return
	}
	last := &r.glyphs[len(r.glyphs)-1]
	first := &r.glyphs[m.from]
	for i := range r.glyphs[m.from:] {
		r.glyphs[m.from+i].text = ""
	}
	first.text, first.w = m.text, max(first.w, last.x+last.w-first.x)
}

func six(args []any) matrix {
	var m matrix
	for i := range m {
		m[i] = num(args, i)
	}
	return m
}

func (r *run) move(x, y float64) {
	r.line = matrix{1, 0, 0, 1, x, y}.mul(r.line)
	r.tm = r.line
}

func (r *run) setFont(args []any) {
	if len(args) < 2 {
		return
	}
	r.g.size = num(args, 1)
	n, _ := args[0].(name)
	v := r.f.dict(r.resources["Font"])[n]
	id, isRef := v.(ref)
	if t := r.fonts[int(id)]; isRef && t != nil {
		r.g.font = t
		return
	}
	d := r.f.dict(v)
	if d == nil {
		r.g.font = nil
		return
	}
	r.g.font = r.f.font(d)
	if isRef {
		r.fonts[int(id)] = r.g.font
	}
}

func (r *run) show(args []any, i int) {
	if i < len(args) {
		if s, ok := args[i].(str); ok {
			r.paint(s)
		}
	}
}

func (r *run) showAll(args []any) {
	if len(args) == 0 {
		return
	}
	list, _ := args[0].(array)
	for _, v := range list {
		switch v := v.(type) {
		case str:
			r.paint(v)
		case float64:
			r.tm = matrix{1, 0, 0, 1, -v / 1000 * r.g.size * r.g.scale, 0}.mul(r.tm)
		}
	}
}

// paint shows a string and moves on by its width (§9.4.4).
func (r *run) paint(s str) {
	g := &r.g
	if g.font == nil {
		return
	}
	for _, code := range g.font.codes(s) {
		at := matrix{g.size * g.scale, 0, 0, g.size, 0, g.rise}.mul(r.tm).mul(g.ctm)
		w := g.font.width(code)
		if r.total++; r.total > maxGlyphs {
			r.f.problem = parser.Beyond(maxGlyphs, "ký tự")
			return
		}
		glyph := glyphAt{x: at[4], y: at[5], w: w * at[0], size: abs(at[3]), text: g.font.text(code), font: g.font.name}
		glyph.cut, glyph.window = !g.clip.shows(glyph), span{g.clip.x0, g.clip.x1}
		r.glyphs = append(r.glyphs, glyph)
		advance := w*g.size + g.char
		if code == ' ' && !g.font.wide {
			advance += g.word
		}
		r.tm = matrix{1, 0, 0, 1, advance * g.scale, 0}.mul(r.tm)
	}
}

func abs(x float64) float64 {
	if x < 0 {
		return -x
	}
	return x
}

// object paints a form or notes a picture (§8.8).
func (r *run) object(args []any) {
	if len(args) == 0 {
		return
	}
	n, _ := args[0].(name)
	x, ok := r.f.get(r.f.dict(r.resources["XObject"])[n]).(stream)
	if !ok {
		return
	}
	switch r.f.get(x.dict["Subtype"]) {
	case name("Image"):
		m := r.g.ctm
		r.glyphs = append(r.glyphs, glyphAt{x: m[4], y: m[5] + m[3]/2, w: m[0], size: 1, picture: true})
		r.total++
	case name("Form"):
		if r.depth >= 8 {
			return
		}
		g := r.g
		if a := r.f.array(x.dict["Matrix"]); len(a) == 6 {
			g.ctm = six(a).mul(g.ctm)
		}
		if a := r.f.array(x.dict["BBox"]); len(a) == 4 {
			r.clipTo(&g, num(a, 0), num(a, 1), num(a, 2), num(a, 3))
		}
		resources := r.f.dict(x.dict["Resources"])
		if resources == nil {
			resources = r.resources
		}
		r.painter.run(r.f.decode(x), resources, g, r.depth+1)
	}
}
