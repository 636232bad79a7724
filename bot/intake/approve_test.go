package intake_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/desk"
	"vanthu/bot/intake"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

const (
	lanAt, minhAt, hoaAt = "lan@truong.example", "minh@truong.example", "hoa@truong.example"
)

// approving is an office whose approvers answer by mail: lan makes plans, minh and hoa approve, lan could approve others'.
type approving struct {
	*world
	asked map[string]bot.Answer // by the officer's address
	told  []bot.Answer          // what came of an answer
	plan  store.StoredPlan
	c     bot.Case
}

func newApproving(t *testing.T, db *store.DB) *approving {
	t.Helper()
	w := &approving{world: newWorld(t, db), asked: map[string]bot.Answer{}}
	officers := []bot.Officer{{ID: "lan", Name: "Lê Thị Lan", Address: lanAt, Approver: true}, {ID: "minh", Name: "Trần Văn Minh", Address: minhAt, Approver: true},
		{ID: "hoa", Name: "Phạm Thị Hoa", Address: hoaAt, Approver: true}, {ID: "binh", Name: "Đỗ Bình", Address: "binh@truong.example"}, {ID: "an", Name: "An", Approver: true},
		{ID: "xa", Name: "Xa", Address: "xa@gmail.example", Approver: true}}
	write := func(a bot.Answer) (store.Letter, error) {
		switch a.Kind {
		case bot.ApprovalAsked:
			w.asked[a.To] = a
		case bot.PlanDecided, bot.ApprovalUnclear:
			w.told = append(w.told, a)
		default:
			return compose(a)
		}
		return store.Letter{Step: a.Step, MessageID: "<" + strings.ReplaceAll(a.Step, " ", ".") + "@truong.example>", Token: bot.NewToken(), Kind: string(a.Kind), To: a.To, Raw: []byte(a.Step)}, nil
	}
	w.desk.Compose, w.in.Compose = write, write
	w.desk.Officers, w.desk.Planning = officers, desk.Planning{MailValid: 72 * time.Hour}
	w.in.Approvals = intake.Approving{On: true, Officers: officers, Names: []string{"Phòng Công nghệ Thông tin"}, Wrong: 5, Decide: w.desk.DecideIn}
	w.takes(letter{from: ctsv, codes: []string{"2153010001", "2153010002"}})
	w.c = w.cases()[0]
	w.plans()
	return w
}

