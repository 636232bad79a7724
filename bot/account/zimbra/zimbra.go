// Package zimbra makes accounts on a Zimbra server by its admin SOAP API (urn:zimbraAdmin; soap.txt and soap-admin.txt of its sources,
// and the API reference made of them). Carbonio, which grew out of it, speaks the same.
//
// Where things stand in an account: the code in employeeNumber (inetOrgPerson, which every account is; searched like any attribute of
// the directory), our marker in zimbraNotes, “administrative notes for an entry”: description would be shown to everybody as the
// notes of the address book (zimbraGalLdapAttrMap). Zimbra keeps addresses and aliases unique, of people and lists together; codes it
// does not: Create looks for the code before it creates.
//
// The user name is what stands before the @ of the address (uid); Zimbra knows no other.
//
// It must not know cases, plans or mails.
package zimbra

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"vanthu/bot/account"
	"vanthu/bot/account/rest"
)

// Config says where the server is and what an account gets.
type Config struct {
	URL        string // "https://zimbra.truong.example:7071"
	ServerName string // name on the certificate, default the URL's host
	CAFile     string // PEM, default the system's
	Admin      string // "vanthu@truong.example", an administrator or a delegated one
	Password   string

	Domain string // where accounts are made
	COS    string // name or id of the class of service; "" the domain's default

	CodeAttr   string // default "employeeNumber"
	MarkerAttr string // default "zimbraNotes"
	Suspended  string // the status of who is suspended: "locked" (default; mails still come) or "closed" (they bounce)
	MustChange bool   // the initial password must be changed at the first sign-in (zimbraPasswordMustChange)

	PerSecond int           // requests; default 20, below zimbraHttpDosFilterMaxRequestsPerSec (30)
	Timeout   time.Duration // of one request; default 30 s
	Settle    time.Duration // how long a replica of the directory may lag behind; default 1 min

	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error
}

// A Server is the account.Platform of a Zimbra server.
type Server struct {
	cfg  Config
	api  *rest.Client
	auth *rest.Client // without a token

	mu      sync.Mutex
	refused time.Time // when the administrator was turned away
	cosID   string
}

var (
	attributeName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`) // RFC 4512 §1.4, descr
	idShape       = regexp.MustCompile(`^[0-9a-fA-F-]{36}$`)      // zimbraId
)

// New checks the configuration; it asks nobody (Preflight does).
func New(cfg Config) (*Server, error) {
	cfg.CodeAttr, cfg.MarkerAttr = cmp.Or(cfg.CodeAttr, "employeeNumber"), cmp.Or(cfg.MarkerAttr, "zimbraNotes")
	cfg.Suspended = cmp.Or(cfg.Suspended, statusLocked)
	cfg.Domain = strings.ToLower(cfg.Domain)
	if cfg.PerSecond <= 0 {
		cfg.PerSecond = 20
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 30 * time.Second
	}
	if cfg.Settle <= 0 {
		cfg.Settle = time.Minute
	}
	switch {
	case cfg.Now == nil:
		return nil, errors.New("zimbra: no clock")
	case cfg.Admin == "" || cfg.Password == "":
		return nil, errors.New("zimbra: the administrator or the password is empty")
	case cfg.Domain == "":
		return nil, errors.New("zimbra: no domain for the accounts")
	case !attributeName.MatchString(cfg.CodeAttr) || !attributeName.MatchString(cfg.MarkerAttr):
		return nil, errors.New("zimbra: the attribute for the code or the marker is not the name of one")
	case cfg.Suspended != statusLocked && cfg.Suspended != statusClosed:
		return nil, fmt.Errorf("zimbra: a suspended account is locked or closed, not %q", cfg.Suspended)
	}
	s := &Server{cfg: cfg}
	client, err := httpClient(cfg)
	if err != nil {
		return nil, err
	}
	common := rest.Config{Name: "zimbra", Base: cfg.URL, Quotas: []rest.Quota{{Count: cfg.PerSecond, Per: time.Second, Burst: 1}},
		Classify: classify, Timeout: cfg.Timeout, HTTP: client, Now: cfg.Now, Sleep: cfg.Sleep}
	once := common
	once.Tries = 1 // whoever needs the token tries again
	if s.auth, err = rest.New(once); err != nil {
		return nil, err
	}
	common.Fetch, common.Authorize = s.signIn, putToken
	s.api, err = rest.New(common)
	return s, err
}

// httpClient checks every certificate.
func httpClient(cfg Config) (*http.Client, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 32
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: cfg.ServerName}
	if cfg.CAFile != "" {
		pem, err := os.ReadFile(cfg.CAFile)
		if err != nil {
			return nil, fmt.Errorf("zimbra: CA file: %w", err)
		}
		transport.TLSClientConfig.RootCAs = x509.NewCertPool()
		if !transport.TLSClientConfig.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("zimbra: CA file %s holds no certificate", cfg.CAFile)
		}
	}
	return &http.Client{Transport: transport}, nil
}

// Name is "zimbra".
func (s *Server) Name() string { return "zimbra" }

// Describe says that Zimbra forgets whom it has deleted, and that a search may ask a replica that lags behind.
func (s *Server) Describe() account.Description { return account.Description{Settle: s.cfg.Settle} }

// Close lets go of idle connections.
func (s *Server) Close() error { return errors.Join(s.api.Close(), s.auth.Close()) }

// turnedAway is how long nobody asks for a token after Zimbra refused the password: ten wrong ones close the door to our address
// (zimbraInvalidLoginFilterMaxFailedLogin), and the account is locked out before (zimbraPasswordLockoutMaxFailures).
const turnedAway = 5 * time.Minute

// signIn gets a token (AuthRequest). It lives as long as Zimbra says (zimbraAdminAuthTokenLifetime, 12 hours by default).
func (s *Server) signIn(ctx context.Context) (*oauth2.Token, error) {
	s.mu.Lock()
	wait := s.refused.Add(turnedAway).Sub(s.cfg.Now())
	s.mu.Unlock()
	if wait > 0 && wait <= turnedAway {
		return nil, &oauth2.RetrieveError{ErrorCode: codeAuthFailed}
	}
	said, _, err := s.ask(ctx, s.auth, "Auth", element{"name": s.cfg.Admin, "password": s.cfg.Password}, false)
	if err != nil {
		if f, ok := errors.AsType[*fault](err); ok {
			if f.Code == codeAuthFailed {
				s.mu.Lock()
				s.refused = s.cfg.Now()
				s.mu.Unlock()
			}
			return nil, &oauth2.RetrieveError{ErrorCode: f.Code}
		}
		return nil, err
	}
	const most = 365 * 24 * time.Hour
	return &oauth2.Token{AccessToken: said.Token, ExpiresIn: int64(min(max(0, time.Duration(said.Lifetime)), most/time.Millisecond) / 1000)}, nil
}
