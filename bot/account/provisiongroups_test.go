package account_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/desk"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// grouped is a directory that keeps groups; fails is what the next call says instead.
type grouped struct {
	*directory
	groups map[string]account.Group
	fails  []error
}

func (g *grouped) next() error {
	if len(g.fails) == 0 {
		return nil
	}
	err := g.fails[0]
	g.fails = g.fails[1:]
	return err
}

func (g *grouped) Group(_ context.Context, address string) (*account.Group, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if have, ok := g.groups[address]; ok {
		return &have, nil
	}
	return nil, nil
}

func (g *grouped) MakeGroup(_ context.Context, want account.Group) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, there := g.groups[want.Address]; there {
		return account.ErrExists
	}
	g.groups[want.Address] = want
	return g.next()
}

func (g *grouped) JoinGroup(_ context.Context, want account.Group) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	have := g.groups[want.Address]
	for _, user := range want.Members {
		if !slices.Contains(have.Members, user) {
			have.Members = append(slices.Clone(have.Members), user)
		}
	}
	if have.Owner == "" {
		have.Owner = want.Owner
	}
	g.groups[want.Address] = have
	return g.next()
}

// classed is a world whose case has two classes, the first with a monitor, and a plan that names their groups.
func classed(t *testing.T, db *store.DB) (*world, *grouped, bot.Plan) {
	t.Helper()
	w := newWorldOf(t, db, bot.PlanWish{}, func(d *desk.Desk) {
		d.Planning.Group = func(_ bot.Case, r bot.CaseRow) string {
			if r.Class == "" {
				return ""
			}
			return "lop-" + strings.ToLower(r.Class) + "@sv.truong.example"
		}
	}, func(rows []bot.Row) []bot.Row {
		for i := range rows {
			rows[i].Class = []string{"YA", "YA", "YB", "YB", "", "YA"}[i]
		}
		rows[1].Monitor = true
		return rows
	})
	g := &grouped{directory: w.dir, groups: make(map[string]account.Group)}
	w.prov.Platform = g
	c := look(w, func(ctx context.Context, tx *store.Tx) (bot.Case, error) { return tx.Case(ctx, w.id) })
	plan := look(w, func(ctx context.Context, tx *store.Tx) (store.StoredPlan, error) { return tx.Plan(ctx, c.PlanID) })
	return w, g, plan.Plan
}

// The groups of classes stand in the plan and so are approved; they are made after the accounts, owned by the monitor, whatever is cut
// off.
func TestGroupsOfAPlan(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w, g, plan := classed(t, db)
		if plan.Items[0].Group != "lop-ya@sv.truong.example" || plan.Items[4].Group != "" {
			t.Fatalf("the plan: %+v", plan.Items)
		}
		g.fails = []error{errCut} // the first group is made, its reply lost
		failed := 0
		for w.state() == bot.Creating {
			if err := w.prov.Create(t.Context(), w.id); err != nil {
				if failed++; !errors.Is(err, errCut) || failed > 1 {
					t.Fatal(err)
				}
			}
		}
		w.complete()
		ya, yb := g.groups["lop-ya@sv.truong.example"], g.groups["lop-yb@sv.truong.example"]
		if len(g.groups) != 2 || ya.Owner != code(2) || len(ya.Members) != 2 || yb.Owner != "" || len(yb.Members) != 2 || ya.Marker != "vanthu:group:lop-ya" {
			t.Errorf("%+v", g.groups)
		}
		known := look(w, func(ctx context.Context, tx *store.Tx) ([]bot.ClassGroup, error) {
			return tx.ClassGroups(ctx, []string{"LOP-YA@sv.truong.example", "lop-yb@sv.truong.example", "lop-x@sv.truong.example"})
		})
		if len(known) != 2 || known[0].Owner != code(2) || known[0].Class != "YA" || known[1].Owner != "" {
			t.Errorf("the register: %+v", known)
		}
	})
}

// A group whose address is somebody else's holds up nobody's account, and an officer is told.
func TestAGroupThatCannotBe(t *testing.T) {
	t.Parallel()
	w, g, _ := classed(t, storetest.SQLite(t))
	g.groups["lop-ya@sv.truong.example"] = account.Group{Address: "lop-ya@sv.truong.example", Members: []string{"somebody"}}
	if err := w.prov.Create(t.Context(), w.id); err != nil {
		t.Fatal(err)
	}
	w.complete()
	if got := g.groups["lop-ya@sv.truong.example"]; len(got.Members) != 1 || got.Owner != "" {
		t.Errorf("somebody else's group was changed: %+v", got)
	}
	var said []string
	for _, e := range look(w, func(ctx context.Context, tx *store.Tx) ([]bot.Event, error) { return tx.Events(ctx, w.id) }) {
		if strings.HasPrefix(e.What, "group_") {
			said = append(said, e.What+" "+e.Detail["group"])
		}
	}
	if got := strings.Join(said, ", "); got != "group_refused lop-ya@sv.truong.example, group_made lop-yb@sv.truong.example" {
		t.Error(got)
	}
}
