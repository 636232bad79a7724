//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"vanthu/bot"
	"vanthu/mailer/mime"
)

// Step 6 over real servers, once on each database: what units write of their accounts, rows that are missing and get new passwords by an
// approved plan, class groups in slapd that a second case joins, and hand-over class by class.
func TestReceiptSQLite(t *testing.T)   { receipt(t, "sqlite") }
func TestReceiptPostgres(t *testing.T) { receipt(t, "postgres") }

const groupBase = "ou=groups,dc=truong,dc=example"

func receipt(t *testing.T, database string) {
	w := newWorld(t, database)
	w.change(`hash = "ssha512"`, "hash = \"ssha512\"\nsearch_base = \"dc=truong,dc=example\"\n\n[groups]\nenabled = true\naddress = \"lop-{class}@sv.truong.example\"\nbase = \""+groupBase+"\"")
	w.emptyGroups()
	serve := w.serve()
	unit, inbox := w.courier(ctsv), w.mailbox(ctsv)
	mails := func(n int) *mime.Message {
		w.await("a letter", 60*time.Second, func() bool { return inbox.count("INBOX") >= n })
		return inbox.mails("INBOX")[n-1]
	}

	list := people(500, 6)
	list[4].class, list[5].class = "YBK51", "YBK51"
	unit.send(request(t, ctsv, "groups1", list))
	number := mails(1).Header("X-Vanthu-Case")
	if shown := w.must("case", "show", number, "--as", "lan"); !strings.Contains(shown, list[0].name+" ("+list[0].code+")") {
		t.Errorf("case show does not name the monitor:\n%s", shown)
	}
	w.approves(number)
	delivered := mails(2)
	passwords := credentials(t, delivered)
	for _, part := range []string{"lop-ybk50@sv.truong.example", "lop-ybk51@sv.truong.example", list[0].name} {
		if !strings.Contains(delivered.Text, part) {
			t.Errorf("the delivery does not say %q", part)
		}
	}
	w.group("ybk50", list[0].code, list[0].code, list[1].code, list[2].code, list[3].code)
	w.group("ybk51", "", list[4].code, list[5].code)
	dns := make(map[string]string)
	for _, e := range w.accounts() {
		dns[e.code] = e.dn
	}

	// Not believed, asked; then two rows are missing, in the words of a telephone.
	unit.send(answer(ctsv, delivered, "all45", "Đã nhận đủ 45 tài khoản ạ.\n\nGửi từ iPhone của tôi"))
	if asked := mails(3); !strings.Contains(asked.Text, "06 tài khoản") || w.state(number) != bot.Delivered {
		t.Errorf("45 of 6 received: %s, %s", asked.Subject, w.state(number))
	}
	unit.send(answer(ctsv, delivered, "missing", "Em chào anh,\nđã nhận được danh sách, nhưng bạn "+list[1].name+" "+list[1].code+" không đăng nhập được, thiếu 2453099999.\nEm cảm ơn."))
	noted := mails(4)
	for _, part := range []string{list[1].code, "không đăng nhập được", "2453099999", "Lớp YBK50: 00/04"} {
		if !strings.Contains(noted.Text, part) {
			t.Errorf("the transcript does not say %q:\n%s", part, noted.Text)
		}
	}
	if err := w.signIn(dns[list[1].code], passwords[list[1].code]); err != nil {
		t.Errorf("a mail alone reset a password: %v", err)
	}

	// A plan, made by one and approved by another, gives exactly that row another password.
	w.approvesReset(number)
	again := mails(5)
	fresh := credentials(t, again)
	if len(fresh) != 1 || fresh[list[1].code] == "" || fresh[list[1].code] == passwords[list[1].code] {
		t.Fatalf("delivered again: %d rows", len(fresh))
	}
	if len(w.accounts()) != 6 {
		t.Errorf("%d accounts", len(w.accounts()))
	}
	for code, password := range passwords {
		err := w.signIn(dns[code], password)
		if code == list[1].code {
			if err == nil || w.signIn(dns[code], fresh[code]) != nil {
				t.Errorf("row 2: the old password opens it (%v), or the new one does not", err)
			}
		} else if err != nil {
			t.Errorf("%s lost its password: %v", code, err)
		}
	}

	// Class by class, then the rest by telephone.
	unit.send(answer(ctsv, again, "class", "đã bàn giao lớp ybk51 ạ"))
	if part := mails(6); !strings.Contains(part.Text, "Lớp YBK51: 02/02") || !strings.Contains(part.Text, "Lớp YBK50: 00/04") {
		t.Errorf("class by class:\n%s", part.Text)
	}
	w.must("case", "handed-over", number, "--how", "Chị Hoa gọi điện", "--as", "lan")
	if closing := mails(7); w.state(number) != bot.Closed || !strings.Contains(closing.Text, "Lớp YBK50: 04/04") {
		t.Errorf("%s:\n%s", w.state(number), closing.Text)
	}

	// A second case of a class joins its group; its monitor takes no group over.
	more := people(600, 2)
	unit.send(request(t, ctsv, "groups2", more))
	second := mails(8).Header("X-Vanthu-Case")
	w.approves(second)
	mails(9)
	w.group("ybk50", list[0].code, list[0].code, list[1].code, list[2].code, list[3].code, more[0].code, more[1].code)
	if err := serve.stop(t); err != nil {
		t.Errorf("SIGTERM: %v\n%s", err, serve.log)
	}
	for _, secret := range fresh {
		if serve.log.contains(secret) {
			t.Error("a new password is in the log")
		}
	}
}

