package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/store"
)

// What the conformance suite asks of the journal of mails.

func mailOnce(t *testing.T, db *store.DB) {
	for range 2 {
		addMail(t, db, aMail(4))
	}
	addMail(t, db, aMail(9))
	unknown := read(t, db, func(ctx context.Context, tx *store.Tx) ([]uint32, error) {
		return tx.UnknownUIDs(ctx, "INBOX", 7, []uint32{3, 4, 8, 9, 10})
	})
	if diff := cmp.Diff([]uint32{3, 8, 10}, unknown); diff != "" {
		t.Error(diff)
	}
	other := read(t, db, func(ctx context.Context, tx *store.Tx) ([]uint32, error) {
		return tx.UnknownUIDs(ctx, "INBOX", 8, []uint32{4})
	})
	if len(other) != 1 {
		t.Error("a UID of another UIDVALIDITY must be unknown")
	}
	mails := read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.Mail, error) { return tx.Mails(ctx, "") })
	if len(mails) != 2 {
		t.Fatalf("%d mails, want 2", len(mails))
	}
	raw := read(t, db, func(ctx context.Context, tx *store.Tx) ([]byte, error) { return tx.Raw(ctx, mails[0].Hash) })
	if string(raw) != string(aMail(4).Raw) {
		t.Errorf("raw bytes are %q", raw)
	}
}

func mailEndsOnce(t *testing.T, db *store.DB) {
	id := addMail(t, db, aMail(1))
	var first, second bool
	write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
		first, err = tx.EndMail(ctx, id, store.Ignored, "automatic", "Ignored", 0)
		return err
	})
	write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
		second, err = tx.EndMail(ctx, id, store.Quarantined, "again", "Quarantine", 0)
		return err
	})
	if !first || second {
		t.Fatalf("first %v, second %v", first, second)
	}
	unfiled := read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.Mail, error) { return tx.Unfiled(ctx, 10) })
	if len(unfiled) != 1 || unfiled[0].Outcome != store.Ignored || unfiled[0].Folder != "Ignored" {
		t.Errorf("unfiled: %+v", unfiled)
	}
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		return tx.SetFiled(ctx, id, "Ignored", store.Place{Folder: "Ignored", UIDValidity: 3, UID: 8})
	})
	if left := read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.Mail, error) { return tx.Unfiled(ctx, 10) }); len(left) != 0 {
		t.Errorf("filed and still unfiled: %+v", left)
	}
}

// A quarantined mail is taken back, judged again, and moved from where it was put; no other mail can be taken back.
func mailRetried(t *testing.T, db *store.DB) {
	id := addMail(t, db, aMail(1))
	retry := func(vouched string) error {
		return tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.RetryMail(ctx, id, vouched) })
	}
	end := func(outcome store.Outcome, folder string) store.Mail {
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			first, err := tx.EndMail(ctx, id, outcome, "x", folder, 0)
			if !first {
				t.Error("the mail has an outcome already")
			}
			return err
		})
		return read(t, db, func(ctx context.Context, tx *store.Tx) (store.Mail, error) { return tx.Mail(ctx, id) })
	}
	if err := retry(""); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("a mail without outcome: %v", err)
	}
	end(store.Quarantined, "Quarantine")
	place := store.Place{Folder: "INBOX.Quarantine", UIDValidity: 3, UID: 8}
	filed := func(ctx context.Context, tx *store.Tx) error { return tx.SetFiled(ctx, id, "Quarantine", place) }
	write(t, db, filed)
	if err := retry("officer:lan"); err != nil {
		t.Fatal(err)
	}
	m := read(t, db, func(ctx context.Context, tx *store.Tx) (store.Mail, error) { return tx.Mail(ctx, id) })
	if m.Outcome != "" || m.Reason != "" || m.Tries != 0 || m.Vouched != "officer:lan" || m.Lies != place || !m.FiledAt.IsZero() || !m.JudgedAt.IsZero() {
		t.Errorf("taken back: %+v", m)
	}
	if m := end(store.Quarantined, "Quarantine"); m.FiledAt.IsZero() {
		t.Error("a mail that stays in its folder is to be moved")
	}
	if err := retry(""); err != nil {
		t.Fatal(err)
	}
	write(t, db, filed) // of the move before, told late
	if m := end(store.IsCase, "Done"); !m.FiledAt.IsZero() || m.Lies != place || m.Vouched != "officer:lan" {
		t.Errorf("judged again: %+v", m)
	}
	if err := retry(""); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("a case: %v", err)
	}
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.AddLost(ctx, store.NewMail{Mailbox: "INBOX", UIDValidity: 7, UID: 2, ArrivedAt: tx.Now}, "unfetched: x")
		return err
	})
	id++
	if err := retry(""); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("a mail without bytes: %v", err)
	}
}

