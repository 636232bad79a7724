package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"vanthu/bot"
)

// The history is a chain (decision 27): the hash of each event is over the hash of the one before and all of its own fields, so
// that nothing can be changed, put in, taken out or moved without every later hash being wrong. What lies in the table is kept as
// text here, unread: what somebody has changed may be no number and no JSON any more.

// A Link is one event as it lies in the table.
type Link struct {
	ID                                int64
	At, Actor, What, Case, Plan, Mail string
	Detail                            string // JSON
	Salt                              string // hashed with the detail, so that an erased one cannot be guessed from its hash
	Sums                              string // a short hash of each group of fields: which of them was changed
	Hash                              string
	Kept                              string // the leaf of a detail that was destroyed, "" of one that is there
	Destroyed                         int64  // the list by which it was (retention.go)
}

// Groups are the fields of an event that Sums tells apart.
func Groups() []string { return groups[:] }

var groups = [...]string{"time", "actor", "what", "about", "detail"} // read-only

// sumLength is the number of hex digits of one group.
const sumLength = 8

// sum hashes values, each with its length in front, so that no two lists of values are the same bytes.
func sum(values ...string) string {
	b := make([]byte, 0, 512)
	for _, v := range values { // netstrings
		b = append(strconv.AppendInt(b, int64(len(v)), 10), ':')
		b = append(append(b, v...), ',')
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// Leaf is what the hash of the event is over instead of its detail: when a detail is destroyed, its leaf is kept.
func (l Link) Leaf() string {
	if l.Kept != "" && l.Detail == "{}" && l.Salt == "" {
		return l.Kept
	}
	return sum("vanthu detail 1", l.Salt, l.Detail)
}

// Seal is the hash of the event after the one with the hash prev ("" for the first).
func (l Link) Seal(prev string) string {
	return sum("vanthu event 1", prev, strconv.FormatInt(l.ID, 10), l.At, l.Actor, l.What, l.Case, l.Plan, l.Mail, l.Leaf())
}

// Sum returns the short hashes of the groups of fields.
func (l Link) Sum() string {
	id := strconv.FormatInt(l.ID, 10)
	return sum("vanthu time", id, l.At)[:sumLength] + sum("vanthu actor", id, l.Actor)[:sumLength] + sum("vanthu what", id, l.What)[:sumLength] +
		sum("vanthu about", id, l.Case, l.Plan, l.Mail)[:sumLength] + sum("vanthu detail", id, l.Leaf())[:sumLength]
}

// A Head is the newest event of the chain. Kept outside the database it proves that nothing before it was changed.
type Head struct {
	Event int64  `json:"event"`
	Hash  string `json:"hash"`
}

// AddEvent appends to the history. At is the transaction's Now. The event is chained when the transaction commits, so that the
// chain waits for nobody's work.
func (tx *Tx) AddEvent(_ context.Context, e bot.Event) error {
	if !tx.writes {
		return fmt.Errorf("store: event %s in a transaction that reads", e.What)
	}
	detail, err := json.Marshal(e.Detail)
	if err != nil {
		return fmt.Errorf("store: event: %w", err)
	}
	clean := func(s string) string { return storable([]any{s})[0].(string) }
	tx.events = append(tx.events, Link{At: strconv.FormatInt(micros(tx.Now), 10), Actor: clean(string(e.Actor)), What: clean(e.What),
		Case: strconv.FormatInt(e.Case, 10), Plan: strconv.FormatInt(e.Plan, 10), Mail: strconv.FormatInt(e.Mail, 10), Detail: clean(string(detail)), Salt: rand.Text()})
	return nil
}

// chain writes the events of this transaction behind the head. It is the last thing before the commit: who held the head while he
// still waits for another row would stop everybody, and with one who has that row and waits for the head nobody would go on.
func (tx *Tx) chain(ctx context.Context) error {
	if len(tx.events) == 0 {
		return nil
	}
	head, err := tx.lockHead(ctx)
	if err != nil {
		return err
	}
	for len(tx.events) > 0 { // few statements: whoever else writes waits for their way to the server
		page := tx.events[:min(100, len(tx.events))]
		tx.events = tx.events[len(page):]
		var places strings.Builder
		var args []any
		for i, l := range page {
			l.ID = head.Event + 1
			l.Hash, l.Sums = l.Seal(head.Hash), l.Sum()
			head = Head{l.ID, l.Hash}
			if i > 0 {
				places.WriteString(", ")
			}
			n := len(args)
			fmt.Fprintf(&places, "($%d, CAST($%d AS BIGINT), $%d, $%d, CAST($%d AS BIGINT), CAST($%d AS BIGINT), CAST($%d AS BIGINT), $%d, $%d, $%d, $%d)",
				n+1, n+2, n+3, n+4, n+5, n+6, n+7, n+8, n+9, n+10, n+11)
			args = append(args, l.ID, l.At, l.Actor, l.What, l.Case, l.Plan, l.Mail, l.Detail, l.Salt, l.Sums, l.Hash)
		}
		if _, err := tx.exec(ctx, `INSERT INTO events (id, at, actor, what, case_id, plan_id, mail_id, detail, salt, sums, hash) VALUES `+places.String(), args...); err != nil {
			return err
		}
	}
	tx.events = nil
	return nil
}

// lockHead returns the newest event and keeps everybody else from adding one until this transaction ends: one chain, whoever
// writes. On SQLite a writing transaction is alone anyway. A trigger moves the head.
func (tx *Tx) lockHead(ctx context.Context) (h Head, err error) {
	query := `SELECT n, hash FROM event_head WHERE one = 1`
	if tx.db.dialect == postgres {
		query += ` FOR UPDATE`
	}
	if err := tx.row(ctx, query).Scan(&h.Event, &h.Hash); err != nil {
		return h, fmt.Errorf("store: head of the events: %w", err)
	}
	return h, nil
}

// Head returns the newest event of the chain.
func (tx *Tx) Head(ctx context.Context) (h Head, err error) {
	if err := tx.row(ctx, `SELECT n, hash FROM event_head WHERE one = 1`).Scan(&h.Event, &h.Hash); err != nil {
		return h, fmt.Errorf("store: head of the events: %w", err)
	}
	return h, nil
}

// EventsChained is what the first event behind the chained history of an earlier version says: what happened to that history
// before nobody can tell.
const EventsChained = "events_chained"

// adopt chains the events that an earlier version wrote, once. Events that are in no chain beside others that are were not
// written by us: they are left, for the audit to find.
func (db *DB) adopt(ctx context.Context) error {
	loose := false
	look := func(tx *Tx) error {
		head, err := tx.Head(ctx)
		if err != nil || head.Event > 0 {
			return err
		}
		if err := tx.row(ctx, `SELECT EXISTS (SELECT 1 FROM events WHERE hash = '')`).Scan(&loose); err != nil {
			return fmt.Errorf("store: events: %w", err)
		}
		return nil
	}
	if err := db.Read(ctx, look); err != nil || !loose {
		return err
	}
	return db.Write(ctx, func(tx *Tx) error {
		if _, err := tx.lockHead(ctx); err != nil { // another process may do the same
			return err
		}
		loose = false
		if err := look(tx); err != nil || !loose {
			return err
		}
		var head Head
		first, n := int64(0), 0
		for {
			links, err := list(ctx, tx, scanLink, `SELECT `+linkColumns+` FROM events WHERE id > $1 ORDER BY id LIMIT 500`, head.Event)
			if err != nil {
				return err
			}
			if len(links) == 0 {
				break
			}
			if n == 0 {
				first = links[0].ID
			}
			n += len(links)
			if head, err = tx.adoptPage(ctx, links, head); err != nil {
				return err
			}
		}
		if _, err := tx.exec(ctx, `UPDATE event_head SET n = $1, hash = $2 WHERE one = 1`, head.Event, head.Hash); err != nil {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: bot.System, What: EventsChained, Detail: map[string]string{
			"from": strconv.FormatInt(first, 10), "to": strconv.FormatInt(head.Event, 10), "events": strconv.Itoa(n)}})
	})
}

// adoptPage chains some events in one statement: one by one a million takes minutes.
func (tx *Tx) adoptPage(ctx context.Context, links []Link, head Head) (Head, error) {
	var places strings.Builder
	var args []any
	for _, l := range links {
		l.Salt = rand.Text()
		l.Hash, l.Sums = l.Seal(head.Hash), l.Sum()
		head = Head{l.ID, l.Hash}
		if len(args) > 0 {
			places.WriteString(", ")
		}
		n := len(args)
		fmt.Fprintf(&places, "(CAST($%d AS BIGINT), $%d, $%d, $%d)", n+1, n+2, n+3, n+4)
		args = append(args, l.ID, l.Salt, l.Sums, l.Hash)
	}
	// The range of the page is said: else both databases go through all events for each page.
	last := len(args)
	args = append(args, links[0].ID, links[len(links)-1].ID)
	n, err := tx.exec(ctx, `UPDATE events SET salt = v.column2, sums = v.column3, hash = v.column4
		FROM (VALUES `+places.String()+`) AS v WHERE events.id = v.column1 AND events.hash = ''
			AND events.id >= $`+strconv.Itoa(last+1)+` AND events.id <= $`+strconv.Itoa(last+2), args...)
	if err == nil && n != int64(len(links)) {
		err = fmt.Errorf("store: %d events to chain, %d chained", len(links), n)
	}
	return head, err
}

const linkColumns = `id, at, actor, what, case_id, plan_id, mail_id, detail, salt, sums, hash, leaf, destroyed`

func scanLink(s scanner) (l Link, err error) {
	return l, s.Scan(&l.ID, &l.At, &l.Actor, &l.What, &l.Case, &l.Plan, &l.Mail, &l.Detail, &l.Salt, &l.Sums, &l.Hash, &l.Kept, &l.Destroyed)
}

// Unreadable is the error of a table that is torn: the database gives no event behind that one.
type Unreadable struct {
	After int64
	Err   error
}

func (u *Unreadable) Error() string {
	return fmt.Sprintf("store: the event after %d cannot be read: %v", u.After, u.Err)
}

func (u *Unreadable) Unwrap() error { return u.Err }

// Links calls f for each event from id on, in order, one at a time, and returns the head, all of one moment. A table that cannot be
// read to its end is Unreadable.
func (db *DB) Links(ctx context.Context, from int64, f func(Link)) (head Head, err error) {
	tx, err := db.begin(ctx, db.read, snapshot)
	if err != nil {
		return head, err
	}
	defer tx.end()
	if head, err = tx.Head(ctx); err != nil {
		return head, err
	}
	rows, err := tx.tx.QueryContext(ctx, `SELECT `+linkColumns+` FROM events WHERE id >= $1 ORDER BY id`, from)
	if err != nil {
		return head, fmt.Errorf("store: events: %w", err)
	}
	defer rows.Close()
	last := int64(0)
	for rows.Next() {
		l, err := scanLink(rows)
		if err != nil {
			return head, &Unreadable{last, err}
		}
		last = l.ID
		f(l)
	}
	if err := rows.Err(); err != nil {
		return head, &Unreadable{last, err}
	}
	return head, nil
}
