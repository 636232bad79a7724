package zimbra

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"vanthu/bot/account"
	"vanthu/bot/account/rest"
)

// Preflight looks whether n accounts could be made: it signs in, and asks for domain, class of service, rights and room. A licence of the
// Network Edition cannot be asked for how many accounts it leaves; the first one too many is told by Zimbra, and waits.
func (s *Server) Preflight(ctx context.Context, n int) []account.Check {
	domain, checks := s.domain(ctx)
	if domain == nil {
		return checks
	}
	return append(append(checks, s.classOfService(ctx), s.room(ctx, *domain, n)), s.rights(ctx)...)
}

func ok(what, said string, args ...any) account.Check {
	return account.Check{What: what, Level: account.CheckOK, Said: fmt.Sprintf(said, args...)}
}

func failed(what, said string, args ...any) account.Check {
	return account.Check{What: what, Level: account.CheckFailed, Said: fmt.Sprintf(said, args...)}
}

func warning(what, said string, args ...any) account.Check {
	return account.Check{What: what, Level: account.CheckWarning, Said: fmt.Sprintf(said, args...)}
}

// The attributes of a domain that count.
const (
	attrDomainStatus = "zimbraDomainStatus"
	attrDomainType   = "zimbraDomainType"
	attrMaxAccounts  = "zimbraDomainMaxAccounts"
	attrMaxOfCOS     = "zimbraDomainCOSMaxAccounts" // "<id>:<number>"
	attrDefaultCOS   = "zimbraDomainDefaultCOSId"
)

// domain signs in with the first request, and looks at the clock that its answer shows.
func (s *Server) domain(ctx context.Context) (*entry, []account.Check) {
	began := s.cfg.Now()
	said, header, err := s.ask(ctx, s.api, "GetDomain", element{"applyConfig": "0", "attrs": strings.Join([]string{attrDomainStatus, attrDomainType, attrMaxAccounts, attrMaxOfCOS, attrDefaultCOS}, ",")},
		true, selector("domain", "name", s.cfg.Domain))
	f, isFault := errors.AsType[*fault](err)
	switch {
	case isFault && f.Code == codeNoSuchDomain:
		return nil, []account.Check{failed("domain", "there is no domain %s; make it, or set accounts.domain", s.cfg.Domain)}
	case isFault && f.Code == codeDenied:
		return nil, []account.Check{failed("rights", "%s may not see the domain %s; grant it the rights of a delegated administrator there", s.cfg.Admin, s.cfg.Domain)}
	case err != nil && strings.Contains(err.Error(), codeAuthFailed):
		return nil, []account.Check{failed("connection", "Zimbra does not let %s in: the password, or the account is no administrator's (%v)", s.cfg.Admin, err)}
	case err != nil:
		return nil, []account.Check{failed("connection", "%v", err)}
	case len(said.Domains) != 1:
		return nil, []account.Check{failed("domain", "Zimbra shows %d domains for %s", len(said.Domains), s.cfg.Domain)}
	}
	domain := said.Domains[0]
	checks := []account.Check{ok("connection", "signed in as %s", s.cfg.Admin), account.CompareClocks("Zimbra", rest.Answer{Header: header}.Time(), began, s.cfg.Now(), "")}
	if status := domain.one(attrDomainStatus); status != "" && status != "active" {
		return &domain, append(checks, failed("domain", "the domain %s is %s; make it active", s.cfg.Domain, status))
	}
	if kind := domain.one(attrDomainType); kind == "alias" {
		return &domain, append(checks, failed("domain", "%s is an alias of another domain, in which the accounts would be made; set accounts.domain to that one", s.cfg.Domain))
	}
	return &domain, append(checks, ok("domain", "%s is there", s.cfg.Domain))
}

func (s *Server) classOfService(ctx context.Context) account.Check {
	if s.cfg.COS == "" {
		return ok("class_of_service", "the domain's default")
	}
	by := "name"
	if idShape.MatchString(s.cfg.COS) {
		by = "id"
	}
	_, err := s.look(ctx, "GetCos", element{"attrs": "zimbraId"}, selector("cos", by, s.cfg.COS))
	f, isFault := errors.AsType[*fault](err)
	switch {
	case isFault && f.Code == codeNoSuchCOS:
		return failed("class_of_service", "there is no class of service %s; make it, or set accounts.zimbra.cos", s.cfg.COS)
	case isFault && f.Code == codeDenied:
		return failed("class_of_service", "%s may not see the class of service %s: grant getCos and assignCos", s.cfg.Admin, s.cfg.COS)
	case err != nil:
		return failed("class_of_service", "%v", err)
	}
	return ok("class_of_service", "%s is there", s.cfg.COS)
}

