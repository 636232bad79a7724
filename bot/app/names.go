package app

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/config"
	"vanthu/bot/desk"
	"vanthu/bot/rules"
	"vanthu/bot/store"
	"vanthu/parser"
)

// names makes user names and addresses as the configuration says.
type names struct {
	account.Policy
	blind bool // nobody says reliably that a name is taken
}

func namesOf(cfg *config.Config) names {
	n := cfg.Accounts.Names
	return names{Policy: account.Policy{Domain: cmp.Or(cfg.Accounts.Domain, "localhost"), Reserved: cfg.Accounts.Reserved, Kind: n.Policy, Template: n.Template,
		Suffix: n.Collision == "suffix", Longest: n.Longest, Instead: n.Instead == "code", Suitable: n.Suitable}, blind: cfg.Accounts.Platform == "offline"}
}

// naming is how plans name people. The platform is asked when somebody has opened it (AskPlatform).
func (n names) naming() desk.Naming {
	return desk.Naming{Suffix: n.Suffix, Blind: n.blind, Nth: func(r bot.NameRow, nth int) (string, string, error) { return n.UserName(account.Holder(r), nth) }}
}

// fault says by which rule a person gets no user name, "" when he gets one.
func (n names) fault(r bot.NameRow) (rule, field, value string) {
	_, _, err := n.UserName(account.Holder(r), 1)
	if fault, ok := errors.AsType[*account.NameError](err); ok {
		return fault.Rule, fault.Field, fault.Value
	}
	return "", "", ""
}

// address is the one that a person would get, "" when he gets none, or when only the plan can say which: a name that takes a suffix where
// somebody else has it.
func (n names) address(r bot.NameRow) string {
	if n.Suffix {
		return ""
	}
	_, address, err := n.UserName(account.Holder(r), 1)
	if err != nil {
		return ""
	}
	return address
}

// addresses are those of the people of a list.
func (n names) addresses(sub parser.Submission) (all []string) {
	if n.Suffix {
		return nil
	}
	for _, r := range rules.People(sub) {
		if a := n.address(r); a != "" {
			all = append(all, a)
		}
	}
	return all
}

// accountsOn asks the platform in sets: for the accounts of the codes, and for who has the addresses that they would get.
func accountsOn(platform account.Platform) func(ctx context.Context, codes, addresses []string) ([]bot.Existing, error) {
	return func(ctx context.Context, codes, addresses []string) ([]bot.Existing, error) {
		if len(codes) == 0 {
			return nil, nil
		}
		return lookUp(ctx, platform, account.Keys{Codes: codes, Addresses: addresses})
	}
}

// takenOn asks the platform who has user names or addresses.
func takenOn(platform account.Platform) func(ctx context.Context, users, addresses []string) ([]bot.Existing, error) {
	return func(ctx context.Context, users, addresses []string) ([]bot.Existing, error) {
		return lookUp(ctx, platform, account.Keys{Users: users, Addresses: addresses})
	}
}

// lookUp returns the accounts of the platform as the desk sees them; of one with aliases each address.
func lookUp(ctx context.Context, platform account.Platform, keys account.Keys) ([]bot.Existing, error) {
	accounts, err := platform.Lookup(ctx, keys)
	if err != nil {
		return nil, err
	}
	var existing []bot.Existing
	for _, acc := range accounts {
		e := bot.Existing{Code: strings.ToUpper(acc.Code), Name: acc.Name, User: strings.ToLower(acc.User), Address: acc.Address}
		switch {
		case acc.Deleted():
			e.State = bot.AccountDeleted
		case acc.Suspended:
			e.State = bot.AccountSuspended
		}
		existing = append(existing, e)
		for _, alias := range acc.Aliases {
			if !strings.EqualFold(alias, acc.Address) {
				existing = append(existing, bot.Existing{Code: e.Code, Name: acc.Name, Address: acc.Address, Alias: strings.ToLower(alias)})
			}
		}
	}
	return existing, nil
}

// AskPlatform lets plans ask the platform who has a user name. It reads the secrets of the platform, which not every officer may. The
// platform is closed by what is returned.
func (a *App) AskPlatform(ctx context.Context) (close func(), err error) {
	platform, done, err := a.Platform(ctx)
	if err != nil {
		return nil, err
	}
	a.Desk.Names.Taken = takenOn(platform)
	return done, nil
}

