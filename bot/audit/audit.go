// Package audit says whether the history is whole: it recomputes the chain of the events (decision 27) and names each place where
// it does not hold. What was frozen and hashed elsewhere (plans, mails) it holds against its hash.
//
// It must not know how anything is stored, nor put anything right: it tells a person.
package audit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"vanthu/bot/store"
)

// A Report is one look at the history.
type Report struct {
	At      time.Time  `json:"at"`
	From    int64      `json:"from"` // the first event that was recomputed
	Events  int64      `json:"events"`
	Head    store.Head `json:"head"`
	HeadAt  time.Time  `json:"head_at,omitzero"` // when the newest event happened
	Adopted []Adopted  `json:"adopted"`          // chained later than they were written
	Heads   int        `json:"heads"`            // kept outside, and found in the chain
	Gone    int        `json:"destroyed"`        // events whose detail was destroyed by an approved list
	Plans   int        `json:"plans"`            // held against their hash
	Mails   int        `json:"mails"`
	Faults  []Fault    `json:"faults"`
	More    int        `json:"more"` // faults beyond the ones that are named

	Lists map[int64]store.Link `json:"-"` // the lists by which, each with its first event
}

// Adopted are events that an earlier version wrote: from the day of chaining on they are proved, not before.
type Adopted struct {
	From int64     `json:"from"`
	To   int64     `json:"to"`
	On   time.Time `json:"on"`
}

// OK says that everything holds.
func (r *Report) OK() bool { return len(r.Faults) == 0 }

// A Fault is one thing that does not hold.
type Fault struct {
	Check  string    `json:"check"` // "changed", "missing", "moved" …
	Event  int64     `json:"event,omitempty"`
	To     int64     `json:"to,omitempty"`     // the last of several
	Groups []string  `json:"groups,omitempty"` // the fields that were changed
	At     time.Time `json:"at,omitzero"`      // as the event has it now
	What   string    `json:"what,omitempty"`   // "case_received", "plan KH-2026-0003", "mail 7"
	CaseID int64     `json:"-"`
	Case   string    `json:"case,omitempty"`
	unsure bool      // the event behind the gap was changed and cannot say
}

// most is how many faults are named; a chain of which all is broken is not told event by event.
const most = 100

func (r *Report) fault(f Fault) bool {
	if len(r.Faults) == most {
		r.More++
		return false
	}
	r.Faults = append(r.Faults, f)
	return true
}

// The checks.
const (
	Changed   = "changed"    // fields, or the hash, are not those that were written
	Moved     = "moved"      // an event stands under a number that is not its own: moved, or put in
	Missing   = "missing"    // events are gone
	PutIn     = "put_in"     // an event does not belong into the chain
	CutOff    = "cut_off"    // the end is gone
	Beyond    = "beyond"     // events behind the head: nobody chained them
	WrongHead = "head"       // the head is not that of the last event
	LostHead  = "lost_head"  // a head that was kept outside is not in this chain
	NoList    = "no_list"    // a detail was destroyed without an approved list
	PlanHash  = "plan"       // the frozen bytes of a plan are not those that were approved
	MailHash  = "mail"       // the bytes of a mail are not those that came
	Unread    = "unreadable" // the database cannot give the rest of the events
)

// A Chain recomputes the events that it is given in order.
type Chain struct {
	Report *Report
	wanted map[string]bool // hashes of heads that were kept outside

	last     int64
	before   string // hash of the event before the last one
	prev     string // of the last one, as it stands
	computed string // and as it should be
	doubt    int    // index+1 of the fault that says the hash of the last event was changed
	lost     bool   // the last event is none that could be followed
}

// New begins at the first event. heads are those that were kept outside.
func New(at time.Time, heads []string) *Chain {
	c := &Chain{Report: &Report{At: at, Faults: []Fault{}, Adopted: []Adopted{}}, wanted: make(map[string]bool)}
	for _, h := range heads {
		c.wanted[h] = true
	}
	return c
}

// Tail begins with the event that is added first, and takes its hash as given.
func Tail(at time.Time) *Chain {
	c := New(at, nil)
	c.last = -1
	return c
}

// Add recomputes one event.
func (c *Chain) Add(l store.Link) {
	r := c.Report
	if c.last < 0 { // the first of a tail: what is before it is not asked
		c.last, c.prev, c.computed, r.From = l.ID, l.Hash, "", l.ID+1
		return
	}
	if r.From == 0 {
		r.From = l.ID
	}
	r.Events++
	if c.wanted[l.Hash] {
		delete(c.wanted, l.Hash)
		r.Heads++
	}
	r.HeadAt = when(l.At)
	if l.Kept != "" || l.Destroyed != 0 {
		r.Gone++
		if r.Lists == nil {
			r.Lists = make(map[int64]store.Link)
		}
		if _, ok := r.Lists[l.Destroyed]; !ok {
			r.Lists[l.Destroyed] = l
		}
	}
	if l.What == store.EventsChained {
		c.adopted(l)
	}
	hash := l.Seal(c.prev)
	if hash != l.Hash && c.doubt > 0 {
		switch l.Hash {
		case l.Seal(c.computed): // the hash of the one before was changed, as was said
			hash = l.Hash
		case l.Seal(c.before): // the one before does not belong here
			hash = l.Hash
			r.Faults[c.doubt-1].Check, r.Faults[c.doubt-1].Groups = PutIn, nil
		}
	}
	groups := changed(l)
	doubt, lost := 0, false
	switch {
	case len(groups) == len(store.Groups()): // the number itself is in each of them
		c.gap(l, true)
		r.fault(naming(Moved, l, nil))
		lost = true
	case len(groups) > 0 && hash != l.Hash:
		c.gap(l, true)
		r.fault(naming(Changed, l, groups))
	case len(groups) > 0:
		r.fault(naming(Changed, l, []string{"sums"}))
	case hash == l.Hash, c.gap(l, false), c.lost: // what it does not follow on was said
	default: // its fields are its own, and its number follows
		if r.fault(naming(Changed, l, []string{"hash"})) {
			doubt = len(r.Faults)
		}
	}
	c.last, c.before, c.prev, c.computed, c.doubt, c.lost = l.ID, c.prev, l.Hash, hash, doubt, lost
}

