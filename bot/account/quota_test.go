package account_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/account/google"
	"vanthu/bot/account/google/googletest"
	"vanthu/bot/account/resttest"
	"vanthu/bot/desk"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// A year's students on Google at the quota that Google publishes, 2,400 queries a minute, through the whole engine: how long it takes by
// the stepped clock, beside the floor of arithmetic (made and read back, two queries a person), and that no complaint of Google's comes up.
// 3,000 people by night, 150 by day.
func TestGoogleAtPublishedQuota(t *testing.T) {
	t.Parallel()
	people := 150
	if os.Getenv("NIGHTLY") != "" {
		people = 3000
	}
	for name, test := range map[string]struct {
		late, search time.Duration
		faults       float64
		there        int           // people in the directory before
		extra        time.Duration // beyond the floor
	}{
		"shown at once":                   {extra: 15 * time.Second},
		"beside 30,000 others":            {there: people * 10, extra: 30 * time.Second},
		"shown after 3 minutes":           {late: 3 * time.Minute, search: time.Hour, extra: 9 * time.Minute},
		"one answer in twenty goes wrong": {faults: 0.05, extra: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := resttest.NewClock(time.Date(2026, 9, 7, 2, 0, 0, 0, time.UTC))
			fake := googletest.New(clock.Now)
			fake.Late, fake.Search = test.late, test.search
			for i := range test.there {
				fake.Add(googletest.User{Email: fmt.Sprintf("cu%d@sv.truong.example", i), Family: "Lê", Given: "An", ExternalIDs: []googletest.ExternalID{{Value: fmt.Sprint("CU", i), Type: "organization"}}})
			}
			faults := &resttest.Faults{Handler: fake, Clock: clock, Body: googletest.Fault, Seed: resttest.Seed(t), Rate: test.faults}
			server := httptest.NewServer(faults)
			t.Cleanup(server.Close)
			p, err := google.New(google.Config{Key: fake.KeyFile(server.URL), Admin: fake.Admin, Domain: fake.Domain, Unmanaged: true, Directory: server.URL, Identity: server.URL, Now: clock.Now, Sleep: clock.Sleep})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = p.Close() })

			db := storetest.SQLite(t)
			db.Now = clock.Now
			w := newWorldOf(t, db, bot.PlanWish{}, func(d *desk.Desk) { d.Platform = p.Name() }, func([]bot.Row) (all []bot.Row) {
				for n := 1; n <= people; n++ {
					all = append(all, bot.Row{N: n, Code: code(n), Name: "Nguyễn Văn An", OK: true})
				}
				return all
			})
			short := w.prov.Password
			w.prov.Platform, w.prov.InFlight = p, 0
			w.prov.Password = func() (string, error) { s, err := short(); return s + "Canary", err }

			began, runs, surfaced := clock.Now(), 0, 0
			for w.state() == bot.Creating && runs < 1000 {
				runs++
				err := w.prov.Create(t.Context(), w.id)
				if put, ok := errors.AsType[*account.PutOff](err); ok {
					clock.Step(put.For)
				} else if err != nil {
					surfaced++
					clock.Step(30 * time.Second) // as the job does
					if test.faults == 0 {
						t.Fatal(err)
					}
				}
			}
			took, asked := clock.Now().Sub(began), p.Stats()
			floor := time.Duration(2*people) * time.Minute / 2400
			queries, refused := fake.Stats()
			t.Logf("%d accounts in %.1f minutes (floor %.1f), %d runs, %.2f queries each, %d sent again, %d refused for the quota, %d runs failed", people, took.Minutes(), floor.Minutes(), runs,
				float64(queries)/float64(people), asked.Again, refused, surfaced)
			if made := len(fake.Accounts()) - test.there; made != people {
				t.Errorf("%d accounts, want %d", made, people)
			}
			if refused != 0 {
				t.Errorf("Google refused %d queries", refused)
			}
			if took > floor+test.extra {
				t.Errorf("it took %v, want at most %v", took, floor+test.extra)
			}
			sealed := look(w, func(ctx context.Context, tx *store.Tx) (map[int][]byte, error) { return tx.Secrets(ctx, w.id) })
			for _, r := range w.rows() {
				_, password, _ := strings.Cut(string(sealed[r.N]), "|")
				if r.State != bot.RowCreated || !fake.SignsIn(t, r.Code, password) {
					t.Fatalf("row %d is %s (%s), or its password opens nothing", r.N, r.State, r.Said)
				}
			}
		})
	}
}
