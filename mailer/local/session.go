package local

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

const delimiter rune = '/'

// A session is one IMAP connection. What it has told its client about the selected folder is its view: the UID behind
// every sequence number. Poll brings the view up to date and says the difference, so nothing can be announced twice or
// forgotten between two commands.
//
// The library's own memory server is not used: it answers an empty body for a mail whose header block it cannot parse,
// keeps an EXISTS to itself that falls between two commands and IDLE, and holds its lock while it writes to the client.
type session struct {
	store   *store
	account *account

	mu     sync.Mutex // IDLE polls from its own goroutine
	folder *folder    // nil when none is selected
	view   []imap.UID
}

var _ imapserver.SessionIMAP4rev2 = (*session)(nil)

func refuse(code imap.ResponseCode, text string) error {
	return &imap.Error{Type: imap.StatusResponseTypeNo, Code: code, Text: text}
}

func (s *session) Close() error { return nil }

func (s *session) Login(user, password string) error {
	if s.account = s.store.login(user, password); s.account == nil {
		return imapserver.ErrAuthFailed
	}
	return nil
}

// named returns a folder of this account; the caller holds the store's lock.
func (s *session) named(name string, code imap.ResponseCode) (*folder, error) {
	if f := s.account.folders[folderName(name)]; f != nil {
		return f, nil
	}
	return nil, refuse(code, "No such mailbox")
}

func (s *session) Select(name string, _ *imap.SelectOptions) (*imap.SelectData, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	f, err := s.named(name, imap.ResponseCodeNonExistent)
	if err != nil {
		return nil, err
	}
	s.folder, s.view = f, f.uids()
	system := []imap.Flag{imap.FlagAnswered, imap.FlagFlagged, imap.FlagDeleted, imap.FlagSeen, imap.FlagDraft}
	return &imap.SelectData{
		Flags: system, PermanentFlags: append(slices.Clone(system), imap.FlagWildcard),
		NumMessages: uint32(len(s.view)), UIDNext: f.next, UIDValidity: f.validity,
	}, nil
}

func (s *session) Unselect() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.folder, s.view = nil, nil
	return nil
}

func (s *session) Create(name string, _ *imap.CreateOptions) error {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	if s.account.folders[folderName(name)] != nil {
		return refuse(imap.ResponseCodeAlreadyExists, "Mailbox already exists")
	}
	s.store.makeFolder(s.account, folderName(name))
	s.store.tell()
	return nil
}

func (s *session) Delete(name string) error {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	f, err := s.named(name, imap.ResponseCodeNonExistent)
	if err != nil {
		return err
	}
	if f.name == inbox {
		return refuse(imap.ResponseCodeCannot, "INBOX stays")
	}
	f.mails = nil
	delete(s.account.folders, f.name)
	s.store.tell()
	return nil
}

func (s *session) Rename(name, to string, _ *imap.RenameOptions) error {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	f, err := s.named(name, imap.ResponseCodeNonExistent)
	if err != nil {
		return err
	}
	if f.name == inbox || s.account.folders[folderName(to)] != nil {
		return refuse(imap.ResponseCodeAlreadyExists, "Cannot rename")
	}
	delete(s.account.folders, f.name)
	f.name = folderName(to)
	s.account.folders[f.name] = f
	s.store.tell()
	return nil
}

func (s *session) Subscribe(name string) error   { return s.subscribe(name, true) }
func (s *session) Unsubscribe(name string) error { return s.subscribe(name, false) }

func (s *session) subscribe(name string, on bool) error {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	f, err := s.named(name, imap.ResponseCodeNonExistent)
	if err != nil {
		return err
	}
	f.subscribed = on
	return nil
}

func (s *session) List(w *imapserver.ListWriter, ref string, patterns []string, o *imap.ListOptions) error {
	if len(patterns) == 0 { // LIST "" "" asks for the delimiter
		return w.WriteList(&imap.ListData{Attrs: []imap.MailboxAttr{imap.MailboxAttrNoSelect}, Delim: delimiter})
	}
	for _, data := range s.list(ref, patterns, o) {
		if err := w.WriteList(data); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) list(ref string, patterns []string, o *imap.ListOptions) []*imap.ListData {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	var all []*imap.ListData
	for _, f := range s.account.folders {
		matches := slices.ContainsFunc(patterns, func(p string) bool { return imapserver.MatchList(f.name, delimiter, ref, p) })
		if !matches || o.SelectSubscribed && !f.subscribed {
			continue
		}
		data := &imap.ListData{Mailbox: f.name, Delim: delimiter}
		if f.subscribed {
			data.Attrs = append(data.Attrs, imap.MailboxAttrSubscribed)
		}
		all = append(all, data)
	}
	slices.SortFunc(all, func(a, b *imap.ListData) int { return strings.Compare(a.Mailbox, b.Mailbox) })
	return all
}

func (s *session) Namespace() (*imap.NamespaceData, error) {
	return &imap.NamespaceData{Personal: []imap.NamespaceDescriptor{{Delim: delimiter}}}, nil
}

func (s *session) Status(name string, o *imap.StatusOptions) (*imap.StatusData, error) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	f, err := s.named(name, imap.ResponseCodeNonExistent)
	if err != nil {
		return nil, err
	}
	var count, unseen, deleted uint32
	var size int64
	for _, m := range f.mails {
		count++
		size += int64(len(m.raw))
		if !hasFlag(m.flags, imap.FlagSeen) {
			unseen++
		}
		if hasFlag(m.flags, imap.FlagDeleted) {
			deleted++
		}
	}
	none := uint32(0)
	return &imap.StatusData{Mailbox: f.name, NumMessages: &count, NumUnseen: &unseen, NumDeleted: &deleted, NumRecent: &none,
		Size: &size, UIDNext: f.next, UIDValidity: f.validity}, nil
}

func (s *session) Append(name string, r imap.LiteralReader, o *imap.AppendOptions) (*imap.AppendData, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("reading the appended mail: %w", err)
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	f, err := s.named(name, imap.ResponseCodeTryCreate)
	if err != nil {
		return nil, err
	}
	at := o.Time
	if at.IsZero() {
		at = s.store.now()
	}
	uid := f.append(&message{raw: raw, at: at, flags: slices.Clone(o.Flags)})
	s.store.tell()
	return &imap.AppendData{UIDValidity: f.validity, UID: uid}, nil
}

// Poll tells the client what has changed in the selected folder.
func (s *session) Poll(w *imapserver.UpdateWriter, allowExpunge bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.folder == nil {
		return nil
	}
	s.store.mu.Lock()
	there := s.folder.uids()
	s.store.mu.Unlock()
	if allowExpunge {
		for i := len(s.view) - 1; i >= 0; i-- {
			if _, ok := slices.BinarySearch(there, s.view[i]); ok {
				continue
			}
			if err := w.WriteExpunge(uint32(i + 1)); err != nil {
				return err
			}
			s.view = slices.Delete(s.view, i, i+1)
		}
	}
	known := len(s.view)
	for _, uid := range there {
		if known == 0 || uid > s.view[known-1] {
			s.view = append(s.view, uid)
		}
	}
	if len(s.view) == known {
		return nil
	}
	return w.WriteNumMessages(uint32(len(s.view)))
}

func (s *session) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	for {
		changed := s.store.changed()
		if err := s.Poll(w, true); err != nil {
			return err
		}
		select {
		case <-changed:
		case <-stop:
			return nil
		}
	}
}
