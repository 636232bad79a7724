//go:build e2e

package e2e

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/go-ldap/ldap/v3"

	"vanthu/bot"
)

const (
	adDomain = "DC=ad,DC=truong,DC=example"
	adPeople = "OU=Students," + adDomain
)

// Active Directory from the mail to the sign-in: four people are asked for, and vanthu is killed twice while their accounts are made, once when
// they stand there without a password, once between password and permission. What stands there then lets nobody in; in the end each has
// one account, added once, and his password of the encrypted workbook is the right one, to be changed at the first sign-in. One of
// them leaves and is suspended.
func TestActiveDirectory(t *testing.T) {
	w := newWorld(t, "sqlite")
	w.service("start", "samba")
	t.Cleanup(func() { w.service("stop", "samba") })
	ad := w.activeDirectory()
	serve := w.serve()
	unit, inbox := w.courier(ctsv), w.mailbox(ctsv)
	list := people(600, 4)

	unit.send(request(t, ctsv, "ad", list))
	w.await("the acknowledgement", 20*time.Second, func() bool { return inbox.count("INBOX") == 1 })
	ad.line.hold(1)
	w.served(inbox.mails("INBOX")[0].Header("X-Vanthu-Case"))
	for _, next := range []int{6, 0} { // of the second process the first five changes pass
		w.await("accounts that are being made", 30*time.Second, ad.line.holds)
		serve.kill()
		begun := 0
		for _, e := range ad.entries() {
			if half := strings.HasSuffix(e.GetAttributeValue("adminDescription"), " half-made"); half != disabled(e) {
				t.Errorf("killed in the middle: %s %q, control %s", e.DN, e.GetAttributeValue("adminDescription"), e.GetAttributeValue("userAccountControl"))
			} else if half {
				begun++
			}
		}
		t.Logf("killed in the middle: %d accounts, %d of them not finished", len(ad.entries()), begun)
		if begun == 0 {
			t.Error("it was not killed in the middle")
		}
		ad.line.hold(next)
		serve = w.serve()
	}
	w.await("the credentials", 60*time.Second, func() bool { return inbox.count("INBOX") == 2 })
	passwords := credentials(t, inbox.mails("INBOX")[1])

	codes := make(map[string]*ldap.Entry)
	for _, e := range ad.entries() {
		codes[e.GetAttributeValue("employeeID")] = e
	}
	if n := len(ad.entries()); n != len(list) || len(codes) != len(list) || ad.line.added() != len(list) {
		t.Errorf("%d accounts of %d people, added %d times; want %d", n, len(codes), ad.line.added(), len(list))
	}
	for i, p := range list {
		e := codes[p.code]
		if e == nil {
			t.Fatalf("%s has no account", p.code)
		}
		if disabled(e) || e.GetAttributeValue("displayName") != p.name || e.GetAttributeValue("mail") != p.code+"@sv.truong.example" ||
			!strings.HasSuffix(e.GetAttributeValue("adminDescription"), fmt.Sprintf(":%d", i+1)) || len(passwords[p.code]) < 12 {
			t.Errorf("%s has %s, control %s, of %s, marked %q, and a password of %d letters", p.code, e.GetAttributeValue("mail"), e.GetAttributeValue("userAccountControl"),
				e.GetAttributeValue("displayName"), e.GetAttributeValue("adminDescription"), len(passwords[p.code]))
		}
		ad.refuses(p, passwords[p.code], "data 773") // ERROR_PASSWORD_MUST_CHANGE: it is the right one
		ad.refuses(p, passwords[p.code]+"x", "data 52e")
	}
	stays, leaves := list[0], list[1]
	for _, p := range []person{stays, leaves} {
		ad.changes(codes[p.code].DN, passwords[p.code], own(p))
		if err := ad.signIn(p, own(p)); err != nil {
			t.Errorf("%s cannot sign in with his own password: %v", p.code, err)
		}
	}

	unit.send(leavers(t, "ad-left", []person{leaves}))
	w.await("M07a", 20*time.Second, func() bool { return inbox.count("INBOX") == 3 })
	number := inbox.mails("INBOX")[2].Header("X-Vanthu-Case")
	w.served(number)
	w.await("suspended", 30*time.Second, func() bool { return w.state(number) == bot.Suspended })
	ad.refuses(leaves, own(leaves), "data 533") // ERROR_ACCOUNT_DISABLED
	if err := ad.signIn(stays, own(stays)); err != nil {
		t.Errorf("who stays cannot sign in: %v", err)
	}
	if n := len(ad.entries()); n != len(list) || ad.line.added() != len(list) {
		t.Errorf("in the end there are %d accounts, added %d times", n, ad.line.added())
	}
	if err := serve.stop(t); err != nil {
		t.Errorf("SIGTERM: %v\n%s", err, serve.log)
	}
	w.silent(list, passwords)
}

