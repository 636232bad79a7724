package app

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"vanthu/bot"
	"vanthu/bot/config"
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
	smtp   config.SMTP
	pace   store.Pace
	send   func(ctx context.Context, m outbox.Message) (reply string, err error)
	logger *slog.Logger
	plain  atomic.Bool // the server takes no return path but the service address
}

func newPostman(a *App, send func(context.Context, outbox.Message) (string, error)) *postman {
	s := a.Config.SMTP
	return &postman{db: a.DB, desk: a.Desk, smtp: s, pace: store.Pace{PerMinute: s.PerMinute, PerDay: s.PerDay, Connections: s.Connections}, send: send, logger: a.Logger}
}

// letter is woken for one answer and sends what is most urgent, until that one is done or has to wait: a letter of credentials
// that was queued first does not hold up an acknowledgement. Every try of a letter sends the same bytes with the same
// Message-ID.
func (p *postman) letter(ctx context.Context, id int64) error {
	for ctx.Err() == nil {
		l, raw, err := p.take(ctx, id)
		if err != nil || l.ID == 0 {
			return err
		}
		err = p.try(ctx, l, raw)
		if _, later := errors.AsType[job.Later](err); l.ID == id || err != nil && !later { // another's next try is its own job's
			return err
		}
	}
	return job.Later(time.Second)
}

// take claims the most urgent answer that is due. It gives none when the one with that id is done; the error is job.Later
// when that one has to wait.
func (p *postman) take(ctx context.Context, id int64) (l store.Letter, raw []byte, err error) {
	var later time.Duration
	var stranded []store.Letter
	err = p.db.Write(ctx, func(tx *store.Tx) error {
		later = 0
		if stranded, err = p.strand(ctx, tx); err != nil {
			return err
		}
		own, err := tx.Letter(ctx, id)
		if err != nil || !own.Waits() {
			return err
		}
		if wait := own.NextAt.Sub(tx.Now); wait > 0 {
			later = wait
			return nil
		}
		claimed, mine, wait, err := tx.NextLetter(ctx, tx.Now.Add(lease), p.pace)
		if err != nil {
			return err
		}
		if !mine {
			later, err = p.place(ctx, tx, own, wait)
			return err
		}
		l = claimed
		raw, err = tx.LetterRaw(ctx, l.ID)
		return err
	})
	for _, s := range stranded {
		p.logger.Error("gave_up", "mail", s.MailID, "code", string(outbox.Unknown))
	}
	if err == nil && later > 0 {
		err = job.Later(later)
	}
	return l, raw, err
}

// fastest is how much later each of many letters looks again when no pace is known: another process has all connections.
const fastest = 20 * time.Millisecond

// place says when to look again for an answer that may not be sent now: not before those that go before it, so that thousands
// do not all ask at once.
func (p *postman) place(ctx context.Context, tx *store.Tx, own store.Letter, wait time.Duration) (time.Duration, error) {
	if wait > 0 {
		ahead, err := tx.Ahead(ctx, own)
		if err != nil {
			return 0, err
		}
		each := fastest
		if p.pace.PerMinute > 0 {
			each = max(each, time.Minute/time.Duration(p.pace.PerMinute))
		}
		wait += time.Duration(ahead) * each
	}
	return max(wait, time.Second), nil
}

// strand finds the letters that a killed process left between the mark before the final dot and the server's reply, and that
// must not go twice by themselves.
func (p *postman) strand(ctx context.Context, tx *store.Tx) ([]store.Letter, error) {
	stranded, err := tx.StrandLetters(ctx)
	if err != nil {
		return nil, err
	}
	for _, l := range stranded {
		if err := p.note(ctx, tx, l, "answer_unknown"); err != nil {
			return nil, err
		}
	}
	return stranded, nil
}

// try sends one answer. What became of it is noted in any case; the error is job.Later when it will be tried again.
func (p *postman) try(ctx context.Context, l store.Letter, raw []byte) error {
	if raw == nil { // a person must look; the others go on
		return p.failed(ctx, l, &outbox.Error{Outcome: outbox.Permanent, Reply: "the bytes of this answer are gone"})
	}
	began := p.db.Now()
	m := outbox.Message{From: p.returnPath(l), To: []string{l.To}, Raw: raw}
	// Before the dot of credentials the mark is written; with several processes before any: one that was frozen finds there that
	// another has the answer now, and one that is frozen between dot and reply is given time to tell how it ended.
	if l.Once || p.db.Shared() {
		m.BeforeDot = func(ctx context.Context) error {
			return p.db.Write(ctx, func(tx *store.Tx) error { return tx.MarkDot(ctx, l) })
		}
	}
	reply, err := p.send(ctx, m)
	if e, ok := errors.AsType[*outbox.Error](err); ok && e.Sender && m.From != p.smtp.From {
		// Exchange Online takes neither MAIL FROM:<> nor an address that is no mailbox of the login.
		p.logger.Warn("return_path_refused", "mail", l.MailID, "code", l.Kind)
		p.plain.Store(true)
		m.From = p.smtp.From
		reply, err = p.send(ctx, m)
	}
	done, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	if err == nil {
		p.logger.Info("answered", "mail", l.MailID, "code", l.Kind, "duration_ms", p.db.Now().Sub(began).Milliseconds())
		return p.insist(done, func(tx *store.Tx) error { return p.sent(done, tx, l, reply) })
	}
	return p.failed(done, l, err)
}

