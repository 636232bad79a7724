package microsoft

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/rest"
)

// Preflight looks whether n accounts could be made (pain 29). It changes nothing.
func (p *Platform) Preflight(ctx context.Context, n int) []account.Check {
	return p.preflight(ctx, n, false)
}

// Preflight asks for the right to make passes, too.
func (w WithPass) Preflight(ctx context.Context, n int) []account.Check {
	return w.Platform.preflight(ctx, n, true)
}

func (p *Platform) preflight(ctx context.Context, n int, passes bool) []account.Check {
	var all []account.Check
	say := func(what string, level account.Level, form string, args ...any) {
		all = append(all, account.Check{What: what, Level: level, Said: fmt.Sprintf(form, args...)})
	}
	asked := p.cfg.Now()
	var d struct {
		Verified bool     `json:"isVerified"`
		Default  bool     `json:"isDefault"`
		Auth     string   `json:"authenticationType"`
		Services []string `json:"supportedServices"`
	}
	if err := p.brake(ctx); err != nil {
		say("connection", account.CheckFailed, "%v", err)
		return all
	}
	a, err := p.graph.Do(ctx, rest.Request{What: "domain", Method: http.MethodGet, Path: "/domains/" + url.PathEscape(p.cfg.Domain), Into: &d})
	p.heed(a.Header.Get(percentage))
	if err != nil && a.Status == 0 { // no token, or no connection
		say("connection", account.CheckFailed, "Graph cannot be asked; see accounts.microsoft (tenant, client_id, and the secret or certificate, which may have run out): %v", err)
		return all
	}
	say("connection", account.CheckOK, "Graph answers, and takes the application's token")
	all = append(all, p.rights(ctx, passes)...)
	switch {
	case errors.Is(err, account.ErrGone):
		say("domain", account.CheckFailed, "%s is no domain of the tenant; add and verify it in the Microsoft 365 admin center", p.cfg.Domain)
	case err != nil:
		say("domain", account.CheckWarning, "the domain could not be looked at: %v", err)
	case !d.Verified:
		say("domain", account.CheckFailed, "%s is not verified; finish its set-up in the Microsoft 365 admin center", p.cfg.Domain)
	case strings.EqualFold(d.Auth, "Federated"):
		say("domain", account.CheckFailed, "%s is federated: passwords are kept by another system, and accounts must be made there", p.cfg.Domain)
	case !slices.Contains(d.Services, "Email"):
		say("domain", account.CheckWarning, "%s is verified, and not set up for mail", p.cfg.Domain)
	case !d.Default:
		say("domain", account.CheckOK, "%s is verified; groups of classes get addresses in the tenant's default domain, which is another one", p.cfg.Domain)
	default:
		say("domain", account.CheckOK, "%s is verified", p.cfg.Domain)
	}
	all = append(all, p.seatsFor(ctx, n)...)
	all = append(all, account.CompareClocks("Graph", a.Time(), asked, p.cfg.Now(), "refuses an assertion that is minutes off"), p.pace(n))
	return all
}

