// Package inbox watches one IMAP mailbox: it sees new mail (IDLE with a poll behind it), fetches each body once by UID
// with BODY.PEEK[], hands it over, and moves mail to a folder when told. It owns every deadline on the wire: the IMAP
// library has none (RFC 9051, RFC 2177).
//
// It must not know what a mail says, nor keep any state of its own: what was seen is asked of its caller.
package inbox

import (
	"context"
	"time"
)

// A Delivery is one mail as it stands in the mailbox.
type Delivery struct {
	Mailbox      string
	UIDValidity  uint32
	UID          uint32
	InternalDate time.Time // when the server took it
	Size         int64     // RFC822.SIZE
	Raw          []byte    // whole; for a mail over the size limit only its header block, with TooLarge set
	TooLarge     bool
}

// A Journal is what the watcher asks and tells. Both are called from one goroutine.
type Journal struct {
	// Unknown returns those of uids that were never stored (mailbox, uidvalidity, uid).
	Unknown func(ctx context.Context, mailbox string, uidValidity uint32, uids []uint32) ([]uint32, error)
	// Store keeps the deliveries durably, all or none. Only after it returned nil may anything be done to the mailbox.
	Store func(ctx context.Context, batch []Delivery) error
	// Lost is told of a UID that the server lists but whose body it does not give, after all ways were tried. It is told
	// once in the life of a watcher; a UID that Unknown still returns after a restart is tried and told again.
	Lost func(ctx context.Context, mailbox string, uidValidity, uid uint32, why string) error
}
