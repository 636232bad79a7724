package intake_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// Two mails ask for one student at the same moment: one gets the row, the other is told.
func TestTwoMailsForOneStudent(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		ids := w.arrive(letter{from: ctsv, codes: []string{"2153010001", "2153010002"}}.raw(), letter{from: dtsdh, codes: []string{"2153010001", "2153010003"}}.raw())
		w.judgeTogether(ids)
		good := 0
		for _, c := range w.cases() {
			for _, r := range look(w, func(ctx context.Context, tx *store.Tx) ([]bot.CaseRow, error) { return tx.Rows(ctx, c.ID) }) {
				if r.Code == "2153010001" && r.OK {
					good++
				}
			}
		}
		answers := strings.Join(w.answers(), " ")
		if good != 1 || len(w.cases()) != 2 || answers != "acknowledged defects" && answers != "defects acknowledged" {
			t.Errorf("%d good rows for the student, %d cases, answers %s", good, len(w.cases()), answers)
		}
	})
}

func TestCorrections(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	w.takes(letter{from: ctsv, codes: []string{"2153010001", "12"}})
	c := w.cases()[0]
	if !c.Promised.IsZero() || c.Edition != "01" {
		t.Errorf("a list with a bad row got the promise %s, edition %s", c.Promised, c.Edition)
	}
	answer := w.letters()[0].MessageID

	fixed := w.takes(letter{from: ctsv, refers: answer, codes: []string{"2153010001", "2153010002"}})
	if got := w.cases(); len(got) != 1 || got[0].Number != c.Number || got[0].State != bot.Received || fixed.Outcome != store.IsFollowUp || fixed.Folder != "Done" {
		t.Fatalf("corrected: %+v, mail %s", got, fixed.Outcome)
	}
	if want := fixed.ArrivedAt.AddDate(0, 0, 30); !w.cases()[0].Promised.Equal(want) {
		t.Errorf("the corrected list got the promise %s, want %s", w.cases()[0].Promised, want)
	}

	// Checked and planned, then corrected once more: the unapproved plan is dropped, the stamps are gone.
	if _, err := w.desk.Check(t.Context(), "officer:lan", c.Number); err != nil {
		t.Fatal(err)
	}
	plan, err := w.desk.MakePlan(t.Context(), "officer:lan", []string{c.Number})
	if err != nil {
		t.Fatal(err)
	}
	w.takes(letter{from: ctsv, subject: "De nghi cap tai khoan, ho so " + c.Number, codes: []string{"2153010003"}})
	got := w.cases()[0]
	plan = look(w, func(ctx context.Context, tx *store.Tx) (store.StoredPlan, error) { return tx.Plan(ctx, plan.ID) })
	if !plan.Dropped || got.PlanID != 0 || got.Checked.Done() || got.State != bot.Received || !cmp.Equal(w.codes(got), []string{"2153010003"}) {
		t.Errorf("corrected in work: plan dropped %v, case %+v, codes %v", plan.Dropped, got, w.codes(got))
	}

	// Another unit cannot touch the case: neither by its number nor by the answer.
	for _, l := range []letter{
		{from: dtsdh, subject: "De nghi cap tai khoan, ho so " + c.Number, codes: []string{"2153010009"}},
		{from: dtsdh, refers: answer, subject: "Re: x", text: "Xin rút đề nghị.", codes: nil},
	} {
		w.takes(l)
	}
	if after := w.cases()[0]; !cmp.Equal(after, got) || !cmp.Equal(w.codes(after), []string{"2153010003"}) {
		t.Errorf("another unit changed the case:\n%s", cmp.Diff(got, after))
	}

	// While accounts are made the list can no longer change: an officer must look.
	again, err := w.desk.MakePlan(t.Context(), "officer:lan", []string{c.Number})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = w.desk.Check(t.Context(), "officer:lan", c.Number); err != nil {
		t.Fatal(err)
	}
	if _, err = w.desk.ApprovePlan(t.Context(), bot.Officer{ID: "minh", Approver: true}, again.Number, again.Hash); err != nil {
		t.Fatal(err)
	}
	before := len(w.letters())
	late := w.takes(letter{from: ctsv, refers: answer, codes: []string{"2153010004"}})
	if late.Outcome != store.Quarantined || late.CaseID != c.ID || len(w.letters()) != before || !cmp.Equal(w.codes(got), []string{"2153010003"}) {
		t.Errorf("corrected while creating: %s %s, codes %v", late.Outcome, late.Reason, w.codes(got))
	}
}

