package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An import says what it would do and did (pain 23): who has an account already, made long before vanthu came, is refused row by row once the register knows it; the others are not.
func TestPain23ImportedAccounts(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	file := filepath.Join(o.dir, "co-san.csv")
	if err := os.WriteFile(file, []byte("\ufeffMã số;Họ và tên;Email;Trạng thái\n2153010001;Nguyễn Văn Có;co@sv.truong.example;\n2153010009;Lê Thị Nghỉ;=nghi@sv.truong.example;Tạm khoá\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := o.must("account", "import", file); !strings.Contains(got, "new           2") || !strings.Contains(got, "nothing was written") {
		t.Error(got)
	}
	if got := o.must("account", "list"); strings.Contains(got, "2153010001") {
		t.Errorf("the preview wrote\n%s", got)
	}
	o.must("account", "import", "--yes", file)
	if got := o.must("account", "import", "--yes", file); !strings.Contains(got, "known         2") {
		t.Error(got)
	}
	if got := o.must("account", "show", "2153010001"); !strings.Contains(got, "co@sv.truong.example") || !strings.Contains(got, "vanthu did not make it") {
		t.Error(got)
	}
	o.serve()
	o.arrive("INBOX", o.request(ctsvAddress, "ctsv", "<1@truong.example>", "2153010001", "2153010002"))
	o.settled(1)
	shown := o.must("case", "show", "YC-"+strings.SplitN(strings.SplitN(o.must("case", "list"), "YC-", 2)[1], " ", 2)[0])
	if strings.Count(shown, "ROW-05") != 1 || !strings.Contains(shown, "co@sv.truong.example") || !strings.Contains(shown, "waiting_unit") {
		t.Errorf("who has an account is not refused\n%s", shown)
	}
	table := filepath.Join(o.dir, "khac.csv")
	got, code := o.run("account", "reconcile", "--csv", table)
	if code != 1 || !strings.Contains(got, "only in register    2") {
		t.Errorf("exit %d\n%s", code, got)
	}
	data, err := os.ReadFile(table)
	if err != nil || !strings.Contains(string(data), ",'=nghi@sv.truong.example,") || !strings.HasPrefix(string(data), "\ufeffwhat,code") {
		t.Errorf("%q, %v", data, err)
	}
	if got := o.must("username", "Nguyễn Văn An", "2153010077"); !strings.Contains(got, "would get 2153010077, 2153010077@") {
		t.Error(got)
	}
}
