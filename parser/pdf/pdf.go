// Package pdf takes the lines of text and the tables out of a PDF (ISO 32000-1). A scan has none: its pages come back with
// pictures only.
//
// It is a reader of its own because a letter is put together from glyphs by their place: office programs paint "Đề nghị" as
// "Đ ngh" and then, in another font, "ề" and "ị" into the gaps, so that text in the order of painting is unreadable. And a
// hostile file must end in an error: objects are found by looking for them, not by the cross-reference table, and every
// loop has a bound.
//
// A PDF says nothing of tables. They are found by the lines that are drawn, or by columns that are plain to see; what cannot
// be told with certainty makes the whole document come as lines, so that nobody takes half a list for a whole one.
//
// It must not know what a letter is.
package pdf

import (
	"bytes"
	"fmt"
	"slices"

	"vanthu/parser"
	"vanthu/parser/grid"
)

// What is read of one file beside parser.Limits.
const (
	maxPages  = 500
	maxGlyphs = 2_000_000
	maxOps    = 10_000_000
)

// Read reads the text and the tables of a PDF: every run of text outside of tables is a block. Errors are *parser.Problem:
// Damaged, Encrypted or TooLarge.
func Read(data []byte, lim parser.Limits) (grid.Document, error) { return read(data, lim, true) }

func read(data []byte, lim parser.Limits, withTables bool) (grid.Document, error) {
	f := newFile(data, lim)
	if f.locked {
		return grid.Document{}, &parser.Problem{Code: parser.Encrypted}
	}
	pages := f.pages()
	switch {
	case f.problem != nil:
		return grid.Document{}, f.problem
	case len(pages) == 0:
		return grid.Document{}, parser.Damage("pdf: no page")
	case len(pages) > maxPages:
		return grid.Document{}, parser.Beyond(maxPages, "trang")
	}
	var all []*layout
	p := &painter{f: f, fonts: map[int]*font{}}
	for i, page := range pages {
		glyphs, rules := p.page(page)
		if f.problem != nil {
			return grid.Document{}, f.problem
		}
		if !withTables {
			all = append(all, plainLines(glyphs, i+1))
			continue
		}
		var before *layout
		if i > 0 {
			before = all[i-1]
		}
		all = append(all, newLayout(glyphs, rules, i+1, lim, before))
	}
	if withTables && !certain(all) {
		return read(data, lim, false)
	}
	d, err := assemble(all, lim)
	d.Signature = bytes.Contains(data, []byte("/ByteRange"))
	return d, err
}

// certain reports whether every table could be read with certainty. Half a list must not pass for a whole one: with one that
// could not, the document is given as lines of text.
func certain(all []*layout) bool {
	tables, wide, cells, frames := 0, 0, 0, 0
	for n, p := range all {
		cells += p.cells
		frames += len(p.frames)
		if p.doubt || cells > maxAreas || frames > maxFrames {
			return false
		}
		tables += p.last() + 1
		wide += p.wide
		for _, q := range all[:n] {
			if p.besideTable(q) {
				return false
			}
			if slices.ContainsFunc(p.frames, func(f frame) bool { return slices.ContainsFunc(q.frames, f.beside) }) {
				return false
			}
		}
	}
	return tables == 0 || wide < 2
}

// beside reports whether a table goes on beside, on another page: it has the same rows and other columns. A spreadsheet that
// is wider than the paper is printed so, and which page belongs to which is not written.
func (f frame) beside(g frame) bool {
	near := func(a, b float64) bool { return abs(a-b) < 1 }
	return slices.EqualFunc(f.ys, g.ys, near) && !slices.EqualFunc(f.xs, g.xs, near)
}

// besideTable reports whether texts of a page without a table stand on the heights of one on another page, its header among
// them: they may be a column of it.
func (p *layout) besideTable(q *layout) bool {
	at := q.last()
	if at < 0 || p.last() >= 0 || len(p.items) == 0 || len(p.items) > 500 {
		return false
	}
	t := q.items[at].table
	if len(t.feet) == 0 {
		return false
	}
	head := false
	for _, i := range p.items {
		near := func(y float64) bool { return abs(y-i.line.y) < 2.5 }
		switch {
		case i.line.Picture || i.line.y > t.feet[0]+2.5:
		case near(t.feet[0]):
			head = true
		case i.line.y > t.feet[len(t.feet)-1]-1 && !slices.ContainsFunc(t.feet, near):
			return false
		}
	}
	return head
}

// assemble puts the pages together.
func assemble(all []*layout, lim parser.Limits) (grid.Document, error) {
	for i := 1; i < len(all); i++ {
		all[i-1].continues(all[i])
	}
	d := grid.Document{Book: grid.Book{Format: "pdf"}, Scan: true}
	rows := 0
	for _, p := range all {
		for _, n := range p.items {
			switch t := n.table; {
			case n.more:
			case t != nil:
				if rows += len(t.rows); rows > lim.Rows {
					return grid.Document{}, parser.Beyond(lim.Rows, "dòng")
				}
				if len(d.Sheets) == lim.Sheets {
					return grid.Document{}, parser.Beyond(lim.Sheets, "bảng")
				}
				d.Scan = false
				d.Sheets = append(d.Sheets, grid.Sheet{
					Name: fmt.Sprintf("Bảng %d", len(d.Sheets)+1), Page: p.number, Rows: t.rows, Merged: t.merged,
				})
				d.Blocks = append(d.Blocks, grid.Block{Table: len(d.Sheets), Page: p.number})
			default:
				l := n.line
				d.Scan = d.Scan && l.Text == ""
				d.Blocks = append(d.Blocks, grid.Block{Text: l.Text, Font: l.Font, Page: p.number, Column: l.Column, Picture: l.Picture})
			}
		}
	}
	return d, nil
}
