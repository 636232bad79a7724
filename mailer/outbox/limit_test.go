package outbox_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"vanthu/mailer/outbox"
)

// What providers really say, and what it means for a letter. A limit on how much we send must never kill one; what speaks of
// one mailbox must not stop the others.
func TestPain36QuotaIsNoFailure(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		at, said string // "550 5.4.5 text"
		want     outbox.Outcome
		rest     time.Duration
	}{
		{"data", "550 5.4.5 Daily user sending limit exceeded. For more information on Gmail sending limits go to", outbox.Limited, time.Hour},
		{"rcpt", "550 5.4.5 Daily SMTP relay sending limit exceeded for user", outbox.Limited, time.Hour},
		{"data", "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message", outbox.Limited, time.Hour},
		{"data", "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients", outbox.Limited, time.Hour},
		{"data", "550 5.7.705 Access denied, tenant has exceeded threshold", outbox.Limited, time.Hour},
		{"rcpt", "550 5.1.8 Access denied, bad outbound sender AS(42004)", outbox.Limited, time.Hour},
		{"data", "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", outbox.Limited, time.Minute},
		{"data", "432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded", outbox.Temporary, 0},
		{"rcpt", "451 4.7.500 Server busy. Access denied, please try again later", outbox.Limited, 5 * time.Minute},
		{"rcpt", "421 4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your IP address", outbox.Limited, 5 * time.Minute},
		{"rcpt", "421 4.7.0 Try again later, closing connection.", outbox.Limited, 5 * time.Minute},
		{"rcpt", "450 4.7.1 Error: too much mail from 192.0.2.7", outbox.Limited, 5 * time.Minute},
		{"data", "454 Throttling failure: Maximum sending rate exceeded.", outbox.Limited, 5 * time.Minute},
		{"data", "454 Throttling failure: Daily message quota exceeded.", outbox.Limited, time.Hour},
		{"rcpt", "550 Domain truong.example has exceeded the max emails per hour (100/100 (100%)) allowed. Message discarded.", outbox.Limited, time.Hour},
		{"rcpt", "452 4.3.1 Insufficient system resources", outbox.Limited, time.Minute},
		{"rcpt", "421 4.3.2 Service shutting down", outbox.Limited, time.Minute},
		{"mail", "553 5.7.1 <cntt@truong.example>: Sender address rejected: not owned by user lan", outbox.Limited, 5 * time.Minute},
		{"mail", "552 5.3.4 Message size exceeds fixed limit", outbox.Permanent, 0},

		{"rcpt", "450 4.2.0 <ctsv@truong.example>: Recipient address rejected: Greylisted, see http://postgrey.example/help", outbox.Temporary, 0},
		{"rcpt", "451 4.7.1 Greylisting in action, please come back later", outbox.Temporary, 0},
		{"rcpt", "450 4.2.1 The user you are trying to contact is receiving mail too quickly. Please resend your message at a later time.", outbox.Temporary, 0},
		{"rcpt", "550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages from being delivered.", outbox.Temporary, 0},
		{"rcpt", "452 4.2.2 The email account that you tried to reach is over quota", outbox.Temporary, 0},
		{"rcpt", "552 5.2.2 Mailbox is over its quota", outbox.Permanent, 0},
		{"rcpt", "550 5.1.1 The email account that you tried to reach does not exist", outbox.Permanent, 0},
		{"data", "554 5.6.0 Message content rejected", outbox.Permanent, 0},
	} {
		t.Run(c.said, func(t *testing.T) {
			t.Parallel()
			s := &server{}
			switch c.at {
			case "mail":
				s.mail = func() error { return reply(t, c.said) }
			case "rcpt":
				s.rcpt = func(*smtp.Conn, string) error { return reply(t, c.said) }
			case "data":
				s.data = func(*smtp.Conn, []byte) error { return reply(t, c.said) }
			}
			_, err := start(t, s, outbox.Implicit).Send(t.Context(), us, unit, []byte(raw))
			if got := failure(t, err, c.want); got.Rest != c.rest || !got.Said || got.Sender != (c.at == "mail" && c.want == outbox.Limited) || !strings.HasSuffix(got.Reply, c.said) {
				t.Errorf("rest %v, want %v; %+v", got.Rest, c.rest, got)
			}
		})
	}
}

// reply makes the error of "550 5.4.5 text".
func reply(t *testing.T, said string) error {
	t.Helper()
	e := &smtp.SMTPError{EnhancedCode: smtp.NoEnhancedCode}
	code, rest, _ := strings.Cut(said, " ")
	for _, digit := range code {
		e.Code = 10*e.Code + int(digit-'0')
	}
	e.Message = rest
	status, text, _ := strings.Cut(rest, " ")
	var n [3]int
	if fields := strings.Split(status, "."); len(fields) == 3 {
		for i, f := range fields {
			for _, digit := range f {
				n[i] = 10*n[i] + int(digit-'0')
			}
		}
		e.EnhancedCode, e.Message = n, text
	}
	return e
}

// Whoever wants to know is told before the final dot, and may still call the message back.
func TestBeforeDot(t *testing.T) {
	t.Parallel()
	s := &server{}
	sender := start(t, s, outbox.Implicit)
	told := 0
	m := outbox.Message{From: us, To: unit, Raw: []byte(raw), BeforeDot: func(context.Context) error {
		told++
		if n := len(s.mails()); n != 0 {
			t.Errorf("the server has %d mails before the dot", n)
		}
		return nil
	}}
	if _, err := sender.Deliver(t.Context(), m); err != nil || told != 1 || len(s.mails()) != 1 {
		t.Fatalf("%v, told %d times, %d mails", err, told, len(s.mails()))
	}
	full := errors.New("the disk is full")
	m.BeforeDot = func(context.Context) error { return full }
	_, err := sender.Deliver(t.Context(), m)
	if got := failure(t, err, outbox.Temporary); !errors.Is(got, full) || got.Said || len(s.mails()) != 1 {
		t.Errorf("%v, %d mails", got, len(s.mails()))
	}
	// A refusal at RCPT comes before it.
	s.rcpt = func(*smtp.Conn, string) error { return reply(t, "450 4.2.0 Greylisted") }
	m.BeforeDot = func(context.Context) error { t.Error("told although nobody wants the message"); return nil }
	_, err = sender.Deliver(t.Context(), m)
	failure(t, err, outbox.Temporary)
}

func TestNullReturnPath(t *testing.T) {
	t.Parallel()
	s := &server{}
	if _, err := start(t, s, outbox.Implicit).Send(t.Context(), "", unit, []byte(raw)); err != nil {
		t.Fatal(err)
	}
	if got := s.mails(); len(got) != 1 || got[0].from != "" {
		t.Errorf("%+v", got)
	}
}
