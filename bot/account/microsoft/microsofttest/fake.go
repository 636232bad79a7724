// Package microsofttest is a Microsoft Graph v1.0 in memory, written from the published documentation: users, deleted items, groups,
// licences, Temporary Access Passes, $batch, paging, the quotas of "Microsoft Graph service-specific throttling limits", and the
// eventual consistency of "Designing for eventual consistency for Microsoft Entra".
//
// It is for tests; nothing else may import it.
package microsofttest

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"vanthu/bot/account/resttest"
)

// What the fake's application is known by.
const (
	Tenant   = "truong.example"
	ClientID = "0f0e0d0c-0000-4000-8000-000000000001"
	Secret   = "CanarySecret7"
	Domain   = "sv.truong.example" // verified, and the tenant's default
	Licence  = "STANDARDWOFFPACK_STUDENT"
	SkuID    = "314c4481-f395-4525-be8b-2ec4bb1e9d91"
)

// Config says how the fake behaves. The zero value is a tenant of full rights whose replicas are never late.
type Config struct {
	Lag       time.Duration // how long reads and changes by path do not see what was done
	TokenLife time.Duration // default 3,599 s
	Roles     []string      // of the application; default all that are of use
	Seats     int           // of the licence; default 5,000
	Expired   bool          // the subscription has run out: for 30 days its seats are in the state warning, and can be given
	Unproved  bool          // the domain is not verified

	Writes int // per 150 s; default 3,000; negative: no limit
	Units  int // resource units per 10 s; default 3,500 (size S)

	// Key is of the application's certificate; nil: it has none.
	Key *rsa.PublicKey

	// Sub fails one request of a batch (or a plain one) with a status before anything is done; 0 lets it through.
	Sub func(method, path string) int
}

// A Fake is the directory of one tenant.
type Fake struct {
	Config
	now func() time.Time

	mu      sync.Mutex
	users   []*user
	groups  []*group
	tokens  map[string]time.Time // until
	serial  int
	spent   window // writes
	units   window
	refused int
	calls   map[string]int
}

// Roles are what the platform needs, and what is of use to it.
var roles = []string{"User.ReadWrite.All", "Group.ReadWrite.All", "Organization.Read.All", "Domain.Read.All", "UserAuthenticationMethod.ReadWrite.All", "User-PasswordProfile.ReadWrite.All"}

// New makes an empty tenant.
func New(now func() time.Time, cfg Config) *Fake {
	if cfg.TokenLife == 0 {
		cfg.TokenLife = 3599 * time.Second
	}
	if cfg.Roles == nil {
		cfg.Roles = roles
	}
	if cfg.Seats == 0 {
		cfg.Seats = 5000
	}
	if cfg.Writes == 0 {
		cfg.Writes = 3000
	}
	if cfg.Units == 0 {
		cfg.Units = 3500
	}
	return &Fake{Config: cfg, now: now, tokens: map[string]time.Time{}, calls: map[string]int{},
		spent: window{most: cfg.Writes, length: 150 * time.Second}, units: window{most: cfg.Units, length: 10 * time.Second}}
}

// Throttled is how many requests were refused because of a quota.
func (f *Fake) Throttled() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.refused
}

// Calls counts what was asked: "POST users".
func (f *Fake) Calls(what string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[what]
}

// SignsIn says whether somebody gets in with a user name and a password.
func (f *Fake) SignsIn(_ testing.TB, name, password string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, u := range f.users {
		if u.deleted.IsZero() && strings.EqualFold(u.upn, name+"@"+Domain) {
			return u.enabled && u.password == password
		}
	}
	return false
}

