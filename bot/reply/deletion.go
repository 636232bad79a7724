package reply

import (
	"fmt"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/mailer/compose"
)

// A Deletion is what the letters of step 7 are made of (M07a to M07c).
type Deletion struct {
	Answer
	Decision     string // numbers
	DecisionDate string // the earliest, "2027-03-01"
	SuspendBy    time.Time
	EraseOn      time.Time // the day on which what is suspended is erased; zero: not said
	Days         int       // that are left until then
	Rows         []bot.CaseRow
	Waits        map[int]bool // rows that are on hold, or stopped: not done for now, and the letter does not say why
	Mail         int64        // in which the unit asked to stop, for officers
	Stopped      string       // rows
}

// deletionFacts is what the letters of a Deletion may use.
type deletionFacts struct {
	answerFacts
	Decision                            line
	DecidedOn, SuspendBy, EraseOn       time.Time
	AtOnce                              bool // erased as soon as suspended
	Days                                int
	Suspended, Restored, Erased, Undone leavers // undone: not matched, or left alone
	Waiting                             leavers
	Notices                             line // the file with the notices for the people
	Mail                                int64
	Stopped                             line
}

// leavers are rows of a deletion, shown like a table of people.
type leavers struct {
	table
	N int
}

func (w *Writer) leavers(rows []bot.CaseRow, keep func(bot.CaseRow) bool) leavers {
	var kept []bot.Row
	for _, r := range rows {
		if keep(r) {
			kept = append(kept, r.Row)
		}
	}
	return leavers{w.people(kept), len(kept)}
}

func (w *Writer) deletion(d Deletion) deletionFacts {
	in := func(state bot.RowState) leavers {
		return w.leavers(d.Rows, func(r bot.CaseRow) bool { return r.State == state && !d.Waits[r.N] })
	}
	f := deletionFacts{
		answerFacts: w.facts(d.Answer), Decision: plain(d.Decision, speech), DecidedOn: isoDate(d.DecisionDate), SuspendBy: d.SuspendBy, EraseOn: d.EraseOn,
		Days: d.Days, AtOnce: !d.EraseOn.IsZero() && (!d.EraseOn.After(d.At) || !d.SuspendBy.IsZero() && !d.EraseOn.After(d.SuspendBy)), Mail: d.Mail, Stopped: plain(d.Stopped, longest),
		Suspended: in(bot.RowSuspended), Restored: in(bot.RowRestored), Erased: in(bot.RowErased), Undone: in(bot.RowBad),
		Waiting: w.leavers(d.Rows, func(r bot.CaseRow) bool { return d.Waits[r.N] }),
	}
	return f
}

// DeletionReceived says what matched, what will be done when, and until when it can be undone (M07a).
func (w *Writer) DeletionReceived(d Deletion) (Draft, error) {
	return w.draft("deletion_received", d.Case, w.deletion(d), d.Workbook)
}

// DeletionDefects names the rows that did not match; nothing is done before the unit has answered.
func (w *Writer) DeletionDefects(d Deletion) (Draft, error) {
	return w.draft("deletion_defects", d.Case, w.deletion(d), d.Workbook)
}

// DeletionReturned says why nothing of the list can be done as sent.
func (w *Writer) DeletionReturned(d Deletion) (Draft, error) {
	return w.draft("deletion_returned", d.Case, w.deletion(d), d.Workbook)
}

// DeletionSuspended says who is suspended, and brings the notices for them (M07b), which the unit hands on.
func (w *Writer) DeletionSuspended(d Deletion) (Draft, error) {
	facts := w.deletion(d)
	notices, err := w.notices(d)
	if err != nil {
		return Draft{}, err
	}
	if len(notices.Data) > 0 {
		facts.Notices = plain(notices.Name, longest)
	}
	return w.draft("deletion_suspended", d.Case, facts, notices)
}

// notices is one text file with a page for each person.
func (w *Writer) notices(d Deletion) (compose.Attachment, error) {
	var pages []string
	for _, r := range d.Rows {
		if r.State != bot.RowSuspended {
			continue
		}
		var page strings.Builder
		err := letters.ExecuteTemplate(&page, "deletion_notice.txt", struct {
			deletionFacts
			Name, Address, Decision line
			DecidedOn               time.Time
		}{w.deletion(d), plain(r.Name, longest), plain(r.Address, longest), plain(r.Decision, longest), isoDate(r.DecisionDate)})
		if err != nil {
			return compose.Attachment{}, fmt.Errorf("letter deletion_notice: %w", err)
		}
		pages = append(pages, tidy(page.String()))
	}
	if len(pages) == 0 {
		return compose.Attachment{}, nil
	}
	text := strings.Join(pages, "\n"+strings.Repeat("-", 72)+"\n\n")
	return compose.Attachment{Name: d.Case + " thông báo tạm khoá.txt", Type: "text/plain", Data: []byte(text)}, nil
}

// DeletionReminder says how many days are left.
func (w *Writer) DeletionReminder(d Deletion) (Draft, error) {
	return w.draft("deletion_reminder", d.Case, w.deletion(d))
}

// DeletionRestored says whose access was given back.
func (w *Writer) DeletionRestored(d Deletion) (Draft, error) {
	return w.draft("deletion_restored", d.Case, w.deletion(d))
}

// DeletionErased says who is erased, and closes the case (M07c).
func (w *Writer) DeletionErased(d Deletion) (Draft, error) {
	return w.draft("deletion_erased", d.Case, w.deletion(d))
}

// DeletionStopped tells an officer that a unit wants a deletion stopped.
func (w *Writer) DeletionStopped(d Deletion) (Draft, error) {
	return w.draft("deletion_stopped", d.Case, w.deletion(d))
}
