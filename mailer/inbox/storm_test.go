package inbox

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A mishap is one thing that servers do, when a command comes for which it is meant. It returns true when it has answered.
type mishap struct {
	name string
	at   string // a part of the command, "" for any
	do   func(s *storm, c *fakeConn, command string) bool
}

// A storm lets a few mishaps happen to a server that is well otherwise.
type storm struct {
	*fake
	rand *chance

	mu   sync.Mutex
	left int // mishaps to come
	skip int // commands that they would fit, before the next
	kind []mishap
	past []string
}

// A chance is one for several goroutines.
type chance struct {
	mu sync.Mutex
	r  *rand.Rand
}

func newChance(seed uint64) *chance { return &chance{r: rand.New(rand.NewPCG(seed, 7))} }

func (c *chance) IntN(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.r.IntN(n)
}

const body = "BODY.PEEK[]"

// asked are the mails that a FETCH names, with their sequence numbers.
func (s *storm) asked(command string) (mails []fakeMail, numbers []int) {
	s.fake.mu.Lock()
	defer s.fake.mu.Unlock()
	rest, byUID := strings.CutPrefix(command, "UID ")
	set := strings.Fields(rest)[1]
	for i, m := range s.mails {
		n := uint32(i + 1)
		if byUID {
			n = m.uid
		}
		if inSet(set, n) {
			mails, numbers = append(mails, m), append(numbers, i+1)
		}
	}
	return mails, numbers
}

// answers are the responses of a well server to a FETCH.
func (s *storm) answers(command string) []string {
	mails, numbers := s.asked(command)
	answers := make([]string, len(mails))
	for i, m := range mails {
		answers[i] = fmt.Sprintf("* %d FETCH (%s)", numbers[i], m.items(command))
	}
	return answers
}

// all says lines and that the command is done.
func (c *fakeConn) all(lines []string) bool {
	for _, line := range lines {
		c.say("%s", line)
	}
	c.ok()
	return true
}

// unasked are responses that a server may send at any time.
var unasked = []string{
	"* XSTRANGE {7}\r\n* X\r\n)) more", "* VANISHED 41,43:116", "* OK [ALERT] maintenance at ten", "* CAPABILITY IMAP4rev1 IDLE XNEW=7 AUTH=XODD",
	"* 1 RECENT", `* FLAGS (\Seen $Odd)`, `* OK [PERMANENTFLAGS (\*)] limited`, `* 1 FETCH (UID 1 FLAGS (\Answered))`, `* 2 FETCH (FLAGS () MODSEQ (7) X-GM-MSGID 9)`,
	`* STATUS "Other" (MESSAGES 3)`, "* NO [ALERT] nearly full", "* BAD what was that?", "* OK [HIGHESTMODSEQ 99] x", "* LIST () \"/\" {4}\r\nX\r\n!", "* METADATA \"\" (/a {3}\r\n)\r\n)",
}

// each gives every answer its company.
func each(answers []string, change func(i int, answer string) []string) []string {
	var lines []string
	for i, a := range answers {
		lines = append(lines, change(i, a)...)
	}
	return lines
}

// cutOff says a part of the answers and leaves.
func (s *storm) cutOff(c *fakeConn, text string, leave func()) bool {
	_, _ = c.Write([]byte(text))
	leave()
	return true
}

