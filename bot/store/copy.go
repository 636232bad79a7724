package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"vanthu/bot"
)

// Copied is a table that was copied and read again on the other side.
type Copied struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
	Last  int64  `json:"last"` // the highest number that was ever given, 0: none is
	Hash  string `json:"hash"` // of every value, in the order of the key: the same for both databases
}

// The name of the lease that a copy has on the database that it writes, until it is whole.
const leaseCopy = "copy"

// CopyTo copies everything that must survive from a SQLite database to an empty PostgreSQL database or back, table by table in
// sets, reads it there again, and says of each table what it found on both sides. Until the end the target is marked, and Open
// refuses it. Nobody may serve either of the two; an officer who wrote meanwhile is noticed.
func (db *DB) CopyTo(ctx context.Context, to *DB, told func(Copied)) error {
	lite, pg := db, to
	if db.dialect == postgres {
		lite, pg = to, db
	}
	if lite.dialect != sqlite || pg.dialect != postgres {
		return bot.Errorf(bot.Invalid, "one of the two must be sqlite:FILE, the other postgres://…")
	}
	release, err := unserved(ctx, lite, pg)
	if err != nil {
		return err
	}
	defer release()
	tables, err := copyTables(ctx, lite, pg)
	if err != nil {
		return err
	}
	if err := to.mustBeEmpty(ctx, tables); err != nil {
		return err
	}
	restore, err := to.beginCopy(ctx, tables)
	if err != nil {
		return err
	}
	from, err := db.begin(ctx, db.read, snapshot)
	if err != nil {
		return err
	}
	defer from.end()
	if db.dialect == postgres {
		if _, err := from.exec(ctx, `SET LOCAL idle_in_transaction_session_timeout = 0`); err != nil {
			return err
		}
	}
	var all []Copied
	for _, t := range tables {
		c, err := t.copy(ctx, from, to)
		if err != nil {
			return err
		}
		all = append(all, c)
	}
	if err := restore(ctx); err != nil {
		return err
	}
	for i, t := range tables {
		if err := t.compare(ctx, to, all[i]); err != nil {
			return err
		}
		told(all[i])
	}
	return db.endCopy(ctx, from, to)
}

// unserved keeps both databases from being served until release.
func unserved(ctx context.Context, lite, pg *DB) (release func(), err error) {
	alone, unlock, err := lite.Alone()
	if err != nil {
		return nil, err
	}
	if !alone {
		unlock()
		return nil, bot.Errorf(bot.Conflict, "a vanthu serves %s: stop it first", lite.file)
	}
	tx, err := pg.begin(ctx, pg.write, nil)
	if err != nil {
		unlock()
		return nil, err
	}
	let := func() { tx.end(); unlock() }
	defer func() {
		if err != nil {
			let()
		}
	}()
	if _, err := tx.exec(ctx, `SET LOCAL idle_in_transaction_session_timeout = 0`); err != nil {
		return nil, err
	}
	if err := tx.Lock(ctx, lockProcesses); err != nil { // who begins now waits
		return nil, err
	}
	all, err := tx.Processes(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		if p.GoneAt.IsZero() && p.Silent < 2*LeaseTime {
			return nil, bot.Errorf(bot.Conflict, "%s serves the PostgreSQL database: stop it first", p.ID)
		}
	}
	return let, nil
}

// mustBeEmpty refuses a target in which anything is.
func (db *DB) mustBeEmpty(ctx context.Context, tables []copyTable) error {
	return db.Read(ctx, func(tx *Tx) error {
		for _, t := range tables {
			query := `SELECT EXISTS (SELECT 1 FROM ` + t.name + `)`
			if t.name == "event_head" { // the migration puts the head of no events there
				query = `SELECT EXISTS (SELECT 1 FROM event_head WHERE n <> 0)`
			}
			var any bool
			if err := tx.row(ctx, query).Scan(&any); err != nil {
				return fmt.Errorf("store: %s: %w", t.name, err)
			}
			if any {
				return bot.Errorf(bot.Conflict, "the target is not empty: there are rows in %s; make a new database", t.name)
			}
		}
		return nil
	})
}

