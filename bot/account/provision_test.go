package account_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	var woken []store.Job
	w.db.Enqueue = func(_ context.Context, _ *store.Tx, jobs []store.Job) error {
		woken = append(woken, jobs...)
		return nil
	}
	for range 2 { // a job that comes twice
		if err := w.prov.Create(t.Context(), w.id); err != nil {
			t.Fatal(err)
		}
	}
	w.complete()
	if diff := cmp.Diff([]store.Job{{Kind: "deliver", ID: w.id}}, woken); diff != "" {
		t.Error(diff)
	}
}

// A process that dies at any write goes on where it was.
func TestCreateCutOffAtEachWrite(t *testing.T) {
	t.Parallel()
	for n := 1; n <= people+2; n++ { // the passwords, each row, the end
		t.Run(fmt.Sprintf("write %d", n), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, storetest.SQLite(t))
			w.prov.InFlight = 1 // each row is a write of its own
			var mu sync.Mutex
			commits := 0
			w.db.Commit = func() error {
				mu.Lock()
				defer mu.Unlock()
				if commits++; commits == n {
					return errCut
				}
				return nil
			}
			failed := 0
			for w.state() == bot.Creating {
				if err := w.prov.Create(t.Context(), w.id); err != nil {
					if failed++; !errors.Is(err, errCut) || failed > 1 {
						t.Fatal(err)
					}
				}
			}
			if failed != 1 {
				t.Error("nothing was cut off")
			}
			w.complete()
		})
	}
}

// A platform that fails before, or after it has done the work.
func TestCreateOnABadPlatform(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]failure{"before": {before: errCut}, "after": {after: errCut}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, storetest.SQLite(t))
			seen := make(map[string]bool)
			hidden := make(map[string]bool) // made, and not shown at the first look after it
			w.dir.fails = func(code string) failure {
				if seen[code] {
					return failure{}
				}
				seen[code], hidden[code] = true, bad.after != nil
				return bad
			}
			w.dir.lookups = func(codes []string) error {
				if len(codes) == 1 && hidden[codes[0]] {
					hidden[codes[0]] = false
					return errCut
				}
				return nil
			}
			for tries := 0; w.state() == bot.Creating; tries++ {
				if err := w.prov.Create(t.Context(), w.id); err != nil && (!errors.Is(err, errCut) || tries > 2*people) {
					t.Fatal(err)
				}
			}
			w.complete()
		})
	}
}

// Two processes create the same case at once.
func TestCreateTogether(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				for range 20 {
					if err := w.prov.Create(context.WithoutCancel(t.Context()), w.id); err == nil {
						return
					}
				}
				t.Error("never done")
			})
		}
		group.Wait()
		w.complete()
	})
}

// One person whom the platform refuses holds up nobody else.
func TestCreateGoesOnBesideARefusedRow(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]error{"for good": account.ErrPermanent, "for now": errCut} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, storetest.SQLite(t))
			w.prov.InFlight = 1
			w.dir.fails = func(c string) failure {
				if c == code(1) {
					return failure{before: fmt.Errorf("%w: no such class", refusal)}
				}
				return failure{}
			}
			if err := w.prov.Create(t.Context(), w.id); !errors.Is(err, refusal) || w.state() != bot.Creating {
				t.Errorf("%v, the case is %s", err, w.state())
			}
			if got := w.states(); got[0] != bot.RowGood || slices.Contains(got[1:people], bot.RowGood) {
				t.Errorf("rows are %v", got)
			}
			if said := w.rows()[0].Said; !strings.Contains(said, "no such class") {
				t.Errorf("the row does not say why: %q", said)
			}
			w.dir.fails = nil
			if err := w.prov.Create(t.Context(), w.id); err != nil {
				t.Fatal(err)
			}
			w.complete()
		})
	}
}

// Who refuses an account says why in his own words. The row has them; the history, which is for ever, has not: they may name people.
func TestARefusalNamesNobodyInTheHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	w.dir.fails = func(c string) failure {
		if c == code(1) {
			return failure{before: fmt.Errorf("%w: bundle GT-2026-0001: Canary Nguyễn Văn An has one", account.ErrRefused)}
		}
		return failure{}
	}
	if err := w.prov.Create(t.Context(), w.id); err != nil {
		t.Fatal(err)
	}
	if row := w.rows()[0]; row.State != bot.RowBad || !strings.Contains(row.Said, "Canary") {
		t.Errorf("the row is %s and says %q", row.State, row.Said)
	}
	refused := 0
	for _, e := range look(w, func(ctx context.Context, tx *store.Tx) ([]bot.Event, error) { return tx.Events(ctx, w.id) }) {
		if strings.Contains(fmt.Sprint(e.Detail), "Canary") {
			t.Errorf("%s: %v", e.What, e.Detail)
		}
		if e.What == "account_refused" && e.Detail["said"] != "" {
			refused++
		}
	}
	if refused != 1 {
		t.Errorf("%d events of the refusal", refused)
	}
}

