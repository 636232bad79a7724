package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
)

// A Replayed is one mail judged again by this version: what became of it then and what would now.
type Replayed struct {
	Mail  int64    `json:"mail,omitempty"` // 0: of a file
	File  string   `json:"file,omitempty"`
	Then  string   `json:"then,omitempty"` // "case queue", as the journal has it
	Now   string   `json:"now"`
	Diffs []string `json:"diffs,omitempty"`
}

// Replay judges stored mails again, in a throw-away database that nobody else sees: nothing is sent, moved or written to the
// journal, and neither the directory nor the DNS is asked. ids nil: all. Each mail is judged at the moment at which it was
// judged then, after those that it may refer to; what officers did in between is not played, so of what a unit said about a
// case only its kind is compared, and findings that hang on accounts that others have are not.
func (a *App) Replay(ctx context.Context, child func() *exec.Cmd, ids []int64, files []string, told func(Replayed)) error {
	mails, _, err := a.journal(ctx)
	if err != nil {
		return err
	}
	r, err := a.newReplay(ctx, child)
	if err != nil {
		return err
	}
	defer r.close()
	wanted := related(mails, ids)
	slices.SortStableFunc(mails, func(x, y store.Mail) int { // a mail that was judged again came after others
		if x.JudgedAt.IsZero() != y.JudgedAt.IsZero() {
			return y.JudgedAt.Compare(x.JudgedAt)
		}
		return x.JudgedAt.Compare(y.JudgedAt)
	})
	for _, m := range mails {
		if !wanted[m.ID] {
			continue
		}
		got, err := r.mail(ctx, m)
		if err != nil {
			return fmt.Errorf("mail %d: %w", m.ID, err)
		}
		if ids == nil && files == nil || slices.Contains(ids, m.ID) {
			told(got)
		}
	}
	for i, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		now := a.DB.Now()
		hash, body := store.Hashes(raw)
		m := store.Mail{ID: 1<<40 + int64(i), Mailbox: name, Hash: hash, BodyHash: body, Size: int64(len(raw)), ArrivedAt: now, SeenAt: now, JudgedAt: now}
		got, err := r.judge(ctx, m, raw)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		told(Replayed{File: name, Now: got.says()})
	}
	return nil
}

// related are the mails to be judged so that those of ids find what they refer to: earlier ones of their cases, and their
// copies.
func related(mails []store.Mail, ids []int64) map[int64]bool {
	wanted := make(map[int64]bool)
	var asked []store.Mail
	for _, m := range mails {
		if ids == nil || slices.Contains(ids, m.ID) {
			wanted[m.ID] = true
			asked = append(asked, m)
		}
	}
	if ids == nil {
		return wanted
	}
	for _, m := range mails {
		wanted[m.ID] = wanted[m.ID] || slices.ContainsFunc(asked, func(a store.Mail) bool {
			return m.ID < a.ID && (m.CaseID != 0 && m.CaseID == a.CaseID || m.BodyHash == a.BodyHash && m.Size > 0)
		})
	}
	return wanted
}

// A replay is an intake on a database of its own.
type replay struct {
	of    *App
	app   *App
	parts *parts
	now   time.Time
	dir   string
	known bool // senders that were proven then count as proven: the DNS is not asked again
}

func (a *App) newReplay(ctx context.Context, child func() *exec.Cmd) (_ *replay, err error) {
	r := &replay{of: a, parts: &parts{}, known: verifier(a.Config, a.DB.Now) != nil}
	if r.dir, err = os.MkdirTemp("", "vanthu-replay-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	cfg := *a.Config
	cfg.Store.URL, cfg.Store.Value, cfg.Trust.DKIM = "sqlite:"+filepath.Join(r.dir, "replay.db"), "", ""
	db, err := store.Open(ctx, cfg.Store.DSN(), "", r.clock)
	if err != nil {
		return nil, err
	}
	salt, err := a.DB.Salt(ctx, "") // our letters have the same Message-IDs then, and answers to them find their case
	if err == nil {
		_, err = db.Salt(ctx, salt)
	}
	if err == nil { // a number that is given anew meets none that was given then
		err = db.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.SkipNumbers(ctx, []string{"YC"}, 900_000, nil)
			return err
		})
	}
	db.Close()
	if err != nil {
		return nil, err
	}
	if r.app, err = open(ctx, &cfg, slog.New(slog.DiscardHandler), r.clock); err != nil {
		return nil, err
	}
	r.parts.intake, err = r.parts.newIntake(r.app, Hooks{Child: child})
	if err != nil {
		return nil, err
	}
	r.parts.intake.Accounts = func(context.Context, []string, []string) ([]bot.Existing, error) { return nil, nil }
	return r, nil
}

func (r *replay) clock() time.Time {
	if r.now.IsZero() {
		return r.of.DB.Now()
	}
	return r.now
}

func (r *replay) close() {
	r.parts.close()
	if r.app != nil {
		r.app.Close()
	}
	_ = os.RemoveAll(r.dir)
}

// mail judges a line of the journal and compares.
func (r *replay) mail(ctx context.Context, m store.Mail) (Replayed, error) {
	var raw []byte
	err := r.of.DB.Read(ctx, func(tx *store.Tx) (err error) {
		raw, err = tx.Raw(ctx, m.Hash)
		return err
	})
	if err != nil {
		return Replayed{}, err
	}
	then, err := endOf(ctx, r.of.DB, m)
	if err != nil {
		return Replayed{}, err
	}
	got := Replayed{Mail: m.ID, Then: then.says()}
	if m.Size == 0 { // never fetched
		got.Now = got.Then
		return got, nil
	}
	now, err := r.judge(ctx, m, raw)
	if err != nil {
		return Replayed{}, err
	}
	got.Now, got.Diffs = now.says(), then.differs(now, false)
	if len(got.Diffs) > 0 {
		acted, err := r.acted(ctx, m, then.number, now.number)
		if err != nil {
			return Replayed{}, err
		}
		got.Diffs = then.differs(now, acted)
	}
	return got, nil
}

