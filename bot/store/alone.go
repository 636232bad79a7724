package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockServe is the session lock that a serving process holds on PostgreSQL.
const lockServe int64 = 0x76616e746875 + 1

// Alone says whether no other process serves this database, and keeps it so until release: by a locked file beside the
// SQLite file, by a session lock on PostgreSQL. The operating system or the server gives both up when a process dies.
func (db *DB) Alone(ctx context.Context) (alone bool, release func(), err error) {
	if db.dialect == sqlite {
		return aloneByFile(db.file + ".lock")
	}
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return false, nil, fmt.Errorf("store: %w", err)
	}
	if err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1)", lockServe).Scan(&alone); err != nil {
		return false, nil, errors.Join(fmt.Errorf("store: %w", err), conn.Close())
	}
	return alone, func() {
		if alone {
			_, _ = conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", lockServe)
		}
		_ = conn.Close()
	}, nil
}

// LockFiling is held while mails are moved: two processes that move one mail at the same moment leave it in the folder twice.
const LockFiling int64 = 0x76616e746875 + 2

// Exclusive waits until no other process holds the lock, and holds it until release. On SQLite one process serves anyway.
func (db *DB) Exclusive(ctx context.Context, lock int64) (release func(), err error) {
	if db.dialect == sqlite {
		return func() {}, nil
	}
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", lock); err != nil {
		return nil, errors.Join(fmt.Errorf("store: %w", err), conn.Close())
	}
	return func() {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", lock)
		_ = conn.Close()
	}, nil
}

func aloneByFile(name string) (bool, func(), error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return false, nil, fmt.Errorf("store: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, func() {}, f.Close()
	}
	if err != nil {
		return false, nil, errors.Join(fmt.Errorf("store: %w", err), f.Close())
	}
	return true, func() { _ = f.Close() }, nil
}
