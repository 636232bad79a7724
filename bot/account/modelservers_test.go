package account_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/jackc/pgx/v5"

	"vanthu/bot/account"
	"vanthu/bot/account/ldap"
	"vanthu/bot/account/passwd"
	"vanthu/bot/account/resttest"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

const (
	rootDN   = "cn=root,dc=truong,dc=example"
	studyDN  = "ou=students,dc=truong,dc=example"
	rootPass = "Canary-bind-1"
)

// slapd starts a real OpenLDAP of this test alone, on an address of its own, and skips where it is not installed. Each play finds it empty.
func slapd(t *testing.T) opener {
	server, err := exec.LookPath("slapd")
	if err != nil {
		server = "/usr/sbin/slapd"
	}
	for _, needed := range []string{server, "/etc/ldap/schema"} {
		if _, err := os.Stat(needed); err != nil {
			t.Skip("slapd is not installed (Debian: apt-get install slapd)")
		}
	}
	dir, address := t.TempDir(), net.IPv4(127, byte(1+rand.IntN(250)), byte(rand.IntN(256)), byte(1+rand.IntN(250))).String()+":3389"
	file := filepath.Join(dir, "slapd.conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload unique
moduleload pw-sha2
database mdb
suffix "dc=truong,dc=example"
rootdn "%s"
rootpw %s
directory %s
maxsize 16777216
dbnosync
index objectClass,uid,mail,employeeNumber eq
overlay unique
unique_uri ldap:///dc=truong,dc=example?uid?sub
unique_uri ldap:///dc=truong,dc=example?mail?sub
unique_uri ldap:///dc=truong,dc=example?employeeNumber?sub
`, rootDN, rootPass, dir), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(server, "-f", file, "-h", "ldap://"+address+"/", "-d", "0")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() })
	root := dial(t, address)
	for _, entry := range []map[string][]string{
		{"dn": {"dc=truong,dc=example"}, "objectClass": {"dcObject", "organization"}, "dc": {"truong"}, "o": {"Truong Dai hoc Vi du"}},
		{"dn": {studyDN}, "objectClass": {"organizationalUnit"}, "ou": {"students"}},
	} {
		addEntry(t, root, entry)
	}
	return func(t testing.TB, _ *resttest.Clock, _ func() resttest.Fault) modelled {
		for _, e := range students(t, root) {
			if err := root.Del(goldap.NewDelRequest(e.DN, nil)); err != nil {
				t.Fatal(err)
			}
		}
		return entries(t, address, root)
	}
}

// dial returns a connection of the directory's own administrator, once it listens.
func dial(t testing.TB, address string) *goldap.Conn {
	for began := time.Now(); ; {
		c, err := goldap.DialURL("ldap://" + address)
		if err == nil {
			t.Cleanup(func() { _ = c.Close() })
			if err := c.Bind(rootDN, rootPass); err != nil {
				t.Fatal(err)
			}
			return c
		}
		if time.Since(began) > 20*time.Second {
			t.Fatalf("slapd does not listen: %v", err)
		}
		runtime.Gosched()
	}
}

func addEntry(t testing.TB, c *goldap.Conn, entry map[string][]string) {
	r := goldap.NewAddRequest(entry["dn"][0], nil)
	for name, values := range entry {
		if name != "dn" {
			r.Attribute(name, values)
		}
	}
	if err := c.Add(r); err != nil {
		t.Fatal(err)
	}
}

func students(t testing.TB, c *goldap.Conn) []*goldap.Entry {
	found, err := c.Search(goldap.NewSearchRequest(studyDN, goldap.ScopeSingleLevel, goldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	return found.Entries
}

// entries are the accounts of a slapd. What nobody can sign in with has its hash behind a scheme that no server knows.
func entries(t testing.TB, address string, root *goldap.Conn) modelled {
	var opened closers
	return modelled{
		later: true,
		client: func(*store.DB) account.Platform {
			d, err := ldap.New(ldap.Config{URL: "ldap://" + address, Insecure: true, BindDN: rootDN, Password: rootPass, Base: studyDN, Connections: 2, Timeout: 20 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			opened.add(d.Close)
			return d
		},
		all: func() (all []account.Account) {
			for _, e := range students(t, root) {
				all = append(all, account.Account{Code: e.GetAttributeValue("employeeNumber"), User: e.GetAttributeValue("uid"), Address: e.GetAttributeValue("mail"),
					Marker: ours(e.GetAttributeValues("description")), Suspended: !strings.HasPrefix(e.GetAttributeValue("userPassword"), "{SSHA512}")})
			}
			return all
		},
		signsIn: func(user, secret string) bool {
			c, err := goldap.DialURL("ldap://" + address)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close() }()
			err = c.Bind("uid="+user+","+studyDN, secret)
			if err != nil && !goldap.IsErrorWithCode(err, goldap.LDAPResultInvalidCredentials) {
				t.Fatal(err)
			}
			return err == nil
		},
		add: func(a account.Account) bool {
			if a.Deleted() {
				return false
			}
			addEntry(t, root, map[string][]string{"dn": {"uid=" + a.User + "," + studyDN}, "objectClass": {"inetOrgPerson"}, "uid": {a.User}, "cn": {a.Name}, "sn": {"Lê"},
				"mail": {a.Address}, "employeeNumber": {a.Code}, "userPassword": {"{SSHA512}of-nobody"}})
			return true
		},
		close: opened.close,
	}
}

func ours(values []string) string {
	for _, v := range values {
		if strings.HasPrefix(v, "vanthu:") {
			return v
		}
	}
	return ""
}

// table is a database of Dovecot's; each play has a table of its own in it.
func table(t *testing.T) opener {
	url := storetest.Postgres(t).URL(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	n := 0
	return func(t testing.TB, _ *resttest.Clock, _ func() resttest.Fault) modelled {
		n++
		name := fmt.Sprintf("users%d", n)
		if _, err := conn.Exec(t.Context(), strings.ReplaceAll(`CREATE TABLE users (username text NOT NULL, address text NOT NULL, password text NOT NULL,
			active boolean NOT NULL DEFAULT true, name text NOT NULL DEFAULT '', code text, marker text NOT NULL DEFAULT '', must_change boolean NOT NULL DEFAULT false);
			CREATE UNIQUE INDEX ON users (lower(username)); CREATE UNIQUE INDEX ON users (lower(address)); CREATE UNIQUE INDEX ON users (lower(code))`, "users", name)); err != nil {
			t.Fatal(err)
		}
		return rowsOf(t, conn, url, name)
	}
}

// rowsOf are the accounts of a table.
func rowsOf(t testing.TB, conn *pgx.Conn, url, name string) modelled {
	var opened closers
	return modelled{
		later: true,
		client: func(*store.DB) account.Platform {
			p, err := passwd.New(t.Context(), passwd.Config{URL: url, Table: name, MustChange: "must_change=true", Domain: "sv.truong.example", Connections: 2, Timeout: 20 * time.Second,
				Columns: passwd.Columns{User: "username", Address: "address", Password: "password", Active: "active", Name: "name", Code: "code", Marker: "marker"}})
			if err != nil {
				t.Fatal(err)
			}
			opened.add(p.Close)
			return p
		},
		all: func() []account.Account {
			found, err := conn.Query(t.Context(), "SELECT code, username, address, marker, NOT active FROM "+name)
			if err != nil {
				t.Fatal(err)
			}
			all, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (a account.Account, err error) {
				return a, row.Scan(&a.Code, &a.User, &a.Address, &a.Marker, &a.Suspended)
			})
			if err != nil {
				t.Fatal(err)
			}
			return all
		},
		signsIn: func(user, secret string) bool { // as Dovecot's password_query does
			var hash string
			err := conn.QueryRow(t.Context(), "SELECT password FROM "+name+" WHERE username = $1 AND active", user).Scan(&hash)
			if err != nil && !errors.Is(err, pgx.ErrNoRows) {
				t.Fatal(err)
			}
			return err == nil && account.CheckPassword(hash, secret)
		},
		add: func(a account.Account) bool {
			if a.Deleted() {
				return false
			}
			if _, err := conn.Exec(t.Context(), "INSERT INTO "+name+" (code, username, address, name, password) VALUES ($1, $2, $3, $4, 'x')", a.Code, a.User, a.Address, a.Name); err != nil {
				t.Fatal(err)
			}
			return true
		},
		close: opened.close,
	}
}

// closers are clients whose connections end with their play.
type closers struct{ all []func() error }

func (c *closers) add(f func() error) { c.all = append(c.all, f) }

func (c *closers) close() {
	for _, f := range c.all {
		_ = f()
	}
}
