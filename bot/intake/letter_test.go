package intake_test

import (
	"context"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/intake"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// A letter that was refused (another unit's, FRM-03) does not become good because the list is sent again without one; what was
// said of a letter that stands stays with its case, for the officer who reads it.
func TestAListAloneDoesNotMendTheLetter(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	judge := w.in.Judge
	faults := []bot.Finding{{Rule: "FRM-03", Severity: bot.RejectRequest}, {Rule: "FRM-04", Severity: bot.Warn}, {Rule: "FRM-10", Severity: bot.Warn}}
	w.in.Judge = func(r intake.Reading, unit bot.Unit, c bot.Case, known map[string][]bot.Existing, now time.Time) bot.Request {
		request := judge(r, unit, c, known, now)
		if r.Submission.Letter == nil {
			return request
		}
		request.LetterFile, request.Findings = r.Submission.Letter.File, append(request.Findings, faults...)
		if len(faults) > 1 {
			request.Action = bot.Return
		}
		return request
	}
	stands := func(state bot.State, rules ...string) {
		t.Helper()
		c := w.cases()[0]
		found := look(w, func(ctx context.Context, tx *store.Tx) ([]bot.Finding, error) { return tx.Findings(ctx, c.ID) })
		var said []string
		for _, f := range found {
			said = append(said, f.Rule)
		}
		if len(w.cases()) != 1 || c.State != state || len(said) != len(rules) {
			t.Errorf("%d cases, the first is %s with %v; want %s with %v", len(w.cases()), c.State, said, state, rules)
		}
	}
	w.takes(letter{from: ctsv, codes: []string{"2153010001", "2153010002"}, signed: true})
	stands(bot.WaitingUnit, "FRM-03", "FRM-04", "FRM-10")
	answer := w.letters()[0].MessageID

	w.takes(letter{from: ctsv, refers: answer, codes: []string{"2153010001", "2153010003"}})
	stands(bot.WaitingUnit, "FRM-03", "FRM-04") // how many it speaks of has to do with the list that is gone

	faults = faults[1:2]
	w.takes(letter{from: ctsv, refers: answer, codes: []string{"2153010001", "2153010003"}, signed: true})
	stands(bot.Received, "FRM-04")
	w.takes(letter{from: ctsv, refers: answer, codes: []string{"2153010001", "2153010004"}})
	stands(bot.Received, "FRM-04")
}
