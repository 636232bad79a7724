package intake_test

import (
	"context"
	"strings"
	"testing"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

const leavers = "Gui danh sach sinh vien thoi hoc, de nghi xoa tai khoan."

// deletion is a case of people who left.
func deletion(t *testing.T, w *world, codes ...string) bot.Case {
	t.Helper()
	m := w.takes(letter{from: ctsv, subject: "Xoa tai khoan", text: leavers, codes: codes})
	cases := w.cases()
	if m.Outcome != store.IsCase || len(cases) != 1 || cases[0].Kind != bot.DeletionRequest || cases[0].State != bot.Received {
		t.Fatalf("mail %s (%s), cases %+v", m.Outcome, m.Reason, cases)
	}
	return cases[0]
}

// What a unit wants kept stops at once, in whatever words; the mail waits for an officer. Who is no unit, and who names nothing, stops
// nothing.
func TestStopDeletion(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		from, text string
		named      bool // the case stands in the subject
		rows       int
	}{
		"by code":            {ctsv, "Đề nghị dừng xoá tài khoản 2153010001.", false, 1},
		"restore, by code":   {ctsv, "Sinh viên 2153010002 được học tiếp, nhờ Phòng khôi phục giúp.", false, 1},
		"the whole case":     {ctsv, "Bên em gửi nhầm danh sách ạ, nhờ anh chị dừng xoá giúp.", true, 2},
		"a telephone number": {ctsv, "Gửi nhầm tệp. Liên hệ 0901234567.", true, 2},
		"another's code":     {ctsv, "Đề nghị dừng xoá 2153019999.", false, 0},
		"another unit":       {dtsdh, "Đề nghị dừng xoá tài khoản 2153010001.", false, 0},
		"a stranger":         {"attacker@evil.example", "Đề nghị dừng xoá tài khoản 2153010001.", false, 0},
		"nothing to stop":    {ctsv, "Cảm ơn anh chị.", true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, storetest.SQLite(t))
			w.in.Stop = w.desk.StopRows
			c := deletion(t, w, "2153010001", "2153010002")
			l := letter{from: tt.from, subject: "Xin y kien", text: tt.text}
			if tt.named {
				l.subject = "Re: [" + c.Number + "] Da tiep nhan"
			}
			m := w.takes(l)
			stops := storetest.Read(t, w.db, func(ctx context.Context, tx *store.Tx) (map[int]store.RowStop, error) { return tx.Stops(ctx, c.ID) })
			if len(stops) != tt.rows {
				t.Errorf("%d rows are stopped, want %d", len(stops), tt.rows)
			}
			if tt.rows > 0 && (m.Outcome != store.Quarantined || m.CaseID != c.ID || !strings.Contains(m.Reason, "stopped")) {
				t.Errorf("mail %s of case %d: %s", m.Outcome, m.CaseID, m.Reason)
			}
			for _, s := range stops {
				if s.MailID != m.ID || s.Since.By != "unit:CTSV" || s.Restore {
					t.Errorf("%+v", s)
				}
			}
		})
	}
}

// A list of newcomers in the thread of a deletion corrects it as little as the other way round.
func TestKindsDoNotCorrectEachOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	c := deletion(t, w, "2153010001", "2153010002")
	w.takes(letter{from: ctsv, subject: "Re: [" + c.Number + "] De nghi cap tai khoan email", codes: []string{"2153010003"}})
	cases := w.cases()
	if len(cases) != 2 || cases[0].Kind != bot.DeletionRequest || cases[1].Kind != bot.AccountRequest || len(w.codes(cases[0])) != 2 {
		t.Errorf("%+v", cases)
	}
}
