package desk_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/store"
)

// delivers opens a case of five accounts in three classes, and of a row that was rejected; all of it is delivered.
func (w *world) delivers() string {
	w.t.Helper()
	number := w.opens(ctsv, bot.Received, "2153010001", "2153010002", "2153010003", "2153010004", "2153010005", "!12")
	classes := []string{"YA", "YA", "YB", "YB", "", "YB"}
	w.write(func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.CaseByNumber(ctx, number)
		if err != nil {
			return err
		}
		rows := rowsOf([]string{"2153010001", "2153010002", "2153010003", "2153010004", "2153010005", "!12"})
		for i := range rows {
			rows[i].Class, rows[i].STT = classes[i], fmt.Sprint(i+1)
		}
		return tx.SetRows(ctx, c.ID, rows, []bot.Finding{{Rule: "ROW-02", Severity: bot.RejectRow, N: 6}})
	})
	w.must(w.desk.Check(w.t.Context(), "officer:lan", number))
	p := w.plans(number)
	if _, err := w.desk.ApprovePlan(w.t.Context(), minh, p.Number, p.Hash); err != nil {
		w.t.Fatal(err)
	}
	w.write(func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.CaseByNumber(ctx, number)
		if err != nil {
			return err
		}
		for n := 1; n <= 5; n++ {
			for _, state := range []bot.RowState{bot.RowCreated, bot.RowDelivered} {
				r, err := tx.Row(ctx, c.ID, n)
				if err != nil {
					return err
				}
				r.State, r.User, r.Address = state, r.Code, r.Code+"@sv.truong.example"
				if err := tx.SaveRow(ctx, r); err != nil {
					return err
				}
			}
		}
		for _, state := range []bot.State{bot.Created, bot.Delivered} {
			c.State = state
			if c, err = tx.SaveCase(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
	return number
}

// rows says how the rows of a case stand: "1 delivered handed, 2 missing …".
func (w *world) rows(number string) string {
	w.t.Helper()
	id := w.find(number).ID
	var said []string
	for _, r := range look(w, func(ctx context.Context, tx *store.Tx) ([]bot.CaseRow, error) { return tx.Rows(ctx, id) }) {
		s := string(r.State)
		if r.HandedOver.Done() {
			s += "+"
		}
		said = append(said, s)
	}
	return strings.Join(said, " ")
}

// mail is another mail of the unit.
func (w *world) mail() (id int64) {
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
		id = mails[len(mails)-1].ID
		return nil
	})
	return id
}

func missing(why bot.MissingWhy, ns ...int) (m []bot.Missing) {
	for _, n := range ns {
		m = append(m, bot.Missing{N: n, Why: why})
	}
	return m
}

