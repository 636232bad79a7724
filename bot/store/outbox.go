package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"vanthu/bot"
)

// A Letter is one answer in the outbox.
type Letter struct {
	ID        int64       `json:"id"`
	Step      string      `json:"step"`       // its identity: a second answer for the same step is refused
	MessageID string      `json:"message_id"` // with angle brackets, the same at every try
	Token     string      `json:"-"`          // in its return path and its X-Vanthu-Id; "" in a letter from before there were any
	Kind      string      `json:"kind"`       // "acknowledged", "defects", "delivered" …
	CaseID    int64       `json:"case_id"`
	MailID    int64       `json:"mail_id"` // the mail that it answers, 0: none
	To        string      `json:"to"`
	Subject   string      `json:"subject"`
	Raw       []byte      `json:"-"`         // the mail, ready to be sent
	Notice    []byte      `json:"-"`         // the document that goes with a delivery; not kept with the letter
	NullPath  bool        `json:"null_path"` // a bounce of it is nobody's: MAIL FROM:<> (RFC 3834 §3.3)
	Once      bool        `json:"once"`      // credentials: when it may have been taken, a person decides whether it is sent again
	Urgency   int         `json:"urgency"`   // 0 goes before 1
	State     LetterState `json:"state"`
	Tries     int         `json:"tries"`
	NextAt    time.Time   `json:"next_at,omitzero"`
	Reply     string      `json:"reply"` // what the server said
	CreatedAt time.Time   `json:"created_at,omitzero"`
	QueuedAt  time.Time   `json:"queued_at,omitzero"` // since when it waits to be sent
	DotAt     time.Time   `json:"dot_at,omitzero"`    // of the last try: when the final dot was about to go out; zero: it did not
	LateAt    time.Time   `json:"late_at,omitzero"`   // when somebody was told that it waits for long
	SentAt    time.Time   `json:"sent_at,omitzero"`
	Fate      Fate        `json:"fate"`
	FateSaid  string      `json:"fate_said"`
	Settled   bot.Actor   `json:"settled"` // who has seen that it failed or bounced
}

// LetterState is where an answer stands.
type LetterState string

// The states of an answer.
const (
	LetterQueued  LetterState = "queued"
	LetterSending LetterState = "sending" // a process has it, or had it when it was killed
	LetterSent    LetterState = "sent"
	LetterFailed  LetterState = "failed"  // refused for good, or tried for days
	LetterUnknown LetterState = "unknown" // lost between the final dot and the reply; tried again with the same Message-ID unless it is to go once
)

// Fate is what a delivery report said of an answer after the server had taken it.
type Fate string

// The fates; "" is none.
const (
	Delayed Fate = "delayed"
	Bounced Fate = "bounced"
)

// NeedsPerson says whether an officer must look: nothing more happens by itself.
func (l Letter) NeedsPerson() bool {
	return l.Settled == "" && (l.State == LetterFailed || l.State == LetterUnknown && l.Once || l.Fate == Bounced)
}

// Waits says whether the answer is still to be sent by itself.
func (l Letter) Waits() bool {
	return l.State == LetterQueued || l.State == LetterSending || l.State == LetterUnknown && !l.Once
}

// AddLetter puts an answer into the outbox and wakes its sending. It says false when the step was answered already.
func (tx *Tx) AddLetter(ctx context.Context, l Letter) (bool, error) {
	var id int64
	err := tx.row(ctx, `INSERT INTO outbox (step, message_id, token, kind, case_id, mail_id, rcpt, subject, null_path, once, urgency,
		state, next_at, created_at, queued_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'queued', $12, $12, $12) ON CONFLICT (step) DO NOTHING RETURNING id`,
		l.Step, l.MessageID, l.Token, l.Kind, l.CaseID, l.MailID, l.To, l.Subject, l.NullPath, l.Once, l.Urgency, micros(tx.Now)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("store: outbox: %w", err)
	}
	if _, err := tx.exec(ctx, `INSERT INTO outbox_raw (id, raw) VALUES ($1, $2)`, id, l.Raw); err != nil {
		return false, err
	}
	tx.Wake(SendJob, id)
	return true, nil
}

