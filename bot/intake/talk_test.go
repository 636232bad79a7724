package intake_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/store"
)

// told keeps the answers that are composed, as the letters would get them.
func (w *world) told() *[]bot.Answer {
	var all []bot.Answer
	was := w.in.Compose
	w.in.Compose = func(a bot.Answer) (store.Letter, error) {
		all = append(all, a)
		return was(a)
	}
	return &all
}

// A unit is told of its own cases, by number or all of them; one of another unit is like one that is not there.
func TestTalkTellsOfOwnCases(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		told := w.told()
		w.takes(letter{from: ctsv, codes: []string{"2153010001", "12"}})
		w.takes(letter{from: ctsv, subject: "khac", codes: []string{"2153010002"}})
		w.takes(letter{from: dtsdh, codes: []string{"2153010003"}})
		cases := w.cases()
		mine, other := cases[0].Number, cases[2].Number
		last := func() bot.Asked { return (*told)[len(*told)-1].Talk }
		numbers := func() (all []string) {
			for _, s := range last().Status {
				all = append(all, s.Number)
			}
			return all
		}

		m := w.takes(letter{from: ctsv, subject: "x", text: "Hồ sơ " + mine + " đến đâu rồi?"})
		if m.Outcome != store.IsFollowUp || m.CaseID != cases[0].ID || !cmp.Equal(numbers(), []string{mine}) {
			t.Errorf("%s %s of case %d: %v", m.Outcome, m.Reason, m.CaseID, numbers())
		}
		if s := last().Status[0]; s.Rows != 2 || s.Good != 1 || s.State != bot.WaitingUnit || s.CreateBy.IsZero() {
			t.Errorf("told %+v", s)
		}
		w.takes(letter{from: ctsv, subject: "y", text: "Cho hỏi tình hình các đề nghị tuần trước."})
		if want := []string{mine, cases[1].Number}; !cmp.Equal(numbers(), want) {
			t.Errorf("all open: %v, want %v", numbers(), want)
		}
		for _, number := range []string{other, "YC-2026-9999"} {
			m := w.takes(letter{from: ctsv, subject: "z", text: "Hồ sơ " + number + " đến đâu rồi?"})
			if m.CaseID != 0 || !cmp.Equal(last().Unknown, []string{number}) || strings.Contains(fmt.Sprint(numbers()), other) {
				t.Errorf("%s: case %d, unknown %v, told of %v", number, m.CaseID, last().Unknown, numbers())
			}
		}
		if got := w.cases(); !cmp.Equal(got, cases) {
			t.Errorf("the cases have changed: %s", cmp.Diff(cases, got))
		}
	})
}

// A list that is only to be checked leaves nothing behind: no case, no number, no code that is taken. With a letter and in doubt it
// is a request; without one it is checked, and the answer says that it was not sure.
func TestTalkTriesAList(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		told := w.told()
		m := w.takes(letter{from: ctsv, subject: "Kiểm tra", text: "Nhờ kiểm tra thử, chưa gửi chính thức.", codes: []string{"2153010001", "12"}})
		a := (*told)[0]
		if m.Outcome != store.Ignored || m.Number != "" || m.CaseID != 0 || len(w.cases()) != 0 {
			t.Errorf("%s %s, number %q, %d cases", m.Outcome, m.Reason, m.Number, len(w.cases()))
		}
		if !a.Trial || a.Unsure || len(a.Request.Rows) != 2 || a.Request.Good() != 1 || len(a.Lists) != 1 || a.Case.Number != "" {
			t.Errorf("told %+v", a)
		}
		m = w.takes(letter{from: ctsv, subject: "gui", text: "Nhờ Phòng kiểm tra giúp danh sách ạ.", codes: []string{"2153010001"}})
		if a := (*told)[1]; m.Outcome != store.Ignored || !a.Trial || !a.Unsure {
			t.Errorf("in doubt, no letter: %s %s", m.Outcome, m.Reason)
		}
		m = w.takes(letter{from: ctsv, subject: "gui", text: "Nhờ Phòng kiểm tra giúp danh sách ạ.", codes: []string{"2153010001"}, signed: true})
		if a := (*told)[2]; m.Outcome != store.IsCase || a.Trial || !a.Unsure || a.Kind != bot.Acknowledged {
			t.Errorf("in doubt, with a letter: %s %s, %+v", m.Outcome, m.Reason, a.Kind)
		}
		c := w.cases()
		if len(c) != 1 || !strings.HasSuffix(c[0].Number, "-0001") || c[0].State != bot.Received {
			t.Errorf("cases %+v", c)
		}
		m = w.takes(letter{from: ctsv, subject: "Re: [" + c[0].Number + "]", text: "Nhờ kiểm tra thử trước, chưa gửi chính thức.", codes: []string{"2153010001", "13"}})
		if m.Outcome != store.IsFollowUp || m.CaseID != c[0].ID || !cmp.Equal(w.cases(), c) || len(w.codes(c[0])) != 1 {
			t.Errorf("in its thread: %s %s", m.Outcome, m.Reason)
		}
	})
}

