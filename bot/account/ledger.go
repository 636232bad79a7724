package account

import (
	"context"
	"sync"
	"time"

	"vanthu/bot/store"
)

// A ledger writes what becomes of rows: on SQLite, which writes for one at a time, of all who wait at that moment in one transaction,
// for a commit to the disk takes as long for eight rows as for one. It goes on for a little while when ctx has ended: what is known of a row is worth keeping.
type ledger struct {
	db *store.DB

	commit sync.Mutex // one transaction at a time
	mu     sync.Mutex
	queue  []*entry
}

type entry struct {
	write func(ctx context.Context, tx *store.Tx) error // may be called twice
	done  bool
	err   error
}

// write returns when what f writes is in the database.
func (l *ledger) write(ctx context.Context, f func(ctx context.Context, tx *store.Tx) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if l.db.SQLite() == nil { // PostgreSQL writes several transactions at once, and flushes them together by itself
		return l.db.Write(ctx, func(tx *store.Tx) error { return f(ctx, tx) })
	}
	e := &entry{write: f}
	l.mu.Lock()
	l.queue = append(l.queue, e)
	l.mu.Unlock()

	l.commit.Lock()
	defer l.commit.Unlock()
	if e.done { // by who was here before
		return e.err
	}
	l.mu.Lock()
	batch := l.queue
	l.queue = nil
	l.mu.Unlock()
	l.flush(ctx, batch)
	return e.err
}

func (l *ledger) flush(ctx context.Context, batch []*entry) {
	err := l.db.Write(ctx, func(tx *store.Tx) error {
		for _, e := range batch {
			if err := e.write(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil && len(batch) > 1 { // one of them is at fault: the others must not pay for it
		for _, e := range batch {
			l.flush(ctx, []*entry{e})
		}
		return
	}
	for _, e := range batch {
		e.done, e.err = true, err
	}
}
