package desk_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/desk"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// named lets a world name people by their initials: nvan, nvan2 …
func (w *world) named(suffix bool) {
	p := account.Policy{Domain: "sv.truong.example", Kind: "initials+given", Suffix: suffix}
	w.desk.Names = desk.Naming{Suffix: suffix, Nth: func(r bot.NameRow, n int) (string, string, error) { return p.UserName(account.Holder(r), n) }}
}

// brings opens a case of people, "code name".
func (w *world) people(people ...string) string {
	w.t.Helper()
	var codes []string
	for _, p := range people {
		code, _, _ := strings.Cut(p, " ")
		codes = append(codes, code)
	}
	number := w.opens(ctsv, bot.Received, codes...)
	w.rename(number, people...)
	return number
}

// rename gives a case other rows.
func (w *world) rename(number string, people ...string) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.CaseByNumber(ctx, number)
		if err != nil {
			return err
		}
		var rows []bot.Row
		for i, p := range people {
			code, name, _ := strings.Cut(p, " ")
			rows = append(rows, bot.Row{N: i + 1, Code: code, Name: name, OK: true})
		}
		return tx.SetRows(ctx, c.ID, rows, nil)
	})
}

// users are the user names of a plan, with what took the place of a wanted one.
func users(p bot.Plan) (all []string) {
	for _, i := range p.Items {
		text := i.Code + " " + i.User
		if i.Wanted != "" {
			text += fmt.Sprintf(" (%d: %s of %s)", i.Nth, i.Wanted, i.Holder)
		}
		all = append(all, text)
	}
	return all
}

// Names are decided in the order of the plan and are the person's: in a plan made anew, when somebody else has gone, when his name is
// corrected to one that is spelt alike; and somebody who is named otherwise now has another.
func TestNamesOfAPlan(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorldOn(t, db)
		w.named(true)
		a := w.people("2153010001 Nguyễn Văn An", "2153010002 Nguyễn Văn Ân", "2153010003 Trần Bình")
		b := w.people("2153010004 Ngô Vũ Ẩn")
		p := w.planAs(bot.PlanWish{}, a)
		want := []string{"2153010001 nvan", "2153010002 nvan2 (2: nvan of 2153010001)", "2153010003 tbinh"}
		if diff := gocmp.Diff(want, users(p.Plan)); diff != "" {
			t.Fatal(diff)
		}
		q := w.planAs(bot.PlanWish{}, b) // while the other plan waits
		if diff := gocmp.Diff([]string{"2153010004 nvan3 (3: nvan of 2153010001)"}, users(q.Plan)); diff != "" {
			t.Error(diff)
		}
		if err := w.approve(minh, q); err != nil {
			t.Errorf("what was planned is not what would be done: %v", err)
		}

		w.write(func(ctx context.Context, tx *store.Tx) error { // as a corrected list does
			c, err := tx.CaseByNumber(ctx, a)
			if err == nil {
				_, err = w.desk.Reopen(ctx, tx, c)
			}
			return err
		})
		w.rename(a, "2153010002 Nguyễn Văn Ẩn", "2153010003 Trần Thị Bình", "2153010001 Nguyễn Văn An", "2153010005 Nhữ Việt An")
		p = w.planAs(bot.PlanWish{}, a)
		want = []string{"2153010002 nvan2 (2: nvan of 2153010001)", "2153010003 ttbinh", "2153010001 nvan", "2153010005 nvan4 (4: nvan of 2153010001)"}
		if diff := gocmp.Diff(want, users(p.Plan)); diff != "" {
			t.Error(diff)
		}
		if err := w.approve(minh, p); err != nil {
			t.Errorf("what was planned is not what would be done: %v", err)
		}
	})
}

