package store

import (
	"context"

	"vanthu/bot"
)

// RetryMail takes the outcome of a quarantined mail back and wakes its judging. vouched says who vouches for the sender
// ("officer:lan", "token:<outbox id>"); "" leaves it as it is. bot.Conflict: the mail is not in quarantine, or nobody has its
// bytes.
func (tx *Tx) RetryMail(ctx context.Context, id int64, vouched string) error {
	n, err := tx.exec(ctx, `UPDATE mails SET outcome = '', reason = '', case_id = 0, judged_at = 0, filed_at = 0, tries = 0, handled_at = 0, handled_by = '',
		vouched = CASE WHEN $2 <> '' THEN $2 ELSE vouched END WHERE id = $1 AND outcome = 'quarantine' AND size > 0`, id, vouched)
	if err != nil {
		return err
	}
	if n == 1 {
		tx.Wake(JudgeJob, id)
		return nil
	}
	m, err := tx.Mail(ctx, id)
	switch {
	case err != nil:
		return err
	case m.Outcome != Quarantined:
		return bot.Errorf(bot.Conflict, "mail %d is not in quarantine", id)
	}
	return bot.Errorf(bot.Conflict, "the mail server never gave the bytes of mail %d: move it out of the mailbox and back, then it is fetched again", id)
}

// HandleMail notes that somebody has dealt with a quarantined mail.
func (tx *Tx) HandleMail(ctx context.Context, id int64, by bot.Actor) error {
	_, err := tx.exec(ctx, `UPDATE mails SET handled_at = $1, handled_by = $2 WHERE id = $3 AND outcome = 'quarantine' AND handled_at = 0`, micros(tx.Now), string(by), id)
	return err
}

// handleTwins closes the quarantine of earlier copies of a mail: it was moved back to the mailbox and judged again, so the
// question that the copies asked has moved to it. When a copy was handled already and the mail is quarantined again, a
// mailbox came back from a backup: it is handled, too.
func (tx *Tx) handleTwins(ctx context.Context, id int64, outcome Outcome) error {
	const copies = `hash = (SELECT hash FROM mails WHERE id = $1) AND id < $1 AND outcome = 'quarantine' AND size > 0`
	if outcome == Quarantined {
		handled, err := list(ctx, tx, scanMail, `SELECT `+mailColumns+` FROM mails WHERE `+copies+` AND handled_at > 0 AND handled_by <> 'vanthu' ORDER BY id DESC LIMIT 1`, id)
		if err != nil {
			return err
		}
		if len(handled) > 0 {
			if err := tx.HandleMail(ctx, id, handled[0].Handled.By); err != nil {
				return err
			}
		}
	}
	_, err := tx.exec(ctx, `UPDATE mails SET handled_at = $2, handled_by = 'vanthu' WHERE `+copies+` AND handled_at = 0`, id, micros(tx.Now))
	return err
}

// SeedMail writes a line as another journal has it, without its outcome: for judging it again in a throw-away database.
func (tx *Tx) SeedMail(ctx context.Context, m Mail, raw []byte) error {
	if _, err := tx.exec(ctx, `INSERT INTO mail_raw (hash, raw) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING`, m.Hash, raw); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `INSERT INTO mails (id, mailbox, uid_validity, uid, hash, body_hash, size, too_large, arrived_at, seen_at, number, vouched)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, m.ID, m.Mailbox, int64(m.UIDValidity), int64(m.UID), m.Hash, m.BodyHash, m.Size, m.TooLarge,
		micros(m.ArrivedAt), micros(m.SeenAt), m.Number, m.Vouched)
	return err
}
