package reply

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"vanthu/bot"
)

// Bounds of one sheet that is opened for marking. Excelize makes a cell of every column up to the last one of a row (a
// file of 60 KB with one cell in the last column of 10,000 rows would take 30 GB), looks through all merged cells for
// every cell that is written, and unfolds ranges of columns; a list that a person made stays far below all of these.
const (
	cellBound       = 1_500_000 // cells up to the last one of each row: 200,000 rows of the form
	unnumberedBound = 5_000     // rows without a number, or with one that stood before
	mergeBound      = 2_000
	columnBound     = 20_000 // columns in the ranges of <cols>
)

// checkBounds refuses a workbook that would take more than its size lets expect.
func (a *archive) checkBounds() error {
	for _, name := range a.names {
		if !strings.HasSuffix(strings.ToLower(name), ".xml") {
			continue
		}
		if err := sheetBounds(a.parts[name]); err != nil {
			return err
		}
	}
	return nil
}

// A sheetSize counts what excelize would make of a sheet.
type sheetSize struct {
	cells, unnumbered, merges, columns int
	row, col                           int // at hand; col is the last one so far
}

// sheetBounds reads a part; one that is no worksheet, or does not read, is left to the library.
func sheetBounds(part []byte) error {
	d := xml.NewDecoder(bytes.NewReader(part))
	var size sheetSize
	for root := true; ; {
		token, err := d.RawToken()
		if err != nil {
			if errors.Is(err, io.EOF) || root {
				return nil
			}
			return bot.Errorf(bot.Invalid, "a sheet of the workbook does not read: %w", err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if root && start.Name.Local != "worksheet" {
			return nil
		}
		root = false
		if err := size.add(start); err != nil {
			return err
		}
	}
}

func (s *sheetSize) add(start xml.StartElement) error {
	switch start.Name.Local {
	case "row":
		number, err := strconv.Atoi(attribute(start, "r"))
		if err != nil || number <= s.row {
			s.unnumbered++
		}
		s.row, s.col = max(s.row, number), 0
	case "c":
		col, _, err := excelize.CellNameToCoordinates(attribute(start, "r"))
		if err != nil {
			col = s.col + 1
		}
		s.cells += max(col-s.col, 0)
		s.col = max(s.col, col)
	case "mergeCell":
		s.merges++
	case "col":
		first, _ := strconv.Atoi(attribute(start, "min"))
		last, _ := strconv.Atoi(attribute(start, "max"))
		if first < 1 || last > excelize.MaxColumns {
			return bot.Errorf(bot.Invalid, "the workbook sets columns that no sheet has")
		}
		s.columns += max(last-first+1, 0)
	}
	if s.cells > cellBound || s.unnumbered > unnumberedBound || s.merges > mergeBound || s.columns > columnBound {
		return bot.Errorf(bot.Invalid, "the workbook is too wide or too scattered to be marked")
	}
	return nil
}
