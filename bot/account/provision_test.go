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
	"vanthu/bot/desk"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

var errCut = errors.New("cut off")

// directory is a platform in memory whose calls fail as a test says.
type directory struct {
	mu       sync.Mutex
	accounts map[string]made            // by code
	creates  int                        // calls of Create
	fails    func(code string) failure  // of Create; nil: none
	lookups  func(codes []string) error // before a lookup; nil: none
}

type made struct {
	account.Account
	password string
	times    int
}

// failure is how a Create goes wrong.
type failure struct {
	before error // nothing was done
	after  error // all was done, the reply was lost
}

func (d *directory) Name() string { return "file" }

func (d *directory) Lookup(_ context.Context, keys account.Keys) ([]account.Account, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lookups != nil {
		if err := d.lookups(keys.Codes); err != nil {
			return nil, err
		}
	}
	var found []account.Account
	for _, m := range d.accounts {
		if slices.Contains(keys.Codes, m.Code) || slices.Contains(keys.Addresses, m.Address) || slices.Contains(keys.Users, m.User) || slices.Contains(keys.Markers, m.Marker) {
			found = append(found, m.Account)
		}
	}
	return found, nil
}

func (d *directory) Create(_ context.Context, a account.Account, password string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.creates++
	var f failure
	if d.fails != nil {
		f = d.fails(a.Code)
	}
	if f.before != nil {
		return f.before
	}
	if _, taken := d.accounts[a.Code]; taken {
		return account.ErrExists
	}
	d.accounts[a.Code] = made{a, password, d.accounts[a.Code].times + 1}
	return f.after
}

// world is a case whose plan is approved, about to be created.
type world struct {
	t    *testing.T
	db   *store.DB
	dir  *directory
	prov *account.Provisioner
	id   int64
	n    int // passwords made
}

const people = 5

func newWorld(t *testing.T, db *store.DB) *world {
	t.Helper()
	w := &world{t: t, db: db, dir: &directory{accounts: make(map[string]made)}}
	var mu sync.Mutex
	w.prov = &account.Provisioner{DB: db, Platform: w.dir, InFlight: 2,
		Password: func() (string, error) {
			mu.Lock()
			defer mu.Unlock()
			w.n++
			return fmt.Sprintf("Canary%d", w.n), nil
		},
		Seal: func(plain []byte, label string) ([]byte, error) { return append([]byte(label+"|"), plain...), nil },
		Unseal: func(sealed []byte, label string) ([]byte, error) {
			inside, plain, _ := strings.Cut(string(sealed), "|")
			if inside != label {
				return nil, errors.New("sealed for another place")
			}
			return []byte(plain), nil
		}}
	d := &desk.Desk{DB: db, Platform: "file", UserName: func(code string) (string, string, error) {
		return strings.ToLower(code), strings.ToLower(code) + "@sv.truong.example", nil
	}}
	var number string
	w.write(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.AddMails(ctx, []store.NewMail{{Mailbox: "INBOX", UIDValidity: 7, UID: 1, ArrivedAt: tx.Now, Raw: []byte("x")}}); err != nil {
			return err
		}
		mails, err := tx.Mails(ctx, "")
		if err != nil {
			return err
		}
		number, err = tx.KeepNumber(ctx, mails[0].ID, "YC")
		if err != nil {
			return err
		}
		c, err := tx.AddCase(ctx, bot.Case{Number: number, Kind: bot.AccountRequest, Unit: "CTSV", State: bot.Received, MailID: mails[0].ID, ReceivedAt: tx.Now})
		if err != nil {
			return err
		}
		w.id = c.ID
		var rows []bot.Row
		for n := 1; n <= people; n++ {
			rows = append(rows, bot.Row{N: n, Code: code(n), Name: "Nguyễn Văn An", OK: true})
		}
		rows = append(rows, bot.Row{N: people + 1, Code: "12", Name: "Lê Thị Bé"}) // a bad row: never served
		return tx.SetRows(ctx, c.ID, rows, nil)
	})
	if _, err := d.Check(t.Context(), "officer:lan", number); err != nil {
		t.Fatal(err)
	}
	p, err := d.MakePlan(t.Context(), "officer:lan", []string{number})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.ApprovePlan(t.Context(), bot.Officer{ID: "minh", Approver: true}, p.Number, p.Hash); err != nil {
		t.Fatal(err)
	}
	return w
}

