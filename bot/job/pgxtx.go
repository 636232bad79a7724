package job

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// pgxTx lends River the connection of a transaction that database/sql has begun and will end.
type pgxTx struct{ conn *pgx.Conn }

var errNotOurs = errors.New("job: the transaction belongs to the store")

func (t *pgxTx) Begin(ctx context.Context) (pgx.Tx, error) {
	if _, err := t.conn.Exec(ctx, "SAVEPOINT job"); err != nil {
		return nil, err
	}
	return &savepoint{pgxTx: *t}, nil
}
func (t *pgxTx) Commit(context.Context) error   { return errNotOurs }
func (t *pgxTx) Rollback(context.Context) error { return errNotOurs }
func (t *pgxTx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, src pgx.CopyFromSource) (int64, error) {
	return t.conn.CopyFrom(ctx, table, columns, src)
}
func (t *pgxTx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return t.conn.SendBatch(ctx, b)
}
func (t *pgxTx) LargeObjects() pgx.LargeObjects { return pgx.LargeObjects{} }
func (t *pgxTx) Prepare(ctx context.Context, name, query string) (*pgconn.StatementDescription, error) {
	return t.conn.Prepare(ctx, name, query)
}
func (t *pgxTx) Exec(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error) {
	return t.conn.Exec(ctx, query, args...)
}
func (t *pgxTx) Query(ctx context.Context, query string, args ...any) (pgx.Rows, error) {
	return t.conn.Query(ctx, query, args...)
}
func (t *pgxTx) QueryRow(ctx context.Context, query string, args ...any) pgx.Row {
	return t.conn.QueryRow(ctx, query, args...)
}
func (t *pgxTx) Conn() *pgx.Conn { return t.conn }

// savepoint is a nested transaction that River may end itself.
type savepoint struct {
	pgxTx
	done bool
}

func (s *savepoint) Commit(ctx context.Context) error { return s.end(ctx, "RELEASE SAVEPOINT job") }
func (s *savepoint) Rollback(ctx context.Context) error {
	return s.end(ctx, "ROLLBACK TO SAVEPOINT job")
}

// end runs the statement that ends the savepoint, once.
func (s *savepoint) end(ctx context.Context, query string) error {
	if s.done {
		return pgx.ErrTxClosed
	}
	s.done = true
	_, err := s.conn.Exec(ctx, query)
	return err
}
