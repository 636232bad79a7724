package account_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/desk"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

var minh = bot.Officer{ID: "minh", Name: "Minh", Approver: true}

// losing is a world whose second account shows very late: at first nobody can tell that from a lost one. Officers have been told of it.
func losing(t *testing.T, db *store.DB, late time.Duration) (w *world, c *cloud, now *time.Time, d *desk.Desk) {
	t.Helper()
	w, c, now = hazy(t, db)
	c.create = func(_ context.Context, a account.Account) (time.Duration, error, error) {
		if a.Code == code(2) {
			return late, nil, nil
		}
		return 0, nil, nil
	}
	d = &desk.Desk{DB: db, Platform: "file"}
	if _, err := d.AskLost(t.Context(), "officer:lan", code(2), "early"); bot.ErrorCode(err) != bot.NotFound {
		t.Fatalf("before it was asked for: %v", err)
	}
	for w.events("account_unseen") == 0 {
		w.looks()
		*now = now.Add(time.Minute)
	}
	return w, c, now, d
}

// looks lets the platform be looked at once, or finishes the case.
func (w *world) looks() {
	w.t.Helper()
	if err := w.prov.Create(w.t.Context(), w.id); err != nil {
		w.putOff(err)
	}
}

func (w *world) loss() store.Loss {
	w.t.Helper()
	return look(w, func(ctx context.Context, tx *store.Tx) (store.Loss, error) {
		l, _, err := tx.UnseenAccount(ctx, code(2))
		return l, err
	})
}

// An account that the platform has lost is given up when two officers say so and it does not show: not before another has approved, not
// before the platform has been looked at twice, as far apart as it may take to show. Its row is bad, its name the person's, its case goes on,
// and nothing is made.
func TestALostAccount(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w, c, now, d := losing(t, db, 1000*time.Hour)
		ctx := t.Context()
		for what, err := range map[string]error{
			"without a reason": second(d.AskLost(ctx, "officer:lan", code(2), " ")), "of one that shows": second(d.AskLost(ctx, "officer:lan", code(1), "x")),
			"nobody has asked": second(d.ApproveLost(ctx, minh, code(2))), "nothing to take back": second(d.WithdrawLost(ctx, "officer:lan", code(2))),
		} {
			if err == nil {
				t.Errorf("%s: nothing was refused", what)
			}
		}
		if _, err := d.AskLost(ctx, "officer:lan", strings.ToLower(" "+code(2)), "the vendor says so"); err != nil {
			t.Fatal(err)
		}
		if _, err := d.ApproveLost(ctx, minh, code(2)); bot.ErrorCode(err) != bot.Conflict {
			t.Errorf("approved before the platform was looked at: %v", err)
		}
		w.looks()
		first := *now
		if l := w.loss(); !l.Unseen.Equal(first) || l.Asked.By != "officer:lan" || l.Why != "the vendor says so" {
			t.Fatalf("%+v", l)
		}
		*now = now.Add(9 * time.Minute)
		for who, err := range map[string]error{"by whom said it": second(d.ApproveLost(ctx, bot.Officer{ID: "lan", Approver: true}, code(2))), "by no approver": second(d.ApproveLost(ctx, bot.Officer{ID: "hoa"}, code(2)))} {
			if bot.ErrorCode(err) != bot.Forbidden {
				t.Errorf("%s: %v", who, err)
			}
		}
		w.looks()
		if _, err := d.ApproveLost(ctx, minh, code(2)); err != nil {
			t.Fatal(err)
		}
		*now = first.Add(10*time.Minute - time.Second)
		if w.looks(); w.rows()[1].State != bot.RowGood {
			t.Fatalf("given up %v after the first look", now.Sub(first))
		}
		for w.state() == bot.Creating && now.Sub(first) < time.Hour {
			*now = now.Add(time.Minute)
			w.looks()
		}
		row := w.rows()[1]
		if w.state() != bot.Created || row.State != bot.RowBad || row.OK || now.Sub(first) > 16*time.Minute || !strings.Contains(row.Said, "officer:lan and officer:minh") {
			t.Errorf("after %v the case is %s, the row %s: %s", now.Sub(first), w.state(), row.State, row.Said)
		}
		if c.asked[code(2)] != 1 || c.broken != nil || w.events("loss_asked") != 1 || w.events("loss_approved") != 1 || w.events("account_lost") != 1 || w.events("account_created") != people-1 {
			t.Errorf("asked %d times, %v", c.asked[code(2)], c.broken)
		}
		kept := look(w, func(ctx context.Context, tx *store.Tx) (map[string]store.UserName, error) {
			return tx.UserNamesOf(ctx, []string{code(2)})
		})
		if k := kept[code(2)]; k.Reserved || k.User != code(2) {
			t.Errorf("his name: %+v", k)
		}
		if open := look(w, func(ctx context.Context, tx *store.Tx) ([]store.Loss, error) { return tx.UnseenAccounts(ctx) }); len(open) != 0 {
			t.Errorf("still open: %+v", open)
		}
	})
}

