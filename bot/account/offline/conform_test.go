package offline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/account/accounttest"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// served is a platform with its other admin at hand: whatever is pending is put into a bundle, carried out by him, and what he sends back
// is read, before the call returns. So the contract of platforms that act at once can be asked of it.
type served struct {
	*Platform
	t     *testing.T
	maker *Maker
	admin admin
	lock  *sync.Mutex // of the desk
	cases map[int]int64
}

// admin is who carries a bundle out, and what he sends back.
type admin interface {
	carryOut(t *testing.T, b store.Bundle, rows []store.BundleRow, data []byte) []Input
	foreign(t *testing.T, a account.Account) // somebody else makes an account
	signsIn(t testing.TB, user, password string) bool
}

func newServed(t *testing.T, db *store.DB, s Settings, by admin) *served {
	t.Helper()
	key := open(t, newKey(t))
	frozen := []byte("[]")
	storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error {
		err := tx.AddMails(ctx, []store.NewMail{{Mailbox: "INBOX", UIDValidity: 7, UID: 1, ArrivedAt: tx.Now, Raw: []byte("x")}})
		p, err2 := tx.AddPlan(ctx, store.StoredPlan{Plan: bot.Plan{Made: bot.Stamp{By: "officer:lan"}, Hash: bot.HashPlan(frozen)}, Frozen: frozen})
		_, err3 := tx.ApprovePlan(ctx, p.ID, "officer:minh", p.Hash, store.ByCommand)
		return errors.Join(err, err2, err3)
	})
	return &served{Platform: &Platform{DB: db, S: s}, t: t, admin: by, lock: &sync.Mutex{}, cases: make(map[int]int64),
		maker: &Maker{DB: db, S: s, Key: key, Sealer: Sealer{}, Unseal: func(sealed []byte, _ string) ([]byte, error) { return sealed, nil }}}
}

// of is the row that asks for something to be done with an account of the suite: its own.
func (s *served) of(ctx context.Context, a account.Account) (e account.Errand, err error) {
	var block, i int
	if _, err := fmt.Sscanf(a.Code, "21%03d%05d", &block, &i); err != nil {
		return account.Errand{CaseID: 1, N: 1, PlanID: 1}, nil // nobody's
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.cases[block] == 0 {
		err = s.DB.Write(ctx, func(tx *store.Tx) error {
			c, err := tx.AddCase(ctx, bot.Case{Number: fmt.Sprintf("YC-2026-%04d", block), State: bot.InWork, MailID: 1, ReceivedAt: tx.Now})
			if err != nil {
				return err
			}
			c.PlanID = 1
			if c, err = tx.SaveCase(ctx, c); err != nil {
				return err
			}
			var rows []bot.Row
			for n := range 10 {
				p := accounttest.Person(block, n)
				rows = append(rows, bot.Row{N: n + 1, Code: p.Code, Name: p.Name, OK: true})
			}
			s.cases[block] = c.ID
			return tx.SetRows(ctx, c.ID, rows, nil)
		})
	}
	return account.Errand{CaseID: s.cases[block], N: i + 1, PlanID: 1}, err
}

// until asks until nothing is pending any more; nothing may take three bundles.
func (s *served) until(ctx context.Context, ask func() error) error {
	for range 3 {
		err := ask()
		if _, pending := errors.AsType[*account.Pending](err); !pending {
			return err
		}
		if err := s.serve(ctx); err != nil {
			return err
		}
	}
	return ask()
}

func (s *served) serve(ctx context.Context) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	if err := s.maker.Make(ctx, 1); err != nil {
		return err
	}
	office := &Office{DB: s.DB, S: s.S}
	bundles := storetest.Read(s.t, s.DB, func(ctx context.Context, tx *store.Tx) ([]store.Bundle, error) { return tx.Bundles(ctx, true) })
	for _, b := range bundles {
		rows := storetest.Read(s.t, s.DB, func(ctx context.Context, tx *store.Tx) ([]store.BundleRow, error) { return tx.BundleRows(ctx, b.ID) })
		files := storetest.Read(s.t, s.DB, func(ctx context.Context, tx *store.Tx) ([]store.BundleFile, error) { return tx.BundleFiles(ctx, b.ID) })
		if _, err := office.Export(ctx, "officer:lan", b.Number, s.t.TempDir()); err != nil {
			return err
		}
		reading, err := office.Read(ctx, "officer:lan", b.Number, s.admin.carryOut(s.t, b, rows, files[0].Data), false)
		if err != nil || len(reading.Waits)+len(reading.Strange) > 0 || reading.Bundle.State != "closed" {
			s.t.Errorf("%s of %s: %v, %+v", b.Act, b.Number, err, reading)
		}
	}
	return nil
}

