package intake_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
	"vanthu/mailer/trust"
)

// Where we verify DKIM ourselves, a DNS that does not answer makes a unit's mail wait; it neither passes nor is lost. After
// four hours the mail goes to an officer, unproven.
func TestTheDNSIsAwayForAWhile(t *testing.T) {
	t.Parallel()
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	mail := letter{from: ctsv, login: "none", codes: []string{"2153010001"}}.raw()
	_, mail, _ = bytes.Cut(mail, []byte("+0000\r\n")) // without Received
	if err := dkim.Sign(&out, bytes.NewReader(mail), &dkim.SignOptions{Domain: "truong.example", Selector: "k1", Signer: key, Hash: crypto.SHA256}); err != nil {
		t.Fatal(err)
	}
	raw := "Received: from mx.truong.example by mail.truong.example with ESMTP id 1; Sat, 21 Nov 2026 22:03:35 +0000\r\n" + out.String()

	later, away := time.Duration(0), true
	db := storetest.SQLite(t)
	w := newWorld(t, db)
	now := db.Now
	db.Now = func() time.Time { return now().Add(later) }
	w.in.DKIM = &trust.Verifier{Now: time.Now, TXT: func(_ context.Context, name string) ([]string, error) {
		switch {
		case away:
			return nil, errors.New("server misbehaving")
		case name == "k1._domainkey.truong.example":
			return []string{"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)}, nil
		}
		return nil, &net.DNSError{IsNotFound: true}
	}}
	id := w.arrive([]byte(raw))[0]
	for _, later = range []time.Duration{0, time.Hour, 3 * time.Hour} {
		if err := w.in.Mail(t.Context(), id); bot.ErrorCode(err) != bot.Temporary {
			t.Fatalf("after %v: %v", later, err)
		}
		if m := w.mail(id); m.Outcome != "" || m.Tries != 0 {
			t.Fatalf("after %v: %s %s, %d tries", later, m.Outcome, m.Reason, m.Tries)
		}
	}
	other := w.arrive([]byte(strings.Replace(raw, "id 1;", "id 2;", 1)), []byte(strings.Replace(raw, "From: <ctsv@", "From: <x@", 1)))
	if err := w.in.Mail(t.Context(), other[1]); err != nil { // nobody waits for a stranger
		t.Fatal(err)
	}
	away = false
	if err := w.in.Mail(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if m := w.mail(id); m.Outcome != store.IsCase {
		t.Errorf("the DNS is back: %s %s", m.Outcome, m.Reason)
	}

	away = true
	changed := w.arrive([]byte(strings.Replace(raw, "email\r\n", "email 2\r\n", 1)))[0] // another mail
	if err := w.in.Mail(t.Context(), changed); bot.ErrorCode(err) != bot.Temporary {
		t.Fatal(err)
	}
	later += 5 * time.Hour
	if err := w.in.Mail(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	if m := w.mail(changed); m.Outcome != store.Quarantined || !strings.HasPrefix(m.Reason, "not_authenticated: ") || !strings.Contains(m.Reason, "the DNS does not answer") {
		t.Errorf("the DNS stays away: %s %s", m.Outcome, m.Reason)
	}
}

// The officer reads in the reason whom a stranger could be taken for.
func TestALookAlikeIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	w.in.Trust.Known = []string{ctsv, dtsdh}
	m := w.takes(letter{from: "ctsv@truonq.example", codes: []string{"2153010001"}})
	if m.Outcome != store.Quarantined || !strings.HasPrefix(m.Reason, "not_entitled: ") || !strings.Contains(m.Reason, "the address looks like ctsv@truong.example") {
		t.Errorf("%s %s", m.Outcome, m.Reason)
	}
}
