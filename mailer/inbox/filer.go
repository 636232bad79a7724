package inbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
)

var (
	// ErrRenumbered says that the mailbox has another UIDVALIDITY: the UID names another mail now, or none.
	ErrRenumbered = errors.New("the mailbox was renumbered")
	// ErrNoMove is a server that can only move mail by expunging everything that anybody marked (no MOVE, no UIDPLUS).
	ErrNoMove = errors.New("the mail server can neither MOVE nor UID EXPUNGE")
)

// Moved is what became of one mail.
type Moved struct {
	UID            uint32 // in the mailbox it was in
	Gone           bool   // it was not there any more: somebody moved it, or an earlier try did
	Folder         string // as the server calls it
	FolderValidity uint32 // 0 when the server does not say
	FolderUID      uint32 // 0 when the server does not say
}

// A Filer moves mail to folders over a connection of its own, which it keeps. It is safe for concurrent use: one move at
// a time.
type Filer struct {
	cfg Config

	mu       sync.Mutex
	s        *session // nil: none yet, or broken
	mailbox  string   // the selected one
	validity uint32
	names    map[string]string // configured folder → what it is called here
	left     map[place]Moved   // copied, and not removed yet: what is copied at each try fills the folder
	closed   bool
	pressure *Pressure // the server wants no connection …
	until    time.Time // … before that
}

// A place is where a mail is to be moved to, and from.
type place struct {
	mailbox       string
	validity, uid uint32
	folder        string
}

// NewFiler returns a filer; it connects when there is something to move. Poll, MaxSize, Batch, Mailbox and Status of cfg
// are not used.
func NewFiler(cfg Config) *Filer {
	return &Filer{cfg: cfg.withDefaults(), names: make(map[string]string), left: make(map[place]Moved)}
}

// Close ends the connection. Later moves are refused.
func (f *Filer) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.drop()
	return nil
}

// Move moves one mail. See MoveAll.
func (f *Filer) Move(ctx context.Context, mailbox string, uidValidity, uid uint32, folder string) (Moved, error) {
	moved, err := f.MoveAll(ctx, mailbox, uidValidity, []uint32{uid}, folder)
	if err != nil {
		return Moved{}, err
	}
	return moved[0], nil
}

