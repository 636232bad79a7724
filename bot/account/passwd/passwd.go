// Package passwd makes accounts as rows of a table in another system's PostgreSQL: the table of users that Dovecot reads as its
// SQL passdb and userdb (Dovecot's manual, "SQL authentication"). The names of table and columns are the other system's and
// come from the configuration. The one package beside bot/store that holds SQL, because the table is not vanthu's.
//
// Uniqueness: that users, addresses and codes are unique must be the table's own rule. Check refuses a table without it and says
// the SQL that adds it: two processes that look at the same moment both see nobody, and only a unique index makes one of them lose.
//
// Nothing is late here: what is committed is seen. When the reply to a commit is lost, the next look tells.
//
// It must not know cases, plans or mails.
package passwd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vanthu/bot/account"
)

// Config says where the table is and what its columns are called.
type Config struct {
	URL      string // "postgres://vanthu@host:5432/mail?sslmode=verify-full"
	Password string

	Table   string // "users", "mail.users"
	Columns Columns
	Aliases Aliases
	Yes     string   // what Columns.Active holds for who may sign in, as PostgreSQL writes it: "true", "1", "Y"
	No      string   // and for who may not
	Extra   []string // "column=value": further columns that a new row needs; {user}, {domain}, {address}, {code}, {class} and {cohort} are filled in

	MustChange string // "column=value" written with every initial password; when it is otherwise its holder has changed it; "" none
	Hash       string // "ssha512" (default), "argon2" or "ssha"
	Domain     string // of the accounts; where the table has no column for user names they are the addresses' local parts

	Timeout     time.Duration // of one operation, connecting included; default 30 s
	Connections int           // at most, default 8
}

// Columns are the columns that an account stands in. Only User may be empty.
type Columns struct{ User, Address, Password, Active, Name, Code, Marker string }

// Aliases is a table of further addresses, "" none. It is read and never written.
type Aliases struct {
	Table   string
	Address string // the column of the alias
	Target  string // the column of the address that it reaches, or of several, separated by commas
}

// A Table is the account.Platform of a table of users.
type Table struct {
	cfg        Config
	pool       *pgxpool.Pool
	sql        statements
	extra      [][2]string
	changeCol  string // of MustChange
	changeVal  string
	connection string // host:port/database, for errors
}

// name is an identifier that needs no thought; it is quoted all the same (PostgreSQL's manual, 4.1.1). 63 bytes: NAMEDATALEN.
var name = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)

// New checks the configuration; it does not connect (Check does).
func New(ctx context.Context, cfg Config) (*Table, error) {
	t := &Table{cfg: cfg}
	if err := t.setDefaults(); err != nil {
		return nil, fmt.Errorf("passwd: %w", err)
	}
	if err := t.setNames(); err != nil {
		return nil, fmt.Errorf("passwd: %w", err)
	}
	pool, err := pgxpool.ParseConfig(cfg.URL)
	if err != nil {
		return nil, errors.New("passwd: the database URL cannot be read") // the cause would show it
	}
	if pool.ConnConfig.Password == "" {
		pool.ConnConfig.Password = cfg.Password
	}
	pool.ConnConfig.ConnectTimeout = t.cfg.Timeout
	pool.MaxConns = int32(t.cfg.Connections)
	t.connection = fmt.Sprintf("%s:%d/%s", pool.ConnConfig.Host, pool.ConnConfig.Port, pool.ConnConfig.Database)
	if t.pool, err = pgxpool.NewWithConfig(ctx, pool); err != nil { // it connects when it is needed
		return nil, fmt.Errorf("passwd: %w", err)
	}
	return t, nil
}

func (t *Table) setDefaults() error {
	c := &t.cfg
	c.Yes, c.No = cmp.Or(c.Yes, "true"), cmp.Or(c.No, "false")
	c.Hash = cmp.Or(c.Hash, account.SSHA512)
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	if c.Connections <= 0 {
		c.Connections = 8
	}
	if c.Yes == c.No {
		return fmt.Errorf("%q stands for who may sign in and for who may not", c.Yes)
	}
	_, err := account.HashPassword(c.Hash, "")
	return err
}

func (t *Table) setNames() error {
	c := t.cfg
	var err error
	if t.changeCol, t.changeVal, err = assignment(c.MustChange); err != nil {
		return fmt.Errorf("must change: %w", err)
	}
	for _, text := range c.Extra {
		column, value, err := assignment(text)
		if err != nil || column == "" {
			return fmt.Errorf("extra: %q is not column=value", text)
		}
		t.extra = append(t.extra, [2]string{column, value})
	}
	if c.Columns.User == "" && c.Domain == "" {
		return errors.New("without a column for user names the domain of the accounts must be known")
	}
	columns := []string{cmp.Or(c.Columns.User, "x"), c.Columns.Address, c.Columns.Password, c.Columns.Active, c.Columns.Name, c.Columns.Code, c.Columns.Marker, cmp.Or(t.changeCol, "x")}
	tables := []string{c.Table}
	for _, e := range t.extra {
		columns = append(columns, e[0])
	}
	if c.Aliases.Table != "" {
		tables = append(tables, c.Aliases.Table)
		columns = append(columns, c.Aliases.Address, c.Aliases.Target)
	}
	for _, n := range columns {
		if !name.MatchString(n) {
			return fmt.Errorf("%q is not the name of a column (letters, digits and _)", n)
		}
	}
	for _, n := range tables {
		schema, table, two := strings.Cut(n, ".")
		if !name.MatchString(schema) || two && !name.MatchString(table) {
			return fmt.Errorf("%q is not the name of a table (letters, digits and _; schema.table)", n)
		}
	}
	seen := map[string]bool{}
	for _, n := range t.written() {
		if seen[n] {
			return fmt.Errorf("the column %q is named twice", n)
		}
		seen[n] = true
	}
	t.sql = t.statements()
	return nil
}

func assignment(text string) (column, value string, err error) {
	column, value, ok := strings.Cut(text, "=")
	if text != "" && (!ok || column == "") {
		return "", "", fmt.Errorf("%q is not column=value", text)
	}
	return column, value, nil
}

// Name is "passwd".
func (t *Table) Name() string { return "passwd" }

// Describe says that a table forgets whom it has erased, and shows at once what was committed.
func (t *Table) Describe() account.Description {
	return account.Description{InFlight: t.cfg.Connections}
}

// Close ends the connections.
func (t *Table) Close() error {
	t.pool.Close()
	return nil
}

// do runs one operation as one transaction, within the time for it.
func (t *Table) do(ctx context.Context, f func(ctx context.Context, tx pgx.Tx) error) error {
	return t.explain(t.tell(ctx, f))
}

// tell is do that says what the server said.
func (t *Table) tell(ctx context.Context, f func(ctx context.Context, tx pgx.Tx) error) error {
	limited, cancel := context.WithTimeout(ctx, t.cfg.Timeout)
	defer cancel()
	err := pgx.BeginFunc(limited, t.pool, func(tx pgx.Tx) error { return f(limited, tx) })
	if err != nil && ctx.Err() != nil { // not a word of the server about a query that we cancelled
		return ctx.Err()
	}
	return err
}
