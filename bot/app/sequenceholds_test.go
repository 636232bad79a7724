package app

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/store"
)

// holds looks at everything from outside.
func (w *sequence) holds() {
	var cases []bot.Case
	var plans []store.StoredPlan
	rows := map[int64][]bot.CaseRow{}
	w.read(func(ctx context.Context, tx *store.Tx) (err error) {
		if cases, err = tx.Cases(ctx, ""); err != nil {
			return err
		}
		for _, c := range cases {
			if rows[c.ID], err = tx.Rows(ctx, c.ID); err != nil {
				return err
			}
		}
		plans, err = tx.Plans(ctx)
		return err
	})
	for _, c := range cases {
		if from, known := w.cases[c.ID]; known && !leads(bot.Arrows(c.Kind), from, c.State) {
			w.t.Fatalf("case %s went from %s to %s", c.Number, from, c.State)
		}
		w.seen[string(c.State)] = true
		w.cases[c.ID] = c.State
		for _, r := range rows[c.ID] {
			key := [2]int64{c.ID, int64(r.N)}
			from, known := w.rows[key]
			if replaced := from == bot.RowGood || from == bot.RowWarned || from == bot.RowBad; known && !replaced && !leads(bot.RowArrows(), from, r.State) {
				w.t.Fatalf("row %d of case %s went from %s to %s", r.N, c.Number, from, r.State)
			}
			w.seen["row "+string(r.State)] = true
			w.rows[key] = r.State
		}
	}
	var register []bot.Existing
	w.read(func(ctx context.Context, tx *store.Tx) (err error) {
		register, err = tx.Accounts(ctx)
		return err
	})
	for _, a := range register {
		if from, known := w.accounts[a.Code]; known && !leads(bot.AccountArrows(), from, a.State) {
			w.t.Fatalf("the account of %s went from %s to %s", a.Code, from, a.State)
		}
		w.accounts[a.Code] = a.State
		w.seen["account "+string(a.State)] = true
	}
	w.accountsHold(plans)
}

// leads reports whether arrows lead from one state to another, in at most as many moves as one act makes.
func leads[S comparable](arrows map[S][]S, from, to S) bool {
	reached := map[S]bool{from: true}
	for range 4 {
		for s := range reached {
			for _, next := range arrows[s] {
				reached[next] = true
			}
		}
	}
	return reached[to]
}

// accountsHold looks at the platform: what has changed since the last step stands in a plan that two people are behind.
func (w *sequence) accountsHold(plans []store.StoredPlan) {
	found, err := w.parts.platform.Lookup(w.ctx(), account.Keys{Codes: sequencePeople})
	if err != nil {
		w.t.Fatal(err)
	}
	now, addresses := map[string]account.Account{}, map[string]bool{}
	for _, a := range found {
		if _, twice := now[a.Code]; twice || addresses[a.Address] {
			w.t.Fatalf("%s has two accounts, or %s is given twice", a.Code, a.Address)
		}
		now[a.Code], addresses[a.Address] = a, true
		was, known := w.platform[a.Code]
		if !known && !behind(plans, a, "create") {
			w.t.Fatalf("an account was made for %s that no two people have agreed to", a.Code)
		}
		w.seen["restored"] = w.seen["restored"] || was.Suspended && !a.Suspended
		if a.Suspended && !was.Suspended && !behind(plans, a, "suspend") {
			w.t.Fatalf("the account of %s was suspended, and no two people have agreed to it", a.Code)
		}
		if a.Suspended && !was.Suspended && w.held[a.Code] {
			w.t.Fatalf("the account of %s was suspended, who is on hold", a.Code)
		}
		if w.erased[a.Code] {
			w.t.Fatalf("the address of %s, whose account was erased, was given again", a.Code)
		}
	}
	passwords := w.passwordsNow()
	for code, hash := range passwords {
		if was, known := w.passwords[code]; known && was != hash && !behind(plans, now[code], "reset") {
			w.t.Fatalf("the password of %s was made anew, and no two people have agreed to it", code)
		}
		w.seen["reset"] = w.seen["reset"] || w.passwords[code] != "" && w.passwords[code] != hash
	}
	w.passwords = passwords
	for code, a := range w.platform {
		if _, lives := now[code]; !lives && !behind(plans, a, "suspend") {
			w.t.Fatalf("the account of %s was erased, and no two people have agreed to it", code)
		} else if !lives && (!a.Suspended || w.held[code]) {
			w.t.Fatalf("the account of %s was erased at once, or on hold", code)
		} else if !lives {
			w.erased[code] = true
		}
	}
	w.platform = now
	if len(now) > 0 && len(w.acted) < 2 {
		w.t.Fatal("one person alone has made an account")
	}
}

// passwordsNow are the hashes of the directory, by code.
func (w *sequence) passwordsNow() map[string]string {
	data, err := os.ReadFile(w.app.Config.Accounts.FilePath)
	if err != nil {
		w.t.Fatal(err)
	}
	now := map[string]string{}
	for line := range strings.Lines(string(data)) {
		var l struct {
			Code, Password string
			Erased         bool
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			w.t.Fatal(err)
		}
		now[l.Code] = l.Password
		if l.Erased {
			delete(now, l.Code)
		}
	}
	return now
}

// behind reports whether an approved plan says exactly that, made by one officer and approved by another.
func behind(plans []store.StoredPlan, a account.Account, action string) bool {
	return slices.ContainsFunc(plans, func(p store.StoredPlan) bool {
		return p.Approved.Done() && p.Made.By != p.Approved.By && slices.ContainsFunc(p.Items, func(i bot.PlanItem) bool {
			return i.Action == action && i.Code == a.Code && i.User == a.User && i.Address == a.Address
		})
	})
}
