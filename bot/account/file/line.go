package file

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"vanthu/bot/account"
)

// A line is one account in the file, as it has been since the line was written: a later one of the same user name takes the
// place of the earlier one.
type line struct {
	Code     string `json:"code"`
	User     string `json:"user"`
	Address  string `json:"address"`
	Name     string `json:"name"`
	Family   string `json:"family,omitempty"`
	Given    string `json:"given,omitempty"`
	Class    string `json:"class,omitempty"`
	Cohort   string `json:"cohort,omitempty"`
	Marker   string `json:"marker,omitempty"`
	Password string `json:"password"` // "{SSHA512}…"

	Suspended bool `json:"suspended,omitempty"`
	Erased    bool `json:"erased,omitempty"` // there is no such account any more
}

func (l line) account() account.Account {
	return account.Account{
		Code: l.Code, User: l.User, Address: l.Address, Name: l.Name, Family: l.Family, Given: l.Given,
		Class: l.Class, Cohort: l.Cohort, Marker: l.Marker, Suspended: l.Suspended,
	}
}

// maxLine bounds a line, in bytes.
const maxLine = 64 << 10

// parse reads the whole lines. What stands behind the last line end is an account when it is one (an editor leaves the line
// end away); otherwise a crash tore it, and it is left out. Errors give the number of the line and nothing of its content.
func parse(r io.Reader) (*index, error) {
	x := &index{byKey: map[string][]int{}}
	lines := bufio.NewReaderSize(r, maxLine)
	for n := 1; ; n++ {
		text, err := lines.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			if l, ok := decode(text); ok {
				x.put(l)
				x.whole += int64(len(text))
				x.open = true
			}
			return x, nil
		case errors.Is(err, bufio.ErrBufferFull):
			if torn(lines) {
				return x, nil
			}
			return nil, fmt.Errorf("line %d is longer than %d bytes", n, maxLine)
		case err != nil:
			return nil, err
		}
		x.whole += int64(len(text))
		if len(bytes.TrimSpace(text)) == 0 {
			continue // somebody's editor
		}
		l, ok := decode(text)
		if !ok {
			return nil, fmt.Errorf("line %d is not an account", n)
		}
		x.put(l)
	}
}

// torn says whether no line end follows at all: a crash may leave a stretch of zeros of any length.
func torn(r *bufio.Reader) bool {
	for {
		_, err := r.ReadSlice('\n')
		if !errors.Is(err, bufio.ErrBufferFull) {
			return errors.Is(err, io.EOF)
		}
	}
}

func decode(text []byte) (line, bool) {
	var l line
	ok := utf8.Valid(text) && json.Unmarshal(text, &l) == nil && l.User != ""
	return l, ok
}
