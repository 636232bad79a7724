package inbox

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"vanthu/mailer/oauth"
)

// connect opens a connection and logs in. Every step stands under cfg.Timeout and ctx. A token that the server refuses is
// renewed once, and a new connection made with it: not every server lets two logins follow each other on one.
func connect(ctx context.Context, cfg Config) (*session, error) {
	s, token, err := attempt(ctx, cfg, "")
	if errors.Is(err, errToken) {
		if again, _, err := attempt(ctx, cfg, token); !errors.Is(err, errSameToken) {
			return again, err
		}
	}
	return s, err
}

var (
	errToken     = errors.New("the server refuses the token")
	errSameToken = errors.New("there is no other token")
)

// attempt connects with another token than the one that was refused, and returns the one it used.
func attempt(ctx context.Context, cfg Config, refused string) (s *session, token string, err error) {
	if cfg.Token != nil {
		if token, err = cfg.Token(ctx, refused); err != nil {
			return nil, "", fmt.Errorf("getting a token for %s: %w", cfg.User, err)
		}
		if token == refused {
			return nil, "", errSameToken
		}
	}
	raw, protected, err := dial(ctx, cfg)
	if err != nil {
		return nil, token, fmt.Errorf("connecting to %s: %w", cfg.Address, err)
	}
	s = newSession(raw, protected, cfg.Timeout)
	if err := s.login(ctx, cfg, token); err != nil {
		s.close()
		return nil, token, fmt.Errorf("logging in at %s as %s: %w", cfg.Address, cfg.User, err)
	}
	return s, token, nil
}

// dial returns the TCP connection and the one to talk over, which are the same without TLS.
func dial(ctx context.Context, cfg Config) (net.Conn, net.Conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, cfg.Timeout, ErrTimeout)
	defer cancel()
	connect := cfg.dial
	if connect == nil {
		connect = func(ctx context.Context) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", cfg.Address)
		}
	}
	raw, err := connect(ctx)
	if err != nil {
		return nil, nil, because(ctx, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	defer stop()
	protected := raw
	settings := &tls.Config{ServerName: cfg.serverName(), RootCAs: cfg.RootCAs, MinVersion: tls.VersionTLS12}
	switch cfg.TLS {
	case TLSImplicit:
		protected, err = handshake(ctx, raw, settings)
	case TLSStart:
		protected, err = startTLS(ctx, raw, settings)
	}
	if err != nil {
		_ = raw.Close()
		return nil, nil, because(ctx, err)
	}
	return raw, protected, nil
}

// because gives the reason of a cancelled context instead of its consequence on the wire.
func because(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func handshake(ctx context.Context, raw net.Conn, settings *tls.Config) (net.Conn, error) {
	conn := tls.Client(raw, settings)
	return conn, conn.HandshakeContext(ctx)
}

// startTLS upgrades before the library sees the connection: its own STARTTLS waits without a deadline for a server that
// says OK and goes away. Whatever was said in the clear is forgotten (RFC 9051 §6.2.1), and anything that came together
// with the OK is an injection, not an answer.
func startTLS(ctx context.Context, raw net.Conn, settings *tls.Config) (net.Conn, error) {
	const longest = 100 // lines before the answer
	r := bufio.NewReader(io.LimitReader(raw, 64<<10))
	greeting, err := r.ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("reading the greeting: %w", err)
	}
	if !strings.HasPrefix(strings.ToUpper(greeting), "* OK") {
		return nil, errors.New("the server does not greet with OK")
	}
	if _, err := io.WriteString(raw, "tls STARTTLS\r\n"); err != nil {
		return nil, err
	}
	for range longest {
		line, err := r.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("waiting for STARTTLS: %w", err)
		}
		if strings.HasPrefix(line, "* ") {
			continue
		}
		if !strings.HasPrefix(strings.ToUpper(line), "TLS OK") {
			return nil, errors.New("the server refuses STARTTLS")
		}
		if r.Buffered() > 0 {
			return nil, errors.New("the server sent unprotected data behind STARTTLS")
		}
		conn, err := handshake(ctx, raw, settings)
		return &greeted{Conn: conn, text: strings.NewReader("* OK TLS is on\r\n")}, err
	}
	return nil, errors.New("the server does not answer STARTTLS")
}

