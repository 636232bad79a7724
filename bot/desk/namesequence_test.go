package desk_test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// Whatever officers and units do, in whatever order, with the accounts being made or refused in between: no address is ever reserved for
// two people, or given to two; what is given stays given when its account is deleted; a plan that is made anew, with nothing else
// changed, names everybody as before; and what was planned is what is approved.
//
// VANTHU_SEQUENCES is how many sequences are tried, VANTHU_SEED makes them other ones.
func TestNamesInSequences(t *testing.T) {
	seed := cmp.Or(os.Getenv("VANTHU_SEED"), "20261126")
	checks, err := strconv.Atoi(cmp.Or(os.Getenv("VANTHU_SEQUENCES"), "8"))
	t.Logf("VANTHU_SEED=%s", seed)
	for name, open := range map[string]func(t *testing.T) *store.DB{
		"sqlite":   func(t *testing.T) *store.DB { return storetest.SQLite(t) },
		"postgres": func(t *testing.T) *store.DB { return storetest.Postgres(t).Open(t) },
	} {
		t.Run(name, func(t *testing.T) {
			n := checks
			if name == "postgres" {
				n = max(1, checks/8)
			}
			if err := errors.Join(err, flag.Set("rapid.checks", fmt.Sprint(n)), flag.Set("rapid.steps", "40"), flag.Set("rapid.seed", seed), flag.Set("rapid.nofailfile", "true")); err != nil {
				t.Fatal(err)
			}
			made := 0
			rapid.Check(t, func(rt *rapid.T) {
				s := &nameSequence{w: newWorldOn(t, open(t)), rt: rt, owner: make(map[string]string)}
				s.w.named(true)
				rt.Repeat(map[string]func(*rapid.T){
					"request": s.request, "plan": s.plan, "remake": s.remake, "drop": s.drop, "approve": s.approve, "make": s.make, "leave": s.leave, "correct": s.correct,
					"": func(*rapid.T) { s.hold() },
				})
				made += len(s.owner)
			})
			if made == 0 && name == "sqlite" {
				t.Error("no name was ever given")
			}
		})
	}
}

type nameSequence struct {
	w     *world
	rt    *rapid.T
	codes int
	cases []string
	owner map[string]string // address → code, once given
}

// person invents somebody; many share the initials.
func (s *nameSequence) person(rt *rapid.T) string {
	s.codes++
	name := rapid.SampledFrom([]string{"Nguyễn Văn An", "Ngô Vũ Ân", "Lê An", "Lý Ẩn", "Lâm Án", "Trần Bình"}).Draw(rt, "name")
	return fmt.Sprintf("21530%05d %s", s.codes, name)
}

func (s *nameSequence) persons(rt *rapid.T) (people []string) {
	for range rapid.IntRange(1, 3).Draw(rt, "people") {
		people = append(people, s.person(rt))
	}
	return people
}

func (s *nameSequence) request(rt *rapid.T) { s.cases = append(s.cases, s.w.people(s.persons(rt)...)) }

func (s *nameSequence) someCase(rt *rapid.T) string {
	if len(s.cases) == 0 {
		rt.Skip("no case")
	}
	return rapid.SampledFrom(s.cases).Draw(rt, "case")
}

func (s *nameSequence) plans() []store.StoredPlan {
	return look(s.w, func(ctx context.Context, tx *store.Tx) ([]store.StoredPlan, error) { return tx.Plans(ctx) })
}

func (s *nameSequence) somePlan(rt *rapid.T) store.StoredPlan {
	plans := s.plans()
	if len(plans) == 0 {
		rt.Skip("no plan")
	}
	return rapid.SampledFrom(plans).Draw(rt, "plan")
}

// may is what is refused because the case or plan has gone on; anything else is a fault.
func (s *nameSequence) may(err error) {
	if code := bot.ErrorCode(err); err != nil && code != bot.Conflict && code != bot.Invalid {
		s.rt.Fatal(err)
	}
}

func (s *nameSequence) plan(rt *rapid.T) {
	numbers := []string{s.someCase(rt), s.someCase(rt)}
	_, err := s.w.desk.MakePlan(s.w.t.Context(), "officer:lan", slices.Compact(numbers))
	s.may(err)
}

func (s *nameSequence) remake(rt *rapid.T) {
	was := s.somePlan(rt)
	p, _, err := s.w.desk.RemakePlan(s.w.t.Context(), "officer:lan", was.Number, func(w *bot.PlanWish) { w.Batch = rapid.IntRange(1, 50).Draw(rt, "batch") })
	s.may(err)
	if err != nil || was.Dropped {
		return
	}
	before := make(map[string]string)
	for _, i := range was.Items {
		before[i.Code+" "+i.Name] = i.User
	}
	for _, i := range p.Items {
		if user := before[i.Code+" "+i.Name]; user != "" && user != i.User {
			rt.Fatalf("%s was to be %s, and is %s in the plan made anew", i.Code, user, i.User)
		}
	}
}

