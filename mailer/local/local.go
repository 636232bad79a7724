// Package local is a small mail system on loopback, for the demo and for tests: IMAP and SMTP submission behind TLS with
// a certificate of its own making, and mailboxes that live in memory only and are gone at Close. Nothing ever leaves the
// machine: mail to an unknown address is refused at RCPT.
//
// It behaves like the school's MTA where that matters to a reader of mail: it prepends Return-Path, Received and
// Authentication-Results (RFC 5321 §4.4, RFC 8601), takes away results that somebody else wrote in its name, and lets
// nobody send under another person's address.
//
// It must not know what a mail says beyond its header block, nor be used for a mailbox that anybody cares about.
package local

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-smtp"
)

// Options say who has a mailbox. The zero values of Domain, AuthservID and Now are "truong.example", "mail."+Domain and
// the machine's clock.
type Options struct {
	Domain     string // the server calls itself mail.<Domain>
	AuthservID string // written into Authentication-Results
	Mailboxes  []Account
	Now        func() time.Time
}

// An Account is one mailbox and the login for it; addresses of any domain may have one.
type Account struct{ Address, Password string }

// A Server is the running mail system.
type Server struct {
	domain     string
	authservID string
	now        func() time.Time
	certs      *certificates
	store      *store
	faults     faults

	imapListener *listener
	smtpListener *listener
	imap         *imapserver.Server
	smtp         *smtp.Server
	serving      sync.WaitGroup
}

// maxMail is the largest mail that SMTP takes, in bytes.
const maxMail = 100 << 20

// Start opens both listeners on free ports of 127.0.0.1. Call Close when done.
func Start(o Options) (*Server, error) {
	if o.Domain == "" {
		o.Domain = "truong.example"
	}
	if o.AuthservID == "" {
		o.AuthservID = "mail." + o.Domain
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{domain: o.Domain, authservID: o.AuthservID, now: o.Now, store: newStore(o.Mailboxes, o.Now)}
	var err error
	if s.certs, err = makeCertificates(o.Now()); err != nil {
		return nil, fmt.Errorf("certificate of the local mail server: %w", err)
	}
	if s.imapListener, err = listen(); err != nil {
		return nil, err
	}
	if s.smtpListener, err = listen(); err != nil {
		return nil, errors.Join(err, s.imapListener.Close())
	}
	s.imap = imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &session{store: s.store}, nil, nil
		},
		Caps: imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapNamespace: {}, imap.CapUIDPlus: {}, imap.CapMove: {},
			imap.CapESearch: {}, imap.CapListExtended: {}},
		Logger: log.New(io.Discard, "", 0),
	})
	s.smtp = newSubmission(s)
	s.serving.Go(func() { _ = s.imap.Serve(tls.NewListener(s.imapListener, s.certs.server)) })
	s.serving.Go(func() { _ = s.smtp.Serve(tls.NewListener(s.smtpListener, s.certs.server)) })
	return s, nil
}

// Close stops listening, closes every connection and forgets the mail.
func (s *Server) Close() error {
	err := errors.Join(s.imapListener.Close(), s.smtpListener.Close())
	// Both libraries only repeat what is closed already; their complaint about that says nothing.
	_ = s.imap.Close()
	_ = s.smtp.Close()
	s.serving.Wait()
	return err
}

// IMAPAddr is host:port of IMAP with implicit TLS.
func (s *Server) IMAPAddr() string { return s.imapListener.Addr().String() }

// SMTPAddr is host:port of SMTP submission with implicit TLS (RFC 8314).
func (s *Server) SMTPAddr() string { return s.smtpListener.Addr().String() }

// RootCAs holds the authority that signed the server's certificate (for "localhost" and 127.0.0.1).
func (s *Server) RootCAs() *x509.CertPool { return s.certs.pool() }

// WriteCA writes that authority as ca.pem into folder and returns the file's path.
func (s *Server) WriteCA(folder string) (string, error) {
	file := filepath.Join(folder, "ca.pem")
	if err := os.WriteFile(file, s.certs.caPEM, 0o644); err != nil {
		return "", fmt.Errorf("certificate authority of the local mail server: %w", err)
	}
	return file, nil
}

// Receive delivers a mail as a stranger's server would bring it: nobody logged in, so nothing vouches for the sender.
// from "" is the null sender of a bounce. It is an error when to has no mailbox here.
func (s *Server) Receive(from, to string, raw []byte) error {
	return s.deliver(envelope{from: from, to: []string{to}, helo: "outside.invalid"}, raw)
}

// Deliver puts a mail into a folder exactly as it is, without any trace fields. The folder is made when missing.
func (s *Server) Deliver(address, folder string, raw []byte) error {
	return s.store.add(address, folder, bytes.Clone(raw))
}

// Messages returns what lies in a folder, oldest first.
func (s *Server) Messages(address, folder string) ([][]byte, error) {
	return s.store.messages(address, folder)
}

// Flags returns the flags of the mails in a folder, in the order of Messages.
func (s *Server) Flags(address, folder string) ([][]imap.Flag, error) {
	return s.store.flags(address, folder)
}

// Folders returns the names of the folders of a mailbox, sorted.
func (s *Server) Folders(address string) ([]string, error) { return s.store.folders(address) }

// Wait returns the mails of a folder as soon as there are at least n of them, or the error of ctx. A folder that does not
// exist yet holds none.
func (s *Server) Wait(ctx context.Context, address, folder string, n int) ([][]byte, error) {
	for {
		changed := s.store.changed()
		mails, err := s.store.messages(address, folder)
		if err == nil && len(mails) >= n {
			return mails, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return mails, fmt.Errorf("%d of %d mails in %s of %s: %w", len(mails), n, folder, address, ctx.Err())
		}
	}
}

// Changed returns a channel that is closed at the next change of any mailbox.
func (s *Server) Changed() <-chan struct{} { return s.store.changed() }

// Renumber gives a folder a new UIDVALIDITY and new UIDs, as a restore from backup does (RFC 9051 §2.3.1.1), and cuts the
// IMAP connections, which knew the old ones.
func (s *Server) Renumber(address, folder string) error {
	err := s.store.renumber(address, folder)
	s.imapListener.drop()
	return err
}

// DropConnections cuts every IMAP and SMTP connection; new ones are welcome.
func (s *Server) DropConnections() {
	s.imapListener.drop()
	s.smtpListener.drop()
}

// A listener remembers its connections, so that they can be cut.
type listener struct {
	net.Listener
	mu     sync.Mutex
	open   map[*conn]struct{}
	closed bool
}

type conn struct {
	net.Conn
	from *listener
}

func listen() (*listener, error) {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}) // no name is looked up: nothing waits
	if err != nil {
		return nil, fmt.Errorf("local mail server: %w", err)
	}
	return &listener{Listener: l, open: make(map[*conn]struct{})}, nil
}

func (l *listener) Accept() (net.Conn, error) {
	raw, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, errors.Join(net.ErrClosed, raw.Close())
	}
	c := &conn{Conn: raw, from: l}
	l.open[c] = struct{}{}
	return c, nil
}

func (l *listener) Close() error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	err := l.Listener.Close()
	l.drop()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (l *listener) drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.open {
		_ = c.Conn.Close()
	}
}

func (c *conn) Close() error {
	c.from.mu.Lock()
	delete(c.from.open, c)
	c.from.mu.Unlock()
	return c.Conn.Close()
}

// sameAddress compares two addresses as mail servers of today do.
func sameAddress(a, b string) bool { return strings.EqualFold(a, b) }
