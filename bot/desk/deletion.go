package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
)

// Deleting are the brakes of a deletion ([deletion], step 7). The zero value has none but the second person of every plan.
type Deleting struct {
	Window     int // days from the suspension to the erasure; 0: erased at once
	Most       int // accounts of a plan above which two must approve (DEL-06); 0: no limit
	ClassShare int // the same, in percent of the accounts of a class that live; 0: no limit
	Share      int // the same, in percent of all accounts of the register; 0: no limit
}

// few is how many people of a class, or of all, are no share worth counting: two of a register of four are half of it.
const few = 5

// together is how many days of plans count as one deletion: a long list that is cut into short ones is as long as it was.
const together = 7

// Needs says how many others must approve a plan of deletions: two when it is above one of the brakes, with the plans of the days
// before it.
func (d Deleting) Needs(ctx context.Context, tx *store.Tx, p bot.Plan) (int, error) {
	if p.Kind != bot.PlanSuspend {
		return 1, nil
	}
	before, err := tx.DeletionsPlanned(ctx, p.Made.At.AddDate(0, 0, -together), p.ID)
	if err != nil {
		return 0, err
	}
	people := make(map[string]string) // code → class as the lists write it
	var codes []string
	for _, i := range slices.Concat(p.Items, before) {
		if _, there := people[i.Code]; !there {
			codes = append(codes, i.Code)
			people[i.Code] = i.Class
		}
	}
	known, err := tx.Standings(ctx, codes)
	if err != nil {
		return 0, err
	}
	classes, all, err := d.live(ctx, tx)
	if err != nil {
		return 0, err
	}
	leave := make(map[string]int)
	for code, class := range people {
		class = classOf(known[code], class)
		leave[class]++
		if known[code].Gone { // by one of the plans before: it was there when they were made
			classes[class]++
			all++
		}
	}
	above := d.Most > 0 && len(people) > d.Most || share(len(people), all, d.Share)
	for _, i := range p.Items { // a class that this plan leaves alone is not its matter
		class := classOf(known[i.Code], i.Class)
		above = above || class != "" && share(leave[class], classes[class], d.ClassShare)
	}
	if above {
		return 2, nil
	}
	return 1, nil
}

// classOf is the class in which somebody counts: that of the register, whatever a list of leavers writes, else that of the list.
func classOf(known store.Standing, listed string) string {
	return bot.ClassKey(cmp.Or(known.Class, listed))
}

// live counts the accounts that live, by class; spellings of one class count together.
func (Deleting) live(ctx context.Context, tx *store.Tx) (classes map[string]int, all int, err error) {
	spelt, all, err := tx.LiveByClass(ctx)
	classes = make(map[string]int, len(spelt))
	for class, n := range spelt {
		classes[bot.ClassKey(class)] += n
	}
	return classes, all, err
}

// share says whether n of all are more than percent of them. What the register does not know of counts with the others.
func share(n, all, percent int) bool {
	return percent > 0 && n > few && 100*n > percent*max(all, n)
}

// EraseOn is the day on which an account is erased that a plan made at that moment suspends.
func (d Deleting) EraseOn(made time.Time) string {
	return made.In(bot.ICT).AddDate(0, 0, d.Window).Format(time.DateOnly)
}

// doubtful says why an officer must confirm by his own word, with a reason, that a list is one of people who left: it looks like
// the list of a current class (DEL-10), names another reason (DEL-09), or most accounts of a class are in it. "" : nothing is odd, or
// it was confirmed.
func (d *Desk) doubtful(ctx context.Context, tx *store.Tx, c bot.Case) (string, error) {
	if c.Kind != bot.DeletionRequest {
		return "", nil
	}
	if sure, err := tx.Sure(ctx, c); err != nil || sure.Done() {
		return "", err
	}
	findings, err := tx.Findings(ctx, c.ID)
	if err != nil {
		return "", err
	}
	var why []string
	for _, f := range findings {
		if (f.Rule == "DEL-09" || f.Rule == "DEL-10") && !slices.Contains(why, f.Rule) {
			why = append(why, f.Rule)
		}
	}
	rows, err := tx.Rows(ctx, c.ID)
	if err != nil {
		return "", err
	}
	var codes []string
	for _, r := range rows {
		codes = append(codes, r.Code)
	}
	known, err := tx.Standings(ctx, codes)
	if err != nil {
		return "", err
	}
	classes, _, err := d.Deleting.live(ctx, tx)
	if err != nil {
		return "", err
	}
	inClass, name := make(map[string]int), make(map[string]string)
	for _, r := range rows {
		if r.OK {
			class := classOf(known[r.Code], r.Class)
			inClass[class]++
			name[class] = cmp.Or(known[r.Code].Class, r.Class)
		}
	}
	for class, n := range inClass {
		if class != "" && classes[class] > 0 && share(n, classes[class], 50) {
			why = append(why, fmt.Sprintf("%d of the %d accounts of class %s that live", n, classes[class], name[class]))
		}
	}
	slices.Sort(why)
	return strings.Join(why, ", "), nil
}

