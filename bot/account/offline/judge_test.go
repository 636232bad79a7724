package offline

import (
	"strings"
	"testing"
	"time"

	"vanthu/bot/store"
)

// What files together say of an account that was to be changed. What is shown counts more than what is said, and what contradicts
// itself settles nothing.
func TestJudgeChanges(t *testing.T) {
	t.Parallel()
	const marker = "vanthu:YC-2026-0042:1"
	at := time.Date(2026, 11, 26, 3, 0, 0, 500, time.UTC)
	before, after := at.Add(-time.Hour), at.Truncate(time.Second)
	shown := func(r Result) *Result { r.Status = Shown; return &r }
	made, refused := &Result{Status: Made}, &Result{Status: Refused, Said: "no", Line: 7}
	gone := &Result{Status: Refused, Said: "No such object (32)", Gone: true}
	for name, c := range map[string]struct {
		act  store.BundleAct
		v    verdict
		want store.BundleRowState
		said string
		form string
	}{
		"suspended":                     {act: store.ActSuspend, v: verdict{shown: shown(Result{Access: AccessStopped, Marker: marker})}, want: store.RowDone, said: "shown to be suspended"},
		"suspended, and said to be not": {act: store.ActSuspend, v: verdict{shown: shown(Result{Access: AccessStopped}), refused: refused}, want: store.RowDone, said: "shown"},
		"still open":                    {act: store.ActSuspend, v: verdict{shown: shown(Result{Access: AccessOpen})}, want: store.RowBundled, said: "shows that it is not suspended"},
		"still open, and said done":     {act: store.ActSuspend, v: verdict{shown: shown(Result{Access: AccessOpen}), made: made}, want: store.RowBundled, said: "shows that it is not"},
		"still open, with an error":     {act: store.ActSuspend, v: verdict{shown: shown(Result{Access: AccessOpen, Said: "service.PERM_DENIED"})}, want: store.RowRefused, said: "PERM_DENIED"},
		"another's now":                 {act: store.ActSuspend, v: verdict{shown: shown(Result{Access: AccessStopped, Marker: "vanthu:YC-2026-0043:1"})}, want: store.RowRefused, said: "another account"},
		"a list that tells nothing":     {act: store.ActSuspend, v: verdict{shown: shown(Result{})}, want: store.RowBundled, said: "does not tell"},
		"said done beside it":           {act: store.ActSuspend, v: verdict{shown: shown(Result{}), made: made}, want: store.RowDone, said: "said to be suspended"},
		"said both":                     {act: store.ActSuspend, v: verdict{made: made, refused: refused}, want: store.RowBundled, said: "line 7"},
		"said done":                     {act: store.ActReset, v: verdict{made: made}, want: store.RowDone, said: "said"},
		"refused":                       {act: store.ActReset, v: verdict{refused: refused}, want: store.RowRefused, said: "no"},
		"nothing":                       {act: store.ActReset, v: verdict{}, want: store.RowBundled, said: "no result"},
		"there is none":                 {act: store.ActSuspend, v: verdict{refused: gone}, want: store.RowRefused, said: "No such object"},
		"new password":                  {act: store.ActReset, v: verdict{shown: shown(Result{Password: after})}, want: store.RowDone, said: "new password"},
		"the old password":              {act: store.ActReset, v: verdict{shown: shown(Result{Password: before, Changed: after})}, want: store.RowBundled, said: "not given its new password"},
		"touched":                       {act: store.ActReset, v: verdict{shown: shown(Result{Changed: after})}, want: store.RowDone},
		"touched, and refused":          {act: store.ActReset, v: verdict{shown: shown(Result{Changed: after}), refused: refused}, want: store.RowRefused},
		"restored":                      {act: store.ActRestore, v: verdict{shown: shown(Result{Access: AccessOpen})}, want: store.RowDone, form: Zimbra},
		"no lock, untouched":            {act: store.ActRestore, v: verdict{shown: shown(Result{Access: AccessOpen, Changed: before})}, want: store.RowBundled, form: LDIF},
		"no lock, touched":              {act: store.ActRestore, v: verdict{shown: shown(Result{Access: AccessOpen, Changed: after})}, want: store.RowDone, form: LDIF},
		"erased":                        {act: store.ActErase, v: verdict{whole: true}, want: store.RowDone, said: "not shown any more"},
		"not in a part of a list":       {act: store.ActErase, v: verdict{}, want: store.RowBundled, said: "--whole"},
		"erased before":                 {act: store.ActErase, v: verdict{refused: gone}, want: store.RowDone},
		"no entry of that name":         {act: store.ActErase, v: verdict{refused: gone}, want: store.RowBundled, said: "under another name", form: LDIF},
		"no entry, and not in the list": {act: store.ActErase, v: verdict{refused: gone, whole: true}, want: store.RowDone, form: LDIF},
		"no entry, says a person":       {act: store.ActErase, v: verdict{refused: &Result{Status: Refused, Gone: true, ByHand: true}}, want: store.RowDone, form: LDIF},
		"still there":                   {act: store.ActErase, v: verdict{shown: shown(Result{}), whole: true}, want: store.RowBundled, said: "not erased"},
		"still there, and said erased":  {act: store.ActErase, v: verdict{shown: shown(Result{}), made: made, whole: true}, want: store.RowBundled},
		"still there, and refused":      {act: store.ActErase, v: verdict{shown: shown(Result{}), refused: refused, whole: true}, want: store.RowRefused},
		"not shown, and refused":        {act: store.ActErase, v: verdict{refused: refused, whole: true}, want: store.RowRefused},
		"said erased":                   {act: store.ActErase, v: verdict{made: made}, want: store.RowDone},
	} {
		b := store.Bundle{Number: "GT-2026-0001", Form: c.form, MadeAt: at}
		state, told := c.v.judge(b, store.BundleRow{Act: c.act, Address: "a@sv.truong.example", Marker: marker})
		if state != c.want || !strings.Contains(told.Said, c.said) {
			t.Errorf("%s: %s, %q; want %s, %q", name, state, told.Said, c.want, c.said)
		}
	}
}

