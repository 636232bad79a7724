package zimbra

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"vanthu/bot/account"
)

// Attributes of an account (zimbra-attrs.xml; RFC 2798).
const (
	attrUser      = "uid"
	attrAddress   = "zimbraMailDeliveryAddress"
	attrMail      = "mail" // the address and the aliases
	attrAlias     = "zimbraMailAlias"
	attrName      = "displayName"
	attrCommon    = "cn"
	attrFamily    = "sn"
	attrGiven     = "givenName"
	attrStatus    = "zimbraAccountStatus"
	attrMust      = "zimbraPasswordMustChange"
	attrChanged   = "zimbraPasswordModifiedTime"
	attrMade      = "zimbraCreateTimestamp"
	attrLogon     = "zimbraLastLogonTimestamp"
	attrCOS       = "zimbraCOSId"
	statusActive  = "active"
	statusLocked  = "locked"
	statusClosed  = "closed"
	statusLockout = "lockout" // after wrong passwords, for an hour: not a suspension
)

// ours begins every marker. Notes that somebody wrote are none.
const ours = "vanthu:"

const (
	keysPerSearch = 50   // of one filter
	pageOfSearch  = 500  // entries of one answer; at some 600 bytes each far below rest's 8 MB
	pageOfList    = 1000 // each page makes Zimbra search anew
)

func (s *Server) attributes() string {
	return strings.Join([]string{attrUser, attrAddress, attrMail, attrAlias, attrName, attrCommon, attrFamily, attrGiven, attrStatus, attrMust, attrChanged, attrMade, attrLogon, s.cfg.CodeAttr, s.cfg.MarkerAttr}, ",")
}

