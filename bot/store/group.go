package store

import (
	"context"
	"strings"

	"vanthu/bot"
)

// SaveGroup notes that the group of a class was made, or who owns it now. The owner that it has stays.
func (tx *Tx) SaveGroup(ctx context.Context, g bot.ClassGroup) error {
	_, err := tx.exec(ctx, `INSERT INTO class_groups (address, class, owner, case_id, made_at, said) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (address) DO UPDATE SET owner = CASE WHEN class_groups.owner = '' THEN excluded.owner ELSE class_groups.owner END, said = excluded.said`,
		strings.ToLower(g.Address), g.Class, g.Owner, g.CaseID, micros(tx.Now), g.Said)
	return err
}

// ClassGroups returns those groups of the register that have one of the addresses.
func (tx *Tx) ClassGroups(ctx context.Context, addresses []string) (all []bot.ClassGroup, err error) {
	for set := range chunks(addresses) {
		marks, args := placeholders(set)
		found, err := list(ctx, tx, func(s scanner) (g bot.ClassGroup, err error) {
			err = s.Scan(&g.Address, &g.Class, &g.Owner, &g.CaseID, &g.Said)
			return g, err
		}, `SELECT address, class, owner, case_id, said FROM class_groups WHERE address IN (`+marks+`) ORDER BY address`, args...)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// Registered returns which of the addresses were ever given to a person, live or deleted (Q17).
func (tx *Tx) Registered(ctx context.Context, addresses []string) (taken []string, err error) {
	for set := range chunks(addresses) {
		marks, args := placeholders(set)
		found, err := list(ctx, tx, func(s scanner) (address string, err error) {
			err = s.Scan(&address)
			return address, err
		}, `SELECT address FROM accounts WHERE lower(address) IN (`+marks+`) ORDER BY address`, args...)
		if err != nil {
			return nil, err
		}
		taken = append(taken, found...)
	}
	return taken, nil
}

// chunks are addresses in lower case, so many as one statement may ask for.
func chunks(addresses []string) func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		for len(addresses) > 0 {
			n := min(500, len(addresses))
			set := make([]string, n)
			for i, a := range addresses[:n] {
				set[i] = strings.ToLower(a)
			}
			addresses = addresses[n:]
			if !yield(set) {
				return
			}
		}
	}
}