// Platform opens where accounts are made, for an officer's command.
func (a *App) Platform(ctx context.Context) (account.Platform, func(), error) {
	cfg, err := config.LoadAccounts(a.Config.File)
	if err != nil {
		return nil, nil, err
	}
	platform, done, err := OpenPlatform(ctx, cfg, a.DB.Now)
	if err != nil {
		return nil, nil, err
	}
	if err := lookAt(ctx, platform); err != nil { // he is there to be told
		return nil, nil, errors.Join(err, done())
	}
	return platform, func() { _ = done() }, nil
}

// A Username is how somebody comes to his user name.
type Username struct {
	Code    string         `json:"code"`
	Has     string         `json:"has,omitempty"`   // address of the account that he has or had
	State   string         `json:"state,omitempty"` // of that account
	Steps   []account.Step `json:"steps"`
	Rule    string         `json:"rule,omitempty"` // why there is none: ACC-02, ACC-03
	Tried   []TriedName    `json:"tried"`
	User    string         `json:"user"` // that he would get now, "" none
	Address string         `json:"address"`
	Asked   bool           `json:"platform_asked"`
}

// A TriedName is one that he could get. Who has it is said by his code, never by his name.
type TriedName struct {
	User   string `json:"user"`
	Free   bool   `json:"free"`
	Holder string `json:"holder,omitempty"` // code
	Where  string `json:"where,omitempty"`  // register, plan, platform, group
	State  string `json:"state,omitempty"`  // of the holder's account
}

// mostTried bounds how many names are told.
const mostTried = 1000

// Username explains the user name of a person as a plan would make it now.
func (a *App) Username(ctx context.Context, r bot.NameRow) (u Username, err error) {
	policy := namesOf(a.Config)
	r.Code = strings.ToUpper(strings.TrimSpace(r.Code))
	u.Code, u.Asked = r.Code, a.Desk.Names.Taken != nil
	u.Steps, err = policy.Explain(account.Holder(r))
	if fault, ok := errors.AsType[*account.NameError](err); ok {
		u.Rule = fault.Rule
		return u, nil
	}
	if err != nil {
		return u, err
	}
	err = a.DB.Read(ctx, func(tx *store.Tx) error {
		known, err := tx.Known(ctx, []string{r.Code}, 0)
		if err != nil {
			return err
		}
		for _, e := range known[r.Code] {
			if e.Case == "" {
				u.Has, u.State = e.Address, string(e.State)
			}
		}
		kept, err := tx.UserNamesOf(ctx, []string{r.Code})
		if err != nil {
			return err
		}
		order := []int{}
		if k, ok := kept[r.Code]; ok {
			order = append(order, k.Nth)
		}
		for n := 1; n <= mostTried; n++ {
			order = append(order, n)
		}
		for _, n := range order {
			user, address, err := policy.UserName(account.Holder(r), n)
			if err != nil { // no other one
				break
			}
			tried, err := a.tryName(ctx, tx, r.Code, user, address)
			if err != nil {
				return err
			}
			u.Tried = append(u.Tried, tried)
			if tried.Free {
				u.User, u.Address = user, address
				break
			}
		}
		return nil //nolint:nilerr // a name that cannot be spelt ends the trying, and is told by having none
	})
	return u, err
}

// tryName looks whether somebody else has a name.
func (a *App) tryName(ctx context.Context, tx *store.Tx, code, user, address string) (TriedName, error) {
	taken, err := tx.NamesTaken(ctx, []string{user}, []string{address})
	if err != nil {
		return TriedName{}, err
	}
	for _, key := range []string{user, address} {
		h, ok := taken[key]
		again := h.Where == "platform" && !a.Desk.Names.Suffix && !a.Desk.Names.Blind || h.Where != "platform" && h.Code == code
		if ok && !again {
			return TriedName{User: user, Holder: h.Code, Where: h.Where, State: string(h.State)}, nil
		}
	}
	if a.Desk.Names.Taken != nil {
		have, err := a.Desk.Names.Taken(ctx, []string{user}, []string{address})
		if err != nil {
			return TriedName{}, err
		}
		for _, e := range have {
			if !strings.EqualFold(e.Code, code) {
				return TriedName{User: user, Holder: e.Code, Where: "platform", State: string(e.State)}, nil
			}
		}
	}
	return TriedName{User: user, Free: true}, nil
}
