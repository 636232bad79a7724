package intake

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/mailer/inbox"
	"vanthu/mailer/mime"
	"vanthu/mailer/trust"
	"vanthu/parser"
)

// An Intake judges mails. What siblings do is handed in as functions.
type Intake struct {
	DB        *store.DB
	Units     []bot.Unit
	Service   string // our own address, lower case
	Ask       Confirming
	Notes     Notes
	Plus      string // between its local part and a token, "+"; "" when the mail server delivers no such addresses
	Trust     trust.Policy
	Notary    Notary
	DKIM      *trust.Verifier // verifies where our MTA says nothing of DKIM; nil: we believe our MTA alone
	MIME      mime.Limits
	Files     Reader
	Folders   Folders
	Brakes    Brakes
	Logger    *slog.Logger
	Approvals Approving

	// Accounts looks on the platform for accounts of a set of student codes, and for who has addresses.
	Accounts func(ctx context.Context, codes, addresses []string) ([]bot.Existing, error)
	// Addresses are those that the people of a submission would get, as far as that is known before a plan; nil: none.
	Addresses func(parser.Submission) []string
	// Codes returns the student codes of a submission as the register keeps them, each once.
	Codes func(parser.Submission) []string
	// Judge applies the rules to what was read; known holds what is there already for its codes, c the case that is
	// corrected (no id: a new one).
	Judge func(r Reading, unit bot.Unit, c bot.Case, known map[string][]bot.Existing, now time.Time) bot.Request
	// Compose writes a letter for the outbox.
	Compose func(bot.Answer) (store.Letter, error)
	// Reopen takes the stamps from a case whose list is being corrected; bot.Conflict when it is too late.
	Reopen func(ctx context.Context, tx *store.Tx, c bot.Case) (bot.Case, error)
	// Confirm does what a unit said about its case; bot.Conflict when it does not fit.
	Confirm func(ctx context.Context, tx *store.Tx, c bot.Case, said Said, by bot.Unit, mailID int64) error
	// Receipt does what a unit said about the accounts of its case; bot.Conflict when an officer must look.
	Receipt func(ctx context.Context, tx *store.Tx, c bot.Case, r bot.Receipt, by bot.Unit, mailID int64) error
	// Edition is the one of the procedure that a case follows which comes at that moment, Promise what its unit is told of its time.
	Edition func(at time.Time) string
	// Progress is how far the case is now.
	Promise  func(c bot.Case, from time.Time) bot.Promise
	Progress func(ctx context.Context, tx *store.Tx, c bot.Case) (bot.Progress, error)
	// Remove says by when the accounts of a deletion that is complete from then on are suspended, and when they are erased.
	Remove func(c bot.Case, from time.Time) (suspendBy, eraseOn time.Time)
	// Stop keeps the rows of a deletion from being suspended and erased, since the unit asks for it in a mail; no codes: all of
	// them. It says in how many rows.
	Stop func(ctx context.Context, tx *store.Tx, c bot.Case, by bot.Unit, mailID int64, codes []string) (int, error)
}

// Folders is where a mail goes by its outcome.
type Folders struct{ Done, Returned, Ignored, Quarantine string }

// A mail is given to an officer after three failures, or after nine tries that nobody saw the end of: it may have killed the
// process, or was in its hands when something else did.
const (
	begun  = 1 // what a try weighs that was cut off
	failed = 3 // what a try weighs that failed
	enough = 9
)

// Store writes a batch of deliveries into the journal. It is what inbox calls before anything is done to the mailbox.
func (in *Intake) Store(ctx context.Context, batch []inbox.Delivery) error {
	mails := make([]store.NewMail, len(batch))
	for i, d := range batch {
		mails[i] = store.NewMail{Mailbox: d.Mailbox, UIDValidity: d.UIDValidity, UID: d.UID, ArrivedAt: d.InternalDate, Size: d.Size, TooLarge: d.TooLarge, Raw: d.Raw}
	}
	return in.DB.Write(ctx, func(tx *store.Tx) error { return tx.AddMails(ctx, mails) })
}

// Unknown returns those of uids that the journal does not know.
func (in *Intake) Unknown(ctx context.Context, mailbox string, uidValidity uint32, uids []uint32) (unknown []uint32, err error) {
	err = in.DB.Read(ctx, func(tx *store.Tx) error {
		unknown, err = tx.UnknownUIDs(ctx, mailbox, uidValidity, uids)
		return err
	})
	return unknown, err
}

// Lost writes a mail into the journal that the server lists and does not give. An officer must look at it there; it stays
// where it is.
func (in *Intake) Lost(ctx context.Context, mailbox string, uidValidity, uid uint32, why string) error {
	return in.DB.Write(ctx, func(tx *store.Tx) error {
		id, err := tx.AddLost(ctx, store.NewMail{Mailbox: mailbox, UIDValidity: uidValidity, UID: uid, ArrivedAt: tx.Now}, "unfetched: "+why)
		if err != nil || id == 0 {
			return err
		}
		in.Logger.Warn("quarantined", "mail", id, "code", "unfetched")
		return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Mail: id, What: "mail_quarantined", Detail: map[string]string{"reason": "unfetched"}})
	})
}

