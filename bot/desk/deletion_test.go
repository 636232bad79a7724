package desk_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/desk"
	"vanthu/bot/store"
)

// openedAs opens a case of that kind with n people of a class, the first code being the first.
func (w *world) openedAs(kind bot.Kind, class string, first, n int, findings ...bot.Finding) (number string) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *store.Tx) error {
		w.uid++
		if err := tx.AddMails(ctx, []store.NewMail{{Mailbox: "INBOX", UIDValidity: 7, UID: w.uid, ArrivedAt: tx.Now, Raw: fmt.Append(nil, w.uid)}}); err != nil {
			return err
		}
		mails, err := tx.Mails(ctx, "")
		if err != nil {
			return err
		}
		id := mails[len(mails)-1].ID
		if number, err = tx.KeepNumber(ctx, id, "YC"); err != nil {
			return err
		}
		c, err := tx.AddCase(ctx, bot.Case{Number: number, Procedure: bot.Procedure, Edition: "01", Kind: kind, Unit: ctsv.ID, State: bot.Received, MailID: id, ReceivedAt: tx.Now})
		if err != nil {
			return err
		}
		var rows []bot.Row
		for i := range n {
			code := fmt.Sprintf("21530%05d", first+i)
			rows = append(rows, bot.Row{N: i + 1, Code: code, Name: "Nguyễn Văn An", Class: class, OK: true, Account: code + "@sv.truong.example", Decision: "12/QĐ"})
		}
		if err := tx.SetRows(ctx, c.ID, rows, findings); err != nil || kind == bot.DeletionRequest {
			return err
		}
		for _, r := range rows { // they have accounts
			if err := tx.AddAccount(ctx, bot.CaseRow{Row: r, CaseID: c.ID, Address: r.Account, Platform: "file"}); err != nil {
				return err
			}
		}
		return nil
	})
	return number
}

// Above a number of people, a share of a class or of all accounts two others must approve.
func TestDeletionBrakes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		brakes desk.Deleting
		people int
		needs  int
	}{
		"none":                       {desk.Deleting{}, 20, 1},
		"the number":                 {desk.Deleting{Most: 8}, 8, 1},
		"above the number":           {desk.Deleting{Most: 8}, 9, 2},
		"half of the class":          {desk.Deleting{ClassShare: 50}, 10, 1},
		"more than half":             {desk.Deleting{ClassShare: 50}, 11, 2},
		"a share of all":             {desk.Deleting{Share: 10}, 10, 1},
		"more than a share of all":   {desk.Deleting{Share: 10}, 11, 2},
		"few are no share of a few":  {desk.Deleting{ClassShare: 1, Share: 1}, 5, 1},
		"six are one, whatever else": {desk.Deleting{ClassShare: 1, Share: 1}, 6, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.openedAs(bot.AccountRequest, "YAK43", 0, 20)
			w.openedAs(bot.AccountRequest, "YAK44", 100, 80)
			w.desk.Planning.Needs = tt.brakes.Needs
			number := w.openedAs(bot.DeletionRequest, "YAK43", 0, tt.people)
			w.confirms(number)
			p, err := w.desk.MakePlan(t.Context(), "officer:lan", []string{number})
			if err != nil || p.Needs != tt.needs || p.Kind != bot.PlanSuspend || len(p.Items) != tt.people {
				t.Errorf("needs %d, kind %s, %d people: %v", p.Needs, p.Kind, len(p.Items), err)
			}
		})
	}
}

// confirms says an officer's word where one is needed.
func (w *world) confirms(number string) {
	w.t.Helper()
	if _, err := w.desk.Sure(w.t.Context(), "officer:lan", number, "đã gọi đơn vị"); bot.ErrorCode(err) != "" && bot.ErrorCode(err) != bot.Conflict {
		w.t.Fatal(err)
	}
}

// Above a brake one approval starts nothing, and nobody gives two.
func TestPain42TwoApproveAboveTheBrakes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.desk.Planning.Needs = desk.Deleting{Most: 2}.Needs
	number := w.openedAs(bot.DeletionRequest, "YAK43", 0, 3)
	if _, err := w.desk.Check(t.Context(), "officer:lan", number); err != nil {
		t.Fatal(err)
	}
	p, err := w.desk.MakePlan(t.Context(), "officer:lan", []string{number})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk.ApprovePlan(t.Context(), minh, p.Number, p.Hash); err != nil || w.find(number).State != bot.InWork {
		t.Errorf("after one: %s, %v", w.find(number).State, err)
	}
	if _, err := w.desk.ApprovePlan(t.Context(), minh, p.Number, p.Hash); err == nil {
		t.Error("approved twice by one")
	}
	if _, err := w.desk.ApprovePlan(t.Context(), bot.Officer{ID: "hoa", Approver: true}, p.Number, p.Hash); err != nil || w.find(number).State != bot.Suspending {
		t.Errorf("after two: %s, %v", w.find(number).State, err)
	}
}

