package ooxml

import (
	"encoding/xml"
	"errors"
	"io"

	"vanthu/parser"
)

// A Reader gives the tokens of an XML part and refuses what nests too deep or is cut off. xmlscan does the same ten times
// as fast.
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
	var problem *parser.Problem
	if errors.As(err, &problem) {
		return nil, problem
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
