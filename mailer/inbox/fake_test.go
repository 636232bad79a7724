package inbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A fake is an IMAP server that says just enough, and whatever a test wants it to say instead. It asserts on its own that
// no command could mark a mail as read.
type fake struct {
	t    *testing.T
	ln   net.Listener
	done sync.WaitGroup
	// hook sees every command (without its tag) first and returns true when it has dealt with it.
	hook func(c *fakeConn, command string) bool
	// files allows SELECT, which a filer needs.
	files bool

	mu       sync.Mutex
	caps     string
	validity uint32
	mails    []fakeMail
	commands []string
	conns    []*fakeConn
	bodies   map[uint32]int // how often each whole mail was sent
	bytes    int            // of bodies and headers
}

type fakeMail struct {
	uid  uint32
	body string
}

type fakeConn struct {
	net.Conn
	f    *fake
	r    *bufio.Reader
	n    int // 1 is the first connection
	tag  string
	idle bool // guarded by f.mu
}

func newFake(t *testing.T, mails ...fakeMail) *fake {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{t: t, ln: ln, caps: "IMAP4rev1 IDLE", validity: 7, mails: mails, bodies: map[uint32]int{}}
	t.Cleanup(f.close)
	return f
}

// start begins to serve; hooks are set before.
func (f *fake) start() *fake {
	f.done.Go(func() {
		for {
			raw, err := f.ln.Accept()
			if err != nil {
				return
			}
			f.accept(raw)
		}
	})
	return f
}

func (f *fake) accept(raw net.Conn) {
	f.mu.Lock()
	c := &fakeConn{Conn: raw, f: f, r: bufio.NewReader(raw), n: len(f.conns) + 1}
	f.conns = append(f.conns, c)
	f.mu.Unlock()
	f.done.Go(c.serve)
}

// dial is for a bubble of synctest: no network, so that its time can pass.
func (f *fake) dial(context.Context) (net.Conn, error) {
	ours, theirs := net.Pipe()
	f.accept(theirs)
	return ours, nil
}

// newPiped is a fake that is reached by dial alone. Its owner ends it inside the bubble.
func newPiped(t *testing.T, mails ...fakeMail) *fake {
	return &fake{t: t, caps: "IMAP4rev1 IDLE", validity: 7, mails: mails, bodies: map[uint32]int{}}
}

func (f *fake) close() {
	if f.ln != nil {
		_ = f.ln.Close()
	}
	f.mu.Lock()
	for _, c := range f.conns {
		_ = c.Close()
	}
	f.mu.Unlock()
	f.done.Wait()
}

// deliver adds a mail and tells who is idling.
func (f *fake) deliver(m fakeMail) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mails = append(f.mails, m)
	for _, c := range f.conns {
		if c.idle {
			c.say("* %d EXISTS", len(f.mails))
		}
	}
}

// said returns the commands that contain every one of parts.
func (f *fake) said(parts ...string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(f.commands), func(c string) bool {
		return slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(c, p) })
	})
}

func (f *fake) connections() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.conns)
}

func (c *fakeConn) say(format string, args ...any) {
	_, _ = fmt.Fprintf(c.Conn, format+"\r\n", args...)
}

func (c *fakeConn) ok() { c.say("%s OK done", c.tag) }

// hang says nothing until the client goes away.
func (c *fakeConn) hang() bool {
	_, _ = io.Copy(io.Discard, c.r)
	return true
}

func (c *fakeConn) serve() {
	defer c.Close()
	if c.f.hook != nil && c.f.hook(c, "(greeting)") {
		return
	}
	c.say("* OK ready")
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return
		}
		tag, command, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		c.tag = tag
		c.f.mu.Lock()
		c.f.commands = append(c.f.commands, command)
		c.f.mu.Unlock()
		if strings.Contains(command, "BODY[") || strings.HasPrefix(command, "SELECT") && !c.f.files && !strings.Contains(c.f.t.Name(), "Filer") {
			c.f.t.Errorf("this marks mail as read: %s", command)
		}
		if c.f.hook != nil && c.f.hook(c, command) {
			continue
		}
		if !c.answer(command) {
			return
		}
	}
}

// answer is a well-behaved server.
func (c *fakeConn) answer(command string) bool {
	f := c.f
	f.mu.Lock()
	defer f.mu.Unlock()
	switch word, rest, _ := strings.Cut(command, " "); word {
	case "CAPABILITY":
		c.say("* CAPABILITY %s", f.caps)
	case "SELECT", "EXAMINE":
		c.say("* %d EXISTS\r\n* OK [UIDVALIDITY %d] valid", len(f.mails), f.validity)
	case "IDLE":
		c.idle = true
		c.say("+ idling")
		f.mu.Unlock()
		_, err := c.r.ReadString('\n')
		f.mu.Lock()
		c.idle = false
		if err != nil {
			return false
		}
	case "UID":
		if verb, set, _ := strings.Cut(rest, " "); verb == "SEARCH" {
			c.search(set)
		} else if verb == "FETCH" {
			c.fetch(set, true)
		}
	case "FETCH":
		c.fetch(rest, false)
	case "LOGOUT":
		return false
	}
	c.ok()
	return true
}

func (c *fakeConn) search(key string) {
	var found []string
	set, among := strings.CutPrefix(key, "UID ")
	for _, m := range c.f.mails {
		if !among || inSet(set, m.uid) {
			found = append(found, strconv.Itoa(int(m.uid)))
		}
	}
	c.say("* SEARCH %s", strings.Join(found, " "))
}

