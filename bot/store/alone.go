package store

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Alone says whether no other process serves this SQLite database, and keeps it so until release: by a locked file beside it,
// which the operating system gives up when a process dies. On PostgreSQL any number may serve, and Begin says who is alone.
func (db *DB) Alone() (alone bool, release func(), err error) {
	if db.dialect != sqlite {
		return false, func() {}, nil
	}
	f, err := os.OpenFile(db.file+".lock", os.O_CREATE|os.O_RDWR, 0o600)
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
