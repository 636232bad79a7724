package account_test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/account/resttest"
	"vanthu/bot/desk"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// Random plans are carried out on each platform by several processes at once, which are killed at any call and any commit, while calls
// fail before and after their work and the platform shows late what it has done. At no moment are there two accounts for a code or an
// address, or one that no approved plan names; and at the end the accounts are those of the approved plans, exactly, each opened by
// the password that is sealed for it.
//
// VANTHU_SEQUENCES is how many plays are tried in all, VANTHU_SEED makes them other ones. Where several processes or rows are at work
// at once a failure may not come again with its seed: what was drawn is printed, and what was broken.
func TestExactlyOnce(t *testing.T) {
	seed := cmp.Or(os.Getenv("VANTHU_SEED"), "20270207")
	plays, err := strconv.Atoi(cmp.Or(os.Getenv("VANTHU_SEQUENCES"), "15"))
	each := strconv.Itoa(max(3, plays/(len(modelPlatforms)+1)))
	if err := errors.Join(err, flag.Set("rapid.checks", each), flag.Set("rapid.seed", seed), flag.Set("rapid.nofailfile", "true")); err != nil {
		t.Fatal(err)
	}
	t.Logf("VANTHU_SEED=%s", seed)
	for _, p := range modelPlatforms {
		t.Run(p.name, func(t *testing.T) { exactlyOnce(t, p.open(t), storetest.SQLiteURL) })
	}
	t.Run("cloud, PostgreSQL", func(t *testing.T) {
		cluster := storetest.Postgres(t)
		if err := flag.Set("rapid.checks", strconv.Itoa(max(2, plays/30))); err != nil { // a database for each play
			t.Fatal(err)
		}
		exactlyOnce(t, modelPlatforms[0].open(t), cluster.URL)
	})
}

func exactlyOnce(t *testing.T, open opener, url func(testing.TB) string) {
	seen := map[op]int{}
	rapid.Check(t, func(rt *rapid.T) {
		m := newModel(t, rt, open, url(t))
		defer m.close()
		m.plays()
		m.ends()
		m.holds()
		if m.platform.later {
			m.lives()
		}
		for o, n := range m.seen {
			seen[o] += n
		}
	})
	t.Logf("%v", seen)
}

// model is a desk with approved plans, a platform, and the processes that work on them.
type model struct {
	script
	t         *rapid.T
	clock     *resttest.Clock
	dsn       string
	db        *store.DB // of who looks on
	desk      *desk.Desk
	platform  modelled
	inFlight  int
	passwords atomic.Int64
	live      []*process

	cases   []int64
	leavers []int64          // cases of deletions
	wanted  map[string]bool  // markers that an approved plan names
	taken   map[string]bool  // codes for which somebody else's account stands in the way
	lived   map[string]*life // what became of accounts by marker, once they are made

	look   sync.Mutex
	broken error
}

func newModel(t *testing.T, rt *rapid.T, open opener, dsn string) *model {
	m := &model{t: rt, clock: resttest.NewClock(time.Date(2027, 2, 8, 1, 0, 0, 0, time.UTC)), dsn: dsn, wanted: map[string]bool{}, taken: map[string]bool{}}
	m.dice, m.seen = rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "script"), 0)), map[op]int{}
	m.bad = rapid.SampledFrom([]int{5, 10, 20, 35, 50}).Draw(rt, "bad of a hundred")
	m.platform = open(t, m.clock, m.fault)
	var err error
	if m.db, err = store.Open(context.Background(), m.dsn, "", m.clock.Now); err != nil {
		rt.Fatal(err)
	}
	m.desk = &desk.Desk{DB: m.db, Units: []bot.Unit{{ID: "CTSV"}}, StepDue: func(bot.Case, bot.StepID, time.Time) time.Time { return m.clock.Now() }, Platform: m.platform.client(m.db).Name(), Names: desk.Naming{Nth: func(r bot.NameRow, _ int) (string, string, error) {
		return strings.ToLower(r.Code), strings.ToLower(r.Code) + "@sv.truong.example", nil
	}}, Deleting: desk.Deleting{Window: window}, Planning: desk.Planning{EraseOn: func(_ bot.Case, made time.Time) string { return desk.Deleting{Window: window}.EraseOn(made) }}}
	m.inFlight = rapid.IntRange(1, 3).Draw(rt, "in flight")
	var numbers []string
	people := 0
	for range rapid.IntRange(1, 3).Draw(rt, "cases") {
		n := rapid.IntRange(1, 4).Draw(rt, "people")
		numbers = append(numbers, m.aCase(people, n))
		people += n
	}
	m.plan(rt, numbers)
	for n := 1; n <= people; n++ {
		how := rapid.IntRange(0, 11).Draw(rt, "somebody else")
		a := account.Account{Code: "x" + code(n), User: "x" + code(n), Address: code(n) + "@sv.truong.example", Name: "Lê Thị Bé"}
		if how == 1 {
			a.DeletedUntil = m.clock.Now().AddDate(0, 0, 20)
		}
		m.taken[code(n)] = how < 2 && m.platform.add(a)
	}
	m.play = true
	return m
}

