package intake

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/mailer/mime"
	"vanthu/mailer/trust"
)

// Notes bound what strangers are told ([strangers]).
type Notes struct {
	On   bool // at most one note a day to an address
	Day  int  // most to one domain in 24 hours: one domain may have any number of addresses
	Hour int  // most of the whole desk in an hour
}

// stranger keeps a mail for an officer whose sender may not ask for anything. Where it can harm nobody, the sender is told so, in
// a note that holds nothing of his mail and nothing of ours.
func (in *Intake) stranger(ctx context.Context, m store.Mail, msg *mime.Message, verdict trust.Verdict) error {
	m.Kind = bot.NotEntitled
	why := notEntitled(verdict)
	if !in.Notes.On || verdict.Level != trust.Authenticated || verdict.Notes != "" || !in.mayBeTold(msg, verdict.Address) {
		return in.quarantine(ctx, m, "not_entitled", why)
	}
	letter, err := in.Compose(bot.Answer{Kind: bot.StrangerNote, Step: fmt.Sprintf("note mail %d", m.ID), Unit: bot.Unit{Addresses: []string{verdict.Address}},
		At: in.DB.Now(), Thread: bot.Thread{InReplyTo: msg.ID}})
	if err != nil { // no letter of ours can bear such an address; the error would tell it to the log
		return in.quarantine(ctx, m, "not_entitled", why+"; no note: his address cannot be written to")
	}
	letter.MailID = m.ID
	return in.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Lock(ctx, store.LockRegister); err != nil { // the counts must be true
			return err
		}
		told, braked, err := in.toldEnough(ctx, tx, letter.To)
		if err != nil {
			return err
		}
		if braked {
			why += "; no note: too many strangers were told of late"
		}
		first, err := in.endTx(ctx, tx, m, store.Quarantined, in.Folders.Quarantine, "not_entitled", why)
		switch {
		case err != nil || !first || told && !braked:
			return err
		case braked:
			in.Logger.Warn("notes_braked", "mail", m.ID)
			return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Mail: m.ID, What: "notes_braked"})
		}
		_, err = tx.AddLetter(ctx, letter)
		return err
	})
}

// toldEnough says whether an address has its note of the day, and whether the desk or the domain has had too many.
func (in *Intake) toldEnough(ctx context.Context, tx *store.Tx, to string) (told, braked bool, err error) {
	day := tx.Now.Add(-24 * time.Hour)
	_, domain, _ := strings.Cut(to, "@")
	own, err := tx.LettersSince(ctx, string(bot.StrangerNote), to, day)
	if err != nil {
		return false, false, err
	}
	ofDomain, err := tx.LettersToDomain(ctx, string(bot.StrangerNote), domain, day)
	if err != nil {
		return false, false, err
	}
	all, err := tx.LettersOfKind(ctx, string(bot.StrangerNote), tx.Now.Add(-time.Hour))
	return own > 0, own == 0 && (ofDomain >= in.Notes.Day || all >= in.Notes.Hour), err
}

// nobodys are mailboxes that no person writes from (RFC 2142, and what programs call themselves).
var nobodys = []string{"abuse", "admin", "administrator", "alert", "alerts", "auto-reply", "autoreply", "bounce", "bounces", "daemon", "hostmaster", "listserv", "mailer",
	"mailer-daemon", "mailman", "majordomo", "newsletter", "news", "nobody", "notification", "notifications", "notify", "postmaster", "robot", "root", "security", "system", "webmaster"}

// mayBeTold says whether a note to an address reaches a person and leads to no further mail: nobody but the address itself, which
// did not come by a null path, a list or a program, is nobody's, and is not ours.
func (in *Intake) mayBeTold(msg *mime.Message, address string) bool {
	if machineKind(msg) != "" || msg.ReturnPath == "<>" || len(msg.Sender) > 1 {
		return false
	}
	// Precedence: list and its like are not all marked as a list's copy (RFC 3834 §2).
	if msg.Header("Precedence") != "" || msg.Header("X-Loop") != "" || msg.Header(OwnMark) != "" || msg.Header("X-Vanthu-Case") != "" {
		return false
	}
	local, domain, _ := strings.Cut(strings.ToLower(address), "@")
	service, ours, _ := strings.Cut(in.Service, "@")
	if domain == ours && (local == service || in.Plus != "" && strings.HasPrefix(local, service+in.Plus)) {
		return false
	}
	plain := strings.NewReplacer("-", "", "_", "", ".", "").Replace(local)
	for _, word := range []string{"noreply", "donotreply", "notreply", "khongtraloi", "bounce"} {
		if strings.Contains(plain, word) {
			return false
		}
	}
	role, _, _ := strings.Cut(local, "+")
	return local != "" && domain != "" && !slices.Contains(nobodys, role) &&
		!strings.HasSuffix(role, "-request") && !strings.HasPrefix(role, "owner-") && !strings.HasSuffix(role, "-bounces") && !strings.HasSuffix(role, "-owner")
}
