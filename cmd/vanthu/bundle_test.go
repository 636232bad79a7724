package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/xuri/excelize/v2"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/mailer/mime"
)

// otherAdmin is who runs the platform: he has a key of age and knows our signing key by another way.
type otherAdmin struct {
	*office
	identity *age.X25519Identity
	signers  string
	outbox   string // where bundles are handed over
}

// offlineOffice is an office whose accounts another admin makes from files of a form.
func offlineOffice(t *testing.T, form string) otherAdmin {
	t.Helper()
	o := newOffice(t)
	o.sweep = time.Second // a wake-up that finds the case in work is left to the sweep
	key := filepath.Join(o.dir, "secrets", "bundle.key")
	keygen, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("no ssh-keygen here")
	}
	if out, err := exec.CommandContext(t.Context(), keygen, "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	admin := otherAdmin{office: o, signers: filepath.Join(t.TempDir(), "allowed_signers"), outbox: filepath.Join(o.dir, "handed over")}
	if err := os.WriteFile(admin.signers, append([]byte("vanthu "), public...), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(admin.outbox, 0o700); err != nil {
		t.Fatal(err)
	}
	if admin.identity, err = age.GenerateX25519Identity(); err != nil {
		t.Fatal(err)
	}
	o.change(`platform  = "file"`, `platform  = "offline"`)
	o.change(`file_path = "accounts.jsonl"`, fmt.Sprintf("[accounts.offline]\nform = %q\nsigning_key = \"secrets/bundle.key\"\nrecipient = %q\nbase = \"ou=students,dc=truong,dc=example\"\n", form, admin.identity.Recipient()))
	return admin
}

// approved takes a request to an approved plan that runs.
func (o *office) approved(codes ...string) (number string) {
	o.t.Helper()
	o.serve()
	o.arrive("INBOX", o.request(ctsvAddress, ctsvAddress, "<1@truong.example>", codes...))
	o.settled(1)
	number = "YC-" + thisYear() + "-0001"
	o.must("case", "check", number)
	hash := regexp.MustCompile(`[0-9a-f]{64}`).FindString(o.must("plan", "make", number))
	o.swapOfficers()
	o.must("plan", "approve", "KH-"+thisYear()+"-0001", "--hash", hash)
	o.swapOfficers()
	return number
}

// bundle waits until n accounts are gathered, has a bundle made of them, takes it out, verifies and opens it: its number, its folder
// and what it holds.
func (a otherAdmin) bundle(n, nth int) (number, folder string, data []byte) {
	a.t.Helper()
	a.await(fmt.Sprintf("%d gathered accounts", n), func() bool {
		return strings.Contains(a.must("bundle", "list"), fmt.Sprintf("gathered  %s to ", count(n, "account")))
	})
	a.must("bundle", "make")
	return a.taken(nth)
}

// taken takes a bundle out as soon as it is made.
func (a otherAdmin) taken(nth int) (number, folder string, data []byte) {
	a.t.Helper()
	number = fmt.Sprintf("GT-%s-%04d", thisYear(), nth)
	a.await("bundle "+number, func() bool { return strings.Contains(a.must("bundle", "list"), number) })
	folder = strings.TrimSpace(a.must("bundle", "export", number, a.outbox))
	sums, err := os.ReadFile(filepath.Join(folder, "SHA256SUMS"))
	if err != nil {
		a.t.Fatal(err)
	}
	verify := exec.CommandContext(a.t.Context(), "ssh-keygen", "-Y", "verify", "-f", a.signers, "-I", "vanthu", "-n", "vanthu-bundle", "-s", "SHA256SUMS.sig")
	verify.Dir, verify.Stdin = folder, bytes.NewReader(sums)
	if out, err := verify.CombinedOutput(); err != nil {
		a.t.Fatalf("%v: %s", err, out)
	}
	check := exec.CommandContext(a.t.Context(), "sha256sum", "--strict", "-c", "SHA256SUMS")
	check.Dir = folder
	if out, err := check.CombinedOutput(); err != nil {
		a.t.Fatalf("%v: %s", err, out)
	}
	sealed, err := filepath.Glob(filepath.Join(folder, "*.age"))
	if err != nil || len(sealed) != 1 {
		a.t.Fatal(err, sealed)
	}
	f, err := os.Open(sealed[0])
	if err != nil {
		a.t.Fatal(err)
	}
	defer f.Close()
	plain, err := age.Decrypt(f, a.identity)
	if err != nil {
		a.t.Fatal(err)
	}
	if data, err = io.ReadAll(plain); err != nil {
		a.t.Fatal(err)
	}
	return number, folder, data
}

// people reads the Entra form: address → password.
func people(t *testing.T, data []byte) map[string]string {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(data), "version:v1.0\n"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]string)
	for _, r := range records[1:] {
		if !strings.HasPrefix(r[0], "Example:") {
			found[r[1]] = r[2]
		}
	}
	return found
}

