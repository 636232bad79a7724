package offline

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"vanthu/bot/account"
	"vanthu/bot/store"
)

// wanted is the input of a case folder.
type wanted struct {
	Settings Settings
	Act      store.BundleAct // "": create
	Rows     []struct {
		Case, Code, Name, Class, Password string
		N                                 int
	}
}

func readWanted(t testing.TB, folder string) (Settings, []Row) {
	t.Helper()
	s, _, rows := readAct(t, folder)
	return s, rows
}

func readAct(t testing.TB, folder string) (Settings, store.BundleAct, []Row) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, "input.json"))
	if err != nil {
		t.Fatal(err)
	}
	var w wanted
	if err := json.Unmarshal(data, &w); err != nil {
		t.Fatal(err)
	}
	w.Settings.Hash = func(password string) (string, error) { return "hash of " + password, nil }
	var rows []Row
	for _, r := range w.Rows {
		a := account.Account{Code: r.Code, User: r.Code, Address: r.Code + "@sv.truong.example", Name: r.Name, Class: r.Class, Marker: account.Marker(r.Case, r.N)}
		a.Family, a.Given = account.SplitName(r.Name)
		rows = append(rows, Row{r.Case, r.N, a, r.Password})
	}
	return w.Settings, cmp.Or(w.Act, store.ActCreate), rows
}

// Each folder of testdata/forms holds a list and the file that its platform gets.
func TestForms(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("testdata/forms/*")
	if err != nil || len(folders) < 22 {
		t.Fatal(err, folders)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			s, act, rows := readAct(t, folder)
			files, err := Write(s, act, rows)
			if err != nil || len(files) != 1 {
				t.Fatal(len(files), err)
			}
			f, err := formOf(s, act)
			if err != nil {
				t.Fatal(err)
			}
			name := filepath.Join(folder, "bundle."+f.ext)
			if *update {
				if err := os.WriteFile(name, files[0].Data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(string(want), string(files[0].Data)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		})
	}
}

// What a platform reads is what was wanted, whatever stands in a name.
func TestCSVReadsBack(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"google", "entra"} {
		s, rows := readWanted(t, "testdata/forms/"+form)
		files, err := Write(s, store.ActCreate, rows)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.TrimPrefix(strings.TrimPrefix(string(files[0].Data), mark), "version:v1.0\n")
		records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || len(records) != len(rows)+1 {
			t.Fatal(form, len(records), err)
		}
		for i, r := range rows {
			got := make(map[string]string)
			for k, column := range records[0] {
				got[column] = records[i+1][k]
			}
			if form == "google" {
				if got["Email Address [Required]"] != r.Address || got["Last Name [Required]"] != r.Family || got["Cost Center"] != r.Marker || got["Employee ID"] != r.Code ||
					got["Change Password at Next Sign-In"] != "TRUE" || r.Given != "" && got["First Name [Required]"] != r.Given || strings.Contains(strings.Join(records[i+1][4:], ""), r.Password) {
					t.Errorf("row %d: %v", i, got)
				}
			} else if got["Name [displayName] Required"] != r.Name || got["User name [userPrincipalName] Required"] != r.Address || got["Initial password [passwordProfile] Required"] != r.Password ||
				got[entraMarker] != r.Marker || got["Block sign in (Yes/No) [accountEnabled] Required"] != "No" {
				t.Errorf("row %d: %v", i, got)
			}
		}
	}
}

// python's csv module and LibreOffice, with which other admins look at such files, read the same.
func TestCSVReadsBackElsewhere(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 here")
	}
	s, rows := readWanted(t, "testdata/forms/entra")
	files, err := Write(s, store.ActCreate, rows)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "-c", `import csv, io, json, sys
text = sys.stdin.buffer.read().decode("utf-8")
print(json.dumps([row for row in csv.reader(io.StringIO(text, newline=""))]))`)
	cmd.Stdin = bytes.NewReader(files[0].Data)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var records [][]string
	if err := json.Unmarshal(out, &records); err != nil || len(records) != len(rows)+2 {
		t.Fatal(len(records), err)
	}
	for i, r := range rows {
		if got := records[i+2]; got[0] != r.Name || got[1] != r.Address || got[2] != r.Password {
			t.Errorf("row %d: %q", i, got[:3])
		}
	}
}

// zmprov splits a command as we wrote it: this is its own way of splitting (StringUtil.parseLine), step by step.
func TestZmprovReadsBack(t *testing.T) {
	t.Parallel()
	s, rows := readWanted(t, "testdata/forms/zimbra")
	files, err := Write(s, store.ActCreate, rows)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(files[0].Data), "\n"), "\n")
	if len(lines) != 3*len(rows) {
		t.Fatalf("%d lines for %d rows", len(lines), len(rows))
	}
	for i, r := range rows {
		args := parseLine(lines[3*i])
		attributes := make(map[string]string)
		for k := 3; k+1 < len(args); k += 2 {
			attributes[args[k]] = args[k+1]
		}
		if args[0] != "ca" || args[1] != r.Address || args[2] != r.Password || attributes["displayName"] != r.Name || attributes["sn"] != r.Family || attributes["zimbraNotes"] != r.Marker ||
			attributes["zimbraPasswordMustChange"] != "TRUE" || len(args)%2 != 1 {
			t.Errorf("row %d: %q", i, args)
		}
		if diff := gocmp.Diff([]string{"sac", r.Address, s.COS}, parseLine(lines[3*i+1])); diff != "" {
			t.Error(diff)
		}
	}
}