func (s *served) Create(ctx context.Context, a account.Account, password string) error {
	e, err := s.of(ctx, a)
	if err != nil {
		return err
	}
	if a.Marker == "" {
		s.admin.foreign(s.t, a)
		return s.DB.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.ImportAccount(ctx, store.RegisterLine{Code: a.Code, User: a.User, Address: a.Address, Name: a.Name, Platform: s.Name(), State: bot.AccountLives})
			return err
		})
	}
	if err := s.seal(ctx, e, password); err != nil {
		return err
	}
	made := false
	err = s.until(ctx, func() error {
		err := s.Platform.Create(ctx, a, password)
		if made && errors.Is(err, account.ErrExists) {
			return nil
		}
		made = true
		return err
	})
	return err
}

func (s *served) seal(ctx context.Context, e account.Errand, password string) error {
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		return errors.Join(tx.KeepSecret(ctx, e.CaseID, e.N, []byte(password)), tx.ReplaceSecret(ctx, e.CaseID, e.N, []byte(password)))
	})
}

// SetPassword is asked once in a plan; that a suite asks twice is another plan each time, as far as it can be told here.
func (s *served) SetPassword(ctx context.Context, a account.Account, password string) error {
	e, err := s.of(ctx, a)
	if err == nil {
		err = s.seal(ctx, e, password)
	}
	if err != nil {
		return err
	}
	return s.until(ctx, func() error { return s.Platform.SetPassword(ctx, a, password) })
}

func (s *served) change(ctx context.Context, a account.Account, act func(account.Platform) error) error {
	e, err := s.of(ctx, a)
	if err != nil {
		return err
	}
	return s.until(ctx, func() error { return act(s.For(e)) })
}

func (s *served) Suspend(ctx context.Context, a account.Account) error {
	return s.change(ctx, a, func(p account.Platform) error { return p.Suspend(ctx, a) })
}

func (s *served) Restore(ctx context.Context, a account.Account) error {
	return s.change(ctx, a, func(p account.Platform) error { return p.Restore(ctx, a) })
}

func (s *served) Erase(ctx context.Context, a account.Account) error {
	return s.change(ctx, a, func(p account.Platform) error { return p.Erase(ctx, a) })
}

func (s *served) SignsIn(t testing.TB, user, password string) bool {
	return s.admin.signsIn(t, user, password)
}

// book is another admin who does as the manifest says, and answers in our own form.
type book struct {
	mu    sync.Mutex
	users map[string]string // user → password; "-" before it: suspended
}

func (k *book) foreign(_ *testing.T, a account.Account) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.users[a.User] = accounttest.Password
}

func (k *book) carryOut(_ *testing.T, b store.Bundle, rows []store.BundleRow, data []byte) []Input {
	k.mu.Lock()
	defer k.mu.Unlock()
	answer := "bundle,address,status,message\n"
	for _, r := range rows {
		switch r.Act {
		case store.ActCreate, store.ActReset:
			_, password, _ := strings.Cut(string(data), "hash of ") // one row has it
			k.users[r.User], _, _ = strings.Cut(password, ",")
		case store.ActSuspend:
			k.users[r.User] = "-" + strings.TrimPrefix(k.users[r.User], "-") // who is suspended stays so when he is suspended once more
		case store.ActRestore:
			k.users[r.User] = strings.TrimPrefix(k.users[r.User], "-")
		case store.ActErase:
			delete(k.users, r.User)
		}
		answer += fmt.Sprintf("%s,%s,done,\n", b.Number, r.Address)
	}
	return []Input{{"result.csv", []byte(answer)}}
}

