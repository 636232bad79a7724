// Package compose turns an answer into the bytes of a mail: threading, Auto-Submitted, texts and attachments
// (RFC 5322, RFC 3834 §3). Same Mail, same bytes: boundaries are derived from the Message-ID.
//
// It must not know any university, nor send anything (package outbox does).
package compose

import (
	"time"

	"vanthu/mailer/mime"
)

// A Mail is one mail to be sent.
type Mail struct {
	From          mime.Address
	To            []mime.Address
	Cc            []mime.Address
	ReplyTo       []mime.Address // none: the From address
	Subject       string         // UTF-8
	MessageID     string         // with angle brackets
	InReplyTo     string         // with angle brackets, "" starts a thread
	References    []string
	Date          time.Time
	AutoSubmitted string // "auto-replied", "auto-generated"; "" leaves the field out (only for mails of people)
	Text          string // text/plain, UTF-8
	HTML          string // optional
	Header        []mime.Field
	Attachments   []Attachment
}

// An Attachment is one attached file.
type Attachment struct {
	Name string // UTF-8, written as RFC 2231
	Type string
	Data []byte
}