// MoveAll moves mails to folder, which is made when missing, and returns what became of each in the order of uids. It may
// be repeated: what is not in mailbox any more is Gone, which is no error. With an error the mails before it are moved
// and the result holds those alone. ErrRenumbered means that nothing of uids is known here.
func (f *Filer) MoveAll(ctx context.Context, mailbox string, uidValidity uint32, uids []uint32, folder string) ([]Moved, error) {
	if err := f.cfg.check(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	done := make([]Moved, 0, len(uids))
	for some := range slices.Chunk(uids, together) {
		moved, err := f.again(ctx, func(ctx context.Context) ([]Moved, error) {
			return f.move(ctx, mailbox, uidValidity, some, folder)
		})
		done = append(done, moved...)
		if err != nil {
			return done, fmt.Errorf("moving mail from %s to %s: %w", mailbox, folder, err)
		}
	}
	return done, nil
}

// again runs move, and once more on a new connection when the kept one turned out to be dead.
func (f *Filer) again(ctx context.Context, move func(context.Context) ([]Moved, error)) ([]Moved, error) {
	if f.closed {
		return nil, errors.New("the filer is closed")
	}
	kept := f.s != nil
	for {
		moved, err := f.once(ctx, move)
		if err == nil || f.s != nil || !kept || ctx.Err() != nil {
			return moved, err
		}
		kept = false
	}
}

func (f *Filer) once(ctx context.Context, move func(context.Context) ([]Moved, error)) ([]Moved, error) {
	if f.s == nil {
		if f.pressure != nil && f.cfg.Now().Before(f.until) {
			return nil, f.pressure
		}
		s, err := connect(ctx, f.cfg)
		f.relieve(err)
		if err != nil {
			return nil, err
		}
		f.s = s
	}
	moved, err := move(ctx)
	f.relieve(err)
	if f.s != nil && f.s.broken {
		f.drop()
	}
	return moved, err
}

// relieve remembers a server that wants to be left alone.
func (f *Filer) relieve(err error) {
	if f.pressure = pressed(err); f.pressure != nil {
		f.until = f.cfg.Now().Add(f.pressure.Wait)
		f.drop()
	}
}

func (f *Filer) drop() {
	if f.s != nil {
		f.s.close()
	}
	f.s, f.mailbox, f.validity = nil, "", 0
	clear(f.names)
}

func (f *Filer) move(ctx context.Context, mailbox string, uidValidity uint32, uids []uint32, folder string) ([]Moved, error) {
	if err := f.enter(ctx, mailbox, uidValidity); err != nil {
		return nil, err
	}
	there, err := f.s.list(ctx, uids...)
	if err != nil {
		return nil, err
	}
	if !f.s.caps.Has(imap.CapMove) {
		return f.copyAway(ctx, place{mailbox: mailbox, validity: uidValidity, folder: folder}, uids, there)
	}
	if len(there) == 0 {
		return report(uids, nil, folder, imap.CopyData{}), nil
	}
	name, moved, err := f.carry(ctx, there, folder)
	if err != nil {
		return nil, err
	}
	return report(uids, there, name, moved), nil
}

// copyAway is move on a server without MOVE: COPY, a mark, and an expunge of these UIDs alone (RFC 4315 §2.1), for a plain EXPUNGE would
// remove what other people have marked. Only what was copied is removed; and what could not be removed, by a right that is missing or
// a line that broke, is not copied again at the next try.
func (f *Filer) copyAway(ctx context.Context, p place, uids, there []uint32) ([]Moved, error) {
	of := func(uid uint32) place { p.uid = uid; return p }
	left := func(uid uint32) bool { _, ok := f.left[of(uid)]; return ok }
	if fresh := slices.DeleteFunc(slices.Clone(there), left); len(fresh) > 0 {
		name, copied, err := f.carry(ctx, fresh, p.folder)
		if err != nil {
			return nil, err
		}
		for _, m := range report(fresh, fresh, name, copied) {
			if !m.Gone {
				f.left[of(m.UID)] = m
			}
		}
	}
	if copied := slices.DeleteFunc(slices.Clone(there), func(uid uint32) bool { return !left(uid) }); len(copied) > 0 {
		if err := f.s.expunge(ctx, uidSet(copied)); err != nil {
			return nil, err
		}
	}
	moved := report(uids, nil, p.folder, imap.CopyData{})
	for i, uid := range uids {
		if left(uid) {
			moved[i] = f.left[of(uid)]
			delete(f.left, of(uid))
		}
	}
	return moved, nil
}

// carry moves or copies to a folder, which is made when missing, and returns what it is called here.
func (f *Filer) carry(ctx context.Context, uids []uint32, folder string) (name string, to imap.CopyData, err error) {
	name = folder
	if known, ok := f.names[folder]; ok {
		name = known
	}
	to, err = f.s.carry(ctx, uids, name)
	if refused(err) {
		if name, err = f.makeFolder(ctx, folder, err); err == nil {
			to, err = f.s.carry(ctx, uids, name)
		}
	}
	return name, to, err
}

// enter selects a mailbox in which the UIDs mean what they did.
func (f *Filer) enter(ctx context.Context, mailbox string, uidValidity uint32) error {
	if f.mailbox != mailbox {
		validity, err := f.s.open(ctx, mailbox, false)
		if err != nil {
			f.mailbox = ""
			return err
		}
		f.mailbox, f.validity = mailbox, validity
	} else if err := f.s.refresh(ctx); err != nil {
		return err
	}
	if f.validity != uidValidity {
		f.mailbox = "" // look again next time
		return ErrRenumbered
	}
	return nil
}

// makeFolder answers a refused move: a missing folder is made and subscribed. It returns the name under which the folder
// is there now; refusal is what the server said of the move, for the case that the folder was not the reason.
func (f *Filer) makeFolder(ctx context.Context, folder string, refusal error) (string, error) {
	names := []string{folder}
	prefix, err := f.s.prefix(ctx)
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(folder, prefix) {
		names = append(names, prefix+folder)
	}
	for _, name := range names {
		exists, err := f.s.exists(ctx, name)
		if err != nil {
			return "", err
		}
		if exists && f.names[folder] == name {
			return "", refusal // it was there before the move, too
		}
		if !exists {
			err = f.s.create(ctx, name)
			if refused(err) {
				refusal = err
				continue
			}
			if err != nil {
				return "", err
			}
		}
		f.names[folder] = name
		return name, nil
	}
	return "", refusal
}

// refresh lets the server tell what has come since its last word: to a session that has not heard of a mail it is not
// there (RFC 9051 §5.2).
func (s *session) refresh(ctx context.Context) error {
	return s.do(ctx, "noop", func() error { return s.c.Noop().Wait() })
}

// carry moves by UID; where there is no MOVE it copies, for who can UID EXPUNGE afterwards. The library's own fallback does not wait for
// COPY to succeed.
func (s *session) carry(ctx context.Context, uids []uint32, folder string) (imap.CopyData, error) {
	set := uidSet(uids)
	var copied imap.CopyData
	if s.caps.Has(imap.CapMove) {
		err := s.do(ctx, "move", func() error {
			data, err := s.c.Move(set, folder).Wait()
			if err != nil {
				return err
			}
			copied.UIDValidity = data.UIDValidity
			copied.SourceUIDs, _ = data.SourceUIDs.(imap.UIDSet)
			copied.DestUIDs, _ = data.DestUIDs.(imap.UIDSet)
			return nil
		})
		return copied, err
	}
	if !s.caps.Has(imap.CapUIDPlus) {
		return copied, ErrNoMove
	}
	err := s.do(ctx, "copy", func() error {
		data, err := s.c.Copy(set, folder).Wait()
		if err == nil {
			copied = *data
		}
		return err
	})
	return copied, err
}

// prefix is what the names of a person's folders begin with on this server: "INBOX." on some, mostly "" (RFC 2342).
func (s *session) prefix(ctx context.Context) (prefix string, err error) {
	if !s.caps.Has(imap.CapNamespace) {
		return "", nil
	}
	err = s.do(ctx, "namespace", func() error {
		data, err := s.c.Namespace().Wait()
		if err == nil && len(data.Personal) > 0 {
			prefix = data.Personal[0].Prefix
		}
		return err
	})
	if refused(err) {
		return "", nil
	}
	return prefix, err
}

// exists says whether mail can be put into a folder of that name.
func (s *session) exists(ctx context.Context, name string) (exists bool, err error) {
	err = s.do(ctx, "list", func() error {
		found, err := s.c.List("", name, nil).Collect()
		for _, f := range found {
			closed := slices.Contains(f.Attrs, imap.MailboxAttrNoSelect) || slices.Contains(f.Attrs, imap.MailboxAttrNonExistent)
			exists = exists || f.Mailbox == name && !closed
		}
		return err
	})
	return exists, err
}

func (s *session) create(ctx context.Context, name string) error {
	err := s.do(ctx, "create", func() error { return s.c.Create(name, nil).Wait() })
	if err != nil && !refusedWith(err, imap.ResponseCodeAlreadyExists) {
		return err
	}
	err = s.do(ctx, "subscribe", func() error { return s.c.Subscribe(name).Wait() })
	if refused(err) {
		return nil // people find it less easily; the mail is filed all the same
	}
	return err
}

// report says of each UID what became of it. Sources and destinations stand in the same order (RFC 4315 §3).
func report(uids, there []uint32, folder string, copied imap.CopyData) []Moved {
	from, errFrom := expand(copied.SourceUIDs)
	to, errTo := expand(copied.DestUIDs)
	told := errFrom == nil && errTo == nil && len(from) > 0 && len(from) == len(to)
	moved := make([]Moved, len(uids))
	for i, uid := range uids {
		moved[i] = Moved{UID: uid, Folder: folder}
		_, was := slices.BinarySearch(there, uid)
		if told && was {
			var at int
			if at, was = slices.BinarySearch(from, uid); was {
				moved[i].FolderValidity, moved[i].FolderUID = copied.UIDValidity, to[at]
			}
		}
		moved[i].Gone = !was
	}
	return moved
}
