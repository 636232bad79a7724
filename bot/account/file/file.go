// Package file keeps accounts in one file of JSON lines: for the demo, for trying out, and for a small office that carries
// accounts over to a platform by hand. Passwords stand in it only as hashes.
//
// Many processes may use one file: whoever writes holds a lock, reads what others wrote, appends and syncs. What a crash
// left of a last line is no account: readers skip it, the next writer removes it.
//
// It must not know cases, plans or mails.
package file

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"vanthu/bot/account"
)

// A Directory is the account.Platform of one file.
type Directory struct {
	path string

	mu    sync.Mutex // guards what follows
	state state
	known *index // of the file in that state; nil: to be read
}

// state tells whether the file is still the one that was read.
type state struct {
	size  int64
	mtime time.Time
}

// Open uses the file at path and makes it (mode 0600) when it is not there. It fails when the file holds something else.
func Open(path string) (*Directory, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("account file: %w", err)
	}
	if err := errors.Join(f.Close(), syncDir(path)); err != nil {
		return nil, fmt.Errorf("account file: %w", err)
	}
	d := &Directory{path: path}
	if _, err := d.read(); err != nil {
		return nil, err
	}
	return d, nil
}

// Name is "file".
func (d *Directory) Name() string { return "file" }

// Describe says that what is written is there, at once, and what is erased is gone.
func (*Directory) Describe() account.Description { return account.Description{} }

// Lookup returns the accounts that have one of the keys, in the order of the file.
func (d *Directory) Lookup(ctx context.Context, keys account.Keys) ([]account.Account, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("account file: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	known, err := d.read()
	if err != nil {
		return nil, err
	}
	if len(keys.Addresses) == 0 {
		return known.lookup(keys), nil
	}
	groups, err := d.groups()
	return append(known.lookup(keys), asAccounts(groups, keys.Addresses)...), err
}

// Create appends the account with the hash of the password, and returns when it is on the disk.
func (d *Directory) Create(ctx context.Context, a account.Account, password string) error {
	hash, err := account.HashPassword(account.SSHA512, password)
	if err != nil {
		return fmt.Errorf("account file: %w", err)
	}
	return d.write(ctx, func(known *index) (line, bool, error) {
		taken := known.lookup(account.Keys{Codes: []string{a.Code}, Addresses: []string{a.Address}, Users: []string{a.User}})
		groups, err := d.groups()
		if err != nil {
			return line{}, false, err
		}
		if len(taken)+len(asAccounts(groups, []string{a.Address})) > 0 {
			return line{}, false, fmt.Errorf("%w: account file", account.ErrExists)
		}
		return line{
			Code: a.Code, User: a.User, Address: a.Address, Name: a.Name, Family: a.Family, Given: a.Given,
			Class: a.Class, Cohort: a.Cohort, Marker: a.Marker, Password: hash,
		}, true, nil
	})
}

// locked calls f with the file as it is now, which nobody else writes meanwhile.
func (d *Directory) locked(ctx context.Context, f func(known *index) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("account file: %w", err)
	}
	unlock, err := lock(ctx, d.path+".lock")
	if err != nil {
		return fmt.Errorf("account file: %w", err)
	}
	defer unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	known, err := d.read() // what others wrote in the meantime
	if err != nil {
		return err
	}
	return f(known)
}

// write appends what f makes of the file; f may want nothing written.
func (d *Directory) write(ctx context.Context, f func(known *index) (l line, wanted bool, err error)) error {
	return d.locked(ctx, func(known *index) error {
		l, wanted, err := f(known)
		if err != nil || !wanted {
			return err
		}
		return d.put(known, l)
	})
}

// put appends a line.
func (d *Directory) put(known *index, l line) error {
	text, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("%w: account file: not to be written as JSON", account.ErrPermanent)
	}
	text = append(text, '\n')
	if known.open {
		text = append([]byte{'\n'}, text...)
	}
	d.known = nil // until the line is safely there
	info, err := appendLine(d.path, text, known.whole)
	if err != nil {
		return fmt.Errorf("account file: %w", err)
	}
	known.put(l)
	known.whole += int64(len(text))
	known.open = false
	d.known, d.state = known, state{info.Size(), info.ModTime()}
	return nil
}

// appendLine writes at the end of the whole lines, so that it also removes what a crash left behind them. A line that cannot
// be written in full is taken back.
func appendLine(path string, text []byte, whole int64) (info os.FileInfo, err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := f.Truncate(whole); err != nil {
		return nil, err
	}
	if _, err := f.WriteAt(text, whole); err != nil {
		return nil, errors.Join(err, f.Truncate(whole))
	}
	if err := f.Sync(); err != nil {
		return nil, errors.Join(err, f.Truncate(whole))
	}
	return f.Stat()
}

// read returns the index of the file as it is now. The caller holds mu (or is alone, as Open is).
func (d *Directory) read() (*index, error) {
	f, err := os.Open(d.path)
	if err != nil {
		return nil, fmt.Errorf("account file: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("account file: %w", err)
	}
	now := state{info.Size(), info.ModTime()}
	if d.known != nil && d.state == now {
		return d.known, nil
	}
	d.known = nil
	known, err := parse(io.LimitReader(f, now.size)) // no further than what state says
	if err != nil {
		return nil, fmt.Errorf("%w: account file %s: %w", account.ErrPermanent, d.path, err)
	}
	if known.whole == now.size { // a torn line is looked at again: its writer may only be slow
		d.known, d.state = known, now
	}
	return known, nil
}

func syncDir(path string) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
