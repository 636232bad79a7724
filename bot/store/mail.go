package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"vanthu/bot"
)

// A Mail is one line of the journal.
type Mail struct {
	ID          int64     `json:"id"`
	Mailbox     string    `json:"mailbox"`
	UIDValidity uint32    `json:"uid_validity"`
	UID         uint32    `json:"uid"`
	Hash        string    `json:"hash"`      // of the raw bytes
	BodyHash    string    `json:"body_hash"` // of what follows the header block
	Size        int64     `json:"size"`
	TooLarge    bool      `json:"too_large"` // only the header block was fetched
	ArrivedAt   time.Time `json:"arrived_at,omitzero"`
	SeenAt      time.Time `json:"seen_at,omitzero"`
	MessageID   string    `json:"message_id"`
	Sender      string    `json:"sender"`
	Unit        string    `json:"unit"`
	Kind        bot.Kind  `json:"kind"`
	Tries       int       `json:"tries"`
	Number      string    `json:"number"` // case number kept for it
	Outcome     Outcome   `json:"outcome"`
	Reason      string    `json:"reason"`
	CaseID      int64     `json:"case_id"`
	JudgedAt    time.Time `json:"judged_at,omitzero"`
	Folder      string    `json:"folder"`
	FiledAt     time.Time `json:"filed_at,omitzero"`
	Vouched     string    `json:"vouched,omitempty"` // who vouches for a sender that was not proven: "officer:lan", "token:<outbox id>"
	Handled     bot.Stamp `json:"handled,omitzero"`  // of a quarantined mail: somebody has dealt with it
	Lies        Place     `json:"lies,omitzero"`     // where we moved it
	Thread      string    `json:"thread"`            // what named its case, in the order in which it is believed
	ListHash    string    `json:"-"`                 // of its list, while it is judged
}

// A Place is where a mail lies after it was filed. No folder: nobody of us moved it; no UID: the server does not tell.
type Place struct {
	Folder      string `json:"folder"` // as the server calls it
	UIDValidity uint32 `json:"uid_validity"`
	UID         uint32 `json:"uid"`
}

// Outcome is how a mail ended: exactly one of these, or "" while it has not.
type Outcome string

// The outcomes.
const (
	IsCase      Outcome = "case"
	IsFollowUp  Outcome = "followup"
	Quarantined Outcome = "quarantine"
	Ignored     Outcome = "ignored"
)

// Hashes returns the two hashes by which a mail is known again: of all bytes, and of the body alone.
func Hashes(raw []byte) (all, body string) {
	a := sha256.Sum256(raw)
	b := sha256.Sum256(bodyOf(raw))
	return hex.EncodeToString(a[:]), hex.EncodeToString(b[:])
}

// bodyOf returns what follows the first empty line (RFC 5322 §2.1), everything when there is none.
func bodyOf(raw []byte) []byte {
	for i := 0; i+1 < len(raw); i++ {
		if raw[i] != '\n' {
			continue
		}
		if raw[i+1] == '\n' {
			return raw[i+2:]
		}
		if raw[i+1] == '\r' && i+2 < len(raw) && raw[i+2] == '\n' {
			return raw[i+3:]
		}
	}
	return raw
}

// A NewMail is what the mailbox gave.
type NewMail struct {
	Mailbox          string
	UIDValidity, UID uint32
	ArrivedAt        time.Time
	Size             int64
	TooLarge         bool
	Raw              []byte
}

// settled is how long after its filing a mail may still be listed where it was: by a session that has not heard of it.
const settled = 2 * time.Minute

