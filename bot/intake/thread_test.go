package intake_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// twoCases opens two cases of CTSV and one of DTSDH.
func twoCases(t *testing.T) (w *world, first, second, foreign bot.Case) {
	t.Helper()
	w = newWorld(t, storetest.SQLite(t))
	w.takes(letter{from: ctsv, id: "<own1@pc.example>", codes: []string{"2153010001", "12"}})
	w.takes(letter{from: ctsv, codes: []string{"2153010002", "12"}})
	w.takes(letter{from: dtsdh, id: "<own3@pc.example>", codes: []string{"2153010003", "12"}})
	all := w.cases()
	return w, all[0], all[1], all[2]
}

func at(c bot.Case) string { return "cntt+" + c.Token + "@truong.example" }

// A reply belongs to its case by our token, our tag, the answer it refers to, the number in its text, in that order; only a case
// of the sender's own unit is reached, and an officer is told when the hints disagree.
func TestWhatNamesTheCase(t *testing.T) {
	t.Parallel()
	const accept = "Đồng ý cấp phần hợp lệ."
	for name, tt := range map[string]struct {
		mail   func(first, second, foreign bot.Case, answers []string) letter
		want   int    // 1, 2; 0: no case
		thread string // with {1}, {2} for the numbers
	}{
		"token": {func(a, _, _ bot.Case, _ []string) letter { return letter{to: at(a)} }, 1, "token {1}"},
		"token written by the mail server": {func(a, _, _ bot.Case, _ []string) letter {
			return letter{header: "Delivered-To: " + at(a) + "\r\n"}
		}, 1, "token {1}"},
		"token in capitals": {func(a, _, _ bot.Case, _ []string) letter { return letter{to: strings.ToUpper(at(a))} }, 1, "token {1}"},
		"token before the subject": {func(a, b, _ bot.Case, _ []string) letter {
			return letter{to: at(a), subject: "Re: [" + b.Number + "] x"}
		}, 1, "token {1}, subject {2}"},
		"subject before the references": {func(a, b, _ bot.Case, answers []string) letter {
			return letter{subject: "Re: [" + b.Number + "] x", refers: answers[0]}
		}, 2, "subject {2}, references {1}"},
		"references before the text": {func(a, b, _ bot.Case, answers []string) letter {
			return letter{refers: answers[1], text: accept + " Hồ sơ " + a.Number + "."}
		}, 2, "references {2}, text {1}"},
		"the text": {func(a, _, _ bot.Case, _ []string) letter { return letter{text: accept + " Hồ sơ " + a.Number + "."} }, 1, "text {1}"},
		"the own text before the quoted": {func(a, b, _ bot.Case, _ []string) letter {
			return letter{text: accept + " Hồ sơ " + b.Number + ".\r\n> Mã hồ sơ: " + a.Number}
		}, 2, "text {2}"},
		"the quoted text": {func(a, _, _ bot.Case, _ []string) letter {
			return letter{text: accept + "\r\n> Mã hồ sơ: " + a.Number}
		}, 1, "quoted {1}"},
		"two numbers in the subject": {func(a, b, _ bot.Case, _ []string) letter {
			return letter{subject: "Re: " + b.Number + " va " + a.Number}
		}, 2, "subject {2}, subject {1}"},
		"the unit's own mail": {func(_, _, _ bot.Case, _ []string) letter { return letter{refers: "<own1@pc.example>"} }, 1, "references {1}"},
		"the nearest reference": {func(_, _, _ bot.Case, answers []string) letter {
			return letter{refers: "<x@pc.example>", header: "References: " + answers[0] + " " + answers[1] + "\r\n"}
		}, 2, "references {2}"},
		"another unit's token":  {func(_, _, f bot.Case, _ []string) letter { return letter{to: at(f)} }, 0, "token a case of another unit"},
		"another unit's answer": {func(_, _, _ bot.Case, answers []string) letter { return letter{refers: answers[2]} }, 0, ""},
		"another unit's mail":   {func(_, _, _ bot.Case, _ []string) letter { return letter{refers: "<own3@pc.example>"} }, 0, ""},
		"another unit's number, our own answer": {func(_, _, f bot.Case, answers []string) letter {
			return letter{subject: "Re: " + f.Number, refers: answers[0]}
		}, 1, "subject a case of another unit, references {1}"},
		"no such case":        {func(_, _, _ bot.Case, _ []string) letter { return letter{subject: "Re: YC-2026-9999"} }, 0, "subject a case that is not there"},
		"an invented token":   {func(_, _, _ bot.Case, _ []string) letter { return letter{to: "cntt+aaaaaaaaaaaaaaaa@truong.example"} }, 0, "token a case that is not there"},
		"a token of somebody": {func(a, _, _ bot.Case, _ []string) letter { return letter{to: "khac+" + a.Token + "@truong.example"} }, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, first, second, foreign := twoCases(t)
			var answers []string
			for _, l := range w.letters() {
				answers = append(answers, l.MessageID)
			}
			l := tt.mail(first, second, foreign, answers)
			l.from, l.id = ctsv, "<reply@pc.example>"
			if l.text == "" {
				l.text = accept
			}
			if l.subject == "" {
				l.subject = "Re: x"
			}
			m := w.takes(l)
			thread := strings.NewReplacer("{1}", first.Number, "{2}", second.Number).Replace(tt.thread)
			if m.Thread != thread || m.CaseID != []int64{0, first.ID, second.ID}[tt.want] {
				t.Errorf("the mail followed case %d by %q, want %d by %q", m.CaseID, m.Thread, tt.want, thread)
			}
			told := 0
			for _, e := range w.events() {
				if e.What == "hints_disagree" && e.Mail == m.ID && e.Detail["named"] == thread {
					told++
				}
			}
			if want := strings.Count(thread, ", "); told != min(want, 1) {
				t.Errorf("the officer was told %d times of %q", told, thread)
			}
			for i, c := range w.cases() {
				moved := c.State != bot.WaitingUnit
				if moved != (i+1 == tt.want) {
					t.Errorf("case %d is %s", i+1, c.State)
				}
			}
		})
	}
}