func (c *fakeConn) fetch(args string, byUID bool) {
	set, items, _ := strings.Cut(args, " ")
	for i, m := range c.f.mails {
		n := uint32(i + 1)
		if byUID {
			n = m.uid
		}
		if inSet(set, n) {
			answer := m.items(items)
			if strings.Contains(items, "BODY.PEEK[]") {
				c.f.bodies[m.uid]++
			}
			if strings.Contains(items, "BODY.PEEK[") {
				c.f.bytes += len(answer)
			}
			c.say("* %d FETCH (%s)", i+1, answer)
		}
	}
}

func (m fakeMail) items(asked string) string {
	items := []string{fmt.Sprintf("UID %d", m.uid)}
	if strings.Contains(asked, "RFC822.SIZE") {
		items = append(items, fmt.Sprintf("RFC822.SIZE %d", len(m.body)))
	}
	if strings.Contains(asked, "INTERNALDATE") {
		items = append(items, `INTERNALDATE " 1-Nov-2026 08:00:00 +0700"`)
	}
	if strings.Contains(asked, "BODY.PEEK[]") {
		items = append(items, literal("BODY[]", m.body))
	}
	if strings.Contains(asked, "BODY.PEEK[HEADER]") {
		header, _, _ := strings.Cut(m.body, "\r\n\r\n")
		items = append(items, literal("BODY[HEADER]", header+"\r\n\r\n"))
	}
	return strings.Join(items, " ")
}

func literal(name, body string) string { return fmt.Sprintf("%s {%d}\r\n%s", name, len(body), body) }

func inSet(set string, n uint32) bool {
	for part := range strings.SplitSeq(set, ",") {
		from, to, ranged := strings.Cut(part, ":")
		if !ranged {
			to = from
		}
		a, _ := strconv.Atoi(from)
		b, _ := strconv.Atoi(to)
		if uint32(a) <= n && n <= uint32(b) {
			return true
		}
	}
	return false
}

func mail(uid uint32) fakeMail {
	return fakeMail{uid: uid, body: fmt.Sprintf("Subject: mail %d\r\n\r\nThis is mail %d.\r\n", uid, uid)}
}

// A notebook is a journal in memory; every call of the watcher can be waited for.
type notebook struct {
	t      *testing.T
	stored chan Delivery
	lost   chan uint32
	status chan Status
	ended  chan error
	stop   context.CancelFunc

	mu    sync.Mutex
	known map[[2]uint32]bool
	fails int // so many times Store refuses
	calls int // of Store
}

// observe starts a watcher on a fake or real server. Patience is short: the tests are about what happens afterwards.
func observe(t *testing.T, cfg Config) *notebook {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	n := &notebook{t: t, stop: cancel, known: make(map[[2]uint32]bool), ended: make(chan error, 1),
		stored: make(chan Delivery, 5000), lost: make(chan uint32, 100), status: make(chan Status, 1000)}
	cfg.Status = func(s Status) {
		select {
		case n.status <- s:
		default:
		}
	}
	w := New(cfg, n.journal())
	w.pauses, w.rest = backoff{shortest: time.Millisecond, longest: 5 * time.Millisecond}, 0
	go func() { n.ended <- w.Run(ctx) }()
	t.Cleanup(func() { n.end() })
	return n
}

func plain(f *fake) Config {
	return Config{Address: f.ln.Addr().String(), TLS: TLSPlain, User: "cntt", Timeout: 10 * time.Second, Poll: time.Hour,
		Password: func(context.Context) (string, error) { return "pw", nil }}
}

func (n *notebook) journal() Journal {
	return Journal{
		Unknown: func(_ context.Context, mailbox string, validity uint32, uids []uint32) ([]uint32, error) {
			n.mu.Lock()
			defer n.mu.Unlock()
			return slices.DeleteFunc(slices.Clone(uids), func(uid uint32) bool { return n.known[[2]uint32{validity, uid}] }), nil
		},
		Store: func(_ context.Context, batch []Delivery) error {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.calls++
			if n.fails > 0 {
				n.fails--
				return errors.New("disk full")
			}
			for _, d := range batch {
				key := [2]uint32{d.UIDValidity, d.UID}
				if n.known[key] {
					n.t.Errorf("mail %v was handed over twice", key)
				}
				n.known[key] = true
				n.stored <- d
			}
			return nil
		},
		Lost: func(_ context.Context, _ string, _, uid uint32, why string) error {
			if why == "" {
				n.t.Error("lost without a reason")
			}
			n.lost <- uid
			return nil
		},
	}
}

// end stops the watcher, which must not mind.
func (n *notebook) end() {
	n.t.Helper()
	n.stop()
	if err := await(n.t, n.ended, "the end of Run"); err != nil {
		n.t.Errorf("Run: %v", err)
	}
	n.ended <- nil // for the next call
}

// await receives what must come.
func await[T any](t *testing.T, ch <-chan T, what string) T {
	t.Helper()
	timer := time.NewTimer(20 * time.Second)
	defer timer.Stop()
	select {
	case v := <-ch:
		return v
	case <-timer.C:
		t.Fatalf("waited in vain for %s", what)
		panic("unreachable")
	}
}

// gets waits for these UIDs, in any order, and returns the deliveries by UID.
func (n *notebook) gets(uids ...uint32) map[uint32]Delivery {
	n.t.Helper()
	got := make(map[uint32]Delivery)
	for range uids {
		d := await(n.t, n.stored, fmt.Sprintf("mails %v, have %d", uids, len(got)))
		got[d.UID] = d
	}
	for _, uid := range uids {
		if _, ok := got[uid]; !ok {
			n.t.Errorf("mail %d did not come", uid)
		}
	}
	return got
}

func (n *notebook) until(want Status) {
	n.t.Helper()
	for await(n.t, n.status, string(want)) != want {
	}
}
