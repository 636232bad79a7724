package zimbra_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"vanthu/bot/account/plantest"
	"vanthu/bot/account/resttest"
	"vanthu/bot/account/zimbra"
	"vanthu/bot/account/zimbra/zimbratest"
	"vanthu/bot/store/storetest"
)

// exactly makes sure that the domain has the people of the plan, each once, and no one else.
func exactly(t *testing.T, w *world, p *plantest.Plan) {
	t.Helper()
	rows, made := p.Rows(), w.fake.Accounts()
	if len(made) != len(rows) {
		t.Errorf("%d accounts for %d rows", len(made), len(rows))
	}
	for _, r := range rows {
		a := made[r.Address]
		if a == nil || a["employeeNumber"][0] != r.Code || !strings.HasSuffix(a["zimbraNotes"][0], ":"+strconv.Itoa(r.N)) || !w.SignsIn(t, r.Code, r.Secret) {
			t.Errorf("row %d: %v", r.N, a)
		}
	}
}

// A plan at Zimbra's published limit of requests, through the engine and the database: how long it takes, and that no refusal comes to light.
// 100 accounts by day, 3,000 by .ci/bench/accounts (VANTHU_BENCH_ACCOUNTS).
func TestPlanAtQuota(t *testing.T) {
	t.Parallel()
	n := 100
	if said, err := strconv.Atoi(os.Getenv("VANTHU_BENCH_ACCOUNTS")); err == nil {
		n = said
	}
	w := newWorld(t, nil)
	p := plantest.Approved(t, storetest.SQLite(t), w.clock, w, n)
	r := p.Carry()
	exactly(t, w, p)
	requests := w.fake.Served("SearchDirectory") + w.fake.Served("CreateAccount")
	floor := time.Duration(requests) * time.Second / 30
	t.Logf("%d accounts: %.1f min, floor %.1f min; %d requests, %d tries of the job, of which %d failed", n, r.Took.Minutes(), floor.Minutes(), requests, r.Tries, len(r.Failed))
	if len(r.Failed) > 0 || w.fake.Served("CreateAccount") != n {
		t.Errorf("%d requests to make one, failed: %v", w.fake.Served("CreateAccount"), r.Failed)
	}
	if r.Took > 2*floor+10*time.Second {
		t.Errorf("%v, floor %v", r.Took, floor)
	}
}

// Everything goes wrong at once: replies are lost, work is done and an error said, tokens end, searches lag behind. Afterwards the domain
// has exactly the plan.
func TestPlanThroughFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world, _ *zimbra.Config) {
		w.faults.Rate, w.faults.Seed, w.faults.Kinds = 0.25, resttest.Seed(t), zimbratest.Kinds()
		w.fake.Lag, w.fake.TokenLife = 30*time.Second, 4*time.Minute
	})
	p := plantest.Approved(t, storetest.SQLite(t), w.clock, w, 40)
	r := p.Carry()
	exactly(t, w, p)
	t.Logf("%v, %d tries, %d failed; faults %v", r.Took, r.Tries, len(r.Failed), w.faults.Happened())
}
