package outbox_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"vanthu/mailer/outbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	us  = "cntt@truong.example"
	raw = "Subject: a\r\n\r\n.dot\r\n..\r\nend\r\n"
)

var unit = []string{"ctsv@truong.example"}

func TestSend(t *testing.T) {
	t.Parallel()
	for _, security := range []outbox.Security{outbox.Implicit, outbox.StartTLS, outbox.Plain} {
		t.Run(string(security), func(t *testing.T) {
			t.Parallel()
			s := &server{}
			sender := start(t, s, security)
			for range 3 {
				reply, err := sender.Send(t.Context(), us, append(unit, "lan@truong.example"), []byte(raw))
				if err != nil {
					t.Fatal(err)
				}
				if !strings.Contains(reply, "OK") {
					t.Errorf("reply %q", reply)
				}
			}
			one := accepted{from: us, to: append(unit, "lan@truong.example"), raw: raw}
			if diff := cmp.Diff([]accepted{one, one, one}, s.mails(), cmp.AllowUnexported(accepted{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if opened, _ := s.connections(); opened != 1 {
				t.Errorf("%d connections for three mails, want one kept", opened)
			}
		})
	}
}

func TestReplyHoldsQueueID(t *testing.T) {
	t.Parallel()
	s := &server{data: func(*smtp.Conn, []byte) error {
		return &smtp.SMTPError{Code: 250, EnhancedCode: smtp.EnhancedCode{2, 0, 0}, Message: "Ok: queued as 4XyZ"}
	}}
	reply, err := start(t, s, outbox.Implicit).Send(t.Context(), us, unit, []byte(raw))
	if err != nil || !strings.Contains(reply, "queued as 4XyZ") {
		t.Errorf("reply %q, error %v", reply, err)
	}
}

// TestRefused holds what each refusal is, and that the connection serves the next message.
func TestRefused(t *testing.T) {
	t.Parallel()
	say := func(code int) error {
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: "said so"}
	}
	for name, c := range map[string]struct {
		rcpt  func(string) error
		data  func() error
		want  outbox.Outcome
		reply string
	}{
		"4xx at RCPT": {rcpt: func(string) error { return say(451) }, want: outbox.Temporary,
			reply: "RCPT TO <ctsv@truong.example>: 451 4.1.1 said so"},
		"5xx at RCPT": {rcpt: func(string) error { return say(550) }, want: outbox.Permanent,
			reply: "RCPT TO <ctsv@truong.example>: 550 5.1.1 said so"},
		"5xx for one of two": {rcpt: func(to string) error {
			if to == unit[0] {
				return nil
			}
			return say(550)
		}, want: outbox.Permanent, reply: "RCPT TO <lan@truong.example>: 550 5.1.1 said so"},
		"4xx after DATA":     {data: func() error { return say(452) }, want: outbox.Temporary, reply: "message: 452 4.1.1 said so"},
		"5xx after DATA":     {data: func() error { return say(554) }, want: outbox.Permanent, reply: "message: 554 5.1.1 said so"},
		"login wanted again": {rcpt: func(string) error { return say(530) }, want: outbox.Temporary},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var once sync.Once
			first := func(f func() error) (err error) {
				if f != nil {
					once.Do(func() { err = f() })
				}
				return err
			}
			s := &server{data: func(*smtp.Conn, []byte) error { return first(c.data) }}
			if c.rcpt != nil {
				refusals := 0
				s.rcpt = func(_ *smtp.Conn, to string) error {
					err := c.rcpt(to)
					if err != nil {
						if refusals++; refusals > 1 {
							return nil
						}
					}
					return err
				}
			}
			sender := start(t, s, outbox.Implicit)
			to := append(unit, "lan@truong.example")
			_, err := sender.Send(t.Context(), us, to, []byte(raw))
			got := failure(t, err, c.want)
			if c.reply != "" && got.Reply != c.reply {
				t.Errorf("reply %q, want %q", got.Reply, c.reply)
			}
			if len(s.mails()) != 0 {
				t.Errorf("a refused message was taken: %+v", s.mails())
			}
			if _, err := sender.Send(t.Context(), us, to, []byte(raw)); err != nil {
				t.Errorf("the next message: %v", err)
			}
			if opened, _ := s.connections(); opened != 1 {
				t.Errorf("%d connections, want the same one again", opened)
			}
		})
	}
}

func TestLostBeforeTheReplyIsUnknown(t *testing.T) {
	t.Parallel()
	s := &server{data: func(c *smtp.Conn, _ []byte) error { return c.Conn().Close() }}
	_, err := start(t, s, outbox.Implicit).Send(t.Context(), us, unit, []byte(raw))
	failure(t, err, outbox.Unknown)
}

