package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"vanthu/bot/store"
)

// Plan holds what was frozen against the hash that was approved.
func (r *Report) Plan(p store.Frozen) {
	r.Plans++
	hash := sha256.Sum256([]byte(p.Bytes))
	if hex.EncodeToString(hash[:]) != p.Hash || p.Approved != "" && p.Approved != p.Hash {
		r.fault(Fault{Check: PlanHash, What: "plan " + p.Number})
	}
}

// Mail holds the bytes of a mail, and of its attachments with it, against the hash under which they came. Bytes that are not there
// are the balance's matter (`vanthu mail count`).
func (r *Report) Mail(m store.Mail, raw []byte) {
	if raw == nil {
		return
	}
	r.Mails++
	if hash, body := store.Hashes(raw); hash != m.Hash || body != m.BodyHash {
		r.fault(Fault{Check: MailHash, What: fmt.Sprintf("mail %d", m.ID), CaseID: m.CaseID})
	}
}
