// Package account ensures one account for one person on a platform: look by our marker or the student code, create with
// our marker, read back, record. Platforms stand behind one interface and one conformance suite.
//
// It must not know cases, plans or mails.
package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// An Account is one person's account on a platform.
type Account struct {
	Code    string   // student code (LDAP employeeNumber)
	User    string   // user name, lower case (uid)
	Address string   // mail, the primary one
	Aliases []string // other addresses that reach it; read, never written
	Name    string   // full name as written (cn, displayName)
	Family  string   // sn
	Given   string   // givenName; may be empty for a one-word name
	Class   string
	Cohort  string
	Marker  string // who made it and why: "vanthu:YC-2026-0042:7"; "" not ours

	Suspended bool // nobody can sign in to it; read, never written by Create
	Changed   bool // its holder has changed the initial password (FR-22); false where the platform does not tell

	// Unfinished: the account is there, and Create has not come to its end (Active Directory: nobody can sign in to it yet). The same
	// Create goes on with it. Read, never written.
	Unfinished bool

	// DeletedUntil is set on an account that was erased and that the platform could still bring back until then. It is as taken as
	// ever, and so are its addresses (FR-17); but for Undeleter it can be changed no more. Read, never written.
	DeletedUntil time.Time
}

// Deleted says whether the platform keeps it only to bring it back.
func (a Account) Deleted() bool { return !a.DeletedUntil.IsZero() }

// Has says whether an address reaches the account: its primary one or an alias. An alias is as taken as an address.
func (a Account) Has(address string) bool {
	return slices.ContainsFunc(append([]string{a.Address}, a.Aliases...), func(own string) bool { return strings.EqualFold(own, address) })
}

// Is says whether an account that a platform shows is the one that is named, and otherwise by what it differs. The name is
// compared as people see it; the marker only when the named one has it.
func (a Account) Is(named Account) error {
	other := slices.DeleteFunc(differences(named, a), func(field string) bool { return field == "user" && named.User == "" })
	if named.Marker != "" && a.Marker != named.Marker {
		other = append(other, "marker")
	}
	for _, field := range []struct{ name, value string }{{"code", named.Code}, {"address", named.Address}, {"name", strings.TrimSpace(named.Name)}} {
		if field.value == "" {
			return fmt.Errorf("%w: its %s was not named", ErrOther, field.name)
		}
	}
	if len(other) > 0 {
		return fmt.Errorf("%w: it has another %s", ErrOther, strings.Join(other, ", "))
	}
	return nil
}

// Errors of a platform. Every other error is temporary: the try may or may not have had an effect.
var (
	ErrExists    = errors.New("account: exists already")
	ErrPermanent = errors.New("account: refused by the platform")

	// ErrGone and ErrOther are permanent, too.
	ErrGone  = fmt.Errorf("%w: there is no such account", ErrPermanent)
	ErrOther = fmt.Errorf("%w: the account is not the one that was named", ErrPermanent)

	// ErrUndone is of a temporary error that is known to have had no effect: nothing was sent, or the platform turned it away before it
	// looked (429, 412, a quota of our own). Then the next try need not wait until what it may have done must show.
	ErrUndone = errors.New("nothing was done")

	// ErrAway is of a Checker: the platform does not answer, or not now, and nobody can tell whether it was configured well.
	ErrAway = errors.New("account: the platform is away")
)

// A Wait is a temporary error of which is known when to come back: the platform said it (Retry-After), or the quota of the hour or
// day is used up. Nothing is wrong with the row.
type Wait struct {
	For time.Duration
	Err error
}

func (w *Wait) Error() string { return fmt.Sprintf("%v; again in %v", w.Err, w.For.Round(time.Second)) }

func (w *Wait) Unwrap() error { return w.Err }

// A Platform makes, suspends and erases accounts. Implementations are safe for concurrent use.
//
// SetPassword, Suspend, Restore and Erase find the account by its code and act only when it Is the one that is named: an
// account that vanthu did not make is named by its code, address and name, one of ours by its marker, too. Otherwise they
// change nothing and say ErrOther. All four are idempotent: a try whose reply was lost may be repeated.
//
// A platform that deletes softly goes on showing who was erased, with DeletedUntil; for the four that account is gone.
type Platform interface {
	// Name is the platform's name in plans and events: "ldap", "file".
	Name() string
	// Describe says how the platform behaves. It asks nobody.
	Describe() Description
	// Lookup returns every account that has one of the keys. Unknown keys are no error.
	Lookup(ctx context.Context, keys Keys) ([]Account, error)
	// Create makes the account with the initial password. ErrExists when user, address or code is taken.
	Create(ctx context.Context, a Account, password string) error
	// SetPassword gives the account another initial password. ErrGone without one; ErrPermanent when it is suspended.
	SetPassword(ctx context.Context, a Account, password string) error
	// Suspend stops every sign-in and keeps the account and all that is its. ErrGone without one.
	Suspend(ctx context.Context, a Account) error
	// Restore undoes Suspend: the password of before opens the account again. ErrGone without one.
	Restore(ctx context.Context, a Account) error
	// Erase removes the account for ever. One that is not there (any more) is no error.
	Erase(ctx context.Context, a Account) error
}

// A Description is how a platform behaves. The zero Description: what it says is so, at once.
type Description struct {
	Undelete time.Duration // how long Erase can be undone, by Undeleter or by hand; 0: never
	Settle   time.Duration // how long it may not show what it has done: nothing is made a second time before
	InFlight int           // rows at once that are of use; 0: 8
}

// Keys is a set of things to look for; they are asked for in sets.
type Keys struct {
	Codes     []string
	Addresses []string
	Users     []string
	Markers   []string
}