// Mail judges one stored mail. It looks first whether that was done, and is harmless when run twice.
func (in *Intake) Mail(ctx context.Context, id int64) error {
	var m store.Mail
	var raw []byte
	err := in.DB.Write(ctx, func(tx *store.Tx) error {
		var err error
		if m, err = tx.Mail(ctx, id); err != nil || m.Outcome != "" {
			return err
		}
		if raw, err = tx.Raw(ctx, m.Hash); err != nil {
			return err
		}
		return tx.TryMail(ctx, id, begun)
	})
	if err != nil || m.Outcome != "" {
		return err
	}
	if m.Tries >= enough {
		return in.quarantine(ctx, m, "gave_up", "could not be judged, the log says why")
	}
	err = in.judge(ctx, m, raw)
	if err == nil {
		return nil
	}
	weight := failed - begun
	// Not the mail's fault: this try does not count. A mail that used up all the time of its job is at fault.
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) && (bot.ErrorCode(err) == bot.Temporary || ctx.Err() != nil) {
		weight = -begun
	}
	count, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return errors.Join(err, in.DB.Write(count, func(tx *store.Tx) error { return tx.TryMail(count, id, weight) }))
}

// judge says who sent a mail and what it is, and hands it on.
func (in *Intake) judge(ctx context.Context, m store.Mail, raw []byte) error {
	began := in.DB.Now()
	msg, err := mime.Parse(raw, in.MIME)
	limit, beyond := errors.AsType[*mime.LimitError](err)
	if beyond { // its header still says who sent it
		msg, err = mime.Parse(headerOf(raw), in.MIME)
	}
	if err != nil {
		return in.quarantine(ctx, m, "unreadable_mail", err.Error())
	}
	verdict := trust.Judge(msg, in.Trust)
	unit, entitled := in.unitOf(verdict.Address)
	officer, approves := in.approver(msg, verdict.Address)
	if in.DKIM != nil && (entitled || approves || in.Notes.On) && m.Vouched == "" { // the DNS is not asked for strangers who are told nothing
		verdict = in.DKIM.Judge(ctx, msg, raw, in.Trust)
	}
	m.MessageID, m.Sender = msg.ID, verdict.Address

	own, err := in.isOwn(ctx, msg)
	if err != nil {
		return err
	}

	switch {
	case verdict.Address == in.Service:
		return in.own(ctx, m, msg)
	case own && m.Vouched == "" && entitled: // a person's program has taken our fields over: nothing of his may be lost, proven or not
		m.Kind = bot.OwnMail
		return in.quarantine(ctx, m, "own_mail", "bears the mark of a letter of ours, and the address of a unit; "+verdict.Reason())
	case own && m.Vouched == "":
		return in.ignore(ctx, m, bot.OwnMail, "own_mail", "a letter of ours that came back")
	case msg.DSN != nil:
		return in.bounce(ctx, m, msg)
	case msg.List:
		return in.ignore(ctx, m, bot.MailingList, "mailing_list", "a mailing list's copy")
	case msg.Automated != "":
		return in.ignore(ctx, m, bot.Automatic, "automatic", msg.Automated)
	case verdict.Level == trust.Spoofed && m.Vouched == "":
		m.Kind = bot.Spoofed
		return in.quarantine(ctx, m, "spoofed", verdict.Reason())
	case approves && !entitled:
		return in.approval(ctx, m, msg, officer, verdict)
	case !entitled:
		return in.stranger(ctx, m, msg, verdict)
	case unit.Confirm && m.Vouched == "" && in.confirmToken(msg) != "": // the token proves what the sender's mail server does not
		return in.confirmed(ctx, m, msg, unit, in.confirmToken(msg))
	case verdict.Level != trust.Authenticated && m.Vouched == "": // a vouched sender counts as proven, evidence E1
		if err := in.waitsForDNS(m, verdict); err != nil {
			return err
		}
		if unit.Confirm && machineKind(msg) == "" {
			return in.askUnit(ctx, m, msg, unit, verdict)
		}
		m.Kind = bot.Spoofed
		return in.quarantine(ctx, m, "not_authenticated", verdict.Reason())
	}
	m.Unit = unit.ID
	reading, err := Read(ctx, msg, in.Files)
	if err != nil {
		return bot.Errorf(bot.Temporary, "the files cannot be read now: %w", err)
	}
	switch {
	case beyond:
		reading = oversized(limit)
	case m.TooLarge:
		reading = oversized(&mime.LimitError{What: "size", Limit: in.MIME.Size})
	}
	reading.Arrived = m.ArrivedAt
	if reading.Signatures, err = in.Notary.Judge(ctx, msg, reading.Files, verdict.Address, unit, m.ArrivedAt); err != nil {
		return bot.Errorf(bot.Temporary, "the signatures cannot be read now: %w", err)
	}
	m.Kind = reading.Kind
	err = in.dispatch(ctx, m, msg, unit, reading)
	if again, ok := errors.AsType[*copyError](err); ok {
		err = in.sameAgain(ctx, m, again.of)
	}
	if errors.Is(err, errEnded) {
		return nil
	}
	in.Logger.Info("judged", "mail", m.ID, "code", string(m.Kind), "duration_ms", in.DB.Now().Sub(began).Milliseconds())
	return err
}

