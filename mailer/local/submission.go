package local

import (
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// An envelope is who brought a mail and for whom.
type envelope struct {
	from  string // "" is the null sender
	to    []string
	helo  string
	login string // "" for a stranger
}

func newSubmission(s *Server) *smtp.Server {
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &submission{server: s, conn: c.Conn(), helo: c.Hostname()}, nil
	}))
	server.Domain = "mail." + s.domain
	server.MaxMessageBytes = maxMail
	server.MaxRecipients = 100
	server.EnableSMTPUTF8 = true
	server.ReadTimeout = 5 * time.Minute // RFC 5321 §4.5.3.2.7
	server.WriteTimeout = time.Minute
	server.ErrorLog = log.New(io.Discard, "", 0)
	return server
}

// A submission is one SMTP connection of somebody who has a login (RFC 6409).
type submission struct {
	server *Server
	conn   net.Conn
	helo   string
	login  string
	env    envelope
}

var _ smtp.AuthSession = (*submission)(nil)

func (s *submission) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *submission) Auth(mech string) (sasl.Server, error) {
	if mech != sasl.Plain {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	return sasl.NewPlainServer(func(identity, user, password string) error {
		account := s.server.store.login(user, password)
		if account == nil || identity != "" && !sameAddress(identity, user) {
			return smtp.ErrAuthFailed
		}
		s.login = account.address
		return nil
	}), nil
}

func (s *submission) Mail(from string, _ *smtp.MailOptions) error {
	if s.login == "" {
		return smtp.ErrAuthRequired
	}
	if !sameAddress(from, s.login) {
		return &smtp.SMTPError{Code: 553, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "Sender address is not owned by the login"}
	}
	s.env = envelope{from: from, helo: s.helo, login: s.login}
	return nil
}

func (s *submission) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.server.faults.rcpt(to); err != nil {
		return err
	}
	if !s.server.store.has(to) {
		return unknownRecipient(to)
	}
	s.env.to = append(s.env.to, to)
	return nil
}

func unknownRecipient(to string) error {
	return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No mailbox for <" + to + "> on this machine"}
}

func (s *submission) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.server.deliver(s.env, raw); err != nil {
		return err
	}
	if s.server.faults.drop() {
		return s.conn.Close() // taken, but the client never reads so
	}
	return nil
}

func (s *submission) Reset() { s.env = envelope{} }

func (s *submission) Logout() error { return nil }

// deliver stamps a mail and puts a copy into every recipient's INBOX: all or none.
func (s *Server) deliver(e envelope, raw []byte) error {
	for _, to := range e.to {
		if !s.store.has(to) {
			return unknownRecipient(to)
		}
	}
	for _, to := range e.to {
		if err := s.store.add(to, inbox, s.stamp(e, to, raw)); err != nil {
			return err
		}
	}
	return nil
}

// faults are the failures that a test has ordered.
type faults struct {
	mu      sync.Mutex
	refused map[string][]error // by recipient, in lower case
	drops   int
}

// FailRcpt answers the next n RCPT commands for that address with code (4xx temporary, 5xx permanent) and text.
func (s *Server) FailRcpt(address string, n, code int, text string) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	if s.faults.refused == nil {
		s.faults.refused = make(map[string][]error)
	}
	key := strings.ToLower(address)
	for range n {
		s.faults.refused[key] = append(s.faults.refused[key], &smtp.SMTPError{Code: code, Message: text})
	}
}

// DropAfterData takes the next n mails and cuts the connection instead of saying so: the one window in which a sender
// cannot know (RFC 5321 §4.5.3.2.6).
func (s *Server) DropAfterData(n int) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.drops += n
}

func (f *faults) rcpt(to string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := strings.ToLower(to)
	due := f.refused[key]
	if len(due) == 0 {
		return nil
	}
	f.refused[key] = due[1:]
	return due[0]
}

func (f *faults) drop() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.drops == 0 {
		return false
	}
	f.drops--
	return true
}
