package accounttest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"vanthu/bot/account"
)

// signsIn is what a real sign-in says, where the platform has one.
func signsIn(t *testing.T, p account.Platform, a account.Account, password string, want bool) {
	t.Helper()
	settle(p)
	if s, ok := p.(Signer); ok && s.SignsIn(t, a.User, password) != want {
		t.Errorf("%s signs in: %v, want %v", a.Code, !want, want)
	}
}

func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func byCode(a account.Account) account.Keys { return account.Keys{Codes: []string{a.Code}} }

func setPassword(t *testing.T, p account.Platform, block int) {
	a, other := Person(block, 0), Person(block, 1)
	create(t, p, a)
	create(t, p, other)
	const second = "Canary8Canary8"
	for range 2 {
		must(t, "set password", p.SetPassword(t.Context(), a, second))
		signsIn(t, p, a, second, true)
		signsIn(t, p, a, Password, false)
	}
	signsIn(t, p, other, Password, true)
	same(t, "accounts", lookup(t, p, account.Keys{Codes: []string{a.Code, other.Code}}), a, other)

	must(t, "suspend", p.Suspend(t.Context(), a))
	err := p.SetPassword(t.Context(), a, "Canary9Canary9")
	if !errors.Is(err, account.ErrPermanent) || strings.Contains(err.Error(), "Canary") {
		t.Errorf("a new password for a suspended account: error %v, want ErrPermanent", err)
	}
	signsIn(t, p, a, "Canary9Canary9", false)
	must(t, "restore", p.Restore(t.Context(), a))
	signsIn(t, p, a, second, true)
}

func suspendAndRestore(t *testing.T, p account.Platform, block int) {
	a, other := Person(block, 0), Person(block, 1)
	create(t, p, a)
	create(t, p, other)
	away := a
	away.Suspended = true
	for range 2 { // who comes back may go again
		for range 2 {
			must(t, "suspend", p.Suspend(t.Context(), a))
			same(t, "suspended", lookup(t, p, account.Keys{Codes: []string{a.Code, other.Code}}), away, other)
			signsIn(t, p, a, Password, false)
		}
		must(t, "suspend as it was read", p.Suspend(t.Context(), away))
		if err := p.Create(t.Context(), a, Password); !errors.Is(err, account.ErrExists) {
			t.Errorf("created beside a suspended one: error %v", err)
		}
		for range 2 {
			must(t, "restore", p.Restore(t.Context(), a))
			same(t, "restored", lookup(t, p, account.Keys{Codes: []string{a.Code, other.Code}}), a, other)
			signsIn(t, p, a, Password, true)
		}
	}
	signsIn(t, p, other, Password, true)
}

func erase(t *testing.T, p account.Platform, block int) {
	a, b, other := Person(block, 0), Person(block, 1), Person(block, 2)
	for _, one := range []account.Account{a, b, other} {
		create(t, p, one)
	}
	must(t, "suspend", p.Suspend(t.Context(), a))
	for _, one := range []account.Account{a, b} { // suspended and not
		for range 2 {
			must(t, "erase", p.Erase(t.Context(), one))
			erased(t, "erased", p, byCode(one), one)
			erased(t, "erased, by address", p, account.Keys{Addresses: []string{one.Address}, Users: []string{one.User}, Markers: []string{one.Marker}}, one)
			signsIn(t, p, one, Password, false)
		}
	}
	same(t, "the other", lookup(t, p, byCode(other)), other)
	signsIn(t, p, other, Password, true)
	back(t, p, a)
	same(t, "back or made anew", lookup(t, p, byCode(a)), a)
	signsIn(t, p, a, Password, true)
}