// A list that may be one of a current class is neither checked nor planned before an officer confirms it, with a reason; another
// list needs another word.
func TestDoubtfulDeletion(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		people   int
		findings []bot.Finding
		says     string
	}{
		"it looks like a class":    {3, []bot.Finding{{Rule: "DEL-10", Severity: bot.Warn}}, "DEL-10"},
		"another reason":           {3, []bot.Finding{{Rule: "DEL-09", Severity: bot.Warn, N: 1}}, "DEL-09"},
		"most of a class":          {11, nil, "11 of the 20 accounts of class YAK43"},
		"half of a class is clear": {10, nil, ""},
		"late, but clear":          {3, []bot.Finding{{Rule: "DEL-05", Severity: bot.Warn}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.openedAs(bot.AccountRequest, "YAK43", 0, 20)
			number := w.openedAs(bot.DeletionRequest, "YAK43", 0, tt.people, tt.findings...)
			_, checked := w.desk.Check(t.Context(), "officer:lan", number)
			_, planned := w.desk.MakePlan(t.Context(), "officer:lan", []string{number})
			if tt.says == "" {
				if checked != nil || planned != nil {
					t.Errorf("check %v, plan %v", checked, planned)
				}
				return
			}
			for _, err := range []error{checked, planned} {
				if bot.ErrorCode(err) != bot.Conflict || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), "case sure") {
					t.Errorf("%v, want %q and the remedy", err, tt.says)
				}
			}
			if _, err := w.desk.Sure(t.Context(), "officer:lan", number, " "); bot.ErrorCode(err) != bot.Invalid {
				t.Errorf("without a reason: %v", err)
			}
			if _, err := w.desk.Sure(t.Context(), "officer:lan", number, "đã gọi đơn vị"); err != nil {
				t.Fatal(err)
			}
			if _, err := w.desk.Check(t.Context(), "officer:lan", number); err != nil {
				t.Errorf("confirmed: %v", err)
			}
			again := w.find(number)
			again.MailID++ // a corrected list came
			if sure := look(w, func(ctx context.Context, tx *store.Tx) (bot.Stamp, error) { return tx.Sure(ctx, again) }); sure.Done() {
				t.Error("the word for one list counts for another")
			}
		})
	}
}

// The days that are left are told at seven and at one, once each; a short window has said so already.
func TestReminderDue(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 1, 2, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		window, hours, want int
		state               bot.State
	}{
		{30, 8 * 24, 0, bot.Suspended}, {30, 7 * 24, 7, bot.Suspended}, {30, 25, 7, bot.Suspended}, {30, 24, 1, bot.Suspended}, {30, 1, 1, bot.Suspended},
		{30, 0, 0, bot.Suspended}, {30, -5, 0, bot.Suspended}, {30, 24, 0, bot.Erasing}, {30, 24, 0, bot.Suspending}, {7, 24, 1, bot.Suspended}, {7, 72, 0, bot.Suspended},
		{2, 20, 0, bot.Suspended}, {0, 1, 0, bot.Suspended},
	} {
		c := bot.Case{State: tt.state, EraseAt: now.Add(time.Duration(tt.hours) * time.Hour)}
		if got := (desk.Deleting{Window: tt.window}).ReminderDue(c, now); got != tt.want {
			t.Errorf("window %d, %d hours left, %s: %d, want %d", tt.window, tt.hours, tt.state, got, tt.want)
		}
	}
}

func TestHoldPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, step := range []struct {
		what string
		err  error
		code bot.Code
	}{
		{"no reason", w.desk.HoldPerson(t.Context(), "officer:lan", "2153000001", ""), bot.Invalid},
		{"nobody", w.desk.HoldPerson(t.Context(), "officer:lan", " ", "x"), bot.Invalid},
		{"held", w.desk.HoldPerson(t.Context(), "officer:lan", " ck20240031 ", "khiếu nại"), ""},
		{"twice", w.desk.HoldPerson(t.Context(), "officer:lan", "CK20240031", "khiếu nại"), bot.Conflict},
		{"lifted without a reason", w.desk.LiftHold(t.Context(), "officer:lan", "CK20240031", ""), bot.Invalid},
		{"somebody else lifted", w.desk.LiftHold(t.Context(), "officer:lan", "2153000001", "x"), bot.NotFound},
	} {
		if bot.ErrorCode(step.err) != step.code {
			t.Errorf("%s: %v", step.what, step.err)
		}
	}
	held := look(w, func(ctx context.Context, tx *store.Tx) (map[string]bool, error) {
		return tx.Held(ctx, []string{"CK20240031", "2153000001"})
	})
	if len(held) != 1 || !held["CK20240031"] {
		t.Errorf("held: %v", held)
	}
	for _, e := range look(w, func(ctx context.Context, tx *store.Tx) ([]bot.Event, error) { return tx.Events(ctx, 0) }) {
		if strings.Contains(fmt.Sprint(e.Detail), "khiếu nại") {
			t.Error("the reason of a hold stands in the history")
		}
	}
}
