package outbox

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Security is how the connection is protected.
type Security string

// The ways. The server's certificate is always checked.
const (
	Implicit Security = "tls"      // from the first byte, port 465 (RFC 8314 §3.3)
	StartTLS Security = "starttls" // port 587; a server that does not offer it is refused (RFC 3207)
	Plain    Security = "plain"    // only to a loopback address
)

// A Sender hands messages to one submission server. Its fields are set before the first Send and not changed afterwards;
// Send and Close are safe for concurrent use. It keeps idle connections: call Close at the end.
type Sender struct {
	Address    string         // "mail.truong.example:465"
	Security   Security       // "" is Implicit
	ServerName string         // name in the certificate; "" takes the host of Address
	RootCAs    *x509.CertPool // nil: the system's
	HELO       string         // our name, a host name with a domain; "" is "localhost"

	// User logs in with Token (OAUTHBEARER or XOAUTH2) when that is set, else with Password (PLAIN or LOGIN). "" does not
	// log in. Both are asked for each new connection and must not put the secret into their error. refused is the token that
	// the server has just refused, "" else.
	User     string
	Password func(ctx context.Context) (string, error)
	Token    func(ctx context.Context, refused string) (string, error)

	Timeout time.Duration    // for each step, five times that for the reply to the whole message; 0 is two minutes
	Idle    time.Duration    // a connection unused for longer is closed, when the next Send looks; 0 is 30 s
	Max     int              // connections at a time; 0 is 4
	Now     func() time.Time // nil is time.Now

	once  sync.Once
	slots chan struct{} // holds one token for each connection that may be in use

	mu     sync.Mutex
	idle   []*session // the last used at the end
	closed bool
}

// ErrClosed is within the error of a Send after Close.
var ErrClosed = errors.New("outbox: the sender is closed")

var errEnvelope = errors.New("outbox: no recipient, or an address that would break the command")

// Send hands one message, header and body with CRLF, to the server for all recipients or for none. reply is what the
// server said when it took it, with its queue id ("2.0.0 Ok: queued as 4XyZ"). Every error is an *Error.
func (s *Sender) Send(ctx context.Context, from string, to []string, raw []byte) (reply string, err error) {
	return s.Deliver(ctx, Message{From: from, To: to, Raw: raw})
}

// Deliver is Send for a message whose sender wants to know when the final dot goes out.
func (s *Sender) Deliver(ctx context.Context, m Message) (reply string, err error) {
	s.once.Do(func() { s.slots = make(chan struct{}, orElse(s.Max, 4)) })
	if len(m.To) == 0 || slices.ContainsFunc(append([]string{m.From}, m.To...), malformed) {
		return "", &Error{Outcome: Permanent, Reply: "the envelope cannot be sent", Err: errEnvelope}
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return "", temporary(ctx, "waiting for a connection", ctx.Err())
	}
	c, err := s.connection(ctx)
	if err != nil {
		return "", err
	}
	reply, err = c.send(ctx, m)
	s.giveBack(c, err)
	return reply, err
}

// Probe says whether a message could be handed over now: it asks a kept connection, or connects and logs in. Every error is
// an *Error.
func (s *Sender) Probe(ctx context.Context) error {
	s.once.Do(func() { s.slots = make(chan struct{}, orElse(s.Max, 4)) })
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return temporary(ctx, "waiting for a connection", ctx.Err())
	}
	c, err := s.connection(ctx)
	if err == nil {
		s.giveBack(c, nil)
	}
	return err
}

// Close says good-bye on the idle connections. Connections in use are closed when their Send ends.
func (s *Sender) Close() error {
	s.mu.Lock()
	idle := s.idle
	s.idle, s.closed = nil, true
	s.mu.Unlock()
	for _, c := range idle {
		c.quit()
	}
	return nil
}

// malformed says whether an envelope address would change the command that holds it.
func malformed(address string) bool { return strings.ContainsAny(address, "\r\n\x00 <>") }

// connection gives a kept connection that still answers, or a new one. A kept one that died is no failure: nothing of the
// message was sent on it.
func (s *Sender) connection(ctx context.Context) (*session, error) {
	for {
		c, err := s.takeIdle()
		if err != nil {
			return nil, temporary(ctx, err.Error(), err)
		}
		if c == nil {
			return s.dial(ctx)
		}
		if c.alive(ctx) {
			return c, nil
		}
		c.close()
		if ctx.Err() != nil {
			return nil, temporary(ctx, "probing the connection", ctx.Err())
		}
	}
}

