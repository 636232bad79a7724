package reply

import (
	"slices"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/mailer/compose"
)

// An Answer is what the first letters are made of: the case and how the request was judged.
type Answer struct {
	Case       string // "YC-2026-0042"; "" when the mail opened none
	Unit       string // name of the unit that is addressed
	At         time.Time
	ReceivedAt time.Time
	ConsentAt  time.Time // of "Đồng ý cấp phần hợp lệ", for PartAccepted
	Request    bot.Request
	Workbook   compose.Attachment   // the unit's list, marked; without Data the letter speaks of no attachment
	CheckBy    time.Time            // step 3; zero: not said
	CreateBy   time.Time            // when the unit has its accounts at the latest; zero: not said
	Expected   time.Time            // when it probably has them; zero: not said
	Definition bot.Definition       // the edition that the case follows; without a code it is not named
	Limits     Limits               // named by AskSender and Returned; zero: not said
	Changes    *bot.Changes         // what a corrected list changed; nil: it is the first one
	Beside     Talk                 // what the mail asks beside
	Filled     []compose.Attachment // the form with what was read in it (FR-35)
}

// Limits are what one mail may hold.
type Limits struct{ MailMB, Parts, UnpackedMB, Rows, Columns int }

// answerFacts is what the letters of an Answer may use.
type answerFacts struct {
	page
	ReceivedAt, ConsentAt time.Time
	CheckBy, CreateBy     time.Time
	Expected              time.Time
	Basis                 basis
	Letter                line
	LetterStands          bool // nothing is said of the letter: it need not be sent again
	Lists                 line
	Total, Classes        int
	Good, Warned, Bad     int
	Errors, Notes         []reason // about the whole request
	BadRows, WarnedRows   table
	Compared              comparison // what was read in an old encoding; its rows are not among the warned ones for that
	Workbook              line
	Limits                Limits
	Changes               *changed
	Talk                  *talkFacts
	Filled                line
}

func (w *Writer) facts(a Answer) answerFacts {
	f := answerFacts{
		page:       w.page(a.Case, a.Unit, a.At),
		ReceivedAt: a.ReceivedAt, ConsentAt: a.ConsentAt, CheckBy: a.CheckBy, CreateBy: a.CreateBy, Expected: a.Expected, Basis: basisOf(a.Definition),
		Letter: plain(a.Request.LetterFile, longest),
		Lists:  plain(strings.Join(a.Request.ListFiles, ", "), speech),
		Total:  len(a.Request.Rows), Classes: classes(a.Request.Rows), Good: a.Request.Good(),
		Errors: w.general(a.Request, rejects), Notes: w.general(a.Request, warns),
		BadRows: w.table(a.Request, rejects), WarnedRows: w.table(a.Request, func(f bot.Finding) bool { return warns(f) && !isConversion(f) }),
		Compared: compare(a.Request),
		Limits:   a.Limits,
		Changes:  shownChanges(a.Changes),
	}
	f.LetterStands = f.Letter != "" && !slices.ContainsFunc(a.Request.Findings, func(of bot.Finding) bool { return strings.HasPrefix(of.Rule, "FRM-") })
	if len(a.Workbook.Data) > 0 {
		f.Workbook = plain(a.Workbook.Name, longest)
	}
	var filled []string
	for _, file := range a.Filled {
		filled = append(filled, file.Name)
	}
	f.Filled = plain(strings.Join(filled, ", "), longest)
	f.Bad = f.Total - f.Good
	f.Warned = len(f.WarnedRows.Rows) + f.WarnedRows.More
	return f
}

// answer writes a letter about a request, with what the mail asks beside.
func (w *Writer) answer(name string, a Answer) (Draft, error) {
	f := w.facts(a)
	files := append([]compose.Attachment{a.Workbook}, a.Filled...)
	if len(a.Beside.Asked.Wishes) > 0 || a.Beside.Unsure {
		talk, more, err := w.talk(a.Beside)
		if err != nil {
			return Draft{}, err
		}
		f.Talk, files = &talk, append(files, more...)
	}
	return w.draft(name, a.Case, f, files...)
}

// Acknowledged says that the case is open and nothing is asked of the unit (M01).
func (w *Writer) Acknowledged(a Answer) (Draft, error) {
	return w.answer("acknowledged", a)
}

// Defects names every bad row with its reason and asks for a corrected list; the good rows are offered when there are
// any (M02, step 3).
func (w *Writer) Defects(a Answer) (Draft, error) {
	return w.answer("defects", a)
}

// AskSender says which file is missing or cannot be read, and what to do.
func (w *Writer) AskSender(a Answer) (Draft, error) {
	return w.answer("ask_sender", a)
}

// Returned says why nothing of the request can be used as sent.
func (w *Writer) Returned(a Answer) (Draft, error) {
	return w.answer("returned", a)
}

// PartAccepted confirms "Đồng ý cấp phần hợp lệ": what will now be made, which rows wait.
func (w *Writer) PartAccepted(a Answer) (Draft, error) {
	return w.draft("part_accepted", a.Case, w.facts(a), a.Workbook)
}

