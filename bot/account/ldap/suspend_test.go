package ldap

import (
	"errors"
	"slices"
	"strings"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"

	"vanthu/bot/account"
	"vanthu/bot/account/accounttest"
)

// signer is the directory as its people see it.
type signer struct {
	*Directory
	s slapd
}

func (s signer) SignsIn(t testing.TB, user, password string) bool {
	t.Helper()
	err := bindAs(t, s.s, user, password)
	if err != nil && !goldap.IsErrorWithCode(err, goldap.LDAPResultInvalidCredentials) {
		t.Fatal(err)
	}
	return err == nil
}

const policyDN = "cn=policy," + slapdSuffix

// A directory with a password policy locks the way the policy knows; the whole contract holds there, too.
func TestConformancePasswordPolicy(t *testing.T) {
	t.Parallel()
	s := startSlapd(t, "moduleload pw-sha2\nmoduleload ppolicy", "overlay ppolicy\nppolicy_default \""+policyDN+"\"")
	s.add(t, "pwdPolicy", "pwdLockout", "TRUE")
	accounttest.Run(t, func(t *testing.T) account.Platform {
		cfg := s.config()
		cfg.Suspend = "pwdAccountLockedTime=000001010000Z"
		return signer{directory(t, cfg), s}
	})
}

// add makes the policy entry, as the directory's administrator.
func (s slapd) add(t *testing.T, class string, pairs ...string) {
	t.Helper()
	c, err := goldap.DialURL(s.plain)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.Bind("cn=root,"+slapdSuffix, bindPass); err != nil {
		t.Fatal(err)
	}
	add := goldap.NewAddRequest(policyDN, nil)
	add.Attribute("objectClass", []string{"device", class})
	add.Attribute("cn", []string{"policy"})
	add.Attribute("pwdAttribute", []string{"userPassword"})
	for pair := range slices.Chunk(pairs, 2) {
		add.Attribute(pair[0], pair[1:])
	}
	if err := c.Add(add); err != nil {
		t.Fatal(err)
	}
}

// A server that hashes whatever it is given would make a password of the hash that was set aside: the old one is put back,
// and the error says what to configure.
func TestSuspendWhereTheServerHashes(t *testing.T) {
	t.Parallel()
	s := startSlapd(t, "moduleload pw-sha2\nmoduleload ppolicy", "overlay ppolicy\nppolicy_default \""+policyDN+"\"\nppolicy_hash_cleartext")
	s.add(t, "pwdPolicy")
	d := signer{directory(t, s.config()), s}
	a := accounttest.Person(1, 0)
	if err := d.Create(t.Context(), a, accounttest.Password); err != nil {
		t.Fatal(err)
	}
	err := d.Suspend(t.Context(), a)
	if !errors.Is(err, account.ErrPermanent) || !strings.Contains(err.Error(), "set suspend") {
		t.Errorf("error %v, want ErrPermanent with the remedy", err)
	}
	if !d.SignsIn(t, a.User, accounttest.Password) {
		t.Error("nothing was to be changed, and the password is lost")
	}
}

// Whoever may write a password and not read it cannot set it aside; nothing is changed.
func TestSuspendWithoutTheRightToRead(t *testing.T) {
	t.Parallel()
	s := startSlapd(t, "moduleload pw-sha2", "access to attrs=userPassword by dn.exact=\""+bindDN+"\" =w by anonymous auth by * none")
	d := signer{directory(t, s.config()), s}
	a := accounttest.Person(1, 0)
	if err := d.Create(t.Context(), a, accounttest.Password); err != nil {
		t.Fatal(err)
	}
	err := d.Suspend(t.Context(), a)
	if !errors.Is(err, account.ErrPermanent) || !strings.Contains(err.Error(), "read userPassword") {
		t.Errorf("error %v, want ErrPermanent with the remedy", err)
	}
	if !d.SignsIn(t, a.User, accounttest.Password) {
		t.Error("the account is suspended all the same")
	}
	if err := d.SetPassword(t.Context(), a, "Canary8Canary8"); err != nil || !d.SignsIn(t, a.User, "Canary8Canary8") {
		t.Errorf("set password, for which no right to read is needed: %v", err)
	}
}

// An account whose lock somebody else's tool took away is not suspended, whatever was done before.
func TestSuspensionUndoneByAnother(t *testing.T) {
	t.Parallel()
	m := startMemory(t, nil)
	d := directory(t, config(m.url))
	a := accounttest.Person(1, 0)
	if err := errors.Join(d.Create(t.Context(), a, accounttest.Password), d.Suspend(t.Context(), a)); err != nil {
		t.Fatal(err)
	}
	m.mu.Lock()
	entry := m.entries["uid="+a.User+","+baseDN]
	entry["userpassword"] = append(entry["userpassword"], "{SSHA}somebody else's")
	m.mu.Unlock()
	found, err := d.Lookup(t.Context(), account.Keys{Codes: []string{a.Code}})
	if err != nil || len(found) != 1 || found[0].Suspended {
		t.Errorf("found %+v, error %v; want it open", found, err)
	}
	if err := d.Suspend(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	err = d.Restore(t.Context(), a)
	entry = m.entries["uid="+a.User+","+baseDN]
	if err != nil || len(entry["userpassword"]) != 2 || slices.ContainsFunc(entry["userpassword"], func(v string) bool { return strings.HasPrefix(v, aside) }) {
		t.Errorf("both come back: %d values, error %v", len(entry["userpassword"]), err)
	}
}
