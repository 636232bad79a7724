// Package gridtest writes what a reader read as lines of text, for tests to compare.
//
// It must not know any file format.
package gridtest

import (
	"fmt"
	"strings"

	"vanthu/parser"
	"vanthu/parser/grid"
)

// Book writes one line for a sheet ("# name") and for a row ("A1=x B1=y"): {raw} where it differs, <font>, "!" for each step
// of Kind, "~" struck through, "=" a formula.
func Book(book grid.Book) string {
	var b strings.Builder
	for _, s := range book.Sheets {
		sheet(&b, s)
	}
	return b.String()
}

// Document writes a document as Book does, with its paragraphs ("- text") where they stand.
func Document(d grid.Document) string {
	if len(d.Blocks) == 0 {
		return Book(d.Book)
	}
	var b strings.Builder
	for _, block := range d.Blocks {
		if block.Table > 0 {
			sheet(&b, d.Sheets[block.Table-1])
		} else {
			fmt.Fprintf(&b, "- %s\n", strings.ReplaceAll(block.Text, "\n", `\n`))
		}
	}
	return b.String()
}

func sheet(b *strings.Builder, s grid.Sheet) {
	fmt.Fprintf(b, "# %s", s.Name)
	if s.Hidden {
		b.WriteString(" hidden")
	}
	for _, m := range s.Merged {
		fmt.Fprintf(b, " %s:%s", parser.Place{Row: m.Row, Col: m.Col}.Cell(), parser.Place{Row: m.LastRow, Col: m.LastCol}.Cell())
	}
	for _, h := range s.HiddenCols {
		fmt.Fprintf(b, " hides %s-%s", parser.ColumnName(h.Col), parser.ColumnName(h.LastCol))
	}
	b.WriteByte('\n')
	for _, r := range s.Rows {
		for i, c := range r.Cells {
			if i > 0 {
				b.WriteByte(' ')
			}
			fmt.Fprintf(b, "%s=%s", parser.Place{Row: r.Number, Col: c.Col}.Cell(), strings.ReplaceAll(c.Text, "\n", `\n`))
			if c.Raw != c.Text {
				fmt.Fprintf(b, "{%s}", c.Raw)
			}
			if c.Font != "" {
				fmt.Fprintf(b, "<%s>", c.Font)
			}
			b.WriteString(strings.Repeat("!", int(c.Kind)))
			if c.Struck {
				b.WriteString("~")
			}
			if c.Formula {
				b.WriteString("=")
			}
		}
		if r.Hidden {
			b.WriteString(" (hidden)")
		}
		b.WriteByte('\n')
	}
}
