package store

import (
	"context"
	"fmt"
	"strings"

	"vanthu/bot"
)

// A UserName is one that a plan has reserved for a person, or had: until somebody else needs it he gets it again.
type UserName struct {
	User, Address string
	Nth           int    // which of the names that the policy has for him, from 1
	Holder        string // code of who has the first; "" nobody, or not known
	Reserved      bool   // by a plan that is to be carried out
	PlanID        int64
}

// UserNamesOf returns what plans have reserved for people, by code.
func (tx *Tx) UserNamesOf(ctx context.Context, codes []string) (map[string]UserName, error) {
	type named struct {
		code string
		UserName
	}
	names := make(map[string]UserName)
	for len(codes) > 0 {
		set := codes[:min(500, len(codes))]
		codes = codes[len(set):]
		marks, args := placeholders(set)
		found, err := list(ctx, tx, func(s scanner) (n named, err error) {
			return n, s.Scan(&n.code, &n.User, &n.Address, &n.Nth, &n.Holder, &n.Reserved, &n.PlanID)
		}, `SELECT code, user_name, address, nth, holder, state = 'reserved', plan_id FROM user_names WHERE state <> 'refused' AND code IN (`+marks+`) ORDER BY state DESC, at`, args...)
		if err != nil {
			return nil, err
		}
		for _, n := range found { // the reserved one last, else the newest
			if !names[n.code].Reserved {
				names[n.code] = n.UserName
			}
		}
	}
	return names, nil
}

// RegisteredCodes returns the addresses of the accounts that people have or had, by code.
func (tx *Tx) RegisteredCodes(ctx context.Context, codes []string) (map[string]string, error) {
	return tx.ofAccounts(ctx, "address", codes)
}

func (tx *Tx) ofAccounts(ctx context.Context, column string, codes []string) (map[string]string, error) {
	values := make(map[string]string)
	for len(codes) > 0 {
		set := codes[:min(500, len(codes))]
		codes = codes[len(set):]
		marks, args := placeholders(set)
		found, err := list(ctx, tx, func(s scanner) (pair [2]string, err error) { return pair, s.Scan(&pair[0], &pair[1]) },
			`SELECT code, `+column+` FROM accounts WHERE code IN (`+marks+`)`, args...)
		if err != nil {
			return nil, err
		}
		for _, pair := range found {
			values[pair[0]] = pair[1]
		}
	}
	return values, nil
}

// RegisteredUsers returns the user names of the accounts that people have or had, by code, where they are known.
func (tx *Tx) RegisteredUsers(ctx context.Context, codes []string) (map[string]string, error) {
	return tx.ofAccounts(ctx, "user_name", codes)
}

// A NameHolder is who has a user name or an address, or had it: no name is given twice (Q17).
type NameHolder struct {
	Code  string // "" not known: the group of a class, somebody else on the platform
	Where string // "register", "plan", "platform", "group"
	State bot.AccountState
}

// reservedNames are those of plans, and those that a platform refused: of these nobody knows who has them, but where they are aliases of
// people in the register.
const reservedNames = `SELECT user_name, address, CASE WHEN state = 'refused' AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.code = user_names.code) THEN '' ELSE code END,
	CASE WHEN state = 'refused' THEN 'platform' ELSE 'plan' END, '' FROM user_names WHERE state <> 'released'`

// NamesTaken says of user names and addresses, in lower case, which of them people of the register have or had, which plans have reserved,
// which a platform refused because somebody has them there, and which are those of groups.
func (tx *Tx) NamesTaken(ctx context.Context, users, addresses []string) (map[string]NameHolder, error) {
	type holder struct {
		user, address string
		NameHolder
	}
	taken := make(map[string]NameHolder)
	look := func(query string, values []string) error {
		for set := range chunks(values) {
			marks, args := placeholders(set)
			found, err := list(ctx, tx, func(s scanner) (h holder, err error) {
				return h, s.Scan(&h.user, &h.address, &h.Code, &h.Where, &h.State)
			}, fmt.Sprintf(query, marks), args...)
			if err != nil {
				return err
			}
			for _, h := range found {
				taken[strings.ToLower(h.address)] = h.NameHolder
				if h.user != "" {
					taken[h.user] = h.NameHolder
				}
			}
		}
		return nil
	}
	for _, ask := range []struct {
		query  string
		values []string
	}{
		{`SELECT '', address, '', 'group', '' FROM class_groups WHERE lower(address) IN (%s)`, addresses},
		{reservedNames + ` AND address IN (%s)`, addresses},
		{reservedNames + ` AND user_name IN (%s)`, users},
		{`SELECT user_name, address, code, 'register', state FROM accounts WHERE lower(address) IN (%s)`, addresses},
		{`SELECT user_name, address, code, 'register', state FROM accounts WHERE user_name IN (%s)`, users},
	} {
		if err := look(ask.query, ask.values); err != nil {
			return nil, err
		}
	}
	return taken, nil
}

