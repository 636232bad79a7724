package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

var newest = store.Newest() // migration

// A database that the first version made, with mails, cases and letters of every kind in it, is taken over: nothing is lost,
// nothing is sent or served again, and the way back works too.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		store.Migrate(t, db, 0, 1)
		now := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
		db.Now = func() time.Time { return now }
		firstVersion(t, db, now)
		store.Migrate(t, db, newest)
		store.Adopt(t, db)
		upgraded(t, db, now)
		store.Migrate(t, db, 1, newest) // down and up again
		store.Adopt(t, db)
		if r := verified(t, db); !r.OK() || len(r.Adopted) != 2 {
			t.Errorf("the history: %+v", r)
		}
		for table, n := range map[string]int{"mails": 5, "cases": 1, "outbox": 7, "events": 6} {
			if got := store.Count(t, db, table); got != n {
				t.Errorf("%d %s after the way down and up", got, table)
			}
		}
	})
}

// firstVersion fills the tables of migration 1.
func firstVersion(t *testing.T, db *store.DB, now time.Time) {
	t.Helper()
	at := now.Add(-time.Hour).UnixMicro()
	for id, end := range []string{"'case', 'queue', 1, 9, 9", "'quarantine', 'not_entitled: x', 0, 9, 9", "'ignored', 'list: x', 0, 9, 0", "'followup', 'receipt', 1, 9, 9", "'', '', 0, 0, 0"} {
		hash := fmt.Sprintf("h%d", id+1)
		store.Exec(t, db, `INSERT INTO mail_raw (hash, raw) VALUES ($1, $2)`, hash, []byte("Subject: x\r\n\r\nx"))
		store.Exec(t, db, `INSERT INTO mails (mailbox, uid_validity, uid, hash, body_hash, size, arrived_at, seen_at, message_id, sender, unit, outcome, reason, case_id, judged_at, filed_at)
			VALUES ('INBOX', 7, $1, $2, $2, 15, $3, $3, $4, 'ctsv@truong.example', 'CTSV', `+end+`)`, id+1, hash, at, fmt.Sprintf("<%s@x>", hash))
	}
	store.Exec(t, db, `INSERT INTO cases (number, procedure, edition, kind, unit, state, reason, letter_date, signer, letter_file, list_file, mail_id, received_at,
		checked_at, checked_by, planned_at, planned_by, updated_at)
		VALUES ('YC-2026-0001', 'p', 'e', 'account_request', 'CTSV', 'delivered', 'queue', '', '', '', '', 1, $1, 1, 'officer:lan', 1, 'officer:minh', $1)`, at)
	for i := range 4 {
		store.Exec(t, db, `INSERT INTO events (at, actor, what, case_id, plan_id, mail_id, detail) VALUES ($1, 'vanthu', 'old', 1, 0, 0, '{}')`, at+int64(i))
	}
	store.Exec(t, db, `INSERT INTO counters (name, value) VALUES ('YC-2026', 1)`)
	for i, letter := range []string{"acknowledged sent", "acknowledged queued", "delivered unknown", "delivered sending", "acknowledged sending", "defects failed", "defects unknown"} {
		kind, state, _ := strings.Cut(letter, " ")
		store.Exec(t, db, `INSERT INTO outbox (step, message_id, kind, case_id, mail_id, rcpt, subject, state, next_at, created_at)
			VALUES ($1, $2, $3, 1, 1, 'ctsv@truong.example', 's', $4, $5, $5)`, letter, fmt.Sprintf("<%d@truong.example>", i), kind, state, at)
		store.Exec(t, db, `INSERT INTO outbox_raw (id, raw) VALUES ($1, $2)`, i+1, []byte("raw"))
	}
}

func upgraded(t *testing.T, db *store.DB, now time.Time) {
	t.Helper()
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		if counts, err := tx.CountMails(ctx); err != nil || counts[""] != 1 || counts[store.IsCase] != 1 || counts[store.Quarantined] != 1 {
			t.Errorf("mails %v, %v", counts, err)
		}
		if torn, err := tx.Torn(ctx); err != nil || len(torn.NoCase)+len(torn.NoMail)+len(torn.NoLetter)+len(torn.NoBytes)+len(torn.NoLetterBytes) > 0 {
			t.Errorf("torn %+v, %v", torn, err)
		}
		if w, err := tx.Waits(ctx); err != nil || w.Unjudged.N != 1 || w.Unfiled.N != 1 || w.Quarantine.N != 1 || w.Failed.N != 1 || w.Unknown.N != 1 {
			t.Errorf("waiting %+v, %v", w, err)
		}
		stranded, err := tx.StrandLetters(ctx)
		if err != nil || len(stranded) != 1 || stranded[0].Step != "delivered sending" {
			t.Errorf("stranded %+v, %v", stranded, err)
		}
		var sent []string
		for {
			l, ok, _, err := tx.NextLetter(ctx, now.Add(time.Hour), store.Pace{PerMinute: 100, PerDay: 100})
			if err != nil || !ok {
				t.Logf("no more: %v", err)
				break
			}
			if raw, err := tx.LetterRaw(ctx, l.ID); err != nil || len(raw) == 0 {
				t.Errorf("%s: no bytes, %v", l.Step, err)
			}
			l.State = store.LetterSent
			if err := tx.EndTry(ctx, l, "sent"); err != nil {
				return err
			}
			sent = append(sent, l.Step)
		}
		if got := strings.Join(sent, ", "); got != "acknowledged queued, acknowledged sending, defects unknown" {
			t.Errorf("sent %s", got)
		}
		return nil
	})
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.CaseByNumber(ctx, "YC-2026-0001")
		if err != nil || c.Token != "" || c.Evidence != "" || len(c.Signatures) != 0 {
			t.Errorf("case %+v, %v", c, err)
		}
		if _, known, err := tx.CaseOfReference(ctx, "<h1@x>", "CTSV"); err != nil || !known {
			t.Errorf("a reply finds its case: %v, %v", known, err)
		}
		if _, err = tx.SaveCase(ctx, c); err != nil {
			return err
		}
		if number, err := tx.KeepNumber(ctx, 5, "YC"); err != nil || number != "YC-2026-0002" {
			t.Errorf("number %s, %v", number, err)
		}
		if err := tx.RetryMail(ctx, 2, "officer:lan"); err != nil {
			return err
		}
		_, err = tx.EndMail(ctx, 2, store.Ignored, string(bot.OwnMail), "Ignored", 0)
		return err
	})
}
