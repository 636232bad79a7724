package config

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
)

func TestReadExisting(t *testing.T) {
	t.Parallel()
	const header = "code,name,address\n"
	for name, c := range map[string]struct {
		in   string
		want []bot.Existing
		err  string
	}{
		"accounts": {
			in: "\ufeff" + header + "1753010001,Nguyễn Văn An,1753010001@SV.truong.example\r\n\n1753010002, \"Trần, Thị Bích\",\n",
			want: []bot.Existing{
				{Code: "1753010001", Name: "Nguyễn Văn An", Address: "1753010001@sv.truong.example"},
				{Code: "1753010002", Name: "Trần, Thị Bích"},
			},
		},
		"everything": {
			in: "code,name,address,state,changed,decision,owns,since\n1,An,a@x.example,deleted,2026-01-02,12/QĐ,YBK47,2021-09-05\n2,B,b@x.example,,,,,\n",
			want: []bot.Existing{
				{Code: "1", Name: "An", Address: "a@x.example", State: bot.AccountDeleted, Decision: "12/QĐ", Owns: "YBK47",
					Changed: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), Since: time.Date(2021, 9, 5, 0, 0, 0, 0, time.UTC)},
				{Code: "2", Name: "B", Address: "b@x.example"},
			},
		},
		"bad values": {
			in: "code,name,address,state,since\n1,An,a@x.example,gone,\n2,B,b@x.example,,5/9/2021\n",
			err: "a.csv:2: state: \"gone\" is no state; write suspended, deleted or nothing\n" +
				"a.csv:3: since: \"5/9/2021\" is no date; write for example 2026-11-20",
		},
		"a column twice": {in: "code,name,address,owns,owns\n", err: "a.csv:1: the first line must be code,name,address, and may go on with since,state,changed,decision,owns"},
		"none":           {in: header},
		"empty":          {err: "a.csv:1: the file is empty; its first line must be code,name,address"},
		"no header":      {in: "1753010001,An,a@sv.truong.example\n", err: "a.csv:1: the first line must be code,name,address, and may go on with since,state,changed,decision,owns"},
		"rows": {
			in: header + "1,An,a@x.example\n2\n,B,b@x.example\n1,An,a@x.example\n",
			err: "a.csv:3: needs 3 values, code,name,address, the first not empty\n" +
				"a.csv:4: needs 3 values, code,name,address, the first not empty\n" +
				"a.csv:5: code 1 stands in line 2 already; keep one of them",
		},
		"quotes": {in: header + "1,A\"n,x\n", err: `a.csv:2: cannot be read as CSV (bare " in non-quoted-field); put values that hold commas or quotes in double quotes`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := readExisting(strings.NewReader(c.in), "a.csv")
			message := ""
			if err != nil {
				message = err.Error()
			}
			if diff := cmp.Diff(c.err, message); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("accounts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadExistingSaysWhichFileIsAbsent(t *testing.T) {
	t.Parallel()
	if _, err := ReadExisting("testdata/absent.csv"); err == nil || !strings.Contains(err.Error(), "testdata/absent.csv") {
		t.Errorf("got error %v, want one that names the file", err)
	}
}

func FuzzReadExisting(f *testing.F) {
	f.Add("code,name,address\n1,An,a@x.example\n")
	f.Fuzz(func(t *testing.T, in string) {
		accounts, err := readExisting(strings.NewReader(in), "a.csv")
		if err != nil && accounts != nil {
			t.Errorf("accounts and an error: %v", err)
		}
		for _, a := range accounts {
			if a.Code == "" {
				t.Errorf("an account without a code: %+v", a)
			}
		}
	})
}
