package main

import (
	"archive/zip"
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/config"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// An officer sees what would be done before anything is kept, makes a plan in batches, checks its hash himself, takes it to be signed,
// and makes it anew when the world has changed.
func TestPlanDesk(t *testing.T) {
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
	defer db.Close()
	var numbers []string
	for uid, unit := range []string{"CTSV", "DTSDH"} {
		storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.AddMails(ctx, []store.NewMail{{Mailbox: "INBOX", UIDValidity: 7, UID: uint32(uid + 1), ArrivedAt: tx.Now, Raw: []byte(unit)}}); err != nil {
				return err
			}
			number, err := tx.KeepNumber(ctx, int64(uid+1), "YC")
			if err != nil {
				return err
			}
			numbers = append(numbers, number)
			c, err := tx.AddCase(ctx, bot.Case{Number: number, Procedure: bot.Procedure, Edition: "01", Kind: bot.AccountRequest, Unit: unit, State: bot.Received, MailID: int64(uid + 1), ReceivedAt: tx.Now})
			if err != nil {
				return err
			}
			return tx.SetRows(ctx, c.ID, []bot.Row{
				{N: 1, Code: unit + "153010001", Name: "Nguyễn Thị Ánh\x1b[2J", Class: "YK47A", OK: true}, {N: 2, Code: unit + "153010002", Name: "Lê Văn Bé", Class: "YK47B", OK: true}, {N: 3, Code: "bad", Name: "Trần C"},
			}, nil)
		})
	}
	starts := time.Now().In(time.FixedZone("+07", 7*3600)).AddDate(0, 0, 30).Format(time.DateOnly)
	wish := append([]string{"--by-class", "--starts", starts}, numbers...)
	preview := o.must(append([]string{"plan", "preview"}, wish...)...)
	dry := o.must(append([]string{"plan", "make", "--dry-run"}, wish...)...)
	for _, shown := range []string{preview, dry} {
		for _, want := range []string{"4 accounts", "a preview: nothing is kept", "USER", "ctsv153010001@", "batch 2  ", "batch 1  " + starts, "1 " + starts} {
			if !strings.Contains(shown, want) {
				t.Errorf("%q is not in\n%s", want, shown)
			}
		}
		if strings.Contains(shown, "\x1b") || strings.Contains(shown, "GROUP") || strings.Contains(shown, "Trần C") {
			t.Errorf("it shows too much:\n%q", shown)
		}
	}
	if list := o.must("plan", "list"); strings.Contains(list, "KH-") {
		t.Errorf("a preview was kept:\n%s", list)
	}
	made := o.must(append([]string{"plan", "make"}, wish...)...)
	number := strings.Fields(made)[0]
	var plan bot.Plan
	if err := json.Unmarshal([]byte(o.must("plan", "show", number, "--json")), &plan); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(preview, plan.Hash) || !strings.Contains(made, plan.Hash) {
		t.Error("what was made is not what was shown")
	}
	if frozen := o.must("plan", "show", number, "--frozen"); bot.HashPlan([]byte(frozen)) != plan.Hash {
		t.Errorf("the hash is not over what --frozen prints:\n%s", frozen)
	}
	paper := filepath.Join(t.TempDir(), "kh.docx")
	o.must("plan", "export", number, "--to", paper)
	if z, err := zip.OpenReader(paper); err != nil {
		t.Error(err)
	} else {
		_ = z.Close()
	}
	for _, wrong := range [][]string{{"export", number, "--to", paper}, {"export", number, "--to", paper + ".pdf"}, {"drop", number}, {"remake", number}, {"make", numbers[0]}, {"show", "KH-1"}} {
		if out, code := o.run(append([]string{"plan"}, wrong...)...); code == 0 {
			t.Errorf("%v is taken: %s", wrong, out)
		}
	}
	anew := o.must("plan", "remake", number, "--batch", "3", "--at-once")
	for _, want := range []string{"otherwise than " + number, "starts: " + starts + " → -", "batch: 1 → 1"} {
		if strings.Contains(anew, want) == (want == "batch: 1 → 1") {
			t.Errorf("%q:\n%s", want, anew)
		}
	}
	if list := o.must("plan", "list"); !strings.Contains(list, "dropped by officer:lan: made anew") || !strings.Contains(list, "waits for approval") {
		t.Errorf("the list:\n%s", list)
	}
	var second bot.Plan
	if err := json.Unmarshal([]byte(o.must("plan", "remake", strings.Fields(anew[strings.Index(anew, "\nKH-"):])[0], "--officer", "minh", "--json")), &second); err != nil {
		t.Fatal(err)
	}
	if second.Officer != "minh" || second.Batch != 3 {
		t.Errorf("%+v", second)
	}
	if shown := o.must("plan", "show", number, "--history"); !strings.Contains(shown, "case_planned") || !strings.Contains(shown, "plan_dropped") {
		t.Errorf("its history:\n%s", shown)
	}
	if out := o.must("plan", "pause", second.Number, "--reason", "máy chủ\x1b[2J bảo trì"); !strings.Contains(out, "STOPPED by officer:lan") || !strings.Contains(out, "máy chủ") || strings.Contains(out, "\x1b") || !strings.Contains(out, "0 of 4") {
		t.Errorf("stopped:\n%q", out)
	}
	if out, _ := o.run("status"); !strings.Contains(out, second.Number+" STOPPED by officer:lan") {
		t.Errorf("the status does not say so:\n%s", out)
	}
	if out, code := o.run("plan", "pause", second.Number, "--reason", "x"); code == 0 {
		t.Errorf("stopped twice: %s", out)
	}
	if out := o.must("plan", "continue", second.Number); strings.Contains(out, "STOPPED") {
		t.Errorf("it goes on:\n%s", out)
	}
	if out := o.must("plan", "progress", second.Number, "--json"); !strings.Contains(out, `"of": 4`) || !strings.Contains(out, `"state": "waits"`) {
		t.Errorf("its progress:\n%s", out)
	}
	if out := o.must("plan", "drop", second.Number, "--reason", "dời sang tuần sau"); !strings.Contains(out, "can be planned anew") {
		t.Error(out)
	}
}
