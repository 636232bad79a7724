package ooxml

import (
	"archive/zip"
	"bytes"
	"errors"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"

	"vanthu/parser"
)

// A part is one entry of the container while it is unpacked. archive/zip does the same for any reader; here the packed
// bytes lie in memory, where klauspost's inflater is twice as fast.
type part struct {
	p    *Package
	f    *zip.File
	src  io.Reader
	flat io.ReadCloser // nil for a stored part
	sum  uint32
	n    uint64
	err  error
}

func (p *Package) open(f *zip.File) (io.ReadCloser, error) {
	from, err := f.DataOffset()
	if err != nil {
		return nil, parser.Damage("part %s: %v", f.Name, err)
	}
	to := uint64(from) + f.CompressedSize64
	if to < f.CompressedSize64 || to > uint64(len(p.data)) {
		return nil, parser.Damage("part %s is cut off", f.Name)
	}
	packed := bytes.NewReader(p.data[from:to])
	r := &part{p: p, f: f, src: packed}
	switch f.Method {
	case zip.Store:
	case zip.Deflate:
		r.flat = p.inflater(packed)
		r.src = r.flat
	default:
		return nil, parser.Damage("part %s: method %d", f.Name, f.Method)
	}
	return r, nil
}

// inflater returns one that was used before, where there is one: it has 50 KB of tables.
func (p *Package) inflater(packed *bytes.Reader) io.ReadCloser {
	p.mu.Lock()
	defer p.mu.Unlock()
	idle := p.idle
	p.idle = nil
	if again, ok := idle.(flate.Resetter); ok && again.Reset(packed, nil) == nil {
		return idle
	}
	return flate.NewReader(packed)
}

// Read unpacks. Every byte counts against the limit of the package; at the end size and checksum must be those of the
// directory, so that a part is whole or refused.
func (r *part) Read(b []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.src.Read(b)
	r.sum = crc32.Update(r.sum, crc32.IEEETable, b[:n])
	r.n += uint64(n)
	if r.p.left.Add(int64(-n)) < 0 {
		r.err = parser.BeyondBytes(r.p.limit, "sau khi giải nén")
		return 0, r.err
	}
	switch {
	case err == nil:
	case !errors.Is(err, io.EOF):
		r.err = parser.Damage("part %s: %v", r.f.Name, err)
	case r.n != r.f.UncompressedSize64 || r.sum != r.f.CRC32 && r.f.CRC32 != 0:
		r.err = parser.Damage("part %s is not what the directory says", r.f.Name)
	default:
		r.err = io.EOF
	}
	return n, r.err
}

func (r *part) Close() error {
	r.err = io.ErrClosedPipe
	if r.flat != nil {
		r.p.mu.Lock()
		r.p.idle = r.flat
		r.p.mu.Unlock()
		r.flat = nil
	}
	return nil
}