func (w *approving) plans() {
	w.t.Helper()
	var err error
	if w.plan, err = w.desk.MakePlan(w.t.Context(), "officer:lan", []string{w.c.Number}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *approving) now() store.StoredPlan {
	w.t.Helper()
	return look(w.world, func(ctx context.Context, tx *store.Tx) (store.StoredPlan, error) { return tx.Plan(ctx, w.plan.ID) })
}

// says is an approver's reply, by the tag in the subject.
func (w *approving) says(from, text string) letter {
	return letter{from: from, id: fmt.Sprintf("<%d.%s>", w.uid, from), subject: "Re: [QT.CNTT.03] [DUYET-" + w.asked[from].Token + "] De nghi duyet ke hoach", text: text}
}

// untouched makes sure that a mail has decided nothing, and that the true answer still does.
func (w *approving) untouched() {
	w.t.Helper()
	if p := w.now(); p.Approved.Done() || p.Dropped || len(p.Given) != 0 {
		w.t.Fatalf("the plan: %+v", p)
	}
	if m := w.takes(w.says(minhAt, "DUYỆT")); !strings.HasPrefix(m.Reason, "plan_approves") || !w.now().Approved.Done() {
		w.t.Errorf("the true answer afterwards: %s %s", m.Outcome, m.Reason)
	}
}

func TestApprovalByMail(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(w *approving) letter{
		"by the subject": func(w *approving) letter { return w.says(minhAt, "DUYỆT") },
		"by the address": func(w *approving) letter {
			l := w.says(minhAt, "Duyệt.\r\n\r\nTrân trọng.\r\nTrần Văn Minh")
			l.subject, l.to = "Re: x", "cntt+k"+w.asked[minhAt].Token+"@truong.example"
			return l
		},
		"above our letter": func(w *approving) letter {
			return w.says(minhAt, "DUYỆT\r\n\r\nVào Th 6, 20 thg 11, 2026 lúc 09:05 Phòng CNTT <cntt@truong.example> đã viết:\r\n\r\n> viết \"KHÔNG DUYỆT:\" và lý do\r\n> ?")
		},
		"proved by DKIM": func(w *approving) letter {
			l := w.says(minhAt, "DUYỆT")
			l.login, l.proof = "none", "dkim=pass header.d=truong.example"
			return l
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, base *world) {
				w := newApproving(t, base.db)
				if len(w.asked) != 3 || w.asked[minhAt].Token == "" || w.asked[minhAt].Plan.Hash != w.plan.Hash { // minh, hoa, xa: not the maker, not who may not, not who has no mailbox
					t.Fatalf("asked: %+v", w.asked)
				}
				m := w.takes(answer(w))
				if m.Outcome != store.Ignored || m.Folder != "Done" || m.Reason != "plan_approves: officer minh about plan "+w.plan.Number {
					t.Fatalf("%s %s in %s", m.Outcome, m.Reason, m.Folder)
				}
				p := w.now()
				if p.Approved.By != "officer:minh" || p.Given[0].Via != fmt.Sprintf("mail:%d", m.ID) || p.Given[0].Hash != w.plan.Hash || p.Ready() != nil {
					t.Errorf("%+v", p)
				}
				if len(w.told) != 2 || w.told[0].To != lanAt || w.told[1].To != minhAt || w.told[1].Decision != bot.PlanApproves || w.told[1].Plan.Hash != w.plan.Hash {
					t.Errorf("told: %+v", w.told)
				}
				// The token is spent; nobody else's counts any more.
				for from, want := range map[string]string{minhAt: "approval_refused: used", hoaAt: "approval_refused: decided"} {
					if m := w.takes(w.says(from, "DUYỆT")); m.Reason != want {
						t.Errorf("afterwards %s: %s", from, m.Reason)
					}
				}
			})
		})
	}
}

func TestRefusalByMail(t *testing.T) {
	t.Parallel()
	w := newApproving(t, storetest.SQLite(t))
	m := w.takes(w.says(hoaAt, "KHÔNG DUYỆT: lớp YK48 đã có tài khoản"))
	p := w.now()
	if !strings.HasPrefix(m.Reason, "plan_refuses") || !p.Dropped || p.DroppedBy != "officer:hoa" || p.DroppedWhy != "lớp YK48 đã có tài khoản" {
		t.Fatalf("%s; %+v", m.Reason, p)
	}
	if m := w.takes(w.says(minhAt, "DUYỆT")); m.Reason != "approval_refused: dropped" || w.now().Approved.Done() {
		t.Errorf("the other's approval: %s", m.Reason)
	}
	if c := w.cases()[0]; c.PlanID != 0 || c.State != bot.InWork {
		t.Errorf("the case: %+v", c)
	}
	if len(w.told) != 3 || w.told[0].To != lanAt || w.told[0].Reason == "" {
		t.Errorf("told: %+v", w.told)
	}
}

