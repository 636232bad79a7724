package xls

import (
	"encoding/binary"
	"fmt"
	"unicode/utf16"

	"vanthu/parser/cfb/cfbtest"
)

// le packs numbers and bytes, little-endian.
func le(values ...any) []byte {
	var b []byte
	for _, v := range values {
		switch v := v.(type) {
		case int: // the usual width
			b = binary.LittleEndian.AppendUint16(b, uint16(v))
		case byte:
			b = append(b, v)
		case uint32:
			b = binary.LittleEndian.AppendUint32(b, v)
		case uint64:
			b = binary.LittleEndian.AppendUint64(b, v)
		case string:
			b = append(b, v...)
		case []byte:
			b = append(b, v...)
		default:
			panic(fmt.Sprintf("le: %T", v))
		}
	}
	return b
}

// record is one record.
func record(id int, values ...any) []byte {
	body := le(values...)
	return append(le(id, len(body)), body...)
}

// wide is text in UTF-16.
func wide(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

// A writer builds a workbook of BIFF8.
type writer struct {
	global [][]byte // records between BOF and the sheets' names
	sheets []testSheet
	sst    []string
	index  map[string]int
}

type testSheet struct {
	name    string
	state   byte
	kind    byte
	records []byte
}

func (w *writer) str(s string) uint32 {
	if w.index == nil {
		w.index = map[string]int{}
	}
	i, ok := w.index[s]
	if !ok {
		i = len(w.sst)
		w.sst = append(w.sst, s)
		w.index[s] = i
	}
	return uint32(i)
}

// table appends SST, in records of at most 8,224 bytes whose borders fall inside strings.
func (w *writer) table(out []byte) []byte {
	const most = 8224
	body, id := le(uint32(len(w.sst)), uint32(len(w.sst))), recSST
	flush := func() {
		out = append(out, record(id, body)...)
		id, body = recContinue, nil
	}
	for _, s := range w.sst {
		u := wide(s)
		if len(body) > most-5 {
			flush()
		}
		body = append(body, le(len(u)/2, byte(1))...)
		for len(u) > 0 {
			n := min(len(u), (most-len(body))&^1)
			body, u = append(body, u[:n]...), u[n:]
			if len(u) > 0 {
				flush()
				body = append(body, 1)
			}
		}
	}
	flush()
	return out
}

// stream returns the workbook stream.
func (w *writer) stream() []byte {
	build := func(at []int) ([]byte, []int) {
		out := record(recBOF, biff8, kindGlobals, 0, 0, uint32(0), uint32(6))
		for _, g := range w.global {
			out = append(out, g...)
		}
		for i, s := range w.sheets {
			u := wide(s.name)
			out = append(out, record(recBoundSheet, uint32(at[i]), s.state, s.kind, byte(len(u)/2), byte(1), u)...)
		}
		if len(w.sst) > 0 {
			out = w.table(out)
		}
		out = append(out, record(recEOF)...)
		for i, s := range w.sheets {
			at[i] = len(out)
			out = append(out, record(recBOF, biff8, kindSheet, 0, 0, uint32(0), uint32(6))...)
			out = append(out, s.records...)
			out = append(out, record(recEOF)...)
		}
		return out, at
	}
	_, at := build(make([]int, len(w.sheets)))
	out, _ := build(at)
	return out
}

// compound puts a stream into a compound file.
func compound(name string, stream []byte, storages ...string) []byte {
	entries := []cfbtest.Entry{{Name: name, Data: stream}}
	for _, s := range storages {
		entries = append(entries, cfbtest.Entry{Name: s})
	}
	return cfbtest.File(entries...)
}

// The records of one cell each.
func labelSST(w *writer, row, col, xf int, s string) []byte {
	return record(recLabelSST, row, col, xf, w.str(s))
}

func rkInt(row, col, xf, n int) []byte {
	return record(recRK, row, col, xf, uint32(n)<<2|2)
}

func fontRecord(name string, struck bool) []byte {
	grbit := 0
	if struck {
		grbit = 8
	}
	return record(recFont, 220, grbit, 0x7fff, 400, 0, byte(0), byte(0), byte(0), byte(0), byte(len(wide(name))/2), byte(1), wide(name))
}

func xfRecord(font, format int) []byte { return record(recXF, font, format, make([]byte, 16)) }
