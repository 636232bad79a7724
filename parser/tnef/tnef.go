// Package tnef takes the files out of winmail.dat, in which Outlook wraps a mail when it takes the other side for Outlook
// ([MS-OXTNEF]). The sender sees ordinary attachments and does not know of it.
//
// It must not know what the files are.
package tnef

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"vanthu/parser"
)

// signature begins every TNEF stream (§2.1.3.1).
const signature = 0x223E9F78

// Attributes of a stream, with their types in the upper half (§2.1.3.3, §2.1.3.4).
const (
	oemCodepage = 0x00069007
	rendData    = 0x00069002 // begins an attachment
	title       = 0x00018010
	contents    = 0x0006800F
	properties  = 0x00069005 // MAPI properties of an attachment (§2.1.3.4.5)
)

// Properties of an attachment ([MS-OXPROPS] §2.601 and neighbours).
const (
	longName = 0x3707
	fileName = 0x3704
	bytesOf  = 0x3701
)

// An attachment is what was found of one file.
type attachment struct {
	title, long string
	data, other []byte
	object      bool // data is what a program embedded: an OLE storage
}

// Object is the Type of a file that a program embedded in the text: a picture, a chart, or a workbook.
const Object = "application/x-ole-storage"

// Read returns the attachments in their order, also empty ones: whoever sent them counts on them. A mail among them is a TNEF
// stream itself. Names are as they stand, may be empty. Errors are *parser.Problem: Damaged.
func Read(data []byte) ([]parser.File, error) {
	if len(data) < 6 || binary.LittleEndian.Uint32(data) != signature {
		return nil, parser.Damage("tnef: no signature")
	}
	page := charmap.Windows1258
	var all []attachment
	for rest := data[6:]; len(rest) > 0; {
		if len(rest) < 9 {
			return nil, parser.Damage("tnef: cut off in an attribute")
		}
		id, size := binary.LittleEndian.Uint32(rest[1:]), uint64(binary.LittleEndian.Uint32(rest[5:]))
		if size+11 > uint64(len(rest)) {
			return nil, parser.Damage("tnef: attribute %#x is longer than the file", id)
		}
		value, sum := rest[9:9+size], binary.LittleEndian.Uint16(rest[9+size:])
		rest = rest[size+11:]
		if checksum(value) != sum {
			return nil, parser.Damage("tnef: checksum of attribute %#x", id)
		}
		if id == oemCodepage && size >= 4 {
			page = codePage(binary.LittleEndian.Uint32(value))
			continue
		}
		if id == rendData {
			all = append(all, attachment{})
			continue
		}
		if len(all) == 0 {
			continue // of the mail
		}
		a := &all[len(all)-1]
		switch id {
		case title:
			a.title = text8(value, page)
		case contents:
			a.data = value
		case properties:
			if err := a.properties(value, page); err != nil {
				return nil, err
			}
		}
	}
	return files(all), nil
}

func files(all []attachment) []parser.File {
	var out []parser.File
	for _, a := range all {
		f := parser.File{Name: a.title, Data: a.data}
		if a.long != "" {
			f.Name = a.long
		}
		if len(f.Data) == 0 {
			f.Data = a.other
		}
		if a.object {
			f.Type = Object
		}
		out = append(out, f)
	}
	return out
}

// checksum is the sum of all bytes (§2.1.3.1).
func checksum(b []byte) uint16 {
	var sum uint16
	for _, c := range b {
		sum += uint16(c)
	}
	return sum
}

// codePage is the encoding of 8-bit texts; letters of an unknown one are read as Vietnamese.
func codePage(n uint32) *charmap.Charmap {
	switch n {
	case 1252:
		return charmap.Windows1252
	case 437:
		return charmap.CodePage437
	}
	return charmap.Windows1258
}

func text8(b []byte, page *charmap.Charmap) string {
	s, err := page.NewDecoder().String(string(b))
	if err != nil {
		s = strings.ToValidUTF8(string(b), "_")
	}
	return strings.TrimRight(s, "\x00")
}

func text16(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return strings.TrimRight(string(utf16.Decode(units)), "\x00")
}
