package inbox

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// said is a connection on which a server says something.
type said struct {
	net.Conn
	r io.Reader
}

func (s said) Read(b []byte) (int, error) { return s.r.Read(b) }

// heard is what an ear passes on of it.
func heard(t *testing.T, r io.Reader, item string) (string, *ear, error) {
	t.Helper()
	e := newEar(said{r: r})
	e.expect(item)
	got, err := io.ReadAll(e)
	return string(got), e, err
}

func TestEar(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("7 ", 5000)
	for name, c := range map[string]struct {
		item, in string
		drop     string // what is not passed on
		bye      string
	}{
		"greeting":         {in: "* OK [CAPABILITY IMAP4rev1 X-NEW=1] hello {5}\r\n"},
		"tagged":           {in: "T1 OK done (Success) {3}\r\nT2 NO [ALERT] no\r\n+ idling\r\n"},
		"lists":            {in: "* SEARCH " + long + "\r\n* LIST () \".\" {5}\r\nINBOX\r\n* 3 EXISTS\r\n* 2 EXPUNGE\r\n* FLAGS (\\Seen)\r\n"},
		"unknown":          {in: "* XSTRANGE a b\r\nT1 OK\r\n", drop: "* XSTRANGE a b\r\n"},
		"unknown, literal": {in: "* XSTRANGE {12}\r\nT9 OK\r\nT8 \r\n) x {2}\r\nab y\r\nT1 OK\r\n", drop: "* XSTRANGE {12}\r\nT9 OK\r\nT8 \r\n) x {2}\r\nab y\r\n"},
		"unknown, long":    {in: "* XSTRANGE " + long + "\r\nT1 OK\r\n", drop: "* XSTRANGE " + long + "\r\n"},
		"vanished":         {in: "* VANISHED (EARLIER) 41,43:116\r\n* 9 RECENT\r\n", drop: "* VANISHED (EARLIER) 41,43:116\r\n* 9 RECENT\r\n"},
		"mail":             {item: "BODY[", in: "* 1 FETCH (UID 5 BODY[] {16}\r\n* XSTRANGE\r\n{9}\r\n FLAGS ())\r\nT1 OK\r\n"},
		"notice for a mail": {item: "BODY[", in: "* 1 FETCH (UID 5 FLAGS (\\Seen))\r\n* 1 fetch (uid 5 body[] \"x\")\r\n",
			drop: "* 1 FETCH (UID 5 FLAGS (\\Seen))\r\n"},
		"unasked fetch":  {in: "* 1 FETCH (X-GM-LABELS ({3}\r\na)b) UID 5)\r\nT1 OK\r\n", drop: "* 1 FETCH (X-GM-LABELS ({3}\r\na)b) UID 5)\r\n"},
		"farewell":       {in: "* bye [ALERT] Too many\tsimultaneous connections.\x07 {9}\r\n", bye: "[ALERT] Too many simultaneous connections. {9}"},
		"cut":            {in: "T1 OK"},
		"cut in unknown": {in: "T1 OK\r\n* XSTRANGE a", drop: "* XSTRANGE a"},
		"no server":      {in: "\r\n\r\n* \r\n*\r\n"},
		"odd literal":    {item: "BODY[", in: "* 1 FETCH (BODY[] {99999999999999999999}\r\n* OK\r\n* 1 FETCH (BODY[] {-1}\r\n* OK\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for kind, r := range map[string]io.Reader{"whole": strings.NewReader(c.in), "bytes": iotest.OneByteReader(strings.NewReader(c.in)),
				"halves": iotest.HalfReader(strings.NewReader(c.in)), "with EOF": iotest.DataErrReader(strings.NewReader(c.in))} {
				got, e, err := heard(t, r, c.item)
				if diff := cmp.Diff(strings.Replace(c.in, c.drop, "", 1), got); diff != "" || err != nil {
					t.Errorf("%s: %v\n%s", kind, err, diff)
				}
				if e.farewell() != c.bye {
					t.Errorf("%s: farewell %q", kind, e.farewell())
				}
			}
		})
	}
}

// The library turns for ever at a parenthesis in a list of capabilities, and closing the connection does not end it.
// When the capabilities are settled no list of them gets through, and a mail that speaks of them is left as it is.
func TestEarSettled(t *testing.T) {
	t.Parallel()
	mail := "* 1 FETCH (UID 5 BODY[] \"[CAPABILITY none]\")\r\n"
	e := newEar(said{r: strings.NewReader("* OK [CAPABILITY IMAP4rev1] x\r\n* CAPABILITY IMAP4rev1\r\n" + mail + "T1 OK [CAPABILITY] done\r\n")})
	e.expect("BODY[")
	e.settle()
	got, err := io.ReadAll(e)
	if want := "* OK [capability IMAP4rev1] x\r\n" + mail + "T1 OK [capability] done\r\n"; string(got) != want || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestPain11BottomlessCapabilities(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"* CAPABILITY (a", "* OK [CAPABILITY IMAP4rev1 (", "T1 OK [CAPABILITY (a) b] done\r\n", "* capability IMAP4rev1 " + strings.Repeat("x ", 5000) + "(\r\n"} {
		if got, _, err := heard(t, strings.NewReader(in), ""); err == nil && strings.Contains(got, "(") {
			t.Errorf("passed on: %.60s", got)
		}
		f := newFake(t)
		f.hook = func(c *fakeConn, command string) bool {
			if command != "(greeting)" {
				return false
			}
			_, _ = io.WriteString(c, "* OK ready\r\n"+strings.Replace(in, "T1 ", "* ", 1)+"\r\n")
			return c.hang()
		}
		if err := try(t, plain(f.start())); err == nil || errors.Is(err, ErrTimeout) {
			t.Errorf("%.60s: %v", in, err)
		}
	}
	for _, in := range []string{"T1 OK [CAPABILITY IMAP4rev1] done (Success)\r\n", "T1 OK Capability completed (0.001 + 0.000 secs).\r\n"} {
		if _, _, err := heard(t, strings.NewReader(in), ""); err != nil {
			t.Error(err)
		}
	}
	if _, _, err := heard(t, strings.NewReader("* CAPABILITY (\r\n"), ""); !errors.Is(err, errNonsense) {
		t.Error(err)
	}
}

// FuzzEar holds that how the bytes come in changes nothing, that nothing is made up, and that literals of what was asked for
// are passed on whole.
func FuzzEar(f *testing.F) {
	f.Fuzz(func(t *testing.T, in []byte, item string) {
		whole, a, errA := heard(t, bytes.NewReader(in), item)
		pieces, b, errB := heard(t, iotest.OneByteReader(bytes.NewReader(in)), item)
		if whole != pieces || (errA == nil) != (errB == nil) || a.farewell() != b.farewell() {
			t.Errorf("%q and %q, %v and %v", whole, pieces, errA, errB)
		}
		if len(whole) > len(in) {
			t.Errorf("%d bytes of %d", len(whole), len(in))
		}
		if bytes.Contains(bytes.ToUpper(in), []byte("CAPABILITY")) {
			return
		}
		mail := "* 1 FETCH (UID 5 BODY[] {" + "5}\r\n* X\r\n)\r\n"
		if got, _, err := heard(t, io.MultiReader(strings.NewReader(mail), bytes.NewReader(in)), "BODY["); err != nil || !strings.HasPrefix(got, mail) {
			t.Errorf("%v: %q", err, got)
		}
	})
}
