package store_test

import (
	"context"
	"fmt"
	"testing"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// Both databases know exactly the states of the program, and let no case be worked on that lacks the check or the approved plan.
func TestDatabasesKnowTheStates(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		aCase(t, db)
		write := func(query string, args ...any) error { return store.TryExec(t, db, query, args...) }
		for _, s := range bot.States() {
			early := s == bot.Received || s == bot.WaitingUnit || s == bot.InWork || s == bot.Withdrawn || s == bot.Superseded
			if err := write(`UPDATE cases SET state = $1, checked_at = 0, planned_at = 0`, string(s)); (err == nil) != early {
				t.Errorf("a case that is %s without check and plan: %v", s, err)
			}
			if err := write(`UPDATE cases SET state = $1, checked_at = 1, planned_at = 1`, string(s)); err != nil {
				t.Errorf("a case that is %s: %v", s, err)
			}
			if open := allOpen(t, db); (open == 1) != s.Open() {
				t.Errorf("%d open cases when it is %s", open, s)
			}
		}
		for _, s := range bot.RowStates() {
			if err := write(`UPDATE case_rows SET state = $1`, string(s)); err != nil {
				t.Errorf("a row that is %s: %v", s, err)
			}
		}
		for _, s := range bot.AccountStates() {
			if err := write(`UPDATE accounts SET state = $1`, string(s)); err != nil {
				t.Errorf("an account that is %s: %v", s, err)
			}
		}
		for _, table := range []string{"cases", "case_rows", "accounts"} {
			if write(fmt.Sprintf(`UPDATE %s SET state = 'lost'`, table)) == nil {
				t.Errorf("%s may be in a state that nobody knows", table)
			}
		}
	})
}

// What becomes of an account goes along the arrows, and is known to whoever asks for its code.
func TestMoveAccount(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		aCase(t, db)
		move := func(to bot.AccountState) error {
			return db.Write(t.Context(), func(tx *store.Tx) error { return tx.MoveAccount(t.Context(), "2153010001", to) })
		}
		for _, to := range []bot.AccountState{bot.AccountHandedOut, bot.AccountActive, bot.AccountSuspended, bot.AccountDeleted, bot.AccountDeleted} {
			if err := move(to); err != nil {
				t.Errorf("to %s: %v", to, err)
			}
		}
		if err := move(bot.AccountNew); bot.ErrorCode(err) != bot.Conflict {
			t.Errorf("a deleted account became new: %v", err)
		}
		known := storetest.Read(t, db, func(ctx context.Context, tx *store.Tx) (map[string][]bot.Existing, error) {
			return tx.Known(ctx, []string{"2153010001"}, 0)
		})
		if e := known["2153010001"]; len(e) == 0 || e[0].State != bot.AccountDeleted || e[0].Changed.IsZero() {
			t.Errorf("the register knows %+v", e)
		}
		if err := db.Write(t.Context(), func(tx *store.Tx) error { return tx.MoveAccount(t.Context(), "9", bot.AccountDeleted) }); err != nil {
			t.Errorf("an account that vanthu did not make: %v", err)
		}
	})
}

// aCase puts a case with one row and its account into a database.
func aCase(t *testing.T, db *store.DB) {
	t.Helper()
	storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.AddMails(ctx, []store.NewMail{{Mailbox: "INBOX", UIDValidity: 7, UID: 1, ArrivedAt: tx.Now, Raw: []byte("x")}}); err != nil {
			return err
		}
		number, err := tx.KeepNumber(ctx, 1, "YC")
		if err != nil {
			return err
		}
		c, err := tx.AddCase(ctx, bot.Case{Number: number, Kind: bot.AccountRequest, Unit: "CTSV", State: bot.Received, MailID: 1, ReceivedAt: tx.Now})
		if err != nil {
			return err
		}
		row := bot.Row{N: 1, Code: "2153010001", Name: "Nguyễn Văn An", OK: true}
		if err := tx.SetRows(ctx, c.ID, []bot.Row{row}, nil); err != nil {
			return err
		}
		return tx.AddAccount(ctx, bot.CaseRow{Row: row, CaseID: c.ID, Address: "2153010001@sv.truong.example", Platform: "file"})
	})
}

func allOpen(t *testing.T, db *store.DB) (n int) {
	t.Helper()
	if err := db.Read(t.Context(), func(tx *store.Tx) error {
		open, err := tx.AllOpen(t.Context())
		n = len(open)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}
