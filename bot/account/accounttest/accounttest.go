// Package accounttest is the one conformance suite of every account.Platform: what account.Ensure relies on, and Ensure
// itself on a platform that loses replies, times out and shows late what it did.
//
// It is for tests; nothing else may import it.
package accounttest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"vanthu/bot/account"
)

// Password is what the suite creates accounts with; it must never be seen in an error.
const Password = "Canary7Canary7"

// names break careless code: Vietnamese letters, one word, and what DNs, filters and JSON must escape.
var names = []string{
	"Nguyễn Thị Ánh Tuyết", "Đặng Hữu Ước", "Lê", "H'Ơn Niê Kđăm", `Trần "Bé" Ba, con ông Tư`, "Phan+Anh=Thư; <Hai> #1",
	`Võ \ Hoàng / (Yến) * & |`, "Đoàn Minh Châu", "Thạch Sà Rây 🙂", "#Dấu, đầu",
}

// Person is the i-th invented person of a block. Tests that share a server take different blocks.
func Person(block, i int) account.Account {
	code := fmt.Sprintf("21%03d%05d", block, i)
	name := names[i%len(names)]
	family, given := account.SplitName(name)
	return account.Account{
		Code: code, User: code, Address: code + "@sv.truong.example", Name: name, Family: family, Given: given,
		Marker: fmt.Sprintf("vanthu:YC-2026-%04d:%d", block, i+1),
	}
}

// A Signer is a platform that a person can sign in to: the suite then looks whether a suspension really stops it.
type Signer interface {
	SignsIn(t testing.TB, user, password string) bool
}

// A Settler is a platform that shows late what it has done: before each look the suite lets its clock go on.
type Settler interface {
	Settled()
}

// A Picky platform has rules of its own for user names: it refuses for good what it cannot hold, and keeps nothing of it.
type Picky interface {
	Refuses(user string) bool
}

func settle(p account.Platform) {
	if s, ok := p.(Settler); ok {
		s.Settled()
	}
}

// A test is one of the contract. Its block tells whose people it has.
type test struct {
	name string
	run  func(t *testing.T, p account.Platform, block int)
}

// Run holds a platform against the contract. newPlatform returns one that has none of the people of Person; they may share
// what is behind them, because every test has people of its own.
func Run(t *testing.T, newPlatform func(t *testing.T) account.Platform) {
	run(t, newPlatform, append([]test{
		{"LookupByEveryKey", lookupByEveryKey},
		{"LookupInSets", lookupInSets},
		{"LookupNobody", lookupNobody},
		{"NamesComeBack", namesComeBack},
		{"OddUserNames", oddUserNames},
		{"Exists", exists},
		{"ConcurrentCreates", concurrentCreates},
		{"EnsureIsIdempotent", ensureIsIdempotent},
		{"EnsureConcurrently", ensureConcurrently},
		{"EnsureConflict", ensureConflict},
		{"EnsureMismatch", ensureMismatch},
		{"EnsureLostReply", ensureLostReply},
		{"EnsureLostReplyAndLook", ensureLostReplyAndLook},
		{"EnsureTimeoutBefore", ensureTimeoutBefore},
		{"EnsureLateReadBack", ensureLateReadBack},
		{"CancelledContext", cancelledContext},
	}, changing()...))
}

// RunChanges holds one against that part of the contract that is about accounts which are there: of a platform that cannot be asked who is
// there, the plan sees to the rest.
func RunChanges(t *testing.T, newPlatform func(t *testing.T) account.Platform) {
	run(t, newPlatform, changing())
}

func changing() []test {
	return []test{
		{"SetPassword", setPassword},
		{"SuspendAndRestore", suspendAndRestore},
		{"Erase", erase},
		{"OnlyTheOneThatIsNamed", onlyTheOneThatIsNamed},
		{"NobodyThere", nobodyThere},
		{"ChangeLostReply", changeLostReply},
		{"ChangeConcurrently", changeConcurrently},
		{"ChangeCancelled", changeCancelled},
	}
}

func run(t *testing.T, newPlatform func(t *testing.T) account.Platform, tests []test) {
	for block, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, newPlatform(t), block+1)
		})
	}
}

func lookupByEveryKey(t *testing.T, p account.Platform, block int) {
	a, b := Person(block, 0), Person(block, 1)
	create(t, p, a)
	create(t, p, b)
	for name, keys := range map[string]account.Keys{
		"code":          {Codes: []string{a.Code}},
		"address":       {Addresses: []string{a.Address}},
		"user":          {Users: []string{a.User}},
		"marker":        {Markers: []string{a.Marker}},
		"all of one":    {Codes: []string{a.Code}, Addresses: []string{a.Address}, Users: []string{a.User}, Markers: []string{a.Marker}},
		"with a nobody": {Codes: []string{a.Code, "9999999999"}, Markers: []string{"vanthu:none:1"}},
		"twice":         {Codes: []string{a.Code, a.Code}},
	} {
		same(t, name, lookup(t, p, keys), a)
	}
	same(t, "two people by two keys", lookup(t, p, account.Keys{Codes: []string{b.Code}, Markers: []string{a.Marker}}), a, b)
}

