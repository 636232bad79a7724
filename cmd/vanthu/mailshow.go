package main

import (
	"fmt"
	"strings"

	"vanthu/bot"
	"vanthu/bot/app"
)

type mailShowCmd struct {
	officerFlags
	Mail int64 `arg:"" help:"Number of the mail."`
}

// Run prints what is known of a mail. Foreign texts are made harmless; in JSON control characters are escaped anyway.
func (c *mailShowCmd) Run(e *env) error {
	return c.open(e, func(a *app.App, officer bot.Officer) error {
		l, err := a.Look(e.ctx, reader, c.Mail)
		if err != nil {
			return err
		}
		if err := a.Seen(e.ctx, officer, l.Mail); err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(e, l)
		}
		printMail(e, l)
		return nil
	})
}

func printMail(e *env, l app.Look) {
	m := l.Mail
	fmt.Fprintf(e.stdout, "mail      %d in %s (UID %d/%d), %s, %d bytes\n", m.ID, m.Mailbox, m.UIDValidity, m.UID, local(m.ArrivedAt), m.Size)
	fmt.Fprintf(e.stdout, "outcome   %s %s\n", dash(string(m.Outcome)), harmless(m.Reason, 500))
	if m.Handled.Done() {
		fmt.Fprintf(e.stdout, "handled   %s by %s\n", local(m.Handled.At), m.Handled.By)
	}
	if m.Vouched != "" {
		fmt.Fprintf(e.stdout, "vouched   %s\n", m.Vouched)
	}
	fmt.Fprintf(e.stdout, "folder    %s (%s)\n", dash(m.Folder), dash(m.Lies.Folder))
	fmt.Fprintf(e.stdout, "sender    %s: %s (%s)\n", harmless(l.Verdict.Address, 200), dash(string(l.Verdict.Level)), harmless(l.Verdict.Why, 300))
	fmt.Fprintf(e.stdout, "from      %s\n", harmless(l.From, 200))
	fmt.Fprintf(e.stdout, "to        %s\n", harmless(strings.Join(l.To, ", "), 300))
	fmt.Fprintf(e.stdout, "subject   %s\n", harmless(l.Subject, 300))
	for _, s := range l.Suspicious {
		fmt.Fprintf(e.stdout, "CAUTION   %s\n", harmless(s, 300))
	}
	fmt.Fprint(e.stdout, "\n", harmlessText(l.Text, 200, 300), "\n")
	for _, at := range l.Attachments {
		fmt.Fprintf(e.stdout, "attached  %s, %s, %d bytes: %s\n", harmless(at.Name, 200), harmless(at.Type, 80), at.Size, readAs(at))
	}
	if l.Rows > 0 {
		fmt.Fprintf(e.stdout, "read      %d rows\n", l.Rows)
	}
	printEvents(e, l.Events)
}

func readAs(at app.Attachment) string {
	switch {
	case at.Said != "":
		return "not read: " + harmless(at.Said, 200)
	case at.Role == "":
		return "not read"
	}
	return strings.TrimSpace(at.Format + " " + at.Role)
}
