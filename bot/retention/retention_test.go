package retention_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/audit"
	"vanthu/bot/retention"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

const canary = "Canary Thị Hoàng Yến" // must be gone

var (
	lan  = bot.Officer{ID: "lan"}
	minh = bot.Officer{ID: "minh", Approver: true}
	hoa  = bot.Officer{ID: "hoa", Approver: true}
)

// An office of the past: cases that ended, and one that did not.
type office struct {
	t    *testing.T
	db   *store.DB
	dsn  string
	now  time.Time
	keep *retention.Keeper
	uid  uint32
	held map[string]bool
}

func newOffice(t *testing.T, db *store.DB, dsn string) *office {
	o := &office{t: t, db: db, dsn: dsn, now: time.Date(2026, 12, 7, 2, 0, 0, 0, time.UTC), held: map[string]bool{}}
	db.Now = func() time.Time { o.now = o.now.Add(time.Second); return o.now }
	o.keep = &retention.Keeper{DB: db, CaseYears: 5, FilesMonths: 12, RegisterYears: 5, Actor: func(f bot.Officer) bot.Actor { return bot.Actor("officer:" + f.ID) },
		Held: func(_ context.Context, _ *store.Tx, codes []string) (map[string]bool, error) {
			held := map[string]bool{}
			for _, c := range codes {
				if o.held[c] {
					held[c] = true
				}
			}
			return held, nil
		}}
	return o
}

// opens makes a case with everything that one has, in a state.
func (o *office) opens(code string, states ...bot.State) bot.Case {
	o.t.Helper()
	var c bot.Case
	storetest.Write(o.t, o.db, func(ctx context.Context, tx *store.Tx) error {
		o.uid++
		if err := tx.AddMails(ctx, []store.NewMail{{Mailbox: "INBOX", UIDValidity: 7, UID: o.uid, ArrivedAt: tx.Now, Raw: fmt.Appendf(nil, "Subject: %d\r\n\r\n%s", o.uid, canary)}}); err != nil {
			return err
		}
		id := int64(o.uid)
		number, err := tx.KeepNumber(ctx, id, "YC")
		if err != nil {
			return err
		}
		if c, err = tx.AddCase(ctx, bot.Case{Number: number, Procedure: bot.Procedure, Edition: "01", Kind: bot.AccountRequest, Unit: "CTSV", State: bot.Received, MailID: id, ReceivedAt: tx.Now, Signer: canary}); err != nil {
			return err
		}
		if _, err := tx.EndMail(ctx, id, store.IsCase, "queue", "Done", c.ID); err != nil {
			return err
		}
		if err := tx.SetRows(ctx, c.ID, []bot.Row{{N: 1, Code: code, Name: canary, Class: "YK52A", Note: canary, OK: true}}, []bot.Finding{{Rule: "ROW-12", Severity: bot.Warn, N: 1, Value: canary}}); err != nil {
			return err
		}
		if _, err := tx.AddLetter(ctx, store.Letter{Step: number, MessageID: "<" + number + "@x>", Kind: "acknowledged", CaseID: c.ID, MailID: id, To: "a@x.example", Raw: []byte(canary)}); err != nil {
			return err
		}
		plan := bot.Plan{Kind: bot.PlanCreate, Needs: 1, Made: bot.Stamp{By: "officer:lan"}, Items: []bot.PlanItem{{CaseID: c.ID, Case: number, N: 1, Code: code, Name: canary, Action: "create"}}}
		frozen, hash, err := plan.Freeze()
		if err != nil {
			return err
		}
		plan.Hash = hash
		if _, err := tx.AddPlan(ctx, store.StoredPlan{Plan: plan, Frozen: frozen}); err != nil {
			return err
		}
		n, err := tx.KeepNotice(ctx, c.ID, number+" delivered")
		if err != nil {
			return err
		}
		if err := tx.SaveNotice(ctx, c.ID, n, []byte(canary)); err != nil {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: "unit:CTSV", Case: c.ID, What: "case_received", Detail: map[string]string{"said": canary}})
	})
	storetest.Write(o.t, o.db, func(ctx context.Context, tx *store.Tx) error {
		l, ok, _, err := tx.NextLetter(ctx, tx.Now.Add(time.Hour), store.Pace{})
		if err != nil || !ok {
			return errors.Join(err, fmt.Errorf("no letter: %v", ok))
		}
		l.State = store.LetterSent
		return tx.EndTry(ctx, l, "sent")
	})
	for _, s := range states {
		storetest.Write(o.t, o.db, func(ctx context.Context, tx *store.Tx) (err error) {
			c.State = s
			c, err = tx.SaveCase(ctx, c)
			return err
		})
	}
	return c
}

