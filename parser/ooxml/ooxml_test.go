package ooxml

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/parser"
)

func zipped(t *testing.T, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i+1 < len(parts); i += 2 {
		w, err := z.Create(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, parts[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPackage(t *testing.T) {
	t.Parallel()
	p, err := Open(zipped(t,
		"_rels/.rels", `<Relationships><Relationship Id="a" Type="x/officeDocument" Target="Word\Doc.xml"/><Relationship Id="b" Type="x/officeDocument" Target="/word/doc.xml"/></Relationships>`,
		`WORD\doc.xml`, "x",
		"word/_rels/doc.xml.rels", `<Relationships><Relationship Id="h" Type="x/header" Target="../other/h.xml"/><Relationship Id="l" Type="x/hyperlink" Target="https://evil.example" TargetMode="External"/></Relationships>`,
	), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Main("none"); !strings.EqualFold(got, "word/doc.xml") {
		t.Errorf("main part %q", got)
	}
	if !p.Has("/Word/DOC.xml") || p.Has("word/none.xml") || !p.HasFolder("word") || p.HasFolder("wor") {
		t.Error("parts are not found whatever the case of their names")
	}
	want := []Relation{{ID: "h", Kind: "header", Part: "other/h.xml"}, {ID: "l", Kind: "hyperlink"}}
	if d := cmp.Diff(want, p.Relations("word/doc.xml")); d != "" {
		t.Error(d)
	}
}

// The limit is one for all parts together, and counts what is read.
func TestLimit(t *testing.T) {
	t.Parallel()
	p, err := Open(zipped(t, "a", strings.Repeat("x", 600), "b", strings.Repeat("y", 600), "huge", strings.Repeat("z", 1<<20)), 1000)
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) error {
		r, err := p.Part(name)
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = io.Copy(io.Discard, r)
		return err
	}
	if err := read("a"); err != nil {
		t.Error(err)
	}
	var problem *parser.Problem
	if err := read("b"); !errors.As(err, &problem) || problem.Code != parser.TooLarge {
		t.Errorf("the second part: %v", err)
	}
}

// A directory that claims less than a part holds is found out when the part is read.
func TestLyingDirectory(t *testing.T) {
	t.Parallel()
	data := zipped(t, "a.xml", strings.Repeat("x", 1<<20))
	i := bytes.LastIndex(data, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(data[i+24:], 10)
	p, err := Open(data, 100)
	if err != nil {
		return // refused at once: as good
	}
	r, err := p.Part("a.xml")
	if err != nil {
		return
	}
	defer r.Close()
	if n, err := io.Copy(io.Discard, r); err == nil || n > 1<<16 {
		t.Errorf("read %d bytes, %v", n, err)
	}
}
