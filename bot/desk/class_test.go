package desk_test

import (
	"context"
	"strings"
	"testing"

	"vanthu/bot"
	"vanthu/bot/desk"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// opensWith opens a case of two people of a class.
func (w *world) opensWith(class string) string {
	w.t.Helper()
	number := w.opens(ctsv, bot.Received, "2153010001", "2153010002")
	w.write(func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.CaseByNumber(ctx, number)
		if err != nil {
			return err
		}
		rows := rowsOf([]string{"2153010001", "2153010002"})
		for i := range rows {
			rows[i].Class, rows[i].Cohort = class, "K48"
		}
		return tx.SetRows(ctx, c.ID, rows, nil)
	})
	return number
}

func names(classes []bot.Class) string {
	var all []string
	for _, c := range classes {
		all = append(all, c.Name)
	}
	return strings.Join(all, " ")
}

// A class that nobody knows is confirmed once; where the configuration asks for that, its case is not checked before.
func TestClassIsConfirmedOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorldOn(t, db)
		w.desk.ClassBook = desk.ClassBook{Known: []string{"YBK47"}, Confirm: true}
		number := w.opensWith("YAK48")
		_, err := w.desk.Check(t.Context(), desk.OfficerActor(lan), number)
		if bot.ErrorCode(err) != bot.Conflict || !strings.Contains(err.Error(), `"YAK48"`) {
			t.Fatalf("checked with an unknown class: %v", err)
		}
		known, unknown, err := w.desk.Classes(t.Context())
		if err != nil || names(known) != "YBK47" || names(unknown) != "YAK48" || unknown[0].Cases != number || unknown[0].Rows != 2 || unknown[0].Unit != "CTSV" {
			t.Fatalf("known %+v, unknown %+v, %v", known, unknown, err)
		}
		c, err := w.desk.ConfirmClass(t.Context(), desk.OfficerActor(lan), bot.Class{Name: " YAK48 "})
		if err != nil || c.Unit != "CTSV" || c.Cohort != "K48" || c.Known.By != desk.OfficerActor(lan) {
			t.Fatalf("confirmed %+v, %v", c, err)
		}
		if _, err := w.desk.Check(t.Context(), desk.OfficerActor(lan), number); err != nil {
			t.Fatal(err)
		}
		for _, class := range []string{"YA-K48", "ya k48", "YBK47", "YB.K47", ""} { // other ways to write what is known
			if _, err := w.desk.Check(t.Context(), desk.OfficerActor(lan), w.opensWith(class)); err != nil {
				t.Errorf("%q: %v", class, err)
			}
		}
		if _, err := w.desk.ConfirmClass(t.Context(), desk.OfficerActor(lan), bot.Class{Name: "YA-K48"}); bot.ErrorCode(err) != bot.Conflict {
			t.Errorf("confirmed in another spelling: %v", err)
		}
		for _, bad := range []bot.Class{{Name: "--"}, {Name: strings.Repeat("Y", 101)}, {Name: "YDK1", Unit: "KHOAY"}} {
			if _, err := w.desk.ConfirmClass(t.Context(), desk.OfficerActor(lan), bad); bot.ErrorCode(err) != bot.Invalid {
				t.Errorf("%.20q of %q: %v", bad.Name, bad.Unit, err)
			}
		}
		w.desk.ClassBook.Confirm = false
		if _, err := w.desk.Check(t.Context(), desk.OfficerActor(lan), w.opensWith("DHK49")); err != nil {
			t.Errorf("it only warns: %v", err)
		}
	})
}

func TestClassIsRenamedAndForgotten(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorldOn(t, db)
		w.desk.ClassBook.Known = []string{"YBK47"}
		for _, name := range []string{"YAK48", "YCK48"} {
			if _, err := w.desk.ConfirmClass(t.Context(), desk.OfficerActor(lan), bot.Class{Name: name, Unit: "CTSV"}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.desk.RenameClass(t.Context(), desk.OfficerActor(lan), "YA K48", "YA-K48"); err != nil {
			t.Fatal(err)
		}
		known, _, err := w.desk.Classes(t.Context())
		if err != nil || names(known) != "YA-K48 YCK48 YBK47" || known[0].Unit != "CTSV" {
			t.Errorf("known %+v, %v", known, err)
		}
		for name, code := range map[string]bot.Code{"YBK47": bot.Conflict, "YZK1": bot.NotFound} {
			if err := w.desk.RenameClass(t.Context(), desk.OfficerActor(lan), name, "X"); bot.ErrorCode(err) != code {
				t.Errorf("rename %s: %v", name, err)
			}
			if err := w.desk.ForgetClass(t.Context(), desk.OfficerActor(lan), name); bot.ErrorCode(err) != code {
				t.Errorf("forget %s: %v", name, err)
			}
		}
		if err := w.desk.RenameClass(t.Context(), desk.OfficerActor(lan), "YCK48", "yak48"); bot.ErrorCode(err) != bot.Conflict {
			t.Errorf("two classes of one name: %v", err)
		}
		if err := w.desk.ForgetClass(t.Context(), desk.OfficerActor(lan), "YAK48"); err != nil {
			t.Error(err)
		}
		if known, _, _ := w.desk.Classes(t.Context()); names(known) != "YCK48 YBK47" {
			t.Errorf("known %+v", known)
		}
	})
}

// What was delivered was checked by an officer: its classes are known from then on, and an officer's own word stays.
func TestClassOfADeliveredCaseIsKnown(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorldOn(t, db)
		number := w.createdIn("YEK48")
		w.write(func(ctx context.Context, tx *store.Tx) error {
			c, err := tx.CaseByNumber(ctx, number)
			if err != nil {
				return err
			}
			return tx.AddClass(ctx, bot.Class{Name: "DHK48", Unit: c.Unit, Known: bot.Stamp{By: bot.System}})
		})
		if _, err := w.desk.ConfirmClass(t.Context(), desk.OfficerActor(lan), bot.Class{Name: "DHK48", Unit: "DTSDH", Cohort: "K48"}); err != nil {
			t.Fatal(err)
		}
		w.write(func(ctx context.Context, tx *store.Tx) error {
			return tx.AddClass(ctx, bot.Class{Name: "DH-K48", Unit: "CTSV", Known: bot.Stamp{By: bot.System}})
		})
		known, _, err := w.desk.Classes(t.Context())
		if err != nil || len(known) != 1 || known[0].Name != "DHK48" || known[0].Unit != "DTSDH" || known[0].Cohort != "K48" || !known[0].ByOfficer() {
			t.Errorf("known %+v, %v", known, err)
		}
		w.write(func(ctx context.Context, tx *store.Tx) error {
			return w.desk.Sent(ctx, tx, store.Letter{CaseID: w.find(number).ID, Kind: string(bot.CredentialsOf)})
		})
		if known, _, _ := w.desk.Classes(t.Context()); names(known) != "DHK48 YEK48" || known[1].Unit != "CTSV" || known[1].ByOfficer() {
			t.Errorf("after the delivery %+v", known)
		}
	})
}
