package zimbra_test

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
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

	"github.com/google/go-cmp/cmp"

	"vanthu/bot/account"
	"vanthu/bot/account/accounttest"
	"vanthu/bot/account/resttest"
	"vanthu/bot/account/zimbra"
	"vanthu/bot/account/zimbra/zimbratest"
)

var morning = time.Date(2026, 9, 1, 1, 0, 0, 0, time.UTC)

// world is a fake Zimbra behind faults, and the platform that asks it.
type world struct {
	*zimbra.Server
	fake   *zimbratest.Fake
	clock  *resttest.Clock
	faults *resttest.Faults
}

func newWorld(t testing.TB, prepare func(w *world, cfg *zimbra.Config)) *world {
	t.Helper()
	clock := resttest.NewClock(morning)
	w := &world{clock: clock, fake: zimbratest.New(clock.Now)}
	w.faults = &resttest.Faults{Handler: w.fake, Clock: clock, Body: zimbratest.Fault}
	cfg := zimbra.Config{Admin: zimbratest.Admin, Password: zimbratest.Password, Domain: zimbratest.Domain, COS: zimbratest.COS, MustChange: true, Timeout: 5 * time.Second, Now: clock.Now, Sleep: clock.Sleep}
	if prepare != nil {
		prepare(w, &cfg)
	}
	server := quiet(w.faults)
	t.Cleanup(server.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.URL, cfg.CAFile, cfg.ServerName = server.URL, ca, "example.com"
	p, err := zimbra.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	w.Server = p
	return w
}

// quiet is a server that does not write of clients that turn away.
func quiet(h http.Handler) *httptest.Server {
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	return server
}

func (w *world) SignsIn(t testing.TB, user, password string) bool {
	return w.fake.SignsIn(t, user, password)
}

// Refuses says which user names Zimbra has none for (accounttest.Picky).
func (w *world) Refuses(user string) bool { return strings.ContainsAny(user, "', \\+#\"<>;=") }

func (w *world) UserInAddress() {}

func (w *world) Settled() { w.clock.Step(w.fake.Lag) }

func TestConformance(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	accounttest.Run(t, func(*testing.T) account.Platform { return w })
	accounttest.RunGroups(t, func(*testing.T) account.Platform { return w })
}

// patient is the world for somebody who asks again, and whom time passes between what he does.
type patient struct {
	resttest.Patient
	*world
}

func (p patient) Name() string                  { return p.world.Name() }
func (p patient) Describe() account.Description { return p.world.Describe() }

func (p patient) Lookup(ctx context.Context, keys account.Keys) ([]account.Account, error) {
	return p.Patient.Lookup(ctx, keys)
}

func (p patient) Create(ctx context.Context, a account.Account, password string) error {
	defer p.Settled()
	return p.Patient.Create(ctx, a, password)
}

func (p patient) SetPassword(ctx context.Context, a account.Account, password string) error {
	defer p.Settled()
	return p.Patient.SetPassword(ctx, a, password)
}

func (p patient) Suspend(ctx context.Context, a account.Account) error {
	defer p.Settled()
	return p.Patient.Suspend(ctx, a)
}

func (p patient) Restore(ctx context.Context, a account.Account) error {
	defer p.Settled()
	return p.Patient.Restore(ctx, a)
}

func (p patient) Erase(ctx context.Context, a account.Account) error {
	defer p.Settled()
	return p.Patient.Erase(ctx, a)
}

func (p patient) Settled() { p.world.Settled() }

func (p patient) Group(ctx context.Context, address string) (g *account.Group, err error) {
	err = p.Again(ctx, func() error { g, err = p.world.Group(ctx, address); return err })
	return g, err
}

// MakeGroup looks after a failure: the list may be there.
func (p patient) MakeGroup(ctx context.Context, g account.Group) error {
	defer p.Settled()
	failed := false
	return p.Again(ctx, func() error {
		if there, err := p.Group(ctx, g.Address); failed && (err != nil || there != nil) {
			return err
		}
		err := p.world.MakeGroup(ctx, g)
		failed = failed || err != nil
		return err
	})
}

func (p patient) JoinGroup(ctx context.Context, g account.Group) error {
	defer p.Settled()
	return p.Again(ctx, func() error { return p.world.JoinGroup(ctx, g) })
}

// spoiled is a server of which a fifth of all requests goes wrong, in every way that Zimbra has, and whose searches lag behind.
func spoiled(t *testing.T) account.Platform {
	w := newWorld(t, func(w *world, _ *zimbra.Config) {
		w.faults.Rate, w.faults.Seed, w.faults.Kinds = 0.2, resttest.Seed(t), zimbratest.Kinds()
		w.fake.Lag, w.fake.TokenLife = 2*time.Second, 10*time.Minute
		// Where several share a marker, or have none, nobody can tell whose an account is whose reply was lost.
		for _, test := range []string{"/EnsureConcurrently", "/OnlyTheOneThatIsNamed", "/EnsureConflict"} {
			if strings.HasSuffix(t.Name(), test) {
				w.faults.Spare = func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/CreateAccountRequest") }
			}
		}
	})
	return patient{Patient: resttest.Patient{Platform: w.Server, Settled: w.Settled}, world: w}
}

func TestConformanceWithFaults(t *testing.T) {
	t.Parallel()
	accounttest.Run(t, spoiled)
}

func TestGroupsWithFaults(t *testing.T) {
	t.Parallel()
	accounttest.RunGroups(t, spoiled)
}

func person(i int) account.Account { return accounttest.Person(900, i) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) found(t *testing.T, keys account.Keys) []account.Account {
	t.Helper()
	w.Settled()
	found, err := w.Lookup(t.Context(), keys)
	must(t, err)
	return found
}

func (w *world) one(t *testing.T, code string) account.Account {
	t.Helper()
	found := w.found(t, account.Keys{Codes: []string{code}})
	if len(found) != 1 {
		t.Fatalf("%d accounts with code %s", len(found), code)
	}
	return found[0]
}

// What stands in the account is what docs/operations.md says.
func TestWhatIsWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	a := person(6) // backslash, brackets, star, ampersand
	must(t, w.Create(t.Context(), a, accounttest.Password))
	got := w.fake.Accounts()[a.Address]
	for name, want := range map[string]string{"displayName": a.Name, "cn": a.Name, "sn": a.Family, "givenName": a.Given, "employeeNumber": a.Code, "zimbraNotes": a.Marker,
		"zimbraPasswordMustChange": "TRUE", "zimbraAccountStatus": "active", "zimbraCOSId": zimbratest.COSID, "uid": a.User} {
		if diff := cmp.Diff([]string{want}, got[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if got["description"] != nil {
		t.Error("the marker is shown in the address book")
	}
	w.fake.Change(a.Address, map[string][]string{"zimbraNotes": {a.Marker + "\nHọc bổng 2026"}}) // somebody writes beneath it
	if got := w.one(t, a.Code); got.Marker != a.Marker {
		t.Errorf("marker %q", got.Marker)
	}
	a.Name = "An\x01"
	if err := w.Create(t.Context(), func() account.Account { b := person(7); b.Name = a.Name; return b }(), accounttest.Password); !errors.Is(err, account.ErrPermanent) {
		t.Errorf("a name that XML cannot hold: %v", err)
	}
}

// Who has an address: somebody by an alias. Another domain's user of the same name has it not.
func TestPain45AliasOfSomebody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	a, b := person(0), person(1)
	w.fake.Add("hoa@sv.truong.example", "x", map[string][]string{"displayName": {"Hoa"}, "zimbraMailAlias": {a.Address}})
	w.fake.Add(b.User+"@"+zimbratest.Other, "x", nil)
	if _, err := account.Ensure(t.Context(), w, a, accounttest.Password); !errors.Is(err, account.ErrExists) {
		t.Errorf("an alias of somebody: %v", err)
	}
	holder := w.found(t, account.Keys{Addresses: []string{a.Address}})
	if len(holder) != 1 || holder[0].Address != "hoa@sv.truong.example" || !slices.Equal(holder[0].Aliases, []string{a.Address}) {
		t.Errorf("the holder is shown as %+v", holder)
	}
	if got, err := account.Ensure(t.Context(), w, b, accounttest.Password); err != nil || !got.Created {
		t.Errorf("the user name of another domain: %v", err)
	}
}

// The account is made and the reply lost, cut or a failure: the next try finds it by our marker, and what it asks for again is not refused for
// ever because it exists.
func TestPain30LostReplyConverges(t *testing.T) {
	t.Parallel()
	for _, lost := range []resttest.Fault{resttest.Lost, resttest.Cut, resttest.InternalDone, resttest.DoneBut503} {
		t.Run(string(lost), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world, _ *zimbra.Config) {
				w.fake.Lag = time.Minute
				w.faults.Choose = func(_ int, r *http.Request) resttest.Fault {
					if strings.HasSuffix(r.URL.Path, "/CreateAccountRequest") && w.fake.Served("CreateAccount") == 0 {
						return lost
					}
					return resttest.Fine
				}
			})
			a := person(0)
			if _, err := account.Ensure(t.Context(), w, a, accounttest.Password); err == nil || errors.Is(err, account.ErrPermanent) || errors.Is(err, account.ErrExists) {
				t.Fatalf("%v, want a temporary error", err)
			}
			// Another try while the replica shows nothing: Zimbra itself knows the address.
			if _, err := account.Ensure(t.Context(), w, a, accounttest.Password); !errors.Is(err, account.ErrUnseen) {
				t.Fatalf("%v, want ErrUnseen", err)
			}
			w.Settled()
			got, err := account.Ensure(t.Context(), w, a, accounttest.Password)
			if err != nil || got.Created || len(w.fake.Accounts()) != 1 || !w.SignsIn(t, a.User, accounttest.Password) {
				t.Errorf("%+v, %v, %d accounts", got, err, len(w.fake.Accounts()))
			}
		})
	}
}

