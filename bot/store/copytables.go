package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"vanthu/bot"
)

// stays says of each table that is not copied from one database to another why not. Every other table is, also one that a
// migration adds: what is copied is read from the catalogue.
func stays(table string) (why string) {
	switch {
	case strings.HasPrefix(table, "river_"):
		return "a job only says that a row is to be looked at: the first serve on the copy wakes whatever is due"
	case table == "goose_db_version":
		return "which migrations a database has had is its own"
	case table == "processes" || table == "beats" || table == "leases":
		return "who serves, which nobody does while it is copied"
	case strings.HasPrefix(table, "sqlite_"):
		return "of SQLite itself; the counters in it are carried over"
	}
	return ""
}

// A copyTable is one table as both databases have it.
type copyTable struct {
	name    string
	columns []string
	kinds   []string // as PostgreSQL calls them
	key     []string // what its rows are ordered by
	counted string   // the column with a counter, ""
	forgets bool     // SQLite counts it by the highest number that is there (no AUTOINCREMENT)
	refers  []string // tables that must be there before
}

// copyTables reads the tables from the catalogues of both, in an order in which each comes after those that it refers to.
func copyTables(ctx context.Context, lite, pg *DB) ([]copyTable, error) {
	names, err := liteTables(ctx, lite)
	if err != nil {
		return nil, err
	}
	there, err := pgTables(ctx, pg)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(names, slices.Sorted(maps.Keys(there))) {
		return nil, fmt.Errorf("store: the two databases do not have the same tables: %q and %q", names, slices.Sorted(maps.Keys(there)))
	}
	left := make(map[string]copyTable)
	for _, name := range names {
		t := there[name]
		if err := t.readLite(ctx, lite); err != nil {
			return nil, err
		}
		left[name] = t
	}
	var order []copyTable
	for len(left) > 0 {
		n := len(left)
		for _, name := range slices.Sorted(maps.Keys(left)) {
			if !slices.ContainsFunc(left[name].refers, func(r string) bool { _, waits := left[r]; return waits && r != name }) {
				order = append(order, left[name])
				delete(left, name)
			}
		}
		if len(left) == n {
			return nil, fmt.Errorf("store: tables refer to each other in a circle: %q", slices.Sorted(maps.Keys(left)))
		}
	}
	return order, nil
}

func liteTables(ctx context.Context, lite *DB) (names []string, err error) {
	err = eachRow(ctx, lite.read, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		if stays(name) == "" {
			names = append(names, name)
		}
		return err
	}, `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`)
	return names, err
}

func pgTables(ctx context.Context, pg *DB) (map[string]copyTable, error) {
	tables := make(map[string]copyTable)
	err := eachRow(ctx, pg.read, func(rows *sql.Rows) error {
		var table, column, kind, identity string
		err := rows.Scan(&table, &column, &kind, &identity)
		if stays(table) != "" || err != nil {
			return err
		}
		t := tables[table]
		t.name, t.columns, t.kinds = table, append(t.columns, column), append(t.kinds, kind)
		if identity == "YES" {
			t.counted = column
		}
		switch kind {
		case "bigint", "integer", "smallint", "boolean", "text", "bytea":
		default:
			err = fmt.Errorf("store: %s.%s is %s, which nobody knows how to copy", table, column, kind)
		}
		tables[table] = t
		return err
	}, `SELECT c.table_name, c.column_name, c.data_type, c.is_identity FROM information_schema.columns c
		JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
		WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' ORDER BY c.table_name, c.ordinal_position`)
	return tables, err
}

func (t *copyTable) readLite(ctx context.Context, lite *DB) error {
	var columns []string
	key := make(map[int]string)
	err := eachRow(ctx, lite.read, func(rows *sql.Rows) error {
		var name string
		var pk int
		err := rows.Scan(&name, &pk)
		columns = append(columns, name)
		if pk > 0 {
			key[pk] = name
		}
		return err
	}, `SELECT name, pk FROM pragma_table_info($1)`, t.name)
	if err != nil {
		return err
	}
	for _, i := range slices.Sorted(maps.Keys(key)) {
		t.key = append(t.key, key[i])
	}
	if len(t.key) == 0 {
		t.key = t.columns
	}
	if a, b := slices.Sorted(slices.Values(columns)), slices.Sorted(slices.Values(t.columns)); !slices.Equal(a, b) {
		return fmt.Errorf("store: %s has the columns %q and %q", t.name, a, b)
	}
	var create string
	if err := lite.read.QueryRowContext(ctx, `SELECT sql FROM sqlite_master WHERE name = $1`, t.name).Scan(&create); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	t.forgets = !strings.Contains(create, "AUTOINCREMENT")
	return eachRow(ctx, lite.read, func(rows *sql.Rows) error {
		var other string
		err := rows.Scan(&other)
		t.refers = append(t.refers, other)
		return err
	}, `SELECT "table" FROM pragma_foreign_key_list($1)`, t.name)
}

// selects is the query for all rows in the order of the key: by bytes, whatever the collation of the database.
func (t copyTable) selects(d dialect) string {
	order := slices.Clone(t.key)
	for i, column := range order {
		if d == postgres && t.kinds[slices.Index(t.columns, column)] == "text" {
			order[i] = column + ` COLLATE "C"`
		}
	}
	return "SELECT " + strings.Join(t.columns, ", ") + " FROM " + t.name + " ORDER BY " + strings.Join(order, ", ")
}

// counter is the highest number that a table has given, 0: none. Where SQLite has no memory of it, it is the highest that is there.
func (t copyTable) counter(ctx context.Context, tx *Tx) (n int64, err error) {
	if t.counted == "" {
		return 0, nil
	}
	if err := tx.row(ctx, `SELECT coalesce(max(`+t.counted+`), 0) FROM `+t.name).Scan(&n); err != nil || t.forgets {
		return n, wrap(t.name, err)
	}
	query, args := `SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = $1`, []any{t.name}
	if tx.db.dialect == postgres {
		query, args = `SELECT coalesce(pg_sequence_last_value(CAST(pg_get_serial_sequence($1, $2) AS regclass)), 0)`, append(args, t.counted)
	}
	var given int64
	err = tx.row(ctx, query, args...).Scan(&given)
	return max(n, given), wrap(t.name, err)
}

// count sets the counter of a table.
func (t copyTable) count(ctx context.Context, tx *Tx, n int64) (err error) {
	switch {
	case t.counted == "" || n == 0:
	case tx.db.dialect == postgres:
		_, err = tx.exec(ctx, `SELECT setval(CAST(pg_get_serial_sequence($1, $2) AS regclass), $3)`, t.name, t.counted, n)
	case !t.forgets:
		if _, err = tx.exec(ctx, `DELETE FROM sqlite_sequence WHERE name = $1`, t.name); err == nil {
			_, err = tx.exec(ctx, `INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)`, t.name, n)
		}
	}
	return err
}

func wrap(table string, err error) error {
	if err != nil {
		return fmt.Errorf("store: %s: %w", table, err)
	}
	return nil
}

// eachRow calls f for each row of a query.
func eachRow(ctx context.Context, db *sql.DB, f func(rows *sql.Rows) error, query string, args ...any) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return bot.Errorf(bot.Temporary, "store: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return fmt.Errorf("store: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}
