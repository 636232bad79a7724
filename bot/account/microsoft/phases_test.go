package microsoft_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/accounttest"
	"vanthu/bot/account/microsoft"
	"vanthu/bot/account/microsoft/microsofttest"
	"vanthu/bot/account/resttest"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func temporary(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil || errors.Is(err, account.ErrPermanent) || errors.Is(err, account.ErrExists) {
		t.Errorf("%s: error %v, want a temporary one", what, err)
	}
}

// A user is made, and for minutes neither shown nor known to what comes after: it is waited for, made once, and gets its licence then.
func TestPain28TheLicenceComesWhenTheUserIsSeen(t *testing.T) {
	t.Parallel()
	late := unlimited()
	late.Lag = 4 * time.Minute
	x := open(t, late, nil, nil)
	a := accounttest.Person(600, 0)
	for try := range 4 { // at 0, 1, 2 and 3 minutes
		if _, err := account.Ensure(t.Context(), x, a, accounttest.Password); !errors.Is(err, account.ErrUnseen) {
			t.Fatalf("try %d: error %v, want ErrUnseen", try, err)
		}
		temporary(t, "the licence of an unseen user", x.Finish(t.Context(), a))
		x.clock.Step(time.Minute)
	}
	got, err := account.Ensure(t.Context(), x, a, accounttest.Password)
	if err != nil || got.Created {
		t.Fatalf("created %v, error %v", got.Created, err)
	}
	for range 3 { // Ensure has finished it; what is done again later changes nothing
		x.clock.Step(5 * time.Minute)
		must(t, x.Finish(t.Context(), a))
	}
	people := x.fake.Holders()
	if len(people) != 1 || people[0].Licences != 1 || people[0].Location != "VN" || x.fake.Calls("POST users/{id}/assignLicense") != 1 {
		t.Errorf("%+v after %d licences given", people, x.fake.Calls("POST users/{id}/assignLicense"))
	}
	if !x.SignsIn(t, a.User, accounttest.Password) {
		t.Error("nobody signs in")
	}
}

// Seats that run out are said as what they are, with how many there are, and the rows go on once there are more.
func TestPain29SeatsAndTheUsageLocation(t *testing.T) {
	t.Parallel()
	few := unlimited()
	few.Seats = 1
	x := open(t, few, nil, nil)
	a, b := accounttest.Person(601, 0), accounttest.Person(601, 1)
	for _, one := range []account.Account{a, b} {
		must(t, x.Create(t.Context(), one, accounttest.Password))
	}
	must(t, x.Finish(t.Context(), a))
	err := x.Finish(t.Context(), b)
	temporary(t, "no seat", err)
	if w, ok := errors.AsType[*account.Wait](err); !ok || w.For < time.Minute || !strings.Contains(err.Error(), "CountViolation") || !strings.Contains(err.Error(), microsofttest.Licence+" has 1, all in use") {
		t.Errorf("error %v", err)
	}
	x.fake.Seats = 2
	must(t, x.Finish(t.Context(), b))

	// Made when no usage location was configured.
	nowhere := open(t, unlimited(), func(cfg *microsoft.Config) { cfg.UsageLocation = "" }, nil)
	must(t, nowhere.Create(t.Context(), a, accounttest.Password))
	if err := nowhere.Finish(t.Context(), a); err == nil || !strings.Contains(err.Error(), "usage_location") {
		t.Errorf("error %v", err)
	}
	known, err := microsoft.New(microsoft.Config{Tenant: microsofttest.Tenant, ClientID: microsofttest.ClientID, Secret: microsofttest.Secret, Domain: microsofttest.Domain,
		Graph: nowhere.url, Login: nowhere.url, Licences: []string{microsofttest.SkuID}, UsageLocation: "VN", Now: nowhere.clock.Now, Sleep: nowhere.clock.Sleep})
	must(t, err)
	defer func() { _ = known.Close() }()
	must(t, known.Finish(t.Context(), a))
	if p := nowhere.fake.Holders()[0]; p.Location != "VN" || p.Licences != 1 {
		t.Errorf("%+v", p)
	}
}

// A licence that is given to another than the one who was named stays where it is.
func TestFinishIsForTheOneThatIsNamed(t *testing.T) {
	t.Parallel()
	x := open(t, unlimited(), nil, nil)
	a := accounttest.Person(602, 0)
	must(t, x.Create(t.Context(), a, accounttest.Password))
	other := a
	other.Marker = "vanthu:YC-2026-0001:1"
	if err := x.Finish(t.Context(), other); !errors.Is(err, account.ErrOther) || x.fake.Holders()[0].Licences != 0 {
		t.Errorf("error %v, %+v", err, x.fake.Holders())
	}
}

