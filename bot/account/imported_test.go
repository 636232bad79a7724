package account_test

import (
	"context"
	"testing"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// An officer imports the accounts of the platform while a plan is carried out: of a row that is made and not recorded yet the import finds
// the account, and enters it. It is the row's all the same.
func TestAnImportBetweenTheMakingAndTheRecord(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.prov.InFlight = 1
		looks := 0
		w.dir.lookups = func(codes []string) error {
			if looks++; looks == 2 { // the first account is read back
				w.write(func(ctx context.Context, tx *store.Tx) error {
					m := w.dir.accounts[codes[0]]
					entered, err := tx.ImportAccount(ctx, store.RegisterLine{Code: m.Code, User: m.User, Address: m.Address, Name: m.Name, Platform: "file"})
					if !entered {
						t.Error("it was not entered")
					}
					return err
				})
			}
			return nil
		}
		if err := w.prov.Create(t.Context(), w.id); err != nil {
			t.Fatal(err)
		}
		if w.state() != bot.Created || w.states()[0] != bot.RowCreated {
			t.Errorf("%s: %v", w.state(), w.states())
		}
		all := look(w, func(ctx context.Context, tx *store.Tx) ([]store.RegisterLine, error) {
			return tx.RegisterAfter(ctx, "", 100)
		})
		if len(all) != people || all[0].Origin != "made" || all[0].Case == "" || all[0].Row != 1 || all[0].State != bot.AccountNew {
			t.Errorf("the register: %+v", all)
		}
	})
}
