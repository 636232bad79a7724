package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
)

// Digests is how officers are told of the time limits; the zero one tells nobody.
type Digests struct {
	On      bool
	Open    func(now time.Time) bool     // whether the office works at that moment
	Days    func(from, to time.Time) int // calendar days
	Missing func(now time.Time) []int    // years whose official days off nobody has entered
}

// The rhythm of warnings: a step that is overdue is told of on each working day of its first week, then weekly; a year of the calendar
// monthly.
const (
	dailyFor = 7
	weekly   = 7
	monthly  = 30
)

// DigestDay is the day of a digest as the id of its job, 0 when none is due: outside of working hours, or when everybody has had his.
func (d *Desk) DigestDay(ctx context.Context, tx *store.Tx) (int64, error) {
	people := d.toldOf()
	if !d.Digests.On || len(people) == 0 || !d.Digests.Open(tx.Now) {
		return 0, nil
	}
	day := Today(tx.Now)
	had, err := tx.Digested(ctx, day)
	if err != nil {
		return 0, err
	}
	for _, o := range people {
		if !slices.Contains(had, o.ID) {
			return dayID(day), nil
		}
	}
	return 0, nil
}

func dayID(day string) int64 {
	at, _ := time.Parse(time.DateOnly, day) // Today writes no other
	return int64(at.Year()*10000 + int(at.Month())*100 + at.Day())
}

// Digest tells each officer what is due, in one mail (M08), if there is anything new. A job of another day does nothing: after an
// outage, or a clock that was set, there is one digest of today, not one for each day.
func (d *Desk) Digest(ctx context.Context, day int64) error {
	var errs []error // a letter that cannot be written keeps nobody else from his
	for _, o := range d.toldOf() {
		err := d.DB.Write(ctx, func(tx *store.Tx) error {
			today := Today(tx.Now)
			if dayID(today) != day || !d.Digests.On || !d.Digests.Open(tx.Now) {
				return nil
			}
			first, err := tx.BeginDigest(ctx, today, o.ID)
			if err != nil || !first {
				return err
			}
			return d.tellDue(ctx, tx, o, today)
		})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// toldOf are the officers with a mailbox.
func (d *Desk) toldOf() (people []bot.Officer) {
	for _, o := range d.Officers {
		if o.Address != "" {
			people = append(people, o)
		}
	}
	return people
}

func (d *Desk) tellDue(ctx context.Context, tx *store.Tx, o bot.Officer, today string) error {
	due, open, err := d.due(ctx, tx)
	if err != nil {
		return err
	}
	told, err := tx.WarnedOf(ctx, o.ID)
	if err != nil {
		return err
	}
	digest := bot.Digest{Name: o.Name, Open: open}
	news := false
	late := map[int64]bool{}
	for _, one := range due {
		if one.Limit.Stage == bot.StageOverdue && one.Limit.Whose == bot.WhoseOffice {
			late[one.Case.ID] = true
		}
		if !d.concerns(o, one) {
			continue
		}
		w, known := told[warning(one)]
		rises := !known || one.Limit.Stage.Urgency() > w.Stage.Urgency()
		news = news || rises || d.again(one.Limit, w, tx.Now)
		digest.Items = append(digest.Items, d.digestItem(one, rises))
	}
	digest.Overdue = len(late)
	for _, year := range d.Digests.Missing(tx.Now) {
		if w, known := told[calendarOf(year)]; !known || d.Digests.Days(w.At, tx.Now) >= monthly {
			digest.Years, news = append(digest.Years, year), true
		}
	}
	if !news {
		return nil
	}
	for _, i := range digest.Items {
		if err := tx.Warn(ctx, o.ID, warning(i.Due), i.Limit.Stage); err != nil {
			return err
		}
	}
	for _, year := range digest.Years {
		if err := tx.Warn(ctx, o.ID, calendarOf(year), ""); err != nil {
			return err
		}
	}
	letter, err := d.Compose(bot.Answer{Kind: bot.DueNote, Step: "digest " + o.ID + " " + today, At: tx.Now, To: o.Address, Unit: bot.Unit{Name: o.Name}, Digest: &digest})
	if err != nil {
		return err
	}
	if _, err = tx.AddLetter(ctx, letter); err != nil {
		return err
	}
	return tx.AddEvent(ctx, bot.Event{Actor: bot.System, What: "digest_sent", Detail: map[string]string{"to": "officer:" + o.ID, "steps": fmt.Sprint(len(digest.Items))}})
}

// warning names a step of a case in what a person was told. A step that starts anew is another one.
func warning(one bot.Due) string {
	return fmt.Sprintf("%s %s %d %s", one.Case.Number, one.Limit.Step.ID, one.Limit.Round, Today(one.Limit.Started))
}

func calendarOf(year int) string { return fmt.Sprintf("calendar %d", year) }

// again says whether something overdue is told of once more today.
func (d *Desk) again(l bot.Limit, w store.Warned, now time.Time) bool {
	if l.Stage != bot.StageOverdue || Today(w.At) == Today(now) {
		return false
	}
	return l.Over <= dailyFor || d.Digests.Days(w.At, now) >= weekly || w.At.After(now) // after: the clock was set back
}

// concerns says whether somebody is told of a step: who has the case, from half of its time on; everybody in the office while nobody
// has it; the head, when it is overdue. What the unit has to do is the unit's, until it was reminded in vain.
func (d *Desk) concerns(o bot.Officer, one bot.Due) bool {
	stage := one.Limit.Stage
	if one.Limit.Whose == bot.WhoseUnit && (stage != bot.StageOverdue || one.Reminds < 2) {
		return false
	}
	if stage.Urgency() < bot.StageHalf.Urgency() {
		return false
	}
	if o.Head && stage == bot.StageOverdue {
		return true
	}
	people := d.toldOf()
	if slices.ContainsFunc(people, func(p bot.Officer) bool { return p.ID == one.Case.Owner }) {
		return o.ID == one.Case.Owner
	}
	return !o.Head || !slices.ContainsFunc(people, func(p bot.Officer) bool { return !p.Head })
}

func (d *Desk) digestItem(one bot.Due, isNew bool) bot.DigestItem {
	i := bot.DigestItem{Due: one, UnitName: one.Case.Unit, New: isNew}
	for _, u := range d.Units {
		if u.ID == one.Case.Unit {
			i.UnitName = u.Name
		}
	}
	for _, o := range d.Officers {
		if o.ID == one.Case.Owner {
			i.Officer = o.Name
		}
	}
	return i
}
