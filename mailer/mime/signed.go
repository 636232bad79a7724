package mime

import "bytes"

// The object identifiers of RFC 5652: signed data, and data as such.
var (
	oidSignedData = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}
	oidData       = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01}
)

// The tags of ITU-T X.690 that are needed.
const (
	tagOctets      = 0x04
	tagOID         = 0x06
	tagSequence    = 0x30
	tagContext0    = 0xa0
	constructed    = 0x20
	indefinite     = 0x80
	deepestElement = 32
)

// signedContent returns what was signed in an opaque signature (S/MIME application/pkcs7-mime, RFC 8551 §3.5.2): a part with
// its own header. The signature itself is not looked at: who sent a mail is judged by package trust. What is encrypted, or
// nothing of the kind, gives false.
func signedContent(data []byte) ([]byte, bool) {
	info, _, ok := element(data, 0) // ContentInfo, RFC 5652 §3
	if !ok || info.tag != tagSequence {
		return nil, false
	}
	kind, rest, ok := element(info.content, 0)
	if !ok || kind.tag != tagOID || !bytes.Equal(kind.content, oidSignedData) {
		return nil, false
	}
	signed, ok := inside(rest, tagContext0, tagSequence) // SignedData, §5.1
	if !ok {
		return nil, false
	}
	for range 2 { // version, digestAlgorithms
		if _, signed, ok = element(signed, 0); !ok {
			return nil, false
		}
	}
	encapsulated, _, ok := element(signed, 0)
	if !ok || encapsulated.tag != tagSequence {
		return nil, false
	}
	kind, rest, ok = element(encapsulated.content, 0)
	if !ok || kind.tag != tagOID || !bytes.Equal(kind.content, oidData) {
		return nil, false
	}
	explicit, _, ok := element(rest, 0)
	if !ok || explicit.tag != tagContext0 { // a detached signature has no content
		return nil, false
	}
	octets, _, ok := element(explicit.content, 0)
	if !ok {
		return nil, false
	}
	return octets.octets(nil, 0)
}

// inside returns the content of an element that stands in another one.
func inside(data []byte, outer, inner byte) ([]byte, bool) {
	o, _, ok := element(data, 0)
	if !ok || o.tag != outer {
		return nil, false
	}
	i, _, ok := element(o.content, 0)
	return i.content, ok && i.tag == inner
}

// A tlv is one element of BER (X.690 §8.1). Its content is a part of the data.
type tlv struct {
	tag     byte
	content []byte
}

// element reads the first element of data and returns what stands behind it.
func element(data []byte, depth int) (e tlv, rest []byte, ok bool) {
	if len(data) < 2 || data[0]&0x1f == 0x1f || depth > deepestElement { // no tag here is longer than a byte
		return tlv{}, nil, false
	}
	e.tag = data[0]
	length, data := int(data[1]), data[2:]
	switch {
	case length == indefinite:
		if e.tag&constructed == 0 {
			return tlv{}, nil, false
		}
		rest = data
		for len(rest) < 2 || rest[0] != 0 || rest[1] != 0 { // the end-of-contents octets, §8.1.5
			if _, rest, ok = element(rest, depth+1); !ok {
				return tlv{}, nil, false
			}
		}
		e.content = data[:len(data)-len(rest)]
		return e, rest[2:], true
	case length > indefinite:
		n := length - indefinite
		if n > 4 || n > len(data) {
			return tlv{}, nil, false
		}
		length = 0
		for _, b := range data[:n] {
			length = length<<8 | int(b)
		}
		data = data[n:]
	}
	if length > len(data) {
		return tlv{}, nil, false
	}
	e.content = data[:length]
	return e, data[length:], true
}

// octets appends the bytes of an OCTET STRING, which programs that do not know its length write in pieces (§8.7.3).
func (e tlv) octets(to []byte, depth int) ([]byte, bool) {
	switch e.tag {
	case tagOctets:
		return append(to, e.content...), true
	case tagOctets | constructed:
	default:
		return nil, false
	}
	if depth > deepestElement {
		return nil, false
	}
	for rest := e.content; len(rest) > 0; {
		piece, behind, ok := element(rest, 0)
		if !ok {
			return nil, false
		}
		if to, ok = piece.octets(to, depth+1); !ok {
			return nil, false
		}
		rest = behind
	}
	return to, true
}
