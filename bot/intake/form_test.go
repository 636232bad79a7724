package intake_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot/store"
)

const wish = "Cho em xin biểu mẫu BM-CNTT31 ạ."

// One blank form for each mail, none for its copy, none for an answer to it, and no more than a person needs in a day.
func TestBlankFormsEnd(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		first := letter{from: ctsv, id: "<x1@truong.example>", text: wish}
		if m := w.takes(first); m.Outcome != store.Ignored || m.Reason != "form_sent: the blank form was sent" || m.CaseID != 0 || m.Folder != "Done" {
			t.Fatalf("asked for: %+v", m)
		}
		answer := w.letters()[0]
		if answer.Kind != "blank_form" || answer.CaseID != 0 || answer.To != ctsv {
			t.Errorf("answer %+v", answer)
		}
		if m := w.takes(letter{from: ctsv, id: "<x1@truong.example>", text: wish, via: "otherway"}); m.Outcome != store.Ignored || !strings.HasPrefix(m.Reason, "same_mail") || len(w.letters()) != 1 {
			t.Errorf("its copy: %s %s, %d answers", m.Outcome, m.Reason, len(w.letters()))
		}
		if m := w.takes(letter{from: ctsv, subject: "Re: bieu mau", refers: answer.MessageID, text: wish}); m.Outcome != store.Quarantined || len(w.letters()) != 1 {
			t.Errorf("an answer that asks again: %s %s, %d answers", m.Outcome, m.Reason, len(w.letters()))
		}
		for i := range 5 {
			w.takes(letter{from: ctsv, subject: fmt.Sprintf("lan %d", i), text: wish + strings.Repeat(" ", i)})
		}
		if n := len(w.letters()); n != 3 {
			t.Errorf("%d blank forms in a day", n)
		}
		if m := w.takes(letter{from: dtsdh, text: wish}); m.Outcome != store.Ignored || len(w.letters()) != 4 {
			t.Errorf("another unit: %s %s", m.Outcome, m.Reason)
		}
		if len(w.cases()) != 0 {
			t.Errorf("%d cases were opened", len(w.cases()))
		}
	})
}

// In the thread of a case the mail follows that case, which stays as it is.
func TestBlankFormInTheThreadOfACase(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.takes(letter{from: ctsv, codes: []string{"2153010001", "12"}})
		before := w.cases()[0]
		m := w.takes(letter{from: ctsv, subject: "Re: x", refers: w.letters()[0].MessageID, text: wish})
		if m.Outcome != store.IsFollowUp || m.CaseID != before.ID || !cmp.Equal(w.cases()[0], before) {
			t.Errorf("%s %s of case %d; the case is %+v", m.Outcome, m.Reason, m.CaseID, w.cases()[0])
		}
		if l := w.letters(); len(l) != 2 || l[1].Kind != "blank_form" || l[1].CaseID != before.ID {
			t.Errorf("answers %v", w.answers())
		}
	})
}
