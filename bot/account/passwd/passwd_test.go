package passwd

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"vanthu/bot/account"
	"vanthu/bot/account/accounttest"
	"vanthu/bot/store/storetest"
)

// The table of docs/operations.md.
const ddl = `
CREATE TABLE users (
  username text NOT NULL, address text NOT NULL, password text NOT NULL, active boolean NOT NULL DEFAULT true,
  name text NOT NULL DEFAULT '', code text, marker text NOT NULL DEFAULT '', must_change boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX ON users (lower(username));
CREATE UNIQUE INDEX ON users (lower(address));
CREATE UNIQUE INDEX ON users (lower(code));
CREATE TABLE aliases (address text PRIMARY KEY, target text NOT NULL);
`

var columns = Columns{User: "username", Address: "address", Password: "password", Active: "active", Name: "name", Code: "code", Marker: "marker"}

// world is a database with tables in it.
type world struct {
	*Table
	conn *pgx.Conn
	mu   sync.Mutex
}

// newWorld opens a table made by sql, with what change makes of the configuration.
func newWorld(t testing.TB, c *storetest.Cluster, sql string, change func(*Config)) *world {
	t.Helper()
	dsn := c.URL(t)
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
	cfg := Config{URL: dsn, Table: "users", Columns: columns, Aliases: Aliases{Table: "aliases", Address: "address", Target: "target"},
		MustChange: "must_change=true", Domain: "sv.truong.example", Timeout: 10 * time.Second}
	if change != nil {
		change(&cfg)
	}
	p, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return &world{Table: p, conn: conn}
}

func (w *world) exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := w.conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// SignsIn asks the table as Dovecot's password_query does (.ci/servers).
func (w *world) SignsIn(t testing.TB, user, password string) bool {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	var hash string
	err := w.conn.QueryRow(context.WithoutCancel(t.Context()), `SELECT password FROM users WHERE username = $1 AND active`, user).Scan(&hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	return account.CheckPassword(strings.Replace(hash, "{ARGON2ID}", "{ARGON2}", 1), password)
}

func TestConformance(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Postgres(t), ddl, nil)
	if err := w.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Run("contract", func(t *testing.T) {
		accounttest.Run(t, func(*testing.T) account.Platform { return w })
	})
}

func person(i int) account.Account { return accounttest.Person(900, i) }

func TestTable(t *testing.T) {
	t.Parallel()
	c := storetest.Postgres(t)
	for _, test := range []struct {
		name string
		run  func(t *testing.T, c *storetest.Cluster)
	}{
		{"Preflight", preflight}, {"Rights", rights}, {"Standby", standby}, {"PasswordChanged", passwordChanged}, {"Aliases", aliases}, {"List", list},
		{"Capitals", capitals}, {"PostfixAdmin", postfixAdmin}, {"Smallint", smallint}, {"ErrorsHoldNoValues", errorsHoldNoValues}, {"SlowServer", slowServer}, {"Away", isAway},
		{"LostCommit", lostCommit}, {"Argon2ByDovecot", argon2ByDovecot},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, c)
		})
	}
}

func levels(checks []account.Check) map[string]account.Level {
	all := map[string]account.Level{}
	for _, c := range checks {
		if all[c.What] != account.CheckFailed {
			all[c.What] = c.Level
		}
	}
	return all
}

