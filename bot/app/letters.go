package app

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"vanthu/bot"
	"vanthu/bot/config"
	"vanthu/bot/intake"
	"vanthu/bot/reply"
	"vanthu/bot/rules"
	"vanthu/bot/secret"
	"vanthu/bot/store"
	"vanthu/mailer/compose"
	"vanthu/mailer/mime"
	"vanthu/parser"
	"vanthu/parser/form"
)

// letters turns an answer into a mail for the outbox.
type letters struct {
	cfg     *config.Config
	salt    string                        // of this database
	edition func(bot.Case) bot.Definition // which one a case follows; nil: letters do not name it
	office  reply.Office
	writer  *reply.Writer
	// mark marks a unit's own list, in this process or another.
	mark func(reply.Office, bot.ListFile, bot.Request) ([]byte, error)
}

func newLetters(cfg *config.Config, salt string) *letters {
	office := reply.Office{School: cfg.School.Name, Office: cfg.School.Office, Place: cfg.School.Place, Contact: cfg.School.Contact, ServiceAddress: cfg.SMTP.From}
	l := &letters{cfg: cfg, salt: salt, office: office, writer: reply.New(office, rules.Text, rules.Remedy)}
	l.mark = func(_ reply.Office, list bot.ListFile, req bot.Request) ([]byte, error) {
		return markList(l.writer, parser.File{Name: list.Name, Data: list.Data}, parseLimits(cfg.Limits), req)
	}
	return l
}

// markList marks a unit's own list: an .xlsx in place, any other file as a new .xlsx with its sheets or tables as they were
// read.
func markList(w *reply.Writer, list parser.File, lim parser.Limits, req bot.Request) ([]byte, error) {
	if marked, err := w.MarkWorkbook(list.Data, req); err == nil {
		return marked, nil
	}
	d, err := form.Open(list, lim)
	if err != nil {
		return nil, err
	}
	return w.MarkDocument(d, req)
}

// compose is the one way in which a mail of ours is made.
func (l *letters) compose(a bot.Answer) (store.Letter, error) {
	draft, err := l.draft(a)
	if err != nil {
		return store.Letter{}, fmt.Errorf("app: letter %s of case %s: %w", a.Kind, a.Case.Number, err)
	}
	to := a.To
	if to == "" {
		to = a.Unit.Addresses[0]
	}
	m := compose.Mail{
		From: mime.Address{Name: l.cfg.SMTP.FromName, Address: l.cfg.SMTP.From}, To: []mime.Address{{Name: l.recipient(a), Address: to}},
		Subject: draft.Subject, MessageID: l.messageID(a.Step), InReplyTo: a.Thread.InReplyTo, References: a.Thread.References,
		Date: a.At, AutoSubmitted: "auto-replied", Text: draft.Text, Attachments: draft.Attachments,
	}
	token := l.token(a.Step)
	m.Header = []mime.Field{{Name: intake.OwnMark, Value: token}}
	if a.Case.Number != "" {
		m.Header = append(m.Header, mime.Field{Name: "X-Vanthu-Case", Value: a.Case.Number})
	}
	m.ReplyTo = l.replyTo(a)
	if a.Thread.InReplyTo == "" {
		m.AutoSubmitted = "auto-generated"
	}
	raw, err := m.Bytes()
	if err != nil {
		return store.Letter{}, fmt.Errorf("app: letter %s of case %s: %w", a.Kind, a.Case.Number, err)
	}
	subject := draft.Subject
	if a.Token != "" { // only its hash is kept (decision 14)
		subject = strings.ReplaceAll(subject, a.Token, "…")
	}
	var notice []byte
	for _, file := range draft.Attachments {
		if a.Notice.Number != "" && file.Type == reply.DOCX && strings.HasPrefix(file.Name, a.Notice.Number) {
			notice = file.Data
		}
	}
	return store.Letter{Notice: notice, Step: a.Step, MessageID: m.MessageID, Token: token, Kind: string(a.Kind), CaseID: a.Case.ID, MailID: a.Case.MailID, To: to, Subject: subject,
		Raw: raw, Once: a.Kind == bot.CredentialsOf, Urgency: a.Kind.Urgency(), NullPath: a.Kind == bot.StrangerNote}, nil
}

// recipient is whom a letter is for: the unit, or the officer whose address it goes to.
func (l *letters) recipient(a bot.Answer) string {
	for _, o := range l.cfg.Officers {
		if a.To != "" && strings.EqualFold(o.Address, a.To) {
			return o.Name
		}
	}
	return a.Unit.Name
}

