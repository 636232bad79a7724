package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/register"
	"vanthu/bot/store"
	"vanthu/parser/viet"
)

// nameKey is how names are compared: whatever the letters' case, the place of a tone, or how letters are put together.
func nameKey(name string) string {
	clean, _ := viet.Clean(name)
	return viet.ToneKey(clean)
}

// Register is the register of accounts, to be looked after.
func (a *App) Register() *register.Register {
	return &register.Register{DB: a.DB, NameKey: nameKey, Platform: a.Config.Accounts.Platform}
}

// ImportAccounts takes accounts that exist up into the register: all of the platform ("platform"), or of a CSV file. Without keep it only
// says what it would do.
func (a *App) ImportAccounts(ctx context.Context, actor bot.Actor, from string, keep bool) (register.Report, error) {
	if from != "platform" {
		source, err := csvAccounts(from, parseLimits(a.Config.Limits))
		if err != nil {
			return register.Report{}, err
		}
		return a.Register().Import(ctx, actor, filepath.Base(from), source, keep)
	}
	source, done, err := a.listed(ctx)
	if err != nil {
		return register.Report{}, err
	}
	defer done()
	return a.Register().Import(ctx, actor, from, source, keep)
}

// Reconcile holds the register against the platform, or against a CSV file of its accounts.
func (a *App) Reconcile(ctx context.Context, file string) (register.Comparison, error) {
	if file != "" {
		source, err := csvAccounts(file, parseLimits(a.Config.Limits))
		if err != nil {
			return register.Comparison{}, err
		}
		return a.Register().Reconcile(ctx, source)
	}
	source, done, err := a.listed(ctx)
	if err != nil {
		return register.Comparison{}, err
	}
	defer done()
	return a.Register().Reconcile(ctx, source)
}

// listed are all accounts of the platform.
func (a *App) listed(ctx context.Context) (register.Source, func(), error) {
	platform, done, err := a.Platform(ctx)
	if err != nil {
		return nil, nil, err
	}
	lister, ok := platform.(account.Lister)
	if !ok {
		done()
		return nil, nil, bot.Errorf(bot.Invalid, "the platform %q cannot list its accounts; name a CSV file of them instead", platform.Name())
	}
	return func(ctx context.Context, f func(register.Account) error) error {
		return lister.List(ctx, func(acc account.Account) error {
			state := bot.AccountLives
			switch {
			case acc.Deleted():
				state = bot.AccountDeleted
			case acc.Suspended:
				state = bot.AccountSuspended
			}
			return f(register.Account{Code: acc.Code, User: acc.User, Address: acc.Address, Name: acc.Name, Class: acc.Class, Cohort: acc.Cohort, State: state})
		})
	}, done, nil
}

// NearRows returns who of a case may have an account under another code.
func (a *App) NearRows(ctx context.Context, c bot.Case, rows []bot.CaseRow) (near []register.Near, err error) {
	if c.Kind != bot.AccountRequest {
		return nil, nil
	}
	err = a.DB.Read(ctx, func(tx *store.Tx) (err error) {
		near, err = a.Register().NearRows(ctx, tx, rows)
		return err
	})
	return near, err
}

// NearPlan returns who of a plan that makes accounts may have one under another code, case by case.
func (a *App) NearPlan(ctx context.Context, p bot.Plan) (all []register.Near, err error) {
	if p.Kind != bot.PlanCreate {
		return nil, nil
	}
	rows := make(map[string][]bot.CaseRow)
	var numbers []string
	for _, i := range p.Items {
		if rows[i.Case] == nil {
			numbers = append(numbers, i.Case)
		}
		rows[i.Case] = append(rows[i.Case], bot.CaseRow{Row: bot.Row{N: i.N, Code: i.Code, Name: i.Name, Class: i.Class, Cohort: i.Cohort}})
	}
	err = a.DB.Read(ctx, func(tx *store.Tx) error {
		all = nil
		for _, number := range numbers {
			near, err := a.Register().NearRows(ctx, tx, rows[number])
			if err != nil {
				return err
			}
			for _, n := range near {
				n.Case = number
				all = append(all, n)
			}
		}
		return nil
	})
	return all, err
}

// csvAccounts reads a file of accounts.
func csvAccounts(path string, limits csvLimits) (register.Source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	if info.Size() > limits.FileSize {
		return nil, bot.Errorf(bot.Invalid, "%s has %d MB, and the limit is %d; part it, or raise limits.mail_mb", path, info.Size()>>20, limits.FileSize>>20)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	accounts, err := readAccounts(data, limits)
	if err != nil {
		return nil, bot.Errorf(bot.Invalid, "%s: %w", path, err)
	}
	return func(_ context.Context, f func(register.Account) error) error {
		for _, a := range accounts {
			if err := f(a); err != nil {
				return err
			}
		}
		return nil
	}, nil
}
