package main

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
	"vanthu/mailer/compose"
	"vanthu/mailer/mime"
)

// zimbra is a platform of which the other admin has the command line: it does what a file says and prints what zmprov does.
type zimbra struct {
	accounts map[string]*zimbraAccount
	kept     map[string]bool // may not be deleted
}

type zimbraAccount struct {
	password, marker, status string
	since                    time.Time
}

func (z *zimbra) run(t *testing.T, file []byte) string {
	t.Helper()
	var out strings.Builder
	words := regexp.MustCompile(`"(?:\\.|[^"\\])*"`)
	for line := range strings.Lines(string(file)) {
		var args []string
		for _, w := range words.FindAllString(line, -1) {
			arg, err := strconv.Unquote(w)
			if err != nil {
				t.Fatal(err)
			}
			args = append(args, arg)
		}
		command, _, _ := strings.Cut(line, " ")
		a := z.accounts[args[0]]
		switch {
		case command == "ca" && a != nil:
			fmt.Fprintf(&out, "prov> ERROR: account.ACCOUNT_EXISTS (email address already exists: %s)\n", args[0])
		case command == "ca":
			a = &zimbraAccount{password: args[1], status: "active", since: time.Now()}
			for i := 2; i+1 < len(args); i += 2 {
				if args[i] == "zimbraNotes" {
					a.marker = args[i+1]
				}
			}
			z.accounts[args[0]] = a
		case a == nil:
			fmt.Fprintf(&out, "prov> ERROR: account.NO_SUCH_ACCOUNT (no such account: %s)\n", args[0])
		case command == "sp":
			a.password, a.since = args[1], time.Now()
		case command == "ma" && args[1] == "zimbraAccountStatus":
			a.status = args[2]
		case command == "da" && z.kept[args[0]]:
			out.WriteString("prov> ERROR: service.PERM_DENIED (permission denied: Canary)\n")
		case command == "da":
			delete(z.accounts, args[0])
		case command == "ga":
			fmt.Fprintf(&out, "prov> # name %s\nzimbraAccountStatus: %s\nzimbraNotes: %s\nzimbraPasswordModifiedTime: %s\n\n", args[0], a.status, a.marker, a.since.UTC().Format("20060102150405Z"))
		}
	}
	return out.String()
}

func (z *zimbra) signsIn(address, password string) bool {
	a := z.accounts[address]
	return a != nil && a.status == "active" && a.password == password
}

// leavers is a deletion as it lies in the mailbox.
func (o *office) leavers(id string, codes ...string) []byte {
	o.t.Helper()
	list := "STT,Mã số SV/HV,Họ và tên,Lớp,Khóa,Số quyết định,Ngày quyết định\n"
	for i, code := range codes {
		list += fmt.Sprintf("%d,%s,Nguyễn Văn An,RK52,52,1234/QĐ-ĐHYDVD,%s\n", i+1, code, time.Now().AddDate(0, 0, -1).Format("02/01/2006"))
	}
	var body strings.Builder
	for _, p := range []string{"TRƯỜNG ĐẠI HỌC Y DƯỢC VÍ DỤ", "ĐƠN VỊ: PHÒNG CÔNG TÁC SINH VIÊN", "Ví Dụ, ngày " + time.Now().Format("02 tháng 01 năm 2006"), "BẢN ĐỀ NGHỊ",
		"Về việc xoá tài khoản email của sinh viên thôi học", "Kính gửi: Phòng Công nghệ Thông tin", "Đề nghị Phòng CNTT xoá tài khoản email của sinh viên thôi học theo danh sách đính kèm.",
		"Trân trọng.", "Thủ trưởng đơn vị", "Nguyễn Thị Thu Hà"} {
		fmt.Fprintf(&body, `<w:p><w:r><w:t xml:space="preserve">%s</w:t></w:r></w:p>`, p)
	}
	var letter bytes.Buffer
	z := zip.NewWriter(&letter)
	for name, text := range map[string]string{
		"[Content_Types].xml": `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`,
		"_rels/.rels":         `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`,
		"word/document.xml":   `<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>` + body.String() + `</w:body></w:document>`,
	} {
		part, err := z.Create(name)
		if err != nil {
			o.t.Fatal(err)
		}
		if _, err := part.Write([]byte(text)); err != nil {
			o.t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		o.t.Fatal(err)
	}
	m := compose.Mail{From: mime.Address{Address: ctsvAddress}, To: []mime.Address{{Address: serviceBox}}, Subject: "Đề nghị xoá tài khoản sinh viên thôi học", MessageID: id, Date: time.Now(),
		Text:        "Kính gửi Phòng CNTT,\nĐơn vị gửi danh sách sinh viên thôi học kèm theo.\n",
		Attachments: []compose.Attachment{{Name: "De nghi xoa.docx", Type: "application/octet-stream", Data: letter.Bytes()}, {Name: "Thoi hoc.csv", Type: "text/csv", Data: []byte(list)}}}
	raw, err := m.Bytes()
	if err != nil {
		o.t.Fatal(err)
	}
	return append(stamp(ctsvAddress), raw...)
}

// planned makes a plan for a case and has it approved.
func (o *office) planned(number, plan string) {
	o.t.Helper()
	hash := regexp.MustCompile(`[0-9a-f]{64}`).FindString(o.must("plan", "make", number))
	o.swapOfficers()
	o.must("plan", "approve", plan, "--hash", hash)
	o.swapOfficers()
}

// inPostgres keeps the office in a database of PostgreSQL.
func (o *office) inPostgres(dsn string) {
	o.t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		o.t.Fatal("not a URL")
	}
	password, ok := u.User.Password()
	u.User = url.User(u.User.Username())
	setting := "url = " + strconv.Quote(u.String())
	if ok {
		setting += "\npassword_file = \"secrets/postgres.password\""
		if err := os.WriteFile(filepath.Join(o.dir, "secrets", "postgres.password"), []byte(password), 0o600); err != nil {
			o.t.Fatal(err)
		}
	}
	o.change(`url = "sqlite:vanthu.db"`, setting)
}

