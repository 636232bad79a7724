package demo

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"vanthu/mailer/mime"
)

// export writes every mail of every mailbox as .eml, with its attachments decoded beside it.
func (d *demo) export() error {
	var errs []error
	for _, p := range d.people {
		folders, err := d.mail.Folders(p.address)
		errs = append(errs, err)
		for _, folder := range folders {
			mails, err := d.mail.Messages(p.address, folder)
			errs = append(errs, err)
			dir := filepath.Join(d.folder, "mail", p.address, folder)
			errs = append(errs, os.MkdirAll(dir, 0o700))
			for i, raw := range mails {
				errs = append(errs, exportMail(dir, i+1, raw))
			}
		}
	}
	return errors.Join(errs...)
}

func exportMail(dir string, n int, raw []byte) error {
	m, err := mime.Parse(raw, mime.DefaultLimits())
	if err != nil {
		return err
	}
	number := fmt.Sprintf("%02d ", n)
	err = os.WriteFile(filepath.Join(dir, number+fileName(m.Subject)+".eml"), raw, 0o600)
	for _, part := range m.Parts {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, number+fileName(part.Name)), part.Data, 0o600))
	}
	return err
}

// longestName is what file systems take, with room for number and extension, in bytes.
const longestName = 200

// fileName makes a subject or an attachment's name fit for any file system.
func fileName(s string) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) {
			return '-'
		}
		return r
	}, mime.CleanName(s))
	if len(s) > longestName {
		s = strings.ToValidUTF8(s[:longestName], "")
	}
	return s
}

// tellFolder says where everything lies.
func (d *demo) tellFolder() {
	s := d.story
	s.heading("All of it lies in " + d.folder)
	marked, locked := "", ""
	_ = filepath.WalkDir(filepath.Join(d.folder, "mail"), func(path string, _ os.DirEntry, err error) error {
		inside := strings.TrimPrefix(path, d.folder+string(filepath.Separator))
		switch {
		case strings.HasSuffix(path, "(đã đánh dấu).xlsx") && marked == "":
			marked = inside
		case strings.HasSuffix(path, "(mã hoá).xlsx") && locked == "":
			locked = inside
		}
		return err
	})
	for _, line := range [][2]string{
		{"mail/", "every mail as .eml, by mailbox and folder, with its attachments beside it; among them"},
		{"", marked + " (the unit's own list, marked)"},
		{"", locked + " (initial passwords, encrypted)"},
		{"vanthu.toml, secrets/", "the configuration; logins, the units' passphrases and the sealing key"},
		{"vanthu.db, serve.log", "journal, cases and outbox; what serve logged (and accounts.jsonl: the account directory)"},
	} {
		s.print("  %-22s %s", line[0], line[1])
	}
	s.print("Look closer: vanthu case list --config %s", filepath.Join(d.folder, "vanthu.toml"))
}

// tellLogins says how to look around while everything is still running.
func (d *demo) tellLogins() {
	s := d.story
	s.heading("Everything is still running; Ctrl-C ends it")
	s.print("  IMAP %s, SMTP submission %s, both with implicit TLS; authority: %s", d.mail.IMAPAddr(), d.mail.SMTPAddr(), filepath.Join(d.folder, "ca.pem"))
	for _, p := range d.people {
		s.print("  %-22s password %s", p.address, p.password)
	}
}
