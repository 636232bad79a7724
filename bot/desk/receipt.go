package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"vanthu/bot"
	"vanthu/bot/store"
)

// mostAsked is how often a unit is asked what it means before an officer reads it.
const mostAsked = 2

// Receipt does what a unit wrote about the accounts of its own case, within the transaction that ends the mail (step 6). What is
// missing is noted row by row and answered at once; a mail resets nothing: that takes a plan, and a person who approves it. A
// bot.Conflict says that an officer must look.
func (d *Desk) Receipt(ctx context.Context, tx *store.Tx, c bot.Case, r bot.Receipt, by bot.Unit, mailID int64) error {
	if c.Unit != by.ID {
		return bot.Errorf(bot.Forbidden, "case %s belongs to another unit", c.Number)
	}
	_, err := d.receipt(ctx, tx, c, r, UnitActor(by), mailID)
	return err
}

// ReceiptByOfficer notes what a unit said otherwise than by mail. how is by which way: it is read later.
func (d *Desk) ReceiptByOfficer(ctx context.Context, actor bot.Actor, number string, r bot.Receipt, how string) (bot.Case, error) {
	if how == "" {
		return bot.Case{}, bot.Errorf(bot.Invalid, "say how the unit told it, and who")
	}
	return d.act(ctx, number, func(tx *store.Tx, c bot.Case) (bot.Case, error) {
		rows, err := tx.Rows(ctx, c.ID)
		if err != nil {
			return c, err
		}
		if r.Classes, err = classesOf(rows, r.Classes); err != nil {
			return c, err
		}
		if err := tx.AddEvent(ctx, bot.Event{Actor: actor, Case: c.ID, What: "unit_told", Detail: map[string]string{"reason": how}}); err != nil {
			return c, err
		}
		return d.receipt(ctx, tx, c, r, actor, 0)
	})
}

// classesOf are classes as the case writes them.
func classesOf(rows []bot.CaseRow, named []string) ([]string, error) {
	var classes []string
	for _, name := range named {
		i := slices.IndexFunc(rows, func(r bot.CaseRow) bool { return r.IsAccount() && bot.ClassKey(r.Class) == bot.ClassKey(name) })
		if i < 0 {
			return nil, bot.Errorf(bot.NotFound, "no account of this case is in class %q", name)
		}
		classes = append(classes, rows[i].Class)
	}
	return classes, nil
}

// receipt is the same for both. It returns the case as it left it.
func (d *Desk) receipt(ctx context.Context, tx *store.Tx, c bot.Case, r bot.Receipt, by bot.Actor, mailID int64) (bot.Case, error) {
	if r.Doubt != bot.Sure && !r.Doubt.Asks() {
		return c, bot.Errorf(bot.Conflict, "what the unit says about the accounts of case %s is not clear", c.Number)
	}
	c, err := d.arrived(ctx, tx, c, by)
	if err != nil {
		return c, err
	}
	switch c.State {
	case bot.Delivered, bot.ReceivedByUnit:
	case bot.HandedOver, bot.Closed:
		if r.Doubt == bot.Sure && len(r.Missing)+len(r.Unknown)+len(r.Found) == 0 {
			return c, nil // said twice
		}
		return c, bot.Errorf(bot.Conflict, "case %s is %s: nothing more is noted about its accounts; what is missing now is a matter outside the procedure", c.Number, c.State)
	case bot.Received, bot.WaitingUnit, bot.InWork, bot.Creating, bot.Created, bot.Suspending, bot.Suspended, bot.Erasing, bot.Withdrawn, bot.Superseded:
		return c, bot.Errorf(bot.Conflict, "case %s is %s: its accounts are not delivered", c.Number, c.State)
	}
	rows, err := tx.Rows(ctx, c.ID)
	if err != nil {
		return c, err
	}
	stillMissing := func(row bot.CaseRow) bool { return row.State == bot.RowMissing && !slices.Contains(r.Found, row.N) }
	if r.Doubt == bot.Sure && r.Received && slices.ContainsFunc(rows, stillMissing) {
		r.Doubt = bot.DoubtMissing
	}
	if r.Doubt != bot.Sure {
		return c, d.askReceipt(ctx, tx, c, r, rows, by, mailID)
	}
	n := noting{desk: d, tx: tx, c: c, by: by, mailID: mailID, rows: rows, note: &bot.ReceiptNote{Said: r}}
	if err := n.all(ctx); err != nil {
		return c, err
	}
	return n.finish(ctx)
}

