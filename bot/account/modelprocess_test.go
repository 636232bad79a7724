package account_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/resttest"
	"vanthu/bot/store"
)

// A process is vanthu on one machine: a database handle and a client of the platform of its own. When it dies nothing that it does has an
// effect any more, and all that it knew is gone.
type process struct {
	model *model
	db    *store.DB
	prov  *account.Provisioner
	rem   *account.Remover
	dead  atomic.Bool
}

// An op is what happens at one moment: when the platform is called, or the database commits.
type op string

const (
	fine      op = "fine"
	late      op = "late"      // it shows only shortly before the platform must
	before    op = "before"    // the call fails, nothing was done
	after     op = "after"     // the call fails, all was done
	undone    op = "undone"    // it is turned away, and we know it
	busy      op = "busy"      // the platform wants to be let alone for a minute
	quota     op = "quota"     // for hours
	killed    op = "killed"    // the process dies before the call, or the commit
	killedOff op = "killedOff" // the process dies between the call and its answer
)

var (
	bads       = []op{late, late, late, late, before, before, after, after, after, undone, undone, busy, quota, killed, killed, killedOff, killedOff, killedOff}
	errDead    = errors.New("the process is dead")
	errModel   = errors.New("the line is bad")
	errCommits = errors.New("the disk is full")
)

// lateness is the key of how late a call's work shows, in hundredths of the time that the platform describes.
type lateness struct{}

// start brings a process up, on a database that may have been left in any way.
func (m *model) start() *process {
	p := &process{model: m}
	db, err := store.Open(context.Background(), m.dsn, "", m.clock.Now)
	if err != nil {
		m.t.Fatal(err)
	}
	p.db = db
	db.Commit = func() error {
		switch o := m.next(); {
		case p.dead.Load(), o == killed || o == killedOff:
			p.dead.Store(true)
			return errDead
		case o == before:
			return errCommits
		}
		return nil
	}
	platform := wired(m.platform.client(db), p)
	p.rem = p.remover(platform)
	p.prov = &account.Provisioner{DB: db, Platform: platform, InFlight: m.inFlight,
		Password: func() (string, error) { return fmt.Sprintf("Canary7x%06d", m.passwords.Add(1)), nil },
		Seal:     func(plain []byte, label string) ([]byte, error) { return append([]byte(label+"|"), plain...), nil },
		Unseal:   unseal}
	return p
}

// meanwhile lets somebody else do something, where a platform has such a one.
func (m *model) meanwhile(calm bool) {
	if m.platform.meanwhile != nil {
		m.platform.meanwhile(m, calm)
	}
}

// unseal opens what start seals.
func unseal(sealed []byte, label string) ([]byte, error) {
	inside, plain, _ := strings.Cut(string(sealed), "|")
	if inside != label {
		return nil, errors.New("sealed for another place")
	}
	return []byte(plain), nil
}

// jobs are all that there may be to do, each to be harmless when there is nothing.
func (p *process) jobs() (jobs []func(context.Context) error) {
	add := func(id int64, do func(context.Context, int64) error) {
		jobs = append(jobs, func(ctx context.Context) error { return do(ctx, id) })
	}
	for _, id := range p.model.cases {
		add(id, p.prov.Create)
	}
	for _, id := range p.model.leavers {
		add(id, p.rem.Restore)
		add(id, p.rem.Suspend)
		add(id, p.rem.Erase)
	}
	return jobs
}

// call does one call of the platform as the script says.
func (p *process) call(ctx context.Context, do func(ctx context.Context) error) error {
	if p.dead.Load() {
		return errDead
	}
	o := p.model.next()
	switch o {
	case killed:
		p.dead.Store(true)
		return errDead
	case before:
		return errModel
	case undone:
		return fmt.Errorf("%w: %w", account.ErrUndone, errModel)
	case busy:
		return &account.Wait{For: time.Minute, Err: account.ErrUndone}
	case quota:
		return &account.Wait{For: 5 * time.Hour, Err: account.ErrUndone}
	case late:
		ctx = context.WithValue(ctx, lateness{}, 99)
	case fine, after, killedOff:
		ctx = context.WithValue(ctx, lateness{}, p.model.passed()%60)
	}
	err := do(ctx)
	p.model.looks()
	switch {
	case o == killedOff:
		p.dead.Store(true)
		return errDead
	case p.dead.Load():
		return errDead
	case o == after && !errors.Is(err, account.ErrPermanent):
		return errModel
	}
	return err
}

// wires are the line between a process and its platform.
type wires struct {
	account.Platform
	p *process
}

func (w wires) Lookup(ctx context.Context, keys account.Keys) (found []account.Account, err error) {
	err = w.p.call(ctx, func(ctx context.Context) (err error) {
		found, err = w.Platform.Lookup(ctx, keys)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func (w wires) Create(ctx context.Context, a account.Account, password string) error {
	return w.p.call(ctx, func(ctx context.Context) error { return w.Platform.Create(ctx, a, password) })
}

func (w wires) SetPassword(ctx context.Context, a account.Account, password string) error {
	return w.p.call(ctx, func(ctx context.Context) error { return w.Platform.SetPassword(ctx, a, password) })
}

func (w wires) Suspend(ctx context.Context, a account.Account) error {
	return w.p.call(ctx, func(ctx context.Context) error { return w.Platform.Suspend(ctx, a) })
}

func (w wires) Restore(ctx context.Context, a account.Account) error {
	return w.p.call(ctx, func(ctx context.Context) error { return w.Platform.Restore(ctx, a) })
}

func (w wires) Erase(ctx context.Context, a account.Account) error {
	return w.p.call(ctx, func(ctx context.Context) error { return w.Platform.Erase(ctx, a) })
}

type finishing struct {
	wires
	f account.Finisher
}

func (w finishing) Finish(ctx context.Context, a account.Account) error {
	return w.p.call(ctx, func(ctx context.Context) error { return w.f.Finish(ctx, a) })
}

type passed struct {
	finishing
	f account.Passer
}

func (w passed) Pass(ctx context.Context, a account.Account) (pass string, err error) {
	err = w.p.call(ctx, func(ctx context.Context) (err error) {
		pass, err = w.f.Pass(ctx, a)
		return err
	})
	return pass, err
}

// wired keeps the abilities of a platform.
func wired(platform account.Platform, p *process) account.Platform {
	w := wires{platform, p}
	f, finishes := platform.(account.Finisher)
	q, passes := platform.(account.Passer)
	switch {
	case passes:
		return passed{finishing{w, f}, q}
	case finishes:
		return finishing{w, f}
	}
	return w
}

// script is what happens, moment by moment. Before it plays, and after, all is well.
type script struct {
	mu   sync.Mutex
	dice *rand.Rand
	bad  int // of a hundred moments
	n    int
	seen map[op]int
	play bool
}

func (s *script) setPlay(play bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.play = play
}

func (s *script) next() op {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	o := fine
	if s.play && s.dice.IntN(100) < s.bad {
		o = bads[s.dice.IntN(len(bads))]
	}
	if o == quota && s.dice.IntN(4) > 0 { // it ends the play for long
		o = killedOff
	}
	s.seen[o]++
	return o
}

// fault is what happens to one request behind a client of HTTP, a 409 of what only reads among it.
func (s *script) fault() resttest.Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.play || s.dice.IntN(200) >= s.bad {
		return resttest.Fine
	}
	all := resttest.All()
	return all[s.dice.IntN(len(all))]
}

func (s *script) passed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n
}
