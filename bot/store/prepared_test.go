package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

// A kept statement must answer as a new one does: read while it is being read, run after an error, a cancelled context and a change
// of its tables, and when there are more texts than are kept.
func TestPrepared(t *testing.T) {
	t.Parallel()
	db, err := openPrepared("file:" + filepath.Join(t.TempDir(), "p.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	ctx := t.Context()
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := db.ExecContext(ctx, query, args...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	const insert, sum = `INSERT INTO t (a, b) VALUES ($1, $2)`, `SELECT coalesce(sum(a), 0) FROM t WHERE a > $1`
	total := func(want int) {
		t.Helper()
		var got int
		if err := db.QueryRowContext(ctx, sum, 0).Scan(&got); err != nil || got != want {
			t.Errorf("sum %d, want %d: %v", got, want, err)
		}
	}
	exec(`CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT); CREATE TABLE u (a INTEGER)`)
	for n := 1; n <= 3; n++ {
		exec(insert, n, "x")
	}
	total(6)

	t.Run("within itself", func(t *testing.T) {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback() }()
		const from = `SELECT a FROM t WHERE a >= $1 ORDER BY a`
		var seen []int
		outer, err := tx.QueryContext(ctx, from, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer outer.Close()
		for outer.Next() {
			var a int
			if err := outer.Scan(&a); err != nil {
				t.Fatal(err)
			}
			seen = append(seen, a)
			var first int
			if err := tx.QueryRowContext(ctx, from, 3).Scan(&first); err != nil || first != 3 {
				t.Errorf("inner: %d, %v", first, err)
			}
		}
		if err := outer.Err(); err != nil || fmt.Sprint(seen) != "[1 2 3]" {
			t.Errorf("outer: %v, %v", seen, err)
		}
	})
	t.Run("after an error", func(t *testing.T) {
		if _, err := db.ExecContext(ctx, insert, 1, "again"); err == nil {
			t.Error("a second row with the same key")
		}
		exec(insert, 4, nil) // the argument before must be gone
		var b sql.NullString
		if err := db.QueryRowContext(ctx, `SELECT b FROM t WHERE a = $1`, 4).Scan(&b); err != nil || b.Valid {
			t.Errorf("b is %v, %v", b, err)
		}
	})
	t.Run("after a cancelled context", func(t *testing.T) {
		gone, cancel := context.WithCancel(ctx)
		cancel()
		conn, err := db.Conn(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.ExecContext(gone, insert, 5, "x"); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		const count = `WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT $1) SELECT count(*) FROM c`
		soon, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		var n int
		if err := conn.QueryRowContext(soon, count, int64(1)<<40).Scan(&n); !errors.Is(err, context.DeadlineExceeded) { // in its midst
			t.Errorf("%d, %v", n, err)
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		if err := db.QueryRowContext(ctx, count, 3).Scan(&n); err != nil || n != 3 {
			t.Errorf("%d, %v", n, err)
		}
		total(10)
	})
	t.Run("after the tables changed", func(t *testing.T) {
		exec(`DROP TABLE t; CREATE TABLE t (b TEXT, a INTEGER)`)
		exec(insert, 7, "x")
		total(7)
	})
	t.Run("more than are kept", func(t *testing.T) {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 3 * mostPrepared {
			if _, err := tx.ExecContext(ctx, fmt.Sprintf(`INSERT INTO u (a) VALUES ($1 + %d)`, n), 1); err != nil {
				t.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		exec(insert, 1, "x")
		total(8)
		var rows int
		if err := db.QueryRowContext(ctx, `SELECT count(*) FROM u WHERE a > $1`, 0).Scan(&rows); err != nil || rows != 3*mostPrepared {
			t.Errorf("%d rows, %v", rows, err)
		}
		conn, err := db.Conn(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.Raw(func(c any) error {
			if n := len(c.(*preparedConn).kept); n != mostPrepared {
				return fmt.Errorf("%d statements are kept", n)
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	})
}
