package desk

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"vanthu/bot"
	"vanthu/bot/store"
)

// Naming is how user names are made (FR-16; decision 35). They are decided when a plan is made, reserved in its transaction, and stand
// in what is approved; nobody makes one afterwards.
type Naming struct {
	// Nth is the n-th user name that a person may get, from 1, and its address.
	Nth func(r bot.NameRow, n int) (user, address string, err error)
	// Suffix: of two who would have one name the second gets his next (ACC-04); else that is an error (ACC-01).
	Suffix bool
	// Blind: where accounts are made nobody says reliably that a name is taken. One that was refused is not tried again, by anybody.
	Blind bool
	// Taken asks the platform who has user names or addresses, suspended, erased and aliases too; nil: it is not asked, and says so itself
	// when the accounts are made. It is asked between transactions, never within one.
	Taken func(ctx context.Context, users, addresses []string) ([]bot.Existing, error)
}

// word is what the platform said of user names and addresses, in lower case: the code of the holder, "" nobody.
type word map[string]string

// errAsk says that names are to be asked for; what the transaction did is rolled back.
var errAsk = errors.New("desk: the platform must be asked first")

// rounds bound how often a plan asks the platform: each time for twice as many names of the people who are still without one.
const rounds = 12

// asking runs f, and again whenever it wants to know more of the platform.
func (d *Desk) asking(ctx context.Context, f func(n *naming) error) error {
	n := &naming{nth: d.Names.Nth, suffix: d.Names.Suffix, blind: d.Names.Blind, taken: d.Names.Taken, said: make(word), window: 1}
	for range rounds {
		n.ask = nil
		if err := f(n); !errors.Is(err, errAsk) {
			return err
		}
		if err := n.hear(ctx); err != nil {
			return err
		}
		n.window *= 2
	}
	return bot.Errorf(bot.Temporary, "the platform has accounts with all names that these people could get; import its accounts first (vanthu account import)")
}

// naming gives the people of one plan their names.
type naming struct {
	nth    func(bot.NameRow, int) (string, string, error)
	suffix bool
	blind  bool
	taken  func(ctx context.Context, users, addresses []string) ([]bot.Existing, error)
	said   word
	window int         // names of a person to look at at once
	ask    []candidate // that the platform must be asked for
}

// A candidate is a name that a person may get.
type candidate struct {
	user, address string
	nth           int
}

func (n *naming) hear(ctx context.Context) error {
	var users, addresses []string
	for _, c := range n.ask {
		users, addresses = append(users, c.user), append(addresses, c.address)
		n.said[c.user], n.said[c.address] = "", ""
	}
	have, err := n.taken(ctx, users, addresses)
	if err != nil {
		return bot.Errorf(bot.Temporary, "the platform cannot be asked who has these names: %w", err)
	}
	for _, e := range have {
		for _, key := range []string{e.User, e.Address, e.Alias} {
			if key != "" {
				n.said[strings.ToLower(key)] = cmp.Or(strings.ToUpper(e.Code), nobodys)
			}
		}
	}
	return nil
}

// nobodys is an account without a code.
const nobodys = "?"

// A nameless person is to get a name.
type nameless struct {
	item  *bot.PlanItem
	at    int         // in the plan
	next  []candidate // to be looked at, in order
	nth   int         // the last that was looked at
	first string      // user name that the policy means
	last  store.NameHolder
	was   store.UserName
}

// names decides the user names of a plan, in the order of its rows: first for who has one reserved, or had, then for the others.
func (n *naming) names(ctx context.Context, tx *store.Tx, p *bot.Plan) error {
	codes := make([]string, len(p.Items))
	for i := range p.Items {
		codes[i] = p.Items[i].Code
	}
	if err := noAccountYet(ctx, tx, p.Items, codes); err != nil {
		return err
	}
	kept, err := tx.UserNamesOf(ctx, codes)
	if err != nil {
		return err
	}
	given := make(map[string]string, 2*len(p.Items)) // user name or address → code
	var remembered, others []*nameless
	for i := range p.Items {
		w := &nameless{item: &p.Items[i], at: i}
		if w.first, _, err = n.nth(nameRow(w.item), 1); err != nil {
			return bot.Errorf(bot.Invalid, "case %s row %d: %w", w.item.Case, w.item.N, err)
		}
		k, ok := kept[w.item.Code]
		if ok && k.Reserved && k.PlanID != p.ID {
			return bot.Errorf(bot.Conflict, "case %s row %d: another plan has reserved the user name %s for %s", w.item.Case, w.item.N, k.User, w.item.Code)
		}
		user, address, err := n.nth(nameRow(w.item), max(k.Nth, 1))
		if ok && err == nil && user == k.User && strings.EqualFold(address, k.Address) { // else his name, or the policy, is another now
			w.was, w.next = k, []candidate{{user, address, k.Nth}}
			remembered = append(remembered, w)
			continue
		}
		others = append(others, w)
	}
	left, err := n.give(ctx, tx, remembered, given)
	if err != nil {
		return err
	}
	for _, w := range left { // somebody else has it by now
		w.was = store.UserName{}
		others = append(others, w)
	}
	slices.SortFunc(others, func(a, b *nameless) int { return cmp.Compare(a.at, b.at) })
	for window := n.window; len(others) > 0; window *= 2 {
		for _, w := range others {
			n.more(w, window)
		}
		if others, err = n.give(ctx, tx, others, given); err != nil {
			return err
		}
	}
	if len(n.ask) > 0 {
		return errAsk
	}
	return nil
}