// FR-22: the holder signed in and chose another password; a password set by an administrator is not his.
func TestPasswordChanged(t *testing.T) {
	t.Parallel()
	for _, keeps := range []bool{false, true} {
		w := newWorld(t, func(w *world, _ *zimbra.Config) { w.fake.KeepsDemand, w.fake.History = keeps, true })
		a := person(0)
		must(t, w.Create(t.Context(), a, accounttest.Password))
		w.clock.Step(time.Hour)
		if w.one(t, a.Code).Changed {
			t.Error("changed at once")
		}
		for range 2 { // the second is a repeated try: Zimbra's history knows the password already
			must(t, w.SetPassword(t.Context(), a, "Canary8Canary8"))
		}
		if w.one(t, a.Code).Changed || w.fake.Accounts()[a.Address]["zimbraPasswordMustChange"][0] != "TRUE" {
			t.Errorf("a new initial password need not be changed (older version: %v)", keeps)
		}
		w.fake.Change(a.Address, map[string][]string{"zimbraPasswordMustChange": {""}, "zimbraPasswordModifiedTime": {"20260901040000Z"}})
		if w.one(t, a.Code).Changed {
			t.Error("what an administrator did is taken for the holder's")
		}
		w.fake.Chooses(a.Address, "mine-alone")
		if !w.one(t, a.Code).Changed {
			t.Error("not seen")
		}
	}
}

