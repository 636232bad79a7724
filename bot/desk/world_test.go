package desk_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/desk"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

var (
	lan  = bot.Officer{ID: "lan", Name: "Lê Thị Lan"}
	minh = bot.Officer{ID: "minh", Name: "Trần Văn Minh", Approver: true}
	ctsv = bot.Unit{ID: "CTSV", Name: "Phòng Công tác sinh viên", Addresses: []string{"ctsv@truong.example"}}
	sdh  = bot.Unit{ID: "DTSDH", Name: "Phòng Đào tạo sau đại học", Addresses: []string{"dtsdh@truong.example"}}
)

// world is a desk on a real database; letters are not written.
type world struct {
	t        *testing.T
	db       *store.DB
	desk     *desk.Desk
	uid      uint32
	composed int
	unsealed int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOn(t, storetest.SQLite(t))
}

func newWorldOn(t *testing.T, db *store.DB) *world {
	t.Helper()
	w := &world{t: t, db: db}
	w.desk = &desk.Desk{DB: w.db, Units: []bot.Unit{ctsv, sdh}, Platform: "file",
		StepDue: func(_ bot.Case, _ bot.StepID, from time.Time) time.Time { return from.AddDate(0, 0, 1) },
		Limits:  limits(t),
		Again:   func(c bot.Case, _ []bot.Limit) time.Time { return c.Promised.AddDate(0, 0, 1) },
		Promise: func(_ bot.Case, from time.Time) bot.Promise { return bot.Promise{Accounts: from.AddDate(0, 0, 30)} },
		Names: desk.Naming{Nth: func(r bot.NameRow, _ int) (string, string, error) {
			if r.Code == "admin" {
				return "", "", errors.New("reserved")
			}
			return strings.ToLower(r.Code), strings.ToLower(r.Code) + "@sv.truong.example", nil
		}},
		Compose: func(a bot.Answer) (store.Letter, error) {
			w.composed++
			return store.Letter{Step: a.Step, MessageID: "<" + strings.ReplaceAll(a.Step, " ", ".") + "@truong.example>", Kind: string(a.Kind), CaseID: a.Case.ID,
				To: a.Unit.Addresses[0], Raw: []byte(a.Step), Once: a.Kind == bot.CredentialsOf}, nil
		}}
	return w
}

func (w *world) write(f func(ctx context.Context, tx *store.Tx) error) {
	w.t.Helper()
	storetest.Write(w.t, w.db, f)
}

func look[T any](w *world, f func(ctx context.Context, tx *store.Tx) (T, error)) T {
	w.t.Helper()
	return storetest.Read(w.t, w.db, f)
}

// opens opens a case; a code that begins with "!" is a bad row.
func (w *world) opens(unit bot.Unit, state bot.State, codes ...string) string {
	w.t.Helper()
	var number string
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
		c, err := tx.AddCase(ctx, bot.Case{Number: number, Procedure: bot.Procedure, Edition: "01", Kind: bot.AccountRequest, Unit: unit.ID,
			State: state, MailID: id, ReceivedAt: tx.Now})
		if err != nil {
			return err
		}
		return tx.SetRows(ctx, c.ID, rowsOf(codes), nil)
	})
	return number
}

func rowsOf(codes []string) []bot.Row {
	var rows []bot.Row
	for i, code := range codes {
		bare, bad := strings.CutPrefix(code, "!")
		rows = append(rows, bot.Row{N: i + 1, Code: bare, Name: "Nguyễn Văn An", OK: !bad})
	}
	return rows
}

func (w *world) find(number string) bot.Case {
	w.t.Helper()
	return look(w, func(ctx context.Context, tx *store.Tx) (bot.Case, error) { return tx.CaseByNumber(ctx, number) })
}

// letters lists the kinds of the letters of a case.
func (w *world) letters(number string) (kinds []string) {
	w.t.Helper()
	id := w.find(number).ID
	for _, l := range look(w, func(ctx context.Context, tx *store.Tx) ([]store.Letter, error) { return tx.Letters(ctx, id) }) {
		kinds = append(kinds, l.Kind)
	}
	return kinds
}

// says is what a unit's mail says about a case.
func (w *world) says(unit bot.Unit, number string, said desk.Said) error {
	w.t.Helper()
	return w.db.Write(w.t.Context(), func(tx *store.Tx) error {
		c, err := tx.CaseByNumber(w.t.Context(), number)
		if err != nil {
			return err
		}
		return w.desk.Confirm(w.t.Context(), tx, c, said, unit, 0)
	})
}

