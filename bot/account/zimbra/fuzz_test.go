package zimbra

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vanthu/bot/account"
	"vanthu/bot/account/rest"
)

// What a server answers is foreign: it may be no XML, cut, nested, or name things twice. Whatever it is, reading ends, and no error
// repeats a word of it but a code.
func FuzzAnswer(f *testing.F) {
	seeds, err := filepath.Glob("testdata/answers/*.xml")
	if err != nil || len(seeds) == 0 {
		f.Fatal("no answers to begin with", err)
	}
	for _, name := range seeds {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, http.StatusOK)
		f.Add(data, http.StatusInternalServerError)
	}
	s := &Server{cfg: Config{CodeAttr: "employeeNumber", MarkerAttr: "zimbraNotes", Domain: "sv.truong.example"}}
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		err := classify(rest.Answer{Status: status, Body: body})
		if fault, ok := errors.AsType[*fault](err); ok && rest.Code(fault.Code) == "" && fault.Code != "a fault without a code" {
			t.Errorf("the error repeats %q", fault.Code)
		}
		if status >= 400 && err == nil {
			t.Errorf("status %d is taken for a success", status)
		}
		said, err := read(body)
		if err != nil {
			if len(err.Error()) > 100 {
				t.Errorf("a long error: %v", err)
			}
			return
		}
		for i, entries := range [][]entry{said.Accounts, said.Others, said.Lists} {
			for _, e := range entries {
				a := s.account(e, i == 0)
				if a.Marker != "" && !strings.HasPrefix(a.Marker, ours) || strings.ContainsAny(a.Marker, "\n") {
					t.Errorf("marker %q", a.Marker)
				}
				_ = a.Is(account.Account{Code: a.Code, Address: a.Address, Name: a.Name})
			}
		}
		if said.Total < 0 || said.Lifetime < 0 {
			t.Errorf("total %d, life %d", said.Total, said.Lifetime)
		}
	})
}

// Whatever is asked for stays one value of the filter (RFC 4515) and one text of the envelope.
func FuzzRequest(f *testing.F) {
	for _, v := range []string{"2153010001", "x)(uid=*", "an*", `a\\b`, "ầ\x00@truong.example", "<authToken></authToken>", `"><a n="zimbraIsAdminAccount">TRUE</a>`, "\xff"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if escaped := escape(value); strings.ContainsAny(escaped, "()*\x00<>&\"") {
			t.Errorf("%q in a filter: %s", value, escaped)
		}
		body := write("ModifyAccount", element{"id": value}, []child{attribute(attrName, value)})
		request, err := http.NewRequest(http.MethodPost, "https://zimbra.truong.example/", strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		putToken(request, "0_secret")
		sent := new(strings.Builder)
		if _, err := io.Copy(sent, request.Body); err != nil || int64(sent.Len()) != request.ContentLength {
			t.Fatal(err)
		}
		if strings.Count(sent.String(), "0_secret") != 1 && !strings.Contains(value, "0_secret") || strings.Index(sent.String(), "0_secret") > strings.Index(sent.String(), "<ModifyAccountRequest") {
			t.Errorf("the token is not in its place: %s", sent)
		}
		said, err := read([]byte(sent.String()))
		if err != nil || said.XMLName.Local != "ModifyAccountRequest" {
			t.Fatalf("%q makes an envelope that cannot be read: %v", value, err)
		}
		if strings.Count(sent.String(), "<a ") != 1 {
			t.Errorf("%q became an element of its own", value)
		}
	})
}
