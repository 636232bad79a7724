package outbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// A session is one connection, logged in.
type session struct {
	client *smtp.Client
	conn   net.Conn // below TLS; closing it ends whatever waits
	step   time.Duration
	used   time.Time
	midway bool // a transaction was begun and not finished
}

var (
	errNotLoopback = errors.New("outbox: without TLS only a loopback address is allowed")
	errNoLogin     = errors.New("outbox: the server offers no way to log in that we know")
)

// dial opens a connection up to the login. A failure here says nothing of the message: it is Temporary even for a wrong
// password or certificate, which a person must put right while the mails wait.
func (s *Sender) dial(ctx context.Context) (*session, error) {
	dialer := net.Dialer{Timeout: s.timeout()}
	if s.Security == Plain {
		dialer.Control = loopbackOnly
	}
	conn, err := dialer.DialContext(ctx, "tcp", s.Address)
	if err != nil {
		return nil, temporary(ctx, "connecting to "+s.Address, err)
	}
	c := &session{conn: conn, step: s.timeout()}
	defer c.bound(ctx)()
	if doing, err := s.open(ctx, c); err != nil {
		c.close()
		return nil, temporary(ctx, doing, err)
	}
	return c, nil
}

// loopbackOnly is asked with the address that a name has led to, before anything is sent to it.
func loopbackOnly(_, address string, _ syscall.RawConn) error {
	if to, err := netip.ParseAddrPort(address); err != nil || !to.Addr().IsLoopback() {
		return errNotLoopback
	}
	return nil
}

// open greets and logs in. doing names the step that failed.
func (s *Sender) open(ctx context.Context, c *session) (doing string, err error) {
	config := &tls.Config{ServerName: s.ServerName, RootCAs: s.RootCAs, MinVersion: tls.VersionTLS12}
	if config.ServerName == "" {
		config.ServerName = s.host()
	}
	switch s.Security {
	case Plain:
		c.client = smtp.NewClient(c.conn)
		s.setTimeouts(c)
	case StartTLS:
		stop := c.watch(c.step)
		c.client, err = smtp.NewClientStartTLS(c.conn, config) // refuses a server that does not offer it
		stop()
		if err != nil {
			return "STARTTLS", err
		}
		s.setTimeouts(c)
	default:
		secure := tls.Client(c.conn, config)
		stop := c.watch(c.step)
		err = secure.HandshakeContext(ctx)
		stop()
		if err != nil {
			return "TLS", err
		}
		c.client = smtp.NewClient(secure)
		s.setTimeouts(c)
	}
	name := s.HELO
	if name == "" {
		name = "localhost"
	}
	if err := c.client.Hello(name); err != nil {
		return "EHLO", err
	}
	return "login", s.login(ctx, c)
}

func (s *Sender) setTimeouts(c *session) {
	c.client.CommandTimeout = s.timeout()
	// A server may think long about a whole message, and giving up means not to know (RFC 5321 §4.5.3.2.6).
	c.client.SubmissionTimeout = 5 * s.timeout()
}

func (s *Sender) login(ctx context.Context, c *session) error {
	if s.User == "" {
		return nil
	}
	ask := s.Password
	if s.Token != nil {
		ask = s.Token
	}
	if ask == nil {
		return errNoLogin
	}
	secret, err := ask(ctx)
	if err != nil {
		return fmt.Errorf("the secret of %s: %w", s.User, err)
	}
	mechanism := s.mechanism(c, secret)
	if mechanism == nil {
		return errNoLogin
	}
	return c.client.Auth(mechanism)
}

func (s *Sender) mechanism(c *session, secret string) sasl.Client {
	can := c.client.SupportsAuth
	switch {
	case s.Token != nil && can("XOAUTH2"):
		return &xoauth2{user: s.User, token: secret}
	case s.Token != nil && can(sasl.OAuthBearer):
		return sasl.NewOAuthBearerClient(&sasl.OAuthBearerOptions{Username: s.User, Token: secret})
	case s.Token == nil && can(sasl.Plain):
		return sasl.NewPlainClient("", s.User, secret)
	case s.Token == nil && can(sasl.Login):
		return sasl.NewLoginClient(s.User, secret)
	}
	return nil
}

// xoauth2 is the mechanism of Google and Microsoft from before RFC 7628.
type xoauth2 struct{ user, token string }

func (x *xoauth2) Start() (mech string, first []byte, err error) {
	return "XOAUTH2", []byte("user=" + x.user + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

// Next answers the server's reason for a refusal with an empty line, after which the refusal itself comes.
func (x *xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }

// alive asks whether the server still listens, and clears what an earlier message left. It does not wait long: a new
// connection is cheap.
func (c *session) alive(ctx context.Context) bool {
	defer c.bound(ctx)()
	defer c.watch(min(c.step, 5*time.Second))()
	if c.midway {
		return c.client.Reset() == nil
	}
	return c.client.Noop() == nil
}

// atMail names the command that says who sends.
const atMail = "MAIL FROM"

// send does one transaction (RFC 5321 §3.3).
func (c *session) send(ctx context.Context, m Message) (string, error) {
	defer c.bound(ctx)()
	c.midway = true
	if err := c.client.Mail(m.From, &smtp.MailOptions{Size: int64(len(m.Raw))}); err != nil {
		return "", refused(ctx, atMail, err)
	}
	for _, rcpt := range m.To {
		if err := c.client.Rcpt(rcpt, nil); err != nil {
			return "", refused(ctx, "RCPT TO <"+rcpt+">", err)
		}
	}
	data, err := c.client.Data()
	if err != nil {
		return "", refused(ctx, "DATA", err)
	}
	err = c.write(data, m.Raw)
	if err == nil && m.BeforeDot != nil {
		err = m.BeforeDot(ctx)
	}
	if err != nil {
		// Without the final dot the server must drop what it has (RFC 5321 §4.1.1.4). An error that is no reply makes Send
		// close the connection.
		return "", temporary(ctx, "sending the message", err)
	}
	stop := c.watch(6 * c.step) // the library's own deadline begins only after the dot is out
	response, err := data.CloseWithResponse()
	stop()
	if err == nil {
		c.midway = false
		return strings.Join(strings.Fields(response.StatusText), " "), nil
	}
	if _, answered := errors.AsType[*smtp.SMTPError](err); answered {
		return "", refused(ctx, "message", err)
	}
	return "", &Error{Outcome: Unknown, Reply: describe(ctx, "waiting for the reply to the message", err), Err: because(ctx, err)}
}

// write sends the message in pieces, each within the time of a step: the library sets no deadline here.
func (c *session) write(data *smtp.DataCommand, raw []byte) error {
	const piece = 32 << 10
	for len(raw) > 0 {
		n := min(piece, len(raw))
		stop := c.watch(c.step)
		_, err := data.Write(raw[:n])
		stop()
		if err != nil {
			return err
		}
		raw = raw[n:]
	}
	return nil
}

// bound closes the connection when ctx ends; the returned function lets go.
func (c *session) bound(ctx context.Context) func() {
	stop := context.AfterFunc(ctx, c.close)
	return func() { stop() }
}

// watch closes the connection when a step takes too long.
func (c *session) watch(limit time.Duration) (stop func()) {
	timer := time.AfterFunc(limit, c.close)
	return func() { timer.Stop() }
}

func (c *session) close() { _ = c.conn.Close() }

// quit says good-bye, but waits for no answer longer than a moment.
func (c *session) quit() {
	c.client.CommandTimeout = min(c.step, 2*time.Second)
	_ = c.client.Quit()
	c.close()
}