// What must not approve: each leaves the plan and the token as they are.
func TestWhatDoesNotApprove(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer func(w *approving) letter
		reason string // word of the journal
		told   bot.WrongApproval
	}{
		"a spoofed sender": {func(w *approving) letter {
			l := w.says(minhAt, "DUYỆT")
			l.login = "an@truong.example"
			return l
		}, "spoofed", ""},
		"a sender that nothing proves": {func(w *approving) letter {
			l := w.says(minhAt, "DUYỆT")
			l.login = "none"
			return l
		}, "not_authenticated", ""},
		"a forwarded letter, another approver": {func(w *approving) letter {
			l := w.says(minhAt, "DUYỆT")
			l.from = hoaAt
			return l
		}, "approval_refused", bot.ApprovalNotYours},
		"a forwarded letter, an officer who may not": {func(w *approving) letter {
			l := w.says(minhAt, "DUYỆT")
			l.from = "binh@truong.example"
			return l
		}, "approval_refused", bot.ApprovalNotYours},
		"a forwarded letter, a stranger": {func(w *approving) letter {
			l := w.says(minhAt, "DUYỆT")
			l.from = stranger
			return l
		}, "not_entitled", ""},
		"a forwarded letter, a unit": {func(w *approving) letter {
			l := w.says(minhAt, "DUYỆT")
			l.from = ctsv
			return l
		}, "needs_person", ""},
		"the maker with another's token": {func(w *approving) letter {
			l := w.says(minhAt, "DUYỆT")
			l.from = lanAt
			return l
		}, "approval_refused", bot.ApprovalNotYours},
		"an approver's mailbox outside": {func(w *approving) letter {
			l := w.says("xa@gmail.example", "DUYỆT")
			l.login, l.proof = "none", "dkim=pass header.d=gmail.example"
			return l
		}, "not_authenticated", ""},
		"an invented token": {func(w *approving) letter {
			l := w.says(minhAt, "DUYỆT")
			l.subject = "Re: [DUYET-aaaaaaaaaaaaaaaa]"
			return l
		}, "approval_refused", bot.ApprovalNotYours},
		"no token": {func(w *approving) letter {
			return letter{from: minhAt, subject: "Re: De nghi duyet ke hoach", text: "DUYỆT"}
		}, "not_entitled", ""},
		"the token in the text alone": {func(w *approving) letter {
			return letter{from: minhAt, subject: "Re: De nghi", text: "DUYỆT [DUYET-" + w.asked[minhAt].Token + "]"}
		}, "not_entitled", ""},
		"an out-of-office program that quotes the token": {func(w *approving) letter {
			l := w.says(minhAt, "DUYỆT")
			l.header = "Auto-Submitted: auto-replied\r\n"
			return l
		}, "automatic", ""},
		"one that marks nothing": {func(w *approving) letter {
			l := w.says(minhAt, "DUYỆT")
			l.subject = "Trả lời tự động: " + l.subject
			return l
		}, "automatic", ""},
		"a mailing list's copy": {func(w *approving) letter {
			l := w.says(minhAt, "DUYỆT")
			l.header = "List-Id: <phong.truong.example>\r\n"
			return l
		}, "mailing_list", ""},
		"words in the quotation": {func(w *approving) letter {
			return w.says(minhAt, "Tôi đang họp.\r\n\r\n> DUYỆT")
		}, "approval_refused", bot.ApprovalNotClear},
		"a condition": {func(w *approving) letter {
			return w.says(minhAt, "DUYỆT nhưng bỏ dòng 2")
		}, "approval_refused", bot.ApprovalNotClear},
		"the number of another plan": {func(w *approving) letter {
			return w.says(minhAt, "Duyệt kế hoạch KH-2026-0099.")
		}, "approval_refused", bot.ApprovalNotClear},
		"a file beside the words": {func(w *approving) letter {
			l := w.says(minhAt, "DUYỆT")
			l.codes = []string{"2153010003"}
			return l
		}, "approval_refused", bot.ApprovalNotClear},
		"nothing": {func(w *approving) letter { return w.says(minhAt, "") }, "approval_refused", bot.ApprovalNotClear},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newApproving(t, storetest.SQLite(t))
			m := w.takes(tt.answer(w))
			if word, _, _ := strings.Cut(m.Reason, ":"); word != tt.reason {
				t.Errorf("%s %s", m.Outcome, m.Reason)
			}
			switch {
			case tt.told == "" && len(w.told) > 0:
				t.Errorf("somebody was told: %+v", w.told)
			case tt.told != "" && (len(w.told) != 1 || w.told[0].Wrong != tt.told || w.told[0].To != m.Sender):
				t.Errorf("told %+v", w.told)
			}
			w.told = nil
			w.untouched()
		})
	}
}

