package account_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

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
	changes  []string                   // every other call that changes something: "suspend 2153010001"
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

func (*directory) Describe() account.Description { return account.Description{} }

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

func (d *directory) SetPassword(_ context.Context, a account.Account, password string) error {
	return d.change("set password", a, func(m *made) { m.password = password })
}

func (d *directory) Suspend(_ context.Context, a account.Account) error {
	return d.change("suspend", a, func(m *made) { m.Suspended = true })
}

func (d *directory) Restore(_ context.Context, a account.Account) error {
	return d.change("restore", a, func(m *made) { m.Suspended = false })
}

func (d *directory) Erase(_ context.Context, a account.Account) error {
	err := d.change("erase", a, nil)
	if errors.Is(err, account.ErrGone) {
		return nil
	}
	return err
}

// change is what the conformance suite asks of every platform; f nil takes the account away.
func (d *directory) change(what string, a account.Account, f func(*made)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.changes = append(d.changes, what+" "+a.Code)
	var bad failure
	if d.fails != nil {
		bad = d.fails(a.Code)
	}
	if bad.before != nil {
		return bad.before
	}
	m, there := d.accounts[a.Code]
	if !there {
		return account.ErrGone
	}
	if err := m.Is(a); err != nil {
		return err
	}
	if f == nil {
		delete(d.accounts, a.Code)
		return bad.after
	}
	f(&m)
	d.accounts[a.Code] = m
	return bad.after
}

// world is a case whose plan is approved, about to be created.
type world struct {
	t    testing.TB
	db   *store.DB
	dir  *directory
	prov *account.Provisioner
	id   int64
	n    int // passwords made
}

const people = 5

func newWorld(t *testing.T, db *store.DB) *world {
	t.Helper()
	return newWorldAs(t, db, bot.PlanWish{})
}

func newWorldAs(t *testing.T, db *store.DB, wish bot.PlanWish) *world {
	t.Helper()
	return newWorldOf(t, db, wish, func(*desk.Desk) {}, func(rows []bot.Row) []bot.Row { return rows })
}

// newWorldOf lets a test say how plans are made, and what else its rows have.
func newWorldOf(t testing.TB, db *store.DB, wish bot.PlanWish, planning func(*desk.Desk), change func([]bot.Row) []bot.Row) *world {
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
	d := &desk.Desk{DB: db, Platform: "file", Names: desk.Naming{Nth: func(r bot.NameRow, _ int) (string, string, error) {
		return strings.ToLower(r.Code), strings.ToLower(r.Code) + "@sv.truong.example", nil
	}}}
	planning(d)
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
		return tx.SetRows(ctx, c.ID, change(rows), nil)
	})
	if _, err := d.Check(t.Context(), "officer:lan", number); err != nil {
		t.Fatal(err)
	}
	p, err := d.MakePlanAs(t.Context(), "officer:lan", []string{number}, wish)
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
	storetest.Write(w.t, w.db, f)
}

func look[T any](w *world, f func(ctx context.Context, tx *store.Tx) (T, error)) T {
	w.t.Helper()
	return storetest.Read(w.t, w.db, f)
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
