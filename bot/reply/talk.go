package reply

import (
	"cmp"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/mailer/compose"
)

// A Talk answers what a unit asked in words.
type Talk struct {
	Case, Unit string // Case is "" when the mail belongs to none
	At         time.Time
	Asked      bot.Asked
	To         string               // the mailbox to which accounts are sent
	Outside    map[bot.Topic]string // where to go, in the office's words; "" the usual ones
	Blank      Blank                // for the form
	Trial      *Answer              // a list that was checked without a case; nil: none
	Unsure     bool                 // whether it was meant so
}

// talkFacts is what the letter of a Talk may use, and the part of a letter about a request that answers what was asked beside.
type talkFacts struct {
	page
	Asked      []matter
	AsksStatus bool
	Status     []status
	Unknown    line
	Withdrawn  line
	Refused    line
	Which      bool
	NoList     bool
	NoLetter   bool
	Help       bool
	Form       line // the files of the form
	Outside    []outside
	Answers    bool // something beside what is outside
	Unclear    []line
	Trial      *answerFacts
	Workbook   line
	Unsure     bool
	Deletes    bool // the list is one of people who left
}

type matter struct {
	Kind  bot.WishKind
	Topic bot.Topic
	Cases line
}

type status struct {
	bot.CaseStatus
	Number line
	To     line
	Held   bool

	Progress progress
}

type outside struct {
	Topic           bot.Topic
	Text            line
	Office, Contact line
}

// talk fills the facts and writes the files that are asked for.
func (w *Writer) talk(t Talk) (talkFacts, []compose.Attachment, error) {
	f := talkFacts{page: w.page(t.Case, t.Unit, t.At), AsksStatus: t.Asked.Asks(bot.WishStatus), Unknown: plain(strings.Join(t.Asked.Unknown, ", "), longest),
		Refused: plain(t.Asked.Refused, longest), Which: t.Asked.Which, NoList: t.Asked.NoList, NoLetter: t.Asked.NoLetter, Unsure: t.Unsure}
	for _, s := range t.Asked.Status {
		f.Status = append(f.Status, status{CaseStatus: s, Number: plain(s.Number, longest), To: plain(t.To, longest), Held: !s.HeldSince.IsZero(), Progress: progressOf(s.Progress)})
	}
	for _, s := range t.Asked.Unclear {
		f.Unclear = append(f.Unclear, plain(s, speech))
	}
	var files []compose.Attachment
	for _, wish := range t.Asked.Wishes {
		f.Asked = append(f.Asked, matter{wish.Kind, wish.Topic, plain(strings.Join(wish.Cases, ", "), longest)})
		f.Answers = f.Answers || wish.Kind != bot.WishOutside
		switch wish.Kind {
		case bot.WishHelp:
			f.Help = true
		case bot.WishOutside:
			f.Outside = append(f.Outside, outside{wish.Topic, plain(t.Outside[wish.Topic], speech), f.Office, f.Contact})
		case bot.WishForm:
			form, err := w.BlankForm(t.Blank)
			if err != nil {
				return f, nil, err
			}
			files = append(files, form...)
			f.Form = line(form[0].Name + ", " + form[1].Name)
		case bot.WishWithdraw:
			if !t.Asked.Which && t.Asked.Refused == "" && len(t.Asked.Unclear) == 0 {
				f.Withdrawn = plain(cmp.Or(strings.Join(wish.Cases, ", "), t.Case), longest)
			}
		case bot.WishStatus, bot.WishTrial:
		}
	}
	return f, files, nil
}

// Talk answers what was asked, and begins with what was understood.
func (w *Writer) Talk(t Talk) (Draft, error) {
	f, files, err := w.talk(t)
	if err != nil {
		return Draft{}, err
	}
	if t.Trial != nil {
		trial := w.facts(*t.Trial)
		f.Trial, f.Workbook, f.Deletes = &trial, trial.Workbook, t.Trial.Request.Kind == bot.DeletionRequest
		files = append([]compose.Attachment{t.Trial.Workbook}, files...)
	}
	return w.draft("talk", t.Case, f, files...)
}
