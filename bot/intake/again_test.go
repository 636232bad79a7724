package intake_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/intake"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

var twoPeople = []string{"2153010001", "2153010002"}

// ENV-09: a unit sends the same list again, in a new mail. It is one case; the unit is told which, and how far that is.
func TestTheSameListAgain(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.takes(letter{from: ctsv, id: "<a@pc.example>", codes: twoPeople})
		if _, err := w.desk.Check(t.Context(), "officer:lan", w.cases()[0].Number); err != nil {
			t.Fatal(err)
		}
		c := w.cases()[0]
		for name, l := range map[string]letter{
			"a new mail":            {id: "<b@pc.example>"},
			"rows in another order": {id: "<c@pc.example>", codes: []string{twoPeople[1], twoPeople[0]}},
			"a reply":               {id: "<d@pc.example>", refers: w.letters()[0].MessageID},
		} {
			before := len(w.letters())
			l.from = ctsv
			if l.codes == nil {
				l.codes = twoPeople
			}
			m := w.takes(l)
			if m.Outcome != store.IsFollowUp || m.CaseID != c.ID || m.Folder != "Done" || m.Number != "" {
				t.Errorf("%s: %s %s, case %d, number %q", name, m.Outcome, m.Reason, m.CaseID, m.Number)
			}
			after := w.letters()
			if last := after[len(after)-1]; len(after) != before+1 || last.Kind != string(bot.AlreadyHere) || last.CaseID != c.ID {
				t.Errorf("%s: answered %+v", name, last)
			}
		}
		// Neither the list nor what the officers did was touched.
		if got := w.cases(); len(got) != 1 || !cmp.Equal(got[0], c) {
			t.Errorf("the case changed:\n%s", cmp.Diff(c, got[0]))
		}
		if n := len(slices.DeleteFunc(w.events(), func(e bot.Event) bool { return e.What != "list_resent" })); n != 3 {
			t.Errorf("%d events of a list that came again", n)
		}
	})
}

// A program that sends one list over and over is a loop: it is braked like one about the case.
func TestTheSameListForEver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	w.in.Brakes.Rounds = 3
	var last store.Mail
	for i := range 5 {
		last = w.takes(letter{from: ctsv, codes: twoPeople, text: fmt.Sprint(i)})
	}
	if n := len(w.letters()); n != 3 || last.Outcome != store.Quarantined || last.CaseID == 0 || !strings.HasPrefix(last.Reason, "brake") {
		t.Errorf("%d answers, the last mail: %s %s, case %d", n, last.Outcome, last.Reason, last.CaseID)
	}
}

// The unit got no answer (it lies in the junk folder) and sends its defective list again: it gets the whole answer again, in
// the same case.
func TestADefectiveListAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	for _, text := range []string{"", "lan hai", "lan ba"} {
		w.takes(letter{from: ctsv, codes: []string{"2153010001", "12"}, text: text})
	}
	got := w.cases()
	if len(got) != 1 || got[0].State != bot.WaitingUnit {
		t.Fatalf("%d cases, %+v", len(got), got)
	}
	if diff := cmp.Diff([]string{"defects", "defects", "defects"}, w.answers()); diff != "" {
		t.Error(diff)
	}
	kept := look(w, func(ctx context.Context, tx *store.Tx) ([]store.Correction, error) {
		return tx.Corrections(ctx, got[0].ID)
	})
	if len(kept) != 2 || kept[0].Changes.Unchanged != 2 || len(kept[0].Changes.Rows) != 0 {
		t.Errorf("kept %+v", kept)
	}
}

// What is not the same: other rows, another unit, a case that is over. These are requests of their own.
func TestNotTheSameList(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	w.takes(letter{from: ctsv, codes: twoPeople})
	w.takes(letter{from: ctsv, codes: append(slices.Clone(twoPeople), "2153010003")})
	w.takes(letter{from: dtsdh, codes: twoPeople})
	if got := w.cases(); len(got) != 3 {
		t.Fatalf("%d cases", len(got))
	}
	for _, c := range w.cases() {
		if _, err := w.desk.Withdraw(t.Context(), "officer:lan", c.Number, ""); err != nil {
			t.Fatal(err)
		}
	}
	if m := w.takes(letter{from: ctsv, codes: twoPeople, text: "once more"}); m.Outcome != store.IsCase {
		t.Errorf("after the withdrawal: %s %s", m.Outcome, m.Reason)
	}
}

