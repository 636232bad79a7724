package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"vanthu/bot"
)

// A Process is one that serves a PostgreSQL database. Its times are of the database's clock.
type Process struct {
	ID      string
	Body    string // what a process on the same machine knows it by
	Epoch   int64  // how often it began or came back
	BeganAt time.Time
	BeatAt  time.Time
	GoneAt  time.Time // another process declared it gone; zero: it lives
	Silent  time.Duration
	Holds   []string // leases
}

// Token names this process in its connections to the database, and is unlike any other process's.
func (db *DB) Token() string { return db.token }

// Shared says whether several processes may serve this database.
func (db *DB) Shared() bool { return db.dialect == postgres }

// lockProcesses is held while a process begins: of two that begin at once one sees the other.
const lockProcesses int64 = 0x76616e746875 + 8

// aside runs f in a transaction that writes nothing of the desk: no events, no jobs, no fence.
func (db *DB) aside(ctx context.Context, f func(tx *Tx) error) error {
	tx, err := db.begin(ctx, db.write, nil)
	if err != nil {
		return err
	}
	defer tx.end()
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.tx.Commit(); err != nil {
		return bot.Errorf(bot.Temporary, "store: commit: %w", err)
	}
	return nil
}

// Begin notes that a process serves. dead says of another one whether it is dead for certain; what such a one had in its hands is
// taken up at once. alone: no other process lives, and what looks as if it were being done is done by nobody.
func (db *DB) Begin(ctx context.Context, p Process, dead func(Process) bool, putBack func(ctx context.Context, process string) error) (alone bool, gone []Process, err error) {
	err = db.aside(ctx, func(tx *Tx) error {
		if err := tx.Lock(ctx, lockProcesses); err != nil {
			return err
		}
		others, err := tx.Processes(ctx)
		if err != nil {
			return err
		}
		gone, alone = nil, true
		for _, o := range others {
			switch {
			case o.ID == p.ID || !o.GoneAt.IsZero():
			case dead(o):
				gone = append(gone, o)
				if err := putBack(ctx, o.ID); err != nil {
					return err
				}
				if _, err := tx.bury(ctx, o, true); err != nil {
					return err
				}
			default:
				alone = false
			}
		}
		if alone {
			if err := tx.recall(ctx); err != nil {
				return err
			}
		}
		if _, err := tx.exec(ctx, `DELETE FROM processes WHERE gone_at > 0 AND gone_at < `+dbNow+` - $1`, (24 * time.Hour).Microseconds()); err != nil {
			return err
		}
		return tx.comeBack(ctx, p)
	})
	return alone, gone, err
}

// recall makes answers due that processes had which are all gone. It is done before another one may begin: else it would take what
// that one has in its hands.
func (tx *Tx) recall(ctx context.Context) error {
	if err := tx.RecallLetters(ctx, 0); err != nil {
		return err
	}
	if err := tx.ReleaseLetters(ctx); err != nil {
		return err
	}
	return tx.ForgetBeats(ctx)
}

func (tx *Tx) comeBack(ctx context.Context, p Process) error {
	_, err := tx.exec(ctx, `INSERT INTO processes (id, body, began_at, beat_at) VALUES ($1, $2, `+dbNow+`, `+dbNow+`)
		ON CONFLICT (id) DO UPDATE SET gone_at = 0, beat_at = excluded.beat_at, epoch = processes.epoch + 1`, p.ID, p.Body)
	return err
}

// A Pulse is what a process learns at each beat.
type Pulse struct {
	Back   bool      // it had been declared gone: what it had in its hands is in others'
	Held   []Lease   // that it has, for another LeaseTime from the moment when the beat began
	Living int       // processes that serve, this one among them
	Silent []Process // others that have not been heard of for LeaseTime
}

// Beat notes that a process lives, renews its leases, and takes those of the wanted ones that are free.
func (db *DB) Beat(ctx context.Context, p Process, wanted []string) (pulse Pulse, err error) {
	err = db.aside(ctx, func(tx *Tx) (err error) {
		pulse = Pulse{Living: 1}
		n, err := tx.exec(ctx, `UPDATE processes SET beat_at = `+dbNow+` WHERE id = $1 AND gone_at = 0`, p.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			pulse.Back = true
			if err := tx.comeBack(ctx, p); err != nil {
				return err
			}
		}
		if pulse.Held, err = tx.renew(ctx, p.ID); err != nil {
			return err
		}
		taken := false
		for _, name := range wanted {
			if slices.ContainsFunc(pulse.Held, func(l Lease) bool { return l.Name == name }) {
				continue
			}
			l, ok, err := tx.tryTake(ctx, name, p.ID)
			if err != nil {
				return err
			}
			if taken = taken || ok; ok {
				pulse.Held = append(pulse.Held, l)
			}
		}
		others, err := tx.Processes(ctx)
		if err != nil {
			return err
		}
		for _, o := range others {
			if o.ID == p.ID || !o.GoneAt.IsZero() {
				continue
			}
			pulse.Living++
			if o.Silent > LeaseTime || o.Silent < -LeaseTime {
				pulse.Silent = append(pulse.Silent, o)
			}
		}
		if taken || pulse.Back {
			return nil
		}
		// A beat that a crash of the database forgets is missed by nobody. An epoch must not be forgotten.
		_, err = tx.exec(ctx, `SET LOCAL synchronous_commit TO OFF`)
		return err
	})
	return pulse, err
}

