package microsoft_test

import (
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"vanthu/bot/account/microsoft"
	"vanthu/bot/account/microsoft/microsofttest"
	"vanthu/bot/account/plantest"
	"vanthu/bot/account/resttest"
	"vanthu/bot/store/storetest"
)

// exactly makes sure that the tenant has the people of the plan, each once, with his licence, and no one else.
func exactly(t *testing.T, x tenant, p *plantest.Plan, passes bool) {
	t.Helper()
	byCode := map[string][]microsofttest.Holder{}
	people := x.fake.Holders()
	for _, h := range people {
		byCode[h.Code] = append(byCode[h.Code], h)
	}
	rows := p.Rows()
	if len(people) != len(rows) {
		t.Errorf("%d users for %d rows", len(people), len(rows))
	}
	for _, r := range rows {
		h := byCode[r.Code]
		if len(h) != 1 || h[0].Licences != 1 || h[0].Name != r.Name || h[0].UPN != r.Address || !strings.HasSuffix(h[0].Marker, ":"+strconv.Itoa(r.N)) {
			t.Errorf("row %d: %+v", r.N, h)
			continue
		}
		if in := x.SignsIn(t, r.Code, r.Secret); in == passes {
			t.Errorf("row %d: signs in by password: %v", r.N, in)
		}
		if passes && !x.fake.PassWorks(t, r.Code, r.Secret) {
			t.Errorf("row %d: his pass does not work", r.N)
		}
	}
}

// A plan at Microsoft's published quotas, through the engine and the database: how long it takes beside the floor, which is a create and a
// licence for each at 20 changes a second, and that no refusal for a quota comes to light. 120 accounts by day, 3,000 by
// .ci/bench/accounts (VANTHU_BENCH_ACCOUNTS); a smaller quota makes the sample meet it all the same.
func TestPlanAtQuota(t *testing.T) {
	t.Parallel()
	n, quota, atOnce := 120, 120, 4
	if said, err := strconv.Atoi(os.Getenv("VANTHU_BENCH_ACCOUNTS")); err == nil {
		n, quota, atOnce = said, 3000, 24
	}
	for name, lag := range map[string]time.Duration{"at once": 0, "two minutes late": 2 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := open(t, microsofttest.Config{Lag: lag, Writes: quota, Seats: n}, func(cfg *microsoft.Config) { cfg.Writes, cfg.InFlight = quota, atOnce }, nil)
			p := plantest.Approved(t, storetest.SQLite(t), x.clock, x, n)
			r := p.Carry()
			exactly(t, x, p, false)
			floor := time.Duration(2*n) * 150 * time.Second / time.Duration(quota)
			stats := x.Stats()
			t.Logf("%d accounts: %.1f min, floor %.1f min; %d requests, %d refused for a quota, %d tries of the job, of which %d failed",
				n, r.Took.Minutes(), floor.Minutes(), stats.Requests, stats.Busy, r.Tries, len(r.Failed))
			if len(r.Failed) > 0 || stats.Busy > 0 || x.fake.Throttled() > 0 {
				t.Errorf("refused for a quota: %d, failed: %v", x.fake.Throttled(), r.Failed)
			}
			if r.Took > floor*13/10+2*lag+10*time.Second {
				t.Errorf("%v, floor %v", r.Took, floor)
			}
		})
	}
}

// Everything goes wrong at once: replies are lost, work is done and an error said, tokens end, replicas are late, requests of a batch fail
// by themselves. Afterwards the tenant has exactly the plan.
func TestPlanThroughFaults(t *testing.T) {
	t.Parallel()
	for _, passes := range []bool{false, true} {
		t.Run("passes "+strconv.FormatBool(passes), func(t *testing.T) {
			t.Parallel()
			seed := resttest.Seed(t)
			x := open(t, microsofttest.Config{Lag: 2 * time.Minute, TokenLife: 4 * time.Minute, Sub: every(11, http.StatusServiceUnavailable)}, func(cfg *microsoft.Config) { cfg.PassLife = 30 * 24 * time.Hour },
				func(h http.Handler, clock *resttest.Clock) http.Handler {
					return &resttest.Faults{Handler: h, Clock: clock, Seed: seed, Rate: 0.25, Body: microsofttest.Fault,
						Spare: func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/token") }}
				})
			db := storetest.SQLite(t)
			var p *plantest.Plan
			if passes {
				p = plantest.Approved(t, db, x.clock, microsoft.WithPass{Platform: x.Platform}, 40)
			} else {
				p = plantest.Approved(t, db, x.clock, x, 40)
			}
			r := p.Carry()
			exactly(t, x, p, passes)
			t.Logf("%v, %d tries, %d failed", r.Took, r.Tries, len(r.Failed))
		})
	}
}
