package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Group is the mail group of a class (Q15).
type Group struct {
	Address string
	Name    string   // "Lớp YBK47"
	Marker  string   // "vanthu:group:lop-ybk47"; "" not ours
	Owner   string   // user name of the monitor, "" none
	Members []string // user names
}

// A Grouper is what a Platform may be beside: it keeps groups. Implementations are safe for concurrent use. Nothing here takes
// anybody out of a group: that is a person's work on the platform itself.
type Grouper interface {
	// Group returns the group with that address, nil when there is none.
	Group(ctx context.Context, address string) (*Group, error)
	// MakeGroup makes it with its owner and its members, one at least. ErrExists when the address is taken, by a group or an account.
	MakeGroup(ctx context.Context, g Group) error
	// JoinGroup adds those of the members who are not in yet, and the owner when the group has none. ErrGone without the group;
	// ErrOther when it does not have the marker. It is idempotent.
	JoinGroup(ctx context.Context, g Group) error
}

// ourGroup begins the marker of every group of ours. It names no case: later cases of the class join the same group.
const ourGroup = "vanthu:group:"

// GroupMarker is what the group with that address carries.
func GroupMarker(address string) string {
	local, _, _ := strings.Cut(strings.ToLower(address), "@")
	return ourGroup + local
}

// EnsureGroup makes sure that the group is there with these members, and with an owner when one is wanted and it has none. It may be
// repeated until it gives a group or a lasting error: *Conflict (is ErrExists) when the address is somebody else's, ErrPermanent.
func EnsureGroup(ctx context.Context, p Platform, want Group) (got Group, made bool, err error) {
	groups, ok := p.(Grouper)
	switch {
	case !ok:
		return got, false, fmt.Errorf("%w: %s keeps no groups", ErrPermanent, p.Name())
	case want.Address == "" || len(want.Members) == 0:
		return got, false, fmt.Errorf("%w: a group needs an address and a member", ErrPermanent)
	}
	want.Marker = GroupMarker(want.Address)
	have, err := findGroup(ctx, p, groups, want)
	if err != nil {
		return got, false, err
	}
	if have == nil {
		if err := groups.MakeGroup(ctx, want); err != nil && !errors.Is(err, ErrExists) {
			return got, false, err
		} else if err == nil {
			made = true
		}
	}
	if have, err = findGroup(ctx, p, groups, want); err != nil {
		return got, false, err
	}
	if have == nil {
		return got, false, fmt.Errorf("%s: group: %w", p.Name(), ErrUnseen)
	}
	if missing(want, *have) {
		if err := groups.JoinGroup(ctx, want); err != nil {
			return got, false, err
		}
		if have, err = findGroup(ctx, p, groups, want); err != nil || have == nil || missing(want, *have) {
			return got, false, errors.Join(err, fmt.Errorf("%s: group: %w", p.Name(), ErrUnseen))
		}
	}
	return *have, made, nil
}

// findGroup returns our group. An account or a group of somebody else with the address is a *Conflict (FR-17, Q17).
func findGroup(ctx context.Context, p Platform, groups Grouper, want Group) (*Group, error) {
	holders, err := p.Lookup(ctx, Keys{Addresses: []string{want.Address}, Users: []string{strings.TrimPrefix(want.Marker, ourGroup)}})
	if err != nil {
		return nil, fmt.Errorf("%s: look up: %w", p.Name(), err)
	}
	for _, a := range holders {
		if a.Marker != want.Marker {
			return nil, &Conflict{Platform: p.Name(), Taken: []string{"address"}, Have: a}
		}
	}
	have, err := groups.Group(ctx, want.Address)
	if err != nil {
		return nil, fmt.Errorf("%s: group: %w", p.Name(), err)
	}
	if have != nil && have.Marker != want.Marker {
		return nil, &Conflict{Platform: p.Name(), Taken: []string{"address"}, Have: Account{Address: have.Address, Name: have.Name, Marker: have.Marker}}
	}
	return have, nil
}

// missing says whether a group lacks somebody who is wanted in it.
func missing(want, have Group) bool {
	in := func(user string) bool {
		return slices.ContainsFunc(have.Members, func(m string) bool { return strings.EqualFold(m, user) })
	}
	return have.Owner == "" && want.Owner != "" || slices.ContainsFunc(want.Members, func(user string) bool { return !in(user) })
}
