// Package account ensures one account for one person on a platform: look by our marker or the student code, create with
// our marker, read back, record. Platforms stand behind one interface and one conformance suite.
//
// It must not know cases, plans or mails.
package account

import (
	"context"
	"errors"
	"slices"
	"strings"
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
}

// Has says whether an address reaches the account: its primary one or an alias. An alias is as taken as an address.
func (a Account) Has(address string) bool {
	return slices.ContainsFunc(append([]string{a.Address}, a.Aliases...), func(own string) bool { return strings.EqualFold(own, address) })
}

// Errors of a platform. Every other error is temporary: the try may or may not have had an effect.
var (
	ErrExists    = errors.New("account: exists already")
	ErrPermanent = errors.New("account: refused by the platform")
)

// A Platform makes accounts. Implementations are safe for concurrent use.
type Platform interface {
	// Name is the platform's name in plans and events: "ldap", "file".
	Name() string
	// Lookup returns every account that has one of the keys. Unknown keys are no error.
	Lookup(ctx context.Context, keys Keys) ([]Account, error)
	// Create makes the account with the initial password. ErrExists when user, address or code is taken.
	Create(ctx context.Context, a Account, password string) error
}

// Keys is a set of things to look for; they are asked for in sets.
type Keys struct {
	Codes     []string
	Addresses []string
	Users     []string
	Markers   []string
}