func code(n int) string { return fmt.Sprintf("215301%04d", n) }

func (w *world) write(f func(ctx context.Context, tx *store.Tx) error) {
	w.t.Helper()
	if err := w.db.Write(w.t.Context(), func(tx *store.Tx) error { return f(w.t.Context(), tx) }); err != nil {
		w.t.Fatal(err)
	}
}

func look[T any](w *world, f func(ctx context.Context, tx *store.Tx) (T, error)) T {
	w.t.Helper()
	var v T
	err := w.db.Read(w.t.Context(), func(tx *store.Tx) (err error) {
		v, err = f(w.t.Context(), tx)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func (w *world) state() bot.State {
	w.t.Helper()
	return look(w, func(ctx context.Context, tx *store.Tx) (bot.Case, error) { return tx.Case(ctx, w.id) }).State
}

func (w *world) rows() []bot.CaseRow {
	w.t.Helper()
	return look(w, func(ctx context.Context, tx *store.Tx) ([]bot.CaseRow, error) { return tx.Rows(ctx, w.id) })
}

func (w *world) states() (states []bot.RowState) {
	w.t.Helper()
	for _, r := range w.rows() {
		states = append(states, r.State)
	}
	return states
}

// complete makes sure that every person has one account, with the password that was sealed for the row, and one event.
func (w *world) complete() {
	w.t.Helper()
	if got := w.state(); got != bot.Created {
		w.t.Fatalf("the case is %s", got)
	}
	secrets := look(w, func(ctx context.Context, tx *store.Tx) (map[int][]byte, error) { return tx.Secrets(ctx, w.id) })
	register := look(w, func(ctx context.Context, tx *store.Tx) ([]bot.Existing, error) { return tx.Accounts(ctx) })
	if len(w.dir.accounts) != people || len(register) != people || len(secrets) != people {
		w.t.Errorf("%d accounts on the platform, %d in the register, %d passwords", len(w.dir.accounts), len(register), len(secrets))
	}
	for _, r := range w.rows()[:people] {
		have := w.dir.accounts[r.Code]
		_, sealed, _ := strings.Cut(string(secrets[r.N]), "|")
		if have.times != 1 || have.password != sealed || r.State != bot.RowCreated || r.Address != have.Address || r.CreatedAt.IsZero() {
			w.t.Errorf("row %d is %s at %s: made %d times, password %q, sealed %q", r.N, r.State, r.Address, have.times, have.password, sealed)
		}
	}
	if bad := w.rows()[people]; bad.State != bot.RowBad || bad.Address != "" {
		w.t.Errorf("the bad row is %s", bad.State)
	}
	count := make(map[string]int)
	for _, e := range look(w, func(ctx context.Context, tx *store.Tx) ([]bot.Event, error) { return tx.Events(ctx, w.id) }) {
		count[e.What]++
		if strings.Contains(fmt.Sprint(e.Detail), "Canary") {
			w.t.Errorf("a password stands in the history: %v", e.Detail)
		}
	}
	if count["account_created"] != people || count["accounts_created"] != 1 {
		w.t.Errorf("events: %v", count)
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	var woken []store.Job
	w.db.Enqueue = func(_ context.Context, _ *store.Tx, jobs []store.Job) error { woken = append(woken, jobs...); return nil }
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
	together := func(t *testing.T, db *store.DB) {
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
	}
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		together(t, storetest.SQLite(t))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		together(t, storetest.Postgres(t).Open(t))
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
func TestCreateMeetsForeignAccounts(t *testing.T) {
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
