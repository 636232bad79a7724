package main

import (
	"fmt"
	"text/tabwriter"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/desk"
	"vanthu/bot/store"
)

// outboxCmd is what officers do to answers.
type outboxCmd struct {
	List   outboxListCmd   `cmd:"" help:"List answers that wait or need a person; --all: every answer."`
	Show   outboxShowCmd   `cmd:"" help:"Show an answer with every try and what the mail server said."`
	Resend outboxResendCmd `cmd:"" help:"Send a failed, bounced or unknown answer again: the same mail with the same Message-ID."`
	Settle outboxSettleCmd `cmd:"" help:"Say what became of an answer that only a person can know of."`
}

type outboxListCmd struct {
	officerFlags
	All bool `help:"Every answer ever written."`
}

// outboxList is what list shows to a machine.
type outboxList struct {
	Rest    *store.Rest    `json:"rest,omitempty"`
	Letters []store.Letter `json:"letters"`
}

func (c *outboxListCmd) Run(e *env) error {
	return c.look(e, func(a *app.App) error {
		var got outboxList
		err := a.DB.Read(e.ctx, func(tx *store.Tx) (err error) {
			if c.All {
				got.Letters, err = tx.Letters(e.ctx, 0)
			} else {
				got.Letters, err = tx.OpenLetters(e.ctx)
			}
			if err != nil {
				return err
			}
			rest, resting, err := tx.Resting(e.ctx)
			if resting {
				got.Rest = &rest
			}
			return err
		})
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(e, got)
		}
		if got.Rest != nil {
			fmt.Fprintf(e.stdout, "nothing is sent until %s, the mail server said: %s\n", local(got.Rest.Until), harmless(got.Rest.Said, 200))
		}
		w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ANSWER\tWRITTEN\tKIND\tTO\tSTATE\tTRIES\tNEXT TRY\tSAID")
		for _, l := range got.Letters {
			next := "-"
			if l.Waits() {
				next = local(l.NextAt)
			}
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", l.ID, local(l.CreatedAt), l.Kind, l.To, letterState(l), l.Tries, next, dash(letterSaid(l)))
		}
		return w.Flush()
	})
}

// letterState is the state with what an officer must know beside it.
func letterState(l store.Letter) string {
	state := string(l.State)
	if l.Fate != "" {
		state += ", " + string(l.Fate)
	}
	if l.NeedsPerson() {
		state += " (!)"
	}
	return state
}

func letterSaid(l store.Letter) string {
	said := l.Reply
	if l.Fate != "" {
		said = l.FateSaid
	}
	return harmless(said, 200) // of a server, or of whoever wrote a delivery report
}

type outboxShowCmd struct {
	officerFlags
	Answer int64 `arg:"" help:"Number of the answer, from \"outbox list\"."`
}

// outboxView is an answer with its tries.
type outboxView struct {
	store.Letter
	Case string      `json:"case"`
	Sent []store.Try `json:"sent"`
}

func (c *outboxShowCmd) Run(e *env) error {
	return c.look(e, func(a *app.App) error {
		var v outboxView
		err := a.DB.Read(e.ctx, func(tx *store.Tx) (err error) {
			if v.Letter, err = tx.Letter(e.ctx, c.Answer); err != nil {
				return err
			}
			if v.CaseID != 0 {
				k, err := tx.Case(e.ctx, v.CaseID)
				if err != nil {
					return err
				}
				v.Case = k.Number
			}
			v.Sent, err = tx.Tries(e.ctx, c.Answer)
			return err
		})
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(e, v)
		}
		fmt.Fprintf(e.stdout, "answer      %d, %s, case %s, to %s\nmessage id  %s\nstate       %s since %s, %d tries\nsaid        %s\n",
			v.ID, v.Kind, dash(v.Case), v.To, v.MessageID, letterState(v.Letter), local(v.QueuedAt), v.Tries, dash(letterSaid(v.Letter)))
		if v.Settled != "" {
			fmt.Fprintf(e.stdout, "settled     by %s\n", v.Settled)
		}
		for _, t := range v.Sent {
			fmt.Fprintf(e.stdout, "try         %s  %s  %s\n", local(t.BeganAt), dash(t.Outcome), dash(harmless(t.Said, 200)))
		}
		if help := advice(v.Letter); help != "" {
			fmt.Fprintln(e.stdout, help)
		}
		return nil
	})
}

// advice says what an officer can do about an answer that waits for him.
func advice(l store.Letter) string {
	switch {
	case !l.NeedsPerson():
		return ""
	case l.State == store.LetterUnknown:
		return fmt.Sprintf("Nobody knows whether the unit has it. Ask the unit, or look for the message id in the mail server's log; then:\n"+
			"  vanthu outbox settle %d --delivered       it arrived\n  vanthu outbox settle %d --not-delivered   it did not: the same mail is sent again", l.ID, l.ID)
	default:
		return fmt.Sprintf("When the cause is put right:\n  vanthu outbox resend %d                   the same mail is sent again\n"+
			"  vanthu outbox settle %d --delivered       the unit has it, by another way\n  vanthu outbox settle %d --not-delivered   it is not sent again", l.ID, l.ID, l.ID)
	}
}

type outboxResendCmd struct {
	officerFlags
	Answer int64 `arg:"" help:"Number of the answer."`
}

func (c *outboxResendCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		l, err := a.Desk.ResendLetter(e.ctx, desk.OfficerActor(officer), c.Answer)
		return c.now(e, l, err)
	})
}

type outboxSettleCmd struct {
	officerFlags
	Answer       int64 `arg:"" help:"Number of the answer."`
	Delivered    bool  `xor:"what" required:"" help:"The unit has it."`
	NotDelivered bool  `xor:"what" required:"" help:"The unit does not have it: an unknown answer is sent again, a failed one is closed."`
}

func (c *outboxSettleCmd) Run(e *env) error {
	return c.act(e, func(a *app.App, officer bot.Officer) error {
		l, err := a.Desk.Settle(e.ctx, desk.OfficerActor(officer), c.Answer, c.Delivered)
		return c.now(e, l, err)
	})
}

// now says where an answer stands after an act.
func (f *officerFlags) now(e *env, l store.Letter, err error) error {
	if err != nil {
		return err
	}
	if f.JSON {
		return writeJSON(e, l)
	}
	fmt.Fprintf(e.stdout, "answer %d is now %s\n", l.ID, l.State)
	return nil
}