// locked out after wrong passwords is not suspended; closed, pending and maintenance are.
func TestStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, cfg *zimbra.Config) { cfg.Suspended = "closed" })
	a := person(0)
	must(t, w.Create(t.Context(), a, accounttest.Password))
	for status, want := range map[string]bool{"active": false, "lockout": false, "locked": true, "closed": true, "pending": true, "maintenance": true} {
		w.fake.Change(a.Address, map[string][]string{"zimbraAccountStatus": {status}})
		if got := w.one(t, a.Code).Suspended; got != want {
			t.Errorf("%s: suspended %v", status, got)
		}
	}
	for status, want := range map[string]string{"active": "closed", "lockout": "closed", "maintenance": "closed", "pending": "closed", "locked": "locked"} {
		w.fake.Change(a.Address, map[string][]string{"zimbraAccountStatus": {status}})
		must(t, w.Suspend(t.Context(), a))
		if got := w.fake.Accounts()[a.Address]["zimbraAccountStatus"][0]; got != want {
			t.Errorf("%s, suspended: %s, want %s", status, got, want)
		}
	}
}

// Of more people than a page holds everybody is listed, once, whether Zimbra counts beyond the page or not.
func TestList(t *testing.T) {
	t.Parallel()
	for _, counts := range []bool{false, true} {
		w := newWorld(t, func(w *world, _ *zimbra.Config) { w.fake.Counts = counts })
		const people = 2100
		for i := range people {
			w.fake.Add(fmt.Sprintf("u%04d@%s", i, zimbratest.Domain), "x", map[string][]string{"displayName": {"Trần Văn B"}})
		}
		seen := map[string]int{}
		must(t, w.List(t.Context(), func(a account.Account) error {
			if seen[a.User]++; len(seen) == 10 { // pages shift
				w.fake.Add("a0@"+zimbratest.Domain, "x", nil)
			}
			if seen[a.User] > 1 {
				t.Errorf("%s is listed twice", a.User)
			}
			return nil
		}))
		if len(seen) < people {
			t.Errorf("counts %v: %d people", counts, len(seen))
		}
		n := 0
		err := w.List(t.Context(), func(account.Account) error {
			if n++; n == 10 { // one who moves up into the first page is passed over
				w.fake.Remove("u0003@" + zimbratest.Domain)
			}
			return nil
		})
		if err == nil || errors.Is(err, account.ErrPermanent) {
			t.Errorf("counts %v: %d people after one has gone, error %v", counts, n, err)
		}
		enough := errors.New("enough")
		if err := w.List(t.Context(), func(account.Account) error { return enough }); !errors.Is(err, enough) {
			t.Error(err)
		}
	}
}