// A server whose files came back from a backup gives the UID of a filed mail to another one: it is not lost. What was filed a
// moment ago and is still listed is no such thing, nor is a mail that the server never gave.
func uidReused(t *testing.T, db *store.DB) {
	now := time.UnixMicro(1_800_000_000_000_000)
	db.Now = func() time.Time { return now }
	id := addMail(t, db, aMail(4))
	lost := aMail(5)
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.AddLost(ctx, lost, "unfetched: x"); err != nil {
			return err
		}
		_, err := tx.EndMail(ctx, id, store.Ignored, "x", "Ignored", 0)
		return err
	})
	unknown := func() []uint32 {
		return read(t, db, func(ctx context.Context, tx *store.Tx) ([]uint32, error) {
			return tx.UnknownUIDs(ctx, "INBOX", 7, []uint32{4, 5})
		})
	}
	now = now.Add(time.Hour)
	if got := unknown(); len(got) != 0 {
		t.Errorf("a mail that is not filed yet is unknown: %v", got)
	}
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		return tx.SetFiled(ctx, id, "Ignored", store.Place{Folder: "Ignored"})
	})
	if got := unknown(); len(got) != 0 {
		t.Errorf("filed a moment ago, and unknown: %v", got)
	}
	now = now.Add(time.Hour)
	if diff := cmp.Diff([]uint32{4}, unknown()); diff != "" {
		t.Error(diff)
	}
	other := aMail(4)
	other.Raw = []byte("Subject: other\r\n\r\nother\r\n")
	if second := addMail(t, db, other); second == id {
		t.Error("another mail under the UID is not stored")
	}
	m := read(t, db, func(ctx context.Context, tx *store.Tx) (store.Mail, error) { return tx.Mail(ctx, id) })
	if got := unknown(); len(got) != 0 || m.Outcome != store.Ignored || m.UIDValidity != 0 {
		t.Errorf("unknown %v, the first one %+v", got, m)
	}
}

func times(t *testing.T, db *store.DB) {
	id := addMail(t, db, aMail(1))
	m := read(t, db, func(ctx context.Context, tx *store.Tx) (store.Mail, error) { return tx.Mail(ctx, id) })
	if want := time.UnixMicro(1_800_000_000_000_123).UTC(); !m.ArrivedAt.Equal(want) || m.ArrivedAt.Location() != time.UTC {
		t.Errorf("arrived at %v, want %v", m.ArrivedAt, want)
	}
	if !m.FiledAt.IsZero() {
		t.Errorf("filed at %v, want never", m.FiledAt)
	}
}

func twins(t *testing.T, db *store.DB) {
	first := aMail(1)
	a := addMail(t, db, first)
	copied := first
	copied.UIDValidity, copied.UID = 99, 1 // the mailbox was renumbered
	b := addMail(t, db, copied)
	twin := func(id int64, sender, messageID string) int64 {
		return read(t, db, func(ctx context.Context, tx *store.Tx) (int64, error) {
			m, err := tx.Mail(ctx, id)
			if err != nil {
				return 0, err
			}
			m.Sender, m.MessageID = sender, messageID
			other, ok, err := tx.Twin(ctx, m)
			if !ok {
				return 0, err
			}
			return other.ID, err
		})
	}
	if got := twin(b, "", ""); got != a {
		t.Errorf("the same bytes: twin %d, want %d", got, a)
	}
	if got := twin(a, "", ""); got != 0 {
		t.Errorf("the first one has twin %d", got)
	}
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		return tx.Describe(ctx, store.Mail{ID: a, Sender: "ctsv@truong.example", MessageID: "<1@x>", Unit: "CTSV"})
	})
	other := first
	other.UID, other.Raw = 5, []byte("Received: elsewhere\r\nSubject: 1\r\n\r\nbody 1\r\n")
	c := addMail(t, db, other)
	if got := twin(c, "ctsv@truong.example", "<1@x>"); got != a {
		t.Errorf("delivered twice: twin %d, want %d", got, a)
	}
	if got := twin(c, "ctsv@truong.example", "<2@x>"); got != 0 {
		t.Errorf("another mail with the same words has twin %d", got)
	}
	write(t, db, func(ctx context.Context, tx *store.Tx) error { // c is faster: it has the number, a waits for it
		if err := tx.Describe(ctx, store.Mail{ID: c, Sender: "ctsv@truong.example", MessageID: "<1@x>", Unit: "CTSV"}); err != nil {
			return err
		}
		_, err := tx.KeepNumber(ctx, c, "YC")
		return err
	})
	if first, second := twin(a, "ctsv@truong.example", "<1@x>"), twin(c, "ctsv@truong.example", "<1@x>"); first != c || second != 0 {
		t.Errorf("the faster one first: twins %d and %d, want %d and none", first, second, c)
	}
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.EndMail(ctx, a, store.Quarantined, "needs_person", "Quarantine", 0)
		return err
	})
	if got := twin(b, "", ""); got != 0 {
		t.Errorf("the twin of a mail is %d, which is quarantined", got)
	}
}