func second[T any](_ T, err error) error { return err }

// What shows after all is no lost account, whatever officers have said by then: by its code it is the person's account, by its marker alone it
// is left to them, and all begins anew.
func TestALostAccountThatShows(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"by all", "by its marker", "taken back", "down"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w, c, now, d := losing(t, storetest.SQLite(t), 1000*time.Hour)
			must := func(_ store.Loss, err error) {
				if err != nil {
					t.Fatal(err)
				}
			}
			must(d.AskLost(t.Context(), "officer:lan", code(2), "gone"))
			w.looks()
			*now = now.Add(9 * time.Minute)
			w.looks()
			must(d.ApproveLost(t.Context(), minh, code(2)))
			*now = now.Add(9 * time.Minute)
			c.mu.Lock()
			s := c.accounts[slices.IndexFunc(c.accounts, func(s *stored) bool { return s.Code == code(2) })]
			switch what {
			case "by all":
				s.shown = *now
			case "by its marker":
				s.shown, s.Code, s.User, s.Address = *now, "9", "9", "9@sv.truong.example"
			case "down":
				c.each = func(string) error { return errDown }
			}
			c.mu.Unlock()
			if what == "taken back" {
				must(d.WithdrawLost(t.Context(), "officer:hoa", code(2)))
			}
			for range 3 {
				_ = w.prov.Create(t.Context(), w.id)
				*now = now.Add(6 * time.Minute)
			}
			row, l := w.rows()[1], w.loss()
			switch what {
			case "by all":
				if row.State != bot.RowCreated || w.state() != bot.Created {
					t.Errorf("the row is %s", row.State)
				}
			case "by its marker":
				if row.State != bot.RowGood || l.Approved.Done() || !l.Unseen.IsZero() || !strings.Contains(row.Said, "an account there has its marker") {
					t.Errorf("the row is %s, %+v: %s", row.State, l, row.Said)
				}
			case "taken back":
				if row.State != bot.RowGood || l.Open() || w.events("loss_withdrawn") != 1 {
					t.Errorf("the row is %s, %+v", row.State, l)
				}
			case "down":
				if row.State != bot.RowGood {
					t.Errorf("the row is %s: %s", row.State, row.Said)
				}
			}
			if w.events("account_lost") != 0 || c.asked[code(2)] != 1 {
				t.Errorf("asked %d times", c.asked[code(2)])
			}
		})
	}
}