func (s *nameSequence) drop(rt *rapid.T) {
	_, err := s.w.desk.DropPlan(s.w.t.Context(), "officer:lan", s.somePlan(rt).Number, "thử")
	s.may(err)
}

func (s *nameSequence) approve(rt *rapid.T) {
	p := s.somePlan(rt)
	err := s.w.approve(minh, p)
	s.may(err)
	if p.Approved.Done() || p.Dropped {
		return
	}
	if err != nil {
		rt.Fatalf("what was planned is not what would be done: %v", err)
	}
	for _, c := range look(s.w, func(ctx context.Context, tx *store.Tx) ([]bot.Case, error) { return tx.CasesOfPlan(ctx, p.ID) }) {
		_, err := s.w.desk.Check(s.w.t.Context(), "officer:lan", c.Number)
		s.may(err)
	}
}

// make makes the account of one row of a case in creation, as the provisioner records it, or meets somebody else's.
func (s *nameSequence) make(rt *rapid.T) {
	creating := look(s.w, func(ctx context.Context, tx *store.Tx) ([]bot.Case, error) { return tx.Cases(ctx, bot.Creating) })
	if len(creating) == 0 {
		rt.Skip("nothing to make")
	}
	c := rapid.SampledFrom(creating).Draw(rt, "creating")
	conflict := rapid.IntRange(0, 4).Draw(rt, "conflict") == 0
	s.w.write(func(ctx context.Context, tx *store.Tx) error {
		p, err := tx.Plan(ctx, c.PlanID)
		if err != nil {
			return err
		}
		for _, i := range p.Items {
			if i.Case != c.Number {
				continue
			}
			r, err := tx.Row(ctx, c.ID, i.N)
			if err != nil {
				return err
			}
			if r.State != bot.RowGood && r.State != bot.RowWarned {
				continue
			}
			if conflict {
				r.OK, r.State = false, bot.RowBad
				return errors.Join(tx.SaveRow(ctx, r), tx.RefuseName(ctx, r.Code))
			}
			r.State, r.User, r.Address = bot.RowCreated, i.User, i.Address
			if holder, given := s.owner[i.Address]; given {
				rt.Fatalf("%s is given to %s, and was to %s", i.Address, i.Code, holder)
			}
			s.owner[i.Address] = i.Code
			return errors.Join(tx.AddAccount(ctx, r), tx.SaveRow(ctx, r))
		}
		return nil
	})
}

// leave deletes an account that was given.
func (s *nameSequence) leave(rt *rapid.T) {
	var codes []string
	for _, code := range s.owner {
		codes = append(codes, code)
	}
	if len(codes) == 0 {
		rt.Skip("nobody is there")
	}
	slices.Sort(codes)
	code := rapid.SampledFrom(codes).Draw(rt, "leaves")
	for _, to := range []bot.AccountState{bot.AccountSuspended, bot.AccountDeleted} {
		s.may(s.w.db.Write(s.w.t.Context(), func(tx *store.Tx) error { return tx.MoveAccount(s.w.t.Context(), code, to) }))
	}
}

// correct gives a case other people, some of them those of before.
func (s *nameSequence) correct(rt *rapid.T) {
	number := s.someCase(rt)
	c := s.w.find(number)
	people := s.persons(rt)
	for _, r := range look(s.w, func(ctx context.Context, tx *store.Tx) ([]bot.CaseRow, error) { return tx.Rows(ctx, c.ID) }) {
		if rapid.Bool().Draw(rt, "stays") {
			people = append(people, r.Code+" "+r.Name)
		}
	}
	err := s.w.db.Write(s.w.t.Context(), func(tx *store.Tx) error { _, err := s.w.desk.Reopen(s.w.t.Context(), tx, c); return err })
	if s.may(err); err == nil {
		s.w.rename(number, people...)
	}
}

// hold looks at what must be true after every step.
func (s *nameSequence) hold() {
	register := look(s.w, func(ctx context.Context, tx *store.Tx) ([]bot.Existing, error) { return tx.Accounts(ctx) })
	has := make(map[string]string)
	for _, e := range register {
		if s.owner[e.Address] != e.Code {
			s.rt.Fatalf("the register gives %s to %s, it was given to %s", e.Address, e.Code, s.owner[e.Address])
		}
		has[e.Address] = e.Code
	}
	if len(has) != len(s.owner) {
		s.rt.Fatalf("%d addresses were given, the register has %d", len(s.owner), len(has))
	}
	for _, p := range s.plans() {
		if p.Dropped {
			continue
		}
		for _, i := range p.Items {
			if other, taken := has[i.Address]; taken && other != i.Code {
				s.rt.Fatalf("%s is for %s in plan %s, and %s has it", i.Address, i.Code, p.Number, other)
			}
			has[i.Address] = i.Code
		}
	}
}
