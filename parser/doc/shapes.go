package doc

import "encoding/binary"

// shapes says what stands at the anchors of drawn objects in the main text.
type shapes struct {
	anchors  map[int]int   // character → shape
	pictures map[int]bool  // shapes that show a picture
	boxes    map[int][]box // text boxes by their shapes
	order    []int         // the shapes of boxes, in the order of the text
}

// A box is a text box: its characters, counted from the beginning of their story.
type box struct{ from, to int }

// readShapes reads PlcfSpa ([MS-DOC] §2.8.37), OfficeArtContent (§2.9.172) and PlcftxbxTxt (§2.8.32), as far as they hold
// together: a lost anchor puts the text of its box behind everything else.
func readShapes(anchors, drawings, boxes []byte) shapes {
	s := shapes{anchors: map[int]int{}, pictures: map[int]bool{}, boxes: map[int][]box{}}
	const spa, ftxbxs = 26, 22
	if n := (len(anchors) - 4) / (4 + spa); n > 0 {
		for i := range n {
			s.anchors[u32(anchors, 4*i)] = u32(anchors, 4*(n+1)+spa*i)
		}
	}
	last := 0
	if n := (len(boxes) - 4) / (4 + ftxbxs); n > 0 {
		for i := range n {
			shape := u32(boxes, 4*(n+1)+ftxbxs*i+14)
			b := box{from: u32(boxes, 4*i), to: u32(boxes, 4*i+4)}
			if b.from >= last && b.from < b.to { // boxes do not overlap
				last = b.to
				s.boxes[shape] = append(s.boxes[shape], b)
				s.order = append(s.order, shape)
			}
		}
	}
	s.art(drawings, 0)
	return s
}

// art looks through the records of drawings for shapes with a picture ([MS-ODRAW] §2.2). Before each drawing of a
// document stands one byte more.
func (s *shapes) art(b []byte, depth int) {
	const maxDepth = 16
	shape, picture := 0, false
	for len(b) >= 8 {
		if depth == 0 && b[0] < 2 && b[3] == 2 && b[4] == 0xf0 { // dgglbl, then OfficeArtDgContainer
			b = b[1:]
			continue
		}
		kind, n := u16(b, 2), u32(b, 4)
		body := b[8:]
		if n > len(body) {
			return
		}
		b, body = body[n:], body[:n]
		switch {
		case kind == 0xf000 || kind == 0xf002 || kind == 0xf003 || kind == 0xf004: // containers of what is looked for
			if depth < maxDepth {
				s.art(body, depth+1)
			}
		case kind == 0xf00a && n >= 4: // OfficeArtFSP
			shape = u32(body, 0)
		case kind == 0xf00b: // OfficeArtFOPT
			for ; len(body) >= 6; body = body[6:] {
				picture = picture || binary.LittleEndian.Uint16(body)&0x3fff == 0x0104 // pib: the picture
			}
		}
	}
	if picture {
		s.pictures[shape] = true
	}
}
