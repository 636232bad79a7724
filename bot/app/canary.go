package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"vanthu/bot/alarm"
	"vanthu/bot/intake"
	"vanthu/bot/store"
	"vanthu/mailer/compose"
	"vanthu/mailer/inbox"
	"vanthu/mailer/mime"
)

// canaries are the mails that vanthu sends to itself: submission, mail server, mailbox, IDLE, fetching, journal and judging
// are tried by nothing else while nobody writes.
type canaries struct {
	db       *store.DB
	alarms   *alarm.Alarms
	every    time.Duration // 0: none are sent; old ones are still cleaned away
	late     time.Duration
	keep     time.Duration // in the journal and in the mailbox
	from     mime.Address
	send     func(ctx context.Context, from string, to []string, raw []byte) (string, error)
	expunge  func(ctx context.Context, mailbox string, uidValidity uint32, uids []uint32) error
	sent     func()    // told when the mail server took one
	failing  time.Time // since when none can be sent
	cleaning time.Time // when it was last done
}

// canaryKeep is how long a canary stays in the journal and in the folder of what is ignored.
const canaryKeep = 24 * time.Hour

// look sends a canary when one is due; of several processes one does. Then it says whether the last ones came back.
func (c *canaries) look(ctx context.Context) error {
	if c.every > 0 {
		if err := c.fly(ctx); err != nil {
			return err
		}
		if err := c.judge(ctx); err != nil {
			return err
		}
	}
	if now := c.db.Now(); now.Sub(c.cleaning) >= min(c.keep, 10*time.Minute) || now.Before(c.cleaning) {
		c.cleaning = now
		return c.clean(ctx)
	}
	return nil
}

func (c *canaries) fly(ctx context.Context) error {
	token := strings.ToLower(rand.Text())
	var due bool
	err := c.db.Write(ctx, func(tx *store.Tx) (err error) {
		if _, resting, err := tx.Resting(ctx); err != nil || resting { // nothing at all is sent then, and there is an alarm for it
			return err
		}
		due, err = tx.AddCanary(ctx, token, c.every)
		return err
	})
	if err != nil || !due {
		return err
	}
	raw, err := c.mail(token, c.db.Now())
	if err != nil {
		return err
	}
	if _, err := c.send(ctx, c.from.Address, []string{c.from.Address}, raw); err == nil {
		c.failing = time.Time{}
		c.sent()
		return nil
	}
	// The one that may have got through all the same is judged as any own mail.
	if c.failing.IsZero() {
		c.failing = c.db.Now()
	}
	done, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second) // told to stop while it was sent: the next process must not miss it
	defer cancel()
	return c.db.Write(done, func(tx *store.Tx) error { return tx.DropCanary(done, token) })
}

// mail writes a canary. It says to people who find it what it is.
func (c *canaries) mail(token string, now time.Time) ([]byte, error) {
	_, domain, _ := strings.Cut(c.from.Address, "@")
	raw, err := compose.Mail{From: c.from, To: []mime.Address{c.from}, Subject: "vanthu canary", MessageID: "<canary." + token + "@" + domain + ">", Date: now,
		AutoSubmitted: "auto-generated", Header: []mime.Field{{Name: intake.CanaryMark, Value: token}},
		Text: "Thư vanthu tự gửi cho mình để kiểm tra đường đi của thư; có thể xoá.\nvanthu sent this mail to itself to try the way of mail; it may be deleted.\n"}.Bytes()
	if err != nil {
		return nil, fmt.Errorf("app: canary: %w", err)
	}
	return raw, nil
}

func (c *canaries) judge(ctx context.Context) error {
	var away store.Canary
	err := c.db.Read(ctx, func(tx *store.Tx) (err error) {
		_, away, err = tx.Canaries(ctx)
		return err
	})
	if err != nil {
		return err
	}
	now := c.db.Now()
	switch {
	case !away.SentAt.IsZero() && now.Sub(away.SentAt) > c.late:
		c.alarms.Raise(alarm.Canary, "late", "")
	case !c.failing.IsZero() && now.Sub(c.failing) > c.late:
		c.alarms.Raise(alarm.Canary, "unsent", "")
	default:
		c.alarms.Clear(alarm.Canary)
	}
	return nil
}

// clean takes canaries of yesterday out of the folder of what is ignored, each by its UID, and then out of the journal, which
// counts them. What cannot be expunged (a server without UIDPLUS, a folder that was renumbered) keeps its line, so that the
// journal still balances with the folders.
func (c *canaries) clean(ctx context.Context) error {
	var old []store.Mail
	err := c.db.Read(ctx, func(tx *store.Tx) (err error) {
		old, err = tx.OldCanaries(ctx, tx.Now.Add(-c.keep), filingBatch)
		return err
	})
	if err != nil {
		return err
	}
	places := make(map[store.Place][]store.Mail) // no folder: gone already
	for _, m := range old {
		p := store.Place{Folder: m.Lies.Folder, UIDValidity: m.Lies.UIDValidity}
		places[p] = append(places[p], m)
	}
	for p, mails := range places {
		if p.Folder != "" {
			var uids []uint32
			for _, m := range mails {
				uids = append(uids, m.Lies.UID)
			}
			if err := c.expunge(ctx, p.Folder, p.UIDValidity, uids); inbox.CannotExpunge(err) {
				continue
			} else if err != nil {
				return fmt.Errorf("app: canaries of yesterday: %w", err)
			}
		}
		err := c.db.Write(ctx, func(tx *store.Tx) error {
			for _, m := range mails {
				if err := tx.PruneMail(ctx, m); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return c.db.Write(ctx, func(tx *store.Tx) error { return tx.ForgetCanaries(ctx, tx.Now.Add(-max(c.keep, 2*c.every))) })
}