// What is in the register, live or deleted, is nobody's any more; nor what the platform shows, in whatever way it is taken.
func TestNamesThatAreTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.named(true)
	first := w.people("2153010001 Nguyễn Văn An")
	w.write(func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.CaseByNumber(ctx, first)
		if err != nil {
			return err
		}
		r, err := tx.Row(ctx, c.ID, 1)
		if err != nil {
			return err
		}
		r.User, r.Address, r.Platform = "nvan", "nvan@sv.truong.example", "file"
		err = tx.AddAccount(ctx, r)
		for _, to := range []bot.AccountState{bot.AccountSuspended, bot.AccountDeleted} {
			err = cmp.Or(err, tx.MoveAccount(ctx, r.Code, to))
		}
		return err
	})
	asked := 0
	w.desk.Names.Taken = func(_ context.Context, users, addresses []string) ([]bot.Existing, error) {
		asked += len(users)
		return []bot.Existing{
			{Code: "CB0001", User: "nvan2", Address: "an@truong.example"},
			{Code: "CB0002", User: "ngo", Address: "ngo@truong.example"}, {Code: "CB0002", Address: "ngo@truong.example", Alias: "nvan3@sv.truong.example"},
			{Address: "NVAN4@sv.truong.example"}, // a group, or somebody without a code
			{Code: "2153010009", User: "nvan5", Address: "nvan5@sv.truong.example", State: bot.AccountDeleted},
		}, nil
	}
	number := w.people("2153010002 Nguyễn Văn An", "2153010003 Ngô Vũ Ân")
	preview, err := w.desk.PreviewPlan(t.Context(), "officer:lan", []string{number}, bot.PlanWish{})
	if err != nil {
		t.Fatal(err)
	}
	p := w.planAs(bot.PlanWish{}, number)
	want := []string{"2153010002 nvan6 (6: nvan of 2153010001)", "2153010003 nvan7 (7: nvan of 2153010001)"}
	if diff := gocmp.Diff(want, users(p.Plan)); diff != "" || preview.Hash != p.Hash {
		t.Errorf("preview %s…, plan %s…\n%s", preview.Hash[:6], p.Hash[:6], diff)
	}
	if asked > 64 {
		t.Errorf("the platform was asked for %d names", asked)
	}
	w.desk.Names.Taken = func(context.Context, []string, []string) ([]bot.Existing, error) {
		return nil, fmt.Errorf("no connection")
	}
	again := w.people("2153010008 Lê Thị Bé")
	if _, err := w.desk.MakePlan(t.Context(), "officer:lan", []string{again}); bot.ErrorCode(err) != bot.Temporary {
		t.Errorf("without an answer of the platform: %v", err)
	}
	if err := w.approve(minh, p); err != nil { // asks nobody
		t.Error(err)
	}
}

// Where nobody has the names that people should get the platform is asked once, for these and no others.
func TestNamesThatAreFree(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.named(true)
	var asked []string
	w.desk.Names.Taken = func(_ context.Context, users, _ []string) ([]bot.Existing, error) {
		asked = append(asked, users...)
		return nil, nil
	}
	p := w.planAs(bot.PlanWish{}, w.people("2153010002 Nguyễn Văn An", "2153010003 Lê Bé"))
	if diff := gocmp.Diff([]string{"2153010002 nvan", "2153010003 lbe"}, users(p.Plan)); diff != "" {
		t.Error(diff)
	}
	if diff := gocmp.Diff([]string{"nvan", "lbe"}, asked); diff != "" {
		t.Error(diff)
	}
}

// Where a collision is an error it names the row and who has the name, by his code; a code that has an account already is one, too.
func TestNamesThatCollide(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.named(false)
	w.planAs(bot.PlanWish{}, w.people("2153010001 Nguyễn Văn An"))
	for _, c := range []struct {
		people []string
		want   string
	}{
		{[]string{"2153010002 Lê An", "2153010003 Ngô Vũ Ân"}, "row 2 would get the user name nvan, which is or was that of the planned account of 2153010001"},
		{[]string{"2153010004 Lê Bê", "2153010005 Lý Bé"}, "row 2 would get the user name lbe, which is or was that of the planned account of 2153010004"},
		{[]string{"2153010006 Lê Cê", "2153010006 Lê Cê"}, "have the same code 2153010006"},
	} {
		_, err := w.desk.MakePlan(t.Context(), "officer:lan", []string{w.people(c.people...)})
		if bot.ErrorCode(err) != bot.Conflict || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v", c.people, err)
		}
		if err != nil && strings.ContainsAny(err.Error(), "êéÂâ") {
			t.Errorf("names of people in the error: %v", err)
		}
	}
}

