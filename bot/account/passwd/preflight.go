package passwd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"vanthu/bot/account"
)

// Check looks whether accounts can be made here: for start-up.
func (t *Table) Check(ctx context.Context) error {
	checks, err := t.look(ctx)
	switch {
	case err != nil && away(err):
		return fmt.Errorf("%w: %w", account.ErrAway, t.explain(err))
	case err != nil:
		return t.explain(err)
	}
	var errs []error
	for _, c := range checks {
		if c.Level == account.CheckFailed {
			errs = append(errs, errors.New(c.Said))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("passwd: %s: %w", t.connection, err)
	}
	return nil
}

// Preflight looks at the table: its columns, our rights, what it holds unique. Rows are not counted: a table has no quota.
func (t *Table) Preflight(ctx context.Context, _ int) []account.Check {
	checks, err := t.look(ctx)
	if err != nil {
		checks = append(checks, failed("connection", "%v", t.explain(err)))
	}
	return checks
}

// look returns what is to be said of the table, and why it could not be looked at, unexplained.
func (t *Table) look(ctx context.Context) (checks []account.Check, err error) {
	err = t.tell(ctx, func(ctx context.Context, tx pgx.Tx) error {
		var readOnly bool
		if err := tx.QueryRow(ctx, "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool").Scan(&readOnly); err != nil {
			return err
		}
		if readOnly {
			checks = append(checks, failed("connection", "%s is read-only, a standby perhaps; name the server that is written to", t.connection))
			return nil
		}
		checks = append(checks, account.Check{What: "connection", Level: account.CheckOK, Said: t.connection})
		columns, err := t.columns(ctx, tx, t.cfg.Table)
		if err != nil {
			return err
		}
		if len(columns) == 0 {
			checks = append(checks, failed("table", "there is no table %s that we may see; make it, or set accounts.passwd.table", t.cfg.Table))
			return nil
		}
		checks = append(checks, t.shape(columns), t.rights(columns))
		indexes, err := t.indexes(ctx, tx)
		if err != nil {
			return err
		}
		checks = append(checks, t.unique(indexes))
		if t.cfg.Aliases.Table == "" {
			return nil
		}
		columns, err = t.columns(ctx, tx, t.cfg.Aliases.Table)
		checks = append(checks, t.aliasRights(columns))
		return err
	})
	return checks, err
}

func failed(what, said string, args ...any) account.Check {
	return account.Check{What: what, Level: account.CheckFailed, Said: fmt.Sprintf(said, args...)}
}

// A column is what the database says of one (PostgreSQL's manual, 53.7 pg_attribute).
type column struct {
	name                      string
	needs                     bool // a new row must have a value
	length                    int  // of a varchar or char; 0: any
	read, add, change, delete bool // what we may
}

func (t *Table) columns(ctx context.Context, tx pgx.Tx, table string) (map[string]column, error) {
	rows, err := tx.Query(ctx, `SELECT attname::text, attnotnull AND NOT atthasdef AND attidentity = '',
		CASE WHEN atttypid IN ('varchar'::regtype, 'bpchar'::regtype) AND atttypmod > 4 THEN atttypmod - 4 ELSE 0 END,
		has_column_privilege(attrelid, attnum, 'SELECT'), has_column_privilege(attrelid, attnum, 'INSERT'),
		has_column_privilege(attrelid, attnum, 'UPDATE'), has_table_privilege(attrelid, 'DELETE')
		FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`, quoteTable(table))
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c column, err error) {
		err = row.Scan(&c.name, &c.needs, &c.length, &c.read, &c.add, &c.change, &c.delete)
		return c, err
	})
	byName := map[string]column{}
	for _, c := range all {
		byName[c.name] = c
	}
	return byName, err
}