const letterColumns = `id, step, message_id, token, kind, case_id, mail_id, rcpt, subject, null_path, once, urgency, state, tries, next_at, reply,
	created_at, queued_at, dot_at, late_at, sent_at, fate, fate_said, settled`

func scanLetter(s scanner) (Letter, error) {
	var l Letter
	var next, created, queued, dot, late, sent int64
	err := s.Scan(&l.ID, &l.Step, &l.MessageID, &l.Token, &l.Kind, &l.CaseID, &l.MailID, &l.To, &l.Subject, &l.NullPath, &l.Once, &l.Urgency,
		&l.State, &l.Tries, &next, &l.Reply, &created, &queued, &dot, &late, &sent, &l.Fate, &l.FateSaid, &l.Settled)
	l.NextAt, l.CreatedAt, l.QueuedAt = instant(next), instant(created), instant(queued)
	l.DotAt, l.LateAt, l.SentAt = instant(dot), instant(late), instant(sent)
	return l, err
}

// Letter returns an answer without its bytes.
func (tx *Tx) Letter(ctx context.Context, id int64) (Letter, error) {
	l, err := scanLetter(tx.row(ctx, `SELECT `+letterColumns+` FROM outbox WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Letter{}, bot.Errorf(bot.NotFound, "there is no answer %d in the outbox", id)
	}
	if err != nil {
		return Letter{}, fmt.Errorf("store: outbox: %w", err)
	}
	return l, nil
}

// LetterRaw returns the bytes of an answer; nil when they were erased.
func (tx *Tx) LetterRaw(ctx context.Context, id int64) ([]byte, error) {
	var raw []byte
	if err := tx.row(ctx, `SELECT raw FROM outbox_raw WHERE id = $1`, id).Scan(&raw); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("store: outbox: %w", err)
	}
	return raw, nil
}

// Answer returns the answer with that Message-ID, whether it belongs to a case or to none.
func (tx *Tx) Answer(ctx context.Context, messageID string) (Letter, bool, error) {
	return tx.oneLetter(ctx, `message_id = $1`, messageID)
}

// AnswerByToken returns the answer with that token.
func (tx *Tx) AnswerByToken(ctx context.Context, token string) (Letter, bool, error) {
	if token == "" {
		return Letter{}, false, nil
	}
	return tx.oneLetter(ctx, `token = $1 AND token <> ''`, token)
}

func (tx *Tx) oneLetter(ctx context.Context, where, arg string) (Letter, bool, error) {
	letters, err := list(ctx, tx, scanLetter, `SELECT `+letterColumns+` FROM outbox WHERE `+where, arg)
	if err != nil || len(letters) == 0 {
		return Letter{}, false, err
	}
	return letters[0], true, nil
}

// LettersSince counts the answers of a kind to an address.
func (tx *Tx) LettersSince(ctx context.Context, kind, to string, since time.Time) (int, error) {
	return tx.CountAnswers(ctx, Answers{Kinds: []bot.AnswerKind{bot.AnswerKind(kind)}, To: to}, since)
}

// Answers names some of the answers; what is empty is any.
type Answers struct {
	Kinds  []bot.AnswerKind
	Not    []bot.AnswerKind
	To     string
	CaseID int64
}

// CountAnswers counts answers that were written since then.
func (tx *Tx) CountAnswers(ctx context.Context, which Answers, since time.Time) (n int, err error) {
	query, args := `SELECT count(*) FROM outbox WHERE created_at >= $1`, []any{micros(since)}
	and := func(condition string, arg any) {
		args = append(args, arg)
		query += fmt.Sprintf(" AND "+condition, len(args))
	}
	if which.To != "" {
		and("rcpt = $%d", which.To)
	}
	if which.CaseID != 0 {
		and("case_id = $%d", which.CaseID)
	}
	for word, kinds := range map[string][]bot.AnswerKind{" AND kind IN (": which.Kinds, " AND kind NOT IN (": which.Not} {
		var places []string
		for _, kind := range kinds {
			args = append(args, string(kind))
			places = append(places, fmt.Sprintf("$%d", len(args)))
		}
		if len(places) > 0 {
			query += word + strings.Join(places, ", ") + ")"
		}
	}
	if err := tx.row(ctx, query, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("store: outbox: %w", err)
	}
	return n, nil
}

// HasLetter says whether a step was answered already.
func (tx *Tx) HasLetter(ctx context.Context, step string) (bool, error) {
	var n int
	if err := tx.row(ctx, `SELECT count(*) FROM outbox WHERE step = $1`, step).Scan(&n); err != nil {
		return false, fmt.Errorf("store: outbox: %w", err)
	}
	return n > 0, nil
}

// SaveLetter writes where an answer stands.
func (tx *Tx) SaveLetter(ctx context.Context, l Letter) error {
	_, err := tx.exec(ctx, `UPDATE outbox SET state = $1, tries = $2, next_at = $3, reply = $4, sent_at = $5, queued_at = $6, dot_at = $7, late_at = $8,
		fate = $9, fate_said = $10, settled = $11 WHERE id = $12`,
		string(l.State), l.Tries, micros(l.NextAt), l.Reply, micros(l.SentAt), micros(l.QueuedAt), micros(l.DotAt), micros(l.LateAt),
		string(l.Fate), l.FateSaid, string(l.Settled), l.ID)
	return err
}

// SaveFate writes what a delivery report says of an answer, and no more: it may come while the answer is being sent.
func (tx *Tx) SaveFate(ctx context.Context, l Letter) error {
	_, err := tx.exec(ctx, `UPDATE outbox SET fate = $1, fate_said = $2, settled = $3 WHERE id = $4`, string(l.Fate), l.FateSaid, string(l.Settled), l.ID)
	return err
}

// EraseLetters takes the bytes of a case's answers of that kind away; the rows stay as proof.
func (tx *Tx) EraseLetters(ctx context.Context, caseID int64, kind string) error {
	_, err := tx.exec(ctx, `DELETE FROM outbox_raw WHERE id IN (SELECT id FROM outbox WHERE case_id = $1 AND kind = $2 AND state = 'sent')`, caseID, kind)
	return err
}

// Letters returns the answers of a case in order, of all cases for 0.
func (tx *Tx) Letters(ctx context.Context, caseID int64) ([]Letter, error) {
	return list(ctx, tx, scanLetter, `SELECT `+letterColumns+` FROM outbox WHERE $1 = 0 OR case_id = $1 ORDER BY id`, caseID)
}

// OpenLetters returns the answers that are not done: those that wait and those that need a person.
func (tx *Tx) OpenLetters(ctx context.Context) ([]Letter, error) {
	return list(ctx, tx, scanLetter, `SELECT `+letterColumns+` FROM outbox WHERE state IN ('queued', 'sending', 'unknown')
		OR settled = '' AND (state = 'failed' OR fate = 'bounced') ORDER BY id`)
}

// Salt returns what Message-IDs and tokens of this database are made from; fresh is kept when there is none yet.
func (db *DB) Salt(ctx context.Context, fresh string) (salt string, err error) {
	err = db.Write(ctx, func(tx *Tx) error {
		if _, err := tx.exec(ctx, `INSERT INTO salt (one, value) VALUES (1, $1) ON CONFLICT (one) DO NOTHING`, fresh); err != nil {
			return err
		}
		if err := tx.row(ctx, `SELECT value FROM salt WHERE one = 1`).Scan(&salt); err != nil {
			return fmt.Errorf("store: salt: %w", err)
		}
		return nil
	})
	return salt, err
}