// replyTo is the address with the token of a case, where the mail server delivers such addresses: a reply finds its case by it,
// whatever becomes of subject and Message-ID on the way.
func (l *letters) replyTo(a bot.Answer) []mime.Address {
	local, domain, _ := strings.Cut(l.cfg.SMTP.From, "@")
	token := a.Case.Token
	if a.Token != "" {
		token = "x" + a.Token
		if a.Kind == bot.ApprovalAsked {
			token = "k" + a.Token
		}
	}
	if l.cfg.SMTP.Plus == "" || token == "" {
		return nil
	}
	return []mime.Address{{Name: l.cfg.SMTP.FromName, Address: local + l.cfg.SMTP.Plus + token + "@" + domain}}
}

// messageID is derived from the step: however often a letter is made or sent, it is the same mail.
func (l *letters) messageID(step string) string {
	_, domain, _ := strings.Cut(l.cfg.SMTP.From, "@")
	return "<vanthu." + hex.EncodeToString(l.derive("message-id", step)[:12]) + "@" + domain + ">"
}

// token is what a letter is known by when it comes back: 80 bits, derived from the step like its Message-ID. Both are keyed
// by the salt: who was not sent the letter cannot know them, and cannot make a report of its bouncing (pain 38).
func (l *letters) token(step string) string {
	return strings.ToLower(base32.StdEncoding.EncodeToString(l.derive("token", step)[:10]))
}

func (l *letters) derive(what, step string) []byte {
	mac := hmac.New(sha256.New, []byte(l.salt))
	mac.Write([]byte(what + "\x00" + step))
	return mac.Sum(nil)
}

func (l *letters) draft(a bot.Answer) (reply.Draft, error) {
	number, unit := a.Case.Number, a.Unit.Name
	if a.Case.Kind == bot.DeletionRequest {
		if draft, ours, err := l.deletion(a); ours || err != nil {
			return draft, err
		}
	}
	switch a.Kind {
	case bot.Acknowledged:
		draft, err := l.writer.Acknowledged(l.answer(a, reply.WorthMarking(a.Request)))
		return l.more(a, draft, err)
	case bot.Defects:
		draft, err := l.writer.Defects(l.answer(a, true))
		return l.more(a, draft, err)
	case bot.Returned:
		letter := l.writer.Returned
		if a.Request.Action == bot.AskSender {
			letter = l.writer.AskSender
		}
		draft, err := letter(l.answer(a, true))
		return l.more(a, draft, err)
	case bot.PartAccepted:
		answer := l.answer(a, false)
		answer.ConsentAt = a.At
		return l.writer.PartAccepted(answer)
	case bot.ReturnedByUs:
		return l.writer.ReturnedByOfficer(reply.OfficerReturn{Case: number, Unit: unit, At: a.At, Reason: a.Reason, Deletes: a.Case.Kind == bot.DeletionRequest})
	case bot.CredentialsOf:
		return l.delivered(a)
	case bot.Reminder:
		return l.writer.ReceiptReminder(reply.Reminder{Case: number, Unit: unit, At: a.At, SentAt: a.Delivered, Created: a.Made, ConfirmBy: a.ConfirmDue, Nth: a.Reminder,
			Received: a.Case.State == bot.ReceivedByUnit, Classes: a.Classes})
	case bot.ReceiptNoted:
		return l.writer.ReceiptNoted(receiptOf(a))
	case bot.ReceiptAsked:
		return l.writer.ReceiptAsked(receiptOf(a))
	case bot.Closing:
		h := reply.HandOver{Case: number, Unit: unit, Received: a.Made, HandedOver: a.Made, On: a.At, ConfirmedBy: unit, Classes: a.Classes}
		for _, r := range a.Request.Rows {
			if !r.OK {
				h.Remaining = append(h.Remaining, r)
			}
		}
		return l.writer.HandedOver(h)
	case bot.AlreadyHere:
		return l.writer.Already(reply.AlreadyHere{Case: number, Unit: unit, At: a.At, ReceivedAt: a.Case.ReceivedAt, State: a.Case.State, Kind: a.Case.Kind, CreateBy: promised(a), Progress: a.Progress,
			To: a.Unit.Addresses[0]})
	case bot.DueNote:
		return l.writer.Due(reply.Digest{At: a.At, Digest: *a.Digest})
	case bot.ConfirmSender:
		return l.writer.ConfirmSender(reply.SenderQuestion{Tag: bot.ConfirmTag + a.Token, Unit: unit, At: a.At, Mail: a.Mail, Received: a.Received, Files: a.Files, Until: a.ConfirmDue})
	case bot.ApprovalAsked:
		return l.writer.ApprovalAsked(l.planLetter(a))
	case bot.PlanDecided:
		return l.writer.PlanDecided(l.planLetter(a))
	case bot.ApprovalUnclear:
		return l.writer.ApprovalUnclear(l.planLetter(a))
	case bot.StrangerNote:
		return l.writer.StrangerNote(reply.Stranger{At: a.At})
	case bot.BlankForm:
		return l.writer.FormSent(reply.FormSent{Case: number, Unit: unit, At: a.At, Blank: blankOf(l.cfg), Asked: a.Talk})
	case bot.Talk:
		talk := l.talk(a)
		if !a.Trial {
			return l.writer.Talk(talk)
		}
		trial := l.answer(a, true)
		talk.Trial = &trial
		draft, err := l.writer.Talk(talk)
		return l.more(a, draft, err)
	case bot.OfficerNote:
		return l.writer.Note(reply.Note{Case: number, Unit: unit, At: a.At, Template: a.Template, Text: a.Reason})
	case bot.OnHold, bot.Resumed:
		return l.writer.Held(reply.Hold{Case: number, Unit: unit, At: a.At, Why: a.Reason, Resumed: a.Kind == bot.Resumed, Promised: a.Case.Promised})
	case bot.SupersededNote:
		return l.writer.Superseded(reply.Supersession{Case: number, Unit: unit, At: a.At, By: a.Reason})
	case bot.WithdrawnNote:
		return l.writer.Withdrawn(reply.Withdrawal{Case: number, Unit: unit, On: a.At, Reason: a.Reason, Deletes: a.Case.Kind == bot.DeletionRequest})
	case bot.SuspendedNote, bot.EraseReminder, bot.RestoredNote, bot.ErasedNote, bot.StopAsked: // of deletions alone, above
	}
	return reply.Draft{}, fmt.Errorf("no letter is called %q", a.Kind)
}

