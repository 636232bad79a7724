package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/config"
	"vanthu/bot/desk"
	"vanthu/bot/secret"
	"vanthu/bot/store"
)

// An Ahead is what was seen when it was looked whether accounts could be made.
type Ahead struct {
	Platform string          `json:"platform"`
	At       time.Time       `json:"at"`
	Accounts int             `json:"accounts"` // that plans would make
	Checks   []account.Check `json:"checks"`
}

// Failed are the checks that did.
func (l Ahead) Failed() (failed []account.Check) {
	for _, c := range l.Checks {
		if c.Level == account.CheckFailed {
			failed = append(failed, c)
		}
	}
	return failed
}

// Said are the failures in one line.
func (l Ahead) Said() string {
	var said []string
	for _, c := range l.Failed() {
		said = append(said, c.What+": "+c.Said)
	}
	return strings.Join(said, "; ")
}

// lookTime bounds one look ahead.
const lookTime = 2 * time.Minute

// lookAhead asks the platform whether n accounts could be made. One that looks at nothing says nothing.
func lookAhead(ctx context.Context, p account.Platform, n int, at time.Time) Ahead {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	l := Ahead{Platform: p.Name(), At: at.UTC(), Accounts: n, Checks: []account.Check{}}
	if f, ok := p.(account.Preflighter); ok {
		l.Checks = append(l.Checks, f.Preflight(ctx, n)...)
		if !slices.ContainsFunc(l.Failed(), func(c account.Check) bool { return c.What == "connection" }) {
			l.Checks = append(l.Checks, lookForNobody(ctx, p)...)
		}
	}
	return l
}

// lookForNobody asks for an account by every key, as each row does before one is made, and says only what goes wrong: a platform may be there,
// give every right, and not take such a question (a filter that a tenant refuses, an attribute that a schema has not).
func lookForNobody(ctx context.Context, p account.Platform) []account.Check {
	const nobody = "vanthu-look"
	_, err := p.Lookup(ctx, account.Keys{Codes: []string{nobody}, Users: []string{nobody}, Addresses: []string{nobody + "@vanthu.invalid"}, Markers: []string{"vanthu:preflight:look"}})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, account.ErrPermanent):
		return []account.Check{{What: "look", Level: account.CheckFailed, Said: fmt.Sprintf("the platform refuses the question that precedes every account: %v", err)}}
	}
	return []account.Check{{What: "look", Level: account.CheckWarning, Said: fmt.Sprintf("the question that precedes every account was not answered now: %v", err)}}
}

// Preflight opens the platform of a configuration and looks ahead. One that cannot be opened is what was found.
func Preflight(ctx context.Context, cfg *config.Config, now func() time.Time, n int) Ahead {
	p, closePlatform, err := OpenPlatform(ctx, cfg, now)
	if err != nil {
		return Ahead{Platform: cfg.Accounts.Platform, At: now().UTC(), Accounts: n, Checks: []account.Check{{What: "connection", Level: account.CheckFailed, Said: err.Error()}}}
	}
	defer func() { _ = closePlatform() }()
	return lookAhead(ctx, p, n, now())
}

// Try makes a throw-away account on the platform and takes it away again; it stands in the history that the officer did.
func (a *App) Try(ctx context.Context, officer bot.Officer) (l Ahead, left string, err error) {
	if a.Config.Accounts.Platform == "offline" {
		return l, "", bot.Errorf(bot.Invalid, "another admin makes the accounts of the platform \"offline\", and nothing can be tried from here; try it with a plan for one person")
	}
	p, closePlatform, err := OpenPlatform(ctx, a.Config, a.DB.Now)
	if err != nil {
		return l, "", err
	}
	defer func() { _ = closePlatform() }()
	password, err := secret.NewPassword(rand.Reader)
	if err != nil {
		return l, "", err
	}
	who := account.TrialAccount(a.Config.Accounts.Domain, rand.Text()[:4])
	record := func(what string, detail map[string]string) error {
		detail["platform"], detail["user"] = p.Name(), who.User
		return a.DB.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
			return tx.AddEvent(ctx, bot.Event{Actor: desk.OfficerActor(officer), What: what, Detail: detail})
		})
	}
	if err := record("trial_begun", map[string]string{}); err != nil { // before the call, as with everybody's account
		return l, "", err
	}
	l = Ahead{Platform: p.Name(), At: a.DB.Now().UTC(), Accounts: 1}
	l.Checks, left = account.Trial{Platform: p, Account: who, Password: password, Wait: wait, Now: a.DB.Now}.Run(ctx)
	result := "well"
	if len(l.Failed()) > 0 {
		result = "failed"
	}
	detail := map[string]string{"result": result}
	if left != "" {
		detail["left"] = who.Address
	}
	return l, left, record("trial_ended", detail)
}

// lookingAhead keeps what the platform says for those who approve, and for whoever looks at the status: they need none of its secrets.
type lookingAhead struct {
	mu   sync.Mutex
	last *Ahead
}

func (l *lookingAhead) get() *Ahead {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

const (
	lookSeldom = 10 * time.Minute
	lookOften  = time.Minute // while a plan waits for its approval, or something failed
)

// ahead looks again and again, until ctx ends.
func (s *Server) ahead(ctx context.Context) error {
	for {
		n := 0
		if err := s.DB.Read(ctx, func(tx *store.Tx) (err error) {
			n, err = waitingAccounts(ctx, tx)
			return err
		}); err != nil && ctx.Err() == nil {
			s.Logger.Warn("preflight", "code", "not_counted", "error", err.Error())
		}
		seen := lookAhead(ctx, s.parts.platform, n, s.DB.Now())
		if ctx.Err() == nil {
			s.watch.ahead.mu.Lock()
			s.watch.ahead.last = &seen
			s.watch.ahead.mu.Unlock()
		}
		pause := lookSeldom
		if n > 0 || len(seen.Failed()) > 0 {
			pause = lookOften
		}
		if err := wait(ctx, pause); err != nil {
			return err
		}
	}
}

// waitingAccounts is how many the largest of the plans would make that wait for their approval.
func waitingAccounts(ctx context.Context, tx *store.Tx) (n int, err error) {
	plans, err := tx.PlansToApprove(ctx, bot.PlanCreate)
	for _, p := range plans {
		n = max(n, len(p.Items))
	}
	return n, err
}

// SeenAhead is what a serving process saw last; nil: nobody serves, or none who serves has looked yet.
func SeenAhead(ctx context.Context, tx *store.Tx) (*Ahead, error) {
	all, err := processes(ctx, tx)
	var last *Ahead
	for _, p := range all {
		if p.Alive && p.Ahead != nil && (last == nil || p.Ahead.At.After(last.At)) {
			last = p.Ahead
		}
	}
	return last, err
}

// ready says what the platform would refuse of a plan, for those who approve. That there is no room for a larger plan is nothing
// against this one.
func ready(ctx context.Context, tx *store.Tx, p bot.Plan) (string, error) {
	if p.Kind != bot.PlanCreate {
		return "", nil
	}
	last, err := SeenAhead(ctx, tx)
	if err != nil || last == nil {
		return "", err
	}
	of := *last
	of.Checks = slices.DeleteFunc(slices.Clone(last.Checks), func(c account.Check) bool {
		return len(p.Items) < last.Accounts && (c.What == "quota" || c.What == "licences")
	})
	return of.Said(), nil
}
