package ldap

import (
	"context"
	"fmt"

	goldap "github.com/go-ldap/ldap/v3"

	"vanthu/bot/account"
)

// pageSize is below what servers give at once (slapd 500, Active Directory 1,000).
const pageSize = 500

// List goes through all accounts below the search base, page by page (RFC 2696). slapd counts all pages together unless it is told
// otherwise: limits … size.prtotal=unlimited.
func (d *Directory) List(ctx context.Context, f func(account.Account) error) error {
	return d.pages(ctx, d.cfg.SearchBase, goldap.ScopeWholeSubtree, d.layout.everybody(), d.attributes(), func(e *goldap.Entry) error {
		return f(d.account(e, account.Keys{}))
	})
}

// pages searches in pages over one connection, because a cookie belongs to one, each page under the deadline of one operation.
func (d *Directory) pages(ctx context.Context, base string, scope int, filter string, attributes []string, f func(*goldap.Entry) error) error {
	var stopped error // by f
	paging := goldap.NewControlPaging(d.page)
	err := d.pool.do(ctx, func(c *goldap.Conn) error {
		for {
			seconds := max(1, int(d.cfg.Timeout.Seconds()))
			request := goldap.NewSearchRequest(base, scope, goldap.NeverDerefAliases, 0, seconds, false, filter, attributes, []goldap.Control{paging})
			result, err := c.Search(request)
			if err != nil {
				return err
			}
			for _, e := range result.Entries {
				if stopped = f(e); stopped != nil {
					return nil //nolint:nilerr // nothing is wrong with the connection
				}
			}
			answer, ok := goldap.FindControl(result.Controls, goldap.ControlTypePaging).(*goldap.ControlPaging)
			if !ok || len(answer.Cookie) == 0 {
				return nil
			}
			paging.SetCookie(answer.Cookie)
		}
	})
	if stopped != nil {
		return stopped
	}
	if goldap.IsErrorAnyOf(err, goldap.LDAPResultSizeLimitExceeded, goldap.LDAPResultAdminLimitExceeded) {
		return fmt.Errorf("%w: ldap: the server gives no more entries to %s; let it page through all of them (slapd: limits … size.prtotal=unlimited)", account.ErrPermanent, d.cfg.BindDN)
	}
	return d.explain(err)
}