func (o *office) result(text string) string {
	o.t.Helper()
	f, err := os.CreateTemp(o.t.TempDir(), "result-*.csv")
	if err != nil {
		o.t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		o.t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		o.t.Fatal(err)
	}
	return f.Name()
}

func (o *office) caseState(number string) bot.State {
	return look(o, func(ctx context.Context, tx *store.Tx) (bot.State, error) {
		c, err := tx.CaseByNumber(ctx, number)
		return c.State, err
	})
}

// From the mail of a unit to its credentials, with a platform that only another admin may touch: a bundle that he can verify and that
// nobody else can read; what came of it is read, row by row; what was not carried out goes into another bundle, with the same password;
// nothing of it looks like a failure; and no initial password lies anywhere in the clear.
func TestOfflineStory(t *testing.T) {
	t.Parallel()
	o := offlineOffice(t, "entra")
	number := o.approved("2153010001", "2153010002", "2153010003", "2153010004")
	first, folder, data := o.bundle(4, 1)
	made := people(t, data)
	if len(made) != 4 {
		t.Fatalf("%d people in the bundle", len(made))
	}
	address := func(n int) string { return fmt.Sprintf("215301000%d@sv.truong.example", n) }

	if out := o.must("case", "explain", number, "2"); !strings.Contains(out, "waits for the result of bundle "+first+" since ") {
		t.Errorf("explain:\n%s", out)
	}
	out, _ := o.run("status")
	if !strings.Contains(out, "waits for another admin") || strings.Contains(out, "ALARM accounts") {
		t.Errorf("status:\n%s", out)
	}
	before, err := os.ReadFile(filepath.Join(folder, first+".csv.age"))
	if err != nil {
		t.Fatal(err)
	}
	again := t.TempDir()
	o.must("bundle", "export", first, again)
	if after, err := os.ReadFile(filepath.Join(again, first, first+".csv.age")); err != nil || !bytes.Equal(before, after) {
		t.Error("taken out again it is another file", err)
	}

	// Two are made, one is refused, of one nothing is said, and one is nobody's.
	header := "version:v1.0\nName [displayName] Required,User name [userPrincipalName] Required,Status,Failure reason\n"
	result := o.result(header + "A," + address(1) + ",Success,\nB," + address(2) + ",Success,\nC," + address(3) + ",Failure,The domain is not verified\nD,dean@truong.example,Success,\n")
	said, code := o.run("bundle", "read", first, result)
	for _, want := range []string{"read: 2 accounts made, 1 refused", "WAITS    " + address(4) + ": no result", "STRANGE  dean@truong.example: is not in bundle", "1 wait, 2 done, 1 refused"} {
		if !strings.Contains(said, want) || code != 1 {
			t.Errorf("exit %d, %q is not in\n%s", code, want, said)
		}
	}
	if said, _ := o.run("bundle", "read", first, result); !strings.Contains(said, "read: 0 accounts made, 0 refused") {
		t.Errorf("read again:\n%s", said)
	}
	if out, code := o.run("bundle", "void", first, "--reason", "x"); code == 0 || !strings.Contains(out, "was carried out for 3 rows") {
		t.Errorf("void: %d %s", code, out)
	}
	rowStates := func() string {
		return look(o.office, func(ctx context.Context, tx *store.Tx) (string, error) {
			c, err := tx.CaseByNumber(ctx, number)
			if err != nil {
				return "", err
			}
			rows, err := tx.Rows(ctx, c.ID)
			var states []string
			for _, r := range rows {
				states = append(states, string(r.State))
			}
			return strings.Join(states, " "), err
		})
	}
	o.await("the rows", func() bool { return rowStates() == "created created bad warned" })
	if out := o.must("case", "explain", number, "3"); !strings.Contains(out, "bundle "+first+": The domain is not verified") {
		t.Errorf("explain:\n%s", out)
	}

	// What was not carried out goes into another bundle; a result of the first says nothing of it.
	o.must("bundle", "close", first, "--reason", "dòng cuối chưa chạy")
	if out, code := o.run("bundle", "export", first, t.TempDir()); code == 0 || !strings.Contains(out, "destroyed") {
		t.Errorf("export of a closed one: %d %s", code, out)
	}
	second, _, data := o.bundle(1, 2)
	left := people(t, data)
	if len(left) != 1 || left[address(4)] != made[address(4)] {
		t.Error("the second bundle has another password, or somebody else")
	}
	if out, code := o.run("bundle", "read", second, o.result("bundle,address,status,message\n"+first+","+address(4)+",done,\n")); code == 0 || !strings.Contains(out, "is about bundle "+first) {
		t.Errorf("a result of another bundle: %d %s", code, out)
	}
	if rowStates() != "created created bad warned" {
		t.Error("it was taken")
	}
	o.must("bundle", "read", second, o.result("bundle,address,status,message\n"+second+","+address(4)+",done,\n"))
	if out := o.must("bundle", "list", "--all"); strings.Count(out, " closed ") != 2 {
		t.Errorf("the bundles:\n%s", out)
	}

	o.await("the delivery", func() bool { return o.caseState(number) == bot.Delivered })
	delivered := o.delivered()
	for n, want := range map[int]bool{1: true, 2: true, 3: false, 4: true} {
		if got := delivered[address(n)] == made[address(n)]; got != want {
			t.Errorf("row %d: the unit has the password that the platform has: %v", n, got)
		}
	}
	o.stop()
	events := look(o.office, func(ctx context.Context, tx *store.Tx) ([]bot.Event, error) {
		c, err := tx.CaseByNumber(ctx, number)
		if err != nil {
			return nil, err
		}
		ofCase, err := tx.Events(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		ofPlan, err := tx.EventsOfPlan(ctx, c.PlanID)
		return append(ofCase, ofPlan...), err
	})
	whats := make(map[string]int)
	for _, e := range events {
		whats[e.What]++
		for _, password := range made {
			if strings.Contains(fmt.Sprint(e.Detail), password) {
				t.Errorf("event %s shows a password", e.What)
			}
		}
	}
	for what, n := range map[string]int{"bundle_made": 2, "bundle_exported": 3, "bundle_read": 2, "bundle_closed": 2, "account_created": 3, "account_refused": 1} {
		if whats[what] != n {
			t.Errorf("%d events %s, want %d: %v", whats[what], what, n, whats)
		}
	}
	o.hunt(made)
	if found := o.inTheClear(made); len(found) > 0 {
		t.Errorf("passwords lie in the clear in %v", found)
	}
}

// hunt makes sure that the search finds what it should.
func (o *office) hunt(passwords map[string]string) {
	o.t.Helper()
	control := filepath.Join(o.dir, "control")
	for _, password := range passwords {
		if err := os.WriteFile(control, []byte("x"+password+"x"), 0o600); err != nil {
			o.t.Fatal(err)
		}
		break
	}
	if found := o.inTheClear(passwords); len(found) == 0 || found[0] != control {
		o.t.Fatalf("the search finds nothing where something is: %v", found)
	}
	if err := os.Remove(control); err != nil {
		o.t.Fatal(err)
	}
}

// inTheClear returns the files of the office, and its log, in which one of the passwords stands.
func (o *office) inTheClear(passwords map[string]string) (found []string) {
	o.t.Helper()
	look := func(name string, data []byte) {
		for _, password := range passwords {
			if bytes.Contains(data, []byte(password)) {
				found = append(found, name)
				return
			}
		}
	}
	err := filepath.WalkDir(o.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		look(path, data)
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	look("the log", o.log.Bytes())
	return found
}

// delivered opens what the unit was sent: address → password.
func (o *office) delivered() map[string]string {
	o.t.Helper()
	mails, err := o.mail.Messages(ctsvAddress, "INBOX")
	if err != nil {
		o.t.Fatal(err)
	}
	found := make(map[string]string)
	for _, raw := range mails {
		m, err := mime.Parse(raw, mime.DefaultLimits())
		if err != nil {
			o.t.Fatal(err)
		}
		for _, part := range m.Parts {
			f, err := excelize.OpenReader(bytes.NewReader(part.Data), excelize.Options{Password: "invented for this test"})
			if err != nil || !strings.Contains(part.Name, "mật khẩu") {
				continue
			}
			for _, sheet := range f.GetSheetList() {
				rows, err := f.GetRows(sheet)
				if err != nil {
					o.t.Fatal(err)
				}
				for _, row := range rows {
					for i, cell := range row {
						if strings.Contains(cell, "@sv.truong.example") && i+1 < len(row) {
							found[cell] = row[i+1]
						}
					}
				}
			}
		}
	}
	return found
}
