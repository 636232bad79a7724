package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// What a case is proved by comes back as it was written, and changes with the case.
func TestEvidenceIsKept(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		signed := []bot.Signature{{File: "đề nghị.pdf", By: "Nguyễn Thị Lan", Email: "ctsv@truong.example", Issuer: "CA ví dụ",
			At: time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC), Verdict: bot.SignatureGood}}
		mail := store.NewMail{Mailbox: "INBOX", UIDValidity: 1, UID: 1, Raw: []byte("Subject: x\r\n\r\nx"), ArrivedAt: time.Now()}
		var c bot.Case
		storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.AddMails(ctx, []store.NewMail{mail}); err != nil {
				return err
			}
			mails, err := tx.Mails(ctx, "")
			if err != nil {
				return err
			}
			c, err = tx.AddCase(ctx, bot.Case{Number: "YC-2026-0001", Kind: bot.AccountRequest, Unit: "CTSV", State: bot.Received, MailID: mails[0].ID,
				Evidence: bot.E3, Signatures: signed})
			return err
		})
		look := func() bot.Case {
			return storetest.Read(t, db, func(ctx context.Context, tx *store.Tx) (bot.Case, error) { return tx.Case(ctx, c.ID) })
		}
		got := look()
		if got.Evidence != bot.E3 || !cmp.Equal(got.Signatures, signed) {
			t.Fatalf("%+v", got)
		}
		got.Evidence, got.Signatures = bot.E1, nil
		storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.SaveCase(ctx, got)
			return err
		})
		if got = look(); got.Evidence != bot.E1 || got.Signatures != nil {
			t.Errorf("saved: %+v", got)
		}
	})
}
