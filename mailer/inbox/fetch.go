package inbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// A found is what one FETCH response says of one mail.
type found struct {
	uid      uint32
	size     int64
	date     time.Time
	body     []byte // nil: not given
	tooLarge bool   // the body is larger than the limit and was thrown away
}

// sizes asks for size and date before any body is fetched.
func (s *session) sizes(ctx context.Context, uids []uint32) (map[uint32]found, error) {
	known := make(map[uint32]found, len(uids))
	options := &imap.FetchOptions{UID: true, RFC822Size: true, InternalDate: true}
	err := s.fetch(ctx, uidSet(uids), options, nil, func(f found) error {
		known[f.uid] = f
		return nil
	})
	return known, err
}

// bodies streams whole mails, one at a time, in one FETCH that does not mark them as read.
func (s *session) bodies(ctx context.Context, set imap.NumSet, limit int64, got func(found) error) error {
	section := &imap.FetchItemBodySection{Peek: true}
	return s.fetch(ctx, set, bodyOptions(section), &piece{section: section, limit: limit}, got)
}

// headers streams header blocks; of a block over headerSize only its beginning.
func (s *session) headers(ctx context.Context, set imap.NumSet, got func(found) error) error {
	section := &imap.FetchItemBodySection{Specifier: imap.PartSpecifierHeader, Peek: true}
	return s.fetch(ctx, set, bodyOptions(section), &piece{section: section, limit: headerSize, cut: true}, got)
}

func bodyOptions(section *imap.FetchItemBodySection) *imap.FetchOptions {
	return &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}}
}

// A piece is the part of a mail that is asked for.
type piece struct {
	section *imap.FetchItemBodySection
	limit   int64
	cut     bool // keep the first limit bytes of a larger one, instead of none
}

// fetch runs one FETCH and hands over each mail. A mail counts only when the response after it has begun or the command
// has ended: the library closes a response that breaks off in the same way as a complete one. An error of got ends the
// session, for the rest of the answer is on its way.
func (s *session) fetch(ctx context.Context, set imap.NumSet, o *imap.FetchOptions, p *piece, got func(found) error) error {
	if s.broken {
		return fmt.Errorf("fetch: %w", net.ErrClosed)
	}
	w := s.watch(ctx)
	item := "RFC822.SIZE"
	if p != nil {
		item = "BODY["
	}
	s.ear.expect(item)
	defer s.ear.expect("")
	cmd := s.c.Fetch(set, o)
	var held *found
	var failed error
	hand := func() {
		if held == nil || failed != nil || held.uid == 0 {
			return
		}
		w.hush()
		if failed = got(*held); failed != nil {
			_ = s.raw.Close()
		}
		w.calm()
	}
	for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
		w.calm()
		if hand(); failed != nil {
			continue // the library reads the rest away
		}
		f, err := w.read(msg, p)
		if err != nil {
			// Not one more call on cmd: it would read the broken literal again, while the library reads on behind it.
			_ = s.raw.Close()
			<-s.c.Closed()
			return w.end("fetch", err)
		}
		held = &f
	}
	err := cmd.Close()
	if err == nil || refused(err) { // a NO may follow good mails (RFC 9051 §6.4.5)
		hand()
	}
	if failed != nil {
		s.broken = true
		if err := w.end("fetch", nil); err != nil {
			return err
		}
		return failed
	}
	return w.end("fetch", err)
}

var errShort = errors.New("the mail was cut off")

// read takes one response apart, in whatever order its items come.
func (w *watchdog) read(msg *imapclient.FetchMessageData, p *piece) (found, error) {
	var f found
	for item := msg.Next(); item != nil; item = msg.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			f.uid = uint32(item.UID)
		case imapclient.FetchItemDataRFC822Size:
			f.size = item.Size
		case imapclient.FetchItemDataInternalDate:
			f.date = item.Time
		case imapclient.FetchItemDataBodySection:
			if p == nil || item.Literal == nil || !item.MatchCommand(p.section) {
				continue
			}
			if err := w.literal(item.Literal, p, &f); err != nil {
				return found{}, err
			}
		}
	}
	return f, nil
}

// literal reads a body. The server may declare any length, so no more than the limit is ever kept, and what is declared
// must come: the library takes the end of the connection for the end of the literal.
func (w *watchdog) literal(l imap.LiteralReader, p *piece, f *found) error {
	keep := l.Size()
	if keep > p.limit {
		f.tooLarge = true
		if keep = 0; p.cut {
			keep = p.limit
		}
	}
	f.body = make([]byte, keep)
	progress := &progress{LiteralReader: l, w: w}
	w.calm()
	if _, err := io.ReadFull(progress, f.body); err != nil {
		return fmt.Errorf("%w: %w", errShort, err)
	}
	rest, err := io.Copy(io.Discard, progress)
	if err != nil || keep+rest != l.Size() {
		return errors.Join(errShort, err)
	}
	if f.tooLarge && !p.cut {
		f.body, f.size = nil, l.Size()
	}
	return nil
}

// progress keeps the watchdog calm while bytes come, but not for a drip: within the time of one silence there must come
// leastPiece or the rest of the literal.
type progress struct {
	imap.LiteralReader
	w *watchdog
	n int
}

const leastPiece = 32 << 10 // half a kilobyte a second, with the usual minute

func (p *progress) Read(b []byte) (int, error) {
	n, err := p.LiteralReader.Read(b)
	if p.n += n; p.n >= leastPiece {
		p.n = 0
		p.w.calm()
	}
	return n, err
}
