package inbox

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
)

// An ear stands between the line and the library, which ends the connection at everything it does not know, takes a notice
// of another client's flags for the mail it asked for, and forgets a server's last words. The ear passes on what was asked
// for, whole and unchanged, drops the rest of what a server may say unasked (RFC 9051 §7), and remembers the farewell.
type ear struct {
	net.Conn
	r *bufio.Reader

	settled  atomic.Bool  // what the server can do is known, and nothing more is heard of it
	fetching atomic.Value // string: what the FETCH that runs asks for, "" for none
	bye      atomic.Value // string: the text of BYE

	// Of the reading goroutine.
	rest    []byte // of the current line, still to be passed on
	tail    []byte // the end of the line so far: the length of a literal stands there
	inside  bool   // a response has begun
	literal int64  // bytes of a literal still to come
	texts   bool   // the response is text, in which a brace means nothing
	drop    bool   // the response is not passed on
	deaf    bool   // nothing more is
}

const (
	lineStart = 4096 // looked at when a line begins
	tailSize  = 24   // of "{18446744073709551615}\r\n"
)

func newEar(conn net.Conn) *ear {
	e := &ear{Conn: conn, r: bufio.NewReaderSize(conn, lineStart)}
	e.fetching.Store("")
	e.bye.Store("")
	return e
}

// expect says what the responses to the next FETCH have in them; "" when it is over.
func (e *ear) expect(item string) { e.fetching.Store(item) }

// settle keeps the list of capabilities as it is from now on. A server may send another at any time (RFC 9051 §7.2.2), and behind one
// without MOVE the library's Move is COPY, STORE and an EXPUNGE of whatever anybody marked, sent in one go: where the COPY is refused the
// mail is gone.
func (e *ear) settle() { e.settled.Store(true) }

// farewell is what the server said when it closed the connection, "" if it did not.
func (e *ear) farewell() string { return e.bye.Load().(string) }

func (e *ear) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		if e.deaf {
			return 0, errNonsense
		}
		if len(e.rest) > 0 {
			n := copy(p, e.rest)
			e.rest = e.rest[n:]
			return n, nil
		}
		if e.literal > 0 {
			n, err := e.r.Read(p[:min(int64(len(p)), e.literal)])
			e.literal -= int64(n)
			if e.drop && err == nil {
				continue
			}
			return n, err
		}
		line, err := e.r.ReadSlice('\n') // a piece of it, when it is longer than the buffer
		if len(line) == 0 {
			return 0, err // of a line that broke off the error comes again
		}
		if !e.inside {
			e.begin(line)
			if e.texts && e.settled.Load() {
				unlist(line)
			}
			if bottomless(line, e.texts) {
				e.deaf = true
			}
		}
		if !e.drop {
			e.rest = line
		}
		e.end(line)
	}
}

// begin looks at the first line of a response.
func (e *ear) begin(line []byte) {
	e.inside, e.drop, e.tail = true, false, e.tail[:0]
	words := bytes.Fields(line[:min(len(line), 200)])
	e.texts = len(words) == 0 || string(words[0]) != "*" // a tagged answer, a continuation
	if e.texts || len(words) < 2 {
		return
	}
	word := strings.ToUpper(string(words[1]))
	if _, err := strconv.ParseUint(word, 10, 32); err == nil && len(words) > 2 {
		word = strings.ToUpper(string(words[2]))
		if word == "FETCH" {
			item := e.fetching.Load().(string)
			e.drop = item == "" || !bytes.Contains(bytes.ToUpper(line), []byte(item))
			return
		}
	}
	switch word {
	case "OK", "NO", "BAD", "PREAUTH":
		e.texts = true
	case "BYE":
		e.texts = true
		e.bye.Store(printable(string(line[bytes.Index(bytes.ToUpper(line), []byte("BYE"))+3:])))
	case "CAPABILITY":
		e.drop = e.settled.Load()
	case "ENABLED", "NAMESPACE", "FLAGS", "EXISTS", "EXPUNGE", "LIST", "SEARCH", "ESEARCH":
	default: // RECENT, VANISHED, X…: nothing that we ask for
		e.drop = true
	}
}

// unlist spells the code CAPABILITY, with a list or with none, so that the library reads over it: it is no code that it knows.
func unlist(line []byte) {
	if at := bytes.Index(line, []byte("[CAPABILITY")); at >= 0 {
		copy(line[at+1:], "capability")
	}
}

var errNonsense = errors.New("a list of capabilities that is none")

// bottomless finds a list of capabilities in which the library would turn for ever, even when the connection is closed: with
// a parenthesis in it. In text only a code holds one: Dovecot says "OK Capability completed (0.001 + 0.000 secs)."
func bottomless(line []byte, texts bool) bool {
	begins := "CAPABILITY"
	if texts {
		begins = "[CAPABILITY"
	}
	_, list, found := bytes.Cut(bytes.ToUpper(line), []byte(begins))
	if !found {
		return false
	}
	list, _, _ = bytes.Cut(list, []byte("]"))
	return bytes.IndexByte(list, '(') >= 0 || line[len(line)-1] != '\n'
}

// end looks at the end of a line: a literal goes on behind it, or the response is over.
func (e *ear) end(line []byte) {
	e.tail = append(e.tail, line[max(0, len(line)-tailSize):]...)
	e.tail = e.tail[max(0, len(e.tail)-tailSize):]
	if line[len(line)-1] != '\n' {
		return
	}
	if size, ok := literalSize(e.tail); ok && !e.texts {
		e.literal, e.tail = size, e.tail[:0]
		return
	}
	e.inside = false
}

// literalSize reads the "{n}" at the end of a line (RFC 9051 §4.3).
func literalSize(line []byte) (int64, bool) {
	line = bytes.TrimRight(line, "\r\n")
	open := bytes.LastIndexByte(line, '{')
	if open < 0 || !bytes.HasSuffix(line, []byte("}")) {
		return 0, false
	}
	n, err := strconv.ParseInt(string(line[open+1:len(line)-1]), 10, 64)
	return n, err == nil && n >= 0
}
