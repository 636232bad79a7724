package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"io/fs"
	"testing"

	"github.com/pressly/goose/v3"
)

// Plans tells how SQLite goes about each statement of db from now on.
func Plans(t *testing.T, db *DB, told func(query, plan string)) {
	t.Helper()
	spy := sql.OpenDB(planned{db.write.Driver(), "file:" + escapePath(db.file) + "?_txlock=immediate&_pragma=busy_timeout(10000)", told})
	spy.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = spy.Close() })
	db.read, db.write = spy, spy
}

type planned struct {
	driver driver.Driver
	dsn    string
	told   func(query, plan string)
}

func (p planned) Driver() driver.Driver { return p.driver }

func (p planned) Connect(context.Context) (driver.Conn, error) {
	c, err := p.driver.Open(p.dsn)
	return plannedConn{c, p.told}, err
}

type plannedConn struct {
	driver.Conn
	told func(query, plan string)
}

func (c plannedConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
}

func (c plannedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.plan(ctx, query, args); err != nil {
		return nil, err
	}
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c plannedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.plan(ctx, query, args); err != nil {
		return nil, err
	}
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c plannedConn) plan(ctx context.Context, query string, args []driver.NamedValue) error {
	rows, err := c.Conn.(driver.QueryerContext).QueryContext(ctx, "EXPLAIN QUERY PLAN "+query, args)
	if err != nil {
		return err
	}
	defer rows.Close()
	line := make([]driver.Value, len(rows.Columns()))
	for {
		err := rows.Next(line)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		text, _ := line[len(line)-1].(string)
		c.told(query, text)
	}
}

// Migrate brings the tables of db to a version, up or down.
func Migrate(t *testing.T, db *DB, versions ...int64) {
	t.Helper()
	dir, err := fs.Sub(migrations, "migrations/"+string(db.dialect))
	if err != nil {
		t.Fatal(err)
	}
	dialect := goose.DialectSQLite3
	if db.dialect == postgres {
		dialect = goose.DialectPostgres
	}
	provider, err := goose.NewProvider(dialect, db.write, dir, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range versions {
		at, err := provider.GetDBVersion(t.Context())
		if err == nil && to < at {
			_, err = provider.DownTo(t.Context(), to)
		} else if err == nil {
			_, err = provider.UpTo(t.Context(), to)
		}
		if err != nil {
			t.Fatalf("from version %d to %d: %v", at, to, err)
		}
	}
}

// Exec runs a statement as an earlier version might have.
func Exec(t *testing.T, db *DB, query string, args ...any) {
	t.Helper()
	if _, err := db.write.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

// Count counts the rows of a table.
func Count(t *testing.T, db *DB, table string) (n int) {
	t.Helper()
	if err := db.write.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TryExec runs a statement and says whether the database took it.
func TryExec(t *testing.T, db *DB, query string, args ...any) error {
	t.Helper()
	_, err := db.write.ExecContext(t.Context(), query, args...)
	return err
}

// Adopt chains the events of an earlier version, as Open does.
func Adopt(t *testing.T, db *DB) {
	t.Helper()
	if err := db.adopt(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Newest is the number of the last migration.
func Newest() (n int64) {
	names, err := fs.Glob(migrations, "migrations/sqlite/*.sql")
	if err != nil || len(names) == 0 {
		panic("no migrations")
	}
	n, err = goose.NumericComponent(names[len(names)-1])
	if err != nil {
		panic(err)
	}
	return n
}

// Stays says why a table is not copied.
func Stays(table string) string { return stays(table) }

// Catalogue asks a database what it has; each value as a text.
func Catalogue(t *testing.T, db *DB, query string) (all [][]string) {
	t.Helper()
	err := eachRow(t.Context(), db.read, func(rows *sql.Rows) error {
		columns, err := rows.Columns()
		row, into := make([]string, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		all = append(all, row)
		return errors.Join(err, rows.Scan(into...))
	}, query)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