// What is missing is said with the SQL that adds it, and that SQL makes the table good.
func preflight(t *testing.T, c *storetest.Cluster) {
	w := newWorld(t, c, `CREATE SCHEMA mail; CREATE TABLE mail.users (username varchar(40), address varchar(80) UNIQUE, password varchar(60), active boolean,
		name text, code text, marker text, must_change boolean, maildir text NOT NULL, uid int NOT NULL DEFAULT 5000);
		CREATE UNIQUE INDEX ON mail.users (code) WHERE active; CREATE TABLE aliases (address text, target text)`,
		func(cfg *Config) { cfg.Table = "mail.users" })
	want := map[string]account.Level{"connection": "ok", "table": "failed", "rights": "ok", "unique": "failed"}
	checks := w.Preflight(t.Context(), 3)
	if diff := cmp.Diff(want, levels(checks)); diff != "" {
		t.Fatalf("(-want +got):\n%s%v", diff, checks)
	}
	err := w.Check(t.Context())
	for _, part := range []string{`CREATE UNIQUE INDEX ON "mail"."users" (lower("username"));`, `(lower("code"));`, `ALTER TABLE "mail"."users" ALTER COLUMN "password" TYPE text`, "maildir"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the start does not say %s: %v", part, err)
		}
	}
	if err != nil && strings.Contains(err.Error(), `(lower("address"))`) {
		t.Errorf("a plain unique constraint is asked for again: %v", err)
	}
	for _, check := range checks { // the remedies as they were said
		for _, start := range []string{"CREATE UNIQUE INDEX", "ALTER TABLE"} {
			for rest := check.Said; strings.Contains(rest, start); {
				_, rest, _ = strings.Cut(rest, start)
				statement, _, _ := strings.Cut(rest, ";")
				w.exec(t, start+statement)
			}
		}
	}
	w.exec(t, "ALTER TABLE mail.users ALTER COLUMN maildir SET DEFAULT ''")
	if err := w.Check(t.Context()); err != nil {
		t.Errorf("after what was said: %v", err)
	}
	want = map[string]account.Level{"connection": "ok", "table": "ok", "rights": "ok", "unique": "warning"}
	if diff := cmp.Diff(want, levels(w.Preflight(t.Context(), 3))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, p := range []account.Account{person(0), person(1)} {
		if _, err := account.Ensure(t.Context(), w, p, accounttest.Password); err != nil {
			t.Error(err)
		}
	}
}

// A role that may not do all of it is told what it lacks, at the start.
func rights(t *testing.T, c *storetest.Cluster) {
	w := newWorld(t, c, ddl, nil)
	cfg := w.cfg
	var role string
	var all bool
	if err := w.conn.QueryRow(t.Context(), "SELECT rolname, rolsuper FROM pg_roles WHERE rolname = current_user").Scan(&role, &all); err != nil {
		t.Fatal(err)
	}
	if all { // nothing can be taken from a superuser
		role = fmt.Sprintf("r_%d", time.Now().UnixNano())
		w.exec(t, "CREATE ROLE "+role+"; GRANT ALL ON users, aliases TO "+role)
		t.Cleanup(func() {
			if _, err := w.conn.Exec(context.Background(), "DROP OWNED BY "+role+"; DROP ROLE "+role); err != nil {
				t.Error(err)
			}
		})
		cfg.URL += "&options=-crole%3D" + role
	}
	w.exec(t, "REVOKE UPDATE, DELETE ON users FROM "+role+"; REVOKE SELECT ON aliases FROM "+role)
	p, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	err = p.Check(t.Context())
	for _, part := range []string{"UPDATE of password", "UPDATE of active", "DELETE", "GRANT SELECT ON \"aliases\""} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the start does not say %q: %v", part, err)
		}
	}
	if err := p.Suspend(t.Context(), person(0)); !errors.Is(err, account.ErrPermanent) {
		t.Errorf("without the right: %v", err)
	}
	w.exec(t, "GRANT UPDATE, DELETE ON users TO "+role+"; GRANT SELECT ON aliases TO "+role)
	if err := p.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func standby(t *testing.T, c *storetest.Cluster) {
	w := newWorld(t, c, ddl, func(cfg *Config) { cfg.URL += "&default_transaction_read_only=on" })
	if err := w.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("check: %v", err)
	}
	if err := w.Create(t.Context(), person(0), accounttest.Password); err == nil || errors.Is(err, account.ErrPermanent) {
		t.Errorf("create: %v, want a temporary error: the other server may come back", err)
	}
}

// FR-22: who has chosen a password of his own, by whatever program, is seen by the flag.
func passwordChanged(t *testing.T, c *storetest.Cluster) {
	w := newWorld(t, c, ddl, nil)
	a := person(0)
	if err := w.Create(t.Context(), a, accounttest.Password); err != nil {
		t.Fatal(err)
	}
	changed := func() bool {
		found, err := w.Lookup(t.Context(), account.Keys{Codes: []string{a.Code}})
		if err != nil || len(found) != 1 {
			t.Fatalf("%v, %v", found, err)
		}
		return found[0].Changed
	}
	if changed() {
		t.Error("changed at once")
	}
	w.exec(t, "UPDATE users SET must_change = false")
	if !changed() {
		t.Error("not seen")
	}
	if err := w.SetPassword(t.Context(), a, accounttest.Password); err != nil || changed() {
		t.Errorf("a new initial password: %v, changed %v", err, changed())
	}
}

