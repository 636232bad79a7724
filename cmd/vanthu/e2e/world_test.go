//go:build e2e

// Package e2e plays units and officers against a real `vanthu serve` process, a real MTA, Dovecot, slapd, and SQLite or
// PostgreSQL, and looks at mailboxes and directory from outside. The servers are those of .ci/servers (VANTHU_CI_*);
// scripts in .ci/e2e and .ci/bench run it.
package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vanthu/bot/app"
	"vanthu/bot/config"
	"vanthu/bot/secret"
)

// servers are the real servers, as .ci/servers names them.
type servers struct {
	password   string
	roots      *x509.CertPool
	serverName string
}

func theServers(t testing.TB) servers {
	t.Helper()
	if os.Getenv("VANTHU_CI_DIR") == "" {
		t.Fatal("no servers: run this by .ci/e2e, or start them by .ci/servers and read its env")
	}
	password, err := os.ReadFile(os.Getenv("VANTHU_CI_PASSWORD_FILE"))
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(os.Getenv("VANTHU_CI_CA"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	return servers{password: strings.TrimSpace(string(password)), roots: roots, serverName: os.Getenv("VANTHU_CI_SERVER_NAME")}
}

func (s servers) tls() *tls.Config { return &tls.Config{RootCAs: s.roots, ServerName: s.serverName} }

// world is one configuration with its own database; the mailboxes are emptied for it.
type world struct {
	servers
	t      testing.TB
	dir    string
	config string
	binary string
}

const (
	service    = "cntt@truong.example"
	ctsv       = "ctsv@truong.example"
	dtsdh      = "dtsdh@truong.example"
	stranger   = "attacker@evil.example"
	passphrase = "correct horse battery staple"
)

// newWorld writes a configuration for the database ("sqlite" or "postgres") and empties all mailboxes.
func newWorld(t testing.TB, database string) *world {
	t.Helper()
	w := &world{servers: theServers(t), t: t, dir: t.TempDir(), binary: build(t)}
	store := w.secrets(database)
	w.write("vanthu.toml", fmt.Sprintf(settings, os.Getenv("VANTHU_CI_IMAPS"), os.Getenv("VANTHU_CI_CA"), w.serverName,
		os.Getenv("VANTHU_CI_SUBMISSION"), os.Getenv("VANTHU_CI_CA"), w.serverName, store,
		os.Getenv("VANTHU_CI_LDAPS"), os.Getenv("VANTHU_CI_CA"), w.serverName, os.Getenv("VANTHU_CI_LDAP_BIND_DN"), os.Getenv("VANTHU_CI_LDAP_BASE")))
	for _, address := range []string{service, ctsv, dtsdh, stranger} {
		w.mailbox(address).empty()
	}
	w.emptyDirectory()
	return w
}

// secrets writes what the configuration names, and returns the lines of its [store].
func (w *world) secrets(database string) string {
	w.t.Helper()
	w.config = filepath.Join(w.dir, "vanthu.toml")
	w.write("password", w.password)
	w.write("ctsv.pass", passphrase)
	w.write("dtsdh.pass", passphrase)
	if err := secret.GenerateKey(filepath.Join(w.dir, "vanthu.key")); err != nil {
		w.t.Fatal(err)
	}
	if database == "postgres" {
		return fmt.Sprintf("url = %q\npassword_file = \"password\"", freshSchema(w.t, w.password))
	}
	return `url = "sqlite:vanthu.db"`
}

const settings = `
[school]
name = "TRƯỜNG ĐẠI HỌC Y DƯỢC VÍ DỤ"
office = "Phòng Công nghệ Thông tin"
place = "Cần Thơ"
contact = "0292 000 000, cntt@truong.example"

[imap]
address = %q
tls = "implicit"
ca_file = %q
server_name = %q
user = "cntt@truong.example"
password_file = "password"

[smtp]
address = %q
tls = "starttls"
ca_file = %q
server_name = %q
user = "cntt@truong.example"
password_file = "password"
from = "cntt@truong.example"
from_name = "Phòng Công nghệ Thông tin"
plus = "+"

[trust]
authserv_id = "mail.truong.example"
domains = ["truong.example"]

[store]
%s

[secret]
key_file = "vanthu.key"

[accounts]
platform = "ldap"
domain = "sv.truong.example"

[accounts.ldap]
url = %q
ca_file = %q
server_name = %q
bind_dn = %q
password_file = "password"
base = %q
hash = "ssha512"

[brakes] # two units send as much here as twenty do elsewhere
rounds = 0
sender_hour = 0
sender_day = 0
desk_hour = 0

[[rules.code]]
pattern = '\d{10}|20\d{10}'
shown = "10 hoặc 12 chữ số"

[[unit]]
id = "CTSV"
name = "Phòng Công tác sinh viên"
addresses = ["ctsv@truong.example"]
passphrase_file = "ctsv.pass"

[[unit]]
id = "DTSDH"
name = "Phòng Đào tạo Sau đại học"
aliases = ["Phòng ĐTSĐH"]
addresses = ["dtsdh@truong.example"]
passphrase_file = "dtsdh.pass"

[[officer]]
id = "lan"
name = "Trần Thị Lan"
login = "lan"

[[officer]]
id = "minh"
name = "Châu Văn Minh"
login = "minh"
approver = true
`

func (w *world) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// change writes another text into the configuration, for the next serve.
func (w *world) change(old, text string) {
	w.t.Helper()
	was, err := os.ReadFile(w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	now := strings.Replace(string(was), old, text, 1)
	if now == string(was) {
		w.t.Fatalf("the configuration holds no %q", old)
	}
	w.write(filepath.Base(w.config), now)
}

// freshSchema returns a URL with a schema of its own.
func freshSchema(t testing.TB, password string) string {
	t.Helper()
	base := os.Getenv("VANTHU_CI_POSTGRES")
	schema := fmt.Sprintf("e2e_%d", time.Now().UnixNano())
	cfg, err := pgx.ParseConfig(base)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Password = password
	conn, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

var built = struct {
	sync.Once
	path string
	err  error
}{}

// build compiles vanthu once for all tests.
func build(t testing.TB) string {
	t.Helper()
	built.Do(func() {
		dir, err := os.MkdirTemp("", "vanthu-e2e-")
		if err != nil {
			built.err = err
			return
		}
		built.path = filepath.Join(dir, "vanthu")
		out, err := exec.Command("go", "build", "-o", built.path, "vanthu/cmd/vanthu").CombinedOutput()
		if err != nil {
			built.err = fmt.Errorf("%w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

func TestMain(m *testing.M) {
	code := m.Run()
	if built.path != "" {
		_ = os.RemoveAll(filepath.Dir(built.path))
	}
	os.Exit(code)
}

// process is one running `vanthu serve`.
type process struct {
	cmd    *exec.Cmd
	log    *safeBuffer
	exited chan struct{}
	err    error
}

// serve starts the daemon and returns when it says that it serves.
func (w *world) serve() *process {
	w.t.Helper()
	p := &process{cmd: exec.Command(w.binary, "serve", "--config", w.config), log: &safeBuffer{news: make(chan struct{}, 1)}, exited: make(chan struct{})}
	p.cmd.Stderr = io.MultiWriter(p.log, w.logFile())
	if err := p.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	w.t.Cleanup(func() { p.kill() })
	deadline := time.After(30 * time.Second)
	for !p.log.contains("code=started") {
		select {
		case <-p.log.news:
		case <-p.exited:
			w.t.Fatalf("serve ended: %v\n%s", p.err, p.log)
		case <-deadline:
			w.t.Fatalf("serve does not start:\n%s", p.log)
		}
	}
	return p
}

func (w *world) logFile() io.Writer {
	f, err := os.OpenFile(filepath.Join(w.dir, "serve.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = f.Close() })
	return f
}

// kill ends the process as a power cut does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// stop asks the process to end, and says how it did.
func (p *process) stop(t testing.TB) error {
	t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
		return p.err
	case <-time.After(40 * time.Second):
		t.Fatal("serve does not stop on SIGTERM")
		return nil
	}
}

// run calls the officers' command line and returns what it prints.
func (w *world) run(args ...string) (string, error) {
	cmd := exec.Command(w.binary, append(args, "--config", w.config)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return string(out), fmt.Errorf("vanthu %s: %w\n%s", strings.Join(args, " "), err, &stderr)
	}
	return string(out), nil
}

func (w *world) must(args ...string) string {
	w.t.Helper()
	out, err := w.run(args...)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// open opens the database beside the serving process, as an officer's command does.
func (w *world) open() *app.App {
	w.t.Helper()
	cfg, err := config.Load(w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	a, err := app.Open(w.t.Context(), cfg, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(a.Close)
	return a
}

// await asks again at each tick until done says so.
func (w *world) await(what string, limit time.Duration, done func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), limit)
	defer cancel()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for !done() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(w.dir, "serve.log"))
			w.t.Fatalf("waited %v for: %s\n%s", limit, what, tail(log, 6000))
		}
	}
}

func tail(b []byte, n int) []byte { return b[max(0, len(b)-n):] }

// safeBuffer is what a process writes while a test reads it.
type safeBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
	news chan struct{}
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case b.news <- struct{}{}:
	default:
	}
	return b.text.Write(p)
}

func (b *safeBuffer) contains(s string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Contains(b.text.String(), s)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
