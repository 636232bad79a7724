package app

import (
	"context"
	"fmt"

	"vanthu/bot"
	"vanthu/bot/desk"
	"vanthu/bot/reply"
	"vanthu/bot/retention"
	"vanthu/bot/store"
	"vanthu/mailer/compose"
)

// Retention keeps what must be kept and destroys what an approved list names.
func (a *App) Retention() *retention.Keeper {
	r := a.Config.Retain
	return &retention.Keeper{DB: a.DB, CaseYears: r.CaseYears, FilesMonths: r.FilesMonths, RegisterYears: r.AccountYears, OfficeOfOne: a.Config.Plan.OfficeOfOne,
		Actor: desk.OfficerActor, Held: func(ctx context.Context, tx *store.Tx, codes []string) (map[string]bool, error) {
			return tx.Held(ctx, codes)
		}}
}

// RetentionPaper is a list, or the record of its destruction, as a document to be signed and filed. The mails that still lie in the
// folders of the mailbox are named for a person: vanthu deletes nobody's mail.
func (a *App) RetentionPaper(ctx context.Context, l store.RetentionList) (compose.Attachment, error) {
	p := reply.RetentionPaper{List: l.Number, Hash: l.Hash, Made: l.Made, Approved: l.Approved, Done: l.Done, Person: a.letters.whoIs, At: a.DB.Now()}
	err := a.DB.Read(ctx, func(tx *store.Tx) error {
		for _, i := range l.Items {
			item := reply.RetentionLine{Kind: string(i.Kind), Case: i.Case, Row: i.N, Ended: i.Ended, Mails: i.Mails, Letters: i.Letters, Rows: i.Rows, Events: i.Events, Destroyed: i.Destroyed, LeftWhy: i.LeftWhy}
			if i.Kind == store.RetentionFiles && !i.Destroyed.IsZero() {
				mails, err := tx.MailsOfCase(ctx, i.CaseID)
				if err != nil {
					return err
				}
				for _, m := range mails {
					if m.Lies.UID != 0 {
						item.Lies = append(item.Lies, fmt.Sprintf("%s %d/%d", m.Lies.Folder, m.Lies.UIDValidity, m.Lies.UID))
					}
				}
			}
			p.Lines = append(p.Lines, item)
		}
		return nil
	})
	if err != nil {
		return compose.Attachment{}, err
	}
	if len(p.Lines) == 0 {
		return compose.Attachment{}, bot.Errorf(bot.Conflict, "list %s is empty", l.Number)
	}
	return a.letters.writer.RetentionPaper(p)
}
