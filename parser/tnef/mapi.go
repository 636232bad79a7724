package tnef

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/text/encoding/charmap"

	"vanthu/parser"
)

// Types of properties ([MS-OXCDATA] §2.11.1).
const (
	typeString8 = 0x001E
	typeString  = 0x001F
	typeBinary  = 0x0102
	typeObject  = 0x000D
	several     = 0x1000 // flag: many values
)

// message is IID_IMessage, as it stands: what follows is a TNEF stream.
var message = [16]byte{0x07, 0x03, 0x02, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46}

// widths are the bytes of a value of fixed size, after padding to four ([MS-OXTNEF] §2.1.3.4 and MAPI property lists).
var widths = map[uint16]int{
	0x0001: 0, 0x0002: 4, 0x0003: 4, 0x0004: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8, 0x000A: 4, 0x000B: 4, 0x0014: 8, 0x0040: 8, 0x0048: 16,
}

// A props walks over a property list.
type props struct {
	b   []byte
	bad bool
}

func (p *props) take(n int) []byte {
	if n < 0 || n > len(p.b) {
		p.bad = true
		p.b = nil
		return nil
	}
	b := p.b[:n]
	p.b = p.b[n:]
	return b
}

func (p *props) u32() int {
	b := p.take(4)
	if b == nil {
		return 0
	}
	return int(binary.LittleEndian.Uint32(b))
}

// padded takes n bytes and what fills them up to a multiple of four.
func (p *props) padded(n int) []byte {
	b := p.take(n)
	if n >= 0 && n%4 != 0 {
		p.take(min(4-n%4, len(p.b)))
	}
	return b
}

// properties reads the name and the bytes of an attachment from its MAPI properties.
func (a *attachment) properties(value []byte, page *charmap.Charmap) error {
	p := &props{b: value}
	for n := p.u32(); n > 0 && !p.bad; n-- {
		tag := p.u32()
		kind, id := uint16(tag), uint16(tag>>16)
		if id >= 0x8000 { // a named property: its set, then its number or name
			p.take(16)
			if p.u32() == 0 {
				p.take(4)
			} else {
				p.padded(p.u32())
			}
		}
		width, fixed := widths[kind&^several]
		values := 1
		if kind&several != 0 || !fixed {
			values = p.u32()
		}
		for ; values > 0 && !p.bad; values-- {
			if fixed {
				p.take(width)
				if width == 0 {
					break
				}
				continue
			}
			b := p.padded(p.u32())
			a.property(id, kind, b, page)
		}
	}
	if p.bad {
		return parser.Damage("tnef: properties of an attachment")
	}
	return nil
}

func (a *attachment) property(id, kind uint16, b []byte, page *charmap.Charmap) {
	text := ""
	switch kind {
	case typeString:
		text = text16(b)
	case typeString8:
		text = text8(b, page)
	}
	switch {
	case id == longName && text != "":
		a.long = text
	case id == fileName && text != "" && a.title == "":
		a.title = text
	case id == bytesOf && kind == typeBinary:
		a.other = b
	case id == bytesOf && kind == typeObject: // its interface, then its bytes ([MS-OXTNEF] §2.1.3.4.5)
		mail := bytes.HasPrefix(b, message[:])
		a.other, a.object = b[min(len(b), len(message)):], !mail
	}
}
