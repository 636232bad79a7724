package form

import (
	"fmt"
	"strings"

	"vanthu/parser/grid"
)

// tabbed makes tables of lists that somebody typed with the tab key into a document: a line that names the columns, and the
// lines with tabs beneath it. Their rows are counted from the header on.
func tabbed(d grid.Document) grid.Document {
	var blocks []grid.Block
	var sheets []grid.Sheet
	for i := 0; i < len(d.Blocks); i++ {
		b := d.Blocks[i]
		at := headerLine(b)
		if at < 0 {
			blocks = append(blocks, b)
			continue
		}
		lines := strings.Split(b.Text, "\n")
		if at > 0 {
			before := b
			before.Text = strings.Join(lines[:at], "\n")
			blocks = append(blocks, before)
		}
		lines = lines[at:]
		picture := b.Picture
		for i+1 < len(d.Blocks) && goesOnTabbed(d.Blocks[i+1:]) {
			i++
			lines = append(lines, strings.Split(d.Blocks[i].Text, "\n")...)
			picture = picture || d.Blocks[i].Picture
		}
		sheet := tabSheet(lines)
		sheet.Name, sheet.Page = fmt.Sprintf("Đoạn %d", len(sheets)+1), b.Page
		sheets = append(sheets, sheet)
		blocks = append(blocks, grid.Block{Table: len(d.Sheets) + len(sheets), Page: b.Page, Picture: picture})
	}
	if len(sheets) > 0 {
		d.Blocks = blocks
		d.Sheets = append(d.Sheets[:len(d.Sheets):len(d.Sheets)], sheets...)
	}
	return d
}

// headerLine returns which line of a paragraph names the columns of a list, -1 when none does.
func headerLine(b grid.Block) int {
	if b.Table > 0 || !strings.Contains(b.Text, "\t") {
		return -1
	}
	for i, l := range strings.Split(b.Text, "\n") {
		if strings.Contains(l, "\t") && isHeaderLine(l, "\t") {
			return i
		}
	}
	return -1
}

// goesOnTabbed reports whether the next paragraph belongs to the list: it has tabs, or it is empty and the one behind it has.
func goesOnTabbed(next []grid.Block) bool {
	for _, b := range next[:min(2, len(next))] {
		if b.Table > 0 {
			return false
		}
		if strings.Contains(b.Text, "\t") {
			return true
		}
		if !blank(b.Text) {
			return false
		}
	}
	return false
}

// tabSheet divides lines into cells. Several tabs in a row move to one column when the header has no such gaps: people press
// the key until the text stands right.
func tabSheet(lines []string) grid.Sheet {
	fields := func(l string) []string {
		return strings.FieldsFunc(l, func(r rune) bool { return r == '\t' })
	}
	wide := len(fields(lines[0]))
	var s grid.Sheet
	for i, l := range lines {
		cells := strings.Split(l, "\t")
		if len(cells) > wide {
			cells = fields(l)
		}
		row := grid.Row{Number: i + 1}
		for k, c := range cells {
			if !blank(c) {
				row.Cells = append(row.Cells, grid.Cell{Col: k + 1, Text: c, Raw: c})
			}
		}
		if len(row.Cells) > 0 {
			s.Rows = append(s.Rows, row)
		}
	}
	return s
}
