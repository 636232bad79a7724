package microsofttest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
)

// batch is JSON batching: up to 20 requests, each judged and paid for by itself, the answers in an order of their own.
func (f *Fake) batch(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Requests []struct {
			ID, Method, URL string
			Headers         map[string]string
			Body            json.RawMessage
		}
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || len(in.Requests) == 0 || len(in.Requests) > 20 {
		say(w, 400, "BadRequest", "Invalid batch payload format.")
		return
	}
	seen := map[string]bool{}
	var out []map[string]any
	for _, q := range in.Requests {
		if q.ID == "" || seen[q.ID] || q.Body != nil && q.Headers["Content-Type"] == "" {
			say(w, 400, "BadRequest", "Request id must be unique; a body needs a content type.")
			return
		}
		seen[q.ID] = true
		sub, err := http.NewRequestWithContext(r.Context(), q.Method, "http://"+r.Host+"/v1.0/"+strings.TrimPrefix(q.URL, "/"), bytes.NewReader(q.Body))
		if err != nil {
			out = append(out, map[string]any{"id": q.ID, "status": 400, "body": map[string]any{"error": map[string]any{"code": "BadRequest", "message": "Invalid URL."}}})
			continue
		}
		for k, v := range q.Headers {
			sub.Header.Set(k, v)
		}
		rec := httptest.NewRecorder()
		f.one(rec, sub, strings.TrimPrefix(sub.URL.Path, "/v1.0/"))
		headers := map[string]string{}
		for k := range rec.Header() {
			headers[k] = rec.Header().Get(k)
		}
		one := map[string]any{"id": q.ID, "status": rec.Code, "headers": headers}
		if rec.Body.Len() > 0 {
			one["body"] = json.RawMessage(rec.Body.Bytes())
		}
		out = append([]map[string]any{one}, out...)
	}
	answer(w, 200, map[string]any{"responses": out})
}
