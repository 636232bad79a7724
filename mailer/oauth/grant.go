package oauth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// A grant is what the token file holds. Nothing of it is ever shown but the times.
type grant struct {
	Client  string    `json:"client_id"` // a grant belongs to the application that got it
	Token   string    `json:"token_url"`
	Refresh string    `json:"refresh_token,omitempty"` // "" for an application without a person
	Login   time.Time `json:"login_at"`
	Renewed time.Time `json:"renewed_at"`
	Expires time.Time `json:"expires_at,omitzero"` // zero: not known

	Access        string    `json:"access_token"`
	AccessExpires time.Time `json:"access_expires_at"`
}

// A box is the token file with its lock. Every writer holds the lock from before it reads the refresh token until the next
// one is stored, so that no two processes use up one token.
type box struct{ path string }

// most is more than any token file; tokens of Microsoft have 2 KB.
const most = 64 << 10

var errNoLogin = errors.New("nobody has logged in yet")

func (b box) read() (grant, error) {
	var g grant
	f, err := os.Open(b.path)
	if errors.Is(err, fs.ErrNotExist) {
		return g, &Error{Kind: Dead, Err: errNoLogin}
	}
	if err != nil {
		return g, &Error{Kind: Storage, Err: err}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return g, &Error{Kind: Storage, Err: err}
	}
	if info.Mode().Perm()&0o077 != 0 {
		return g, &Error{Kind: Storage, Err: fmt.Errorf("others on this machine may open %s (mode %04o): chmod 0600 %s", b.path, info.Mode().Perm(), b.path)}
	}
	data, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return g, &Error{Kind: Storage, Err: err}
	}
	data = bytes.TrimRight(data, "\x00")             // of a place that was not cut to its length
	if err := json.Unmarshal(data, &g); err != nil { // its error may repeat what it read
		return grant{}, &Error{Kind: Storage, Err: fmt.Errorf("%s is damaged; log in again with `vanthu oauth login`", b.path)}
	}
	return g, nil
}

// A place is a new file beside the token file, on the disk with room in it before the old token is used up: a full disk or
// a folder that cannot be written shows while nothing is lost.
type place struct {
	b    box
	f    *os.File
	kept bool
}

// next is where the next grant is written; the lock is held.
func (b box) next() box { return box{b.path + ".new"} }

func (b box) reserve() (*place, error) {
	f, err := os.OpenFile(b.next().path, os.O_CREATE|os.O_RDWR|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, &Error{Kind: Storage, Err: err}
	}
	p := &place{b: b, f: f}
	if _, err = f.Write(make([]byte, most)); err == nil {
		err = f.Sync()
	}
	if err != nil {
		p.drop()
		return nil, &Error{Kind: Storage, Err: err}
	}
	return p, nil
}

// adopt finishes what a process began that died after it had written the next grant and before it had renamed it. The lock
// is held.
func (b box) adopt() {
	if _, err := b.next().read(); err == nil { // whole, so newer than the file: every writer begins with reserve
		_ = os.Rename(b.next().path, b.path) // what this does not heal, the next renewal says
	}
}

// keep makes the grant the content of the token file: all of it, or the old one stays.
func (p *place) keep(g grant) error {
	data, err := json.Marshal(g)
	if err == nil && len(data) > most {
		err = fmt.Errorf("the tokens have %d bytes", len(data))
	}
	if err == nil {
		_, err = p.f.WriteAt(data, 0)
	}
	if err == nil {
		err = p.f.Truncate(int64(len(data)))
	}
	if err == nil {
		err = p.f.Sync()
	}
	if err == nil {
		err = os.Rename(p.f.Name(), p.b.path)
	}
	if err != nil {
		return &Error{Kind: Storage, Err: err}
	}
	p.kept = true
	dir, err := os.Open(filepath.Dir(p.b.path))
	if err == nil {
		err = errors.Join(dir.Sync(), dir.Close())
	}
	if err != nil {
		return &Error{Kind: Storage, Err: err}
	}
	return nil
}

// drop removes the place unless it was kept.
func (p *place) drop() {
	_ = p.f.Close()
	if !p.kept {
		_ = os.Remove(p.f.Name())
	}
}

// lock takes the lock file between processes (flock: the system gives it back when the holder dies).
func (b box) lock(ctx context.Context) (unlock func(), err error) {
	const pause = 20 * time.Millisecond
	f, err := os.OpenFile(b.path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, &Error{Kind: Storage, Err: err}
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return func() { _ = f.Close() }, nil
		case errors.Is(err, syscall.EINTR):
			continue
		case !errors.Is(err, syscall.EWOULDBLOCK):
			_ = f.Close()
			return nil, &Error{Kind: Storage, Err: err}
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			_ = f.Close()
			return nil, &Error{Kind: Temporary, Err: fmt.Errorf("another process is getting a token: %w", context.Cause(ctx))}
		}
	}
}
