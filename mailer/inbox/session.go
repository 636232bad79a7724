package inbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// A session is one logged-in connection, used by one goroutine.
type session struct {
	c       *imapclient.Client
	raw     net.Conn // under TLS; closing it ends every exchange at once
	ear     *ear
	caps    imap.CapSet
	timeout time.Duration
	news    chan struct{} // holds one: the server said EXISTS since the mailbox was opened
	broken  bool          // an exchange failed on the wire; nothing more can be asked
	deaf    bool          // the server refused IDLE
}

// close ends the connection and waits until the library has let go of it. A server that still listens is told, for it may
// count a connection that just breaks for a long time.
func (s *session) close() {
	if !s.broken {
		timer := time.AfterFunc(min(s.timeout, farewellTime), func() { _ = s.raw.Close() })
		_ = s.c.Logout().Wait()
		timer.Stop()
	}
	_ = s.raw.Close()
	_ = s.c.Close()
}

// farewellTime bounds LOGOUT: nobody is served by it but the server.
const farewellTime = 2 * time.Second

// A watchdog closes the connection of an exchange when the server keeps silent for too long or ctx ends; the library's
// calls then return with an error.
type watchdog struct {
	s     *session
	ctx   context.Context
	timer *time.Timer
	stop  func() bool
	bit   atomic.Bool // the timer ran out
}

func (s *session) watch(ctx context.Context) *watchdog {
	w := &watchdog{s: s, ctx: ctx}
	w.timer = time.AfterFunc(s.timeout, func() {
		w.bit.Store(true)
		_ = s.raw.Close()
	})
	w.stop = context.AfterFunc(ctx, func() { _ = s.raw.Close() })
	return w
}

// hush keeps the watchdog quiet while we are the slow ones; calm counts the silence anew.
func (w *watchdog) hush() { w.timer.Stop() }
func (w *watchdog) calm() { w.timer.Reset(w.s.timeout) }

// end says what became of the exchange: nil, a refusal by the server (the connection is as good as before), or an error
// after which the session is broken.
func (w *watchdog) end(what string, err error) error {
	w.timer.Stop()
	w.stop()
	switch {
	case w.ctx.Err() != nil:
		w.s.broken = true
		return w.ctx.Err()
	case w.bit.Load():
		w.s.broken = true
		return fmt.Errorf("%s: %w for %v", what, ErrTimeout, w.s.timeout)
	case err == nil:
		return nil
	case refused(err):
		return fmt.Errorf("%s: %w", what, err)
	}
	w.s.broken = true
	if text := w.s.ear.farewell(); text != "" {
		return fmt.Errorf("%s: %w", what, &farewell{text: text})
	}
	return fmt.Errorf("%s: %w", what, unquoted(err))
}

// refused tells an answer NO or BAD from a broken connection; BYE instead of a greeting is one.
func refused(err error) bool {
	answer, ok := errors.AsType[*imap.Error](err)
	return ok && answer.Type != imap.StatusResponseTypeBye
}

// refusedWith tells a NO with that code (RFC 5530).
func refusedWith(err error, code imap.ResponseCode) bool {
	answer, ok := errors.AsType[*imap.Error](err)
	return ok && answer.Code == code
}

// do runs one exchange under the watchdog.
func (s *session) do(ctx context.Context, what string, exchange func() error) error {
	if s.broken {
		return fmt.Errorf("%s: %w", what, net.ErrClosed)
	}
	w := s.watch(ctx)
	return w.end(what, exchange())
}

// open selects a mailbox and returns its UIDVALIDITY.
func (s *session) open(ctx context.Context, mailbox string, readOnly bool) (validity uint32, err error) {
	err = s.do(ctx, "select", func() error {
		data, err := s.c.Select(mailbox, &imap.SelectOptions{ReadOnly: readOnly}).Wait()
		if err != nil {
			return err
		}
		validity = data.UIDValidity
		s.caps = s.c.Caps() // for good: all that was said right behind the login has been heard by now
		return nil
	})
	if err == nil && validity == 0 {
		err = errors.New("select: the server gives no UIDVALIDITY")
	}
	return validity, err
}

// list returns the UIDs in the mailbox, ascending; with among only those of them.
func (s *session) list(ctx context.Context, among ...uint32) (uids []uint32, err error) {
	criteria := &imap.SearchCriteria{}
	if len(among) > 0 {
		criteria.UID = []imap.UIDSet{uidSet(among)}
	}
	err = s.do(ctx, "search", func() error {
		data, err := s.c.UIDSearch(criteria, nil).Wait()
		if err != nil {
			return err
		}
		uids, err = expand(data.All)
		return err
	})
	return uids, err
}

// expand turns a set that a server sent into numbers; the library's own way panics on "*" and believes any range.
func expand(set imap.NumSet) ([]uint32, error) {
	const most = 5_000_000
	ranges, _ := set.(imap.UIDSet)
	var uids []uint32
	for _, r := range ranges {
		if r.Start == 0 || r.Stop < r.Start || uint64(r.Stop)-uint64(r.Start)+uint64(len(uids)) >= most {
			return nil, fmt.Errorf("the server lists %v:%v", r.Start, r.Stop)
		}
		for uid := uint64(r.Start); uid <= uint64(r.Stop); uid++ {
			uids = append(uids, uint32(uid))
		}
	}
	slices.Sort(uids)
	return slices.Compact(uids), nil
}

func uidSet(uids []uint32) imap.UIDSet {
	var set imap.UIDSet
	for _, uid := range uids {
		set.AddNum(imap.UID(uid))
	}
	return set
}

// forgetNews drops what was announced so far; the caller is about to look.
func (s *session) forgetNews() {
	select {
	case <-s.news:
	default:
	}
}

// idle waits for news, for at most d (which is under 29 minutes, RFC 2177 §3). waiting is called when the server knows
// that we listen. A server without IDLE is simply left alone for d.
func (s *session) idle(ctx context.Context, d time.Duration, waiting func()) error {
	if len(s.news) > 0 {
		return nil // it came while we were busy
	}
	var cmd *imapclient.IdleCommand
	if s.caps.Has(imap.CapIdle) && !s.deaf {
		err := s.do(ctx, "idle", func() (err error) {
			cmd, err = s.c.Idle()
			return err
		})
		if s.deaf = refused(err); err != nil && !s.deaf {
			return err
		}
	}
	waiting()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-s.news:
	case <-timer.C:
	case <-s.c.Closed():
	case <-ctx.Done():
		s.timeout = min(s.timeout, farewellTime)
	}
	if cmd == nil {
		return ctx.Err()
	}
	err := s.do(context.WithoutCancel(ctx), "done", func() error {
		if err := cmd.Close(); err != nil {
			return err
		}
		return cmd.Wait()
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
