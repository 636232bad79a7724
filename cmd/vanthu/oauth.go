package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
	"unicode"

	"vanthu/bot/app"
	"vanthu/bot/config"
	"vanthu/mailer/oauth"
)

// oauthCmd gets and shows the grant of [oauth]: what Gmail and Microsoft 365 want instead of a password.
type oauthCmd struct {
	Login  oauthLoginCmd  `cmd:"" help:"Log in to the mailbox once; vanthu keeps the grant and renews it."`
	Status oauthStatusCmd `cmd:"" help:"Show how old the grant is and when it ends. Exit code 1: a person must log in; 2: the provider does not answer."`
}

type oauthLoginCmd struct {
	Config string `required:"" type:"existingfile" placeholder:"FILE" help:"Configuration file."`
	By     string `enum:"auto,code,browser" default:"auto" help:"code: type a code on any machine; browser: open an address. auto: code where the provider has it."`
}

// Run needs no restart of a serving process: it reads the file again when it next needs a token.
func (c *oauthLoginCmd) Run(e *env) error {
	cfg, err := config.LoadOAuth(c.Config)
	if err != nil {
		return err
	}
	if cfg.OAuth.AppOnly {
		return errors.New("oauth: with app_only nobody logs in; `vanthu oauth status` tries it")
	}
	if err := owned(filepath.Dir(cfg.OAuth.TokenFile)); err != nil {
		return err
	}
	grant, err := app.NewGrant(cfg, time.Now)
	if err != nil {
		return err
	}
	provider, err := cfg.OAuth.Endpoints()
	if err != nil {
		return err
	}
	if c.By == "code" || c.By == "auto" && provider.DeviceURL != "" {
		err = grant.LoginByCode(e.ctx, func(address, code string) {
			fmt.Fprintf(e.stdout, "Open %s on any machine, type the code %s, and log in as %s.\n", onLine(address), onLine(code), cfg.IMAP.User)
		})
	} else {
		err = grant.LoginByBrowser(e.ctx, cfg.IMAP.User, terminal(os.Stdin), func(address string) {
			fmt.Fprintf(e.stdout, `Open this address in a browser and log in as %s:

%s

If that browser is on another machine it will end at an address on 127.0.0.1 or localhost that it cannot open: copy
that whole address and paste it here, then press Enter.
`, cfg.IMAP.User, onLine(address))
		})
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "Logged in. The grant is in %s; keep it out of backups that others can read.\n", cfg.OAuth.TokenFile)
	return show(e, grant)
}

// owned refuses to log in as another user than the one that will renew the grant: the file would be closed to him.
func owned(folder string) error {
	info, err := os.Stat(folder)
	if err != nil {
		return fmt.Errorf("oauth: %w", err)
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && int(owner.Uid) != os.Geteuid() {
		return fmt.Errorf("oauth: %s belongs to the user with the id %d; log in as the user that vanthu runs as (sudo -u …)", folder, owner.Uid)
	}
	return nil
}

// terminal is where an address can be pasted; nil for a command that nobody types at.
func terminal(f *os.File) io.Reader {
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 && info.Mode()&os.ModeNamedPipe == 0 {
		return nil
	}
	return f
}

type oauthStatusCmd struct {
	Config string `required:"" type:"existingfile" placeholder:"FILE" help:"Configuration file."`
	Try    bool   `help:"Also ask the provider for a token now, if the last one has ended."`
}

func (c *oauthStatusCmd) Run(e *env) error {
	cfg, err := config.LoadOAuth(c.Config)
	if err != nil {
		return err
	}
	grant, err := app.NewGrant(cfg, time.Now)
	if err != nil {
		return err
	}
	if c.Try || cfg.OAuth.AppOnly {
		if _, err := grant.Token(e.ctx, ""); err != nil {
			return broken(e, err)
		}
		fmt.Fprintln(e.stdout, "The provider gives tokens.")
	}
	if cfg.OAuth.AppOnly {
		return nil
	}
	return show(e, grant)
}

// soon is how long before its end a grant is worth a person's time.
const soon = 7 * 24 * time.Hour

func show(e *env, grant *oauth.Source) error {
	status, err := grant.Status()
	if err != nil {
		return broken(e, err)
	}
	fmt.Fprintf(e.stdout, "Logged in:  %s\nRenewed:    %s\n", local(status.Login), local(status.Renewed))
	switch left := time.Until(status.Expires); {
	case status.Expires.IsZero():
		fmt.Fprintln(e.stdout, "Ends:       not known; when it is revoked, or the password is changed")
	case left < soon:
		fmt.Fprintf(e.stdout, "Ends:       %s. Log in again before that: vanthu oauth login\n", local(status.Expires))
		return exit(1)
	default:
		fmt.Fprintf(e.stdout, "Ends:       %s, unless it is renewed before\n", local(status.Expires))
	}
	return nil
}

// broken tells by the exit code whether a person is needed.
func broken(e *env, err error) error {
	fmt.Fprintln(e.stderr, "vanthu:", err)
	if oauth.KindOf(err) == oauth.Temporary {
		return exit(2)
	}
	return exit(1)
}

// onLine is what a provider sent, safe to show on a terminal.
func onLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, s)
}
