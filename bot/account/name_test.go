package account

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
)

func tableOf(t *testing.T, path string) (rows [][]string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimRight(line, "\n"); line != "" && !strings.HasPrefix(line, "#") {
			rows = append(rows, strings.Split(line, "\t"))
		}
	}
	return rows
}

func policyOf(kind string) Policy {
	p := Policy{Domain: "sv.truong.example", Kind: kind}
	if strings.Contains(kind, "{") {
		p.Kind, p.Template = "template", kind
	}
	p.Suffix = !p.ByCode()
	return p
}

// Each line of testdata/names.tsv: the first three names of a person, or why he has none.
func TestNames(t *testing.T) {
	t.Parallel()
	for _, f := range tableOf(t, "testdata/names.tsv") {
		p := policyOf(f[0])
		var err error
		if p.Longest, err = strconv.Atoi(f[1]); err != nil {
			t.Fatal(err)
		}
		h := Holder{Name: f[2], Code: f[3], Class: "YB-K47", Cohort: "K47"}
		var got []string
		for n := 1; n <= 3; n++ {
			user, address, err := p.UserName(h, n)
			if fault, ok := errors.AsType[*NameError](err); ok {
				got = []string{fault.Rule}
				if strings.Contains(err.Error(), h.Name) && h.Name != "''" {
					t.Errorf("%s: the name of a person stands in the error %q", f[0], err)
				}
				break
			}
			if err != nil {
				got = append(got, "-")
				break
			}
			if address != user+"@sv.truong.example" || !userForm.MatchString(user) || len(user) > p.Longest {
				t.Errorf("%s %s: %q at %q", f[0], f[2], user, address)
			}
			got = append(got, user)
		}
		if strings.Join(got, " ") != f[4] {
			t.Errorf("%s, at most %d, %s %s: %v, want %s", f[0], p.Longest, f[2], f[3], got, f[4])
		}
	}
}

// The names of the shared table, as other programs of universities make them.
func TestNameVectors(t *testing.T) {
	t.Parallel()
	rows := tableOf(t, "../../parser/viet/testdata/name_vectors.tsv")
	for _, f := range rows[1:] {
		for kind, want := range map[string]string{"initials+given": f[7], "given.initials": f[8]} {
			user, _, err := policyOf(kind).UserName(Holder{Name: f[0], Code: "2153010001"}, 1)
			if len(want) < minUser {
				if fault, ok := errors.AsType[*NameError](err); !ok || fault.Rule != "ACC-03" {
					t.Errorf("%s of %s: %q, %v", kind, f[0], user, err)
				}
				continue
			}
			if user != want || err != nil {
				t.Errorf("%s of %s: %q, %v; want %s", kind, f[0], user, err, want)
			}
		}
	}
	if len(rows) < 30 {
		t.Errorf("only %d rows", len(rows))
	}
}

// What initials can spell must not be held against real names: of usual family and given names, with and without a middle name, names with
// the code are never refused, and the others so seldom that a person may decide. (All middle names, ten million people, once: 93 of the
// kind initials+given are refused, as cut, dut, homo and slut; of the other kinds nobody.)
func TestNoFalseAlarms(t *testing.T) {
	t.Parallel()
	words := make(map[string][]string)
	title := ""
	data, err := os.ReadFile("../../parser/viet/common.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if text, ok := strings.CutPrefix(line, "# "); ok {
			title = strings.TrimSpace(text)
			continue
		}
		words[title] = append(words[title], strings.Fields(line)...)
	}
	families, givens := words["family names"], words["middle and given names"]
	if len(families) < 30 || len(givens) < 100 {
		t.Fatalf("%d family names, %d given names", len(families), len(givens))
	}
	for _, kind := range []string{"given+code", "given.family+code", "given.initials", "initials+given"} {
		p, all, refused := policyOf(kind), 0, make(map[string]int)
		for _, family := range families[:60] {
			for _, middle := range []string{"", "thị"} {
				for _, given := range givens {
					all++
					_, _, err := p.UserName(Holder{Name: family + " " + middle + " " + given, Code: "2153010001"}, 1)
					if fault, ok := errors.AsType[*NameError](err); ok {
						refused[fault.Value]++
					}
				}
			}
		}
		n := 0
		for _, times := range refused {
			n += times
		}
		t.Logf("%s: %d of %d refused: %v", kind, n, all, refused)
		if p.ByCode() && n > 0 || n*1000 > all {
			t.Errorf("%s: %d of %d names are refused", kind, n, all)
		}
	}
}

// Who would have no name gets his code where the school wants it so, and a word that the school allows is given.
func TestInstead(t *testing.T) {
	t.Parallel()
	p := policyOf("initials+given")
	p.Instead = true
	for name, want := range map[string]string{"Cao Út": "2153010018", "សុខ": "2153010018", "Nguyễn Văn An": "nvan"} {
		if user, _, err := p.UserName(Holder{Name: name, Code: "2153010018"}, 1); user != want || err != nil {
			t.Errorf("%s: %q, %v", name, user, err)
		}
	}
	if _, _, err := p.UserName(Holder{Name: "Cao Út", Code: "2153010018"}, 2); err == nil {
		t.Error("a code has a second name")
	}
	p.Instead, p.Suitable = false, []string{"cut"}
	if user, _, err := p.UserName(Holder{Name: "Cao Út", Code: "2153010018"}, 1); user != "cut" || err != nil {
		t.Errorf("%q, %v", user, err)
	}
	for word := range unsuitable {
		if len(word) < 3 || !userForm.MatchString(word) {
			t.Errorf("%q on the list is no name that initials could spell, or too short to be told from a real one", word)
		}
	}
}

func FuzzNames(f *testing.F) {
	for _, name := range []string{"Nguyễn Văn An", "H'Ơn Niê Kđăm", "", "a.b", "Ý", "\u0301", "ß", strings.Repeat("Ngọc ", 40)} {
		f.Add(name, "2153010001", uint8(0), uint8(2))
	}
	kinds := []string{"given+code", "given.family+code", "given.initials", "initials+given", "{family}.{middle}{given}{cohort}", "{class}{code}", "code"}
	f.Fuzz(func(t *testing.T, name, code string, kind, n uint8) {
		p := policyOf(kinds[int(kind)%len(kinds)])
		p.Longest = 20
		h := Holder{Name: name, Code: code, Class: name, Cohort: code}
		first, _, err := p.UserName(h, 1)
		if err != nil {
			return
		}
		user, address, err := p.UserName(h, int(n)+1)
		if err != nil {
			if n > 0 && !p.Suffix {
				return
			}
			t.Fatalf("%q has a first name %q and no %d.: %v", name, first, n+1, err)
		}
		if !userForm.MatchString(user) || len(user) > 20 || address != user+"@sv.truong.example" {
			t.Errorf("%q, %q", user, address)
		}
	})
}
