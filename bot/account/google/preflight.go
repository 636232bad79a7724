package google

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/rest"
)

// Preflight looks whether n accounts could be made: each right by a call that changes nothing, the domain, the unit, the clock,
// and how long the quota makes it last.
func (p *Platform) Preflight(ctx context.Context, n int) []account.Check {
	var checks []account.Check
	add := func(what string, level account.Level, said string, args ...any) {
		checks = append(checks, account.Check{What: what, Level: level, Said: fmt.Sprintf(said, args...)})
	}
	asked := p.cfg.Now()
	answer, err := p.api.Do(ctx, rest.Request{What: "users.list", Method: http.MethodGet, Path: usersPath,
		Query: url.Values{"customer": {p.cfg.Customer}, "maxResults": {"1"}, "fields": {"users(id)"}}})
	if err != nil {
		p.delegated(ctx, err, add)
		return checks
	}
	add("connection", account.CheckOK, "the Directory API answers")
	add("rights", account.CheckOK, "users can be read; that they can be made shows only a test account (`vanthu preflight --try`)")
	checks = append(checks, account.CompareClocks("Google", answer.Time(), asked, p.cfg.Now(), "refuses a statement for a token that is minutes off"))
	p.lookAt(ctx, "domain", "the domain "+p.cfg.Domain, scopeDomains, "/admin/directory/v1/customer/"+url.PathEscape(p.cfg.Customer)+"/domains/"+url.PathEscape(p.cfg.Domain),
		func(verified bool) string {
			if verified {
				return ""
			}
			return "it is not verified; verify it in the Admin console"
		}, add)
	if p.cfg.OrgUnit != "/" {
		p.lookAt(ctx, "org_unit", "the organizational unit "+p.cfg.OrgUnit, scopeUnits, "/admin/directory/v1/customer/"+url.PathEscape(p.cfg.Customer)+"/orgunits/"+escapeUnit(p.cfg.OrgUnit),
			func(bool) string { return "" }, add)
	} else {
		add("org_unit", account.CheckOK, "accounts are made in the top unit")
	}
	if p.cfg.Groups {
		_, err := p.api.Do(ctx, rest.Request{What: "groups.list", Method: http.MethodGet, Path: groupsPath, Query: url.Values{"customer": {p.cfg.Customer}, "maxResults": {"1"}}})
		result(add, "rights", err, "groups can be read", "groups cannot be read: give the scope "+scopeGroups+", and the administrator the right Groups")
	}
	if p.identity != nil {
		_, err := p.unmanaged(ctx)
		result(add, "rights", err, "personal accounts with addresses of the domain can be seen",
			"personal accounts with addresses of the domain cannot be seen: enable the Cloud Identity API and give the scope "+scopeInvite+", or set unmanaged = false")
	} else {
		add("rights", account.CheckWarning, "personal accounts with addresses of the domain are not looked for (unmanaged = false): what becomes of one whose address is given to a student the Admin console says (Account settings, Conflicting accounts management); do not choose to replace them")
	}
	p.time(n, add)
	add("licences", account.CheckWarning, "how many licences are left Google does not tell here; look at Billing, Subscriptions in the Admin console: %d are needed", n)
	return checks
}

type adder func(what string, level account.Level, said string, args ...any)

func result(add adder, what string, err error, well, ill string) {
	if err == nil {
		add(what, account.CheckOK, "%s", well)
		return
	}
	add(what, account.CheckFailed, "%s (%v)", ill, err)
}

// delegated tells why nothing could be read: no connection, or which scope is not delegated. Google says no to all of them when
// one is missing, so each is tried alone.
func (p *Platform) delegated(ctx context.Context, cause error, add adder) {
	if errors.Is(cause, errForbidden) {
		add("rights", account.CheckFailed, "%v: the administrator of the configuration must have the right Users, and the Admin SDK API must be enabled in the project", cause)
		return
	}
	scopes := []string{scopeUsers}
	if p.cfg.Groups {
		scopes = append(scopes, scopeGroups)
	}
	missing := 0
	for _, scope := range scopes {
		if err := p.token(ctx, scope); errors.Is(err, rest.ErrLater) {
			missing++
			add("rights", account.CheckFailed, "%v for %s: delegate it to the service account (Admin console: Security, API controls, Domain-wide delegation); the administrator of the configuration must exist", err, scope)
		}
	}
	if missing == 0 {
		add("connection", account.CheckFailed, "%v", cause)
	}
}

func (p *Platform) token(ctx context.Context, scope string) error {
	client, err := p.client(p.cfg.Directory, scope)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	return client.Authorized(ctx)
}

// lookAt reads one thing with a scope that nothing else needs.
func (p *Platform) lookAt(ctx context.Context, what, name, scope, path string, wrong func(verified bool) string, add adder) {
	client, err := p.client(p.cfg.Directory, scope)
	if err != nil {
		add(what, account.CheckFailed, "%v", err)
		return
	}
	defer func() { _ = client.Close() }()
	var seen struct {
		Verified bool `json:"verified"`
	}
	_, err = client.Do(ctx, rest.Request{What: what, Method: http.MethodGet, Path: path, Into: &seen})
	switch {
	case errors.Is(err, account.ErrGone):
		add(what, account.CheckFailed, "%s is not there", name)
	case err != nil:
		add(what, account.CheckWarning, "%s cannot be looked at: give the scope %s (%v)", name, scope, err)
	case wrong(seen.Verified) != "":
		add(what, account.CheckFailed, "%s: %s", name, wrong(seen.Verified))
	default:
		add(what, account.CheckOK, "%s is there", name)
	}
}

// escapeUnit writes the path of a unit as part of an address: without the first slash ("orgunits.get").
func escapeUnit(unit string) string {
	parts := strings.Split(strings.TrimPrefix(unit, "/"), "/")
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return strings.Join(parts, "/")
}

// time says how long the quotas make it last: two queries an account, made and read back, and so many users a second.
func (p *Platform) time(n int, add adder) {
	of := p.api.Sharing()
	rate, makes := max(1, p.cfg.PerMinute/of), max(1, perSecond/of-1)
	lasts := max(time.Duration(float64(2*n)/float64(rate)*float64(time.Minute)), time.Duration(n)*time.Second/time.Duration(makes)).Round(time.Second)
	add("quota", account.CheckOK, "%d accounts are %d queries, %v at %d a minute and %d users a second; how much of the day's quota is used up Google does not tell", n, 2*n, lasts, rate, makes)
}
