// Package register looks after the register of accounts (QT.CNTT.03, section VII.2): what exists already is taken up into it, it is held
// against the platform, and who may be in it twice is shown.
//
// It changes no account, and no line that is there: what should change goes by a plan. It must not know how platforms or files are read.
package register

import (
	"context"
	"strings"

	"vanthu/bot"
	"vanthu/bot/store"
)

// A Register is the register with what is needed to look after it.
type Register struct {
	DB       *store.DB
	NameKey  func(name string) string // how two spellings of a name are compared
	Platform string                   // where accounts are made
}

// An Account is one that exists, as the platform or a file tells it.
type Account struct {
	Code, User, Address, Name, Class, Cohort string
	State                                    bot.AccountState // "", suspended or deleted
	Where                                    string           // "line 12"; "" the platform
	Fault                                    string           // why it cannot be read; "" it can
}

// A Source tells accounts one by one, in whatever order.
type Source func(ctx context.Context, f func(Account) error) error

// batchSize is how many accounts are looked up, and kept, at once: nothing of a hundred thousand is held in memory but their codes.
const batchSize = 1000

// inBatches hands the accounts of a source over in batches.
func inBatches(ctx context.Context, source Source, f func([]Account) error) error {
	batch := make([]Account, 0, batchSize)
	err := source(ctx, func(a Account) error {
		a.Code, a.Address, a.User = strings.ToUpper(strings.TrimSpace(a.Code)), strings.ToLower(strings.TrimSpace(a.Address)), strings.ToLower(strings.TrimSpace(a.User))
		if batch = append(batch, a); len(batch) < batchSize {
			return nil
		}
		err := f(batch)
		batch = batch[:0]
		return err
	})
	if err != nil || len(batch) == 0 {
		return err
	}
	return f(batch)
}

// known are the lines of the register for a batch, by code and by address.
func known(ctx context.Context, tx *store.Tx, batch []Account) (byCode, byAddress map[string]store.RegisterLine, err error) {
	var codes, addresses []string
	for _, a := range batch {
		if a.Code != "" {
			codes = append(codes, a.Code)
		}
		if a.Address != "" {
			addresses = append(addresses, a.Address)
		}
	}
	lines, err := tx.RegisterOf(ctx, codes, addresses)
	byCode, byAddress = make(map[string]store.RegisterLine, len(lines)), make(map[string]store.RegisterLine, len(lines))
	for _, l := range lines {
		byCode[l.Code], byAddress[strings.ToLower(l.Address)] = l, l
	}
	return byCode, byAddress, err
}

// A Difference is an account that the register and the platform, or a file, do not tell alike.
type Difference struct {
	What     string `json:"what"` // "only_platform", "only_register", "differs", "near", "unreadable"
	Code     string `json:"code"`
	Address  string `json:"address"`
	Field    string `json:"field,omitempty"` // of "differs": address, user, name, state, code, twice
	Register string `json:"register,omitempty"`
	There    string `json:"there,omitempty"` // on the platform, or in the file
	Where    string `json:"where,omitempty"` // of a file: the line
}

// differs says by which fields an account is told otherwise than by the register.
func (r *Register) differs(l store.RegisterLine, a Account) (all []Difference) {
	say := func(field, was, is string) {
		all = append(all, Difference{What: "differs", Code: a.Code, Address: l.Address, Field: field, Register: was, There: is, Where: a.Where})
	}
	if !strings.EqualFold(l.Address, a.Address) {
		say("address", l.Address, a.Address)
	}
	if l.User != "" && a.User != "" && l.User != a.User {
		say("user", l.User, a.User)
	}
	if l.Name != "" && a.Name != "" && r.NameKey(l.Name) != r.NameKey(a.Name) { // the name of a deleted one may be destroyed
		say("name", l.Name, a.Name)
	}
	gone := func(s bot.AccountState) bot.AccountState {
		if s == bot.AccountSuspended || s == bot.AccountDeleted {
			return s
		}
		return bot.AccountActive
	}
	if was, is := gone(l.State), gone(a.State); was != is {
		say("state", string(was), string(is))
	}
	return all
}
