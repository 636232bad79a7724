package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/account/offline"
	"vanthu/bot/alarm"
	"vanthu/bot/desk"
	"vanthu/bot/intake"
	"vanthu/bot/job"
	"vanthu/bot/rules"
	"vanthu/bot/secret"
	"vanthu/bot/store"
	"vanthu/mailer/inbox"
	"vanthu/mailer/oauth"
	"vanthu/mailer/outbox"
)

// parts are what only a serving process needs.
type parts struct {
	inboxConfig inbox.Config
	filer       *inbox.Filer
	sender      *outbox.Sender
	tokens      alarm.Line // whether OAuth 2 tokens come
	now         func() time.Time
	grant       *oauth.Source // nil: without [oauth]
	intake      *intake.Intake
	postman     *postman
	provisioner *account.Provisioner
	remover     *account.Remover
	platform    account.Platform
	seen        *seen
	bundler     *offline.Maker // nil: of a platform that we ask ourselves
	deliver     func(ctx context.Context, caseID int64) error
	closers     []func() error
}

func newParts(ctx context.Context, a *App, hooks Hooks) (*parts, error) {
	cfg := a.Config
	p := &parts{}
	vault, err := secret.Open(cfg.Secret.KeyFile)
	if err != nil {
		return nil, err
	}
	platform, closePlatform, err := OpenPlatform(ctx, cfg, a.DB.Now)
	if err != nil {
		return nil, err
	}
	p.platform, p.closers = platform, append(p.closers, closePlatform)
	p.seen = &seen{platform: platform}
	if err := p.seen.first(ctx, a.Logger); err != nil {
		return nil, errors.Join(err, p.closeAll())
	}
	if p.bundler, err = a.bundles(vault); err != nil {
		return nil, errors.Join(err, p.closeAll())
	}
	if err := p.openMail(a, hooks); err != nil {
		return nil, errors.Join(err, p.closeAll())
	}
	if p.intake, err = p.newIntake(a, hooks); err != nil {
		return nil, errors.Join(err, p.closeAll())
	}
	p.postman = newPostman(a, p.sender.Deliver)
	p.provisioner = &account.Provisioner{DB: a.DB, Platform: p.platform, Seal: vault.Seal, Unseal: vault.Unseal,
		Password: func() (string, error) { return secret.NewPassword(rand.Reader) }}
	p.remover = &account.Remover{DB: a.DB, Platform: p.platform, InFlight: cmp.Or(p.platform.Describe().InFlight, 8), Window: cfg.Deletion.WindowDays, SameName: sameName, Tell: a.Desk.Tell, EraseAt: eraseAt}
	unseal := desk.Unseal{Open: vault.Unseal, Label: account.Label}
	p.deliver = func(ctx context.Context, caseID int64) error { return a.Desk.Deliver(ctx, unseal, caseID) }
	return p, nil
}

// queues says who works on what.
func (p *parts) queues(a *App) []job.Queue {
	return append(bundleQueue(p.bundler), []job.Queue{
		{Kind: store.JudgeJob, Workers: 4, Handler: p.intake.Mail},
		{Kind: store.SendJob, Workers: a.Config.SMTP.Connections, Handler: p.postman.letter},
		{Kind: store.BeginJob, Workers: 1, Handler: a.Desk.Begin},
		{Kind: store.CreateJob, Workers: 2, Handler: p.seen.before(puttingOff(p.provisioner.Create))},
		{Kind: store.DeliverJob, Workers: 1, Handler: p.deliver},
		{Kind: store.RemindJob, Workers: 1, Handler: a.Desk.Remind},
		{Kind: store.SuspendJob, Workers: 1, Handler: p.seen.before(puttingOff(p.remover.Suspend))},
		{Kind: store.RestoreJob, Workers: 1, Handler: p.seen.before(puttingOff(p.remover.Restore))},
		{Kind: store.EraseJob, Workers: 1, Handler: p.seen.before(puttingOff(p.remover.Erase))},
		{Kind: store.EraseRemindJob, Workers: 1, Handler: a.Desk.RemindErase},
		{Kind: store.DigestJob, Workers: 1, Handler: a.Desk.Digest},
	}...)
}

// puttingOff tells the queue of what is put off and no failure.
func puttingOff(h job.Handler) job.Handler {
	return func(ctx context.Context, id int64) error {
		err := h(ctx, id)
		if put, ok := errors.AsType[*account.PutOff](err); ok {
			return job.Later(max(put.For, time.Second))
		}
		return err
	}
}

