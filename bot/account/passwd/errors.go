package passwd

import (
	"crypto/tls"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"vanthu/bot/account"
)

// errUnique is a unique index that refused a row, of which Create finds out what it means.
var errUnique = errors.New("passwd: a unique index refuses the row")

// explain turns what PostgreSQL says into the errors of the contract, by its class (its manual, appendix A). Its detail is never
// told, and of values that it does not like neither is its message: both quote them.
func (t *Table) explain(err error) error {
	if err == nil || errors.Is(err, account.ErrExists) || errors.Is(err, account.ErrPermanent) {
		return err
	}
	said, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return fmt.Errorf("passwd: %s: %w", t.connection, err) // the network or the context
	}
	text := said.Message
	switch said.Code[:min(2, len(said.Code))] {
	case "22", "23": // data exception, integrity constraint violation
		text = "a value is refused"
		if said.ColumnName != "" {
			text += ", column " + said.ColumnName
		}
		if said.ConstraintName != "" {
			text += ", constraint " + said.ConstraintName
		}
	}
	text = fmt.Sprintf("%s (SQLSTATE %s)", text, said.Code)
	switch {
	case said.Code == "23505": // unique_violation
		return fmt.Errorf("%w: %s", errUnique, text)
	case strings.HasPrefix(said.Code, "22"), strings.HasPrefix(said.Code, "23"), strings.HasPrefix(said.Code, "42"), // 42: no such table or column, no right
		strings.HasPrefix(said.Code, "0A"), said.Code == "428C9": // a column that is generated
		return fmt.Errorf("%w: passwd: %s", account.ErrPermanent, text)
	}
	return fmt.Errorf("passwd: %s: %s", t.connection, text) // busy, shutting down, a standby, a deadlock …: another try
}

// away says whether the database was not there, or not in a state to answer. Who answers that it does not know our role or its
// database, or shows a certificate that proves nothing, is there.
func away(err error) bool {
	if _, refused := errors.AsType[*tls.CertificateVerificationError](err); refused {
		return false
	}
	said, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return true // the network, or the time was over
	}
	switch said.Code[:min(2, len(said.Code))] {
	case "08", "53", "57", "58": // connection exception, insufficient resources, operator intervention (57P03: it starts), system error
		return true
	}
	return false
}
