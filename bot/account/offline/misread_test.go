package offline

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vanthu/bot/store"
)

// settled reads files as what came of a bundle with these rows, and returns how many would be settled by them.
func settled(t *testing.T, s Settings, act store.BundleAct, rows []Row, whole bool, texts ...string) (n int, err error) {
	t.Helper()
	b := store.Bundle{Number: "GT-2026-0001", Form: s.Form, Act: act, MadeAt: time.Date(2026, 11, 26, 3, 0, 0, 0, time.UTC)}
	var wanted []store.BundleRow
	for _, r := range rows {
		wanted = append(wanted, store.BundleRow{Act: act, Case: r.Case, N: r.N, User: r.User, Address: r.Address, Marker: r.Marker, State: store.RowBundled})
	}
	var inputs []Input
	for _, text := range texts {
		inputs = append(inputs, Input{"result", []byte(text)})
	}
	verdicts, err := gather(s, b, wanted, inputs, whole, &Reading{})
	if err != nil {
		return 0, err
	}
	for _, r := range wanted {
		if state, told := verdicts[r.Address].judge(b, r); state != store.RowBundled {
			t.Logf("%s: %s, %s", r.Address, state, told.Said)
			n++
		}
	}
	return n, nil
}

// The file that was handed over says what is wanted, with our marker. Read as a result by mistake it settles nothing.
func TestWhatWasHandedOverIsNoResult(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("testdata/forms/*")
	if err != nil || len(folders) < 22 {
		t.Fatal(err, folders)
	}
	for _, folder := range folders {
		s, act, rows := readAct(t, folder)
		files, err := Write(s, act, rows)
		if err != nil {
			t.Fatal(err)
		}
		for _, whole := range []bool{false, true} {
			if n, err := settled(t, s, act, rows, whole, string(files[0].Data)); n > 0 {
				t.Errorf("%s, whole %v: %d rows are settled by the file that was handed over (%v)", folder, whole, n, err)
			}
		}
	}
}

// What a list does not tell settles nothing: whose an account is, where it has no markers; that somebody is not there, where it has nobody.
func TestListsThatDoNotTell(t *testing.T) {
	t.Parallel()
	google, entra, ldif := Settings{Form: Google}, Settings{Form: Entra}, Settings{Form: LDIF, Base: "ou=x", Marker: "description"}
	_, rows := readWanted(t, "testdata/forms/google")
	rows = rows[:1]
	a := rows[0].Address
	for name, c := range map[string]struct {
		s     Settings
		act   store.BundleAct
		whole bool
		text  string
		want  int
	}{
		"no markers":               {google, store.ActCreate, false, "Email Address [Required],Status [READ ONLY]\n" + a + ",Active\n", 0},
		"no markers, Entra":        {entra, store.ActCreate, false, "userPrincipalName,accountEnabled\n" + a + ",True\n", 0},
		"no markers, LDIF":         {ldif, store.ActCreate, false, "dn: uid=x\nmail: " + a + "\n", 0},
		"another's":                {google, store.ActCreate, false, "Email Address [Required],Cost Center\n" + a + ",\nb@sv.truong.example,vanthu:YC-2026-0001:1\n", 1},
		"another's, LDIF":          {ldif, store.ActCreate, false, "dn: uid=x\nmail: " + a + "\n\ndn: uid=y\nmail: b@sv.truong.example\ndescription: vanthu:YC-2026-0001:1\n", 1},
		"another's, said by LDIF":  {ldif, store.ActCreate, false, "dn: uid=x\nmail: " + a + "\ndescription: lecturer\n", 1},
		"a whole list of nobody":   {google, store.ActErase, true, "Email Address [Required],Status [READ ONLY]\n", 0},
		"a search that saw nobody": {ldif, store.ActErase, false, "# numResponses: 1\n\n# search result\nsearch: 2\nresult: 0 Success\n", 0},
		"a whole list":             {google, store.ActErase, true, "Email Address [Required],Status [READ ONLY]\nb@sv.truong.example,Active\n", 1},
		"a whole search":           {ldif, store.ActErase, false, "dn: uid=y\nmail: b@sv.truong.example\n\n# search result\nsearch: 2\nresult: 0 Success\n", 1},
	} {
		if n, err := settled(t, c.s, c.act, rows, c.whole, c.text); n != c.want {
			t.Errorf("%s: %d settled, want %d (%v)", name, n, c.want, err)
		}
	}
}

// The word for another act does not say that this one was done: who is "Suspended" in a list is not erased.
func TestWordsOfOtherActs(t *testing.T) {
	t.Parallel()
	_, rows := readWanted(t, "testdata/forms/google")
	rows = rows[:1]
	for word, of := range map[string][]store.BundleAct{
		"created": {store.ActCreate}, "added": {store.ActCreate}, "đã tạo": {store.ActCreate},
		"updated": {store.ActReset, store.ActSuspend, store.ActRestore}, "đã đổi": {store.ActReset, store.ActSuspend, store.ActRestore},
		"Suspended": {store.ActSuspend}, "đã khóa": {store.ActSuspend}, "đã khoá": {store.ActSuspend}, "restored": {store.ActRestore}, "đã mở": {store.ActRestore},
		"deleted": {store.ActErase}, "đã xóa": {store.ActErase}, "đã xoá": {store.ActErase},
		"done": {store.ActCreate, store.ActReset, store.ActSuspend, store.ActRestore, store.ActErase},
	} {
		for _, act := range []store.BundleAct{store.ActCreate, store.ActReset, store.ActSuspend, store.ActRestore, store.ActErase} {
			want := 0
			for _, a := range of {
				if a == act {
					want = 1
				}
			}
			n, err := settled(t, Settings{Form: Google}, act, rows, false, "address,status\n"+rows[0].Address+","+word+"\n")
			if n != want || err != nil {
				t.Errorf("%q of %s: %d settled, want %d (%v)", word, act, n, want, err)
			}
		}
	}
}

// What ldapmodify has skipped it writes back as it stood, with its lines "-".
func TestSkippedChanges(t *testing.T) {
	t.Parallel()
	s, act, rows := readAct(t, "testdata/forms/ldif-suspend")
	files, err := Write(s, act, rows)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(files[0].Data), "\ndn:", "\n# Error: Insufficient access (50)\ndn:")
	if n, err := settled(t, s, act, rows, false, text); n != len(rows) || err != nil {
		t.Error(n, err)
	}
}
