package signature

import "errors"

var errBER = errors.New("signature: the ASN.1 cannot be read")

// The tags of ITU-T X.690 that are needed.
const (
	tagOctets   = 0x04
	constructed = 0x20
	indefinite  = 0x80
)

// A node is an element of BER: a primitive one has content, a constructed one has children. An OCTET STRING in pieces has
// its pieces as children and a primitive tag.
type node struct {
	tag      byte
	content  []byte
	children []*node
	size     int // of all content in DER
}

// toDER writes BER anew as DER as far as signatures need it: definite lengths, OCTET STRINGs in one piece (X.690 §10). What
// stands behind the first element is returned.
func toDER(ber []byte) (der, rest []byte, err error) {
	r := &berReader{left: maxElements}
	n, rest, err := r.read(ber, 0)
	if err != nil {
		return nil, nil, err
	}
	n.measure()
	return n.write(make([]byte, 0, n.size+8)), rest, nil
}

type berReader struct{ left int }

func (r *berReader) read(b []byte, depth int) (*node, []byte, error) {
	if r.left--; r.left < 0 || depth > maxDepth || len(b) < 2 || b[0]&0x1f == 0x1f {
		return nil, nil, errBER
	}
	n := &node{tag: b[0]}
	length, body := int(b[1]), b[2:]
	switch {
	case length == indefinite:
		if n.tag&constructed == 0 {
			return nil, nil, errBER
		}
		for len(body) < 2 || body[0] != 0 || body[1] != 0 { // the end-of-contents octets, §8.1.5
			child, rest, err := r.read(body, depth+1)
			if err != nil {
				return nil, nil, err
			}
			n.children, body = append(n.children, child), rest
		}
		return n.joined(body[2:])
	case length > indefinite:
		k := length - indefinite
		if k > 4 || k > len(body) {
			return nil, nil, errBER
		}
		length = 0
		for _, c := range body[:k] {
			length = length<<8 | int(c)
		}
		body = body[k:]
	}
	if length > len(body) {
		return nil, nil, errBER
	}
	content, rest := body[:length], body[length:]
	if n.tag&constructed == 0 {
		n.content = content
		return n, rest, nil
	}
	for len(content) > 0 {
		child, behind, err := r.read(content, depth+1)
		if err != nil {
			return nil, nil, err
		}
		n.children, content = append(n.children, child), behind
	}
	return n.joined(rest)
}

// joined makes an OCTET STRING in pieces one of a primitive tag.
func (n *node) joined(rest []byte) (*node, []byte, error) {
	if n.tag != tagOctets|constructed {
		return n, rest, nil
	}
	n.tag = tagOctets
	for _, piece := range n.children {
		if piece.tag != tagOctets {
			return nil, nil, errBER
		}
	}
	return n, rest, nil
}

// measure computes the sizes of n and all below it.
func (n *node) measure() int {
	n.size = len(n.content)
	for _, c := range n.children {
		size := c.measure()
		if n.tag != tagOctets {
			size += headSize(size)
		}
		n.size += size
	}
	return n.size
}

// headSize is the size of the tag and the length of an element.
func headSize(size int) int {
	n := 2
	if size >= 1<<7 {
		for ; size > 0; size >>= 8 {
			n++
		}
	}
	return n
}

func (n *node) write(to []byte) []byte {
	to = append(to, n.tag)
	switch {
	case n.size < 1<<7:
		to = append(to, byte(n.size))
	case n.size < 1<<8:
		to = append(to, 0x81, byte(n.size))
	case n.size < 1<<16:
		to = append(to, 0x82, byte(n.size>>8), byte(n.size))
	case n.size < 1<<24:
		to = append(to, 0x83, byte(n.size>>16), byte(n.size>>8), byte(n.size))
	default:
		to = append(to, 0x84, byte(n.size>>24), byte(n.size>>16), byte(n.size>>8), byte(n.size))
	}
	return n.fill(to)
}

// fill writes the content without its head.
func (n *node) fill(to []byte) []byte {
	to = append(to, n.content...)
	for _, c := range n.children {
		if n.tag == tagOctets {
			to = c.fill(to)
		} else {
			to = c.write(to)
		}
	}
	return to
}
