package app

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/config"
	"vanthu/bot/job"
	"vanthu/bot/secret"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
	"vanthu/mailer/mime"
	"vanthu/mailer/outbox"
)

// From the sweep to the mail server: a digest of the morning, with the case and no student in it; none at night, none twice.
func TestDigestIsSent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := sequenceConfig + `
[[officer]]
id = "tam"
name = "Hồ Thị Tâm"
login = "tam of this test"
address = "Tam@truong.example"
`
	if err := secret.GenerateKey(filepath.Join(dir, "vanthu.key")); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{"pass": "correct horse battery staple", "vanthu.toml": text} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.Load(filepath.Join(dir, "vanthu.toml"))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Store.URL = storetest.SQLiteURL(t)
	now := time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)
	a, err := open(t.Context(), cfg, slog.New(slog.DiscardHandler), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var sent []outbox.Message
	p := newPostman(a, func(_ context.Context, m outbox.Message) (string, error) {
		sent = append(sent, m)
		return "250 ok", nil
	})
	if err := a.knowEditions(t.Context()); err != nil {
		t.Error(err)
	}
	addDueCase(t, a, "02")
	if err := a.knowEditions(t.Context()); err == nil || !strings.Contains(err.Error(), "case YC-2026-0001 was opened under edition 02") {
		t.Errorf("an open case of an edition that is not there: %v", err)
	}

	sweep := func(at string) {
		t.Helper()
		if now, err = time.Parse(time.RFC3339, at); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			jobs, err := a.sweep(t.Context(), true)
			if err != nil {
				t.Fatal(err)
			}
			for _, j := range jobs {
				switch j.Kind {
				case store.DigestJob:
					err = a.Desk.Digest(t.Context(), j.ID)
				case store.SendJob:
					err = p.letter(t.Context(), j.ID)
				}
				if _, later := err.(job.Later); err != nil && !later { //nolint:errorlint // what a handler returns
					t.Fatal(err)
				}
			}
		}
	}
	for _, at := range []string{"2026-12-03T23:00:00+07:00", "2026-12-04T07:59:00+07:00", "2026-12-05T10:00:00+07:00", "2026-12-06T10:00:00+07:00"} { // night, early, weekend
		sweep(at)
	}
	if len(sent) != 0 {
		t.Fatalf("%d mails outside of working hours", len(sent))
	}
	sweep("2026-12-07T08:00:00+07:00")
	sweep("2026-12-07T15:00:00+07:00")
	if len(sent) != 1 || strings.Join(sent[0].To, " ") != "tam@truong.example" {
		t.Fatalf("sent %d mails: %v", len(sent), sent)
	}
	m, err := mime.Parse(sent[0].Raw, mime.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"YC-2026-0001", "Bước 2", "QUÁ HẠN", "quá 05 ngày", "Hồ Thị Tâm", "NGÀY NGHỈ NĂM 2027", "5 days over"} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("it does not say %q:\n%s", want, m.Text)
		}
	}
	if strings.Contains(m.Text, "2153010001") || strings.Contains(m.Text, "Lý Thị Vân Vy") {
		t.Errorf("a student is named in it:\n%s", m.Text)
	}
	if !strings.Contains(m.Subject, "[QT.CNTT.03] Thời hạn ngày 07/12/2026: 02 việc quá hạn") {
		t.Error(m.Subject)
	}
}

// addDueCase adds a case of a minute ago that nobody takes.
func addDueCase(t *testing.T, a *App, edition string) {
	t.Helper()
	err := a.DB.Write(t.Context(), func(tx *store.Tx) error {
		ctx := t.Context()
		if err := tx.AddMails(ctx, []store.NewMail{{Mailbox: "INBOX", UIDValidity: 7, UID: 1, ArrivedAt: tx.Now, Raw: []byte("x")}}); err != nil {
			return err
		}
		mails, err := tx.Mails(ctx, "")
		if err != nil {
			return err
		}
		number, err := tx.KeepNumber(ctx, mails[0].ID, "YC")
		if err != nil {
			return err
		}
		c, err := tx.AddCase(ctx, bot.Case{Number: number, Procedure: bot.Procedure, Edition: edition, Kind: bot.AccountRequest, Unit: "CTSV", State: bot.Received,
			MailID: mails[0].ID, ReceivedAt: tx.Now})
		if err != nil {
			return err
		}
		return tx.SetRows(ctx, c.ID, []bot.Row{{N: 1, Code: "2153010001", Name: "Lý Thị Vân Vy", Class: "YAK51", OK: true}}, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
}