// tryTake is take, without a lock while somebody holds the lease.
func (tx *Tx) tryTake(ctx context.Context, name, id string) (Lease, bool, error) {
	var held bool
	if err := tx.row(ctx, `SELECT EXISTS (SELECT 1 FROM leases WHERE name = $1 AND NOT `+untaken+`)`, name, LeaseTime.Microseconds()).Scan(&held); err != nil {
		return Lease{}, false, fmt.Errorf("store: lease: %w", err)
	}
	if held {
		return Lease{}, false, nil
	}
	return tx.take(ctx, name, id)
}

// Bury declares a silent process gone, unless it was heard of since: its connections are ended (a transaction in which it froze
// would keep its locks for ever), its leases are free, and the answers that it had not begun to end are due. certain: it is known
// to be dead, and those that the mail server may have taken are due, too.
//
// putBack makes its jobs ready for others. It comes before the word that nobody says twice: who dies between the two leaves it to
// the next one, and a job that comes twice does no harm.
func (db *DB) Bury(ctx context.Context, p Process, certain bool, putBack func(ctx context.Context, process string) error) (buried bool, err error) {
	if err := db.hangUp(ctx, p); err != nil {
		return false, err
	}
	if err := putBack(ctx, p.ID); err != nil {
		return false, err
	}
	err = db.aside(ctx, func(tx *Tx) (err error) {
		buried, err = tx.bury(ctx, p, certain)
		return err
	})
	return buried, err
}

// hangUp ends the connections of a process. Of a frozen one nobody else can.
func (db *DB) hangUp(ctx context.Context, p Process) error {
	return db.aside(ctx, func(tx *Tx) error {
		var n int
		if err := tx.row(ctx, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE datname = current_database() AND usename = current_user AND application_name = $1 AND pid <> pg_backend_pid()`,
			application(p.ID[strings.LastIndexByte(p.ID, '/')+1:])).Scan(&n); err != nil {
			return fmt.Errorf("store: process: %w", err)
		}
		return nil
	})
}

// application is what a process calls its connections (pg_stat_activity).
func application(token string) string { return "vanthu " + token }

func (tx *Tx) bury(ctx context.Context, p Process, certain bool) (bool, error) {
	n, err := tx.exec(ctx, `UPDATE processes SET gone_at = `+dbNow+` WHERE id = $1 AND gone_at = 0 AND beat_at = $2`, p.ID, micros(p.BeatAt))
	if err != nil || n == 0 {
		return false, err
	}
	if _, err := tx.exec(ctx, `UPDATE leases SET holder = '', until_at = 0 WHERE holder = $1`, p.ID); err != nil {
		return false, err
	}
	if err := tx.EndBeat(ctx, p.ID); err != nil {
		return false, err
	}
	// What is marked may have been taken. A frozen process will say so when it wakes; the others wait for as long as the answer is its.
	mine := `holder = $1 AND state = 'sending' AND ` + open
	if !certain {
		mine += ` AND dot_at = 0`
	}
	_, err = tx.exec(ctx, `UPDATE outbox SET next_at = $2 WHERE `+mine+` AND next_at > $2`, p.ID, micros(tx.Now))
	return true, err
}

// Leave notes that a process ends in order: its leases are free now.
func (db *DB) Leave(ctx context.Context, id string) error {
	return db.aside(ctx, func(tx *Tx) error {
		if _, err := tx.exec(ctx, `UPDATE leases SET holder = '', until_at = 0 WHERE holder = $1`, id); err != nil {
			return err
		}
		_, err := tx.exec(ctx, `DELETE FROM processes WHERE id = $1`, id)
		return err
	})
}

// Processes returns those that serve and those that were declared gone in the last day, with what each holds.
func (tx *Tx) Processes(ctx context.Context) ([]Process, error) {
	if tx.db.dialect == sqlite {
		return nil, nil
	}
	return list(ctx, tx, func(s scanner) (Process, error) {
		var p Process
		var began, beat, gone, silent int64
		var holds string
		err := s.Scan(&p.ID, &p.Body, &p.Epoch, &began, &beat, &gone, &silent, &holds)
		p.BeganAt, p.BeatAt, p.GoneAt, p.Silent, p.Holds = instant(began), instant(beat), instant(gone), time.Duration(silent)*time.Microsecond, strings.Fields(holds)
		return p, err
	}, `SELECT id, body, epoch, began_at, beat_at, gone_at, `+dbNow+` - beat_at, coalesce((SELECT string_agg(name, ' ' ORDER BY name) FROM leases
		WHERE holder = p.id AND until_at > `+dbNow+`), '') FROM processes p ORDER BY began_at, id`)
}
