package app

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"vanthu/bot"
	"vanthu/bot/desk"
	"vanthu/bot/intake"
	"vanthu/bot/store"
	"vanthu/mailer/mime"
	"vanthu/mailer/trust"
	"vanthu/parser"
)

// A Look is what a person may know of a mail without opening it: nothing of it was run, followed or rendered. The texts are
// as the mail has them; whoever prints them makes them harmless.
type Look struct {
	Mail        store.Mail    `json:"mail"`
	Verdict     trust.Verdict `json:"verdict"`
	From        string        `json:"from"` // with the display name, as written
	ReplyTo     []string      `json:"reply_to,omitempty"`
	To          []string      `json:"to,omitempty"`
	Subject     string        `json:"subject"`
	Text        string        `json:"text"`
	Attachments []Attachment  `json:"attachments"`
	Rows        int           `json:"rows"` // people that were read in all lists
	Suspicious  []string      `json:"suspicious,omitempty"`
	Events      []bot.Event   `json:"events"`
}

// An Attachment is one part of a mail, and what reading it gave.
type Attachment struct {
	Name   string `json:"name"`
	Type   string `json:"type"` // as the mail says
	Size   int    `json:"size"`
	Format string `json:"format,omitempty"` // by its content
	Role   string `json:"role,omitempty"`
	Said   string `json:"said,omitempty"` // why it could not be read
}

// Look reads a mail of the journal for an officer. child makes the processes in which its attachments are read.
func (a *App) Look(ctx context.Context, child func() *exec.Cmd, id int64) (Look, error) {
	var l Look
	var raw []byte
	err := a.DB.Read(ctx, func(tx *store.Tx) (err error) {
		if l.Mail, err = tx.Mail(ctx, id); err != nil {
			return err
		}
		if raw, err = tx.Raw(ctx, l.Mail.Hash); err != nil {
			return err
		}
		l.Events, err = tx.EventsOfMail(ctx, id)
		return err
	})
	if err != nil {
		return l, err
	}
	world, err := NewWorld(a.Config)
	if err != nil {
		return l, err
	}
	msg, err := mime.Parse(raw, world.MIME)
	if err != nil {
		l.Suspicious = append(l.Suspicious, "it cannot be read as a mail: "+err.Error())
		return l, nil //nolint:nilerr // the officer is told; there is nothing more to look at
	}
	children, err := newReaders(a.Config.Limits, world.Parse, child, a.Logger)
	if err != nil {
		return l, err
	}
	reading, err := intake.Read(ctx, msg, children.read)
	if err := errors.Join(err, children.pool.Close()); err != nil {
		return l, err
	}
	l.fill(msg, reading)
	l.Verdict = trust.Judge(msg, trustPolicy(a.Config)) // the DNS is not asked for a look
	l.Suspicious = slices.Concat(a.doubts(l.Verdict), l.doubts(msg, reading))
	return l, nil
}

// Proven says whether our mail server vouches for the sender of a mail of the journal.
func (a *App) Proven(ctx context.Context, id int64) (bool, error) {
	var raw []byte
	err := a.DB.Read(ctx, func(tx *store.Tx) error {
		m, err := tx.Mail(ctx, id)
		if err != nil {
			return err
		}
		raw, err = tx.Raw(ctx, m.Hash)
		return err
	})
	if err != nil {
		return false, err
	}
	world, err := NewWorld(a.Config)
	if err != nil {
		return false, err
	}
	msg, err := mime.Parse(raw, world.MIME)
	if err != nil {
		return false, nil //nolint:nilerr // what cannot be read proves nothing
	}
	verdict := trust.Judge(msg, trustPolicy(a.Config))
	if own := verifier(a.Config, a.DB.Now); own != nil && verdict.Level == trust.Unverified {
		verdict = own.Judge(ctx, msg, raw, trustPolicy(a.Config))
	}
	return verdict.Level == trust.Authenticated, nil
}

