package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"vanthu/bot/account"
	"vanthu/bot/account/accounttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, path string) *Directory {
	t.Helper()
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestConformance(t *testing.T) {
	t.Parallel()
	accounttest.Run(t, func(t *testing.T) account.Platform {
		return signer{open(t, filepath.Join(t.TempDir(), "accounts.jsonl"))}
	})
}

// Two Directories on one file are as two processes: they share nothing but the file and its lock.
func TestGroups(t *testing.T) {
	t.Parallel()
	accounttest.RunGroups(t, func(t *testing.T) account.Platform {
		d, err := Open(filepath.Join(t.TempDir(), "accounts.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		return d
	})
}

// What a crash left of a last line is no group, and the next writer removes it.
func TestATornGroup(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "accounts.jsonl")
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	g := account.Group{Address: "lop-ya@sv.truong.example", Marker: "vanthu:group:lop-ya", Members: []string{"a"}}
	if err := d.MakeGroup(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path+".groups", os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"address":"lop-yb@sv`); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	g.Members = []string{"b"}
	if err := d.JoinGroup(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	got, err := d.Group(t.Context(), "LOP-YA@sv.truong.example")
	if err != nil || got == nil || len(got.Members) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	data, err := os.ReadFile(path + ".groups")
	if err != nil || strings.Contains(string(data), "lop-yb") {
		t.Errorf("%s, %v", data, err)
	}
}

func FuzzGroups(f *testing.F) {
	f.Add([]byte("{\"address\":\"lop-ya@x\",\"members\":[\"a\"]}\n"))
	f.Add([]byte("{\"address\":\"lop-ya@x\"}\n\n{\"address\":"))
	f.Add([]byte("x\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		groups, err := parseGroups(data, "groups")
		for address, l := range groups {
			if l.Address == "" || address != fold(l.Address) {
				t.Errorf("%q: %+v", address, l)
			}
		}
		if err != nil && !errors.Is(err, account.ErrPermanent) {
			t.Error(err)
		}
	})
}

func TestConformanceOfTwo(t *testing.T) {
	t.Parallel()
	accounttest.Run(t, func(t *testing.T) account.Platform {
		path := filepath.Join(t.TempDir(), "accounts.jsonl")
		first := open(t, path)
		return &two{Platform: first, pair: [2]account.Platform{first, open(t, path)}}
	})
}

// signer reads the file as somebody would who carries it over to a platform.
type signer struct{ *Directory }

func (s signer) SignsIn(t testing.TB, user, password string) bool {
	t.Helper()
	known, err := s.read()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range known.places(account.Keys{Users: []string{user}}) {
		return !known.lines[i].Suspended && account.CheckPassword(known.lines[i].Password, password)
	}
	return false
}

// two writes through one and reads through the other, in turn.
type two struct {
	account.Platform // what is asked beside Create and Lookup; never changed
	pair             [2]account.Platform
	mu               sync.Mutex
	writer           int // of the last change
}

func (p *two) next() account.Platform {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.writer = 1 - p.writer
	return p.pair[p.writer]
}

func (p *two) Create(ctx context.Context, a account.Account, password string) error {
	return p.next().Create(ctx, a, password)
}

func (p *two) SetPassword(ctx context.Context, a account.Account, password string) error {
	return p.next().SetPassword(ctx, a, password)
}

func (p *two) Suspend(ctx context.Context, a account.Account) error { return p.next().Suspend(ctx, a) }
func (p *two) Restore(ctx context.Context, a account.Account) error { return p.next().Restore(ctx, a) }
func (p *two) Erase(ctx context.Context, a account.Account) error   { return p.next().Erase(ctx, a) }

func (p *two) Lookup(ctx context.Context, keys account.Keys) ([]account.Account, error) {
	p.mu.Lock()
	reader := p.pair[1-p.writer]
	p.mu.Unlock()
	return reader.Lookup(ctx, keys)
}

func TestPasswordIsKeptAsHash(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "accounts.jsonl")
	if err := open(t, path).Create(t.Context(), accounttest.Person(1, 1), accounttest.Password); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || bytes.Contains(text, []byte(accounttest.Password)) {
		t.Fatalf("the password stands in the file (error %v)", err)
	}
	_, rest, _ := strings.Cut(string(text), `"password":"`)
	hash, _, _ := strings.Cut(rest, `"`)
	if !account.CheckPassword(hash, accounttest.Password) || account.CheckPassword(hash, "something else") {
		t.Error("the hash does not tell the password from another one")
	}
	for _, p := range []string{path, path + ".lock"} {
		info, err := os.Stat(p)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, want 0600 (error %v)", p, info.Mode(), err)
		}
	}
}

// A crash leaves any part of the last line behind.
func TestTornLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole.jsonl")
	d := open(t, whole)
	a, b, c := accounttest.Person(1, 1), accounttest.Person(1, 2), accounttest.Person(1, 3)
	for _, one := range []account.Account{a, b} {
		if err := d.Create(t.Context(), one, accounttest.Password); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	first := bytes.IndexByte(text, '\n') + 1
	tails := [][]byte{make([]byte, 200), make([]byte, 3*maxLine)} // zeros, as file systems leave them
	for cut := first; cut < len(text)-2; cut += 7 {
		tails = append(tails, text[first:cut])
	}
	for _, tail := range tails {
		path := filepath.Join(t.TempDir(), "torn.jsonl")
		if err := os.WriteFile(path, append(bytes.Clone(text[:first]), tail...), 0o600); err != nil {
			t.Fatal(err)
		}
		d := open(t, path)
		found, err := d.Lookup(t.Context(), account.Keys{Codes: []string{a.Code, b.Code}})
		if err != nil || len(found) != 1 {
			t.Fatalf("tail of %d bytes: %d accounts, want the whole one (error %v)", len(tail), len(found), err)
		}
		if err := d.Create(t.Context(), c, accounttest.Password); err != nil {
			t.Fatal(err)
		}
		found, err = open(t, path).Lookup(t.Context(), account.Keys{Codes: []string{a.Code, b.Code, c.Code}})
		if err != nil || len(found) != 2 {
			t.Errorf("tail of %d bytes, after a create: %d accounts, want 2 (error %v)", len(tail), len(found), err)
		}
	}
}

// Only the line end is missing: the account is there.
func TestMissingLineEnd(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "accounts.jsonl")
	if err := os.WriteFile(path, []byte(`{"code":"1","user":"1","address":"1@truong.example","name":"Lê"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	d := open(t, path)
	if err := d.Create(t.Context(), accounttest.Person(1, 1), accounttest.Password); err != nil {
		t.Fatal(err)
	}
	found, err := open(t, path).Lookup(t.Context(), account.Keys{Codes: []string{"1", accounttest.Person(1, 1).Code}})
	if err != nil || len(found) != 2 {
		t.Errorf("%d accounts, want 2 (error %v)", len(found), err)
	}
}

func TestForeignContent(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"prose":          "Kính gửi\n",
		"not an account": `{"code":"1"}` + "\n",
		"broken middle":  `{"code":"1","user":"1"` + "\n" + `{"code":"2","user":"2"}` + "\n",
		"endless line":   strings.Repeat("x", 2*maxLine) + "\n",
		"not UTF-8":      "{\"user\":\"\xff\"}\n",
	} {
		path := filepath.Join(t.TempDir(), "accounts.jsonl")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open(path)
		if !errors.Is(err, account.ErrPermanent) || !strings.Contains(err.Error(), "line 1 ") || strings.Contains(err.Error(), "gửi") {
			t.Errorf("%s: error %v, want ErrPermanent with the line and without its content", name, err)
		}
		if after, _ := os.ReadFile(path); string(after) != text {
			t.Errorf("%s: the file was changed", name)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "nowhere", "accounts.jsonl")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no folder: error %v, want ErrNotExist", err)
	}
}

// Somebody else holds the lock: whoever waits gives up with his context, and nothing stays locked.
func TestLockIsWaitedForUnderTheContext(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "accounts.jsonl")
	d := open(t, path)
	unlock, err := lock(t.Context(), path+".lock")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- d.Create(ctx, accounttest.Person(1, 1), accounttest.Password) }()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) || errors.Is(err, account.ErrPermanent) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	unlock()
	if err := d.Create(t.Context(), accounttest.Person(1, 1), accounttest.Password); err != nil {
		t.Errorf("after the lock was given back: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"code":"2153010001","user":"2153010001","address":"2153010001@truong.example","name":"Lê"}` + "\n"))
	f.Add([]byte(`{"code":"1","user":"1","suspended":true}` + "\n" + `{"code":"2","user":"1"}` + "\n" + `{"user":"1","erased":true}` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		x, err := parse(bytes.NewReader(text))
		if err != nil {
			return
		}
		if x.whole < 0 || x.whole > int64(len(text)) {
			t.Fatalf("%d whole bytes of %d", x.whole, len(text))
		}
		again, err := parse(bytes.NewReader(text[:x.whole])) // what a repair leaves
		if err != nil || len(again.lines) != len(x.lines) {
			t.Fatalf("a repair changes the accounts: %v", err)
		}
	})
}

func BenchmarkEnsure(b *testing.B) {
	d := open(b, filepath.Join(b.TempDir(), "accounts.jsonl"))
	for i := 0; b.Loop(); i++ {
		if _, err := account.Ensure(b.Context(), d, accounttest.Person(1, i), accounttest.Password); err != nil {
			b.Fatal(err)
		}
	}
}

// Each account is listed once, as it is now, whatever was written of it before; who was erased is not.
func TestList(t *testing.T) {
	t.Parallel()
	d, err := Open(filepath.Join(t.TempDir(), "accounts.json"))
	if err != nil {
		t.Fatal(err)
	}
	people := []account.Account{accounttest.Person(1, 0), accounttest.Person(1, 1), accounttest.Person(1, 2)}
	for _, a := range people {
		if err := d.Create(t.Context(), a, accounttest.Password); err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	if err := errors.Join(d.Suspend(ctx, people[0]), d.Restore(ctx, people[0]), d.Suspend(ctx, people[1]), d.Erase(ctx, people[2])); err != nil {
		t.Fatal(err)
	}
	var seen []string
	if err := d.List(ctx, func(a account.Account) error {
		seen = append(seen, fmt.Sprint(a.Code, a.Suspended))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{people[0].Code + "false", people[1].Code + "true"}, slices.Sorted(slices.Values(seen))); diff != "" {
		t.Error(diff)
	}
	stop := errors.New("enough")
	if err := d.List(ctx, func(account.Account) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("what f says is lost: %v", err)
	}
}
