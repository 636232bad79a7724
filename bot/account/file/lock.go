package file

import (
	"context"
	"errors"
	"os"
	"syscall"
)

// lock takes the lock file (flock: the system gives it back when the holder dies) and returns how to release it. When ctx
// ends first, a lock that still comes is released at once.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	release := func() { _ = f.Close() } // closing the last descriptor releases
	if err := flock(f, syscall.LOCK_EX|syscall.LOCK_NB); err == nil {
		return release, nil
	} else if !errors.Is(err, syscall.EWOULDBLOCK) {
		release()
		return nil, err
	}
	got := make(chan error)
	go func() {
		err := flock(f, syscall.LOCK_EX)
		select {
		case got <- err:
		case <-ctx.Done(): // nobody waits any more
			release()
		}
	}()
	select {
	case err := <-got:
		if err != nil {
			release()
			return nil, err
		}
		return release, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func flock(f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
