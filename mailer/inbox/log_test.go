package inbox

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"
)

// The log has its small vocabulary, and nothing of a mail or a login in it.
func TestLog(t *testing.T) {
	t.Parallel()
	f := newFake(t, mail(1), mail(2))
	f.hook = func(c *fakeConn, command string) bool {
		if !strings.Contains(command, "BODY.PEEK[]") || !inSet(strings.Fields(strings.TrimPrefix(command, "UID "))[1], 2) {
			return false
		}
		c.say("* 2 FETCH (UID 2 %s XSTRANGE 1)", literal("BODY[]", "Subject: private matter\r\n\r\n"))
		return true
	}
	var log bytes.Buffer
	cfg := plain(f.start())
	cfg.Logger = slog.New(slog.NewJSONHandler(&log, nil))
	n := observe(t, cfg)
	n.gets(1)
	await(t, n.lost, "the bad mail to be told")
	n.end()
	events := map[string]int{}
	for line := range strings.Lines(log.String()) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatal(err)
		}
		events[entry["msg"].(string)]++
		for key := range entry {
			if !slices.Contains([]string{"time", "level", "msg", "mail", "platform", "code", "error", "duration_ms"}, key) {
				t.Errorf("key %q", key)
			}
		}
	}
	if events["gave_up"] != 1 || events["mailbox_lost"] != lastTries || events["mailbox_connected"] != lastTries+1 {
		t.Errorf("%v", events)
	}
	if strings.Contains(log.String(), "private") || strings.Contains(log.String(), `"pw"`) {
		t.Errorf("too much said:\n%s", log.String())
	}
}
