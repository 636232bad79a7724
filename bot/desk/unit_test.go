package desk_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/desk"
	"vanthu/bot/store"
)

func TestWithdrawInEachState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, state := range []bot.State{bot.Received, bot.WaitingUnit, bot.InWork, bot.Creating, bot.Created, bot.Delivered, bot.ReceivedByUnit, bot.HandedOver, bot.Closed} {
		early := i < 3
		for who, withdraw := range map[string]func(number string) error{
			"the unit": func(number string) error { return w.says(ctsv, number, desk.SaidWithdraw) },
			"an officer": func(number string) error {
				_, err := w.desk.Withdraw(t.Context(), "officer:lan", number, "nhầm")
				return err
			},
		} {
			number := w.brings(ctsv, state, fmt.Sprintf("215301%d%d", i, len(who)))
			err := withdraw(number)
			if got := w.find(number).State; early && (err != nil || got != bot.Withdrawn) || !early && (bot.ErrorCode(err) != bot.Conflict || got != state) {
				t.Errorf("%s withdraws a case that is %s: %v, now %s", who, state, err, got)
			}
			if !early {
				continue
			}
			if err := withdraw(number); err != nil && bot.ErrorCode(err) != bot.Conflict {
				t.Errorf("%s withdraws twice: %v", who, err)
			}
			if diff := cmp.Diff([]string{"withdrawn"}, w.letters(number)); diff != "" {
				t.Errorf("%s withdraws twice a case that was %s:\n%s", who, state, diff)
			}
			if _, err := w.desk.MakePlan(t.Context(), "officer:lan", []string{number}); err == nil {
				t.Error("a withdrawn case is planned")
			}
		}
	}
}

// A unit that has left the configuration cannot be told; its case can still be ended.
func TestAUnitThatIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := w.opens(sdh, bot.Received, "2153010001")
	w.desk.Units = []bot.Unit{ctsv}
	if _, err := w.desk.Return(t.Context(), "officer:lan", number, "thiếu"); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("returned to nobody: %v", err)
	}
	w.must(w.desk.Withdraw(t.Context(), "officer:lan", number, "đơn vị đã giải thể"))
	if got := w.find(number); got.State != bot.Withdrawn || len(w.letters(number)) != 0 {
		t.Errorf("%s, letters %v", got.State, w.letters(number))
	}
}