// room compares what the domain may hold with what it holds (CountAccountRequest).
func (s *Server) room(ctx context.Context, domain entry, n int) account.Check {
	most, err := strconv.Atoi(domain.one(attrMaxAccounts))
	limited := err == nil && most > 0
	ofCOS, limitedCOS := 0, false
	id := domain.one(attrDefaultCOS)
	if s.cfg.COS != "" {
		if id, err = s.cos(ctx); err != nil {
			return warning("quota", "how many accounts have room cannot be seen: %v", err)
		}
	}
	for _, limit := range domain.all(attrMaxOfCOS) {
		if cos, number, _ := strings.Cut(limit, ":"); id != "" && cos == id {
			ofCOS, err = strconv.Atoi(number)
			limitedCOS = err == nil
		}
	}
	if !limited && !limitedCOS {
		return ok("quota", "the domain sets no limit; that of a licence cannot be asked for")
	}
	said, err := s.look(ctx, "CountAccount", nil, selector("domain", "name", s.cfg.Domain))
	if err != nil {
		return warning("quota", "how many accounts the domain holds cannot be seen: %v", err)
	}
	all, ofThis := counted(said.COS, id)
	left, which := most-all, attrMaxAccounts
	if limitedCOS && (!limited || ofCOS-ofThis < left) {
		left, which = ofCOS-ofThis, attrMaxOfCOS
	}
	if left < n || left <= 0 {
		return failed("quota", "there is room for %d accounts, %d are wanted; raise %s of the domain", max(0, left), n, which)
	}
	return ok("quota", "there is room for %d accounts (%s)", left, which)
}

// blind says whether a search shows nobody although the domain has accounts: who may not list them is not told that they are there
// (AdminAccessControl.SearchDirectoryRightChecker). Then every code would look free, and a person could get a second account.
func (s *Server) blind(ctx context.Context) *account.Check {
	said, err := s.look(ctx, "CountAccount", nil, selector("domain", "name", s.cfg.Domain))
	if err != nil {
		c := warning("rights", "a search shows no account of %s, and how many there are cannot be seen (%v): grant %s the right listAccount, or persons could get a second account", s.cfg.Domain, err, s.cfg.Admin)
		return &c
	}
	if all, _ := counted(said.COS, ""); all > 0 {
		c := failed("rights", "%s has %d accounts and shows none of them to %s: grant it listAccount, or persons get a second account (zmprov grantRight domain %s usr %s +domainAdminRights)", s.cfg.Domain, all, s.cfg.Admin, s.cfg.Domain, s.cfg.Admin)
		return &c
	}
	return nil
}

// counted adds up the answer to a CountAccountRequest: all accounts, and those of one class of service.
func counted(classes []entry, id string) (all, ofThis int) {
	for _, c := range classes {
		count, _ := strconv.Atoi(strings.TrimSpace(c.Text))
		all += count
		if c.ID == id {
			ofThis += count
		}
	}
	return all, ofThis
}

// rights asks what the administrator may do (CheckRightRequest): on the domain, and on some account of it.
func (s *Server) rights(ctx context.Context) []account.Check {
	type on struct{ kind, name, right string }
	wanted := []on{{"domain", s.cfg.Domain, "createAccount"}}
	said, err := s.look(ctx, "SearchDirectory", element{"query": "(objectClass=zimbraAccount)", "types": "accounts", "attrs": "zimbraId", "applyCos": "0", "limit": 1, "domain": s.cfg.Domain, "maxResults": "0"})
	if err != nil {
		return []account.Check{failed("rights", "the domain cannot be searched: %v", err)}
	}
	if len(said.Accounts) == 0 {
		if check := s.blind(ctx); check != nil {
			return []account.Check{*check}
		}
	} else {
		for _, right := range []string{"setAccountPassword", "modifyAccount", "deleteAccount"} {
			wanted = append(wanted, on{"account", said.Accounts[0].Name, right})
		}
	}
	var missing, unseen []string
	for _, w := range wanted {
		said, err := s.look(ctx, "CheckRight", nil, child{"target", element{"type": w.kind, "by": "name"}, w.name}, selector("grantee", "name", s.cfg.Admin), child{name: "right", text: w.right})
		switch {
		case err != nil:
			unseen = append(unseen, w.right)
		case said.Allow != "1" && said.Allow != "true":
			missing = append(missing, w.right)
		}
	}
	switch {
	case len(missing) > 0:
		return []account.Check{failed("rights", "%s lacks %s in %s; grant it (zmprov grantRight domain %s usr %s <right>)", s.cfg.Admin, strings.Join(missing, ", "), s.cfg.Domain, s.cfg.Domain, s.cfg.Admin)}
	case len(unseen) > 0:
		return []account.Check{warning("rights", "whether %s has %s cannot be asked", s.cfg.Admin, strings.Join(unseen, ", "))}
	}
	return []account.Check{ok("rights", "accounts may be made, changed and deleted")}
}
