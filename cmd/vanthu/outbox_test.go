package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/config"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// An officer sees the answers that need him, what became of each try and what he can do, and does it; nothing that a server has
// said is obeyed by a terminal.
func TestOutboxDesk(t *testing.T) {
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
	for i, kind := range []bot.AnswerKind{bot.BlankForm, bot.CredentialsOf, bot.Returned, bot.Acknowledged} {
		step := fmt.Sprint("step ", i)
		storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.AddLetter(ctx, store.Letter{Step: step, MessageID: fmt.Sprintf("<%d@truong.example>", i), Kind: string(kind), To: ctsvAddress, Raw: []byte("x"), Once: kind == bot.CredentialsOf})
			if err != nil {
				return err
			}
			l, _, _, err := tx.NextLetter(ctx, tx.Now.Add(time.Hour), store.Pace{})
			if err != nil {
				return err
			}
			outcome := []string{"sent", "unknown", "permanent", "temporary"}[i]
			l.State = []store.LetterState{store.LetterSent, store.LetterUnknown, store.LetterFailed, store.LetterQueued}[i]
			l.Reply = "550 5.1.1 \x1b[2Jno such user"
			return tx.EndTry(ctx, l, outcome)
		})
	}
	list := o.must("outbox", "list")
	for _, want := range []string{"delivered", "unknown (!)", "failed (!)", "queued"} {
		if !strings.Contains(list, want) {
			t.Errorf("%q is not in\n%s", want, list)
		}
	}
	if strings.Contains(list, "\x1b") || strings.Contains(list, "blank_form") || !strings.Contains(o.must("outbox", "list", "--all"), "blank_form") {
		t.Errorf("the list:\n%q", list)
	}
	if shown := o.must("outbox", "show", "2"); !strings.Contains(shown, "settle 2 --delivered") || !strings.Contains(shown, "<1@truong.example>") || strings.Contains(shown, "\x1b") {
		t.Errorf("credentials that may have been taken:\n%q", shown)
	}
	for _, wrong := range [][]string{{"settle", "2"}, {"settle", "2", "--delivered", "--not-delivered"}, {"resend", "1"}, {"resend", "4"}, {"settle", "1", "--delivered"}, {"show", "99"}} {
		if out, code := o.run(append([]string{"outbox"}, wrong...)...); code == 0 {
			t.Errorf("%v is taken: %s", wrong, out)
		}
	}
	if out := o.must("outbox", "resend", "3"); !strings.Contains(out, "answer 3 is now queued") {
		t.Error(out)
	}
	if out := o.must("outbox", "settle", "2", "--not-delivered"); !strings.Contains(out, "answer 2 is now queued") {
		t.Error(out)
	}
	var left struct{ Letters []store.Letter }
	if err := json.Unmarshal([]byte(o.must("outbox", "list", "--json")), &left); err != nil {
		t.Fatal(err)
	}
	for _, l := range left.Letters {
		if l.NeedsPerson() || l.State != store.LetterQueued {
			t.Errorf("answer %d is %s", l.ID, l.State)
		}
	}
	events := storetest.Read(t, db, func(ctx context.Context, tx *store.Tx) ([]bot.Event, error) { return tx.Events(ctx, 0) })
	var acts []string
	for _, e := range events {
		if strings.HasPrefix(string(e.Actor), "officer:") {
			acts = append(acts, e.What)
		}
	}
	if strings.Join(acts, " ") != "answer_queued_again answer_settled_not_delivered" {
		t.Errorf("the history: %v", acts)
	}
}
