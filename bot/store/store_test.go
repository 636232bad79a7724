package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// The conformance suite: what the store promises, on both databases.
func TestSQLite(t *testing.T) {
	t.Parallel()
	conformance(t, storetest.SQLite)
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	conformance(t, storetest.Postgres(t).Open)
}

func conformance(t *testing.T, open func(testing.TB) *store.DB) {
	for name, test := range map[string]func(*testing.T, *store.DB){
		"a mail is known once":                   mailOnce,
		"a case is found by what a reply bears":  caseFound,
		"a confirmation is used once":            confirmations,
		"a mail ends once":                       mailEndsOnce,
		"a quarantined mail is taken back":       mailRetried,
		"a UID that is used again is no mail":    uidReused,
		"numbers have no gap and no double":      numbers,
		"a case keeps its rows and findings":     caseRoundTrip,
		"a stale version is refused":             staleVersion,
		"only drawn arrows":                      arrows,
		"creating needs check and plan":          creatingNeedsBoth,
		"known codes":                            known,
		"an account is entered once":             accountOnce,
		"a sealed password is kept once":         secretOnce,
		"a step is answered once":                answerOnce,
		"a letter is in one pair of hands":       claims,
		"urgent letters go first":                urgencyFirst,
		"the provider's limits are kept":         paceIsKept,
		"processes share the connections":        connectionsAreShared,
		"a server that has enough is left alone": rests,
		"credentials are not repeated":           onceIsOnce,
		"a letter has one owner":                 notMine,
		"late letters are told once":             late,
		"a report meets a try under way":         bounceWhileSending,
		"the clock is set back":                  clockSetBack,
		"foreign texts are stored":               foreignTexts,
		"the salt is kept":                       saltIsKept,
		"a number is kept once":                  numberKept,
		"times keep their microseconds in UTC":   times,
		"an error rolls everything back":         rollback,
		"a job commits with its state":           jobs,
		"one may be alone":                       alone,
		"a dropped plan frees its cases":         droppedPlan,
		"two writers never lose an update":       concurrentWriters,
		"the same mail again is found":           twins,
		"events keep their order and detail":     events,
		"rows of made accounts are not replaced": madeRows,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func write(t *testing.T, db *store.DB, f func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	storetest.Write(t, db, f)
}

func tryWrite(t *testing.T, db *store.DB, f func(ctx context.Context, tx *store.Tx) error) error {
	t.Helper()
	return db.Write(t.Context(), func(tx *store.Tx) error { return f(t.Context(), tx) })
}

func read[T any](t *testing.T, db *store.DB, f func(ctx context.Context, tx *store.Tx) (T, error)) T {
	t.Helper()
	return storetest.Read(t, db, f)
}

func aMail(uid uint32) store.NewMail {
	return store.NewMail{Mailbox: "INBOX", UIDValidity: 7, UID: uid, ArrivedAt: time.UnixMicro(1_800_000_000_000_123), Size: 20,
		Raw: fmt.Appendf(nil, "Subject: %d\r\n\r\nbody %d\r\n", uid, uid)}
}

// addMail puts one mail into the journal and returns its id.
func addMail(t *testing.T, db *store.DB, m store.NewMail) int64 {
	t.Helper()
	write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.AddMails(ctx, []store.NewMail{m}) })
	for _, got := range read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.Mail, error) { return tx.Mails(ctx, "") }) {
		if got.Mailbox == m.Mailbox && got.UIDValidity == m.UIDValidity && got.UID == m.UID {
			return got.ID
		}
	}
	t.Fatal("the mail is not in the journal")
	return 0
}

