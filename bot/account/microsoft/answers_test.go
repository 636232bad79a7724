package microsoft_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/accounttest"
	"vanthu/bot/account/microsoft"
	"vanthu/bot/account/microsoft/microsofttest"
)

// What Graph says becomes an error of ours, and none of its prose, which repeats names and addresses, goes anywhere.
func TestErrors(t *testing.T) {
	t.Parallel()
	const prose = "Canary: Nguyễn Văn An an@sv.truong.example"
	for name, c := range map[string]struct {
		status int
		body   string
		is     error
		not    error
		said   string
	}{
		"taken":     {400, `{"error":{"code":"Request_BadRequest","message":"Another object with the same value for property userPrincipalName already exists.","details":[{"code":"ObjectConflict","target":"userPrincipalName"}]}}`, account.ErrExists, nil, "userPrincipalName"},
		"taken too": {400, `{"error":{"code":"Request_BadRequest","message":"Another object with the same value for property proxyAddresses already exists."}}`, account.ErrExists, nil, ""},
		"password":  {400, `{"error":{"code":"Request_BadRequest","message":"The specified password does not comply with password complexity requirements. ` + prose + `"}}`, account.ErrPermanent, nil, "policy"},
		"value":     {400, `{"error":{"code":"Request_BadRequest","message":"` + prose + `","details":[{"code":"InvalidValue","target":"surname"}]}}`, account.ErrPermanent, nil, "surname"},
		"prose":     {400, `{"error":{"code":"` + prose + `","message":"` + prose + `","details":[{"code":"x","target":"` + prose + `"}]}}`, account.ErrPermanent, nil, "400"},
		"no JSON":   {400, prose, account.ErrPermanent, nil, "400"},
		"rights":    {403, `{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation."}}`, nil, account.ErrPermanent, "permission"},
		"full":      {403, `{"error":{"code":"Directory_QuotaExceeded","message":"x"}}`, nil, account.ErrPermanent, "Directory_QuotaExceeded"},
		"conflict":  {409, `{"error":{"code":"Directory_ConcurrencyViolation","message":"x"}}`, nil, account.ErrExists, "Directory_ConcurrencyViolation"},
		"same key":  {409, `{"error":{"code":"Request_MultipleObjectsWithSameKeyValue","message":"x"}}`, account.ErrExists, nil, ""},
		"locked":    {423, `{"error":{"code":"resourceLocked"}}`, nil, account.ErrPermanent, "resourceLocked"},
		"failed":    {500, `{"error":{"code":"generalException","message":"` + prose + `"}}`, nil, account.ErrPermanent, "generalException"},
		"timeout":   {504, prose, nil, account.ErrPermanent, "504"},
		"too much":  {429, `{}`, nil, account.ErrPermanent, "too much"},
		"no answer": {201, `{"id":`, nil, account.ErrPermanent, "JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := front(t, open(t, unlimited(), nil, nil), func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodPost || r.URL.Path != "/v1.0/users" {
					return false
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
				return true
			})
			err := p.Create(t.Context(), accounttest.Person(620, 0), accounttest.Password)
			switch {
			case err == nil:
				t.Fatal("no error")
			case c.is != nil && !errors.Is(err, c.is), c.not != nil && errors.Is(err, c.not):
				t.Errorf("error %v", err)
			case !strings.Contains(err.Error(), c.said), strings.Contains(err.Error(), "Canary"), strings.Contains(err.Error(), "an@sv"):
				t.Errorf("error %v, want it to say %q and no prose", err, c.said)
			}
		})
	}
}

