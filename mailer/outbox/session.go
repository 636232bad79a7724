package outbox

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"vanthu/mailer/oauth"
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
	errToken       = errors.New("outbox: the server refuses the token")
	errSameToken   = errors.New("outbox: there is no other token")
)

// dial opens a connection up to the login. A failure here says nothing of the message: it is Temporary even for a wrong
// password or certificate, which a person must put right while the mails wait. A token that the server refuses is renewed
// once, and a new connection made with it.
func (s *Sender) dial(ctx context.Context) (*session, error) {
	c, token, err := s.attempt(ctx, "")
	if errors.Is(err, errToken) {
		if again, _, err := s.attempt(ctx, token); !errors.Is(err, errSameToken) {
			return again, err
		}
	}
	return c, err
}

// attempt connects with another token than the one that was refused, and returns the one it used.
func (s *Sender) attempt(ctx context.Context, refused string) (c *session, token string, err error) {
	if s.User != "" && s.Token != nil {
		if token, err = s.Token(ctx, refused); err != nil {
			return nil, "", temporary(ctx, "getting a token for "+s.User, err)
		}
		if token == refused {
			return nil, "", errSameToken
		}
	}
	dialer := net.Dialer{Timeout: s.timeout()}
	if s.Security == Plain {
		dialer.Control = loopbackOnly
	}
	conn, err := dialer.DialContext(ctx, "tcp", s.Address)
	if err != nil {
		return nil, token, temporary(ctx, "connecting to "+s.Address, err)
	}
	c = &session{conn: conn, step: s.timeout()}
	defer c.bound(ctx)()
	if doing, err := s.open(ctx, c, token); err != nil {
		c.close()
		return nil, token, temporary(ctx, doing, err)
	}
	return c, token, nil
}

// loopbackOnly is asked with the address that a name has led to, before anything is sent to it.
func loopbackOnly(_, address string, _ syscall.RawConn) error {
	if to, err := netip.ParseAddrPort(address); err != nil || !to.Addr().IsLoopback() {
		return errNotLoopback
	}
	return nil
}

// open greets and logs in. doing names the step that failed.
func (s *Sender) open(ctx context.Context, c *session, token string) (doing string, err error) {
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
	return "login", s.login(ctx, c, token)
}

func (s *Sender) setTimeouts(c *session) {
	c.client.CommandTimeout = s.timeout()
	// A server may think long about a whole message, and giving up means not to know (RFC 5321 §4.5.3.2.6).
	c.client.SubmissionTimeout = 5 * s.timeout()
}

func (s *Sender) login(ctx context.Context, c *session, token string) error {
	if s.User == "" {
		return nil
	}
	secret := token
	if s.Token == nil {
		if s.Password == nil {
			return errNoLogin
		}
		var err error
		if secret, err = s.Password(ctx); err != nil {
			return fmt.Errorf("the secret of %s: %w", s.User, err)
		}
	}
	mechanism := s.mechanism(c, secret)
	if mechanism == nil {
		return errNoLogin
	}
	err := c.client.Auth(mechanism)
	refusal, ok := errors.AsType[*smtp.SMTPError](err)
	if !ok {
		return err
	}
	if echoes(refusal.Message, secret, mechanism) {
		err = &smtp.SMTPError{Code: refusal.Code, EnhancedCode: refusal.EnhancedCode, Message: "login refused"}
	}
	if s.Token != nil && (refusal.Code == 535 || refusal.Code == 501) { // RFC 4954 §6; 501 is for the answer to the server's reason
		return fmt.Errorf("%w: %w", errToken, err)
	}
	return err
}

// echoes says whether a server repeats in its refusal some of what it was sent, as a few do.
func echoes(text, secret string, mechanism sasl.Client) bool {
	const some = 8
	_, first, _ := mechanism.Start()
	for _, said := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)), base64.StdEncoding.EncodeToString(first)} {
		for i := 0; i == 0 || i+some <= len(said); i++ {
			if piece := said[i:min(i+some, len(said))]; piece != "" && strings.Contains(text, piece) {
				return true
			}
		}
	}
	return false
}

func (s *Sender) mechanism(c *session, secret string) sasl.Client {
	can := c.client.SupportsAuth
	switch {
	case s.Token != nil && can(sasl.OAuthBearer):
		return oauth.Bearer(sasl.OAuthBearer, s.User, secret)
	case s.Token != nil && can(oauth.XOAUTH2):
		return oauth.Bearer(oauth.XOAUTH2, s.User, secret)
	case s.Token == nil && can(sasl.Plain):
		return sasl.NewPlainClient("", s.User, secret)
	case s.Token == nil && can(sasl.Login):
		return sasl.NewLoginClient(s.User, secret)
	}
	return nil
}

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
