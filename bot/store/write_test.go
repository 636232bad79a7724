package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/store"
)

// What the conformance suite asks of transactions: whole or not at all, with their jobs, beside others.

func rollback(t *testing.T, db *store.DB) {
	boom := errors.New("boom")
	err := tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.AddMails(ctx, []store.NewMail{aMail(1)}), boom)
	})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	if mails := read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.Mail, error) { return tx.Mails(ctx, "") }); len(mails) != 0 {
		t.Errorf("%d mails after a rollback", len(mails))
	}
}

func jobs(t *testing.T, db *store.DB) {
	var inside, after []store.Job
	db.Enqueue = func(_ context.Context, _ *store.Tx, j []store.Job) error { inside = j; return nil }
	db.Wake = func(j []store.Job) { after = j }
	id := addMail(t, db, aMail(1))
	want := []store.Job{{Kind: "judge", ID: id}}
	if diff := cmp.Diff(want, inside); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, after); diff != "" {
		t.Error(diff)
	}
	inside, after = nil, nil
	db.Enqueue = func(context.Context, *store.Tx, []store.Job) error { return errors.New("no queue") }
	if err := tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.AddMails(ctx, []store.NewMail{aMail(2)}) }); err == nil {
		t.Error("state was committed without its job")
	}
	if after != nil {
		t.Error("somebody was woken for a rolled-back state")
	}
}

func concurrentWriters(t *testing.T, db *store.DB) {
	const writers, each = 4, 10
	errs := make(chan error, writers)
	for range writers {
		go func() {
			var err error
			for range each {
				err = errors.Join(err, db.Write(t.Context(), func(tx *store.Tx) error {
					if err := tx.Lock(t.Context(), store.LockRegister); err != nil {
						return err
					}
					_, err := tx.AddPlan(t.Context(), store.StoredPlan{Plan: bot.Plan{Hash: "x"}, Frozen: []byte(`[]`)})
					return err
				}))
			}
			errs <- err
		}()
	}
	for range writers {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	plans := read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.StoredPlan, error) { return tx.Plans(ctx) })
	if len(plans) != writers*each {
		t.Errorf("%d plans, want %d", len(plans), writers*each)
	}
}

func alone(t *testing.T, db *store.DB) {
	first, release, err := db.Alone()
	if err != nil || first == db.Shared() {
		t.Fatal(first, err)
	}
	second, release2, err := db.Alone()
	if err != nil || second {
		t.Errorf("two are alone: %v %v", second, err)
	}
	release2()
	release()
	third, release3, err := db.Alone()
	if err != nil || third == db.Shared() {
		t.Errorf("nobody is left and still not alone: %v %v", third, err)
	}
	release3()
}
