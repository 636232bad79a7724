package offline

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what was written and read into testdata; read the difference before it is committed")

// Each folder of testdata/results holds what another admin might send back, and what is understood of it.
func TestResults(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("testdata/results/*")
	if err != nil || len(folders) < 12 {
		t.Fatal(err, folders)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			files, err := filepath.Glob(folder + "/in.*")
			if err != nil || len(files) != 1 {
				t.Fatal(err, files)
			}
			data, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			form := map[string]string{".txt": Zimbra, ".ldif": LDIF, ".csv": Entra}[filepath.Ext(files[0])]
			var got struct {
				Listing bool
				Results []Result
				Error   string
			}
			read, err := Read(Settings{Form: form}, data)
			got.Results, got.Listing = read.Results, read.Listing
			if err != nil {
				got.Error = err.Error()
			}
			out, err := json.MarshalIndent(got, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, '\n')
			want := filepath.Join(folder, "want.json")
			if *update {
				if err := os.WriteFile(want, out, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			text, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(text), string(out)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Errors say where and what to do, and quote nothing.
func TestResultErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		form, in string
		line     int
		remedy   string
	}{
		"bytes":     {Google, "address,status\na@b.example,done\n\xff\xfe\x00,x\n", 3, "UTF-8"},
		"zero":      {Google, "address,status\na\x00b,done\n", 2, "UTF-8"},
		"no column": {Google, "name,colour\nCanary,red\n", 1, "-result.csv"},
		"a picture": {LDIF, "\x89PNG Canary", 1, "UTF-8"},
		"prose":     {LDIF, "xong hết rồi nhé Canary\n", 1, "-result.csv"},
	} {
		_, err := Read(Settings{Form: c.form}, []byte(c.in))
		line, ok := errors.AsType[*LineError](err)
		if !ok || line.Line != c.line || !strings.Contains(err.Error(), c.remedy) || strings.Contains(err.Error(), "Canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Read(Settings{Form: Zimbra}, []byte("Canary\n")); err == nil || strings.Contains(err.Error(), "Canary") {
		t.Error(err)
	}
	if _, err := Read(Settings{Form: Google}, []byte(" \r\n")); err == nil {
		t.Error("an empty file is a result")
	}
	if _, err := Read(Settings{Form: Google}, make([]byte, MaxResult+1)); err == nil || !strings.Contains(err.Error(), "MB") {
		t.Error(err)
	}
}

// Whatever comes back: no panic, no hang, and what is said fits one line.
func FuzzRead(f *testing.F) {
	files, _ := filepath.Glob("testdata/results/*/in.*")
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, form := range Forms() {
			f.Add(form, data)
		}
	}
	f.Fuzz(func(t *testing.T, form string, data []byte) {
		read, err := Read(Settings{Form: form, Suspend: "pwdAccountLockedTime=000001010000Z"}, data)
		results := read.Results
		if err != nil && len(results) > 0 {
			t.Errorf("%d results and %v", len(results), err)
		}
		for _, r := range results {
			if (r.Address == "") == (r.User == "") || r.Line < 1 || r.Address != strings.ToLower(r.Address) || strings.ContainsAny(r.Said, "\r\n\t") || len([]rune(r.Said)) > maxSaid+1 {
				t.Errorf("%+v", r)
			}
		}
	})
}

// A refusal is about the name when it says so, or says nothing.
func TestOfTheName(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]bool{
		anothers: true, anotherOfOurs + "vanthu:YC-2026-0001:7": true, noReason: true, "Entity already exists": true, "Another object with the same value for property userPrincipalName": true,
		anothers + ": của cô Lan rồi": true, "Địa chỉ này ĐÃ CÓ người dùng": true, "Trùng tên": true, "that address is taken": true,
		"no licence left": false, "Hết giấy phép": false, "The password does not comply with the complexity requirements": false, "chưa đóng học phí": false,
	} {
		if ofTheName(said) != want {
			t.Errorf("%q is of the name: %v", said, !want)
		}
	}
}
