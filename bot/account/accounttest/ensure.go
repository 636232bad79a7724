package accounttest

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"vanthu/bot/account"
)

func ensureIsIdempotent(t *testing.T, p account.Platform, block int) {
	for i := range 3 {
		want := Person(block, i)
		for try := range 3 {
			got, err := account.Ensure(t.Context(), p, want, Password)
			if err != nil {
				t.Fatalf("try %d: %v", try, err)
			}
			if got.Created != (try == 0) || got.Said == "" {
				t.Errorf("try %d: created %v, said %q", try, got.Created, got.Said)
			}
			same(t, "result", []account.Account{got.Account}, want)
		}
		same(t, "accounts", lookup(t, p, account.Keys{Codes: []string{want.Code}}), want)
	}
}

func ensureConcurrently(t *testing.T, p account.Platform, block int) {
	want := Person(block, 0)
	results := make([]account.Result, 8)
	errs := make([]error, 8)
	together(len(errs), func(i int) { results[i], errs[i] = account.Ensure(t.Context(), p, want, Password) })
	made := 0
	for i, err := range errs {
		if err != nil {
			t.Errorf("run %d: %v", i, err)
		}
		if results[i].Created {
			made++
		}
	}
	if made != 1 {
		t.Errorf("%d runs say that they made the account, want one", made)
	}
	same(t, "accounts", lookup(t, p, account.Keys{Codes: []string{want.Code}}), want)
}

func ensureConflict(t *testing.T, p account.Platform, block int) {
	first := Person(block, 0)
	create(t, p, first)
	for _, c := range []struct {
		taken string
		mix   func(a *account.Account)
	}{
		{"user", func(a *account.Account) { a.User = first.User }},
		{"code", func(a *account.Account) { a.Code = first.Code }},
		{"address", func(a *account.Account) { a.Address = first.Address }},
		{"code user address", func(a *account.Account) { m := a.Marker; *a = first; a.Marker = m }},
	} {
		want := Person(block, 1)
		c.mix(&want)
		_, err := account.Ensure(t.Context(), p, want, Password)
		conflict, ok := errors.AsType[*account.Conflict](err)
		if !ok || !errors.Is(err, account.ErrExists) {
			t.Errorf("%s: error %v, want a conflict", c.taken, err)
			continue
		}
		if got := strings.Join(conflict.Taken, " "); got != c.taken {
			t.Errorf("taken %q, want %q", got, c.taken)
		}
		same(t, "holder", []account.Account{conflict.Have}, first)
		if strings.Contains(err.Error(), first.Name) {
			t.Errorf("%s: the error names a person: %v", c.taken, err)
		}
	}
	// An account that somebody else made, without a marker.
	other := Person(block, 2)
	marker := other.Marker
	other.Marker = ""
	create(t, p, other)
	other.Marker = marker
	if _, err := account.Ensure(t.Context(), p, other, Password); !errors.Is(err, account.ErrExists) {
		t.Errorf("account without a marker: error %v, want ErrExists", err)
	}
}

func ensureMismatch(t *testing.T, p account.Platform, block int) {
	there := Person(block, 0)
	create(t, p, there)
	want := there
	want.Name, want.Family, want.Given = "Người Khác", "Người", "Khác"
	_, err := account.Ensure(t.Context(), p, want, Password)
	if !errors.Is(err, account.ErrPermanent) || errors.Is(err, account.ErrExists) {
		t.Errorf("our marker on another person: error %v, want ErrPermanent", err)
	}
}

// The account is made, the reply never comes.
func ensureLostReply(t *testing.T, p account.Platform, block int) {
	want := Person(block, 0)
	lossy := &faulty{Platform: p, loseReplies: 1}
	got, err := account.Ensure(t.Context(), lossy, want, Password)
	if err != nil || !got.Created {
		t.Fatalf("created %v, error %v", got.Created, err)
	}
	same(t, "accounts", lookup(t, p, account.Keys{Codes: []string{want.Code}}), want)
	again, err := account.Ensure(t.Context(), lossy, want, Password)
	if err != nil || again.Created || lossy.creates.Load() != 1 {
		t.Errorf("second run: created %v after %d creates, error %v", again.Created, lossy.creates.Load(), err)
	}
}