// The same list with another letter is meant for its case while that may be corrected; afterwards it is a request of its own.
func TestTheSameListWithAnotherLetter(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	judge := w.in.Judge
	reason, file := "nhập học", "de nghi.docx"
	w.in.Judge = func(r intake.Reading, unit bot.Unit, c bot.Case, known map[string][]bot.Existing, now time.Time) bot.Request {
		q := judge(r, unit, c, known, now)
		q.LetterFile, q.Reason, q.LetterDate = file, reason, "2026-11-20"
		return q
	}
	w.takes(letter{from: ctsv, codes: twoPeople})
	w.takes(letter{from: ctsv, codes: twoPeople, text: "saved again"})
	if diff := cmp.Diff([]string{"acknowledged", "already_here"}, w.answers()); diff != "" {
		t.Fatal(diff)
	}
	if _, err := w.desk.Check(t.Context(), "officer:lan", w.cases()[0].Number); err != nil {
		t.Fatal(err)
	}
	reason = "lý do khác"
	m := w.takes(letter{from: ctsv, codes: twoPeople, text: "another reason"})
	if got := w.cases(); len(got) != 1 || got[0].Reason != reason || got[0].Checked.Done() || m.Outcome != store.IsFollowUp {
		t.Errorf("another reason: %s %s, %d cases, %+v", m.Outcome, m.Reason, len(got), got[0])
	}
	// A PDF that says the same may have been signed meanwhile.
	file = "de nghi.pdf"
	if m := w.takes(letter{from: ctsv, codes: twoPeople, text: "signed"}); m.Reason != "queue" || len(w.cases()) != 1 {
		t.Errorf("signed: %s %s, %d cases", m.Outcome, m.Reason, len(w.cases()))
	}
	// While accounts are made an officer must look.
	c := w.cases()[0]
	plan, err := w.desk.MakePlan(t.Context(), "officer:lan", []string{c.Number})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = w.desk.Check(t.Context(), "officer:lan", c.Number); err != nil {
		t.Fatal(err)
	}
	if _, err = w.desk.ApprovePlan(t.Context(), bot.Officer{ID: "minh", Approver: true}, plan.Number, plan.Hash); err != nil {
		t.Fatal(err)
	}
	reason = "lý do thứ ba"
	if m := w.takes(letter{from: ctsv, codes: twoPeople, text: "late"}); m.Outcome != store.Quarantined || m.CaseID != c.ID || len(w.cases()) != 1 {
		t.Errorf("late: %s %s", m.Outcome, m.Reason)
	}
}

// The same list comes in several mails that are judged at the same moment: one case, one number, the others are told.
func TestTheSameListTogether(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		var raws [][]byte
		for _, id := range []string{"<a@pc.example>", "<b@pc.example>", "<c@pc.example>", "<d@pc.example>"} {
			raws = append(raws, letter{from: ctsv, id: id, codes: twoPeople}.raw())
		}
		ids := w.arrive(raws...)
		w.judgeTogether(ids)
		answers := w.answers()
		slices.Sort(answers)
		if diff := cmp.Diff([]string{"acknowledged", "already_here", "already_here", "already_here"}, answers); diff != "" {
			t.Error(diff)
		}
		next := w.takes(letter{from: dtsdh, codes: []string{"2153010009"}})
		if got := w.cases(); len(got) != 2 || got[0].Number[8:] != "0001" || next.Number[8:] != "0002" {
			t.Errorf("%d cases, the next one is %s", len(got), next.Number)
		}
	})
}

// One mail to two addresses of ours comes twice, with one Message-ID; the school's mail server stamps each copy. One case, one
// answer. The same holds when one copy bears a token (Cc to the address of an earlier answer).
func TestOneMailToTwoAddresses(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		l := letter{from: ctsv, id: "<two@pc.example>", header: "Cc: hotro@truong.example\r\n", codes: twoPeople}
		second := l
		second.via, second.header = "second", l.header+"Delivered-To: cntt+aaaaaaaaaaaaaaaa@truong.example\r\n"
		for _, id := range w.arrive(l.raw(), second.raw()) {
			if err := w.in.Mail(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		if len(w.cases()) != 1 || len(w.letters()) != 1 {
			t.Errorf("%d cases, answers %v", len(w.cases()), w.answers())
		}
	})
}

// FR-15: most units answer a returned case with a new mail. A list of mostly the same people corrects the one case that waits for
// them, and what it changed is known; a list of others, or one that could be about two cases, is a request of its own.
func TestACorrectedListInANewMail(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		class := []string{"2153010001", "2153010002", "2153010003", "21530100"}
		w.takes(letter{from: ctsv, codes: class})
		fixed := []string{"2153010001", "2153010002", "2153010003", "2153010004"}
		m := w.takes(letter{from: dtsdh, codes: fixed})
		if m.Outcome != store.IsCase { // another unit's: its rows are in an open case, ROW-06
			t.Errorf("another unit: %s %s", m.Outcome, m.Reason)
		}
		if m := w.takes(letter{from: ctsv, codes: []string{"2153010001", "2153010071", "2153010072"}}); m.Outcome != store.IsCase {
			t.Errorf("a list of others: %s %s", m.Outcome, m.Reason)
		}
		m = w.takes(letter{from: ctsv, codes: fixed})
		c := w.cases()[0]
		if m.Outcome != store.IsFollowUp || m.CaseID != c.ID || m.Thread != "people "+c.Number || m.Number != "" {
			t.Fatalf("the corrected list: %s %s, case %d, by %q, number %q", m.Outcome, m.Reason, m.CaseID, m.Thread, m.Number)
		}
		if diff := cmp.Diff(fixed, w.codes(c)); diff != "" {
			t.Error(diff)
		}
		corrections := storetest.Read(t, w.db, func(ctx context.Context, tx *store.Tx) ([]store.Correction, error) { return tx.Corrections(ctx, c.ID) })
		if len(corrections) != 1 || corrections[0].Changes.Unchanged != 3 {
			t.Errorf("compared: %+v", corrections)
		}
	})
}

// Two cases wait for the same people: the list could mean either, and changes none.
func TestACorrectedListForTwoCases(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	w.takes(letter{from: ctsv, codes: []string{"2153010001", "2153010002", "1"}})
	w.takes(letter{from: ctsv, codes: []string{"2153010001", "2153010009", "2153010008"}}) // its first row is in an open case
	w.takes(letter{from: ctsv, codes: []string{"2153010002", "2153010009", "2"}})
	before := len(w.cases())
	if before != 3 {
		t.Fatalf("the lists of this test open %d cases, want 3", before)
	}
	m := w.takes(letter{from: ctsv, codes: []string{"2153010001", "2153010002", "2153010009"}})
	if m.Outcome != store.IsCase || len(w.cases()) != before+1 {
		t.Errorf("%s %s, %d cases", m.Outcome, m.Reason, len(w.cases()))
	}
}