// An alias is as taken as an address (FR-17), whether it reaches somebody of the table, several, or nobody here.
func aliases(t *testing.T, c *storetest.Cluster) {
	w := newWorld(t, c, ddl, nil)
	a, b := person(0), person(1)
	for _, p := range []account.Account{a, b} {
		if err := w.Create(t.Context(), p, accounttest.Password); err != nil {
			t.Fatal(err)
		}
	}
	w.exec(t, `INSERT INTO aliases VALUES ('Hoa@sv.truong.example', $1), ($1, $1), ('both@sv.truong.example', $2), ('away@sv.truong.example', 'x@elsewhere.example')`,
		a.Address, strings.ToUpper(a.Address)+" , "+b.Address)
	a.Aliases, b.Aliases = []string{"both@sv.truong.example", "Hoa@sv.truong.example"}, []string{"both@sv.truong.example"}
	slices.Sort(a.Aliases)
	away := account.Account{Address: "away@sv.truong.example"}
	for key, want := range map[string][]account.Account{a.Address: {a}, "hoa@SV.truong.example": {a}, "both@sv.truong.example": {a, b}, "away@sv.truong.example": {away}, "no@sv.truong.example": nil} {
		got, err := w.Lookup(t.Context(), account.Keys{Addresses: []string{key}})
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			slices.Sort(got[i].Aliases)
		}
		slices.SortFunc(got, func(a, b account.Account) int { return strings.Compare(a.Code, b.Code) })
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
	}
	for i, taken := range []string{"hoa@sv.truong.example", "both@sv.truong.example", "away@sv.truong.example"} {
		p := person(i + 2)
		p.Address = taken
		if err := w.Create(t.Context(), p, accounttest.Password); !errors.Is(err, account.ErrExists) {
			t.Errorf("%s: created, error %v", taken, err)
		}
		if _, err := account.Ensure(t.Context(), w, p, accounttest.Password); !errors.Is(err, account.ErrExists) {
			t.Errorf("%s: ensured, error %v", taken, err)
		}
	}
	named := a
	named.Address, named.Aliases = "hoa@sv.truong.example", nil
	if err := w.Suspend(t.Context(), named); err != nil {
		t.Errorf("named by an alias: %v", err)
	}
}

func list(t *testing.T, c *storetest.Cluster) {
	w := newWorld(t, c, ddl, nil)
	w.exec(t, `INSERT INTO users (username, address, password, name, code) SELECT 'u' || i, 'u' || i || '@sv.truong.example', '{X}', 'Trần Văn ' || i, nullif(i % 7, 0)::text || '-' || i
		FROM generate_series(1, 2500) i`)
	seen := map[string]int{}
	err := w.List(t.Context(), func(a account.Account) error {
		seen[a.User]++
		return nil
	})
	if err != nil || len(seen) != 2500 || seen["u1"] != 1 || seen["u2500"] != 1 {
		t.Errorf("%d people, %v", len(seen), err)
	}
	enough := errors.New("enough")
	n := 0
	if err := w.List(t.Context(), func(account.Account) error { n++; return enough }); !errors.Is(err, enough) || n != 1 {
		t.Errorf("stopped by %v after %d", err, n)
	}
}

