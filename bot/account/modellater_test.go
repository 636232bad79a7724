package account_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/desk"
	"vanthu/bot/store"
)

// What becomes of accounts once they are made: they are handed out, missed and given other passwords, suspended, given back, kept and
// erased, by the same processes with the same faults, and several of these at a time for one person. No account is touched that no
// approved plan names, none is erased before its window is over, none comes back that was erased; and at the end register, rows and
// platform say the same of each, and what is sealed, or was handed out last, opens it.

// life is what is known of one person's account.
type life struct {
	caseID   int64
	n        int
	code     string
	handed   string    // the password that was handed out last
	leaves   int64     // the deletion that names him, 0 none
	until    time.Time // before which he must not be erased; zero: nobody may touch him
	held     bool
	shown    bool // the platform has had it
	closed   bool // suspended when last looked at
	vanished bool // and has it no more
}

// lives goes on with what was made.
func (m *model) lives() {
	m.lived = map[string]*life{}
	for _, id := range m.cases {
		for _, r := range m.rows(id) {
			if r.State == bot.RowCreated {
				m.lived[account.Marker(m.aCaseOf(id).Number, r.N)] = &life{caseID: id, n: r.N, code: r.Code}
			}
		}
	}
	if len(m.lived) == 0 {
		return
	}
	m.setPlay(true)
	for range rapid.IntRange(8, 20).Draw(m.t, "later rounds") {
		for range rapid.IntRange(1, 3).Draw(m.t, "acts") {
			m.act(rapid.IntRange(0, 11).Draw(m.t, "act"))
		}
		workers := rapid.IntRange(1, 3).Draw(m.t, "processes")
		for len(m.live) < workers {
			m.live = append(m.live, m.start())
		}
		m.work(m.live[:workers])
		m.bury()
		m.clock.Step(time.Duration(rapid.IntRange(1, 700).Draw(m.t, "seconds")) * time.Second)
	}
	m.rests()
	m.stands()
}

func (m *model) act(which int) {
	switch which {
	case 0, 1:
		m.delivers()
	case 2, 3, 4:
		m.misses()
	case 5, 6:
		m.leaves()
	case 7:
		m.givesBack()
	case 8:
		m.keeps()
	case 9:
		m.officers()
	default:
		m.clock.Step(time.Duration(rapid.SampledFrom([]int{1, 1, 10, window + 1}).Draw(m.t, "days")) * 24 * time.Hour)
	}
}

// delivers hands out what is sealed, as the postman does when the mail server has taken the letter; of a plan that could give nobody
// another password there is none.
func (m *model) delivers() {
	for _, id := range m.cases {
		c := m.aCaseOf(id)
		if c.State != bot.Created {
			continue
		}
		sealed, had, has := m.secrets(id), false, false
		for _, r := range m.rows(id) {
			l := m.lived[account.Marker(c.Number, r.N)]
			had = had || l != nil && l.handed != ""
			if l != nil && r.State == bot.RowCreated {
				l.handed, has = sealed[r.N], true
			}
		}
		if had && !has {
			m.must(m.desk.Deliver(context.Background(), desk.Unseal{}, id))
			continue
		}
		m.write(func(ctx context.Context, tx *store.Tx) error {
			return m.desk.Sent(ctx, tx, store.Letter{CaseID: id, Kind: string(bot.CredentialsOf)})
		})
	}
}

// misses notes that units miss some of what they got, and plans other passwords for these.
func (m *model) misses() {
	for _, id := range m.cases {
		c := m.aCaseOf(id)
		if c.State != bot.Delivered {
			continue
		}
		for _, r := range m.rows(id) {
			if r.State != bot.RowDelivered || !rapid.Bool().Draw(m.t, "missing") {
				continue
			}
			m.write(func(ctx context.Context, tx *store.Tx) error {
				r.State, r.Said = bot.RowMissing, "the unit says: no_sign_in"
				return tx.SaveRow(ctx, r)
			})
		}
		m.approves(c.Number)
	}
}

// approves plans what there is to do for a case, and mostly has it approved; it says whether it was.
func (m *model) approves(number string) bool {
	p, err := m.desk.MakePlan(context.Background(), "officer:lan", []string{number})
	if bot.ErrorCode(err) == bot.Conflict {
		return false
	}
	m.must(err)
	if rapid.IntRange(0, 4).Draw(m.t, "approved") == 0 {
		_, err := m.desk.DropPlan(context.Background(), "officer:lan", p.Number, "nhầm")
		m.must(err)
		return false
	}
	_, err = m.desk.ApprovePlan(context.Background(), bot.Officer{ID: "minh", Approver: true}, p.Number, p.Hash)
	m.must(err)
	return true
}

