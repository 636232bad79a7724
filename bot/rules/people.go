package rules

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"vanthu/parser"
	"vanthu/parser/viet"
)

// people judges rows against each other: one code twice, one person under two codes, two monitors of a class.
func (j *judge) people() {
	repeats := j.repeatedCodes()
	j.namesakes(repeats)
	j.monitors(repeats)
}

// repeatedCodes says ROW-04. Of rows that say the same, the first stands and the later ones are repeats, which are
// returned; of rows that contradict each other none can be served, for nobody knows whose code it is.
func (j *judge) repeatedCodes() map[int]bool {
	repeats := make(map[int]bool)
	for _, rows := range j.groups(func(row parser.Row) string {
		if code := canonical(row.Code.Text); !j.has("ROW-02", row.N) && !j.has("ROW-03", row.N) {
			return code
		}
		return ""
	}) {
		guilty := rows[1:]
		if !alike(rows) {
			guilty = rows
		}
		for _, row := range guilty {
			repeats[row.N] = len(guilty) < len(rows)
			j.say("ROW-04", in(row, row.Code), row.Code.Text, append(j.lines(rows...), "v", canonical(row.Code.Text))...)
		}
	}
	return repeats
}

// alike reports whether rows of one code say the same of the person; an empty cell contradicts nobody.
func alike(rows []parser.Row) bool {
	agree := func(field func(parser.Row) string) bool {
		said := ""
		for _, row := range rows {
			v := field(row)
			if v != "" && said != "" && v != said {
				return false
			}
			if v != "" {
				said = v
			}
		}
		return true
	}
	return agree(func(r parser.Row) string { return viet.ToneKey(r.Name.Text) }) &&
		agree(func(r parser.Row) string { return wordsOf(r.Class.Text) }) &&
		agree(func(r parser.Row) string { return wordsOf(r.Cohort.Text) })
}

// namesakes says ROW-17 and NAM-09 of the later of two rows that may be one person: same class, same name up to the place
// of the tone, two codes. Only a warning: a class may well have two people of one name.
func (j *judge) namesakes(repeats map[int]bool) {
	for _, rows := range j.groups(func(row parser.Row) string {
		if repeats[row.N] || row.Name.Text == "" || row.Class.Text == "" || row.Code.Text == "" {
			return ""
		}
		return viet.ToneKey(row.Name.Text) + "\n" + wordsOf(row.Class.Text)
	}) {
		first := rows[0]
		for _, row := range rows[1:] {
			switch {
			case canonical(row.Code.Text) == canonical(first.Code.Text): // ROW-04 speaks
			case !strings.EqualFold(row.Name.Text, first.Name.Text):
				j.say("NAM-09", in(row, row.Name), row.Name.Text, append(j.lines(first), "a", row.Name.Text, "b", first.Name.Text)...)
			default:
				j.say("ROW-17", in(row, row.Code), row.Code.Text, append(j.lines(first, row), "a", first.Code.Text, "b", row.Code.Text)...)
			}
		}
	}
}

// monitors says ROW-13 and ROW-14. A class without a monitor is only worth a word where other classes have one: a list of
// late-comers has none at all.
func (j *judge) monitors(repeats map[int]bool) {
	marked := j.classes(func(row parser.Row) bool { return !repeats[row.N] && isMonitor(row.Note.Text) })
	for _, class := range marked.order {
		if rows := marked.rows[class]; len(rows) > 1 {
			var names []string
			for _, row := range rows {
				names = append(names, row.Name.Text)
			}
			for _, row := range rows {
				j.say("ROW-13", in(row, row.Note), row.Note.Text, "lop", row.Class.Text, "names", fewOf(names))
			}
		}
	}
	if len(marked.order) == 0 {
		return
	}
	var without []string
	all := j.classes(func(parser.Row) bool { return true })
	for _, class := range all.order {
		if len(marked.rows[class]) == 0 {
			without = append(without, all.rows[class][0].Class.Text)
		}
	}
	if len(without) > 0 {
		j.say("ROW-14", place{}, "", "lop", fewOf(without))
	}
}

// byClass holds rows by their class, the classes in the order in which they come.
type byClass struct {
	order []string
	rows  map[string][]parser.Row
}

func (j *judge) classes(want func(parser.Row) bool) byClass {
	found := byClass{rows: make(map[string][]parser.Row)}
	for _, row := range j.sub.Rows {
		if class := wordsOf(row.Class.Text); class != "" && want(row) {
			if found.rows[class] == nil {
				found.order = append(found.order, class)
			}
			found.rows[class] = append(found.rows[class], row)
		}
	}
	return found
}

// groups returns the rows that share a key with another row, in the order of their first rows. Rows without a key are alone.
func (j *judge) groups(key func(parser.Row) string) [][]parser.Row {
	byKey := make(map[string][]parser.Row)
	var order []string
	for _, row := range j.sub.Rows {
		k := key(row)
		if k == "" {
			continue
		}
		if byKey[k] == nil {
			order = append(order, k)
		}
		byKey[k] = append(byKey[k], row)
	}
	var shared [][]parser.Row
	for _, k := range order {
		if len(byKey[k]) > 1 {
			shared = append(shared, byKey[k])
		}
	}
	return shared
}

// lines says where rows stand, as the {field} of a message and its value: {lines} of a sheet, which a person sees beside
// them, else {rows} of the table or of the request. The sheet and the file are named when the rows stand in several.
func (j *judge) lines(rows ...parser.Row) []string {
	field := "lines"
	sheets, files := false, false
	for _, row := range rows {
		if row.At.Row == 0 || !j.inWorkbook(row) {
			field = "rows"
		}
		sheets = sheets || row.At.Sheet != rows[0].At.Sheet
		files = files || row.At.File != rows[0].At.File
	}
	var places []string
	for _, row := range rows {
		var in []string
		if sheets {
			in = append(in, row.At.Sheet)
		}
		if files {
			in = append(in, row.At.File)
		}
		place := strconv.Itoa(cmp.Or(row.At.Row, row.N))
		if len(in) > 0 {
			place += " (" + strings.Join(in, ", ") + ")"
		}
		places = append(places, place)
	}
	return []string{field, fewOf(places)}
}

// inWorkbook reports whether a row stands on a sheet, not in a document's table.
func (j *judge) inWorkbook(row parser.Row) bool {
	return !slices.ContainsFunc(j.sub.Files, func(f parser.FileReport) bool { return f.Name == row.At.File && f.Document })
}
