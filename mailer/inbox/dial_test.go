package inbox

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

// selfSigned makes a certificate for "mail.truong.example" and the pool that trusts it.
func selfSigned(t testing.TB) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true,
		BasicConstraintsValid: true, DNSNames: []string{"mail.truong.example"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

// try connects once.
func try(t *testing.T, cfg Config) error {
	t.Helper()
	s, err := connect(t.Context(), cfg.withDefaults())
	if err == nil {
		s.close()
	}
	return err
}

func TestCertificateIsChecked(t *testing.T) {
	t.Parallel()
	settings, pool := selfSigned(t)
	for _, kind := range []string{TLSImplicit, TLSStart} {
		f := newFake(t)
		f.hook = func(c *fakeConn, command string) bool {
			switch {
			case command == "(greeting)" && kind == TLSImplicit:
				c.upgrade(settings)
			case command == "STARTTLS":
				c.ok()
				c.upgrade(settings)
				return true
			}
			return false
		}
		cfg := plain(f.start())
		cfg.TLS = kind
		cfg.RootCAs, cfg.ServerName = pool, "mail.truong.example"
		if err := try(t, cfg); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		cfg.ServerName = "other.truong.example"
		if _, ok := errors.AsType[x509.HostnameError](try(t, cfg)); !ok {
			t.Errorf("%s: wrong name: %v", kind, try(t, cfg))
		}
		cfg.ServerName = ""
		if _, ok := errors.AsType[x509.HostnameError](try(t, cfg)); !ok {
			t.Errorf("%s: name of the address is not checked: %v", kind, try(t, cfg))
		}
		cfg.RootCAs, cfg.ServerName = x509.NewCertPool(), "mail.truong.example"
		if _, ok := errors.AsType[x509.UnknownAuthorityError](try(t, cfg)); !ok {
			t.Errorf("%s: unknown authority: %v", kind, try(t, cfg))
		}
		if logins := f.said("LOGIN"); len(logins) != 1 {
			t.Errorf("%s: %d logins, want 1", kind, len(logins))
		}
	}
}

// upgrade goes on under TLS.
func (c *fakeConn) upgrade(settings *tls.Config) {
	c.f.mu.Lock()
	defer c.f.mu.Unlock()
	conn := tls.Server(c.Conn, settings)
	c.Conn, c.r = conn, bufio.NewReader(conn)
}

func TestStartTLSIsNotFooled(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"refused":       "tls NO not today\r\n",
		"farewell":      "tls OK [x",
		"ok and gone":   "tls OK go\r\n",
		"endless":       strings.Repeat("* OK still here\r\n", 200),
		"no line end":   strings.Repeat("x", 100<<10),
		"tagged early":  "x OK go\r\n",
		"half a answer": "tls O",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.hook = func(c *fakeConn, command string) bool {
				if command != "STARTTLS" {
					return false
				}
				_, _ = fmt.Fprint(c, answer)
				_ = c.Close()
				return true
			}
			cfg := plain(f.start())
			cfg.TLS = TLSStart
			if err := try(t, cfg); err == nil {
				t.Error("connected")
			}
			if logins := f.said("LOGIN"); len(logins) > 0 {
				t.Error("the password went over an unprotected line")
			}
		})
	}
}

// What stands unprotected behind the OK would be taken for an answer given under TLS (CVE-2011-0411).
func TestStartTLSInjection(t *testing.T) {
	t.Parallel()
	settings, pool := selfSigned(t)
	f := newFake(t)
	f.hook = func(c *fakeConn, command string) bool {
		if command != "STARTTLS" {
			return false
		}
		_, _ = fmt.Fprintf(c, "%s OK go\r\n* CAPABILITY IMAP4rev1\r\n", c.tag)
		c.upgrade(settings)
		return true
	}
	cfg := plain(f.start())
	cfg.TLS, cfg.RootCAs, cfg.ServerName = TLSStart, pool, "mail.truong.example"
	if err := try(t, cfg); err == nil {
		t.Error("connected")
	}
}

func TestPreauthInTheClearIsRefused(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.hook = func(c *fakeConn, command string) bool {
		c.say("* PREAUTH welcome")
		return c.hang()
	}
	cfg := plain(f.start())
	cfg.TLS = TLSStart
	if err := try(t, cfg); err == nil {
		t.Error("connected")
	}
}

