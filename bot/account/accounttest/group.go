package accounttest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"vanthu/bot/account"
)

// RunGroups holds a platform that keeps groups against the contract of account.Grouper, by what account.EnsureGroup makes of it. People
// and groups are those of blocks from 500 on.
func RunGroups(t *testing.T, newPlatform func(t *testing.T) account.Platform) {
	for i, test := range []struct {
		name string
		run  func(t *testing.T, p account.Platform, block int)
	}{
		{"MadeOnce", groupMadeOnce},
		{"ASecondCaseJoins", groupJoined},
		{"TheOwnerStays", groupOwner},
		{"AddressesAreTaken", groupTaken},
		{"Together", groupTogether},
		{"LostReplies", groupLostReplies},
		{"NobodyToBeIn", groupOfNobody},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, newPlatform(t), 500+i)
		})
	}
}

func classGroup(block int, owner string, people ...account.Account) account.Group {
	g := account.Group{Address: fmt.Sprintf("lop-y%d@sv.truong.example", block), Name: fmt.Sprintf("Lớp Y%d", block), Owner: owner}
	for _, a := range people {
		g.Members = append(g.Members, a.User)
	}
	return g
}

func persons(t *testing.T, p account.Platform, block, n int) []account.Account {
	t.Helper()
	var all []account.Account
	for i := range n {
		a := Person(block, i)
		create(t, p, a)
		all = append(all, a)
	}
	return all
}

func ensureGroup(t *testing.T, p account.Platform, want account.Group) (account.Group, bool) {
	t.Helper()
	got, made, err := account.EnsureGroup(t.Context(), p, want)
	if err != nil {
		t.Fatal(err)
	}
	return got, made
}

// holds compares a group as the platform shows it.
func holds(t *testing.T, p account.Platform, want account.Group) {
	t.Helper()
	got, err := p.(account.Grouper).Group(t.Context(), want.Address)
	if err != nil || got == nil {
		t.Fatalf("the group: %v, %v", got, err)
	}
	want.Marker = account.GroupMarker(want.Address)
	slices.Sort(want.Members)
	slices.Sort(got.Members)
	if diff := gocmp.Diff(want, *got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func groupMadeOnce(t *testing.T, p account.Platform, block int) {
	people := persons(t, p, block, 3)
	want := classGroup(block, people[1].User, people...)
	for try := range 3 {
		if _, made := ensureGroup(t, p, want); made != (try == 0) {
			t.Errorf("try %d: made %v", try, made)
		}
	}
	holds(t, p, want)
	if got, err := p.(account.Grouper).Group(t.Context(), "lop-nobody@sv.truong.example"); got != nil || err != nil {
		t.Errorf("a group that is not there: %v, %v", got, err)
	}
}

func groupJoined(t *testing.T, p account.Platform, block int) {
	people := persons(t, p, block, 5)
	ensureGroup(t, p, classGroup(block, people[0].User, people[:3]...))
	ensureGroup(t, p, classGroup(block, "", people[2:]...)) // without the first two: nobody is taken out
	holds(t, p, classGroup(block, people[0].User, people...))
}

func groupOwner(t *testing.T, p account.Platform, block int) {
	people := persons(t, p, block, 3)
	ensureGroup(t, p, classGroup(block, "", people[0]))
	ensureGroup(t, p, classGroup(block, people[1].User, people[1]))
	ensureGroup(t, p, classGroup(block, people[2].User, people[2]))
	holds(t, p, classGroup(block, people[1].User, people...))
}

func groupTaken(t *testing.T, p account.Platform, block int) {
	people := persons(t, p, block, 2)
	for name, address := range map[string]string{"an account's address": people[0].Address, "an account's user name": people[0].User + "@other.truong.example"} {
		want := classGroup(block, "", people[1])
		want.Address = address
		if _, _, err := account.EnsureGroup(t.Context(), p, want); !errors.Is(err, account.ErrExists) {
			t.Errorf("%s: error %v, want ErrExists", name, err)
		}
	}
	other := classGroup(block, "", people[1])
	other.Address, other.Marker = fmt.Sprintf("lop-other%d@sv.truong.example", block), ""
	other.Marker = "somebody"
	if err := p.(account.Grouper).MakeGroup(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if _, _, err := account.EnsureGroup(t.Context(), p, other); !errors.Is(err, account.ErrExists) {
		t.Errorf("somebody else's group: error %v, want ErrExists", err)
	}
	if err := p.(account.Grouper).JoinGroup(t.Context(), classGroup(block, "", people[0])); !errors.Is(err, account.ErrPermanent) {
		t.Errorf("joining a group that is not there: %v", err)
	}
	ours := classGroup(block, "", people[1])
	ensureGroup(t, p, ours)
	third := Person(block, 2)
	third.Address = ours.Address // FR-17, Q17: no person gets the address of a group
	if _, err := account.Ensure(t.Context(), p, third, Password); !errors.Is(err, account.ErrExists) {
		t.Errorf("a person with the address of a group: error %v, want ErrExists", err)
	}
	same(t, "nobody was made", lookup(t, p, account.Keys{Codes: []string{third.Code}}))
}

func groupTogether(t *testing.T, p account.Platform, block int) {
	people := persons(t, p, block, 8)
	errs := make([]error, len(people))
	together(len(people), func(i int) {
		for range 10 { // whoever was slower looks again
			if _, _, errs[i] = account.EnsureGroup(t.Context(), p, classGroup(block, people[0].User, people[i])); errs[i] == nil || errors.Is(errs[i], account.ErrPermanent) {
				return
			}
		}
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	holds(t, p, classGroup(block, people[0].User, people...))
}

func groupLostReplies(t *testing.T, p account.Platform, block int) {
	people := persons(t, p, block, 4)
	lossy := &lossyGroups{Platform: p, Grouper: p.(account.Grouper)}
	for _, want := range []account.Group{classGroup(block, "", people[:2]...), classGroup(block, people[3].User, people[2:]...)} {
		lossy.lose = true
		if _, _, err := account.EnsureGroup(t.Context(), lossy, want); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("a lost reply: %v", err)
		}
		if _, made, err := account.EnsureGroup(t.Context(), lossy, want); err != nil || made {
			t.Errorf("again: made %v, %v", made, err)
		}
	}
	holds(t, p, classGroup(block, people[3].User, people...))
}

func groupOfNobody(t *testing.T, p account.Platform, block int) {
	if _, _, err := account.EnsureGroup(t.Context(), p, classGroup(block, "")); !errors.Is(err, account.ErrPermanent) {
		t.Errorf("without members: %v", err)
	}
	if _, ok := p.(account.Grouper); !ok {
		t.Error("the platform keeps no groups")
	}
}

// lossyGroups does what it is asked and loses the reply.
type lossyGroups struct {
	account.Platform
	account.Grouper
	lose bool
}

func (l *lossyGroups) MakeGroup(ctx context.Context, g account.Group) error {
	return l.after(l.Grouper.MakeGroup(ctx, g))
}

func (l *lossyGroups) JoinGroup(ctx context.Context, g account.Group) error {
	return l.after(l.Grouper.JoinGroup(ctx, g))
}

func (l *lossyGroups) after(err error) error {
	if err == nil && l.lose {
		l.lose = false
		return context.DeadlineExceeded
	}
	return err
}