func (o *office) due() string {
	o.t.Helper()
	due, held, err := o.keep.Due(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	var all []string
	for _, i := range due {
		all = append(all, string(i.Kind)+" "+i.Case)
	}
	for _, i := range held {
		all = append(all, "held "+string(i.Kind)+" "+i.Case)
	}
	return strings.Join(all, ", ")
}

// whole says that journal and history hold.
func (o *office) whole(gone int) {
	o.t.Helper()
	torn := storetest.Read(o.t, o.db, func(ctx context.Context, tx *store.Tx) (store.Torn, error) { return tx.Torn(ctx) })
	if n := len(torn.NoBytes) + len(torn.NoCase) + len(torn.NoLetter) + len(torn.NoLetterBytes) + len(torn.NoMail); n > 0 {
		o.t.Errorf("it does not balance: %+v", torn)
	}
	c := audit.New(time.Time{}, nil)
	head, err := o.db.Links(o.t.Context(), 0, c.Add)
	if err != nil {
		o.t.Fatal(err)
	}
	r := c.End(head)
	r.Approved(storetest.Read(o.t, o.db, func(ctx context.Context, tx *store.Tx) ([]store.RetentionList, error) { return tx.RetentionLists(ctx) }))
	if err := errors.Join(o.db.EachFrozen(o.t.Context(), r.Plan), o.db.EachMail(o.t.Context(), r.Mail)); err != nil {
		o.t.Fatal(err)
	}
	for _, f := range r.Faults {
		o.t.Error(f.Says())
	}
	if r.Gone != gone {
		o.t.Errorf("%d events without detail, want %d", r.Gone, gone)
	}
}

// destroys makes, approves and carries out a list.
func (o *office) destroys() store.RetentionList {
	o.t.Helper()
	l, err := o.keep.Make(o.t.Context(), "officer:lan")
	if err != nil {
		o.t.Fatal(err)
	}
	if _, err := o.keep.Approve(o.t.Context(), minh, l.Number, l.Hash); err != nil {
		o.t.Fatal(err)
	}
	if l, err = o.keep.Destroy(o.t.Context(), "officer:lan", l.Number); err != nil {
		o.t.Fatal(err)
	}
	return l
}

func TestRetention(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, db *store.DB, dsn string) {
		o := newOffice(t, db, dsn)
		gone := o.opens("2153010001", bot.Withdrawn)
		o.opens("2153010002") // open
		o.opens("2153010003", bot.Withdrawn)
		o.held["2153010003"] = true
		if got := o.due(); got != "" {
			t.Errorf("at once: %s", got)
		}
		o.now = time.Date(2027, 12, 8, 2, 0, 0, 0, time.UTC)
		if got := o.due(); got != "files YC-2026-0001, held files YC-2026-0003" {
			t.Errorf("after a year: %s", got)
		}
		l, err := o.keep.Make(t.Context(), "officer:lan")
		if err != nil || l.Number != "TH-2027-0001" || strings.Contains(string(l.Frozen), canary) || strings.Contains(string(l.Frozen), "2153010001") {
			t.Fatalf("%+v %s, %v", l, l.Frozen, err)
		}
		if _, err := o.keep.Destroy(t.Context(), "officer:lan", l.Number); bot.ErrorCode(err) != bot.Conflict {
			t.Errorf("destroyed without approval: %v", err)
		}
		for who, refused := range map[bot.Officer]string{lan: l.Hash, {ID: "lan", Approver: true}: l.Hash, minh: strings.Repeat("0", 64)} {
			if _, err := o.keep.Approve(t.Context(), who, l.Number, refused); err == nil {
				t.Errorf("%+v may approve %s", who, refused)
			}
		}
		if _, err := o.keep.Approve(t.Context(), minh, l.Number, l.Hash); err != nil {
			t.Fatal(err)
		}
		if _, err := o.keep.Approve(t.Context(), hoa, l.Number, l.Hash); bot.ErrorCode(err) != bot.Conflict {
			t.Errorf("approved twice: %v", err)
		}
		if l, err = o.keep.Destroy(t.Context(), "officer:lan", l.Number); err != nil || l.Items[0].Destroyed.IsZero() || !l.Done.Done() {
			t.Fatalf("%+v, %v", l, err)
		}
		o.whole(0)
		if _, err := o.keep.Destroy(t.Context(), "officer:lan", l.Number); bot.ErrorCode(err) != bot.Conflict {
			t.Errorf("destroyed twice: %v", err)
		}
		if got := o.due(); got != "held files YC-2026-0003" {
			t.Errorf("then: %s", got)
		}
		// Five whole years after the year in which it ended.
		o.now = time.Date(2031, 12, 31, 16, 59, 0, 0, time.UTC)
		if got := o.due(); got != "held files YC-2026-0003" {
			t.Errorf("on the last day of the fifth year: %s", got)
		}
		o.now = time.Date(2031, 12, 31, 17, 0, 0, 0, time.UTC)
		if got := o.due(); got != "case YC-2026-0001, held files YC-2026-0003, held case YC-2026-0003" {
			t.Errorf("on the first day of the sixth year: %s", got)
		}
		o.destroys()
		o.whole(3) // case_received, notice_given, records_destroyed of the files
		rows := storetest.Read(t, db, func(ctx context.Context, tx *store.Tx) ([]bot.CaseRow, error) { return tx.Rows(ctx, gone.ID) })
		if len(rows) != 1 || rows[0].Name+rows[0].Code+rows[0].Note != "" || rows[0].Class != "YK52A" {
			t.Errorf("rows %+v", rows)
		}
		delete(o.held, "2153010003")
		o.destroys()
		o.whole(6)
		if got := o.due(); got != "" {
			t.Errorf("at the end: %s", got)
		}
	})
}

