package offline

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	textunicode "golang.org/x/text/encoding/unicode"

	"vanthu/bot/store"
)

// What a result file may cost (MaxResult bytes). A bundle has 150,000 rows at most; a list of all users of a school may be several times longer.
const (
	MaxResult = 256 << 20
	maxRows   = 2_000_000
	maxSaid   = 200 // characters of what a platform says
)

// A Status is what a line of a result says.
type Status string

// The statuses.
const (
	Made    Status = "made"    // the platform, or the other admin, says that it made the account
	Refused Status = "refused" // it says that it did not, and why
	Exists  Status = "exists"  // it says that there is one already: ours, when the file was run twice, or somebody else's
	Shown   Status = "shown"   // a list of what is there: the marker says whose it is
)

// A Result is what one line of a file says of one address.
type Result struct {
	Line    int
	Address string // lower case
	Status  Status
	Marker  string // of an account that is shown
	Bundle  string // the bundle that the line is about, "" where the form has none
	Said    string // one line, for people; of an account that is shown: what went wrong before it was
	ByHand  bool   // filled in by a person: what he says stands

	User     string    `json:",omitempty"` // where no address is told (a record of LDIF that was skipped)
	Access   Access    `json:",omitempty"` // whether its holder can sign in
	Password time.Time `json:",omitzero"`  // when its password was set last
	Changed  time.Time `json:",omitzero"`  // when anything of it was changed last
	Gone     bool      `json:",omitempty"` // refused, because there is no such account

	Acts []store.BundleAct `json:",omitempty"` // made: what its word is said of; none: of whatever was to be done
}

// of says whether a result that something was done is about an act.
func (r Result) of(act store.BundleAct) bool {
	return len(r.Acts) == 0 || slices.Contains(r.Acts, act)
}

// Access is whether the holder of an account that is shown can sign in.
type Access string

// What is shown of it; "" nothing.
const (
	AccessOpen    Access = "open"
	AccessStopped Access = "stopped"
)

// Results are what a file says.
type Results struct {
	Results []Result
	Listing bool // it is a list of what is there on the platform, in which other people's accounts are to be expected
	Whole   bool // and says of itself that it came to its end: who is not in it is not there
	Marks   bool // and shows markers: an account without one is not ours
}

// A LineError says where a result cannot be read, and what to do. It quotes no value.
type LineError struct {
	Line int
	What string
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.What) }

func lineError(line int, format string, args ...any) error {
	return &LineError{line, fmt.Sprintf(format, args...)}
}

// Read reads a file of results: CSV with a column of addresses, LDIF, or what zmprov printed.
func Read(s Settings, data []byte) (Results, error) {
	if len(data) > MaxResult {
		return Results{}, fmt.Errorf("offline: a result of %d MB is too long; at most %d MB are read", len(data)>>20, MaxResult>>20)
	}
	text, err := decode(data)
	if err != nil {
		return Results{}, err
	}
	switch {
	case strings.TrimSpace(text) == "":
		return Results{}, errors.New("offline: the file is empty; ask the other admin for the result of this bundle")
	case isCSV(text):
		return readCSV(text)
	case s.Form == Zimbra:
		results, err := readZmprov(text)
		return Results{Results: results, Listing: true, Marks: true}, err // the bundle asks for them
	case isLDIF(text):
		return readLDIF(s, text)
	}
	return Results{}, lineError(1, "this is none of the results that a bundle of form %q has; %s", s.Form, "fill in the …-result.csv of the bundle instead (columns bundle, address, status, message)")
}

// decode takes UTF-8, and UTF-16 with a byte order mark, which PowerShell writes behind ">".
func decode(data []byte) (string, error) {
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}), bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		text, err := textunicode.UTF16(textunicode.LittleEndian, textunicode.ExpectBOM).NewDecoder().Bytes(data)
		if err != nil {
			return "", errors.New("offline: the file is no UTF-16 text; save it as UTF-8")
		}
		data = text
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if at := invalid(data); at >= 0 {
		return "", lineError(1+bytes.Count(data[:at], []byte("\n")), "is not UTF-8 text; save the file as UTF-8")
	}
	return string(data), nil
}

func invalid(data []byte) int {
	for at := 0; at < len(data); {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size <= 1 || r == 0 {
			return at
		}
		at += size
	}
	return -1
}

// said makes what a platform says fit for one line of a report.
func said(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if runes := []rune(text); len(runes) > maxSaid {
		return string(runes[:maxSaid]) + "…"
	}
	return text
}

// What is said of a row beside the other admin's words.
const (
	anothers      = "another account has this address"
	anotherOfOurs = "another account of ours has this address: "
	noReason      = "refused without a reason"
)

// ofTheName says whether a row was refused because somebody else has its name, as far as a person's words tell. Where there are none it counts as
// that: a Google upload changes whose address it names, so that a name that may be another's is not put into a bundle again.
func ofTheName(text string) bool {
	text = strings.ToLower(text)
	return exists(text) || slices.ContainsFunc([]string{anothers, anotherOfOurs, noReason, "exist", "in use", "taken", "duplicate", "conflict", "tồn tại", "trùng", "đã có", "đã dùng", "đã được dùng",
		"đã được sử dụng", "người khác"}, func(words string) bool { return strings.Contains(text, words) })
}

// missing says whether a platform means that there is no such account. Who erases from a file twice is told so of each row.
func missing(text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc([]string{"no such object", "no_such_account", "no such account", "resource_not_found", "not found", "does not exist", "không tồn tại"},
		func(words string) bool { return strings.Contains(text, words) })
}

// generalized reads a time of LDAP, "20261126100000Z", with or without a fraction (RFC 4517 §3.3.13); the zero time: it is none.
func generalized(value string) time.Time {
	for _, layout := range []string{"20060102150405Z", "20060102150405.999999Z"} {
		if t, err := time.Parse(layout, strings.TrimSpace(value)); err == nil {
			return t
		}
	}
	return time.Time{}
}

// exists says whether a platform means that the address is in use already. Who runs a file twice is told so of each row, and
// the accounts may be ours.
func exists(text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc([]string{"already exist", "already in use", "entity already", "account_exists", "same value for property", "conflicting object", "đã tồn tại"},
		func(words string) bool { return strings.Contains(text, words) })
}
