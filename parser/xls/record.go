package xls

import (
	"encoding/binary"
	"math"
	"unicode/utf16"
	"unicode/utf8"

	"vanthu/parser"
)

// The records that matter ([MS-XLS] §2.3.2). BIFF5 has the same numbers for most.
const (
	recFormula     = 0x0006
	recEOF         = 0x000a
	recDate1904    = 0x0022
	recFilePass    = 0x002f
	recFont        = 0x0031
	recContinue    = 0x003c
	recCodePage    = 0x0042
	recColInfo     = 0x007d
	recBoundSheet  = 0x0085
	recMulRK       = 0x00bd
	recObProj      = 0x00d3
	recRString     = 0x00d6
	recXF          = 0x00e0
	recMergeCells  = 0x00e5
	recSST         = 0x00fc
	recLabelSST    = 0x00fd
	recRecalcID    = 0x01c1
	recNumber      = 0x0203
	recLabel       = 0x0204
	recBoolErr     = 0x0205
	recString      = 0x0207
	recRow         = 0x0208
	recDefaultRowH = 0x0225
	recRK          = 0x027e
	recFont34      = 0x0231 // FONT as BIFF3 and BIFF4 number it; some writers of BIFF5 kept it
	recFormula34   = 0x0206
	recFormula4    = 0x0406
	recFormat      = 0x041e
	recBOF         = 0x0809
)

// A scanner walks over the records of a stream.
type scanner struct {
	b   []byte
	pos int
}

// next returns the next record. A stream that ends inside a record, or before the record that ends it, was cut off.
func (s *scanner) next() (id uint16, body []byte, err error) {
	if len(s.b)-s.pos < 4 {
		return 0, nil, parser.Damage("xls: cut off")
	}
	id = binary.LittleEndian.Uint16(s.b[s.pos:])
	n := int(binary.LittleEndian.Uint16(s.b[s.pos+2:]))
	if len(s.b)-s.pos-4 < n {
		return 0, nil, parser.Damage("xls: record %#x cut off", id)
	}
	switch id >> 8 {
	case 0, 1, 2, 4, 8, 0x10:
		if id != 0 { // zeros are a hole, as a broken download leaves
			break
		}
		fallthrough
	default: // there are no such records, but there may have been a cell
		return 0, nil, parser.Damage("xls: no record at %d", s.pos)
	}
	body = s.b[s.pos+4 : s.pos+4+n]
	s.pos += 4 + n
	return id, body, nil
}

// peek returns the number of the next record, 0 at the end.
func (s *scanner) peek() uint16 {
	if len(s.b)-s.pos < 4 {
		return 0
	}
	return binary.LittleEndian.Uint16(s.b[s.pos:])
}

// parts is a record body and the CONTINUE records behind it, which are taken from the scanner when they are needed: there
// may be as many as a quarter of the file's bytes. Reading beyond the end gives zeros and sets short.
type parts struct {
	now   []byte
	from  *scanner // nil: the record is not continued
	short bool
}

// turn goes to the next part when the present one is used up.
func (p *parts) turn() bool {
	for len(p.now) == 0 {
		if p.from == nil || p.from.peek() != recContinue {
			p.short = true
			return false
		}
		_, body, err := p.from.next()
		if err != nil {
			p.short = true
			return false
		}
		p.now = body
	}
	return true
}

func (p *parts) u8() byte {
	if !p.turn() {
		return 0
	}
	b := p.now[0]
	p.now = p.now[1:]
	return b
}

func (p *parts) u16() int {
	if len(p.now) >= 2 {
		n := binary.LittleEndian.Uint16(p.now)
		p.now = p.now[2:]
		return int(n)
	}
	lo := p.u8()
	return int(lo) | int(p.u8())<<8
}

func (p *parts) u32() int {
	lo := p.u16()
	return lo | p.u16()<<16
}

func (p *parts) skip(n int) {
	for n > 0 && p.turn() {
		k := min(n, len(p.now))
		p.now = p.now[k:]
		n -= k
	}
}

// chars appends n characters to dst as UTF-8. Where a CONTINUE record begins inside the characters it says anew whether they
// are compressed to their low byte ([MS-XLS] §2.5.293 XLUnicodeRichExtendedString).
func (p *parts) chars(dst []byte, n int, wide bool) []byte {
	var high rune // first half of a surrogate pair
	for n > 0 {
		if len(p.now) == 0 {
			if !p.turn() {
				return dst
			}
			wide = p.u8()&1 != 0
			continue
		}
		if !wide {
			k := min(n, len(p.now))
			if high != 0 {
				dst, high = utf8.AppendRune(dst, utf8.RuneError), 0
			}
			dst = appendLatin1(dst, p.now[:k])
			p.now = p.now[k:]
			n -= k
			continue
		}
		if len(p.now) == 1 { // half a character: no writer does that
			p.short, p.now = true, nil
			return dst
		}
		k := min(n, len(p.now)/2)
		dst, high = appendUTF16(dst, p.now[:2*k], high)
		p.now = p.now[2*k:]
		n -= k
	}
	if high != 0 {
		dst = utf8.AppendRune(dst, utf8.RuneError)
	}
	return dst
}

func appendLatin1(dst, b []byte) []byte {
	for _, c := range b {
		if c < utf8.RuneSelf {
			dst = append(dst, c)
		} else {
			dst = append(dst, 0xc0|c>>6, 0x80|c&0x3f)
		}
	}
	return dst
}

// appendUTF16 appends UTF-16; high is the first half of a pair that was left over before, and then after.
func appendUTF16(dst, b []byte, high rune) ([]byte, rune) {
	for i := 0; i+1 < len(b); i += 2 {
		r := rune(binary.LittleEndian.Uint16(b[i:]))
		if high != 0 {
			if pair := utf16.DecodeRune(high, r); pair != utf8.RuneError {
				dst, high = utf8.AppendRune(dst, pair), 0
				continue
			}
			dst, high = utf8.AppendRune(dst, utf8.RuneError), 0
		}
		switch {
		case r < utf8.RuneSelf:
			dst = append(dst, byte(r))
		case 0xd800 <= r && r < 0xdc00:
			high = r
		default:
			dst = utf8.AppendRune(dst, r) // a lone second half becomes U+FFFD
		}
	}
	return dst, high
}

func u16(b []byte, at int) int { return int(binary.LittleEndian.Uint16(b[at:])) }

func float(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }

// rk unpacks an RkNumber ([MS-XLS] §2.5.217).
func rk(b []byte) float64 {
	n := binary.LittleEndian.Uint32(b)
	var f float64
	if n&2 != 0 {
		f = float64(int32(n) >> 2)
	} else {
		f = math.Float64frombits(uint64(n&^3) << 32)
	}
	if n&1 != 0 {
		f /= 100
	}
	return f
}