// approves checks a case, plans it, and lets another officer approve.
func (w *world) approves(number string) {
	w.t.Helper()
	w.must("case", "check", number, "--as", "lan")
	w.approvesReset(number)
}

func (w *world) approvesReset(number string) {
	w.t.Helper()
	var plan bot.Plan
	decode(w.t, w.must("plan", "make", number, "--as", "lan", "--json"), &plan)
	if _, err := w.run("plan", "approve", plan.Number, "--hash", plan.Hash, "--as", "lan"); err == nil {
		w.t.Error("the maker approved the plan")
	}
	w.must("plan", "approve", plan.Number, "--hash", plan.Hash, "--as", "minh")
}

// group compares the group of a class in slapd.
func (w *world) group(class, owner string, members ...string) {
	w.t.Helper()
	found := w.groups("(mail=lop-" + class + "@sv.truong.example)")
	if len(found) != 1 {
		w.t.Errorf("%d groups of %s", len(found), class)
		return
	}
	dn := func(code string) string { return "uid=" + code + "," + "ou=students,dc=truong,dc=example" }
	e := found[0]
	if got := e.GetAttributeValues("member"); len(got) != len(members) {
		w.t.Errorf("%s has %d members, want %d", class, len(got), len(members))
	}
	for _, code := range members {
		if !strings.Contains(strings.Join(e.GetAttributeValues("member"), "\n"), dn(code)) {
			w.t.Errorf("%s is not in the group of %s", code, class)
		}
	}
	if got := e.GetAttributeValue("owner"); owner == "" && got != "" || owner != "" && got != dn(owner) {
		w.t.Errorf("the owner of %s is %q", class, got)
	}
	if got := e.GetAttributeValue("description"); got != "vanthu:group:lop-"+class {
		w.t.Errorf("the marker of %s is %q", class, got)
	}
}

func (w *world) groups(filter string) []*ldap.Entry {
	w.t.Helper()
	conn := w.directory()
	defer conn.Close()
	found, err := conn.Search(ldap.NewSearchRequest(groupBase, ldap.ScopeSingleLevel, ldap.NeverDerefAliases, 0, 0, false, filter, []string{"member", "owner", "description"}, nil))
	if err != nil {
		w.t.Fatal(err)
	}
	return found.Entries
}

func (w *world) emptyGroups() {
	w.t.Helper()
	conn := w.directory()
	defer conn.Close()
	for _, e := range w.groups("(objectClass=groupOfNames)") {
		if err := conn.Del(ldap.NewDelRequest(e.DN, nil)); err != nil {
			w.t.Fatal(err)
		}
	}
}