// rights compares the permissions in the token with what is needed. The token is not verified, and need not be: a forged one would only
// make this check wrong, and Graph refuse the work.
func (p *Platform) rights(ctx context.Context, passes bool) []account.Check {
	token, err := p.token(ctx)
	if err != nil {
		return []account.Check{{What: "rights", Level: account.CheckWarning, Said: "no token to look into"}}
	}
	have := rolesOf(token)
	type need struct {
		oneOf []string
		what  string
		level account.Level
	}
	needs := []need{
		{[]string{"User.ReadWrite.All", "Directory.ReadWrite.All"}, "make and suspend users", account.CheckFailed},
		{[]string{"User.ReadWrite.All", "User.DeleteRestore.All"}, "erase users and bring them back, which Directory.ReadWrite.All does not let", account.CheckWarning},
		{[]string{"Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}, "see addresses that groups have", account.CheckFailed},
		{[]string{"Domain.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"}, "look at the domain", account.CheckWarning},
		{[]string{"User-PasswordProfile.ReadWrite.All", "Directory.AccessAsUser.All"}, "set new passwords (or the application must have the role User Administrator)", account.CheckWarning},
	}
	if len(p.cfg.Licences) > 0 {
		needs = append(needs, need{[]string{"Organization.Read.All", "LicenseAssignment.Read.All", "LicenseAssignment.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}, "count seats", account.CheckFailed})
	}
	if passes {
		needs = append(needs, need{[]string{"UserAuthMethod-TAP.ReadWrite.All", "UserAuthenticationMethod.ReadWrite.All"}, "make Temporary Access Passes", account.CheckFailed})
	}
	var all []account.Check
	for _, n := range needs {
		if !slices.ContainsFunc(n.oneOf, func(role string) bool { return slices.Contains(have, role) }) {
			all = append(all, account.Check{What: "rights", Level: n.level, Said: fmt.Sprintf("the application permission %s is missing, to %s; add it in the app registration and grant admin consent", n.oneOf[0], n.what)})
		}
	}
	if all == nil {
		all = append(all, account.Check{What: "rights", Level: account.CheckOK, Said: "the application has the permissions that are needed"})
	}
	return all
}

func (p *Platform) seatsFor(ctx context.Context, n int) []account.Check {
	if len(p.cfg.Licences) == 0 {
		return []account.Check{{What: "licences", Level: account.CheckWarning, Said: "none is given (accounts.microsoft.licences): without one, by a group or by hand, there is no mailbox"}}
	}
	if p.cfg.UsageLocation == "" {
		return []account.Check{{What: "licences", Level: account.CheckFailed, Said: `no licence can be given without a usage location; set accounts.microsoft.usage_location, for example "VN"`}}
	}
	units, err := p.skus(ctx, true)
	if err != nil {
		return []account.Check{{What: "licences", Level: account.CheckFailed, Said: fmt.Sprintf("the seats could not be counted: %v", err)}}
	}
	var all []account.Check
	for _, want := range p.cfg.Licences {
		c := account.Check{What: "licences", Level: account.CheckOK}
		s, known := units[want]
		switch left := s.seats() - s.Consumed; {
		case !known:
			c.Level, c.Said = account.CheckFailed, fmt.Sprintf("the tenant has no %s; see accounts.microsoft.licences", want)
		case s.Status != "" && s.Status != "Enabled" && s.Status != "Warning":
			c.Level, c.Said = account.CheckFailed, fmt.Sprintf("%s is %s in the tenant", want, rest.Code(s.Status))
		case left < n:
			c.Level, c.Said = account.CheckFailed, fmt.Sprintf("%s has %d of %d seats left and %d are needed; buy or free %d", want, max(0, left), s.seats(), n, n-max(0, left))
		case s.Status == "Warning":
			c.Level, c.Said = account.CheckWarning, fmt.Sprintf("%s has %d of %d seats left, and has run out: renew it within its 30 days of grace", want, left, s.seats())
		default:
			c.Said = fmt.Sprintf("%s has %d of %d seats left", want, left, s.seats())
		}
		all = append(all, c)
	}
	return all
}

// pace says how long n accounts take by the quota of changes, and whether somebody else uses it up.
func (p *Platform) pace(n int) account.Check {
	each := 1
	if len(p.cfg.Licences) > 0 {
		each++
	}
	writes := max(1, p.cfg.Writes/p.graph.Sharing())
	takes := time.Duration(n*each) * 150 * time.Second / time.Duration(writes)
	c := account.Check{What: "quota", Level: account.CheckOK, Said: fmt.Sprintf("%d changes at %d in 2 min 30 s take %v", n*each, writes, max(time.Second, takes.Round(time.Second)))}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.share > 0 && p.cfg.Now().Sub(p.when) < time.Minute {
		c.Level, c.Said = account.CheckWarning, fmt.Sprintf("%s; %.0f %% of a limit are in use already", c.Said, p.share*100)
	}
	return c
}
