package inbox

import (
	"bufio"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
)

// FuzzServer lets a server say anything in answer to a FETCH: an error at worst, never a panic, a hang, or more of a mail
// than was allowed.
func FuzzServer(f *testing.F) {
	f.Fuzz(func(t *testing.T, said []byte) {
		client, server := net.Pipe()
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer server.Close()
			r := bufio.NewReader(server)
			_, _ = io.WriteString(server, "* OK [CAPABILITY IMAP4rev1] hello\r\n")
			if _, err := r.ReadString('\n'); err == nil {
				go func() { _, _ = io.Copy(io.Discard, r) }()
				_, _ = server.Write(said)
			}
		}()
		const limit = 100
		s := newSession(client, client, 5*time.Second)
		err := s.bodies(t.Context(), imap.UIDSetNum(1, 2, 3), limit, func(f found) error {
			if len(f.body) > limit || f.uid == 0 {
				t.Errorf("mail %d of %d bytes", f.uid, len(f.body))
			}
			return nil
		})
		if errors.Is(err, ErrTimeout) {
			t.Errorf("hung: %v", err)
		}
		if _, err := s.list(t.Context()); errors.Is(err, ErrTimeout) {
			t.Errorf("hung: %v", err)
		}
		s.close()
		<-done
	})
}