// An OfficerReturn is a case that an officer sends back (step 3).
type OfficerReturn struct {
	Case, Unit string
	At         time.Time
	Reason     string    // the officer's words, shown as one line
	Rows       []bot.Row // the rows it is about; none: the whole
	Workbook   compose.Attachment
	Deletes    bool // it asks for a deletion
}

// ReturnedByOfficer sends the case back for the officer's reason.
func (w *Writer) ReturnedByOfficer(r OfficerReturn) (Draft, error) {
	return w.draft("returned_by_officer", r.Case, struct {
		page
		Reason  line
		People  table
		Deletes bool
	}{w.page(r.Case, r.Unit, r.At), plain(r.Reason, speech), w.people(r.Rows), r.Deletes}, r.Workbook)
}

// A Delivery is the accounts of a case going to the unit (step 5). It cannot hold a password: these are only in the
// encrypted file.
type Delivery struct {
	Case, Unit  string
	At          time.Time
	LetterDate  string    // of the unit's letter, "2026-11-20"; "" unknown
	Created     int       // 0: there is nothing to hand over, and the letter says so
	NotMade     []bot.Row // no account could be made: the directory knows the code or the address already
	HeldBack    int       // rows that were named before as not conforming
	UserNames   compose.Attachment
	Credentials compose.Attachment // encrypted
	Notice      compose.Attachment // the document to file; none of deliveries before there was one
	NoticeNo    string
	ExpireAt    time.Time // of the initial passwords; zero: not said
	HandOverBy  time.Time // step 6
	Promised    time.Time // by the first answer; zero: not said
	Again       bool      // new passwords for accounts that were made before and were missing
	Groups      []Group   // of classes
}

// A Group is the mail group of a class.
type Group struct{ Address, Class, Owner string }

type group struct{ Address, Class, Owner line }

func groupsOf(groups []Group) (said []group) {
	for _, g := range groups {
		said = append(said, group{plain(g.Address, longest), plain(g.Class, longest), plain(g.Owner, longest)})
	}
	return said
}

// Delivered hands the accounts over (M03).
func (w *Writer) Delivered(d Delivery) (Draft, error) {
	return w.draft("delivered", d.Case, struct {
		page
		LetterDate, ExpireAt, HandOverBy time.Time
		Promised                         time.Time
		Late                             bool
		Created, NotMade, HeldBack       int
		People                           table // of NotMade
		UserNames, Credentials           line
		Notice, NoticeNo                 line
		Again                            bool
		Groups                           []group
	}{
		page: w.page(d.Case, d.Unit, d.At), LetterDate: isoDate(d.LetterDate), ExpireAt: d.ExpireAt, HandOverBy: d.HandOverBy,
		Promised: d.Promised, Late: !d.Promised.IsZero() && d.At.After(d.Promised),
		Created: d.Created, NotMade: len(d.NotMade), HeldBack: d.HeldBack, People: w.people(d.NotMade),
		UserNames: plain(d.UserNames.Name, longest), Credentials: plain(d.Credentials.Name, longest),
		Notice: plain(d.Notice.Name, longest), NoticeNo: plain(d.NoticeNo, longest),
		Again: d.Again, Groups: groupsOf(d.Groups),
	}, d.UserNames, d.Credentials, d.Notice)
}

// A Reminder asks a unit that is silent after a delivery.
type Reminder struct {
	Case, Unit string
	At         time.Time
	SentAt     time.Time // of the delivery
	Created    int
	ConfirmBy  time.Time
	Received   bool             // the unit has received them, and not handed over yet
	Classes    []bot.ClassCount // where each class stands
	Nth        int              // which reminder it is; 0: not said
}

// ReceiptReminder asks for the confirmation of receipt (M04).
func (w *Writer) ReceiptReminder(r Reminder) (Draft, error) {
	classes, _, remaining := classCounts(r.Classes)
	return w.draft("receipt_reminder", r.Case, struct {
		page
		SentAt, ConfirmBy  time.Time
		Created, Remaining int
		Nth                int
		Received           bool
		Classes            []classCount
	}{w.page(r.Case, r.Unit, r.At), r.SentAt, r.ConfirmBy, r.Created, remaining, r.Nth, r.Received, classes})
}

// A HandOver is what the unit said about the accounts it got.
type HandOver struct {
	Case, Unit  string
	Received    int // accounts
	HandedOver  int // people
	On          time.Time
	ConfirmedBy string    // who wrote it, as the mail says
	Remaining   []bot.Row // rows of the request that got no account
	Classes     []bot.ClassCount
}

// HandedOver confirms the hand-over and closes the case (M05).
func (w *Writer) HandedOver(h HandOver) (Draft, error) {
	classes, _, _ := classCounts(h.Classes)
	return w.draft("handed_over", h.Case, struct {
		page
		Received, HandedOver int
		On                   time.Time
		ConfirmedBy          line
		Remaining            int
		People               table
		Classes              []classCount
	}{
		page: w.page(h.Case, h.Unit, h.On), Received: h.Received, HandedOver: h.HandedOver, On: h.On,
		ConfirmedBy: plain(h.ConfirmedBy, longest), Remaining: len(h.Remaining), People: w.people(h.Remaining),
		Classes: classes,
	})
}