func TestAcceptPart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := w.opens(ctsv, bot.WaitingUnit, "2153010001", "!x")
	if err := w.says(sdh, number, desk.SaidAcceptPart); bot.ErrorCode(err) != bot.Forbidden {
		t.Errorf("another unit: %v", err)
	}
	if err := w.says(ctsv, number, desk.SaidAcceptPart); err != nil || w.find(number).State != bot.Received {
		t.Fatalf("%v, %s", err, w.find(number).State)
	}
	if err := w.says(ctsv, number, desk.SaidAcceptPart); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("twice: %v", err)
	}
	if p := w.plans(number); len(p.Items) != 1 || p.Items[0].Code != "2153010001" {
		t.Errorf("planned: %+v", p.Items)
	}

	// After an officer's return the unit must send another list; then it may accept a part of that one.
	w.must(w.desk.Return(t.Context(), "officer:lan", number, "chữ ký không đúng"))
	if err := w.says(ctsv, number, desk.SaidAcceptPart); bot.ErrorCode(err) != bot.Conflict || w.find(number).State != bot.WaitingUnit {
		t.Errorf("after an officer's return: %v", err)
	}
	w.write(func(ctx context.Context, tx *store.Tx) error { // a correction that could not be read: the officer's word stands
		_, err := tx.AddLetter(ctx, store.Letter{Step: number + " mail 99", MessageID: "<99@truong.example>", Kind: string(bot.Returned), CaseID: w.find(number).ID, Raw: []byte("x")})
		return err
	})
	if err := w.says(ctsv, number, desk.SaidAcceptPart); bot.ErrorCode(err) != bot.Conflict || w.find(number).State != bot.WaitingUnit {
		t.Errorf("after an officer's return and an unusable correction: %v", err)
	}
	if err := w.corrects(number, bot.WaitingUnit, bot.Defects, "2153010002", "!y"); err != nil {
		t.Fatal(err)
	}
	if err := w.says(ctsv, number, desk.SaidAcceptPart); err != nil || w.find(number).State != bot.Received {
		t.Errorf("a part of the corrected list: %v", err)
	}

	for name, prepare := range map[string]func(tx *store.Tx, c bot.Case) error{
		"no good row": func(tx *store.Tx, c bot.Case) error {
			return tx.SetRows(t.Context(), c.ID, rowsOf([]string{"!x"}), nil)
		},
		"no letter": func(tx *store.Tx, c bot.Case) error {
			return tx.SetRows(t.Context(), c.ID, rowsOf([]string{"2153010003"}), []bot.Finding{{Rule: "FRM-01", Severity: bot.RejectRequest}})
		},
	} {
		number := w.opens(ctsv, bot.WaitingUnit, "2153010003", "!x")
		w.write(func(_ context.Context, tx *store.Tx) error { return prepare(tx, w.find(number)) })
		if err := w.says(ctsv, number, desk.SaidAcceptPart); bot.ErrorCode(err) != bot.Conflict {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReceiptAndHandOver(t *testing.T) {
	t.Parallel()
	received, handed, both := bot.Receipt{Received: true}, bot.Receipt{HandedOver: true}, bot.Receipt{Received: true, HandedOver: true}
	for i, tt := range []struct {
		from bot.State
		said []bot.Receipt
		want bot.State
		code bot.Code
		told []string
	}{
		{from: bot.Delivered, said: []bot.Receipt{received}, want: bot.ReceivedByUnit},
		{from: bot.Delivered, said: []bot.Receipt{received, received}, want: bot.ReceivedByUnit},
		{from: bot.Delivered, said: []bot.Receipt{handed}, want: bot.Closed, told: []string{"closing"}},
		{from: bot.Delivered, said: []bot.Receipt{both}, want: bot.Closed, told: []string{"closing"}},
		{from: bot.Delivered, said: []bot.Receipt{received, handed, handed, received}, want: bot.Closed, told: []string{"closing"}},
		{from: bot.Delivered, said: []bot.Receipt{{Doubt: bot.DoubtCount}}, want: bot.Delivered, told: []string{"receipt_asked"}},
		{from: bot.Delivered, said: []bot.Receipt{{Received: true, Doubt: bot.DoubtWords}}, want: bot.Delivered, code: bot.Conflict},
		{from: bot.Created, said: []bot.Receipt{received}, want: bot.Created, code: bot.Conflict},
		{from: bot.Received, said: []bot.Receipt{handed}, want: bot.Received, code: bot.Conflict},
		{from: bot.InWork, said: []bot.Receipt{received}, want: bot.InWork, code: bot.Conflict},
		{from: bot.Closed, said: []bot.Receipt{{Missing: []bot.Missing{{N: 1, Why: bot.NoSignIn}}}}, want: bot.Closed, code: bot.Conflict},
	} {
		t.Run(fmt.Sprintf("%d %s", i, tt.from), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			number := w.brings(ctsv, tt.from, "2153010001")
			if err := w.writes(sdh, number, tt.said[0]); bot.ErrorCode(err) != bot.Forbidden || w.find(number).State != tt.from {
				t.Errorf("another unit: %v", err)
			}
			var err error
			for _, said := range tt.said {
				err = errors.Join(err, w.writes(ctsv, number, said))
			}
			if got := w.find(number).State; bot.ErrorCode(err) != tt.code || got != tt.want {
				t.Errorf("%v, now %s; want %s, %s", err, got, tt.code, tt.want)
			}
			if diff := cmp.Diff(tt.told, w.letters(number)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDeliver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := w.created()
	id := w.find(number).ID
	compose := w.desk.Compose
	var given []bot.NewAccount
	w.desk.Compose = func(a bot.Answer) (store.Letter, error) { given = a.Accounts; return compose(a) }
	for range 3 { // each minute, while the answer waits for its server
		if err := w.desk.Deliver(t.Context(), w.unseal(), id); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"delivered"}, w.letters(number)); diff != "" || len(given) != 1 || string(given[0].Password) != "plain of sealed 1" || given[0].User != "2153010001" {
		t.Errorf("given %+v\n%s", given, diff)
	}
	if w.unsealed != 1 || w.composed != 1 {
		t.Errorf("passwords were unsealed %d times, the letter was written %d times", w.unsealed, w.composed)
	}
	if c := w.find(number); c.State != bot.Created {
		t.Errorf("%s before the server has taken the letter", c.State)
	}

	for range 2 {
		w.write(func(ctx context.Context, tx *store.Tx) error {
			return w.desk.Sent(ctx, tx, store.Letter{CaseID: id, Kind: string(bot.CredentialsOf)})
		})
	}
	secrets := look(w, func(ctx context.Context, tx *store.Tx) (map[int][]byte, error) { return tx.Secrets(ctx, id) })
	rows := look(w, func(ctx context.Context, tx *store.Tx) ([]bot.CaseRow, error) { return tx.Rows(ctx, id) })
	if w.find(number).State != bot.Delivered || len(secrets) != 0 || rows[0].State != bot.RowDelivered || rows[1].State != bot.RowBad {
		t.Errorf("%s, %d secrets left, rows %s and %s", w.find(number).State, len(secrets), rows[0].State, rows[1].State)
	}
	if err := w.desk.Deliver(t.Context(), w.unseal(), id); err != nil || w.unsealed != 1 {
		t.Errorf("delivered again: %v", err)
	}

	if err := w.desk.Remind(t.Context(), id); err != nil || w.composed != 1 {
		t.Errorf("the unit was reminded before its day had passed: %v", err)
	}
	now := w.db.Now().AddDate(0, 0, 7)
	w.db.Now = func() time.Time { return now }
	for range 3 { // each minute, when the day has passed
		if err := w.desk.Remind(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"delivered", "reminder"}, w.letters(number)); diff != "" || w.composed != 2 {
		t.Errorf("%d letters were written:\n%s", w.composed, diff)
	}
}

// Another letter that was sent moves nothing.
func TestSentOfAnotherKind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := w.created()
	w.write(func(ctx context.Context, tx *store.Tx) error {
		return w.desk.Sent(ctx, tx, store.Letter{CaseID: w.find(number).ID, Kind: string(bot.Acknowledged)})
	})
	if c := w.find(number); c.State != bot.Created {
		t.Error(c.State)
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := w.brings(ctsv, bot.Creating, "2153010001")
	e, err := w.desk.Explain(t.Context(), number, 1)
	if err != nil || e.Row.Code != "2153010001" || e.Plan == nil || len(e.Plan.Items) != 1 || e.Plan.Approved.By != "officer:minh" || len(e.Events) < 4 {
		t.Errorf("%v: %+v", err, e)
	}
	if _, err := w.desk.Explain(t.Context(), number, 2); bot.ErrorCode(err) != bot.NotFound {
		t.Errorf("a row that is not there: %v", err)
	}
}

// When the directory refused every row there is nothing to hand over: the letter says so and the case is closed.
func TestNobodyCouldBeMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := w.createdWith(bot.RowBad)
	w.write(func(ctx context.Context, tx *store.Tx) error {
		return w.desk.Sent(ctx, tx, store.Letter{CaseID: w.find(number).ID, Kind: string(bot.CredentialsOf)})
	})
	if c := w.find(number); c.State != bot.Closed {
		t.Errorf("the case is %s", c.State)
	}
}

// An answer that was refused for good is queued again by an officer, as it was.
func TestResend(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := w.created()
	id := w.find(number).ID
	if err := w.desk.Deliver(t.Context(), w.unseal(), id); err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk.Resend(t.Context(), "officer:lan", number); bot.ErrorCode(err) != bot.Invalid {
		t.Errorf("nothing was refused, and still: %v", err)
	}
	letter := func() store.Letter {
		return look(w, func(ctx context.Context, tx *store.Tx) (store.Letter, error) {
			all, err := tx.Letters(ctx, id)
			if err != nil {
				return store.Letter{}, err
			}
			return all[len(all)-1], nil
		})
	}
	refused := letter()
	refused.State = store.LetterFailed
	w.write(func(ctx context.Context, tx *store.Tx) error { return tx.SaveLetter(ctx, refused) })
	n, err := w.desk.Resend(t.Context(), "officer:lan", number)
	if got := letter(); err != nil || n != 1 || got.State != store.LetterQueued || got.MessageID != refused.MessageID {
		t.Errorf("%d queued again (%v): %s %s", n, err, got.State, got.MessageID)
	}
}

// The unit's program answers while the credentials are still noted as being sent: the answer is judged again later.
func TestConfirmedBeforeTheReplyIsNoted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := w.created()
	id := w.find(number).ID
	if err := w.desk.Deliver(t.Context(), w.unseal(), id); err != nil {
		t.Fatal(err)
	}
	says := func(state store.LetterState) error {
		w.write(func(ctx context.Context, tx *store.Tx) error {
			all, err := tx.Letters(ctx, id)
			if err != nil {
				return err
			}
			l := all[len(all)-1]
			l.State = state
			return tx.SaveLetter(ctx, l)
		})
		return w.writes(ctsv, number, bot.Receipt{Received: true})
	}
	if err := says(store.LetterSending); bot.ErrorCode(err) != bot.Temporary {
		t.Errorf("while it is sent: %v", err)
	}
	if err := says(store.LetterQueued); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("before it is sent: %v", err)
	}
}