// After "Đồng ý cấp phần hợp lệ" a further list is a request of its own: the agreed rows stay.
func TestTheRestAfterConsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	w.takes(letter{from: ctsv, codes: []string{"2153010001", "12"}})
	answer := w.letters()[0].MessageID
	w.takes(letter{from: ctsv, refers: answer, subject: "Re: x", text: "Đồng ý cấp phần hợp lệ."})
	agreed := w.cases()[0]
	if agreed.State != bot.Received {
		t.Fatalf("after the consent the case is %s", agreed.State)
	}
	rest := w.takes(letter{from: ctsv, refers: answer, codes: []string{"2153010002"}})
	got := w.cases()
	if len(got) != 2 || rest.Outcome != store.IsCase || !cmp.Equal(w.codes(got[0]), []string{"2153010001", "12"}) || !cmp.Equal(w.codes(got[1]), []string{"2153010002"}) {
		t.Errorf("the rest: %s, %d cases, codes %v", rest.Outcome, len(got), w.codes(got[0]))
	}
}

// The unit is asked for its letter and sends the letter alone: it is judged with the list that is there.
func TestALetterComesAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	w.takes(letter{from: ctsv, codes: []string{"2153010001", "12"}})
	m := w.takes(letter{from: ctsv, refers: w.letters()[0].MessageID, signed: true})
	got := w.cases()
	if len(got) != 1 || m.Outcome != store.IsFollowUp || !cmp.Equal(w.codes(got[0]), []string{"2153010001", "12"}) || !strings.Contains(got[0].ListFile, "ds.xlsx") {
		t.Errorf("%s %s: %d cases, %+v", m.Outcome, m.Reason, len(got), got)
	}
	if l := w.letters(); l[len(l)-1].Kind != string(bot.Defects) {
		t.Errorf("the letter alone was answered %s", l[len(l)-1].Kind)
	}
}

// A correction that gives no row at all is answered and leaves the case as it was.
func TestAnUnusableCorrection(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	w.takes(letter{from: ctsv, codes: []string{"2153010001"}})
	before := w.cases()[0]
	m := w.takes(letter{from: ctsv, refers: w.letters()[0].MessageID, codes: []string{}})
	if after := w.cases(); len(after) != 1 || !cmp.Equal(after[0], before) || !cmp.Equal(w.codes(before), []string{"2153010001"}) {
		t.Errorf("the case changed:\n%s", cmp.Diff(before, after))
	}
	if m.Outcome != store.IsFollowUp || m.Folder != "Returned" || len(w.letters()) != 2 {
		t.Errorf("the mail: %s in %s, %d answers", m.Outcome, m.Folder, len(w.letters()))
	}
}

