package inbox

import (
	"testing"

	"github.com/emersion/go-imap/v2"
)

// What is expunged is what was named, on a real server too: a mail that a person has marked as deleted beside it stays.
func TestExpungeRemovesTheseAlone(t *testing.T) {
	servers(t, func(t *testing.T, cfg Config) {
		put(t, cfg, []byte("Subject: one\r\n\r\n1\r\n"), []byte("Subject: two\r\n\r\n2\r\n"), []byte("Subject: three\r\n\r\n3\r\n"))
		validity := key(t, cfg)
		person, err := connect(t.Context(), cfg.withDefaults())
		if err != nil {
			t.Fatal(err)
		}
		defer person.close()
		if _, err := person.open(t.Context(), "INBOX", false); err != nil {
			t.Fatal(err)
		}
		marked := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
		if err := person.c.Store(uidSet([]uint32{1}), marked, nil).Close(); err != nil {
			t.Fatal(err)
		}
		f := filer(t, cfg)
		for range 2 { // the second time it is gone already
			if err := f.Expunge(t.Context(), "INBOX", validity, []uint32{2, 99}); err != nil {
				t.Fatal(err)
			}
		}
		if err := person.refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		left, err := person.list(t.Context())
		if err != nil || len(left) != 2 || left[0] != 1 || left[1] != 3 {
			t.Errorf("left: %v, %v", left, err)
		}
		if err := f.Expunge(t.Context(), "INBOX", validity+1, []uint32{1, 3}); !CannotExpunge(err) {
			t.Errorf("a renumbered mailbox: %v", err)
		}
		if left, err := person.list(t.Context()); err != nil || len(left) != 2 {
			t.Errorf("left: %v, %v", left, err)
		}
	})
}
