package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

type dialect string

const (
	sqlite   dialect = "sqlite"
	postgres dialect = "postgres"
)

//go:embed migrations/sqlite/*.sql migrations/postgres/*.sql
var migrations embed.FS

// Open opens "sqlite:FILE" or "postgres://…" and brings its tables up to date. password is used when the URL has none.
func Open(ctx context.Context, dsn, password string, now func() time.Time) (*DB, error) {
	var db *DB
	var err error
	if file, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		db, err = openSQLite(ctx, file)
	} else {
		db, err = openPostgres(ctx, dsn, password)
	}
	if err != nil {
		return nil, err
	}
	db.Now = now
	if err := db.migrate(ctx); err != nil {
		db.Close()
		return nil, err
	}
	if err := db.whole(ctx); err != nil {
		db.Close()
		return nil, err
	}
	if err := db.adopt(ctx); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// openSQLite opens one connection that writes and a pool that reads. _txlock=immediate takes the write lock at begin, so
// that a read-modify-write never fails half-way; with one connection, waiting happens in database/sql, which honours
// contexts. synchronous=FULL: a mail is moved only after its row is on the disk.
func openSQLite(ctx context.Context, file string) (*DB, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	// A new file is the owner's alone; an administrator may open it to the officers' group, and it stays so. One that is
	// there is not touched: closing any descriptor of it drops the locks of this process (fcntl(2)).
	fresh, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err == nil {
		err = fresh.Close()
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("store: %w", err)
	}
	pragmas := url.Values{"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "cache_size(-8000)", "temp_store(memory)"}}
	pragmas.Set("_txlock", "immediate")
	write, err := openPrepared("file:" + escapePath(file) + "?" + pragmas.Encode())
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	if err := write.PingContext(ctx); err != nil { // creates the file before a reader looks for it
		return nil, errors.Join(fmt.Errorf("store: open %s: %w", file, err), write.Close())
	}
	pragmas = url.Values{"_pragma": {"busy_timeout(10000)", "query_only(1)", "cache_size(-4000)"}}
	pragmas.Set("_txlock", "deferred")
	read, err := sql.Open("sqlite", "file:"+escapePath(file)+"?"+pragmas.Encode())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("store: %w", err), write.Close())
	}
	read.SetMaxOpenConns(max(2, runtime.NumCPU()))
	return &DB{dialect: sqlite, file: file, token: rand.Text()[:12], write: write, read: read, close: func() { _ = read.Close(); _ = write.Close() }}, nil
}

// escapePath keeps '?', '#' and '%' of a file name out of the URI's syntax (sqlite.org/uri.html §3.1).
func escapePath(file string) string {
	return strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(file)
}

func openPostgres(ctx context.Context, dsn, password string) (*DB, error) {
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("store: the database URL cannot be read; write sqlite:FILE or postgres://user@host:5432/database") // the cause would show the URL with its password
	}
	if cfg.ConnConfig.Password == "" {
		cfg.ConnConfig.Password = password
	}
	cfg.MaxConns = int32(max(12, 4*runtime.NumCPU()))
	token := rand.Text()[:12]
	named(cfg, token)
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("store: no connection to %s:%d: %w", cfg.ConnConfig.Host, cfg.ConnConfig.Port, err)
	}
	db := stdlib.OpenDBFromPool(pool)
	return &DB{dialect: postgres, token: token, write: db, read: db, close: func() { _ = db.Close(); pool.Close() }}, nil
}

// SQLite returns the writing connection for a queue in the same database, nil on PostgreSQL.
func (db *DB) SQLite() *sql.DB {
	if db.dialect == sqlite {
		return db.write
	}
	return nil
}

// named gives the connections of a process its name, so that another process can end them, and lets none lie in a transaction:
// who freezes in one keeps its locks. The limit is the second net behind Bury.
func named(cfg *pgxpool.Config, token string) {
	cfg.ConnConfig.RuntimeParams["application_name"] = application(token)
	cfg.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = "60000"
}

// Postgres opens a pool of its own for a queue in the same database; token is that of the process.
func Postgres(ctx context.Context, dsn, password, token string) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("store: the database URL cannot be read; write postgres://user@host:5432/database")
	}
	if cfg.ConnConfig.Password == "" {
		cfg.ConnConfig.Password = password
	}
	named(cfg, token)
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return pool, nil
}

func pgxConn(conn *sql.Conn) (*pgx.Conn, error) {
	var c *pgx.Conn
	err := conn.Raw(func(driver any) error {
		std, ok := driver.(*stdlib.Conn)
		if !ok {
			return errors.New("store: not a PostgreSQL connection")
		}
		c = std.Conn()
		return nil
	})
	return c, err
}

func (db *DB) migrate(ctx context.Context) error {
	dir, err := fs.Sub(migrations, "migrations/"+string(db.dialect))
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	d := goose.DialectSQLite3
	if db.dialect == postgres {
		d = goose.DialectPostgres
	}
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if db.dialect == postgres { // two processes may start at once
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return fmt.Errorf("store: migrations: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(d, db.write, dir, options...)
	if err != nil {
		return fmt.Errorf("store: migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("store: migrations: %w", err)
	}
	return nil
}

// Lock keeps every other transaction that asks for the same lock waiting until this one ends. On SQLite a writing
// transaction is alone anyway.
func (tx *Tx) Lock(ctx context.Context, lock int64) error {
	if tx.db.dialect == sqlite {
		return nil
	}
	if _, err := tx.tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", lock); err != nil {
		return fmt.Errorf("store: lock: %w", err)
	}
	return nil
}

// LockRegister is the lock under which a case is opened: nobody else may add codes meanwhile (ROW-06).
const LockRegister int64 = 0x76616e746875

// Copy writes a whole and consistent copy of a SQLite database to a new file while it is in use. PostgreSQL has pg_dump.
func (db *DB) Copy(ctx context.Context, file string) error {
	if db.dialect != sqlite {
		return errors.New("store: only a SQLite database is copied so; use pg_dump")
	}
	if _, err := db.write.ExecContext(ctx, "VACUUM INTO $1", file); err != nil {
		return fmt.Errorf("store: copy: %w", err)
	}
	return nil
}
