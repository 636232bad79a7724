package config

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"vanthu/bot"
)

// ReadExisting reads the accounts that exist already, for the offline check (rules.existing): CSV in UTF-8 whose first line is
// code,name,address and perhaps, in any order, since, state (suspended or deleted), changed (when), decision (by which its
// holder left) and owns (the class or group that its holder speaks for). The error is that of reading the file, or Problems.
func ReadExisting(path string) ([]bot.Existing, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("accounts that exist: %w", err)
	}
	return readExisting(bytes.NewReader(data), path)
}

// A column is how one value of a line is read; the error says what to write instead.
type column func(e *bot.Existing, value string) error

func columns() map[string]column {
	day := func(to func(*bot.Existing) *time.Time) column {
		return func(e *bot.Existing, value string) error {
			if value == "" {
				return nil
			}
			at, err := time.Parse(time.DateOnly, value)
			if err != nil {
				return fmt.Errorf("%q is no date; write for example 2026-11-20", value)
			}
			*to(e) = at
			return nil
		}
	}
	text := func(to func(*bot.Existing) *string) column {
		return func(e *bot.Existing, value string) error { *to(e) = value; return nil }
	}
	return map[string]column{
		"code":     text(func(e *bot.Existing) *string { return &e.Code }),
		"name":     text(func(e *bot.Existing) *string { return &e.Name }),
		"address":  func(e *bot.Existing, value string) error { e.Address = strings.ToLower(value); return nil },
		"decision": text(func(e *bot.Existing) *string { return &e.Decision }),
		"owns":     text(func(e *bot.Existing) *string { return &e.Owns }),
		"since":    day(func(e *bot.Existing) *time.Time { return &e.Since }),
		"changed":  day(func(e *bot.Existing) *time.Time { return &e.Changed }),
		"state": func(e *bot.Existing, value string) error {
			e.State = bot.AccountState(value)
			if e.State != bot.AccountLives && e.State != bot.AccountSuspended && e.State != bot.AccountDeleted {
				return fmt.Errorf("%q is no state; write suspended, deleted or nothing", value)
			}
			return nil
		},
	}
}

const firstLine = "the first line must be code,name,address, and may go on with since,state,changed,decision,owns"

func readExisting(in io.Reader, path string) ([]bot.Existing, error) {
	r := csv.NewReader(in)
	r.TrimLeadingSpace = true
	r.FieldsPerRecord = -1 // counted below, to say what to do
	var (
		all    []bot.Existing
		found  Problems
		header []string
		known  = columns()
		seen   = map[string]int{}
	)
	bad := func(line int, format string, args ...any) {
		found = append(found, Problem{File: path, Line: line, Message: fmt.Sprintf(format, args...)})
	}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			if header == nil {
				bad(1, "the file is empty; its first line must be code,name,address")
			}
			break
		}
		if parse, ok := errors.AsType[*csv.ParseError](err); ok {
			bad(parse.Line, "cannot be read as CSV (%v); put values that hold commas or quotes in double quotes", parse.Err)
			break
		}
		if err != nil {
			return nil, fmt.Errorf("accounts that exist: %s: %w", path, err)
		}
		line, _ := r.FieldPos(0)
		if header == nil {
			record[0] = strings.TrimPrefix(record[0], "\ufeff")
			if header = record; !wellHeaded(header, known) {
				bad(line, firstLine)
				break
			}
			continue
		}
		if len(record) != len(header) || record[0] == "" {
			bad(line, "needs %d values, %s, the first not empty", len(header), strings.Join(header, ","))
			continue
		}
		if earlier, ok := seen[record[0]]; ok {
			bad(line, "code %s stands in line %d already; keep one of them", record[0], earlier)
			continue
		}
		seen[record[0]] = line
		var e bot.Existing
		for i, value := range record {
			if err := known[header[i]](&e, value); err != nil {
				bad(line, "%s: %v", header[i], err)
			}
		}
		all = append(all, e)
	}
	if len(found) > 0 {
		return nil, found
	}
	return all, nil
}

// wellHeaded reports whether a first line names the three columns that must be there, in order, and no unknown one.
func wellHeaded(header []string, known map[string]column) bool {
	if len(header) < 3 || !slices.Equal(header[:3], []string{"code", "name", "address"}) {
		return false
	}
	for i, name := range header {
		if known[name] == nil || slices.Contains(header[:i], name) {
			return false
		}
	}
	return true
}