func TestLostBeforeTheDotIsTemporary(t *testing.T) {
	t.Parallel()
	s := &server{rcpt: func(c *smtp.Conn, _ string) error { return c.Conn().Close() }}
	_, err := start(t, s, outbox.Implicit).Send(t.Context(), us, unit, []byte(raw))
	failure(t, err, outbox.Temporary)
}

// The final dot is out and the context ends: nobody knows.
func TestContextEndsWaitingForTheReply(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	defer close(release)
	s := &server{data: func(*smtp.Conn, []byte) error { cancel(); <-release; return nil }}
	_, err := start(t, s, outbox.Implicit).Send(ctx, us, unit, []byte(raw))
	if got := failure(t, err, outbox.Unknown); !errors.Is(got, context.Canceled) {
		t.Errorf("%v does not name the context", got)
	}
}

func TestDroppedIdleConnectionIsReopened(t *testing.T) {
	t.Parallel()
	for _, refused := range []bool{false, true} { // probed with NOOP, and with RSET
		s := &server{}
		sender := start(t, s, outbox.Implicit)
		if refused {
			s.rcpt = func(*smtp.Conn, string) error { return &smtp.SMTPError{Code: 550, Message: "no"} }
		}
		if _, err := sender.Send(t.Context(), us, unit, []byte(raw)); (err != nil) != refused {
			t.Fatal(err)
		}
		s.drop(t)
		s.rcpt = nil
		if _, err := sender.Send(t.Context(), us, unit, []byte(raw)); err != nil {
			t.Errorf("after the drop: %v", err)
		}
		if opened, _ := s.connections(); opened != 2 {
			t.Errorf("%d connections, want 2", opened)
		}
	}
}

func TestOldIdleConnectionIsNotUsed(t *testing.T) {
	t.Parallel()
	s := &server{}
	sender := start(t, s, outbox.Implicit)
	now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	sender.Now = func() time.Time { return now }
	for i, pause := range []time.Duration{0, 29 * time.Second, 31 * time.Second} {
		now = now.Add(pause)
		if _, err := sender.Send(t.Context(), us, unit, []byte(raw)); err != nil {
			t.Fatal(err)
		}
		want := 1 + i/2
		if opened, _ := s.connections(); opened != want {
			t.Errorf("after a pause of %s: %d connections, want %d", pause, opened, want)
		}
	}
	wait(t, s.gone)
}

func TestSecretCannotBeHad(t *testing.T) {
	t.Parallel()
	missing := errors.New("no such file")
	s := &server{auth: func(string, string, string) error { return nil }}
	sender := start(t, s, outbox.Implicit)
	sender.User, sender.Password = us, func(context.Context) (string, error) { return "", missing }
	_, err := sender.Send(t.Context(), us, unit, []byte(raw))
	if got := failure(t, err, outbox.Temporary); !errors.Is(got, missing) {
		t.Errorf("got %v", got)
	}
}

func TestEnvelopeIsChecked(t *testing.T) {
	t.Parallel()
	sender := &outbox.Sender{Address: "127.0.0.1:1"}
	for _, to := range [][]string{nil, {"a@b\r\nDATA"}, {"a@b> SIZE=1 <"}} {
		_, err := sender.Send(t.Context(), us, to, []byte(raw))
		failure(t, err, outbox.Permanent)
	}
}

// TestConcurrent sends more mails at once than there may be connections.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	s := &server{}
	sender := start(t, s, outbox.Implicit)
	sender.Max = 3
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			if _, err := sender.Send(t.Context(), us, unit, []byte(raw)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if opened, most := s.connections(); most > 3 || opened > 3 || len(s.mails()) != 30 {
		t.Errorf("%d connections, %d at a time, %d mails", opened, most, len(s.mails()))
	}
}

func TestClosed(t *testing.T) {
	t.Parallel()
	s := &server{}
	sender := start(t, s, outbox.Implicit)
	if _, err := sender.Send(t.Context(), us, unit, []byte(raw)); err != nil {
		t.Fatal(err)
	}
	if err := sender.Close(); err != nil {
		t.Fatal(err)
	}
	wait(t, s.gone)
	_, err := sender.Send(t.Context(), us, unit, []byte(raw))
	if got := failure(t, err, outbox.Temporary); !errors.Is(got, outbox.ErrClosed) {
		t.Errorf("got %v", got)
	}
}

func TestContextAlreadyEnded(t *testing.T) {
	t.Parallel()
	s := &server{}
	sender := start(t, s, outbox.Implicit)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := sender.Send(ctx, us, unit, []byte(raw))
	if got := failure(t, err, outbox.Temporary); !errors.Is(got, context.Canceled) || len(s.mails()) > 0 {
		t.Errorf("got %v, %d mails", got, len(s.mails()))
	}
}