// Between the last look and the record another run has taken the row up, which may see the account; an officer takes his word back; or it was
// shown and approval begins anew: nothing of what was seen before is recorded.
func TestALostAccountMeanwhile(t *testing.T) {
	t.Parallel()
	for what, meanwhile := range map[string]func(w *world, d *desk.Desk, l store.Loss) error{
		"another run": func(w *world, _ *desk.Desk, l store.Loss) error {
			return w.db.Write(w.t.Context(), func(tx *store.Tx) error {
				all, err := tx.Intents(w.t.Context(), l.PlanID, l.CaseID)
				if err != nil {
					return err
				}
				i := all[l.N]
				i.Tries++
				return tx.PutIntents(w.t.Context(), []store.Intent{i})
			})
		},
		"taken back": func(w *world, d *desk.Desk, l store.Loss) error {
			return second(d.WithdrawLost(w.t.Context(), "officer:lan", l.Code))
		},
		"shown": func(w *world, _ *desk.Desk, l store.Loss) error {
			return w.db.Write(w.t.Context(), func(tx *store.Tx) error { return tx.LossShown(w.t.Context(), l) })
		},
		"nothing": func(*world, *desk.Desk, store.Loss) error { return nil },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, db *store.DB) {
				w, c, now, d := losing(t, db, 1000*time.Hour)
				if _, err := d.AskLost(t.Context(), "officer:lan", code(2), "gone"); err != nil {
					t.Fatal(err)
				}
				w.looks()
				if _, err := d.ApproveLost(t.Context(), minh, code(2)); err != nil {
					t.Fatal(err)
				}
				*now = now.Add(11 * time.Minute)
				looked, l := 0, w.loss()
				c.each = func(string) (err error) {
					if looked++; looked == 2 { // the look by the marker
						err = meanwhile(w, d, l)
					}
					return err
				}
				err := w.prov.Create(t.Context(), w.id)
				row, lost := w.rows()[1], w.events("account_lost")
				if given := what == "nothing"; looked < 2 || given != (row.State == bot.RowBad) || given != (lost == 1) || given != (w.state() == bot.Created) {
					t.Errorf("%v: the row is %s, %d events, looked %d times", err, row.State, lost, looked)
				}
				if what == "another run" && !w.loss().Open() {
					t.Error("what officers have said is gone")
				}
			})
		})
	}
}

// Who has the name and is shown to nobody (a contact, a group outside of what vanthu may see) keeps a case from its delivery as well: its row is
// given up the same way, and the name counts as somebody else's. While nobody knows what became of an ask it is not.
func TestAHiddenHolderIsGivenUp(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w, c, now := hazy(t, db)
		ctx, said := t.Context(), error(account.ErrExists)
		c.create = func(_ context.Context, a account.Account) (time.Duration, error, error) {
			if a.Code == code(2) {
				return 0, said, nil
			}
			return 0, nil, nil
		}
		d := &desk.Desk{DB: db, Platform: "file"}
		until := func(what string, done func() bool) {
			t.Helper()
			for range 600 {
				if done() {
					return
				}
				_ = w.prov.Create(ctx, w.id)
				*now = now.Add(time.Minute)
			}
			t.Fatalf("never: %s; row 2 %+v", what, w.rows()[1])
		}
		until("officers are told", func() bool { return w.events("account_unseen") > 0 })
		if _, err := d.AskLost(ctx, "officer:lan", code(2), "a contact of the school has it"); err != nil {
			t.Fatal(err)
		}
		until("looked at", func() bool { return !w.loss().Unseen.IsZero() })
		if _, err := d.ApproveLost(ctx, minh, code(2)); err != nil {
			t.Fatal(err)
		}
		said = errDown // an ask of which nobody knows the end
		for range 60 {
			_ = w.prov.Create(ctx, w.id)
			*now = now.Add(time.Minute)
		}
		if row := w.rows()[1]; row.State != bot.RowGood || w.events("account_lost") > 0 {
			t.Errorf("given up while nobody knows what became of an ask: %s, %s", row.State, row.Said)
		}
		said = account.ErrExists
		until("given up", func() bool { return w.state() == bot.Created })
		row := w.rows()[1]
		if row.State != bot.RowBad || row.OK || !strings.Contains(row.Said, "is taken") || w.events("account_lost") != 1 || w.events("account_created") != people-1 || c.broken != nil {
			t.Errorf("%s, %s, %v", row.State, row.Said, c.broken)
		}
		taken := look(w, func(ctx context.Context, tx *store.Tx) (map[string]store.NameHolder, error) {
			return tx.NamesTaken(ctx, []string{code(2)}, nil)
		})
		if taken[code(2)].Where != "platform" {
			t.Errorf("his name: %+v", taken)
		}
	})
}