// own is a password of somebody's own choice, as the domain wants it.
func own(p person) string { return "Canary-" + p.code }

// silent looks for what no log may hold.
func (w *world) silent(list []person, passwords map[string]string) {
	w.t.Helper()
	log, err := os.ReadFile(w.dir + "/serve.log")
	if err != nil {
		w.t.Fatal(err)
	}
	for _, p := range list {
		if strings.Contains(string(log), passwords[p.code]) || strings.Contains(string(log), p.name) {
			w.t.Errorf("the log holds the password or the name of %s", p.code)
		}
	}
}

// A domain is the Active Directory as its administrator sees it, and the line to it that vanthu has.
type domain struct {
	*world
	conn *ldap.Conn
	line *ldapLine
}

// activeDirectory has the accounts of w made there; those of before are deleted.
func (w *world) activeDirectory() *domain {
	w.t.Helper()
	url := os.Getenv("VANTHU_CI_AD")
	host := strings.TrimPrefix(url, "ldaps://")
	d := &domain{world: w, line: &ldapLine{server: host + ":636", tls: &tls.Config{RootCAs: w.roots, ServerName: host}}}
	front := newCutter(w.t, w.servers, rand.New(rand.NewPCG(1, 1)))
	d.line.shown = front.shown
	w.write("ad-ca.pem", string(front.authority))
	w.change(fmt.Sprintf("url = %q", os.Getenv("VANTHU_CI_LDAPS")), fmt.Sprintf("url = \"ldaps://%s\"\nlayout = \"ad\"\nmust_change = \"pwdLastSet=0\"\nsearch_base = %q", front.listen(w.t, d.line.carry), adDomain))
	w.change(fmt.Sprintf("ca_file = %q\nserver_name = %q\nbind_dn = %q", os.Getenv("VANTHU_CI_CA"), w.serverName, os.Getenv("VANTHU_CI_LDAP_BIND_DN")),
		fmt.Sprintf("ca_file = \"ad-ca.pem\"\nserver_name = %q\nbind_dn = \"vanthu@ad.truong.example\"", w.serverName))
	w.change(fmt.Sprintf("base = %q\nhash", os.Getenv("VANTHU_CI_LDAP_BASE")), fmt.Sprintf("base = %q\nhash", adPeople))
	var err error
	if d.conn, err = ldap.DialURL(url, ldap.DialWithTLSConfig(d.line.tls)); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = d.conn.Close() })
	if err := d.conn.Bind("vanthu@ad.truong.example", w.password); err != nil {
		w.t.Fatal(err)
	}
	for _, e := range d.entries() {
		if err := d.conn.Del(ldap.NewDelRequest(e.DN, nil)); err != nil {
			w.t.Fatal(err)
		}
	}
	return d
}

func (d *domain) entries() []*ldap.Entry {
	d.t.Helper()
	found, err := d.conn.Search(ldap.NewSearchRequest(adPeople, ldap.ScopeSingleLevel, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=user)",
		[]string{"employeeID", "mail", "displayName", "adminDescription", "userAccountControl"}, nil))
	if err != nil {
		d.t.Fatal(err)
	}
	return found.Entries
}

// disabled is ACCOUNTDISABLE of userAccountControl (MS-ADTS §2.2.16).
func disabled(e *ldap.Entry) bool {
	control, err := strconv.Atoi(e.GetAttributeValue("userAccountControl"))
	return err != nil || control&2 != 0
}

