package file

import (
	"context"
	"fmt"
	"slices"

	"vanthu/bot/account"
)

// List goes through the accounts of the file as it is now, in the order in which they were last written (account.Lister).
func (d *Directory) List(ctx context.Context, f func(account.Account) error) error {
	d.mu.Lock()
	known, err := d.read()
	var lines []line
	if err == nil {
		for i, l := range known.lines { // a later line takes the place of an earlier one, and an erased account leaves none
			if slices.Contains(known.byKey["user:"+fold(l.User)], i) {
				lines = append(lines, l)
			}
		}
	}
	d.mu.Unlock()
	if err != nil {
		return err
	}
	for _, l := range lines {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("account file: %w", err)
		}
		if err := f(l.account()); err != nil {
			return err
		}
	}
	return nil
}
