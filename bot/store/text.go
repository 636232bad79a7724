package store

import (
	"context"
	"database/sql"
	"reflect"
	"strings"
	"unicode/utf8"
)

// PostgreSQL refuses a text with NUL or with bytes that are no UTF-8, and an index refuses one of some kilobytes. Mails bring
// all three in every field, and what a database refuses would be tried for ever: so a text is made storable here, where every
// statement passes.
const (
	longestID     = 1000 // bytes of an address, a Message-ID, a student code: what is compared and indexed
	longestReason = 2000
)

// storable makes each text among args valid: U+FFFD for NUL and for bytes that are no UTF-8.
func storable(args []any) []any {
	var clean []any
	for i, arg := range args {
		v := reflect.ValueOf(arg)
		if v.Kind() != reflect.String || !strings.Contains(v.String(), "\x00") && utf8.ValidString(v.String()) {
			continue
		}
		if clean == nil {
			clean = append(clean, args...)
		}
		clean[i] = strings.ReplaceAll(strings.ToValidUTF8(v.String(), "\uFFFD"), "\x00", "\uFFFD")
	}
	if clean == nil {
		return args
	}
	return clean
}

// short cuts a text to some bytes, at a character.
func short(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// row runs a query for one row.
func (tx *Tx) row(ctx context.Context, query string, args ...any) *sql.Row {
	return tx.tx.QueryRowContext(ctx, query, storable(args)...)
}