// addCase opens a case with rows for codes.
func addCase(t *testing.T, db *store.DB, uid uint32, codes ...string) bot.Case {
	t.Helper()
	id := addMail(t, db, aMail(uid))
	var c bot.Case
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		number, err := tx.KeepNumber(ctx, id, "YC")
		if err != nil {
			return err
		}
		c, err = tx.AddCase(ctx, bot.Case{Number: number, Procedure: bot.Procedure, Edition: "01", Kind: bot.AccountRequest, Unit: "CTSV",
			State: bot.Received, MailID: id, ReceivedAt: time.UnixMicro(1_800_000_000_000_123).UTC()})
		if err != nil {
			return err
		}
		var rows []bot.Row
		for i, code := range codes {
			rows = append(rows, bot.Row{N: i + 1, Code: code, Name: "Nguyễn Văn An", Cells: map[string]string{"code": "B8"}, OK: true})
		}
		return tx.SetRows(ctx, c.ID, rows, nil)
	})
	return c
}

func numbers(t *testing.T, db *store.DB) {
	year := time.Now().Add(7 * time.Hour).UTC().Year()
	for i := range 3 {
		id := addMail(t, db, aMail(uint32(i+1)))
		for range 2 { // a second try finds the same number
			var number string
			write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
				number, err = tx.KeepNumber(ctx, id, "YC")
				return err
			})
			if want := fmt.Sprintf("YC-%d-%04d", year, i+1); number != want {
				t.Errorf("number %s, want %s", number, want)
			}
		}
	}
}

func caseRoundTrip(t *testing.T, db *store.DB) {
	c := addCase(t, db, 1)
	rows := []bot.Row{
		{N: 1, STT: "1", Code: "2153010001", Name: "Trần Thị Bích", Class: "YA", Cohort: "K47", Monitor: true, File: "ds.xlsx", Sheet: "K47", Line: 8, Cells: map[string]string{"code": "B8"}, OK: true},
		{N: 2, Name: "H'Hen Niê", OK: false},
		{N: 3, Code: "2153010003", Name: "Lê", OK: true},
	}
	findings := []bot.Finding{
		{Rule: "FRM-05", Severity: bot.Warn},
		{Rule: "ROW-01", Severity: bot.RejectRow, N: 2, File: "ds.xlsx", Sheet: "K47", Cell: "B9", Args: map[string]string{"v": ""}},
		{Rule: "NAM-02", Severity: bot.Warn, N: 3, Value: "Lê"},
	}
	write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.SetRows(ctx, c.ID, rows, findings) })
	got := read(t, db, func(ctx context.Context, tx *store.Tx) ([]bot.CaseRow, error) { return tx.Rows(ctx, c.ID) })
	want := []bot.CaseRow{{Row: rows[0], CaseID: c.ID, State: bot.RowGood}, {Row: rows[1], CaseID: c.ID, State: bot.RowBad}, {Row: rows[2], CaseID: c.ID, State: bot.RowWarned}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	gotFindings := read(t, db, func(ctx context.Context, tx *store.Tx) ([]bot.Finding, error) { return tx.Findings(ctx, c.ID) })
	if diff := cmp.Diff(findings, gotFindings); diff != "" {
		t.Error(diff)
	}
	again := read(t, db, func(ctx context.Context, tx *store.Tx) (bot.Case, error) { return tx.CaseByNumber(ctx, c.Number) })
	if diff := cmp.Diff(c, again); diff != "" {
		t.Error(diff)
	}
}

func staleVersion(t *testing.T, db *store.DB) {
	c := addCase(t, db, 1)
	mine, theirs := c, c
	mine.State = bot.WaitingUnit
	write(t, db, func(ctx context.Context, tx *store.Tx) error { _, err := tx.SaveCase(ctx, mine); return err })
	theirs.State = bot.InWork
	err := tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error { _, err := tx.SaveCase(ctx, theirs); return err })
	if bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("a stale version was saved: %v", err)
	}
}

