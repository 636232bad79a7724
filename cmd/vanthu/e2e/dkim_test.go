//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"vanthu/bot/store"
)

// A nameServer answers TXT questions by UDP from the keys of .ci/servers; while it is away it says SERVFAIL.
type nameServer struct {
	conn    net.PacketConn
	records map[string]string
	away    atomic.Bool
	asked   atomic.Int64
}

func newNameServer(t *testing.T) *nameServer {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &nameServer{conn: conn, records: map[string]string{"_dmarc.truong.example.": "v=DMARC1; p=reject"}}
	keys, err := os.ReadFile(filepath.Join(os.Getenv("VANTHU_CI_DKIM"), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(keys)) {
		name, record, _ := strings.Cut(strings.TrimSpace(line), " ")
		s.records[name+"."] = record
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.serve()
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-ended
	})
	return s
}

func (s *nameServer) serve() {
	buffer := make([]byte, 4096)
	for {
		n, peer, err := s.conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(buffer[:n]) != nil || len(m.Questions) != 1 {
			continue
		}
		s.asked.Add(1)
		q := m.Questions[0]
		answer := dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true, RecursionAvailable: true, RCode: dnsmessage.RCodeNameError}, Questions: m.Questions}
		if text, ok := s.records[strings.ToLower(q.Name.String())]; ok && q.Type == dnsmessage.TypeTXT {
			var pieces []string // of 255 bytes at the most (RFC 1035 §3.3)
			for ; len(text) > 200; text = text[200:] {
				pieces = append(pieces, text[:200])
			}
			answer.RCode = dnsmessage.RCodeSuccess
			answer.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 1}, Body: &dnsmessage.TXTResource{TXT: append(pieces, text)}}}
		}
		if s.away.Load() {
			answer.RCode, answer.Answers = dnsmessage.RCodeServerFailure, nil
		}
		if packed, err := answer.Pack(); err == nil {
			_, _ = s.conn.WriteTo(packed, peer)
		}
	}
}

// A school whose mail server writes no results: vanthu verifies DKIM itself, by a real resolver, of mails that came through a
// real Postfix and Dovecot. While the DNS is away a unit's mail waits.
func TestOwnDKIM(t *testing.T) {
	dns := newNameServer(t)
	w := newWorld(t, "sqlite")
	w.change(`authserv_id = "mail.truong.example"`, fmt.Sprintf("dkim = \"own\"\nresolver = %q", dns.conn.LocalAddr()))
	dns.away.Store(true)
	w.serve()
	a := w.open()
	send := func(id, domain string, change func(raw string) string) {
		t.Helper()
		raw, err := request(t, ctsv, id, people(100*len(id), 2)).Bytes()
		if err == nil && domain != "" {
			raw, err = signed(raw, domain)
		}
		if err == nil {
			err = w.post(&corpusMail{From: ctsv, Rcpt: []string{service}}, []byte(change(string(raw))))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	same := func(raw string) string { return raw }
	find := func(id string) store.Mail {
		for _, m := range mailsOf(t, a) {
			if strings.Contains(m.MessageID, id) {
				return m
			}
		}
		return store.Mail{}
	}
	send("genuine", "truong.example", same)
	w.await("the DNS is asked again", time.Minute, func() bool { return dns.asked.Load() >= 3 })
	if m := mailsOf(t, a); len(m) != 1 || m[0].Outcome != "" || m[0].Tries > 1 {
		t.Fatalf("while the DNS is away: %+v", m)
	}
	dns.away.Store(false)
	w.await("the mail becomes a case", 2*time.Minute, func() bool { return mailsOf(t, a)[0].Outcome == store.IsCase })

	send("unsigned-mail", "", same)
	send("of-another-domain", "evil.example", same)
	send("with-a-second-subject", "truong.example", func(raw string) string { return "Subject: Xin xoa\r\n" + raw })
	send("changed-afterwards", "truong.example", func(raw string) string {
		return strings.Replace(raw, "\r\nTo:", "\r\nX-A: b\r\nTo:", 1) + "\r\nthem\r\n"
	})
	w.await("all are judged", time.Minute, func() bool {
		mails := mailsOf(t, a)
		return len(mails) == 5 && !slices.ContainsFunc(mails, func(m store.Mail) bool { return m.Outcome == "" })
	})
	for id, want := range map[string]string{"unsigned-mail": "dmarc policy of truong.example: reject", "of-another-domain": "does not speak for the From domain",
		"with-a-second-subject": "the field subject stands twice", "changed-afterwards": "body hash did not verify"} {
		if m := find(id); m.Outcome != store.Quarantined || !strings.HasPrefix(m.Reason, "not_authenticated: ") || !strings.Contains(m.Reason, want) {
			t.Errorf("%s: %s %s", id, m.Outcome, m.Reason)
		}
	}
	box := w.mailbox(ctsv)
	w.await("the answer arrives", time.Minute, func() bool { return box.count("INBOX") > 0 })
	if n := box.count("INBOX"); n != 1 {
		t.Errorf("%d answers, one mail was genuine", n)
	}
}
