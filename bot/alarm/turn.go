package alarm

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"vanthu/bot/store"
)

const (
	lease   = 2 * time.Minute  // a process that claimed an alarm tells it within
	retry   = time.Minute      // after all channels failed
	patient = 10 * time.Second // what the database may take for a turn
	keep    = 90 * 24 * time.Hour
)

// hold is how long a condition stands before a person is told. What has an age of its own, or is an event, is told at once.
func (a *Alarms) hold(c Condition) time.Duration {
	switch c.kind() {
	case IMAP, SMTP, OAuth, Database:
		return a.cfg.After
	default:
		return 0
	}
}

func (c Condition) kind() Condition {
	kind, _, _ := strings.Cut(string(c), "/")
	return Condition(kind)
}

// settle is how long a condition must be gone before it counts as over: a connection that comes and goes is not well.
func (a *Alarms) settle() time.Duration { return min(a.cfg.After, time.Minute) }

// Turn takes in what was said, and returns the alarms that this process is to tell now. The database is the truth while it
// answers. While it does not, which is an alarm itself, this process goes on from what it last knew, on its own.
func (a *Alarms) Turn(ctx context.Context) []store.Alarm {
	slow := time.NewTimer(patient / 2)
	rows, due, err := a.shared(ctx)
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		a.Raise(Database, code(err), "")
		return a.own()
	case !slow.Stop():
		a.Raise(Database, "slow", "")
	default:
		a.Clear(Database)
	}
	a.mu.Lock()
	a.rows, a.alone = rows, false
	a.mu.Unlock()
	return a.mine(due)
}

// mine marks what this process tells from now on.
func (a *Alarms) mine(due []store.Alarm) []store.Alarm {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, row := range due {
		a.busy[keyOf(row)] = true
	}
	return due
}

// code names what the database says, without its words: they may hold an address or a value.
func code(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "slow"
	}
	return "failing"
}

// shared is a turn on the database. It always writes, the pulse of this process: a disk that is full shows in nothing else.
func (a *Alarms) shared(ctx context.Context) (rows, due []store.Alarm, err error) {
	ctx, cancel := context.WithTimeout(ctx, patient)
	defer cancel()
	in, own := a.take()
	var n next
	err = a.db.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Lock(ctx, store.LockAlarms); err != nil {
			return err
		}
		open, err := tx.OpenAlarms(ctx)
		if err != nil {
			return err
		}
		rows, changed := merge(open, own)
		if n = a.turn(rows, in, tx.Now); n.changed || changed {
			err = tx.SaveAlarms(ctx, n.rows)
		}
		if err == nil && a.cfg.Beat != nil {
			err = tx.Beat(ctx, a.cfg.Process, a.cfg.Beat())
		}
		return errors.Join(err, tx.ForgetAlarms(ctx, tx.Now.Add(-keep)))
	})
	if err != nil {
		a.putBack(in)
		return nil, nil, err
	}
	a.settled(n.done)
	return open(n.rows), n.due, nil
}

// own is a turn without the database.
func (a *Alarms) own() []store.Alarm {
	in, _ := a.take()
	a.mu.Lock()
	next := a.turn(a.rows, in, a.cfg.Now().UTC().Truncate(time.Microsecond))
	a.alone = true
	a.rows = slices.DeleteFunc(next.rows, func(row store.Alarm) bool { return row.Ended && row.ID == 0 && row.Told == 0 })
	a.mu.Unlock()
	a.settled(next.done)
	return a.mine(next.due)
}

// take empties what was said. own are the rows that only this process knows, or knows better.
func (a *Alarms) take() (in input, own []store.Alarm) {
	a.mu.Lock()
	defer a.mu.Unlock()
	in = input{raised: a.in.raised, cleared: maps.Clone(a.in.cleared), told: a.in.told, busy: maps.Clone(a.busy)}
	a.in.raised, a.in.told = make(map[Condition]signal), nil
	if a.alone {
		own = slices.Clone(a.rows)
	}
	return in, own
}

// putBack keeps what could not be written for the next turn.
func (a *Alarms) putBack(in input) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for c, s := range in.raised {
		if newer, ok := a.in.raised[c]; ok {
			s.code, s.detail = newer.code, newer.detail
		}
		if !a.in.cleared[c] || in.cleared[c] {
			a.in.raised[c] = s
		}
	}
	a.in.told = append(in.told, a.in.told...)
}

