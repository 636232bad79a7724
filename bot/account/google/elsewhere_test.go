package google_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"vanthu/bot/account"
	"vanthu/bot/account/accounttest"
	"vanthu/bot/account/google"
	"vanthu/bot/account/google/googletest"
	"vanthu/bot/account/resttest"
)

// A proxy's 404, or one of a search, is not "there is no such user": nobody is recorded as erased by it, or as never made.
func TestNotFoundOfSomethingElse(t *testing.T) {
	t.Parallel()
	const ofGoogle = `{"error":{"code":404,"message":"Resource Not Found: customer","errors":[{"reason":"notFound"}],"status":"NOT_FOUND"}}`
	for name, c := range map[string]struct {
		astray func(r *http.Request) bool
		body   string
	}{
		"a proxy's, to everything":  {func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/admin/") }, "<html>404</html>"},
		"a proxy's, to the erasure": {func(r *http.Request) bool { return r.Method == http.MethodDelete }, "<html>404</html>"},
		"Google's, to searches":     {func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/users") }, ofGoogle},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			person := accounttest.Person(3, 0)
			if err := w.Platform.Create(t.Context(), person, accounttest.Password); err != nil {
				t.Fatal(err)
			}
			w.Settled()
			front := httptest.NewServer(http.HandlerFunc(func(to http.ResponseWriter, r *http.Request) {
				if !c.astray(r) {
					w.fake.ServeHTTP(to, r)
					return
				}
				to.WriteHeader(http.StatusNotFound)
				_, _ = io.WriteString(to, c.body)
			}))
			t.Cleanup(front.Close)
			other := newWorld(t, func(cfg *google.Config, _ *googletest.Fake, _ *resttest.Faults) {
				cfg.Key, cfg.Directory, cfg.Identity = w.fake.KeyFile(front.URL), front.URL, front.URL
				cfg.Now, cfg.Sleep = w.clock.Now, w.clock.Sleep
			})
			named := person
			if strings.HasPrefix(name, "Google's") { // who is not found by his address is searched for
				named.Address = "nobody@" + w.fake.Domain
			}
			if err := other.Platform.Erase(t.Context(), named); err == nil || errors.Is(err, account.ErrPermanent) {
				t.Errorf("erase: %v, want a temporary error", err)
			}
			found, err := w.Platform.Lookup(t.Context(), account.Keys{Addresses: []string{person.Address}})
			if err != nil || len(found) != 1 || found[0].Deleted() {
				t.Errorf("the account is %v, error %v", found, err)
			}
		})
	}
}
