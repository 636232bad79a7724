package register_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/register"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
	"vanthu/parser/viet"
)

func key(name string) string {
	clean, _ := viet.Clean(name)
	return viet.ToneKey(clean)
}

func newRegister(db *store.DB) *register.Register {
	db.NameKey = key
	return &register.Register{DB: db, NameKey: key, Platform: "ldap"}
}

func of(accounts ...register.Account) register.Source {
	return func(_ context.Context, f func(register.Account) error) error {
		for _, a := range accounts {
			if err := f(a); err != nil {
				return err
			}
		}
		return nil
	}
}

func lines(t *testing.T, db *store.DB) (all []string) {
	t.Helper()
	for _, l := range storetest.Read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.RegisterLine, error) {
		return tx.RegisterAfter(ctx, "", 100)
	}) {
		all = append(all, strings.Join([]string{l.Code, l.User, l.Address, l.Name, string(l.State), l.Origin}, "|"))
	}
	return all
}

func told(all []register.Difference) (texts []string) {
	for _, d := range all {
		texts = append(texts, strings.TrimRight(strings.Join([]string{d.What, d.Code, d.Field, d.Register, d.There}, " "), " "))
	}
	return texts
}

// existing are the accounts of a platform before vanthu came.
var existing = []register.Account{
	{Code: "2153010001", User: "nvan", Address: "NVAn@sv.truong.example", Name: "Nguyễn Văn An", Class: "YBK47"},
	{Code: "2153010002", User: "tbhoa", Address: "tbhoa@sv.truong.example", Name: "Trần Bá Hoà", Class: "YBK47", State: bot.AccountSuspended},
	{Code: "2153010020", Address: "hoa2@sv.truong.example", Name: "trần bá hòa", Class: "yb k47"},           // maybe the one before: one class, and a code in which two digits have changed places
	{Code: "2153010010", Address: "hoa3@sv.truong.example", Name: "Trần Bá Hòa", Class: "DHK48"},            // another class, but a code that differs by one digit from the one before
	{Code: "2153010003", Address: "nvan@sv.truong.example", Name: "Nguyễn Văn Ân"},                          // the address of the first
	{Code: "2153010001", Address: "nvan9@sv.truong.example", Name: "Nguyễn Văn An"},                         // a second account of the first
	{Address: "phongcntt@truong.example", Name: "Phòng CNTT"},                                               // no code
	{Code: "2153010004", Address: "", Name: "Lê Bé"},                                                        // no address
	{Code: "2153010005", Address: "cu@sv.truong.example", Name: "Vũ Cũ", State: bot.AccountDeleted},         // can still be brought back
	{Code: "x", Address: "x@sv.truong.example", Name: "Hỏng", Where: "line 12", Fault: "the code is none"},  // of a file
	{Code: "2153010006", Address: "=cmd@sv.truong.example", Name: "Lê Công Thức", State: bot.AccountActive}, // harmless here
}