// Two corrections wait together; the later one was judged first. The older list must not take its place.
func TestAnOlderCorrectionComesLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	w.takes(letter{from: ctsv, codes: []string{"12"}})
	answer := w.letters()[0].MessageID
	ids := w.arrive(letter{from: ctsv, refers: answer, codes: []string{"2153010001"}}.raw(), letter{from: ctsv, refers: answer, codes: []string{"2153010002"}}.raw())
	for _, id := range []int64{ids[1], ids[0]} {
		if err := w.in.Mail(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.codes(w.cases()[0]); !cmp.Equal(got, []string{"2153010002"}) {
		t.Errorf("the case holds %v, want the later list", got)
	}
	if m := w.mail(ids[0]); m.Outcome != store.Quarantined || m.CaseID == 0 {
		t.Errorf("the older correction: %s %s", m.Outcome, m.Reason)
	}
}

// An officer changes the case between reading and writing: the mail is judged again, not given up.
func TestACorrectionRacesAnOfficer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	w.takes(letter{from: ctsv, codes: []string{"2153010001"}})
	c := w.cases()[0]
	stale := 0
	reopen := w.in.Reopen
	w.in.Reopen = func(ctx context.Context, tx *store.Tx, c bot.Case) (bot.Case, error) {
		if stale++; stale < 3 { // as if another transaction had committed first
			c.Version--
		}
		return reopen(ctx, tx, c)
	}
	m := w.takes(letter{from: ctsv, refers: w.letters()[0].MessageID, codes: []string{"2153010002"}})
	if m.Outcome != store.IsFollowUp || !cmp.Equal(w.codes(c), []string{"2153010002"}) {
		t.Errorf("%s %s", m.Outcome, m.Reason)
	}
}

func TestConfirmations(t *testing.T) {
	t.Parallel()
	const accept = "Đồng ý cấp phần hợp lệ."
	w := newWorld(t, storetest.SQLite(t))
	w.takes(letter{from: ctsv, codes: []string{"2153010001", "12"}})
	answer := w.letters()[0].MessageID
	if m := w.takes(letter{from: dtsdh, subject: "Re: x", refers: answer, text: accept}); m.Outcome != store.Quarantined || m.CaseID != 0 {
		t.Errorf("another unit accepted: %s %s", m.Outcome, m.Reason)
	}
	if m := w.takes(letter{from: ctsv, id: "<b@truong.example>", subject: "Re: x", refers: answer, text: accept}); m.Outcome != store.IsFollowUp || m.Folder != "Done" {
		t.Errorf("accepted: %s %s", m.Outcome, m.Reason)
	}
	if m := w.takes(letter{from: ctsv, id: "<b@truong.example>", via: "otherway", subject: "Re: x", refers: answer, text: accept}); m.Outcome != store.IsFollowUp {
		t.Errorf("accepted by a second way: %s %s", m.Outcome, m.Reason)
	}
	if m := w.takes(letter{from: ctsv, subject: "Re: x", refers: answer, text: "Đã nhận đủ."}); m.Outcome != store.Quarantined || m.CaseID == 0 {
		t.Errorf("received what was not delivered: %s %s", m.Outcome, m.Reason)
	}
	if c := w.cases()[0]; c.State != bot.Received {
		t.Errorf("the case is %s", c.State)
	}
	if diff := cmp.Diff([]string{"defects", "part_accepted"}, w.answers()); diff != "" {
		t.Error(diff)
	}
}

// A confirmation that does not go through leaves no half: mail and case end in one transaction.
func TestConfirmationIsAllOrNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	w.takes(letter{from: ctsv, codes: []string{"2153010001", "12"}})
	id := w.arrive(letter{from: ctsv, subject: "Re: x", refers: w.letters()[0].MessageID, text: "Đồng ý cấp phần hợp lệ."}.raw())[0]
	commits := 0
	w.db.Commit = func() error {
		if commits++; commits == 2 {
			return errCut
		}
		return nil
	}
	if err := w.in.Mail(t.Context(), id); !errors.Is(err, errCut) {
		t.Fatal(err)
	}
	if m := w.mail(id); m.Outcome != "" || w.cases()[0].State != bot.WaitingUnit || len(w.letters()) != 1 {
		t.Fatalf("half: mail %q, case %s", m.Outcome, w.cases()[0].State)
	}
	if err := w.in.Mail(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if m := w.mail(id); m.Outcome != store.IsFollowUp || w.cases()[0].State != bot.Received || len(w.letters()) != 2 {
		t.Errorf("again: mail %q, case %s", m.Outcome, w.cases()[0].State)
	}
}

