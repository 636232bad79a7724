package outbox_test

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"vanthu/mailer/outbox"
)

func TestBadCertificate(t *testing.T) {
	t.Parallel()
	_, others := certificate(t, "mail.truong.example")
	for name, change := range map[string]func(*outbox.Sender){
		"unknown authority": func(s *outbox.Sender) { s.RootCAs = others },
		"wrong name":        func(s *outbox.Sender) { s.ServerName = "mail.evil.example" },
		"name of Address":   func(s *outbox.Sender) { s.ServerName = "" },
	} {
		for _, security := range []outbox.Security{outbox.Implicit, outbox.StartTLS} {
			t.Run(name+" "+string(security), func(t *testing.T) {
				t.Parallel()
				s := &server{}
				sender := start(t, s, security)
				change(sender)
				asked := false
				sender.User, sender.Password = us, func(context.Context) (string, error) { asked = true; return "", nil }
				_, err := sender.Send(t.Context(), us, unit, []byte(raw))
				got := failure(t, err, outbox.Temporary)
				_, authority := errors.AsType[x509.UnknownAuthorityError](got)
				_, host := errors.AsType[x509.HostnameError](got)
				if !authority && !host {
					t.Errorf("%v does not speak of the certificate", got)
				}
				if asked || len(s.mails()) > 0 {
					t.Error("something was said to a server that nobody vouches for")
				}
			})
		}
	}
}

func TestNoSTARTTLSIsRefused(t *testing.T) {
	t.Parallel()
	s := &server{auth: func(string, string, string) error { t.Error("logged in without TLS"); return nil }}
	sender := start(t, s, outbox.Plain)
	sender.Security = outbox.StartTLS
	sender.User, sender.Password = us, secret("x")
	_, err := sender.Send(t.Context(), us, unit, []byte(raw))
	if got := failure(t, err, outbox.Temporary); !strings.Contains(got.Reply, "STARTTLS") || len(s.mails()) > 0 {
		t.Errorf("got %v, %d mails", got, len(s.mails()))
	}
}

// Plain speaks to loopback alone: an address beyond it (RFC 5737) is refused before anything is sent there.
func TestPlainBeyondLoopbackIsRefused(t *testing.T) {
	t.Parallel()
	sender := &outbox.Sender{Address: "192.0.2.1:25", Security: outbox.Plain, Timeout: 5 * time.Second}
	_, err := sender.Send(t.Context(), us, unit, []byte(raw))
	if got := failure(t, err, outbox.Temporary); !strings.Contains(got.Reply, "loopback") {
		t.Errorf("got %v", got)
	}
}

func TestSlowServer(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	slow := func() error { <-release; return nil }
	for name, c := range map[string]struct {
		server *server
		want   outbox.Outcome
	}{
		"at RCPT":           {&server{rcpt: func(*smtp.Conn, string) error { return slow() }}, outbox.Temporary},
		"after the message": {&server{data: func(*smtp.Conn, []byte) error { return slow() }}, outbox.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			sender := start(t, c.server, outbox.Implicit)
			sender.Timeout = 200 * time.Millisecond
			_, err := sender.Send(t.Context(), us, unit, []byte(raw))
			got := failure(t, err, c.want)
			if timeout, ok := errors.AsType[net.Error](got); !ok || !timeout.Timeout() {
				t.Errorf("%v is no timeout", got)
			}
		})
	}
	close(release)
}

// A server that takes the connection and never says a word, in each way to begin.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	for _, security := range []outbox.Security{outbox.Implicit, outbox.StartTLS, outbox.Plain} {
		t.Run(string(security), func(t *testing.T) {
			t.Parallel()
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			sender := &outbox.Sender{Address: listener.Addr().String(), Security: security, Timeout: 100 * time.Millisecond}
			_, err = sender.Send(t.Context(), us, unit, []byte(raw))
			failure(t, err, outbox.Temporary)
		})
	}
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	sender := &outbox.Sender{Address: listener.Addr().String(), Timeout: 5 * time.Second}
	_, err = sender.Send(t.Context(), us, unit, []byte(raw))
	failure(t, err, outbox.Temporary)
}