// Nothing of what was destroyed is left in the file of SQLite, and all of what was not.
func TestNothingIsLeftInTheFile(t *testing.T) {
	t.Parallel()
	name := t.TempDir() + "/vanthu.db"
	db, err := store.Open(t.Context(), "sqlite:"+name, "", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	o := newOffice(t, db, "sqlite:"+name)
	for i := range 5 {
		o.opens(fmt.Sprint(2153010000+i), bot.Withdrawn)
	}
	o.now = o.now.AddDate(7, 0, 0)
	if l := o.destroys(); len(l.Items) != 10 {
		t.Errorf("%d items", len(l.Items))
	}
	o.whole(15)
	db.Close()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{canary, "2153010001"} {
		if n := bytes.Count(data, []byte(secret)); n > 0 {
			t.Errorf("%q is in the file %d times", secret, n)
		}
	}
	if !bytes.Contains(data, []byte("YC-2026-0001")) {
		t.Error("its number is gone")
	}
}

// Killed between two items it is called again; who is held meanwhile stays.
func TestKilledHalfWay(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, db *store.DB, dsn string) {
		o := newOffice(t, db, dsn)
		for i := range 3 {
			o.opens(fmt.Sprint(2153010000+i), bot.Withdrawn)
		}
		o.now = o.now.AddDate(2, 0, 0)
		l, err := o.keep.Make(t.Context(), "officer:lan")
		if err != nil {
			t.Fatal(err)
		}
		if _, err = o.keep.Approve(t.Context(), minh, l.Number, l.Hash); err != nil {
			t.Fatal(err)
		}
		commits, killed := 0, errors.New("killed")
		db.Commit = func() error {
			if commits++; commits == 2 {
				return killed
			}
			return nil
		}
		if _, err := o.keep.Destroy(t.Context(), "officer:lan", l.Number); !errors.Is(err, killed) {
			t.Fatal(err)
		}
		db.Commit = nil
		o.held["2153010002"] = true
		if l, err = o.keep.Destroy(t.Context(), "officer:lan", l.Number); err != nil {
			t.Fatal(err)
		}
		var became []string
		for _, i := range l.Items {
			became = append(became, fmt.Sprint(!i.Destroyed.IsZero(), i.LeftWhy))
		}
		if got := strings.Join(became, ", "); got != "true, true, falseheld" && got != "true , true , false held" {
			t.Errorf("%s", got)
		}
		o.whole(0)
	})
}