// erased looks whether an account has gone, or is kept as a deleted one where the platform says that it can be brought back.
func erased(t *testing.T, what string, p account.Platform, keys account.Keys, a account.Account) {
	t.Helper()
	found := lookup(t, p, keys)
	if p.Describe().Undelete == 0 {
		same(t, what, found)
		return
	}
	for i, f := range found {
		if !f.Deleted() {
			t.Errorf("%s: the account shows no date until which it can be brought back", what)
		}
		found[i].DeletedUntil, found[i].Suspended = a.DeletedUntil, a.Suspended
	}
	same(t, what, found, a)
}

// back makes an erased account usable again: brought back where that can be done, else made anew (that no address is given twice is
// for the desk's register to see, not for a platform that forgets).
func back(t *testing.T, p account.Platform, a account.Account) {
	t.Helper()
	if p.Describe().Undelete == 0 {
		create(t, p, a)
		return
	}
	if err := p.Create(t.Context(), a, Password); !errors.Is(err, account.ErrExists) {
		t.Errorf("created beside a deleted one: error %v, want ErrExists", err)
	}
	if _, err := account.Ensure(t.Context(), p, a, Password); !errors.Is(err, account.ErrExists) {
		t.Errorf("ensured beside a deleted one: error %v, want a conflict", err)
	}
	u, ok := p.(account.Undeleter)
	if !ok {
		t.Skip("what was erased can be brought back by hand only")
	}
	other := a
	other.Name = "Người Khác"
	if err := u.Undelete(t.Context(), other); !errors.Is(err, account.ErrOther) {
		t.Errorf("undelete another: error %v, want ErrOther", err)
	}
	for range 2 {
		must(t, "undelete", u.Undelete(t.Context(), a))
	}
	must(t, "restore", p.Restore(t.Context(), a)) // it may have been suspended when it was erased
}

// Whoever is named wrongly keeps his account, and so does everybody else.
func onlyTheOneThatIsNamed(t *testing.T, p account.Platform, block int) {
	ours, foreign, other := Person(block, 0), Person(block, 1), Person(block, 2)
	foreign.Marker = "" // somebody else made it
	for _, one := range []account.Account{ours, foreign, other} {
		create(t, p, one)
	}
	all := account.Keys{Codes: []string{ours.Code, foreign.Code, other.Code}}
	for _, there := range []account.Account{ours, foreign} {
		for name, mix := range map[string]func(a *account.Account){
			"another name":    func(a *account.Account) { a.Name = "Người Khác" },
			"another address": func(a *account.Account) { a.Address = other.Address },
			"another code":    func(a *account.Account) { a.Code = other.Code },
			"another user":    func(a *account.Account) { a.User = other.User },
			"another marker":  func(a *account.Account) { a.Marker = other.Marker },
			"no name":         func(a *account.Account) { a.Name = " " },
			"no address":      func(a *account.Account) { a.Address = "" },
			"no code":         func(a *account.Account) { a.Code = "" },
			"a pattern":       func(a *account.Account) { a.Code = "*" },
		} {
			named := there
			mix(&named)
			for what, act := range changes(p) {
				err := act(t.Context(), named)
				gone := name == "a pattern" && (errors.Is(err, account.ErrGone) || what == "erase" && err == nil)
				if !gone && (!errors.Is(err, account.ErrOther) || !errors.Is(err, account.ErrPermanent)) {
					t.Errorf("%s, %s: error %v, want ErrOther", what, name, err)
				}
				if err != nil && (strings.Contains(err.Error(), there.Name) || strings.Contains(err.Error(), "Người")) {
					t.Errorf("%s, %s: the error names a person: %v", what, name, err)
				}
			}
			same(t, name, lookup(t, p, all), ours, foreign, other)
		}
	}
	for _, one := range []account.Account{ours, foreign, other} {
		signsIn(t, p, one, Password, true)
	}
	// Named by code, address and name, as people write them.
	spelt := foreign
	spelt.User, spelt.Address, spelt.Name = "", strings.ToUpper(foreign.Address), "  "+strings.ReplaceAll(foreign.Name, " ", "  ")
	must(t, "suspend", p.Suspend(t.Context(), spelt))
	signsIn(t, p, foreign, Password, false)
	unmarked := ours
	unmarked.Marker = ""
	must(t, "erase", p.Erase(t.Context(), unmarked))
	erased(t, "ours", p, byCode(ours), ours)
}