func (l *Look) fill(msg *mime.Message, r intake.Reading) {
	l.From = msg.Header("From")
	if len(msg.From) > 0 {
		l.From = shown(msg.From)[0]
	}
	l.ReplyTo, l.To, l.Subject = shown(msg.ReplyTo), shown(msg.To), msg.Subject
	if l.Text = msg.Text; strings.TrimSpace(l.Text) == "" {
		l.Text = r.Text // the words of the HTML part
	}
	l.Rows = len(r.Submission.Rows)
	read := make(map[string]parser.FileReport)
	for _, f := range r.Submission.Files {
		read[f.Name] = f
	}
	for _, p := range msg.Parts {
		at := Attachment{Name: p.Name, Type: p.Type, Size: len(p.Data)}
		if f, ok := read[p.Name]; ok {
			at.Format, at.Role = f.Format, string(f.Role)
			if f.Problem != nil {
				at.Said = f.Problem.Error()
			}
		}
		l.Attachments = append(l.Attachments, at)
	}
}

func shown(addresses []mime.Address) []string {
	var all []string
	for _, a := range addresses {
		if a.Name == "" {
			all = append(all, a.Address)
			continue
		}
		all = append(all, fmt.Sprintf("%s <%s>", a.Name, a.Address))
	}
	return all
}

// doubts are about the sender.
func (a *App) doubts(v trust.Verdict) (doubts []string) {
	if v.Level != trust.Authenticated {
		doubts = append(doubts, fmt.Sprintf("the sender is %s: %s", v.Level, v.Why))
	}
	if !slices.ContainsFunc(a.Config.BotUnits(), func(u bot.Unit) bool { return slices.Contains(u.Addresses, v.Address) }) {
		doubts = append(doubts, "the sender is no unit of the configuration")
	}
	if v.Notes != "" {
		doubts = append(doubts, strings.Split(v.Notes, "; ")...)
	}
	return doubts
}

// active are the ends of names of what runs, or makes something run, when a person opens it.
var active = []string{".exe", ".com", ".scr", ".pif", ".bat", ".cmd", ".ps1", ".vbs", ".vbe", ".js", ".jse", ".wsf", ".hta", ".msi", ".jar", ".lnk", ".url",
	".iso", ".img", ".vhd", ".htm", ".html", ".svg", ".chm", ".reg", ".dll", ".docm", ".xlsm", ".pptm", ".xlam", ".one", ".apk", ".app", ".sh"}

// doubts are about what the mail holds.
func (l *Look) doubts(msg *mime.Message, r intake.Reading) (doubts []string) {
	for _, link := range r.Links {
		doubts = append(doubts, "a link: "+link)
	}
	if r.Password {
		doubts = append(doubts, "the text tells a password")
	}
	texts := []string{l.Subject, l.From, l.Text}
	for _, at := range l.Attachments {
		texts = append(texts, at.Name)
		end := strings.ToLower(filepath.Ext(at.Name))
		switch {
		case slices.Contains(active, end):
			doubts = append(doubts, "may run something when it is opened: "+at.Name)
		case at.Format != "" && at.Role != string(parser.RoleProblem) && end != "" && !strings.Contains(end, at.Format):
			doubts = append(doubts, fmt.Sprintf("is %s by its content: %s", at.Format, at.Name))
		}
	}
	if slices.ContainsFunc(texts, hidden) {
		doubts = append(doubts, "invisible or control characters in its texts")
	}
	for _, problem := range msg.Problems {
		doubts = append(doubts, "put right while reading: "+problem)
	}
	return doubts
}

// hidden finds what a terminal or a mail program does not show as it stands: control characters, marks that turn the
// direction of text, other invisible ones.
func hidden(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' || unicode.Is(unicode.Cf, r) && r != '\uFEFF' && r != '\u00AD'
	})
}

// Seen notes that an officer looked at a mail in quarantine: from then on nobody is reminded of it (alarm.unseen).
func (a *App) Seen(ctx context.Context, officer bot.Officer, m store.Mail) error {
	if m.Outcome != store.Quarantined || m.Handled.Done() {
		return nil
	}
	return a.DB.Write(ctx, func(tx *store.Tx) error {
		return tx.AddEvent(ctx, bot.Event{Actor: desk.OfficerActor(officer), Case: m.CaseID, Mail: m.ID, What: "mail_looked_at"})
	})
}
