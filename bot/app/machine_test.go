package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

func TestMachineLearns(t *testing.T) {
	t.Parallel()
	m := newMachine(storetest.SQLite(t), slog.New(slog.DiscardHandler), nil)
	t.Cleanup(m.loseAll)
	now := time.Now()
	watch := store.Lease{Name: leaseWatch, Holder: m.me.ID, Epoch: 3}
	silent := []store.Process{{ID: "other/1/x"}}
	want := func(name string) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.wanted[name] = make(chan tenure, 1)
	}
	want(leaseWatch)
	if got := m.learn(now, store.Pulse{Held: []store.Lease{watch}, Silent: silent}); got != nil || !m.has(leaseWatch) {
		t.Errorf("a process that has only begun declares %v gone; it has the lease: %v", got, m.has(leaseWatch))
	}
	lost := m.held[leaseWatch].lost
	// Five beats later it has seen for long enough that the database answers.
	m.heard, m.steady = now.Add(-beatEvery), now.Add(-store.LeaseTime)
	if got := m.learn(now, store.Pulse{Held: []store.Lease{watch}, Silent: silent}); len(got) != 1 || lost.Err() != nil {
		t.Errorf("declares %v gone", got)
	}
	// The database was away for eight seconds: others were silent as long, and may come back.
	m.heard = now.Add(-8 * time.Second)
	if got := m.learn(now, store.Pulse{Held: []store.Lease{watch}, Silent: silent}); got != nil || lost.Err() != nil {
		t.Errorf("after a pause it declares %v gone", got)
	}
	// It was frozen over the answer: what that says is not true any more.
	if m.learn(now.Add(-11*time.Second), store.Pulse{Held: []store.Lease{watch}}); m.has(leaseWatch) || lost.Err() == nil {
		t.Error("a lease is believed that was renewed eleven seconds ago")
	}
	want(leaseWatch)
	m.learn(now, store.Pulse{Held: []store.Lease{watch}})
	lost = m.held[leaseWatch].lost
	want(leaseWatch)
	later := watch
	later.Epoch = 5
	if m.learn(now, store.Pulse{Held: []store.Lease{later}}); lost.Err() == nil || m.held[leaseWatch].Epoch != 5 {
		t.Error("another epoch is another tenure")
	}
	lost = m.held[leaseWatch].lost
	if m.learn(now, store.Pulse{Back: true}); m.has(leaseWatch) || lost.Err() == nil {
		t.Error("declared gone, it goes on")
	}
}

// The platform is told after each beat how many share its quota, and when this process joins the others again.
func TestMachineShares(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if !db.Shared() {
			return
		}
		var mu sync.Mutex
		told := map[string]bool{}
		begin := func(name string) *machine {
			m := newMachine(db, slog.New(slog.DiscardHandler), func(context.Context, string) error { return nil })
			m.me.ID = name
			m.share = func(of int, joins bool) {
				mu.Lock()
				defer mu.Unlock()
				told[fmt.Sprint(name, " ", of, " ", joins)] = true
			}
			if _, err := m.begin(t.Context()); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = m.leave(context.Background()) })
			return m
		}
		a := begin("a/1/x")
		b := begin("b/2/y")
		if err := a.beat(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := b.leave(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := a.beat(t.Context()); err != nil {
			t.Fatal(err)
		}
		a.learn(time.Now(), store.Pulse{Living: 3, Back: true})
		mu.Lock()
		defer mu.Unlock()
		for _, want := range []string{"b/2/y 2 true", "a/1/x 2 false", "a/1/x 1 false", "a/1/x 3 true"} {
			if !told[want] {
				t.Errorf("not told %q: %v", want, told)
			}
		}
		if told["a/1/x 2 true"] {
			t.Error("who is alone joins nobody")
		}
	})
}

// The work ends when the lease is lost, and begins again under the next one.
func TestMachineHolds(t *testing.T) {
	t.Parallel()
	m := newMachine(storetest.SQLite(t), slog.New(slog.DiscardHandler), nil)
	ctx, cancel := context.WithCancel(t.Context())
	began, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- m.hold(ctx, leaseFile, func(ctx context.Context) error {
			began <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		})
	}()
	for epoch := range int64(3) {
		for len(m.missing()) == 0 { // until it asks
			<-time.After(time.Millisecond)
		}
		m.learn(time.Now(), store.Pulse{Held: []store.Lease{{Name: leaseFile, Epoch: epoch}}})
		<-began
		if epoch < 2 {
			m.loseAll()
		}
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	// What fails by itself is the process's end.
	broken := errors.New("broken")
	if err := (*machine)(nil).hold(t.Context(), leaseFile, func(context.Context) error { return broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
}

func TestDead(t *testing.T) {
	t.Parallel()
	mine := body(os.Getpid())
	if mine == "" {
		t.Skip("no proc(5) here")
	}
	if dead(mine) || dead("") || dead("other-boot pid:[1] 1 1") {
		t.Error("alive, unknown and elsewhere are not dead")
	}
	child := exec.Command("sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	its := body(child.Process.Pid)
	if its == "" || dead(its) {
		t.Errorf("%q runs", its)
	}
	_ = child.Process.Kill()
	for !dead(its) { // a zombie is dead
		<-time.After(time.Millisecond)
	}
	_ = child.Wait()
	if !dead(its) {
		t.Error("it has ended")
	}
}
