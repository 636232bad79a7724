//go:build e2e

package e2e

import (
	"context"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/store"
)

// officers check, plan and approve whatever is ready, through the same functions as the command line.
func officers(ctx context.Context, a *app.App) error {
	approver := bot.Officer{ID: "minh", Name: "Minh", Approver: true}
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		var ready []bot.Case
		err := a.DB.Read(ctx, func(tx *store.Tx) (err error) {
			ready, err = tx.Cases(ctx, bot.Received)
			return err
		})
		for _, c := range ready {
			if err == nil {
				_, err = a.Desk.Check(ctx, "officer:lan", c.Number)
			}
			var p store.StoredPlan
			if err == nil {
				p, err = a.Desk.MakePlan(ctx, "officer:lan", []string{c.Number})
			}
			if err == nil {
				_, err = a.Desk.ApprovePlan(ctx, approver, p.Number, p.Hash)
			}
		}
		if err != nil && ctx.Err() == nil && bot.ErrorCode(err) != bot.Conflict { // the case has moved meanwhile
			return err
		}
	}
}

// settled says whether nothing is left to be done by the daemon.
func settled(t *testing.T, a *app.App, mails int) bool {
	done := false
	err := a.DB.Read(t.Context(), func(tx *store.Tx) error {
		counts, err := tx.CountMails(t.Context())
		if err != nil {
			return err
		}
		unfiled, err := tx.Unfiled(t.Context(), 1)
		if err != nil {
			return err
		}
		letters, err := tx.Letters(t.Context(), 0)
		if err != nil {
			return err
		}
		cases, err := tx.Cases(t.Context(), "")
		if err != nil {
			return err
		}
		total := 0
		for _, n := range counts {
			total += n
		}
		done = total >= mails && counts[""] == 0 && len(unfiled) == 0
		for _, l := range letters {
			done = done && l.State == store.LetterSent
		}
		for _, c := range cases {
			done = done && (c.State == bot.Delivered || c.State == bot.WaitingUnit)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return done
}
