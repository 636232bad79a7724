// Package mime turns the raw bytes of a mail into a Message: addresses, texts, attachments, and whether a machine sent
// it. It reads what real programs send: on a refusal it cleans the header block and tries again (RFC 5322, RFC 2045-2047,
// RFC 2231, RFC 3464, RFC 3834).
//
// It must not know any university, nor decide anything about the sender (package trust does).
package mime

import (
	"strings"
	"time"
)

// Limits bound what is read of one mail.
type Limits struct {
	Size   int64 // bytes of the whole mail
	Parts  int   // parts of all levels together
	Depth  int   // nesting of parts
	Header int   // bytes of one header block
	Fields int   // fields of one header block
}

// DefaultLimits are the limits named in the manual: 40 MB, 200 parts; a header of 1 MB with 5,000 fields.
func DefaultLimits() Limits {
	return Limits{Size: 40 << 20, Parts: 200, Depth: 20, Header: 1 << 20, Fields: 5000}
}

// An Address is one mailbox; Address is lower case in its domain part, as written before the @.
type Address struct{ Name, Address string }

// A Field is one header field, unfolded, in the order of the mail. Value is raw (not RFC 2047 decoded).
type Field struct{ Name, Value string }

// A Message is one mail, decoded. All texts are UTF-8, NFC.
type Message struct {
	ID         string    // Message-ID with its angle brackets, "" when missing
	InReplyTo  []string  // with angle brackets
	References []string  // the first and the last ones of a very long list
	From       []Address // more than one is suspicious (trust says so)
	Sender     []Address
	ReplyTo    []Address
	To         []Address
	Cc         []Address
	ReturnPath string // address of the Return-Path field, "<>" for the null path, "" when missing
	Subject    string
	Date       time.Time // zero when missing or unreadable
	Fields     []Field   // the top header block
	Text       string    // of the first text/plain parts that are no attachment
	HTML       string    // of the first text/html part that is no attachment
	Signed     []Signed  // what was signed digitally
	Parts      []Part    // every other leaf, in order: attachments, inline pictures
	Automated  string    // why a machine sent it ("Auto-Submitted: auto-replied"), "" for a person's mail
	List       bool      // a mailing list's copy (List-Id, List-Post …)
	DSN        *DSN      // set for a delivery report
	Damage     Damage    // of Text and HTML: with Cut, what stood behind them is lost too
	Problems   []string  // what was put right or lost while reading, for people who look into it: "header line 7 has no colon"
}

// A Part is one leaf that is not the text of the mail.
type Part struct {
	Name   string // decoded file name without any path, "" when there is none
	Type   string // media type in lower case, "application/octet-stream" when missing
	Inline bool   // shown in the text (a picture of a signature)
	Damage Damage // why Data is not what was sent, or may not be
	Data   []byte
}

// Damage says why a part did not come whole: the unit must be told which file to send again.
type Damage string

// The damages. What could be put right without loss is no damage but a word in Message.Problems.
const (
	Whole     Damage = ""
	Cut       Damage = "cut"       // the mail ends in it: its end may be missing, and whatever stood behind it
	Garbled   Damage = "garbled"   // its transfer encoding is broken: bytes are lost or wrong
	Undecoded Damage = "undecoded" // its transfer encoding is not known here (yEnc, a made-up word): kept as it came
	Piece     Damage = "piece"     // message/partial (RFC 2046 §5.2.2): one piece of a mail that was sent in several
	Elsewhere Damage = "elsewhere" // message/external-body (RFC 2046 §5.2.3): the mail only says where it lies
)

// A DSN is a delivery report (RFC 3464), read to each recipient.
type DSN struct {
	OriginalID string // Message-ID of the mail that bounced, with angle brackets, "" unknown
	Recipients []DSNRecipient
}

// A DSNRecipient is one recipient's fate.
type DSNRecipient struct {
	Address string
	Action  string // "failed", "delayed", "delivered" …
	Status  string // "5.1.1"
	Said    string // diagnostic text of the other server
}

// Header returns the value of the first field of that name, any case; "" when missing.
func (m *Message) Header(name string) string {
	for _, f := range m.Fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}