// The reply is lost and the platform is gone for the look that follows.
func ensureLostReplyAndLook(t *testing.T, p account.Platform, block int) {
	want := Person(block, 0)
	lossy := &faulty{Platform: p, loseReplies: 1, goneAfterCreate: true}
	_, err := account.Ensure(t.Context(), lossy, want, Password)
	if err == nil || errors.Is(err, account.ErrExists) || errors.Is(err, account.ErrPermanent) {
		t.Fatalf("error %v, want a temporary one", err)
	}
	lossy.gone.Store(false)
	got, err := account.Ensure(t.Context(), lossy, want, Password)
	if err != nil || got.Created || lossy.creates.Load() != 1 {
		t.Errorf("second run: created %v after %d creates, error %v", got.Created, lossy.creates.Load(), err)
	}
	same(t, "accounts", lookup(t, p, account.Keys{Codes: []string{want.Code}}), want)
}

// The time is up before anything was done.
func ensureTimeoutBefore(t *testing.T, p account.Platform, block int) {
	want := Person(block, 0)
	slow := &faulty{Platform: p, dropRequests: 2}
	for range 2 {
		_, err := account.Ensure(t.Context(), slow, want, Password)
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, account.ErrExists) || errors.Is(err, account.ErrPermanent) {
			t.Fatalf("error %v, want the timeout as a temporary one", err)
		}
		same(t, "nothing is there", lookup(t, p, account.Keys{Codes: []string{want.Code}}))
	}
	got, err := account.Ensure(t.Context(), slow, want, Password)
	if err != nil || !got.Created {
		t.Errorf("third run: created %v, error %v", got.Created, err)
	}
	same(t, "accounts", lookup(t, p, account.Keys{Codes: []string{want.Code}}), want)
}

// What was made shows only after some looks (replicas, caches).
func ensureLateReadBack(t *testing.T, p account.Platform, block int) {
	want := Person(block, 0)
	late := &faulty{Platform: p, blindLooks: 4}
	var (
		got account.Result
		err error
	)
	for try := 1; try <= 3; try++ {
		got, err = account.Ensure(t.Context(), late, want, Password)
		if try < 3 && (!errors.Is(err, account.ErrUnseen) || errors.Is(err, account.ErrExists) || errors.Is(err, account.ErrPermanent)) {
			t.Fatalf("try %d: error %v, want ErrUnseen", try, err)
		}
	}
	if err != nil || got.Created {
		t.Errorf("third try: created %v, error %v", got.Created, err)
	}
	same(t, "accounts", lookup(t, p, account.Keys{Codes: []string{want.Code}}), want)
}

func cancelledContext(t *testing.T, p account.Platform, block int) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := account.Ensure(ctx, p, Person(block, 0), Password)
	if !errors.Is(err, context.Canceled) || errors.Is(err, account.ErrPermanent) {
		t.Errorf("error %v, want context.Canceled as a temporary one", err)
	}
	same(t, "nothing is there", lookup(t, p, account.Keys{Codes: []string{Person(block, 0).Code}}))
}

// faulty is a platform behind a bad line.
type faulty struct {
	account.Platform
	loseReplies     int32 // creates and changes that take effect and then fail
	dropRequests    int32 // creates that fail without effect
	blindLooks      int32 // looks that find nobody
	goneAfterCreate bool  // no look works after a create, until gone is reset

	creates, changes, looks atomic.Int32
	gone                    atomic.Bool
}

func (f *faulty) Lookup(ctx context.Context, keys account.Keys) ([]account.Account, error) {
	if f.gone.Load() {
		return nil, errors.New("the line is dead")
	}
	if f.looks.Add(1) <= f.blindLooks {
		return nil, nil
	}
	return f.Platform.Lookup(ctx, keys)
}

func (f *faulty) Create(ctx context.Context, a account.Account, password string) error {
	n := f.creates.Add(1)
	if f.goneAfterCreate {
		f.gone.Store(true)
	}
	if n <= f.dropRequests {
		return context.DeadlineExceeded
	}
	err := f.Platform.Create(ctx, a, password)
	if err == nil && n <= f.loseReplies {
		return context.DeadlineExceeded
	}
	return err
}

func (f *faulty) SetPassword(ctx context.Context, a account.Account, password string) error {
	return f.lose(f.Platform.SetPassword(ctx, a, password))
}

func (f *faulty) Suspend(ctx context.Context, a account.Account) error {
	return f.lose(f.Platform.Suspend(ctx, a))
}

func (f *faulty) Restore(ctx context.Context, a account.Account) error {
	return f.lose(f.Platform.Restore(ctx, a))
}

func (f *faulty) Erase(ctx context.Context, a account.Account) error {
	return f.lose(f.Platform.Erase(ctx, a))
}

func (f *faulty) lose(err error) error {
	if f.changes.Add(1) <= f.loseReplies && err == nil {
		return context.DeadlineExceeded
	}
	return err
}
