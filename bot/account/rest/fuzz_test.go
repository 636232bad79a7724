package rest_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"vanthu/bot/account"
	"vanthu/bot/account/rest"
	"vanthu/bot/account/resttest"
)

// FuzzAnswer takes whatever a server may send: one verdict, within the bounds of tries, time and length, and nothing of its words.
func FuzzAnswer(f *testing.F) {
	f.Add(200, "", "", `{"said":"done"}`)
	f.Add(429, "7", "", `{}`)
	f.Add(503, "Tue, 01 Sep 2026 08:00:11 GMT", "Tue, 01 Sep 2026 08:00:00 GMT", "<html>secret")
	f.Add(429, "99999999999999999999", "", "")
	f.Add(200, "-1", "x", `{"said":`)
	f.Fuzz(func(t *testing.T, status int, retry, date, body string) {
		if status < 100 || status > 999 {
			return
		}
		clock, asked := resttest.NewClock(start), 0
		c, err := rest.New(rest.Config{Name: "api", Base: "http://127.0.0.1:1", MaxBody: 1000, Now: clock.Now, Sleep: clock.Sleep, HTTP: &http.Client{Transport: sender(func(*http.Request) (*http.Response, error) {
			asked++
			return &http.Response{StatusCode: status, Header: http.Header{"Retry-After": {retry}, "Date": {date}}, Body: io.NopCloser(strings.NewReader(body))}, nil
		})}})
		if err != nil {
			t.Fatal(err)
		}
		var into struct{ Said string }
		_, err = c.Do(t.Context(), rest.Request{What: "things.list", Method: http.MethodGet, Path: "/", Into: &into})
		if asked > 6 || clock.Now().Sub(start) > 2*time.Minute {
			t.Errorf("%d requests in %v", asked, clock.Now().Sub(start))
		}
		if wait, ok := errors.AsType[*account.Wait](err); ok && (wait.For < 0 || wait.For > 70*time.Minute) {
			t.Errorf("wait for %v", wait.For)
		}
		if err == nil && (status < 200 || status > 299 || len(body) > 1000) {
			t.Errorf("%d with %d bytes taken", status, len(body))
		}
		if err != nil && (!utf8.ValidString(err.Error()) || len(err.Error()) > 300) {
			t.Errorf("%q", err)
		}
	})
}
