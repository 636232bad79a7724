package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"vanthu/bot"
)

// An Intent is what the platform is about to be asked, was asked and has said for one row of a plan. It is written before the call,
// so that whoever comes after a crash knows what may have been done (decision 29).
type Intent struct {
	PlanID, CaseID int64
	N              int
	Platform       string
	Tries          int       // how often it was taken up; who took it up before has no say any more
	TakenUntil     time.Time // a run has it in its hands until then
	AskedAt        time.Time // when the platform was last about to be asked
	AskedUntil     time.Time // until when that may have reached it; zero: it did not
	Acknowledged   time.Time // the platform said that it is done: it is not asked again
	Seen           time.Time // read back
	Done           time.Time // recorded: made, or given up for an officer
	Looks          int       // in vain, since it was asked
	Next           time.Time // nobody looks before
	Told           time.Time // officers were told that it does not show
}

const intentColumns = `plan_id, case_id, n, platform, tries, taken_until, asked_at, asked_until, acknowledged_at, seen_at, done_at, looks, next_at, told_at`

func scanIntent(s scanner) (Intent, error) {
	var i Intent
	var taken, asked, until, acknowledged, seen, done, next, told int64
	err := s.Scan(&i.PlanID, &i.CaseID, &i.N, &i.Platform, &i.Tries, &taken, &asked, &until, &acknowledged, &seen, &done, &i.Looks, &next, &told)
	i.TakenUntil, i.AskedAt, i.AskedUntil, i.Acknowledged = instant(taken), instant(asked), instant(until), instant(acknowledged)
	i.Seen, i.Done, i.Next, i.Told = instant(seen), instant(done), instant(next), instant(told)
	return i, err
}

// LockIntents is held while a run takes rows up: of several, one has each.
const LockIntents int64 = 0x76616e746875 + 18

// Intents returns what is known of the rows of a case in a plan, by row.
func (tx *Tx) Intents(ctx context.Context, planID, caseID int64) (map[int]Intent, error) {
	all, err := list(ctx, tx, scanIntent, `SELECT `+intentColumns+` FROM intents WHERE plan_id = $1 AND case_id = $2`, planID, caseID)
	intents := make(map[int]Intent, len(all))
	for _, i := range all {
		intents[i.N] = i
	}
	return intents, err
}

// PutIntents writes intents whole, many in one statement.
func (tx *Tx) PutIntents(ctx context.Context, intents []Intent) error {
	const columns = 14
	for len(intents) > 0 {
		page := intents[:min(50, len(intents))]
		intents = intents[len(page):]
		var places strings.Builder
		var args []any
		for k, i := range page {
			if k > 0 {
				places.WriteString(", ")
			}
			for c := range columns {
				fmt.Fprintf(&places, "%s$%d", map[bool]string{true: "(", false: ","}[c == 0], k*columns+c+1)
			}
			places.WriteString(")")
			args = append(args, i.PlanID, i.CaseID, i.N, i.Platform, i.Tries, micros(i.TakenUntil), micros(i.AskedAt), micros(i.AskedUntil),
				micros(i.Acknowledged), micros(i.Seen), micros(i.Done), i.Looks, micros(i.Next), micros(i.Told))
		}
		if _, err := tx.exec(ctx, `INSERT INTO intents (`+intentColumns+`) VALUES `+places.String()+` ON CONFLICT (plan_id, case_id, n) DO UPDATE SET
			tries = excluded.tries, taken_until = excluded.taken_until, asked_at = excluded.asked_at, asked_until = excluded.asked_until,
			acknowledged_at = excluded.acknowledged_at, seen_at = excluded.seen_at, done_at = excluded.done_at, looks = excluded.looks,
			next_at = excluded.next_at, told_at = excluded.told_at`, args...); err != nil {
			return err
		}
	}
	return nil
}

// Acknowledge notes that the platform has said of a row that it is done. Nothing of it is ever taken back.
func (tx *Tx) Acknowledge(ctx context.Context, i Intent) error {
	_, err := tx.exec(ctx, `UPDATE intents SET acknowledged_at = $1 WHERE plan_id = $2 AND case_id = $3 AND n = $4 AND acknowledged_at = 0`,
		micros(tx.Now), i.PlanID, i.CaseID, i.N)
	return err
}

// EndIntent notes how a try ended, when i is of who took the row up last (or whoever it is, with anybody). What was acknowledged or seen
// stays so, and what is recorded is over: who wakes then has no say. It says whether it was noted.
func (tx *Tx) EndIntent(ctx context.Context, i Intent, anybody bool) (bool, error) {
	n, err := tx.exec(ctx, `UPDATE intents SET taken_until = 0, asked_at = $1, asked_until = $2, acknowledged_at = CASE WHEN acknowledged_at > 0 THEN acknowledged_at ELSE $3 END,
		seen_at = CASE WHEN seen_at > 0 THEN seen_at ELSE $4 END, done_at = $5, looks = $6, next_at = $7, told_at = $8
		WHERE plan_id = $9 AND case_id = $10 AND n = $11 AND done_at = 0 AND (tries = $12 OR $13)`, micros(i.AskedAt), micros(i.AskedUntil), micros(i.Acknowledged), micros(i.Seen), micros(i.Done),
		i.Looks, micros(i.Next), micros(i.Told), i.PlanID, i.CaseID, i.N, i.Tries, anybody)
	return n == 1, err
}

// PausePlan stops a plan within the rows in flight; ContinuePlan lets it go on. They say false when it is so already.
func (tx *Tx) PausePlan(ctx context.Context, id int64, by bot.Actor, why string) (bool, error) {
	n, err := tx.exec(ctx, `UPDATE plans SET paused_at = $1, paused_by = $2, paused_why = $3 WHERE id = $4 AND paused_at = 0`, micros(tx.Now), string(by), short(why, longestReason), id)
	return n == 1, err
}

// ContinuePlan ends a pause.
func (tx *Tx) ContinuePlan(ctx context.Context, id int64) (bool, error) {
	n, err := tx.exec(ctx, `UPDATE plans SET paused_at = 0, paused_by = '', paused_why = '' WHERE id = $1 AND paused_at > 0`, id)
	return n == 1, err
}

// PlanPaused says whether an officer has stopped a plan.
func (tx *Tx) PlanPaused(ctx context.Context, id int64) (bool, error) {
	var at int64
	if err := tx.row(ctx, `SELECT paused_at FROM plans WHERE id = $1`, id).Scan(&at); err != nil {
		return false, fmt.Errorf("store: plan: %w", err)
	}
	return at > 0, nil
}

// PlanRests notes until when the platform is let alone, which has said when to come back.
func (tx *Tx) PlanRests(ctx context.Context, id, caseID int64, until time.Time) error {
	_, err := tx.exec(ctx, `UPDATE plan_cases SET rests_until = $1 WHERE plan_id = $2 AND case_id = $3`, micros(until), id, caseID)
	return err
}

// PlanRest is until when the platform is let alone for a case, the zero time when it is not.
func (tx *Tx) PlanRest(ctx context.Context, id, caseID int64) (time.Time, error) {
	all, err := list(ctx, tx, scanID, `SELECT rests_until FROM plan_cases WHERE plan_id = $1 AND case_id = $2`, id, caseID)
	if err != nil || len(all) == 0 {
		return time.Time{}, err
	}
	return instant(all[0]), nil
}