// Two officers who plan at the same moment never reserve one name for two people.
func TestNamesPlannedTogether(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorldOn(t, db)
		w.named(true)
		var numbers []string
		for i := range 6 {
			numbers = append(numbers, w.people(fmt.Sprintf("215301%04d Nguyễn Văn An", 2*i), fmt.Sprintf("215301%04d Ngô Vũ Ân", 2*i+1)))
		}
		plans, errs := make([]store.StoredPlan, len(numbers)), make([]error, len(numbers))
		var group sync.WaitGroup
		for i, number := range numbers {
			group.Go(func() { plans[i], errs[i] = w.desk.MakePlan(t.Context(), "officer:lan", []string{number}) })
		}
		group.Wait()
		var got []string
		for i, p := range plans {
			if errs[i] != nil {
				t.Error(errs[i])
			}
			for _, item := range p.Items {
				got = append(got, item.User)
			}
		}
		slices.Sort(got)
		want := []string{"nvan", "nvan10", "nvan11", "nvan12", "nvan2", "nvan3", "nvan4", "nvan5", "nvan6", "nvan7", "nvan8", "nvan9"}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// A case that leaves an approved plan, which goes on with its other cases, lets its names go: its people can be planned again, with them,
// and who else needs one may have it.
func TestNamesOfACaseThatLeavesAnApprovedPlan(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"returned", "withdrawn", "corrected", "superseded"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.named(true)
			stays, leaves := w.people("2153010001 Nguyễn Văn An"), w.people("2153010002 Nguyễn Văn Ân", "2153010003 Trần Bình")
			p := w.planAs(bot.PlanWish{}, stays, leaves)
			if err := w.approve(minh, p); err != nil {
				t.Fatal(err)
			}
			var err error
			switch what {
			case "returned":
				_, err = w.desk.Return(t.Context(), "officer:lan", leaves, "the letter is missing")
			case "withdrawn":
				_, err = w.desk.Withdraw(t.Context(), "officer:lan", leaves, "the unit wants it")
			case "superseded":
				_, err = w.desk.Supersede(t.Context(), "officer:lan", leaves, w.people("2153010009 Vũ Tư"))
			case "corrected":
				w.write(func(ctx context.Context, tx *store.Tx) error {
					c, err := tx.CaseByNumber(ctx, leaves)
					if err == nil {
						c, err = w.desk.Reopen(ctx, tx, c)
					}
					if err == nil {
						_, err = tx.SaveCase(ctx, c)
					}
					return err
				})
			}
			if err != nil {
				t.Fatal(err)
			}
			again := w.people("2153010002 Nguyễn Văn Ân", "2153010004 Trịnh Bình", "2153010005 Ngô Vũ An")
			q := w.planAs(bot.PlanWish{}, again)
			want := []string{"2153010002 nvan2 (2: nvan of 2153010001)", "2153010004 tbinh", "2153010005 nvan3 (3: nvan of 2153010001)"}
			if diff := gocmp.Diff(want, users(q.Plan)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A name that a platform refused once is tried again where each has but one, and the platform says again that it is taken; where it cannot,
// and where there is another, it is not. Whose it is there nobody knows.
func TestNamesThatWereRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what          string
		suffix, blind bool
		want, fault   string
	}{
		{what: "one name", want: "2153010001 nvan"},
		{what: "a blind platform", blind: true, fault: "would get the user name nvan, which is or was that of an account on the platform of somebody else"},
		{what: "suffix", suffix: true, want: "2153010001 nvan2 (2: nvan of )"},
		{what: "suffix on a blind platform", suffix: true, blind: true, want: "2153010001 nvan2 (2: nvan of )"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, db *store.DB) {
				w := newWorldOn(t, db)
				w.named(c.suffix)
				w.desk.Names.Blind = c.blind
				w.planAs(bot.PlanWish{}, w.people("2153010001 Nguyễn Văn An"))
				w.write(func(ctx context.Context, tx *store.Tx) error { return tx.RefuseName(ctx, "2153010001") })
				p, err := w.desk.MakePlan(t.Context(), "officer:lan", []string{w.people("2153010001 Nguyễn Văn An")})
				switch {
				case c.fault != "" && (bot.ErrorCode(err) != bot.Conflict || !strings.Contains(err.Error(), c.fault)):
					t.Errorf("%v", err)
				case c.fault == "" && (err != nil || users(p.Plan)[0] != c.want):
					t.Errorf("%v, %v", users(p.Plan), err)
				}
			})
		})
	}
}
