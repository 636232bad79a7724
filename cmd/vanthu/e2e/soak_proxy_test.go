//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"
)

// A cutter stands between vanthu and the mail servers, ends TLS on both sides, and cuts connections where it hurts. It
// understands just enough of IMAP and SMTP to aim; a connection draws its fate when it is opened.
type cutter struct {
	upstream  *tls.Config // trusts the real servers
	shown     *tls.Config // what vanthu sees
	authority []byte      // PEM, for vanthu's ca_file

	mu     sync.Mutex
	random *rand.Rand
	armed  bool
	cuts   []mishap
	dots   map[string][]dot // Message-ID → transmissions that reached their final dot
}

// A mishap is something that the soak did, for the check of repeated answers and for whoever looks for a cause.
type mishap struct {
	At, Until time.Time
	What      string
}

// A dot is one transmission of an answer up to its final dot.
type dot struct {
	At        time.Time
	Accepted  bool // the server said 250
	Uncertain bool // nobody waited for what it says
	Cut       bool // it said so, and vanthu was not told
}

func newCutter(t testing.TB, s servers, random *rand.Rand) *cutter {
	t.Helper()
	c := &cutter{upstream: s.tls(), random: random, dots: make(map[string][]dot)}
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	authority := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "soak"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 1, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(crand.Reader, authority, authority, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	c.authority = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: s.serverName}, NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, DNSNames: []string{s.serverName}}
	der, err = x509.CreateCertificate(crand.Reader, leaf, authority, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	c.shown = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
	return c
}

// listen serves one protocol on an address of its own and returns it.
func (c *cutter) listen(t testing.TB, handle func(client net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				go handle(conn)
			}
		}
	}()
	return listener.Addr().String()
}

func (c *cutter) arm(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armed = on
}

// draw gives a connection its fate, "" for none, and a number for where.
func (c *cutter) draw(fates []string) (fate string, where float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.armed {
		return "", 0
	}
	return fates[c.random.IntN(len(fates))], c.random.Float64()
}

// wire is one connection through the cutter.
type wire struct {
	c              *cutter
	client, server net.Conn
	once           sync.Once
}

// cut breaks both sides, and notes where.
func (w *wire) cut(where string, detail ...any) {
	w.once.Do(func() {
		w.c.mu.Lock()
		w.c.cuts = append(w.c.cuts, mishap{At: time.Now(), Until: time.Now(), What: "cut " + where + " " + fmt.Sprint(detail...)})
		w.c.mu.Unlock()
		_, _ = w.client.Close(), w.server.Close()
	})
}

// end closes both sides after one of them has ended by itself.
func (w *wire) end() { w.once.Do(func() { _, _ = w.client.Close(), w.server.Close() }) }

var imapFates = []string{"", "", "", "", "literal", "literal", "exists", "exists", "move", "move", "bytes", "time"}

// imap is one connection over TLS to the real IMAP server.
func (c *cutter) imap(address string) func(net.Conn) {
	return func(raw net.Conn) {
		server, err := tls.Dial("tcp", address, c.upstream)
		if err != nil {
			_ = raw.Close()
			return
		}
		p := &imapWire{wire: wire{c: c, client: tls.Server(raw, c.shown), server: server}}
		p.fate, p.where = c.draw(imapFates)
		defer p.end()
		if p.fate == "time" {
			timer := time.AfterFunc(time.Duration(p.where*float64(4*time.Second)), func() { p.cut("at a random moment") })
			defer timer.Stop()
		}
		go func() {
			defer p.end()
			p.commands()
		}()
		p.answers()
	}
}

type imapWire struct {
	wire
	fate  string
	where float64

	mu             sync.Mutex
	idle           bool // the client has asked for IDLE
	announced      bool // EXISTS was forwarded while it idled
	moving         bool // MOVE was forwarded and not answered
	literals, sent int
}

// commands carries what the client says, line by line.
func (p *imapWire) commands() {
	in := bufio.NewReaderSize(p.client, 64<<10)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		upper := bytes.ToUpper(line)
		p.mu.Lock()
		p.idle = p.idle || bytes.HasSuffix(upper, []byte(" IDLE\r\n"))
		fetch := p.fate == "exists" && p.announced && bytes.Contains(upper, []byte(" FETCH "))
		p.moving = p.moving || p.fate == "move" && bytes.Contains(upper, []byte("UID MOVE "))
		p.mu.Unlock()
		if fetch {
			p.cut("between EXISTS and FETCH")
			return
		}
		if _, err := p.server.Write(line); err != nil {
			return
		}
	}
}

// answers carries what the server says: lines, and the literals between them.
func (p *imapWire) answers() {
	in := bufio.NewReaderSize(p.server, 64<<10)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		p.mu.Lock()
		p.announced = p.announced || p.idle && bytes.HasSuffix(line, []byte(" EXISTS\r\n"))
		moved := p.moving && (bytes.Contains(line, []byte(" OK ")) || bytes.Contains(line, []byte("COPYUID")))
		p.mu.Unlock()
		if moved {
			p.cut("after MOVE, before its answer")
			return
		}
		p.sent += len(line)
		if p.fate == "bytes" && p.sent > int(p.where*p.where*300_000) {
			n := int(p.where * float64(len(line)))
			_, _ = p.client.Write(line[:n])
			p.cut("within a line", n, "of", len(line))
			return
		}
		if _, err := p.client.Write(line); err != nil {
			return
		}
		if n := literal(line); n > 0 {
			if !p.literal(in, n) {
				return
			}
		}
	}
}

// literal returns the size that a line announces (RFC 9051 §4.3), 0 for none.
func literal(line []byte) int {
	open := bytes.LastIndexByte(line, '{')
	if open < 0 || !bytes.HasSuffix(line, []byte("}\r\n")) {
		return 0
	}
	n := 0
	if _, err := fmt.Sscanf(string(line[open:]), "{%d}", &n); err != nil {
		return 0
	}
	return n
}

func (p *imapWire) literal(in *bufio.Reader, n int) bool {
	data := make([]byte, n)
	for i := 0; i < n; {
		got, err := in.Read(data[i:])
		if err != nil {
			return false
		}
		i += got
	}
	p.literals++
	p.sent += n
	if p.fate == "literal" && p.literals > int(p.where*12) {
		at := int(p.where*7919*float64(n)) % n
		_, _ = p.client.Write(data[:at])
		p.cut("within a literal", at, "of", n)
		return false
	}
	_, err := p.client.Write(data)
	return err == nil
}