// A platform that is away is not asked for everybody.
func TestCreateStopsWhenThePlatformIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	w.prov.InFlight = 1
	asked := 0
	w.dir.lookups = func([]string) error { asked++; return errCut }
	if err := w.prov.Create(t.Context(), w.id); !errors.Is(err, errCut) || asked >= people {
		t.Errorf("%v, asked %d times", err, asked)
	}
}

// Somebody else's account stays his; the row is bad, the others go on. When all are, the case goes on without anybody.
func TestPain26CreateMeetsForeignAccounts(t *testing.T) {
	t.Parallel()
	for _, foreign := range []int{1, people} {
		w := newWorld(t, storetest.SQLite(t))
		for n := 1; n <= foreign; n++ {
			w.dir.accounts[code(n)] = made{Account: account.Account{Code: code(n), User: "an", Address: "an@truong.example", Name: "Lê Thị Bé"}, password: "own", times: 1}
		}
		if err := w.prov.Create(t.Context(), w.id); err != nil || w.state() != bot.Created {
			t.Fatalf("%v, the case is %s", err, w.state())
		}
		for _, r := range w.rows()[:people] {
			bad := r.N <= foreign
			if bad != (r.State == bot.RowBad) || bad == r.OK || bad != (w.dir.accounts[r.Code].password == "own") || strings.Contains(r.Said, "Bé") {
				t.Errorf("row %d is %s: %s", r.N, r.State, r.Said)
			}
		}
	}
}

// What runs is what was approved, to the byte.
func TestCreateRefusesWhatWasNotApproved(t *testing.T) {
	t.Parallel()
	tamper := map[string]string{
		"another name":         `UPDATE case_rows SET name = 'Lê Thị Bé' WHERE n = 2`,
		"another code":         `UPDATE case_rows SET code = '2153019999' WHERE n = 2`,
		"an item more":         `UPDATE plans SET items = REPLACE(items, '"n":2,', '"n":6,')`,
		"another address":      `UPDATE plans SET items = REPLACE(items, '2153010002@sv', 'root@sv')`,
		"another user":         `UPDATE plans SET items = REPLACE(items, '"user":"2153010002"', '"user":"root"')`,
		"approval taken back":  `UPDATE plans SET approved_at = 0`,
		"another plan's hash":  `UPDATE plans SET hash = 'x'`,
		"another class":        `UPDATE case_rows SET class = 'x' WHERE n = 3`,
		"another cohort":       `UPDATE case_rows SET cohort = '51' WHERE n = 3`,
		"another day":          `UPDATE plans SET items = REPLACE(items, '"starts":""', '"starts":"2020-01-01"')`,
		"another act":          `UPDATE plans SET items = REPLACE(items, '"action":"create"', '"action":"reset"')`,
		"nobody's approval":    `DELETE FROM plan_approvals`,
		"of something else":    `UPDATE plan_approvals SET hash = 'x'`,
		"its maker's approval": `UPDATE plan_approvals SET officer = 'officer:lan'`,
		"a dropped plan":       `UPDATE plans SET dropped_at = 1`,
		"a row made bad since": `UPDATE case_rows SET ok = FALSE, state = 'bad' WHERE n = 2`,
	}
	for name, query := range tamper {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, storetest.SQLite(t))
			if _, err := w.db.SQLite().ExecContext(t.Context(), query); err != nil {
				t.Fatal(err)
			}
			err := w.prov.Create(t.Context(), w.id)
			if name == "a row made bad since" {
				if _, made := w.dir.accounts[code(2)]; err != nil || made {
					t.Errorf("%v; made: %v", err, made)
				}
				return
			}
			if bot.ErrorCode(err) != bot.Conflict || w.dir.creates != 0 {
				t.Errorf("%v; %d accounts were made", err, w.dir.creates)
			}
		})
	}
}

// A stop in the middle is no failure of a row: it is made by the next process.
func TestCreateIsStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	w.prov.InFlight = 1
	w.dir.fails = func(c string) failure {
		if c == code(2) {
			cancel()
		}
		return failure{}
	}
	if err := w.prov.Create(ctx, w.id); err == nil {
		t.Fatal("went on")
	}
	if w.dir.creates > 2 {
		t.Errorf("%d accounts were made after the stop", w.dir.creates)
	}
	if err := w.prov.Create(t.Context(), w.id); err != nil {
		t.Fatal(err)
	}
	w.complete()
}