func (l *letters) definition(c bot.Case) bot.Definition {
	if l.edition == nil {
		return bot.Definition{}
	}
	return l.edition(c)
}

// answer fills the first answer to a request; marked puts the unit's own first list beside it.
func (l *letters) answer(a bot.Answer, marked bool) reply.Answer {
	lim := l.cfg.Limits
	r := reply.Answer{Case: a.Case.Number, Unit: a.Unit.Name, At: a.At, ReceivedAt: a.Case.ReceivedAt, Request: a.Request, CheckBy: a.Promise.Check, Expected: a.Promise.Expected, CreateBy: a.Promise.Accounts, Changes: a.Changes, Beside: l.talk(a), Definition: l.definition(a.Case),
		Limits: reply.Limits{MailMB: lim.MailMB, Parts: lim.Parts, UnpackedMB: lim.UnpackedMB, Rows: lim.Rows, Columns: lim.Columns}}
	if a.Kind == bot.Defects || a.Kind == bot.Returned {
		r.Filled = l.filled(a)
	}
	if marked && len(a.Request.Rows) > 0 && len(a.Lists) > 0 {
		r.Workbook = l.workbook(a, a.Lists[0])
	}
	return r
}

// more puts the unit's other lists beside a letter that has the first one.
func (l *letters) more(a bot.Answer, draft reply.Draft, err error) (reply.Draft, error) {
	if err != nil || len(draft.Attachments) == 0 || len(a.Lists) == 0 {
		return draft, err
	}
	for i, list := range a.Lists[1:] {
		w := l.workbook(a, list)
		taken := slices.ContainsFunc(draft.Attachments, func(t compose.Attachment) bool { return t.Name == w.Name })
		if taken { // "ds.xls" beside "ds.csv"
			w.Name = strings.TrimSuffix(w.Name, ".xlsx") + fmt.Sprintf(" %d.xlsx", i+2)
		}
		if len(w.Data) > 0 {
			draft.Attachments = slices.Insert(draft.Attachments, min(i+1, len(draft.Attachments)), w)
		}
	}
	return draft, nil
}

// markedName ends the name of a list that comes back marked.
const markedName = " (đã đánh dấu)"

// mostListed is how many rows are written here when the list itself could not be marked: this process has no bound, and 20,000
// rows take 180 MB. A child marks up to about 40,000.
const mostListed = 20_000