func nameRow(i *bot.PlanItem) bot.NameRow {
	return bot.NameRow{Code: i.Code, Name: i.Name, Class: i.Class, Cohort: i.Cohort}
}

// more are the next names of a person.
func (n *naming) more(w *nameless, window int) {
	w.next = nil
	for range window {
		if w.nth > 0 && !n.suffix {
			break
		}
		user, address, err := n.nth(nameRow(w.item), w.nth+1)
		if err != nil { // who has his code instead has no second name
			break
		}
		w.nth++
		w.next = append(w.next, candidate{user, strings.ToLower(address), w.nth})
	}
}

// give gives each the first of his next names that nobody has, and returns who is still without one.
func (n *naming) give(ctx context.Context, tx *store.Tx, people []*nameless, given map[string]string) (left []*nameless, err error) {
	var users, addresses []string
	for _, w := range people {
		for _, c := range w.next {
			users, addresses = append(users, c.user), append(addresses, strings.ToLower(c.address))
		}
	}
	taken, err := tx.NamesTaken(ctx, users, addresses)
	if err != nil {
		return nil, err
	}
	for _, w := range people {
		done := false
		for _, c := range w.next {
			holder, free, known := n.free(w, c, taken, given)
			if !known {
				n.ask = append(n.ask, c)
				done = true // for now: all is decided again when the platform has spoken
				continue
			}
			if c.nth == 1 && !free {
				w.item.Holder = strings.Trim(holder.Code, nobodys)
			}
			if w.last = holder; !free || done {
				continue
			}
			done = true
			w.take(c, given)
			break // of a name that he does not need the platform is not asked
		}
		switch {
		case done:
		case len(w.next) == 0, !n.suffix && w.was.User == "":
			return nil, nobody(w)
		default:
			left = append(left, w)
		}
	}
	return left, nil
}

// free says whether a person may have a name, and otherwise who has it. What only the platform can say is not known before it is asked.
func (n *naming) free(w *nameless, c candidate, taken map[string]store.NameHolder, given map[string]string) (holder store.NameHolder, free, known bool) {
	address := strings.ToLower(c.address)
	for _, key := range []string{c.user, address} {
		if code, ok := given[key]; ok {
			return store.NameHolder{Code: code, Where: "plan"}, false, true
		}
		h, ok := taken[key]
		switch {
		case !ok:
		case h.Where == "plan" && h.Code == w.item.Code: // reserved for him
		case h.Where == "platform" && !n.suffix && !n.blind: // it was refused once; the platform says again when the account is made
		default:
			return h, false, true
		}
	}
	if n.taken == nil {
		return holder, true, true
	}
	for _, key := range []string{c.user, address} {
		code, asked := n.said[key]
		if !asked {
			return holder, false, false
		}
		if code != "" && !strings.EqualFold(code, w.item.Code) {
			return store.NameHolder{Code: code, Where: "platform"}, false, true
		}
	}
	return holder, true, true
}

// take gives a person a name.
func (w *nameless) take(c candidate, given map[string]string) {
	given[c.user], given[strings.ToLower(c.address)] = w.item.Code, w.item.Code
	w.item.User, w.item.Address = c.user, c.address
	if c.nth == 1 {
		w.item.Holder = ""
		return
	}
	w.item.Nth, w.item.Wanted, w.item.Holder = c.nth, w.first, cmp.Or(w.item.Holder, w.was.Holder)
}

// nobody says why a person gets no name.
func nobody(w *nameless) error {
	holder := cmp.Or(strings.Trim(w.last.Code, nobodys), "somebody else")
	where := map[string]string{"register": "the account", "plan": "the planned account", "platform": "an account on the platform", "group": "the mail group"}[w.last.Where]
	return bot.Errorf(bot.Conflict, "case %s row %d would get the user name %s, which is or was that of %s of %s; return the case, or change [accounts.names]", w.item.Case, w.item.N, w.first, where, holder)
}

// onceEach refuses that one person gets two accounts: of two rows with one code no name can tell them apart.
func onceEach(items []bot.PlanItem) error {
	rows := make(map[string]bot.PlanItem, len(items))
	for _, i := range items {
		code := strings.ToUpper(i.Code)
		if other, ok := rows[code]; ok {
			return bot.Errorf(bot.Conflict, "case %s row %d and case %s row %d have the same code %s, and would get the same address", other.Case, other.N, i.Case, i.N, i.Code)
		}
		rows[code] = i
	}
	return nil
}

// noAccountYet refuses who has an account already, or had one: since his case was judged it may have been imported.
func noAccountYet(ctx context.Context, tx *store.Tx, items []bot.PlanItem, codes []string) error {
	have, err := tx.RegisteredCodes(ctx, codes)
	if err != nil {
		return err
	}
	for _, i := range items {
		if a, ok := have[i.Code]; ok {
			return bot.Errorf(bot.Conflict, "case %s row %d: %s has the account %s already, in the register since the case was judged; return the case", i.Case, i.N, i.Code, a)
		}
	}
	return nil
}
