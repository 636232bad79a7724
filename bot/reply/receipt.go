package reply

import (
	"strings"
	"time"

	"vanthu/bot"
)

// A Receipt is what was made of a unit's words about its accounts (step 6).
type Receipt struct {
	Case, Unit string
	At         time.Time
	Note       bot.ReceiptNote
	Classes    []bot.ClassCount
	Findings   []bot.Finding // of the case: why rows were not made
}

// classCount is a class as letters name it.
type classCount struct {
	Class                     line
	Made, HandedOver, Missing int
}

func classCounts(counts []bot.ClassCount) (said []classCount, made, remaining int) {
	for _, c := range counts {
		said = append(said, classCount{plain(c.Class, longest), c.Made, c.HandedOver, c.Missing})
		made += c.Made
		remaining += c.Remains()
	}
	return said, made, remaining
}

// receiptFacts is what both letters may use.
type receiptFacts struct {
	page
	Received, HandedOver                        bool
	Handed, Unknown, About                      line
	Doubt                                       bot.Doubt
	Reopened, Again, Found, Here, NotMade, Open table
	Classes                                     []classCount
	Made, Remaining                             int
}

// ReceiptNoted answers row by row what a unit wrote about its accounts: a transcript of what was understood and done.
func (w *Writer) ReceiptNoted(r Receipt) (Draft, error) {
	return w.draft("receipt_noted", r.Case, w.receiptFacts(r))
}

// ReceiptAsked says what is in doubt, that nothing was noted, and what to write.
func (w *Writer) ReceiptAsked(r Receipt) (Draft, error) {
	return w.draft("receipt_asked", r.Case, w.receiptFacts(r))
}

func (w *Writer) receiptFacts(r Receipt) receiptFacts {
	n := r.Note
	f := receiptFacts{
		page: w.page(r.Case, r.Unit, r.At), Received: n.Said.Received, HandedOver: n.Said.HandedOver,
		Handed: plain(strings.Join(n.Handed, ", "), speech), Unknown: plain(strings.Join(n.Said.Unknown, ", "), speech),
		Doubt: n.Said.Doubt, About: plain(n.Said.About, longest),
		Reopened: w.people(rowsOf(n.Reopened)), Again: w.people(rowsOf(n.Again)), Found: w.people(rowsOf(n.Found)),
		Here: w.people(rowsOf(n.Here)), NotMade: w.people(rowsOf(n.NotMade)), Open: w.people(rowsOf(n.Open)),
	}
	f.Classes, f.Made, f.Remaining = classCounts(r.Classes)
	for i := range f.Reopened.Rows {
		f.Reopened.Rows[i].Why, f.Reopened.Rows[i].WhyEN = missingWhy(n.Said.Missing, n.Reopened[i].N)
	}
	for i := range f.NotMade.Rows {
		for _, found := range r.Findings {
			if found.N == n.NotMade[i].N && rejects(found) {
				f.NotMade.Rows[i].Reasons = append(f.NotMade.Rows[i].Reasons, w.reason(found))
			}
		}
	}
	return f
}

func missingWhy(missing []bot.Missing, n int) (vi, en line) {
	for _, m := range missing {
		if m.N != n {
			continue
		}
		switch m.Why {
		case bot.NoSignIn:
			return "không đăng nhập được", "cannot sign in"
		case bot.WrongPassword:
			return "sai mật khẩu", "wrong password"
		case bot.NotThere:
		}
	}
	return "còn thiếu", "missing"
}

func rowsOf(rows []bot.CaseRow) []bot.Row {
	plain := make([]bot.Row, len(rows))
	for i, r := range rows {
		plain[i] = r.Row
	}
	return plain
}
