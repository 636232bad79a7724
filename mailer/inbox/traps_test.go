package inbox

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// UID behind the body is legal and hides the mail from the library; flags that another client changes do the same.
func TestUIDAfterBody(t *testing.T) {
	t.Parallel()
	f := newFake(t, mail(5), mail(6))
	f.hook = func(c *fakeConn, command string) bool {
		if !strings.Contains(command, "BODY.PEEK[]") {
			return false
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		set := strings.Fields(strings.TrimPrefix(command, "UID "))[1]
		for i, m := range f.mails {
			if n := uint32(i + 1); inSet(set, n) && !strings.HasPrefix(command, "UID") || inSet(set, m.uid) && strings.HasPrefix(command, "UID") {
				c.say("* %d FETCH (%s UID %d)", n, literal("BODY[]", m.body), m.uid)
			}
		}
		c.ok()
		return true
	}
	n := observe(t, plain(f.start()))
	got := n.gets(5, 6)
	if diff := cmp.Diff(mail(6).body, string(got[6].Raw)); diff != "" {
		t.Error(diff)
	}
	n.until(Idle)
	f.deliver(mail(7))
	n.gets(7)
	if again := f.said("UID FETCH", "BODY.PEEK[]"); len(again) != 1 {
		t.Errorf("asked by UID again although that never helps: %q", again)
	}
}

// Pain 12: a server that writes UID behind the body costs one body twice, not all of them.
func TestPain12HiddenMailsAreNotFetchedTwice(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	for uid := range uint32(300) {
		f.mails = append(f.mails, mail(uid+1))
	}
	sent := 0
	f.hook = func(c *fakeConn, command string) bool {
		if !strings.Contains(command, "BODY.PEEK[]") {
			return false
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		for i, m := range f.mails { // UID and sequence number are the same here
			if inSet(strings.Fields(strings.TrimPrefix(command, "UID "))[1], m.uid) {
				sent++
				c.say("* %d FETCH (%s UID %d)", i+1, literal("BODY[]", m.body), m.uid)
			}
		}
		c.ok()
		return true
	}
	n := observe(t, plain(f.start()))
	n.until(Idle)
	if len(n.stored) != 300 || sent != 301 {
		t.Errorf("%d mails, %d bodies", len(n.stored), sent)
	}
}

func TestFlagsNoticeBeforeBody(t *testing.T) {
	t.Parallel()
	f := newFake(t, mail(5), mail(6))
	f.hook = func(c *fakeConn, command string) bool {
		if strings.HasPrefix(command, "UID FETCH") && strings.Contains(command, "BODY.PEEK[]") {
			c.say(`* 1 FETCH (UID 5 FLAGS (\Answered))`)
		}
		return false
	}
	observe(t, plain(f.start())).gets(5, 6)
}

// Wherever the first connection falls silent, the second brings the mail.
func TestServerThatNeverAnswers(t *testing.T) {
	t.Parallel()
	for _, stage := range []string{"(greeting)", "CAPABILITY", "LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH 5 (UID RFC822.SIZE",
		"UID FETCH 5 (UID INTERNALDATE", "UID FETCH 5 (UID BODY", "mid-literal", "IDLE", "DONE"} {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			if stage != "DONE" {
				f.mails = []fakeMail{mail(5)}
			}
			hung := make(chan struct{}, 10)
			f.hook = func(c *fakeConn, command string) bool {
				switch {
				case c.n > 1:
					return false
				case stage == "mid-literal" && strings.Contains(command, "BODY.PEEK[]"):
					_, _ = fmt.Fprintf(c, "* 1 FETCH (UID 5 BODY[] {5000}\r\nSubject: x\r\n")
				case stage == "DONE" && command == "IDLE":
					c.say("+ idling") // and dead from here: nothing is told, DONE is not answered
				case stage != "mid-literal" && stage != "DONE" && (strings.HasPrefix(command, stage) || isSizes(stage) && isSizes(command)):
				default:
					return false
				}
				hung <- struct{}{}
				return c.hang()
			}
			cfg := plain(f.start())
			cfg.Timeout = 200 * time.Millisecond
			cfg.Poll = 100 * time.Millisecond
			n := observe(t, cfg)
			await(t, hung, "the server to fall silent")
			if stage == "DONE" {
				f.deliver(mail(5))
			}
			n.until(Disconnected)
			if stage != "IDLE" { // there it was stored before
				n.gets(5)
			}
			n.until(Idle)
		})
	}
}

