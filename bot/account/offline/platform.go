package offline

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/store"
)

// A Platform is account.Platform over the tables of bundles and the register. It makes and changes nothing itself: it writes down what is
// wanted and says that it is pending, until a result shows that it was done (change.go).
type Platform struct {
	DB *store.DB
	S  Settings

	errand account.Errand // for whom an account is changed
}

// For is the platform with which accounts are changed for a row.
func (p *Platform) For(e account.Errand) account.Platform {
	of := *p
	of.errand = e
	return &of
}

// Name is "offline".
func (p *Platform) Name() string { return "offline" }

// Describe says that reads show at once what results have said. What the other admin erases is gone for us.
func (p *Platform) Describe() account.Description { return account.Description{} }

// Lookup returns what results have shown and what the register knows: nobody else can be asked.
func (p *Platform) Lookup(ctx context.Context, keys account.Keys) (found []account.Account, err error) {
	seen := make(map[string]bool)
	add := func(a account.Account) {
		if key := a.Marker + " " + a.Address; !seen[key] {
			seen[key] = true
			found = append(found, a)
		}
	}
	err = p.DB.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.BundleAccounts(ctx, keys.Codes, keys.Addresses, keys.Users, keys.Markers)
		if err != nil {
			return err
		}
		registered, err := tx.EntriesBy(ctx, keys.Codes, keys.Addresses, keys.Users)
		if err != nil {
			return err
		}
		var addresses []string
		state := make(map[string]bot.AccountState)
		for _, r := range registered {
			state[strings.ToLower(r.Address)] = r.State
			addresses = append(addresses, r.Address)
		}
		for _, r := range rows {
			addresses = append(addresses, r.Address)
		}
		changes, err := tx.LastChanges(ctx, addresses)
		if err != nil {
			return err
		}
		shown := func(a account.Account) {
			key := strings.ToLower(a.Address)
			gone := state[key] == bot.AccountDeleted // blocked by the rules, which ask the register themselves
			a.Suspended = state[key] == bot.AccountSuspended
			if c, ok := changes[key]; ok && !c.Recorded { // shown, and the register does not know of it yet
				gone, a.Suspended = c.Act == store.ActErase, c.Act == store.ActSuspend
			}
			if !gone {
				add(a)
			}
		}
		for _, r := range rows {
			shown(accountOf(r))
		}
		for _, r := range registered {
			user, _, _ := strings.Cut(r.Address, "@")
			a := account.Account{Code: r.Code, User: cmp.Or(r.User, user), Address: r.Address, Name: r.Name}
			if a.Family, a.Given = account.SplitName(r.Name); r.Case != "" {
				a.Marker = account.Marker(r.Case, r.N)
			}
			shown(a)
		}
		return nil
	})
	return found, err
}

// accountOf is the account of a row: one that is to be made bears the marker of the row, another one its own.
func accountOf(r store.BundleRow) account.Account {
	a := account.Account{Code: r.Code, User: r.User, Address: r.Address, Name: r.Name, Class: r.Class, Cohort: r.Cohort, Marker: r.Marker}
	if r.Act == store.ActCreate {
		a.Marker = account.Marker(r.Case, r.N)
	}
	a.Family, a.Given = account.SplitName(r.Name)
	return a
}

// Create writes down that the account is wanted. The password is not kept a second time: it was sealed for this row before the
// first try (bot/account, Provisioner), and is opened when the bundle is made.
func (p *Platform) Create(ctx context.Context, a account.Account, _ string) error {
	f, err := forms(p.S.Form)
	if err != nil {
		return err
	}
	number, n, ok := marked(a.Marker)
	if !ok {
		return fmt.Errorf("%w: offline: the account names no case and row", account.ErrPermanent)
	}
	if err := f.fits(a); err != nil {
		return fmt.Errorf("%w: %w", account.ErrRefused, err)
	}
	var r store.BundleRow
	taken := false
	if err := p.DB.Write(ctx, func(tx *store.Tx) error {
		c, err := tx.CaseByNumber(ctx, number)
		if err != nil {
			return err
		}
		r, taken, err = tx.GatherRow(ctx, store.Wish{CaseID: c.ID, N: n, PlanID: c.PlanID, Act: store.ActCreate, User: a.User, Address: a.Address})
		return err
	}); err != nil {
		return fmt.Errorf("offline: %w", err)
	}
	switch {
	case taken:
		return fmt.Errorf("%w: a row of another case is to get this address", account.ErrTaken)
	case r.State == store.RowRefused && ofTheName(r.Said):
		return fmt.Errorf("%w: bundle %s: %s", account.ErrTaken, r.Bundle, r.Said)
	case r.State == store.RowRefused:
		return fmt.Errorf("%w: bundle %s: %s", account.ErrRefused, r.Bundle, r.Said)
	case r.State == store.RowDone:
		return fmt.Errorf("%w: offline: bundle %s", account.ErrExists, r.Bundle)
	}
	return pending(r)
}

// pending says for what a row waits.
func pending(r store.BundleRow) error {
	if r.Bundle == "" {
		return &account.Pending{For: "waits to be put into a bundle since " + local(r.At)}
	}
	return &account.Pending{For: waitsFor(r.Bundle, r.Since)}
}

func waitsFor(bundle string, since time.Time) string {
	return fmt.Sprintf("waits for the result of bundle %s since %s", bundle, local(since))
}

func local(t time.Time) string { return t.In(bot.ICT).Format("02/01/2006 15:04") }

// marked reads a marker, "vanthu:YC-2026-0042:7".
func marked(marker string) (number string, n int, ok bool) {
	rest, ours := strings.CutPrefix(marker, "vanthu:")
	number, row, both := strings.Cut(rest, ":")
	n, err := strconv.Atoi(row)
	return number, n, ours && both && err == nil && account.Marker(number, n) == marker
}
