package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/store"
)

// A case is found by its token, a reference or its list, by its own unit and while it is open.
func caseFound(t *testing.T, db *store.DB) {
	c := addCase(t, db, 1)
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.LearnID(ctx, "<rewritten@ses.example>", c.ID, 1); err != nil {
			return err
		}
		if err := tx.LearnID(ctx, "<rewritten@ses.example>", c.ID+7, 2); err != nil { // learnt already
			return err
		}
		var err error
		c.ListHash = "abc"
		c, err = tx.SaveCase(ctx, c)
		return err
	})
	for name, tt := range map[string]struct {
		find func(ctx context.Context, tx *store.Tx) (bot.Case, bool, error)
		want bool
	}{
		"no token": {func(ctx context.Context, tx *store.Tx) (bot.Case, bool, error) { return tx.CaseByToken(ctx, "") }, false},
		"a learnt id": {func(ctx context.Context, tx *store.Tx) (bot.Case, bool, error) {
			return tx.CaseOfReference(ctx, "<rewritten@ses.example>", c.Unit)
		}, true},
		"a learnt id, another unit": {func(ctx context.Context, tx *store.Tx) (bot.Case, bool, error) {
			return tx.CaseOfReference(ctx, "<rewritten@ses.example>", "KHAC")
		}, false},
		"its list": {func(ctx context.Context, tx *store.Tx) (bot.Case, bool, error) {
			return tx.SameList(ctx, c.Unit, c.Kind, "abc")
		}, true},
		"its list, another unit": {func(ctx context.Context, tx *store.Tx) (bot.Case, bool, error) {
			return tx.SameList(ctx, "KHAC", c.Kind, "abc")
		}, false},
		"a list of nobody": {func(ctx context.Context, tx *store.Tx) (bot.Case, bool, error) {
			return tx.SameList(ctx, c.Unit, c.Kind, "")
		}, false},
	} {
		found := read(t, db, func(ctx context.Context, tx *store.Tx) (bool, error) {
			got, ok, err := tt.find(ctx, tx)
			return ok && got.ID == c.ID, err
		})
		if found != tt.want {
			t.Errorf("%s: found %v", name, found)
		}
	}
	changes := bot.Changes{Unchanged: 3, Rows: []bot.Change{{Kind: bot.RowChanged, Was: 2, N: 3, Code: "2153010001", Name: "Trần Thị Bích", Fields: []bot.FieldChange{{Field: bot.FieldName, Is: "Trần Thị Bích"}}}}}
	write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.AddCorrection(ctx, c.ID, 2, changes) })
	kept := read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.Correction, error) { return tx.Corrections(ctx, c.ID) })
	if diff := cmp.Diff([]store.Correction{{MailID: 2, Changes: changes}}, kept); diff != "" {
		t.Error(diff)
	}
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		c.State = bot.Withdrawn
		_, err := tx.SaveCase(ctx, c)
		return err
	})
	if read(t, db, func(ctx context.Context, tx *store.Tx) (bool, error) {
		_, ok, err := tx.SameList(ctx, c.Unit, c.Kind, "abc")
		return ok, err
	}) {
		t.Error("a case that is over is found by its list")
	}
}

// A confirmation is used once, and not after its time.
func confirmations(t *testing.T, db *store.DB) {
	c := addCase(t, db, 1)
	start := db.Now()
	at := func(d time.Duration) { db.Now = func() time.Time { return start.Add(d) } }
	at(0)
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		for _, hash := range []string{"a", "b"} {
			if err := tx.AddConfirmation(ctx, store.Confirmation{TokenHash: hash, Unit: c.Unit, MailID: c.MailID, MailHash: "h" + hash, LetterID: 9, ExpiresAt: start.Add(time.Hour)}); err != nil {
				return err
			}
		}
		return nil
	})
	uses := func(hash string) bool {
		var used bool
		write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
			used, err = tx.UseConfirmation(ctx, hash, 5)
			return err
		})
		return used
	}
	waiting := func(since time.Duration) [3]any {
		return read(t, db, func(ctx context.Context, tx *store.Tx) ([3]any, error) {
			waiting, all, same, err := tx.Asked(ctx, c.Unit, "hb", tx.Now.Add(-since))
			return [3]any{waiting, all, same}, err
		})
	}
	if got := waiting(time.Minute); got != [3]any{2, 2, true} {
		t.Errorf("asked: %v", got)
	}
	if !uses("a") || uses("a") || uses("c") {
		t.Error("a token is used twice, or one that nobody made")
	}
	at(time.Hour)
	if uses("b") {
		t.Error("a token is used after its time")
	}
	if got := waiting(time.Minute); got != [3]any{0, 0, false} {
		t.Errorf("an hour later: %v", got)
	}
	got := read(t, db, func(ctx context.Context, tx *store.Tx) (store.Confirmation, error) { return tx.Confirmation(ctx, "a") })
	if got.UsedBy != 5 || got.UsedAt.IsZero() || got.MailHash != "ha" || got.LetterID != 9 {
		t.Errorf("%+v", got)
	}
}
