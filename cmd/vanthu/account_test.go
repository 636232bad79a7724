package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"vanthu/bot"
	"vanthu/bot/register"
	"vanthu/bot/store"
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
	var listed []store.RegisterLine
	if err := json.Unmarshal([]byte(o.must("account", "list", "--json")), &listed); err != nil || len(listed) != 2 || listed[0].Code != "2153010001" || listed[1].State != bot.AccountSuspended {
		t.Errorf("%+v, %v", listed, err)
	}
	if got := o.must("account", "list", "--json", "--state", "deleted"); got != "[]\n" {
		t.Errorf("%q", got)
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
	list := filepath.Join(o.dir, "tai-ve.csv") // as another admin downloads it
	if err := os.WriteFile(list, []byte("Employee ID,First Name,Last Name,Email Address,Status [READ ONLY]\n2153010001,Văn Có,Nguyễn,co@sv.truong.example,Active\n2153010009,Thị Nghỉ,Lê,=nghi@sv.truong.example,Suspended\n2.15301E+09,A,B,hong@sv.truong.example,Active\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, code := o.run("account", "reconcile", list); code != 1 || !strings.Contains(got, "the same            2\n") || !strings.Contains(got, "unreadable          1\n") || !strings.Contains(got, "line 4") {
		t.Errorf("exit %d\n%s", code, got)
	}
	if got, code := o.run("username", "Nguyễn Văn Có", "2153010001"); code != 1 || !strings.Contains(got, "2153010001 has an account already, co@sv.truong.example") || strings.Contains(got, "would get") {
		t.Errorf("exit %d\n%s", code, got)
	}
	if got, code := o.run("username", "Lê Hai", "ba/b"); code != 1 || !strings.Contains(got, "ACC-02") {
		t.Errorf("exit %d\n%s", code, got)
	}
	if got := o.must("username", "Nguyễn Văn An", "2153010077"); !strings.Contains(got, "would get 2153010077, 2153010077@") {
		t.Error(got)
	}
}

// Who may be in the register under another code is said where a plan is looked at before it is approved, by whom nothing is decided; of a plan
// with many a few are printed. Namesakes of another class and another code are nobody's concern.
func TestNearOfAPlan(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	file := filepath.Join(o.dir, "co-san.csv")
	if err := os.WriteFile(file, []byte("Mã số,Họ và tên,Email,Lớp\n2153010010,Nguyễn Văn An,a@sv.truong.example,YBK47\n2199990000,Nguyễn Văn An,b@sv.truong.example,YBK47\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o.must("account", "import", "--yes", file)
	o.serve()
	o.arrive("INBOX", o.request(ctsvAddress, "ctsv", "<1@truong.example>", "2153010001"))
	o.settled(1)
	number, plan := "YC-"+thisYear()+"-0001", "KH-"+thisYear()+"-0001"
	o.must("case", "check", number)
	hash := regexp.MustCompile(`[0-9a-f]{64}`).FindString(o.must("plan", "make", number))
	said := "\nmaybe one person: " + number + " row 1, 2153010001, and the account of 2153010010 (active): same name, same code but for a slip\n"
	if got := o.must("plan", "show", plan); !strings.Contains(got, said) || strings.Count(got, "maybe one person") != 1 {
		t.Error(got)
	}
	if got := o.must("plan", "show", "--json", plan); !strings.Contains(got, `"other": "2153010010"`) {
		t.Error(got)
	}
	o.swapOfficers()
	o.must("plan", "approve", plan, "--hash", hash)
	if got := o.must("plan", "show", plan); strings.Contains(got, "maybe one person") {
		t.Error(got)
	}
	var out bytes.Buffer
	printNear(&env{stdout: &out}, make([]register.Near, mostNear+7))
	if got := out.String(); strings.Count(got, "\n") != mostNear+1 || !strings.HasSuffix(got, "… and 7 more (--json)\n") {
		t.Error(got)
	}
}

// A list that is written one thing at a time is the one that is written at once, and none as long as it is not ended.
func TestJSONList(t *testing.T) {
	t.Parallel()
	for n := range 4 {
		all := make([]store.RegisterLine, n)
		for i := range all {
			all[i] = store.RegisterLine{Code: strconv.Itoa(i), Name: "Lê <Bé>\n"}
		}
		var one, whole bytes.Buffer
		list := jsonList{e: &env{stdout: &one}}
		for i, l := range all {
			if err := list.add(l); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(one.String(), `"code": "`+strconv.Itoa(i)+`"`) || json.Valid(one.Bytes()) {
				t.Errorf("after %d: %s", i+1, &one)
			}
		}
		if err := list.end(); err != nil {
			t.Fatal(err)
		}
		if err := writeJSON(&env{stdout: &whole}, all); err != nil {
			t.Fatal(err)
		}
		if one.String() != whole.String() {
			t.Errorf("%d things:\n%s\nwant\n%s", n, &one, &whole)
		}
	}
	broken := jsonList{e: &env{stdout: shut{}}}
	if err := broken.add(1); err == nil {
		t.Error("nobody reads, and the list goes on")
	}
}

// shut is a pipe whose reader is gone.
type shut struct{}

func (shut) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