func arrows(t *testing.T, db *store.DB) {
	c := addCase(t, db, 1)
	c.State = bot.Closed
	c.Checked, c.Planned = bot.Stamp{At: time.Now(), By: "a"}, bot.Stamp{At: time.Now(), By: "b"}
	err := tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error { _, err := tx.SaveCase(ctx, c); return err })
	if bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("received → closed was allowed: %v", err)
	}
}

func creatingNeedsBoth(t *testing.T, db *store.DB) {
	c := addCase(t, db, 1)
	c.State, c.Checked = bot.InWork, bot.Stamp{At: time.Now(), By: "officer:lan"}
	write(t, db, func(ctx context.Context, tx *store.Tx) (err error) { c, err = tx.SaveCase(ctx, c); return err })
	c.State = bot.Creating
	if err := tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error { _, err := tx.SaveCase(ctx, c); return err }); err == nil {
		t.Error("a case without an approved plan began to be created")
	}
}

func known(t *testing.T, db *store.DB) {
	open := addCase(t, db, 1, "2153010001", "2153010002")
	made := addCase(t, db, 2, "2153010003")
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		return tx.AddAccount(ctx, bot.CaseRow{CaseID: made.ID, Row: bot.Row{N: 1, Code: "2153010003", Name: "Trần"}, Address: "2153010003@sv.truong.example", Platform: "file"})
	})
	got := read(t, db, func(ctx context.Context, tx *store.Tx) (map[string][]bot.Existing, error) {
		return tx.Known(ctx, []string{"2153010001", "2153010003", "2153019999"}, made.ID)
	})
	if len(got) != 2 || got["2153010001"][0].Case != open.Number || got["2153010003"][0].Address != "2153010003@sv.truong.example" {
		t.Errorf("known: %+v", got)
	}
	none := read(t, db, func(ctx context.Context, tx *store.Tx) (map[string][]bot.Existing, error) {
		return tx.Known(ctx, []string{"2153010001"}, open.ID)
	})
	if len(none) != 0 {
		t.Errorf("a case must not know its own codes: %+v", none)
	}
}

func accountOnce(t *testing.T, db *store.DB) {
	c := addCase(t, db, 1, "2153010001")
	row := bot.CaseRow{CaseID: c.ID, Row: bot.Row{N: 1, Code: "2153010001"}, Address: "2153010001@sv.truong.example", Platform: "file"}
	for range 2 { // said twice by the same row: harmless
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.AddAccount(ctx, row) })
	}
	row.N = 2
	err := tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.AddAccount(ctx, row) })
	if bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("one code got two accounts: %v", err)
	}
	row.Code = "2153010002"
	if err := tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.AddAccount(ctx, row) }); err == nil {
		t.Error("one address was given twice")
	}
}

func secretOnce(t *testing.T, db *store.DB) {
	c := addCase(t, db, 1, "2153010001")
	for _, sealed := range []string{"first", "second"} {
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.KeepSecret(ctx, c.ID, 1, []byte(sealed)) })
	}
	get := func() map[int][]byte {
		return read(t, db, func(ctx context.Context, tx *store.Tx) (map[int][]byte, error) { return tx.Secrets(ctx, c.ID) })
	}
	if got := get(); string(got[1]) != "first" {
		t.Errorf("kept %q, want the first", got[1])
	}
	write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.ForgetSecrets(ctx, c.ID) })
	if got := get(); len(got) != 0 {
		t.Errorf("not forgotten: %d", len(got))
	}
}