// arrived looks at credentials that are in the hands of the MTA and not noted as taken: a quick unit, or its program, may
// answer before. When nobody knew whether they arrived, a unit that speaks of them has settled it.
func (d *Desk) arrived(ctx context.Context, tx *store.Tx, c bot.Case, by bot.Actor) (bot.Case, error) {
	if c.State != bot.Created {
		return c, nil
	}
	letters, err := tx.Letters(ctx, c.ID)
	if err != nil {
		return c, err
	}
	slices.Reverse(letters) // of several deliveries the last
	for _, l := range letters {
		switch {
		case l.Kind != string(bot.CredentialsOf):
		case l.State == store.LetterSending:
			return c, bot.Errorf(bot.Temporary, "the credentials of case %s are just being sent", c.Number)
		case l.State == store.LetterUnknown:
			if err := d.settle(ctx, tx, by, l, true); err != nil {
				return c, err
			}
			return tx.Case(ctx, c.ID)
		}
	}
	return c, nil
}

// askReceipt tells the unit what is in doubt, and what to write.
func (d *Desk) askReceipt(ctx context.Context, tx *store.Tx, c bot.Case, r bot.Receipt, rows []bot.CaseRow, by bot.Actor, mailID int64) error {
	asked, err := tx.CountAnswers(ctx, store.Answers{Kinds: []bot.AnswerKind{bot.ReceiptAsked}, CaseID: c.ID}, c.UpdatedAt)
	if err != nil {
		return err
	}
	if asked >= mostAsked {
		return bot.Errorf(bot.Conflict, "the unit was asked %d times what it means about case %s", asked, c.Number)
	}
	note := &bot.ReceiptNote{Said: r, Open: missingOf(rows)}
	if err := d.tellReceipt(ctx, tx, c, bot.ReceiptAsked, note, mailID); err != nil {
		return err
	}
	return tx.AddEvent(ctx, bot.Event{Actor: by, Case: c.ID, Mail: mailID, What: "receipt_asked", Detail: map[string]string{"because": string(r.Doubt)}})
}

func missingOf(rows []bot.CaseRow) (missing []bot.CaseRow) {
	for _, r := range rows {
		if r.State == bot.RowMissing {
			missing = append(missing, r)
		}
	}
	return missing
}

// tellReceipt answers the mail that spoke of the accounts.
func (d *Desk) tellReceipt(ctx context.Context, tx *store.Tx, c bot.Case, kind bot.AnswerKind, note *bot.ReceiptNote, mailID int64) error {
	a, err := Answer(ctx, tx, d.Units, c, kind)
	if err != nil {
		return err
	}
	a.Receipt, a.ConfirmDue = note, d.StepDue(c, bot.StepHandOver, a.At)
	if mailID != 0 { // one answer for each mail; the case may not have changed
		a.Step = fmt.Sprintf("%s %s mail %d", c.Number, kind, mailID)
		m, err := tx.Mail(ctx, mailID)
		if err != nil {
			return err
		}
		if a.Thread, err = thread(ctx, tx, c, m.MessageID); err != nil {
			return err
		}
	}
	letter, err := d.Compose(a)
	if err != nil {
		return err
	}
	letter.MailID = mailID
	_, err = tx.AddLetter(ctx, letter)
	return err
}

// noting writes down what is sure.
type noting struct {
	desk   *Desk
	tx     *store.Tx
	c      bot.Case
	by     bot.Actor
	mailID int64
	rows   []bot.CaseRow
	note   *bot.ReceiptNote
	now    bool // something has changed
}

func (n *noting) event(what string, detail map[string]string) bot.Event {
	return bot.Event{Actor: n.by, Case: n.c.ID, Mail: n.mailID, What: what, Detail: detail}
}

func (n *noting) all(ctx context.Context) error {
	r := n.note.Said
	for _, m := range r.Missing {
		if err := n.missing(ctx, m); err != nil {
			return err
		}
	}
	for _, row := range r.Found {
		if err := n.found(ctx, row); err != nil {
			return err
		}
	}
	if r.HandedOver || len(r.Classes) > 0 {
		return n.handOver(ctx)
	}
	return nil
}

// row is a row of the case, nil when there is none.
func (n *noting) row(number int) *bot.CaseRow {
	i := slices.IndexFunc(n.rows, func(r bot.CaseRow) bool { return r.N == number })
	if i < 0 {
		return nil
	}
	return &n.rows[i]
}

