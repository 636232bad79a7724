package account_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"vanthu/bot/account"
	"vanthu/bot/account/accounttest"
)

// hiding is a platform on which somebody has everything, whom nobody may see.
type hiding struct{ account.Platform }

func (hiding) Name() string                                                          { return "hiding" }
func (hiding) Describe() account.Description                                         { return account.Description{} }
func (hiding) Create(context.Context, account.Account, string) error                 { return account.ErrExists }
func (hiding) Lookup(context.Context, account.Keys) (all []account.Account, _ error) { return all, nil }

// That the platform says no to a name that nobody shows is told apart from an account that it has made and does not show yet.
func TestTakenByWhomNobodySees(t *testing.T) {
	t.Parallel()
	_, err := account.Ensure(t.Context(), hiding{}, accounttest.Person(1, 0), accounttest.Password)
	if !errors.Is(err, account.ErrUnseen) || !strings.Contains(err.Error(), "is taken, and by nobody whom vanthu may see") {
		t.Errorf("error %v", err)
	}
}
