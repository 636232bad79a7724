package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

func TestCanaries(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		now := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
		db.Now = func() time.Time { return now }
		write := func(f func(ctx context.Context, tx *store.Tx) error) {
			t.Helper()
			if err := db.Write(t.Context(), func(tx *store.Tx) error { return f(t.Context(), tx) }); err != nil {
				t.Fatal(err)
			}
		}
		send := func(token string, want bool) {
			t.Helper()
			write(func(ctx context.Context, tx *store.Tx) error {
				due, err := tx.AddCanary(ctx, token, 3*time.Minute)
				if due != want {
					t.Errorf("%s is due: %v", token, due)
				}
				return err
			})
		}
		back := func(token string, want bool) {
			t.Helper()
			write(func(ctx context.Context, tx *store.Tx) error {
				took, ours, err := tx.CanaryBack(ctx, token, now)
				if ours != want || ours && took != 2*time.Second {
					t.Errorf("%s is ours: %v, took %v", token, ours, took)
				}
				return err
			})
		}
		send("one", true)
		send("other process", false)
		now = now.Add(2 * time.Second)
		back("forged", false)
		back("one", true)
		back("one", false) // copied by somebody who saw it
		now = now.Add(3 * time.Minute)
		send("two", true)
		write(func(ctx context.Context, tx *store.Tx) error {
			last, away, err := tx.Canaries(ctx)
			if last.Token != "one" || away.Token != "two" || !away.SentAt.Equal(now) {
				t.Errorf("back %+v, away %+v", last, away)
			}
			return err
		})
		now = now.Add(-time.Hour) // the clock is set back: nobody waits an hour for the next one
		send("three", true)
	})
}

// What is pruned is counted: the journal balances before and after. Nothing but a canary can be pruned.
func TestPrunedCanariesAreCounted(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		now := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
		db.Now = func() time.Time { return now }
		var mails []store.Mail
		write := func(f func(tx *store.Tx) error) {
			t.Helper()
			if err := db.Write(ctx, f); err != nil {
				t.Fatal(err)
			}
		}
		write(func(tx *store.Tx) error {
			for uid := uint32(1); uid <= 3; uid++ {
				if err := tx.AddMails(ctx, []store.NewMail{{Mailbox: "INBOX", UIDValidity: 7, UID: uid, ArrivedAt: now, Raw: fmt.Appendf(nil, "mail %d", uid)}}); err != nil {
					return err
				}
			}
			all, err := tx.Mails(ctx, "")
			if err != nil {
				return err
			}
			for i, reason := range []string{"canary: back after 1s", "canary: back after 2s", "own_mail: sent by this service address"} {
				m := all[i]
				m.Kind = bot.OwnMail
				if err := tx.Describe(ctx, m); err != nil {
					return err
				}
				if _, err := tx.EndMail(ctx, m.ID, store.Ignored, reason, "Ignored", 0); err != nil {
					return err
				}
				if i != 1 { // the second is not filed yet
					if err := tx.SetFiled(ctx, m.ID, "Ignored", store.Place{Folder: "Ignored", UIDValidity: 9, UID: uint32(10 + i)}); err != nil {
						return err
					}
				}
			}
			mails, err = tx.Mails(ctx, "")
			return err
		})
		count := func(want int) {
			t.Helper()
			write(func(tx *store.Tx) error {
				counts, err := tx.CountMails(ctx)
				if diff := cmp.Diff(map[store.Outcome]int{store.Ignored: want}, counts); diff != "" {
					t.Error(diff)
				}
				return err
			})
		}
		count(3)
		now = now.Add(25 * time.Hour)
		write(func(tx *store.Tx) error {
			old, err := tx.OldCanaries(ctx, now.Add(-24*time.Hour), 10)
			if len(old) != 1 || old[0].ID != mails[0].ID || old[0].Lies.UID != 10 {
				t.Fatalf("old canaries: %+v", old)
			}
			for range 2 { // by two processes
				if err := tx.PruneMail(ctx, old[0]); err != nil {
					return err
				}
			}
			if tx.PruneMail(ctx, mails[2]) == nil {
				t.Error("a mail that is no canary was pruned")
			}
			if _, err := tx.Raw(ctx, mails[0].Hash); err == nil {
				t.Error("the bytes of a pruned canary are still there")
			}
			return err
		})
		count(3)
		write(func(tx *store.Tx) error {
			left, err := tx.Mails(ctx, "")
			if len(left) != 2 {
				t.Errorf("the journal has %d lines", len(left))
			}
			return err
		})
	})
}

func TestWaits(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		start := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
		now := start
		db.Now = func() time.Time { return now }
		var got store.Waiting
		look := func() store.Waiting {
			t.Helper()
			if err := db.Read(ctx, func(tx *store.Tx) (err error) { got, err = tx.Waits(ctx); return err }); err != nil {
				t.Fatal(err)
			}
			return got
		}
		if diff := cmp.Diff(store.Waiting{}, look()); diff != "" {
			t.Error(diff)
		}
		write := func(f func(tx *store.Tx) error) {
			t.Helper()
			if err := db.Write(ctx, f); err != nil {
				t.Fatal(err)
			}
		}
		write(func(tx *store.Tx) error {
			if err := tx.AddMails(ctx, []store.NewMail{{Mailbox: "INBOX", UIDValidity: 7, UID: 1, ArrivedAt: start.Add(time.Hour), Raw: []byte("x")}}); err != nil {
				return err
			}
			_, err := tx.AddLetter(ctx, store.Letter{Step: "a", MessageID: "<a@x>", Kind: "acknowledged", To: "ctsv@truong.example", Raw: []byte("x")})
			return err
		})
		one := store.Queue{N: 1, Since: start}
		if diff := cmp.Diff(store.Waiting{Unjudged: one, Unsent: one, LastMail: start, Ahead: time.Hour}, look()); diff != "" {
			t.Error(diff)
		}
		now = now.Add(time.Minute)
		write(func(tx *store.Tx) error {
			if _, err := tx.EndMail(ctx, 1, store.Quarantined, "not_entitled", "Quarantine", 0); err != nil {
				return err
			}
			l, err := tx.Letter(ctx, 1)
			if err != nil {
				return err
			}
			l.State = store.LetterFailed
			return tx.SaveLetter(ctx, l)
		})
		later := store.Queue{N: 1, Since: now}
		if diff := cmp.Diff(store.Waiting{Unfiled: later, Failed: one, Quarantine: later, Unseen: later, LastMail: start, Ahead: time.Hour}, look()); diff != "" {
			t.Error(diff)
		}
		write(func(tx *store.Tx) error {
			return tx.AddEvent(ctx, bot.Event{Actor: "officer:lan", Mail: 1, What: "mail_shown"})
		})
		if look().Unseen.N != 0 || got.Quarantine.N != 1 {
			t.Errorf("an officer has looked: %+v", got)
		}
	})
}