// A FormSent is an answer to a unit that asked for the blank form.
type FormSent struct {
	Case, Unit string // Case is "" when the mail belongs to none
	At         time.Time
	Blank      Blank
	Asked      bot.Asked
}

// FormSent brings the blank form.
func (w *Writer) FormSent(s FormSent) (Draft, error) {
	s.Asked.Wishes = []bot.Wish{{Kind: bot.WishForm}}
	talk, files, err := w.talk(Talk{Case: s.Case, Unit: s.Unit, At: s.At, Blank: s.Blank, Asked: s.Asked})
	if err != nil {
		return Draft{}, err
	}
	return w.draft("form_sent", s.Case, struct {
		talkFacts
		Letter, List line
	}{talk, line(files[0].Name), line(files[1].Name)}, files...)
}

// A SenderQuestion asks a unit whether a mail is its own. It holds nothing of the mail: who writes in another's name must not make
// us send what he wrote.
type SenderQuestion struct {
	Tag      string // with the token, for the subject
	Unit     string
	At       time.Time
	Mail     int64
	Received time.Time
	Files    int
	Until    time.Time
}

// ConfirmSender asks the registered mailbox of a unit.
func (w *Writer) ConfirmSender(q SenderQuestion) (Draft, error) {
	return w.draft("confirm_sender", q.Tag, struct {
		page
		Mail            int64
		Received, Until time.Time
		Files           int
	}{w.page("", q.Unit, q.At), q.Mail, q.Received, q.Until, q.Files})
}

// A Stranger wrote to the desk and may not ask for anything.
type Stranger struct{ At time.Time }

// StrangerNote tells a stranger that his mail was not processed. It says the same to everybody.
func (w *Writer) StrangerNote(s Stranger) (Draft, error) {
	return w.draft("stranger_note", "", struct{ page }{w.page("", "", s.At)})
}

// An AlreadyHere answers a list that came again: its case, and where that stands.
type AlreadyHere struct {
	Case, Unit string
	At         time.Time
	ReceivedAt time.Time // of the case
	State      bot.State
	Kind       bot.Kind
	CreateBy   time.Time // step 4; zero: not said
	Progress   bot.Progress
	To         string // the mailbox to which the accounts were sent
}

// Already says that a list is being handled, and that nothing need be done (ENV-09).
func (w *Writer) Already(a AlreadyHere) (Draft, error) {
	return w.draft("already_here", a.Case, struct {
		page
		Said                 reason
		ReceivedAt, CreateBy time.Time
		State                bot.State
		Kind                 bot.Kind
		To                   line
		Progress             progress
	}{
		page: w.page(a.Case, a.Unit, a.At), ReceivedAt: a.ReceivedAt, CreateBy: a.CreateBy, State: a.State, Kind: a.Kind, To: plain(a.To, longest), Progress: progressOf(a.Progress),
		Said: w.reason(bot.Finding{Rule: "ENV-09", Severity: bot.Warn, Args: map[string]string{"ref": a.Case, "date": a.ReceivedAt.In(bot.ICT).Format("02/01/2006")}}),
	})
}

// A Withdrawal is a case that is not followed any more.
type Withdrawal struct {
	Case, Unit string
	On         time.Time
	Reason     string // may be empty
	Deletes    bool   // it asked for a deletion
}

// Withdrawn says that the case was withdrawn and nothing will be made.
func (w *Writer) Withdrawn(x Withdrawal) (Draft, error) {
	return w.draft("withdrawn", x.Case, struct {
		page
		On      time.Time
		Reason  line
		Deletes bool
	}{w.page(x.Case, x.Unit, x.On), x.On, plain(x.Reason, speech), x.Deletes})
}

// A Hold is a case whose clock is stopped, or goes on again.
type Hold struct {
	Case, Unit string
	At         time.Time
	Why        string
	Resumed    bool
	Promised   time.Time // of a case that goes on: when it has its accounts now; zero: not said
}

// Held says that the case is on hold and why, or that it goes on.
func (w *Writer) Held(h Hold) (Draft, error) {
	name := "on_hold"
	if h.Resumed {
		name = "resumed"
	}
	return w.draft(name, h.Case, struct {
		page
		At, Promised time.Time
		Why          line
	}{w.page(h.Case, h.Unit, h.At), h.At, h.Promised, plain(h.Why, speech)})
}

// A Supersession is a case for which another one stands in.
type Supersession struct {
	Case, Unit, By string
	At             time.Time
}

// Superseded says which case stands in for this one.
func (w *Writer) Superseded(s Supersession) (Draft, error) {
	return w.draft("superseded", s.Case, struct {
		page
		By line
	}{w.page(s.Case, s.Unit, s.At), plain(s.By, longest)})
}