// Batches are made on their days: before that nobody is alarmed, from that day on somebody is.
func TestBatchesOnTheirDays(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		day := func(date string) func() time.Time {
			at, err := time.Parse("2006-01-02 15:04 -07", date+" +07")
			if err != nil {
				t.Fatal(err)
			}
			return func() time.Time { return at }
		}
		db.Now = day("2026-12-07 09:00")
		w := newWorldAs(t, db, bot.PlanWish{Batch: 2, Starts: "2026-12-07"})
		for _, tt := range []struct {
			now     string
			made    int
			state   bot.State
			alarmed int
		}{
			{"2026-12-07 09:01", 2, bot.Creating, 0}, {"2026-12-07 23:59", 2, bot.Creating, 0}, {"2026-12-08 00:00", 4, bot.Creating, 0},
			{"2026-12-09 00:01", 5, bot.Created, 1},
		} {
			db.Now = day(tt.now)
			for range 2 {
				if err := w.prov.Create(t.Context(), w.id); err != nil {
					t.Fatal(err)
				}
			}
			waits := look(w, func(ctx context.Context, tx *store.Tx) (store.Waiting, error) { return tx.Waits(ctx) })
			if len(w.dir.accounts) != tt.made || w.state() != tt.state || waits.Accounts.N != tt.alarmed {
				t.Errorf("%s: %d accounts, %s, %d cases are waited for", tt.now, len(w.dir.accounts), w.state(), waits.Accounts.N)
			}
		}
		w.complete()
	})
}

// When a batch's day has come and its accounts do not, the alarm counts from that day, not from the day of the batch before.
func TestABatchIsLateFromItsDay(t *testing.T) {
	t.Parallel()
	db := storetest.SQLite(t)
	now := time.Date(2026, 12, 7, 2, 0, 0, 0, time.UTC)
	db.Now = func() time.Time { return now }
	w := newWorldAs(t, db, bot.PlanWish{Batch: 4, Starts: "2026-12-07", Ends: "2026-12-20"})
	if err := w.prov.Create(t.Context(), w.id); err != nil {
		t.Fatal(err)
	}
	now = now.AddDate(0, 0, 10)
	w.dir.fails = func(string) failure { return failure{before: errCut} }
	if err := w.prov.Create(t.Context(), w.id); err == nil {
		t.Fatal("it did not fail")
	}
	if q := look(w, func(ctx context.Context, tx *store.Tx) (store.Waiting, error) { return tx.Waits(ctx) }).Accounts; q.N != 1 || !q.Since.Equal(time.Date(2026, 12, 13, 17, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", q)
	}
}

// Whose account is not made keeps his name for the next plan, unless the name is somebody else's.
func TestTheNameOfARowThatIsRefused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		other := func(n int, user string) account.Account {
			return account.Account{Code: code(n), User: user, Address: user + "@sv.truong.example", Name: "Lê Thị Bé"}
		}
		w.dir.accounts[code(3)] = made{Account: other(3, "be")}
		w.dir.accounts["9"] = made{Account: other(4, "9")}
		foreign := other(5, code(5))
		foreign.Code = "8"
		w.dir.accounts["8"] = made{Account: foreign}
		w.dir.fails = func(c string) failure {
			switch c {
			case code(1):
				return failure{before: fmt.Errorf("%w: no licence", account.ErrRefused)}
			case code(2):
				return failure{before: fmt.Errorf("%w: somebody has it", account.ErrTaken)}
			}
			return failure{}
		}
		if err := w.prov.Create(t.Context(), w.id); err != nil || w.state() != bot.Created {
			t.Fatalf("%v, the case is %s", err, w.state())
		}
		var users, kept, taken []string
		for n := 1; n <= people; n++ {
			users = append(users, code(n))
		}
		for c := range look(w, func(ctx context.Context, tx *store.Tx) (map[string]store.UserName, error) {
			return tx.UserNamesOf(ctx, users)
		}) {
			kept = append(kept, c)
		}
		for c, h := range look(w, func(ctx context.Context, tx *store.Tx) (map[string]store.NameHolder, error) {
			return tx.NamesTaken(ctx, users, nil)
		}) {
			if !strings.Contains(c, "@") {
				taken = append(taken, c+" "+h.Where+h.Code)
			}
		}
		slices.Sort(kept)
		slices.Sort(taken)
		if want := []string{code(1), code(3), code(4)}; !slices.Equal(kept, want) { // refused for another reason; only the code is in use
			t.Errorf("kept %v, want %v", kept, want)
		}
		if want := []string{code(2) + " platform", code(5) + " platform"}; !slices.Equal(taken, want) {
			t.Errorf("taken %v, want %v", taken, want)
		}
	})
}