// A preview writes nothing; an import writes what it showed, once; what it says again changes nothing, nor does what contradicts it.
func TestImport(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRegister(db)
		preview, err := r.Import(t.Context(), "officer:lan", "platform", of(existing...), false)
		if err != nil {
			t.Fatal(err)
		}
		if got := lines(t, db); got != nil {
			t.Fatalf("the preview wrote %v", got)
		}
		wantDetails := []string{
			"differs 2153010001 twice nvan@sv.truong.example nvan9@sv.truong.example", "differs 2153010003 code 2153010001 2153010003", "unreadable 2153010004   no address or no name",
			"near 2153010010  2153010020 code", "near 2153010020  2153010002 class, code", "unreadable X   the code is none",
		}
		if diff := cmp.Diff(wantDetails, told(preview.Details)); diff != "" {
			t.Error(diff)
		}
		want := register.Report{From: "platform", Seen: 11, New: 6, Differing: 2, WithoutCode: 1, Unreadable: 2, Near: 2}
		preview.Details = nil
		if diff := cmp.Diff(want, preview); diff != "" {
			t.Error(diff)
		}
		if _, err := r.Import(t.Context(), "officer:lan", "platform", of(existing...), true); err != nil {
			t.Fatal(err)
		}
		wantLines := []string{
			"2153010001|nvan|nvan@sv.truong.example|Nguyễn Văn An|active|imported", "2153010002|tbhoa|tbhoa@sv.truong.example|Trần Bá Hoà|suspended|imported",
			"2153010005||cu@sv.truong.example||deleted|imported", "2153010006||=cmd@sv.truong.example|Lê Công Thức|active|imported",
			"2153010010||hoa3@sv.truong.example|Trần Bá Hòa|active|imported", "2153010020||hoa2@sv.truong.example|trần bá hòa|active|imported",
		}
		if diff := cmp.Diff(wantLines, lines(t, db)); diff != "" {
			t.Error(diff)
		}
		again, err := r.Import(t.Context(), "officer:lan", "platform", of(existing...), true)
		if err != nil || again.New != 0 || again.Known != 6 {
			t.Errorf("again: %+v, %v", again, err)
		}
		changed := register.Account{Code: "2153010002", Address: "khac@sv.truong.example", Name: "Trần Bá Hoan", User: "khac"}
		if over, err := r.Import(t.Context(), "officer:lan", "x.csv", of(changed), true); err != nil || over.Differing != 1 || over.New != 0 {
			t.Errorf("another word: %+v, %v", over, err)
		}
		if diff := cmp.Diff(wantLines, lines(t, db)); diff != "" {
			t.Errorf("an import has overwritten: %s", diff)
		}
		var near []string
		if err := r.Near(t.Context(), func(n register.Near) error {
			near = append(near, n.Code+" "+n.Other+" "+strings.Join(n.Why, "+"))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"2153010002 2153010020 class+code", "2153010010 2153010020 code"}, near); diff != "" {
			t.Error(diff)
		}
		events := storetest.Read(t, db, func(ctx context.Context, tx *store.Tx) ([]bot.Event, error) { return tx.Events(ctx, 0) })
		if len(events) != 1 || events[0].What != "accounts_imported" || events[0].Detail["accounts"] != "6" || events[0].Actor != "officer:lan" {
			t.Errorf("events %+v", events)
		}
	})
}

// What is cut off goes on where it was.
func TestImportCutOff(t *testing.T) {
	t.Parallel()
	db := storetest.SQLite(t)
	r := newRegister(db)
	cut := errors.New("the connection broke")
	const people = 2500
	source := func(n int) register.Source {
		return func(_ context.Context, f func(register.Account) error) error {
			for i := range n {
				if err := f(person(i)); err != nil {
					return err
				}
			}
			if n < people {
				return cut
			}
			return nil
		}
	}
	if first, err := r.Import(t.Context(), "officer:lan", "platform", source(2100), true); !errors.Is(err, cut) || first.New != 2000 {
		t.Fatalf("%d new, %v", first.New, err)
	}
	second, err := r.Import(t.Context(), "officer:lan", "platform", source(people), true)
	if err != nil || second.Known != 2000 || second.New != 500 {
		t.Errorf("%+v, %v", second, err)
	}
}

func person(i int) register.Account {
	return register.Account{Code: fmt.Sprintf("21%08d", i), User: fmt.Sprintf("21%08d", i), Address: fmt.Sprintf("21%08d@sv.truong.example", i), Name: fmt.Sprintf("Nguyễn %c%c %c%c", 'A'+i%26, 'a'+i/26%26, 'A'+i/676%26, 'a'+i/17576%26), Class: fmt.Sprintf("L%d", i/100)}
}

// The register and the platform side by side; nothing is written.
func TestReconcile(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRegister(db)
		if _, err := r.Import(t.Context(), "officer:lan", "platform", of(existing...), true); err != nil {
			t.Fatal(err)
		}
		before := lines(t, db)
		c, err := r.Reconcile(t.Context(), of(
			register.Account{Code: "2153010020", Address: "hoa2@sv.truong.example", Name: "Trần Bá Hòa"},
			register.Account{Code: "2153010099", Address: "moi@sv.truong.example", Name: "Lê Mới", State: bot.AccountSuspended},
			register.Account{Code: "2153010001", Address: "an.moi@sv.truong.example", Name: "Nguyễn Văn Ẩn", User: "nvan"},
			register.Account{Code: "2153010001", Address: "an2@sv.truong.example", Name: "Nguyễn Văn An"},
			register.Account{Code: "2153010002", Address: "tbhoa@sv.truong.example", Name: "Trần Bá Hoà", User: "tbhoa"},
			register.Account{Code: "2153010005", Address: "cu@sv.truong.example", Name: "Vũ Cũ"},
			register.Account{Address: "hoa3@sv.truong.example", Name: "Trần Bá Hòa"},
			register.Account{Address: "phongcntt@truong.example", Name: "Phòng CNTT"},
		))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{
			"differs 2153010001 address nvan@sv.truong.example an.moi@sv.truong.example", "differs 2153010001 name Nguyễn Văn An Nguyễn Văn Ẩn",
			"differs 2153010001 twice an.moi@sv.truong.example an2@sv.truong.example", "differs 2153010002 state suspended active", "differs 2153010005 state deleted active",
			"only_register 2153010006  active", "differs 2153010010 code 2153010010", "only_platform 2153010099   suspended",
		}
		if diff := cmp.Diff(want, told(c.Differences)); diff != "" {
			t.Error(diff)
		}
		c.Differences = nil
		if diff := cmp.Diff(register.Comparison{Register: 5, Platform: 6, WithoutCode: 2, Same: 1, OnlyPlatform: 1, OnlyRegister: 1, Differing: 5}, c); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(before, lines(t, db)); diff != "" {
			t.Error(diff)
		}
	})
}

