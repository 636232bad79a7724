package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"vanthu/bot/app"
	"vanthu/bot/config"
	"vanthu/bot/secret"
	"vanthu/bot/store"
	"vanthu/mailer/compose"
	"vanthu/mailer/inbox"
	mailserver "vanthu/mailer/local"
	"vanthu/mailer/mime"
)

const (
	ctsvAddress = "ctsv@truong.example"
	serviceBox  = "cntt@truong.example"
	outsider    = "sinhvien@gmail.example"
)

// An office is vanthu with everything around it, in this process: mailboxes, a configuration of its own, the serving part
// that can be stopped and started, and the officers' command line.
type office struct {
	t      *testing.T
	mail   *mailserver.Server
	dir    string
	config string
	stop   func()
	log    *bytes.Buffer // of the serving part, once it has stopped
	commit func() error  // before each commit of the serving part; nil: nothing
	sweep  time.Duration // how often it looks for what is left; 0: each minute
	ahead  time.Duration // by how much the clock of the serving part goes ahead
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, dir: t.TempDir(), stop: func() {}, log: &bytes.Buffer{}}
	o.config = filepath.Join(o.dir, "vanthu.toml")
	var accounts []mailserver.Account
	for _, a := range []string{serviceBox, ctsvAddress, "dtsdh@truong.example", "yhct@truong.example", outsider} {
		accounts = append(accounts, mailserver.Account{Address: a, Password: "invented"})
	}
	var err error
	if o.mail, err = mailserver.Start(mailserver.Options{Mailboxes: accounts}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.stop(); _ = o.mail.Close() })
	secrets := filepath.Join(o.dir, "secrets")
	if err := os.Mkdir(secrets, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := secret.GenerateKey(filepath.Join(secrets, "vanthu.key")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{serviceBox + ".password": "invented", ctsvAddress + ".passphrase": "invented for this test", "dtsdh@truong.example.passphrase": "invented for this test"} {
		if err := os.WriteFile(filepath.Join(secrets, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := o.mail.WriteCA(o.dir); err != nil {
		t.Fatal(err)
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	tmpl := template.Must(template.ParseFiles("demo/vanthu.toml.tmpl"))
	if err := tmpl.Execute(&text, struct{ IMAP, SMTP, Login, Other string }{o.mail.IMAPAddr(), o.mail.SMTPAddr(), me.Username, "nobody else"}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(o.config, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return o
}

// change replaces a text of the configuration; serve must be started after it.
func (o *office) change(from, to string) {
	o.t.Helper()
	text, err := os.ReadFile(o.config)
	if err != nil || !strings.Contains(string(text), from) {
		o.t.Fatal(err, from)
	}
	if err := os.WriteFile(o.config, []byte(strings.Replace(string(text), from, to, 1)), 0o600); err != nil {
		o.t.Fatal(err)
	}
}

// serve starts the serving part and returns when the mailbox is watched.
func (o *office) serve() {
	o.t.Helper()
	cfg, err := config.Load(o.config)
	if err != nil {
		o.t.Fatal(err)
	}
	idle := make(chan struct{}, 1)
	server, err := app.NewServer(o.t.Context(), cfg, slog.New(slog.NewTextHandler(o.log, nil)), func() time.Time { return time.Now().Add(o.ahead) }, app.Hooks{Commit: o.commit, Sweep: o.sweep, Watching: func(s inbox.Status) {
		if s == inbox.Idle {
			select {
			case idle <- struct{}{}:
			default:
			}
		}
	}})
	if err != nil {
		o.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background()) //nolint:usetesting // the test's context ends before its cleanup
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	o.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			o.t.Error(err)
		}
		server.Close()
		o.stop = func() {}
	}
	select {
	case <-idle:
	case err := <-ended:
		ended <- err
		o.t.Fatal(err)
	case <-time.After(30 * time.Second):
		o.t.Fatal("the mailbox is not watched")
	}
}

// run calls the command line.
func (o *office) run(args ...string) (stdout string, code int) {
	o.t.Helper()
	var out, errs bytes.Buffer
	code = run(o.t.Context(), append(args, "--config", o.config), &out, &errs)
	return out.String() + errs.String(), code
}

func (o *office) must(args ...string) string {
	o.t.Helper()
	out, code := o.run(args...)
	if code != 0 {
		o.t.Fatalf("vanthu %s: exit %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// balance is `mail count --json`.
func (o *office) balance() (b struct {
	Mails, Pending, Cases, Letters int
	Outcomes                       map[string]int
	Folders                        []struct {
		Name                  string
		Journal, There, Found int
	}
	Moved []struct {
		Mail     int64
		From, To string
	}
	Faults []struct {
		Check string
		What  []string
	}
}, code int) {
	o.t.Helper()
	out, code := o.run("mail", "count", "--json")
	if err := json.Unmarshal([]byte(out), &b); err != nil {
		o.t.Fatalf("%v\n%s", err, out)
	}
	return b, code
}

// look opens the database beside the serving part.
func look[T any](o *office, f func(ctx context.Context, tx *store.Tx) (T, error)) (v T) {
	o.t.Helper()
	cfg, err := config.LoadDesk(o.config)
	if err != nil {
		o.t.Fatal(err)
	}
	a, err := app.Open(o.t.Context(), cfg, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		o.t.Fatal(err)
	}
	defer a.Close()
	if err := a.DB.Read(o.t.Context(), func(tx *store.Tx) (err error) {
		v, err = f(o.t.Context(), tx)
		return err
	}); err != nil {
		o.t.Fatal(err)
	}
	return v
}

func (o *office) journal() []store.Mail {
	return look(o, func(ctx context.Context, tx *store.Tx) ([]store.Mail, error) { return tx.Mails(ctx, "") })
}

// await asks again at each tick until done says so.
func (o *office) await(what string, done func() bool) {
	o.t.Helper()
	deadline, ticker := time.After(30*time.Second), time.NewTicker(50*time.Millisecond)
	defer ticker.Stop()
	for !done() {
		select {
		case <-ticker.C:
		case <-deadline:
			o.t.Fatalf("waited for: %s; the journal: %+v", what, o.journal())
		}
	}
}

// settled waits until n mails are in the journal, judged and filed, and nothing lies in the mailbox.
func (o *office) settled(n int) []store.Mail {
	o.t.Helper()
	var mails []store.Mail
	o.await(fmt.Sprintf("%d mails, judged and filed", n), func() bool {
		mails = o.journal()
		for _, m := range mails {
			if m.Outcome == "" || m.FiledAt.IsZero() {
				return false
			}
		}
		return len(mails) == n
	})
	return mails
}

// request is a mail of a unit as it lies in the mailbox after its delivery, with letter and list. login is who sent it; "" is
// nobody that our mail server knows.
func (o *office) request(from, login, id string, codes ...string) []byte {
	o.t.Helper()
	letter, err := os.ReadFile("demo/files/ctsv-letter.docx")
	if err != nil {
		o.t.Fatal(err)
	}
	list := "STT,Mã số SV/HV,Họ và tên,Lớp,Khóa,Ghi chú\n"
	for i, code := range codes {
		list += fmt.Sprintf("%d,%s,Nguyễn Văn An,RK52,52,\n", i+1, code)
	}
	m := compose.Mail{From: mime.Address{Address: from}, To: []mime.Address{{Address: serviceBox}}, Subject: "Đề nghị cấp tài khoản email", MessageID: id, Date: time.Now(),
		Text:        "Kính gửi Phòng CNTT, đơn vị gửi bản đề nghị và danh sách kèm theo.\n",
		Attachments: []compose.Attachment{{Name: "BM-CNTT31.docx", Type: "application/octet-stream", Data: letter}, {Name: "Danh sách.csv", Type: "text/csv", Data: []byte(list)}}}
	raw, err := m.Bytes()
	if err != nil {
		o.t.Fatal(err)
	}
	return append(stamp(login), raw...)
}

// stamp is what our mail server writes above a mail.
func stamp(login string) []byte {
	trace := "Received: from pc17 by mail.truong.example with ESMTPSA id 1; Sat, 21 Nov 2026 08:00:00 +0700\r\n"
	if login != "" {
		trace = "Authentication-Results: mail.truong.example; auth=pass smtp.auth=" + login + "\r\n" + trace
	}
	return []byte(trace)
}

// arrive puts mails into the watched mailbox, or into another folder of it.
func (o *office) arrive(folder string, raws ...[]byte) {
	o.t.Helper()
	for _, raw := range raws {
		if err := o.mail.Deliver(serviceBox, folder, raw); err != nil {
			o.t.Fatal(err)
		}
	}
}

func (o *office) lies(folder string) int {
	mails, _ := o.mail.Messages(serviceBox, folder)
	return len(mails)
}

// person is a mail program of somebody who may open the watched mailbox.
func (o *office) person(folder string) *imapclient.Client {
	o.t.Helper()
	c, err := imapclient.DialTLS(o.mail.IMAPAddr(), &imapclient.Options{TLSConfig: &tls.Config{RootCAs: o.mail.RootCAs(), ServerName: "localhost"}})
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { _ = c.Close() })
	if err := c.Login(serviceBox, "invented").Wait(); err != nil {
		o.t.Fatal(err)
	}
	if _, err := c.Select(folder, nil).Wait(); err != nil {
		o.t.Fatal(err)
	}
	return c
}

// moves is a person who moves everything in a folder into another one.
func (o *office) moves(from, to string) {
	o.t.Helper()
	c := o.person(from)
	_ = c.Create(to, nil).Wait() // it may be there
	if _, err := c.Move(imap.SeqSet{{Start: 1}}, to).Wait(); err != nil {
		o.t.Fatal(err)
	}
}

// execute changes a database behind vanthu's back.
func execute(t *testing.T, file, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statements); err != nil {
		t.Fatal(err)
	}
}
