package register

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"vanthu/bot"
	"vanthu/bot/store"
)

// A Report is what an import found, or would find.
type Report struct {
	From        string       `json:"from"` // "platform", or the name of a file
	Kept        bool         `json:"kept"` // false: a preview, nothing was written
	Seen        int          `json:"seen"`
	New         int          `json:"new"`
	Known       int          `json:"known"`
	Differing   int          `json:"differing"`    // in the register, and told otherwise: the register's word stays
	WithoutCode int          `json:"without_code"` // nobody's whom the register could know: staff, functions
	Unreadable  int          `json:"unreadable"`
	Near        int          `json:"near"` // new ones who may be in the register under another code
	Details     []Difference `json:"details"`
	More        int          `json:"more,omitempty"` // details that are not told
}

// mostDetails bounds what is told one by one; the counts are whole.
const mostDetails = 1000

func (p *Report) tell(all ...Difference) {
	for _, d := range all {
		if len(p.Details) >= mostDetails {
			p.More++
			continue
		}
		p.Details = append(p.Details, d)
	}
}

// Import takes accounts that exist up into the register; without keep it only says what it would do. Each batch is a transaction with its
// event, an officer's act; what is there already is never changed, so that it may be repeated, and go on after it was cut off.
func (r *Register) Import(ctx context.Context, actor bot.Actor, from string, source Source, keep bool) (Report, error) {
	i := importing{r: r, report: Report{From: from, Kept: keep}, codes: make(map[string]string), addresses: make(map[string]string), names: make(map[string]*namesakes)}
	i.report.Details = []Difference{}
	err := inBatches(ctx, source, func(batch []Account) error {
		if !keep {
			return r.DB.Read(ctx, func(tx *store.Tx) error { _, err := i.batch(ctx, tx, batch); return err })
		}
		before := i.report.New
		return r.DB.Write(ctx, func(tx *store.Tx) error {
			if err := tx.Lock(ctx, store.LockRegister); err != nil { // no plan may give an address meanwhile
				return err
			}
			fresh, err := i.batch(ctx, tx, batch)
			if err != nil {
				return err
			}
			for _, a := range fresh {
				name := a.Name
				if a.State == bot.AccountDeleted { // it is kept for its address alone
					name = ""
				}
				entered, err := tx.ImportAccount(ctx, store.RegisterLine{Code: a.Code, User: a.User, Address: a.Address, Name: name, Class: a.Class, Cohort: a.Cohort, Platform: r.Platform, State: a.State})
				if err == nil && !entered { // it was looked up under the lock: what is counted as new is there
					err = bot.Errorf(bot.Conflict, "the account of %s was not entered", a.Code)
				}
				if err != nil {
					return err
				}
			}
			if i.report.New == before {
				return nil
			}
			return tx.AddEvent(ctx, bot.Event{Actor: actor, What: "accounts_imported", Detail: map[string]string{"from": kindOf(from), "accounts": fmt.Sprint(i.report.New - before)}})
		})
	})
	slices.SortStableFunc(i.report.Details, func(a, b Difference) int { return strings.Compare(a.Code, b.Code) })
	return i.report, err
}

// kindOf keeps the name of a file, which may be a person's, out of the history.
func kindOf(from string) string {
	if from == "platform" {
		return from
	}
	return "file"
}

// importing is an import that runs: of what came before it remembers codes, addresses and names.
type importing struct {
	r         *Register
	report    Report
	codes     map[string]string     // code → address
	addresses map[string]string     // address → code
	names     map[string]*namesakes // name, as it is compared → who has it, in the register or before in this import
}

// batch sorts accounts, and returns the new ones.
func (i *importing) batch(ctx context.Context, tx *store.Tx, batch []Account) (fresh []Account, err error) {
	byCode, byAddress, err := known(ctx, tx, batch)
	if err != nil {
		return nil, err
	}
	p := &i.report
	for _, a := range batch {
		p.Seen++
		line, inRegister := byCode[a.Code]
		at, taken := byAddress[a.Address]
		before, twice := i.codes[a.Code]
		other, again := i.addresses[a.Address]
		switch {
		case a.Fault != "":
			p.Unreadable++
			p.tell(Difference{What: "unreadable", Code: a.Code, Address: a.Address, There: a.Fault, Where: a.Where})
		case a.Code == "":
			p.WithoutCode++
		case !strings.Contains(a.Address, "@") || strings.TrimSpace(a.Name) == "" && a.State != bot.AccountDeleted:
			p.Unreadable++
			p.tell(Difference{What: "unreadable", Code: a.Code, Address: a.Address, There: "no address or no name", Where: a.Where})
		case twice && before != a.Address:
			p.Differing++
			p.tell(Difference{What: "differs", Code: a.Code, Address: a.Address, Field: "twice", Register: before, There: a.Address, Where: a.Where})
		case twice:
			p.Known++
		case inRegister:
			i.codes[a.Code] = a.Address
			if differs := i.r.differs(line, a); len(differs) > 0 {
				p.Differing++
				p.tell(differs...)
				break
			}
			p.Known++
		case taken || again:
			p.Differing++
			if taken {
				other = at.Code
			}
			p.tell(Difference{What: "differs", Code: a.Code, Address: a.Address, Field: "code", Register: other, There: a.Code, Where: a.Where})
		default:
			p.New++
			i.codes[a.Code], i.addresses[a.Address] = a.Address, a.Code
			fresh = append(fresh, a)
		}
	}
	return fresh, i.near(ctx, tx, fresh)
}

// near tells who of the new ones may be known under another code, in the register or earlier in this import. The register is asked once
// for each name: a thousand people have all the usual names, and asking again in each batch read all of it each time. Who gets an account
// by a plan while the import runs may so be missed; it is a hint.
func (i *importing) near(ctx context.Context, tx *store.Tx, fresh []Account) error {
	keys := make([]string, len(fresh))
	var unasked []string
	for n, a := range fresh {
		keys[n] = i.r.NameKey(a.Name)
		if keys[n] != "" && i.names[keys[n]] == nil {
			i.names[keys[n]] = new(namesakes)
			unasked = append(unasked, keys[n])
		}
	}
	lines, err := tx.Namesakes(ctx, unasked)
	if err != nil {
		return err
	}
	for _, l := range lines {
		i.names[l.NameKey].add(who(l.Code, l.Class, l.Cohort))
	}
	for n, a := range fresh {
		same := i.names[keys[n]]
		if same == nil {
			continue
		}
		me := who(a.Code, a.Class, a.Cohort)
		if all := same.near(me); len(all) > 0 {
			other := same.people[all[0]]
			i.report.Near++
			i.report.tell(Difference{What: "near", Code: a.Code, Address: a.Address, Register: other.code, There: strings.Join(near(me, other), ", "), Where: a.Where})
		}
		same.add(me)
	}
	return nil
}