// surely refuses a doubtful deletion that no officer has confirmed.
func (d *Desk) surely(ctx context.Context, tx *store.Tx, c bot.Case) error {
	why, err := d.doubtful(ctx, tx, c)
	if err != nil || why == "" {
		return err
	}
	return bot.Errorf(bot.Conflict, "case %s may be no list of people who left (%s): ask the unit, then confirm it with `case sure %s --reason …`, or return it", c.Number, why, c.Number)
}

// Sure notes an officer's word that a doubtful list is meant. It is no approval: check, plan and approval follow as ever.
func (d *Desk) Sure(ctx context.Context, actor bot.Actor, ref, reason string) (bot.Case, error) {
	if strings.TrimSpace(reason) == "" {
		return bot.Case{}, bot.Errorf(bot.Invalid, "say how you know that these people have left")
	}
	return d.act(ctx, ref, func(tx *store.Tx, c bot.Case) (bot.Case, error) {
		why, err := d.doubtful(ctx, tx, c)
		switch {
		case err != nil:
			return c, err
		case c.Kind != bot.DeletionRequest || !c.State.Open():
			return c, bot.Errorf(bot.Conflict, "case %s is no open deletion", c.Number)
		case why == "":
			return c, bot.Errorf(bot.Conflict, "nothing of case %s needs to be confirmed", c.Number)
		}
		if err := tx.KeepSure(ctx, c, reason, actor); err != nil {
			return c, err
		}
		return c, tx.AddEvent(ctx, bot.Event{Actor: actor, Case: c.ID, Mail: c.MailID, What: "deletion_confirmed", Detail: map[string]string{"doubt": why, "reason": reason}})
	})
}

// StopRows keeps the rows of a deletion from being suspended and erased, because their unit asks for it in a mail; no codes: all of
// them. It says how many, and tells the officers at once.
func (d *Desk) StopRows(ctx context.Context, tx *store.Tx, c bot.Case, by bot.Unit, mailID int64, codes []string) (int, error) {
	if c.Unit != by.ID || c.Kind != bot.DeletionRequest {
		return 0, bot.Errorf(bot.Forbidden, "case %s is no deletion of unit %s", c.Number, by.ID)
	}
	rows, err := tx.Rows(ctx, c.ID)
	if err != nil {
		return 0, err
	}
	var stopped []string
	for _, r := range rows {
		if len(codes) > 0 && !slices.Contains(codes, r.Code) || !pending(r) {
			continue
		}
		if err := tx.StopRow(ctx, c.ID, store.RowStop{N: r.N, Since: bot.Stamp{By: UnitActor(by)}, MailID: mailID, Why: "the unit asks for it"}); err != nil {
			return 0, err
		}
		stopped = append(stopped, fmt.Sprint(r.N))
	}
	if err := tx.AddEvent(ctx, bot.Event{Actor: UnitActor(by), Case: c.ID, Mail: mailID, What: "deletion_stopped", Detail: map[string]string{"rows": strings.Join(stopped, " ")}}); err != nil {
		return 0, err
	}
	for _, o := range d.Officers {
		if o.Address == "" || c.Owner != "" && c.Owner != o.ID && !o.Head {
			continue
		}
		a, err := Answer(ctx, tx, d.Units, c, bot.StopAsked)
		if err != nil {
			return 0, err
		}
		a.Step, a.To, a.Mail, a.Reason = fmt.Sprintf("%s stop mail %d to %s", c.Number, mailID, o.ID), o.Address, mailID, strings.Join(stopped, ", ")
		if err := d.post(ctx, tx, a); err != nil {
			return 0, err
		}
	}
	return len(stopped), nil
}

// pending says whether something may still happen to the account of a row of a deletion.
func pending(r bot.CaseRow) bool {
	return r.OK && (r.State == bot.RowGood || r.State == bot.RowWarned) || r.State == bot.RowSuspended
}

