package google_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/google"
	"vanthu/bot/account/google/googletest"
	"vanthu/bot/account/plantest"
	"vanthu/bot/account/resttest"
)

// Three processes make accounts at the quotas that Google publishes, as fast as they may: the second and the third join while the others
// are at it, the first leaves. Each looks every two seconds who lives. Google has nothing to refuse.
func TestQuotaShared(t *testing.T) {
	t.Parallel()
	var cfg google.Config
	w := newWorld(t, func(c *google.Config, _ *googletest.Fake, _ *resttest.Faults) {
		c.Groups = false
		cfg = *c
	})
	const n = 600
	people := make(chan int)
	var living atomic.Int64
	var group sync.WaitGroup
	begin := func(stop <-chan struct{}) {
		p, err := google.New(cfg)
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { _ = p.Close() })
		of := int(living.Add(1))
		p.Share(of, of > 1)
		var mu sync.Mutex
		heard := w.clock.Now()
		for range 8 {
			group.Go(func() {
				for {
					select {
					case <-stop:
						return
					case i, more := <-people:
						if !more {
							return
						}
						mu.Lock()
						if now := w.clock.Now(); now.Sub(heard) >= 2*time.Second {
							heard = now
							p.Share(int(living.Load()), false)
						}
						mu.Unlock()
						code := plantest.Code(i)
						if _, err := account.Ensure(t.Context(), p, account.Account{Code: code, User: code, Address: code + "@" + plantest.Domain, Name: "Nguyễn Văn An", Marker: account.Marker("YC-2026-0001", i)}, "Canary-1-Canary"); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
	}
	leave := make(chan struct{})
	began := w.clock.Now()
	for i := 1; i <= n; i++ {
		switch i {
		case 1:
			begin(leave)
		case n / 4, n / 2:
			begin(nil)
		case n * 3 / 4:
			close(leave)
			living.Add(-1)
		}
		people <- i
	}
	close(people)
	group.Wait()
	queries, refused := w.fake.Stats()
	t.Logf("%d accounts in %v, %d queries, %d refused", n, w.clock.Now().Sub(began), queries, refused)
	if made := len(w.fake.Accounts()); made != n || refused != 0 {
		t.Errorf("%d accounts of %d; Google refused %d", made, n, refused)
	}
}
