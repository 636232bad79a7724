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