func changes(p account.Platform) map[string]func(context.Context, account.Account) error {
	return map[string]func(context.Context, account.Account) error{
		"suspend": p.Suspend, "restore": p.Restore, "erase": p.Erase,
		"set password": func(ctx context.Context, a account.Account) error { return p.SetPassword(ctx, a, Password) },
	}
}

func nobodyThere(t *testing.T, p account.Platform, block int) {
	create(t, p, Person(block, 1))
	for what, act := range changes(p) {
		err := act(t.Context(), Person(block, 0))
		switch {
		case what == "erase" && err != nil:
			t.Errorf("erase: %v, want nothing to do", err)
		case what != "erase" && (!errors.Is(err, account.ErrGone) || !errors.Is(err, account.ErrPermanent)):
			t.Errorf("%s: error %v, want ErrGone", what, err)
		}
	}
}

// The work is done, the reply never comes, and whoever asked asks again.
func changeLostReply(t *testing.T, p account.Platform, block int) {
	a := Person(block, 0)
	create(t, p, a)
	away := a
	away.Suspended = true
	for _, step := range []struct {
		what  string
		after []account.Account
		in    bool
	}{{"suspend", []account.Account{away}, false}, {"restore", []account.Account{a}, true}, {"set password", []account.Account{a}, true}, {"erase", nil, false}} {
		lost := &faulty{Platform: p, loseReplies: 1}
		if err := changes(lost)[step.what](t.Context(), a); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, account.ErrPermanent) {
			t.Fatalf("%s: error %v, want the timeout as a temporary one", step.what, err)
		}
		seen := func(what string) {
			if step.what == "erase" {
				erased(t, what, p, byCode(a), a)
				return
			}
			same(t, what, lookup(t, p, byCode(a)), step.after...)
		}
		seen(step.what)
		must(t, step.what+" again", changes(lost)[step.what](t.Context(), a))
		seen(step.what + " again")
		signsIn(t, p, a, Password, step.in)
	}
}

func changeConcurrently(t *testing.T, p account.Platform, block int) {
	a := Person(block, 0)
	create(t, p, a)
	away := a
	away.Suspended = true
	for _, step := range []struct {
		what  string
		after []account.Account
	}{{"suspend", []account.Account{away}}, {"restore", []account.Account{a}}, {"erase", nil}} {
		results := make([]error, 8)
		together(len(results), func(i int) { results[i] = changes(p)[step.what](t.Context(), a) })
		for i, err := range results {
			if err != nil {
				t.Errorf("%s %d: %v", step.what, i, err)
			}
		}
		if step.what == "erase" {
			erased(t, step.what, p, byCode(a), a)
		} else {
			same(t, step.what, lookup(t, p, byCode(a)), step.after...)
		}
		signsIn(t, p, a, Password, step.what == "restore")
	}
	// Two who want opposite things: one of them has it his way, and the password survives.
	back(t, p, a)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { _ = p.Suspend(t.Context(), a) })
		all.Go(func() { _ = p.Restore(t.Context(), a) })
	}
	all.Wait()
	must(t, "restore", p.Restore(t.Context(), a))
	same(t, "restored", lookup(t, p, byCode(a)), a)
	signsIn(t, p, a, Password, true)
}

func changeCancelled(t *testing.T, p account.Platform, block int) {
	a := Person(block, 0)
	create(t, p, a)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for what, act := range changes(p) {
		if err := act(ctx, a); !errors.Is(err, context.Canceled) || errors.Is(err, account.ErrPermanent) {
			t.Errorf("%s: error %v, want context.Canceled as a temporary one", what, err)
		}
	}
	same(t, "nothing happened", lookup(t, p, byCode(a)), a)
	signsIn(t, p, a, Password, true)
}
