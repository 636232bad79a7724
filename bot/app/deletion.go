package app

import (
	"context"
	"time"

	"vanthu/bot"
	"vanthu/bot/config"
	"vanthu/bot/desk"
	"vanthu/bot/reply"
	"vanthu/bot/store"
	"vanthu/parser/viet"
)

// deletion writes the letters of step 7 (M07a to M07c); ours is false for those that say the same in every case.
func (l *letters) deletion(a bot.Answer) (draft reply.Draft, ours bool, err error) {
	d := reply.Deletion{Answer: l.answer(a, true), Decision: a.Case.Decision, DecisionDate: a.Case.DecisionDate, SuspendBy: a.SuspendBy, EraseOn: a.EraseOn,
		Rows: a.Deletion, Waits: a.Waits, Mail: a.Mail, Stopped: a.Reason}
	d.Days = daysBetween(a.At, a.EraseOn)
	switch a.Kind {
	case bot.Acknowledged:
		draft, err = l.writer.DeletionReceived(d)
	case bot.PartAccepted:
		d.ConsentAt = a.At
		draft, err = l.writer.DeletionReceived(d)
	case bot.Defects:
		draft, err = l.writer.DeletionDefects(d)
	case bot.Returned:
		draft, err = l.writer.DeletionReturned(d)
	case bot.SuspendedNote:
		draft, err = l.writer.DeletionSuspended(d)
	case bot.EraseReminder:
		draft, err = l.writer.DeletionReminder(d)
	case bot.RestoredNote:
		draft, err = l.writer.DeletionRestored(d)
	case bot.ErasedNote:
		draft, err = l.writer.DeletionErased(d)
	case bot.StopAsked:
		d.Unit = l.recipient(a) // an officer
		draft, err = l.writer.DeletionStopped(d)
	default:
		return draft, false, nil
	}
	draft, err = l.more(a, draft, err)
	return draft, true, err
}

// daysBetween counts as people do: from the 30th to the 31st it is one day, whatever the hours. Nothing is left: 0.
func daysBetween(from, to time.Time) int {
	if to.IsZero() {
		return 0
	}
	day := func(t time.Time) time.Time {
		year, month, date := t.In(bot.ICT).Date()
		return time.Date(year, month, date, 0, 0, 0, 0, time.UTC)
	}
	return max(0, int(day(to).Sub(day(from)).Hours()/24))
}

// eraseFrom is the hour of a day, at the desk, from which accounts are erased: somebody is there who can still be asked.
const eraseFrom = 9

// eraseAt is the moment on a day from which accounts are erased.
func eraseAt(day string) time.Time {
	at, err := time.ParseInLocation(time.DateOnly, day, bot.ICT)
	if err != nil { // it stands in a frozen plan that we made
		return time.Time{}
	}
	return at.Add(eraseFrom * time.Hour)
}

// removal says by when the accounts of a deletion that is complete from then on are suspended, and when they are erased.
func (a *App) removal(c bot.Case, from time.Time) (suspendBy, eraseOn time.Time) {
	suspendBy = a.due(c, bot.StepDelete, from)
	if c.State != bot.Received { // not before the unit has answered
		return time.Time{}, time.Time{}
	}
	if a.Desk.Deleting.Window == 0 {
		return suspendBy, suspendBy
	}
	return suspendBy, eraseAt(a.Desk.Deleting.EraseOn(from))
}

// deleting are the brakes of deletions, and the window in which they can be undone.
func deleting(cfg *config.Config) desk.Deleting {
	d := cfg.Deletion
	return desk.Deleting{Window: d.WindowDays, Most: cfg.Rules.Deletion.Most, ClassShare: d.ClassShare, Share: d.Share}
}

// sameName compares names as the rules do: whatever the letters' case, the place of a tone, or the encoding.
func sameName(a, b string) bool {
	a, _ = viet.Clean(a)
	b, _ = viet.Clean(b)
	return a != "" && viet.ToneKey(a) == viet.ToneKey(b)
}

// deletions returns the jobs of step 7 that are due.
func (a *App) deletions(ctx context.Context, tx *store.Tx) (jobs []store.Job, err error) {
	for _, due := range []struct {
		kind string
		ids  func(context.Context) ([]int64, error)
	}{{store.SuspendJob, tx.ToSuspend}, {store.RestoreJob, tx.ToRestore}, {store.EraseJob, tx.ToErase}} {
		ids, err := due.ids(ctx)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			jobs = append(jobs, store.Job{Kind: due.kind, ID: id})
		}
	}
	suspended, err := tx.Cases(ctx, bot.Suspended)
	if err != nil {
		return nil, err
	}
	for _, c := range suspended {
		days := a.Desk.Deleting.ReminderDue(c, tx.Now)
		if days == 0 || c.Held.Done() {
			continue
		}
		told, err := tx.HasLetter(ctx, desk.ReminderStep(c, days))
		if err != nil {
			return nil, err
		}
		if !told {
			jobs = append(jobs, store.Job{Kind: store.EraseRemindJob, ID: c.ID})
		}
	}
	return jobs, nil
}