// parseLine follows StringUtil.parseLine of zm-mailbox.
func parseLine(line string) (result []string) {
	runes := []rune(line)
	var sb []rune
	term, inStr := ' ', false
	for i := 0; i < len(runes); {
		ch := runes[i]
		i++
		escaped := false
		if ch == '\\' && i < len(runes) {
			ch = runes[i]
			i++
			switch ch {
			case '\\':
			case 'n', 't', 'r', '\'', '"':
				ch, escaped = map[rune]rune{'n': '\n', 't': '\t', 'r': '\r', '\'': '\'', '"': '"'}[ch], true
			default:
				escaped = ch == ' '
			}
		}
		space := ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r'
		switch {
		case inStr && !escaped && (term == ' ' && space || term == ch && term != ' '):
			inStr = false
			result = append(result, string(sb))
			sb, term = nil, ' '
		case inStr:
			sb = append(sb, ch)
		case !escaped && (ch == '\'' || ch == '"'):
			term, inStr = ch, true
		case !escaped && space:
		default:
			inStr = true
			sb = append(sb, ch)
		}
	}
	if len(sb) > 0 {
		result = append(result, string(sb))
	}
	return result
}

// A list longer than a platform takes becomes several files, none over the limits, every row in exactly one.
func TestLimitsMakeSeveralBundles(t *testing.T) {
	t.Parallel()
	s, rows := readWanted(t, "testdata/forms/google")
	var many []Row
	for i := range 23 {
		r := rows[i%len(rows)]
		r.N, r.Address = i+1, fmt.Sprintf("%d@sv.truong.example", i)
		many = append(many, r)
	}
	s.Rows = 10
	files, err := Write(s, store.ActCreate, many)
	if err != nil || len(files) != 3 || len(files[0].Rows) != 10 || len(files[2].Rows) != 3 {
		t.Fatal(len(files), err)
	}
	n := 0
	for _, f := range files {
		if !bytes.HasPrefix(f.Data, []byte(mark+"First Name [Required],")) {
			t.Error("a file without its header")
		}
		for _, r := range f.Rows {
			if n++; r.N != n {
				t.Errorf("row %d in the place of %d", r.N, n)
			}
		}
	}
	if n != 23 {
		t.Errorf("%d rows of 23", n)
	}

	g := googleForm()
	if g.rows != 150_000 || g.size != 35<<20 {
		t.Error("not what Google has published")
	}
	long := rows[0]
	long.Given = strings.Repeat("ạ", 61)
	if err := g.fits(long.Account); err == nil {
		t.Error("a given name of 61 characters is taken")
	}
	long.Given = strings.Repeat("ạ", 60)
	if err := g.fits(long.Account); err != nil {
		t.Error(err)
	}
}

// The bytes of a file bound it, too.
func TestSizeMakesSeveralBundles(t *testing.T) {
	t.Parallel()
	s, rows := readWanted(t, "testdata/forms/google")
	f := googleForm()
	f.size = 1200
	files, err := f.write(s, rows)
	if err != nil || len(files) < 2 {
		t.Fatal(len(files), err)
	}
	n := 0
	for _, file := range files {
		n += len(file.Rows)
		if len(file.Data) > f.size {
			t.Errorf("%d bytes, at most %d", len(file.Data), f.size)
		}
	}
	if n != len(rows) {
		t.Errorf("%d rows of %d", n, len(rows))
	}
}

// crypt(3) of openssl gives the same hash for the same salt.
func TestCrypt(t *testing.T) {
	t.Parallel()
	// `openssl passwd -6 -salt abcDEF./12345678 Canary7Canary7`
	if got := crypt512([]byte("Canary7Canary7"), []byte("abcDEF./12345678")); got != "$6$abcDEF./12345678$d3/SVwAppbAk2lSZUSTHhFj84qJTjupKN49fcQjl4WsnUa8q7HyTAa47qBCgt/HIBJ9kDpkBzBzujCaUX/Bns/" {
		t.Error(got)
	}
	hash, err := Crypt("Canary7Canary7")
	if err != nil || !strings.HasPrefix(hash, "$6$") || len(hash) != len("$6$")+16+1+86 {
		t.Fatal(hash, err)
	}
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("no openssl here")
	}
	for _, password := range []string{"x", "Canary7Canary7", "mật khẩu dài hơn sáu mươi tư byte, để các bước lặp lại cũng được thử một lần cho chắc"} {
		out, err := exec.CommandContext(t.Context(), openssl, "passwd", "-6", "-salt", "abcDEF./12345678", password).Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := crypt512([]byte(password), []byte("abcDEF./12345678")); got != strings.TrimSpace(string(out)) {
			t.Errorf("%s\n%s", got, out)
		}
	}
}
