package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// Everything goes to PostgreSQL and back: each table that any migration has made has rows, and they are the same after both ways,
// and so are the numbers that were given last. Only what store says stays where it is.
func TestCopyThereAndBack(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	first, cluster := storetest.SQLiteURL(t), storetest.Postgres(t)
	fill(t, first)
	lite, pg, back := open(t, first), cluster.Open(t), storetest.SQLite(t)
	there := copyTo(t, lite, pg)
	again := copyTo(t, pg, back)
	if !slices.Equal(there, again) {
		t.Errorf("there %+v\nback %+v", there, again)
	}
	var names []string
	for _, c := range there {
		names = append(names, c.Table)
		if c.Rows == 0 {
			t.Errorf("%s has no rows in this test", c.Table)
		}
	}
	for _, table := range tables(t, first) {
		if left := store.Stays(table); slices.Contains(names, table) == (left != "") {
			t.Errorf("the table %s is copied: %v; stays: %q", table, slices.Contains(names, table), left)
		}
	}
	if len(names) < 25 {
		t.Errorf("%d tables: %q", len(names), names)
	}
	// Numbers go on behind those that were given, and the history is kept by the database again.
	for _, db := range []*store.DB{pg, back} {
		var mail int64
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			err := tx.AddMails(ctx, []store.NewMail{{Mailbox: "INBOX", UIDValidity: 9, UID: 9, Raw: []byte("new"), ArrivedAt: tx.Now}})
			if err != nil {
				return err
			}
			mails, err := tx.Unjudged(ctx)
			mail = slices.Max(mails)
			return err
		})
		if mail != 78 { // 77 was given and taken away
			t.Errorf("the next mail is %d", mail)
		}
		if err := store.TryExec(t, db, `UPDATE events SET what = 'nothing' WHERE id = 1`); err == nil {
			t.Error("the history can be changed")
		}
		if err := event(ctx, db); err != nil {
			t.Error(err)
		}
	}
}

// A copy that did not end says so and can be neither served nor copied to.
func TestCopyIsWholeOrNothing(t *testing.T) {
	t.Parallel()
	first, cluster := storetest.SQLiteURL(t), storetest.Postgres(t)
	fill(t, first)
	lite := open(t, first)
	url := cluster.URL(t)
	pg := open(t, url)
	stopped, stop := context.WithCancel(t.Context())
	if err := lite.CopyTo(stopped, pg, func(store.Copied) { stop() }); err == nil {
		t.Fatal("it was stopped half-way")
	}
	if _, err := store.Open(t.Context(), url, "", time.Now); bot.ErrorCode(err) != bot.Conflict || !strings.Contains(err.Error(), "incomplete copy") {
		t.Errorf("an incomplete copy is opened: %v", err)
	}
	conflict := func(what string, from, to *store.DB) {
		t.Helper()
		if err := from.CopyTo(t.Context(), to, func(store.Copied) {}); bot.ErrorCode(err) != bot.Conflict {
			t.Errorf("%s: %v", what, err)
		}
	}
	conflict("not empty", lite, pg)

	// An officer wrote while it was copied.
	officer := open(t, first)
	other := cluster.Open(t)
	err := lite.CopyTo(t.Context(), other, func(c store.Copied) {
		if c.Table == "events" {
			if err := event(t.Context(), officer); err != nil {
				t.Error(err)
			}
		}
	})
	if bot.ErrorCode(err) != bot.Conflict || !strings.Contains(err.Error(), "wrote into the source") {
		t.Errorf("what was written meanwhile is lost: %v", err)
	}

	// Somebody serves one of the two.
	_, release, err := officer.Alone()
	if err != nil {
		t.Fatal(err)
	}
	conflict("served", lite, cluster.Open(t))
	release()
	served := cluster.Open(t)
	if _, _, err := served.Begin(t.Context(), store.Process{ID: "host/1/x"}, func(store.Process) bool { return false }, nothing); err != nil {
		t.Fatal(err)
	}
	conflict("served", lite, served)
	conflict("served", served, storetest.SQLite(t))
	if err := lite.CopyTo(t.Context(), storetest.SQLite(t), func(store.Copied) {}); bot.ErrorCode(err) != bot.Invalid {
		t.Errorf("from SQLite to SQLite: %v", err)
	}
}

func open(t *testing.T, url string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), url, "", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

func copyTo(t *testing.T, from, to *store.DB) (all []store.Copied) {
	t.Helper()
	if err := from.CopyTo(t.Context(), to, func(c store.Copied) { all = append(all, c) }); err != nil {
		t.Fatal(err)
	}
	return all
}

func tables(t *testing.T, url string) (names []string) {
	t.Helper()
	query(t, url, `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		names = append(names, name)
		return err
	})
	return names
}

func query(t *testing.T, url, text string, f func(rows *sql.Rows) error) {
	t.Helper()
	db, err := sql.Open("sqlite", strings.Replace(url, "sqlite:", "file:", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// oneOf finds what a column may hold.
var oneOf = regexp.MustCompile(`(\w+)\s+IN\s*\(([^)]*)\)`)

// fill writes three rows into each table that is copied, invented from the catalogue: numbers, words that a column may hold, and
// else texts and bytes that are easily broken.
func fill(t *testing.T, url string) {
	t.Helper()
	for _, table := range tables(t, url) {
		if store.Stays(table) != "" || table == "event_head" { // moved by its trigger
			continue
		}
		var create string
		query(t, url, fmt.Sprintf(`SELECT sql FROM sqlite_master WHERE name = '%s'`, table), func(rows *sql.Rows) error { return rows.Scan(&create) })
		words := make(map[string][]string)
		for _, m := range oneOf.FindAllStringSubmatch(create, -1) {
			if words[m[1]] == nil {
				words[m[1]] = strings.Split(strings.NewReplacer("'", "", "\n", "", "  ", "").Replace(m[2]), ",")
			}
		}
		rows := 3
		if strings.Contains(create, "CHECK (one = 1)") {
			rows = 1
		}
		for n := 1; n <= rows; n++ {
			var columns []string
			var values []any
			query(t, url, fmt.Sprintf(`SELECT name, type FROM pragma_table_info('%s')`, table), func(rows *sql.Rows) error {
				var name, kind string
				err := rows.Scan(&name, &kind)
				columns = append(columns, name)
				switch {
				case words[name] != nil:
					values = append(values, strings.TrimSpace(words[name][n%len(words[name])]))
				case kind == "BOOLEAN":
					values = append(values, n%2 == 0)
				case kind == "BLOB":
					values = append(values, []byte("\x00\xff\r\n"+strings.Repeat("b", n-1)))
				case kind == "TEXT":
					values = append(values, fmt.Sprintf("Đặng'\"\\ %d\t😀\n", n))
				default:
					values = append(values, n)
				}
				return err
			})
			places := strings.TrimSuffix(strings.Repeat("?, ", len(columns)), ", ")
			if err := storetest.Behind(t, url, fmt.Sprintf(`INSERT INTO %s (%s) VALUES (%s)`, table, strings.Join(columns, ", "), places), values...); err != nil {
				t.Fatalf("%s: %v", table, err)
			}
		}
	}
	if err := storetest.Behind(t, url, `UPDATE sqlite_sequence SET seq = 77 WHERE name = 'mails'`); err != nil {
		t.Fatal(err)
	}
}
