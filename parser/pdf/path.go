package pdf

import "math"

// A box is a rectangle of the page: left, bottom, right, top.
type box struct{ x0, y0, x1, y1 float64 }

var everywhere = box{math.Inf(-1), math.Inf(-1), math.Inf(1), math.Inf(1)}

// shows reports whether a glyph lies within the box, but for what hangs over in a slanted font.
func (b box) shows(g glyphAt) bool {
	over := 0.05*g.size + 0.5
	y := g.y + middle*g.size
	return b.x0-over <= g.x && g.x+g.w <= b.x1+over && b.y0 <= y && y <= b.y1
}

// holds reports whether the middle of a glyph lies in the box.
func (b box) holds(g glyphAt) bool {
	x, y := g.x+g.w/2, g.y+middle*g.size
	return b.x0 <= x && x <= b.x1 && b.y0 <= y && y <= b.y1
}

func (b box) and(c box) box {
	return box{max(b.x0, c.x0), max(b.y0, c.y0), min(b.x1, c.x1), min(b.y1, c.y1)}
}

func (b box) with(p point) box {
	return box{min(b.x0, p.x), min(b.y0, p.y), max(b.x1, p.x), max(b.y1, p.y)}
}

var nothing = box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}

type point struct{ x, y float64 }

// A rule is a straight line along the page or across it, as borders of cells are.
type rule struct {
	vertical     bool
	at, from, to float64 // where it stands, and from where to where it goes
}

// What a rule is, in points.
const (
	thin     = 3.0  // a filled rectangle that is no wider is a line
	straight = 0.75 // how far the ends of a straight line may differ
)

// A path is the current path (§8.5.2).
type path struct {
	parts []part
	clip  bool // W was read: the next painting operator makes it the clipping path
}

// A part is one subpath, in page units.
type part struct {
	points []point
	curved bool
	closed bool
}

// maxPath bounds the points of one path; a border has four.
const maxPath = 10_000

// maxRules bounds the lines of one page. A page that has more is a drawing, and gives no tables.
const maxRules = 20_000

// draw runs the operators that build and paint paths.
func (r *run) draw(op string, args []any) {
	switch op {
	case "m":
		r.begin(r.point(args, 0))
	case "l":
		r.lineTo(r.point(args, 0), false)
	case "c":
		r.lineTo(r.point(args, 4), true)
	case "v", "y":
		r.lineTo(r.point(args, 2), true)
	case "h":
		r.close()
	case "re":
		x, y, w, h := num(args, 0), num(args, 1), num(args, 2), num(args, 3)
		r.begin(r.at(x, y))
		r.lineTo(r.at(x+w, y), false)
		r.lineTo(r.at(x+w, y+h), false)
		r.lineTo(r.at(x, y+h), false)
		r.close()
	case "W", "W*":
		r.path.clip = true
	case "n":
		r.endPath(false, false)
	case "S":
		r.endPath(true, false)
	case "s":
		r.close()
		r.endPath(true, false)
	case "f", "F", "f*":
		r.endPath(false, true)
	case "B", "B*":
		r.endPath(true, true)
	case "b", "b*":
		r.close()
		r.endPath(true, true)
	}
}

func (r *run) at(x, y float64) point {
	m := r.g.ctm
	return point{x*m[0] + y*m[2] + m[4], x*m[1] + y*m[3] + m[5]}
}

func (r *run) point(args []any, i int) point { return r.at(num(args, i), num(args, i+1)) }

func (r *run) begin(p point) {
	if len(r.path.parts) < maxPath {
		r.path.parts = append(r.path.parts, part{points: []point{p}})
	}
}

func (r *run) lineTo(p point, curved bool) {
	n := len(r.path.parts)
	if n == 0 {
		return
	}
	s := &r.path.parts[n-1]
	s.curved = s.curved || curved
	if len(s.points) < maxPath {
		s.points = append(s.points, p)
	}
}

func (r *run) close() {
	if n := len(r.path.parts); n > 0 {
		r.path.parts[n-1].closed = true
	}
}

// endPath paints the path: it keeps the lines of it that are rules, and the clipping path.
func (r *run) endPath(stroke, fill bool) {
	for _, s := range r.path.parts {
		if s.curved {
			continue
		}
		if stroke {
			for i := 1; i < len(s.points); i++ {
				r.segment(s.points[i-1], s.points[i])
			}
			if n := len(s.points); s.closed && n > 2 {
				r.segment(s.points[n-1], s.points[0])
			}
		}
		if fill {
			r.filled(s)
		}
	}
	if r.path.clip {
		b := nothing
		for _, s := range r.path.parts {
			for _, p := range s.points {
				b = b.with(p)
			}
		}
		r.g.clip = r.g.clip.and(b)
	}
	r.path = path{parts: r.path.parts[:0]}
}

// clipTo clips to a rectangle given in user units.
func (r *run) clipTo(g *graphics, x0, y0, x1, y1 float64) {
	b := nothing
	for _, p := range []point{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}} {
		m := g.ctm
		b = b.with(point{p.x*m[0] + p.y*m[2] + m[4], p.x*m[1] + p.y*m[3] + m[5]})
	}
	g.clip = g.clip.and(b)
}

func (r *run) segment(p, q point) {
	switch w, h := abs(p.x-q.x), abs(p.y-q.y); {
	case h <= straight && w > h:
		r.rule(rule{at: (p.y + q.y) / 2, from: min(p.x, q.x), to: max(p.x, q.x)})
	case w <= straight && h > w:
		r.rule(rule{vertical: true, at: (p.x + q.x) / 2, from: min(p.y, q.y), to: max(p.y, q.y)})
	}
}

// filled takes a thin rectangle as the line that it looks like. A wide one is the background of a cell.
func (r *run) filled(s part) {
	if len(s.points) < 4 || len(s.points) > 6 {
		return
	}
	b := nothing
	for _, p := range s.points {
		b = b.with(p)
	}
	for _, p := range s.points {
		if (abs(p.x-b.x0) > straight && abs(p.x-b.x1) > straight) || (abs(p.y-b.y0) > straight && abs(p.y-b.y1) > straight) {
			return
		}
	}
	switch w, h := b.x1-b.x0, b.y1-b.y0; {
	case h <= thin && w > h:
		r.rule(rule{at: (b.y0 + b.y1) / 2, from: b.x0, to: b.x1})
	case w <= thin && h > w:
		r.rule(rule{vertical: true, at: (b.x0 + b.x1) / 2, from: b.y0, to: b.y1})
	}
}

func (r *run) rule(n rule) {
	if n.at-n.at != 0 || n.from-n.from != 0 || n.to-n.to != 0 || len(r.rules) > maxRules { // no number, or beyond measure
		return
	}
	r.rules = append(r.rules, n)
}
