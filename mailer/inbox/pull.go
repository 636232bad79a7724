package inbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
)

var (
	errJournal = errors.New("the journal failed")
	errNoBody  = errors.New("the server lists the mail but gives no body")
)

// A batch gathers mails for the journal.
type batch struct {
	w     *Watcher
	asked map[uint32]bool // that are still to come
	mails []Delivery
	bytes int
}

func (b *batch) add(ctx context.Context, d Delivery) error {
	if !b.asked[d.UID] {
		return nil // somebody else's news
	}
	delete(b.asked, d.UID)
	b.mails = append(b.mails, d)
	b.bytes += len(d.Raw)
	if len(b.mails) < b.w.cfg.Batch && b.bytes < batchBytes {
		return nil
	}
	return b.store(ctx)
}

func (b *batch) store(ctx context.Context) error {
	if len(b.mails) == 0 {
		return nil
	}
	if err := b.w.journal.Store(ctx, b.mails); err != nil {
		return fmt.Errorf("%w: %w", errJournal, err)
	}
	for _, d := range b.mails {
		delete(b.w.trouble, d.UID)
	}
	b.mails, b.bytes = nil, 0
	b.w.pauses.reset() // it goes on
	for uid, t := range b.w.trouble {
		t.rests = time.Time{} // the server is well
		b.w.trouble[uid] = t
	}
	return nil
}

// get fetches mails and stores them; bare asks for nothing but the body. What did not come, for a reason that may lie in
// the mail, is written down with it. The error is one of the connection or of the journal.
func (w *Watcher) get(ctx context.Context, s *session, uids []uint32, bare bool) error {
	b := &batch{w: w, asked: make(map[uint32]bool, len(uids))}
	for _, uid := range uids {
		b.asked[uid] = true
	}
	err := w.pull(ctx, s, b, uids, bare)
	if errors.Is(err, errJournal) || ctx.Err() != nil {
		return err
	}
	if late := b.store(ctx); late != nil {
		return late
	}
	if pressed(err) != nil {
		return err // it says nothing of these mails
	}
	for uid := range b.asked {
		t := tries{n: w.trouble[uid].n + 1, why: err}
		if err == nil {
			t.why = errNoBody
		}
		if t.n >= allTries {
			t.rests = w.cfg.Now().Add(w.rest)
		}
		w.trouble[uid] = t
	}
	if s.broken {
		return err
	}
	return nil
}

// pull asks by UID and, for what that did not bring, by sequence number: the library finds out too late whose body it
// reads when a server puts UID behind it in the answer, which is legal (RFC 9051 §7.5.2), and shows nothing at all; and
// a notice of another client's flags makes it drop the body that follows. Mails that are gone by then are not missed.
func (w *Watcher) pull(ctx context.Context, s *session, b *batch, uids []uint32, bare bool) error {
	if !w.bySeq {
		err := w.ask(ctx, s, b, uids, bare, func(uids []uint32) imap.NumSet { return uidSet(uids) })
		if err != nil {
			return err
		}
	}
	missing := w.stillAsked(b, uids)
	w.byUID = w.byUID || !w.bySeq && len(missing) < len(uids)
	if len(missing) == 0 {
		return nil
	}
	listed, err := s.list(ctx)
	if err != nil {
		return err
	}
	missing = slices.DeleteFunc(missing, func(uid uint32) bool {
		_, there := slices.BinarySearch(listed, uid)
		if !there {
			delete(b.asked, uid)
			delete(w.trouble, uid)
		}
		return !there
	})
	err = w.ask(ctx, s, b, missing, bare, func(uids []uint32) imap.NumSet {
		var set imap.SeqSet
		for _, uid := range uids {
			i, _ := slices.BinarySearch(listed, uid)
			set.AddNum(uint32(i + 1))
		}
		return set
	})
	if len(missing) == len(uids) && len(w.stillAsked(b, uids)) == 0 {
		w.bySeq = true // do not fetch everything twice for ever
	}
	return err
}

func (w *Watcher) stillAsked(b *batch, uids []uint32) []uint32 {
	return slices.DeleteFunc(slices.Clone(uids), func(uid uint32) bool { return !b.asked[uid] })
}

// ask fetches sizes, then whole mails in one stream, then the header blocks of those that are too large. numbers says
// how the mails are called.
func (w *Watcher) ask(ctx context.Context, s *session, b *batch, uids []uint32, bare bool, numbers func([]uint32) imap.NumSet) error {
	if len(uids) == 0 {
		return nil
	}
	known := make(map[uint32]found)
	if !bare {
		var err error
		if known, err = s.sizes(ctx, uids); err != nil {
			return err
		}
	}
	var whole, large []uint32
	for _, uid := range uids {
		if known[uid].size > w.cfg.MaxSize {
			large = append(large, uid)
		} else {
			whole = append(whole, uid)
		}
	}
	if len(whole) > 0 {
		err := s.bodies(ctx, numbers(whole), w.cfg.MaxSize, func(f found) error {
			if f.tooLarge { // larger than the server said
				if b.asked[f.uid] {
					large = append(large, f.uid)
					known[f.uid] = found{size: f.size, date: known[f.uid].date}
				}
				return nil
			}
			return w.deliver(ctx, b, known[f.uid], f)
		})
		if err != nil {
			return err
		}
	}
	if len(large) == 0 {
		return nil
	}
	return s.headers(ctx, numbers(large), func(f found) error {
		f.tooLarge = true
		return w.deliver(ctx, b, known[f.uid], f)
	})
}

func (w *Watcher) deliver(ctx context.Context, b *batch, known, f found) error {
	if len(f.body) == 0 {
		return nil // it did not come
	}
	d := Delivery{
		Mailbox: w.cfg.Mailbox, UIDValidity: w.validity, UID: f.uid,
		InternalDate: known.date, Size: known.size, Raw: f.body, TooLarge: f.tooLarge,
	}
	if d.Size == 0 {
		d.Size = int64(len(f.body))
	}
	if d.InternalDate.IsZero() {
		d.InternalDate = w.cfg.Now()
	}
	return b.add(ctx, d)
}