// The library writes the items of a FETCH in any order.
func isSizes(s string) bool {
	return strings.HasPrefix(s, "UID FETCH 5") && (strings.Contains(s, "RFC822.SIZE") || strings.Contains(s, "INTERNALDATE"))
}

func TestRunEndsWithItsContextAtOnce(t *testing.T) {
	t.Parallel()
	for _, stage := range []string{"(greeting)", "LOGIN", "UID SEARCH", "UID FETCH", "IDLE", ""} {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, mail(5))
			hung := make(chan struct{}, 10)
			f.hook = func(c *fakeConn, command string) bool {
				if stage == "" || !strings.HasPrefix(command, stage) {
					return false
				}
				hung <- struct{}{}
				return c.hang()
			}
			cfg := plain(f.start())
			cfg.Timeout = time.Hour
			n := observe(t, cfg)
			if stage == "" {
				n.until(Idle)
			} else {
				await(t, hung, "the server to fall silent")
			}
			n.end()
		})
	}
}

// What the library does not know ends the connection. A mail that does so every time is told, the others are not held up,
// and the server is not stormed.
func TestUnknownResponses(t *testing.T) {
	t.Parallel()
	for name, poison := range map[string]string{
		"untagged":   "* XSTRANGE something",
		"fetch item": "* 2 FETCH (UID 2 X-GM-LABELS (a))",
		"nonsense":   "\x00\x01 {9999999999999999999}",
		"farewell":   "* BYE I am going down",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, mail(1), mail(2), mail(3), mail(4))
			f.hook = func(c *fakeConn, command string) bool {
				if !strings.Contains(command, "BODY.PEEK[]") {
					return false
				}
				f.mu.Lock()
				defer f.mu.Unlock()
				set := strings.Fields(strings.TrimPrefix(command, "UID "))[1]
				for i, m := range f.mails { // UID and sequence number are the same here
					if m.uid == 2 && inSet(set, 2) {
						c.say("%s", poison)
						_ = c.Close()
						return true
					}
					if inSet(set, m.uid) {
						c.say("* %d FETCH (%s)", i+1, m.items(command))
					}
				}
				c.ok()
				return true
			}
			n := observe(t, plain(f.start()))
			n.gets(1, 3, 4)
			if uid := await(t, n.lost, "the bad mail to be told"); uid != 2 {
				t.Errorf("lost %d, want 2", uid)
			}
			n.until(Idle)
			f.deliver(mail(5))
			n.gets(5)
			if got := f.connections(); got > lastTries+1 {
				t.Errorf("%d connections", got)
			}
		})
	}
}

// A mail whose date the library cannot read is fetched without asking for the date.
func TestUnreadableDate(t *testing.T) {
	t.Parallel()
	f := newFake(t, mail(1), mail(2))
	f.hook = func(c *fakeConn, command string) bool {
		if strings.Contains(command, "INTERNALDATE") && inSet(strings.Fields(command)[2], 2) {
			c.say(`* 2 FETCH (UID 2 RFC822.SIZE 40 INTERNALDATE "yesterday")`)
		}
		return false
	}
	cfg := plain(f.start())
	now := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	cfg.Now = func() time.Time { return now }
	n := observe(t, cfg)
	got := n.gets(1, 2)
	if !got[2].InternalDate.Equal(now) {
		t.Errorf("date %v, want the time it was fetched", got[2].InternalDate)
	}
}

