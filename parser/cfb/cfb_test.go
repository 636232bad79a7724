package cfb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"vanthu/parser"
)

func small(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/small.xls")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestOpen(t *testing.T) {
	t.Parallel()
	f, err := Open(small(t))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(f.Names(), "Workbook") || !f.Has("WORKBOOK") || f.Has("Book") {
		t.Errorf("%q", f.Names())
	}
	stream, err := f.Stream("workbook")
	if err != nil || len(stream) < 1000 || !bytes.HasPrefix(stream, []byte("\x09\x08\x10\x00")) {
		t.Errorf("%d bytes, %v", len(stream), err)
	}
	if stream, err := f.Stream("Book"); stream != nil || err != nil {
		t.Errorf("%d bytes, %v", len(stream), err)
	}
}

// chain builds a container whose directory goes on over n sectors of 128-byte entries that hang below each other.
func chain(n int) []byte {
	const sector = 512
	fats := (n + 256) / 127
	head := []byte(Signature)
	head = append(head, make([]byte, 16)...)
	for _, v := range []uint16{0x3e, 3, 0xfffe, 9, 6, 0, 0, 0} {
		head = binary.LittleEndian.AppendUint16(head, v)
	}
	for _, v := range []uint32{0, uint32(fats), 0, 0, 4096, 0xfffffffe, 0, 0xfffffffe, 0} {
		head = binary.LittleEndian.AppendUint32(head, v)
	}
	for i := range 109 {
		head = binary.LittleEndian.AppendUint32(head, uint32(n+i))
	}
	b := append(head, make([]byte, sector-len(head))...)
	for i := range 4 * n {
		e := make([]byte, 128)
		copy(e, "A\x00")
		e[64], e[66] = 4, 1
		binary.LittleEndian.PutUint32(e[68:], 0xffffffff)
		binary.LittleEndian.PutUint32(e[72:], 0xffffffff)
		binary.LittleEndian.PutUint32(e[76:], uint32(i+1))
		b = append(b, e...)
	}
	for i := range fats * 128 {
		next := uint32(i + 1)
		if i == n-1 {
			next = 0xfffffffe
		}
		b = binary.LittleEndian.AppendUint32(b, next)
	}
	return b
}

func TestHostile(t *testing.T) {
	t.Parallel()
	good := small(t)
	patched := func(at int, value uint32) []byte {
		b := bytes.Clone(good)
		binary.LittleEndian.PutUint32(b[at:], value)
		return b
	}
	directory := 512 + 512*int(binary.LittleEndian.Uint32(good[48:]))
	for _, c := range []struct {
		name string
		data []byte
		code parser.ProblemCode
	}{
		{"empty", nil, parser.Damaged},
		{"header alone", good[:512], parser.Damaged},
		{"no FAT", patched(44, 0), parser.Damaged},
		{"DIFAT in a loop", patched(72, 1<<30), parser.Damaged},
		{"mini FAT without end", patched(64, 1<<30), parser.Damaged},
		{"directory outside", patched(48, 1<<30), parser.Damaged},
		{"a large directory", chain(5000), parser.TooLarge},
		{"nested storages without end", chain(100), parser.Damaged},
	} {
		start := time.Now()
		var problem *parser.Problem
		_, err := Open(c.data)
		if !errors.As(err, &problem) || problem.Code != c.code {
			t.Errorf("%s: %v, want %s", c.name, err, c.code)
		}
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("%s took %v", c.name, d)
		}
	}
	for i := range 4 { // every stream claims to be huge, or begins in the middle of nowhere
		for at, value := range map[int]uint32{116: 1 << 29, 120: 0xfffffff0} {
			f, err := Open(patched(directory+128*i+at, value))
			if err != nil {
				continue
			}
			for _, n := range f.Names() {
				if b, err := f.Stream(n); err == nil && len(b) > len(good) {
					t.Errorf("%s: %d bytes of %d", n, len(b), len(good))
				}
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(small(f))
	f.Add(chain(3))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Open(data)
		if err != nil {
			var problem *parser.Problem
			if !errors.As(err, &problem) {
				t.Errorf("no problem: %v", err)
			}
			return
		}
		for _, n := range c.Names() {
			if b, err := c.Stream(n); err == nil && len(b) > len(data) {
				t.Errorf("%s: %d bytes of %d", n, len(b), len(data))
			}
		}
	})
}