// beginCopy marks the target and lets its tables take what lies in others: the triggers that keep the history are off until restore
// puts them back. (Events of an earlier version have gaps, which they would refuse.)
func (db *DB) beginCopy(ctx context.Context, tables []copyTable) (restore func(context.Context) error, err error) {
	var back []string
	err = db.aside(ctx, func(tx *Tx) error {
		if _, err := tx.exec(ctx, `INSERT INTO leases (name, holder, epoch, until_at) VALUES ($1, 'vanthu store copy', 0, 0)`, leaseCopy); err != nil {
			return err
		}
		var off []string
		if db.dialect == postgres {
			for _, t := range tables {
				off, back = append(off, `ALTER TABLE `+t.name+` DISABLE TRIGGER USER`), append(back, `ALTER TABLE `+t.name+` ENABLE TRIGGER USER`)
			}
		} else {
			triggers, err := list(ctx, tx, func(s scanner) (trigger [2]string, err error) {
				return trigger, s.Scan(&trigger[0], &trigger[1])
			}, `SELECT name, sql FROM sqlite_master WHERE type = 'trigger'`)
			if err != nil {
				return err
			}
			for _, t := range triggers {
				off, back = append(off, `DROP TRIGGER `+t[0]), append(back, t[1])
			}
		}
		for _, statement := range append(off, `DELETE FROM event_head`) {
			if _, err := tx.exec(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
	return func(ctx context.Context) error {
		return db.aside(ctx, func(tx *Tx) error {
			for _, statement := range back {
				if _, err := tx.exec(ctx, statement); err != nil {
					return err
				}
			}
			return nil
		})
	}, err
}

// endCopy takes the mark away, unless somebody wrote into the source meanwhile.
func (db *DB) endCopy(ctx context.Context, from *Tx, to *DB) error {
	then, err := from.Head(ctx)
	if err != nil {
		return err
	}
	err = db.Read(ctx, func(tx *Tx) error {
		now, err := tx.Head(ctx)
		if err == nil && now != then {
			err = bot.Errorf(bot.Conflict, "somebody wrote into the source while it was copied (events %d to %d): make a new target and copy again", then.Event+1, now.Event)
		}
		return err
	})
	if err != nil {
		return err
	}
	return to.aside(ctx, func(tx *Tx) error {
		_, err := tx.exec(ctx, `DELETE FROM leases WHERE name = $1`, leaseCopy)
		return err
	})
}

// whole refuses a database that is a copy which was never finished.
func (db *DB) whole(ctx context.Context) error {
	return db.Read(ctx, func(tx *Tx) error {
		var one int
		err := tx.row(ctx, `SELECT 1 FROM leases WHERE name = $1`, leaseCopy).Scan(&one)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
		return bot.Errorf(bot.Conflict, "this database is an incomplete copy (`vanthu store copy` did not end): drop it, make a new one and copy again")
	})
}

// A set is as much as one transaction of the target takes.
const (
	setRows  = 2000
	setBytes = 8 << 20
)

// copy writes all rows of a table into the other database.
func (t copyTable) copy(ctx context.Context, from *Tx, to *DB) (c Copied, err error) {
	var set [][]any
	size := 0
	flush := func() error {
		if len(set) == 0 {
			return nil
		}
		err := to.aside(ctx, func(tx *Tx) error { return t.insert(ctx, tx, set) })
		set, size = nil, 0
		return err
	}
	c, err = t.read(ctx, from, func(row []any, bytes int) error {
		set, size = append(set, row), size+bytes
		if len(set) < setRows && size < setBytes {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	if err == nil {
		err = to.aside(ctx, func(tx *Tx) error { return t.count(ctx, tx, c.Last) })
	}
	if err != nil {
		return c, fmt.Errorf("store: copy of %s: %w", t.name, err)
	}
	return c, nil
}

func (t copyTable) insert(ctx context.Context, tx *Tx, set [][]any) error {
	if tx.db.dialect == postgres {
		conn, err := tx.Pgx()
		if err != nil {
			return err
		}
		_, err = conn.CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, pgx.CopyFromRows(set))
		return err
	}
	places := strings.Repeat("?, ", len(t.columns)-1) + "?"
	stmt, err := tx.tx.PrepareContext(ctx, `INSERT INTO `+t.name+` (`+strings.Join(t.columns, ", ")+`) VALUES (`+places+`)`)
	if err != nil {
		return err
	}
	defer stmt.Close()
	for _, row := range set {
		if _, err := stmt.ExecContext(ctx, row...); err != nil {
			return err
		}
	}
	return nil
}

// compare reads a table of the copy again.
func (t copyTable) compare(ctx context.Context, to *DB, want Copied) error {
	tx, err := to.begin(ctx, to.read, snapshot)
	if err != nil {
		return err
	}
	defer tx.end()
	got, err := t.read(ctx, tx, func([]any, int) error { return nil })
	if err == nil && got != want {
		err = fmt.Errorf("%d rows up to %d with the hash %.16s were written, %d up to %d with %.16s are there", want.Rows, want.Last, want.Hash, got.Rows, got.Last, got.Hash)
	}
	if err != nil {
		return fmt.Errorf("store: copy of %s: %w", t.name, err)
	}
	return nil
}

// read hands out all rows of a table, one at a time, and returns what they come to.
func (t copyTable) read(ctx context.Context, tx *Tx, f func(row []any, bytes int) error) (c Copied, err error) {
	c.Table = t.name
	rows, err := tx.tx.QueryContext(ctx, t.selects(tx.db.dialect))
	if err != nil {
		return c, err
	}
	defer rows.Close()
	sum := sha256.New()
	for rows.Next() {
		row := make([]any, len(t.columns))
		places := make([]any, len(row))
		for i := range row {
			places[i] = &row[i]
		}
		if err := rows.Scan(places...); err != nil {
			return c, err
		}
		size := 0
		for i := range row {
			if row[i], err = plain(t.kinds[i], row[i]); err != nil {
				return c, fmt.Errorf("row %d, %s: %w", c.Rows+1, t.columns[i], err)
			}
			size += digest(sum, row[i])
		}
		c.Rows++
		if err := f(row, size); err != nil {
			return c, err
		}
	}
	if err := rows.Err(); err != nil {
		return c, err
	}
	c.Hash = hex.EncodeToString(sum.Sum(nil))
	c.Last, err = t.counter(ctx, tx)
	return c, err
}

// plain is a value in the one Go type that its column has on both databases.
func plain(kind string, v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case int64:
		if kind == "boolean" {
			return v != 0, nil
		}
		if strings.HasSuffix(kind, "int") || kind == "integer" {
			return v, nil
		}
	case int32:
		return int64(v), nil
	case int16:
		return int64(v), nil
	case bool:
		if kind == "boolean" {
			return v, nil
		}
	case string:
		if kind == "text" {
			return v, nil
		}
	case []byte:
		if kind == "text" {
			return string(v), nil
		}
		if kind == "bytea" {
			return append(make([]byte, 0, len(v)), v...), nil
		}
	}
	return nil, fmt.Errorf("a %T cannot be %s", v, kind)
}

// digest adds a value to the hash, with its length before it, and returns how large it is.
func digest(sum hash.Hash, v any) int {
	var text string
	switch v := v.(type) {
	case nil:
		_, _ = io.WriteString(sum, "-,")
		return 1
	case int64:
		text = strconv.FormatInt(v, 10)
	case bool:
		text = strconv.FormatBool(v)
	case string:
		text = v
	case []byte:
		_, _ = io.WriteString(sum, strconv.Itoa(len(v))+":")
		_, _ = sum.Write(v)
		_, _ = io.WriteString(sum, ",")
		return len(v)
	}
	_, _ = io.WriteString(sum, strconv.Itoa(len(text))+":"+text+",")
	return len(text)
}
