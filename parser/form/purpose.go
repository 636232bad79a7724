package form

import (
	"regexp"
	"slices"
	"strings"

	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/viet"
)

// What a list is for, when it is not the request: the words of list_left_out.
const (
	forLeavers = "deletes"
	forServed  = "served" // people who have accounts already, or shall get none
	forStaff   = "staff"
	forNobody  = "draft" // old lists and drafts
)

// All on folded text but draftRE, since "Cử nhân" is "cu nhan" without its marks.
var (
	servedRE   = regexp.MustCompile(`\bda (co|duoc cap|cap|tao|duoc tao)( san)? (tai khoan|e-?mail|mail|thu dien tu|dia chi)\b|^(ds|danh sach|sinh vien|sv|cac|nhom|phan)?[ :.-]*(da cap|khong cap|khong de nghi cap)\b`)
	goneRE     = regexp.MustCompile(`\b(bo hoc|nghi hoc|bao luu|xoa ten|dinh chi|da tot nghiep|tu tran|rut ho so)\b`)
	backRE     = regexp.MustCompile(`\b(het|tro lai|sau|den|cap)\b`) // "hết bảo lưu, trở lại học"
	waitRE     = regexp.MustCompile(`\b(du bi|cho xet|tam hoan|tam dung)\b`)
	teachersRE = regexp.MustCompile(`^((ds|danh sach)[ :.-]*|[a-z\divx]{1,4}[.)/] *)(giang vien|giao vien|vien chuc|can bo giang day|nhan vien)\b[^:]*:?$|^(giang vien|giao vien|vien chuc|nhan vien)[ :]*$`)
	pupilsRE   = regexp.MustCompile(`\b(sinh vien|hoc vien|nguoi hoc|sv|hv)\b`)
	comingRE   = regexp.MustCompile(`^([a-z\d]{1,4}[.)/] *)?(danh sach|ds|sinh vien|sv|hoc vien).*\b(de nghi cap|cap moi|chua co|bo sung)\b`)
	againRE    = regexp.MustCompile(`\b(chua|ca nhan|rieng|de nghi cap|cap lai|cap moi)\b`) // "đã có email cá nhân, đề nghị cấp …"
	remarkRE   = regexp.MustCompile(`^[*(-]*\s*(ghi chu|luu y|chu y|chu thich|nb)\b`)
	draftRE    = regexp.MustCompile(`(^|[ ._(-])(cũ|nháp|không dùng)([ ._)-]|$)|^(ds|danh sach|list|k\d+|lop .*) cu$|^(nhap|backup|draft|old)\d*$|^khong dung$`)
)

// purposeOf returns what a title says its people are listed for, "" for the request itself or when it does not say.
func purposeOf(text string) string {
	if len(text) > maxHeading {
		return ""
	}
	fold := viet.Fold(text)
	bare := beforeBracket(fold) // "Lớp YAK50 (có 2 SV thôi học)"
	switch {
	case remarkRE.MatchString(fold):
		return ""
	case leftRE.MatchString(bare) || goneRE.MatchString(bare) && !backRE.MatchString(bare):
		return forLeavers
	case servedRE.MatchString(fold) && !againRE.MatchString(strings.ReplaceAll(fold, "khong de nghi cap", "")):
		return forServed
	case waitRE.MatchString(fold):
		return forServed
	case teachersRE.MatchString(fold) && !pupilsRE.MatchString(fold):
		return forStaff
	}
	return ""
}

// sheetPurpose is the same of the name of a sheet: "Nháp", "Danh sách cũ", "Đã có tài khoản".
func sheetPurpose(name string) string {
	text := oneLine(name)
	if draftRE.MatchString(strings.ToLower(text)) {
		return forNobody
	}
	return purposeOf(text)
}

// asks reports whether the file has people of the request itself.
func (s *source) asks() bool {
	return slices.ContainsFunc(s.lists, func(l *list) bool { return len(l.rows) > 0 && l.purpose == "" && !l.out.Deletes })
}

// turns reports whether a title leads from the people of the list to others, and to which.
func (l *list) turns(text string) (purpose string, ok bool) {
	if purpose = purposeOf(text); purpose != "" {
		return purpose, purpose != l.purpose
	}
	return "", l.purpose != "" && len(text) <= maxHeading && comingRE.MatchString(viet.Fold(text))
}

