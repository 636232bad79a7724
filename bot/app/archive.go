package app

import (
	"context"
	"fmt"
	"strings"

	"vanthu/bot"
	"vanthu/bot/archive"
	"vanthu/bot/desk"
	"vanthu/bot/store"
)

// record is everything that is archived of one case.
type record struct {
	c        bot.Case
	rows     []bot.CaseRow
	findings []bot.Finding
	mails    []store.Mail
	letters  []store.Letter
	plans    []store.StoredPlan
	register []store.Registered
	notices  []store.StoredNotice
	proof    []store.Proof
	events   []bot.Event
	head     store.Head
}

func (a *App) record(ctx context.Context, number string) (r record, err error) {
	err = a.DB.Read(ctx, func(tx *store.Tx) (err error) {
		if r.c, err = tx.CaseByNumber(ctx, number); err != nil {
			return err
		}
		if r.rows, err = tx.Rows(ctx, r.c.ID); err != nil {
			return err
		}
		if r.findings, err = tx.Findings(ctx, r.c.ID); err != nil {
			return err
		}
		if r.mails, err = tx.MailsOfCase(ctx, r.c.ID); err != nil {
			return err
		}
		if r.letters, err = tx.Letters(ctx, r.c.ID); err != nil {
			return err
		}
		if r.plans, err = tx.PlansOfCase(ctx, r.c.ID); err != nil {
			return err
		}
		if r.register, err = tx.RegisterOfCase(ctx, r.c.ID); err != nil {
			return err
		}
		if r.notices, err = tx.Notices(ctx, r.c.ID); err != nil {
			return err
		}
		if r.proof, err = tx.ProofOfCase(ctx, r.c.ID); err != nil {
			return err
		}
		if r.events, err = tx.Events(ctx, r.c.ID); err != nil {
			return err
		}
		r.head, err = tx.Head(ctx)
		return err
	})
	return r, err
}

// The folders of an archive: the three records of section VII, then what proves them.
const (
	listFolder     = "1 Danh sách và đề nghị"
	registerFolder = "2 Sổ tài khoản"
	noticeFolder   = "3 Thông báo cấp tài khoản"
	planFolder     = "4 Kế hoạch"
	letterFolder   = "5 Thư đã gửi"
	historyFolder  = "6 Nhật ký"
)

// ArchiveCase writes the three records of section VII of one case, with what proves them. There is no password and no token in any
// of it.
func (a *App) ArchiveCase(ctx context.Context, by bot.Officer, number string, out *archive.Archive) error {
	if err := a.lateNotice(ctx, number); err != nil {
		return err
	}
	r, err := a.record(ctx, number)
	if err != nil {
		return err
	}
	tokens := []string{r.c.Token}
	for _, l := range r.letters {
		tokens = append(tokens, l.Token)
	}
	p := &packer{app: a, out: out, record: r, hide: archive.NewHider(tokens, a.Config.SMTP.From, a.Config.SMTP.Plus, bot.ConfirmTag, bot.TokenLength)}
	for _, step := range []func(context.Context) error{p.requests, p.lists, p.papers, p.letters, p.history, p.steps, p.read} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("archive of %s: %w", number, err)
		}
	}
	return a.DB.Write(ctx, func(tx *store.Tx) error {
		return tx.AddEvent(ctx, bot.Event{Actor: desk.OfficerActor(by), Case: r.c.ID, What: "case_archived", Detail: map[string]string{"files": fmt.Sprint(out.Files)}})
	})
}

// lateNotice gives a case that was delivered before there were notices its own: a number and a day of today, once.
func (a *App) lateNotice(ctx context.Context, number string) error {
	r, err := a.record(ctx, number)
	if err != nil || len(r.notices) > 0 {
		return err
	}
	answer := bot.Answer{Case: r.c, Unit: bot.Unit{ID: r.c.Unit, Name: r.c.Unit}}
	for _, u := range a.Config.BotUnits() {
		if u.ID == r.c.Unit {
			answer.Unit = u
		}
	}
	for _, row := range r.rows {
		if row.State == bot.RowDelivered {
			user, _, _ := strings.Cut(row.Address, "@")
			answer.Accounts = append(answer.Accounts, bot.NewAccount{Row: row.Row, User: user, Address: row.Address})
		}
	}
	if len(answer.Accounts) == 0 {
		return nil
	}
	return a.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if answer.Notice, err = tx.KeepNotice(ctx, r.c.ID, number+" archived"); err != nil {
			return err
		}
		paper, err := a.letters.notice(answer)
		if err != nil {
			return err
		}
		return tx.SaveNotice(ctx, r.c.ID, answer.Notice, paper.Data)
	})
}
