package main

import (
	"io"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// A table writes rows in columns, a page at a time, so that a register of any length takes no memory: a column grows with the pages and never
// shrinks. Cells are made harmless by who adds them.
//
// text/tabwriter counts the marks of a name that is put together of letters and marks (as some platforms tell it) as letters, and keeps all of
// it until the end.
type table struct {
	w      io.Writer
	widths []int
	rows   [][]string
}

// add takes a row; the first is the headings.
func (t *table) add(cells ...string) error {
	if t.rows = append(t.rows, cells); len(t.rows) < pageSize {
		return nil
	}
	return t.flush()
}

// flush writes what was added.
func (t *table) flush() error {
	for _, cells := range t.rows {
		for len(t.widths) < len(cells) {
			t.widths = append(t.widths, 0)
		}
		for i, c := range cells {
			t.widths[i] = max(t.widths[i], columns(c))
		}
	}
	var b strings.Builder
	for _, cells := range t.rows {
		for i, c := range cells {
			b.WriteString(c)
			if i < len(cells)-1 {
				b.WriteString(strings.Repeat(" ", t.widths[i]-columns(c)+2))
			}
		}
		b.WriteByte('\n')
	}
	t.rows = slices.Delete(t.rows, 0, len(t.rows))
	_, err := io.WriteString(t.w, b.String())
	return err
}

// columns is how wide a terminal writes a text (Unicode, UAX 11): a mark stands on the letter before it.
func columns(s string) (n int) {
	for _, r := range s {
		switch kind := width.LookupRune(r).Kind(); {
		case unicode.In(r, unicode.Mn, unicode.Me):
		case kind == width.EastAsianWide || kind == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}
