package intake

import (
	"context"
	"strings"

	"vanthu/bot/store"
	"vanthu/mailer/mime"
)

// OwnMark is the field of our letters that holds their token. It is still there when a forwarding rule or a list has written
// another From over ours.
const OwnMark = "X-Vanthu-Id"

// isOwn says whether a mail is one of our letters come back: by its mark, or by a Message-ID that only our outbox knows.
func (in *Intake) isOwn(ctx context.Context, msg *mime.Message) (own bool, err error) {
	err = in.DB.Read(ctx, func(tx *store.Tx) error {
		if _, own, err = tx.AnswerByToken(ctx, strings.TrimSpace(msg.Header(OwnMark))); err != nil || own || msg.ID == "" {
			return err
		}
		_, own, err = tx.Answer(ctx, msg.ID)
		return err
	})
	return own, err
}
