// Package outbox hands one message to the submission server (RFC 6409) and says what became of it: accepted, refused
// for good, to be tried again, or unknown. It keeps its connection between messages.
//
// It must not know rows, cases or retry plans (bot/job does).
package outbox

import "fmt"

// Outcome is what became of one try.
type Outcome string

// The outcomes of a failed try.
const (
	Permanent Outcome = "permanent" // the server refused for good (5xx)
	Temporary Outcome = "temporary" // try again later (4xx, no connection)
	Unknown   Outcome = "unknown"   // lost between the final dot and the reply: it may have been taken
)

// An Error is a failed try.
type Error struct {
	Outcome Outcome
	Reply   string // what the server said, or the network error; never the message's text or a secret
	Err     error
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Outcome, e.Reply) }

func (e *Error) Unwrap() error { return e.Err }
