package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"
	"text/template"
	"time"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/account/file"
	"vanthu/bot/app"
	"vanthu/bot/config"
	"vanthu/bot/secret"
	"vanthu/mailer/inbox"
	"vanthu/mailer/local"
	"vanthu/mailer/outbox"
)

//go:embed vanthu.toml.tmpl
var configText string

var configTemplate = template.Must(template.New("vanthu.toml").Parse(configText))

// Who has a mailbox. The stranger's is there to see that nothing comes to it.
const (
	service  = "cntt@truong.example"
	stranger = "ctsv@evil.example"
)

// open builds the stage: mail system, configuration, directory, and vanthu at work.
func (d *demo) open(ctx context.Context, cancel context.CancelCauseFunc) error {
	if err := d.openMail(); err != nil {
		return err
	}
	if err := d.writeConfig(); err != nil {
		return err
	}
	cfg, err := config.Load(filepath.Join(d.folder, "vanthu.toml"))
	if err != nil {
		return err
	}
	d.config = cfg
	if err := d.oldAccount(ctx); err != nil {
		return err
	}
	return d.serve(ctx, cancel)
}

// openMail starts the mail system and gives everybody a mail program.
func (d *demo) openMail() error {
	d.ctsv = &person{short: "CTSV", name: "Phòng Công tác sinh viên", address: "ctsv@truong.example"}
	d.dtsdh = &person{short: "DTSDH", name: "Phòng Đào tạo Sau đại học", address: "dtsdh@truong.example"}
	d.people = []*person{{short: "vanthu", address: service}, d.ctsv, d.dtsdh, {short: "stranger", address: stranger}}
	var mailboxes []local.Account
	for _, p := range d.people {
		p.password = rand.Text()
		mailboxes = append(mailboxes, local.Account{Address: p.address, Password: p.password})
	}
	var err error
	if d.mail, err = local.Start(local.Options{Mailboxes: mailboxes}); err != nil {
		return err
	}
	for _, p := range d.people {
		p.sender = &outbox.Sender{Address: d.mail.SMTPAddr(), RootCAs: d.mail.RootCAs(), User: p.address,
			Password: func(context.Context) (string, error) { return p.password, nil }}
	}
	return nil
}

// writeConfig writes vanthu.toml and everything that it names.
func (d *demo) writeConfig() error {
	if _, err := d.mail.WriteCA(d.folder); err != nil {
		return err
	}
	secrets := filepath.Join(d.folder, "secrets")
	if err := os.Mkdir(secrets, 0o700); err != nil {
		return err
	}
	if err := secret.GenerateKey(filepath.Join(secrets, "vanthu.key")); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(secrets, service+".password"), []byte(d.people[0].password+"\n"), 0o600); err != nil {
		return err
	}
	for _, unit := range []*person{d.ctsv, d.dtsdh} {
		unit.passphrase = rand.Text()
		if err := os.WriteFile(filepath.Join(secrets, unit.address+".passphrase"), []byte(unit.passphrase+"\n"), 0o600); err != nil {
			return err
		}
	}
	login := "demo"
	if u, err := user.Current(); err == nil && u.Username != "" {
		login = u.Username
	}
	var text bytes.Buffer
	err := configTemplate.Execute(&text, struct{ IMAP, SMTP, Login, Other string }{d.mail.IMAPAddr(), d.mail.SMTPAddr(), login, login + " (2)"})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(d.folder, "vanthu.toml"), text.Bytes(), 0o600)
}

// hadBefore is somebody who has an account since last year, and stands on a list again.
var hadBefore = account.Account{Code: "2553050777", User: "2553050777", Address: "2553050777@sv.truong.example",
	Name: "Phan Thanh Tâm", Family: "Phan", Given: "Thanh Tâm", Class: "RK51", Cohort: "51"}

func (d *demo) oldAccount(ctx context.Context) error {
	directory, err := file.Open(d.config.Accounts.FilePath)
	if err != nil {
		return err
	}
	return directory.Create(ctx, hadBefore, rand.Text())
}

// serve does what `vanthu serve` does, with its log in a file, and returns when the mailbox is being watched.
func (d *demo) serve(ctx context.Context, cancel context.CancelCauseFunc) error {
	var err error
	if d.log, err = os.OpenFile(filepath.Join(d.folder, "serve.log"), os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600); err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(d.log, &slog.HandlerOptions{Level: slog.LevelInfo}))
	idle := make(chan struct{}, 1)
	hooks := app.Hooks{
		Watching: func(s inbox.Status) {
			if s == inbox.Idle {
				select {
				case idle <- struct{}{}:
				default:
				}
			}
		},
		Commit: func() error { d.commits.ring(); return nil },
		Child:  d.child,
	}
	if d.server, err = app.NewServer(ctx, d.config, logger, time.Now, hooks); err != nil {
		return err
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	d.stop, d.ended = stop, make(chan error, 1)
	go func() {
		err := d.server.Run(running)
		if running.Err() == nil {
			cancel(errors.Join(errStopped, err))
		}
		d.ended <- err
	}()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// close stops vanthu gracefully, as SIGTERM does, and then everything else.
func (d *demo) close() error {
	var errs []error
	if d.stop != nil {
		d.stop()
		errs = append(errs, <-d.ended)
	}
	if d.server != nil {
		d.server.Close()
	}
	for _, p := range d.people {
		if p.sender != nil {
			errs = append(errs, p.sender.Close())
		}
	}
	if d.mail != nil {
		errs = append(errs, d.mail.Close())
	}
	if d.log != nil {
		errs = append(errs, d.log.Close())
	}
	return errors.Join(errs...)
}

// officer returns one of the two officers of the configuration.
func (d *demo) officer(id string) bot.Officer {
	for _, o := range d.config.BotOfficers() {
		if o.ID == id {
			return o
		}
	}
	return bot.Officer{}
}
