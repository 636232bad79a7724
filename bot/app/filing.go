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
	logger *slog.Logger
}

func newFiling(db *store.DB, filer *inbox.Filer, logger *slog.Logger) *filing {
	return &filing{db: db, file: filer.MoveAll, bell: make(chan struct{}, 1), logger: logger}
}

func (f *filing) ring() {
	select {
	case f.bell <- struct{}{}:
	default:
	}
}

const filingBatch = 500

// run files what is due whenever it is rung for, and each half minute what failed before.
func (f *filing) run(ctx context.Context) error {
	ticker := time.NewTicker(30 * time.Second)
	defer ticker.Stop()
	f.ring()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-f.bell:
		case <-ticker.C:
		}
		if err := f.once(ctx); err != nil && ctx.Err() == nil {
			f.logger.Warn("filing", "code", "filing_failed", "error", err.Error())
		}
	}
}

// once files everything that is due. One process at a time: what two move at the same moment lies in the folder twice.
func (f *filing) once(ctx context.Context) error {
	if mails, err := f.due(ctx); err != nil || len(mails) == 0 {
		return err
	}
	release, err := f.db.Exclusive(ctx, store.LockFiling)
	if err != nil {
		return err
	}
	defer release()
	for {
		mails, err := f.due(ctx) // another process may have filed them meanwhile
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

func (f *filing) move(ctx context.Context, mails []store.Mail) error {
	groups := make(map[target][]store.Mail)
	var order []target
	for _, m := range mails {
		t := target{m.Mailbox, m.UIDValidity, m.Folder}
		if groups[t] == nil {
			order = append(order, t)
		}
		groups[t] = append(groups[t], m)
	}
	var failed []error
	for _, t := range order { // a folder that the server refuses holds up no other
		var ids []int64
		var uids []uint32
		for _, m := range groups[t] {
			ids, uids = append(ids, m.ID), append(uids, m.UID)
		}
		_, err := f.file(ctx, t.mailbox, t.uidValidity, uids, t.folder)
		if err != nil && !errors.Is(err, inbox.ErrRenumbered) { // renumbered: the mail is seen again under its new UID
			failed = append(failed, err)
			continue
		}
		if err := f.db.Write(ctx, func(tx *store.Tx) error { return tx.SetFiled(ctx, ids) }); err != nil {
			return err
		}
	}
	return errors.Join(failed...)
}