// Whatever is handed over, its instructions say what is to be done, and with what file; passwords lie in none that is not encrypted.
func TestInstructions(t *testing.T) {
	t.Parallel()
	key := open(t, newKey(t))
	for form, words := range map[string]map[store.BundleAct]string{
		Google: {store.ActReset: "ghi đè lên mật khẩu", store.ActSuspend: "Status [READ ONLY]", store.ActRestore: "Status [READ ONLY]", store.ActErase: "không nhận tệp"},
		Entra:  {store.ActReset: "không nhận tệp", store.ActSuspend: "không nhận tệp", store.ActRestore: "không nhận tệp", store.ActErase: "Bulk delete"},
		Zimbra: {store.ActReset: "zmprov -f", store.ActSuspend: "zmprov -f", store.ActRestore: "zmprov -f", store.ActErase: "zmprov -f"},
		LDIF:   {store.ActReset: "ghi đè lên mật khẩu", store.ActSuspend: "pwdAccountLockedTime", store.ActRestore: "pwdAccountLockedTime", store.ActErase: "result: 0 Success"},
	} {
		for act, want := range words {
			s, _, rows := readAct(t, "testdata/forms/"+form+"-"+string(act))
			s.Hash = func(string) (string, error) { return "hash", nil }
			files, err := Write(s, act, rows)
			if err != nil {
				t.Fatal(err)
			}
			h := head
			h.Act = act
			docs, err := Pack(h, s, Sealer{}, key, files[0])
			clear := act == store.ActReset && (form == Entra || form == Zimbra)
			if clear != (err != nil) {
				t.Errorf("%s %s: %v", form, act, err)
			}
			if clear {
				continue
			}
			vi, en := wordsOf(act)
			for _, word := range []string{want, vi, en, "-result.csv"} {
				if text := string(docs[3].Data); !strings.Contains(text, word) || strings.Contains(text, "<no value>") {
					t.Errorf("%s %s: %q is not in\n%s", form, act, word, text)
				}
			}
			for _, d := range docs {
				if strings.Contains(string(d.Data), "Canary") {
					t.Errorf("%s %s: %s shows a password", form, act, d.Name)
				}
			}
		}
	}
}