// A case is withdrawn by a mail of its own that names it; when it is too late, or not clear which one is meant, it stays, and the
// unit is told.
func TestTalkWithdraws(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		told := w.told()
		for i := range 3 {
			w.takes(letter{from: ctsv, subject: fmt.Sprint("d", i), codes: []string{fmt.Sprintf("215301000%d", i)}})
		}
		w.takes(letter{from: dtsdh, codes: []string{"2153010009"}})
		cases := w.cases()
		state := func(i int) bot.State { return w.cases()[i].State }

		w.takes(letter{from: ctsv, subject: "rut", text: "Xin rút hồ sơ " + cases[0].Number + " vì gửi nhầm danh sách."})
		if state(0) != bot.Withdrawn {
			t.Errorf("named: %s", state(0))
		}
		w.takes(letter{from: ctsv, subject: "Re: [" + cases[1].Number + "]", text: "Xin rút hồ sơ " + cases[2].Number + "."})
		if state(1) != bot.Received || state(2) != bot.Withdrawn {
			t.Errorf("in the thread of another case: %s %s", state(1), state(2))
		}
		w.takes(letter{from: ctsv, subject: "rut", text: "Xin rút hồ sơ."})
		if a := (*told)[len(*told)-1]; !a.Talk.Which || len(a.Talk.Status) != 1 || state(1) != bot.Received {
			t.Errorf("not said which: %+v", a.Talk)
		}
		w.takes(letter{from: ctsv, subject: "rut", text: "Xin rút hồ sơ " + cases[3].Number + "."})
		if a := (*told)[len(*told)-1]; !a.Talk.Which || len(a.Talk.Unknown) != 1 || state(3) != bot.Received {
			t.Errorf("another unit's: %+v", a.Talk)
		}
		m := w.takes(letter{from: ctsv, subject: "rut", text: "Xin rút hồ sơ " + cases[1].Number + ". Cho xin lại mẫu BM-CNTT31 ạ."})
		if state(1) != bot.Withdrawn || m.CaseID != cases[1].ID || m.Outcome != store.IsFollowUp {
			t.Errorf("beside the form: %s, %s %s", state(1), m.Outcome, m.Reason)
		}
	})
}

func TestTalkRefusesALateWithdrawal(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		told := w.told()
		w.takes(letter{from: ctsv, codes: []string{"2153010001"}})
		c := w.cases()[0]
		lan, minh := bot.Actor("officer:lan"), bot.Officer{ID: "minh", Approver: true}
		p, err := w.desk.MakePlan(t.Context(), lan, []string{c.Number})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.desk.Check(t.Context(), lan, c.Number); err != nil {
			t.Fatal(err)
		}
		if _, err := w.desk.ApprovePlan(t.Context(), minh, p.Number, p.Hash); err != nil {
			t.Fatal(err)
		}
		m := w.takes(letter{from: ctsv, subject: "rut", text: "Xin rút hồ sơ " + c.Number + "."})
		a := (*told)[len(*told)-1]
		if a.Talk.Refused != c.Number || m.Outcome != store.Quarantined || w.cases()[0].State != bot.Creating || m.CaseID != c.ID {
			t.Errorf("%s %s: %+v", m.Outcome, m.Reason, a.Talk)
		}
	})
}

// Two programs never write to each other for ever: an answer to an answer that asks the same goes to an officer, and so does what one
// mailbox asks beyond a day's measure.
func TestTalkEnds(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		ask := letter{from: ctsv, subject: "hoi", text: "Hồ sơ của chúng tôi đến đâu rồi?"}
		w.takes(ask)
		answer := w.letters()[0]
		again := ask
		again.subject, again.refers = "Re: x", answer.MessageID
		if m := w.takes(again); m.Outcome != store.Quarantined || len(w.letters()) != 1 {
			t.Errorf("the same again: %s %s", m.Outcome, m.Reason)
		}
		for i := range 30 {
			ask.subject = fmt.Sprint("hoi ", i)
			w.takes(ask)
		}
		if n := len(w.letters()); n != 20 {
			t.Errorf("%d answers in a day", n)
		}
		w.takes(letter{from: dtsdh, subject: "hoi", text: "Quên mật khẩu thì liên hệ ai ạ?"})
		all := w.letters()
		m := w.takes(letter{from: dtsdh, subject: "Re: x", refers: all[len(all)-1].MessageID, text: "Vậy đổi mật khẩu ở đâu ạ?"})
		if m.Outcome != store.Quarantined || len(w.letters()) != len(all) {
			t.Errorf("where to go, twice in a thread: %s %s", m.Outcome, m.Reason)
		}
	})
}

// The last case is told when none is open.
func TestTalkOfNothingOpen(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		told := w.told()
		ask := letter{from: ctsv, subject: "hoi", text: "Hồ sơ của chúng tôi đến đâu rồi?"}
		w.takes(ask)
		if a := (*told)[0].Talk; len(a.Status) != 0 {
			t.Errorf("nothing was ever sent: %+v", a)
		}
		w.takes(letter{from: ctsv, codes: []string{"2153010001"}})
		if _, err := w.desk.Withdraw(t.Context(), "officer:lan", w.cases()[0].Number, "x"); err != nil {
			t.Fatal(err)
		}
		ask.subject = "hoi lai"
		w.takes(ask)
		if a := (*told)[len(*told)-1].Talk; len(a.Status) != 1 || a.Status[0].State != bot.Withdrawn {
			t.Errorf("told %+v", a)
		}
	})
}
