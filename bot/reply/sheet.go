package reply

import "github.com/xuri/excelize/v2"

// A Column of a plain workbook.
type Column struct {
	Title string
	Width float64
}

// Sheet writes a workbook with one sheet of text: a list, a register, a report.
func (w *Writer) Sheet(name string, columns []Column, rows [][]string) ([]byte, error) {
	f := excelize.NewFile()
	defer f.Close()
	t := tabler{f: f, sheet: "Sheet1", row: 1}
	t.rename(sheetNames{}.take(name, "1"))
	t.lay()
	var titles []string
	for i, c := range columns {
		t.width(i+1, c.Width)
		titles = append(titles, c.Title)
	}
	t.header(titles...)
	for _, row := range rows {
		t.text(row...)
	}
	t.keep(f.SetPanes(t.sheet, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}))
	if t.err != nil {
		return nil, t.err
	}
	return written(f)
}