// What a unit writes about a case and no program understands stands beside that case: "rút lại, chưa cấp" must be seen before
// anybody is served.
func TestWhatAPersonMustReadStandsBesideItsCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	first := w.takes(letter{from: ctsv, codes: []string{"2153010001"}})
	m := w.takes(letter{from: ctsv, subject: "Re: x", refers: w.letters()[0].MessageID, text: "Danh sách bị nhầm, xin rút lại đề nghị này, chưa cấp tài khoản."})
	if m.Outcome != store.Quarantined || m.CaseID != first.CaseID || w.cases()[0].State != bot.Received {
		t.Errorf("%s %s, case %d", m.Outcome, m.Reason, m.CaseID)
	}
}

func TestLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	for range 2 {
		if err := w.in.Lost(t.Context(), "INBOX", 7, 4, "no body"); err != nil {
			t.Fatal(err)
		}
	}
	if m := w.mails(); len(m) != 1 || m[0].Outcome != store.Quarantined || m[0].FiledAt.IsZero() {
		t.Errorf("%+v", m)
	}
	unknown, err := w.in.Unknown(t.Context(), "INBOX", 7, []uint32{4, 5})
	if err != nil || !cmp.Equal(unknown, []uint32{5}) {
		t.Errorf("unknown %v, %v", unknown, err)
	}
}

// Of a forwarded mail the forwarder is the sender: what he attaches or forwards is his request, and nobody is served because
// a mail of an entitled unit lies in his own.
func TestTheForwarderIsTheSender(t *testing.T) {
	t.Parallel()
	inner := func(from string) string {
		return "--x\r\nContent-Type: message/rfc822\r\n\r\n" + string(letter{from: from, codes: []string{"2153010001"}}.raw()) + "\r\n"
	}
	inline := "---------- Forwarded message ---------\r\nFrom: Ai do <" + stranger + ">\r\nSubject: danh sach\r\n\r\nxin rut de nghi"
	for name, tt := range map[string]struct {
		l       letter
		outcome store.Outcome
		unit    string
	}{
		"a unit forwards a stranger's mail":       {letter{from: ctsv, subject: "Fwd: danh sach", text: "De nghi cap.\r\n" + inner(stranger)}, store.IsCase, "CTSV"},
		"a unit forwards another unit's mail":     {letter{from: ctsv, subject: "Fwd: danh sach", text: "De nghi cap.\r\n" + inner(dtsdh)}, store.IsCase, "CTSV"},
		"a unit forwards inline":                  {letter{from: ctsv, subject: "Fwd: danh sach", text: inline, codes: []string{"2153010001"}}, store.IsCase, "CTSV"},
		"a stranger forwards a unit's mail":       {letter{from: stranger, subject: "Fwd: danh sach", text: inner(ctsv)}, store.Quarantined, ""},
		"a unit's mail, forwarded without login":  {letter{from: ctsv, login: "none", subject: "Fwd: danh sach", text: inner(ctsv)}, store.Quarantined, ""},
		"a stranger forwards inline in the words": {letter{from: stranger, text: strings.ReplaceAll(inline, stranger, ctsv), codes: []string{"2153010001"}}, store.Quarantined, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, storetest.SQLite(t))
			m := w.takes(tt.l)
			if m.Outcome != tt.outcome {
				t.Fatalf("%s %s", m.Outcome, m.Reason)
			}
			cases := w.cases()
			if tt.unit == "" {
				if len(cases)+len(w.letters()) > 0 {
					t.Errorf("%d cases, answers %v", len(cases), w.answers())
				}
				return
			}
			if len(cases) != 1 || cases[0].Unit != tt.unit || !cmp.Equal(w.codes(cases[0]), []string{"2153010001"}) {
				t.Errorf("%+v", cases)
			}
		})
	}
}