func (n *noting) missing(ctx context.Context, m bot.Missing) error {
	row := n.row(m.N)
	switch {
	case row == nil:
		return bot.Errorf(bot.NotFound, "case %s has no row %d", n.c.Number, m.N)
	case row.State == bot.RowMissing:
		n.note.Again = append(n.note.Again, *row)
		return nil
	case row.State != bot.RowDelivered:
		n.note.NotMade = append(n.note.NotMade, *row)
		return nil
	}
	row.State, row.HandedOver, row.Said = bot.RowMissing, bot.Stamp{}, "the unit says: "+string(m.Why)
	n.note.Reopened = append(n.note.Reopened, *row)
	n.now = true
	if err := n.tx.SaveRow(ctx, *row); err != nil {
		return err
	}
	return n.tx.AddEvent(ctx, n.event("row_missing", map[string]string{"row": fmt.Sprint(m.N), "reason": string(m.Why)}))
}

func (n *noting) found(ctx context.Context, number int) error {
	row := n.row(number)
	switch {
	case row == nil:
		return bot.Errorf(bot.NotFound, "case %s has no row %d", n.c.Number, number)
	case row.State != bot.RowMissing:
		n.note.Here = append(n.note.Here, *row)
		return nil
	}
	row.State, row.Said = bot.RowDelivered, "found after all"
	n.note.Found = append(n.note.Found, *row)
	n.now = true
	if err := n.tx.SaveRow(ctx, *row); err != nil {
		return err
	}
	return n.tx.AddEvent(ctx, n.event("row_found", map[string]string{"row": fmt.Sprint(number)}))
}

// handOver stamps the rows whose people have their accounts. Who is missing has none, whatever was said of his class.
func (n *noting) handOver(ctx context.Context) error {
	classes := n.note.Said.Classes
	stamped := 0
	for i := range n.rows {
		row := &n.rows[i]
		in := n.note.Said.HandedOver || slices.ContainsFunc(classes, func(c string) bool { return bot.ClassKey(c) == bot.ClassKey(row.Class) })
		if !in || row.State != bot.RowDelivered || row.HandedOver.Done() {
			continue
		}
		row.HandedOver = bot.Stamp{At: n.tx.Now, By: n.by}
		stamped++
		if err := n.tx.SaveRow(ctx, *row); err != nil {
			return err
		}
	}
	n.note.Handed = classes
	n.now = n.now || stamped > 0
	if bot.Remaining(bot.ByClass(n.rows)) == 0 {
		return nil // the case is handed over
	}
	return n.tx.AddEvent(ctx, n.event("part_handed_over", map[string]string{"classes": strings.Join(classes, ", "), "rows": fmt.Sprint(stamped)}))
}

// finish moves the case on, and answers. "Đã nhận đủ" alone needs no answer; when nobody is left the case closes itself (M05).
func (n *noting) finish(ctx context.Context) (bot.Case, error) {
	r := n.note.Said
	n.note.Open = missingOf(n.rows)
	handed := r.HandedOver || len(r.Classes) > 0
	if counts := bot.ByClass(n.rows); bot.Remaining(counts) == 0 && (handed || len(n.note.Found) > 0) {
		return n.desk.handedOver(ctx, n.tx, n.c, n.event("unit_handed_over", nil))
	}
	event := n.event("unit_received", nil)
	if r.Received && n.c.State == bot.Delivered {
		c, err := n.desk.moved(ctx, n.tx, n.c, bot.ReceivedByUnit, event)
		if err != nil {
			return n.c, err
		}
		n.c = c
	} else if n.now { // who has read the case before must look again: a plan for its missing rows, above all
		c, err := n.tx.SaveCase(ctx, n.c)
		if err != nil {
			return n.c, err
		}
		n.c = c
	}
	if r.Received && !handed && len(r.Found) == 0 {
		return n.c, nil
	}
	return n.c, n.desk.tellReceipt(ctx, n.tx, n.c, bot.ReceiptNoted, n.note, n.mailID)
}

// moved takes a case along an arrow. From the unit's receipt on, the encrypted credentials need not wait any longer in
// the outbox: they are erased.
func (d *Desk) moved(ctx context.Context, tx *store.Tx, c bot.Case, to bot.State, event bot.Event) (bot.Case, error) {
	c.State = to
	c, err := tx.SaveCase(ctx, c)
	if err != nil {
		return c, err
	}
	if err := tx.EraseLetters(ctx, c.ID, string(bot.CredentialsOf)); err != nil {
		return c, err
	}
	return c, tx.AddEvent(ctx, event)
}

// handedOver closes a case in which everybody has his account, and says so (step 6, M05).
func (d *Desk) handedOver(ctx context.Context, tx *store.Tx, c bot.Case, event bot.Event) (bot.Case, error) {
	c, err := d.moved(ctx, tx, c, bot.HandedOver, event)
	if err != nil {
		return c, err
	}
	if c, err = d.close(ctx, tx, c); err != nil {
		return c, err
	}
	return c, d.tell(ctx, tx, c, bot.Closing, "")
}
