package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// ErrUnseen is temporary: the platform says that the account is made or exists, and does not show it yet. The next try finds
// it; nothing is made a second time.
var ErrUnseen = errors.New("account: the platform does not show the account yet")

// A Conflict is somebody else's account that has what we wanted. errors.Is(err, ErrExists) holds for it. The message names no
// person; Have does.
type Conflict struct {
	Platform string
	Taken    []string // which of "code", "user", "address"
	Have     Account
}

func (c *Conflict) Error() string {
	holder := "an account that vanthu did not make"
	if c.Have.Marker != "" {
		holder = c.Have.Marker
	}
	if c.Have.Deleted() {
		holder += ", deleted"
	}
	return fmt.Sprintf("account: exists already: on %s, %s in use by %s", c.Platform, strings.Join(c.Taken, " and "), holder)
}

// Unwrap makes a Conflict an ErrExists.
func (c *Conflict) Unwrap() error { return ErrExists }

// A Result is how one person came to one account. Of a try that failed it says how far it came.
type Result struct {
	Account Account // as read back from the platform; without a code: not seen
	Asked   bool    // this call asked the platform to make it
	Agreed  bool    // and the platform said that it did
	Created bool    // made by this call; false: an earlier try of ours made it
	Said    string  // for `case explain`
}

// A Try is what is known of the tries before (decision 29). The zero Try is the first one.
type Try struct {
	Now          time.Time // when the intent of this try was written
	AskedUntil   time.Time // until when an earlier try may have reached the platform; zero: none did
	Acknowledged bool      // the platform said that the account is made: from then on it is only looked for
	// Late says that the time for this try is over: it was frozen or held up, and another may be at it. It does not ask any more. nil: never.
	Late func() bool
	// Agreed keeps the platform's word before anything else is done; nil: nobody does.
	Agreed func(ctx context.Context) error
}

// MayAsk says whether the platform may be asked to make the account when it is not seen. It never is once it has said that it did; and
// when nobody knows what became of the last ask, not before that must show.
func (t Try) MayAsk(d Description) bool {
	return !t.Acknowledged && (d.Settle == 0 || t.AskedUntil.IsZero() || !t.Now.Before(t.AskedUntil.Add(d.Settle)))
}

// inTime is asked right before a call that must not be made beside another run.
func (t Try) inTime() error {
	if t.Late != nil && t.Late() {
		return &PutOff{For: time.Second, Why: "the row was in hand for too long, and the platform has not been asked"}
	}
	return nil
}

// Ensure is the first try, of who keeps nothing between tries.
func Ensure(ctx context.Context, p Platform, want Account, password string) (Result, error) {
	return Try{}.Ensure(ctx, p, want, password)
}

// Ensure makes sure that the wanted account is there, once, whatever crashed or got lost before (FR-18): look, create with
// our marker, read back, finish. It may be repeated with the same want and password, and what is known by then, until it gives a
// Result or a lasting error.
//
// Errors: *Conflict (is ErrExists), ErrPermanent; everything else is temporary and asks for another try. With ErrUnseen nothing is
// wrong: it was asked for, and is only looked for again.
//
// The password must have been sealed before the first try. When the account turns out to be ours already (we died between
// creating and recording), that sealed password is the one it was made with: nothing needs to be reset.
func (t Try) Ensure(ctx context.Context, p Platform, want Account, password string) (Result, error) {
	if err := complete(want, password); err != nil {
		return Result{}, err
	}
	if want.Family == "" {
		want.Family, want.Given = SplitName(want.Name)
	}
	// Not by marker: an account of ours has our code, user and address too, and an OR with one attribute that the server has
	// not indexed (the marker's seldom is) makes it read the whole directory for every person.
	keys := Keys{Codes: []string{want.Code}, Addresses: []string{want.Address}, Users: []string{want.User}}
	have, err := find(ctx, p, want, keys)
	if err != nil {
		return Result{}, err
	}
	if have != nil {
		return finish(ctx, p, Result{Account: *have, Said: p.Name() + ": already there with our marker"})
	}
	if !t.MayAsk(p.Describe()) {
		return Result{}, fmt.Errorf("%s: %w", p.Name(), ErrUnseen)
	}

	if err := t.inTime(); err != nil {
		return Result{}, err
	}

	r := Result{Asked: true}
	createErr := p.Create(ctx, want, password)
	_, wait := errors.AsType[*Wait](createErr)
	switch {
	case createErr == nil:
		r.Agreed = true
		if t.Agreed != nil {
			if err := t.Agreed(ctx); err != nil {
				return r, err
			}
		}
	case errors.Is(createErr, ErrExists):
		// We just looked and saw none: somebody was faster, or an earlier try is only now coming to light. Whoever it is must
		// be found, so this time the marker is worth its price.
		keys.Markers = []string{want.Marker}
	case errors.Is(createErr, ErrPermanent), errors.Is(createErr, ErrUndone):
		r.Asked = false
		return r, createErr
	case wait: // it wants to be let alone; the next try's look tells
		return r, createErr
	}
	have, err = find(ctx, p, want, keys)
	switch {
	case errors.Is(err, ErrExists), errors.Is(err, ErrPermanent):
		return r, err
	case have == nil && createErr != nil && !errors.Is(createErr, ErrExists):
		return r, createErr // it may or may not have had an effect; the next try's look tells
	case err != nil:
		return r, err
	case have == nil && createErr != nil: // an earlier try of ours, or one who never comes to light: a contact, a group, whom we may not see
		return r, fmt.Errorf("%s: %w: it says that the address, the user name or the code is taken, and by nobody whom vanthu may see", p.Name(), ErrUnseen)
	case have == nil:
		return r, fmt.Errorf("%s: %w", p.Name(), ErrUnseen)
	}
	r.Account, r.Created = *have, !errors.Is(createErr, ErrExists)
	switch {
	case createErr == nil:
		r.Said = p.Name() + ": created and read back"
	case r.Created:
		r.Said = p.Name() + ": created; the reply was lost, found by reading back"
	default:
		r.Said = p.Name() + ": already there with our marker"
	}
	return finish(ctx, p, r)
}

