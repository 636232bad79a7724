// Package outbox hands one message to the submission server (RFC 6409) and says what became of it: accepted, refused
// for good, to be tried again, not taken because we send too much, or unknown. It keeps its connection between messages.
//
// It must not know rows, cases or retry plans (bot/app does).
package outbox

import (
	"context"
	"fmt"
	"time"
)

// Outcome is what became of one try.
type Outcome string

// The outcomes of a failed try.
const (
	Permanent Outcome = "permanent" // the server refused this message for good (5xx)
	Temporary Outcome = "temporary" // try again later (4xx, no connection)
	Limited   Outcome = "limited"   // the server takes nothing from us for now: a limit on how much we send, or our sender
	Unknown   Outcome = "unknown"   // lost between the final dot and the reply: it may have been taken
)

// An Error is a failed try.
type Error struct {
	Outcome Outcome
	Reply   string        // what the server said, or the network error; never the message's text or a secret
	Said    bool          // the server said it; false: the network, or we
	Rest    time.Duration // with Limited: how long nothing should be sent, at the least
	Sender  bool          // with Limited: it was the envelope sender that the server refused
	Err     error
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Outcome, e.Reply) }

func (e *Error) Unwrap() error { return e.Err }

// A Message is one mail with its envelope (RFC 5321 §2.3.1).
type Message struct {
	From string // "" is the null return path, MAIL FROM:<>
	To   []string
	Raw  []byte // header and body with CRLF

	// BeforeDot is called when the server has everything but the final dot, which alone makes it take the message
	// (RFC 5321 §4.1.1.4); an error leaves the dot unsent. nil: nobody wants to know.
	BeforeDot func(ctx context.Context) error
}
