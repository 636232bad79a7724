package main

import (
	"fmt"
	"os"
	"text/tabwriter"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/desk"
	"vanthu/bot/reply"
	"vanthu/bot/store"
)

// mailCmd shows the journal: every mail ever seen, and what became of it; and what officers do with mails in quarantine.
type mailCmd struct {
	List    mailListCmd    `cmd:"" help:"List mails with their outcome and reason; what waits in quarantine by default."`
	Count   mailCountCmd   `cmd:"" help:"Balance mailbox, journal and outcomes; exit code 1 when they do not."`
	Restore mailRestoreCmd `cmd:"" help:"After the database came back from a backup: mails that it does not know go back into the mailbox, numbers are not given twice."`
	Show    mailShowCmd    `cmd:"" help:"Look at a mail safely: sender, reasons, text, attachments by name. Nothing is opened."`
	Raw     mailRawCmd     `cmd:"" help:"Write the bytes of a mail as they came."`
	Retry   mailRetryCmd   `cmd:"" help:"Have a quarantined mail judged again by the running serve."`
	Answer  mailAnswerCmd  `cmd:"" help:"Answer a quarantined mail, and close it."`
	Done    mailDoneCmd    `cmd:"" help:"Close a quarantined mail that was handled by hand."`
	Replay  mailReplayCmd  `cmd:"" help:"Judge stored mails, or files, again with this version, in memory: what would end otherwise. Exit code 1: something would."`
}

type mailListCmd struct {
	officerFlags
	Outcome    string `default:"quarantine" enum:"quarantine,case,followup,ignored,all" help:"quarantine, case, followup, ignored or all."`
	Quarantine bool   `help:"What waits in quarantine; the same as without any flag."`
	Handled    bool   `help:"Quarantined mails that an officer has dealt with, too."`
}

func (c *mailListCmd) Run(e *env) error {
	return c.look(e, func(a *app.App) error {
		outcome := store.Outcome(c.Outcome)
		if c.Outcome == "all" && !c.Quarantine {
			outcome = ""
		}
		if c.Quarantine {
			outcome = store.Quarantined
		}
		var mails []store.Mail
		err := a.DB.Read(e.ctx, func(tx *store.Tx) error {
			all, err := tx.Mails(e.ctx, outcome)
			for _, m := range all {
				if outcome != store.Quarantined || c.Handled || !m.Handled.Done() {
					mails = append(mails, m)
				}
			}
			return err
		})
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(e, mails)
		}
		w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "MAIL\tARRIVED\tFROM\tOUTCOME\tFOLDER\tHANDLED BY\tREASON")
		for _, m := range mails {
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", m.ID, local(m.ArrivedAt), dash(harmless(m.Sender, 60)), dash(string(m.Outcome)), dash(m.Folder),
				dash(string(m.Handled.By)), dash(harmless(m.Reason, 200)))
		}
		return w.Flush()
	})
}

type mailRawCmd struct {
	officerFlags
	Mail int64 `arg:"" help:"Number of the mail."`
}

func (c *mailRawCmd) Run(e *env) error {
	return c.look(e, func(a *app.App) error {
		var raw []byte
		err := a.DB.Read(e.ctx, func(tx *store.Tx) error {
			m, err := tx.Mail(e.ctx, c.Mail)
			if err != nil {
				return err
			}
			raw, err = tx.Raw(e.ctx, m.Hash)
			return err
		})
		if err != nil {
			return err
		}
		if f, ok := e.stdout.(*os.File); ok && isTerminal(f) {
			return bot.Errorf(bot.Invalid, "a mail may hold anything, also commands for a terminal: write it into a file (> mail.eml)")
		}
		_, err = e.stdout.Write(raw)
		return err
	})
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

type mailRetryCmd struct {
	officerFlags
	Mail   int64  `arg:"" help:"Number of the mail."`
	Vouch  bool   `help:"You vouch for the sender: you have asked him, not by mail. Recorded under your name."`
	Reason string `help:"Recorded beside it."`
}

func (c *mailRetryCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		if err := a.Desk.RetryMail(e.ctx, desk.OfficerActor(officer), c.Mail, c.Vouch, c.Reason); err != nil {
			return err
		}
		return c.mailNow(e, a, c.Mail, "will be judged again")
	})
}

type mailDoneCmd struct {
	officerFlags
	Mail   int64  `arg:"" help:"Number of the mail."`
	Reason string `required:"" help:"How it was handled."`
}

func (c *mailDoneCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		if err := a.Desk.MailDone(e.ctx, desk.OfficerActor(officer), c.Mail, c.Reason); err != nil {
			return err
		}
		return c.mailNow(e, a, c.Mail, "is handled")
	})
}

type mailAnswerCmd struct {
	officerFlags
	Mail     int64  `arg:"" help:"Number of the mail."`
	TextFile string `xor:"what" required:"" type:"existingfile" help:"File with the text, UTF-8."`
	Template string `xor:"what" required:"" help:"A prepared letter: resend, not_entitled or outside."`
}

func (c *mailAnswerCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		var text []byte
		var err error
		if c.TextFile != "" {
			if text, err = os.ReadFile(c.TextFile); err != nil {
				return err
			}
		} else if !reply.HasNote(c.Template) {
			return bot.Errorf(bot.Invalid, "no prepared letter is called %q; there are %v", c.Template, reply.NoteTemplates())
		}
		proven, err := a.Proven(e.ctx, c.Mail)
		if err != nil {
			return err
		}
		to, err := a.Desk.AnswerMail(e.ctx, desk.OfficerActor(officer), c.Mail, string(text), c.Template, proven)
		if err != nil {
			return err
		}
		return c.mailNow(e, a, c.Mail, "is answered to "+harmless(to, 200))
	})
}

// mailNow says where a mail stands after an act.
func (f *officerFlags) mailNow(e *env, a *app.App, id int64, said string) error {
	if !f.JSON {
		fmt.Fprintf(e.stdout, "mail %d %s\n", id, said)
		return nil
	}
	var m store.Mail
	err := a.DB.Read(e.ctx, func(tx *store.Tx) (err error) {
		m, err = tx.Mail(e.ctx, id)
		return err
	})
	if err != nil {
		return err
	}
	return writeJSON(e, m)
}
