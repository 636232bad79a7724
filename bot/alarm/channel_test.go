package alarm_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot/alarm"
)

func message() alarm.Message {
	since := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	return alarm.Message{Condition: "imap", Code: "timeout", State: alarm.Raised, Service: "cntt@truong.example", Process: "desk/1", Since: since,
		At: since.Add(3 * time.Minute), Seconds: 180, VI: "CẢNH BÁO: Mất hộp thư", EN: "ALARM: no mailbox"}
}

func TestWebhookFormats(t *testing.T) {
	t.Parallel()
	const text = `CẢNH BÁO: Mất hộp thư\nALARM: no mailbox\ncntt@truong.example · desk/1 · imap/timeout`
	for _, c := range []struct {
		hook                  alarm.Webhook
		path, bearer, content string
	}{
		{alarm.Webhook{Secret: "k-1"}, "/hook", "Bearer k-1", `{"condition":"imap","code":"timeout","state":"raised","service":"cntt@truong.example","process":"desk/1",` +
			`"since":"2026-11-26T08:00:00Z","at":"2026-11-26T08:03:00Z","seconds":180,"text_vi":"CẢNH BÁO: Mất hộp thư","text_en":"ALARM: no mailbox","detail":""}`},
		{alarm.Webhook{Format: alarm.Slack}, "/hook", "", `{"text":"` + text + `"}`},
		{alarm.Webhook{Format: alarm.Telegram, URL: "/bot{secret}/sendMessage", Secret: "7:k", Chat: "-100"}, "/bot7:k/sendMessage", "", `{"chat_id":"-100","text":"` + text + `"}`},
		{alarm.Webhook{Format: alarm.Teams}, "/hook", "", `{"attachments":[{"content":{"body":[{"text":"` + text + `","type":"TextBlock","wrap":true}],"type":"AdaptiveCard",` +
			`"version":"1.4"},"contentType":"application/vnd.microsoft.card.adaptive"}],"type":"message"}`},
	} {
		var path, bearer, body string
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			path, bearer, body = r.URL.Path, r.Header.Get("Authorization"), string(b)
		}))
		if c.hook.URL == "" {
			c.hook.URL = "/hook"
		}
		c.hook.URL = server.URL + c.hook.URL
		err := c.hook.Send(t.Context(), message())
		server.Close()
		if err != nil || path != c.path || bearer != c.bearer || body != c.content {
			t.Errorf("%s: %v, %s, %q, %s", c.hook.Format, err, path, bearer, cmp.Diff(c.content, body))
		}
	}
}

// What a webhook answers, or that nobody answers, is an error that shows neither the URL nor the secret; a redirect is not
// followed, for the secret is for one host.
func TestWebhookFails(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	defer elsewhere.Close()
	ended := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/moved"):
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		case strings.HasSuffix(r.URL.Path, "/silent"):
			<-ended
		default:
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	defer server.Close()
	defer close(ended)
	gone := httptest.NewServer(nil)
	gone.Close()
	for _, url := range []string{server.URL + "/{secret}/moved", server.URL + "/{secret}/silent", server.URL + "/{secret}/refused", gone.URL + "/{secret}"} {
		err := alarm.Webhook{URL: url, Secret: "not-for-the-log", Timeout: 100 * time.Millisecond}.Send(t.Context(), message())
		if err == nil || strings.Contains(err.Error(), "not-for-the-log") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestCommand(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "got")
	if err := (alarm.Command{Args: []string{"sh", "-c", `cat > "$1"`, "sh", file}}).Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got alarm.Message
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(message(), got); diff != "" {
		t.Error(diff)
	}
	for _, args := range [][]string{{"sh", "-c", "exit 3"}, {"sleep", "60"}, {"/no/such/program"}} {
		began := time.Now()
		if err := (alarm.Command{Args: args, Timeout: 100 * time.Millisecond}).Send(t.Context(), message()); err == nil {
			t.Errorf("%q: no error", args)
		} else if errors.Is(err, io.EOF) || time.Since(began) > 20*time.Second {
			t.Errorf("%q: %v after %v", args, err, time.Since(began))
		}
	}
}

// Every condition has words in both languages.
func TestTexts(t *testing.T) {
	t.Parallel()
	for _, c := range []alarm.Condition{alarm.IMAP, alarm.SMTP, alarm.OAuth, alarm.Canary, alarm.Disk, alarm.Database, alarm.Clock, alarm.Balance, alarm.Audit, alarm.Brake,
		alarm.Outbox, alarm.Letters, alarm.Judging, alarm.Filing, alarm.Accounts, alarm.Quarantine, alarm.BadChannel, "oauth/smtp"} {
		if vi, en := alarm.Text(c, "no such code"); vi == "" || en == "" || vi == en {
			t.Errorf("%s: %q, %q", c, vi, en)
		}
	}
	if vi, en := alarm.Text("moon", "full"); vi != "moon full" || en != "moon full" {
		t.Errorf("an unknown condition: %q, %q", vi, en)
	}
}
