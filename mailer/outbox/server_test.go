package outbox_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"vanthu/mailer/outbox"
)

// A server is a real SMTP server in this process whose answers a test can replace.
type server struct {
	mail func() error
	rcpt func(c *smtp.Conn, to string) error
	data func(c *smtp.Conn, raw []byte) error
	auth func(mech, user, secret string) error

	mechanisms []string // nil: PLAIN and XOAUTH2

	mu       sync.Mutex
	conns    map[*smtp.Conn]bool // open now
	seen     map[string]bool     // their addresses, of all that ever were
	most     int
	accepted []accepted
	gone     chan struct{} // one value for each connection that ended
}

type accepted struct {
	from string
	to   []string
	raw  string
}

type session struct {
	s    *server
	c    *smtp.Conn
	from string
	to   []string
}

func (s *server) NewSession(c *smtp.Conn) (smtp.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = true // STARTTLS makes a second session of one connection
	s.seen[c.Conn().RemoteAddr().String()] = true
	s.most = max(s.most, len(s.conns))
	return &session{s: s, c: c}, nil
}

func (x *session) Reset() { x.from, x.to = "", nil }

func (x *session) Logout() error {
	x.s.mu.Lock()
	open := x.s.conns[x.c]
	delete(x.s.conns, x.c)
	x.s.mu.Unlock()
	if open {
		x.s.gone <- struct{}{}
	}
	return nil
}

func (x *session) Mail(from string, _ *smtp.MailOptions) error {
	if x.s.mail != nil {
		return x.s.mail()
	}
	x.from = from
	return nil
}

func (x *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if x.s.rcpt != nil {
		if err := x.s.rcpt(x.c, to); err != nil {
			return err
		}
	}
	x.to = append(x.to, to)
	return nil
}

func (x *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if x.s.data != nil {
		if err := x.s.data(x.c, raw); err != nil {
			return err
		}
	}
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.s.accepted = append(x.s.accepted, accepted{from: x.from, to: x.to, raw: string(raw)})
	return nil
}

func (x *session) AuthMechanisms() []string {
	if x.s.auth == nil {
		return nil
	}
	if x.s.mechanisms != nil {
		return x.s.mechanisms
	}
	return []string{sasl.Plain, "XOAUTH2"}
}

func (x *session) Auth(mech string) (sasl.Server, error) {
	switch mech {
	case sasl.Plain:
		return sasl.NewPlainServer(func(_, user, password string) error { return x.s.auth(mech, user, password) }), nil
	case "XOAUTH2", sasl.OAuthBearer:
		return &bearerServer{check: func(first string) error { return x.s.auth(mech, "", first) }}, nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

// bearerServer refuses as RFC 7628 §3.2.3 has it: a reason first, the refusal after the client's one byte.
type bearerServer struct {
	check func(first string) error
	err   error
}

func (x *bearerServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if x.err != nil {
		if string(response) != "\x01" {
			return nil, false, smtp.ErrAuthUnknownMechanism
		}
		return nil, false, x.err
	}
	if x.err = x.check(string(response)); x.err != nil {
		return []byte(`{"status":"401"}`), false, nil //nolint:nilerr // the refusal comes with the next response
	}
	return nil, true, nil
}

// drop ends all open connections from the server's side and waits until they are gone.
func (s *server) drop(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	var open []*smtp.Conn
	for c := range s.conns {
		open = append(open, c)
	}
	s.mu.Unlock()
	for _, c := range open {
		_ = c.Conn().Close()
	}
	for range open {
		wait(t, s.gone)
	}
}

func (s *server) mails() []accepted {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]accepted(nil), s.accepted...)
}

func (s *server) connections() (opened, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seen), s.most
}

// wait bounds what a broken test would wait for.
func wait(t *testing.T, signal <-chan struct{}) {
	t.Helper()
	select {
	case <-signal:
	case <-time.After(10 * time.Second):
		t.Fatal("nothing happened for ten seconds")
	}
}

// start runs s behind the security, with a certificate of an own authority, until the test ends.
func start(t *testing.T, s *server, security outbox.Security) *outbox.Sender {
	t.Helper()
	config, roots := certificate(t, "mail.truong.example")
	s.conns, s.seen, s.gone = map[*smtp.Conn]bool{}, map[string]bool{}, make(chan struct{}, 100)
	srv := smtp.NewServer(s)
	srv.Domain = "mail.truong.example"
	srv.AllowInsecureAuth = security == outbox.Plain
	if security == outbox.StartTLS {
		srv.TLSConfig = config
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if security == outbox.Implicit {
		listener = tls.NewListener(listener, config)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(listener) }()
	sender := &outbox.Sender{
		Address: address, Security: security, ServerName: "mail.truong.example", RootCAs: roots,
		HELO: "vanthu.truong.example", Timeout: 10 * time.Second,
	}
	t.Cleanup(func() {
		if err := sender.Close(); err != nil {
			t.Error(err)
		}
		_ = srv.Close()
		_ = listener.Close() // srv does not know it when Serve has not yet begun
		if err := <-served; err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	return sender
}

// certificate makes an authority and a certificate of it for one host.
func certificate(t *testing.T, host string) (*tls.Config, *x509.CertPool) {
	t.Helper()
	now := time.Now()
	make1 := func(template, parent *x509.Certificate, signer *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if signer == nil {
			parent, signer = template, key
		}
		template.NotBefore, template.NotAfter = now.Add(-time.Hour), now.Add(time.Hour)
		der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
		if err != nil {
			t.Fatal(err)
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return cert, key
	}
	ca, caKey := make1(&x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil, nil)
	leaf, leafKey := make1(&x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{host}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, ca, caKey)
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	pair := tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: leafKey}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, roots
}

// failure is the *Error that a Send must give.
func failure(t *testing.T, err error, want outbox.Outcome) *outbox.Error {
	t.Helper()
	got, ok := errors.AsType[*outbox.Error](err)
	if !ok {
		t.Fatalf("got %v, want an *outbox.Error", err)
	}
	if got.Outcome != want {
		t.Fatalf("got %v, want it to be %s", got, want)
	}
	return got
}

func secret(s string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return s, nil }
}