// insist writes what became of a try, again and again while ctx lasts and the database is away: else an answer that the server has
// taken goes again when it has lain in our hands for long enough. Found by TestMachines, seed 1: PostgreSQL was restarted in that moment.
func (p *postman) insist(ctx context.Context, f func(tx *store.Tx) error) error {
	for {
		err := p.db.Write(ctx, f)
		if bot.ErrorCode(err) != bot.Temporary || wait(ctx, time.Second) != nil {
			return err
		}
	}
}

// returnPath is where a bounce of this answer goes: to an address of its own where the mail server delivers such, so that
// the bounce names the answer, else to the service address; to nobody for a note to a stranger (RFC 3834 §3.3).
func (p *postman) returnPath(l store.Letter) string {
	local, domain, _ := strings.Cut(p.smtp.From, "@")
	switch {
	case p.plain.Load():
		return p.smtp.From
	case l.NullPath && p.smtp.NullPath:
		return ""
	case p.smtp.Plus != "" && l.Token != "":
		return local + p.smtp.Plus + "b" + l.Token + "@" + domain
	}
	return p.smtp.From
}

func (p *postman) sent(ctx context.Context, tx *store.Tx, l store.Letter, reply string) error {
	if now, err := tx.Letter(ctx, l.ID); err != nil || now.State == store.LetterSent && now.Tries == l.Tries { // noted, though the database could not say so
		return err
	}
	l.State, l.Reply, l.SentAt = store.LetterSent, reply, tx.Now
	if err := tx.EndTry(ctx, l, "sent"); err != nil {
		return err
	}
	if _, err := tx.EndRest(ctx); err != nil {
		return err
	}
	if err := p.note(ctx, tx, l, "answer_sent"); err != nil {
		return err
	}
	if l.Kind == string(bot.ConfirmSender) || l.Kind == string(bot.ApprovalAsked) { // its token must not lie about
		if err := tx.EraseLetter(ctx, l.ID); err != nil {
			return err
		}
	}
	return p.desk.Sent(ctx, tx, l)
}

func (p *postman) note(ctx context.Context, tx *store.Tx, l store.Letter, what string) error {
	detail := map[string]string{"kind": l.Kind, "to": l.To, "said": l.Reply, "answer": l.MessageID}
	return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: l.CaseID, Mail: l.MailID, What: what, Detail: detail})
}

// failed notes a try that failed, and when the next one is due.
func (p *postman) failed(ctx context.Context, l store.Letter, cause error) error {
	e, ok := errors.AsType[*outbox.Error](cause)
	if !ok {
		e = &outbox.Error{Outcome: outbox.Temporary, Reply: "not sent"}
	}
	l.Reply = e.Reply
	what := "answer_" + string(e.Outcome)
	var later time.Duration
	err := p.insist(ctx, func(tx *store.Tx) error {
		later = backoff(l.Tries, e.Said)
		switch e.Outcome {
		case outbox.Permanent:
			l.State = store.LetterFailed
		case outbox.Unknown:
			l.State = store.LetterUnknown
			if !l.Once && tx.Now.Sub(l.QueuedAt) >= p.smtp.GiveUp { // it may have been delivered each time
				l.State, what = store.LetterFailed, "answer_gave_up"
			}
		case outbox.Limited: // not this letter's fault, and not its last try
			rest, err := tx.RestOutbox(ctx, e.Rest, e.Reply)
			if err != nil {
				return err
			}
			l.State, later = store.LetterQueued, max(rest.Until.Sub(tx.Now), time.Second)
		case outbox.Temporary:
			l.State = store.LetterQueued
			if tx.Now.Sub(l.QueuedAt) >= p.smtp.GiveUp {
				l.State, what = store.LetterFailed, "answer_gave_up"
			}
		}
		l.NextAt = tx.Now.Add(later)
		if err := tx.EndTry(ctx, l, string(e.Outcome)); err != nil {
			return err
		}
		return p.note(ctx, tx, l, what)
	})
	if errors.Is(err, store.ErrNotMine) { // it took longer than the lease, which nothing should
		return job.Later(time.Second)
	}
	if !l.Waits() {
		p.logger.Error("gave_up", "mail", l.MailID, "code", string(e.Outcome))
		return err
	}
	p.logger.Warn("delayed", "mail", l.MailID, "code", string(e.Outcome))
	if err != nil {
		return err
	}
	return job.Later(later)
}

// late writes into the history, once for each letter, that it has waited for longer than that. Before that it
// calls back what a clock that was ahead has put off too far. The alarm is raised by who
// watches the outbox.
func (p *postman) late(ctx context.Context, age time.Duration) error {
	return p.db.Write(ctx, func(tx *store.Tx) error {
		if err := tx.RecallLetters(ctx, lease); err != nil {
			return err
		}
		letters, err := tx.LateLetters(ctx, tx.Now.Add(-age))
		if err != nil {
			return err
		}
		for _, l := range letters {
			p.logger.Warn("late", "mail", l.MailID, "code", l.Kind)
			if err := p.note(ctx, tx, l, "answer_late"); err != nil {
				return err
			}
		}
		return nil
	})
}

// backoff is the pause before the next try, growing from a second to a quarter of an hour. A server that is there and says
// “later” (greylisting does for five minutes) is asked again after half a minute at the earliest, and after half an hour at
// the latest. A fifth of it is chance, so that letters that failed together do not all come back together.
func backoff(tries int, said bool) time.Duration {
	first, longest := time.Second, 15*time.Minute
	if said {
		first, longest = 30*time.Second, 30*time.Minute
	}
	pause := min(first<<min(max(tries, 1)-1, 12), longest)
	return pause*9/10 + rand.N(pause/5) // #nosec G404 -- nobody guesses anything by it
}