// Who has only looked has done nothing: the next try need not wait until what was asked for must show.
func TestCreateLooksFirst(t *testing.T) {
	t.Parallel()
	x := open(t, unlimited(), nil, func(h http.Handler, clock *resttest.Clock) http.Handler {
		return &resttest.Faults{Handler: h, Clock: clock, Choose: func(_ int, r *http.Request) resttest.Fault {
			if strings.HasSuffix(r.URL.Path, "/$batch") {
				return resttest.Internal
			}
			return resttest.Fine
		}}
	})
	if err := x.Create(t.Context(), accounttest.Person(604, 0), accounttest.Password); !errors.Is(err, account.ErrUndone) {
		t.Error(err)
	}
}

func TestPass(t *testing.T) {
	t.Parallel()
	late := unlimited()
	late.Lag = time.Minute
	lost := 0
	x := open(t, late, func(cfg *microsoft.Config) { cfg.PassLife, cfg.PassOnce = 8*time.Hour, true }, func(h http.Handler, clock *resttest.Clock) http.Handler {
		return &resttest.Faults{Handler: h, Clock: clock, Choose: func(_ int, r *http.Request) resttest.Fault {
			if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "temporaryAccessPassMethods") {
				if lost++; lost == 1 {
					return resttest.Lost // it is made, and nobody saw it
				}
			}
			return resttest.Fine
		}}
	})
	w := microsoft.WithPass{Platform: x.Platform}
	var _ account.Passer = w
	a := accounttest.Person(603, 0)
	must(t, x.Create(t.Context(), a, accounttest.Password))
	_, err := w.Pass(t.Context(), a)
	temporary(t, "a pass for an unseen user", err)
	x.Settled()
	_, err = w.Pass(t.Context(), a)
	temporary(t, "a lost pass", err)
	first, err := w.Pass(t.Context(), a)
	must(t, err)
	second, err := w.Pass(t.Context(), a)
	must(t, err)
	if first == second || x.fake.PassWorks(t, a.User, first) || !x.fake.PassWorks(t, a.User, second) {
		t.Errorf("passes %q and %q: only the later one must work", first, second)
	}
	x.clock.Step(9 * time.Hour)
	if x.fake.PassWorks(t, a.User, second) {
		t.Error("a pass outlives its time")
	}
}

// The holder's own change is seen; ours is not taken for one.
func TestChanged(t *testing.T) {
	t.Parallel()
	x := open(t, unlimited(), nil, nil)
	a := accounttest.Person(604, 0)
	must(t, x.Create(t.Context(), a, accounttest.Password))
	changed := func() bool {
		t.Helper()
		found, err := x.Lookup(t.Context(), account.Keys{Codes: []string{a.Code}})
		must(t, err)
		return len(found) == 1 && found[0].Changed
	}
	x.clock.Step(48 * time.Hour)
	must(t, x.SetPassword(t.Context(), a, "Canary8Canary8"))
	if changed() {
		t.Error("our new password is taken for his own")
	}
	x.clock.Step(time.Hour)
	x.fake.Change(a.Address, microsofttest.Act{Password: "HisOwn7HisOwn"})
	if !changed() {
		t.Error("his own password is not seen")
	}
	x.clock.Step(time.Hour)
	must(t, x.SetPassword(t.Context(), a, "Canary9Canary9"))
	if changed() {
		t.Error("after a reset he has changed nothing")
	}
}

// Whoever has an address by an alias or as his name only has it.
func TestAliasesAreTaken(t *testing.T) {
	t.Parallel()
	x := open(t, unlimited(), nil, nil)
	holder, wants := accounttest.Person(605, 0), accounttest.Person(605, 1)
	holder.User = "anh.605"
	must(t, x.Create(t.Context(), holder, accounttest.Password))
	x.fake.Change("anh.605@"+microsofttest.Domain, microsofttest.Act{Alias: wants.Address})
	for name, address := range map[string]string{"alias": wants.Address, "user principal name": "ANH.605@" + microsofttest.Domain} {
		want := wants
		want.Address = address
		_, err := account.Ensure(t.Context(), x, want, accounttest.Password)
		if c, ok := errors.AsType[*account.Conflict](err); !ok || len(c.Taken) != 1 || c.Taken[0] != "address" {
			t.Errorf("%s: error %v, want a conflict of the address", name, err)
		}
	}
}

// A tenant that is throttled elsewhere, too: we wait before the limit, and 429 with and without Retry-After ends well.
func TestThrottled(t *testing.T) {
	t.Parallel()
	tight := microsofttest.Config{Writes: 60, Units: -1}
	x := open(t, tight, nil, nil) // our own quota is the published one, fifty times as much
	start := x.clock.Now()
	for i := range 100 {
		a := accounttest.Person(606, i)
		for {
			err := x.Create(t.Context(), a, accounttest.Password)
			if w, ok := errors.AsType[*account.Wait](err); ok {
				x.clock.Step(w.For)
				continue
			}
			must(t, err)
			break
		}
	}
	if n, took := len(x.fake.Holders()), x.clock.Now().Sub(start); n != 100 || took < 150*time.Second || x.fake.Throttled() > 25 {
		t.Errorf("%d users in %v, throttled %d times", n, took, x.fake.Throttled())
	}
}