// A token is for one plan as it was, for so long; what the command refuses is refused, too.
func TestAnApprovalIsBound(t *testing.T) {
	t.Parallel()
	t.Run("expired", func(t *testing.T) {
		t.Parallel()
		w := newApproving(t, storetest.SQLite(t))
		now := w.db.Now
		w.db.Now = func() time.Time { return now().Add(72 * time.Hour) }
		if m := w.takes(w.says(minhAt, "DUYỆT")); m.Reason != "approval_refused: expired" || w.now().Approved.Done() {
			t.Error(m.Reason)
		}
	})
	t.Run("the token of an earlier plan", func(t *testing.T) {
		t.Parallel()
		w := newApproving(t, storetest.SQLite(t))
		old := w.says(minhAt, "DUYỆT")
		if _, err := w.desk.DropPlan(t.Context(), "officer:lan", w.plan.Number, "lập lại"); err != nil {
			t.Fatal(err)
		}
		w.plans()
		if m := w.takes(old); m.Reason != "approval_refused: dropped" {
			t.Error(m.Reason)
		}
		w.told = nil
		w.untouched()
	})
	t.Run("the list changed after the letter", func(t *testing.T) {
		t.Parallel()
		w := newApproving(t, storetest.SQLite(t))
		if err := w.db.Write(t.Context(), func(tx *store.Tx) error { // unseen by the desk
			r, err := tx.Row(t.Context(), w.c.ID, 1)
			if err != nil {
				return err
			}
			r.OK = false
			return tx.SaveRow(t.Context(), r)
		}); err != nil {
			t.Fatal(err)
		}
		if m := w.takes(w.says(minhAt, "DUYỆT")); !strings.HasPrefix(m.Reason, "approval_refused: changed") || w.now().Approved.Done() {
			t.Error(m.Reason)
		}
	})
	t.Run("a unit's correction after the letter", func(t *testing.T) {
		t.Parallel()
		w := newApproving(t, storetest.SQLite(t))
		w.takes(letter{from: ctsv, subject: "Re: [" + w.c.Number + "]", codes: []string{"2153010001", "2153010009"}})
		if m := w.takes(w.says(minhAt, "DUYỆT")); m.Reason != "approval_refused: dropped" || w.now().Approved.Done() {
			t.Error(m.Reason)
		}
	})
	t.Run("not an approver any more", func(t *testing.T) {
		t.Parallel()
		w := newApproving(t, storetest.SQLite(t))
		w.in.Approvals.Officers[1].Approver = false
		if m := w.takes(w.says(minhAt, "DUYỆT")); m.Reason != "approval_refused: not_allowed" || w.now().Approved.Done() {
			t.Error(m.Reason)
		}
	})
	t.Run("switched off", func(t *testing.T) {
		t.Parallel()
		w := newApproving(t, storetest.SQLite(t))
		w.in.Approvals.On = false
		if m := w.takes(w.says(minhAt, "DUYỆT")); !strings.HasPrefix(m.Reason, "not_entitled") || w.now().Approved.Done() {
			t.Error(m.Reason)
		}
	})
	t.Run("asked again", func(t *testing.T) {
		t.Parallel()
		w := newApproving(t, storetest.SQLite(t))
		old := w.says(minhAt, "DUYỆT")
		if _, err := w.desk.AskApprovers(t.Context(), "officer:lan", w.plan.Number); err != nil {
			t.Fatal(err)
		}
		if m := w.takes(old); m.Reason != "approval_refused: expired" || w.now().Approved.Done() {
			t.Errorf("the earlier letter: %s", m.Reason)
		}
		w.told = nil
		w.untouched()
		if _, err := w.desk.AskApprovers(t.Context(), "officer:lan", w.plan.Number); bot.ErrorCode(err) != bot.Conflict {
			t.Errorf("asked about an approved plan: %v", err)
		}
	})
	t.Run("one of two", func(t *testing.T) {
		t.Parallel()
		w := newApproving(t, storetest.SQLite(t))
		w.desk.Planning.Needs = func(context.Context, *store.Tx, bot.Plan) (int, error) { return 2, nil }
		if _, err := w.desk.DropPlan(t.Context(), "officer:lan", w.plan.Number, "lập lại"); err != nil {
			t.Fatal(err)
		}
		w.plans()
		w.takes(w.says(minhAt, "DUYỆT"))
		if p := w.now(); p.Approved.Done() || len(p.Given) != 1 {
			t.Errorf("with one: %+v", p.Plan)
		}
		w.takes(w.says(hoaAt, "DUYỆT"))
		if p := w.now(); !p.Approved.Done() || p.Ready() != nil {
			t.Errorf("with two: %+v", p.Plan)
		}
	})
	t.Run("hashed", func(t *testing.T) {
		t.Parallel()
		w := newApproving(t, storetest.SQLite(t))
		err := w.db.Read(t.Context(), func(tx *store.Tx) error {
			_, err := tx.PlanToken(t.Context(), w.asked[minhAt].Token)
			return err
		})
		if bot.ErrorCode(err) != bot.NotFound {
			t.Errorf("the token itself is a key of the database: %v", err)
		}
	})
	t.Run("the same mail twice", func(t *testing.T) {
		t.Parallel()
		w := newApproving(t, storetest.SQLite(t))
		l := w.says(minhAt, "DUYỆT")
		w.takes(l)
		l.via = "other"
		if m := w.takes(l); !strings.HasPrefix(m.Reason, "same_mail") || len(w.told) != 2 {
			t.Errorf("%s; told %d", m.Reason, len(w.told))
		}
	})
}

