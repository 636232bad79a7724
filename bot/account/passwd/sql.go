package passwd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"vanthu/bot/account"
)

// statements are what the table is asked, with its own names in them.
type statements struct {
	users   string            // SELECT … FROM the table, without a WHERE
	where   map[string]string // by key: a test with %d for the number of its argument
	insert  string
	key     string // "WHERE …" of one row by $1, its address as it was read
	aliases string // address and target of the aliases that are $1 or reach one of $1
}

// written are the columns of a new row, in the order of its values.
func (t *Table) written() []string {
	c := t.cfg.Columns
	columns := []string{c.Address, c.Password, c.Active, c.Name, c.Code, c.Marker}
	if c.User != "" {
		columns = append(columns, c.User)
	}
	if t.changeCol != "" {
		columns = append(columns, t.changeCol)
	}
	for _, e := range t.extra {
		columns = append(columns, e[0])
	}
	return columns
}

// values are what a new row gets. Of a text in a column that is no text PostgreSQL says what is wrong with it.
func (t *Table) values(a account.Account, hash string) []any {
	_, domain, _ := strings.Cut(a.Address, "@")
	values := []any{a.Address, hash, t.cfg.Yes, a.Name, a.Code, a.Marker}
	if t.cfg.Columns.User != "" {
		values = append(values, a.User)
	}
	if t.changeCol != "" {
		values = append(values, t.changeVal)
	}
	fill := strings.NewReplacer("{user}", a.User, "{domain}", domain, "{address}", a.Address, "{code}", a.Code, "{class}", a.Class, "{cohort}", a.Cohort)
	for _, e := range t.extra {
		values = append(values, fill.Replace(e[1]))
	}
	return values
}

func (t *Table) statements() statements {
	c := t.cfg.Columns
	table := quoteTable(t.cfg.Table)
	text := func(column string) string {
		if column == "" {
			return "''"
		}
		return "coalesce(" + quote(column) + "::text, '')"
	}
	s := statements{
		users: fmt.Sprintf("SELECT %s, %s, %s, %s, %s, %s, %s FROM %s", text(c.User), text(c.Address), text(c.Name), text(c.Code), text(c.Marker), text(c.Active), text(t.changeCol), table),
		where: map[string]string{
			"user":    "lower(" + quote(c.User) + "::text) = ANY($%d)",
			"address": "lower(" + quote(c.Address) + "::text) = ANY($%d)",
			"code":    "lower(" + quote(c.Code) + "::text) = ANY($%d)",
			"marker":  quote(c.Marker) + "::text = ANY($%d)",
		},
		key: " WHERE " + quote(c.Address) + "::text = $1",
	}
	var columns, places []string
	for i, column := range t.written() {
		columns, places = append(columns, quote(column)), append(places, fmt.Sprintf("$%d", i+1))
	}
	s.insert = fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, strings.Join(columns, ", "), strings.Join(places, ", "))
	if a := t.cfg.Aliases; a.Table != "" {
		address, target := quote(a.Address)+"::text", quote(a.Target)+"::text"
		s.aliases = fmt.Sprintf("SELECT coalesce(%[1]s, ''), coalesce(%[2]s, '') FROM %[3]s WHERE lower(%[1]s) = ANY($1) OR lower(%[2]s) = ANY($1)"+
			" OR position(',' in %[2]s) > 0 AND string_to_array(lower(replace(%[2]s, ' ', '')), ',') && $1 ORDER BY 1", address, target, quoteTable(a.Table))
	}
	return s
}

func quote(column string) string { return pgx.Identifier{column}.Sanitize() }

func quoteTable(table string) string { return pgx.Identifier(strings.Split(table, ".")).Sanitize() }

