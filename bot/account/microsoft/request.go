package microsoft

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/rest"
)

// do sends one request, slower when Graph says that the limit is near.
func (p *Platform) do(ctx context.Context, r rest.Request) error {
	if err := p.brake(ctx); err != nil {
		return err
	}
	a, err := p.graph.Do(ctx, r)
	p.heed(a.Header.Get(percentage))
	return err
}

// percentage is sent from 0.8 of a limit on ("Microsoft Graph service-specific throttling limits").
const percentage = "x-ms-throttle-limit-percentage"

func (p *Platform) heed(said string) {
	share, err := strconv.ParseFloat(said, 64)
	if err != nil || share < 0 || share > 10 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.share, p.when = share, p.cfg.Now()
}

// brake waits before a request while more than 0.95 of a limit is in use. Alone, our own quota keeps us just below the limit and a wait
// of this size costs nothing; when another program shares the limit, each row waits longer and the limit is not met.
func (p *Platform) brake(ctx context.Context) error {
	p.mu.Lock()
	over := p.share - 0.95
	if p.cfg.Now().Sub(p.when) > 10*time.Second {
		over = 0
	}
	p.mu.Unlock()
	if over <= 0 {
		return nil
	}
	return p.cfg.Sleep(ctx, min(10*time.Second, time.Duration(over*float64(20*time.Second))))
}

// A failure is what Graph says in an error. Its prose repeats names and addresses and goes nowhere; known words of it are looked for.
type failure struct {
	Error struct {
		Code    string
		Message string
		Details []struct{ Code, Target string }
	}
}

// Failures with a meaning of their own. They are temporary: an administrator can help, and then the rows go on.
var (
	errRights   = errors.New("the application lacks a permission, or nobody has consented to it; `vanthu preflight` says which")
	errQuota    = errors.New("the directory is full (Directory_QuotaExceeded); have it raised, or remove deleted objects")
	errSeats    = errors.New("CountViolation: no seat of the licence is left")
	errLocation = errors.New("the licence needs a usage location that Microsoft knows; set accounts.microsoft.usage_location")
	errPlans    = fmt.Errorf("%w: the licence does not go together with one that the user has", account.ErrPermanent)
	errPassword = fmt.Errorf("%w: the password does not satisfy the tenant's policy", account.ErrPermanent)
	errDomain   = fmt.Errorf("%w: the domain of the user name is not verified in the tenant", account.ErrPermanent)
	errReferred = errors.New("the member or owner is there already")

	// errElsewhere is temporary: who takes it for "there is no such account" would record as erased what was never touched.
	errElsewhere = errors.New("not found, and that is not said of an account; see accounts.microsoft.graph_url and whatever stands before Graph")
)

// known are the sentences of Graph that stand for more than their code, Request_BadRequest, says.
var known = []struct {
	words string
	err   error
}{
	{"another object with the same value", account.ErrExists},
	{"a conflicting object with one or more of the specified property values", account.ErrExists},
	{"object references already exist", errReferred},
	{"does not have any available licenses", errSeats},
	{"countviolation", errSeats},
	{"invalid usage location", errLocation},
	{"prohibitedinusagelocationviolation", errLocation},
	{"conflicting service plans", errPlans},
	{"mutuallyexclusiveviolation", errPlans},
	{"password complexity requirements", errPassword},
	{"property 'password'", errPassword},
	{"must use one of the verified domain names", errDomain},
}

// classify says what an answer means ("Microsoft Graph error responses and resource types").
func classify(a rest.Answer) error {
	switch {
	case a.Status >= 200 && a.Status < 300:
		return nil
	case a.Status == http.StatusUnauthorized:
		return rest.ErrToken
	case a.Status == http.StatusTooManyRequests:
		return rest.ErrBusy
	}
	var f failure
	_ = json.Unmarshal(a.Body, &f) // what is no error of Graph has no code
	code := rest.Code(f.Error.Code)
	switch a.Status {
	case http.StatusNotFound:
		if code == "" { // a proxy's word, or that of whatever else answers there: it says nothing about an account
			return errElsewhere
		}
		return account.ErrGone
	case http.StatusForbidden:
		if code == "Directory_QuotaExceeded" {
			return errQuota
		}
		return errRights
	case http.StatusBadRequest:
		return bad(f, code)
	case http.StatusConflict, http.StatusPreconditionFailed, http.StatusLocked:
		if code == "Request_MultipleObjectsWithSameKeyValue" {
			return account.ErrExists
		}
		return named("somebody else changed it at the same time", code) // Directory_ConcurrencyViolation: look, and do it again
	}
	if a.Status >= 400 && a.Status < 500 && a.Status != http.StatusRequestTimeout {
		return fmt.Errorf("%w%s", account.ErrPermanent, brackets(code))
	}
	return named("the platform failed", code)
}

// bad tells the 400s apart.
func bad(f failure, code string) error {
	for _, d := range f.Error.Details {
		if d.Code == "ObjectConflict" || d.Code == "ConflictingObjects" {
			return fmt.Errorf("%w: another object has the same %s", account.ErrExists, property(d.Target))
		}
	}
	said := strings.ToLower(f.Error.Message)
	for _, k := range known {
		if strings.Contains(said, k.words) {
			return k.err
		}
	}
	for _, d := range f.Error.Details {
		if rest.Code(d.Target) != "" {
			return fmt.Errorf("%w%s: the value of %s", account.ErrPermanent, brackets(code), d.Target)
		}
	}
	return fmt.Errorf("%w%s", account.ErrPermanent, brackets(code))
}

func property(target string) string {
	if c := rest.Code(target); c != "" {
		return c
	}
	return "property"
}

func named(what, code string) error { return errors.New(what + brackets(code)) }

func brackets(code string) string {
	if code == "" {
		return ""
	}
	return " (" + code + ")"
}

// unseen makes a 404 of something that was there a moment ago a temporary error: another replica does not show it yet (pain 28).
func unseen(err error) error {
	if errors.Is(err, account.ErrGone) {
		return fmt.Errorf("microsoft: %w", account.ErrUnseen)
	}
	return err
}

// follow takes an @odata.nextLink apart. Only Graph itself is followed: the token goes along.
func (p *Platform) follow(link string) (path string, query url.Values, err error) {
	u, err := url.Parse(link)
	prefix := strings.TrimSuffix(p.base.Path, "/") + "/v1.0"
	if err != nil || u.Scheme != p.base.Scheme || u.Host != p.base.Host || u.User != nil || !strings.HasPrefix(u.Path, prefix+"/") {
		return "", nil, errors.New("microsoft: the next page lies on another server; it was not asked")
	}
	return strings.TrimPrefix(u.EscapedPath(), prefix), u.Query(), nil
}