// writes is what a unit's mail says about the accounts of a case.
func (w *world) writes(unit bot.Unit, number string, r bot.Receipt) error {
	w.t.Helper()
	return w.db.Write(w.t.Context(), func(tx *store.Tx) error {
		c, err := tx.CaseByNumber(w.t.Context(), number)
		if err != nil {
			return err
		}
		return w.desk.Receipt(w.t.Context(), tx, c, r, unit, c.MailID)
	})
}

// corrects puts other rows in the place of a case's own, as a corrected list does.
func (w *world) corrects(number string, state bot.State, kind bot.AnswerKind, codes ...string) error {
	w.t.Helper()
	return w.db.Write(w.t.Context(), func(tx *store.Tx) error {
		ctx := w.t.Context()
		c, err := tx.CaseByNumber(ctx, number)
		if err != nil {
			return err
		}
		if c, err = w.desk.Reopen(ctx, tx, c); err != nil {
			return err
		}
		c.State = state
		if c, err = tx.SaveCase(ctx, c); err != nil {
			return err
		}
		if err := tx.SetRows(ctx, c.ID, rowsOf(codes), nil); err != nil {
			return err
		}
		step := fmt.Sprintf("%s %d", number, c.Version)
		_, err = tx.AddLetter(ctx, store.Letter{Step: step, MessageID: "<" + step + ">", Kind: string(kind), CaseID: c.ID, Raw: []byte("x")})
		return err
	})
}

func (w *world) must(_ bot.Case, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) plans(numbers ...string) store.StoredPlan {
	w.t.Helper()
	p, err := w.desk.MakePlan(w.t.Context(), "officer:lan", numbers)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) plan(p store.StoredPlan) store.StoredPlan {
	w.t.Helper()
	return look(w, func(ctx context.Context, tx *store.Tx) (store.StoredPlan, error) { return tx.Plan(ctx, p.ID) })
}

// brings takes a new case to a state, the way there.
func (w *world) brings(unit bot.Unit, state bot.State, code string) string {
	w.t.Helper()
	if state == bot.WaitingUnit {
		return w.opens(unit, state, code, "!x")
	}
	number := w.opens(unit, bot.Received, code)
	if state == bot.Received {
		return number
	}
	w.must(w.desk.Check(w.t.Context(), "officer:lan", number))
	if state == bot.InWork {
		return number
	}
	p := w.plans(number)
	if _, err := w.desk.ApprovePlan(w.t.Context(), minh, p.Number, p.Hash); err != nil {
		w.t.Fatal(err)
	}
	for _, next := range []bot.State{bot.Created, bot.Delivered, bot.ReceivedByUnit, bot.HandedOver, bot.Closed} {
		if w.find(number).State == state {
			break
		}
		w.write(func(ctx context.Context, tx *store.Tx) error {
			c, err := tx.CaseByNumber(ctx, number)
			if err != nil {
				return err
			}
			c.State = next
			_, err = tx.SaveCase(ctx, c)
			return err
		})
	}
	return number
}

// created brings a case with sealed passwords to created: one row is made, the other met somebody else's account.
func (w *world) created() string {
	w.t.Helper()
	return w.createdWith(bot.RowCreated)
}

// createdWith says what has become of the first row.
func (w *world) createdWith(first bot.RowState) string {
	w.t.Helper()
	return w.creates(w.opens(ctsv, bot.Received, "2153010001", "2153010002"), first)
}

// createdIn is created with the people of a class.
func (w *world) createdIn(class string) string {
	w.t.Helper()
	return w.creates(w.opensWith(class), bot.RowCreated)
}

func (w *world) creates(number string, first bot.RowState) string {
	w.t.Helper()
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
		rows, err := tx.Rows(ctx, c.ID)
		if err != nil {
			return err
		}
		rows[0].State, rows[0].OK = first, first == bot.RowCreated
		if rows[0].OK {
			rows[0].User, rows[0].Address = "2153010001", "2153010001@sv.truong.example"
		}
		rows[1].State, rows[1].OK = bot.RowBad, false
		for _, r := range rows {
			if err := errors.Join(tx.SaveRow(ctx, r), tx.KeepSecret(ctx, c.ID, r.N, fmt.Appendf(nil, "sealed %d", r.N))); err != nil {
				return err
			}
		}
		c.State = bot.Created
		_, err = tx.SaveCase(ctx, c)
		return err
	})
	return number
}

func (w *world) unseal() desk.Unseal {
	return desk.Unseal{Label: func(number string, n int) string { return fmt.Sprintf("%s row %d", number, n) },
		Open: func(sealed []byte, _ string) ([]byte, error) {
			w.unsealed++
			return []byte("plain of " + string(sealed)), nil
		}}
}
