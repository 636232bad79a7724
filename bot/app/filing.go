package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"vanthu/bot/store"
	"vanthu/mailer/inbox"
)

// filing moves judged mails out of the watched mailbox, in batches. The journal says what is to be moved; a mail that is
// not there any more was moved by a person or by an earlier try, and is done too.
type filing struct {
	db     *store.DB
	file   func(ctx context.Context, mailbox string, uidValidity uint32, uids []uint32, folder string) ([]inbox.Moved, error)
	bell   chan struct{}
	shared func() bool // another process may have judged what this one files
	reach  *reach      // nil: no other process can file
	logger *slog.Logger
}

func newFiling(db *store.DB, filer *inbox.Filer, logger *slog.Logger) *filing {
	return &filing{db: db, file: filer.MoveAll, bell: make(chan struct{}, 1), shared: func() bool { return false }, logger: logger}
}

func (f *filing) ring() {
	select {
	case f.bell <- struct{}{}:
	default:
	}
}

const filingBatch = 500

// run files what is due whenever it is rung for, and each half minute what failed before; each two seconds where another process,
// whose bell is not heard here, may have judged it.
func (f *filing) run(ctx context.Context) error {
	f.ring()
	for {
		pause := 30 * time.Second
		if f.shared() {
			pause = beatEvery
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-f.bell:
			timer.Stop()
		case <-timer.C:
		}
		if err := f.once(ctx); err != nil && ctx.Err() == nil {
			f.logger.Warn("filing", "code", "filing_failed", "error", err.Error())
		}
	}
}

// once files everything that is due. One process at a time: what two move at the same moment lies in the folder twice.
func (f *filing) once(ctx context.Context) error {
	for {
		mails, err := f.due(ctx)
		if err != nil || len(mails) == 0 {
			return err
		}
		if err := f.move(ctx, mails); err != nil {
			return err
		}
		if len(mails) < filingBatch {
			return nil
		}
	}
}

func (f *filing) due(ctx context.Context) (mails []store.Mail, err error) {
	err = f.db.Read(ctx, func(tx *store.Tx) error {
		mails, err = tx.Unfiled(ctx, filingBatch)
		return err
	})
	return mails, err
}

// target is what one IMAP command can move together.
type target struct {
	mailbox     string
	uidValidity uint32
	folder      string
}

// from is where a mail lies before it is moved: in the watched mailbox, or, when it was judged again, where we moved it.
func from(m store.Mail) (t target, uid uint32) {
	if m.Lies.Folder != "" {
		return target{m.Lies.Folder, m.Lies.UIDValidity, m.Folder}, m.Lies.UID
	}
	return target{m.Mailbox, m.UIDValidity, m.Folder}, m.UID
}

func (f *filing) move(ctx context.Context, mails []store.Mail) error {
	groups := make(map[target][]store.Mail)
	var order []target
	for _, m := range mails {
		t, _ := from(m)
		if groups[t] == nil {
			order = append(order, t)
		}
		groups[t] = append(groups[t], m)
	}
	var failed []error
	for _, t := range order { // a folder that the server refuses holds up no other
		var uids []uint32
		for _, m := range groups[t] {
			if _, uid := from(m); uid != 0 { // else it was moved once, and the server did not tell its new UID: it stays there
				uids = append(uids, uid)
			}
		}
		var moved []inbox.Moved
		var err error
		if len(uids) > 0 {
			moved, err = f.file(ctx, t.mailbox, t.uidValidity, uids, t.folder)
			f.reached(ctx, err)
		}
		done := err == nil || errors.Is(err, inbox.ErrRenumbered) // renumbered: the mail is seen again under its new UID
		if !done {
			failed = append(failed, err)
		}
		if err := f.note(ctx, groups[t], moved, done); err != nil {
			return err
		}
	}
	return errors.Join(failed...)
}

// reached says whether the mail server was.
func (f *filing) reached(ctx context.Context, err error) {
	switch {
	case err == nil, errors.Is(err, inbox.ErrRenumbered):
		f.reach.good()
	case ctx.Err() == nil:
		f.reach.lost(inbox.Code(err))
	}
}

// note writes down where the mails of a group lie now. When all is done, what was not moved was not there any more.
func (f *filing) note(ctx context.Context, mails []store.Mail, moved []inbox.Moved, done bool) error {
	places := make(map[uint32]store.Place)
	for _, m := range moved {
		places[m.UID] = store.Place{}
		if !m.Gone {
			places[m.UID] = store.Place{Folder: m.Folder, UIDValidity: m.FolderValidity, UID: m.FolderUID}
		}
	}
	return f.db.Write(ctx, func(tx *store.Tx) error {
		for _, m := range mails {
			_, uid := from(m)
			place, known := places[uid]
			switch {
			case !known && !done:
				continue
			case uid == 0:
				place = m.Lies
			}
			if err := tx.SetFiled(ctx, m.ID, m.Folder, place); err != nil {
				return err
			}
		}
		return nil
	})
}