// Rows that others wrote in capitals are found, and taken; a plain unique index would not see it.
func capitals(t *testing.T, c *storetest.Cluster) {
	w := newWorld(t, c, strings.NewReplacer("(lower(username))", "(username)", "(lower(address))", "(address)", "(lower(code))", "(code)").Replace(ddl), nil)
	w.exec(t, `INSERT INTO users (username, address, password, name, code) VALUES ('An', 'An@SV.Truong.Example', '{X}', 'Nguyễn Văn An', 'sv01')`)
	for what, mix := range map[string]func(a *account.Account){
		"user": func(a *account.Account) { a.User = "an" }, "address": func(a *account.Account) { a.Address = "an@sv.truong.example" }, "code": func(a *account.Account) { a.Code = "SV01" },
	} {
		p := person(0)
		mix(&p)
		if err := w.Create(t.Context(), p, accounttest.Password); !errors.Is(err, account.ErrExists) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := w.Suspend(t.Context(), account.Account{Code: "SV01", Address: "an@sv.truong.example", Name: "Nguyễn Văn An"}); err != nil {
		t.Error(err)
	}
}

// The mailbox table of postfixadmin: the address is the key, user and domain stand apart, and a new row needs its folder.
func postfixAdmin(t *testing.T, c *storetest.Cluster) {
	w := newWorld(t, c, `CREATE TABLE mailbox (username varchar(255) PRIMARY KEY, password varchar(255) NOT NULL, name varchar(255) NOT NULL, maildir varchar(255) NOT NULL,
		local_part varchar(255) NOT NULL, domain varchar(255) NOT NULL, active boolean NOT NULL DEFAULT true, code varchar(20) UNIQUE, marker varchar(60))`,
		func(cfg *Config) {
			cfg.Table, cfg.Aliases, cfg.MustChange = "mailbox", Aliases{}, ""
			cfg.Columns.User, cfg.Columns.Address = "", "username"
			cfg.Extra = []string{"local_part={user}", "domain={domain}", "maildir={domain}/{user}/"}
		})
	if err := w.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	a := person(0)
	for try := range 2 {
		got, err := account.Ensure(t.Context(), w, a, accounttest.Password)
		if err != nil || got.Created != (try == 0) {
			t.Fatalf("%v, %v", got, err)
		}
	}
	var got []string
	var local, domain, folder string
	if err := w.conn.QueryRow(t.Context(), "SELECT local_part, domain, maildir FROM mailbox").Scan(&local, &domain, &folder); err != nil {
		t.Fatal(err)
	}
	got = append(got, local, domain, folder)
	if diff := cmp.Diff([]string{a.User, "sv.truong.example", "sv.truong.example/" + a.User + "/"}, got); diff != "" {
		t.Error(diff)
	}
	found, err := w.Lookup(t.Context(), account.Keys{Users: []string{a.User}})
	if err != nil || len(found) != 1 || found[0].User != a.User {
		t.Errorf("by user name: %v, %v", found, err)
	}
	a.User = "other"
	if err := w.Create(t.Context(), a, accounttest.Password); !errors.Is(err, account.ErrPermanent) {
		t.Errorf("a user name that the table cannot keep: %v", err)
	}
}

func smallint(t *testing.T, c *storetest.Cluster) {
	w := newWorld(t, c, strings.Replace(ddl, "active boolean NOT NULL DEFAULT true", "active smallint NOT NULL DEFAULT 1", 1), func(cfg *Config) { cfg.Yes, cfg.No = "1", "0" })
	a := person(0)
	if err := w.Create(t.Context(), a, accounttest.Password); err != nil {
		t.Fatal(err)
	}
	for _, suspended := range []bool{true, false} {
		act := w.Restore
		if suspended {
			act = w.Suspend
		}
		if err := act(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		found, err := w.Lookup(t.Context(), account.Keys{Codes: []string{a.Code}})
		if err != nil || len(found) != 1 || found[0].Suspended != suspended {
			t.Errorf("suspended %v: %v, %v", suspended, found, err)
		}
	}
}

// A server quotes the value that it refuses; an error of ours must not (names, hashes).
func errorsHoldNoValues(t *testing.T, c *storetest.Cluster) {
	w := newWorld(t, c, strings.Replace(ddl, "\n  name text", "\n  name varchar(5) CHECK (name <> 'Bình')", 1)+"ALTER TABLE users ADD COLUMN n int;", func(cfg *Config) { cfg.Extra = []string{"n={class}"} })
	for what, change := range map[string]func(*account.Account){
		"too long":  func(a *account.Account) { a.Name, a.Class = "Nguyễn Văn Dài", "1" },
		"no number": func(a *account.Account) { a.Name, a.Class = "An", "Canary Lớp" },
		"a check":   func(a *account.Account) { a.Name, a.Class = "Bình", "1" },
		"no text":   func(a *account.Account) { a.Name, a.Class = "An\x00", "1" },
	} {
		a := person(0)
		change(&a)
		err := w.Create(t.Context(), a, accounttest.Password)
		if !errors.Is(err, account.ErrPermanent) || errors.Is(err, account.ErrExists) {
			t.Errorf("%s: %v, want ErrPermanent", what, err)
		}
		for _, secret := range []string{"Canary", "Dài", "Bình", a.Code, "SSHA512"} {
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error holds %q: %v", what, secret, err)
			}
		}
	}
	// Another unique column that is taken is no account of that person: said at once, not tried for ever.
	w.exec(t, "CREATE UNIQUE INDEX other ON users (n)")
	a, b := person(0), person(1)
	a.Name, a.Class, b.Name, b.Class = "An", "1", "Ba", "1"
	if err := w.Create(t.Context(), a, accounttest.Password); err != nil {
		t.Fatal(err)
	}
	if err := w.Create(t.Context(), b, accounttest.Password); !errors.Is(err, account.ErrPermanent) || errors.Is(err, account.ErrExists) || !strings.Contains(err.Error(), "other") {
		t.Errorf("another unique column: %v", err)
	}
	bad := w.cfg
	bad.URL = "postgres://vanthu:Canary7@127.0.0.1:1/mail?sslmode=disable"
	p, err := New(t.Context(), bad)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Check(t.Context()); err == nil || strings.Contains(err.Error(), "Canary") {
		t.Errorf("nobody there: %v", err)
	}
	bad.URL = "postgres://vanthu:Canary7@host:x/%zz"
	if _, err := New(t.Context(), bad); err == nil || strings.Contains(err.Error(), "Canary") {
		t.Errorf("no URL: %v", err)
	}
}

// A row that somebody holds: the deadline ends the wait, as a temporary error, and nothing is done later.
func slowServer(t *testing.T, c *storetest.Cluster) {
	w := newWorld(t, c, ddl, func(cfg *Config) { cfg.Timeout = 300 * time.Millisecond })
	a := person(0)
	if err := w.Create(t.Context(), a, accounttest.Password); err != nil {
		t.Fatal(err)
	}
	w.exec(t, "BEGIN; UPDATE users SET name = name")
	err := w.Suspend(t.Context(), a)
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, account.ErrPermanent) {
		t.Errorf("%v, want the deadline as a temporary error", err)
	}
	w.exec(t, "COMMIT")
	if found, err := w.Lookup(t.Context(), account.Keys{Codes: []string{a.Code}}); err != nil || len(found) != 1 || found[0].Suspended {
		t.Errorf("after the wait: %v, %v", found, err)
	}
	if err := w.Suspend(t.Context(), a); err != nil {
		t.Error(err)
	}
}