// Many accounts in bounded memory and sensible time, however many share a name: VANTHU_REGISTER says how many (100,000 in .ci/nightly, on both databases).
func TestManyAccounts(t *testing.T) {
	databases := map[string]func(t testing.TB) *store.DB{"SQLite": storetest.SQLite, "PostgreSQL": func(t testing.TB) *store.DB { return storetest.Postgres(t).Open(t) }}
	n, err := strconv.Atoi(os.Getenv("VANTHU_REGISTER"))
	if err != nil {
		n = 2000
		delete(databases, "PostgreSQL")
	}
	for _, names := range []int{1, 676, n} { // a directory that names everybody "Sinh viên"; one of common names; nobody is called as anybody else
		for name, open := range databases { // one after the other: memory is measured
			t.Run(fmt.Sprintf("%s, %d names", name, names), func(t *testing.T) { manyAccounts(t, open(t), n, names) })
		}
	}
}

func manyAccounts(t *testing.T, db *store.DB, n, names int) {
	r := newRegister(db)
	var most, before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	seen := 0
	look := func() {
		if seen++; seen%(n/2) != 0 {
			return
		}
		runtime.GC()
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		if now.HeapAlloc > most.HeapAlloc {
			most = now
		}
	}
	source := func(_ context.Context, f func(register.Account) error) error {
		for i := range n {
			a := person(i)
			a.Name = person(i % names).Name
			if err := f(a); err != nil {
				return err
			}
			look()
		}
		return nil
	}
	var took [5]time.Duration
	measure := func(i int, f func()) {
		start := time.Now()
		f()
		took[i] = time.Since(start)
	}
	var near [2]int
	for i, keep := range []bool{false, true, true} {
		measure(i, func() {
			report, err := r.Import(t.Context(), "officer:lan", "platform", source, keep)
			if err != nil || report.Seen != n {
				t.Fatalf("%+v, %v", report, err)
			}
			if i < 2 {
				near[i] = report.Near
			} else if report.Known != n {
				t.Errorf("again: %d known", report.Known)
			}
		})
	}
	if near[0] != near[1] || names == 1 && near[0] < n-1 || names == n && near[0] != 0 {
		t.Errorf("%v may be there twice", near)
	}
	measure(3, func() {
		c, err := r.Reconcile(t.Context(), source)
		if err != nil || c.Same != n || len(c.Differences) != 0 {
			t.Fatalf("%d the same, %d differences, %v", c.Same, len(c.Differences), err)
		}
	})
	twice := make(map[string]bool)
	measure(4, func() {
		if err := r.Near(t.Context(), func(n register.Near) error { twice[n.Other] = true; return nil }); err != nil {
			t.Fatal(err)
		}
	})
	if len(twice) != near[0] {
		t.Errorf("%d were said to be near when they were imported, %d are", near[0], len(twice))
	}
	held := int64(most.HeapAlloc) - int64(before.HeapAlloc)
	t.Logf("%d accounts, %d near: preview %v, import %v, again %v, reconcile %v, near %v; %d KB held at the most, %d bytes an account",
		n, near[0], took[0].Round(time.Millisecond), took[1].Round(time.Millisecond), took[2].Round(time.Millisecond), took[3].Round(time.Millisecond), took[4].Round(time.Millisecond), held>>10, held/int64(n))
	if limit := int64(8<<20) + 500*int64(n); held > limit {
		t.Errorf("%d bytes held, more than %d", held, limit)
	}
}

// A name of which nothing is left to compare keeps nobody from opening the database.
func TestANameOfInvisibleLetters(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRegister(db)
		if _, err := r.Import(t.Context(), "officer:lan", "platform", of(register.Account{Code: "2153010001", Address: "a@sv.truong.example", Name: "\u200b"}), true); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if _, err := db.KeyNames(ctx); err != nil {
			t.Error(err)
		}
	})
}
