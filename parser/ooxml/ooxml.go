// Package ooxml opens the zip container of Office Open XML (ECMA-376 part 2): its parts, whatever the case of their names,
// with a limit on what they unpack to, and its relationships.
//
// It must not know what a sheet or a paragraph is.
package ooxml

import (
	"archive/zip"
	"bytes"
	"io"
	"path"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"vanthu/parser"
	"vanthu/parser/xmlscan"
)

// A Package is an opened container. Parts are unpacked when they are asked for.
type Package struct {
	data  []byte
	parts map[string]entry // by lower-case name with forward slashes
	limit int64            // bytes after unpacking
	left  atomic.Int64     // of them, for all parts together

	mu   sync.Mutex
	idle io.ReadCloser // an inflater that is not used any more
}

// An entry is one part. differs: the directory names another one with the same name and other content.
type entry struct {
	file    *zip.File
	differs bool
}

// A Relation is one line of a .rels part.
type Relation struct {
	ID   string
	Kind string // last element of the type's URI: "worksheet", "styles", "officeDocument"
	Part string // name of the part it leads to; "" when it leads outside
}

// Open reads the directory of data. It returns a *parser.Problem when it is no zip. At most unpacked bytes are given out
// by all parts together: what they really unpack to counts, not what the directory says of it.
func Open(data []byte, unpacked int64) (*Package, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, parser.Damage("zip: %v", err)
	}
	p := &Package{data: data, parts: make(map[string]entry, len(z.File)), limit: unpacked}
	p.left.Store(unpacked)
	for _, f := range z.File {
		name := partName(f.Name)
		e, twice := p.parts[name]
		if !twice {
			e.file = f
		} else if e.file.CRC32 != f.CRC32 || e.file.UncompressedSize64 != f.UncompressedSize64 {
			e.differs = true
		}
		p.parts[name] = e
	}
	return p, nil
}

func partName(name string) string {
	return strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/"))
}

// Has reports whether the part name is there.
func (p *Package) Has(name string) bool { return p.parts[partName(name)].file != nil }

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

// Part opens a part for reading. A part that is missing is Damage, and so is one that is there twice with different
// content: programs disagree on which of the two they show.
func (p *Package) Part(name string) (io.ReadCloser, error) {
	e := p.parts[partName(name)]
	switch {
	case e.file == nil:
		return nil, parser.Damage("part %s is missing", name)
	case e.differs:
		return nil, parser.Damage("part %s is there twice", name)
	}
	return p.open(e.file)
}

// Size returns how large the directory says that a part is: a hint.
func (p *Package) Size(name string) int64 {
	if f := p.parts[partName(name)].file; f != nil {
		return int64(min(f.UncompressedSize64, uint64(p.limit)))
	}
	return 0
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
	x := xmlscan.New(r, 8)
	for {
		k, err := x.Next()
		if err != nil {
			return all
		}
		if k != xmlscan.Start || !x.Is("Relationship") {
			continue
		}
		attr := func(local string) string {
			v, _ := x.Attr(local)
			return string(v)
		}
		rel := Relation{ID: attr("Id"), Kind: path.Base(attr("Type"))}
		if attr("TargetMode") != "External" {
			rel.Part = p.resolve(dir, attr("Target"))
		}
		all = append(all, rel)
	}
}

// resolve follows a target (part 2 §9.3: a relative reference, in which a blank may be %20). Programs also write
// backslashes, and paths from the root without the slash in front.
func (p *Package) resolve(dir, target string) string {
	if !p.Has(join(dir, target)) {
		target = unescape(target)
	}
	part := join(dir, target)
	if root := join("", target); !p.Has(part) && p.Has(root) {
		return root
	}
	return part
}

func join(dir, target string) string {
	target = strings.ReplaceAll(target, `\`, "/")
	if !strings.HasPrefix(target, "/") {
		target = "/" + dir + target
	}
	return strings.TrimPrefix(path.Clean(target), "/")
}

// unescape resolves %20 and its kin (RFC 3986 §2.1); what is none of them stays.
func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// True reports whether s is a true value of the schema's boolean (and of its on/off type).
func True(s string) bool { return s == "1" || s == "true" || s == "on" }
