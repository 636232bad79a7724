package google_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/accounttest"
	"vanthu/bot/account/google"
	"vanthu/bot/account/google/googletest"
	"vanthu/bot/account/resttest"
)

var start = time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)

// A world is a platform on a fake, and what a test may turn.
type world struct {
	resttest.Patient
	*google.Platform
	fake   *googletest.Fake
	clock  *resttest.Clock
	faults *resttest.Faults
	skew   time.Duration // by which the platform's clock is ahead
}

func (w world) SignsIn(t testing.TB, user, password string) bool {
	return w.fake.SignsIn(t, user, password)
}

// Settled lets pass what Google needs until everybody sees everything.
func (w world) Settled() { w.clock.Step(max(w.fake.Late, w.fake.Search)) }

func (w world) Undelete(ctx context.Context, a account.Account) error {
	return w.Again(ctx, func() error { return w.Platform.Undelete(ctx, a) })
}

func newWorld(t *testing.T, change func(*google.Config, *googletest.Fake, *resttest.Faults)) *world {
	t.Helper()
	w := &world{clock: resttest.NewClock(start)}
	w.fake = googletest.New(w.clock.Now)
	w.faults = &resttest.Faults{Handler: w.fake, Clock: w.clock, Body: googletest.Fault}
	server := httptest.NewServer(w.faults)
	t.Cleanup(server.Close)
	cfg := google.Config{Key: w.fake.KeyFile(server.URL), Admin: w.fake.Admin, Domain: w.fake.Domain, OrgUnit: "/Sinh viên", Groups: true, Unmanaged: true,
		Directory: server.URL, Identity: server.URL, Now: func() time.Time { return w.clock.Now().Add(w.skew) }, Sleep: w.clock.Sleep}
	if change != nil {
		change(&cfg, w.fake, w.faults)
	}
	p, err := google.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	w.Platform = p
	w.Patient = resttest.Patient{Platform: p, Settled: w.Settled}
	return w
}

// steady is a world behind faults, whose failures are tried again.
type steady struct {
	resttest.Patient
	*groups
	w *world
}

type groups struct{ w *world }

func (g *groups) Group(ctx context.Context, address string) (found *account.Group, err error) {
	err = g.w.Again(ctx, func() error {
		found, err = g.w.Platform.Group(ctx, address)
		return err
	})
	return found, err
}

func (g *groups) MakeGroup(ctx context.Context, group account.Group) error {
	return g.w.Platform.MakeGroup(ctx, group)
}

func (g *groups) JoinGroup(ctx context.Context, group account.Group) error {
	return g.w.Again(ctx, func() error { return g.w.Platform.JoinGroup(ctx, group) })
}

func (s steady) SignsIn(t testing.TB, user, password string) bool {
	return s.w.SignsIn(t, user, password)
}
func (s steady) Settled()          { s.w.Settled() }
func (steady) Refuses(string) bool { return true }

// Lookup lets the clock go on first: what account.Ensure reads back is shown late, too.
func (s steady) Lookup(ctx context.Context, keys account.Keys) ([]account.Account, error) {
	s.Settled()
	return s.Patient.Lookup(ctx, keys)
}

func (s steady) Create(ctx context.Context, a account.Account, password string) error {
	s.Settled()
	return s.Patient.Create(ctx, a, password)
}

func (s steady) Undelete(ctx context.Context, a account.Account) error {
	return s.w.Undelete(ctx, a)
}

func newSteady(t *testing.T, change func(*google.Config, *googletest.Fake, *resttest.Faults)) account.Platform {
	w := newWorld(t, change)
	return steady{Patient: w.Patient, groups: &groups{w}, w: w}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	accounttest.Run(t, func(t *testing.T) account.Platform { return newSteady(t, nil) })
}

func TestConformanceLate(t *testing.T) {
	t.Parallel()
	accounttest.Run(t, func(t *testing.T) account.Platform {
		return newSteady(t, func(_ *google.Config, f *googletest.Fake, _ *resttest.Faults) {
			f.Late, f.Search = 3*time.Minute, 20*time.Minute
			if strings.Contains(t.Name(), "EnsureConcurrently") { // eight who let the clock go on: a token would not last from its fetch to its use
				f.Late, f.Search = 30*time.Second, 30*time.Second
			}
		})
	})
}

func TestConformanceFaults(t *testing.T) {
	t.Parallel()
	seed := resttest.Seed(t)
	accounttest.Run(t, func(t *testing.T) account.Platform {
		return newSteady(t, func(_ *google.Config, _ *googletest.Fake, faults *resttest.Faults) {
			faults.Seed, faults.Rate = seed, 0.15
			if strings.Contains(t.Name(), "EnsureConcurrently") { // several with one marker: who of them made it nobody can tell when its reply is lost
				faults.Spare = func(r *http.Request) bool {
					return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/users")
				}
			}
		})
	})
}

