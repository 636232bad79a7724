// Package ooxml opens the zip container of Office Open XML (ECMA-376 part 2): its parts, whatever the case of their names,
// its relationships, and XML with a limit on depth.
//
// It must not know what a sheet or a paragraph is.
package ooxml

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strings"

	"vanthu/parser"
)

// A Package is an opened container. Parts are unpacked when they are asked for.
type Package struct {
	parts map[string]*zip.File // by lower-case name with forward slashes
	limit int64                // bytes after unpacking
}

// A Relation is one line of a .rels part.
type Relation struct {
	ID   string
	Kind string // last element of the type's URI: "worksheet", "styles", "officeDocument"
	Part string // name of the part it leads to; "" when it leads outside
}

// Open reads the directory of data. It returns a *parser.Problem when it is no zip or unpacks to more than unpacked bytes;
// a size that lies in the directory is found when the part is read (archive/zip stops there).
func Open(data []byte, unpacked int64) (*Package, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, parser.Damage("zip: %v", err)
	}
	p := &Package{parts: make(map[string]*zip.File, len(z.File)), limit: unpacked}
	var sum uint64
	for _, f := range z.File {
		sum += f.UncompressedSize64
		if f.UncompressedSize64 > uint64(unpacked) || sum > uint64(unpacked) {
			return nil, parser.BeyondBytes(unpacked, "sau khi giải nén")
		}
		name := partName(f.Name)
		if p.parts[name] == nil {
			p.parts[name] = f
		}
	}
	return p, nil
}

func partName(name string) string {
	return strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/"))
}

// Has reports whether the part name is there.
func (p *Package) Has(name string) bool { return p.parts[partName(name)] != nil }

// HasFolder reports whether a part stands under folder ("word/media").
func (p *Package) HasFolder(folder string) bool {
	prefix := partName(folder) + "/"
	for name := range p.parts {
		if strings.HasPrefix(name, prefix) && name != prefix {
			return true
		}
	}
	return false
}

// Part opens a part for reading. A part that is missing is Damage.
func (p *Package) Part(name string) (io.ReadCloser, error) {
	f := p.parts[partName(name)]
	if f == nil {
		return nil, parser.Damage("part %s is missing", name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, parser.Damage("part %s: %v", name, err)
	}
	return r, nil
}

// Main returns the name of the part that the package is about: xl/workbook.xml, word/document.xml. The name is free
// (Word on the web writes document2.xml), so it is looked up; guess is the answer when the relationships are missing.
func (p *Package) Main(guess string) string {
	for _, r := range p.Relations("") {
		if r.Kind == "officeDocument" && p.Has(r.Part) {
			return r.Part
		}
	}
	return guess
}

// Relations returns the relationships of a part in file order, none when they are missing or broken.
func (p *Package) Relations(part string) []Relation {
	dir, base := path.Split(part)
	r, err := p.Part(dir + "_rels/" + base + ".rels")
	if err != nil {
		return nil
	}
	defer r.Close()
	var all []Relation
	x := NewReader(r, 8)
	for {
		t, err := x.Token()
		if err != nil {
			return all
		}
		start, ok := t.(xml.StartElement)
		if !ok || start.Name.Local != "Relationship" {
			continue
		}
		rel := Relation{ID: Attr(start, "Id"), Kind: path.Base(Attr(start, "Type"))}
		if Attr(start, "TargetMode") != "External" {
			rel.Part = resolve(dir, Attr(start, "Target"))
		}
		all = append(all, rel)
	}
}

func resolve(dir, target string) string {
	if strings.HasPrefix(target, "/") {
		return strings.TrimPrefix(path.Clean(target), "/")
	}
	return strings.TrimPrefix(path.Clean("/"+dir+target), "/")
}

// A Reader gives the tokens of an XML part and refuses what nests too deep or is cut off.
type Reader struct {
	dec   *xml.Decoder
	depth int
	max   int
	root  bool
}

// NewReader returns a Reader of r that allows max nested elements.
func NewReader(r io.Reader, max int) *Reader {
	return &Reader{dec: xml.NewDecoder(r), max: max}
}

// Token returns the next token; io.EOF only after a whole document, otherwise a *parser.Problem. The bytes of a token are
// valid until the next call.
func (x *Reader) Token() (xml.Token, error) {
	t, err := x.dec.Token()
	if errors.Is(err, io.EOF) && x.root && x.depth == 0 {
		return nil, io.EOF
	}
	if err != nil {
		return nil, parser.Damage("xml: %v", err)
	}
	switch t.(type) {
	case xml.StartElement:
		x.root = true
		if x.depth++; x.depth > x.max {
			return nil, parser.Beyond(x.max, "cấp lồng nhau")
		}
	case xml.EndElement:
		x.depth--
	}
	return t, nil
}

// Skip reads over the rest of the element whose start was just returned.
func (x *Reader) Skip() error {
	for end := x.depth - 1; x.depth > end; {
		if _, err := x.Token(); err != nil {
			return err
		}
	}
	return nil
}

// Attr returns the value of the attribute with that local name, "" when it is missing.
func Attr(e xml.StartElement, local string) string {
	for _, a := range e.Attr {
		if a.Name.Local == local {
			return a.Value
		}
	}
	return ""
}

// True reports whether s is a true value of the schema's boolean (and of its on/off type).
func True(s string) bool { return s == "1" || s == "true" || s == "on" }
