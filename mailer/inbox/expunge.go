package inbox

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/emersion/go-imap/v2"
)

// errNoExpunge is a server that can only expunge everything that anybody marked (no UIDPLUS).
var errNoExpunge = errors.New("the mail server cannot UID EXPUNGE")

// CannotExpunge says that nothing will come of trying again: the server cannot expunge by UID, or the UIDs mean other mails
// by now. Nothing was marked or removed.
func CannotExpunge(err error) bool {
	return errors.Is(err, errNoExpunge) || errors.Is(err, ErrRenumbered)
}

// Expunge removes these mails of a mailbox for good, and no other, whatever other people have marked there (RFC 4315 §2.1). It
// may be repeated: what is not there any more is no error.
func (f *Filer) Expunge(ctx context.Context, mailbox string, uidValidity uint32, uids []uint32) error {
	if err := f.cfg.check(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for some := range slices.Chunk(uids, together) {
		_, err := f.again(ctx, func(ctx context.Context) ([]Moved, error) { return nil, f.expunge(ctx, mailbox, uidValidity, some) })
		if err != nil {
			return fmt.Errorf("expunging mail of %s: %w", mailbox, err)
		}
	}
	return nil
}

func (f *Filer) expunge(ctx context.Context, mailbox string, uidValidity uint32, uids []uint32) error {
	if !f.s.caps.Has(imap.CapUIDPlus) {
		return errNoExpunge
	}
	if err := f.enter(ctx, mailbox, uidValidity); err != nil {
		return err
	}
	there, err := f.s.list(ctx, uids...)
	if err != nil || len(there) == 0 {
		return err
	}
	return f.s.expunge(ctx, uidSet(there))
}

// expunge marks and removes by UID.
func (s *session) expunge(ctx context.Context, set imap.UIDSet) error {
	err := s.do(ctx, "store", func() error {
		deleted := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
		return s.c.Store(set, deleted, nil).Close()
	})
	if err != nil {
		return err
	}
	return s.do(ctx, "expunge", func() error { return s.c.UIDExpunge(set).Close() })
}
