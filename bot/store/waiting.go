package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// A Queue is how much waits, and since when the oldest of it. Since is zero when nothing does.
type Queue struct {
	N     int       `json:"n"`
	Since time.Time `json:"since,omitzero"`
}

// Waiting is what is not done yet.
type Waiting struct {
	Unjudged   Queue     `json:"unjudged"`   // mails without an outcome
	Unfiled    Queue     `json:"unfiled"`    // judged, and still where they came
	Unsent     Queue     `json:"unsent"`     // answers that will be tried again
	Failed     Queue     `json:"failed"`     // answers that were refused for good or bounced, and that no officer has seen
	Unknown    Queue     `json:"unknown"`    // credentials of which nobody knows whether they arrived
	Quarantine Queue     `json:"quarantine"` // mails that nobody has dealt with
	Braked     Queue     `json:"braked"`     // of these: held by a brake
	Unseen     Queue     `json:"unseen"`     // of these: no officer even looked
	Accounts   Queue     `json:"accounts"`   // cases whose accounts are being made or delivered
	Hidden     Queue     `json:"hidden"`     // accounts that a platform says are made, and does not show although it ought to
	Handed     Queue     `json:"handed"`     // accounts in open bundles, of which another admin has sent no result yet
	LastMail   time.Time `json:"last_mail,omitzero"`
	// Ahead is by how much the mail server's clock was ahead of ours at the last mails.
	Ahead time.Duration `json:"-"`
}

// Waits counts what is not done yet.
func (tx *Tx) Waits(ctx context.Context) (w Waiting, err error) {
	var errs []error
	count := func(q *Queue, query string, args ...any) {
		var since sql.NullInt64
		err := tx.row(ctx, query, args...).Scan(&q.N, &since)
		q.Since = instant(since.Int64)
		errs = append(errs, err)
	}
	count(&w.Unjudged, `SELECT count(*), min(seen_at) FROM mails WHERE outcome = ''`)
	count(&w.Unfiled, `SELECT count(*), min(judged_at) FROM mails WHERE outcome <> '' AND filed_at = 0`)
	count(&w.Unsent, `SELECT count(*), min(queued_at) FROM outbox WHERE `+waits)
	count(&w.Failed, `SELECT count(*), min(created_at) FROM outbox WHERE settled = '' AND (state = 'failed' OR fate = 'bounced')`)
	count(&w.Unknown, `SELECT count(*), min(created_at) FROM outbox WHERE `+open+` AND settled = '' AND state = 'unknown' AND once`)
	count(&w.Quarantine, `SELECT count(*), min(judged_at) FROM mails WHERE outcome = 'quarantine' AND handled_at = 0`)
	count(&w.Braked, `SELECT count(*), min(judged_at) FROM mails WHERE outcome = 'quarantine' AND handled_at = 0 AND reason LIKE 'brake: %'`)
	count(&w.Unseen, `SELECT count(*), min(judged_at) FROM mails WHERE outcome = 'quarantine' AND handled_at = 0
		AND NOT EXISTS (SELECT 1 FROM events WHERE events.mail_id = mails.id AND events.mail_id <> 0 AND events.actor LIKE 'officer:%')`)
	// A batch that waits for its day is nobody's alarm; from that day on it is.
	count(&w.Accounts, `SELECT count(*), min(CASE WHEN coalesce(k.waits_until, 0) > c.updated_at THEN k.waits_until ELSE c.updated_at END)
		FROM cases c LEFT JOIN plan_cases k ON k.plan_id = c.plan_id AND k.case_id = c.id
		WHERE c.state IN ('creating', 'created') AND coalesce(k.waits_until, 0) <= $1`, micros(tx.Now))
	count(&w.Hidden, `SELECT count(*), min(told_at) FROM intents WHERE told_at > 0 AND done_at = 0`)
	count(&w.Handed, `SELECT count(*), min(p.made_at) FROM bundle_rows b JOIN bundles p ON p.id = b.bundle_id WHERE b.state = 'bundled'`)
	var last, ahead sql.NullInt64
	errs = append(errs, tx.row(ctx, `SELECT max(arrived_at - seen_at) FROM mails
		WHERE id > (SELECT max(id) FROM mails) - 20 AND seen_at > $1`, micros(tx.Now.Add(-time.Hour))).Scan(&ahead), tx.row(ctx, `SELECT max(seen_at) FROM (SELECT seen_at FROM mails ORDER BY id DESC LIMIT 20) AS newest`).Scan(&last))
	w.LastMail, w.Ahead = instant(last.Int64), time.Duration(ahead.Int64)*time.Microsecond
	if err := errors.Join(errs...); err != nil {
		return Waiting{}, fmt.Errorf("store: waiting: %w", err)
	}
	return w, nil
}