func lookupInSets(t *testing.T, p account.Platform, block int) {
	const people = 120 // more than one set
	var (
		want []account.Account
		keys account.Keys
	)
	for i := range people {
		a := Person(block, i)
		create(t, p, a)
		want = append(want, a)
		keys.Codes = append(keys.Codes, a.Code)
		keys.Addresses = append(keys.Addresses, a.Address)
	}
	same(t, "everybody", lookup(t, p, keys), want...)
}

func lookupNobody(t *testing.T, p account.Platform, block int) {
	create(t, p, Person(block, 0))
	for name, keys := range map[string]account.Keys{
		"no key":      {},
		"empty keys":  {Codes: []string{""}, Addresses: []string{""}, Users: []string{""}, Markers: []string{""}},
		"a pattern":   {Codes: []string{"*", "21*"}, Addresses: []string{"*"}},
		"a filter":    {Codes: []string{"x)(uid=*", "x)(|(objectClass=*", `\2a`}, Markers: []string{"*)(objectClass=*"}},
		"odd letters": {Addresses: []string{"ầ\x00@truong.example", "\xff"}},
	} {
		same(t, name, lookup(t, p, keys))
	}
}

func namesComeBack(t *testing.T, p account.Platform, block int) {
	for i := range names {
		a := Person(block, i)
		create(t, p, a)
		same(t, a.Name, lookup(t, p, account.Keys{Codes: []string{a.Code}}), a)
	}
}

func oddUserNames(t *testing.T, p account.Platform, block int) {
	for i, user := range []string{"o'brien", "an,con", `x\y+z`, "#so", "a b", `"q"<>;=`} {
		a := Person(block, i)
		a.User = fmt.Sprintf("%s%d", user, block)
		if picky, ok := p.(Picky); ok && picky.Refuses(a.User) {
			if err := p.Create(t.Context(), a, Password); !errors.Is(err, account.ErrPermanent) || errors.Is(err, account.ErrExists) {
				t.Errorf("%s: error %v, want ErrPermanent", a.User, err)
			}
			same(t, user, lookup(t, p, account.Keys{Users: []string{a.User}, Codes: []string{a.Code}}))
			continue
		}
		create(t, p, a)
		same(t, user, lookup(t, p, account.Keys{Users: []string{a.User}}), a)
	}
}

func exists(t *testing.T, p account.Platform, block int) {
	first := Person(block, 0)
	create(t, p, first)
	for i, mix := range []func(a *account.Account){
		func(a *account.Account) { a.User = first.User },
		func(a *account.Account) { a.Code = first.Code },
		func(a *account.Account) { a.Address = first.Address },
		func(a *account.Account) { m := a.Marker; *a = first; a.Marker = m },
	} {
		other := Person(block, i+1)
		mix(&other)
		err := p.Create(t.Context(), other, Password)
		if !errors.Is(err, account.ErrExists) {
			t.Errorf("clash %d: error %v, want ErrExists", i, err)
		}
		same(t, "nothing of the clash is left", lookup(t, p, account.Keys{Markers: []string{other.Marker}}))
	}
	same(t, "the first is untouched", lookup(t, p, account.Keys{Codes: []string{first.Code}}), first)
}

func concurrentCreates(t *testing.T, p account.Platform, block int) {
	results := make([]error, 8)
	together(len(results), func(i int) {
		a := Person(block, 0)
		a.Marker = Person(block, i).Marker // eight that do not know of each other
		results[i] = p.Create(t.Context(), a, Password)
	})
	made := 0
	for i, err := range results {
		switch {
		case err == nil:
			made++
		case !errors.Is(err, account.ErrExists):
			t.Errorf("create %d: error %v, want ErrExists", i, err)
		}
	}
	if found := lookup(t, p, account.Keys{Codes: []string{Person(block, 0).Code}}); made != 1 || len(found) != 1 {
		t.Errorf("%d creates succeeded and %d accounts are there, want one of each", made, len(found))
	}
}

// together runs f(0) … f(n-1) at once.
func together(n int, f func(i int)) {
	var all sync.WaitGroup
	gate := make(chan struct{})
	for i := range n {
		all.Go(func() { <-gate; f(i) })
	}
	close(gate)
	all.Wait()
}

func create(t *testing.T, p account.Platform, a account.Account) {
	t.Helper()
	if err := p.Create(t.Context(), a, Password); err != nil {
		t.Fatalf("create %s: %v", a.Code, err)
	}
}

func lookup(t *testing.T, p account.Platform, keys account.Keys) []account.Account {
	t.Helper()
	settle(p)
	found, err := p.Lookup(context.WithoutCancel(t.Context()), keys)
	if err != nil {
		t.Fatalf("look up: %v", err)
	}
	return found
}

func same(t *testing.T, what string, got []account.Account, want ...account.Account) {
	t.Helper()
	byUser := func(a, b account.Account) int { return cmp.Compare(a.User, b.User) }
	got = slices.SortedFunc(slices.Values(got), byUser)
	want = slices.SortedFunc(slices.Values(want), byUser)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
