package desk_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/desk"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

var (
	lan  = bot.Officer{ID: "lan", Name: "Lê Thị Lan"}
	minh = bot.Officer{ID: "minh", Name: "Trần Văn Minh", Approver: true}
	ctsv = bot.Unit{ID: "CTSV", Name: "Phòng Công tác sinh viên", Addresses: []string{"ctsv@truong.example"}}
	sdh  = bot.Unit{ID: "DTSDH", Name: "Phòng Đào tạo sau đại học", Addresses: []string{"dtsdh@truong.example"}}
)

// world is a desk on a real database; letters are not written.
type world struct {
	t        *testing.T
	db       *store.DB
	desk     *desk.Desk
	uid      uint32
	composed int
	unsealed int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, db: storetest.SQLite(t)}
	w.desk = &desk.Desk{DB: w.db, Units: []bot.Unit{ctsv, sdh}, Platform: "file",
		Due: func(from time.Time, days int) time.Time { return from.AddDate(0, 0, days) },
		UserName: func(code string) (string, string, error) {
			if code == "admin" {
				return "", "", errors.New("reserved")
			}
			return strings.ToLower(code), strings.ToLower(code) + "@sv.truong.example", nil
		},
		Compose: func(a bot.Answer) (store.Letter, error) {
			w.composed++
			return store.Letter{Step: a.Step, MessageID: "<" + strings.ReplaceAll(a.Step, " ", ".") + "@truong.example>", Kind: string(a.Kind), CaseID: a.Case.ID,
				To: a.Unit.Addresses[0], Raw: []byte(a.Step)}, nil
		}}
	return w
}

func (w *world) write(f func(ctx context.Context, tx *store.Tx) error) {
	w.t.Helper()
	if err := w.db.Write(w.t.Context(), func(tx *store.Tx) error { return f(w.t.Context(), tx) }); err != nil {
		w.t.Fatal(err)
	}
}