// Lookup returns who has one of the keys: people, resources, lists and dynamic groups, which Zimbra counts as a kind of their own. Keys are asked for in sets.
func (s *Server) Lookup(ctx context.Context, keys account.Keys) ([]account.Account, error) {
	var found []account.Account
	seen := map[string]bool{}
	for set := range slices.Chunk(s.tests(keys), keysPerSearch) {
		err := s.search(ctx, "(|"+strings.Join(set, "")+")", "accounts,resources,distributionlists,dynamicgroups", "", pageOfSearch, func(e entry, person bool) error {
			a := s.account(e, person)
			if !seen[e.ID] && s.asked(a, keys) {
				seen[e.ID] = true
				found = append(found, a)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// List goes through the people of the domain. While it does so others may come and go: when pages have shifted by that, somebody may
// have been passed over, and the error is temporary.
func (s *Server) List(ctx context.Context, f func(account.Account) error) error {
	return s.search(ctx, "(objectClass=zimbraAccount)", "accounts", s.cfg.Domain, pageOfList, func(e entry, person bool) error { return f(s.account(e, person)) })
}

// search goes through all pages of a SearchDirectoryRequest. maxResults is said because of Zimbra's own bound of 5,000.
//
// Whether there are more Zimbra does not say: to who has no session, and we have none, versions since 8.7 count no further than the end
// of the page (AdminAccessControl.getAllowed), so that more is always 0 and searchTotal what was shown. A full page is followed by
// another, which begins with the last entry of the one before: when it does not, somebody was deleted meanwhile, and others have moved up
// into what was read already.
func (s *Server) search(ctx context.Context, filter, types, domain string, page int, f func(e entry, person bool) error) error {
	attributes := element{"query": filter, "types": types, "attrs": s.attributes(), "applyCos": "0", "applyConfig": "0", "sortBy": "name", "limit": page, "maxResults": "0"}
	if domain != "" {
		attributes["domain"] = domain
	}
	next, total, seen := 0, int64(-1), map[string]bool{}
	for {
		attributes["offset"] = next
		said, err := s.look(ctx, "SearchDirectory", attributes)
		if err != nil {
			return err
		}
		if total < 0 { // who came later may be missed, not who was there
			total = int64(said.Total)
		}
		n, joined := 0, next == 0
		for i, entries := range [][]entry{said.Accounts, said.Others, said.Lists} {
			for _, e := range entries {
				n++
				if e.ID != "" && seen[e.ID] {
					joined = true
					continue
				}
				seen[e.ID] = true
				if err := f(e, i == 0); err != nil {
					return err
				}
			}
		}
		switch more := said.More == "1" || said.More == "true"; {
		case !joined:
			return fmt.Errorf("zimbra: SearchDirectory: the directory changed after %d entries were shown", len(seen))
		case more && n < 2:
			return errors.New("zimbra: SearchDirectory: a page without entries says that there are more")
		case more || n >= page:
			next += n - 1
		case int64(len(seen)) < total:
			return fmt.Errorf("zimbra: SearchDirectory: %d of %d entries were shown: the directory changed meanwhile", len(seen), total)
		default:
			return nil
		}
	}
}

// tests are the parts of the OR filter, one a key (RFC 4515).
func (s *Server) tests(keys account.Keys) (tests []string) {
	add := func(attribute string, values []string) {
		for _, v := range values {
			if v != "" {
				tests = append(tests, "("+attribute+"="+escape(v)+")")
			}
		}
	}
	add(s.cfg.CodeAttr, keys.Codes)
	add(attrMail, keys.Addresses)
	add(attrAlias, keys.Addresses)
	add(attrAddress, keys.Addresses)
	add(attrUser, keys.Users)
	add(s.cfg.MarkerAttr, keys.Markers)
	return tests
}

// escape writes a value of a filter: whatever is no letter, digit or mark of an address as \XX.
func escape(value string) string {
	var b strings.Builder
	for i := range len(value) {
		c := value[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("@._-:+", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, `\%02x`, c)
	}
	return b.String()
}

// asked leaves out who has only the user name, in another domain: there it is another person's.
func (s *Server) asked(a account.Account, keys account.Keys) bool {
	in := func(keys []string, value string) bool {
		return slices.ContainsFunc(keys, func(k string) bool { return k != "" && strings.EqualFold(k, value) })
	}
	_, domain, _ := strings.Cut(a.Address, "@")
	return in(keys.Codes, a.Code) || slices.Contains(keys.Markers, a.Marker) && a.Marker != "" ||
		in(keys.Users, a.User) && strings.EqualFold(domain, s.cfg.Domain) || slices.ContainsFunc(keys.Addresses, a.Has)
}

// account reads an entry. What is no person's (a list, a room) is shown by its address alone.
func (s *Server) account(e entry, person bool) account.Account {
	a := account.Account{Address: cmpOr(e.one(attrAddress), e.Name), Name: cmpOr(e.one(attrName), e.one(attrCommon)), Marker: s.marker(e)}
	for _, address := range append(e.all(attrAlias), e.all(attrMail)...) {
		if !a.Has(address) {
			a.Aliases = append(a.Aliases, address)
		}
	}
	if !person {
		a.User, _, _ = strings.Cut(e.Name, "@")
		return a
	}
	a.Code, a.Family, a.Given = e.one(s.cfg.CodeAttr), e.one(attrFamily), e.one(attrGiven)
	a.User = e.one(attrUser)
	status := e.one(attrStatus)
	a.Suspended = status != statusActive && status != statusLockout && status != ""
	a.Changed = a.Marker != "" && changed(e)
	return a
}

func (s *Server) marker(e entry) string {
	for _, note := range e.all(s.cfg.MarkerAttr) {
		if first, _, _ := strings.Cut(strings.TrimSpace(note), "\n"); strings.HasPrefix(first, ours) {
			return strings.TrimSpace(first)
		}
	}
	return ""
}

// changed says that the holder has changed the initial password: the demand is gone, the password is younger than the account, and
// somebody has signed in. A password that an administrator set by hand is not the holder's.
func changed(e entry) bool {
	const seconds = len("20061126120000") // GeneralizedTime; fractions and Z may follow
	made, at := e.one(attrMade), e.one(attrChanged)
	return !strings.EqualFold(e.one(attrMust), "TRUE") && e.one(attrLogon) != "" && len(made) >= seconds && len(at) >= seconds && at[:seconds] > made[:seconds]
}