// The address of a dynamic group is as taken as that of a list.
func TestDynamicGroup(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	person := accounttest.Person(1, 0)
	w.fake.AddGroup(person.Address)
	_, err := account.Ensure(t.Context(), w, person, accounttest.Password)
	if _, conflict := errors.AsType[*account.Conflict](err); !conflict {
		t.Errorf("error %v, want a conflict with the group", err)
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for i := range 3 {
		w.found(t, account.Keys{Codes: []string{"1"}})
		if i == 1 {
			w.fake.EndTokens()
		}
	}
	if n := w.fake.Served("Auth"); n != 2 {
		t.Errorf("%d tokens asked for, want 2", n)
	}
	w.clock.Step(12 * time.Hour)
	w.found(t, account.Keys{Codes: []string{"1"}})
	if n := w.fake.Served("Auth"); n != 3 {
		t.Errorf("%d tokens asked for, want 3", n)
	}
}

// A wrong password is not tried again and again: Zimbra would close the door to our address.
func TestWrongPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, cfg *zimbra.Config) { cfg.Password = "Canary-wrong-1" })
	for range 5 {
		err := w.Create(t.Context(), person(0), accounttest.Password)
		if err == nil || errors.Is(err, account.ErrPermanent) || errors.Is(err, account.ErrExists) || !strings.Contains(err.Error(), "account.AUTH_FAILED") || strings.Contains(err.Error(), "Canary") {
			t.Fatalf("%v, want a temporary error that names the fault", err)
		}
	}
	if n := w.fake.RefusedLogins; n != 1 {
		t.Errorf("%d tries", n)
	}
	w.clock.Step(6 * time.Minute)
	checks := w.Preflight(t.Context(), 1)
	if len(checks) != 1 || checks[0].Level != account.CheckFailed || !strings.Contains(checks[0].Said, "does not let "+zimbratest.Admin+" in") || w.fake.RefusedLogins != 2 {
		t.Errorf("%v after %d tries", checks, w.fake.RefusedLogins)
	}
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare func(w *world, cfg *zimbra.Config)
		what    string
		want    account.Level
		says    string
	}{
		"all is well":      {func(*world, *zimbra.Config) {}, "", "", ""},
		"no domain":        {func(_ *world, cfg *zimbra.Config) { cfg.Domain = "nowhere.example" }, "domain", account.CheckFailed, "no domain nowhere.example"},
		"domain suspended": {func(w *world, _ *zimbra.Config) { w.fake.DomainAttrs["zimbraDomainStatus"] = []string{"suspended"} }, "domain", account.CheckFailed, "suspended"},
		"domain alias":     {func(w *world, _ *zimbra.Config) { w.fake.DomainAttrs["zimbraDomainType"] = []string{"alias"} }, "domain", account.CheckFailed, "alias"},
		"no COS":           {func(_ *world, cfg *zimbra.Config) { cfg.COS = "nobody" }, "class_of_service", account.CheckFailed, "accounts.zimbra.cos"},
		"domain full":      {func(w *world, _ *zimbra.Config) { w.fake.DomainAttrs["zimbraDomainMaxAccounts"] = []string{"5"} }, "quota", account.CheckFailed, "room for 3 accounts, 10 are wanted"},
		"room":             {func(w *world, _ *zimbra.Config) { w.fake.DomainAttrs["zimbraDomainMaxAccounts"] = []string{"500"} }, "quota", account.CheckOK, "room for 498"},
		"COS full": {func(w *world, _ *zimbra.Config) {
			w.fake.DomainAttrs["zimbraDomainCOSMaxAccounts"] = []string{zimbratest.COSID + ":4", zimbratest.Default + ":900"}
		}, "quota", account.CheckFailed, "zimbraDomainCOSMaxAccounts"},
		"count denied": {func(w *world, _ *zimbra.Config) {
			w.fake.DomainAttrs["zimbraDomainMaxAccounts"], w.fake.Denied["CountAccount"] = []string{"500"}, true
		}, "quota", account.CheckWarning, "cannot be seen"},
		"right lacking": {func(w *world, _ *zimbra.Config) { w.fake.Denied["deleteAccount"] = true }, "rights", account.CheckFailed, "deleteAccount"},
		"blind":         {func(w *world, _ *zimbra.Config) { w.fake.Denied["listAccount"] = true }, "rights", account.CheckFailed, "2 accounts and shows none"},
		"blind, uncounted": {func(w *world, _ *zimbra.Config) {
			w.fake.Denied["listAccount"], w.fake.Denied["CountAccount"] = true, true
		}, "rights", account.CheckWarning, "listAccount"},
		"rights unseen":   {func(w *world, _ *zimbra.Config) { w.fake.Denied["CheckRight"] = true }, "rights", account.CheckWarning, "cannot be asked"},
		"domain not seen": {func(w *world, _ *zimbra.Config) { w.fake.Denied["GetDomain"] = true }, "rights", account.CheckFailed, "may not see"},
		"clock": {func(w *world, cfg *zimbra.Config) {
			cfg.Now = func() time.Time { return w.clock.Now().Add(7 * time.Minute) }
		}, "clock", account.CheckWarning, "7m0s ahead"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world, cfg *zimbra.Config) {
				w.fake.Add("u1@"+zimbratest.Domain, "x", nil)
				w.fake.Add("u2@"+zimbratest.Domain, "x", nil)
				test.prepare(w, cfg)
			})
			checks := w.Preflight(t.Context(), 10)
			met := test.what == ""
			for _, c := range checks {
				if c.What == test.what {
					met = c.Level == test.want && strings.Contains(c.Said, test.says)
				} else if c.Level != account.CheckOK && test.what == "" {
					t.Errorf("%+v", c)
				}
			}
			if !met {
				t.Errorf("%v", checks)
			}
			if w.fake.Served("CreateAccount")+w.fake.Served("ModifyAccount") > 0 {
				t.Error("it changed something")
			}
		})
	}
}