// Who has only looked has done nothing: the next try need not wait until what was asked for must show.
func TestCreateLooksFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.faults.Choose = func(_ int, r *http.Request) resttest.Fault {
		if r.Method == http.MethodGet {
			return resttest.Internal
		}
		return resttest.Fine
	}
	odd := accounttest.Person(1, 1)
	odd.User = "odd" // not what stands before the @
	for _, a := range []account.Account{accounttest.Person(1, 0), odd} {
		if err := w.Platform.Create(t.Context(), a, accounttest.Password); !errors.Is(err, account.ErrUndone) || errors.Is(err, account.ErrPermanent) {
			t.Errorf("%s: %v", a.User, err)
		}
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	accounttest.RunGroups(t, func(t *testing.T) account.Platform { return newSteady(t, nil) })
}

// A given name that is too long for Google is cut; the display name, by which a person is told, has all of it.
func TestLongName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	person := accounttest.Person(1, 0)
	person.Name = "Nguyễn " + strings.Repeat("Bảo ", 12) + "An"
	person.Family, person.Given = account.SplitName(person.Name)
	got, err := account.Ensure(t.Context(), w.Platform, person, accounttest.Password)
	if err != nil || got.Account.Name != person.Name {
		t.Errorf("%+v, error %v", got.Account, err)
	}
}

// What is done to an alias is done to whoever has it (GAM's trap): nothing is done to him unless he is the one who is named.
func TestPain45WhoHasAnAliasIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	person := accounttest.Person(1, 0)
	w.fake.Add(googletest.User{Email: "hieu.truong@sv.truong.example", Family: "Hiệu", Given: "Trưởng", Display: "Hiệu Trưởng", Aliases: []string{person.Address}, Password: "x",
		ExternalIDs: []googletest.ExternalID{{Value: "CB001", Type: "organization"}}})
	for what, act := range map[string]func(context.Context, account.Account) error{"erase": w.Platform.Erase, "suspend": w.Platform.Suspend, "restore": w.Platform.Restore} {
		if err := act(t.Context(), person); !errors.Is(err, account.ErrOther) {
			t.Errorf("%s: error %v, want ErrOther", what, err)
		}
	}
	if all := w.fake.Accounts(); len(all) != 1 || all[0].Suspended {
		t.Errorf("accounts: %v", all)
	}
}

// FR-22: whether the initial password was changed.
func TestChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	person := accounttest.Person(1, 0)
	look := func(want bool) {
		t.Helper()
		found, err := w.Platform.Lookup(t.Context(), account.Keys{Addresses: []string{person.Address}})
		if err != nil || len(found) != 1 || found[0].Changed != want {
			t.Errorf("%v, error %v, want changed %v", found, err, want)
		}
	}
	if err := w.Platform.Create(t.Context(), person, accounttest.Password); err != nil {
		t.Fatal(err)
	}
	look(false)
	w.fake.ChangesPassword(person.User, "another one 1")
	look(true)
	if err := w.Platform.SetPassword(t.Context(), person, accounttest.Password); err != nil {
		t.Fatal(err)
	}
	look(false)
}