func look[T any](w *world, f func(ctx context.Context, tx *store.Tx) (T, error)) T {
	w.t.Helper()
	var v T
	err := w.db.Read(w.t.Context(), func(tx *store.Tx) (err error) {
		v, err = f(w.t.Context(), tx)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

// opens opens a case; a code that begins with "!" is a bad row.
func (w *world) opens(unit bot.Unit, state bot.State, codes ...string) string {
	w.t.Helper()
	var number string
	w.write(func(ctx context.Context, tx *store.Tx) error {
		w.uid++
		if err := tx.AddMails(ctx, []store.NewMail{{Mailbox: "INBOX", UIDValidity: 7, UID: w.uid, ArrivedAt: tx.Now, Raw: fmt.Append(nil, w.uid)}}); err != nil {
			return err
		}
		mails, err := tx.Mails(ctx, "")
		if err != nil {
			return err
		}
		id := mails[len(mails)-1].ID
		if number, err = tx.KeepNumber(ctx, id, "YC"); err != nil {
			return err
		}
		c, err := tx.AddCase(ctx, bot.Case{Number: number, Procedure: bot.Procedure, Edition: bot.Edition, Kind: bot.AccountRequest, Unit: unit.ID,
			State: state, MailID: id, ReceivedAt: tx.Now})
		if err != nil {
			return err
		}
		return tx.SetRows(ctx, c.ID, rowsOf(codes), nil)
	})
	return number
}

func rowsOf(codes []string) []bot.Row {
	var rows []bot.Row
	for i, code := range codes {
		bare, bad := strings.CutPrefix(code, "!")
		rows = append(rows, bot.Row{N: i + 1, Code: bare, Name: "Nguyễn Văn An", OK: !bad})
	}
	return rows
}

func (w *world) find(number string) bot.Case {
	w.t.Helper()
	return look(w, func(ctx context.Context, tx *store.Tx) (bot.Case, error) { return tx.CaseByNumber(ctx, number) })
}

// letters lists the kinds of the letters of a case.
func (w *world) letters(number string) (kinds []string) {
	w.t.Helper()
	id := w.find(number).ID
	for _, l := range look(w, func(ctx context.Context, tx *store.Tx) ([]store.Letter, error) { return tx.Letters(ctx, id) }) {
		kinds = append(kinds, l.Kind)
	}
	return kinds
}

// says is what a unit's mail says about a case.
func (w *world) says(unit bot.Unit, number string, said desk.Said) error {
	w.t.Helper()
	return w.db.Write(w.t.Context(), func(tx *store.Tx) error {
		c, err := tx.CaseByNumber(w.t.Context(), number)
		if err != nil {
			return err
		}
		return w.desk.Confirm(w.t.Context(), tx, c, said, unit, 0)
	})
}

// corrects puts other rows in the place of a case's own, as a corrected list does.
func (w *world) corrects(number string, state bot.State, kind bot.AnswerKind, codes ...string) error {
	w.t.Helper()
	return w.db.Write(w.t.Context(), func(tx *store.Tx) error {
		ctx := w.t.Context()
		c, err := tx.CaseByNumber(ctx, number)
		if err != nil {
			return err
		}
		if c, err = w.desk.Reopen(ctx, tx, c); err != nil {
			return err
		}
		c.State = state
		if c, err = tx.SaveCase(ctx, c); err != nil {
			return err
		}
		if err := tx.SetRows(ctx, c.ID, rowsOf(codes), nil); err != nil {
			return err
		}
		step := fmt.Sprintf("%s %d", number, c.Version)
		_, err = tx.AddLetter(ctx, store.Letter{Step: step, MessageID: "<" + step + ">", Kind: string(kind), CaseID: c.ID, Raw: []byte("x")})
		return err
	})
}

func (w *world) must(_ bot.Case, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) plans(numbers ...string) store.StoredPlan {
	w.t.Helper()
	p, err := w.desk.MakePlan(w.t.Context(), "officer:lan", numbers)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) plan(p store.StoredPlan) store.StoredPlan {
	w.t.Helper()
	return look(w, func(ctx context.Context, tx *store.Tx) (store.StoredPlan, error) { return tx.Plan(ctx, p.ID) })
}

// brings takes a new case to a state, the way there.
func (w *world) brings(unit bot.Unit, state bot.State, code string) string {
	w.t.Helper()
	if state == bot.WaitingUnit {
		return w.opens(unit, state, code, "!x")
	}
	number := w.opens(unit, bot.Received, code)
	if state == bot.Received {
		return number
	}
	w.must(w.desk.Check(w.t.Context(), "officer:lan", number))
	if state == bot.InWork {
		return number
	}
	p := w.plans(number)
	if _, err := w.desk.ApprovePlan(w.t.Context(), minh, p.Number, p.Hash); err != nil {
		w.t.Fatal(err)
	}
	for _, next := range []bot.State{bot.Created, bot.Delivered, bot.ReceivedByUnit, bot.HandedOver, bot.Closed} {
		if w.find(number).State == state {
			break
		}
		w.write(func(ctx context.Context, tx *store.Tx) error {
			c, err := tx.CaseByNumber(ctx, number)
			if err != nil {
				return err
			}
			c.State = next
			_, err = tx.SaveCase(ctx, c)
			return err
		})
	}
	return number
}

// Check and approval come in either order; only with both the creation starts.
func TestCheckAndPlanInEitherOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	checkedFirst, plannedFirst := w.opens(ctsv, bot.Received, "2153010001"), w.opens(sdh, bot.Received, "2153010002")
	var woken []store.Job
	w.db.Enqueue = func(_ context.Context, _ *store.Tx, jobs []store.Job) error {
		woken = append(woken, jobs...)
		return nil
	}
	w.must(w.desk.Check(t.Context(), "officer:lan", checkedFirst))
	p := w.plans(plannedFirst, checkedFirst) // in the order in which they are named
	if _, err := w.desk.ApprovePlan(t.Context(), minh, p.Number, p.Hash); err != nil {
		t.Fatal(err)
	}
	if a, b := w.find(checkedFirst), w.find(plannedFirst); a.State != bot.Creating || b.State != bot.InWork || len(woken) != 1 || woken[0] != (store.Job{Kind: "create", ID: a.ID}) {
		t.Errorf("%s, %s, woken %v", a.State, b.State, woken)
	}
	w.must(w.desk.Check(t.Context(), "officer:lan", plannedFirst))
	if b := w.find(plannedFirst); b.State != bot.Creating || b.Checked.By != "officer:lan" || b.Planned.By != "officer:minh" || len(woken) != 2 {
		t.Errorf("%+v, woken %v", b, woken)
	}
	if _, err := w.desk.Check(t.Context(), "officer:lan", plannedFirst); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("checked twice: %v", err)
	}
}

func TestWhoMayApproveWhat(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		office bool
		who    bot.Officer
		hash   string
		want   bot.Code
	}{
		{name: "another person", who: minh},
		{name: "who may not approve", who: bot.Officer{ID: "binh"}, want: bot.Forbidden},
		{name: "the maker", who: bot.Officer{ID: "lan", Approver: true}, want: bot.Forbidden},
		{name: "the maker in an office of one", office: true, who: bot.Officer{ID: "lan", Approver: true}},
		{name: "a maker who may not approve in an office of one", office: true, who: lan, want: bot.Forbidden},
		{name: "another hash", who: minh, hash: strings.Repeat("0", 64), want: bot.Conflict},
		{name: "no hash", who: minh, hash: "none", want: bot.Conflict},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.desk.OfficeOfOne = tt.office
			number := w.opens(ctsv, bot.Received, "2153010001")
			w.must(w.desk.Check(t.Context(), "officer:lan", number))
			p := w.plans(number)
			hash := p.Hash
			if tt.hash != "" {
				hash = strings.TrimPrefix(tt.hash, "none")
			}
			_, err := w.desk.ApprovePlan(t.Context(), tt.who, p.Number, hash)
			state := w.find(number).State
			if bot.ErrorCode(err) != tt.want || (err == nil) != (state == bot.Creating) || (err == nil) != w.plan(p).Approved.Done() {
				t.Errorf("%v; the case is %s", err, state)
			}
			if err == nil {
				if _, err = w.desk.ApprovePlan(t.Context(), tt.who, p.Number, hash); bot.ErrorCode(err) != bot.Conflict {
					t.Errorf("approved twice: %v", err)
				}
			}
		})
	}
}