// shape: the columns are there, the password's is long enough, and none needs a value that we do not write.
func (t *Table) shape(columns map[string]column) account.Check {
	var wrong []string
	for _, n := range t.written() {
		if _, ok := columns[n]; !ok {
			wrong = append(wrong, fmt.Sprintf("there is no column %s", n))
		}
	}
	if hash, err := t.hash("x"); err == nil {
		if c := columns[t.cfg.Columns.Password]; c.length > 0 && c.length < len(hash) {
			wrong = append(wrong, fmt.Sprintf("the column %s holds %d letters, a hash has %d: ALTER TABLE %s ALTER COLUMN %s TYPE text", c.name, c.length, len(hash), quoteTable(t.cfg.Table), quote(c.name)))
		}
	}
	for _, c := range columns {
		if c.needs && !slices.Contains(t.written(), c.name) {
			wrong = append(wrong, fmt.Sprintf("a new row needs a value in the column %s: give it one in accounts.passwd.extra", c.name))
		}
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		return failed("table", "table %s: %s", t.cfg.Table, strings.Join(wrong, "; "))
	}
	return account.Check{What: "table", Level: account.CheckOK, Said: t.cfg.Table + " has the columns"}
}

// rights: a column that is only read needs less, but a look that locks (FOR UPDATE) wants UPDATE of one column at least.
func (t *Table) rights(columns map[string]column) account.Check {
	c := t.cfg.Columns
	var missing []string
	for _, n := range t.written() {
		have, ok := columns[n]
		if !ok {
			continue // shape says so
		}
		if !have.add {
			missing = append(missing, "INSERT of "+n)
		}
		if !have.read && slices.Contains([]string{c.User, c.Address, c.Name, c.Code, c.Marker, c.Active, t.changeCol}, n) {
			missing = append(missing, "SELECT of "+n)
		}
		if !have.change && slices.Contains([]string{c.Password, c.Active, t.changeCol}, n) {
			missing = append(missing, "UPDATE of "+n)
		}
	}
	if have, ok := columns[c.Address]; ok && !have.delete {
		missing = append(missing, "DELETE")
	}
	if len(missing) > 0 {
		return failed("rights", "our role lacks %s; GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO the role of the URL", strings.Join(missing, ", "), quoteTable(t.cfg.Table))
	}
	return account.Check{What: "rights", Level: account.CheckOK, Said: "rows may be read, added, changed and deleted"}
}

func (t *Table) aliasRights(columns map[string]column) account.Check {
	a := t.cfg.Aliases
	if !columns[a.Address].read || !columns[a.Target].read {
		return failed("rights", "our role cannot read %s and %s of %s, or they are not there; GRANT SELECT ON %s TO the role of the URL", a.Address, a.Target, a.Table, quoteTable(a.Table))
	}
	return account.Check{What: "rights", Level: account.CheckOK, Said: "aliases may be read"}
}

// indexes are what the whole table holds unique by one value: a column's name, or "lower(column)".
func (t *Table) indexes(ctx context.Context, tx pgx.Tx) ([]string, error) {
	rows, err := tx.Query(ctx, `SELECT coalesce(a.attname::text, pg_get_expr(i.indexprs, i.indrelid)) FROM pg_index i
		LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] AND a.attnum > 0
		WHERE i.indrelid = to_regclass($1) AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indnkeyatts = 1`, quoteTable(t.cfg.Table))
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for i, expression := range found {
		if inner, ok := strings.CutPrefix(expression, "lower("); ok { // lower((address)::text), lower("Address")
			found[i] = "lower(" + strings.NewReplacer("(", "", ")", "", "::text", "", `"`, "").Replace(inner) + ")"
		}
	}
	return found, err
}

// unique: one without regard to case is better, because two addresses that differ in nothing else are one to most programs, and
// our looks find their rows by it. What vanthu writes is in small letters: the plain one is enough for "once".
func (t *Table) unique(indexes []string) account.Check {
	var missing, plain []string
	for _, n := range []string{t.cfg.Columns.User, t.cfg.Columns.Address, t.cfg.Columns.Code} {
		add := fmt.Sprintf("CREATE UNIQUE INDEX ON %s (lower(%s));", quoteTable(t.cfg.Table), quote(n))
		switch {
		case n == "" || slices.Contains(indexes, "lower("+n+")"):
		case slices.Contains(indexes, n):
			plain = append(plain, add)
		default:
			missing = append(missing, add)
		}
	}
	switch {
	case len(missing) > 0:
		return failed("unique", "the table %s would take a second row of the same person; add: %s", t.cfg.Table, strings.Join(missing, " "))
	case len(plain) > 0:
		return account.Check{What: "unique", Level: account.CheckWarning, Said: "two rows may differ in capitals alone, and each look reads the whole table; add: " + strings.Join(plain, " ")}
	}
	return account.Check{What: "unique", Level: account.CheckOK, Said: "users, addresses and codes are unique"}
}