// AddMails writes mails into the journal and wakes their judging. A mail that is there already is left alone; but what lies
// under the UID of one that was filed long ago is another delivery (see UnknownUIDs), and takes its place.
func (tx *Tx) AddMails(ctx context.Context, mails []NewMail) error {
	for _, m := range mails {
		if _, err := tx.exec(ctx, `UPDATE mails SET uid_validity = 0, uid = id WHERE mailbox = $1 AND uid_validity = $2 AND uid = $3 AND size > 0 AND filed_at > 0 AND filed_at <= $4`,
			m.Mailbox, int64(m.UIDValidity), int64(m.UID), micros(tx.Now.Add(-settled))); err != nil {
			return err
		}
		hash, body := Hashes(m.Raw)
		if _, err := tx.exec(ctx, `INSERT INTO mail_raw (hash, raw) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING`, hash, m.Raw); err != nil {
			return err
		}
		var id int64
		err := tx.row(ctx, `INSERT INTO mails (mailbox, uid_validity, uid, hash, body_hash, size, too_large, arrived_at, seen_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (mailbox, uid_validity, uid) DO NOTHING RETURNING id`,
			m.Mailbox, int64(m.UIDValidity), int64(m.UID), hash, body, m.Size, m.TooLarge, micros(m.ArrivedAt), micros(tx.Now)).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return fmt.Errorf("store: add mail: %w", err)
		}
		tx.Wake(JudgeJob, id)
	}
	return nil
}

// widest is how many UIDs may be missing between two that are asked for together.
const widest = 100

// UnknownUIDs returns those of uids that the journal does not know. A UID whose mail was filed long ago and which is listed
// again names something else: a server whose files came back from a backup gives UIDs twice under one UIDVALIDITY, against
// RFC 9051 §2.3.1.1.
func (tx *Tx) UnknownUIDs(ctx context.Context, mailbox string, uidValidity uint32, uids []uint32) ([]uint32, error) {
	seen := make(map[uint32]bool, len(uids))
	for rest := slices.Sorted(slices.Values(uids)); len(rest) > 0; {
		n := 1 // as long as it costs little: one old mail in the mailbox must not ask for all that came after it
		for n < len(rest) && rest[n]-rest[n-1] <= widest {
			n++
		}
		known, err := list(ctx, tx, func(s scanner) (uint32, error) {
			var uid int64
			err := s.Scan(&uid)
			return uint32(uid), err
		}, `SELECT uid FROM mails WHERE mailbox = $1 AND uid_validity = $2 AND uid BETWEEN $3 AND $4
			AND (filed_at = 0 OR size = 0 OR filed_at > $5)`,
			mailbox, int64(uidValidity), int64(rest[0]), int64(rest[n-1]), micros(tx.Now.Add(-settled)))
		if err != nil {
			return nil, err
		}
		for _, uid := range known {
			seen[uid] = true
		}
		rest = rest[n:]
	}
	return slices.DeleteFunc(slices.Clone(uids), func(uid uint32) bool { return seen[uid] }), nil
}

const mailColumns = `id, mailbox, uid_validity, uid, hash, body_hash, size, too_large, arrived_at, seen_at, message_id, sender, unit, kind,
	tries, number, outcome, reason, case_id, judged_at, folder, filed_at, vouched, handled_at, handled_by, lies_in, lies_validity, lies_uid,
	thread, list_hash`

func scanMail(s scanner) (Mail, error) {
	var m Mail
	var validity, uid, arrived, seen, judged, filed, handled, liesValidity, liesUID int64
	err := s.Scan(&m.ID, &m.Mailbox, &validity, &uid, &m.Hash, &m.BodyHash, &m.Size, &m.TooLarge, &arrived, &seen, &m.MessageID,
		&m.Sender, &m.Unit, &m.Kind, &m.Tries, &m.Number, &m.Outcome, &m.Reason, &m.CaseID, &judged, &m.Folder, &filed,
		&m.Vouched, &handled, &m.Handled.By, &m.Lies.Folder, &liesValidity, &liesUID, &m.Thread, &m.ListHash)
	m.UIDValidity, m.UID, m.Lies.UIDValidity, m.Lies.UID = uint32(validity), uint32(uid), uint32(liesValidity), uint32(liesUID)
	m.Handled.At = instant(handled)
	m.ArrivedAt, m.SeenAt, m.JudgedAt, m.FiledAt = instant(arrived), instant(seen), instant(judged), instant(filed)
	return m, err
}

