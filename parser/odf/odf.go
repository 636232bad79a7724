// Package odf is what OpenDocument's spreadsheets and texts have in common (ODF 1.2 part 1): the parts of the package, the
// styles that matter, and the text of paragraphs.
//
// It must not know what a sheet or a letter is. Elements and attributes are told by their local names: the prefixes that
// the standard suggests are not the ones that every library writes.
package odf

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"vanthu/parser"
	"vanthu/parser/ooxml"
	"vanthu/parser/xmlscan"
)

// A File is an opened document: a package, or the whole in one XML file (ODF 1.2 part 1 §3.1).
type File struct {
	Styles Styles
	pkg    *ooxml.Package
	flat   []byte
	depth  int
}

// Open opens a package or a flat file. Errors are *parser.Problem.
func Open(data []byte, lim parser.Limits) (*File, error) {
	f := &File{Styles: Styles{}, depth: lim.Depth}
	if !bytes.HasPrefix(data, []byte("PK")) && bytes.Contains(data[:min(len(data), 4096)], []byte("document")) {
		f.flat = data
		return f, nil
	}
	pkg, err := ooxml.Open(data, lim.Unpacked) // the same container
	if err != nil {
		return nil, err
	}
	f.pkg = pkg
	return f, nil
}

// Signed reports whether the package carries a digital signature (part 3 §5).
func (f *File) Signed() bool { return f.pkg != nil && f.pkg.Has("META-INF/documentsignatures.xml") }

// Macros reports whether the package carries Basic or script code.
func (f *File) Macros() bool {
	return f.pkg != nil && (f.pkg.HasFolder("Basic") || f.pkg.HasFolder("Scripts"))
}

// Body reads the styles, then hands over the scanner at the start of office:body; margins at that of office:master-styles,
// whose pages have headers and footers. Both must read to the end of the element, or Skip it.
func (f *File) Body(margins, body func(x *xmlscan.Scanner) error) error {
	if f.flat != nil {
		return f.parts(xmlscan.New(bytes.NewReader(f.flat), f.depth), margins, body)
	}
	if f.pkg.Has("styles.xml") {
		r, err := f.pkg.Part("styles.xml")
		if err != nil {
			return err
		}
		defer r.Close()
		if err := f.parts(xmlscan.New(r, f.depth), margins, nil); err != nil {
			return err
		}
	}
	r, err := f.pkg.Part("content.xml")
	if err != nil {
		return err
	}
	defer r.Close()
	ahead := xmlscan.Ahead(r)
	defer ahead.Close()
	return f.parts(xmlscan.New(ahead, f.depth), nil, body)
}

// parts reads the children of the root element.
func (f *File) parts(x *xmlscan.Scanner, margins, body func(x *xmlscan.Scanner) error) error {
	fonts := map[string]string{}
	if _, err := x.Next(); err != nil {
		return err
	}
	found := false
	if err := x.Children(func() error {
		switch {
		case x.Is("font-face-decls"):
			return readFonts(x, fonts)
		case x.Is("styles"), x.Is("automatic-styles"):
			return f.Styles.read(x, fonts)
		case x.Is("master-styles") && margins != nil:
			return margins(x)
		case x.Is("body") && body != nil:
			found = true
			return body(x)
		}
		return x.Skip()
	}); err != nil {
		return err
	}
	if body != nil && !found {
		return parser.Damage("no body")
	}
	_, err := x.Next() // what stands behind the root is an error, too
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// Farthest is how far rows and columns are counted: nothing stands beyond.
const Farthest = 1 << 30

// Repeated returns how often a row, column or cell stands there, by the attribute of that name.
func Repeated(x *xmlscan.Scanner, local string) int {
	v, ok := x.Attr(local)
	if !ok {
		return 1
	}
	n, err := strconv.Atoi(string(v))
	if err != nil || n < 1 {
		return 1
	}
	return min(n, Farthest)
}