// What a batch leaves unanswered is asked again; what does not come is a Wait.
func TestBatchesInParts(t *testing.T) {
	t.Parallel()
	behaves := unlimited()
	x := open(t, behaves, nil, nil)
	var keys account.Keys
	for i := range 400 {
		a := accounttest.Person(607, i)
		if i < 30 {
			must(t, x.Create(t.Context(), a, accounttest.Password))
		}
		keys.Codes = append(keys.Codes, a.Code)
	}
	x.fake.Sub = every(3, http.StatusTooManyRequests)
	found, err := x.Lookup(t.Context(), keys)
	if err != nil || len(found) != 30 {
		t.Errorf("%d found, error %v", len(found), err)
	}
	x.fake.Sub = every(1, http.StatusServiceUnavailable)
	_, err = x.Lookup(t.Context(), keys)
	if _, ok := errors.AsType[*account.Wait](err); !ok {
		t.Errorf("error %v, want a Wait", err)
	}
	temporary(t, "nothing answered", err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := x.Lookup(ctx, keys); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// Tokens end, and nobody notices.
func TestTokensEnd(t *testing.T) {
	t.Parallel()
	short := unlimited()
	short.TokenLife = 5 * time.Minute
	x := open(t, short, nil, nil)
	for i := range 5 {
		must(t, x.Create(t.Context(), accounttest.Person(608, i), accounttest.Password))
		x.clock.Step(7 * time.Minute)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	x := open(t, unlimited(), nil, nil)
	for i := range 1100 {
		x.fake.Add(accounttest.Person(609, i))
	}
	gone := accounttest.Person(609, 7)
	must(t, x.Erase(t.Context(), gone))
	live, deleted := 0, 0
	must(t, x.List(t.Context(), func(a account.Account) error {
		if a.Deleted() {
			deleted++
			if a.Code != gone.Code || a.User != gone.User {
				t.Errorf("%+v", a)
			}
			return nil
		}
		live++
		return nil
	}))
	if live != 1099 || deleted != 1 {
		t.Errorf("%d and %d deleted", live, deleted)
	}
	enough := errors.New("enough")
	if err := x.List(t.Context(), func(account.Account) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("error %v", err)
	}
}

// The token goes to Graph alone, wherever a next page is said to be.
func TestTheNextPageLiesOnTheSameServer(t *testing.T) {
	t.Parallel()
	for _, link := range []string{"https://evil.example/v1.0/users?$skiptoken=1", "http://evil.example/v1.0/users", "http://127.0.0.1:1/v1.0/users", "//evil.example/v1.0/users", "/v1.0/users", "http://user@127.0.0.1/v1.0/users", "::"} {
		x := open(t, unlimited(), nil, func(h http.Handler, _ *resttest.Clock) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/token") {
					h.ServeHTTP(w, r)
					return
				}
				_, _ = w.Write([]byte(`{"value":[],"@odata.nextLink":"` + link + `"}`))
			})
		})
		if err := x.List(t.Context(), func(account.Account) error { return nil }); err == nil || strings.Contains(err.Error(), "evil") || !strings.Contains(err.Error(), "another server") {
			t.Errorf("%s: error %v", link, err)
		}
	}
}

// Somebody else uses up the limit: each request waits as long as Graph says that it is near, and not longer.
func TestBrake(t *testing.T) {
	t.Parallel()
	share := "1.30"
	x := open(t, unlimited(), nil, func(h http.Handler, _ *resttest.Clock) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if share != "" {
				w.Header().Set("x-ms-throttle-limit-percentage", share)
			}
			h.ServeHTTP(w, r)
		})
	})
	a := accounttest.Person(610, 0)
	look := func() time.Duration {
		t.Helper()
		began := x.clock.Now()
		_, err := x.Lookup(t.Context(), account.Keys{Codes: []string{a.Code}})
		must(t, err)
		return x.clock.Now().Sub(began)
	}
	if took := look(); took > time.Second {
		t.Errorf("the first request waited %v for what nobody had said", took)
	}
	if took := look(); took < 6*time.Second || took > 10*time.Second {
		t.Errorf("at 1.3 of the limit a request waited %v, want about 7 s", took)
	}
	share = "0.85"
	look()
	if took := look(); took > time.Second {
		t.Errorf("at 0.85 of the limit a request waited %v", took)
	}
	share = "nonsense"
	if took := look(); took > time.Second {
		t.Errorf("it waited %v for nonsense", took)
	}
}
