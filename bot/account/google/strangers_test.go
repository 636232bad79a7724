package google_test

import (
	"errors"
	"strings"
	"testing"

	"vanthu/bot/account"
	"vanthu/bot/account/accounttest"
	"vanthu/bot/account/google"
	"vanthu/bot/account/google/googletest"
	"vanthu/bot/account/resttest"
)

// What stands in the way of an address without being a user of the directory is told by name.
func TestStrangers(t *testing.T) {
	t.Parallel()
	person := accounttest.Person(1, 0)
	for name, test := range map[string]struct {
		change func(*google.Config, *googletest.Fake, *resttest.Faults)
		before func(w *world) error
		want   string
	}{
		"a personal account that Google lists": {
			change: func(_ *google.Config, f *googletest.Fake, _ *resttest.Faults) { f.Unmanaged = []string{person.Address} },
			want:   "unmanaged personal Google account",
		},
		"a personal account of today": { // the list knows it after 48 hours
			before: func(w *world) error {
				if _, err := w.Platform.Lookup(t.Context(), account.Keys{Addresses: []string{person.Address}}); err != nil {
					return err
				}
				w.fake.Unmanaged = []string{person.Address}
				return nil
			},
			want: "unmanaged personal Google account",
		},
		"a personal account of today, which Google invites": {
			before: func(w *world) error {
				if _, err := w.Platform.Lookup(t.Context(), account.Keys{Addresses: []string{person.Address}}); err != nil {
					return err
				}
				w.fake.Unmanaged, w.fake.Conflicts = []string{person.Address}, "invite"
				return nil
			},
			want: "unmanaged personal Google account",
		},
		"a personal account that is not looked for": {
			change: func(c *google.Config, f *googletest.Fake, _ *resttest.Faults) {
				c.Unmanaged, f.Unmanaged, f.Conflicts = false, []string{person.Address}, "invite"
			},
			want: "unmanaged personal Google account",
		},
		"a group": {
			before: func(w *world) error {
				w.fake.Add(googletest.User{Email: "an@sv.truong.example", Family: "Lê", Given: "An"})
				return w.Platform.MakeGroup(t.Context(), account.Group{Address: person.Address, Name: "Lớp", Marker: "x", Members: []string{"an"}})
			},
			want: "a Google group",
		},
		"an alias of somebody": {
			before: func(w *world) error {
				w.fake.Add(googletest.User{Email: "an@sv.truong.example", Family: "Lê", Given: "An", Aliases: []string{person.Address}})
				return nil
			},
			want: "an account that vanthu did not make",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, test.change)
			if test.before != nil {
				if err := test.before(w); err != nil {
					t.Fatal(err)
				}
			}
			_, err := account.Ensure(t.Context(), w.Platform, person, accounttest.Password)
			if conflict, ok := errors.AsType[*account.Conflict](err); !ok || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), person.Address) {
				t.Errorf("error %v (%v), want a conflict with %s", err, conflict, test.want)
			}
			for _, u := range w.fake.Accounts() {
				if u.Email == person.Address {
					t.Error("the account was made")
				}
			}
			if len(w.fake.Evicted) > 0 {
				t.Error("somebody has lost the address of his personal account")
			}
		})
	}
}
