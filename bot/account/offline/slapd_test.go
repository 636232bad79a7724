package offline

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vanthu/bot/account"
	"vanthu/bot/store"
)

// directory starts an OpenLDAP of this test alone on a socket, and skips where it is not installed.
func directory(t *testing.T) (uri string) {
	t.Helper()
	server, err := exec.LookPath("slapd")
	if err != nil {
		server = "/usr/sbin/slapd"
	}
	_, err1 := os.Stat(server)
	_, err2 := exec.LookPath("ldapadd")
	if err1 != nil || err2 != nil {
		t.Skip("OpenLDAP is not installed")
	}
	dir, err := os.MkdirTemp("", "vanthu-offline-") // short: the name of a socket is
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	conf := fmt.Sprintf(`include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
database mdb
suffix "dc=truong,dc=example"
rootdn "cn=root,dc=truong,dc=example"
rootpw invented
directory %s
maxsize 16777216
overlay ppolicy
ppolicy_default "cn=policy,dc=truong,dc=example"
`, dir)
	file, socket := filepath.Join(dir, "slapd.conf"), filepath.Join(dir, "s")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	uri = "ldapi://" + url.PathEscape(socket)
	cmd := exec.CommandContext(t.Context(), server, "-f", file, "-h", uri, "-d", "0")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	deadline, ticker := time.After(20*time.Second), time.NewTicker(20*time.Millisecond)
	defer ticker.Stop()
	for {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "unix", socket)
		if err == nil {
			_ = conn.Close()
			return uri
		}
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("slapd does not listen: %v", err)
		}
	}
}

func tool(t *testing.T, stdin, name, uri string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, append([]string{"-x", "-H", uri, "-D", "cn=root,dc=truong,dc=example", "-w", "invented"}, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.Output()
	return string(out), err
}

// A bundle is loaded by the real ldapadd into a real slapd, twice; what ldapsearch and `ldapadd -S` wrote closes the rows: those that are
// ours are done although the second run was told that they exist, and the one whose entry was there before is not.
func TestRealLDAPAdd(t *testing.T) {
	t.Parallel()
	uri := directory(t)
	s, rows := readWanted(t, "testdata/forms/ldif")
	s.Change, s.Hash = "", func(password string) (string, error) { return account.HashPassword(account.SSHA, password) }
	rows = rows[2:] // names that are no names stand in the first ones
	seed := "dn: dc=truong,dc=example\nobjectClass: dcObject\nobjectClass: organization\ndc: truong\no: Truong\n\ndn: ou=students,dc=truong,dc=example\nobjectClass: organizationalUnit\nou: students\n\n" +
		"dn: uid=" + rows[1].User + ",ou=students,dc=truong,dc=example\nobjectClass: inetOrgPerson\nuid: " + rows[1].User + "\ncn: Y\nsn: Y\nmail: " + rows[1].Address + "\n"
	if out, err := tool(t, seed, "ldapadd", uri); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	files, err := Write(s, store.ActCreate, rows)
	if err != nil || len(files) != 1 {
		t.Fatal(len(files), err)
	}
	skipped := filepath.Join(t.TempDir(), "skipped.ldif")
	for range 2 {
		_ = os.Remove(skipped)
		if _, err := tool(t, string(files[0].Data), "ldapadd", uri, "-c", "-S", skipped); err == nil {
			t.Error("ldapadd says that all was well, and one entry was there before")
		}
	}
	shown, err := tool(t, "", "ldapsearch", uri, "-LLL", "-b", s.Base, "(description=vanthu:*)", "uid", "mail", "employeeNumber", "cn", "description")
	if err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadFile(skipped)
	if err != nil {
		t.Fatal(err)
	}

	var wanted []store.BundleRow
	for _, r := range rows {
		wanted = append(wanted, store.BundleRow{Act: store.ActCreate, Case: r.Case, N: r.N, Address: r.Address, State: store.RowBundled})
	}
	var reading Reading
	verdicts, err := gather(s, store.Bundle{Number: "GT-2026-0001", Form: LDIF}, wanted, []Input{{"skipped.ldif", left}, {"result.ldif", []byte(shown)}}, false, &reading)
	if err != nil || len(reading.Strange) > 0 {
		t.Fatal(err, reading)
	}
	for i, r := range wanted {
		state, told := verdicts[r.Address].judge(store.Bundle{}, r)
		want := store.RowDone
		if i == 1 {
			want = store.RowBundled // it exists, and nobody has said whose it is
		}
		if state != want {
			t.Errorf("row %d is %s (%s), want %s", r.N, state, told.Said, want)
		}
	}
	// The names are whole, and the passwords open the entries.
	for i, r := range rows {
		if i == 1 {
			continue
		}
		who := exec.CommandContext(t.Context(), "ldapwhoami", "-x", "-H", uri, "-D", "uid="+r.User+","+s.Base, "-w", r.Password)
		if out, err := who.CombinedOutput(); err != nil {
			t.Errorf("row %d: its password does not open it: %v %s", r.N, err, out)
		}
		out, err := tool(t, "", "ldapsearch", uri, "-LLL", "-o", "ldif-wrap=no", "-b", "uid="+r.User+","+s.Base, "-s", "base", "cn")
		got, _ := readAttribute(out, "cn")
		if err != nil || got != r.Name {
			t.Errorf("row %d: cn is %q, not %q (%v)", r.N, got, r.Name, err)
		}
	}
}

// readAttribute reads one value of what ldapsearch shows.
func readAttribute(text, name string) (string, error) {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), name+":"); ok {
			return unfold(value)
		}
	}
	return "", nil
}
