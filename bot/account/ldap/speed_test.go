package ldap

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/plantest"
	"vanthu/bot/account/resttest"
	"vanthu/bot/store/storetest"
)

// On a real slapd, beside what ldapadd takes for the same entries on one connection: look up, create and read back without the engine,
// one at a time and eight; then a plan through the engine and its database (.ci/bench/accounts). By day some people show that it works; a loaded machine's figures prove nothing, so that none fails.
func TestPlanAtSpeedOfSlapd(t *testing.T) {
	n := 40
	if text := os.Getenv("VANTHU_BENCH_ACCOUNTS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	} else {
		t.Parallel()
	}
	ldapadd := program(t, "ldapadd")
	plain := startSlapd(t, "moduleload pw-sha2", "")
	hash, err := account.HashPassword(account.SSHA512, "Canary7Canary7")
	if err != nil {
		t.Fatal(err)
	}
	var ldif strings.Builder
	for i := range n {
		code := plantest.Code(i + 1)
		fmt.Fprintf(&ldif, "dn: uid=%[1]s,%[2]s\nobjectClass: inetOrgPerson\nuid: %[1]s\nemployeeNumber: %[1]s\nmail: %[1]s@%[3]s\ncn: Nguyen Van An\ndisplayName: Nguyen Van An\nsn: Nguyen\ngivenName: Van An\ndescription: vanthu:YC-2026-0001:%[4]d\nuserPassword: %[5]s\n\n",
			code, baseDN, plantest.Domain, i+1, hash)
	}
	file := filepath.Join(t.TempDir(), "people.ldif")
	if err := os.WriteFile(file, []byte(ldif.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	add := exec.CommandContext(t.Context(), ldapadd, "-x", "-H", plain.secure, "-D", bindDN, "-w", bindPass, "-f", file)
	add.Env = append(os.Environ(), "LDAPTLS_CACERT="+plain.ca)
	began := time.Now()
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("ldapadd: %v\n%s", err, out[max(0, len(out)-500):])
	}
	byHand := time.Since(began)
	plain.stop()
	rate := func(took time.Duration) float64 { return float64(n) / took.Seconds() }
	t.Logf("%d accounts: slapd, %.0f/s by ldapadd on one connection", n, rate(byHand))
	for _, atOnce := range []int{1, 8} {
		took := ensured(t, n, atOnce)
		t.Logf("%d accounts: looked up, created and read back, %d at once: %.0f/s, %.2f times as long", n, atOnce, rate(took), took.Seconds()/byHand.Seconds())
	}

	s := startSlapd(t, "moduleload pw-sha2", "")
	d := directory(t, s.config())
	p := plantest.Approved(t, storetest.SQLite(t), resttest.NewClock(time.Now()), d, n)
	began = time.Now()
	run := p.Carry()
	engine := time.Since(began)
	if len(run.Failed) > 0 || len(p.Rows()) != n {
		t.Errorf("%d rows, failures %v", len(p.Rows()), run.Failed)
	}
	for _, row := range p.Rows()[:min(n, 5)] {
		if err := bindAs(t, s, row.Code, row.Secret); err != nil {
			t.Errorf("%s cannot sign in: %v", row.Code, err)
		}
	}
	t.Logf("%d accounts: through the engine: %.0f/s, %.2f times as long", n, rate(engine), engine.Seconds()/byHand.Seconds())
}

// ensured makes n accounts on a slapd of their own and returns how long it took.
func ensured(t *testing.T, n, atOnce int) time.Duration {
	t.Helper()
	s := startSlapd(t, "moduleload pw-sha2", "")
	defer s.stop()
	d := directory(t, s.config())
	next := make(chan int, n)
	for i := range n {
		next <- i + 1
	}
	close(next)
	began := time.Now()
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for i := range next {
				code := plantest.Code(i)
				want := account.Account{Code: code, User: code, Address: code + "@" + plantest.Domain, Name: "Nguyễn Văn An", Marker: account.Marker("YC-2026-0001", i)}
				if r, err := account.Ensure(t.Context(), d, want, "Canary7Canary7"); err != nil || !r.Created {
					t.Errorf("%s: created %v, %v", code, r.Created, err)
				}
			}
		})
	}
	all.Wait()
	return time.Since(began)
}
