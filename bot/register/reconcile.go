package register

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"vanthu/bot"
	"vanthu/bot/store"
)

// A Comparison is how the register and the platform differ. Nothing is changed by it.
type Comparison struct {
	Register     int          `json:"register"` // accounts in it, without deleted ones
	Platform     int          `json:"platform"` // accounts with a code
	WithoutCode  int          `json:"without_code"`
	Same         int          `json:"same"`
	OnlyPlatform int          `json:"only_platform"`
	OnlyRegister int          `json:"only_register"`
	Differing    int          `json:"differing"` // accounts
	Unreadable   int          `json:"unreadable"`
	Differences  []Difference `json:"differences"`
}

// Reconcile holds the register against the platform. Of what agrees only the codes are held in memory.
func (r *Register) Reconcile(ctx context.Context, source Source) (Comparison, error) {
	c := Comparison{Differences: []Difference{}}
	seen := make(map[string]string) // code → address
	err := inBatches(ctx, source, func(batch []Account) error {
		return r.DB.Read(ctx, func(tx *store.Tx) error {
			byCode, byAddress, err := known(ctx, tx, batch)
			if err != nil {
				return err
			}
			for _, a := range batch {
				r.compare(&c, a, seen, byCode, byAddress)
			}
			return nil
		})
	})
	if err != nil {
		return c, err
	}
	for after := ""; ; {
		var lines []store.RegisterLine
		if err := r.DB.Read(ctx, func(tx *store.Tx) (err error) {
			lines, err = tx.RegisterAfter(ctx, after, batchSize)
			return err
		}); err != nil {
			return c, err
		}
		if len(lines) == 0 {
			break
		}
		after = lines[len(lines)-1].Code
		for _, l := range lines {
			if l.State == bot.AccountDeleted {
				continue
			}
			c.Register++
			if _, there := seen[l.Code]; !there {
				c.OnlyRegister++
				c.Differences = append(c.Differences, Difference{What: "only_register", Code: l.Code, Address: l.Address, Register: string(l.State)})
			}
		}
	}
	slices.SortStableFunc(c.Differences, func(a, b Difference) int {
		return cmp.Or(strings.Compare(a.Code, b.Code), strings.Compare(a.What, b.What), strings.Compare(a.Field, b.Field), strings.Compare(a.Address, b.Address))
	})
	return c, nil
}

func (r *Register) compare(c *Comparison, a Account, seen map[string]string, byCode, byAddress map[string]store.RegisterLine) {
	if a.Fault != "" {
		c.Unreadable++
		c.Differences = append(c.Differences, Difference{What: "unreadable", Code: a.Code, Address: a.Address, There: a.Fault, Where: a.Where})
		return
	}
	at, taken := byAddress[a.Address]
	if a.Code == "" {
		c.WithoutCode++
		if taken { // the register knows whose it is
			c.Differing++
			c.Differences = append(c.Differences, Difference{What: "differs", Code: at.Code, Address: a.Address, Field: "code", Register: at.Code})
			seen[at.Code] = a.Address
		}
		return
	}
	c.Platform++
	if before, twice := seen[a.Code]; twice {
		c.Differing++
		c.Differences = append(c.Differences, Difference{What: "differs", Code: a.Code, Address: a.Address, Field: "twice", Register: before, There: a.Address})
		return
	}
	seen[a.Code] = a.Address
	l, ok := byCode[a.Code]
	switch {
	case !ok && taken:
		c.Differing++
		c.Differences = append(c.Differences, Difference{What: "differs", Code: a.Code, Address: a.Address, Field: "code", Register: at.Code, There: a.Code})
	case !ok:
		c.OnlyPlatform++
		c.Differences = append(c.Differences, Difference{What: "only_platform", Code: a.Code, Address: a.Address, There: string(cmp.Or(a.State, bot.AccountActive))})
	default:
		if d := r.differs(l, a); len(d) > 0 {
			c.Differing++
			c.Differences = append(c.Differences, d...)
			return
		}
		c.Same++
	}
}
