// Package plantest carries an approved plan out on a platform: with the database and the engine that serve has, and a stepped clock in
// place of waiting. So a fake shows how many minutes 3,000 accounts take at the published quotas.
//
// It is for tests; nothing else may import it.
package plantest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/account/resttest"
	"vanthu/bot/desk"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// Domain is that of the addresses.
const Domain = "sv.truong.example"

// A Plan is approved, and its case is about to be created.
type Plan struct {
	t     testing.TB
	db    *store.DB
	clock *resttest.Clock
	prov  *account.Provisioner
	id    int64
	n     int

	// Pause is let pass after a try that failed, as the queue of jobs does.
	Pause time.Duration
	// Before is called before each try; an error of it ends the try as a crash would.
	Before func() error
}

// A Run is how a plan was carried out.
type Run struct {
	Took    time.Duration // by the clock
	Tries   int           // of the job
	PutOffs int           // of them ended because there was nothing to do yet
	Failed  []error       // what an officer would have seen
}

// Approved makes a case of n people, a plan for it, and has it approved.
func Approved(t testing.TB, db *store.DB, clock *resttest.Clock, platform account.Platform, n int) *Plan {
	t.Helper()
	db.Now = clock.Now
	p := &Plan{t: t, db: db, clock: clock, n: n, Pause: 5 * time.Second}
	var mu sync.Mutex
	made := 0
	p.prov = &account.Provisioner{DB: db, Platform: platform,
		Password: func() (string, error) {
			mu.Lock()
			defer mu.Unlock()
			made++
			return fmt.Sprintf("Canary-%06d-Canary", made), nil
		},
		Seal: func(plain []byte, label string) ([]byte, error) { return append([]byte(label+"|"), plain...), nil },
		Unseal: func(sealed []byte, label string) ([]byte, error) {
			inside, plain, _ := strings.Cut(string(sealed), "|")
			if inside != label {
				return nil, errors.New("sealed for another place")
			}
			return []byte(plain), nil
		}}
	var number string
	storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.AddMails(ctx, []store.NewMail{{Mailbox: "INBOX", UIDValidity: 7, UID: 1, ArrivedAt: tx.Now, Raw: []byte("x")}}); err != nil {
			return err
		}
		mails, err := tx.Mails(ctx, "")
		if err != nil {
			return err
		}
		if number, err = tx.KeepNumber(ctx, mails[0].ID, "YC"); err != nil {
			return err
		}
		c, err := tx.AddCase(ctx, bot.Case{Number: number, Kind: bot.AccountRequest, Unit: "CTSV", State: bot.Received, MailID: mails[0].ID, ReceivedAt: tx.Now})
		if err != nil {
			return err
		}
		p.id = c.ID
		rows := make([]bot.Row, n)
		for i := range rows {
			rows[i] = bot.Row{N: i + 1, Code: Code(i + 1), Name: "Nguyễn Văn An", Class: "YBK47", OK: true}
		}
		return tx.SetRows(ctx, c.ID, rows, nil)
	})
	d := &desk.Desk{DB: db, Platform: platform.Name(), Names: desk.Naming{Nth: func(r bot.NameRow, _ int) (string, string, error) { return r.Code, r.Code + "@" + Domain, nil }}}
	if _, err := d.Check(t.Context(), "officer:lan", number); err != nil {
		t.Fatal(err)
	}
	plan, err := d.MakePlan(t.Context(), "officer:lan", []string{number})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.ApprovePlan(t.Context(), bot.Officer{ID: "minh", Approver: true}, plan.Number, plan.Hash); err != nil {
		t.Fatal(err)
	}
	return p
}

// Code is the student code of row n.
func Code(n int) string { return fmt.Sprintf("2153%06d", n) }

// Carry carries the plan out, however many tries it takes.
func (p *Plan) Carry() Run {
	p.t.Helper()
	began := p.clock.Now()
	var r Run
	for ; p.state() == bot.Creating; r.Tries++ {
		if r.Tries > 2000 {
			p.t.Fatalf("not done after %d tries and %v", r.Tries, p.clock.Now().Sub(began))
		}
		if p.Before != nil {
			if err := p.Before(); err != nil {
				continue
			}
		}
		err := p.prov.Create(p.t.Context(), p.id)
		if put, ok := errors.AsType[*account.PutOff](err); ok {
			r.PutOffs++
			p.clock.Step(max(put.For, time.Second))
			continue
		}
		if err != nil {
			r.Failed = append(r.Failed, err)
			p.clock.Step(p.Pause)
		}
	}
	r.Took = p.clock.Now().Sub(began)
	return r
}

func (p *Plan) state() bot.State {
	return storetest.Read(p.t, p.db, func(ctx context.Context, tx *store.Tx) (bot.Case, error) { return tx.Case(ctx, p.id) }).State
}

// A Row is one that was done: who, and the credential that is sealed for him.
type Row struct {
	bot.CaseRow
	Secret string
}

// Rows are all rows, each of which must have been created.
func (p *Plan) Rows() []Row {
	p.t.Helper()
	secrets := storetest.Read(p.t, p.db, func(ctx context.Context, tx *store.Tx) (map[int][]byte, error) { return tx.Secrets(ctx, p.id) })
	rows := storetest.Read(p.t, p.db, func(ctx context.Context, tx *store.Tx) ([]bot.CaseRow, error) { return tx.Rows(ctx, p.id) })
	if len(rows) != p.n {
		p.t.Fatalf("%d rows, want %d", len(rows), p.n)
	}
	all := make([]Row, 0, len(rows))
	for _, row := range rows {
		if row.State != bot.RowCreated {
			p.t.Errorf("row %d is %s: %s", row.N, row.State, row.Said)
		}
		_, plain, _ := strings.Cut(string(secrets[row.N]), "|")
		all = append(all, Row{row, plain})
	}
	return all
}
