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

func TestReader(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]parser.ProblemCode{
		"<a><b/></a>": "", "<a>": parser.Damaged, "": parser.Damaged, "<a></b>": parser.Damaged, "<a>&x;</a>": parser.Damaged,
		strings.Repeat("<a>", 9): parser.TooLarge, "\xff\xfe<": parser.Damaged,
	} {
		x := NewReader(strings.NewReader(in), 8)
		var err error
		for err == nil {
			_, err = x.Token()
		}
		var p *parser.Problem
		if want == "" && !errors.Is(err, io.EOF) || want != "" && (!errors.As(err, &p) || p.Code != want) {
			t.Errorf("%q ends with %v, want %q", in, err, want)
		}
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
