package form

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/parser"
	"vanthu/parser/grid"
)

var update = flag.Bool("update", false, "write what was read into testdata/layouts; read the difference before it is committed")

// TestLayouts reads each file of testdata/layouts: a grid as an office makes it, "----", and what a careful clerk reads in it.
// testdata/layouts/README says how the grid is written. A new layout needs no Go.
func TestLayouts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/layouts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".txt")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			in, want, _ := strings.Cut(string(raw), "\n----\n")
			s := &source{report: parser.FileReport{Name: "ds.xlsx", Format: formatXLSX}}
			s.take(tabbed(layout(in)))
			s.folded = foldLines(s.lines)
			got := read2text(together([]*source{s}, parser.DefaultLimits()))
			if *update && got != want {
				if err := os.WriteFile(path, []byte(in+"\n----\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// layout builds sheets, or a document, from their text.
func layout(in string) grid.Document {
	d := grid.Document{Book: grid.Book{Format: formatXLSX}}
	var s *grid.Sheet
	document, row := false, 0
	var open [64]int // index of the merge that the cell above in each column belongs to, from 1
	for text := range strings.SplitSeq(in, "\n") {
		name, isSheet := strings.CutPrefix(text, "== ")
		switch {
		case strings.HasPrefix(text, "//"):
			continue
		case text == "@document":
			document = true
			continue
		case isSheet:
			d.Sheets = append(d.Sheets, grid.Sheet{Name: name})
			s, row = &d.Sheets[len(d.Sheets)-1], 0
			open = [64]int{}
			if hidden, ok := strings.CutPrefix(name, "@hidden "); ok {
				s.Name, s.Hidden = hidden, true
			}
			continue
		}
		if document && !strings.Contains(text, "|") {
			if text != "" {
				d.Blocks = append(d.Blocks, grid.Block{Text: strings.NewReplacer(`\n`, "\n", `\t`, "\t").Replace(text)})
			}
			s = nil
			continue
		}
		if s == nil {
			d.Sheets = append(d.Sheets, grid.Sheet{Name: "Sheet1"})
			row = 0
			open = [64]int{}
			if document {
				d.Sheets[len(d.Sheets)-1].Name = fmt.Sprintf("Bảng %d", len(d.Sheets))
				d.Blocks = append(d.Blocks, grid.Block{Table: len(d.Sheets)})
			}
			s = &d.Sheets[len(d.Sheets)-1]
		}
		if cols, ok := strings.CutPrefix(text, "@hide "); ok {
			for c := range strings.FieldsSeq(cols) {
				col := int(c[0]-'A') + 1
				s.HiddenCols = append(s.HiddenCols, grid.Range{Col: col, LastCol: col})
			}
			continue
		}
		row++
		r := grid.Row{Number: row}
		text, r.Hidden = strings.CutPrefix(text, "@hidden ")
		left := 0
		for i, v := range strings.Split(text, "|") {
			v = strings.TrimSpace(v)
			col := i + 1
			switch v {
			case "<": // merged with the cell to the left
				if left == 0 {
					s.Merged = append(s.Merged, grid.Range{Row: row, Col: col - 1, LastRow: row, LastCol: col})
					left = len(s.Merged)
					open[col-1] = left
				}
				s.Merged[left-1].LastCol = col
				open[col] = left
				continue
			case "^": // merged with the cell above
				if open[col] == 0 {
					s.Merged = append(s.Merged, grid.Range{Row: row - 1, Col: col, LastRow: row, LastCol: col})
					open[col] = len(s.Merged)
				}
				s.Merged[open[col]-1].LastRow = row
				continue
			}
			left, open[col] = 0, 0
			if v != "" {
				r.Cells = append(r.Cells, layoutCell(col, v))
			}
		}
		if len(r.Cells) > 0 {
			s.Rows = append(s.Rows, r)
		}
	}
	return d
}

func layoutCell(col int, v string) grid.Cell {
	c := grid.Cell{Col: col}
	if struck, ok := strings.CutPrefix(v, "~"); ok {
		c.Struck, v = true, struck
	}
	rest, shown, formatted := strings.Cut(v, " => ") // stored => shown
	switch {
	case v == "=":
		c.Formula = true
		return c
	case slices.Contains([]string{"#N/A", "#REF!", "#VALUE!"}, v):
		c.Kind, c.Text, c.Raw = grid.Error, v, v
		return c
	case strings.HasPrefix(v, "#"):
		c.Kind, c.Raw = grid.Number, rest[1:]
		c.Text = c.Raw
	case strings.HasPrefix(v, "%"):
		c.Kind, c.Raw = grid.Date, rest[1:]
	case strings.HasPrefix(v, "="):
		c.Formula, c.Text, c.Raw = true, v[1:], v[1:]
	default:
		v = strings.NewReplacer(`\n`, "\n", `\s`, " ", `\u00a0`, "\u00a0").Replace(v)
		c.Text, c.Raw = v, v
	}
	if formatted && c.Kind != grid.Text {
		c.Text = shown
	}
	return c
}

// read2text writes what was read as the expected part of a layout.
func read2text(s parser.Submission) string {
	var b strings.Builder
	for _, r := range s.Rows {
		fmt.Fprintf(&b, "%s!%d: %s | %s | %s | %s | %s", r.At.Sheet, r.At.Row, r.Code.Text, r.Name.Text, r.Class.Text, r.Cohort.Text, r.Note.Text)
		if l := r.Leaving; l != nil {
			fmt.Fprintf(&b, " | %s | %s", l.Reason.Text, l.Decision.Text)
			if d := l.DecisionDate; d.Year > 0 {
				fmt.Fprintf(&b, " | %d-%02d-%02d", d.Year, d.Month, d.Day)
			}
		}
		b.WriteByte('\n')
	}
	for _, l := range s.Lists {
		if l.Count > 0 {
			fmt.Fprintf(&b, "list %s: %d people said\n", l.Sheet, l.Count)
		}
		if l.Deletes {
			fmt.Fprintf(&b, "list %s: people who left\n", l.Sheet)
		}
		if d := l.DecisionDate; l.Decision.Text != "" {
			fmt.Fprintf(&b, "list %s: decision %s of %d-%02d-%02d\n", l.Sheet, l.Decision.Text, d.Year, d.Month, d.Day)
		}
	}
	for _, r := range s.Remarks {
		b.WriteString(string(r.Code))
		if r.N > 0 {
			fmt.Fprintf(&b, " n%d", r.N)
		}
		if r.At.Sheet != "" {
			fmt.Fprintf(&b, " %s!%s", r.At.Sheet, r.At.Cell())
		}
		var args []string
		for k, v := range r.Args {
			args = append(args, k+"="+v)
		}
		slices.Sort(args)
		for _, a := range args {
			b.WriteString(" " + a)
		}
		b.WriteByte('\n')
	}
	if l := s.Letter; l != nil {
		fmt.Fprintf(&b, "letter: unit %s; signer %s; count %d\n", l.Unit.Text, l.Signer.Text, l.Count)
	}
	return b.String()
}