// workbook is one of the unit's own lists, marked; what cannot be marked (it is too wide) comes as a list of its rows.
func (l *letters) workbook(a bot.Answer, list bot.ListFile) compose.Attachment {
	name := strings.TrimSuffix(norm.NFC.String(list.Name), filepath.Ext(list.Name))
	name = strings.TrimSuffix(name, markedName) + markedName + ".xlsx" // a list that was marked before is not called so twice
	request := reply.InFile(a.Request, list.Name)
	if len(a.Lists) > 1 {
		request = reply.OfFile(a.Request, list.Name)
	}
	data, err := l.mark(l.office, list, request)
	if err != nil && len(request.Rows) <= mostListed {
		data, err = l.writer.ListWorkbook(request)
	}
	if err != nil {
		return compose.Attachment{} // the table in the letter says the same
	}
	return reply.Workbook(name, data)
}

// delivered is the letter with the encrypted workbook (step 5). The passphrase is read when it is needed.
func (l *letters) delivered(a bot.Answer) (reply.Draft, error) {
	d := reply.Delivery{Case: a.Case.Number, Unit: a.Unit.Name, At: a.At, LetterDate: a.Case.LetterDate, Created: len(a.Accounts), HandOverBy: a.ConfirmDue, Promised: a.Case.Promised, Again: a.Again}
	for _, g := range a.Groups {
		d.Groups = append(d.Groups, reply.Group{Address: g.Address, Class: g.Class, Owner: g.Owner})
	}
	d.NotMade = a.NotReset
	if !a.Again { // it was said with the first delivery
		d.NotMade, d.HeldBack = without(a)
	}
	if len(a.Accounts) == 0 {
		return l.writer.Delivered(d)
	}
	passphrase, err := secret.Passphrase(l.passphraseFile(a.Unit.ID))
	if err != nil {
		return reply.Draft{}, err
	}
	sheet := reply.CredentialSheet{Case: a.Case.Number, Unit: a.Unit.Name}
	for _, n := range a.Accounts {
		sheet.Accounts = append(sheet.Accounts, reply.Credential{STT: n.Row.STT, Code: n.Row.Code, Name: n.Row.Name, Class: n.Row.Class, Cohort: n.Row.Cohort,
			User: n.User, Address: n.Address, Password: n.Password})
	}
	data, err := l.writer.Credentials(sheet, passphrase)
	if err != nil {
		return reply.Draft{}, err
	}
	d.Credentials = reply.Workbook(a.Case.Number+" mật khẩu (mã hoá).xlsx", data)
	if data, err = l.writer.UserNames(sheet); err != nil {
		return reply.Draft{}, err
	}
	d.UserNames = reply.Workbook(a.Case.Number+" tên đăng nhập.xlsx", data)
	if a.Notice.Number != "" {
		if d.Notice, err = l.notice(a); err != nil {
			return reply.Draft{}, err
		}
		d.NoticeNo = a.Notice.Number
	}
	return l.writer.Delivered(d)
}

// notice is the delivery as a document.
func (l *letters) notice(a bot.Answer) (compose.Attachment, error) {
	n := reply.Notice{Number: a.Notice.Number, Again: a.Notice.Again, Case: a.Case.Number, Unit: a.Unit.Name, At: a.Notice.At, LetterDate: a.Case.LetterDate, HandOverBy: a.ConfirmDue,
		Accounts: a.Accounts, Definition: l.definition(a.Case)}
	return l.writer.NoticePaper(n)
}

func receiptOf(a bot.Answer) reply.Receipt {
	return reply.Receipt{Case: a.Case.Number, Unit: a.Unit.Name, At: a.At, Note: *a.Receipt, Classes: a.Classes, Findings: a.Request.Findings}
}

// without tells the rows that have no account apart: those that the platform refused, and those held back since the
// check, which a finding rejects.
func without(a bot.Answer) (notMade []bot.Row, heldBack int) {
	rejected := make(map[int]bool)
	for _, f := range a.Request.Findings {
		if f.Severity == bot.RejectRow {
			rejected[f.N] = true
		}
	}
	for _, r := range a.Request.Rows {
		switch {
		case r.OK:
		case rejected[r.N]:
			heldBack++
		default:
			notMade = append(notMade, r)
		}
	}
	return notMade, heldBack
}

func (l *letters) passphraseFile(unit string) string {
	for _, u := range l.cfg.Units {
		if u.ID == unit {
			return u.PassphraseFile
		}
	}
	return ""
}
