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

	"vanthu/bot"
)

// ReadExisting reads the accounts that exist already, for the offline check: CSV in UTF-8 with the header code,name,address
// (rules.existing). The error is that of reading the file, or Problems.
func ReadExisting(path string) ([]bot.Existing, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("accounts that exist: %w", err)
	}
	return readExisting(bytes.NewReader(data), path)
}

func readExisting(in io.Reader, path string) ([]bot.Existing, error) {
	r := csv.NewReader(in)
	r.TrimLeadingSpace = true
	r.FieldsPerRecord = -1 // counted below, to say what to do
	var (
		all   []bot.Existing
		found Problems
		seen  = map[string]int{}
	)
	bad := func(line int, format string, args ...any) {
		found = append(found, Problem{File: path, Line: line, Message: fmt.Sprintf(format, args...)})
	}
	for first := true; ; first = false {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			if first {
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
		if first {
			record[0] = strings.TrimPrefix(record[0], "\ufeff")
			if !slices.Equal(record, []string{"code", "name", "address"}) {
				bad(line, "the first line must be code,name,address")
				break
			}
			continue
		}
		if len(record) != 3 || record[0] == "" {
			bad(line, "needs three values, code,name,address, the first not empty")
			continue
		}
		if earlier, ok := seen[record[0]]; ok {
			bad(line, "code %s stands in line %d already; keep one of them", record[0], earlier)
			continue
		}
		seen[record[0]] = line
		all = append(all, bot.Existing{Code: record[0], Name: record[1], Address: strings.ToLower(record[2])})
	}
	if len(found) > 0 {
		return nil, found
	}
	return all, nil
}
