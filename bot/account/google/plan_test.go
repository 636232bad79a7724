package google_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"vanthu/bot/account/google"
	"vanthu/bot/account/google/googletest"
	"vanthu/bot/account/plantest"
	"vanthu/bot/account/resttest"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// A year's students at the quotas that Google publishes, 2,400 queries a minute and ten users a second, through the whole engine: how long it takes by the
// stepped clock, beside the floor of arithmetic (ten users a second), and that no complaint of Google's comes up.
// 100 people by day, 3,000 by .ci/bench/accounts (VANTHU_BENCH_ACCOUNTS).
func TestPlanAtQuota(t *testing.T) {
	t.Parallel()
	n := 100
	if said, err := strconv.Atoi(os.Getenv("VANTHU_BENCH_ACCOUNTS")); err == nil {
		n = said
	}
	for name, test := range map[string]struct {
		late, search time.Duration
		faults       float64
		there        int           // people in the directory before, for each new one
		extra        time.Duration // beyond the floor
	}{
		"shown at once":                   {extra: 15 * time.Second},
		"beside ten times as many":        {there: 10, extra: 30 * time.Second},
		"shown after 3 minutes":           {late: 3 * time.Minute, search: time.Hour, extra: 9 * time.Minute},
		"one answer in twenty goes wrong": {faults: 0.05, extra: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seed := resttest.Seed(t)
			w := newWorld(t, func(c *google.Config, f *googletest.Fake, faults *resttest.Faults) {
				c.Groups = false
				f.Late, f.Search = test.late, test.search
				faults.Seed, faults.Rate = seed, test.faults
			})
			for i := range test.there * n {
				w.fake.Add(googletest.User{Email: fmt.Sprintf("cu%d@sv.truong.example", i), Family: "Lê", Given: "An", ExternalIDs: []googletest.ExternalID{{Value: fmt.Sprint("CU", i), Type: "organization"}}})
			}
			plan := plantest.Approved(t, storetest.SQLite(t), w.clock, w.Platform, n)
			run := plan.Carry()
			floor := time.Duration(n) * time.Second / 10
			queries, refused := w.fake.Stats()
			t.Logf("%d accounts: %.1f minutes (floor %.1f), %d runs, %.2f queries each, %d sent again, %d refused for the quota, %d runs failed", n, run.Took.Minutes(), floor.Minutes(), run.Tries,
				float64(queries)/float64(n), w.Stats().Again, refused, len(run.Failed))
			if made := len(w.fake.Accounts()) - test.there*n; made != n {
				t.Errorf("%d accounts, want %d", made, n)
			}
			if refused != 0 || test.faults == 0 && run.Failed != nil {
				t.Errorf("Google refused %d queries; an officer saw %v", refused, run.Failed)
			}
			if run.Took < floor*9/10 {
				t.Errorf("it took %v: more than ten users a second", run.Took)
			}
			if run.Took > floor*5/4+test.extra {
				t.Errorf("it took %v, want at most %v", run.Took, floor*5/4+test.extra)
			}
			for _, row := range plan.Rows() {
				if !w.SignsIn(t, row.Code, row.Secret) {
					t.Fatalf("the password that is sealed for row %d opens nothing", row.N)
				}
			}
		})
	}
}

// Whatever goes wrong, the accounts are those of the plan, each once: a quarter of the answers spoilt, users shown late.
func TestPlanExactlyOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		seed := resttest.Seed(t)
		w := newWorld(t, func(_ *google.Config, f *googletest.Fake, faults *resttest.Faults) {
			f.Late, f.Search = 2*time.Minute, 30*time.Minute
			faults.Seed, faults.Rate = seed, 0.25
		})
		const n = 40
		plan := plantest.Approved(t, db, w.clock, w.Platform, n)
		plan.Carry()
		seen := map[string]int{}
		for _, u := range w.fake.Accounts() {
			for _, id := range u.ExternalIDs {
				seen[id.Value]++
			}
		}
		for i := 1; i <= n; i++ {
			if got := seen[plantest.Code(i)]; got != 1 {
				t.Errorf("%d accounts for row %d", got, i)
			}
		}
		for _, row := range plan.Rows() {
			if !w.SignsIn(t, row.Code, row.Secret) {
				t.Errorf("the password that is sealed for row %d opens nothing", row.N)
			}
		}
	})
}