// Two programs that answer each other are stopped: an approver is told a few times in an hour, then a person must look.
func TestApprovalsAreBraked(t *testing.T) {
	t.Parallel()
	w := newApproving(t, storetest.SQLite(t))
	for i := range 7 {
		m := w.takes(w.says(minhAt, fmt.Sprint("thư số ", i)))
		if braked := strings.HasPrefix(m.Reason, "brake"); braked != (i >= 5) {
			t.Errorf("mail %d: %s", i, m.Reason)
		}
	}
	if len(w.letters()) == 0 || len(w.answers()) > 12 {
		t.Errorf("%v", w.answers())
	}
}

// The property of the issue: whoever makes a plan, with office_of_one or without, whatever mails come from his mailbox with whatever
// token and words, his plan is not approved by them.
func TestNoMailAloneApproves(t *testing.T) {
	t.Parallel()
	for _, alone := range []bool{false, true} {
		t.Run(fmt.Sprint("office of one ", alone), func(t *testing.T) {
			t.Parallel()
			w := newApproving(t, storetest.SQLite(t))
			w.desk.OfficeOfOne = alone
			if alone {
				if err := w.db.Write(t.Context(), func(tx *store.Tx) error { // even a token of his own
					return tx.AddPlanToken(t.Context(), store.PlanToken{TokenHash: digest("bbbbbbbbbbbbbbbb"), PlanID: w.plan.ID, PlanHash: w.plan.Hash, Officer: "lan", ExpiresAt: tx.Now.Add(time.Hour)})
				}); err != nil {
					t.Fatal(err)
				}
			}
			n := 0
			for _, token := range []string{w.asked[minhAt].Token, w.asked[hoaAt].Token, "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"} {
				for _, text := range []string{"DUYỆT", "Đồng ý duyệt kế hoạch này.", "Duyệt " + w.plan.Number} {
					for _, to := range []string{service, "cntt+k" + token + "@truong.example"} {
						n++
						w.takes(letter{from: lanAt, id: fmt.Sprintf("<%d@pc.example>", n), subject: "Re: [DUYET-" + token + "]", text: text, to: to})
					}
				}
			}
			if p := w.now(); p.Approved.Done() || len(p.Given) > 0 || w.cases()[0].Planned.Done() {
				t.Errorf("%+v", p)
			}
		})
	}
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
