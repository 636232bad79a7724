package resttest

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"time"
)

// A Fault is one way in which an answer goes wrong. In some the work is done all the same.
type Fault string

// The faults.
const (
	Fine         Fault = ""
	Lost         Fault = "lost"      // the work is done, the connection breaks
	Hang         Fault = "hang"      // the work is done, the answer never comes (by the real clock: give the client a short Timeout)
	Cut          Fault = "cut"       // the work is done, the answer breaks off in the middle
	Refused      Fault = "refused"   // the connection breaks before anything is done
	Internal     Fault = "500"       // nothing is done
	InternalDone Fault = "500 done"  // the work is done
	Unavailable  Fault = "503"       // nothing is done
	DoneBut503   Fault = "503 done"  // the work is done
	Busy         Fault = "429"       // nothing is done
	BusyFor      Fault = "429 for"   // nothing is done; Retry-After in seconds
	BusyUntil    Fault = "429 until" // nothing is done; Retry-After as a date
	Conflict     Fault = "409"       // nothing is done; of what only reads there is none
	Precondition Fault = "412"       // nothing is done; of what only reads there is none
	Expired      Fault = "401"       // nothing is done: the token is taken for an expired one
)

// All is every fault but Hang, which waits by the real clock.
func All() []Fault {
	return []Fault{Lost, Cut, Refused, Internal, InternalDone, Unavailable, DoneBut503, Busy, BusyFor, BusyUntil, Conflict, Precondition, Expired}
}

// Faults stands before a fake and spoils some of its answers. Which ones depends on the seed, and on how often the same thing
// was asked before, and not on the order in which rows come to their turn.
type Faults struct {
	Handler http.Handler
	Clock   *Clock
	Seed    uint64
	Rate    float64 // of requests that go wrong
	Kinds   []Fault // nil: All()
	InARow  int     // of the same request; 0: 2. Whoever tries again comes through
	// Choose decides instead of seed and rate, when it is not nil: n counts all requests from 1.
	Choose func(n int, r *http.Request) Fault
	// Spare are requests that nothing happens to: the token endpoint, for example.
	Spare func(r *http.Request) bool
	// Body words an error as the platform does; nil: an empty object of JSON.
	Body func(f Fault, status int) (kind string, body []byte)

	mu      sync.Mutex
	asked   int
	tried   map[string]uint64
	row     map[string]int
	happens map[Fault]int
}

// Happened says how often each fault was met.
func (f *Faults) Happened() map[Fault]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.happens)
}

func (f *Faults) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault := f.choose(r)
	switch fault {
	case Fine:
		f.Handler.ServeHTTP(w, r)
	case Refused:
		panic(http.ErrAbortHandler)
	case Lost:
		f.work(r)
		panic(http.ErrAbortHandler)
	case Hang:
		f.work(r)
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case Cut:
		f.cut(w, f.work(r))
	case InternalDone, DoneBut503:
		f.work(r)
		f.answer(w, fault)
	default:
		f.answer(w, fault)
	}
}

// work lets the fake do it, and keeps what it says.
func (f *Faults) work(r *http.Request) *httptest.ResponseRecorder {
	body, err := io.ReadAll(r.Body) // now: the server notices that a client has gone only when the request is read
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	again := r.Clone(r.Context())
	again.Body = io.NopCloser(bytes.NewReader(body))
	said := httptest.NewRecorder()
	f.Handler.ServeHTTP(said, again)
	return said
}

// cut sends half of an answer that said how long it is.
func (f *Faults) cut(w http.ResponseWriter, said *httptest.ResponseRecorder) {
	body := said.Body.Bytes()
	maps.Copy(w.Header(), said.Header())
	w.Header().Set("Content-Length", strconv.Itoa(len(body)+1))
	w.WriteHeader(said.Code)
	_, _ = w.Write(body[:len(body)/2])
	panic(http.ErrAbortHandler)
}

func (f *Faults) answer(w http.ResponseWriter, fault Fault) {
	status, _ := strconv.Atoi(string(fault)[:3])
	if fault == BusyFor {
		w.Header().Set("Retry-After", "7")
	}
	if fault == BusyUntil {
		now := f.now().UTC()
		w.Header().Set("Date", now.Format(http.TimeFormat))
		w.Header().Set("Retry-After", now.Add(11*time.Second).Format(http.TimeFormat))
	}
	kind, body := "application/json", []byte("{}")
	if f.Body != nil {
		kind, body = f.Body(fault, status)
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func (f *Faults) now() time.Time {
	if f.Clock == nil {
		return time.Now()
	}
	return f.Clock.Now()
}

func (f *Faults) choose(r *http.Request) Fault {
	if f.Spare != nil && f.Spare(r) {
		return Fine
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.tried == nil {
		f.tried, f.row, f.happens = map[string]uint64{}, map[string]int{}, map[Fault]int{}
	}
	f.asked++
	fault := f.drawn(r)
	if fault != Fine {
		f.happens[fault]++
	}
	return fault
}

func (f *Faults) drawn(r *http.Request) Fault {
	if f.Choose != nil {
		return f.Choose(f.asked, r)
	}
	what := fmt.Sprint(r.Method, " ", r.URL.RequestURI())
	f.tried[what]++
	most := f.InARow
	if most == 0 {
		most = 2
	}
	kinds := f.Kinds
	if kinds == nil {
		kinds = All()
	}
	h := fnv.New64a()
	_, _ = io.WriteString(h, what)
	draw := rand.New(rand.NewPCG(f.Seed^f.tried[what], h.Sum64())) //nolint:gosec // chance that can be repeated
	fault := kinds[draw.IntN(len(kinds))]
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if draw.Float64() >= f.Rate || f.row[what] >= most || reads && (fault == Conflict || fault == Precondition) {
		f.row[what] = 0
		return Fine
	}
	f.row[what]++
	return fault
}
