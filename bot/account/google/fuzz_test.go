package google

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"vanthu/bot/account"
	"vanthu/bot/account/rest"
)

// FuzzUser reads whatever a page of users may hold: no answer stops the reading of a directory.
func FuzzUser(f *testing.F) {
	f.Add([]byte(`{"users":[{"id":"1","primaryEmail":"An@sv.truong.example","name":{"familyName":"Lê","givenName":"Lê"},"externalIds":[{"value":"2100100000","type":"organization"},{"value":"vanthu:YC-2026-0001:1","type":"custom","customType":"vanthu"}],"aliases":["a@sv.truong.example"],"lastLoginTime":"1970-01-01T00:00:00.000Z"}],"nextPageToken":"x"}`))
	f.Add([]byte(`{"users":[{"externalIds":{"value":1},"suspended":true,"deletionTime":"2026-09-01T08:00:00.000Z"},{"externalIds":"x","name":null,"deletionTime":"yesterday"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var page struct{ Users []user }
		if json.Unmarshal(body, &page) != nil {
			return
		}
		p := &Platform{cfg: Config{Domain: "sv.truong.example", CodeType: "organization"}}
		for _, u := range page.Users {
			a := p.account(u)
			if a.Address != strings.ToLower(u.Email) || strings.HasSuffix(a.User, "@sv.truong.example") {
				t.Errorf("%q became %q, %q", u.Email, a.Address, a.User)
			}
			w := p.wanted(account.Keys{Codes: []string{a.Code}, Addresses: []string{a.Address}, Markers: []string{a.Marker}})
			if a.Code != "" && !w.has(a) {
				t.Errorf("%+v is not found by its own code", a)
			}
			_ = quote(a.Code)
		}
	})
}

// FuzzError reads whatever an error may hold: one verdict, and none of Google's prose.
func FuzzError(f *testing.F) {
	f.Add(403, []byte(`{"error":{"code":403,"message":"an.nguyen secret","errors":[{"message":"m","domain":"usageLimits","reason":"userRateLimitExceeded"}],"status":"PERMISSION_DENIED"}}`))
	f.Add(412, []byte(`{"error":{"code":412,"message":"User creation is not complete.","errors":[{"reason":"conditionNotMet"}]}}`))
	f.Add(409, []byte(`{"error":{"errors":[{"reason":"an nguyen"}],"status":"ALREADY_EXISTS"}}`))
	f.Add(502, []byte(`<html>`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 599 {
			return
		}
		err := classify(rest.Answer{Status: status, Body: body})
		if ok := status < 300; ok != (err == nil) {
			t.Fatalf("%d: error %v", status, err)
		}
		if err == nil {
			return
		}
		if !utf8.ValidString(err.Error()) || len(err.Error()) > 300 {
			t.Errorf("%q", err)
		}
		if status >= 500 && !errors.Is(err, rest.ErrBusy) && (errors.Is(err, account.ErrPermanent) || errors.Is(err, account.ErrExists)) && !strings.Contains(string(body), "notFound") {
			t.Errorf("%d is lasting: %v", status, err)
		}
	})
}

// The verdicts of "Limits and quotas" and "Resolve errors".
func TestClassify(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status int
		reason string
		want   error
	}{
		{401, "authError", rest.ErrToken},
		{403, "userRateLimitExceeded", rest.ErrBusy},
		{403, "rateLimitExceeded", rest.ErrBusy},
		{403, "quotaExceeded", rest.ErrBusy},
		{429, "rateLimitExceeded", rest.ErrBusy},
		{429, "", rest.ErrBusy},
		{403, "dailyLimitExceeded", rest.ErrLater},
		{403, "forbidden", errForbidden},
		{403, "insufficientPermissions", rest.ErrLater},
		{404, "notFound", account.ErrGone},
		{409, "duplicate", account.ErrExists},
		{412, "conditionNotMet", rest.ErrUndone},
		{412, "limitExceeded", rest.ErrLater},
		{400, "invalid", account.ErrPermanent},
	} {
		body, err := json.Marshal(map[string]any{"error": map[string]any{"errors": []map[string]string{{"reason": test.reason}}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := classify(rest.Answer{Status: test.status, Body: body}); !errors.Is(err, test.want) {
			t.Errorf("%d %s: error %v, want %v", test.status, test.reason, err, test.want)
		}
	}
	for _, status := range []int{500, 502, 503, 504, 302} {
		if err := classify(rest.Answer{Status: status}); err == nil || errors.Is(err, account.ErrPermanent) || errors.Is(err, account.ErrUndone) {
			t.Errorf("%d: error %v, want one of which nobody knows the end", status, err)
		}
	}
}
