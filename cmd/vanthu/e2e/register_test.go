//go:build e2e

package e2e

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"vanthu/bot"
	"vanthu/bot/register"
	"vanthu/bot/store"
)

// A directory that has accounts before vanthu comes (pain 23): they are imported from it and agree with it, whoever has one is refused row by
// row when a unit's mail asks for him, or when the plan is made of a case that came before; what somebody changes in the directory is seen.
func TestRegisterSQLite(t *testing.T)   { registerBeside(t, "sqlite") }
func TestRegisterPostgres(t *testing.T) { registerBeside(t, "postgres") }

func registerBeside(t *testing.T, database string) {
	w := newWorld(t, database)
	list := people(500, 6)
	active, locked, twin, fresh, late, last := list[0], list[1], list[2], list[3], list[4], list[5]
	existing := len(w.search("(employeeNumber=*)")) // those that the server began with
	w.handMade("an.cu", active.code, active.name, "{SSHA}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==")
	w.handMade("dao.cu", locked.code, locked.name, "{VANTHU-SUSPENDED}{SSHA}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==")
	w.handMade("khoa.cu", "2453000520", twin.name, "") // 2453000502, mistyped years ago
	w.handMade("phongcntt", "", "Phòng CNTT", "")

	var preview, done register.Report
	decode(t, w.must("account", "import", "--from", "platform", "--as", "lan", "--json"), &preview)
	if preview.Kept || preview.New != existing+3 || preview.WithoutCode != 1 || len(w.register()) != 0 {
		t.Errorf("%+v, and %d accounts are written", preview, len(w.register()))
	}
	decode(t, w.must("account", "import", "--from", "platform", "--yes", "--as", "lan", "--json"), &done)
	known := w.register()
	if !done.Kept || done.New != existing+3 || len(known) != existing+3 {
		t.Errorf("%+v, and %d accounts are written", done, len(known))
	}
	if a, l := known[active.code], known[locked.code]; a.Address != "an.cu@sv.truong.example" || a.User != "an.cu" || a.Name != active.name || a.State != bot.AccountActive || a.Origin != "imported" || l.State != bot.AccountSuspended {
		t.Errorf("active %+v\nsuspended %+v", a, l)
	}
	var same register.Comparison
	decode(t, w.must("account", "reconcile", "--as", "lan", "--json"), &same)
	if same.Same != existing+3 || len(same.Differences) != 0 {
		t.Errorf("%+v", same)
	}

	serve := w.serve()
	unit, inbox := w.courier(ctsv), w.mailbox(ctsv)
	unit.send(request(t, ctsv, "has", []person{active, locked, twin, fresh}))
	w.await("the answer", 20*time.Second, func() bool { return inbox.count("INBOX") == 1 })
	first := inbox.mails("INBOX")[0]
	number := first.Header("X-Vanthu-Case")
	if strings.Count(first.Text, "ROW-05") != 2*2 /* rows, languages; the register and the platform say it */ || !strings.Contains(first.Text, "an.cu@sv.truong.example") || !strings.Contains(first.Text, "dao.cu@sv.truong.example") || w.state(number) != bot.WaitingUnit {
		t.Errorf("case %s is %s\n%s", number, w.state(number), first.Text)
	}
	shown := w.must("case", "show", number, "--as", "lan")
	if !strings.Contains(shown, "maybe one person: row 3, "+twin.code+", and the account of 2453000520 (active): same name, same code but for a slip") || strings.Count(shown, "maybe one person") != 1 {
		t.Errorf("the twin is not shown\n%s", shown)
	}

	// A case that came before its accounts were imported: made in the directory by hand meanwhile.
	other, theirs := w.courier(dtsdh), w.mailbox(dtsdh)
	other.send(request(t, dtsdh, "late", []person{late, last}))
	w.await("the acknowledgement", 20*time.Second, func() bool { return theirs.count("INBOX") == 1 })
	second := theirs.mails("INBOX")[0].Header("X-Vanthu-Case")
	if w.state(second) != bot.Received {
		t.Fatalf("case %s is %s\n%s", second, w.state(second), theirs.mails("INBOX")[0].Text)
	}
	w.handMade("quy.cu", late.code, late.name, "{SSHA}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==")
	var again register.Report
	decode(t, w.must("account", "import", "--from", "platform", "--yes", "--as", "lan", "--json"), &again)
	if again.New != 1 || again.Known != existing+3 {
		t.Errorf("%+v", again)
	}
	w.must("case", "check", second, "--as", "lan")
	if out, err := w.run("plan", "make", second, "--as", "lan"); err == nil || !strings.Contains(err.Error(), "case "+second+" row 1: "+late.code+" has the account quy.cu@sv.truong.example already") {
		t.Errorf("the plan: %v\n%s", err, out)
	}
	w.must("case", "return", second, "--reason", "Một người đã có tài khoản.", "--as", "lan")
	w.await("the returned list", 20*time.Second, func() bool { return theirs.count("INBOX") == 2 })
	back := theirs.mails("INBOX")[1]
	repeated := request(t, dtsdh, "late-2", []person{late, last})
	repeated.InReplyTo, repeated.References, repeated.Subject = back.ID, []string{back.ID}, "Re: "+back.Subject
	other.send(repeated)
	w.await("the rows", 20*time.Second, func() bool { return theirs.count("INBOX") == 3 })
	if rows := theirs.mails("INBOX")[2]; strings.Count(rows.Text, "Mã số "+late.code+" đã có tài khoản quy.cu@sv.truong.example") != 1 || strings.Count(rows.Text, "ROW-05") != 2 || !strings.Contains(rows.Text, "01 dòng hợp lệ") {
		t.Errorf("%s\n%s", rows.Subject, rows.Text)
	}
	if made := w.accounts(); len(made) != 0 {
		t.Errorf("accounts were made: %v", made)
	}

	// Somebody changes an address in the directory: it is seen, and the register is not touched.
	change := ldap.NewModifyRequest("uid=an.cu,"+students(), nil)
	change.Replace("mail", []string{"an.moi@sv.truong.example"})
	if err := w.directory().Modify(change); err != nil {
		t.Fatal(err)
	}
	out, err := w.run("account", "reconcile", "--as", "lan")
	if err == nil || !strings.Contains(err.Error(), "exit status 1") || !strings.Contains(out, "an.moi@sv.truong.example") || !strings.Contains(out, "different           1\n") {
		t.Errorf("%v\n%s", err, out)
	}
	if got := w.register()[active.code].Address; got != "an.cu@sv.truong.example" {
		t.Errorf("the register says %s", got)
	}
	if err := serve.stop(t); err != nil {
		t.Errorf("SIGTERM: %v\n%s", err, serve.log)
	}
}