// What comes to a case after its list was made is on no list: it is not destroyed by the approval of what was there before, and a mail
// that waits for an officer keeps its case.
func TestWhatCameLaterStays(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, db *store.DB, dsn string) {
		o := newOffice(t, db, dsn)
		c := o.opens("2153010001", bot.Withdrawn)
		o.now = o.now.AddDate(2, 0, 0)
		l, err := o.keep.Make(t.Context(), "officer:lan")
		if err != nil {
			t.Fatal(err)
		}
		if _, err = o.keep.Approve(t.Context(), minh, l.Number, l.Hash); err != nil {
			t.Fatal(err)
		}
		late := []byte("Subject: khiếu nại\r\n\r\nSao em không có tài khoản?")
		var id int64
		storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error {
			o.uid++
			if err := tx.AddMails(ctx, []store.NewMail{{Mailbox: "INBOX", UIDValidity: 7, UID: o.uid, ArrivedAt: tx.Now, Raw: late}}); err != nil {
				return err
			}
			id = int64(o.uid)
			_, err := tx.EndMail(ctx, id, store.Quarantined, "needs_person", "Quarantine", c.ID)
			return err
		})
		if got := o.due(); got != "" {
			t.Errorf("with a mail that waits for an officer: %s", got)
		}
		storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.HandleMail(ctx, id, "officer:lan") })
		if got := o.due(); got != "files YC-2026-0001" {
			t.Errorf("when it was handled: %s", got)
		}
		if l, err = o.keep.Destroy(t.Context(), "officer:lan", l.Number); err != nil || !l.Items[0].Destroyed.IsZero() || l.Items[0].LeftWhy != "changed" {
			t.Errorf("%+v, %v", l.Items, err)
		}
		storetest.Read(t, db, func(ctx context.Context, tx *store.Tx) (any, error) {
			m, err := tx.Mail(ctx, id)
			if err != nil {
				return nil, err
			}
			raw, err := tx.Raw(ctx, m.Hash)
			if !bytes.Equal(raw, late) {
				t.Errorf("the mail that nobody approved is gone: %q", raw)
			}
			return nil, err
		})
	})
}

// The database lets nobody take a detail away but by an approved list that names its case; with the triggers away it is found.
func TestDetailsStay(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, db *store.DB, dsn string) {
		o := newOffice(t, db, dsn)
		o.opens("2153010001", bot.Withdrawn)
		o.opens("2153010002", bot.Withdrawn)
		o.now = o.now.AddDate(7, 0, 0)
		o.held["2153010002"] = true
		l, err := o.keep.Make(t.Context(), "officer:lan") // of the first case alone, not approved
		if err != nil {
			t.Fatal(err)
		}
		take := fmt.Sprintf(`UPDATE events SET leaf = 'x', detail = '{}', salt = '', destroyed = %d WHERE what = 'case_received' AND case_id = `, l.ID)
		if err := storetest.Behind(t, dsn, take+"1"); err == nil {
			t.Error("taken without an approval")
		}
		if _, err := o.keep.Approve(t.Context(), minh, l.Number, l.Hash); err != nil {
			t.Fatal(err)
		}
		if err := storetest.Behind(t, dsn, take+"2"); err == nil {
			t.Error("taken of a case that is not on the list")
		}
		if err := storetest.Behind(t, dsn, strings.Replace(take, "salt = ''", "salt = '', actor = 'x'", 1)+"1"); err == nil {
			t.Error("taken with the actor")
		}
		storetest.Tamper(t, dsn, strings.Replace(take, fmt.Sprint("destroyed = ", l.ID), "destroyed = 99", 1)+"2")
		c := audit.New(time.Time{}, nil)
		head, err := db.Links(t.Context(), 0, c.Add)
		if err != nil {
			t.Fatal(err)
		}
		r := c.End(head)
		r.Approved([]store.RetentionList{{ID: l.ID, Approved: bot.Stamp{At: time.Now()}}})
		var said []string
		for _, f := range r.Faults {
			said = append(said, f.Says())
		}
		if got := strings.Join(said, "; "); !strings.Contains(got, "was changed: detail") || !strings.Contains(got, "no approved list says so") {
			t.Error(got)
		}
	})
}