var mishaps = []mishap{
	{"out of order", body, func(s *storm, c *fakeConn, command string) bool {
		lines := s.answers(command)
		slices.Reverse(lines)
		return c.all(lines)
	}},
	{"unasked responses", "", func(s *storm, c *fakeConn, command string) bool {
		for range 3 {
			c.say("%s", unasked[s.rand.IntN(len(unasked))])
		}
		return false
	}},
	{"unasked between mails", body, func(s *storm, c *fakeConn, command string) bool {
		return c.all(each(s.answers(command), func(_ int, a string) []string { return []string{unasked[s.rand.IntN(len(unasked))], a} }))
	}},
	{"uid behind the body", body, func(s *storm, c *fakeConn, command string) bool {
		mails, numbers := s.asked(command)
		for i, m := range mails {
			c.say("* %d FETCH (%s UID %d)", numbers[i], literal("BODY[]", m.body), m.uid)
		}
		return c.all(nil)
	}},
	{"flags and case", body, func(s *storm, c *fakeConn, command string) bool {
		mails, numbers := s.asked(command)
		for i, m := range mails {
			c.say("* %d fetch (flags (\\Recent) uid %d %s)", numbers[i], m.uid, literal("body[]", m.body))
		}
		return c.all(nil)
	}},
	{"quoted body", body, func(s *storm, c *fakeConn, command string) bool {
		mails, numbers := s.asked(command)
		for i, m := range mails {
			if text := literal("BODY[]", m.body); i%2 == 0 && !strings.ContainsAny(m.body, "\r\n\"\\") {
				text = `BODY[] "` + m.body + `"`
				c.say("* %d FETCH (UID %d %s)", numbers[i], m.uid, text)
			} else {
				c.say("* %d FETCH (UID %d %s)", numbers[i], m.uid, text)
			}
		}
		return c.all(nil)
	}},
	{"twice", body, func(s *storm, c *fakeConn, command string) bool {
		return c.all(each(s.answers(command), func(_ int, a string) []string { return []string{a, a} }))
	}},
	{"without uid", body, func(s *storm, c *fakeConn, command string) bool {
		mails, numbers := s.asked(command)
		for i, m := range mails {
			c.say("* %d FETCH (%s)", numbers[i], literal("BODY[]", m.body))
		}
		return c.all(nil)
	}},
	{"another mail too", body, func(s *storm, c *fakeConn, command string) bool {
		s.fake.mu.Lock()
		m, n := s.mails[0], 1
		s.fake.mu.Unlock()
		c.say("* %d FETCH (UID %d %s)", n, m.uid, literal("BODY[]", m.body))
		return c.all(s.answers(command))
	}},
	{"nothing", body, func(_ *storm, c *fakeConn, _ string) bool { return c.all(nil) }},
	{"nil", body, func(s *storm, c *fakeConn, command string) bool {
		mails, numbers := s.asked(command)
		for i, m := range mails {
			c.say("* %d FETCH (UID %d BODY[] NIL)", numbers[i], m.uid)
		}
		return c.all(nil)
	}},
	{"no for one", body, func(s *storm, c *fakeConn, command string) bool {
		lines := s.answers(command)
		for i, line := range lines {
			if i != len(lines)/2 {
				c.say("%s", line)
			}
		}
		c.say("%s NO [EXPUNGEISSUED] some of them", c.tag)
		return true
	}},
	{"stall in a literal", body, func(s *storm, c *fakeConn, command string) bool {
		text := strings.Join(s.answers(command), "\r\n")
		return s.cutOff(c, text[:len(text)*2/3], func() { c.hang() })
	}},
	{"close in a literal", body, func(s *storm, c *fakeConn, command string) bool {
		text := strings.Join(s.answers(command), "\r\n")
		return s.cutOff(c, text[:s.rand.IntN(len(text)+1)], func() { _ = c.Close() })
	}},
	{"close before OK", "", func(s *storm, c *fakeConn, command string) bool {
		if strings.Contains(command, "FETCH") {
			for _, line := range s.answers(command) {
				c.say("%s", line)
			}
		}
		_ = c.Close()
		return true
	}},
	{"length too short", body, func(s *storm, c *fakeConn, command string) bool {
		mails, numbers := s.asked(command)
		for i, m := range mails {
			c.say("* %d FETCH (UID %d BODY[] {%d}\r\n%s)", numbers[i], m.uid, len(m.body)-1-s.rand.IntN(8), m.body)
		}
		return c.all(nil)
	}},
	{"length too long", body, func(s *storm, c *fakeConn, command string) bool {
		mails, numbers := s.asked(command)
		for i, m := range mails {
			c.say("* %d FETCH (UID %d BODY[] {%d}\r\n%s)", numbers[i], m.uid, len(m.body)+1+s.rand.IntN(8), m.body)
		}
		return c.all(nil)
	}},
	{"huge literal", body, func(s *storm, c *fakeConn, command string) bool {
		mails, numbers := s.asked(command)
		for i, m := range mails {
			c.say("* %d FETCH (UID %d BODY[] {4294967296}\r\n%s)", numbers[i], m.uid, m.body)
		}
		return c.all(nil)
	}},
	{"drip", body, func(s *storm, c *fakeConn, command string) bool {
		for _, b := range []byte(strings.Join(s.answers(command), "\r\n")) {
			if _, err := c.Write([]byte{b}); err != nil {
				return true
			}
			dawdle(time.Duration(s.rand.IntN(40)) * time.Second)
		}
		return c.all([]string{""})
	}},
	{"wrong sizes", "RFC822.SIZE", func(s *storm, c *fakeConn, command string) bool {
		mails, numbers := s.asked(command)
		for i, m := range mails {
			c.say("* %d FETCH (RFC822.SIZE %d UID %d)", numbers[i], []int{0, 1, len(m.body) * 3, 4294967295}[s.rand.IntN(4)], m.uid)
		}
		return c.all(nil)
	}},
	{"odd date", "INTERNALDATE", func(s *storm, c *fakeConn, command string) bool {
		mails, numbers := s.asked(command)
		for i, m := range mails {
			c.say("* %d FETCH (UID %d RFC822.SIZE %d INTERNALDATE \"yesterday\")", numbers[i], m.uid, len(m.body))
		}
		return c.all(nil)
	}},
	{"exists and nothing", "", func(_ *storm, c *fakeConn, _ string) bool {
		c.say("* 4711 EXISTS")
		return false
	}},
	{"expunge", body, func(s *storm, c *fakeConn, command string) bool {
		s.fake.mu.Lock()
		s.mails = slices.Delete(s.mails, 0, min(1, len(s.mails)-1)) // somebody takes the first away
		s.fake.mu.Unlock()
		c.say("* 1 EXPUNGE")
		return false
	}},
	{"expunge behind the answer", body, func(s *storm, c *fakeConn, command string) bool {
		lines := s.answers(command)
		s.fake.mu.Lock()
		s.mails = slices.Delete(s.mails, 0, min(1, len(s.mails)-1))
		s.fake.mu.Unlock()
		return c.all(append(lines, "* 1 EXPUNGE"))
	}},
	{"bye", "", func(_ *storm, c *fakeConn, _ string) bool {
		c.say("* BYE going down")
		_ = c.Close()
		return true
	}},
	{"bye and silence", "", func(_ *storm, c *fakeConn, _ string) bool {
		c.say("* BYE going down")
		return c.hang()
	}},
	{"no", "", func(_ *storm, c *fakeConn, _ string) bool { c.say("%s NO [INUSE] not now", c.tag); return true }},
	{"bad", "", func(_ *storm, c *fakeConn, _ string) bool { c.say("%s BAD what?", c.tag); return true }},
	{"another tag", "", func(_ *storm, c *fakeConn, _ string) bool { c.say("T9999 OK done"); return false }},
	{"go on", "", func(_ *storm, c *fakeConn, _ string) bool { c.say("+ go on"); return false }},
	{"nonsense", "", func(_ *storm, c *fakeConn, _ string) bool { c.say("\x00\x01 {9999999999999999999}"); return false }},
	{"silence", "", func(_ *storm, c *fakeConn, _ string) bool { return c.hang() }},
	{"no news", "IDLE", func(_ *storm, c *fakeConn, _ string) bool {
		c.say("+ idling")
		_, _ = c.r.ReadString('\n')
		c.ok()
		return true
	}},
	{"idle ends itself", "IDLE", func(_ *storm, c *fakeConn, _ string) bool { c.say("+ idling"); c.ok(); return true }},
	{"search in pieces", "SEARCH", func(s *storm, c *fakeConn, _ string) bool {
		s.fake.mu.Lock()
		defer s.fake.mu.Unlock()
		for _, m := range slices.Backward(s.mails) {
			c.say("* SEARCH %d %d", m.uid, m.uid)
		}
		return c.all(nil)
	}},
	{"search finds nothing", "SEARCH", func(_ *storm, c *fakeConn, _ string) bool { return c.all([]string{"* SEARCH"}) }},
	{"search finds too much", "SEARCH", func(_ *storm, c *fakeConn, _ string) bool {
		return c.all([]string{"* ESEARCH (TAG \"" + c.tag + "\") UID ALL 1:20"})
	}},
	{"search without limit", "SEARCH", func(_ *storm, c *fakeConn, _ string) bool {
		return c.all([]string{"* ESEARCH (TAG \"" + c.tag + "\") UID ALL 1:*"})
	}},
	{"no uidvalidity", "EXAMINE", func(_ *storm, c *fakeConn, _ string) bool { return c.all([]string{"* 3 EXISTS"}) }},
	{"renumbered", "", func(s *storm, c *fakeConn, _ string) bool {
		s.fake.mu.Lock()
		defer s.fake.mu.Unlock()
		s.validity++
		for i := range s.mails {
			s.mails[i].uid += 3 // an old number names another mail now
		}
		if s.rand.IntN(2) == 0 {
			c.say("* OK [UIDVALIDITY %d] renumbered", s.validity)
		}
		return false
	}},
}

