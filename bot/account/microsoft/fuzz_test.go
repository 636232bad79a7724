package microsoft

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"

	"vanthu/bot/account"
	"vanthu/bot/account/rest"
)

// Of an error only codes come through, never a sentence: sentences repeat names and addresses.
func FuzzError(f *testing.F) {
	for _, seed := range []string{
		`{"error":{"code":"Request_BadRequest","message":"Another object with the same value for property userPrincipalName already exists.","details":[{"code":"ObjectConflict","target":"userPrincipalName"}]}}`,
		`{"error":{"code":"Request_BadRequest","message":"Subscription with SKU 314c does not have any available licenses."}}`,
		`{"error":{"code":"a b","message":"c d","details":[{"target":"e f"}]}}`, `{"error":[]}`, `null`, ``,
	} {
		for _, status := range []int{400, 403, 404, 409, 412, 423, 429, 500} {
			f.Add(status, seed)
		}
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		status = 100 + max(0, status)%500
		err := classify(rest.Answer{Status: status, Header: http.Header{}, Body: []byte(body)})
		if (err == nil) != (status >= 200 && status < 300) {
			t.Fatalf("%d: %v", status, err)
		}
		if err == nil {
			return
		}
		if strings.ContainsFunc(err.Error(), func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsPrint(r) }) {
			t.Errorf("%d: foreign letters in %q", status, err)
		}
		var said failure
		if json.Unmarshal([]byte(body), &said) == nil && len(said.Error.Message) > 12 && strings.Contains(said.Error.Message, " ") && strings.Contains(err.Error(), said.Error.Message) {
			t.Errorf("%d: the message stands in %q", status, err)
		}
		if status >= 500 && (errors.Is(err, account.ErrPermanent) || errors.Is(err, account.ErrExists)) {
			t.Errorf("%d: %v is for good", status, err)
		}
	})
}

// Whatever a user looks like, he is found by what he has and by nothing else.
func FuzzUser(f *testing.F) {
	for _, seed := range []string{
		`{"id":"1","userPrincipalName":"an@sv.truong.example","mail":"an@sv.truong.example","employeeId":"2153","onPremisesExtensionAttributes":{"extensionAttribute15":"vanthu:YC-2026-0001:1","extensionAttribute14":"2026-09-01T00:00:00Z"}}`,
		`{"userPrincipalName":"7a3b1c5d000040008000000000000001an@sv.truong.example","deletedDateTime":"2026-09-01T00:00:00Z"}`,
		`{"userPrincipalName":"@","proxyAddresses":["SMTP:a@x","smtp:","x500:/o=","sip:a@x"]}`, `{}`, `[]`, `{"onPremisesExtensionAttributes":{"extensionAttribute15":null}}`,
	} {
		f.Add(seed, "an@sv.truong.example")
	}
	p, err := New(Config{Tenant: "truong.example", ClientID: "c", Secret: "s", Domain: "sv.truong.example", Now: func() time.Time { return time.Time{} }})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body, key string) {
		var u user
		if json.Unmarshal([]byte(body), &u) != nil {
			return
		}
		a := p.account(u)
		if a.Deleted() != (u.Deleted != nil && !u.Deleted.Add(kept).IsZero()) {
			t.Errorf("deleted: %v", a.Deleted())
		}
		if a.Marker != "" && !strings.HasPrefix(a.Marker, ours) {
			t.Errorf("marker %q", a.Marker)
		}
		if p.has(&a, u, account.Keys{Codes: []string{""}, Users: []string{""}, Addresses: []string{""}, Markers: []string{""}}) {
			t.Error("found by nothing")
		}
		before := a
		if p.has(&a, u, account.Keys{Addresses: []string{key}}) && !a.Has(key) {
			t.Errorf("found by an address that it does not have: %+v", before)
		}
		if p.has(&a, u, account.Keys{Codes: []string{key}}) && !strings.EqualFold(a.Code, key) {
			t.Error("found by a code that it does not have")
		}
	})
}
