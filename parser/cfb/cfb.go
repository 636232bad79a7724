// Package cfb opens compound files ([MS-CFB]), the container of .xls and .doc, and hands out their streams whole. It puts
// bounds around mscfb, which trusts the sizes that a directory claims.
//
// It must not know what a stream means.
package cfb

import (
	"bytes"
	"io"
	"strings"

	"github.com/richardlehane/mscfb"

	"vanthu/parser"
)

const (
	// maxDirectory bounds the bytes read for header, DIFAT and directory: 2,048 entries. Office writes some 20. The library
	// keeps a path for every entry, which costs the square of their number when storages nest.
	maxDirectory = 256 << 10
	// piece is how much is read at once: the library takes the square of the number of sectors in one read.
	piece = 32 << 10
)

// Signature is how every compound file begins ([MS-CFB] §2.2).
const Signature = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

// A File is an opened container.
type File struct {
	size    int
	entries []*mscfb.File
}

// Open reads the directory. Errors are *parser.Problem.
func Open(data []byte) (f *File, err error) {
	defer func() {
		if r := recover(); r != nil { // the library trusts its input here and there
			f, err = nil, parser.Damage("compound file: %v", r)
		}
	}()
	// Every sector stands in one chain, so that a file holds no more steps along chains than sectors.
	r := &bounded{Reader: bytes.NewReader(data), bytes: maxDirectory, lookups: len(data)/512 + maxDirectory/512}
	dir, err := mscfb.New(r)
	switch {
	case r.spent:
		return nil, parser.Beyond(maxDirectory/128, "mục trong tệp ghép")
	case err != nil:
		return nil, parser.Damage("compound file: %v", err)
	}
	r.open = true
	return &File{size: len(data), entries: dir.File}, nil
}

// Names returns the names of the streams and storages of the top level.
func (f *File) Names() []string {
	var names []string
	for i, e := range f.entries {
		if i > 0 && len(e.Path) == 0 {
			names = append(names, e.Name)
		}
	}
	return names
}

// Has reports whether the top level holds a stream or storage of that name. Case does not count ([MS-CFB] §2.6.4); a first
// character that is not printable is left out of names.
func (f *File) Has(name string) bool { return f.top(name) != nil }

func (f *File) top(name string) *mscfb.File {
	for i, e := range f.entries {
		if i > 0 && len(e.Path) == 0 && strings.EqualFold(e.Name, name) {
			return e
		}
	}
	return nil
}

// Stream returns a stream of the top level, nil when there is none. Errors are *parser.Problem.
func (f *File) Stream(name string) ([]byte, error) {
	e := f.top(name)
	if e == nil || e.FileInfo().IsDir() {
		return nil, nil
	}
	if e.Size > int64(f.size) {
		return nil, parser.Damage("compound file: stream %s claims %d of %d bytes", name, e.Size, f.size)
	}
	b := make([]byte, e.Size)
	for at := 0; at < len(b); {
		n, err := io.ReadFull(e, b[at:min(at+piece, len(b))])
		if err != nil {
			return nil, parser.Damage("compound file: stream %s: %v", name, err)
		}
		at += n
	}
	return b, nil
}

// bounded counts what is read until the container is open.
type bounded struct {
	*bytes.Reader
	bytes, lookups int
	open, spent    bool
}

func (r *bounded) ReadAt(b []byte, off int64) (int, error) {
	if !r.open {
		r.lookups--
		if len(b) >= 512 { // shorter ones look up the next sector of a chain
			r.bytes -= len(b)
		}
		if r.bytes < 0 || r.lookups < 0 {
			r.spent = true
			return 0, io.ErrUnexpectedEOF
		}
	}
	return r.Reader.ReadAt(b, off)
}
