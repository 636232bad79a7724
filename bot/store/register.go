package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"vanthu/bot"
)

// A RegisterLine is one account of the register, whoever made it.
type RegisterLine struct {
	Code     string           `json:"code"`
	User     string           `json:"user,omitempty"` // "" not known
	Address  string           `json:"address"`
	Name     string           `json:"name"`
	Class    string           `json:"class,omitempty"`
	Cohort   string           `json:"cohort,omitempty"`
	Platform string           `json:"platform"`
	Origin   string           `json:"origin"` // made, imported, or found: met by its suspension
	State    bot.AccountState `json:"state"`
	Case     string           `json:"case,omitempty"` // that made it, or named it first
	Row      int              `json:"row,omitempty"`
	Since    time.Time        `json:"since,omitzero"` // made or imported
	Gone     time.Time        `json:"gone,omitzero"`  // suspended or deleted
	Decision string           `json:"decision,omitempty"`
}

const registerLine = `SELECT a.code, a.user_name, a.address, a.name, a.class, a.cohort, a.platform, a.origin, a.state, coalesce(c.number, ''), a.n, a.created_at,
	CASE WHEN a.deleted_at > 0 THEN a.deleted_at ELSE a.suspended_at END, a.decision FROM accounts a LEFT JOIN cases c ON c.id = a.case_id `

func scanRegisterLine(s scanner) (l RegisterLine, err error) {
	var since, gone int64
	err = s.Scan(&l.Code, &l.User, &l.Address, &l.Name, &l.Class, &l.Cohort, &l.Platform, &l.Origin, &l.State, &l.Case, &l.Row, &since, &gone, &l.Decision)
	l.Since, l.Gone = instant(since), instant(gone)
	return l, err
}

// RegisterAfter returns the next lines of the register after a code, in order; at most that many.
func (tx *Tx) RegisterAfter(ctx context.Context, code string, most int) ([]RegisterLine, error) {
	return list(ctx, tx, scanRegisterLine, registerLine+`WHERE a.code > $1 ORDER BY a.code LIMIT $2`, code, most)
}

// RegisterOf returns the lines of people and of addresses, each once.
func (tx *Tx) RegisterOf(ctx context.Context, codes, addresses []string) (lines []RegisterLine, err error) {
	seen := make(map[string]bool)
	for _, ask := range []struct {
		where  string
		values []string
		fold   func(string) string
	}{{`a.code IN (%s)`, codes, strings.ToUpper}, {`lower(a.address) IN (%s)`, addresses, strings.ToLower}} {
		for rest := ask.values; len(rest) > 0; {
			set := make([]string, min(500, len(rest)))
			for i := range set {
				set[i] = ask.fold(rest[i])
			}
			rest = rest[len(set):]
			marks, args := placeholders(set)
			found, err := list(ctx, tx, scanRegisterLine, registerLine+fmt.Sprintf("WHERE "+ask.where, marks)+` ORDER BY a.code`, args...)
			if err != nil {
				return nil, err
			}
			for _, l := range found {
				if !seen[l.Code] {
					seen[l.Code] = true
					lines = append(lines, l)
				}
			}
		}
	}
	return lines, nil
}

// A Namesake is as much of a line of the register as says who may be in it twice.
type Namesake struct {
	Code, Name, Class, Cohort string
	State                     bot.AccountState
	NameKey                   string // how the name is compared
}

// Namesakes returns the people whose names are compared so.
func (tx *Tx) Namesakes(ctx context.Context, keys []string) (all []Namesake, err error) {
	scan := func(s scanner) (n Namesake, err error) {
		return n, s.Scan(&n.Code, &n.Name, &n.Class, &n.Cohort, &n.State, &n.NameKey)
	}
	for len(keys) > 0 {
		set := keys[:min(500, len(keys))]
		keys = keys[len(set):]
		marks, args := placeholders(set)
		found, err := list(ctx, tx, scan, `SELECT code, name, class, cohort, state, name_key FROM accounts WHERE name_key <> '' AND name_key IN (`+marks+`) ORDER BY code`, args...)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// SharedNames returns the names, as they are compared, that several people of the register have, in order after a name; at most that many.
func (tx *Tx) SharedNames(ctx context.Context, after string, most int) ([]string, error) {
	return list(ctx, tx, scanText, `SELECT name_key FROM accounts WHERE name_key > $1 GROUP BY name_key HAVING count(*) > 1 ORDER BY name_key LIMIT $2`, after, most)
}

// ImportAccount enters an account that exists already. It says false, and changes nothing, when the person or the address is in the register.
func (tx *Tx) ImportAccount(ctx context.Context, l RegisterLine) (bool, error) {
	var suspended, deleted int64
	switch l.State {
	case bot.AccountSuspended:
		suspended = micros(tx.Now)
	case bot.AccountDeleted:
		deleted = micros(tx.Now)
	case bot.AccountLives, bot.AccountNew, bot.AccountHandedOut, bot.AccountActive:
		l.State = bot.AccountActive
	}
	n, err := tx.exec(ctx, `INSERT INTO accounts (code, user_name, address, name, name_key, class, cohort, platform, n, created_at, state, suspended_at, deleted_at, origin)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, $9, $10, $11, 'imported') ON CONFLICT DO NOTHING`,
		l.Code, strings.ToLower(l.User), strings.ToLower(l.Address), l.Name, tx.db.nameKey(l.Name), l.Class, l.Cohort, l.Platform, string(l.State), suspended, deleted)
	return n == 1, err
}

// KeyNames writes how the names of the register are compared where an earlier version has not; it returns how many it wrote.
func (db *DB) KeyNames(ctx context.Context) (n int, err error) {
	if db.NameKey == nil {
		return 0, nil
	}
	for after := ""; ; { // each is looked at once: of a name of invisible letters nothing is left to compare
		var left [][2]string
		err := db.Read(ctx, func(tx *Tx) (err error) {
			left, err = list(ctx, tx, func(s scanner) (pair [2]string, err error) { return pair, s.Scan(&pair[0], &pair[1]) },
				`SELECT code, name FROM accounts WHERE name_key = '' AND name <> '' AND code > $1 ORDER BY code LIMIT 1000`, after)
			return err
		})
		if err != nil || len(left) == 0 {
			return n, err
		}
		if err := db.Write(ctx, func(tx *Tx) error {
			for _, pair := range left {
				if _, err := tx.exec(ctx, `UPDATE accounts SET name_key = $1 WHERE code = $2 AND name_key = ''`, db.nameKey(pair[1]), pair[0]); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return n, err
		}
		n, after = n+len(left), left[len(left)-1][0]
	}
}
