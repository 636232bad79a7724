package reply

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"vanthu/bot"
	"vanthu/mailer/compose"
)

// A Fill is what was read of a request, to be put into the form (FR-35).
type Fill struct {
	Unit    string
	Request bot.Request
	Letter  bool // the letter is wanted
	List    bool // the list is wanted
}

// mostFilled is how many rows are put into the form: as many as it is made for. A longer list comes back marked alone.
const mostFilled = blankLast - blankFirst + 1

// filledMark ends the names of a form that was filled in with what was read.
const filledMark = " (điền sẵn)"

// FilledForm is the form with what was read in it: what the unit has to put right it need not type again.
func (w *Writer) FilledForm(b Blank, f Fill) (files []compose.Attachment, err error) {
	if f.Letter {
		letter, err := w.letterWith(b.Units, lettersFields(f))
		if err != nil {
			return nil, err
		}
		letter.Name = strings.TrimSuffix(letter.Name, ".docx") + filledMark + ".docx"
		files = append(files, letter)
	}
	if f.List && len(f.Request.Rows) > 0 && len(f.Request.Rows) <= mostFilled {
		list, err := w.listWith(b, &f.Request)
		if err != nil {
			return nil, err
		}
		list.Name = strings.TrimSuffix(list.Name, ".xlsx") + filledMark + ".xlsx"
		files = append(files, list)
	}
	return files, nil
}

// OnForm says whether the list of a request stands in the columns of the form: then the marked file is the form already.
func OnForm(req bot.Request) bool {
	return len(req.Rows) > 0 && !slices.ContainsFunc(req.Rows, func(r bot.Row) bool {
		if !strings.EqualFold(path.Ext(r.File), ".xlsx") || r.File != req.Rows[0].File || r.Sheet != req.Rows[0].Sheet {
			return true
		}
		for field, column := range map[string]string{"code": "B", "name": "C", "class": "D", "cohort": "E"} {
			if cell := r.Cells[field]; cell != "" && strings.TrimRight(cell, "0123456789") != column {
				return true
			}
		}
		return false
	})
}

// lettersFields are the texts of the letter's fields, by their tags.
func lettersFields(f Fill) map[string]string {
	texts := map[string]string{"unit": string(upper(plain(f.Unit, longest))), "signer": string(plain(f.Request.Signer, longest))}
	for i, part := range inLines(string(plain(f.Request.Reason, speech)), 3, 50, 68) {
		texts[fmt.Sprintf("reason%d", i+1)] = part
	}
	if d := isoDate(f.Request.LetterDate); !d.IsZero() {
		texts["day"], texts["month"], texts["year"] = d.Format("02"), d.Format("01"), d.Format("2006")
	}
	return texts
}

// inLines breaks a text into at most so many lines of a width, the first one narrower; the last one has the rest.
func inLines(text string, lines, first, width int) (all []string) {
	widths := [2]int{width, first}
	words := strings.Fields(text)
	for len(words) > 0 {
		n, long := 1, len([]rune(words[0]))
		for n < len(words) && (len(all) == lines-1 || long+1+len([]rune(words[n])) <= widths[max(0, 1-len(all))]) {
			long += 1 + len([]rune(words[n]))
			n++
		}
		if n > 1 && n < len(words) && strings.HasSuffix(words[n-1], ",") { // at the end of a line it would pass for the line's own
			n--
		}
		all = append(all, strings.Join(words[:n], " "))
		words = words[n:]
	}
	return all
}

// fillRows writes what was read into the blank list. Rows that are to be put right are coloured, and a column beside the form, which
// the desk does not read, says why.
func (t *tabler) fillRows(w *Writer, req *bot.Request) {
	if d := isoDate(req.LetterDate); !d.IsZero() {
		t.keep(setText(t.f, t.sheet, cellName(1, blankDate), "(Kèm theo bản đề nghị ngày "+d.Format("02/01/2006")+")"))
	}
	why := make(map[int][]string)
	for _, f := range req.Findings {
		if f.N > 0 && f.Severity == bot.RejectRow {
			why[f.N] = append(why[f.N], string(w.reason(f).Say))
		}
	}
	styles := map[[2]bool]int{} // centred, bad
	for _, centred := range []bool{false, true} {
		styles[[2]bool{centred, false}] = t.blankStyle(centred, true)
		styles[[2]bool{centred, true}] = t.badStyle(centred)
	}
	last := len(blankColumns) + 1
	if len(why) > 0 {
		t.width(last, 60)
		t.row = blankHeader
		t.keep(setText(t.f, t.sheet, cellName(last, blankHeader), ReasonHeader))
		if id, err := t.f.GetCellStyle(t.sheet, cellName(1, blankHeader)); err == nil {
			t.keep(t.f.SetCellStyle(t.sheet, cellName(last, blankHeader), cellName(last, blankHeader), id))
		}
	}
	for i, r := range req.Rows {
		row := blankFirst + i
		for col, value := range []string{r.STT, r.Code, r.Name, r.Class, r.Cohort, r.Note} {
			cell := cellName(col+1, row)
			t.keep(setText(t.f, t.sheet, cell, string(plain(value, longest))))
			t.keep(t.f.SetCellStyle(t.sheet, cell, cell, styles[[2]bool{blankColumns[col].centred, !r.OK}]))
		}
		if reasons := why[r.N]; len(reasons) > 0 {
			t.keep(setText(t.f, t.sheet, cellName(last, row), cut(strings.Join(reasons, " "), longest)))
			t.keep(t.f.SetCellStyle(t.sheet, cellName(last, row), cellName(last, row), styles[[2]bool{false, false}]))
		}
	}
}

// badStyle is a cell of a row that is to be put right, in the colour of marked cells.
func (t *tabler) badStyle(centred bool) int {
	style := excelize.Style{NumFmt: 49, Font: font(false), Border: borders(), Alignment: &excelize.Alignment{Vertical: "center"},
		Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{red}}}
	if centred {
		style.Alignment.Horizontal = "center"
	}
	id, err := t.f.NewStyle(&style)
	t.keep(err)
	return id
}