func newStorm(t *testing.T, seed uint64, kinds ...mishap) *storm {
	s := &storm{fake: newPiped(t), rand: newChance(seed), kind: kinds}
	s.hook = s.strike
	return s
}

func (s *storm) strike(c *fakeConn, command string) bool {
	s.mu.Lock()
	var fits []mishap
	for _, m := range s.kind {
		if strings.Contains(command, m.at) {
			fits = append(fits, m)
		}
	}
	if s.left == 0 || len(fits) == 0 || s.skip > 0 || command == "(greeting)" && len(fits) < len(s.kind) {
		if len(fits) > 0 {
			s.skip--
		}
		s.mu.Unlock()
		return false
	}
	m := fits[s.rand.IntN(len(fits))]
	s.left--
	s.skip = s.rand.IntN(3)
	word, _, _ := strings.Cut(command, " (")
	s.past = append(s.past, m.name+" at "+word)
	s.mu.Unlock()
	return m.do(s, c, command)
}

// rage lets n mishaps happen while mails come in, and then holds that every mail that is in the mailbox was found, whole,
// under its number, and none was given up or told twice (which the notebook watches).
func (s *storm) rage(t *testing.T, n *notebook, n0, count int, sent map[string]bool) {
	t.Helper()
	s.mu.Lock()
	s.left, s.skip = count, s.rand.IntN(4)
	s.mu.Unlock()
	for i := range 4 {
		s.fake.mu.Lock()
		uid := uint32(1)
		if len(s.mails) > 0 {
			uid = s.mails[len(s.mails)-1].uid + 1
		}
		s.fake.mu.Unlock()
		m := fakeMail{uid: uid, body: fmt.Sprintf("Subject: mail %d\r\n\r\n%s\r\n", n0+i, strings.Repeat("* 1 FETCH (UID 2) {3}\r\n", s.rand.IntN(200)))}
		sent[m.body] = true
		s.deliver(m)
		pass(time.Duration(s.rand.IntN(100)) * time.Second)
	}
	for range 24 { // six hours
		pass(15 * time.Minute)
		if s.settled(n) {
			return
		}
	}
	t.Errorf("after %q:\n%s", s.past, s.missing(n))
}