// signIn binds as a person does, by userPrincipalName.
func (d *domain) signIn(p person, password string) error {
	conn, err := ldap.DialURL("ldaps://"+d.line.server, ldap.DialWithTLSConfig(d.line.tls))
	if err != nil {
		d.t.Fatal(err)
	}
	defer conn.Close()
	return conn.Bind(p.code+"@sv.truong.example", password)
}

// refuses says that somebody is not let in, for that reason (MS-ERREF §2.2).
func (d *domain) refuses(p person, password, why string) {
	d.t.Helper()
	if err := d.signIn(p, password); err == nil || !strings.Contains(err.Error(), why) {
		d.t.Errorf("%s signs in: %v, want %s", p.code, err, why)
	}
}

// changes is a person who changes his own password: the old value is deleted, the new one added (MS-ADTS §3.1.1.3.1.5.1).
func (d *domain) changes(dn, from, to string) {
	d.t.Helper()
	quoted := func(password string) []string {
		var value []byte
		for _, unit := range utf16.Encode([]rune(`"` + password + `"`)) {
			value = binary.LittleEndian.AppendUint16(value, unit)
		}
		return []string{string(value)}
	}
	change := ldap.NewModifyRequest(dn, nil)
	change.Delete("unicodePwd", quoted(from))
	change.Add("unicodePwd", quoted(to))
	if err := d.conn.Modify(change); err != nil {
		d.t.Fatal(err)
	}
}

// An ldapLine carries LDAP between vanthu and the domain, and can stop before a change.
type ldapLine struct {
	server string
	tls    *tls.Config // trusts the domain
	shown  *tls.Config // what vanthu sees

	mu      sync.Mutex
	from    int // from the how manieth change on it holds; 0: never
	changes int // since hold
	held    bool
	adds    int
}

// hold lets nothing pass from the nth change on.
func (l *ldapLine) hold(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.from, l.changes, l.held = n, 0, false
}

// holds says whether something does not pass.
func (l *ldapLine) holds() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held
}

// added is how many entries vanthu has asked for.
func (l *ldapLine) added() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.adds
}

// passes counts an operation of the client by its tag (RFC 4511 §4.2 ff.), and says whether it may go on.
func (l *ldapLine) passes(operation byte) bool {
	const add, modify = 0x68, 0x66
	l.mu.Lock()
	defer l.mu.Unlock()
	switch operation {
	case add:
		l.adds++
	case modify:
		l.changes++
		if l.from > 0 && l.changes >= l.from {
			l.held = true
			return false
		}
	}
	return true
}

func (l *ldapLine) carry(raw net.Conn) {
	server, err := tls.Dial("tcp", l.server, l.tls)
	if err != nil {
		_ = raw.Close()
		return
	}
	client := tls.Server(raw, l.shown)
	go func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
	}()
	defer server.Close()
	in := bufio.NewReader(client)
	for {
		message, operation, err := ldapMessage(in)
		if err != nil {
			return
		}
		if !l.passes(operation) {
			_, _ = io.Copy(io.Discard, in) // until its sender is dead
			return
		}
		if _, err := server.Write(message); err != nil {
			return
		}
	}
}

// ldapMessage reads one LDAPMessage: SEQUENCE { messageID INTEGER, protocolOp … } (RFC 4511 §4.1.1), in definite lengths.
func ldapMessage(in *bufio.Reader) (message []byte, operation byte, err error) {
	head, err := in.Peek(2)
	if err != nil {
		return nil, 0, err
	}
	header, size := 2, int(head[1])
	if more := int(head[1]) - 0x80; more >= 0 {
		if head, err = in.Peek(2 + more); err != nil {
			return nil, 0, err
		}
		header, size = 2+more, 0
		for _, b := range head[2:] {
			size = size<<8 | int(b)
		}
	}
	message = make([]byte, header+size)
	if _, err := io.ReadFull(in, message); err != nil {
		return nil, 0, err
	}
	if body := message[header:]; len(body) > 2 && len(body) > 2+int(body[1]) {
		operation = body[2+int(body[1])]
	}
	return message, operation, nil
}