// leaves has some people who are not leaving yet suspended, and erased when their window is over.
func (m *model) leaves() {
	var rows []bot.Row
	var who []*life
	for _, marker := range m.markers() {
		l := m.lived[marker]
		if l.leaves != 0 || rapid.IntRange(0, 2).Draw(m.t, "leaves") > 0 {
			continue
		}
		r := m.rows(l.caseID)[l.n-1]
		rows = append(rows, bot.Row{N: len(rows) + 1, Code: l.code, Name: r.Name, OK: true, Account: r.Address, Decision: "12/QĐ", DecisionDate: "2027-02-01"})
		who = append(who, l)
	}
	if len(rows) == 0 {
		return
	}
	id, number := m.opens(bot.DeletionRequest, rows)
	m.leavers = append(m.leavers, id)
	if !m.approves(number) {
		return
	}
	for _, l := range who {
		l.leaves, l.until = id, m.clock.Now().AddDate(0, 0, window-1) // the moment on the day is not the window's
	}
}

// givesBack has somebody restored who is leaving, or spared.
func (m *model) givesBack() {
	if len(m.leavers) == 0 {
		return
	}
	id := rapid.SampledFrom(m.leavers).Draw(m.t, "given back")
	var rows []int // none: all
	if n := len(m.rows(id)); rapid.Bool().Draw(m.t, "one") {
		rows = []int{rapid.IntRange(1, n).Draw(m.t, "row")}
	}
	if _, err := m.desk.GiveBack(context.Background(), "officer:lan", m.aCaseOf(id).Number, rows, "quay lại học"); err != nil && bot.ErrorCode(err) != bot.Conflict {
		m.t.Fatal(err)
	}
}

// keeps holds somebody's account as it is, or lets go of it.
func (m *model) keeps() {
	l := m.lived[rapid.SampledFrom(m.markers()).Draw(m.t, "kept")]
	if l.held {
		m.lets(l)
		return
	}
	m.must(m.desk.HoldPerson(context.Background(), "officer:lan", l.code, "khiếu nại"))
	l.held = true
}

func (m *model) lets(l *life) {
	m.must(m.desk.LiftHold(context.Background(), "officer:lan", l.code, "xong"))
	l.held = false
}

// watches looks at what has become of lives since the last call; m.look is held.
func (m *model) watches(all []account.Account) {
	now := make(map[string]account.Account, len(all))
	for _, a := range all {
		if !a.Deleted() {
			now[a.Marker] = a
		}
	}
	for marker, l := range m.lived {
		a, there := now[marker]
		var err error
		switch {
		case there && l.vanished:
			err = errors.New("was erased and is there again")
		case !there && l.shown && !l.vanished && (l.until.IsZero() || l.held || m.clock.Now().Before(l.until)):
			err = errors.New("was erased before its time, or while it was held")
		case there && a.Suspended && !l.closed && (l.until.IsZero() || l.held):
			err = errors.New("was suspended by nobody's plan, or while it was held")
		}
		if err != nil {
			m.broken = errors.Join(m.broken, fmt.Errorf("%s: the account %w", marker, err))
		}
		l.vanished, l.shown, l.closed = l.vanished || l.shown && !there, l.shown || there, there && a.Suspended
	}
}

// rests lets one process end what was begun, in calm: nobody is given back any more, and who is held is let go, or stays so.
func (m *model) rests() {
	m.setPlay(false)
	m.continues()
	if rapid.Bool().Draw(m.t, "holds end") {
		for _, marker := range m.markers() {
			if m.lived[marker].held {
				m.lets(m.lived[marker])
			}
		}
	}
	p := m.start()
	m.live = append(m.live, p)
	over := rapid.Bool().Draw(m.t, "the window ends")
	var last error
	for range 400 {
		pause, err := m.work([]*process{p})
		last = cmp.Or(err, last)
		busy := false
		for _, id := range slices.Concat(m.cases, m.leavers) {
			c := m.aCaseOf(id)
			busy = busy || c.State == bot.Creating || c.State == bot.Suspending || c.State == bot.Erasing || m.isGivenBack(c)
		}
		switch {
		case busy || err != nil:
			m.clock.Step(cmp.Or(max(pause, 0), time.Hour))
		case over:
			over = false
			m.clock.Step((2*window + 2) * 24 * time.Hour)
		default:
			return
		}
	}
	m.t.Fatalf("it never comes to rest: %v", last)
}

