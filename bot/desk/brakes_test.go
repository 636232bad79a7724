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

// A long list that is cut into short ones is still above the brakes, and so is a class whose name the list leaves out or writes otherwise.
func TestBrakesOfSeveralPlans(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorldOn(t, db)
		w.at("2026-12-07 09:00")
		w.openedAs(bot.AccountRequest, "YA K51", 0, 20)
		w.openedAs(bot.AccountRequest, "YB K51", 100, 100)
		w.desk.Deleting = desk.Deleting{Window: 30, Most: 12, ClassShare: 50}
		w.desk.Planning.Needs = w.desk.Deleting.Needs
		needs := func(p store.StoredPlan, want int) store.StoredPlan {
			t.Helper()
			if p.Needs != want {
				t.Errorf("%s needs %d, want %d", p.Number, p.Needs, want)
			}
			return p
		}
		first := needs(w.plans(w.openedAs(bot.DeletionRequest, "ya-k51", 0, 6)), 1)
		second := needs(w.plans(w.openedAs(bot.DeletionRequest, "", 6, 5)), 2) // 11 of 20, and the list says no class
		if err := w.approve(minh, first); err != nil {                         // what came after it changes nothing for it
			t.Error(err)
		}
		if _, err := w.desk.DropPlan(t.Context(), "officer:lan", first.Number, "nhầm"); err != nil {
			t.Fatal(err)
		}
		if err := w.approve(minh, second); err != nil || w.plan(second).Approved.Done() {
			t.Errorf("it needed two when it was made, and needs them still: %v", err)
		}
		needs(w.plans(w.openedAs(bot.DeletionRequest, "YB K51", 100, 7)), 1) // 5 + 7 = 12
		third := needs(w.plans(w.openedAs(bot.DeletionRequest, "YB K51", 107, 1)), 2)
		if _, err := w.desk.DropPlan(t.Context(), "officer:lan", third.Number, "để tuần sau"); err != nil {
			t.Fatal(err)
		}
		w.at("2026-12-15 09:00")
		needs(w.plans(w.openedAs(bot.DeletionRequest, "YB K51", 108, 1)), 1)
		odd := w.openedAs(bot.DeletionRequest, "Lớp khác", 0, 11)
		if _, err := w.desk.Check(t.Context(), "officer:lan", odd); bot.ErrorCode(err) != bot.Conflict {
			t.Errorf("most of a class under another name: %v", err)
		}
	})
}

// What a unit wants stopped is a person: in a corrected list it is stopped where that person stands then.
func TestStopsFollowTheirPeople(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorldOn(t, db)
		number := w.openedAs(bot.DeletionRequest, "YA K51", 1, 3)
		w.write(func(ctx context.Context, tx *store.Tx) error {
			c, err := tx.CaseByNumber(ctx, number)
			if err != nil {
				return err
			}
			_, err = w.desk.StopRows(ctx, tx, c, ctsv, c.MailID, []string{"2153000001", "2153000003"})
			return err
		})
		if err := w.corrects(number, bot.Received, bot.Acknowledged, "2153000003", "2153000002"); err != nil {
			t.Fatal(err)
		}
		stops := look(w, func(ctx context.Context, tx *store.Tx) (map[int]store.RowStop, error) {
			return tx.Stops(ctx, w.find(number).ID)
		})
		if _, first := stops[1]; len(stops) != 1 || !first {
			t.Errorf("stopped rows %v, want row 1", stops)
		}
	})
}

// Two classes whose names differ only by their marks have no group together.
func TestNoGroupOfTwoClasses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.desk.Planning.Group = func(_ bot.Case, r bot.CaseRow) string {
		return "Lop-" + strings.ToLower(strings.NewReplacer("Đ", "D", " ", "").Replace(r.Class)) + "@sv.truong.example"
	}
	number := w.opens(ctsv, bot.Received, "2153010001", "2153010002", "2153010003")
	w.classes(number, "ĐDK47", "ĐD K47", "YAK47")
	w.plans(number)
	other := w.opens(ctsv, bot.Received, "2153010004", "2153010005")
	w.classes(other, "ĐDK47", "DDK47")
	if _, err := w.desk.MakePlan(t.Context(), "officer:lan", []string{other}); bot.ErrorCode(err) != bot.Conflict || !strings.Contains(err.Error(), "two classes") {
		t.Errorf("in one plan: %v", err)
	}
	w.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.SaveGroup(ctx, bot.ClassGroup{Address: "Lop-ddk47@sv.truong.example", Class: "ĐDK47", CaseID: w.find(number).ID})
	})
	w.classes(other, "DDK47", "DDK47")
	if _, err := w.desk.MakePlan(t.Context(), "officer:lan", []string{other}); bot.ErrorCode(err) != bot.Conflict || !strings.Contains(err.Error(), "two classes") {
		t.Errorf("of a case before: %v", err)
	}
	w.classes(other, "ĐDK47", "ĐD-K47")
	w.plans(other)
}