// ReserveNames keeps the user names of a plan that makes accounts for its people. What was only remembered for somebody else makes room, and
// what was refused once: whoever decides the names has looked at that, and may try again. What another plan has reserved, or a person of another plan, is a bot.Conflict: whoever planned at the same moment was faster.
func (tx *Tx) ReserveNames(ctx context.Context, p StoredPlan) error {
	for _, i := range p.Items {
		address, user := strings.ToLower(i.Address), strings.ToLower(i.User)
		if _, err := tx.exec(ctx, `DELETE FROM user_names WHERE state <> 'reserved' AND (address = $1 OR user_name = $2 OR state = 'released' AND code = $3)`, address, user, i.Code); err != nil {
			return err
		}
		nth := 1
		if i.Nth > 1 {
			nth = i.Nth
		}
		n, err := tx.exec(ctx, `INSERT INTO user_names (address, user_name, code, nth, holder, plan_id, state, at) VALUES ($1, $2, $3, $4, $5, $6, 'reserved', $7) ON CONFLICT DO NOTHING`,
			address, user, i.Code, nth, i.Holder, p.ID, micros(tx.Now))
		if err != nil {
			return err
		}
		if n == 0 {
			return bot.Errorf(bot.Conflict, "case %s row %d: the user name %s, or one for %s, was reserved by another plan a moment ago; plan again", i.Case, i.N, user, i.Code)
		}
	}
	return nil
}

// RefuseName notes that the platform has somebody else's account with the name that was reserved for a person: it is nobody's.
func (tx *Tx) RefuseName(ctx context.Context, code string) error {
	_, err := tx.exec(ctx, `UPDATE user_names SET state = 'refused' WHERE code = $1 AND state = 'reserved'`, code)
	return err
}

// ReleaseName lets the name go that was reserved for a person whose account is not made, for a reason that is not the name's. It is remembered
// for him.
func (tx *Tx) ReleaseName(ctx context.Context, code string) error {
	_, err := tx.exec(ctx, `UPDATE user_names SET state = 'released' WHERE code = $1 AND state = 'reserved'`, code)
	return err
}

// releaseNames lets the names of a plan that is dropped go; they are remembered for their people.
func (tx *Tx) releaseNames(ctx context.Context, planID int64) error {
	_, err := tx.exec(ctx, `UPDATE user_names SET state = 'released' WHERE plan_id = $1 AND state = 'reserved'`, planID)
	return err
}

// LetNamesGo lets the names go that a plan has reserved for the people of a case, which leaves it before its rows change. The plan goes on
// with its other cases.
func (tx *Tx) LetNamesGo(ctx context.Context, planID, caseID int64) error {
	_, err := tx.exec(ctx, `UPDATE user_names SET state = 'released' WHERE plan_id = $1 AND state = 'reserved' AND code IN (SELECT code FROM case_rows WHERE case_id = $2)`, planID, caseID)
	return err
}

// turnName takes a reserved name out of the reservations because its account is in the register now. When the platform shows another
// primary address than the one that was asked for, the reserved one is an alias and stays taken.
func (tx *Tx) turnName(ctx context.Context, code, address string) error {
	if _, err := tx.exec(ctx, `DELETE FROM user_names WHERE code = $1 AND address = $2`, code, strings.ToLower(address)); err != nil {
		return err
	}
	return tx.RefuseName(ctx, code)
}

func (db *DB) nameKey(name string) string {
	if db.NameKey == nil || name == "" {
		return name
	}
	return db.NameKey(name)
}