// isGivenBack says whether an officer gave rows back of which that is still to be done.
func (m *model) isGivenBack(c bot.Case) bool {
	if c.Kind != bot.DeletionRequest || !c.State.Open() {
		return false
	}
	for _, s := range m.read(func(ctx context.Context, tx *store.Tx) (any, error) { return tx.Stops(ctx, c.ID) }).(map[int]store.RowStop) {
		if s.Restore {
			return true
		}
	}
	return false
}

// stands compares rows, register and platform.
func (m *model) stands() {
	there := make(map[string]account.Account)
	for _, a := range m.platform.all() {
		if !a.Deleted() {
			there[a.Marker] = a
		}
	}
	register := make(map[string]bot.AccountState)
	for _, e := range m.read(func(ctx context.Context, tx *store.Tx) (any, error) { return tx.Accounts(ctx) }).([]bot.Existing) {
		register[e.Code] = e.State
	}
	for _, marker := range m.markers() {
		l := m.lived[marker]
		a, is := there[marker]
		gone, known := bot.CaseRow{}, register[l.code]
		if l.leaves != 0 {
			for _, r := range m.rows(l.leaves) {
				if r.Code == l.code {
					gone = r
				}
			}
		}
		// What was begun with when its holder was held is looked at when he is let go.
		begun := gone.Said != "" && (gone.State == bot.RowGood || gone.State == bot.RowBad || gone.State == bot.RowSuspended && l.held)
		switch {
		case !begun && is != (gone.State != bot.RowErased), is && !begun && a.Suspended != (gone.State == bot.RowSuspended):
			m.t.Fatalf("%s is %q in its deletion (%s), on the platform %v, suspended %v", marker, gone.State, gone.Said, is, a.Suspended)
		case (known == bot.AccountDeleted) != (gone.State == bot.RowErased), (known == bot.AccountSuspended) != (gone.State == bot.RowSuspended):
			m.t.Fatalf("%s is %q in its deletion, and %q in the register", marker, gone.State, known)
		}
		m.seen[op("ends "+string(cmp.Or(gone.State, m.rows(l.caseID)[l.n-1].State)))]++
		if is && !a.Suspended {
			m.opensWith(marker, l)
		}
	}
}

// opensWith looks which password opens an account: of one that was given another, that one alone.
func (m *model) opensWith(marker string, l *life) {
	r, user := m.rows(l.caseID)[l.n-1], strings.ToLower(l.code)
	sealed := m.secrets(l.caseID)[l.n]
	opens := func(secret string) bool { return secret != "" && m.platform.signsIn(user, secret) }
	ok := false
	switch r.State {
	case bot.RowCreated:
		ok = opens(sealed) && (sealed == l.handed || !opens(l.handed))
	case bot.RowDelivered:
		ok = opens(l.handed)
	case bot.RowMissing: // a try of a plan that was refused at last may have set another one, which was forgotten: nobody has any, and the unit knows
		ok = opens(l.handed) || strings.HasPrefix(r.Said, "refused")
	default:
	}
	if !ok {
		m.t.Fatalf("%s is %s (%s): what was sealed or handed out does not open it, or what it had before does", marker, r.State, r.Said)
	}
}

func (m *model) markers() (all []string) {
	for marker := range m.lived {
		all = append(all, marker)
	}
	slices.Sort(all)
	return all
}

func (m *model) aCaseOf(id int64) bot.Case {
	return m.read(func(ctx context.Context, tx *store.Tx) (any, error) { return tx.Case(ctx, id) }).(bot.Case)
}

func (m *model) rows(id int64) []bot.CaseRow {
	return m.read(func(ctx context.Context, tx *store.Tx) (any, error) { return tx.Rows(ctx, id) }).([]bot.CaseRow)
}

// secrets are the sealed passwords of a case by row.
func (m *model) secrets(id int64) map[int]string {
	all := make(map[int]string)
	for n, sealed := range m.read(func(ctx context.Context, tx *store.Tx) (any, error) { return tx.Secrets(ctx, id) }).(map[int][]byte) {
		_, all[n], _ = strings.Cut(string(sealed), "|")
	}
	return all
}

// remover is who carries deletions out in a process.
func (p *process) remover(platform account.Platform) *account.Remover {
	return &account.Remover{DB: p.db, Platform: platform, InFlight: p.model.inFlight, Window: window, SameName: strings.EqualFold, EraseAt: eraseAt,
		Tell: func(context.Context, *store.Tx, bot.Case, bot.AnswerKind) error { return nil }}
}

func eraseAt(day string) time.Time {
	d, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	return d.Add(2 * time.Hour)
}
