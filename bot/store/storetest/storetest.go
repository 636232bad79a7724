// Package storetest gives tests a database of their own, on SQLite and on PostgreSQL. It is for tests alone.
package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"vanthu/bot/store"
)

// Each runs a test on SQLite and, where it is installed, on PostgreSQL: side by side, on a new database each.
func Each(t *testing.T, test func(t *testing.T, db *store.DB)) {
	t.Helper()
	EachURL(t, func(t *testing.T, db *store.DB, _ string) { test(t, db) })
}

// EachURL is Each for a test that also needs the URL of its database.
func EachURL(t *testing.T, test func(t *testing.T, db *store.DB, dsn string)) {
	t.Helper()
	for name, newURL := range map[string]func(t testing.TB) string{
		"SQLite":     file,
		"PostgreSQL": func(t testing.TB) string { return Postgres(t).URL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := newURL(t)
			test(t, open(t, dsn), dsn)
		})
	}
}

// SQLiteURL names a new SQLite database.
func SQLiteURL(t testing.TB) string { return file(t) }

// SQLite returns a new database in a folder of the test.
func SQLite(t testing.TB) *store.DB {
	t.Helper()
	return open(t, file(t))
}

func file(t testing.TB) string {
	t.Helper()
	data, err := empty()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "vanthu.db")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + name
}

// A Cluster is a running PostgreSQL.
type Cluster struct{ url string }

// Postgres returns the cluster of the environment variable VANTHU_TEST_POSTGRES (a URL), or starts one where the machine
// has PostgreSQL's programs; it is stopped with the test. Without either the test is skipped, in CI it fails.
func Postgres(t testing.TB) *Cluster {
	t.Helper()
	if dsn := os.Getenv("VANTHU_TEST_POSTGRES"); dsn != "" {
		return &Cluster{url: dsn}
	}
	initdb := programs()
	if initdb == "" {
		if os.Getenv("VANTHU_CI") != "" {
			t.Fatal("PostgreSQL is not installed")
		}
		t.Skip("PostgreSQL is not installed: only SQLite is tested")
	}
	return start(t, filepath.Dir(initdb))
}

func programs() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		return path
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return ""
	}
	return found[len(found)-1]
}

func start(t testing.TB, bin string) *Cluster {
	t.Helper()
	dir, err := os.MkdirTemp("", "vanthu-pg-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	who := owner(t, dir)
	port := freePort(t)
	run := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.Dir = dir
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "HOME=" + dir}
		cmd.SysProcAttr = who
		return cmd
	}
	data := filepath.Join(dir, "data")
	if out, err := run("initdb", "-D", data, "-U", "vanthu", "--auth=trust", "-E", "UTF8", "--no-sync").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	server := run("postgres", "-D", data, "-p", strconv.Itoa(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="+dir, "-c", "fsync=off", "-c", "max_connections=300")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(os.Interrupt) // fast shutdown
		_ = server.Wait()
	})
	c := &Cluster{url: fmt.Sprintf("postgres://vanthu@127.0.0.1:%d/postgres?sslmode=disable", port)}
	c.await(t)
	return c
}

// owner gives dir to an ordinary user where the test runs as root: PostgreSQL refuses to run as root.
func owner(t testing.TB, dir string) *syscall.SysProcAttr {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		if err := os.Chown(dir, uid, gid); err != nil {
			t.Fatal(err)
		}
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	t.Skip("no ordinary user to run PostgreSQL as")
	return nil
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// await returns when the cluster answers. A refused connection is tried again at each tick.
func (c *Cluster) await(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		conn, err := pgx.Connect(ctx, c.url)
		if err == nil {
			_ = conn.Close(ctx)
			return
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatal(errors.Join(ctx.Err(), err))
		}
	}
}

// URL returns the URL of a new database, dropped with the test. A schema would not do: the locks that processes agree by
// (pg_advisory_lock) hold for a whole database.
func (c *Cluster) URL(t testing.TB) string {
	t.Helper()
	name := "t_" + strings.ToLower(rand.Text()[:12])
	ctx := context.Background()       // the cleanup runs after t.Context has ended
	exec := func(queries ...string) { // the next one where the one before was not permitted
		conn, err := pgx.Connect(ctx, c.url)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(ctx)
		for i, query := range queries {
			_, err := conn.Exec(ctx, query)
			if err == nil {
				return
			}
			if refused, ok := errors.AsType[*pgconn.PgError](err); !ok || refused.Code != "42501" || i == len(queries)-1 {
				t.Fatal(err)
			}
		}
	}
	exec("CREATE DATABASE " + name)
	// Of a role that is no superuser FORCE may not end an autovacuum worker, which the plain command ends itself.
	t.Cleanup(func() { exec("DROP DATABASE "+name+" WITH (FORCE)", "DROP DATABASE "+name) })
	u, err := url.Parse(c.url)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// Open returns a new database on the cluster.
func (c *Cluster) Open(t testing.TB) *store.DB {
	t.Helper()
	return open(t, c.URL(t))
}

// empty is a SQLite database without rows. Under the race detector it takes a second to make; each test gets a copy.
var empty = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "vanthu-empty-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "vanthu.db")
	db, err := store.Open(context.Background(), "sqlite:"+name, "", time.Now)
	if err != nil {
		return nil, err
	}
	db.Close()
	return os.ReadFile(name)
})

func open(t testing.TB, dsn string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), dsn, "", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// Read returns what f sees in the database.
func Read[T any](t testing.TB, db *store.DB, f func(ctx context.Context, tx *store.Tx) (T, error)) T {
	t.Helper()
	var v T
	err := db.Read(t.Context(), func(tx *store.Tx) (err error) {
		v, err = f(t.Context(), tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Write changes the database.
func Write(t testing.TB, db *store.DB, f func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	if err := db.Write(t.Context(), func(tx *store.Tx) error { return f(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}
