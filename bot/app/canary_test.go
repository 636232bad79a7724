package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/mailer/inbox"
	"vanthu/mailer/mime"
)

func TestCanaryMailIsHarmless(t *testing.T) {
	t.Parallel()
	c := &canaries{from: mime.Address{Name: "Phòng CNTT", Address: "cntt@truong.example"}}
	raw, err := c.mail("abc", time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	m, err := mime.Parse(raw, mime.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if m.Automated == "" || m.Header("X-Vanthu-Canary") != "abc" || m.Header("Auto-Submitted") != "auto-generated" || len(m.From) != 1 || m.From[0].Address != "cntt@truong.example" {
		t.Errorf("automated %q, %+v", m.Automated, m.Fields)
	}
}

// Canaries of yesterday leave the folder and the journal, each by its UID, and are counted. What cannot be expunged keeps its
// line; what failed is tried again.
func TestCanariesOfYesterdayAreCleanedAway(t *testing.T) {
	t.Parallel()
	g := newGuard(t)
	ctx := t.Context()
	write := func(f func(tx *store.Tx) error) {
		t.Helper()
		if err := g.app.DB.Write(ctx, f); err != nil {
			t.Fatal(err)
		}
	}
	write(func(tx *store.Tx) error {
		for id := int64(1); id <= 5; id++ {
			if err := tx.AddMails(ctx, []store.NewMail{{Mailbox: "INBOX", UIDValidity: 7, UID: uint32(id), ArrivedAt: tx.Now, Raw: fmt.Appendf(nil, "mail %d", id)}}); err != nil {
				return err
			}
			if err := tx.Describe(ctx, store.Mail{ID: id, Kind: bot.OwnMail}); err != nil {
				return err
			}
			reason := "canary: back after 1s"
			if id == 5 {
				reason = "own_mail: sent by this service address"
			}
			if _, err := tx.EndMail(ctx, id, store.Ignored, reason, "Ignored", 0); err != nil {
				return err
			}
			place := map[int64]store.Place{1: {Folder: "Ignored", UIDValidity: 9, UID: 11}, 2: {Folder: "Ignored", UIDValidity: 9, UID: 12},
				3: {Folder: "Old", UIDValidity: 8, UID: 13}, 5: {Folder: "Ignored", UIDValidity: 9, UID: 15}}[id] // the fourth was gone before
			if err := tx.SetFiled(ctx, id, "Ignored", place); err != nil {
				return err
			}
		}
		return nil
	})
	var asked []string
	broken := true
	c := &canaries{db: g.app.DB, alarms: g.alarms, keep: canaryKeep, expunge: func(_ context.Context, mailbox string, validity uint32, uids []uint32) error {
		switch {
		case mailbox == "Old":
			return inbox.ErrRenumbered
		case broken:
			return errors.New("connection lost")
		}
		asked = append(asked, fmt.Sprint(mailbox, validity, uids))
		return nil
	}}
	left := func(want ...int64) {
		t.Helper()
		write(func(tx *store.Tx) error {
			mails, err := tx.Mails(ctx, "")
			var got []int64
			for _, m := range mails {
				got = append(got, m.ID)
			}
			counts, err2 := tx.CountMails(ctx)
			if diff := cmp.Diff(want, got); diff != "" || counts[store.Ignored] != 5 {
				t.Errorf("%s, counted %v", diff, counts)
			}
			return errors.Join(err, err2)
		})
	}
	if err := c.look(ctx); err != nil {
		t.Fatal(err)
	}
	left(1, 2, 3, 4, 5) // not yet
	g.now = g.now.Add(canaryKeep + time.Minute)
	if err := c.look(ctx); err == nil || !strings.Contains(err.Error(), "connection lost") {
		t.Errorf("the connection is lost: %v", err)
	}
	broken = false
	g.now = g.now.Add(10 * time.Minute)
	if err := c.look(ctx); err != nil {
		t.Fatal(err)
	}
	left(3, 5)
	if diff := cmp.Diff([]string{"Ignored9 [12 11]"}, asked); diff != "" {
		t.Error(diff)
	}
}