func (s *storm) settled(n *notebook) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.missing(n) == ""
}

// missing compares what is in the mailbox with what was found.
func (s *storm) missing(n *notebook) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	s.fake.mu.Lock()
	defer s.fake.mu.Unlock()
	var text strings.Builder
	for _, m := range s.mails {
		if !n.known[[2]uint32{s.validity, m.uid}] {
			fmt.Fprintf(&text, "mail %d/%d was not found\n", s.validity, m.uid)
		}
	}
	return text.String()
}

// whole holds that what was stored is what once stood in the mailbox.
func (s *storm) whole(t *testing.T, n *notebook, sent map[string]bool) {
	t.Helper()
	for len(n.stored) > 0 {
		d := <-n.stored
		header, _, _ := strings.Cut(string(d.Raw), "\r\n\r\n")
		if d.TooLarge && strings.HasPrefix(header, "Subject: mail ") {
			continue // the server said so
		}
		if !sent[string(d.Raw)] {
			t.Errorf("mail %d/%d was stored as %.80q (%d bytes) after %q", d.UIDValidity, d.UID, d.Raw, len(d.Raw), s.past)
		}
	}
	for len(n.lost) > 0 {
		t.Errorf("mail %d was given up after %q", <-n.lost, s.past)
	}
}

// weather runs one server through a few storms.
func weather(t *testing.T, seed uint64, storms, count int, kinds ...mishap) {
	synctest.Test(t, func(t *testing.T) {
		s := newStorm(t, seed, kinds...)
		sent := map[string]bool{}
		n := newNotebook(t)
		cfg, _ := bubbled(s.fake)
		stop := live(t, s.fake, cfg, n)
		for i := range storms {
			s.rage(t, n, i*4, count, sent)
		}
		stop()
		s.whole(t, n, sent)
		if len(s.past) == 0 {
			t.Error("nothing happened")
		}
	})
}

// Each mishap alone, at the first and at later commands that it fits.
func TestMishaps(t *testing.T) {
	t.Parallel()
	for _, m := range mishaps {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(4) {
				weather(t, seed, 2, 3, m)
			}
		})
	}
}

// Mixes of all by chance. VANTHU_STORMS says how many, VANTHU_SEED repeats one.
func TestStorms(t *testing.T) {
	t.Parallel()
	storms := 30
	if n, err := strconv.Atoi(os.Getenv("VANTHU_STORMS")); err == nil {
		storms = n
	}
	seeds := []uint64{rand.Uint64()} // a new one each time
	for seed := range storms {
		seeds = append(seeds, uint64(seed))
	}
	if seed, err := strconv.ParseUint(os.Getenv("VANTHU_SEED"), 10, 64); err == nil {
		seeds = []uint64{seed}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			weather(t, seed, 4, 9, mishaps...)
		})
	}
}
