package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/store"
)

// activationEvery is how often the platform is asked whose initial passwords were changed.
const activationEvery = 6 * time.Hour

// activating notes in the register whose initial password was changed (FR-22), as far as the platform tells.
func (s *Server) activating(ctx context.Context) error {
	for {
		if err := noteActive(ctx, s.DB, s.parts.platform); err != nil && ctx.Err() == nil {
			s.Logger.Warn("activation", "platform", s.parts.platform.Name(), "code", "not_asked", "error", err.Error())
		}
		if err := wait(ctx, activationEvery); err != nil {
			return err
		}
	}
}

// activationSet is how many accounts are asked for and written at a time.
const activationSet = 200

func noteActive(ctx context.Context, db *store.DB, platform account.Platform) error {
	after := ""
	for {
		var set []bot.CaseRow
		if err := db.Read(ctx, func(tx *store.Tx) (err error) {
			set, err = tx.HandedOut(ctx, after, activationSet)
			return err
		}); err != nil || len(set) == 0 {
			return err
		}
		keys := account.Keys{}
		for _, r := range set {
			keys.Codes = append(keys.Codes, r.Code)
			after = r.Code
		}
		found, err := platform.Lookup(ctx, keys)
		if err != nil {
			return fmt.Errorf("app: %w", err)
		}
		changed := make(map[string]bool)
		for _, a := range found {
			if a.Changed {
				changed[strings.ToUpper(a.Code)] = true
			}
		}
		if err := db.Write(ctx, func(tx *store.Tx) error {
			for _, r := range set {
				if !changed[strings.ToUpper(r.Code)] {
					continue
				}
				if err := tx.MoveLiving(ctx, r.Code, bot.AccountActive); err != nil {
					return err
				}
				if err := tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: r.CaseID, What: "password_changed", Detail: map[string]string{"row": fmt.Sprint(r.N), "platform": platform.Name()}}); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
}