// takeIdle gives the connection used last, and closes those that were not used for too long.
func (s *Sender) takeIdle() (*session, error) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, ErrClosed
	}
	oldest := s.now().Add(-orElse(s.Idle, 30*time.Second))
	var stale []*session
	for len(s.idle) > 0 && s.idle[0].used.Before(oldest) {
		stale, s.idle = append(stale, s.idle[0]), s.idle[1:]
	}
	var c *session
	if n := len(s.idle); n > 0 {
		c, s.idle = s.idle[n-1], s.idle[:n-1]
	}
	s.mu.Unlock()
	for _, old := range stale {
		old.close() // no QUIT: the server has given it up by now, and the next message waits
	}
	return c, nil
}

// giveBack keeps a connection on which the server still talks.
func (s *Sender) giveBack(c *session, err error) {
	if err != nil {
		if refusal, ok := errors.AsType[*smtp.SMTPError](err); !ok || refusal.Code == 421 { // RFC 5321 §3.8: it is closing
			c.close()
			return
		}
	}
	c.used = s.now()
	s.mu.Lock()
	keep := !s.closed
	if keep {
		s.idle = append(s.idle, c)
	}
	s.mu.Unlock()
	if !keep {
		c.quit()
	}
}

func (s *Sender) now() time.Time {
	now := s.Now
	if now == nil {
		now = time.Now
	}
	return now()
}

func (s *Sender) timeout() time.Duration { return orElse(s.Timeout, 2*time.Minute) }

func (s *Sender) host() string {
	host, _, err := net.SplitHostPort(s.Address)
	if err != nil {
		return s.Address
	}
	return host
}

func orElse[T int | time.Duration](v, def T) T {
	if v > 0 {
		return v
	}
	return def
}

// temporary is a failure before the message: whatever the server or the network said, it said it of us and not of the mail.
func temporary(ctx context.Context, doing string, err error) *Error {
	e := &Error{Outcome: Temporary, Reply: describe(ctx, doing, err), Err: because(ctx, err)}
	if refusal, ok := errors.AsType[*smtp.SMTPError](err); ok {
		e.Said = true
		if rest, ok := limited(refusal); ok {
			e.Outcome, e.Rest = Limited, rest
		}
	}
	return e
}

// refused is the server's answer about this message. 5xx are for good, except those that speak of us: of the login (RFC 4954
// §6: 530, 534, 535, 538), of how much we send, and at MAIL FROM of our address (every letter would be refused so; a
// message that is too large is refused there too, RFC 1870 §6.1).
func refused(ctx context.Context, doing string, err error) *Error {
	e := temporary(ctx, doing, err)
	if refusal, ok := errors.AsType[*smtp.SMTPError](err); ok && e.Outcome != Limited {
		switch code := refusal.Code; {
		case code == 530, code == 534, code == 535, code == 538, code < 500:
		case refusal.EnhancedCode == smtp.EnhancedCode{5, 2, 1} && strings.Contains(refusal.Message, "receiving mail"): // Gmail, of a mailbox that gets too much
		case doing == atMail && code != 552 && refusal.EnhancedCode[1] != 3:
			e.Outcome, e.Rest, e.Sender = Limited, restLong, true
		default:
			e.Outcome = Permanent
		}
	}
	return e
}

func describe(ctx context.Context, doing string, err error) string {
	if refusal, ok := errors.AsType[*smtp.SMTPError](err); ok {
		return fmt.Sprintf("%s: %s", doing, status(refusal.Code, refusal.EnhancedCode, refusal.Message))
	}
	return fmt.Sprintf("%s: %v", doing, because(ctx, err))
}

// because names the end of ctx, which shows as a closed connection, by its own name.
func because(ctx context.Context, err error) error {
	if ctx.Err() != nil && !errors.Is(err, ctx.Err()) {
		return fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return err
}

func status(code int, enhanced smtp.EnhancedCode, text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if enhanced == smtp.EnhancedCodeNotSet || enhanced == smtp.NoEnhancedCode {
		return fmt.Sprintf("%d %s", code, text)
	}
	return fmt.Sprintf("%d %d.%d.%d %s", code, enhanced[0], enhanced[1], enhanced[2], text)
}