// What Zimbra refuses with means what the contract has for it, and nothing of what it says is repeated.
func TestFaults(t *testing.T) {
	t.Parallel()
	t.Run("no room", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world, _ *zimbra.Config) { w.fake.DomainAttrs["zimbraDomainMaxAccounts"] = []string{"1"} })
		must(t, w.Create(t.Context(), person(0), accounttest.Password))
		err := w.Create(t.Context(), person(1), accounttest.Password)
		if wait, ok := errors.AsType[*account.Wait](err); !ok || wait.For < time.Minute || errors.Is(err, account.ErrPermanent) {
			t.Errorf("%v, want a Wait: nothing is wrong with the row", err)
		}
	})
	t.Run("denied", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world, _ *zimbra.Config) { w.fake.Denied["CreateAccount"] = true })
		if err := w.Create(t.Context(), person(0), accounttest.Password); !errors.Is(err, account.ErrPermanent) || !strings.Contains(err.Error(), "service.PERM_DENIED") {
			t.Error(err)
		}
	})
	t.Run("password policy", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		if err := w.Create(t.Context(), person(0), "Can7"); !errors.Is(err, account.ErrPermanent) || strings.Contains(err.Error(), "Can7") || strings.Contains(err.Error(), person(0).Code) {
			t.Error(err)
		}
	})
	t.Run("an attribute it does not know", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(_ *world, cfg *zimbra.Config) { cfg.CodeAttr = "studentCode" })
		if err := w.Create(t.Context(), person(0), accounttest.Password); !errors.Is(err, account.ErrPermanent) || !strings.Contains(err.Error(), "INVALID_ATTR_NAME") {
			t.Error(err)
		}
	})
	t.Run("not Zimbra", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world, _ *zimbra.Config) {
			w.faults.Handler = http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte("<html>an.nguyen</html>")) })
		})
		checks := w.Preflight(t.Context(), 1)
		if len(checks) != 1 || checks[0].Level != account.CheckFailed || strings.Contains(checks[0].Said, "nguyen") {
			t.Error(checks)
		}
	})
	t.Run("a certificate of somebody else", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		server := quiet(w.fake)
		defer server.Close()
		p, err := zimbra.New(zimbra.Config{URL: server.URL, Admin: zimbratest.Admin, Password: zimbratest.Password, Domain: zimbratest.Domain, Sleep: w.clock.Sleep, Now: w.clock.Now})
		must(t, err)
		defer p.Close()
		if checks := p.Preflight(t.Context(), 1); len(checks) != 1 || checks[0].Level != account.CheckFailed || w.fake.Served("Auth") > 0 {
			t.Errorf("%v", checks)
		}
	})
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := zimbra.Config{URL: "https://zimbra.truong.example:7071", Admin: "a@truong.example", Password: "x", Domain: "sv.truong.example", Now: resttest.NewClock(morning).Now}
	p, err := zimbra.New(good)
	must(t, err)
	if d := p.Describe(); p.Name() != "zimbra" || d.Settle != time.Minute || d.Undelete != 0 {
		t.Errorf("%+v", d)
	}
	for what, change := range map[string]func(*zimbra.Config){
		"in the clear": func(c *zimbra.Config) { c.URL = "http://zimbra.truong.example:7071" },
		"no password":  func(c *zimbra.Config) { c.Password = "" },
		"no domain":    func(c *zimbra.Config) { c.Domain = "" },
		"an attribute": func(c *zimbra.Config) { c.CodeAttr = "employee)(uid=*" },
		"a status":     func(c *zimbra.Config) { c.Suspended = "gone" },
		"no such file": func(c *zimbra.Config) { c.CAFile = "nowhere.pem" },
	} {
		cfg := good
		change(&cfg)
		if _, err := zimbra.New(cfg); err == nil {
			t.Errorf("%s: taken", what)
		}
	}
}
