package store_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"vanthu/bot/store"
)

// claims lets many take the same answer at once.
func claims(t *testing.T, db *store.DB) {
	c := addCase(t, db, 1)
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.AddLetter(ctx, store.Letter{Step: "a", MessageID: "<a@x>", Kind: "k", CaseID: c.ID, To: "ctsv@truong.example", Raw: []byte("x")})
		return err
	})
	id := read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.Letter, error) { return tx.Letters(ctx, c.ID) })[0].ID
	n := 0
	for _, ok := range together(t, db, func(ctx context.Context, tx *store.Tx) (bool, error) {
		_, ok, _, err := tx.NextLetter(ctx, tx.Now.Add(time.Hour), store.Pace{})
		return ok, err
	}) {
		if ok {
			n++
		}
	}
	l := read(t, db, func(ctx context.Context, tx *store.Tx) (store.Letter, error) { return tx.Letter(ctx, id) })
	if n != 1 || l.State != store.LetterSending || l.Tries != 1 {
		t.Errorf("%d have the answer, it is %s after %d tries", n, l.State, l.Tries)
	}
}

// numberKept lets many judge the same mail at once.
func numberKept(t *testing.T, db *store.DB) {
	id := addMail(t, db, aMail(1))
	for _, got := range together(t, db, func(ctx context.Context, tx *store.Tx) (string, error) { return tx.KeepNumber(ctx, id, "YC") }) {
		if !strings.HasSuffix(got, "-0001") {
			t.Errorf("number %s", got)
		}
	}
}

// together runs f eight times at once.
func together[T any](t *testing.T, db *store.DB, f func(ctx context.Context, tx *store.Tx) (T, error)) []T {
	t.Helper()
	results, errs := make([]T, 8), make([]error, 8)
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() {
			errs[i] = db.Write(t.Context(), func(tx *store.Tx) (err error) {
				results[i], err = f(t.Context(), tx)
				return err
			})
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return results
}