// GiveBack restores accounts within the window, or spares them before they are suspended: one officer's act, for it only gives
// back. No rows: all of which something is still to come. The serving process does what is to be done on the platform.
func (d *Desk) GiveBack(ctx context.Context, actor bot.Actor, ref string, rows []int, reason string) (bot.Case, error) {
	return d.decide(ctx, ref, rows, reason, func(tx *store.Tx, c bot.Case, r bot.CaseRow) error {
		switch c.State {
		case bot.Suspending, bot.Suspended, bot.Erasing:
		default:
			return bot.Errorf(bot.Conflict, "case %s is %s: nothing has been suspended yet; return or withdraw it", c.Number, c.State)
		}
		if r.State == bot.RowSuspended || r.Said != "" { // or is perhaps suspended: the remover has begun with it
			return tx.StopRow(ctx, c.ID, store.RowStop{N: r.N, Since: bot.Stamp{By: actor}, Why: reason, Restore: true})
		}
		r.OK, r.State, r.Said = false, bot.RowBad, "spared by an officer"
		if err := tx.SaveRow(ctx, r); err != nil {
			return err
		}
		return tx.EndStop(ctx, c.ID, r.N, reason, actor)
	}, func(tx *store.Tx, c bot.Case, done string) error {
		tx.Wake(store.RestoreJob, c.ID)
		tx.Wake(store.SuspendJob, c.ID) // who is left
		return tx.AddEvent(ctx, bot.Event{Actor: actor, Case: c.ID, What: "restore_decided", Detail: map[string]string{"rows": done, "reason": reason}})
	})
}

// GoOn lets rows go on that were stopped: an officer has spoken with the unit, or looked at the account. What was approved is not
// changed by it.
func (d *Desk) GoOn(ctx context.Context, actor bot.Actor, ref string, rows []int, reason string) (bot.Case, error) {
	return d.decide(ctx, ref, rows, reason, func(tx *store.Tx, c bot.Case, r bot.CaseRow) error {
		stops, err := tx.Stops(ctx, c.ID)
		if err != nil {
			return err
		}
		stop, stopped := stops[r.N]
		switch {
		case stop.Restore:
			return bot.Errorf(bot.Conflict, "row %d of case %s is being restored", r.N, c.Number)
		case !stopped && len(rows) > 0:
			return bot.Errorf(bot.Conflict, "nothing stops row %d of case %s", r.N, c.Number)
		}
		return tx.EndStop(ctx, c.ID, r.N, reason, actor)
	}, func(tx *store.Tx, c bot.Case, done string) error {
		return tx.AddEvent(ctx, bot.Event{Actor: actor, Case: c.ID, What: "deletion_goes_on", Detail: map[string]string{"rows": done, "reason": reason}})
	})
}

// decide does f to rows of a deletion of which something is still to come, and then finish.
func (d *Desk) decide(ctx context.Context, ref string, rows []int, reason string, f func(*store.Tx, bot.Case, bot.CaseRow) error, finish func(*store.Tx, bot.Case, string) error) (bot.Case, error) {
	if strings.TrimSpace(reason) == "" {
		return bot.Case{}, bot.Errorf(bot.Invalid, "say why")
	}
	return d.act(ctx, ref, func(tx *store.Tx, c bot.Case) (bot.Case, error) {
		switch {
		case c.Kind != bot.DeletionRequest:
			return c, bot.Errorf(bot.Conflict, "case %s is no deletion", c.Number)
		case !c.State.Open():
			return c, bot.Errorf(bot.Conflict, "case %s is %s: nothing of it can be taken back", c.Number, c.State)
		}
		if err := tx.Lock(ctx, store.LockRegister); err != nil { // the remover may be recording one of them
			return c, err
		}
		all, err := tx.Rows(ctx, c.ID)
		if err != nil {
			return c, err
		}
		var done []string
		seen := make(map[int]bool)
		for _, r := range all {
			seen[r.N] = true
			if len(rows) > 0 && !slices.Contains(rows, r.N) {
				continue
			}
			if !pending(r) {
				if len(rows) > 0 {
					return c, bot.Errorf(bot.Conflict, "row %d of case %s is %s", r.N, c.Number, r.State)
				}
				continue
			}
			if err := f(tx, c, r); err != nil {
				return c, err
			}
			done = append(done, fmt.Sprint(r.N))
		}
		for _, n := range rows {
			if !seen[n] {
				return c, bot.Errorf(bot.NotFound, "case %s has no row %d", c.Number, n)
			}
		}
		if len(done) == 0 {
			return c, bot.Errorf(bot.Conflict, "nothing of case %s is left to decide about", c.Number)
		}
		return c, finish(tx, c, strings.Join(done, " "))
	})
}

