package store

import (
	"context"
	"encoding/json"
	"fmt"

	"vanthu/bot"
)

// CaseByToken returns the case whose answers ask to be answered at that token.
func (tx *Tx) CaseByToken(ctx context.Context, token string) (bot.Case, bool, error) {
	if token == "" { // cases of before have none
		return bot.Case{}, false, nil
	}
	return tx.firstCase(ctx, `SELECT `+caseColumns+` FROM cases c WHERE c.token = $1 AND c.token <> ''`, token)
}

// CaseOfReference returns the case that a Message-ID of References or In-Reply-To belongs to: that of our own answer, of an
// answer whose id a provider wrote over, or of an earlier mail of the unit itself, to which a person likes to reply, too.
func (tx *Tx) CaseOfReference(ctx context.Context, messageID, unit string) (bot.Case, bool, error) {
	for _, where := range []string{
		`JOIN outbox o ON o.case_id = c.id WHERE o.message_id = $1 AND c.unit = $2`,
		`JOIN learnt_ids l ON l.case_id = c.id WHERE l.message_id = $1 AND c.unit = $2`,
		`JOIN mails m ON m.case_id = c.id WHERE m.message_id = $1 AND m.message_id <> '' AND m.unit = $2 AND c.unit = $2 ORDER BY m.id`,
	} {
		if c, ok, err := tx.firstCase(ctx, `SELECT `+caseColumns+` FROM cases c `+where, messageID, unit); err != nil || ok {
			return c, ok, err
		}
	}
	return bot.Case{}, false, nil
}

func (tx *Tx) firstCase(ctx context.Context, query string, args ...any) (bot.Case, bool, error) {
	cases, err := list(ctx, tx, scanCase, query+` LIMIT 1`, args...)
	if err != nil || len(cases) == 0 {
		return bot.Case{}, false, err
	}
	return cases[0], true, nil
}

// LearnID notes under which Message-ID an answer about a case is known outside. What is known already stays.
func (tx *Tx) LearnID(ctx context.Context, messageID string, caseID, mailID int64) error {
	_, err := tx.exec(ctx, `INSERT INTO learnt_ids (message_id, case_id, mail_id, at) VALUES ($1, $2, $3, $4) ON CONFLICT (message_id) DO NOTHING`,
		messageID, caseID, mailID, micros(tx.Now))
	return err
}

// SameList returns the open case of a unit that asks the same for exactly this list; of several the newest.
func (tx *Tx) SameList(ctx context.Context, unit string, kind bot.Kind, listHash string) (bot.Case, bool, error) {
	if listHash == "" {
		return bot.Case{}, false, nil
	}
	return tx.firstCase(ctx, `SELECT `+caseColumns+` FROM cases c WHERE c.list_hash = $1 AND c.list_hash <> '' AND c.unit = $2 AND c.kind = $3
		AND c.state NOT IN ('closed', 'withdrawn', 'superseded') ORDER BY c.id DESC`, listHash, unit, string(kind))
}

// WaitingFor returns the cases of a kind that wait for a unit.
func (tx *Tx) WaitingFor(ctx context.Context, unit string, kind bot.Kind) ([]bot.Case, error) {
	return list(ctx, tx, scanCase, `SELECT `+caseColumns+` FROM cases c WHERE c.unit = $1 AND c.kind = $2 AND c.state = 'waiting_unit' ORDER BY c.id`, unit, string(kind))
}

// SameListInHand returns another mail of the unit that brings the same list, has its case number and no outcome yet.
func (tx *Tx) SameListInHand(ctx context.Context, m Mail) (id int64, err error) {
	ids, err := list(ctx, tx, scanID, `SELECT id FROM mails WHERE list_hash = $1 AND list_hash <> '' AND unit = $2 AND id <> $3 AND kind = $4 AND number <> '' AND outcome = ''
		ORDER BY id LIMIT 1`, m.ListHash, m.Unit, m.ID, string(m.Kind))
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	return ids[0], nil
}

// A Correction is one corrected list of a case.
type Correction struct {
	MailID  int64       `json:"mail_id"`
	Changes bot.Changes `json:"changes"`
}

// AddCorrection keeps what a corrected list changed.
func (tx *Tx) AddCorrection(ctx context.Context, caseID, mailID int64, changes bot.Changes) error {
	text, err := json.Marshal(changes)
	if err != nil {
		return fmt.Errorf("store: correction: %w", err)
	}
	_, err = tx.exec(ctx, `INSERT INTO corrections (case_id, mail_id, at, changes) VALUES ($1, $2, $3, $4) ON CONFLICT (case_id, mail_id) DO NOTHING`,
		caseID, mailID, micros(tx.Now), string(text))
	return err
}

// Corrections returns the corrected lists of a case, the first one first.
func (tx *Tx) Corrections(ctx context.Context, caseID int64) ([]Correction, error) {
	return list(ctx, tx, func(s scanner) (c Correction, err error) {
		var text string
		if err = s.Scan(&c.MailID, &text); err != nil {
			return c, err
		}
		return c, json.Unmarshal([]byte(text), &c.Changes)
	}, `SELECT mail_id, changes FROM corrections WHERE case_id = $1 ORDER BY mail_id`, caseID)
}
