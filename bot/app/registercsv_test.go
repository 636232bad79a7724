package app

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot/account"
	"vanthu/bot/config"
	"vanthu/parser"
)

// A file of accounts is read with whatever headings, separator and encoding its program wrote; a line that cannot be one says why.
func TestReadAccounts(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"vietnamese": "\ufeffSTT;Mã số SV/HV;Họ lót;Tên;Email;Tên đăng nhập;Lớp;Trạng thái\n1;ck20240001;Nguyễn Văn;An;An@sv.truong.example;an;YBK47;Tạm khoá\n;;;;;;;\n2;2,15E+09;Lê;Bé;be@sv.truong.example;;;\n3;2153010003;Lê;Cê;không có;;;\n4;2153010004;Lê;Đê;de@sv.truong.example;;;nghỉ\n",
		"a platform": "code,name,address,user,class,status\nck20240001,Nguyễn Văn An,An@sv.truong.example,an,YBK47,Suspended\n,,,,,\n\"2,15E+09\",Lê Bé,be@sv.truong.example,,,\n2153010003,Lê Cê,không có,,,\n2153010004,Lê Đê,de@sv.truong.example,,,nghỉ\n",
	} {
		all, err := readAccounts([]byte(text), parser.DefaultLimits())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []string
		for _, a := range all {
			got = append(got, strings.Join([]string{a.Where, a.Code, a.Name, a.Address, a.User, a.Class, string(a.State), a.Fault}, "|"))
		}
		want := []string{
			"line 2|ck20240001|Nguyễn Văn An|An@sv.truong.example|an|YBK47|suspended|", "line 4|2,15E+09|Lê Bé|be@sv.truong.example||||the code is none; write the column of codes as text",
			"line 5|2153010003|Lê Cê|không có||||the address is none", "line 6|2153010004|Lê Đê|de@sv.truong.example||||the state is none of active, suspended, deleted",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for _, text := range []string{"", "a,b\nc,d\n", "code,name\n1,2\n"} {
		if _, err := readAccounts([]byte(text), parser.DefaultLimits()); err == nil || !strings.Contains(err.Error(), "Mã số") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzReadAccounts(f *testing.F) {
	f.Add([]byte("code,name,address\n2153010001,Nguyễn Văn An,an@sv.truong.example\n"))
	f.Add([]byte("\xff\xfeM\x00\n\x00"))
	f.Add([]byte("Mã số;Họ;Tên;Email\n1;\"a;b\n"))
	limits := parser.DefaultLimits()
	limits.Rows, limits.Unpacked = 100, 1<<16
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := readAccounts(data, limits)
		if err != nil {
			return
		}
		for _, a := range all {
			if a.Where == "" || len(a.Address) > longestField || a.Fault == "" && strings.Count(a.Address, "@") != 1 {
				t.Errorf("%+v", a)
			}
		}
	})
}

// The fields of a template that the configuration takes are those that names are made of.
func TestTemplateFields(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"", "code", "given+code", "given.family+code", "given.initials", "initials+given"} {
		cfg := &config.Config{}
		cfg.Accounts.Names.Policy = kind
		if _, _, err := namesOf(cfg).UserName(holderAn, 1); err != nil {
			t.Errorf("%q: %v", kind, err)
		}
	}
}

var holderAn = account.Holder{Name: "Nguyễn Văn An", Code: "2153010001"} // read-only
