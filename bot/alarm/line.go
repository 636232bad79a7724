package alarm

import (
	"sync"
	"time"
)

// A Line is what is known of a connection. It is safe for concurrent use.
type Line struct {
	mu    sync.Mutex
	state LineState
}

// LineState is one look at a Line.
type LineState struct {
	Bad   bool      `json:"bad"`
	Code  string    `json:"code,omitempty"` // why it is bad
	Since time.Time `json:"since,omitzero"` // of being good or bad
	Sign  time.Time `json:"sign,omitzero"`  // when it last showed life
	Mute  bool      `json:"mute,omitempty"` // it ended in silence: since when, nobody knows
}

// Good notes a sign of life.
func (l *Line) Good(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state.Bad || l.state.Since.IsZero() {
		l.state.Since = now
	}
	l.state.Bad, l.state.Code, l.state.Sign = false, "", now
}

// timeout is the code of a connection that ended because nothing was heard any more.
const timeout = "timeout"

// Bad notes that the connection failed.
func (l *Line) Bad(now time.Time, code string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.state.Bad {
		l.state.Since, l.state.Mute = now, code == timeout
	}
	l.state.Bad, l.state.Code = true, code
}

// Forget forgets what is known: another process has the connection now.
func (l *Line) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = LineState{}
}

// State returns what is known.
func (l *Line) State() LineState {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// Began says since when a bad line is taken for bad. What ended in silence may have been dead since its last sign of life.
func (s LineState) Began() time.Time {
	if s.Mute && !s.Sign.IsZero() {
		return s.Sign
	}
	return s.Since
}
