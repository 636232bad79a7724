package local

import (
	"bytes"
	"crypto/subtle"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
)

const inbox = "INBOX"

// A store holds all mailboxes. Whoever waits for a change takes the channel first and looks afterwards.
type store struct {
	now func() time.Time

	mu       sync.Mutex
	accounts []*account
	validity uint32 // of the folder that was made last; never given twice (RFC 9051 §2.3.1.1)
	news     chan struct{}
}

type account struct {
	address  string
	password string
	folders  map[string]*folder
}

type folder struct {
	name       string
	validity   uint32
	next       imap.UID
	mails      []*message // by UID, ascending
	subscribed bool
}

type message struct {
	uid   imap.UID
	raw   []byte // never changed
	at    time.Time
	flags []imap.Flag // replaced, never changed in place
}

func newStore(accounts []Account, now func() time.Time) *store {
	st := &store{now: now, validity: uint32(now().Unix()), news: make(chan struct{})}
	for _, a := range accounts {
		acc := &account{address: a.Address, password: a.Password, folders: make(map[string]*folder)}
		st.makeFolder(acc, inbox).subscribed = true
		st.accounts = append(st.accounts, acc)
	}
	return st
}

// changed returns the channel that the next change closes.
func (st *store) changed() <-chan struct{} {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.news
}

// tell wakes everybody up; the caller holds the lock.
func (st *store) tell() {
	close(st.news)
	st.news = make(chan struct{})
}

func (st *store) account(address string) *account {
	for _, a := range st.accounts {
		if sameAddress(a.address, address) {
			return a
		}
	}
	return nil
}

// login returns the account whose password it is, or nil.
func (st *store) login(address, password string) *account {
	st.mu.Lock()
	defer st.mu.Unlock()
	a := st.account(address)
	if a == nil || subtle.ConstantTimeCompare([]byte(a.password), []byte(password)) != 1 {
		return nil
	}
	return a
}

func (st *store) has(address string) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.account(address) != nil
}

func (st *store) makeFolder(a *account, name string) *folder {
	st.validity++
	f := &folder{name: name, validity: st.validity, next: 1}
	a.folders[name] = f
	return f
}

// find returns a folder; INBOX is known in any case (RFC 9051 §5.1). The caller holds the lock.
func (st *store) find(address, name string) (*folder, error) {
	a := st.account(address)
	if a == nil {
		return nil, fmt.Errorf("no mailbox for %s", address)
	}
	f := a.folders[folderName(name)]
	if f == nil {
		return nil, fmt.Errorf("no folder %q of %s", name, address)
	}
	return f, nil
}

func folderName(name string) string {
	if strings.EqualFold(name, inbox) {
		return inbox
	}
	return strings.TrimRight(name, string(delimiter))
}

// add delivers one mail, making the folder when it is missing.
func (st *store) add(address, name string, raw []byte) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	a := st.account(address)
	if a == nil {
		return fmt.Errorf("no mailbox for %s", address)
	}
	f := a.folders[folderName(name)]
	if f == nil {
		f = st.makeFolder(a, folderName(name))
	}
	f.append(&message{raw: raw, at: st.now()})
	st.tell()
	return nil
}

// append gives a mail the next UID.
func (f *folder) append(m *message) imap.UID {
	m.uid = f.next
	f.next++
	f.mails = append(f.mails, m)
	return m.uid
}

// byUID returns the mail of that UID, nil when it is gone.
func (f *folder) byUID(uid imap.UID) *message {
	i, ok := slices.BinarySearchFunc(f.mails, uid, func(m *message, uid imap.UID) int { return int(int64(m.uid) - int64(uid)) })
	if !ok {
		return nil
	}
	return f.mails[i]
}

func (f *folder) remove(uids map[imap.UID]bool) {
	f.mails = slices.DeleteFunc(f.mails, func(m *message) bool { return uids[m.uid] })
}

func (f *folder) uids() []imap.UID {
	uids := make([]imap.UID, len(f.mails))
	for i, m := range f.mails {
		uids[i] = m.uid
	}
	return uids
}

func (st *store) messages(address, name string) ([][]byte, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	f, err := st.find(address, name)
	if err != nil {
		return nil, err
	}
	raw := make([][]byte, len(f.mails))
	for i, m := range f.mails {
		raw[i] = bytes.Clone(m.raw)
	}
	return raw, nil
}

func (st *store) flags(address, name string) ([][]imap.Flag, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	f, err := st.find(address, name)
	if err != nil {
		return nil, err
	}
	flags := make([][]imap.Flag, len(f.mails))
	for i, m := range f.mails {
		flags[i] = slices.Clone(m.flags)
	}
	return flags, nil
}

func (st *store) folders(address string) ([]string, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	a := st.account(address)
	if a == nil {
		return nil, fmt.Errorf("no mailbox for %s", address)
	}
	return slices.Sorted(maps.Keys(a.folders)), nil
}

func (st *store) renumber(address, name string) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	f, err := st.find(address, name)
	if err != nil {
		return err
	}
	fresh := st.makeFolder(st.account(address), f.name)
	fresh.subscribed = f.subscribed
	for _, m := range f.mails {
		fresh.append(&message{raw: m.raw, at: m.at, flags: m.flags})
	}
	st.tell()
	return nil
}
