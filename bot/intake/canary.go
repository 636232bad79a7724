package intake

import (
	"context"
	"fmt"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/mailer/mime"
)

// CanaryMark is the field of a mail to ourselves that holds its token.
const CanaryMark = "X-Vanthu-Canary"

// own ends a mail that bears our own address. A canary is answered by being judged: its token was made by us, is known to
// nobody before it arrives, and counts once. Whoever copies the field proves nothing by it. It leaves no event: there are
// hundreds a day, and its line is pruned.
func (in *Intake) own(ctx context.Context, m store.Mail, msg *mime.Message) error {
	m.Kind = bot.OwnMail
	return in.DB.Write(ctx, func(tx *store.Tx) error {
		token := msg.Header(CanaryMark)
		if token == "" {
			_, err := in.endTx(ctx, tx, m, store.Ignored, in.Folders.Ignored, "own_mail", "sent by this service address")
			return err
		}
		took, ours, err := tx.CanaryBack(ctx, token, m.ArrivedAt)
		if err != nil {
			return err
		}
		if !ours {
			_, err := in.endTx(ctx, tx, m, store.Ignored, in.Folders.Ignored, "own_mail", "sent by this service address, with the mark of a canary that is not awaited")
			return err
		}
		if err := tx.Describe(ctx, m); err != nil {
			return err
		}
		in.Logger.Debug("ignored", "mail", m.ID, "code", store.CanaryReason, "duration_ms", took.Milliseconds())
		_, err = tx.EndMail(ctx, m.ID, store.Ignored, fmt.Sprintf("%s: back after %v", store.CanaryReason, took.Round(time.Millisecond)), in.Folders.Ignored, 0)
		return err
	})
}