// turn begins lists of the same columns where a title between people says that those below are others: people who have
// accounts, who left, who teach.
func (c *scan) turn(row grid.Row) {
	for i, l := range c.active {
		cell := l.first(row)
		text := oneLine(cell.Text)
		purpose, ok := l.turns(text)
		if !ok || !l.alone(row) {
			continue
		}
		if len(l.rows) == 0 {
			l.purpose, l.out.Title = purpose, text
			l.out.Deletes = purpose == forLeavers
			continue
		}
		next := newList(c, l.head, nil)
		next.status, next.cols, next.out.Columns, next.turned, next.number = l.status, l.cols, l.out.Columns, l.turned, l.number
		next.remarks = nil // said of the list above
		next.lacks = l.lacks
		next.above = l.above
		next.out.HeaderRow, next.out.Title = l.out.HeaderRow, text
		next.purpose, next.out.Deletes = purpose, purpose == forLeavers
		next.out.Decision, next.out.DecisionDate, next.out.Date = l.out.Decision, l.out.DecisionDate, l.out.Date
		next.at = row.Number
		c.active[i] = next
		c.lists = append(c.lists, next)
	}
}

// alone reports whether a row has one text within the list.
func (l *list) alone(row grid.Row) bool {
	n := 0
	for _, c := range row.Cells {
		if c.Col <= l.cols.to && !blank(c.Text) && !isNumber(c.Text) {
			n++
		}
	}
	return n == 1
}

// turnedBy reports whether the titles above a repeated header say that its people are others than those above.
func (l *list) turnedBy(titles []line) bool {
	return slices.ContainsFunc(titles, func(n line) bool {
		_, ok := l.turns(n.text)
		return ok
	})
}

// leftOutAs names the list for the remark that it is left out: by its sheet, and by its title where the sheet has others.
func (l *list) leftOutAs() (string, parser.Place) {
	at := l.place(l.out.HeaderRow, 0)
	if l.at > 0 {
		at = l.place(l.at, 0)
	}
	if len(l.scan.lists) > 1 && l.out.Title != "" {
		return l.out.Sheet + ": " + l.out.Title, at
	}
	return l.out.Sheet, at
}

// A status is a column that is not read, but may say of a person that no account is asked for.
type status struct {
	col  int
	tick string // the heading, where a tick under it says so: "Đã có email", "Thôi học"
}

var tickRE = regexp.MustCompile(`^(xoa|huy|khong cap|da cap)$`)

// statuses finds the columns that nobody knows.
func (l *list) statuses(h header) {
	for _, c := range h.cells {
		if c.field != "" || l.hidden(c.cell.Col) || slices.Contains(l.cols.name, c.cell.Col) {
			continue
		}
		s := status{col: c.cell.Col}
		if p := purposeOf(c.text); p == forLeavers || p == forServed || tickRE.MatchString(viet.Fold(oneLine(c.text))) {
			s.tick = oneLine(c.text)
		}
		l.status = append(l.status, s)
	}
}

// statusOf adds to the note what the row says under a heading that is not read: "Tình trạng: Thôi học", a tick under "Đã có
// email". All else there stays unread (ROW-16).
func (l *list) statusOf(row grid.Row, note parser.Value) parser.Value {
	if l.purpose != "" || l.out.Deletes {
		return note
	}
	for _, s := range l.status {
		c := row.Cell(s.col)
		if len(c.Text) == 0 || len(c.Text) > 60 || blank(c.Text) || looksLikeCode(c.Text) {
			continue
		}
		text := oneLine(c.Text)
		switch {
		case s.tick != "" && !noRE.MatchString(viet.Fold(text)):
			text = s.tick + ": " + text
		case s.tick == "" && l.gone(text):
		default:
			continue
		}
		if note.Text == "" {
			note = parser.Value{Text: text, Raw: c.Raw, At: l.place(row.Number, s.col)}
			continue
		}
		note.Text += "; " + text
		note.Raw += "; " + c.Raw
	}
	return note
}

var noRE = regexp.MustCompile(`^(khong|chua|no|n|0|k|[-–_.]+)$`)

// gone reports whether a value says that its person left or has an account. Values of a status come again and again.
func (l *list) gone(text string) bool {
	if is, ok := l.seen[text]; ok {
		return is
	}
	p := purposeOf(text)
	is := p == forLeavers || p == forServed
	if l.seen == nil {
		l.seen = map[string]bool{}
	}
	if len(l.seen) < 1000 {
		l.seen[text] = is
	}
	return is
}

// alsoElsewhere points at people of the request who stand in a list of those who have accounts or left, too (LST-21).
func (r *reading) alsoElsewhere() {
	var where map[string]string
	for _, s := range r.sources {
		for _, l := range s.lists {
			if l.leftOut != forServed && l.leftOut != forLeavers {
				continue
			}
			if where == nil {
				where = map[string]string{}
			}
			name, _ := l.leftOutAs()
			for _, p := range l.rows {
				where[p.Code.Text] = name
			}
		}
	}
	delete(where, "")
	if len(where) == 0 {
		return
	}
	for _, p := range r.out.Rows {
		if name := where[p.Code.Text]; name != "" {
			r.remark(newRemark(parser.NoteBelow, p.N, p.Code.At, name, "v", name))
		}
	}
}
