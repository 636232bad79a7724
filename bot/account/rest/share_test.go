package rest_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vanthu/bot/account/rest"
	"vanthu/bot/account/resttest"
)

// sharer is a process that asks as fast as it may while it lives. Its clock runs on with what it waits for; all of them are the same time.
type sharer struct {
	client *rest.Client
	clock  *resttest.Clock
	heard  time.Time // when it looked last who lives
	lives  bool
}

// sharers is what processes know of each other, and what the platform sees of them.
type sharers struct {
	t    *rapid.T
	q    rest.Quota
	all  []*sharer
	sent []time.Time
	seen []int // of whom
}

// join brings a process up at a moment.
func (s *sharers) join(at time.Time) {
	p, n := &sharer{clock: resttest.NewClock(at), heard: at, lives: true}, len(s.all)
	var err error
	p.client, err = rest.New(rest.Config{Name: "api", Base: "http://127.0.0.1:1", Quotas: []rest.Quota{s.q}, Now: p.clock.Now, Sleep: p.clock.Sleep,
		HTTP: &http.Client{Transport: sender(func(*http.Request) (*http.Response, error) {
			s.sent, s.seen = append(s.sent, p.clock.Now()), append(s.seen, n)
			return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
		})}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.all = append(s.all, p)
	p.client.Share(s.living(), s.living() > 1)
}

func (s *sharers) living() (n int) {
	for _, p := range s.all {
		if p.lives {
			n++
		}
	}
	return n
}

// next is who is first in time of those that live.
func (s *sharers) next() (first *sharer) {
	for _, p := range s.all {
		if p.lives && (first == nil || p.clock.Now().Before(first.clock.Now())) {
			first = p
		}
	}
	return first
}

// Processes come and go, and each learns of it two seconds later at most: no span as long as the quota's holds more than the quota, though
// each asks as fast as it lets it, and what one leaves the others use up.
func TestShare(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := &sharers{t: t, q: rapid.SampledFrom([]rest.Quota{{Count: 10, Per: time.Second, Spare: 1}, {Count: 60, Per: time.Minute}, {Count: 2400, Per: time.Minute, Spare: 32},
			{Count: 3000, Per: 150 * time.Second, Spare: 24}}).Draw(t, "quota")}
		s.join(start)
		changes := []time.Time{start}
		change := start
		for range rapid.IntRange(1, 8).Draw(t, "changes") {
			change = change.Add(time.Duration(rapid.IntRange(0, 100_000).Draw(t, "later")) * time.Millisecond)
			for p := s.next(); p.clock.Now().Before(change); p = s.next() {
				s.asks(p)
			}
			if n := s.living(); n < 3 && (n == 1 || rapid.Bool().Draw(t, "joins")) {
				s.join(change)
			} else {
				s.next().lives = false
			}
			changes = append(changes, change)
		}
		for p := s.next(); p.clock.Now().Before(change.Add(3 * time.Minute)); p = s.next() {
			s.asks(p)
		}
		slices.SortFunc(s.sent, time.Time.Compare)
		for i := range s.sent {
			if j := i + s.q.Count; j < len(s.sent) && s.sent[j].Sub(s.sent[i]) < s.q.Per {
				t.Fatalf("%d requests in %v, from %v on; processes came or went at %v", s.q.Count+1, s.sent[j].Sub(s.sent[i]), s.sent[i].Sub(start), changes)
			}
		}
		last, _ := slices.BinarySearchFunc(s.sent, change.Add(2*time.Minute), time.Time.Compare)
		if got, may := len(s.sent)-last, s.q.Count*int(time.Minute)/int(s.q.Per); got < may*6/10 {
			t.Fatalf("%d requests in the last minute, of %d that may be", got, may)
		}
	})
}

// asks lets a process look who lives, when it is time, and ask once.
func (s *sharers) asks(p *sharer) {
	if now := p.clock.Now(); now.Sub(p.heard) >= 2*time.Second {
		p.heard = now
		p.client.Share(s.living(), false)
	}
	if _, err := p.client.Do(s.t.Context(), rest.Request{What: "x", Method: "GET", Path: "/"}); err != nil {
		s.t.Fatal(err)
	}
}
