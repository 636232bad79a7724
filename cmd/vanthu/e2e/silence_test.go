//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"vanthu/bot/alarm"
	"vanthu/bot/app"
)

// listener hears alarms over a webhook.
type listener struct {
	w     *world
	mu    sync.Mutex
	heard []alarm.Message
}

func (w *world) listen() (*listener, string) {
	l := &listener{w: w}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var m alarm.Message
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil || r.Header.Get("Authorization") != "Bearer "+w.password {
			w.t.Errorf("the webhook got %v from %q", err, r.Header.Get("Authorization"))
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.heard = append(l.heard, m)
	}))
	w.t.Cleanup(server.Close)
	return l, server.URL
}

// told says whether somebody was told that, and how long it had lasted.
func (l *listener) told(state alarm.State, condition, code string) (m alarm.Message, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range l.heard {
		if m.State == state && m.Condition == condition && (code == "" || m.Code == code) {
			return m, true
		}
	}
	return m, false
}

func (l *listener) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = nil
}

// cut breaks something and mends it again, and waits each time until somebody is told. Nobody does anything else.
func (l *listener) cut(condition, code string, breaks, mends func()) {
	l.w.t.Helper()
	if condition != "oauth" {
		l.w.await("all is well before "+condition, 2*time.Minute, func() bool { _, ok := l.w.status(); return ok })
	}
	l.forget()
	began := time.Now()
	breaks()
	l.w.await("an alarm: "+condition, time.Minute, func() bool { _, ok := l.told(alarm.Raised, condition, code); return ok })
	l.w.t.Logf("%s/%s: told after %v", condition, code, time.Since(began).Round(100*time.Millisecond))
	mends()
	l.w.await("its end: "+condition, 2*time.Minute, func() bool { _, ok := l.told(alarm.Cleared, condition, ""); return ok })
	m, _ := l.told(alarm.Cleared, condition, "")
	if m.Seconds < 1 || !strings.Contains(m.VI, "ĐÃ HẾT") || !strings.Contains(m.EN, "OVER after") {
		l.w.t.Errorf("the clearing message is %+v", m)
	}
}

// status is `vanthu status --json` and whether it ended with 0.
func (w *world) status() (s app.Status, ok bool) {
	w.t.Helper()
	out, err := exec.Command(w.binary, "status", "--json", "--config", w.config).Output()
	decode(w.t, string(out), &s)
	if ok = err == nil; ok != s.OK {
		w.t.Errorf("status says ok=%v and ends with %v", s.OK, err)
	}
	return s, ok
}

