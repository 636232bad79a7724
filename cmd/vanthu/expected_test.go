package main

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

// expected is a clerk's reading (expected.json). Fields whose name ends in accept hold other fair readings.
type expected struct {
	Kind          string        `json:"kind"`
	Action        string        `json:"action"`
	AcceptActions []string      `json:"accept_actions"`
	Rows          []expectedRow `json:"rows"` // nil: nothing is said of rows
	RowsMayRepeat bool          `json:"rows_may_repeat"`
	Loose         []string      `json:"loose"` // what is not compared
	Defects       []defect      `json:"defects"`
	Either        []defect      `json:"either_defects"` // may be said or silently put right
	// First: what is expected stands after the case's last mail; this is said of the first one.
	First    *firstMessage `json:"first_message"`
	Messages []struct {
		File string `json:"file"`
	} `json:"messages"`

	fields map[string]json.RawMessage
}

type firstMessage struct {
	Defects []defect `json:"defects"`
}

type defect struct {
	N        int      `json:"n"`
	Kind     string   `json:"kind"`
	Severity string   `json:"severity"`
	Accept   []string `json:"accept"`
	ID       string   `json:"id"` // in First: what stands in the row
}

type expectedRow struct {
	N        int
	SheetRow int
	good     *bool
	cells    map[cellField]fair
}

func (r expectedRow) ok() bool { return r.good == nil || *r.good }

// fair are the readings of a cell that a clerk may have, the best first.
type fair []string

func (f fair) has(got string) bool {
	return slices.ContainsFunc(f, func(s string) bool { return plain(s) == plain(got) })
}

func (r *expectedRow) UnmarshalJSON(data []byte) error {
	head := struct {
		N        int   `json:"n"`
		SheetRow int   `json:"sheet_row"`
		OK       *bool `json:"ok"`
	}{}
	if err := json.Unmarshal(data, &head); err != nil {
		return err
	}
	var all map[string]any
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	*r = expectedRow{N: head.N, SheetRow: head.SheetRow, good: head.OK, cells: make(map[cellField]fair)}
	for _, field := range cellFields {
		best, _ := all[string(field)].(string)
		r.cells[field] = fair{best}
		others, _ := all[string(field)+"_accept"].([]any)
		for _, other := range others {
			s, _ := other.(string)
			r.cells[field] = append(r.cells[field], s)
		}
	}
	return nil
}

func readExpected(t *testing.T, path string) *expected {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	e := &expected{}
	if err := json.Unmarshal(data, e); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &e.fields); err != nil {
		t.Fatal(err)
	}
	if len(e.Messages) == 0 {
		t.Fatalf("%s names no mail", path)
	}
	return e
}

// letter returns what is expected of a field of the letter; said is false when the file does not speak of it. Null means
// that nothing must be read.
func (e *expected) letter(field string) (want string, said bool) {
	raw, said := e.fields[field]
	if !said || slices.Contains(e.Loose, field) {
		return "", false
	}
	_ = json.Unmarshal(raw, &want) // null leaves it empty
	return want, true
}

// before is what is expected of the first mail of a case that ends with a later one.
func (e *expected) before() *expected {
	first := *e
	first.Defects, first.Action, first.AcceptActions = nil, "queue_with_defects", []string{"queue_with_defects", "return", "human"}
	first.Rows = slices.Clone(e.Rows)
	bad := false
	for _, d := range e.First.Defects {
		d.Severity = "error"
		first.Defects = append(first.Defects, d)
		for i, row := range first.Rows {
			if row.N == d.N {
				row.good, row.cells = &bad, map[cellField]fair{}
				for field, readings := range e.Rows[i].cells {
					row.cells[field] = readings
				}
				row.cells["id"] = fair{d.ID}
				first.Rows[i] = row
			}
		}
	}
	return &first
}

// A cellField is one of the cells of a row that are compared.
type cellField string

var cellFields = []cellField{"id", "name", "class", "cohort", "note"}

func (f cellField) of(row jsonRow) string {
	return map[cellField]string{"id": row.ID, "name": row.Name, "class": row.Class, "cohort": row.Cohort, "note": row.Note}[f]
}

// pointedAtBy reports whether a rule speaks of the cell.
func (f cellField) pointedAtBy(rule string) bool {
	about := map[cellField][]string{
		"id":     {"ROW-01", "ROW-02", "ROW-03", "ROW-04", "ROW-05", "ROW-06", "ROW-07", "ROW-17", "ACC-", "DEL-02", "DEL-03", "DEL-04", "ENC-04", "LST-11"},
		"name":   {"NAM-", "ENC-", "ROW-02", "LST-11"},
		"class":  {"ROW-08", "ROW-09", "ROW-11", "ENC-", "LST-10", "LST-11"},
		"cohort": {"ROW-10", "ROW-11", "LST-10", "ENC-", "LST-11"},
		"note":   {"ROW-12", "ROW-13", "ROW-14", "ENC-"},
	}[f]
	return slices.ContainsFunc(about, func(prefix string) bool { return strings.HasPrefix(rule, prefix) })
}

func plain(s string) string { return strings.Join(strings.Fields(norm.NFC.String(s)), " ") }

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// defectKinds reads which rules say which kind of defect.
func defectKinds(t *testing.T) map[string][]string {
	t.Helper()
	data, err := os.ReadFile("testdata/corpus/kinds.tsv")
	if err != nil {
		t.Fatal(err)
	}
	says := make(map[string][]string)
	for line := range strings.Lines(string(data)) {
		if kind, rules, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			says[kind] = strings.Fields(rules)
		}
	}
	return says
}
