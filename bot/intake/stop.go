package intake

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"vanthu/bot"
	"vanthu/bot/store"
)

// stops says whether a unit wants a deletion stopped ("đề nghị dừng xoá, khôi phục tài khoản 2153010001"), or takes back one that
// has begun. A mail that brings a list is none: it is judged as one.
func (in *Intake) stops(r Reading, c *bot.Case) bool {
	if in.Stop == nil || len(r.Submission.Rows) > 0 || r.Kind == bot.Automatic {
		return false
	}
	if c != nil && c.Kind != bot.DeletionRequest {
		return false
	}
	if c != nil && r.Said.Withdraw {
		switch c.State {
		case bot.Suspending, bot.Suspended, bot.Erasing:
			return true
		default:
			return false // withdrawn by itself: nothing has been done yet
		}
	}
	return meaning("stop_deletion").in(words(r.Text)) && (c != nil || len(codesIn(r.Text)) > 0)
}

// codesIn are the student codes that a text names.
func codesIn(text string) (codes []string) {
	for _, code := range studentCode.FindAllString(text, -1) {
		if code = strings.ToUpper(code); !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	return codes
}

// stop keeps what a unit wants kept, at once, and gives the mail to an officer: stopping is safe, going on and giving access back
// are for a person to decide. It says false when no deletion of the unit has what the mail names.
func (in *Intake) stop(ctx context.Context, m store.Mail, unit bot.Unit, r Reading, c *bot.Case) (done bool, err error) {
	err = in.DB.Write(ctx, func(tx *store.Tx) error {
		if err := pending(ctx, tx, m); err != nil {
			return err
		}
		codes := codesIn(r.Text)
		var cases []bot.Case
		if len(codes) > 0 {
			if cases, err = tx.DeletionsOf(ctx, unit.ID, codes); err != nil {
				return err
			}
		}
		if c != nil && len(cases) == 0 { // none of the numbers is a code of it: telephones, dates
			cases, codes = []bot.Case{*c}, nil
		}
		if done = len(cases) > 0; !done {
			return nil
		}
		rows := 0
		for _, one := range cases {
			n, err := in.Stop(ctx, tx, one, unit, m.ID, codes)
			if err != nil {
				return err
			}
			rows += n
		}
		m.CaseID = cases[0].ID
		_, err := in.endTx(ctx, tx, m, store.Quarantined, in.Folders.Quarantine, "needs_person",
			fmt.Sprintf("the unit wants a deletion stopped: %d rows wait for an officer (case restore, case go-on)", rows))
		return err
	})
	return done, err
}
