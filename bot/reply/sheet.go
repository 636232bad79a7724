package reply

import "github.com/xuri/excelize/v2"

// A Column of a plain workbook.
type Column struct {
	Title string
	Width float64
}

// A SheetData is one sheet of text: a list, a register, a report.
type SheetData struct {
	Name    string
	Columns []Column
	Rows    [][]string
}

// Sheets writes a plain workbook.
func (w *Writer) Sheets(sheets ...SheetData) ([]byte, error) {
	f := excelize.NewFile()
	defer f.Close()
	t := tabler{f: f, sheet: "Sheet1", row: 1}
	names := sheetNames{}
	for i, s := range sheets {
		if name := names.take(s.Name, "1"); i == 0 {
			t.rename(name)
		} else {
			t.sheetNamed(name)
		}
		t.lay()
		var titles []string
		for i, c := range s.Columns {
			t.width(i+1, c.Width)
			titles = append(titles, c.Title)
		}
		t.header(titles...)
		for _, row := range s.Rows {
			t.text(row...)
		}
		t.keep(f.SetPanes(t.sheet, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}))
	}
	f.SetActiveSheet(0)
	if t.err != nil {
		return nil, t.err
	}
	return written(f)
}
