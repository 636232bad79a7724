package inbox

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// gatekeeper lets tokens in; what it says to the others is up to the test.
func gatekeeper(f *fake, good string, refuse func(c *fakeConn)) {
	f.caps = "IMAP4rev1 IDLE AUTH=XOAUTH2 AUTH=OAUTHBEARER"
	f.hook = func(c *fakeConn, command string) bool {
		if !strings.HasPrefix(command, "AUTHENTICATE") {
			return false
		}
		c.say("+ ")
		line, _ := c.r.ReadString('\n')
		said, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
		if good != "" && strings.Contains(string(said), "Bearer "+good+"\x01") {
			c.ok()
			return true
		}
		refuse(c)
		return true
	}
}

// asRFC7628 refuses with a reason first, and with the command only when that was acknowledged.
func asRFC7628(t *testing.T, last string) func(c *fakeConn) {
	return func(c *fakeConn) {
		c.say("+ %s", base64.StdEncoding.EncodeToString([]byte(`{"status":"invalid_token","scope":"mail"}`)))
		if line, _ := c.r.ReadString('\n'); line != "AQ==\r\n" {
			t.Errorf("acknowledged with %q (RFC 7628 §3.2.3)", line)
		}
		c.say("%s %s", c.tag, last)
	}
}

// Pain 10: a token that the server refuses is renewed once, and the mailbox goes on; a refusal that another token cannot
// heal asks for none.
func TestPain10RefusedTokenIsRenewedOnce(t *testing.T) {
	t.Parallel()
	gone := errors.New("the grant is gone")
	is := func(want error) func(error) bool { return func(err error) bool { return errors.Is(err, want) } }
	for name, c := range map[string]struct {
		last  string // the server's last word to a token that is not "new"
		next  string // the token after "old" was refused
		err   error
		asked []string
		want  func(error) bool // nil: logged in
		conns int
	}{
		"renewed":              {last: "NO [AUTHENTICATIONFAILED] no", next: "new", asked: []string{"", "old"}, conns: 2},
		"by BAD":               {last: "BAD no", next: "new", asked: []string{"", "old"}, conns: 2},
		"refused again":        {last: "NO no", next: "newer", asked: []string{"", "old"}, want: is(errToken), conns: 2},
		"no other":             {last: "NO no", next: "old", asked: []string{"", "old"}, want: is(errToken), conns: 1},
		"grant dead":           {last: "NO no", err: gone, asked: []string{"", "old"}, want: is(gone), conns: 1},
		"too many connections": {last: "NO [ALERT] Too many simultaneous connections. (Failure)", asked: []string{""}, want: func(err error) bool { return pressed(err) != nil && !errors.Is(err, errToken) }, conns: 1},
		"not now":              {last: "NO [UNAVAILABLE] no", asked: []string{""}, want: refused, conns: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			gatekeeper(f, "new", asRFC7628(t, c.last))
			cfg := plain(f.start())
			var asked []string
			cfg.Password, cfg.Token = nil, func(_ context.Context, refused string) (string, error) {
				if asked = append(asked, refused); refused == "" {
					return "old", nil
				}
				return c.next, c.err
			}
			err := try(t, cfg)
			if c.want == nil && err != nil || c.want != nil && !c.want(err) {
				t.Errorf("got %v", err)
			}
			if !slices.Equal(asked, c.asked) || f.connections() != c.conns {
				t.Errorf("asked for tokens after %q on %d connections, want %q on %d", asked, f.connections(), c.asked, c.conns)
			}
		})
	}
}

// A canary for everything that proves us: whatever a server does to it, no log and no error holds it, in the clear or as
// it went over the line.
func TestNoSecretInLogsAndErrors(t *testing.T) {
	t.Parallel()
	const canary = "canary/8c41+d0be"
	var echo string // all that the client said
	var mu sync.Mutex
	hear := func(c *fakeConn) string {
		line, _ := c.r.ReadString('\n')
		mu.Lock()
		defer mu.Unlock()
		echo += line
		return strings.TrimSpace(line)
	}
	ways := map[string]func(c *fakeConn, command string){
		"repeats in NO": func(c *fakeConn, command string) {
			c.say("+ ")
			c.say("%s NO you said %s %s %s", c.tag, command, hear(c), canary)
		},
		"repeats in BYE": func(c *fakeConn, command string) {
			c.say("+ ")
			c.say("* BYE you said %s %s %s", command, hear(c), canary)
			_ = c.Close()
		},
		"repeats in a tag": func(c *fakeConn, command string) { c.say("+ "); c.say("%s OK %s", hear(c), canary) },
		"as a response": func(c *fakeConn, command string) {
			c.say("+ ")
			c.say("* %s %s", hear(c), canary)
			c.say("%s NO", c.tag)
		},
		"as a capability": func(c *fakeConn, command string) { c.say("+ "); c.say("* CAPABILITY (%s %s", hear(c), canary) },
		"as a challenge":  func(c *fakeConn, command string) { c.say("+ %s", canary); c.say("%s NO %s", c.tag, hear(c)) },
		"nonsense":        func(c *fakeConn, command string) { c.say("+ "); c.say("\x00%s%s", hear(c), canary) },
		"too many": func(c *fakeConn, command string) {
			c.say("+ ")
			c.say("%s NO too many connections: %s %s", c.tag, hear(c), canary)
		},
	}
	for way, answer := range ways {
		for _, caps := range []string{"AUTH=PLAIN", "AUTH=XOAUTH2", "AUTH=OAUTHBEARER", ""} {
			t.Run(way+" "+caps, func(t *testing.T) {
				t.Parallel()
				f := newFake(t)
				f.caps = "IMAP4rev1 IDLE " + caps
				f.hook = func(c *fakeConn, command string) bool {
					login := strings.HasPrefix(command, "AUTHENTICATE") || strings.HasPrefix(command, "LOGIN")
					if login {
						mu.Lock()
						echo += command + "\n"
						mu.Unlock()
						answer(c, command)
					}
					return login
				}
				var log bytes.Buffer
				cfg := plain(f.start())
				cfg.Timeout = 300 * time.Millisecond
				cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
				cfg.Password = func(context.Context) (string, error) { return canary, nil }
				if strings.Contains(caps, "BEARER") || strings.Contains(caps, "2") {
					cfg.Password, cfg.Token = nil, func(context.Context, string) (string, error) { return canary, nil }
				}
				err := try(t, cfg)
				if err == nil {
					t.Fatal("logged in")
				}
				n := observe(t, cfg)
				n.until(Disconnected)
				n.end()
				filed := NewFiler(cfg)
				_, moveErr := filed.Move(t.Context(), "INBOX", 7, 1, "Done")
				_ = filed.Close()
				shown := fmt.Sprintf("%v %+v %#v %v %s", err, err, err, moveErr, log.String())
				for _, secret := range leaks(canary) {
					if strings.Contains(shown, secret) {
						t.Errorf("%q stands in %s", secret, shown)
					}
				}
			})
		}
	}
}

// leaks are a secret and the ways it looks in base64, whatever stands before it.
func leaks(secret string) []string {
	all := []string{secret}
	for before := range 3 {
		coded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", before) + secret))
		all = append(all, coded[4:len(coded)-4])
	}
	return all
}