// aCase opens a case with people and has it checked.
func (m *model) aCase(first, people int) (number string) {
	var rows []bot.Row
	for n := 1; n <= people; n++ {
		rows = append(rows, bot.Row{N: n, Code: code(first + n), Name: "Nguyễn Văn An", OK: true})
	}
	id, number := m.opens(bot.AccountRequest, rows)
	m.cases = append(m.cases, id)
	return number
}

// opens opens a case and has it checked.
func (m *model) opens(kind bot.Kind, rows []bot.Row) (id int64, number string) {
	m.write(func(ctx context.Context, tx *store.Tx) error {
		uid := uint32(len(m.cases) + len(m.leavers) + 1)
		if err := tx.AddMails(ctx, []store.NewMail{{Mailbox: "INBOX", UIDValidity: 7, UID: uid, ArrivedAt: tx.Now, Raw: fmt.Append(nil, uid)}}); err != nil {
			return err
		}
		mails, err := tx.Mails(ctx, "")
		if err != nil {
			return err
		}
		mail := mails[len(mails)-1].ID
		if number, err = tx.KeepNumber(ctx, mail, "YC"); err != nil {
			return err
		}
		c, err := tx.AddCase(ctx, bot.Case{Number: number, Kind: kind, Unit: "CTSV", State: bot.Received, MailID: mail, ReceivedAt: tx.Now})
		if err != nil {
			return err
		}
		id = c.ID
		return tx.SetRows(ctx, c.ID, rows, nil)
	})
	_, err := m.desk.Check(context.Background(), "officer:lan", number)
	m.must(err)
	return id, number
}

// plan gathers the cases into plans, some in batches of later days, and has most of them approved.
func (m *model) plan(rt *rapid.T, numbers []string) {
	for len(numbers) > 0 {
		n := rapid.IntRange(1, len(numbers)).Draw(rt, "cases of a plan")
		wish := bot.PlanWish{}
		if rapid.Bool().Draw(rt, "in batches") {
			wish = bot.PlanWish{Batch: rapid.IntRange(1, 4).Draw(rt, "batch"), Starts: "2027-02-08"}
		}
		p, err := m.desk.MakePlanAs(context.Background(), "officer:lan", numbers[:n], wish)
		m.must(err)
		numbers = numbers[n:]
		if rapid.IntRange(0, 5).Draw(rt, "approved") == 0 {
			continue
		}
		_, err = m.desk.ApprovePlan(context.Background(), bot.Officer{ID: "minh", Approver: true}, p.Number, p.Hash)
		m.must(err)
		for _, i := range p.Items {
			m.wanted[account.Marker(i.Case, i.N)] = true
		}
	}
}

// plays lets processes work while time passes, officers stop and continue, and the platform tarries.
func (m *model) plays() {
	for range rapid.IntRange(8, 25).Draw(m.t, "rounds") {
		workers := rapid.IntRange(1, 3).Draw(m.t, "processes")
		for len(m.live) < workers {
			m.live = append(m.live, m.start())
		}
		m.work(m.live[:workers])
		m.meanwhile(false)
		m.bury()
		switch rapid.IntRange(0, 9).Draw(m.t, "then") {
		case 0:
			m.clock.Step(6 * time.Hour)
		case 1:
			m.officers()
		case 2, 3:
			m.tarries()
		default:
			m.clock.Step(time.Duration(rapid.IntRange(1, 700).Draw(m.t, "seconds")) * time.Second)
		}
	}
}