// unitOf returns the unit that owns an address. Both are in lower case; nothing is folded: "ſ" is no "s".
func (in *Intake) unitOf(address string) (bot.Unit, bool) {
	for _, u := range in.Units {
		if address != "" && slices.Contains(u.Addresses, address) {
			return u, true
		}
	}
	return bot.Unit{}, false
}

// dispatch does what the kind of an entitled unit's mail asks for.
func (in *Intake) dispatch(ctx context.Context, m store.Mail, msg *mime.Message, unit bot.Unit, r Reading) error {
	c, hints, err := in.relations(ctx, m, msg, unit, r)
	if err != nil {
		return err
	}
	m.Thread = hints.String()
	if in.stops(r, c) { // before any brake: it is safe, and may be urgent
		if done, err := in.stop(ctx, m, unit, r, c); done || err != nil {
			return err
		}
	}
	talks := r.Kind == bot.FormRequest || r.Kind == bot.Question && !ofDelivery(r, c) || r.Said.onlyWithdraws() && r.Kind == bot.Confirmation && (otherCase(r, c) || tooLate(r, c))
	if r.Kind == bot.AccountRequest || r.Kind == bot.DeletionRequest || talks || c != nil && (r.Kind == bot.Confirmation || r.aboutAccounts()) { // the others are answered by people
		if held, err := in.brake(ctx, m, unit, c, len(r.Submission.Rows) > 0); held || err != nil {
			return err
		}
	}
	switch {
	case r.Kind == bot.Automatic: // a subject that only an out-of-office program writes
		return in.ignore(ctx, m, bot.Automatic, "automatic", "by its subject")
	case (r.Kind == bot.AccountRequest || r.Kind == bot.DeletionRequest && len(r.Submission.Rows) > 0) && r.isTrial(c):
		return in.trial(ctx, m, msg, unit, r, c)
	case r.Kind == bot.AccountRequest, r.Kind == bot.DeletionRequest && len(r.Submission.Rows) > 0:
		return in.request(ctx, m, msg, unit, r, c)
	case talks:
		return in.talk(ctx, m, msg, unit, r, c)
	case c != nil && r.aboutAccounts():
		m.Kind = bot.Confirmation
		return in.confirm(ctx, m, unit, *c, r)
	case r.Kind == bot.Confirmation && c != nil:
		return in.confirm(ctx, m, unit, *c, r)
	}
	why := map[bot.Kind]string{
		bot.Confirmation:    "a confirmation that belongs to no case of this unit, or whose words are not clear",
		bot.DeletionRequest: "a deletion request without a list: handled by an officer",
		bot.Incident:        "an incident report: handled by an officer",
		bot.OtherRequest:    "staff with a list, outside this procedure (FR-03): answered by an officer",
		bot.Question:        "about passwords of a case: answered by an officer",
	}[r.Kind]
	if why == "" {
		why = "a message for a person"
	}
	if c != nil { // the officer must see it beside the case, before anybody is served
		m.CaseID = c.ID
	}
	return in.quarantine(ctx, m, "needs_person", why)
}

// ofDelivery reports whether a question about passwords belongs to a case whose accounts were handed out: no question of where to go.
func ofDelivery(r Reading, c *bot.Case) bool {
	return c != nil && r.Wishes.only(bot.WishOutside) && slices.ContainsFunc(r.Wishes.List, func(w bot.Wish) bool { return w.Topic == bot.OutsidePassword })
}

// oversized is what is known of a mail that is over a limit: the unit is told which one (ENV-07).
func oversized(limit *mime.LimitError) Reading {
	return Reading{Kind: bot.AccountRequest, Submission: parser.Submission{
		Files: []parser.FileReport{{Name: "(cả thư)", Role: parser.RoleProblem, Problem: overLimit(limit)}}}}
}

// overLimit says a limit of mails as a person says it.
func overLimit(limit *mime.LimitError) *parser.Problem {
	p := parser.Beyond(int(limit.Limit), map[string]string{"parts": "phần một thư", "fields": "trường đầu thư", "depth": "cấp lồng nhau"}[limit.What])
	switch limit.What {
	case "size":
		p = parser.BeyondBytes(limit.Limit, "một thư")
	case "header":
		p = parser.BeyondBytes(limit.Limit, "phần đầu thư")
	}
	p.Detail = limit.Error()
	return p
}

// headerOf returns the header block of a mail, ended.
func headerOf(raw []byte) []byte {
	for i := 0; i+1 < len(raw); i++ {
		if raw[i] == '\n' && (raw[i+1] == '\n' || raw[i+1] == '\r') {
			return append(raw[:i+1:i+1], '\r', '\n')
		}
	}
	return raw
}