// front puts a handler before a tenant's fake that may answer instead of it.
func front(t *testing.T, x tenant, instead func(http.ResponseWriter, *http.Request) bool) *microsoft.Platform {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !instead(w, r) {
			x.fake.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	p, err := microsoft.New(microsoft.Config{Tenant: microsofttest.Tenant, ClientID: microsofttest.ClientID, Secret: microsofttest.Secret, Domain: microsofttest.Domain,
		Graph: server.URL, Login: server.URL, Licences: []string{microsofttest.Licence}, UsageLocation: "VN", HTTP: server.Client(), Now: x.clock.Now, Sleep: x.clock.Sleep})
	must(t, err)
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// What Graph would refuse with the value in its words is refused before, without it.
func TestWhatCannotBeWritten(t *testing.T) {
	t.Parallel()
	x := open(t, unlimited(), nil, nil)
	for name, change := range map[string]func(a *account.Account){
		"long name":    func(a *account.Account) { a.Name = strings.Repeat("Canary ", 60) },
		"long surname": func(a *account.Account) { a.Family = strings.Repeat("Canary", 20) },
		"long code":    func(a *account.Account) { a.Code = "12345678901234567" },
		"control":      func(a *account.Account) { a.Given = "Canary\x07" },
		"user name":    func(a *account.Account) { a.User = "canary@x" },
		"dot":          func(a *account.Account) { a.User = "canary." },
	} {
		a := accounttest.Person(621, 0)
		change(&a)
		err := x.Create(t.Context(), a, accounttest.Password)
		if !errors.Is(err, account.ErrPermanent) || errors.Is(err, account.ErrExists) || strings.Contains(strings.ToLower(err.Error()), "canary") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if n := x.fake.Calls("POST users"); n != 0 {
		t.Errorf("%d users were asked for", n)
	}
	if err := x.Create(t.Context(), accounttest.Person(621, 1), "weak"); !errors.Is(err, account.ErrPermanent) || !strings.Contains(err.Error(), "policy") {
		t.Errorf("a weak password: %v", err)
	}
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		behaves microsofttest.Config
		change  func(*microsoft.Config)
		late    time.Duration // our clock
		what    string
		level   account.Level
		said    string
	}{
		"well":      {what: "rights", level: account.CheckOK},
		"seats":     {what: "licences", level: account.CheckOK, said: "5000 of 5000"},
		"few seats": {behaves: microsofttest.Config{Seats: 2900}, what: "licences", level: account.CheckFailed, said: "2900 of 2900 seats left and 3000 are needed; buy or free 100"},
		"expired":   {behaves: microsofttest.Config{Expired: true}, what: "licences", level: account.CheckWarning, said: "5000 of 5000 seats left, and has run out"},
		"no erasing": {behaves: microsofttest.Config{Roles: []string{"Directory.ReadWrite.All", "User-PasswordProfile.ReadWrite.All"}}, what: "rights", level: account.CheckWarning,
			said: "User.ReadWrite.All is missing, to erase users"},
		"no location": {change: func(cfg *microsoft.Config) { cfg.UsageLocation = "" }, what: "licences", level: account.CheckFailed, said: "usage_location"},
		"no licence":  {change: func(cfg *microsoft.Config) { cfg.Licences = nil }, what: "licences", level: account.CheckWarning},
		"bought not":  {change: func(cfg *microsoft.Config) { cfg.Licences = []string{"ENTERPRISEPACK"} }, what: "licences", level: account.CheckFailed, said: "no ENTERPRISEPACK"},
		"rights":      {behaves: microsofttest.Config{Roles: []string{"User.Read.All", "Domain.Read.All", "Organization.Read.All"}}, what: "rights", level: account.CheckFailed, said: "User.ReadWrite.All"},
		"unproved":    {behaves: microsofttest.Config{Unproved: true}, what: "domain", level: account.CheckFailed, said: "not verified"},
		"no domain":   {change: func(cfg *microsoft.Config) { cfg.Domain = "nobody.example" }, what: "domain", level: account.CheckFailed, said: "no domain of the tenant"},
		"secret":      {change: func(cfg *microsoft.Config) { cfg.Secret = "CanaryWrong" }, what: "connection", level: account.CheckFailed, said: "client_id"},
		"clock":       {what: "clock", level: account.CheckOK},
		"wrong clock": {late: 7 * time.Minute, what: "clock", level: account.CheckFailed, said: "NTP"},
		"fast clock":  {late: -time.Minute, what: "clock", level: account.CheckWarning, said: "NTP"},
		"pace":        {what: "quota", level: account.CheckOK, said: "6000 changes at 3000 in 2 min 30 s take 5m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := open(t, c.behaves, func(cfg *microsoft.Config) {
				if c.change != nil {
					c.change(cfg)
				}
				now := cfg.Now
				cfg.Now = func() time.Time { return now().Add(-c.late) }
			}, nil)
			found := false
			for _, check := range x.Preflight(t.Context(), 3000) {
				if strings.Contains(check.Said, "Canary") {
					t.Errorf("%+v", check)
				}
				found = found || check.What == c.what && check.Level == c.level && strings.Contains(check.Said, c.said)
			}
			if !found {
				t.Errorf("%+v", x.Preflight(t.Context(), 3000))
			}
			if n := x.fake.Calls("POST users"); n != 0 {
				t.Error("it made a user")
			}
		})
	}
	for _, c := range []struct {
		roles []string
		level account.Level
		said  string
	}{
		{[]string{"User.ReadWrite.All", "Directory.ReadWrite.All", "User-PasswordProfile.ReadWrite.All"}, account.CheckFailed, "UserAuthMethod-TAP.ReadWrite.All"},
		{[]string{"User.ReadWrite.All", "Directory.ReadWrite.All", "User-PasswordProfile.ReadWrite.All", "UserAuthMethod-TAP.ReadWrite.All"}, account.CheckOK, ""},
	} {
		w := microsoft.WithPass{Platform: open(t, microsofttest.Config{Roles: c.roles}, nil, nil).Platform}
		for _, check := range w.Preflight(t.Context(), 1) {
			if check.What == "rights" && (check.Level != c.level || !strings.Contains(check.Said, c.said)) {
				t.Errorf("%v: %+v", c.roles, check)
			}
		}
	}
}