// At the start nobody answers, or not now: that is told from what somebody must put right.
func isAway(t *testing.T, c *storetest.Cluster) {
	w := newWorld(t, c, ddl, nil)
	check := func(change func(*Config)) error {
		cfg := w.cfg
		change(&cfg)
		p, err := New(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		return p.Check(t.Context())
	}
	port := regexp.MustCompile(`:\d+/`)
	for name, change := range map[string]func(*Config){
		"nobody listens": func(cfg *Config) { cfg.URL = port.ReplaceAllString(cfg.URL, ":1/") },
		"no time":        func(cfg *Config) { cfg.Timeout = time.Nanosecond },
	} {
		if err := check(change); !errors.Is(err, account.ErrAway) {
			t.Errorf("%s: %v, want it to be away", name, err)
		}
	}
	for name, change := range map[string]func(*Config){
		"no such database": func(cfg *Config) { cfg.URL = strings.Replace(cfg.URL, "?", "x?", 1) },
		"no such role":     func(cfg *Config) { cfg.URL = strings.Replace(cfg.URL, "vanthu", "nobody_of_that_name", 1) },
		"no such table":    func(cfg *Config) { cfg.Table = "nowhere" },
	} {
		if err := check(change); err == nil || errors.Is(err, account.ErrAway) {
			t.Errorf("%s: %v, want it refused", name, err)
		}
	}
}

// Whoever asks gives up as soon as the row can be seen, mostly before the reply to the commit came: the try is temporary, the next one
// finds the row and makes no other.
func lostCommit(t *testing.T, c *storetest.Cluster) {
	w := newWorld(t, c, ddl, nil)
	a := person(0)
	cut := make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		defer stop()
		for {
			var n int
			if err := w.conn.QueryRow(t.Context(), "SELECT count(*) FROM users").Scan(&n); err != nil || n > 0 {
				cut <- err
				return
			}
		}
	}()
	err := w.Create(ctx, a, accounttest.Password)
	if cutErr := <-cut; cutErr != nil {
		t.Fatal(cutErr)
	}
	if err != nil && errors.Is(err, account.ErrPermanent) {
		t.Errorf("%v, want a temporary error", err)
	}
	got, err := account.Ensure(t.Context(), w, a, accounttest.Password)
	if err != nil || got.Created {
		t.Errorf("again: created %v, %v", got.Created, err)
	}
	if !w.SignsIn(t, a.User, accounttest.Password) {
		t.Error("cannot sign in")
	}
}