func TestWhatCannotBePlanned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	planned := w.opens(ctsv, bot.Received, "2153010001")
	w.plans(planned)
	for name, numbers := range map[string][]string{
		"a case in a plan":              {planned},
		"a case with open defects":      {w.opens(ctsv, bot.WaitingUnit, "2153010002", "!x")},
		"the same case twice":           {w.opens(ctsv, bot.Received, "2153010003")},
		"a code that gives no address":  {w.opens(ctsv, bot.Received, "admin")},
		"a case that is not there":      {"YC-2026-9999"},
		"nothing":                       {},
		"a case without any person":     {w.opens(ctsv, bot.Received)},
		"two people with one address":   {w.opens(ctsv, bot.Received, "2153010004"), w.opens(sdh, bot.Received, "2153010004")},
		"a case that was withdrawn":     {w.opens(ctsv, bot.Withdrawn, "2153010005")},
		"a case with another beside it": {w.opens(ctsv, bot.Received, "2153010006"), planned},
	} {
		if name == "the same case twice" {
			numbers = append(numbers, numbers[0])
		}
		if p, err := w.desk.MakePlan(t.Context(), "officer:lan", numbers); err == nil {
			t.Errorf("%s is planned: %+v", name, p.Items)
		}
	}
	if plans := look(w, func(ctx context.Context, tx *store.Tx) ([]store.StoredPlan, error) { return tx.Plans(ctx) }); len(plans) != 1 {
		t.Errorf("%d plans are there", len(plans))
	}
}

// What changes drops a plan that waits for approval; one that changed unseen cannot be approved.
func TestAPlanHoldsExactlyWhatWasFrozen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.opens(ctsv, bot.Received, "2153010001"), w.opens(sdh, bot.Received, "2153010002")
	p := w.plans(a, b)
	if err := w.corrects(a, bot.Received, bot.Acknowledged, "2153010009"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk.ApprovePlan(t.Context(), minh, p.Number, p.Hash); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("a dropped plan: %v", err)
	}
	if left := w.find(b); left.PlanID != 0 || left.State != bot.InWork {
		t.Errorf("the other case: %+v", left)
	}
	dropped := func(number string) bool {
		id := w.find(number).ID
		return slices.ContainsFunc(look(w, func(ctx context.Context, tx *store.Tx) ([]bot.Event, error) { return tx.Events(ctx, id) }),
			func(e bot.Event) bool { return e.What == "plan_dropped" && e.Detail["because"] == a })
	}
	if !dropped(a) || !dropped(b) {
		t.Error("the history of a case does not say that its plan was dropped")
	}

	p = w.plans(b, a)
	w.write(func(ctx context.Context, tx *store.Tx) error { // behind the desk's back
		r, err := tx.Row(ctx, w.find(b).ID, 1)
		if err != nil {
			return err
		}
		r.OK = false
		return tx.SaveRow(ctx, r)
	})
	if _, err := w.desk.ApprovePlan(t.Context(), minh, p.Number, p.Hash); bot.ErrorCode(err) != bot.Conflict || w.plan(p).Approved.Done() {
		t.Errorf("a plan whose rows changed: %v", err)
	}
}

