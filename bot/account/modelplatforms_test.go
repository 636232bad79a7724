package account_test

import (
	"context"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/google"
	"vanthu/bot/account/google/googletest"
	"vanthu/bot/account/microsoft"
	"vanthu/bot/account/microsoft/microsofttest"
	"vanthu/bot/account/resttest"
	"vanthu/bot/account/zimbra"
	"vanthu/bot/account/zimbra/zimbratest"
	"vanthu/bot/store"
)

// modelPlatforms are those on which TestExactlyOnce plays. A line is all that another one needs.
var modelPlatforms = []struct {
	name string
	open func(t *testing.T) opener
}{
	{"cloud", each(func(_ testing.TB, clock *resttest.Clock, _ func() resttest.Fault) modelled {
		return clouded(newCloud(clock.Now, 10*time.Minute), false)
	})},
	{"cloud with passes", each(func(_ testing.TB, clock *resttest.Clock, _ func() resttest.Fault) modelled {
		return clouded(newCloud(clock.Now, 10*time.Minute), true)
	})},
	{"strict", each(func(_ testing.TB, clock *resttest.Clock, _ func() resttest.Fault) modelled {
		return clouded(newCloud(clock.Now, 0), false)
	})},
	{"microsoft", each(graph)},
	{"google", each(workspace)},
	{"zimbra", each(soap)},
	{"slapd", slapd},
	{"passwd", table},
	{"offline", bundled},
}

// An opener opens a platform for one play.
type opener func(t testing.TB, clock *resttest.Clock, fault func() resttest.Fault) modelled

// each is of a platform of which each play has a new one.
func each(open opener) func(*testing.T) opener { return func(*testing.T) opener { return open } }

// modelled is a platform seen from behind.
type modelled struct {
	client  func(db *store.DB) account.Platform // a new one for each process, on its database
	all     func() []account.Account            // those that there really are, shown or not, deleted or not
	signsIn func(user, secret string) bool      // with what is sealed
	add     func(a account.Account) bool        // somebody else's; false: such a one cannot be there
	tarry   func(marker string) (late bool)     // what is not shown yet takes longer than the platform describes; nil: never
	// meanwhile is what somebody else does between two rounds, calm: all that there is to do; nil: nobody does anything.
	meanwhile func(m *model, calm bool)
	close     func() // nil: nothing is to be closed
	later     bool   // resets and deletions are played, too
}

// clouded shows what it has made within the time that it describes, in its first days as late as the fault of the call says.
func clouded(c *cloud, passes bool) modelled {
	c.create = func(ctx context.Context, _ account.Account) (time.Duration, error, error) {
		late, _ := ctx.Value(lateness{}).(int)
		return c.settle * time.Duration(late) / 100, nil, nil
	}
	return modelled{
		later: true,
		client: func(*store.DB) account.Platform {
			if passes {
				return passing{c}
			}
			return c
		},
		all: func() (all []account.Account) {
			c.mu.Lock()
			defer c.mu.Unlock()
			for _, s := range c.accounts {
				all = append(all, s.Account)
			}
			return all
		},
		signsIn: func(user, secret string) bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			for _, s := range c.accounts {
				if s.User == user && s.finished && !s.Deleted() {
					return s.password == secret
				}
			}
			return false
		},
		add: func(a account.Account) bool {
			c.accounts = append(c.accounts, &stored{Account: a})
			return true
		},
		tarry: func(marker string) bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			for _, s := range c.accounts {
				if s.Marker == marker && s.shown.After(c.now()) {
					s.shown = c.now().Add(3 * c.settle)
					return true
				}
			}
			return false
		},
	}
}

// spoiled serves a fake whose answers go wrong as fault says, but for tokens.
func spoiled(t testing.TB, clock *resttest.Clock, fake http.Handler, body func(resttest.Fault, int) (string, []byte), fault func() resttest.Fault) *httptest.Server {
	server := httptest.NewUnstartedServer(&resttest.Faults{Handler: fake, Clock: clock, Body: body, Choose: func(_ int, r *http.Request) resttest.Fault {
		if strings.Contains(r.URL.Path, "token") {
			return resttest.Fine
		}
		return fault()
	}})
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // clients turn away
	t.Cleanup(server.Close)
	return server
}