// gap says that events before l are gone.
func (c *Chain) gap(l store.Link, unsure bool) bool {
	if l.ID <= c.last+1 {
		return false
	}
	c.Report.fault(Fault{Check: Missing, Event: c.last + 1, To: l.ID - 1, At: when(l.At), unsure: unsure})
	return true
}

// changed returns the groups of fields whose short hash is another.
func changed(l store.Link) (groups []string) {
	is := l.Sum()
	if len(l.Sums) != len(is) {
		return []string{"sums"}
	}
	size := len(is) / len(store.Groups())
	for i, group := range store.Groups() {
		if is[i*size:(i+1)*size] != l.Sums[i*size:(i+1)*size] {
			groups = append(groups, group)
		}
	}
	return groups
}

func naming(check string, l store.Link, groups []string) Fault {
	id, _ := strconv.ParseInt(l.Case, 10, 64)
	return Fault{Check: check, Event: l.ID, Groups: groups, At: when(l.At), What: l.What, CaseID: id}
}

func when(micros string) time.Time {
	us, err := strconv.ParseInt(micros, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

func (c *Chain) adopted(l store.Link) {
	detail := func(key string) int64 { // whether it is true the chain says
		_, rest, _ := strings.Cut(l.Detail, `"`+key+`":"`)
		value, _, _ := strings.Cut(rest, `"`)
		n, _ := strconv.ParseInt(value, 10, 64)
		return n
	}
	c.Report.Adopted = append(c.Report.Adopted, Adopted{From: detail("from"), To: detail("to"), On: when(l.At)})
}

// End holds the last event against the head, and the heads that were kept outside against the chain.
func (c *Chain) End(head store.Head) *Report {
	r := c.Report
	r.Head = head
	last := max(c.last, 0)
	switch {
	case last < head.Event:
		r.fault(Fault{Check: CutOff, Event: last + 1, To: head.Event, At: r.HeadAt})
	case last > head.Event:
		r.fault(Fault{Check: Beyond, Event: head.Event + 1, To: last, At: r.HeadAt})
	case head.Hash != c.prev && (c.doubt == 0 || head.Hash != c.computed):
		r.fault(Fault{Check: WrongHead, Event: head.Event, At: r.HeadAt})
	}
	// Earlier versions left gaps in the numbers: one of theirs is only believed to be a loss when the next event says so.
	r.Faults = slices.DeleteFunc(r.Faults, func(f Fault) bool {
		return f.unsure && slices.ContainsFunc(r.Adopted, func(a Adopted) bool { return a.From < f.Event && f.To < a.To })
	})
	for hash := range c.wanted {
		r.fault(Fault{Check: LostHead, What: hash})
	}
	return r
}

// Approved holds destroyed details against the lists that were approved.
func (r *Report) Approved(lists []store.RetentionList) {
	for id, l := range r.Lists {
		if !slices.ContainsFunc(lists, func(list store.RetentionList) bool { return list.ID == id && list.Approved.Done() }) {
			r.fault(naming(NoList, l, nil))
		}
	}
}

// Says is a fault in words.
func (f Fault) Says() string {
	which := fmt.Sprintf("event %d", f.Event)
	if f.To > f.Event {
		which = fmt.Sprintf("events %d to %d", f.Event, f.To)
	}
	switch f.Check {
	case Changed:
		return which + " was changed: " + strings.Join(f.Groups, ", ")
	case Moved:
		return which + " is not the one that was written under this number: moved, or put in"
	case PutIn:
		return which + " was put in: it does not follow on the one before, nor the next one on it"
	case Missing:
		return which + " is gone"
	case CutOff:
		return which + " is gone: the end was cut off"
	case Beyond:
		return which + " stands behind the head of the chain: nobody chained it"
	case WrongHead:
		return "the head of the chain is not that of " + which
	case LostHead:
		return "the head " + f.What + " was kept, and is not in this chain: events were taken away or written anew"
	case Unread:
		return fmt.Sprintf("event %d cannot be read, nor what follows it: %s", f.Event, f.What)
	case NoList:
		return which + " has lost its detail, and no approved list says so"
	case PlanHash:
		return f.What + ": the frozen bytes are not those of its hash"
	case MailHash:
		return f.What + ": the bytes are not those that came"
	}
	return f.What
}
