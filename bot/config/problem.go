package config

import (
	"fmt"
	"slices"
	"strings"
)

// A Problem is one thing that is wrong with the file and what to do about it. It never holds a secret.
type Problem struct {
	File    string
	Line    int    // where the key stands; for a missing key its table, else the end of the file
	Key     string // "imap.poll", "unit.addresses"
	Message string
}

func (p Problem) Error() string {
	if p.Key == "" {
		return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Message)
	}
	return fmt.Sprintf("%s:%d: %s: %s", p.File, p.Line, p.Key, p.Message)
}

// Problems is everything that is wrong with the file, in the order of its lines: the error of Load and LoadOffline.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.Error()
	}
	return strings.Join(lines, "\n")
}

// A report gathers problems while the file is read. The first problem of a key wins, also over those of what is in it: a
// value of the wrong type is not also missing.
type report struct {
	file  string
	lines lines
	list  Problems
	told  map[string]bool
}

func (r *report) add(path, format string, args ...any) {
	for p := path; p != ""; p = parent(p) {
		if r.told[p] {
			return
		}
	}
	if r.told == nil {
		r.told = map[string]bool{}
	}
	r.told[path] = true
	r.list = append(r.list, Problem{File: r.file, Line: r.lines.of(path), Key: shown(path), Message: fmt.Sprintf(format, args...)})
}

func (r *report) err() error {
	if len(r.list) == 0 {
		return nil
	}
	slices.SortStableFunc(r.list, func(a, b Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return strings.Compare(a.Key, b.Key)
	})
	return r.list
}

// shown is a path as a person writes it: without the places in arrays, which the line tells.
func shown(path string) string {
	var b strings.Builder
	inside := false
	for _, c := range path {
		switch {
		case c == '[':
			inside = true
		case c == ']':
			inside = false
		case !inside:
			b.WriteRune(c)
		}
	}
	return b.String()
}