// A case of an approved plan that is corrected before it is checked leaves the plan; the others go on.
func TestCorrectedAfterApproval(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.opens(ctsv, bot.Received, "2153010001"), w.opens(sdh, bot.Received, "2153010002")
	p := w.plans(a, b)
	if _, err := w.desk.ApprovePlan(t.Context(), minh, p.Number, p.Hash); err != nil {
		t.Fatal(err)
	}
	if err := w.corrects(a, bot.Received, bot.Acknowledged, "2153010009"); err != nil {
		t.Fatal(err)
	}
	w.must(w.desk.Check(t.Context(), "officer:lan", a))
	w.must(w.desk.Check(t.Context(), "officer:lan", b))
	if x, y := w.find(a), w.find(b); x.State != bot.InWork || x.Planned.Done() || x.PlanID != 0 || y.State != bot.Creating {
		t.Errorf("corrected: %+v; the other is %s", x, y.State)
	}
	if err := w.corrects(b, bot.Received, bot.Acknowledged, "2153010008"); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("corrected while creating: %v", err)
	}
}

func TestWithdrawInEachState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, state := range []bot.State{bot.Received, bot.WaitingUnit, bot.InWork, bot.Creating, bot.Created, bot.Delivered, bot.ReceivedByUnit, bot.HandedOver, bot.Closed} {
		early := i < 3
		for who, withdraw := range map[string]func(number string) error{
			"the unit": func(number string) error { return w.says(ctsv, number, desk.SaidWithdraw) },
			"an officer": func(number string) error {
				_, err := w.desk.Withdraw(t.Context(), "officer:lan", number, "nhầm")
				return err
			},
		} {
			number := w.brings(ctsv, state, fmt.Sprintf("215301%d%d", i, len(who)))
			err := withdraw(number)
			if got := w.find(number).State; early && (err != nil || got != bot.Withdrawn) || !early && (bot.ErrorCode(err) != bot.Conflict || got != state) {
				t.Errorf("%s withdraws a case that is %s: %v, now %s", who, state, err, got)
			}
			if !early {
				continue
			}
			if err := withdraw(number); err != nil && bot.ErrorCode(err) != bot.Conflict {
				t.Errorf("%s withdraws twice: %v", who, err)
			}
			if diff := cmp.Diff([]string{"withdrawn"}, w.letters(number)); diff != "" {
				t.Errorf("%s withdraws twice a case that was %s:\n%s", who, state, diff)
			}
			if _, err := w.desk.MakePlan(t.Context(), "officer:lan", []string{number}); err == nil {
				t.Error("a withdrawn case is planned")
			}
		}
	}
}

// A unit that has left the configuration cannot be told; its case can still be ended.
func TestAUnitThatIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := w.opens(sdh, bot.Received, "2153010001")
	w.desk.Units = []bot.Unit{ctsv}
	if _, err := w.desk.Return(t.Context(), "officer:lan", number, "thiếu"); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("returned to nobody: %v", err)
	}
	w.must(w.desk.Withdraw(t.Context(), "officer:lan", number, "đơn vị đã giải thể"))
	if got := w.find(number); got.State != bot.Withdrawn || len(w.letters(number)) != 0 {
		t.Errorf("%s, letters %v", got.State, w.letters(number))
	}
}

func TestReturn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := w.brings(ctsv, bot.InWork, "2153010001")
	p := w.plans(number)
	if _, err := w.desk.Return(t.Context(), "officer:lan", number, ""); bot.ErrorCode(err) != bot.Invalid {
		t.Errorf("without a reason: %v", err)
	}
	w.must(w.desk.Return(t.Context(), "officer:lan", number, "chữ ký không đúng"))
	if c := w.find(number); c.State != bot.WaitingUnit || c.Checked.Done() || c.PlanID != 0 || !w.plan(p).Dropped {
		t.Errorf("%+v", c)
	}
	if _, err := w.desk.Return(t.Context(), "officer:lan", w.brings(ctsv, bot.Creating, "2153010002"), "x"); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("returned while creating: %v", err)
	}
}

