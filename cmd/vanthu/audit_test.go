package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/audit"
	"vanthu/bot/config"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// One byte of the database file is changed: the command finds it, names the event, ends with 1, and shows nothing to a terminal.
func TestAuditVerify(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.must("outbox", "list") // makes the tables
	cfg, err := config.Load(o.config)
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), cfg.Store.DSN(), "", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"first_thing", "second_thing", "third_thing"} {
		storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error {
			return tx.AddEvent(ctx, bot.Event{Actor: "officer:lan", What: what})
		})
	}
	db.Close()
	whole := o.must("audit", "verify")
	if !strings.Contains(whole, "3 events verified") || !strings.Contains(whole, "\nhead  3  ") {
		t.Errorf("whole:\n%s", whole)
	}
	kept := filepath.Join(t.TempDir(), "heads")
	if err := os.WriteFile(kept, []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	var report audit.Report
	if err := json.Unmarshal([]byte(o.must("audit", "verify", "--json", "--deep", "--head", kept)), &report); err != nil || report.Heads != 1 {
		t.Errorf("%+v, %v", report, err)
	}
	if out := o.must("audit", "verify", "--head", report.Head.Hash); !strings.Contains(out, "1 earlier heads found") {
		t.Error(out)
	}
	if out, code := o.run("audit", "verify", "--head", strings.Repeat("0", 64)); code != 1 || !strings.Contains(out, "was kept, and is not in this chain") {
		t.Errorf("another head: %d\n%s", code, out)
	}
	for _, wrong := range []string{"no such file", filepath.Dir(kept)} {
		if out, code := o.run("audit", "verify", "--head", wrong); code != 64 {
			t.Errorf("--head %s: %d\n%s", wrong, code, out)
		}
	}

	file := strings.TrimPrefix(cfg.Store.DSN(), "sqlite:")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	data[strings.LastIndex(string(data), "second_thing")] = '\x1b'
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	out, code := o.run("audit", "verify")
	if code != 1 || !strings.Contains(out, "FAULT  event 2 was changed: what (as it stands: ") || strings.Contains(out, "\x1b") {
		t.Errorf("one byte: %d\n%q", code, out)
	}
}