// Dovecot itself takes the hashes that we write.
func argon2ByDovecot(t *testing.T, c *storetest.Cluster) {
	doveadm, err := exec.LookPath("doveadm")
	if err != nil {
		t.Skip("Dovecot is not installed")
	}
	for _, scheme := range []string{account.SSHA512, account.SSHA, account.Argon2} {
		w := newWorld(t, c, ddl, func(cfg *Config) { cfg.Hash = scheme })
		a := person(0)
		if err := w.Create(t.Context(), a, accounttest.Password); err != nil {
			t.Fatal(err)
		}
		var hash string
		if err := w.conn.QueryRow(t.Context(), "SELECT password FROM users").Scan(&hash); err != nil {
			t.Fatal(err)
		}
		for password, want := range map[string]bool{accounttest.Password: true, "Other": false} {
			out, err := exec.CommandContext(t.Context(), doveadm, "-c", "/dev/null", "pw", "-t", hash, "-p", password).CombinedOutput()
			if (err == nil) != want {
				t.Errorf("%s: doveadm takes %v, want %v: %s", scheme, err == nil, want, out)
			}
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := Config{URL: "postgres://vanthu@127.0.0.1/mail", Table: "users", Columns: columns, Domain: "sv.truong.example"}
	if p, err := New(t.Context(), good); err != nil {
		t.Fatal(err)
	} else if d := p.Describe(); p.Name() != "passwd" || d.Undelete != 0 || d.InFlight != 8 || p.Close() != nil {
		t.Errorf("%+v", d)
	}
	for what, change := range map[string]func(*Config){
		"a column with a quote":     func(c *Config) { c.Columns.Name = `na"me` },
		"a column with SQL":         func(c *Config) { c.Columns.Code = "code) OR (true" },
		"no column":                 func(c *Config) { c.Columns.Marker = "" },
		"a table with SQL":          func(c *Config) { c.Table = "users; DROP TABLE users" },
		"three parts":               func(c *Config) { c.Table = "a.b.c" },
		"too long":                  func(c *Config) { c.Table = strings.Repeat("a", 64) },
		"no alias column":           func(c *Config) { c.Aliases = Aliases{Table: "aliases", Address: "address"} },
		"extra without a value":     func(c *Config) { c.Extra = []string{"uid"} },
		"extra of a column of ours": func(c *Config) { c.Extra = []string{"password=x"} },
		"must change":               func(c *Config) { c.MustChange = "must_change" },
		"yes is no":                 func(c *Config) { c.Yes, c.No = "1", "1" },
		"a hash":                    func(c *Config) { c.Hash = "md5" },
		"no user and no domain":     func(c *Config) { c.Columns.User, c.Domain = "", "" },
	} {
		cfg := good
		change(&cfg)
		if p, err := New(t.Context(), cfg); err == nil {
			t.Errorf("%s: taken", what)
			_ = p.Close()
		}
	}
}