// acted says whether somebody but units had acted on one of the cases before the mail was judged: that is not played again.
func (r *replay) acted(ctx context.Context, m store.Mail, numbers ...string) (acted bool, err error) {
	err = r.of.DB.Read(ctx, func(tx *store.Tx) error {
		for _, number := range numbers {
			c, err := tx.CaseByNumber(ctx, number)
			if bot.ErrorCode(err) == bot.NotFound {
				continue
			}
			if err != nil {
				return err
			}
			events, err := tx.Events(ctx, c.ID)
			if err != nil {
				return err
			}
			acted = acted || slices.ContainsFunc(events, func(e bot.Event) bool {
				return strings.HasPrefix(string(e.Actor), "officer:") && e.Mail == 0 && e.At.Before(m.JudgedAt)
			})
		}
		return nil
	})
	return acted, err
}

// judge puts a mail into the throw-away journal as the other one has it, and judges it until it has its outcome.
func (r *replay) judge(ctx context.Context, m store.Mail, raw []byte) (end, error) {
	r.now = m.JudgedAt
	seed := m
	if r.known && m.Unit != "" && seed.Vouched == "" {
		seed.Vouched = "replay"
	}
	if err := r.app.DB.Write(ctx, func(tx *store.Tx) error { return tx.SeedMail(ctx, seed, raw) }); err != nil {
		return end{}, err
	}
	for {
		err := r.parts.intake.Mail(ctx, m.ID)
		var now store.Mail
		late := r.app.DB.Read(ctx, func(tx *store.Tx) (err error) {
			now, err = tx.Mail(ctx, m.ID)
			return err
		})
		if late = errors.Join(late, ctx.Err()); late != nil {
			return end{}, late
		}
		if now.Outcome != "" {
			return endOf(ctx, r.app.DB, now)
		}
		if bot.ErrorCode(err) == bot.Temporary { // it would be tried again for ever
			return end{}, err
		}
	}
}

// An end is how a mail ended.
type end struct {
	mail   store.Mail
	number string // of its case
	rows   []string
}

// endOf gathers how a mail ended; rows only while the case still has those that this mail gave.
func endOf(ctx context.Context, db *store.DB, m store.Mail) (end, error) {
	e := end{mail: m}
	err := db.Read(ctx, func(tx *store.Tx) error {
		if m.CaseID == 0 {
			return nil
		}
		c, err := tx.Case(ctx, m.CaseID)
		if bot.ErrorCode(err) == bot.NotFound { // mail count tells it
			return nil
		}
		if err != nil || c.MailID != m.ID {
			e.number = c.Number
			return err
		}
		e.number = c.Number
		rows, err := tx.Rows(ctx, c.ID)
		if err != nil {
			return err
		}
		findings, err := tx.Findings(ctx, c.ID)
		if err != nil {
			return err
		}
		for _, row := range rows {
			e.rows = append(e.rows, fmt.Sprintf("row %d: %s | %s | %s | %s | %s (%s!%d)", row.N, row.Code, row.Name, row.Class, row.Cohort, row.Note, row.File, row.Line))
		}
		for _, f := range findings {
			if !ofOthers(f.Rule) {
				e.rows = append(e.rows, fmt.Sprintf("finding %s, row %d, cell %s", f.Rule, f.N, f.Cell))
			}
		}
		return nil
	})
	return e, err
}

// ofOthers are findings that hang on who has an account or asks for one, not on the mail.
func ofOthers(rule string) bool { return rule == "ROW-05" || rule == "ROW-06" || rule == "ROW-07" }

func (e end) says() string {
	code, _, _ := strings.Cut(e.mail.Reason, ":")
	return strings.TrimSpace(string(e.mail.Outcome) + " " + code)
}

// differs compares what hangs on the mail and on this program alone; acted: officers had a hand in the case.
func (e end) differs(now end, acted bool) (diffs []string) {
	say := func(what, a, b string) {
		if a != b {
			diffs = append(diffs, fmt.Sprintf("%s: %q then, %q now", what, a, b))
		}
	}
	say("kind", string(e.mail.Kind), string(now.mail.Kind))
	say("sender", e.mail.Sender, now.mail.Sender)
	say("unit", e.mail.Unit, now.mail.Unit)
	if acted || e.mail.Kind == bot.Confirmation || e.mail.Kind == bot.Bounce { // hangs on what was done and sent meanwhile
		return diffs
	}
	say("outcome", e.says(), now.says())
	if e.number != now.number {
		say("case", e.number, now.number)
	}
	if e.rows == nil || now.rows == nil {
		return diffs
	}
	for _, gone := range missing(e.rows, now.rows) {
		diffs = append(diffs, "no more: "+gone)
	}
	for _, come := range missing(now.rows, e.rows) {
		diffs = append(diffs, "new: "+come)
	}
	return diffs
}

// missing are those of a that are not in b.
func missing(a, b []string) []string {
	in := make(map[string]bool, len(b))
	for _, s := range b {
		in[s] = true
	}
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return in[s] })
}
