package store_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// The migrations stand twice, in two dialects, and make the same tables: columns, what may be absent, defaults, keys, what is unique, what
// refers to what, what is checked, indexes. (Triggers are not compared: what they guard is tried on both, in copy_test.go.)
func TestBothDatabasesHaveTheSameTables(t *testing.T) {
	t.Parallel()
	lite, pg := liteSchema(t, storetest.SQLite(t)), pgSchema(t, storetest.Postgres(t).Open(t))
	if diff := cmp.Diff(lite, pg); diff != "" {
		t.Errorf("the tables of the two databases (-SQLite +PostgreSQL):\n%s", diff)
	}
	for _, kind := range []string{"column", "key", "unique", "refers", "check", "index"} {
		if n := len(slices.DeleteFunc(slices.Clone(lite), func(fact string) bool { return !strings.Contains(fact, " "+kind+" ") })); n < 5 {
			t.Errorf("%d of the kind %s: is it looked at?", n, kind)
		}
	}
}

func liteSchema(t *testing.T, db *store.DB) []string {
	f := facts{}
	for _, row := range store.Catalogue(t, db, `SELECT m.name, c.name, c.type, c."notnull" OR c.pk > 0, coalesce(c.dflt_value, '') FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'`) {
		f.add(row[0], "column", row[1], kinds[strings.ToLower(row[2])], map[string]string{"1": "not null"}[row[3]], strings.ToLower(row[4]))
	}
	for _, row := range store.Catalogue(t, db, `SELECT m.name, group_concat(c.name, ', ' ORDER BY c.pk) FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND c.pk > 0 GROUP BY m.name`) {
		f.add(row[0], "key", row[1])
	}
	for _, row := range store.Catalogue(t, db, `SELECT m.name, (SELECT group_concat(c.name, ', ' ORDER BY c.seqno) FROM pragma_index_info(i.name) c) FROM sqlite_master m, pragma_index_list(m.name) i WHERE m.type = 'table' AND i.origin = 'u'`) {
		f.add(row[0], "unique", row[1])
	}
	for _, row := range store.Catalogue(t, db, `SELECT m.name, f."from", f."table" FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'`) {
		f.add(row[0], "refers", row[1], row[2])
	}
	for _, row := range store.Catalogue(t, db, `SELECT tbl_name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL`) {
		f.add(row[0], "index", row[1])
	}
	for _, row := range store.Catalogue(t, db, `SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL`) {
		for _, check := range checks(row[1]) {
			f.add(row[0], "check", meant(check))
		}
	}
	return f.all()
}

func pgSchema(t *testing.T, db *store.DB) []string {
	f := facts{}
	for _, row := range store.Catalogue(t, db, `SELECT table_name, column_name, data_type, is_nullable, coalesce(column_default, '') FROM information_schema.columns WHERE table_schema = current_schema()`) {
		f.add(row[0], "column", row[1], kinds[row[2]], map[string]string{"NO": "not null"}[row[3]], row[4])
	}
	for kind, say := range map[string]string{"p": "key", "u": "unique"} {
		for _, row := range store.Catalogue(t, db, `SELECT c.relname, (SELECT string_agg(a.attname, ', ' ORDER BY k.nth) FROM unnest(o.conkey) WITH ORDINALITY k(col, nth)
			JOIN pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = k.col) FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid
			WHERE o.connamespace = CAST(current_schema() AS regnamespace) AND o.contype = '`+kind+`'`) {
			f.add(row[0], say, row[1])
		}
	}
	for _, row := range store.Catalogue(t, db, `SELECT c.relname, a.attname, r.relname FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN pg_class r ON r.oid = o.confrelid
		JOIN pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = ANY (o.conkey) WHERE o.connamespace = CAST(current_schema() AS regnamespace) AND o.contype = 'f'`) {
		f.add(row[0], "refers", row[1], row[2])
	}
	for _, row := range store.Catalogue(t, db, `SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND indexname NOT IN (SELECT conname FROM pg_constraint)`) {
		f.add(row[0], "index", row[1])
	}
	for _, row := range store.Catalogue(t, db, `SELECT c.relname, pg_get_constraintdef(o.oid) FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid WHERE o.connamespace = CAST(current_schema() AS regnamespace) AND o.contype = 'c'`) {
		f.add(row[0], "check", meant(row[1]))
	}
	return f.all()
}

// facts are what is so of the tables, each in a line.
type facts map[string]bool

func (f facts) add(table, kind string, what ...string) {
	if own := strings.HasPrefix(table, "river_") || table == "goose_db_version" || strings.HasPrefix(table, "sqlite_"); own {
		return // of a library, which sees to it itself
	}
	fact := plain.Replace(strings.Join(append([]string{table, kind}, what...), " "))
	f[strings.Join(strings.Fields(fact), " ")] = true
}

func (f facts) all() []string { return slices.Sorted(maps.Keys(f)) }

// kinds are what a column may hold. How large a number may be is said by PostgreSQL alone.
var kinds = map[string]string{"text": "text", "bytea": "bytes", "blob": "bytes", "boolean": "yes or no", "integer": "number", "bigint": "number", "smallint": "number"}

// plain takes away how each of the two writes what is the same.
var plain = strings.NewReplacer("::text", "", "::bytea", "", "::bigint", "", " USING btree", "", "public.", "", "= ANY (ARRAY[", "IN ", "]", " ", "(", " ", ")", " ", ",", " ", "\n", " ")

// checks are the conditions of a CREATE TABLE.
func checks(create string) (all []string) {
	for _, part := range strings.Split(create, "CHECK")[1:] {
		depth := 0
		end := strings.IndexFunc(part, func(r rune) bool {
			switch r {
			case '(':
				depth++
			case ')':
				depth--
				return depth == 0
			}
			return false
		})
		all = append(all, part[:end+1])
	}
	return all
}

// meant are the columns and values of a condition: PostgreSQL gives its own wording back.
func meant(check string) string {
	words := word.FindAllString(check, -1)
	words = slices.DeleteFunc(words, func(w string) bool {
		return slices.Contains([]string{"CHECK", "IN", "NOT", "ANY", "ALL", "ARRAY", "AND", "OR", "text", "BETWEEN"}, w)
	})
	slices.Sort(words)
	return strings.Join(slices.Compact(words), " ")
}

var word = regexp.MustCompile(`'[^']*'|\w+`)
