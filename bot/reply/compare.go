package reply

import (
	"strconv"

	"github.com/xuri/excelize/v2"

	"vanthu/bot"
)

// CompareSheet is the sheet that vanthu adds to a marked workbook when values were read in an old encoding: what was sent
// beside what was read (ENC-01). CompareHeader stands in its first cell. It is no data, whoever sends the workbook back.
const (
	CompareSheet  = "Đối chiếu bảng mã"
	CompareHeader = "Đối chiếu bảng mã / Old encodings, side by side"
)

// mostCompared is how many values are shown side by side: a person looks at the first of each column.
const mostCompared = 20_000

// isConversion tells the finding of one converted value from those of whole columns.
func isConversion(f bot.Finding) bool { return f.Rule == "ENC-01" && f.N > 0 && f.Args["raw"] != "" }

// fontsOf are the fonts in which columns were sent that are in an old encoding, by sheet and column: in them a value shows as
// its sender sees it.
func fontsOf(req bot.Request) map[string]string {
	fonts := map[string]string{}
	for _, f := range req.Findings {
		if col, _, err := excelize.CellNameToCoordinates(f.Cell); f.Rule == "ENC-01" && f.N == 0 && err == nil && f.Args["font"] != "" {
			fonts[f.Sheet+"\x00"+strconv.Itoa(col)] = f.Args["font"]
		}
	}
	return fonts
}

// compare adds the sheet, in the place of an earlier one.
func (m *marker) compare(req bot.Request) error {
	var all []bot.Finding
	for _, f := range req.Findings {
		if isConversion(f) {
			all = append(all, f)
		}
	}
	i, err := m.f.GetSheetIndex(CompareSheet)
	if err != nil {
		return err
	}
	if i >= 0 {
		if head, err := m.f.GetCellValue(CompareSheet, "A1"); err != nil || head != CompareHeader {
			return err // a sheet of the unit's own that is called so
		}
		if err := m.f.DeleteSheet(CompareSheet); err != nil {
			return err
		}
	}
	if len(all) == 0 {
		return nil
	}
	t := tabler{f: m.f}
	t.sheetNamed(CompareSheet)
	t.lay()
	for col, width := range []float64{6, 20, 8, 40, 40} {
		t.width(col+1, width)
	}
	for row := 1; row <= 3; row++ {
		t.keep(m.f.MergeCell(CompareSheet, cellName(1, row), cellName(5, row)))
	}
	t.line(CompareHeader, true)
	t.line("Giá trị gõ bằng phông chữ, bảng mã cũ đã được đọc như ở cột cuối. Nếu có chỗ sai, đề nghị sửa trong danh sách.", false)
	t.line("Values in an old font and encoding were read as in the last column. If one is wrong, please correct it in the list.", false)
	t.header("Thứ tự", "Trang / Sheet", "Ô / Cell", "Như đã gửi / As sent", "Đọc là / Read as")
	fonts, styles := fontsOf(req), map[string]int{}
	for i, c := range all {
		if i == mostCompared {
			t.text("…", "", "", "+ "+strconv.Itoa(len(all)-i), "")
			break
		}
		row := t.row
		t.text(strconv.Itoa(c.N), c.Sheet, c.Cell, c.Args["raw"], c.Args["text"])
		if col, _, err := excelize.CellNameToCoordinates(c.Cell); err == nil {
			t.inFont(cellName(4, row), fonts[c.Sheet+"\x00"+strconv.Itoa(col)], styles)
		}
	}
	return t.err
}

// inFont gives a cell of text another font.
func (t *tabler) inFont(cell, name string, styles map[string]int) {
	name = string(plain(name, excelize.MaxFontFamilyLength))
	if name == "" || len(styles) == mostFonts {
		return
	}
	id, known := styles[name]
	if !known {
		var err error
		id, err = t.f.NewStyle(&excelize.Style{NumFmt: 49, Border: borders(), Font: &excelize.Font{Family: name, Size: copied.size}, Alignment: &excelize.Alignment{Vertical: "center"}})
		t.keep(err)
		styles[name] = id
	}
	t.keep(t.f.SetCellStyle(t.sheet, cell, cell, id))
}

// shownConversions is how many converted values a letter names before it points to the workbook.
const shownConversions = 10

// comparison is what a letter shows of the values that were read in an old encoding.
type comparison struct {
	Rows []compared
	More int
}

// A compared is one value as it was sent and as it was read.
type compared struct{ Place, PlaceEN, Raw, Text line }

func compare(req bot.Request) comparison {
	var c comparison
	rows := map[int]bot.Row{}
	several := severalTables(req.Rows)
	for _, f := range req.Findings {
		switch {
		case !isConversion(f):
			continue
		case len(c.Rows) == shownConversions:
			c.More++
			continue
		case len(rows) == 0:
			for _, r := range req.Rows {
				rows[r.N] = r
			}
		}
		v := compared{Raw: plain(f.Args["raw"], longest), Text: plain(f.Args["text"], longest)}
		v.Place, v.PlaceEN = rowPlace(rows[f.N], []bot.Finding{f}, several)
		c.Rows = append(c.Rows, v)
	}
	return c
}

// WorthMarking says whether a list in which nothing has to be corrected comes back marked all the same: when it was read in
// an old encoding, which its unit should see side by side, or when the letter cannot name all rows that are to be noted.
func WorthMarking(req bot.Request) bool {
	warned := map[int]bool{}
	for _, f := range req.Findings {
		if isConversion(f) {
			return true
		}
		if f.N > 0 && warns(f) {
			warned[f.N] = true
		}
	}
	return len(warned) > shownRows
}