func TestBodyCutShort(t *testing.T) {
	t.Parallel()
	whole := mail(5).body
	for name, begin := range map[string]string{
		"in the body":        fmt.Sprintf("* 1 FETCH (UID 5 BODY[] {%d}\r\n%s", len(whole), whole[:20]),
		"behind the body":    fmt.Sprintf("* 1 FETCH (UID 5 BODY[] {%d}\r\n%s", len(whole), whole),
		"behind the closing": fmt.Sprintf("* 1 FETCH (UID 5 BODY[] {%d}\r\n%s)\r\n", len(whole)-5, whole[5:]),
		"length too large":   fmt.Sprintf("* 1 FETCH (UID 5 BODY[] {%d}\r\n%s)\r\nT9 OK\r\n", len(whole)+8, whole),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, mail(5))
			f.hook = func(c *fakeConn, command string) bool {
				if c.n > 1 || !strings.Contains(command, "BODY.PEEK[]") {
					return false
				}
				_, _ = fmt.Fprint(c, begin)
				_ = c.Close()
				return true
			}
			n := observe(t, plain(f.start()))
			if diff := cmp.Diff(whole, string(n.gets(5)[5].Raw)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUIDValidityChanges(t *testing.T) {
	t.Parallel()
	f := newFake(t, mail(1), mail(2)).start()
	n := observe(t, plain(f))
	n.gets(1, 2)
	n.until(Idle)
	f.mu.Lock()
	f.validity, f.mails = 8, []fakeMail{mail(2)} // another mail with an old number
	_ = f.conns[0].Close()
	f.mu.Unlock()
	if got := n.gets(2)[2]; got.UIDValidity != 8 {
		t.Errorf("UIDVALIDITY %d, want 8", got.UIDValidity)
	}
}

// Nobody tells again what was told between SELECT and IDLE.
func TestExistsBetweenSelectAndIdle(t *testing.T) {
	t.Parallel()
	for _, before := range []string{"UID SEARCH", "UID FETCH", "IDLE"} {
		t.Run(before, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, mail(1))
			told := false
			f.hook = func(c *fakeConn, command string) bool {
				if !strings.HasPrefix(command, before) || told {
					return false
				}
				told = true
				c.answerThen(command, func() {
					f.mu.Lock()
					defer f.mu.Unlock()
					f.mails = append(f.mails, mail(2))
					c.say("* 2 EXISTS")
				})
				return true
			}
			observe(t, plain(f.start())).gets(1, 2)
		})
	}
}

// answerThen answers and speaks up once more; for IDLE between the acknowledgement and anything else.
func (c *fakeConn) answerThen(command string, more func()) {
	if command != "IDLE" {
		c.answer(command)
		more()
		return
	}
	c.say("+ idling")
	more()
	if _, err := c.r.ReadString('\n'); err == nil {
		c.ok()
	}
}

func TestListedButNeverGiven(t *testing.T) {
	t.Parallel()
	for name, response := range map[string]string{
		"silence": "* OK nothing here",
		"nil":     "* 2 FETCH (UID 2 BODY[] NIL)",
		"empty":   "* 2 FETCH (UID 2 BODY[] \"\")",
		"no uid":  "* 2 FETCH (BODY[] \"x\")",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, mail(1), mail(2))
			f.hook = func(c *fakeConn, command string) bool {
				if !strings.Contains(command, "BODY.PEEK[]") {
					return false
				}
				if set := strings.Fields(strings.TrimPrefix(command, "UID "))[1]; inSet(set, 1) {
					c.say("* 1 FETCH (%s)", mail(1).items(command))
				}
				c.say("%s", response)
				c.ok()
				return true
			}
			n := observe(t, plain(f.start()))
			n.gets(1)
			if uid := await(t, n.lost, "the mail without a body"); uid != 2 {
				t.Errorf("lost %d, want 2", uid)
			}
			n.until(Idle)
			if got := f.connections(); got != 1 {
				t.Errorf("%d connections, want 1: nothing was wrong with it", got)
			}
		})
	}
}