// ServeHTTP answers the token endpoint and Graph.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", f.now().UTC().Format(http.TimeFormat))
	if r.URL.Path == "/"+Tenant+"/oauth2/v2.0/token" {
		f.token(w, r)
		return
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/v1.0/")
	if !ok {
		say(w, 404, "ResourceNotFound", "Invalid version.")
		return
	}
	f.mu.Lock()
	until, known := f.tokens[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	f.mu.Unlock()
	if !known || !f.now().Before(until) {
		say(w, 401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.")
		return
	}
	if path == "$batch" {
		f.batch(w, r)
		return
	}
	f.one(w, r, path)
}

// one answers a single request, of a batch or not.
func (f *Fake) one(w http.ResponseWriter, r *http.Request, path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	parts := strings.Split(strings.Trim(path, "/"), "/")
	f.calls[r.Method+" "+kind(parts)]++
	if f.Sub != nil {
		if status := f.Sub(r.Method, path); status != 0 {
			say(w, status, "ServiceNotAvailable", "The service is temporarily unavailable.")
			return
		}
	}
	if !f.pay(w, r, parts) {
		return
	}
	switch {
	case parts[0] == "users":
		f.serveUsers(w, r, parts[1:])
	case parts[0] == "groups":
		f.serveGroups(w, r, parts[1:])
	case parts[0] == "directory" && len(parts) > 1 && strings.EqualFold(parts[1], "deletedItems"):
		f.serveDeleted(w, r, parts[2:])
	case path == "subscribedSkus" && r.Method == "GET":
		if f.may(w, "Organization.Read.All", "Directory.Read.All", "LicenseAssignment.Read.All") {
			f.skus(w)
		}
	case parts[0] == "domains" && len(parts) == 2 && r.Method == "GET":
		if !f.may(w, "Domain.Read.All", "Directory.Read.All") {
			return
		}
		if !strings.EqualFold(parts[1], Domain) {
			say(w, 404, "Request_ResourceNotFound", "Resource '"+parts[1]+"' does not exist or one of its queried reference-property objects are not present.")
			return
		}
		answer(w, 200, map[string]any{"id": Domain, "isVerified": !f.Unproved, "isDefault": true, "authenticationType": "Managed", "supportedServices": []string{"Email", "OfficeCommunicationsOnline"}})
	default:
		say(w, 404, "Request_ResourceNotFound", "Resource not found for the segment.")
	}
}

// kind names what a request asks for, without ids.
func kind(parts []string) string {
	if len(parts) > 1 && (parts[0] == "users" || parts[0] == "groups" || parts[0] == "domains") {
		parts = append([]string{parts[0], "{id}"}, parts[2:min(len(parts), 4)]...)
	}
	return strings.Join(parts, "/")
}

// may holds the application's roles against those of which one is needed. Directory.ReadWrite.All is as good for most.
func (f *Fake) may(w http.ResponseWriter, oneOf ...string) bool {
	return f.mayOnly(w, append(oneOf, "Directory.ReadWrite.All")...)
}

// mayOnly is for what Directory.ReadWrite.All does not hold: users deleted or brought back, passwords and passes ("Microsoft Graph permissions
// reference").
func (f *Fake) mayOnly(w http.ResponseWriter, oneOf ...string) bool {
	for _, role := range oneOf {
		if slices.Contains(f.Roles, role) {
			return true
		}
	}
	say(w, 403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
	return false
}

// token is the token endpoint of the client credentials grant (RFC 6749 §4.4).
func (f *Fake) token(w http.ResponseWriter, r *http.Request) {
	id, secret := r.FormValue("client_id"), r.FormValue("client_secret")
	if user, password, basic := r.BasicAuth(); basic {
		id, secret = user, password
	}
	asserted := r.FormValue("client_assertion_type") == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" && f.asserts(r)
	if r.FormValue("grant_type") != "client_credentials" || !strings.HasSuffix(r.FormValue("scope"), "/.default") || id != ClientID || (secret != Secret && !asserted) {
		answer(w, 401, map[string]any{"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided.", "error_codes": []int{7000215}})
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.serial++
	claims, _ := json.Marshal(map[string]any{"roles": f.Roles, "appid": ClientID, "n": f.serial})
	t := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims) + ".x"
	f.tokens[t] = f.now().Add(f.TokenLife)
	answer(w, 200, map[string]any{"token_type": "Bearer", "expires_in": int(f.TokenLife.Seconds()), "access_token": t})
}

// asserts verifies a client assertion: PS256, for this endpoint, of this application, now (RFC 7523 §3).
func (f *Fake) asserts(r *http.Request) bool {
	signed, signature, _ := cutLast(r.FormValue("client_assertion"))
	head, body, _ := strings.Cut(signed, ".")
	var h struct {
		Alg   string
		Thumb string `json:"x5t#S256"`
	}
	var c struct {
		Aud, Iss, Sub, Jti string
		Nbf, Exp           int64
	}
	sum := sha256.Sum256([]byte(signed))
	mac, err := base64.RawURLEncoding.DecodeString(signature)
	return f.Key != nil && err == nil && decode(head, &h) && decode(body, &c) && h.Alg == "PS256" && h.Thumb != "" && c.Iss == ClientID && c.Sub == ClientID && c.Jti != "" &&
		strings.HasSuffix(c.Aud, r.URL.Path) && f.now().Unix() >= c.Nbf && f.now().Unix() < c.Exp &&
		rsa.VerifyPSS(f.Key, crypto.SHA256, sum[:], mac, nil) == nil
}

func cutLast(s string) (before, after string, found bool) {
	if i := strings.LastIndex(s, "."); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

func decode(part string, into any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(raw, into) == nil
}

// window counts what was spent within the last length.
type window struct {
	most   int
	length time.Duration
	spent  []spending
	sum    int
}

type spending struct {
	at   time.Time
	cost int
}

// room says how long to wait until cost fits; 0: now.
func (w *window) room(now time.Time, cost int) time.Duration {
	for len(w.spent) > 0 && now.Sub(w.spent[0].at) >= w.length {
		w.sum -= w.spent[0].cost
		w.spent = w.spent[1:]
	}
	if w.most < 0 || w.sum+cost <= w.most {
		return 0
	}
	return max(time.Second, w.spent[0].at.Add(w.length).Sub(now))
}

func (w *window) spend(now time.Time, cost int) {
	if cost > 0 {
		w.spent = append(w.spent, spending{now, cost})
		w.sum += cost
	}
}

// pay takes the costs of the table "base request costs", or refuses with 429.
func (f *Fake) pay(w http.ResponseWriter, r *http.Request, parts []string) bool {
	units, writes := 1, 0
	if r.Method != "GET" {
		writes = 1
	} else {
		switch last := parts[len(parts)-1]; {
		case len(parts) == 1 && parts[0] == "users":
			units = 2
		case parts[0] == "groups" && last == "members", parts[0] == "subscribedSkus":
			units = 3
		}
		if r.URL.Query().Has("$select") {
			units--
		}
		if top, err := strconv.Atoi(r.URL.Query().Get("$top")); err == nil && top < 20 {
			units--
		}
		units = max(1, units)
	}
	now := f.now()
	wait := max(f.spent.room(now, writes), f.units.room(now, units))
	if wait > 0 {
		f.refused++
		w.Header().Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
		w.Header().Set("x-ms-throttle-scope", "Tenant_Application/ReadWrite/"+ClientID+"/"+Tenant)
		w.Header().Set("x-ms-throttle-information", "WriteLimitExceeded")
		say(w, 429, "TooManyRequests", "Too many requests.")
		return false
	}
	f.spent.spend(now, writes)
	f.units.spend(now, units)
	w.Header().Set("x-ms-resource-unit", strconv.Itoa(units))
	if share := max(f.spent.share(), f.units.share()); share >= 0.8 {
		w.Header().Set("x-ms-throttle-limit-percentage", strconv.FormatFloat(share, 'f', 2, 64))
	}
	return true
}

func (w *window) share() float64 {
	if w.most <= 0 {
		return 0
	}
	return float64(w.sum) / float64(w.most)
}

// id is a GUID; the serial makes it one of its own.
func (f *Fake) id() string {
	f.serial++
	return fmt.Sprintf("7a3b1c5d-0000-4000-8000-%012x", f.serial)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if body != nil {
		_ = json.NewEncoder(w).Encode(body)
	}
}

// say answers with an error as in "Microsoft Graph error responses and resource types".
func say(w http.ResponseWriter, status int, code, message string, details ...map[string]string) {
	e := map[string]any{"code": code, "message": message, "innerError": map[string]string{"date": "2026-11-26T08:00:00", "request-id": "4c1a", "client-request-id": "4c1a"}}
	if len(details) > 0 {
		e["details"] = details
	}
	answer(w, status, map[string]any{"error": e})
}

func notFound(w http.ResponseWriter, what string) {
	say(w, 404, "Request_ResourceNotFound", "Resource '"+what+"' does not exist or one of its queried reference-property objects are not present.")
}

// Fault words an error that resttest.Faults makes as Graph does.
func Fault(f resttest.Fault, status int) (kind string, body []byte) {
	code := map[int]string{401: "InvalidAuthenticationToken", 409: "Directory_ConcurrencyViolation", 412: "PreconditionFailed", 429: "TooManyRequests", 503: "ServiceNotAvailable"}[status]
	if code == "" {
		code = "generalException"
	}
	return "application/json", []byte(`{"error":{"code":"` + code + `","message":"Something went wrong (` + string(f) + `).","innerError":{"request-id":"4c1a"}}}`)
}
