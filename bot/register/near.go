package register

import (
	"context"
	"strings"

	"vanthu/bot"
	"vanthu/bot/store"
)

// A Near is somebody who may be the same person as somebody else with another code. It is only a hint: a class may well have two people of
// one name.
type Near struct {
	Case  string           `json:"case,omitempty"` // of a plan
	Row   int              `json:"row,omitempty"`  // of a case
	Code  string           `json:"code"`
	Other string           `json:"other"`           // code in the register
	State bot.AccountState `json:"state"`           // of the other account
	Why   []string         `json:"why"`             // "class", "cohort", "code"
	Name  string           `json:"name,omitempty"`  // of the other
	Class string           `json:"class,omitempty"` // of the other
}

// near says by what two people of one name may be one: by what brings them together, or by their codes.
func near(a, b someone) (why []string) {
	if strings.EqualFold(a.code, b.code) {
		return nil
	}
	if by := together(a, b); by != "" {
		why = append(why, by)
	}
	if slip(a.code, b.code) {
		why = append(why, "code")
	}
	return why
}

// together: two people are in one class; or, where the class of one is not known, in one cohort.
func together(a, b someone) string {
	known := a.class != "" && b.class != ""
	switch {
	case known && a.class == b.class:
		return "class"
	case !known && a.cohort != "" && a.cohort == b.cohort:
		return "cohort"
	}
	return ""
}

const shortestCode = 4 // shorter ones are like each other by chance

// slip says whether one code may be the other, mistyped: one character is another one, or two neighbours have changed places.
func slip(a, b string) bool {
	if len(a) != len(b) || len(a) < shortestCode {
		return false
	}
	at := make([]int, 0, 2)
	for i := range len(a) {
		if a[i] != b[i] {
			if len(at) == 2 {
				return false
			}
			at = append(at, i)
		}
	}
	return len(at) == 1 || len(at) == 2 && at[1] == at[0]+1 && a[at[0]] == b[at[1]] && a[at[1]] == b[at[0]]
}

// NearRows returns who of the rows of a case may have an account under another code. What the rules said of rows among each other
// (ROW-17) is not said again.
func (r *Register) NearRows(ctx context.Context, tx *store.Tx, rows []bot.CaseRow) (all []Near, err error) {
	byKey := make(map[string][]bot.CaseRow)
	var keys []string
	for _, row := range rows {
		if row.Name == "" || row.Code == "" {
			continue
		}
		key := r.NameKey(row.Name)
		if byKey[key] == nil {
			keys = append(keys, key)
		}
		byKey[key] = append(byKey[key], row)
	}
	lines, err := tx.Namesakes(ctx, keys)
	if err != nil {
		return nil, err
	}
	inCase := make(map[string]bool, len(rows))
	for _, row := range rows {
		inCase[row.Code] = true
	}
	for _, l := range lines {
		if inCase[l.Code] {
			continue
		}
		other := who(l.Code, l.Class, l.Cohort)
		for _, row := range byKey[l.NameKey] {
			if why := near(who(row.Code, row.Class, row.Cohort), other); why != nil {
				all = append(all, Near{Row: row.N, Code: row.Code, Other: l.Code, State: l.State, Why: why, Name: l.Name, Class: l.Class})
			}
		}
	}
	return all, nil
}

// Near goes through everybody in the register who may be in it twice. Of a class each is named with the first of his name alone.
func (r *Register) Near(ctx context.Context, f func(Near) error) error {
	after := ""
	for {
		var keys []string
		var lines []store.Namesake
		err := r.DB.Read(ctx, func(tx *store.Tx) (err error) {
			if keys, err = tx.SharedNames(ctx, after, 50); err != nil {
				return err
			}
			lines, err = tx.Namesakes(ctx, keys)
			return err
		})
		if err != nil || len(keys) == 0 {
			return err
		}
		after = keys[len(keys)-1]
		same := make(map[string][]store.Namesake, len(keys))
		for _, l := range lines {
			same[l.NameKey] = append(same[l.NameKey], l)
		}
		for _, key := range keys {
			if err := nearOf(same[key], f); err != nil {
				return err
			}
		}
	}
}

// nearOf holds people of one name against each other.
func nearOf(people []store.Namesake, f func(Near) error) error {
	var before namesakes
	for _, p := range people {
		me := who(p.Code, p.Class, p.Cohort)
		for _, i := range before.near(me) {
			if err := f(Near{Code: people[i].Code, Other: p.Code, State: p.State, Why: near(before.people[i], me), Name: p.Name, Class: p.Class}); err != nil {
				return err
			}
		}
		before.add(me)
	}
	return nil
}