// Mail returns a line of the journal.
func (tx *Tx) Mail(ctx context.Context, id int64) (Mail, error) {
	m, err := scanMail(tx.row(ctx, `SELECT `+mailColumns+` FROM mails WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Mail{}, bot.Errorf(bot.NotFound, "there is no mail %d", id)
	}
	if err != nil {
		return Mail{}, fmt.Errorf("store: mail: %w", err)
	}
	return m, nil
}

// Raw returns the bytes of a mail by their hash.
func (tx *Tx) Raw(ctx context.Context, hash string) ([]byte, error) {
	var raw []byte
	err := tx.row(ctx, `SELECT raw FROM mail_raw WHERE hash = $1`, hash).Scan(&raw)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, bot.Errorf(bot.NotFound, "the bytes of a mail are not in the journal (hash %.12s…)", hash)
	}
	if err != nil {
		return nil, fmt.Errorf("store: raw mail: %w", err)
	}
	return raw, nil
}

// TryMail counts a try at judging before it begins, so that a mail that kills the process is counted too; weight is taken
// back with its negative.
func (tx *Tx) TryMail(ctx context.Context, id int64, weight int) error {
	_, err := tx.exec(ctx, `UPDATE mails SET tries = tries + $2 WHERE id = $1 AND outcome = '' AND tries + $2 >= 0`, id, weight)
	return err
}

// Describe notes who sent a mail, what it is, what named its case, and which list it brings.
func (tx *Tx) Describe(ctx context.Context, m Mail) error {
	_, err := tx.exec(ctx, `UPDATE mails SET message_id = $1, sender = $2, unit = $3, kind = $4, thread = $5, list_hash = $6 WHERE id = $7`,
		short(m.MessageID, longestID), short(m.Sender, longestID), m.Unit, m.Kind, m.Thread, m.ListHash, m.ID)
	return err
}

// KeepNumber gives the mail a case number once; a later try finds the same one, also while another process tries.
func (tx *Tx) KeepNumber(ctx context.Context, id int64, prefix string) (string, error) {
	if err := tx.Lock(ctx, LockRegister); err != nil {
		return "", err
	}
	m, err := tx.Mail(ctx, id)
	if err != nil || m.Number != "" {
		return m.Number, err
	}
	number, err := tx.nextNumber(ctx, prefix)
	if err != nil {
		return "", err
	}
	_, err = tx.exec(ctx, `UPDATE mails SET number = $1 WHERE id = $2`, number, id)
	return number, err
}

// EndMail gives a mail its outcome, once, and wakes its filing. It says false when it had one already. A mail that was judged
// again and stays in its folder need not be moved.
func (tx *Tx) EndMail(ctx context.Context, id int64, outcome Outcome, reason, folder string, caseID int64) (bool, error) {
	n, err := tx.exec(ctx, `UPDATE mails SET outcome = $1, reason = $2, folder = $3, case_id = $4, judged_at = $5,
		filed_at = CASE WHEN lies_in <> '' AND folder = $3 THEN CAST($5 AS BIGINT) ELSE 0 END WHERE id = $6 AND outcome = ''`,
		outcome, short(reason, longestReason), folder, caseID, micros(tx.Now), id)
	if err != nil || n == 0 {
		return false, err
	}
	tx.Wake(FileJob, id)
	return true, tx.handleTwins(ctx, id, outcome)
}

// Twin returns the mail that this one is again: the same bytes (a renumbered mailbox, a copy), or the same Message-ID and
// body from the same sender, proven (delivered by two ways). The body alone says nothing: "Đã nhận đủ" is often sent. A
// quarantined mail is nobody's twin: an officer may have put right what was wrong and moved it back.
//
// Of two that are judged at the same moment, the one that has a case number comes first, else the earlier one; m.Number
// must be up to date. The twin may have no outcome yet.
func (tx *Tx) Twin(ctx context.Context, m Mail) (Mail, bool, error) {
	twins, err := list(ctx, tx, scanMail, `SELECT `+mailColumns+` FROM mails
		WHERE body_hash = $1 AND id <> $2 AND outcome <> 'quarantine' AND (case_id <> 0 OR ($6 = '' AND (id < $2 OR number <> '')))
		AND (hash = $3 OR (message_id <> '' AND message_id = $4 AND sender = $5 AND unit <> '')) ORDER BY case_id = 0, id LIMIT 1`,
		m.BodyHash, m.ID, m.Hash, short(m.MessageID, longestID), short(m.Sender, longestID), m.Number)
	if err != nil || len(twins) == 0 {
		return Mail{}, false, err
	}
	return twins[0], true, nil
}

// Unjudged returns the ids of mails without an outcome.
func (tx *Tx) Unjudged(ctx context.Context) ([]int64, error) {
	return list(ctx, tx, scanID, `SELECT id FROM mails WHERE outcome = '' ORDER BY id`)
}

// Unfiled returns mails whose outcome is known and which do not lie in its folder yet.
func (tx *Tx) Unfiled(ctx context.Context, limit int) ([]Mail, error) {
	return list(ctx, tx, scanMail, `SELECT `+mailColumns+` FROM mails WHERE outcome <> '' AND filed_at = 0 ORDER BY id LIMIT $1`, limit)
}

// SetFiled notes that a mail was moved to the folder of its outcome and where it lies now; no folder there: it was not found
// any more. A mail that was taken back meanwhile is not filed by that.
func (tx *Tx) SetFiled(ctx context.Context, id int64, folder string, now Place) error {
	_, err := tx.exec(ctx, `UPDATE mails SET lies_in = $1, lies_validity = $2, lies_uid = $3,
		filed_at = CASE WHEN outcome <> '' AND folder = $4 THEN CAST($5 AS BIGINT) ELSE 0 END WHERE id = $6 AND filed_at = 0`,
		now.Folder, int64(now.UIDValidity), int64(now.UID), folder, micros(tx.Now), id)
	return err
}

// Mails returns the journal in order, those with the outcome, or all for "".
func (tx *Tx) Mails(ctx context.Context, outcome Outcome) ([]Mail, error) {
	return list(ctx, tx, scanMail, `SELECT `+mailColumns+` FROM mails WHERE $1 = '' OR outcome = $1 ORDER BY id`, string(outcome))
}

// CountMails counts the journal by outcome, with the lines that were taken out of it.
func (tx *Tx) CountMails(ctx context.Context) (map[Outcome]int, error) {
	return tx.countBy(ctx, `SELECT outcome, sum(n) FROM (SELECT outcome, count(*) AS n FROM mails GROUP BY outcome
		UNION ALL SELECT outcome, n FROM mails_pruned) AS every GROUP BY outcome`)
}

func (tx *Tx) countBy(ctx context.Context, query string) (map[Outcome]int, error) {
	type count struct {
		outcome Outcome
		n       int
	}
	counts, err := list(ctx, tx, func(s scanner) (count, error) {
		var c count
		err := s.Scan(&c.outcome, &c.n)
		return c, err
	}, query)
	byOutcome := make(map[Outcome]int, len(counts))
	for _, c := range counts {
		byOutcome[c.outcome] = c.n
	}
	return byOutcome, err
}

func scanID(s scanner) (int64, error) {
	var id int64
	err := s.Scan(&id)
	return id, err
}

// AddLost writes a mail whose bytes the server does not give, already quarantined; it is not filed. The id is 0 when the
// journal knows the mail.
func (tx *Tx) AddLost(ctx context.Context, m NewMail, reason string) (int64, error) {
	hash, body := Hashes(nil)
	if _, err := tx.exec(ctx, `INSERT INTO mail_raw (hash, raw) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING`, hash, []byte{}); err != nil {
		return 0, err
	}
	var id int64
	err := tx.row(ctx, `INSERT INTO mails (mailbox, uid_validity, uid, hash, body_hash, size, arrived_at, seen_at, outcome, reason, judged_at, filed_at)
		VALUES ($1, $2, $3, $4, $5, 0, $6, $7, 'quarantine', $8, $7, $7) ON CONFLICT (mailbox, uid_validity, uid) DO NOTHING RETURNING id`,
		m.Mailbox, int64(m.UIDValidity), int64(m.UID), hash, body, micros(m.ArrivedAt), micros(tx.Now), reason).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("store: add mail: %w", err)
	}
	return id, nil
}