func TestSilentHandshake(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.hook = func(c *fakeConn, command string) bool {
		if command == "STARTTLS" {
			c.ok()
		} else if command != "(greeting)" {
			return false
		} else if c.n == 2 {
			return false
		}
		return c.hang()
	}
	cfg := plain(f.start())
	cfg.Timeout = 100 * time.Millisecond
	for _, kind := range []string{TLSImplicit, TLSStart} {
		cfg.TLS = kind
		if err := try(t, cfg); !errors.Is(err, ErrTimeout) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// Whatever a server says about a login, the secret is in no error.
func TestLogin(t *testing.T) {
	t.Parallel()
	const secret = "s3cret-Tøken"
	give := func(context.Context) (string, error) { return secret, nil }
	decoded := func(line string) string {
		raw, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
		return string(raw)
	}
	for name, c := range map[string]struct {
		caps, begins, sent string
		token              bool
	}{
		"login":       {caps: "IMAP4rev1", begins: "LOGIN"},
		"plain":       {caps: "IMAP4rev1 AUTH=PLAIN", begins: "AUTHENTICATE PLAIN", sent: "\x00cntt\x00" + secret},
		"xoauth2":     {caps: "IMAP4rev1 AUTH=XOAUTH2", token: true, begins: "AUTHENTICATE XOAUTH2", sent: "user=cntt\x01auth=Bearer " + secret + "\x01\x01"},
		"oauthbearer": {caps: "IMAP4rev1 AUTH=XOAUTH2 AUTH=OAUTHBEARER", token: true, begins: "AUTHENTICATE OAUTHBEARER", sent: "n,a=cntt,\x01auth=Bearer " + secret + "\x01\x01"},
	} {
		for _, accept := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s accepted=%v", name, accept), func(t *testing.T) {
				t.Parallel()
				f := newFake(t)
				f.caps = c.caps
				f.hook = func(conn *fakeConn, command string) bool {
					login := strings.HasPrefix(command, "AUTHENTICATE") || strings.HasPrefix(command, "LOGIN")
					if !login {
						return false
					}
					if !strings.HasPrefix(command, c.begins) {
						t.Errorf("got %q, want %s", command, c.begins)
					}
					var line string
					if c.sent != "" {
						conn.say("+ ")
						line, _ = conn.r.ReadString('\n')
						if got := decoded(line); got != c.sent {
							t.Errorf("sent %q, want %q", got, c.sent)
						}
					} else { // a password that is not ASCII travels as a literal
						conn.say("+ go on")
						line, _ = conn.r.ReadString('\n')
					}
					if accept {
						conn.ok()
						return true
					}
					if c.token {
						conn.say("+ %s", base64.StdEncoding.EncodeToString([]byte(`{"status":"400","token":"`+secret+`"}`)))
						_, _ = conn.r.ReadString('\n')
					}
					conn.say("%s NO [AUTHENTICATIONFAILED] wrong: %s %s", conn.tag, strings.TrimSpace(line), secret)
					return true
				}
				cfg := plain(f.start())
				cfg.Password = give
				if c.token {
					cfg.Password, cfg.Token = nil, func(ctx context.Context, _ string) (string, error) { return give(ctx) }
				}
				err := try(t, cfg)
				if (err == nil) != accept {
					t.Fatalf("got %v", err)
				}
				sent := base64.StdEncoding.EncodeToString([]byte(c.sent + secret))[:16]
				if err != nil && (strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), sent)) {
					t.Errorf("the secret is in %q", err)
				}
			})
		}
	}
}

func TestNoLoginWhereItIsForbidden(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.caps = "IMAP4rev1 LOGINDISABLED"
	if err := try(t, plain(f.start())); err == nil || len(f.said("LOGIN")) > 0 {
		t.Errorf("%v; %q", err, f.said("LOGIN"))
	}
}

func TestSecretThatCannotBeHad(t *testing.T) {
	t.Parallel()
	gone := errors.New("no such file")
	cfg := plain(newFake(t).start())
	cfg.Password = func(context.Context) (string, error) { return "", gone }
	if err := try(t, cfg); !errors.Is(err, gone) {
		t.Error(err)
	}
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Address: ln.Addr().String(), TLS: TLSPlain, Password: func(context.Context) (string, error) { return "", nil }}
	_ = ln.Close()
	if err := try(t, cfg); err == nil {
		t.Error("connected")
	}
}