// graph is the fake of Microsoft Graph, its replicas three minutes late.
func graph(t testing.TB, clock *resttest.Clock, fault func() resttest.Fault) modelled {
	fake := microsofttest.New(clock.Now, microsofttest.Config{Lag: 3 * time.Minute})
	server := spoiled(t, clock, fake, microsofttest.Fault, fault)
	server.Start()
	return modelled{
		later: true,
		client: func(*store.DB) account.Platform {
			p, err := microsoft.New(microsoft.Config{Tenant: microsofttest.Tenant, ClientID: microsofttest.ClientID, Secret: microsofttest.Secret, Domain: microsofttest.Domain,
				Graph: server.URL, Login: server.URL, Licences: []string{microsofttest.Licence}, UsageLocation: "VN", Timeout: 10 * time.Second,
				HTTP: server.Client(), Now: clock.Now, Sleep: clock.Sleep})
			if err != nil {
				t.Fatal(err)
			}
			return p
		},
		all: func() (all []account.Account) {
			for _, h := range fake.Holders() {
				all = append(all, account.Account{Code: h.Code, Address: h.UPN, Marker: h.Marker, Suspended: !h.Enabled})
			}
			return all
		},
		signsIn: func(user, secret string) bool { return fake.SignsIn(t, user, secret) },
		add: func(a account.Account) bool {
			if a.Deleted() {
				return false
			}
			fake.Add(a)
			return true
		},
	}
}

// workspace is the fake of Google's Directory API, which shows a new user when it likes to.
func workspace(t testing.TB, clock *resttest.Clock, fault func() resttest.Fault) modelled {
	fake := googletest.New(clock.Now)
	fake.Late, fake.Search = 3*time.Minute, 5*time.Minute
	server := spoiled(t, clock, fake, googletest.Fault, fault)
	server.Start()
	return modelled{
		later: true,
		client: func(*store.DB) account.Platform {
			p, err := google.New(google.Config{Key: fake.KeyFile(server.URL), Admin: fake.Admin, Domain: fake.Domain, OrgUnit: "/Sinh viên", Groups: true,
				Directory: server.URL, Identity: server.URL, Now: clock.Now, Sleep: clock.Sleep})
			if err != nil {
				t.Fatal(err)
			}
			return p
		},
		all: func() (all []account.Account) {
			for _, u := range fake.Accounts() {
				a := account.Account{Code: u.Email, Address: u.Email, Suspended: u.Suspended}
				for _, e := range u.ExternalIDs {
					if strings.HasPrefix(e.Value, "vanthu:") {
						a.Marker = e.Value
					} else {
						a.Code = e.Value
					}
				}
				all = append(all, a)
			}
			return all
		},
		signsIn: func(user, secret string) bool { return fake.SignsIn(t, user, secret) },
		add: func(a account.Account) bool {
			deleted := time.Time{}
			if a.Deleted() {
				deleted = clock.Now()
			}
			fake.Add(googletest.User{Email: a.Address, Family: "Lê Thị", Given: "Bé", Deleted: deleted, OrgUnit: "/"})
			return true
		},
	}
}

// soap is the fake of Zimbra's administration, its replica half a minute late.
func soap(t testing.TB, clock *resttest.Clock, fault func() resttest.Fault) modelled {
	fake := zimbratest.New(clock.Now)
	fake.Lag = 30 * time.Second
	kinds := zimbratest.Kinds()
	server := spoiled(t, clock, fake, zimbratest.Fault, func() resttest.Fault {
		f := fault()
		if !slices.Contains(kinds, f) {
			return resttest.Fine
		}
		return f
	})
	server.StartTLS()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return modelled{
		later: true,
		client: func(*store.DB) account.Platform {
			p, err := zimbra.New(zimbra.Config{Admin: zimbratest.Admin, Password: zimbratest.Password, Domain: zimbratest.Domain, COS: zimbratest.COS, MustChange: true,
				Timeout: 5 * time.Second, Now: clock.Now, Sleep: clock.Sleep, URL: server.URL, CAFile: ca, ServerName: "example.com"})
			if err != nil {
				t.Fatal(err)
			}
			return p
		},
		all: func() (all []account.Account) {
			for address, attrs := range fake.Accounts() {
				a := account.Account{Code: address, Address: address, Suspended: !slices.Equal(attrs["zimbraAccountStatus"], []string{"active"})}
				for _, values := range attrs {
					for _, v := range values {
						if strings.HasPrefix(v, "vanthu:") {
							a.Marker = v
						}
					}
				}
				if e := attrs["employeeNumber"]; len(e) > 0 {
					a.Code = e[0]
				}
				all = append(all, a)
			}
			return all
		},
		signsIn: func(user, secret string) bool { return fake.SignsIn(t, user, secret) },
		add: func(a account.Account) bool {
			if a.Deleted() {
				return false
			}
			fake.Add(a.Address, "Canary-other-1", map[string][]string{"displayName": {a.Name}})
			return true
		},
	}
}
