// Package cfbtest builds compound files for tests ([MS-CFB] §2).
//
// It must not know what a stream means.
package cfbtest

import (
	"encoding/binary"
	"unicode/utf16"
)

// An Entry is a stream of the top level, or a storage when Data is nil.
type Entry struct {
	Name string
	Data []byte
}

const (
	sector = 4096
	free   = 0xffffffff
	end    = 0xfffffffe
	fat    = 0xfffffffd
)

// File returns a compound file with up to 30 entries and up to 400 MB. Streams of less than 4,096 bytes are filled up with
// zeros, because shorter ones would have to lie in a mini stream.
func File(entries ...Entry) []byte {
	var content, table, directory []byte
	chain := func(n int) uint32 {
		start := len(table) / 4
		for i := range n - 1 {
			table = u32(table, uint32(start+i+1))
		}
		table = u32(table, end)
		return uint32(start)
	}
	first := chain(1) // of the directory
	last := uint32(free)
	var nodes []byte
	for i, e := range entries {
		kind, start := byte(1), uint32(0)
		size := 0
		if e.Data != nil {
			kind, size = 2, max(len(e.Data), sector)
			data := append([]byte(nil), e.Data...)
			data = append(data, make([]byte, size-len(data)+pad(size))...)
			start = chain(len(data) / sector)
			content = append(content, data...)
		}
		nodes = append(nodes, entry(e.Name, kind, last, free, start, size)...)
		last = uint32(i + 1)
	}
	directory = append(entry("Root Entry", 5, free, last, end, 0), nodes...)
	directory = append(directory, make([]byte, pad(len(directory)))...)

	used := len(table) / 4
	fats := 1
	for used+fats > fats*sector/4 {
		fats++
	}
	for range fats {
		table = u32(table, fat)
	}
	for len(table) < fats*sector {
		table = u32(table, free)
	}
	head := []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	head = append(head, make([]byte, 16)...)
	for _, v := range []uint16{0x3e, 4, 0xfffe, 12, 6, 0, 0, 0} {
		head = binary.LittleEndian.AppendUint16(head, v)
	}
	for _, v := range []uint32{1, uint32(fats), first, 0, 4096, end, 0, end, 0} {
		head = u32(head, v)
	}
	for i := range 109 {
		if i < fats {
			head = u32(head, uint32(used+i))
		} else {
			head = u32(head, free)
		}
	}
	out := append(head, make([]byte, sector-len(head))...)
	out = append(out, directory...)
	out = append(out, content...)
	return append(out, table...)
}

// pad is what is missing to the end of a sector.
func pad(n int) int { return (sector - n%sector) % sector }

func u32(b []byte, v uint32) []byte { return binary.LittleEndian.AppendUint32(b, v) }

func entry(name string, kind byte, left, child, start uint32, size int) []byte {
	var e []byte
	for _, u := range utf16.Encode([]rune(name)) {
		e = binary.LittleEndian.AppendUint16(e, u)
	}
	n := len(e) + 2
	e = append(e, make([]byte, 64-len(e))...)
	e = append(e, byte(n), 0, kind, 1)
	e = u32(u32(u32(e, left), free), child)
	e = append(e, make([]byte, 36)...)
	return binary.LittleEndian.AppendUint64(u32(e, start), uint64(size))
}