// Of one who was deleted his address is kept, though Google would give it away; when his days are over, it is free here, too.
func TestDeletedUntil(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	person := accounttest.Person(1, 0)
	for _, do := range []func() error{
		func() error { return w.Platform.Create(t.Context(), person, accounttest.Password) },
		func() error { return w.Platform.Erase(t.Context(), person) },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	w.clock.Step(19 * 24 * time.Hour)
	found, err := w.Platform.Lookup(t.Context(), account.Keys{Addresses: []string{person.Address}})
	if err != nil || len(found) != 1 || !found[0].DeletedUntil.Equal(start.Add(20*24*time.Hour)) {
		t.Fatalf("%v, error %v", found, err)
	}
	other := accounttest.Person(1, 1)
	other.Address, other.User = person.Address, person.User
	if err := w.Platform.Create(t.Context(), other, accounttest.Password); !errors.Is(err, account.ErrExists) {
		t.Errorf("error %v, want ErrExists", err)
	}
	w.clock.Step(25 * time.Hour)
	if err := w.Platform.Undelete(t.Context(), person); !errors.Is(err, account.ErrGone) {
		t.Errorf("error %v, want ErrGone", err)
	}
	if err := w.Platform.Create(t.Context(), other, accounttest.Password); err != nil {
		t.Error(err)
	}
}

// A list is read in pages, deleted ones and administrators' accounts too.
func TestList(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	const people = 1203
	for i := range people {
		p := accounttest.Person(2, i)
		w.fake.Add(googletest.User{Email: p.Address, Family: p.Family, Given: p.Given, Display: p.Name, Password: "x"})
	}
	if err := w.Platform.Create(t.Context(), accounttest.Person(1, 0), accounttest.Password); err != nil {
		t.Fatal(err)
	}
	if err := w.Platform.Erase(t.Context(), accounttest.Person(1, 0)); err != nil {
		t.Fatal(err)
	}
	all, deleted := 0, 0
	err := w.Platform.List(t.Context(), func(a account.Account) error {
		all++
		if a.Deleted() {
			deleted++
		}
		return nil
	})
	if err != nil || all != people+1 || deleted != 1 {
		t.Errorf("%d accounts, %d deleted, error %v", all, deleted, err)
	}
	stop := errors.New("enough")
	if err := w.Platform.List(t.Context(), func(account.Account) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("error %v", err)
	}
}

// Many keys are answered by one reading of the directory, and a run of rows by one every two minutes.
func TestLookupCosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *google.Config, _ *googletest.Fake, _ *resttest.Faults) { c.Unmanaged = false })
	for i := range 1203 {
		p := accounttest.Person(2, i)
		w.fake.Add(googletest.User{Email: p.Address, Family: p.Family, Given: p.Given, Display: p.Name, ExternalIDs: []googletest.ExternalID{{Value: p.Code, Type: "organization"}}})
	}
	var keys account.Keys
	for i := range 3000 {
		keys.Codes = append(keys.Codes, accounttest.Person(2, i).Code)
		keys.Addresses = append(keys.Addresses, accounttest.Person(2, i).Address)
	}
	found, err := w.Platform.Lookup(t.Context(), keys)
	if asked, _ := w.fake.Stats(); err != nil || len(found) != 1203 || asked > 5 {
		t.Errorf("%d found by %d queries, error %v", len(found), asked, err)
	}
	before, _ := w.fake.Stats()
	for i := range 100 {
		if _, err := account.Ensure(t.Context(), w.Platform, accounttest.Person(3, i), accounttest.Password); err != nil {
			t.Fatal(err)
		}
	}
	if after, _ := w.fake.Stats(); after-before > 210 {
		t.Errorf("100 accounts took %d queries, want two each", after-before)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	long := accounttest.Person(1, 0)
	long.Name = "Nguyễn " + strings.Repeat("Đệm ", 30) + "Tuyết"
	long.Family, long.Given = account.SplitName(long.Name)
	if _, err := account.Ensure(t.Context(), w.Platform, long, accounttest.Password); err != nil {
		t.Error(err)
	}
	longer := accounttest.Person(1, 1)
	longer.Name = strings.Repeat("Đệm ", 80)
	if _, err := account.Ensure(t.Context(), w.Platform, longer, accounttest.Password); !errors.Is(err, account.ErrPermanent) {
		t.Errorf("error %v, want ErrPermanent", err)
	}
}

// Each thing that is wrong is named before a plan is approved.
func TestPreflight(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*google.Config, *googletest.Fake, *resttest.Faults)
		after  func(w *world)
		what   string
		level  account.Level
		said   string
	}{
		"all well":         {what: "domain", level: account.CheckOK, said: "sv.truong.example"},
		"quota":            {what: "quota", level: account.CheckOK, said: "3000 accounts are 6000 queries, 5m33s"},
		"no delegation":    {change: func(_ *google.Config, f *googletest.Fake, _ *resttest.Faults) { f.Scopes = []string{"x"} }, what: "rights", level: account.CheckFailed, said: "admin.directory.user"},
		"no administrator": {change: func(c *google.Config, _ *googletest.Fake, _ *resttest.Faults) { c.Admin = "nobody@sv.truong.example" }, what: "rights", level: account.CheckFailed, said: "must exist"},
		"Google is away": {after: func(w *world) {
			w.faults.Choose = func(int, *http.Request) resttest.Fault { return resttest.Unavailable }
		}, what: "connection", level: account.CheckFailed, said: "503"},
		"another domain":    {change: func(c *google.Config, _ *googletest.Fake, _ *resttest.Faults) { c.Domain = "khac.truong.example" }, what: "domain", level: account.CheckFailed, said: "not there"},
		"no such unit":      {change: func(c *google.Config, _ *googletest.Fake, _ *resttest.Faults) { c.OrgUnit = "/Học viên" }, what: "org_unit", level: account.CheckFailed, said: "/Học viên"},
		"a fast clock":      {after: func(w *world) { w.skew = 6 * time.Minute }, what: "clock", level: account.CheckFailed, said: "6m0s"},
		"nobody unmanaged":  {change: func(c *google.Config, _ *googletest.Fake, _ *resttest.Faults) { c.Unmanaged = false }, what: "rights", level: account.CheckWarning, said: "unmanaged"},
		"no licence figure": {what: "licences", level: account.CheckWarning, said: "3000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, test.change)
			if test.after != nil {
				test.after(w)
			}
			for _, check := range w.Preflight(t.Context(), 3000) {
				if check.What == test.what && check.Level == test.level && strings.Contains(check.Said, test.said) {
					return
				}
			}
			t.Errorf("no check says %s, %s, %q: %+v", test.what, test.level, test.said, w.Preflight(t.Context(), 3000))
		})
	}
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", "{}", "no JSON", `{"type":"authorized_user","client_email":"x","private_key":"x"}`,
		`{"type":"service_account","client_email":"x","private_key":"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}`} {
		if _, err := google.New(google.Config{Now: resttest.NewClock(start).Now, Key: key, Admin: "a@b.example", Domain: "b.example"}); err == nil || !strings.Contains(err.Error(), "key file") {
			t.Errorf("%q: error %v", key, err)
		}
	}
}
