package google

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/rest"
)

// strangeFor is how long a list of personal accounts is good; Google tells of one after 48 hours anyway.
const strangeFor = 30 * time.Minute

// What stands in the way of an address without being a user. It is said in the place of the marker: who made it.
const (
	aPersonal = "an unmanaged personal Google account (Admin console: Account, Account settings, Conflicting accounts management)"
	aGroup    = "a Google group"
)

// unmanaged returns the addresses of our domain with which somebody has made himself a personal account ("About unmanaged accounts"):
// where the school has chosen to replace those, making his user would take the address away from him.
func (p *Platform) unmanaged(ctx context.Context) (map[string]bool, error) {
	if p.identity == nil {
		return nil, nil //nolint:nilnil // none
	}
	return p.strange.get(p.cfg.Now, strangeFor, func() (map[string]bool, error) {
		addresses, query := map[string]bool{}, url.Values{"pageSize": {"200"}}
		for range 1000 {
			var page struct {
				Invitations []struct {
					Name  string `json:"name"`
					State string `json:"state"`
				} `json:"userInvitations"`
				Next string `json:"nextPageToken"`
			}
			_, err := p.identity.Do(ctx, rest.Request{What: "userinvitations.list", Method: http.MethodGet,
				Path: "/v1/customers/" + url.PathEscape(p.cfg.Customer) + "/userinvitations", Query: query, Into: &page})
			if err != nil {
				return nil, err
			}
			for _, i := range page.Invitations {
				if _, address, ok := strings.Cut(i.Name, "/userinvitations/"); ok && i.State != "ACCEPTED" {
					addresses[strings.ToLower(address)] = true
				}
			}
			if page.Next == "" {
				break
			}
			query.Set("pageToken", page.Next)
		}
		return addresses, nil
	})
}

// A holder is who was found to have an address, and when.
type holder struct {
	what string
	at   time.Time
}

// blocked returns what is known to have an address without being a user, "" for nothing.
func (p *Platform) blocked(ctx context.Context, address string) (string, error) {
	p.mu.Lock()
	held := p.taken[address]
	p.mu.Unlock()
	if held.what != "" && p.cfg.Now().Sub(held.at) < strangeFor {
		return held.what, nil
	}
	what := ""
	unmanaged, err := p.unmanaged(ctx)
	if err == nil && unmanaged[address] {
		what = aPersonal
	}
	return what, err
}

// whose looks who has an address that Google says is taken, and that no user shows. An account of ours that only is not shown
// yet is nobody else's: then nothing is noted, and later looks will find it.
func (p *Platform) whose(ctx context.Context, address string) {
	if users, err := p.byAddress(ctx, address); err != nil || len(users) > 0 {
		return
	}
	what := ""
	if p.cfg.Groups {
		if g, err := p.Group(ctx, address); err == nil && g != nil {
			what = aGroup
		}
	}
	if p.identity != nil && what == "" {
		var answer struct {
			Invitable bool `json:"isInvitableUser"`
		}
		_, err := p.identity.Do(ctx, rest.Request{What: "userinvitations.isInvitableUser", Method: http.MethodGet, Into: &answer,
			Path: "/v1/customers/" + url.PathEscape(p.cfg.Customer) + "/userinvitations/" + url.PathEscape(address) + ":isInvitableUser"})
		if err == nil && answer.Invitable {
			what = aPersonal
		}
	}
	if what != "" {
		p.hold(address, what)
	}
}

// hold notes who has an address.
func (p *Platform) hold(address, what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken[address] = holder{what, p.cfg.Now()}
}

// stranger is how a holder who is no user is shown.
func (p *Platform) stranger(address, what string) account.Account {
	return account.Account{Address: address, User: p.userOf(address), Marker: what}
}