// settled forgets what was cleared.
func (a *Alarms) settled(done []Condition) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range done {
		delete(a.in.cleared, c)
	}
}

func open(rows []store.Alarm) []store.Alarm {
	return slices.DeleteFunc(rows, func(row store.Alarm) bool { return row.Ended })
}

// merge puts what a process did on its own, while the database was gone, to what stands there.
func merge(rows, own []store.Alarm) (all []store.Alarm, changed bool) {
	all = slices.Clone(rows)
	for _, mine := range own {
		i := slices.IndexFunc(all, func(row store.Alarm) bool {
			return mine.ID != 0 && row.ID == mine.ID || mine.ID == 0 && row.Condition == mine.Condition && row.Stands() && mine.Stands()
		})
		switch {
		case i < 0 && mine.ID != 0: // another process told its end meanwhile
		case i < 0:
			all, changed = append(all, mine), true
		case all[i] != mine && mine.Told >= all[i].Told:
			mine.ID = all[i].ID
			all[i], changed = mine, true
		}
	}
	return all, changed
}

// A next is what follows from a turn.
type next struct {
	rows    []store.Alarm
	due     []store.Alarm // claimed for this process
	done    []Condition   // were cleared, or did not stand
	changed bool
}

// turn is the whole logic, without a database: what was said becomes rows, and rows become due.
func (a *Alarms) turn(rows []store.Alarm, in input, now time.Time) next {
	n := next{rows: slices.Clone(rows)}
	for i := range n.rows {
		n.changed = present(&n.rows[i], now) || n.changed
	}
	standing := func(c Condition) int {
		return slices.IndexFunc(n.rows, func(row store.Alarm) bool { return row.Condition == string(c) && row.Stands() })
	}
	for _, t := range in.told {
		for i := range n.rows {
			row := &n.rows[i]
			if keyOf(*row) != t.key {
				continue
			}
			n.changed = true
			row.Claimed = now.Add(retry)
			if t.ok {
				row.Told, row.ToldAt, row.Claimed, row.Ended = row.Told+1, now, time.Time{}, t.cleared
			}
		}
	}
	for _, c := range slices.Sorted(maps.Keys(in.raised)) {
		s := in.raised[c]
		i := standing(c)
		if i < 0 {
			n.rows = append(n.rows, store.Alarm{Condition: string(c), Since: s.since})
			i = len(n.rows) - 1
		}
		n.rows[i].Code, n.rows[i].Detail, n.rows[i].SeenAt, n.changed = s.code, s.detail, now, true
	}
	for c := range in.cleared {
		i := standing(c)
		switch {
		case i < 0:
			n.done = append(n.done, c)
		case n.rows[i].SeenAt.After(now.Add(-a.settle())) || n.rows[i].Claimed.After(now):
			continue // it must stay well for a while; or it is being told
		default:
			n.rows[i].ClearedAt, n.rows[i].Ended, n.changed = now, n.rows[i].Told == 0, true
			n.done = append(n.done, c)
		}
	}
	for i := range n.rows {
		row := &n.rows[i]
		if row.Ended || in.busy[keyOf(*row)] || row.Claimed.After(now) || !a.due(*row, now) {
			continue
		}
		row.Claimed, n.changed = now.Add(lease), true
		n.due = append(n.due, *row)
	}
	return n
}

// present brings back what is noted of the future: the clock was set back, which must not silence anybody until it has caught
// up. It says whether anything was.
func present(row *store.Alarm, now time.Time) (changed bool) {
	latest := now.Add(lease + retry) // a little of it is another process's clock
	for _, at := range []*time.Time{&row.SeenAt, &row.ToldAt, &row.Claimed} {
		if at.After(latest) {
			*at, changed = now, true
		}
	}
	return changed
}

// Counts says whether an alarm stands that a person was told of or is to be: not one that is still on hold.
func (a *Alarms) Counts(row store.Alarm, now time.Time) bool {
	return row.Stands() && (row.Told > 0 || a.due(row, now))
}

func (a *Alarms) due(row store.Alarm, now time.Time) bool {
	switch {
	case !row.Stands():
		return true // that it is over
	case row.Told == 0:
		ahead := row.Since.Sub(now) // much of it: the clock was set back
		return ahead <= -a.hold(Condition(row.Condition)) || ahead > lease+retry
	default:
		return a.cfg.Remind > 0 && !now.Before(row.ToldAt.Add(a.cfg.Remind))
	}
}
