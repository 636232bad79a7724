package inbox

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"time"
)

// A Config says which mailbox, and how patient to be. Zero values: Mailbox "INBOX", Poll 2 m, Timeout 1 m, MaxSize 40 MB,
// Batch 64, the server name from Address, the system's authorities, no log, the machine's clock.
type Config struct {
	Address    string         // host:port
	TLS        string         // TLSImplicit, TLSStart or TLSPlain
	ServerName string         // name on the certificate
	RootCAs    *x509.CertPool // nil: the system's
	User       string
	Password   func(ctx context.Context) (string, error) // asked at every login
	// Token gives an OAuth 2 access token, instead of Password. refused is one that the server has just refused, "" else.
	Token   func(ctx context.Context, refused string) (string, error)
	Mailbox string
	Poll    time.Duration // the mailbox is listed at least this often, whatever IDLE says; at most 28 m
	Timeout time.Duration // the longest silence of the server while it owes an answer
	MaxSize int64         // bytes; of a larger mail only the header block is fetched
	Batch   int           // mails handed to Journal.Store at once (or fewer, about 8 MB)
	Logger  *slog.Logger
	Now     func() time.Time
	Status  func(Status)      // optional; called by Run's goroutine at each change
	Lost    func(code string) // optional; why the connection was lost, a word of the log, before Status says so

	dial func(ctx context.Context) (net.Conn, error) // tests: nil is TCP
}

// The kinds of protection of the connection.
const (
	TLSImplicit = "implicit"
	TLSStart    = "starttls"
	TLSPlain    = "plain" // a loopback address only
)

// Status is what the watcher's connection does.
type Status string

// The states of the connection.
const (
	Connected    Status = "connected" // logged in, mailbox open
	Idle         Status = "idle"      // everything is stored, waiting for news
	Disconnected Status = "lost"      // trying again after a pause
)

var (
	// ErrTimeout is a server that kept silent for longer than Config.Timeout.
	ErrTimeout = errors.New("the mail server does not answer")
	// ErrConfig is a Config that cannot work; Watcher.Run ends with it.
	ErrConfig = errors.New("mailbox settings")
)

const (
	maxPoll    = 28 * time.Minute // servers log out an idle client after 30 (RFC 9051 §5.4, RFC 2177)
	batchBytes = 8 << 20          // about what one Journal.Store gets
	headerSize = 1 << 20          // kept of the header block of an oversize mail
)

func (c Config) withDefaults() Config {
	if c.Mailbox == "" {
		c.Mailbox = "INBOX"
	}
	if c.Poll <= 0 {
		c.Poll = 2 * time.Minute
	}
	c.Poll = min(c.Poll, maxPoll)
	if c.Timeout <= 0 {
		c.Timeout = time.Minute
	}
	if c.MaxSize <= 0 {
		c.MaxSize = 40 << 20
	}
	if c.Batch <= 0 {
		c.Batch = 64
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Status == nil {
		c.Status = func(Status) {}
	}
	if c.Lost == nil {
		c.Lost = func(string) {}
	}
	return c
}

// check finds settings that no retry can heal.
func (c Config) check() error {
	host, _, err := net.SplitHostPort(c.Address)
	if err != nil {
		return fmt.Errorf("%w: address %q is not host:port", ErrConfig, c.Address)
	}
	switch c.TLS {
	case TLSImplicit, TLSStart:
	case TLSPlain:
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return fmt.Errorf("%w: %q without TLS is allowed for a loopback address only", ErrConfig, c.Address)
		}
	default:
		return fmt.Errorf("%w: tls is %q, want %q or %q", ErrConfig, c.TLS, TLSImplicit, TLSStart)
	}
	if (c.Password == nil) == (c.Token == nil) {
		return fmt.Errorf("%w: want either a password or a token", ErrConfig)
	}
	return nil
}

func (c Config) serverName() string {
	if c.ServerName != "" {
		return c.ServerName
	}
	host, _, _ := net.SplitHostPort(c.Address)
	return host
}

// A backoff gives growing pauses, each shortened by chance so that many clients do not come back at once.
type backoff struct {
	shortest, longest time.Duration
	current           time.Duration
}

// next returns the pause before the next try: half of the current step and a random part of the other half.
func (b *backoff) next() time.Duration {
	b.current = min(max(2*b.current, b.shortest), b.longest)
	return b.current/2 + rand.N(b.current/2+1)
}

func (b *backoff) reset() { b.current = 0 }

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
