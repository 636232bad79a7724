// Package app builds everything from a configuration and lets it run. It is the only package that imports everybody: what
// the siblings under bot need of each other is handed over here, as functions.
//
// It must not decide anything about a mail, a case or an account.
package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os/user"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/bot/alarm"
	"vanthu/bot/calendar"
	"vanthu/bot/config"
	"vanthu/bot/desk"
	"vanthu/bot/job"
	"vanthu/bot/procedure"
	"vanthu/bot/store"
)

// An App is vanthu on one database.
type App struct {
	Config   *config.Config
	DB       *store.DB
	Desk     *desk.Desk
	Calendar *calendar.Calendar
	Book     *procedure.Book
	Logger   *slog.Logger
	Alarms   *alarm.Alarms // told by a serving process only

	pulse   func() string // what a serving process knows of its connections, JSON
	letters *letters
	runner  *job.Runner
}

// Open opens the database and the desk: enough for the officers' commands. Jobs that a command causes are inserted and
// worked by the serving process.
func Open(ctx context.Context, cfg *config.Config, logger *slog.Logger, now func() time.Time) (*App, error) {
	a, err := open(ctx, cfg, logger, now)
	if err != nil {
		return nil, err
	}
	if err := a.openQueue(ctx, []job.Queue{{Kind: store.JudgeJob}, {Kind: store.SendJob}, {Kind: store.BeginJob}, {Kind: store.CreateJob}, {Kind: store.DeliverJob},
		{Kind: store.SuspendJob}, {Kind: store.RestoreJob}, {Kind: store.BundleJob}}); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

func open(ctx context.Context, cfg *config.Config, logger *slog.Logger, now func() time.Time) (*App, error) {
	days, err := Calendar(cfg)
	if err != nil {
		return nil, err
	}
	book, err := readBook(cfg)
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, cfg.Store.DSN(), cfg.Store.Value, now)
	if err != nil {
		return nil, err
	}
	db.NameKey = nameKey
	if _, err := db.KeyNames(ctx); err != nil {
		db.Close()
		return nil, err
	}
	salt, err := db.Salt(ctx, rand.Text())
	if err != nil {
		db.Close()
		return nil, err
	}
	a := &App{Config: cfg, DB: db, Calendar: days, Book: book, Logger: logger, letters: newLetters(cfg, salt)}
	a.letters.edition = a.definition
	if a.Alarms, err = newAlarms(a); err != nil {
		db.Close()
		return nil, err
	}
	a.Desk = &desk.Desk{DB: db, Units: cfg.BotUnits(), OfficeOfOne: cfg.Plan.OfficeOfOne, Platform: cfg.Accounts.Platform,
		Names: namesOf(cfg).naming(), Compose: a.letters.compose, StepDue: a.due, Limits: a.limits, Promise: a.promise, Again: a.again, Officers: cfg.BotOfficers(), ClassBook: desk.ClassBook{Known: cfg.Rules.Classes, Confirm: cfg.Rules.Confirm}, Planning: a.planning(),
		Deleting: deleting(cfg), Digests: a.digests(), RemindEvery: cfg.Deadline.Remind}
	return a, nil
}

// Close closes the database.
func (a *App) Close() {
	if a.runner != nil {
		a.runner.Close()
	}
	a.DB.Close()
}

// openQueue wires the queues on whatever database there is. Without handlers jobs are only inserted.
func (a *App) openQueue(ctx context.Context, queues []job.Queue) (err error) {
	cfg := job.Config{Queues: queues, Sweep: a.sweep, Logger: slog.New(quiet{a.Logger.Handler()}), Token: a.DB.Token()}
	if len(queues) > 0 && queues[0].Handler != nil {
		cfg.ID = processName(a.DB)
	}
	if db := a.DB.SQLite(); db != nil {
		a.runner, err = job.NewSQLite(ctx, db, cfg)
	} else {
		a.runner, err = job.NewPostgres(ctx, a.Config.Store.DSN(), a.Config.Store.Value, cfg)
	}
	if err == nil {
		a.DB.Enqueue, a.DB.Wake = a.runner.Enqueue, a.runner.Wake
	}
	return err
}

// Officer returns the officer who acts on this command line: the operating-system user mapped by the configuration. as
// names another officer and is for root only.
func (a *App) Officer(as string) (bot.Officer, error) {
	u, err := user.Current()
	if err != nil {
		return bot.Officer{}, fmt.Errorf("app: who is asking: %w", err)
	}
	if as != "" && u.Uid != "0" {
		return bot.Officer{}, bot.Errorf(bot.Forbidden, "--as is for root only; you are %s", u.Username)
	}
	for _, o := range a.Config.BotOfficers() {
		if as == "" && o.Login == u.Username || as != "" && strings.EqualFold(o.ID, as) {
			return o, nil
		}
	}
	if as != "" {
		return bot.Officer{}, bot.Errorf(bot.NotFound, "no officer %q in %s", as, a.Config.File)
	}
	return bot.Officer{}, bot.Errorf(bot.Forbidden, "the login %s is no officer in %s; add login = %q to an [[officer]]", u.Username, a.Config.File, u.Username)
}

// RecordActingAs notes that root acts as an officer.
func (a *App) RecordActingAs(ctx context.Context, officer bot.Officer) error {
	return a.DB.Write(ctx, func(tx *store.Tx) error {
		return tx.AddEvent(ctx, bot.Event{Actor: desk.OfficerActor(officer), What: "acted_as", Detail: map[string]string{"login": "root"}})
	})
}

// sweep returns what is due: mails without an outcome, answers to be sent, accounts to be made, credentials to be
// delivered, receipts to be asked for, plans whose first day has come.
func (a *App) sweep(ctx context.Context, later bool) ([]store.Job, error) {
	var jobs []store.Job
	add := func(kind string, ids []int64) {
		for _, id := range ids {
			jobs = append(jobs, store.Job{Kind: kind, ID: id})
		}
	}
	err := a.DB.Read(ctx, func(tx *store.Tx) error {
		mails, err := tx.Unjudged(ctx)
		add(store.JudgeJob, mails)
		answers, err2 := tx.Unsent(ctx, later)
		add(store.SendJob, answers)
		begin, err3 := tx.ReadyToBegin(ctx, desk.Today(tx.Now))
		add(store.BeginJob, begin)
		if err := errors.Join(err, err2, err3); err != nil {
			return err
		}
		day, err := a.Desk.DigestDay(ctx, tx)
		if err != nil {
			return err
		}
		if day != 0 {
			add(store.DigestJob, []int64{day})
		}
		silent, err := a.Desk.Silent(ctx, tx)
		if err != nil {
			return err
		}
		add(store.RemindJob, silent)
		creating, err := tx.ToCreate(ctx)
		if err != nil {
			return err
		}
		add(store.CreateJob, creating)
		created, err := tx.Cases(ctx, bot.Created)
		if err != nil {
			return err
		}
		for _, c := range created {
			add(store.DeliverJob, []int64{c.ID})
		}
		gathered, err := a.toBundle(ctx, tx)
		if err != nil {
			return err
		}
		add(store.BundleJob, gathered)
		due, err := a.deletions(ctx, tx)
		jobs = append(jobs, due...)
		return err
	})
	return jobs, err
}

// quiet lets warnings and errors through: what the queue does every few seconds is of no use in the log of a desk.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, level)
}
