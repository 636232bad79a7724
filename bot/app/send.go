package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"vanthu/bot"
	"vanthu/bot/desk"
	"vanthu/bot/job"
	"vanthu/bot/store"
	"vanthu/mailer/outbox"
)

// lease is how long a process may have an answer in its hands: longer than a job may run. When the process was killed,
// another one takes the answer up after it; a process that is alone does so at its start.
const lease = 6 * time.Minute

// postman sends what lies in the outbox.
type postman struct {
	db     *store.DB
	desk   *desk.Desk
	from   string // envelope sender: a bounce must come back to be seen
	send   func(ctx context.Context, from string, to []string, raw []byte) (reply string, err error)
	logger *slog.Logger
}

// letter tries to send one answer. Every try sends the same bytes with the same Message-ID.
func (p *postman) letter(ctx context.Context, id int64) error {
	l, raw, err := p.take(ctx, id)
	if err != nil || raw == nil {
		return err
	}
	began := p.db.Now()
	reply, err := p.send(ctx, p.from, []string{l.To}, raw)
	done, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second) // what became of it must be noted in any case
	defer cancel()
	if err == nil {
		p.logger.Info("answered", "mail", l.MailID, "code", l.Kind, "duration_ms", p.db.Now().Sub(began).Milliseconds())
		return p.db.Write(done, func(tx *store.Tx) error { return p.sent(done, tx, l, reply) })
	}
	return p.failed(done, l, err)
}

// take claims an answer. raw is nil when there is nothing to do.
func (p *postman) take(ctx context.Context, id int64) (l store.Letter, raw []byte, err error) {
	err = p.db.Write(ctx, func(tx *store.Tx) error {
		var mine bool
		if l, mine, err = tx.ClaimLetter(ctx, id, tx.Now.Add(lease)); err != nil {
			return err
		}
		if mine {
			raw, err = tx.LetterRaw(ctx, id)
			return err
		}
		if l, err = tx.Letter(ctx, id); err != nil || l.State == store.LetterSent || l.State == store.LetterFailed {
			return err
		}
		return job.Later(max(l.NextAt.Sub(tx.Now), time.Second))
	})
	return l, raw, err
}

func (p *postman) sent(ctx context.Context, tx *store.Tx, l store.Letter, reply string) error {
	l.State, l.Reply, l.SentAt = store.LetterSent, reply, tx.Now
	if err := tx.SaveLetter(ctx, l); err != nil {
		return err
	}
	if err := tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: l.CaseID, Mail: l.MailID, What: "answer_sent",
		Detail: map[string]string{"kind": l.Kind, "to": l.To, "message_id": l.MessageID, "said": reply}}); err != nil {
		return err
	}
	return p.desk.Sent(ctx, tx, l)
}

// failed notes a try that failed, and when the next one is due.
func (p *postman) failed(ctx context.Context, l store.Letter, cause error) error {
	outcome := outbox.Temporary
	if e, ok := errors.AsType[*outbox.Error](cause); ok {
		outcome, l.Reply = e.Outcome, e.Reply
	}
	pause := backoff(l.Tries)
	err := p.db.Write(ctx, func(tx *store.Tx) error {
		l.NextAt = tx.Now.Add(pause)
		switch outcome {
		case outbox.Permanent:
			l.State = store.LetterFailed
		case outbox.Unknown:
			l.State = store.LetterUnknown
		case outbox.Temporary:
			l.State = store.LetterQueued
		}
		if err := tx.SaveLetter(ctx, l); err != nil {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: l.CaseID, Mail: l.MailID, What: "answer_" + string(outcome),
			Detail: map[string]string{"kind": l.Kind, "to": l.To, "said": l.Reply}})
	})
	if outcome == outbox.Permanent {
		p.logger.Error("gave_up", "mail", l.MailID, "code", string(outcome))
		return err
	}
	p.logger.Warn("delayed", "mail", l.MailID, "code", string(outcome))
	if err != nil {
		return err
	}
	return job.Later(pause)
}

// backoff is the pause before the next try: a second, then growing to a quarter of an hour.
func backoff(tries int) time.Duration {
	return min(time.Second<<min(tries-1, 12), 15*time.Minute)
}
