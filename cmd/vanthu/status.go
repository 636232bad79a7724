package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"text/tabwriter"

	"vanthu/bot/alarm"
	"vanthu/bot/app"
	"vanthu/bot/config"
	"vanthu/bot/store"
)

// statusCmd says how vanthu is, for people and for programs that watch programs. It ends with 1 while an alarm stands or
// nobody serves: a process that is dead tells no alarm.
type statusCmd struct {
	Config string `required:"" type:"existingfile" placeholder:"FILE" help:"Configuration file."`
	JSON   bool   `name:"json" help:"Print JSON."`
}

// Run needs no officer: nothing in it is about a person.
func (c *statusCmd) Run(e *env) error {
	cfg, err := config.LoadDesk(c.Config)
	if err != nil {
		return err
	}
	a, err := app.Open(e.ctx, cfg, slog.New(slog.NewTextHandler(e.stderr, &slog.HandlerOptions{Level: slog.LevelWarn})), clock)
	if err != nil {
		return err
	}
	defer a.Close()
	s, err := a.Status(e.ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		err = writeJSON(e, s)
	} else {
		err = writeStatus(e, s)
	}
	if err == nil && !s.OK {
		return exit(1)
	}
	return err
}

func writeStatus(e *env, s app.Status) error {
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	alive := 0
	for _, p := range s.Processes {
		if !p.Alive {
			fmt.Fprintf(w, "process\t%s, pid %s\tnot heard of since %s\n", p.Host, p.PID, local(p.At))
			continue
		}
		alive++
		fmt.Fprintf(w, "process\t%s, pid %s\tserves since %s, last heard of %s\n", p.Host, p.PID, local(p.Since), local(p.At))
		if p.Back > 0 {
			fmt.Fprintf(w, "  back\t%d times it had been declared gone\n", p.Back)
		}
		if several(s.Processes) {
			fmt.Fprintf(w, "  holds\t%s\n", cmp.Or(strings.Join(p.Holds, ", "), "nothing: it stands by"))
		}
		if !several(s.Processes) || slices.Contains(p.Holds, "watch") {
			fmt.Fprintf(w, "  imap\t%s\n", connection(p.IMAP))
		}
		fmt.Fprintf(w, "  smtp\t%s\n", connection(p.SMTP))
		for _, d := range p.Spaces {
			fmt.Fprintf(w, "  disk\t%d MB free\t%s\n", d.MB, d.Folder)
		}
	}
	if alive == 0 {
		fmt.Fprintln(w, "process\tNONE: vanthu serve does not run, or cannot write its pulse")
	}
	q := s.Waiting
	fmt.Fprintf(w, "last mail\t%s\n", local(q.LastMail))
	switch c := s.Canary; {
	case !c.BackAt.IsZero():
		fmt.Fprintf(w, "canary\tback %s\tafter %.1f s\n", local(c.BackAt), c.Seconds)
	case !c.Away.IsZero():
		fmt.Fprintf(w, "canary\taway since %s\n", local(c.Away))
	default:
		fmt.Fprintln(w, "canary\tnone sent")
	}
	for _, row := range []struct {
		what string
		store.Queue
	}{{"mails to judge", q.Unjudged}, {"mails to file", q.Unfiled}, {"answers to send", q.Unsent}, {"answers failed", q.Failed}, {"credentials unknown", q.Unknown},
		{"quarantine", q.Quarantine}, {"  held by a brake", q.Braked}, {"accounts in work", q.Accounts}, {"  made, not shown", q.Hidden}} {
		since := ""
		if row.N > 0 {
			since = "since " + local(row.Since)
		}
		fmt.Fprintf(w, "%s\t%d\t%s\n", row.what, row.N, since)
	}
	for _, p := range s.Plans {
		fmt.Fprintf(w, "plan\t%s\n", progressLine(p))
	}
	if q.Handed.N > 0 {
		fmt.Fprintf(w, "waits for another admin\t%d\tsince %s (vanthu bundle list)\n", q.Handed.N, local(q.Handed.Since))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, a := range s.Alarms {
		detail := ""
		if a.Detail != "" {
			detail = " (" + a.Detail + ")"
		}
		fmt.Fprintf(e.stdout, "\nALARM %s/%s since %s%s\n  %s.\n  %s.\n", a.Condition, a.Code, local(a.Since), detail, a.VI, a.EN)
	}
	for _, year := range s.YearsMissing {
		fmt.Fprintf(e.stdout, "\nDAYS OFF of %d are computed, not announced: enter the official notice ([deadlines] days_off, see `vanthu calendar %d`)\n", year, year)
	}
	if len(s.Alarms) == 0 {
		fmt.Fprintln(e.stdout, "\nno alarm")
	}
	return nil
}

// several says whether more than one process is spoken of.
func several(all []app.Process) bool { return len(all) > 1 }

func connection(l alarm.LineState) string {
	switch {
	case l.Bad:
		return strings.TrimSpace("LOST since " + local(l.Since) + " " + l.Code)
	case l.Sign.IsZero():
		return "not tried yet"
	}
	return "well, last sign " + local(l.Sign)
}
