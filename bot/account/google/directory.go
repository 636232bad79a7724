package google

import (
	"context"
	"hash/maphash"
	"net/url"
	"sync"
	"time"

	"vanthu/bot/account"
)

const (
	// listedFor is how long a listing may rule somebody out. It only saves questions: that no address is given twice is for Google.
	listedFor = 2 * time.Minute
	// deletedFor is how long a list of deleted users is good; what is deleted here is in it at once.
	deletedFor = time.Minute
)

// A snapshot remembers of whom the last listing of the directory knew, as hashes: 100,000 people are a few megabytes.
type snapshot struct {
	mu      sync.Mutex
	seed    maphash.Seed
	known   map[uint64]struct{}
	at      time.Time
	pages   int // what a listing costs
	single  int // what questions about one person have cost since
	reading bool
	now     func() time.Time
}

// cost is how many queries a listing takes.
func (s *snapshot) cost() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pages
}

func (s *snapshot) asked() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.single++
}

// fresh is called with the lock held.
func (s *snapshot) fresh() bool { return s.known != nil && s.now().Sub(s.at) < listedFor }

// without says that nobody in the last listing had the key.
func (s *snapshot) without(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.fresh() {
		return false
	}
	_, ok := s.known[maphash.String(s.seed, key)]
	return !ok
}

// refresh lists the directory once questions about one person have cost as much as that. One row does it, the others go on
// asking; when it fails, nothing is ruled out.
func (s *snapshot) refresh(ctx context.Context, p *Platform) {
	s.mu.Lock()
	s.now = p.cfg.Now
	due := !s.reading && !s.fresh() && s.single >= max(s.pages, singly/4)
	s.reading = s.reading || due
	s.mu.Unlock()
	if !due {
		return
	}
	_ = s.read(ctx, p, func(user) {}) // then it is not fresh
	s.mu.Lock()
	s.reading = false
	s.mu.Unlock()
}

// read lists everybody who is not deleted.
func (s *snapshot) read(ctx context.Context, p *Platform, each func(user)) error {
	began, seed, known, people := p.cfg.Now(), maphash.MakeSeed(), map[uint64]struct{}{}, 0
	note := func(key string) { known[maphash.String(seed, key)] = struct{}{} }
	err := p.list(ctx, url.Values{}, func(u user) error {
		people++
		a := p.account(u)
		note(codeKey(a.Code))
		note(markerKey(a.Marker))
		for _, address := range append(a.Aliases, a.Address) {
			note(addressKey(address))
		}
		each(u)
		return nil
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now, s.seed, s.known, s.at, s.pages, s.single = p.cfg.Now, seed, known, began, people/500+1, 0
	return nil
}

// A kept is an answer that is good for a time. One asks, the others wait for it.
type kept[T any] struct {
	mu    sync.Mutex
	at    time.Time
	valid bool
	value T
}

func (k *kept[T]) get(now func() time.Time, good time.Duration, ask func() (T, error)) (T, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.valid && now().Sub(k.at) < good {
		return k.value, nil
	}
	at := now()
	value, err := ask()
	if err != nil {
		return value, err
	}
	k.at, k.valid, k.value = at, true, value
	return value, nil
}

func (k *kept[T]) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.valid = false
}

// deleted returns who was deleted and can be restored. Google gives his address away again; we do not (FR-17).
func (p *Platform) deleted(ctx context.Context, good time.Duration) ([]user, error) {
	return p.erased.get(p.cfg.Now, good, func() ([]user, error) {
		var users []user
		err := p.list(ctx, url.Values{"showDeleted": {"true"}}, func(u user) error {
			if a := p.account(u); !a.Deleted() { // it was deleted, and must not be taken for one that can be changed
				u.Deleted = p.cfg.Now().UTC().Format(time.RFC3339)
			}
			users = append(users, u)
			return nil
		})
		return users, err
	})
}

// List goes through everybody, then through who was deleted.
func (p *Platform) List(ctx context.Context, f func(account.Account) error) error {
	if err := p.list(ctx, url.Values{}, func(u user) error { return f(p.account(u)) }); err != nil {
		return err
	}
	gone, err := p.deleted(ctx, 0)
	if err != nil {
		return err
	}
	for _, u := range gone {
		if err := f(p.account(u)); err != nil {
			return err
		}
	}
	return nil
}