// A provider writes its own Message-ID over ours, so that a reply refers to a mail that nobody knows (frappe/helpdesk PR 3638,
// Amazon SES, Microsoft 365). The token, the tag in the subject or the number in the text lead to the case all the same, and
// the id is learnt: the next reply may bear nothing else.
func TestPain43RewrittenMessageID(t *testing.T) {
	t.Parallel()
	for name, reply := range map[string]func(c bot.Case) letter{
		"by the token":   func(c bot.Case) letter { return letter{to: at(c), subject: "Re: x"} },
		"by the subject": func(c bot.Case) letter { return letter{subject: "RE: [QT.CNTT.03] [" + c.Number + "] x"} },
		"by the text":    func(c bot.Case) letter { return letter{subject: "Re: x", text: "> Mã hồ sơ: " + c.Number} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, w *world) {
				const rewritten = "<0100018f@email.ses.example>"
				w.takes(letter{from: ctsv, codes: []string{"2153010001", "12"}})
				c := w.cases()[0]
				l := reply(c)
				l.from, l.refers, l.id, l.codes = ctsv, rewritten, "<r1@pc.example>", []string{"2153010001", "2153010002"}
				if m := w.takes(l); m.CaseID != c.ID || m.Outcome != store.IsFollowUp {
					t.Fatalf("the first reply: %s %s, case %d", m.Outcome, m.Reason, m.CaseID)
				}
				if m := w.takes(letter{from: dtsdh, subject: "Re: x", refers: rewritten, text: "Xin rút đề nghị."}); m.CaseID != 0 {
					t.Errorf("another unit reached the case by a learnt id")
				}
				m := w.takes(letter{from: ctsv, subject: "Bổ sung", refers: rewritten, id: "<r2@pc.example>", codes: []string{"2153010001", "2153010003"}})
				if m.CaseID != c.ID || m.Outcome != store.IsFollowUp || len(w.cases()) != 1 {
					t.Errorf("the second reply: %s %s, case %d of %d", m.Outcome, m.Reason, m.CaseID, len(w.cases()))
				}
			})
		})
	}
}

// What a corrected list changed is kept with the case, said in the letter and counted in the history, which holds no names.
func TestACorrectionSaysWhatItChanged(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.takes(letter{from: ctsv, codes: []string{"2153010001", "12", "2153010003"}})
		var told *bot.Changes
		w.in.Compose = func(a bot.Answer) (store.Letter, error) {
			told = a.Changes
			return compose(a)
		}
		m := w.takes(letter{from: ctsv, refers: w.letters()[0].MessageID, codes: []string{"2153010001", "2153010002", "2153010003", "2153010004"}})
		c := w.cases()[0]
		kept := look(w, func(ctx context.Context, tx *store.Tx) ([]store.Correction, error) { return tx.Corrections(ctx, c.ID) })
		// All have one name and class in this world: the corrected code is found by them, the fourth person is new.
		want := bot.Changes{Unchanged: 2, Rows: []bot.Change{
			{Kind: bot.RowChanged, Was: 2, N: 2, Code: "2153010002", Name: "Nguyễn Văn An", Fields: []bot.FieldChange{{Field: bot.FieldCode, Was: "12", Is: "2153010002"}}},
			{Kind: bot.RowAdded, N: 4, Code: "2153010004", Name: "Nguyễn Văn An"},
		}}
		if diff := cmp.Diff([]store.Correction{{MailID: m.ID, Changes: want}}, kept); diff != "" {
			t.Errorf("kept (-want +got):\n%s", diff)
		}
		if told == nil || !cmp.Equal(*told, want) {
			t.Errorf("the letter says %+v", told)
		}
		for _, e := range w.events() {
			if e.What != "list_corrected" {
				continue
			}
			want := map[string]string{"action": "queue", "rows": "4", "good": "4", "added": "1", "removed": "0", "changed": "1", "unchanged": "2"}
			if diff := cmp.Diff(want, e.Detail); diff != "" {
				t.Error(diff)
			}
		}
	})
}

// Between judging a correction and writing it another one was written: the letter must not compare with a list that is gone.
func TestACorrectionRacesAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	w.takes(letter{from: ctsv, codes: []string{"12"}})
	answer := w.letters()[0].MessageID
	ids := w.arrive(letter{from: ctsv, refers: answer, codes: []string{"2153010001"}}.raw(), letter{from: ctsv, refers: answer, codes: []string{"2153010001", "2153010002"}}.raw())
	var told *bot.Changes
	w.in.Compose = func(a bot.Answer) (store.Letter, error) {
		told = a.Changes
		return compose(a)
	}
	w.judging = func([]string) {
		w.judging = nil
		if err := w.in.Mail(t.Context(), ids[0]); err != nil {
			t.Error(err)
		}
	}
	if err := w.in.Mail(t.Context(), ids[1]); err != nil {
		t.Fatal(err)
	}
	if told == nil || told.Unchanged != 1 || len(told.Rows) != 1 || told.Rows[0].Code != "2153010002" {
		t.Errorf("the later correction is compared with %+v", told)
	}
}