func answerOnce(t *testing.T, db *store.DB) {
	c := addCase(t, db, 1)
	letter := store.Letter{Step: c.Number + " acknowledged", MessageID: "<a@truong.example>", Kind: "acknowledged", CaseID: c.ID, To: "ctsv@truong.example", Subject: "s", Raw: []byte("raw")}
	var added []bool
	for i := range 2 {
		letter.MessageID = fmt.Sprintf("<%d@truong.example>", i)
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			ok, err := tx.AddLetter(ctx, letter)
			added = append(added, ok)
			return err
		})
	}
	if !added[0] || added[1] {
		t.Errorf("added %v", added)
	}
	due := read(t, db, func(ctx context.Context, tx *store.Tx) ([]int64, error) { return tx.Unsent(ctx, false) })
	if len(due) != 1 {
		t.Fatalf("%d answers due, want 1", len(due))
	}
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		_, mine, _, err := tx.NextLetter(ctx, tx.Now.Add(time.Hour), store.Pace{})
		if !mine {
			t.Error("the answer cannot be claimed")
		}
		return err
	})
	for later, want := range map[bool]int{false: 0, true: 1} {
		if ids := read(t, db, func(ctx context.Context, tx *store.Tx) ([]int64, error) { return tx.Unsent(ctx, later) }); len(ids) != want {
			t.Errorf("later %v: %d answers, want %d", later, len(ids), want)
		}
	}
	var ok bool
	found := read(t, db, func(ctx context.Context, tx *store.Tx) (bot.Case, error) {
		var k bot.Case
		var err error
		k, ok, err = tx.CaseOfAnswer(ctx, "<0@truong.example>")
		return k, err
	})
	if !ok || found.ID != c.ID {
		t.Errorf("the case of the answer is %+v", found)
	}
}

func droppedPlan(t *testing.T, db *store.DB) {
	c := addCase(t, db, 1, "2153010001")
	var p store.StoredPlan
	write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
		if p, err = tx.AddPlan(ctx, store.StoredPlan{Plan: bot.Plan{Hash: "abc", Made: bot.Stamp{By: "officer:lan"}}, Frozen: []byte(`[]`)}); err != nil {
			return err
		}
		c.PlanID, c.State = p.ID, bot.InWork
		_, err = tx.SaveCase(ctx, c)
		return err
	})
	write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DropPlan(ctx, p.ID, "officer:lan", "x") })
	if err := tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.ApprovePlan(ctx, p.ID, "officer:minh", "abc", store.ByCommand)
		return err
	}); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("a dropped plan was approved: %v", err)
	}
	again := read(t, db, func(ctx context.Context, tx *store.Tx) (store.StoredPlan, error) { return tx.Plan(ctx, p.ID) })
	if !again.Dropped || again.DroppedBy != "officer:lan" || again.DroppedWhy != "x" || again.Format != bot.ItemsFormat {
		t.Errorf("%+v", again)
	}
}

func events(t *testing.T, db *store.DB) {
	c := addCase(t, db, 1)
	for _, what := range []string{"one", "two"} {
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			return tx.AddEvent(ctx, bot.Event{Actor: "officer:lan", Case: c.ID, What: what, Detail: map[string]string{"n": what}})
		})
	}
	got := read(t, db, func(ctx context.Context, tx *store.Tx) ([]bot.Event, error) { return tx.Events(ctx, c.ID) })
	if len(got) != 2 || got[0].What != "one" || got[1].Detail["n"] != "two" || got[0].Actor != "officer:lan" || got[0].At.IsZero() {
		t.Errorf("events: %+v", got)
	}
}

func madeRows(t *testing.T, db *store.DB) {
	c := addCase(t, db, 1, "2153010001")
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		r, err := tx.Row(ctx, c.ID, 1)
		if err != nil {
			return err
		}
		r.State = bot.RowCreated
		return tx.SaveRow(ctx, r)
	})
	err := tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.SetRows(ctx, c.ID, nil, nil) })
	if bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("rows with accounts were replaced: %v", err)
	}
}

func TestOpenNamesTheTrouble(t *testing.T) {
	t.Parallel()
	_, err := store.Open(t.Context(), "postgres://vanthu:geheim@127.0.0.1:1/none?connect_timeout=2", "", time.Now)
	if err == nil {
		t.Fatal("opened")
	}
	if strings.Contains(err.Error(), "geheim") {
		t.Errorf("the error shows the password: %v", err)
	}
}
