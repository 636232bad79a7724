package app

import (
	"context"
	"fmt"
	"testing"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// tells is a platform that knows whose password was changed.
type tells struct {
	account.Platform
	changed map[string]bool
}

func (tells) Name() string { return "tells" }

func (tells) Describe() account.Description { return account.Description{} }

func (p tells) Lookup(_ context.Context, keys account.Keys) (found []account.Account, err error) {
	for _, code := range keys.Codes {
		found = append(found, account.Account{Code: code, Changed: p.changed[code]})
	}
	return found, nil
}

// FR-22: of a thousand accounts those whose password was changed become active, each once; the others are asked for again.
func TestActivation(t *testing.T) {
	t.Parallel()
	db := storetest.SQLite(t)
	code := func(i int) string { return fmt.Sprintf("2153%06d", i) }
	const people = 1000
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
		for i := range people {
			if err := tx.AddAccount(ctx, bot.CaseRow{Row: bot.Row{N: i + 1, Code: code(i)}, CaseID: c.ID, Address: code(i) + "@sv.truong.example"}); err != nil {
				return err
			}
			if i%10 == 0 {
				continue // its password is not with the unit yet
			}
			if err := tx.MoveAccount(ctx, code(i), bot.AccountHandedOut); err != nil {
				return err
			}
		}
		return nil
	})
	p := tells{changed: map[string]bool{}}
	for i := range people {
		p.changed[code(i)] = i%3 == 0
	}
	for range 2 {
		if err := noteActive(t.Context(), db, p); err != nil {
			t.Fatal(err)
		}
	}
	active := 0
	for i, a := range storetest.Read(t, db, func(ctx context.Context, tx *store.Tx) ([]bot.Existing, error) { return tx.Accounts(ctx) }) {
		want := bot.AccountHandedOut
		switch {
		case i%10 == 0:
			want = bot.AccountNew
		case i%3 == 0:
			want = bot.AccountActive
			active++
		}
		if a.State != want {
			t.Fatalf("%s is %s, want %s", a.Code, a.State, want)
		}
	}
	events := storetest.Read(t, db, func(ctx context.Context, tx *store.Tx) ([]bot.Event, error) { return tx.Events(ctx, 0) })
	if len(events) != active {
		t.Errorf("%d events of %d accounts", len(events), active)
	}
}
