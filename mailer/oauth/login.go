package oauth

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// LoginByCode lets a person log in on any other machine (device authorization, RFC 8628). show is given the address to open
// and the code to type there.
func (s *Source) LoginByCode(ctx context.Context, show func(address, code string)) error {
	if s.cfg.Provider.DeviceURL == "" {
		return &Error{Kind: Refused, Err: errors.New("this provider has no login by code; log in by browser")}
	}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, s.cfg.Client)
	library := s.library()
	device, err := library.DeviceAuth(ctx)
	if err != nil {
		return classify(ctx, err)
	}
	show(device.VerificationURI, device.UserCode)
	var options []oauth2.AuthCodeOption
	if s.cfg.Secret != "" {
		options = append(options, oauth2.SetAuthURLParam("client_secret", s.cfg.Secret))
	}
	token, err := library.DeviceAccessToken(ctx, device, options...)
	if err != nil {
		return classify(ctx, err)
	}
	return s.begin(ctx, token)
}

// LoginByBrowser lets a person log in in a browser of this machine, which is sent back to a loopback port (RFC 8252 §7.3)
// with a code that only this process can use (PKCE, RFC 7636). show is given the address to open; user is a hint for whom to
// log in. pasted, which may be nil, gives the address that a browser on another machine could not open in the end.
func (s *Source) LoginByBrowser(ctx context.Context, user string, pasted io.Reader, show func(address string)) error {
	if s.cfg.Provider.AuthURL == "" {
		return &Error{Kind: Refused, Err: errors.New("this provider has no login by browser")}
	}
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, oauth2.HTTPClient, s.cfg.Client), 15*time.Minute)
	defer cancel()
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", loopbackAddress+":0")
	if err != nil {
		return &Error{Kind: Temporary, Err: err}
	}
	back := newReturn(rand.Text())
	server := &http.Server{Handler: back, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(ln) // until Close
	}()
	defer func() {
		_ = server.Close()
		<-ended
	}()
	if pasted != nil {
		go back.read(pasted) // ends with its reader, or with the process
	}
	library := s.library()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	library.RedirectURL = "http://" + net.JoinHostPort(s.cfg.Provider.Redirect, port)
	verifier := oauth2.GenerateVerifier()
	// Google gives a refresh token only when asked for one and when the person consents anew.
	show(library.AuthCodeURL(back.state, oauth2.S256ChallengeOption(verifier), oauth2.AccessTypeOffline,
		oauth2.SetAuthURLParam("prompt", "consent"), oauth2.SetAuthURLParam("login_hint", user)))
	select {
	case <-ctx.Done():
		return &Error{Kind: Temporary, Err: context.Cause(ctx)}
	case got := <-back.got:
		if got.err != nil {
			return got.err
		}
		token, err := library.Exchange(ctx, got.code, oauth2.VerifierOption(verifier))
		if err != nil {
			return classify(ctx, err)
		}
		return s.begin(ctx, token)
	}
}

// begin stores the grant of a login.
func (s *Source) begin(ctx context.Context, token *oauth2.Token) error {
	if token.RefreshToken == "" {
		return &Error{Kind: Refused, Err: errors.New("the provider gave no refresh token; the application must be allowed offline access")}
	}
	unlock, err := s.box.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	space, err := s.box.reserve()
	if err != nil {
		return err
	}
	defer space.drop()
	return space.keep(s.granted(token, grant{}))
}

// A comeback is where the browser is sent with the code. It believes only what has the state of this login.
type comeback struct {
	state string
	got   chan answer // holds one
}

type answer struct {
	code string
	err  error
}

func newReturn(state string) *comeback { return &comeback{state: state, got: make(chan answer, 1)} }

// take looks at the query of the address that the browser was sent to; it says whether it was for us.
func (c *comeback) take(query url.Values) bool {
	if subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(c.state)) != 1 {
		return false
	}
	a := answer{code: query.Get("code")}
	if a.code == "" {
		a.err = &Error{Kind: Dead, Err: errors.New("the login was not finished")}
		if kind, known := kinds[query.Get("error")]; known {
			a.err = &Error{Kind: kind, Code: query.Get("error")}
		}
	}
	select {
	case c.got <- a:
	default: // a second visit
	}
	return true
}

func (c *comeback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Referrer-Policy", "no-referrer")
	if r.Method != http.MethodGet || !c.take(r.URL.Query()) {
		http.NotFound(w, r)
		return
	}
	fmt.Fprintln(w, "Đã nhận. Có thể đóng trang này và xem kết quả ở dòng lệnh.\nReceived. You may close this page and see the command line for the result.")
}

// read takes the first address out of r that is ours.
func (c *comeback) read(r io.Reader) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if u, err := url.Parse(strings.TrimSpace(lines.Text())); err == nil && c.take(u.Query()) {
			return
		}
	}
}