// HoldPerson keeps the account of a person as it is, whatever a list says. Only officers learn why.
func (d *Desk) HoldPerson(ctx context.Context, actor bot.Actor, code, reason string) error {
	code = strings.ToUpper(strings.TrimSpace(code))
	if code == "" || strings.TrimSpace(reason) == "" {
		return bot.Errorf(bot.Invalid, "say whose account must stay, and why")
	}
	return d.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.AddHold(ctx, code, reason, actor); err != nil {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: actor, What: "person_held", Detail: map[string]string{"code": code}})
	})
}

// LiftHold ends it. What was approved meanwhile goes on.
func (d *Desk) LiftHold(ctx context.Context, actor bot.Actor, code, reason string) error {
	code = strings.ToUpper(strings.TrimSpace(code))
	if strings.TrimSpace(reason) == "" {
		return bot.Errorf(bot.Invalid, "say why the hold is lifted")
	}
	return d.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.LiftHold(ctx, code, reason, actor); err != nil {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: actor, What: "person_hold_lifted", Detail: map[string]string{"code": code}})
	})
}

// Tell puts a letter about a deletion as it stands into the outbox, once for each version of its case.
func (d *Desk) Tell(ctx context.Context, tx *store.Tx, c bot.Case, kind bot.AnswerKind) error {
	if !d.knows(c.Unit) { // it has left the configuration; what was approved is done all the same
		return nil
	}
	a, err := Answer(ctx, tx, d.Units, c, kind)
	if err != nil {
		return err
	}
	return d.post(ctx, tx, a)
}

// post composes a letter and puts it into the outbox.
func (d *Desk) post(ctx context.Context, tx *store.Tx, a bot.Answer) error {
	if told, err := tx.HasLetter(ctx, a.Step); err != nil || told {
		return err
	}
	letter, err := d.Compose(a)
	if err != nil {
		return err
	}
	_, err = tx.AddLetter(ctx, letter)
	return err
}

// ReminderDue is which reminder of a deletion is due: 7 or 1, the days that are left at most; 0 for none. A window that is hardly
// longer has none of that kind: the letter of the suspension has just said it.
func (d Deleting) ReminderDue(c bot.Case, now time.Time) int {
	left := c.EraseAt.Sub(now)
	if c.State != bot.Suspended || c.EraseAt.IsZero() || left <= 0 {
		return 0
	}
	for _, days := range []int{1, 7} {
		if left <= time.Duration(days)*24*time.Hour && d.Window > days+1 {
			return days
		}
	}
	return 0
}

// ReminderStep names a reminder in the outbox: a window that was prolonged is reminded of anew.
func ReminderStep(c bot.Case, days int) string {
	return fmt.Sprintf("%s erase reminder %d %s", c.Number, days, c.EraseAt.UTC().Format(time.DateOnly))
}

// RemindErase says to the unit and to the officers of a case how many days are left in which its deletion can be undone.
func (d *Desk) RemindErase(ctx context.Context, caseID int64) error {
	return d.DB.Write(ctx, func(tx *store.Tx) error {
		c, err := tx.Case(ctx, caseID)
		if err != nil {
			return err
		}
		days := d.Deleting.ReminderDue(c, tx.Now)
		if days == 0 || c.Held.Done() || !d.knows(c.Unit) {
			return nil
		}
		step := ReminderStep(c, days)
		if told, err := tx.HasLetter(ctx, step); err != nil || told {
			return err
		}
		a, err := Answer(ctx, tx, d.Units, c, bot.EraseReminder)
		if err != nil {
			return err
		}
		a.Step = step
		if err := d.post(ctx, tx, a); err != nil {
			return err
		}
		for _, o := range d.Officers {
			if o.Address == "" || c.Owner != "" && c.Owner != o.ID {
				continue
			}
			a.Step, a.To = step+" to "+o.ID, o.Address
			if err := d.post(ctx, tx, a); err != nil {
				return err
			}
		}
		return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: c.ID, What: "erase_reminded", Detail: map[string]string{"days": fmt.Sprint(days)}})
	})
}

// deletion fills what a letter about a deletion may say: how far each row is, and which ones wait.
func deletion(ctx context.Context, tx *store.Tx, c bot.Case, rows []bot.CaseRow, a *bot.Answer) error {
	stops, err := tx.Stops(ctx, c.ID)
	if err != nil {
		return err
	}
	var codes []string
	for _, r := range rows {
		codes = append(codes, r.Code)
	}
	held, err := tx.Held(ctx, codes)
	if err != nil {
		return err
	}
	a.Deletion, a.Waits, a.EraseOn = rows, make(map[int]bool), c.EraseAt
	for _, r := range rows {
		if stop, stopped := stops[r.N]; stopped && !stop.Restore || held[r.Code] {
			a.Waits[r.N] = pending(r)
		}
	}
	return nil
}