func TestAcceptPart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := w.opens(ctsv, bot.WaitingUnit, "2153010001", "!x")
	if err := w.says(sdh, number, desk.SaidAcceptPart); bot.ErrorCode(err) != bot.Forbidden {
		t.Errorf("another unit: %v", err)
	}
	if err := w.says(ctsv, number, desk.SaidAcceptPart); err != nil || w.find(number).State != bot.Received {
		t.Fatalf("%v, %s", err, w.find(number).State)
	}
	if err := w.says(ctsv, number, desk.SaidAcceptPart); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("twice: %v", err)
	}
	if p := w.plans(number); len(p.Items) != 1 || p.Items[0].Code != "2153010001" {
		t.Errorf("planned: %+v", p.Items)
	}

	// After an officer's return the unit must send another list; then it may accept a part of that one.
	w.must(w.desk.Return(t.Context(), "officer:lan", number, "chữ ký không đúng"))
	if err := w.says(ctsv, number, desk.SaidAcceptPart); bot.ErrorCode(err) != bot.Conflict || w.find(number).State != bot.WaitingUnit {
		t.Errorf("after an officer's return: %v", err)
	}
	if err := w.corrects(number, bot.WaitingUnit, bot.Defects, "2153010002", "!y"); err != nil {
		t.Fatal(err)
	}
	if err := w.says(ctsv, number, desk.SaidAcceptPart); err != nil || w.find(number).State != bot.Received {
		t.Errorf("a part of the corrected list: %v", err)
	}

	for name, prepare := range map[string]func(tx *store.Tx, c bot.Case) error{
		"no good row": func(tx *store.Tx, c bot.Case) error {
			return tx.SetRows(t.Context(), c.ID, rowsOf([]string{"!x"}), nil)
		},
		"no letter": func(tx *store.Tx, c bot.Case) error {
			return tx.SetRows(t.Context(), c.ID, rowsOf([]string{"2153010003"}), []bot.Finding{{Rule: "FRM-01", Severity: bot.RejectRequest}})
		},
	} {
		number := w.opens(ctsv, bot.WaitingUnit, "2153010003", "!x")
		w.write(func(_ context.Context, tx *store.Tx) error { return prepare(tx, w.find(number)) })
		if err := w.says(ctsv, number, desk.SaidAcceptPart); bot.ErrorCode(err) != bot.Conflict {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReceiptAndHandOver(t *testing.T) {
	t.Parallel()
	for i, tt := range []struct {
		from bot.State
		said []desk.Said
		want bot.State
		code bot.Code
		told []string
	}{
		{from: bot.Delivered, said: []desk.Said{desk.SaidReceived}, want: bot.ReceivedByUnit},
		{from: bot.Delivered, said: []desk.Said{desk.SaidReceived, desk.SaidReceived}, want: bot.ReceivedByUnit},
		{from: bot.Delivered, said: []desk.Said{desk.SaidHandedOver}, want: bot.Closed, told: []string{"closing"}},
		{from: bot.Delivered, said: []desk.Said{desk.SaidReceived, desk.SaidHandedOver, desk.SaidHandedOver, desk.SaidReceived}, want: bot.Closed, told: []string{"closing"}},
		{from: bot.Created, said: []desk.Said{desk.SaidReceived}, want: bot.Created, code: bot.Conflict},
		{from: bot.Received, said: []desk.Said{desk.SaidHandedOver}, want: bot.Received, code: bot.Conflict},
		{from: bot.InWork, said: []desk.Said{desk.SaidReceived}, want: bot.InWork, code: bot.Conflict},
		{from: bot.Delivered, said: []desk.Said{"?"}, want: bot.Delivered, code: bot.Invalid},
	} {
		t.Run(fmt.Sprintf("%d %s %v", i, tt.from, tt.said), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			number := w.brings(ctsv, tt.from, "2153010001")
			if err := w.says(sdh, number, tt.said[0]); bot.ErrorCode(err) != bot.Forbidden || w.find(number).State != tt.from {
				t.Errorf("another unit: %v", err)
			}
			var err error
			for _, said := range tt.said {
				err = errors.Join(err, w.says(ctsv, number, said))
			}
			if got := w.find(number).State; bot.ErrorCode(err) != tt.code || got != tt.want {
				t.Errorf("%v, now %s; want %s, %s", err, got, tt.code, tt.want)
			}
			if diff := cmp.Diff(tt.told, w.letters(number)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// created brings a case with sealed passwords to created: one row is made, the other met somebody else's account.
func (w *world) created() string {
	w.t.Helper()
	number := w.opens(ctsv, bot.Received, "2153010001", "2153010002")
	w.must(w.desk.Check(w.t.Context(), "officer:lan", number))
	p := w.plans(number)
	if _, err := w.desk.ApprovePlan(w.t.Context(), minh, p.Number, p.Hash); err != nil {
		w.t.Fatal(err)
	}
	w.write(func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.CaseByNumber(ctx, number)
		if err != nil {
			return err
		}
		rows, err := tx.Rows(ctx, c.ID)
		if err != nil {
			return err
		}
		rows[0].State, rows[0].Address = bot.RowCreated, "2153010001@sv.truong.example"
		rows[1].State, rows[1].OK = bot.RowBad, false
		for _, r := range rows {
			if err := errors.Join(tx.SaveRow(ctx, r), tx.KeepSecret(ctx, c.ID, r.N, fmt.Appendf(nil, "sealed %d", r.N))); err != nil {
				return err
			}
		}
		c.State = bot.Created
		_, err = tx.SaveCase(ctx, c)
		return err
	})
	return number
}

func (w *world) unseal() desk.Unseal {
	return desk.Unseal{Label: func(number string, n int) string { return fmt.Sprintf("%s row %d", number, n) },
		Open: func(sealed []byte, _ string) ([]byte, error) {
			w.unsealed++
			return []byte("plain of " + string(sealed)), nil
		}}
}

func TestDeliver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := w.created()
	id := w.find(number).ID
	compose := w.desk.Compose
	var given []bot.NewAccount
	w.desk.Compose = func(a bot.Answer) (store.Letter, error) { given = a.Accounts; return compose(a) }
	for range 3 { // each minute, while the answer waits for its server
		if err := w.desk.Deliver(t.Context(), w.unseal(), id); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"delivered"}, w.letters(number)); diff != "" || len(given) != 1 || string(given[0].Password) != "plain of sealed 1" || given[0].User != "2153010001" {
		t.Errorf("given %+v\n%s", given, diff)
	}
	if w.unsealed != 1 || w.composed != 1 {
		t.Errorf("passwords were unsealed %d times, the letter was written %d times", w.unsealed, w.composed)
	}
	if c := w.find(number); c.State != bot.Created {
		t.Errorf("%s before the server has taken the letter", c.State)
	}

	for range 2 {
		w.write(func(ctx context.Context, tx *store.Tx) error {
			return w.desk.Sent(ctx, tx, store.Letter{CaseID: id, Kind: string(bot.CredentialsOf)})
		})
	}
	secrets := look(w, func(ctx context.Context, tx *store.Tx) (map[int][]byte, error) { return tx.Secrets(ctx, id) })
	rows := look(w, func(ctx context.Context, tx *store.Tx) ([]bot.CaseRow, error) { return tx.Rows(ctx, id) })
	if w.find(number).State != bot.Delivered || len(secrets) != 0 || rows[0].State != bot.RowDelivered || rows[1].State != bot.RowBad {
		t.Errorf("%s, %d secrets left, rows %s and %s", w.find(number).State, len(secrets), rows[0].State, rows[1].State)
	}
	if err := w.desk.Deliver(t.Context(), w.unseal(), id); err != nil || w.unsealed != 1 {
		t.Errorf("delivered again: %v", err)
	}

	for range 3 { // each minute, when the day has passed
		if err := w.desk.Remind(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"delivered", "reminder"}, w.letters(number)); diff != "" || w.composed != 2 {
		t.Errorf("%d letters were written:\n%s", w.composed, diff)
	}
}

// Another letter that was sent moves nothing.
func TestSentOfAnotherKind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := w.created()
	w.write(func(ctx context.Context, tx *store.Tx) error {
		return w.desk.Sent(ctx, tx, store.Letter{CaseID: w.find(number).ID, Kind: string(bot.Acknowledged)})
	})
	if c := w.find(number); c.State != bot.Created {
		t.Error(c.State)
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := w.brings(ctsv, bot.Creating, "2153010001")
	e, err := w.desk.Explain(t.Context(), number, 1)
	if err != nil || e.Row.Code != "2153010001" || e.Plan == nil || len(e.Plan.Items) != 1 || e.Plan.Approved.By != "officer:minh" || len(e.Events) < 4 {
		t.Errorf("%v: %+v", err, e)
	}
	if _, err := w.desk.Explain(t.Context(), number, 2); bot.ErrorCode(err) != bot.NotFound {
		t.Errorf("a row that is not there: %v", err)
	}
}
