package intake_test

import (
	"context"
	"strings"
	"testing"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// What a unit writes about its accounts in a mail, up to what becomes of mail and case: it is read against the rows of its case.
func TestAMailAboutAccounts(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.takes(letter{from: ctsv, codes: []string{"2153010001", "2153010002"}})
		c := w.cases()[0]
		answer := w.letters()[0].MessageID
		storetest.Write(t, w.db, func(ctx context.Context, tx *store.Tx) error { // as an officer and the provisioner leave it
			rows, err := tx.Rows(ctx, c.ID)
			if err != nil {
				return err
			}
			for i := range rows {
				for _, state := range []bot.RowState{bot.RowCreated, bot.RowDelivered} {
					rows[i].State = state
					if err := tx.SaveRow(ctx, rows[i]); err != nil {
						return err
					}
				}
			}
			c, err := tx.Case(ctx, c.ID)
			if err != nil {
				return err
			}
			c.Checked, c.Planned = bot.Stamp{At: tx.Now, By: "officer:lan"}, bot.Stamp{At: tx.Now, By: "officer:minh"}
			for _, state := range []bot.State{bot.InWork, bot.Creating, bot.Created, bot.Delivered} {
				c.State = state
				if c, err = tx.SaveCase(ctx, c); err != nil {
					return err
				}
			}
			return nil
		})
		name := look(w, func(ctx context.Context, tx *store.Tx) ([]bot.CaseRow, error) { return tx.Rows(ctx, c.ID) })[0].Name
		for _, tt := range []struct {
			from, text string
			outcome    store.Outcome
			state      bot.State
			row        bot.RowState // of the first
			told       string       // the last answer
		}{
			{dtsdh, "Đã nhận đủ", store.Quarantined, bot.Delivered, bot.RowDelivered, "acknowledged"},
			{ctsv, "Đã nhận đủ 45 tài khoản ạ", store.IsFollowUp, bot.Delivered, bot.RowDelivered, "receipt_asked"},
			{ctsv, "Sẽ bàn giao tuần sau", store.Quarantined, bot.Delivered, bot.RowDelivered, "receipt_asked"},
			{ctsv, "Đã nhận đủ, trừ bạn 2153010001", store.Quarantined, bot.Delivered, bot.RowDelivered, "receipt_asked"},
			{ctsv, "Bạn 2153010001 không đăng nhập được, nhờ anh xóa giúp", store.Quarantined, bot.Delivered, bot.RowDelivered, "receipt_asked"},
			{ctsv, "Bạn " + name + " 2153010001 không đăng nhập được ạ.\n\nGửi từ iPhone của tôi", store.IsFollowUp, bot.Delivered, bot.RowMissing, "receipt_noted"},
			{ctsv, "Đã nhận đủ 2 tài khoản", store.IsFollowUp, bot.Delivered, bot.RowMissing, "receipt_asked"},
			{ctsv, "Đã thấy 2153010001", store.IsFollowUp, bot.Delivered, bot.RowDelivered, "receipt_noted"},
			{ctsv, "Phòng đã nhận đủ 2 tài khoản, cảm ơn anh", store.IsFollowUp, bot.ReceivedByUnit, bot.RowDelivered, "receipt_noted"},
			{ctsv, "Em đã phát cho các lớp rồi ạ", store.IsFollowUp, bot.Closed, bot.RowDelivered, "closing"},
			{ctsv, "2153010001 không đăng nhập được", store.Quarantined, bot.Closed, bot.RowDelivered, "closing"},
		} {
			m := w.takes(letter{from: tt.from, refers: answer, subject: "Re: x", text: tt.text})
			rows := look(w, func(ctx context.Context, tx *store.Tx) ([]bot.CaseRow, error) { return tx.Rows(ctx, c.ID) })
			answers := w.answers()
			got := look(w, func(ctx context.Context, tx *store.Tx) (bot.Case, error) { return tx.Case(ctx, c.ID) })
			if m.Outcome != tt.outcome || got.State != tt.state || rows[0].State != tt.row || answers[len(answers)-1] != tt.told {
				t.Fatalf("%q: %s (%s), case %s, row %s, answers %s", tt.text, m.Outcome, m.Reason, got.State, rows[0].State, strings.Join(answers, " "))
			}
		}
	})
}