// What a unit writes, and what has become of the case after each mail.
func TestReceiptRowByRow(t *testing.T) {
	t.Parallel()
	type mail struct {
		says bot.Receipt
		rows string
		c    bot.State
		told string // the letter, "" none
		code bot.Code
	}
	const all = "delivered delivered delivered delivered delivered bad"
	for name, mails := range map[string][]mail{
		"missing, found, handed over": {
			{bot.Receipt{Missing: missing(bot.NotThere, 2, 6), Unknown: []string{"2153019999"}}, "delivered missing delivered delivered delivered bad", bot.Delivered, "receipt_noted", ""},
			{bot.Receipt{Received: true}, "delivered missing delivered delivered delivered bad", bot.Delivered, "receipt_asked", ""},
			{bot.Receipt{HandedOver: true}, "delivered+ missing delivered+ delivered+ delivered+ bad", bot.Delivered, "receipt_noted", ""},
			{bot.Receipt{Found: []int{2}}, "delivered+ delivered delivered+ delivered+ delivered+ bad", bot.Delivered, "receipt_noted", ""},
			{bot.Receipt{Received: true, Classes: []string{"YA"}}, "delivered+ delivered+ delivered+ delivered+ delivered+ bad", bot.Closed, "closing", ""},
		},
		"class by class": {
			{bot.Receipt{Received: true}, all, bot.ReceivedByUnit, "", ""},
			{bot.Receipt{Classes: []string{"YA"}}, "delivered+ delivered+ delivered delivered delivered bad", bot.ReceivedByUnit, "receipt_noted", ""},
			{bot.Receipt{Classes: []string{"YA"}}, "delivered+ delivered+ delivered delivered delivered bad", bot.ReceivedByUnit, "receipt_noted", ""},
			{bot.Receipt{Classes: []string{"YB"}}, "delivered+ delivered+ delivered+ delivered+ delivered bad", bot.ReceivedByUnit, "receipt_noted", ""},
			{bot.Receipt{HandedOver: true}, "delivered+ delivered+ delivered+ delivered+ delivered+ bad", bot.Closed, "closing", ""},
			{bot.Receipt{HandedOver: true}, "delivered+ delivered+ delivered+ delivered+ delivered+ bad", bot.Closed, "", ""},
			{bot.Receipt{Missing: missing(bot.NoSignIn, 1)}, "delivered+ delivered+ delivered+ delivered+ delivered+ bad", bot.Closed, "", bot.Conflict},
		},
		"one who was handed over cannot sign in": {
			{bot.Receipt{Classes: []string{"YA", "YB"}}, "delivered+ delivered+ delivered+ delivered+ delivered bad", bot.Delivered, "receipt_noted", ""},
			{bot.Receipt{HandedOver: true, Missing: missing(bot.NoSignIn, 3)}, "delivered+ delivered+ missing delivered+ delivered+ bad", bot.Delivered, "receipt_noted", ""},
			{bot.Receipt{Missing: missing(bot.WrongPassword, 3)}, "delivered+ delivered+ missing delivered+ delivered+ bad", bot.Delivered, "receipt_noted", ""},
			{bot.Receipt{HandedOver: true, Found: []int{3}}, "delivered+ delivered+ delivered+ delivered+ delivered+ bad", bot.Closed, "closing", ""},
		},
		"asked twice, then an officer": {
			{bot.Receipt{Doubt: bot.DoubtCount}, all, bot.Delivered, "receipt_asked", ""},
			{bot.Receipt{Doubt: bot.DoubtPart, Received: true}, all, bot.Delivered, "receipt_asked", ""},
			{bot.Receipt{Doubt: bot.DoubtWho}, all, bot.Delivered, "", bot.Conflict},
			{bot.Receipt{Received: true}, all, bot.ReceivedByUnit, "", ""},
			{bot.Receipt{Doubt: bot.DoubtClass}, all, bot.ReceivedByUnit, "receipt_asked", ""},
		},
		"a row that is not there": {{bot.Receipt{Missing: missing(bot.NotThere, 9)}, all, bot.Delivered, "", bot.NotFound}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			number := w.delivers()
			for i, m := range mails {
				before := len(w.letters(number))
				version := w.find(number).Version
				mail := w.mail()
				err := w.db.Write(t.Context(), func(tx *store.Tx) error {
					c, err := tx.CaseByNumber(t.Context(), number)
					if err != nil {
						return err
					}
					return w.desk.Receipt(t.Context(), tx, c, m.says, ctsv, mail)
				})
				told := strings.Join(w.letters(number)[before:], " ")
				if got := w.find(number); bot.ErrorCode(err) != m.code || w.rows(number) != m.rows || got.State != m.c || told != m.told {
					t.Fatalf("mail %d: %v, %s, %s, told %q", i+1, err, got.State, w.rows(number), told)
				} else if m.told == "receipt_noted" && got.Version == version && len(m.says.Missing) > 0 && i == 0 {
					t.Errorf("mail %d: rows were opened, and the case is not another version", i+1)
				}
			}
		})
	}
}

// An officer notes what the unit said on the telephone; it is recorded as such.
func TestReceiptByTelephone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := w.delivers()
	if _, err := w.desk.ReceiptByOfficer(t.Context(), "officer:lan", number, bot.Receipt{Received: true}, ""); bot.ErrorCode(err) != bot.Invalid {
		t.Errorf("without saying how: %v", err)
	}
	if _, err := w.desk.ReceiptByOfficer(t.Context(), "officer:lan", number, bot.Receipt{Classes: []string{"yx"}}, "gọi chị Hoa"); bot.ErrorCode(err) != bot.NotFound {
		t.Errorf("a class that is not there: %v", err)
	}
	for _, r := range []bot.Receipt{{Received: true}, {Classes: []string{"y-a"}}, {Missing: missing(bot.NoSignIn, 3)}} {
		if _, err := w.desk.ReceiptByOfficer(t.Context(), "officer:lan", number, r, "gọi chị Hoa"); err != nil {
			t.Fatal(err)
		}
	}
	c, err := w.desk.ReceiptByOfficer(t.Context(), "officer:lan", number, bot.Receipt{HandedOver: true, Found: []int{3}}, "gọi chị Hoa")
	if err != nil || c.State != bot.Closed {
		t.Fatalf("%s, %v", c.State, err)
	}
	if diff := cmp.Diff([]string{"receipt_noted", "receipt_noted", "closing"}, w.letters(number)); diff != "" {
		t.Error(diff)
	}
	told := 0
	for _, e := range look(w, func(ctx context.Context, tx *store.Tx) ([]bot.Event, error) { return tx.Events(ctx, c.ID) }) {
		if e.What == "unit_told" && e.Actor == "officer:lan" && e.Detail["reason"] == "gọi chị Hoa" {
			told++
		}
		if e.What == "unit_handed_over" && e.Actor != "officer:lan" {
			t.Errorf("%s handed over", e.Actor)
		}
	}
	if told != 4 {
		t.Errorf("%d times the unit told an officer", told)
	}
	if _, err := w.desk.ReceiptByOfficer(t.Context(), "officer:lan", number, bot.Receipt{Missing: missing(bot.NoSignIn, 1)}, "x"); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("missing in a closed case: %v", err)
	}
}

