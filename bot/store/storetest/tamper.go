package storetest

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// Behind runs statements on a database behind the back of vanthu: as somebody with the file, or with a login, might.
func Behind(t testing.TB, dsn string, query string, args ...any) error {
	t.Helper()
	conn, closed := behind(t, dsn)
	defer closed()
	_, err := conn.ExecContext(t.Context(), query, args...)
	return err
}

// Tamper is Behind for somebody who may also switch the triggers off.
func Tamper(t testing.TB, dsn string, query string, args ...any) {
	t.Helper()
	conn, closed := behind(t, dsn)
	defer closed()
	ctx := t.Context()
	exec := func(query string, args ...any) {
		if _, err := conn.ExecContext(ctx, query, args...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	if !strings.HasPrefix(dsn, "sqlite:") {
		exec(eachTrigger("DISABLE"))
		exec(query, args...)
		exec(eachTrigger("ENABLE"))
		return
	}
	triggers := triggersOf(ctx, t, conn)
	for name := range triggers {
		exec("DROP TRIGGER " + name)
	}
	exec(query, args...)
	for _, create := range triggers {
		exec(create)
	}
}

func eachTrigger(what string) string {
	return `DO $$ DECLARE r record; BEGIN
		FOR r IN SELECT DISTINCT tgrelid::regclass AS name FROM pg_trigger WHERE NOT tgisinternal LOOP
			EXECUTE 'ALTER TABLE ' || r.name || ' ` + what + ` TRIGGER USER';
		END LOOP; END $$`
}

func triggersOf(ctx context.Context, t testing.TB, conn *sql.Conn) map[string]string {
	t.Helper()
	rows, err := conn.QueryContext(ctx, "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	triggers := make(map[string]string)
	for rows.Next() {
		var name, create string
		if err := rows.Scan(&name, &create); err != nil {
			t.Fatal(err)
		}
		triggers[name] = create
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return triggers
}

func behind(t testing.TB, dsn string) (*sql.Conn, func()) {
	t.Helper()
	driver, name := "pgx", dsn
	if file, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		driver, name = "sqlite", "file:"+file+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return conn, func() { _ = conn.Close(); _ = db.Close() }
}
