package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"vanthu/bot/account"
)

// looked is a platform that says what it is told to when it is looked at.
type looked struct {
	account.Platform
	says error
}

func (*looked) Name() string { return "looked" }

func (l *looked) Check(context.Context) error { return l.says }

// A platform that is away keeps nobody from starting, and nothing is done on it until it was seen to be what the configuration means:
// without its base each row would be refused for good.
func TestNothingIsDoneOnAPlatformThatWasNotSeen(t *testing.T) {
	t.Parallel()
	away := fmt.Errorf("%w: connection refused", account.ErrAway)
	p := &looked{says: away}
	s, done := &seen{platform: p}, 0
	var log bytes.Buffer
	if err := s.first(t.Context(), slog.New(slog.NewTextHandler(&log, nil))); err != nil || !strings.Contains(log.String(), "platform_away") || !strings.Contains(log.String(), "connection refused") {
		t.Errorf("away at the start: %v, said %q", err, &log)
	}
	act := s.before(func(context.Context, int64) error { done++; return nil })
	for _, says := range []error{away, errors.New("there is no such base")} {
		if p.says = says; !errors.Is(act(t.Context(), 1), says) || done != 0 {
			t.Errorf("acted on a platform that says %v", says)
		}
	}
	p.says = nil
	if err := act(t.Context(), 1); err != nil || done != 1 {
		t.Errorf("it is there: %v, acted %d times", err, done)
	}
	p.says = away // later it goes away as it may: rows are told
	if err := act(t.Context(), 1); err != nil || done != 2 {
		t.Errorf("it was seen once: %v, acted %d times", err, done)
	}

	p.says = errors.New("there is no such base")
	if err := (&seen{platform: p}).first(t.Context(), slog.New(slog.DiscardHandler)); !errors.Is(err, p.says) || !strings.Contains(err.Error(), `accounts.platform "looked"`) {
		t.Errorf("a wrong configuration at the start: %v", err)
	}
	s = &seen{platform: struct{ account.Platform }{}} // asks nobody
	if err := s.first(t.Context(), slog.New(slog.DiscardHandler)); err != nil || s.before(func(context.Context, int64) error { return nil })(t.Context(), 1) != nil {
		t.Errorf("a platform that cannot be looked at: %v", err)
	}
}
