package rules

import (
	_ "embed"
	"regexp"
	"strings"

	"vanthu/bot"
)

// A Rule is one line of the catalogue.
type Rule struct {
	ID        string
	Procedure string       // "ALL", "QT03", …
	Severity  bot.Severity // before the policy has its say
	VI, EN    string       // message, with {fields} and [optional parts]
	RemedyVI  string       // what the unit should do, "" nothing
	RemedyEN  string
}

//go:embed catalogue.tsv
var catalogueTSV string

//go:embed terms.tsv
var termsTSV string

// The catalogue and the words of its fields, by their keys. Read-only.
var (
	catalogue = readCatalogue(catalogueTSV)
	terms     = readTerms(termsTSV)
)

// Text renders the message of a finding, in Vietnamese and in English. The values in it come from outside: whoever shows
// them escapes them for his medium.
func Text(f bot.Finding) (vi, en string) {
	r, ok := catalogue[f.Rule]
	if !ok {
		return f.Rule, f.Rule
	}
	return fill(r.VI, f.Args, vietnamese), fill(r.EN, f.Args, english)
}

// Remedy renders what the unit should do about a finding (letter M02, "Đề nghị xử lý"); "" when there is nothing to do.
func Remedy(f bot.Finding) (vi, en string) {
	r := catalogue[f.Rule]
	return fill(r.RemedyVI, f.Args, vietnamese), fill(r.RemedyEN, f.Args, english)
}

type language int

const (
	vietnamese language = iota
	english
)

// fill puts args into the {fields} of a template in one pass, so that a value with braces stays a value. A [part] with an
// empty field is left out.
func fill(template string, args map[string]string, lang language) string {
	var b strings.Builder
	for template != "" {
		before, rest, found := strings.Cut(template, "[")
		text, _ := fields(before, args, lang)
		b.WriteString(text)
		if !found {
			break
		}
		part, after, _ := strings.Cut(rest, "]")
		if text, complete := fields(part, args, lang); complete {
			b.WriteString(text)
		}
		template = after
	}
	return b.String()
}

// fields fills a text without optional parts; complete is false when one of its fields is empty.
func fields(text string, args map[string]string, lang language) (filled string, complete bool) {
	var b strings.Builder
	complete = true
	for {
		before, rest, found := strings.Cut(text, "{")
		b.WriteString(before)
		if !found {
			return b.String(), complete
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return b.String() + "{" + rest, complete
		}
		value := args[name]
		complete = complete && value != ""
		b.WriteString(shown(name, value, lang))
		text = after
	}
}

var isoDate = regexp.MustCompile(`^(\d{4})-(\d{2})-(\d{2})$`)

// maxShown bounds a value inside a message: the cell itself is named beside it.
const maxShown = 120

// shown writes one value for people: words of the trade in their language, dates as dd/mm/yyyy, long values cut.
func shown(field, value string, lang language) string {
	switch field {
	case "col", "cols", "field", "what", "where":
		words := strings.Split(value, ", ")
		for i, w := range words {
			if t, ok := terms[w]; ok {
				words[i] = t[lang]
			}
		}
		return inEnglish(strings.Join(words, ", "), lang)
	case "limit":
		return inEnglish(value, lang)
	case "why", "enc", "need", "have":
		if t, ok := terms[value]; ok {
			return t[lang]
		}
	case "d", "d1", "d2", "date":
		return isoDate.ReplaceAllString(value, "$3/$2/$1")
	}
	return clip(value, maxShown)
}

// counted are the words that readers put beside numbers: "dòng 11, 14-19", "200.000 dòng".
var counted = strings.NewReplacer("sau khi giải nén", "unpacked", "nội dung thư", "of text in a mail", "phần đầu thư", "of header", "trường đầu thư", "header fields",
	"cấp lồng nhau", "levels of nesting", "trang tính", "sheets", "dòng", "rows", "cột", "columns", "tệp", "files", "một thư", "for one mail",
	"phần", "parts", "giây", "seconds")

func inEnglish(s string, lang language) string {
	if lang == english {
		return counted.Replace(s)
	}
	return s
}

func clip(s string, most int) string {
	n := 0
	for i := range s {
		if n == most {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

func readCatalogue(tsv string) map[string]Rule {
	rules := make(map[string]Rule)
	for _, col := range table(tsv) {
		if len(col) == 7 {
			rules[col[0]] = Rule{ID: col[0], Procedure: col[1], Severity: bot.Severity(col[2]),
				VI: col[3], EN: col[4], RemedyVI: col[5], RemedyEN: col[6]}
		}
	}
	return rules
}

func readTerms(tsv string) map[string][2]string {
	words := make(map[string][2]string)
	for _, col := range table(tsv) {
		if len(col) == 3 {
			both := [2]string{col[1], col[2]}
			words[col[0]], words[col[1]] = both, both // readers may write a word as people see it
		}
	}
	return words
}

// table splits embedded data into its cells; the tests hold its form.
func table(tsv string) [][]string {
	var lines [][]string
	for line := range strings.Lines(tsv) {
		if line = strings.TrimRight(line, "\r\n"); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, strings.Split(line, "\t"))
		}
	}
	return lines
}