// handMade makes an account in the directory that vanthu has not made; without a code it is nobody's.
func (w *world) handMade(uid, code, name, password string) {
	w.t.Helper()
	dn := "uid=" + uid + "," + students()
	add := ldap.NewAddRequest(dn, nil)
	add.Attribute("objectClass", []string{"inetOrgPerson"})
	for attribute, value := range map[string]string{"uid": uid, "cn": name, "sn": strings.Fields(name)[0], "mail": uid + "@sv.truong.example", "employeeNumber": code, "userPassword": password} {
		if value != "" {
			add.Attribute(attribute, []string{value})
		}
	}
	_ = w.directory().Del(ldap.NewDelRequest(dn, nil)) // a run that was cut off
	if err := w.directory().Add(add); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = w.directory().Del(ldap.NewDelRequest(dn, nil)) })
}

// register is what `account list` says, by code.
func (w *world) register() map[string]store.RegisterLine {
	w.t.Helper()
	var lines []store.RegisterLine
	decode(w.t, w.must("account", "list", "--as", "lan", "--json"), &lines)
	all := make(map[string]store.RegisterLine)
	for _, l := range lines {
		all[l.Code] = l
	}
	return all
}

// students is where the accounts are.
func students() string { return os.Getenv("VANTHU_CI_LDAP_BASE") }