// An application that has a certificate needs no secret.
func TestCertificate(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "vanthu"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	file := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
	x := open(t, microsofttest.Config{Key: &key.PublicKey}, func(cfg *microsoft.Config) { cfg.Secret, cfg.Certificate = "", file }, nil)
	must(t, x.Create(t.Context(), accounttest.Person(622, 0), accounttest.Password))
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	x = open(t, microsofttest.Config{Key: &other.PublicKey}, func(cfg *microsoft.Config) { cfg.Secret, cfg.Certificate = "", file }, nil)
	temporary(t, "another's certificate", x.Create(t.Context(), accounttest.Person(622, 0), accounttest.Password))

	for name, cfg := range map[string]microsoft.Config{
		"no secret":    {Tenant: "t", ClientID: "c", Domain: "d.example", Now: time.Now},
		"no PEM":       {Tenant: "t", ClientID: "c", Domain: "d.example", Now: time.Now, Certificate: []byte("Canary")},
		"attributes":   {Tenant: "t", ClientID: "c", Domain: "d.example", Now: time.Now, Secret: "Canary", MarkerAttr: "extensionAttribute16"},
		"the same two": {Tenant: "t", ClientID: "c", Domain: "d.example", Now: time.Now, Secret: "Canary", MarkerAttr: "extensionAttribute14"},
		"no clock":     {Tenant: "t", ClientID: "c", Domain: "d.example", Secret: "Canary"},
		"no tenant":    {ClientID: "c", Domain: "d.example", Now: time.Now, Secret: "Canary"},
		"in the clear": {Tenant: "t", ClientID: "c", Domain: "d.example", Now: time.Now, Secret: "Canary", Graph: "http://graph.example"},
	} {
		if _, err := microsoft.New(cfg); err == nil || strings.Contains(err.Error(), "Canary") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// An answer of whatever bytes makes nothing panic, puts nothing of it into an error, and brings nobody who was not asked for.
func FuzzAnswers(f *testing.F) {
	person := `{"id":"1","userPrincipalName":"2162300000@sv.truong.example","mail":"2162300000@sv.truong.example","employeeId":"2162300000","displayName":"Lê","accountEnabled":true,"onPremisesExtensionAttributes":{"extensionAttribute15":"vanthu:YC-2026-0623:1"}}`
	for _, seed := range []string{
		`{"value":[` + person + `]}`,
		`{"responses":[{"id":"0","status":200,"headers":{},"body":{"value":[` + person + `]}},{"id":"1","status":200,"body":{"value":[]}},{"id":"2","status":200,"body":{"value":[]}}]}`,
		`{"responses":[{"id":"0","status":429,"headers":{"Retry-After":"-1"},"body":{"error":{"code":"Canary7 x","message":"Canary7"}}}]}`,
		`{"responses":[{"id":"0","status":200,"body":null},{"id":"0","status":200}]}`,
		`{"value":[{"deletedDateTime":"2026-01-01T00:00:00Z","userPrincipalName":"zz"}],"@odata.nextLink":"https://Canary7.example"}`,
		`{"id":"1","temporaryAccessPass":""}`, `[]`, `null`, ``, "\xff\xfe{",
	} {
		f.Add(200, seed)
		f.Add(400, seed)
	}
	x := open(f, unlimited(), nil, nil)
	var mu sync.Mutex
	status, body := 200, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/token") {
			x.fake.ServeHTTP(w, r)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	f.Cleanup(server.Close)
	p, err := microsoft.New(microsoft.Config{Tenant: microsofttest.Tenant, ClientID: microsofttest.ClientID, Secret: microsofttest.Secret, Domain: microsofttest.Domain,
		Graph: server.URL, Login: server.URL, Licences: []string{microsofttest.Licence}, UsageLocation: "VN", HTTP: server.Client(), Now: x.clock.Now, Sleep: x.clock.Sleep})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = p.Close() })
	a := accounttest.Person(623, 2)
	keys := account.Keys{Codes: []string{a.Code}, Addresses: []string{a.Address}, Users: []string{a.User}}
	f.Fuzz(func(t *testing.T, s int, b string) {
		mu.Lock()
		status, body = 200+max(0, s)%400, b
		mu.Unlock()
		found, err := p.Lookup(t.Context(), keys)
		for _, one := range found {
			if one.Code != a.Code && one.User != a.User && !one.Has(a.Address) {
				t.Errorf("not asked for: %+v", one)
			}
		}
		_, passed := microsoft.WithPass{Platform: p}.Pass(t.Context(), a)
		_, grouped := p.Group(t.Context(), "lop-y@sv.truong.example")
		for _, err := range []error{err, passed, grouped, p.Create(t.Context(), a, accounttest.Password), p.Finish(t.Context(), a), p.Erase(t.Context(), a), p.Undelete(t.Context(), a)} {
			if err != nil && strings.Contains(err.Error(), "Canary7") {
				t.Errorf("an answer's words in an error: %v", err)
			}
		}
		for _, c := range p.Preflight(t.Context(), 1) {
			if strings.Contains(c.Said, "Canary7") {
				t.Errorf("an answer's words in a check: %+v", c)
			}
		}
	})
}