// finish does what a platform has to do for an account once it is seen.
func finish(ctx context.Context, p Platform, r Result) (Result, error) {
	f, ok := p.(Finisher)
	if !ok {
		return r, nil
	}
	if err := f.Finish(ctx, r.Account); err != nil {
		return r, fmt.Errorf("%s: seen, not finished: %w", p.Name(), err)
	}
	return r, nil
}

// find returns our account, nil when there is none. Another's account with one of our keys is a *Conflict, also when ours
// stands beside it: then one person has two, and a human must see it.
func find(ctx context.Context, p Platform, want Account, keys Keys) (*Account, error) {
	found, err := p.Lookup(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("%s: look up: %w", p.Name(), err)
	}
	var ours *Account
	for _, have := range found {
		if have.Marker != want.Marker || have.Deleted() { // a deleted one keeps its code and addresses, ours too (FR-17)
			return nil, &Conflict{Platform: p.Name(), Taken: shared(want, have), Have: have}
		}
		if differs := differences(want, have); len(differs) > 0 {
			return nil, fmt.Errorf("%w: %s: the account with our marker has another %s", ErrPermanent, p.Name(), strings.Join(differs, ", "))
		}
		if have.Unfinished { // as if it were not there yet: the same Create goes on with it
			continue
		}
		if ours != nil {
			return nil, fmt.Errorf("%w: %s: two accounts have our marker", ErrPermanent, p.Name())
		}
		ours = &have
	}
	return ours, nil
}

func complete(want Account, password string) error {
	var missing []string
	for _, field := range []struct{ name, value string }{
		{"code", want.Code}, {"user", want.User}, {"address", want.Address}, {"name", strings.TrimSpace(want.Name)},
		{"marker", want.Marker}, {"password", password},
	} {
		if field.value == "" {
			missing = append(missing, field.name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%w: the wanted account has no %s", ErrPermanent, strings.Join(missing, ", "))
	}
	return nil
}

// shared says by which keys another's account stands in the way.
func shared(want, have Account) []string {
	other := differences(want, have)
	return slices.DeleteFunc([]string{"code", "user", "address"}, func(key string) bool { return slices.Contains(other, key) })
}

// differences compares what identifies a person. Class and cohort are not kept by every platform.
func differences(want, have Account) []string {
	var fields []string
	for _, f := range []struct {
		name string
		same bool
	}{
		{"code", strings.EqualFold(want.Code, have.Code)},
		{"user", strings.EqualFold(want.User, have.User)},
		{"address", have.Has(want.Address)},
		{"name", plain(want.Name) == plain(have.Name)},
	} {
		if !f.same {
			fields = append(fields, f.name)
		}
	}
	return fields
}

// plain takes away what a platform may change in a name without making it another one.
func plain(name string) string { return norm.NFC.String(strings.Join(strings.Fields(name), " ")) }
