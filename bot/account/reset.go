package account

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"vanthu/bot"
)

// reset gives the account of a missing row another initial password (step 6): exactly that account, which vanthu made for this row and
// the platform still shows as such; no second one is ever made. The password was sealed before, like that of a new account: whatever
// is cut off is done again with the same one. Where a person sets it, it waits for what he says came of it.
func (p *Provisioner) reset(ctx context.Context, w work, named Account, password string, t Try) (result Result, e end, err error) {
	if err = p.unused(ctx, named); err == nil {
		err = t.inTime()
	}
	if err == nil {
		result.Asked = true
		err = p.Platform.SetPassword(ctx, named, password)
		result.Agreed = err == nil
	}
	if err == nil {
		result.Account, err = p.readBack(ctx, named)
	}
	if errors.Is(err, ErrPermanent) { // gone, suspended, another's: it stays missing, and an officer must look
		result.Account = Account{}
		said := refusal(w.c) + err.Error()
		return result, end{what: "reset_refused", change: func(r *bot.CaseRow) { r.Said = said }, words: errors.Is(err, ErrRefused)}, nil
	}
	return result, end{what: "account_reset", change: func(r *bot.CaseRow) {
		r.State, r.Said = bot.RowCreated, p.Platform.Name()+": new password set and read back"
	}}, err
}

// unused refuses an account whose holder has chosen a password of his own: it is not missing, and with a new one in the hands of the
// unit somebody else could read his mail. Who has forgotten it goes another way (FR-03).
func (p *Provisioner) unused(ctx context.Context, named Account) error {
	found, err := p.Platform.Lookup(ctx, Keys{Codes: []string{named.Code}})
	if err != nil {
		return fmt.Errorf("%s: look up: %w", p.Platform.Name(), err)
	}
	if len(found) == 1 && found[0].Changed {
		return fmt.Errorf("%w: %s: its holder has changed the initial password already", ErrPermanent, p.Platform.Name())
	}
	return nil
}

// readBack makes sure that the account is the one that was meant, and open.
func (p *Provisioner) readBack(ctx context.Context, named Account) (Account, error) {
	found, err := p.Platform.Lookup(ctx, Keys{Codes: []string{named.Code}})
	switch {
	case err != nil:
		return Account{}, fmt.Errorf("%s: look up: %w", p.Platform.Name(), err)
	case len(found) != 1:
		return Account{}, fmt.Errorf("%s: %w", p.Platform.Name(), ErrUnseen)
	case found[0].Deleted():
		return Account{}, fmt.Errorf("%s: %w", p.Platform.Name(), ErrGone)
	case found[0].Suspended:
		return Account{}, fmt.Errorf("%w: %s: the account is suspended", ErrPermanent, p.Platform.Name())
	}
	return found[0], found[0].Is(named)
}

// refusal begins what is said of a row whose account a plan could not give a new password; the next plan tries again.
func refusal(c bot.Case) string { return fmt.Sprintf("refused (plan %d): ", c.PlanID) }

// undone says whether a plan of that kind still has something to do for a row.
func undone(kind bot.PlanKind, c bot.Case, r bot.CaseRow) bool {
	if kind == bot.PlanReset {
		return r.State == bot.RowMissing && !strings.HasPrefix(r.Said, refusal(c))
	}
	return r.OK && (r.State == bot.RowGood || r.State == bot.RowWarned)
}