// greeted is a connection whose greeting was already read: the library gets another one in its place.
type greeted struct {
	net.Conn
	text *strings.Reader
}

func (g *greeted) Read(b []byte) (int, error) {
	if g.text.Len() > 0 {
		return g.text.Read(b)
	}
	return g.Conn.Read(b)
}

// wire takes the library's own deadlines away: they are constants, start late and cut a large mail on a slow line. The
// session's watchdog owns them all.
type wire struct{ net.Conn }

func (wire) SetDeadline(time.Time) error      { return nil }
func (wire) SetReadDeadline(time.Time) error  { return nil }
func (wire) SetWriteDeadline(time.Time) error { return nil }

func newSession(raw, protected net.Conn, timeout time.Duration) *session {
	s := &session{raw: raw, ear: newEar(protected), timeout: timeout, news: make(chan struct{}, 1)}
	s.c = imapclient.New(wire{s.ear}, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(data *imapclient.UnilateralDataMailbox) {
			if data.NumMessages == nil {
				return
			}
			select {
			case s.news <- struct{}{}:
			default: // somebody has said so already
			}
		},
	}})
	return s
}

func (s *session) login(ctx context.Context, cfg Config, token string) error {
	if err := s.askCaps(ctx); err != nil {
		return withoutText(err)
	}
	var exchange func() error
	if cfg.Token != nil {
		exchange = func() error { return s.c.Authenticate(bearer(s.caps, cfg.User, token)) }
	} else {
		password, err := cfg.Password(ctx)
		if err != nil {
			return fmt.Errorf("getting the password: %w", err)
		}
		switch {
		case s.caps.Has(imap.AuthCap(sasl.Plain)):
			exchange = func() error { return s.c.Authenticate(sasl.NewPlainClient("", cfg.User, password)) }
		case s.caps.Has(imap.CapLoginDisabled):
			return errors.New("the server allows no login by password here")
		default:
			exchange = func() error { return s.c.Login(cfg.User, password).Wait() }
		}
	}
	if err := s.do(ctx, "login", exchange); err != nil {
		err = withoutText(err)
		if cfg.Token != nil && tokenRefused(err) {
			err = fmt.Errorf("%w: %w", errToken, err)
		}
		return err
	}
	// Another list than before the login. The library forgets the old one, and asks for the new one, only after it has said that the login is
	// done; by the answer to something else it has, and its question does not come behind our IDLE, where it would wait.
	err := s.do(ctx, "noop", func() error { return s.c.Noop().Wait() })
	if err == nil {
		err = s.askCaps(ctx)
	}
	s.ear.settle()
	return err
}

// tokenRefused tells a refused token from a server that cannot look at it now (RFC 5530). Gmail goes through the motions of
// refusing a token when there are too many connections, and says so only in the end.
func tokenRefused(err error) bool {
	switch {
	case !refused(err), pressed(err) != nil:
		return false
	case refusedWith(err, imap.ResponseCodeUnavailable), refusedWith(err, imap.ResponseCodeServerBug), refusedWith(err, imap.ResponseCodeContactAdmin):
		return false
	}
	return true
}

// bearer logs in with an OAuth 2 token: OAUTHBEARER (RFC 7628) where the server knows it, else XOAUTH2.
func bearer(caps imap.CapSet, user, token string) sasl.Client {
	if caps.Has(imap.AuthCap(sasl.OAuthBearer)) {
		return oauth.Bearer(sasl.OAuthBearer, user, token)
	}
	return oauth.Bearer(oauth.XOAUTH2, user, token)
}

func (s *session) askCaps(ctx context.Context) error {
	return s.do(ctx, "capability", func() error {
		if err := s.c.WaitGreeting(); err != nil {
			return err
		}
		if s.caps = s.c.Caps(); s.caps == nil {
			return errors.New("the server gives no capabilities")
		}
		return nil
	})
}
