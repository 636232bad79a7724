package oauth

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// With these set the test's program is a child that renews the grant as often as it can.
const (
	childURL  = "VANTHU_TEST_OAUTH_URL"
	childFile = "VANTHU_TEST_OAUTH_FILE"
)

func childConfig(url, file string) Config {
	return Config{Provider: Provider{TokenURL: url}, ClientID: "vanthu", File: file}
}

// renewForEver says each token on a line of its own; it ends by being killed.
func renewForEver(url, file string) {
	source, err := New(childConfig(url, file))
	for err == nil {
		source.current = grant{} // every token is renewed: they end at once
		_, err = source.Token(context.Background(), "")
		fmt.Println("renewed")
	}
	fmt.Println("gave up:", err)
}

// lenient is a provider as Microsoft is one: a refresh token works until a successor of it was used. The request of a process
// that was killed may arrive late, so one token can have several.
type lenient struct {
	mu     sync.Mutex
	n      int         // the one given last
	parent map[int]int // of each that was given
	gone   map[int]bool
	asked  int
}

func (l *lenient) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	var said int
	_, _ = fmt.Sscanf(r.PostForm.Get("refresh_token"), "refresh-%d", &said)
	if said == 0 || said > l.n || l.gone[said] {
		refuse(w, "invalid_grant") // harmless when the one who asked is dead; else he says so
		return
	}
	l.gone[l.parent[said]] = true
	l.n++
	l.parent[l.n] = said
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"access_token":"access-%d","refresh_token":"refresh-%[1]d","expires_in":1}`, l.n)
}

// Pain 10: processes that share a grant are killed -9 again and again, at whatever they are about; the grant lives.
func TestPain10KilledProcessesLoseNoGrant(t *testing.T) {
	t.Parallel()
	l := &lenient{n: 1, parent: map[int]int{}, gone: map[int]bool{}}
	provider := httptest.NewServer(l)
	t.Cleanup(provider.Close)
	file := filepath.Join(t.TempDir(), "oauth.token")
	first := fmt.Sprintf(`{"client_id":"vanthu","token_url":%q,"refresh_token":"refresh-1"}`, provider.URL)
	if err := os.WriteFile(file, []byte(first), 0o600); err != nil {
		t.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for worker := range 3 {
		all.Go(func() {
			for life := range 12 {
				cmd := exec.CommandContext(t.Context(), program)
				cmd.Env = append(os.Environ(), childURL+"="+provider.URL, childFile+"="+file)
				out, err := cmd.StdoutPipe()
				if err != nil || cmd.Start() != nil {
					t.Error("a child does not start: ", err)
					return
				}
				lines := bufio.NewScanner(out)
				for range 1 + life%4 {
					if !lines.Scan() {
						t.Error("a child ended by itself")
					} else if text := lines.Text(); text != "renewed" {
						t.Errorf("worker %d: %s", worker, text)
					}
				}
				// Somewhere in the next renewal, which takes a few milliseconds.
				timer := time.NewTimer(time.Duration((life*7+worker*3)%11) * 500 * time.Microsecond)
				<-timer.C
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
			}
		})
	}
	all.Wait()
	source, err := New(childConfig(provider.URL, file))
	if err != nil {
		t.Fatal(err)
	}
	got := token(t, source, "")
	l.mu.Lock()
	defer l.mu.Unlock()
	if !strings.HasPrefix(got, "access-") || l.asked < 36 {
		t.Errorf("after %d renewals: %.7s", l.asked, got)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}
