package inbox

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/emersion/go-imap/v2"
)

// A Pressure is a server that has had enough of us: coming back soon makes it worse. It says so in words alone.
type Pressure struct {
	Code string        // "connections", "bandwidth" or "throttled", for the log and whoever watches it
	Wait time.Duration // before the next connection
}

func (p *Pressure) Error() string {
	switch p.Code {
	case "connections":
		return "the mail server has, or had in a short time, too many connections of this user"
	case "bandwidth":
		return "the mail server has sent as much to this user as it sends in a day"
	default:
		return "the mail server asks for a pause"
	}
}

// A farewell is a server that said BYE: the connection is over, and this is why.
type farewell struct{ text string }

func (f *farewell) Error() string { return "the mail server says good-bye: " + f.text }

var (
	// Gmail (15 connections), Dovecot and Cyrus say it; Microsoft 365 accepts the login and refuses every command.
	tooMany = regexp.MustCompile(`(?i)too many (simultaneous |concurrent |open )?(connections|sessions)|maximum number of connections|authenticated but not connected|connection limit`)
	// Gmail: 2,500 MB a day; it opens again after hours.
	tooMuch = regexp.MustCompile(`(?i)bandwidth limit|command or bandwidth|exceeded.*bandwidth`)
	// Exchange Online says how long, in milliseconds.
	throttled = regexp.MustCompile(`(?i)throttled|backoff time`)
	backTime  = regexp.MustCompile(`(?i)backoff time:? *([0-9]{1,9})`)
)

// pressed says whether err is a server that wants to be left alone, and for how long.
func pressed(err error) *Pressure {
	if p, ok := errors.AsType[*Pressure](err); ok {
		return p
	}
	var text string
	var code imap.ResponseCode
	if answer, ok := errors.AsType[*imap.Error](err); ok {
		text, code = answer.Text, answer.Code
	} else if bye, ok := errors.AsType[*farewell](err); ok {
		text = bye.text
	}
	switch {
	case tooMuch.MatchString(text):
		return &Pressure{Code: "bandwidth", Wait: 30 * time.Minute}
	case tooMany.MatchString(text), code == imap.ResponseCodeLimit: // RFC 9051 §7.1
		return &Pressure{Code: "connections", Wait: 5 * time.Minute}
	case throttled.MatchString(text):
		wait := 5 * time.Minute
		if said := backTime.FindStringSubmatch(text); said != nil {
			n, _ := strconv.Atoi(said[1])
			wait = min(max(time.Duration(n)*time.Millisecond, time.Minute), time.Hour)
		}
		return &Pressure{Code: "throttled", Wait: wait}
	}
	return nil
}

// withoutText leaves the server's words out of a failed login: some servers repeat the command.
func withoutText(err error) error {
	if p := pressed(err); p != nil {
		return p
	}
	if refused, ok := errors.AsType[*imap.Error](err); ok {
		return &imap.Error{Type: refused.Type, Code: refused.Code, Text: "login refused"}
	}
	if _, ok := errors.AsType[*farewell](err); ok {
		return &farewell{text: "login refused"}
	}
	return err
}

// unquoted is an error of the library without what it quotes of the wire: that may be a line of a mail.
func unquoted(err error) error {
	text := err.Error()
	if clean := quoted.ReplaceAllString(text, `"…"`); clean != text {
		return fmt.Errorf("%s", printable(clean)) //nolint:err113 // the cause has no type to be asked for
	}
	return err
}

var quoted = regexp.MustCompile(`"(\\.|[^"\\])*"|\x60[^\x60]*\x60`)

// printable is text of a server as it may stand in a log.
func printable(text string) string {
	const longest = 200
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(text, "?"))
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest]) + "…"
	}
	return strings.Join(strings.Fields(text), " ")
}
