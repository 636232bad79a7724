// Package store keeps everything that must survive: the journal of mails, cases, plans, events, the outbox and the
// sealed passwords. It is the only package with SQL, on SQLite and on PostgreSQL behind the same methods; the texts use
// the subset that both understand, the few differences stand in dialect.go and in two folders of migrations.
//
// Times are stored as UTC microseconds. One transaction has one Now. It must not know mails, rules or jobs: what has to
// be woken by a change is handed to an Enqueue function that runs inside the transaction.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vanthu/bot"
)

// A Job wakes somebody up for a row. The row is the truth: a job may come late, twice or after all is done.
type Job struct {
	Kind string
	ID   int64
}

// The kinds of job, and whose id they carry.
const (
	JudgeJob   = "judge"   // mail
	FileJob    = "file"    // mail; worked by a loop of its own, not by the queue
	SendJob    = "send"    // outbox row
	BeginJob   = "begin"   // case: the first day of its approved plan has come
	CreateJob  = "create"  // case
	SuspendJob = "suspend" // case
	EraseJob   = "erase"   // case
	RestoreJob = "restore" // case
	BundleJob  = "bundle"  // plan: what was gathered of it for another admin (bot/account/offline)
	DeliverJob = "deliver" // case
	RemindJob  = "remind"  // case
	DigestJob  = "digest"  // the day, as 20261127

	EraseRemindJob = "erase_remind" // case
)

// Enqueue inserts jobs inside tx, so that state and job commit together.
type Enqueue func(ctx context.Context, tx *Tx, jobs []Job) error

// A DB is one database.
type DB struct {
	dialect dialect
	file    string  // SQLite
	token   string  // of this process, in its connections to PostgreSQL
	write   *sql.DB // SQLite: one connection
	read    *sql.DB
	close   func()

	Holder  string // whose hands answers are in that are taken to be sent, "" without several processes
	Now     func() time.Time
	Enqueue Enqueue     // nil: jobs are dropped (offline tools; the sweeper finds the rows)
	Wake    func([]Job) // called after a commit that enqueued jobs, may be nil
	// NameKey is how two spellings of a name are compared (bot/app hands it in); nil: as written. What it said before is not asked again.
	NameKey func(name string) string
	Commit  func() error // called before each commit, may be nil; a test makes it fail or kill
}

// A Tx is one transaction. It is not safe for concurrent use.
type Tx struct {
	Now time.Time // fixed at begin

	db   *DB
	tx   *sql.Tx
	conn *sql.Conn
	jobs []Job

	writes bool
	events []Link // not chained yet
}

// Write runs f in a transaction that may write. On SQLite there is one at a time. A database that cannot be reached or does
// not commit is bot.Temporary: whatever f was about is not at fault.
func (db *DB) Write(ctx context.Context, f func(tx *Tx) error) error {
	tx, err := db.begin(ctx, db.write, nil)
	if err != nil {
		return err
	}
	defer tx.end()
	tx.writes = true
	if err := tx.fence(ctx); err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return err
	}
	if len(tx.jobs) > 0 && db.Enqueue != nil {
		if err := db.Enqueue(ctx, tx, tx.jobs); err != nil {
			return fmt.Errorf("store: enqueue: %w", err)
		}
	}
	if err := tx.chain(ctx); err != nil { // last: its lock is held until the commit
		return err
	}
	if db.Commit != nil {
		if err := db.Commit(); err != nil {
			return err
		}
	}
	if err := tx.tx.Commit(); err != nil {
		return bot.Errorf(bot.Temporary, "store: commit: %w", err)
	}
	if len(tx.jobs) > 0 && db.Wake != nil {
		db.Wake(tx.jobs)
	}
	return nil
}

// Read runs f in a transaction that sees one state of the database and must not write.
func (db *DB) Read(ctx context.Context, f func(tx *Tx) error) error {
	tx, err := db.begin(ctx, db.read, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.end()
	return f(tx)
}

// snapshot is how PostgreSQL sees one moment in several statements; SQLite always does.
var snapshot = &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}

func (db *DB) begin(ctx context.Context, pool *sql.DB, opts *sql.TxOptions) (*Tx, error) {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, bot.Errorf(bot.Temporary, "store: connect: %w", err)
	}
	if opts != nil && db.dialect == sqlite {
		opts = nil // the read pool is opened read-only; modernc refuses the option
	}
	tx, err := conn.BeginTx(ctx, opts)
	if err != nil {
		return nil, errors.Join(bot.Errorf(bot.Temporary, "store: begin: %w", err), conn.Close())
	}
	return &Tx{Now: db.Now().UTC().Truncate(time.Microsecond), db: db, tx: tx, conn: conn}, nil
}

// end rolls back what was not committed and gives the connection back.
func (tx *Tx) end() {
	_ = tx.tx.Rollback() // sql.ErrTxDone after a commit
	_ = tx.conn.Close()
}

// Wake enqueues a job with this transaction.
func (tx *Tx) Wake(kind string, id int64) { tx.jobs = append(tx.jobs, Job{Kind: kind, ID: id}) }

// SQL is the transaction for a queue that lives in the same SQLite database.
func (tx *Tx) SQL() *sql.Tx { return tx.tx }

// Pgx is the connection of the transaction for a queue that lives in the same PostgreSQL database.
func (tx *Tx) Pgx() (*pgx.Conn, error) { return pgxConn(tx.conn) }

// Close closes the database.
func (db *DB) Close() { db.close() }

// exec runs a statement and returns how many rows it changed.
func (tx *Tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := tx.tx.ExecContext(ctx, query, storable(args)...)
	if err != nil {
		return 0, fmt.Errorf("store: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("store: %w", err)
	}
	return n, nil
}

// list scans every row of a query.
func list[T any](ctx context.Context, tx *Tx, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := tx.tx.QueryContext(ctx, query, storable(args)...)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
		all = append(all, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return all, nil
}

type scanner interface{ Scan(dest ...any) error }

// micros and instant convert between time.Time and what is stored: UTC microseconds, 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func instant(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