// work lets processes do what is due, all at once, as if each had been given every case.
func (m *model) work(processes []*process) (pause time.Duration, err error) {
	var mu sync.Mutex
	var group sync.WaitGroup
	for _, p := range processes {
		group.Go(func() {
			for _, do := range p.jobs() {
				failed := do(context.Background())
				mu.Lock()
				if put, ok := errors.AsType[*account.PutOff](failed); !ok {
					err = errors.Join(err, failed)
				} else if pause == 0 || put.For < pause {
					pause = put.For
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if m.broken != nil {
		m.t.Fatal(m.broken)
	}
	return pause, err
}

// bury takes dead processes away.
func (m *model) bury() {
	m.live = slices.DeleteFunc(m.live, func(p *process) bool {
		if p.dead.Load() {
			p.db.Close()
		}
		return p.dead.Load()
	})
}

// officers stop a plan, or let it go on.
func (m *model) officers() {
	for _, p := range m.plans() {
		var err error
		if p.Paused.Done() {
			_, err = m.desk.ContinuePlan(context.Background(), "officer:lan", p.Number)
		} else {
			_, err = m.desk.PausePlan(context.Background(), "officer:lan", p.Number, "bảo trì")
		}
		if err != nil && bot.ErrorCode(err) != bot.Conflict {
			m.t.Fatal(err)
		}
	}
}

// tarries makes the platform slower than it describes, with what it has agreed to.
func (m *model) tarries() {
	if m.platform.tarry == nil {
		return
	}
	for _, p := range m.plans() {
		for _, i := range p.Items {
			c := m.read(func(ctx context.Context, tx *store.Tx) (any, error) { return tx.CaseByNumber(ctx, i.Case) }).(bot.Case)
			known := m.read(func(ctx context.Context, tx *store.Tx) (any, error) { return tx.Intents(ctx, p.ID, c.ID) }).(map[int]store.Intent)
			if !known[i.N].Acknowledged.IsZero() && known[i.N].Seen.IsZero() {
				m.platform.tarry(account.Marker(i.Case, i.N))
			}
		}
	}
	m.clock.Step(11 * time.Minute)
}

// ends lets one process work until nothing is left: the line is good, the officers let every plan go on, the days pass.
func (m *model) ends() {
	m.setPlay(false)
	m.continues()
	p := m.start()
	m.live = append(m.live, p)
	var last error
	for range 400 {
		pause, err := m.work([]*process{p})
		m.meanwhile(true)
		last = cmp.Or(err, last) // what a platform says of an account that it does not show yet may be an error, too
		open := 0
		for _, id := range m.cases {
			c := m.read(func(ctx context.Context, tx *store.Tx) (any, error) { return tx.Case(ctx, id) }).(bot.Case)
			if c.State == bot.Creating || c.State == bot.InWork && c.Planned.Done() {
				open++
				m.must(m.desk.Begin(context.Background(), id))
			}
		}
		if open == 0 {
			return
		}
		m.clock.Step(cmp.Or(max(pause, 0), time.Hour))
	}
	m.t.Fatalf("it never comes to its end: %v", last)
}

// continues lets every plan go on.
func (m *model) continues() {
	for _, p := range m.plans() {
		if p.Paused.Done() {
			_, err := m.desk.ContinuePlan(context.Background(), "officer:lan", p.Number)
			m.must(err)
		}
	}
}

// looks looks at the platform from behind, after each call.
func (m *model) looks() {
	m.look.Lock()
	defer m.look.Unlock()
	codes, addresses := map[string]bool{}, map[string]bool{}
	all := m.platform.all()
	m.watches(all)
	for _, a := range all {
		address := strings.ToLower(a.Address)
		switch {
		case codes[a.Code] || addresses[address]:
			m.broken = errors.Join(m.broken, fmt.Errorf("there are two accounts with the code %s or the address %s", a.Code, address))
		case a.Marker != "" && !m.wanted[a.Marker]:
			m.broken = errors.Join(m.broken, fmt.Errorf("an account was made for %s, which no approved plan names", a.Marker))
		}
		codes[a.Code], addresses[address] = true, true
	}
}

// holds compares what is there with what was approved.
func (m *model) holds() {
	made := map[string]bool{}
	for _, a := range m.platform.all() {
		if a.Marker != "" {
			made[a.Marker] = true
		}
	}
	for _, id := range m.cases {
		c := m.read(func(ctx context.Context, tx *store.Tx) (any, error) { return tx.Case(ctx, id) }).(bot.Case)
		rows := m.read(func(ctx context.Context, tx *store.Tx) (any, error) { return tx.Rows(ctx, id) }).([]bot.CaseRow)
		secrets := m.read(func(ctx context.Context, tx *store.Tx) (any, error) { return tx.Secrets(ctx, id) }).(map[int][]byte)
		for _, r := range rows {
			marker := account.Marker(c.Number, r.N)
			want := bot.RowCreated
			switch {
			case !m.wanted[marker]:
				want = bot.RowGood
			case m.taken[r.Code]:
				want = bot.RowBad
			}
			if r.State != want || made[marker] != (want == bot.RowCreated) {
				m.t.Fatalf("%s is %s, want %s; made: %v; %s", marker, r.State, want, made[marker], r.Said)
			}
			if _, secret, _ := strings.Cut(string(secrets[r.N]), "|"); want == bot.RowCreated && !m.platform.signsIn(strings.ToLower(r.Code), secret) {
				m.t.Fatalf("%s: what is sealed does not open it", marker)
			}
		}
		if want := c.State == bot.Created; want != c.Planned.Done() {
			m.t.Fatalf("%s is %s", c.Number, c.State)
		}
	}
}

func (m *model) close() {
	for _, p := range m.live {
		p.db.Close()
	}
	m.db.Close()
	if m.platform.close != nil {
		m.platform.close()
	}
}

func (m *model) must(err error) {
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *model) write(f func(ctx context.Context, tx *store.Tx) error) {
	m.must(m.db.Write(context.Background(), func(tx *store.Tx) error { return f(context.Background(), tx) }))
}

func (m *model) read(f func(ctx context.Context, tx *store.Tx) (any, error)) (v any) {
	m.must(m.db.Read(context.Background(), func(tx *store.Tx) (err error) {
		v, err = f(context.Background(), tx)
		return err
	}))
	return v
}

func (m *model) plans() []store.StoredPlan {
	return m.read(func(ctx context.Context, tx *store.Tx) (any, error) { return tx.Plans(ctx) }).([]store.StoredPlan)
}