// find returns the accounts that have one of the keys; with lock, until the transaction ends nobody else changes them.
func (t *Table) find(ctx context.Context, tx pgx.Tx, keys account.Keys, lock string) ([]account.Account, error) {
	addresses := folded(keys.Addresses)
	if t.cfg.Columns.User == "" {
		for _, user := range folded(keys.Users) {
			addresses = append(addresses, user+"@"+strings.ToLower(t.cfg.Domain))
		}
		keys.Users = nil
	}
	asked := slices.Clone(addresses)
	before, err := t.aliases(ctx, tx, asked)
	if err != nil {
		return nil, err
	}
	for _, alias := range before { // whoever is reached by an address that was asked for
		if slices.Contains(asked, strings.ToLower(alias.address)) {
			addresses = append(addresses, alias.targets...)
		}
	}
	var (
		tests []string
		args  []any
	)
	for _, k := range []struct {
		column string
		values []string
	}{{"code", folded(keys.Codes)}, {"address", addresses}, {"user", folded(keys.Users)}, {"marker", storable(keys.Markers)}} {
		if len(k.values) > 0 { // a test for a column without an index makes PostgreSQL read the whole table
			args = append(args, k.values)
			tests = append(tests, fmt.Sprintf(t.sql.where[k.column], len(args)))
		}
	}
	if len(tests) == 0 {
		return nil, nil
	}
	found, err := t.accounts(ctx, tx, t.sql.users+" WHERE "+strings.Join(tests, " OR ")+lock, args...)
	if err != nil {
		return nil, err
	}
	if err := t.addAliases(ctx, tx, found); err != nil {
		return nil, err
	}
	for _, alias := range before { // an alias of nobody here (a list, another server) is as taken as an address
		reaches := func(a account.Account) bool { return a.Has(alias.address) }
		if slices.Contains(asked, strings.ToLower(alias.address)) && !slices.ContainsFunc(found, reaches) {
			found = append(found, account.Account{Address: alias.address})
		}
	}
	return found, nil
}

func (t *Table) accounts(ctx context.Context, tx pgx.Tx, query string, args ...any) ([]account.Account, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (a account.Account, err error) {
		var active, change string
		err = row.Scan(&a.User, &a.Address, &a.Name, &a.Code, &a.Marker, &active, &change)
		if t.cfg.Columns.User == "" {
			a.User, _, _ = strings.Cut(strings.ToLower(a.Address), "@")
		}
		a.Family, a.Given = account.SplitName(a.Name)
		a.Suspended = active != t.cfg.Yes
		a.Changed = t.changeCol != "" && a.Marker != "" && change != t.changeVal
		return a, err
	})
}

// An alias reaches its targets.
type alias struct {
	address string
	targets []string // small letters
}

func (t *Table) aliases(ctx context.Context, tx pgx.Tx, addresses []string) ([]alias, error) {
	if t.cfg.Aliases.Table == "" || len(addresses) == 0 {
		return nil, nil
	}
	rows, err := tx.Query(ctx, t.sql.aliases, addresses)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (a alias, err error) {
		var target string
		err = row.Scan(&a.address, &target)
		for one := range strings.SplitSeq(strings.ToLower(target), ",") {
			if one = strings.TrimSpace(one); one != "" {
				a.targets = append(a.targets, one)
			}
		}
		return a, err
	})
}

// addAliases shows with each account what else reaches it. A mailbox that is its own alias, as postfixadmin writes it, is none.
func (t *Table) addAliases(ctx context.Context, tx pgx.Tx, found []account.Account) error {
	var addresses []string
	for _, a := range found {
		addresses = append(addresses, strings.ToLower(a.Address))
	}
	all, err := t.aliases(ctx, tx, addresses)
	for _, alias := range all {
		for i := range found {
			if slices.Contains(alias.targets, addresses[i]) && !strings.EqualFold(alias.address, addresses[i]) {
				found[i].Aliases = append(found[i].Aliases, alias.address)
			}
		}
	}
	return err
}

// folded are the keys in small letters, without those that no text of PostgreSQL can be.
func folded(keys []string) (small []string) {
	for _, k := range storable(keys) {
		small = append(small, strings.ToLower(k))
	}
	return small
}

// storable leaves out what PostgreSQL's texts cannot hold (its manual, 8.3): the zero byte and what is no UTF-8.
func storable(keys []string) (kept []string) {
	for _, k := range keys {
		if k != "" && fits(k) {
			kept = append(kept, k)
		}
	}
	return kept
}
