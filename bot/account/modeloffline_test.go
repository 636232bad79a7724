package account_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/account/offline"
	"vanthu/bot/account/resttest"
	"vanthu/bot/store"
)

// otherAdmin works off bundles by hand: late, a part of one today, one twice, and what he hands back he hands back again.
type otherAdmin struct {
	t        testing.TB
	settings offline.Settings
	key      offline.Key
	accounts []account.Account
	hashes   map[string]string            // by user name
	tried    map[string]map[string]string // of a bundle, by address: what came of it
	given    []given
}

// given is a result that was handed back.
type given struct {
	number string
	csv    []byte
}

// bundled is a platform whose accounts another admin makes.
func bundled(t *testing.T) opener {
	keygen, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("no ssh-keygen here")
	}
	path := filepath.Join(t.TempDir(), "bundle.key")
	if out, err := exec.CommandContext(t.Context(), keygen, "-q", "-t", "ed25519", "-N", "", "-f", path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	key, err := offline.OpenKey(path)
	if err != nil {
		t.Fatal(err)
	}
	return func(t testing.TB, _ *resttest.Clock, _ func() resttest.Fault) modelled {
		o := &otherAdmin{t: t, key: key, hashes: map[string]string{}, tried: map[string]map[string]string{},
			settings: offline.Settings{Form: offline.LDIF, Base: studyDN, Marker: "description", Hash: func(password string) (string, error) { return account.HashPassword(account.SSHA512, password) }}}
		return modelled{
			client:  func(db *store.DB) account.Platform { return &offline.Platform{DB: db, S: o.settings} },
			all:     func() []account.Account { return o.accounts },
			signsIn: func(user, secret string) bool { return account.CheckPassword(o.hashes[user], secret) },
			add: func(a account.Account) bool {
				if a.Deleted() {
					return false
				}
				o.accounts = append(o.accounts, a)
				return true
			},
			meanwhile: o.works,
		}
	}
}

// works lets bundles be made by a process that may be killed over it, and the other admin do what he likes with them; calm: all, at once.
func (o *otherAdmin) works(m *model, calm bool) {
	db, may := m.db, func(err error) bool { m.must(err); return true }
	if !calm && len(m.live) > 0 {
		db, may = m.live[0].db, func(err error) bool { return err == nil }
	}
	chance := func(of int, what string) bool { return !calm && rapid.IntRange(1, of).Draw(m.t, what) == 1 }
	maker := &offline.Maker{DB: db, S: o.settings, Key: o.key, Unseal: unseal}
	for _, id := range m.read(func(ctx context.Context, tx *store.Tx) (any, error) { return tx.ToBundle(ctx, tx.Now) }).([]int64) {
		may(maker.Make(context.Background(), id))
	}
	office := &offline.Office{DB: db, S: o.settings}
	for _, b := range m.read(func(ctx context.Context, tx *store.Tx) (any, error) { return tx.Bundles(ctx, true) }).([]store.Bundle) {
		if chance(2, "late") {
			continue
		}
		folder, err := office.Export(context.Background(), "officer:lan", b.Number, o.t.TempDir())
		if bot.ErrorCode(err) == bot.Conflict { // the plan is paused: he gets nothing
			continue
		}
		if !may(err) {
			continue
		}
		for range 1 + map[bool]int{true: 1}[chance(3, "twice")] {
			for _, a := range o.reads(folder) {
				if !chance(4, "left for later") {
					o.makes(b.Number, a)
					m.looks()
				}
			}
		}
		csv := fmt.Appendf(nil, "bundle,address,status,message\n")
		for _, address := range slices.Sorted(maps.Keys(o.tried[b.Number])) {
			if !chance(4, "not said") {
				csv = fmt.Appendf(csv, "%s,%s,%s,\n", b.Number, address, o.tried[b.Number][address])
			}
		}
		o.given = append(o.given, given{b.Number, csv})
		if chance(3, "handed back later") {
			continue
		}
		for _, g := range append([]given{{b.Number, csv}}, o.again(chance)...) {
			_, err := office.Read(context.Background(), "officer:lan", g.number, []offline.Input{{Name: "result.csv", Data: g.csv}}, false)
			may(err)
		}
	}
}

// again is what is handed back once more.
func (o *otherAdmin) again(chance func(int, string) bool) (again []given) {
	for _, g := range o.given {
		if chance(3, "handed back again") {
			again = append(again, g)
		}
	}
	return again
}

// reads is what stands in the data file of a bundle (RFC 2849), the hash in the place of the class.
func (o *otherAdmin) reads(folder string) (wanted []account.Account) {
	files, err := filepath.Glob(filepath.Join(folder, "*.ldif"))
	if err != nil || len(files) != 1 {
		o.t.Fatalf("%v: %v", files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		o.t.Fatal(err)
	}
	for _, entry := range strings.Split(strings.ReplaceAll(string(data), "\n ", ""), "\n\n")[1:] {
		has := map[string]string{}
		for line := range strings.Lines(entry) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
			if encoded, is := strings.CutPrefix(value, ":"); is {
				plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
				if err != nil {
					o.t.Fatal(err)
				}
				value = string(plain)
			}
			has[name] = strings.TrimSpace(value)
		}
		wanted = append(wanted, account.Account{Code: has["employeeNumber"], User: has["uid"], Address: has["mail"], Marker: has["description"], Class: has["userPassword"]})
	}
	return wanted
}

// makes makes an account, or is told by his platform that the address is in use.
func (o *otherAdmin) makes(number string, a account.Account) {
	if o.tried[number] == nil {
		o.tried[number] = map[string]string{}
	}
	for _, there := range o.accounts {
		if there.Address == a.Address {
			if there.Marker != a.Marker {
				o.tried[number][a.Address] = "failed"
			}
			return
		}
	}
	o.tried[number][a.Address], o.hashes[a.User] = "done", a.Class
	o.accounts = append(o.accounts, a)
}