// Rows that are missing get new passwords by a plan that another person approves, and only they are delivered again.
func TestMissingRowsAreDeliveredAgain(t *testing.T) {
	t.Parallel()
	for name, reset := range map[string][]int{"both": {2, 3}, "one": {3}, "none": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			number := w.delivers()
			if err := w.writes(ctsv, number, bot.Receipt{HandedOver: true, Missing: missing(bot.NoSignIn, 2, 3)}); err != nil {
				t.Fatal(err)
			}
			p := w.plans(number)
			if _, err := w.desk.ApprovePlan(t.Context(), bot.Officer{ID: "lan", Approver: true}, p.Number, p.Hash); bot.ErrorCode(err) != bot.Forbidden {
				t.Errorf("its maker approved a reset: %v", err)
			}
			if got := w.find(number).State; got != bot.Delivered {
				t.Fatalf("planned, the case is %s", got)
			}
			if _, err := w.desk.ApprovePlan(t.Context(), minh, p.Number, p.Hash); err != nil {
				t.Fatal(err)
			}
			w.write(func(ctx context.Context, tx *store.Tx) error { // the provisioner
				c, err := tx.CaseByNumber(ctx, number)
				if err != nil {
					return err
				}
				for _, n := range reset {
					r, err := tx.Row(ctx, c.ID, n)
					if err != nil {
						return err
					}
					r.State = bot.RowCreated
					if err := errors.Join(tx.SaveRow(ctx, r), tx.KeepSecret(ctx, c.ID, n, fmt.Appendf(nil, "sealed %d", n))); err != nil {
						return err
					}
				}
				c.State = bot.Created
				_, err = tx.SaveCase(ctx, c)
				return err
			})
			compose := w.desk.Compose
			var given bot.Answer
			w.desk.Compose = func(a bot.Answer) (store.Letter, error) { given = a; return compose(a) }
			id := w.find(number).ID
			for range 2 {
				if err := w.desk.Deliver(t.Context(), w.unseal(), id); err != nil {
					t.Fatal(err)
				}
			}
			if len(reset) == 0 {
				if got := w.find(number); got.State != bot.Delivered || w.rows(number) != "delivered+ missing missing delivered+ delivered+ bad" || given.Kind != "" {
					t.Errorf("nothing could be reset: %s, %s, told %q", got.State, w.rows(number), given.Kind)
				}
				return
			}
			if !given.Again || len(given.Accounts) != len(reset) || len(given.NotReset) != 2-len(reset) || given.Accounts[len(reset)-1].Row.N != 3 {
				t.Errorf("delivered again: %v, %d accounts, %d not", given.Again, len(given.Accounts), len(given.NotReset))
			}
			w.write(func(ctx context.Context, tx *store.Tx) error {
				return w.desk.Sent(ctx, tx, store.Letter{CaseID: id, Kind: string(bot.CredentialsOf)})
			})
			want := map[string]string{"both": "delivered+ delivered delivered delivered+ delivered+ bad", "one": "delivered+ missing delivered delivered+ delivered+ bad"}[name]
			if got := w.find(number); got.State != bot.Delivered || w.rows(number) != want {
				t.Errorf("sent: %s, %s", got.State, w.rows(number))
			}
			if err := w.writes(ctsv, number, bot.Receipt{HandedOver: true, Found: []int{2}}); err != nil || w.find(number).State != bot.Closed {
				t.Errorf("handed over in the end: %v, %s", err, w.find(number).State)
			}
		})
	}
}