func (k *book) signsIn(_ testing.TB, user, password string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.users[user] == password
}

// What is done by bundles keeps the contract of every platform, once its other admin has done it: who is named wrongly is left alone,
// what is asked again does no harm, and two who want opposite things do not end in between.
func TestChangesByHand(t *testing.T) {
	t.Parallel()
	accounttest.RunChanges(t, func(t *testing.T) account.Platform {
		s := Settings{Form: Google, OrgUnit: "/", Rows: 1, Hash: func(password string) (string, error) { return "hash of " + password, nil }}
		return newServed(t, storetest.SQLite(t), s, &book{users: make(map[string]string)})
	})
}

// tree is another admin who has ldapadd, ldapmodify and ldapsearch, and does what the instructions say.
type tree struct{ uri, dir string }

func (a *tree) foreign(t *testing.T, who account.Account) {
	hash, err := account.HashPassword(account.SSHA, accounttest.Password)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, v := range [][2]string{{"dn", "uid=" + who.User + ",ou=students,dc=truong,dc=example"}, {"objectClass", "inetOrgPerson"}, {"uid", who.User}, {"cn", who.Name}, {"sn", who.Name},
		{"mail", who.Address}, {"userPassword", hash}} {
		attribute(&b, v[0], v[1])
	}
	if out, err := tool(t, b.String(), "ldapadd", a.uri); err != nil {
		t.Fatal(err, out)
	}
}

func (a *tree) carryOut(t *testing.T, b store.Bundle, _ []store.BundleRow, data []byte) []Input {
	name, skipped := "ldapmodify", filepath.Join(a.dir, b.Number+"-skipped.ldif")
	if b.Act == store.ActCreate {
		name = "ldapadd"
	}
	for range 2 { // run again, it changes nothing more
		_, _ = tool(t, string(data), name, a.uri, "-c", "-S", skipped)
	}
	shown, err := tool(t, "", "ldapsearch", a.uri, "-b", "ou=students,dc=truong,dc=example", "(mail=*)", "uid", "mail", "description", "pwdAccountLockedTime", "pwdChangedTime", "modifyTimestamp")
	if err != nil {
		t.Error(err)
	}
	inputs := []Input{{"result.ldif", []byte(shown)}}
	if left, err := os.ReadFile(skipped); err == nil && len(left) > 0 {
		inputs = append(inputs, Input{"skipped.ldif", left})
	}
	return inputs
}

func (a *tree) signsIn(t testing.TB, user, password string) bool {
	who := exec.CommandContext(t.Context(), "ldapwhoami", "-x", "-H", a.uri, "-D", "uid="+user+",ou=students,dc=truong,dc=example", "-w", password)
	return who.Run() == nil
}

// The same with a real directory, changed by the real tools.
func TestChangesByLDIF(t *testing.T) {
	t.Parallel()
	uri := directory(t)
	seed := "dn: dc=truong,dc=example\nobjectClass: dcObject\nobjectClass: organization\ndc: truong\no: Truong\n\ndn: ou=students,dc=truong,dc=example\nobjectClass: organizationalUnit\nou: students\n" +
		"\ndn: cn=policy,dc=truong,dc=example\nobjectClass: device\nobjectClass: pwdPolicy\ncn: policy\npwdAttribute: userPassword\npwdLockout: TRUE\n"
	if out, err := tool(t, seed, "ldapadd", uri); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	s := Settings{Form: LDIF, Base: "ou=students,dc=truong,dc=example", Marker: "description", Suspend: "pwdAccountLockedTime=000001010000Z",
		Hash: func(password string) (string, error) { return account.HashPassword(account.SSHA, password) }}
	accounttest.RunChanges(t, func(t *testing.T) account.Platform {
		db := storetest.SQLite(t)
		db.Now = func() time.Time { return time.Now().Add(-2 * time.Second) } // the bundle goes its way
		return newServed(t, db, s, &tree{uri, t.TempDir()})
	})
}