// openMail prepares the two connections to the mailbox and the one for answers; they are made when they are needed.
func (p *parts) openMail(a *App, hooks Hooks) error {
	cfg := a.Config
	p.now = a.DB.Now
	roots, err := authorities(cfg.IMAP.CAFile)
	if err != nil {
		return err
	}
	m := cfg.IMAP
	p.inboxConfig = inbox.Config{Address: m.Address, TLS: m.TLS, ServerName: m.ServerName, RootCAs: roots, User: m.User, Mailbox: m.Mailbox,
		Poll: m.Poll, Timeout: m.Timeout, MaxSize: int64(cfg.Limits.MailMB) << 20, Logger: a.Logger, Now: a.DB.Now, Status: hooks.Watching}
	if cfg.OAuth.Provider != "" {
		if p.grant, err = NewGrant(cfg, a.DB.Now); err != nil {
			return err
		}
	}
	p.inboxConfig.Password, p.inboxConfig.Token = p.credentials(cfg, m.Secret, m.TokenCommand)
	p.filer = inbox.NewFiler(p.inboxConfig)
	p.closers = append(p.closers, p.filer.Close)

	if roots, err = authorities(cfg.SMTP.CAFile); err != nil {
		return err
	}
	s := cfg.SMTP
	security := outbox.Implicit
	if s.TLS == "starttls" {
		security = outbox.StartTLS
	}
	_, domain, _ := strings.Cut(s.From, "@")
	p.sender = &outbox.Sender{Address: s.Address, Security: security, ServerName: s.ServerName, RootCAs: roots, HELO: "vanthu." + domain, User: s.User, Timeout: s.Timeout, Max: s.Connections}
	if s.User != "" {
		p.sender.Password, p.sender.Token = p.credentials(cfg, s.Secret, s.TokenCommand)
	}
	p.closers = append(p.closers, p.sender.Close)
	return nil
}

func (p *parts) newIntake(a *App, hooks Hooks) (*intake.Intake, error) {
	cfg := a.Config
	world, err := NewWorld(cfg)
	if err != nil {
		return nil, err
	}
	read := intake.InProcess(world.Parse)
	notary, err := notary(cfg)
	if err != nil {
		return nil, err
	}
	if hooks.Child != nil {
		children, err := newReaders(cfg.Limits, world.Parse, hooks.Child, a.Logger)
		if err != nil {
			return nil, err
		}
		p.closers = append(p.closers, children.pool.Close)
		read, notary.Read, a.letters.mark = children.read, children.verify, children.mark
	}
	f := cfg.IMAP.Folders
	return &intake.Intake{
		DB: a.DB, Units: cfg.BotUnits(), Service: strings.ToLower(cfg.SMTP.From), Plus: cfg.SMTP.Plus,
		Ask:   intake.Confirming{Valid: time.Duration(cfg.Confirm.Hours) * time.Hour, Waiting: cfg.Confirm.Waiting, Day: cfg.Confirm.Day},
		Notes: intake.Notes{On: cfg.Stranger.Note, Day: cfg.Stranger.Day, Hour: cfg.Stranger.Hour},
		Trust: trustPolicy(cfg), DKIM: verifier(cfg, a.DB.Now), Notary: notary,
		MIME: world.MIME, Files: read, Logger: a.Logger,
		Brakes:   intake.Brakes(cfg.Brakes),
		Folders:  intake.Folders{Done: f.Done, Returned: f.Returned, Ignored: f.Ignored, Quarantine: f.Quarantine},
		Accounts: accountsOn(p.platform), Addresses: namesOf(cfg).addresses, Codes: rules.Codes, Judge: world.Judge, Compose: a.letters.compose,
		Reopen: a.Desk.Reopen, Confirm: confirmation(a.Desk), Receipt: a.Desk.Receipt, Edition: a.edition, Promise: a.promise, Progress: a.progress,
		Remove: a.removal, Stop: a.Desk.StopRows,
		Approvals: intake.Approving{On: cfg.Plan.ApproveByMail, Officers: cfg.BotOfficers(), Names: []string{cfg.School.Name, cfg.School.Office}, Wrong: wrongApprovals, Decide: a.Desk.DecideIn,
			NotReady: func(err error) bool { return errors.Is(err, desk.ErrNotReady) }},
	}, nil
}

// wrongApprovals is how many answers that decide nothing an approver is told of in an hour.
const wrongApprovals = 5

// confirmation hands what a mail said to the desk. What needs a person is a conflict.
func confirmation(d *desk.Desk) func(ctx context.Context, tx *store.Tx, c bot.Case, said intake.Said, by bot.Unit, mailID int64) error {
	return func(ctx context.Context, tx *store.Tx, c bot.Case, said intake.Said, by bot.Unit, mailID int64) error {
		switch {
		case said.AcceptGoodRows:
			return d.Confirm(ctx, tx, c, desk.SaidAcceptPart, by, mailID)
		case said.Withdraw:
			return d.Confirm(ctx, tx, c, desk.SaidWithdraw, by, mailID)
		}
		return bot.Errorf(bot.Conflict, "what the unit says about case %s is not clear", c.Number)
	}
}

// authorities returns the certificates of a CA file, nil for the system's.
func authorities(name string) (*x509.CertPool, error) {
	if name == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("app: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("app: %s holds no certificate", name)
	}
	return pool, nil
}

func (p *parts) close() { _ = p.closeAll() }

func (p *parts) closeAll() error {
	var errs []error
	for _, c := range p.closers {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}
