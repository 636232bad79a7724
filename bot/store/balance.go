package store

import "context"

// Torn names what the tables say of each other and does not hold.
type Torn struct {
	Cases, Letters                                   int
	NoCase, NoMail, NoLetter, NoLetterBytes, NoBytes []string
}

// Torn looks for outcomes without their case, cases without their mail, answered steps without their letter, letters and mails
// without their bytes. No query has NOT IN over a long list: PostgreSQL goes through the list again for each line. What was erased on purpose (credentials after the receipt) was sent before.
func (tx *Tx) Torn(ctx context.Context) (t Torn, err error) {
	if err := tx.row(ctx, `SELECT (SELECT count(*) FROM cases), (SELECT count(*) FROM outbox)`).Scan(&t.Cases, &t.Letters); err != nil {
		return t, err
	}
	for _, look := range []struct {
		found *[]string
		query string
	}{
		{&t.NoCase, `SELECT 'mail ' || m.id FROM mails m WHERE m.outcome IN ('case', 'followup')
			AND NOT EXISTS (SELECT 1 FROM cases c WHERE c.id = m.case_id) ORDER BY m.id`},
		{&t.NoMail, `SELECT c.number FROM cases c LEFT JOIN (SELECT case_id, count(*) AS n FROM mails WHERE outcome = 'case' GROUP BY case_id) g
			ON g.case_id = c.id WHERE coalesce(g.n, 0) <> 1 OR NOT EXISTS (SELECT 1 FROM mails m WHERE m.id = c.mail_id) ORDER BY c.id`},
		// the reason of a request is what follows from it: each of these is told to the unit
		{&t.NoLetter, `SELECT 'mail ' || id FROM (SELECT id FROM mails WHERE outcome IN ('case', 'followup')
			AND reason IN ('queue', 'queue_with_defects', 'return', 'ask_sender') EXCEPT SELECT mail_id FROM outbox) AS unanswered ORDER BY id`},
		{&t.NoLetterBytes, `SELECT 'answer ' || o.id FROM outbox o WHERE o.state IN ('queued', 'sending', 'unknown')
			AND NOT EXISTS (SELECT 1 FROM outbox_raw r WHERE r.id = o.id) ORDER BY o.id`},
		{&t.NoBytes, `SELECT 'mail ' || m.id FROM mails m WHERE m.destroyed = 0 AND NOT EXISTS (SELECT 1 FROM mail_raw r WHERE r.hash = m.hash) ORDER BY m.id`},
	} {
		if *look.found, err = list(ctx, tx, scanText, look.query); err != nil {
			return t, err
		}
	}
	return t, nil
}

func scanText(s scanner) (string, error) {
	var text string
	err := s.Scan(&text)
	return text, err
}
