package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	modernc "modernc.org/sqlite"
)

// mostPrepared is how many statements a connection keeps: more than the store has that are run row by row. Texts with a list of
// places of any length come and go.
const mostPrepared = 128

// openPrepared opens SQLite with connections that prepare a statement once: the driver parses and plans it anew for every call
// (pgx keeps statements by itself), which for a row of a plan took longer than to write it. SQLite plans a kept statement again by
// itself when the tables have changed (sqlite.org/c3ref/prepare.html).
func openPrepared(dsn string) (*sql.DB, error) {
	c, err := modernc.NewConnector(dsn)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return sql.OpenDB(preparing{c}), nil
}

type preparing struct{ driver.Connector }

func (p preparing) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	plain, ok := c.(sqliteConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("store: unexpected driver %T", c), c.Close())
	}
	return &preparedConn{sqliteConn: plain, kept: make(map[string]*prepared)}, nil
}

// sqliteConn is what database/sql asks of the driver's connection.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// A preparedConn is a connection with its statements. database/sql uses it from one goroutine at a time.
type preparedConn struct {
	sqliteConn
	kept map[string]*prepared
}

type prepared struct {
	driver.Stmt
	reading bool // its rows are not closed: it cannot be run a second time
}

// statement returns the kept statement, nil when it is being read or does not stand for itself.
func (c *preparedConn) statement(ctx context.Context, query string) (*prepared, error) {
	if p := c.kept[query]; p != nil {
		if p.reading {
			return nil, nil
		}
		return p, nil
	}
	if len(c.kept) >= mostPrepared && !c.drop() {
		return nil, nil
	}
	s, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	p := &prepared{Stmt: s}
	c.kept[query] = p
	return p, nil
}

// drop makes room: any that is not being read, for what is often run is soon there again.
func (c *preparedConn) drop() bool {
	for query, p := range c.kept {
		if !p.reading {
			delete(c.kept, query)
			return p.Close() == nil
		}
	}
	return false
}

// ExecContext runs a statement. One without arguments may be a script of many, and is run once: migrations.
func (c *preparedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) > 0 {
		p, err := c.statement(ctx, query)
		if err != nil {
			return nil, err
		}
		if p != nil {
			return p.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
		}
	}
	return c.sqliteConn.ExecContext(ctx, query, args)
}

// QueryContext runs a query.
func (c *preparedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if len(args) > 0 {
		p, err := c.statement(ctx, query)
		if err != nil {
			return nil, err
		}
		if p != nil {
			rows, err := p.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
			if err != nil {
				return nil, err
			}
			p.reading = true
			return preparedRows{rows, p}, nil
		}
	}
	return c.sqliteConn.QueryContext(ctx, query, args)
}

// Close closes the statements, then the connection.
func (c *preparedConn) Close() error {
	var err error
	for query, p := range c.kept {
		delete(c.kept, query)
		err = errors.Join(err, p.Close())
	}
	return errors.Join(err, c.sqliteConn.Close())
}

type preparedRows struct {
	driver.Rows
	p *prepared
}

func (r preparedRows) Close() error {
	r.p.reading = false
	return r.Rows.Close()
}
