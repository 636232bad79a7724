package local

import (
	"bufio"
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-message/textproto"
	"github.com/emersion/go-msgauth/authres"
)

// FuzzStamp: whatever a stranger sends, no reader of the header block finds a second result in our name.
func FuzzStamp(f *testing.F) {
	s := &Server{domain: "truong.example", authservID: "mail.truong.example", now: func() time.Time { return time.Unix(1795300000, 0) }}
	f.Fuzz(func(t *testing.T, raw []byte) {
		stamped := s.stamp(envelope{from: "x@evil.example", helo: "evil.example"}, "cntt@truong.example", raw)
		_, body := splitHeader(raw)
		if !bytes.HasSuffix(stamped, body) {
			t.Fatal("the body was touched")
		}
		header, err := textproto.ReadHeader(bufio.NewReader(bytes.NewReader(stamped)))
		if err != nil {
			return // nobody reads results out of that
		}
		results := header.FieldsByKey("Authentication-Results")
		for n := 0; results.Next(); n++ {
			id, _, err := authres.Parse(results.Value())
			ours := err == nil && strings.EqualFold(strings.TrimSpace(id), s.authservID)
			if ours != (n == 0) && (ours || n == 0) {
				t.Errorf("field %d: %q", n, results.Value())
			}
		}
	})
}