func (w *world) settings(more string) {
	w.t.Helper()
	text, err := os.ReadFile(w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write("vanthu.toml", string(text)+more)
}

// IMAP, SMTP, disk and database are cut one by one, beside a canary that goes the whole way: an alarm goes out by a webhook and
// by a command, and its end is told, without a hand. The waits are those of `after = "3m"` made short; the code is the same.
// The clock is cut in bot/app (TestSilenceIsAnAlarm), because a machine has one for all.
func TestSilence(t *testing.T) {
	w := newWorld(t, "postgres")
	l, hook := w.listen()
	told := filepath.Join(w.dir, "told")
	w.settings(fmt.Sprintf(`
[alarm]
after = "3s"
canary = "3s"
canary_late = "6s"
disk_mb = 4
listen = "127.0.0.1:%d"
command = ["sh", "-c", "cat >> \"$1\"; echo >> \"$1\"", "sh", %q]
[alarm.webhook]
url = %q
password_file = "password"
`, healthPort(t), told, hook))
	small, fill, free := smallDisk(t)
	t.Setenv("TMPDIR", small)
	serve := w.serve()

	w.await("a canary comes back", time.Minute, func() bool { s, ok := w.status(); return ok && !s.Canary.BackAt.IsZero() })
	s, _ := w.status()
	if s.Canary.Seconds <= 0 || len(s.Processes) != 1 || !s.Processes[0].Alive || s.Processes[0].IMAP.Bad || s.Processes[0].SMTP.Bad {
		t.Errorf("all is well: %+v", s)
	}
	if code, body := w.health("/healthz"); code != http.StatusOK {
		t.Errorf("healthz: %d %s", code, body)
	}

	service := func(name string) (breaks, mends func()) {
		return func() { w.service("stop", name) }, func() { w.service("start", name) }
	}
	stop, start := service("postfix")
	l.cut("smtp", "", stop, start)
	stop, start = service("dovecot")
	l.cut("imap", "", stop, func() {
		if s, ok := w.status(); ok || len(s.Alarms) == 0 || s.Alarms[0].VI == "" {
			t.Errorf("while the mailbox is away: ok=%v, %+v", ok, s.Alarms)
		}
		if code, body := w.health("/healthz"); code != http.StatusServiceUnavailable || !strings.Contains(body, "imap/") {
			t.Errorf("healthz: %d %s", code, body)
		}
		start()
	})
	l.cut("canary", "", func() { w.sieve(true) }, func() { w.sieve(false) })
	if free != nil {
		l.cut("disk", "space", fill, free)
	}
	l.cut("disk", "write", func() { limitFiles(t, serve, "100:") }, func() { limitFiles(t, serve, "unlimited:") })
	stop, start = service("postgres")
	l.cut("database", "", stop, start)

	w.await("no alarm", time.Minute, func() bool { _, ok := w.status(); return ok })
	if code, body := w.health("/metrics"); code != http.StatusOK || !strings.Contains(body, "vanthu_canary_seconds ") || strings.Contains(body, "vanthu_alarm{") {
		t.Errorf("metrics: %d\n%s", code, body)
	}
	lines, err := os.ReadFile(told)
	if err != nil {
		t.Fatal(err)
	}
	for _, condition := range []string{"smtp", "imap", "canary", "disk", "database"} {
		for _, state := range []alarm.State{alarm.Raised, alarm.Cleared} {
			if !strings.Contains(string(lines), fmt.Sprintf(`"condition":%q,"code":`, condition)) || !strings.Contains(string(lines), fmt.Sprintf(`"state":%q`, state)) {
				t.Errorf("the command was not told: %s %s", state, condition)
			}
		}
	}
	if out := w.must("mail", "count", "--as", "lan"); out == "" {
		t.Error("nothing was counted")
	}
	if err := serve.stop(t); err != nil {
		t.Error(err)
	}
	if s, ok := w.status(); ok || len(s.Processes) != 0 {
		t.Errorf("nobody serves: ok=%v, %+v", ok, s.Processes)
	}
}

// The provider of OAuth tokens fails and comes back. (A grant that is dead needs a person: mailer/oauth.)
func TestSilenceOAuth(t *testing.T) {
	w := newWorld(t, "sqlite")
	l, hook := w.listen()
	var away atomic.Bool
	away.Store(true)
	provider := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", "application/json")
		if away.Load() {
			out.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(out, `{"access_token":"a-1","token_type":"Bearer","expires_in":3600}`)
	}))
	t.Cleanup(provider.Close)
	text, err := os.ReadFile(w.config)
	if err != nil {
		t.Fatal(err)
	}
	before, after, _ := strings.Cut(string(text), "[smtp]")
	w.write("vanthu.toml", before+"[smtp]"+strings.Replace(after, "password_file = \"password\"\n", "", 1)+fmt.Sprintf(`
[oauth]
provider = "custom"
client_id = "vanthu"
app_only = true
client_secret_file = "password"
token_file = "oauth.token"
token_url = "%[1]s/token"
auth_url = "%[1]s/auth"
scopes = ["mail"]
[alarm]
after = "2s"
[alarm.webhook]
url = %[2]q
password_file = "password"
`, provider.URL, hook))
	w.serve()
	l.cut("oauth", "temporary", func() {}, func() { away.Store(false) })
}

func healthPort(t *testing.T) int {
	t.Helper()
	server := httptest.NewServer(nil)
	defer server.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	var n int
	if _, err := fmt.Sscan(port, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (w *world) health(path string) (code int, body string) {
	w.t.Helper()
	text, err := os.ReadFile(w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "listen = \"")
	at, _, _ := strings.Cut(rest, "\"")
	answer, err := http.Get("http://" + at + path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	var b strings.Builder
	if err := answer.Write(&b); err != nil {
		w.t.Fatal(err)
	}
	return answer.StatusCode, b.String()
}

// smallDisk mounts a tmpfs of 16 MB and returns how to fill it; where none can be mounted, an ordinary folder and nil.
func smallDisk(t *testing.T) (folder string, fill, free func()) {
	t.Helper()
	folder = t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=16m"); err != nil {
		t.Logf("no tmpfs can be mounted (%v): a full disk is tried by a limit on files alone", err)
		return folder, nil, nil
	}
	t.Cleanup(func() { _ = syscall.Unmount(folder, syscall.MNT_DETACH) })
	file := filepath.Join(folder, "full")
	return folder, func() {
			if err := os.WriteFile(file, make([]byte, 14<<20), 0o600); err != nil {
				t.Fatal(err)
			}
		}, func() {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
}

// limitFiles sets the largest file that a process may write, its soft limit.
func limitFiles(t *testing.T, p *process, bytes string) {
	t.Helper()
	out, err := exec.Command("prlimit", "--pid", fmt.Sprint(p.cmd.Process.Pid), "--fsize="+bytes).CombinedOutput()
	if err != nil {
		t.Fatalf("prlimit: %v\n%s", err, out)
	}
}

// sieve lets the mail server take mail and deliver none: its queue is held.
func (w *world) sieve(hold bool) {
	w.t.Helper()
	config := filepath.Join(os.Getenv("VANTHU_CI_DIR"), "postfix")
	setting, flush := "defer_transports=", true
	if hold {
		setting, flush = "defer_transports=lmtp", false
	}
	for _, args := range [][]string{{"postconf", "-c", config, "-e", setting}, {"postfix", "-c", config, "reload"}} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			w.t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	if flush {
		_ = exec.Command("postqueue", "-c", config, "-f").Run() // else its own retries do, within seconds
	}
}