// says waits until a command says something.
func (o *office) says(what string, args ...string) {
	o.t.Helper()
	o.await(fmt.Sprintf("%q of %v", what, args), func() bool { return strings.Contains(o.must(args...), what) })
}

// heard says whether the unit has a letter with that subject.
func (o *office) heard(subject string) bool {
	o.t.Helper()
	mails, err := o.mail.Messages(ctsvAddress, "INBOX")
	if err != nil {
		o.t.Fatal(err)
	}
	for _, raw := range mails {
		if m, err := mime.Parse(raw, mime.DefaultLimits()); err == nil && strings.Contains(m.Subject, subject) {
			return true
		}
	}
	return false
}

// The whole life of accounts, with a platform of which another admin has the command line alone: made; given a new password, which the unit
// gets only when a result has shown that it is set; suspended; one given back; the others erased, one of them only after an officer has spoken
// with the other admin.
func TestOfflineLife(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, _ *store.DB, dsn string) {
		o := offlineOffice(t, "zimbra")
		o.change("[rules]", "[deletion]\nwindow_days = 1\n\n[rules]")
		if strings.HasPrefix(dsn, "postgres") {
			o.inPostgres(dsn)
		}
		z := &zimbra{accounts: make(map[string]*zimbraAccount), kept: make(map[string]bool)}
		address := func(n int) string { return fmt.Sprintf("215301000%d@sv.truong.example", n) }
		kh := func(n int) string { return fmt.Sprintf("KH-%s-%04d", thisYear(), n) }
		carryOut := func(number string, file []byte) (string, int) {
			return o.run("bundle", "read", number, o.result(z.run(t, file)))
		}
		must := func(number string, file []byte, want string) {
			t.Helper()
			if said, code := carryOut(number, file); code != 0 || !strings.Contains(said, want) {
				t.Errorf("exit %d, want %q:\n%s", code, want, said)
			}
		}

		number := o.approved("2153010001", "2153010002", "2153010003", "2153010004")
		first, _, file := o.bundle(4, 1)
		must(first, file, "4 accounts made")
		o.await("the delivery", func() bool { return o.caseState(number) == bot.Delivered })
		initial := o.delivered()
		for n := 1; n <= 4; n++ {
			if !z.signsIn(address(n), initial[address(n)]) {
				t.Fatalf("row %d cannot sign in", n)
			}
		}

		// A new password: the bundle is spoilt, and another one holds the same password; nothing is delivered before a result shows it.
		o.must("case", "missing", number, "--row", "2", "--why", "no_sign_in", "--how", "chị Hà, điện thoại")
		o.planned(number, kh(2))
		second, _, spoilt := o.bundle(1, 2)
		o.says("1 in open bundles, the oldest "+second, "plan", "progress", kh(2))
		if said := o.must("bundle", "void", second, "--reason", "tệp hỏng"); !strings.Contains(said, "have the other admin delete them") {
			t.Errorf("he may still run it: %s", said)
		}
		o.says("1 go into the next bundle", "plan", "progress", kh(2))
		third, _, file := o.bundle(1, 3)
		if !bytes.Equal(spoilt, file) || !bytes.HasPrefix(file, []byte("sp ")) {
			t.Error("the other bundle asks for something else")
		}
		result := o.result(z.run(t, file))
		if o.caseState(number) != bot.Creating || o.delivered()[address(2)] != initial[address(2)] {
			t.Error("delivered before a result was read")
		}
		if out, _ := o.run("status"); strings.Contains(out, "ALARM accounts") || !strings.Contains(out, "waits for another admin") {
			t.Errorf("status:\n%s", out)
		}
		if said := o.must("bundle", "read", third, result); !strings.Contains(said, "1 account given new passwords") {
			t.Error(said)
		}
		o.await("the new password", func() bool { return o.caseState(number) == bot.Delivered })
		if renewed := o.delivered()[address(2)]; renewed == initial[address(2)] || !z.signsIn(address(2), renewed) || z.signsIn(address(2), initial[address(2)]) {
			t.Error("the unit has another password than the platform")
		}

		// Three leave.
		o.arrive("INBOX", o.leavers("<2@truong.example>", "2153010001", "2153010003", "2153010004"))
		o.settled(2)
		left := "YC-" + thisYear() + "-0002"
		o.must("case", "check", left)
		o.planned(left, kh(3))
		fourth, _, file := o.bundle(3, 4)
		o.says("3 in open bundles, the oldest "+fourth, "plan", "progress", kh(3))
		if o.caseState(left) != bot.Suspending || strings.Count(string(file), "zimbraAccountStatus\" \"locked\"") != 3 {
			t.Errorf("%s\n%s", o.caseState(left), file)
		}
		must(fourth, file, "3 accounts suspended")
		o.await("the letter", func() bool { return o.heard("Đã tạm khoá tài khoản email") })
		for _, n := range []int{1, 3, 4} {
			if z.signsIn(address(n), initial[address(n)]) {
				t.Errorf("%s still signs in", address(n))
			}
		}

		// One is given back.
		o.must("case", "restore", left, "1", "--reason", "học tiếp")
		fifth, _, file := o.bundle(1, 5)
		must(fifth, file, "1 account restored")
		o.await("the letter", func() bool { return o.heard("Đã khôi phục tài khoản email") })
		if !z.signsIn(address(1), initial[address(1)]) {
			t.Error("who was given back cannot sign in")
		}

		// Days later the window is over. One of the two is kept by the platform, until an officer has spoken with its admin.
		o.stop()
		o.change(`form = "zimbra"`, "form = \"zimbra\"\nquiet = \"1s\"")
		o.ahead = 3 * 24 * time.Hour
		o.serve()
		z.kept[address(3)] = true
		sixth, _, file := o.taken(6)
		if said, _ := carryOut(sixth, file); !strings.Contains(said, "1 account erased, 1 refused") || strings.Contains(string(file), address(1)) {
			t.Errorf("%s\n%s", said, file)
		}
		o.says("PERM_DENIED", "case", "explain", left, "2")
		if o.caseState(left) == bot.Closed {
			t.Error("closed with an account that is still there")
		}
		delete(z.kept, address(3))
		o.must("case", "go-on", left, "2", "--reason", "đã nói chuyện với quản trị viên")
		seventh, _, file := o.taken(7)
		must(seventh, file, "1 account erased")
		o.await("the end", func() bool {
			return o.caseState(left) == bot.Closed && o.heard("Thông báo đã xoá tài khoản email")
		})
		if len(z.accounts) != 2 || z.accounts[address(1)] == nil || z.accounts[address(2)] == nil {
			t.Errorf("%d accounts are left", len(z.accounts))
		}
		o.stop()
		lives := look(o.office, func(ctx context.Context, tx *store.Tx) (map[bot.AccountState]int, error) {
			register, err := tx.Accounts(ctx)
			states := make(map[bot.AccountState]int)
			for _, a := range register {
				states[a.State]++
			}
			return states, err
		})
		if lives[bot.AccountDeleted] != 2 || lives[bot.AccountSuspended] != 0 {
			t.Errorf("the register: %v", lives)
		}
		events := look(o.office, func(ctx context.Context, tx *store.Tx) ([]bot.Event, error) {
			c, err := tx.CaseByNumber(ctx, left)
			if err != nil {
				return nil, err
			}
			return tx.Events(ctx, c.ID)
		})
		whats := make(map[string]int)
		for _, e := range events {
			if whats[e.What]++; strings.Contains(fmt.Sprint(e.Detail), "Canary") {
				t.Errorf("%s holds what the platform said", e.What)
			}
		}
		for what, n := range map[string]int{"bundle_made": 4, "account_suspended": 3, "account_restored": 1, "account_erased": 2, "account_left_alone": 1} {
			if whats[what] != n {
				t.Errorf("%d events %s, want %d: %v", whats[what], what, n, whats)
			}
		}
		passwords := o.delivered()
		for key, password := range initial {
			passwords["at first "+key] = password
		}
		o.hunt(passwords)
		if found := o.inTheClear(passwords); len(found) > 0 {
			t.Errorf("passwords lie in the clear in %v", found)
		}
	})
}
