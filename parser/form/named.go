package form

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"vanthu/parser"
)

// What a letter says of its list: how many people, of which classes and cohorts. All on folded lines.
var (
	classesRE = regexp.MustCompile(`\b(?:cac )?lop\b\s*:?\s*([^:;()]+)`)
	cohortsRE = regexp.MustCompile(`\b(?:nien khoa|khoa hoc|khoa)\b\s*:?\s*(` + oneCohort + `(?:\s*(?:,|;|&|va)\s*(?:(?:nien )?khoa\s*)?` + oneCohort + `)*)|\b(k\d{2})\b`)
	cohortRun = regexp.MustCompile(oneCohort)
	andRE     = regexp.MustCompile(`\s*(?:[,;&+]|\bva\b)\s*`)
)

const oneCohort = `(?:\d{4}\s*[-–/]\s*\d{4}\b|k\s?\d{1,3}\b|\d{1,4}\b)`

// namedClasses returns the classes that a line names: "lớp YAK50, YBK50 và Y C - K50". They end where a part is no class.
func namedClasses(n foldedLine) []parser.Value {
	var out []parser.Value
	for _, m := range classesRE.FindAllStringSubmatchIndex(n.fold, -1) {
		at, to := m[2], m[3]
		for at < to {
			end, next := to, to
			if sep := andRE.FindStringIndex(n.fold[at:to]); sep != nil {
				end, next = at+sep[0], at+sep[1]
			}
			part := n.fold[at:end]
			part = strings.TrimPrefix(part, "lop ")
			from := end - len(part)
			part = part[:classLength(part)]
			shown := strings.TrimSpace(shownAt(n.text, n.fold, from, from+len(part)))
			if !strings.ContainsAny(shown, "0123456789") || !isClassName(shown) {
				break
			}
			out = append(out, parser.Value{Text: shown, Raw: n.text, At: n.at})
			at = next
		}
	}
	return out
}

// namedCohorts returns the cohorts that a line names: "khóa 50 và 51", "K50", "niên khóa 2024-2030". A school year is none.
func namedCohorts(n foldedLine) []parser.Value {
	var out []parser.Value
	for _, m := range cohortsRE.FindAllStringSubmatchIndex(n.fold, -1) {
		from, to := m[2], m[3]
		if from < 0 {
			from, to = m[4], m[5]
			if from > 0 && strings.ContainsAny(n.fold[from-1:from], "-.") || strings.HasSuffix(n.fold[:from], " - ") {
				continue // "Y A - K51" is a class
			}
		}
		for _, r := range cohortRun.FindAllStringIndex(n.fold[from:to], -1) {
			text := strings.TrimSpace(shownAt(n.text, n.fold, from+r[0], from+r[1]))
			out = append(out, parser.Value{Text: text, Raw: n.text, At: n.at})
		}
	}
	return out
}

// once keeps the first of values that read the same.
func once(values []parser.Value) []parser.Value {
	var out []parser.Value
	for _, v := range values {
		if !slices.ContainsFunc(out, func(o parser.Value) bool { return strings.EqualFold(o.Text, v.Text) }) {
			out = append(out, v)
		}
	}
	return out
}

// peopleWords are the words for those who get accounts.
const peopleWords = `(?:tan )?(?:sinh vien|hoc vien|sv\b|hv\b|can bo|vien chuc|nguoi\b|em\b|tai khoan|students?\b)`

var (
	countRE     = regexp.MustCompile(`(\S*)\s*\b(\d{1,3}(?:\.\d{3})+|\d{1,6})\b\)?\s*(?:\([^)]*\)\s*)?` + peopleWords)
	afterRE     = regexp.MustCompile(`^(?:so luong|tong so|tong cong|si so)[^:\d]{0,40}(?::|la)\s*(\d{1,3}(?:\.\d{3})+|\d{1,6})\b`)
	wordCountRE = regexp.MustCompile(`((?:\b(?:khong|mot|hai|ba|bon|tu|nam|lam|sau|bay|tam|chin|muoi|tram|nghin|ngan|linh|le)\s+)+)` + peopleWords)
	ordinalRE   = regexp.MustCompile(`^(?:nam|khoa|k|dot|lop|thang|ngay|ky|so|hoc|tu|den|lan|thu|nhom|dieu|khoan|muc|phong)$|[-/]$`)
)

// count is the number of people that the request, or else a line "Số lượng:", speaks of; 0 when several numbers leave open
// which is meant.
func count(ask string, lines []foldedLine) int {
	texts := []string{ask}
	for _, n := range lines {
		if strings.HasPrefix(n.fold, "so luong") || strings.HasPrefix(n.fold, "tong so") {
			texts = append(texts, n.fold)
		}
	}
	for _, t := range texts {
		if m := afterRE.FindStringSubmatch(t); m != nil {
			return plainNumber(m[1])
		}
		var all []int
		for _, m := range countRE.FindAllStringSubmatch(t, -1) {
			if n := plainNumber(m[2]); n > 0 && !ordinalRE.MatchString(m[1]) {
				all = append(all, n)
			}
		}
		if n := oneOf(all, strings.Contains(t, "trong do")); n != 0 {
			return max(n, 0)
		}
		if m := wordCountRE.FindStringSubmatch(t); m != nil && len(strings.Fields(m[1])) > 1 { // one alone may be another word: năm, sau, từ
			if n := numberInWords(m[1]); n > 0 {
				return n
			}
		}
	}
	return 0
}

func plainNumber(s string) int {
	n, err := strconv.Atoi(strings.ReplaceAll(s, ".", ""))
	if err != nil {
		return 0
	}
	return n
}

// oneOf decides among the numbers of a sentence: the first when the others are parts of it, their sum when they are added up.
// 0: there is none, -1: nobody can tell.
func oneOf(n []int, parts bool) int {
	sum := 0
	for _, v := range n {
		sum += v
	}
	switch {
	case len(n) == 0:
		return 0
	case len(n) == 1 || parts || sum == 2*n[0]:
		return n[0]
	case sum == 2*n[len(n)-1]:
		return n[len(n)-1]
	case len(slices.Compact(slices.Clone(n))) == 1: // said twice
		return n[0]
	}
	return -1
}

// numberInWords reads "một trăm bốn mươi hai", folded. 0: it is no number.
func numberInWords(s string) int {
	units := map[string]int{"khong": 0, "mot": 1, "hai": 2, "ba": 3, "bon": 4, "tu": 4, "nam": 5, "lam": 5, "sau": 6, "bay": 7, "tam": 8, "chin": 9}
	total, part, last := 0, 0, -1
	for w := range strings.FieldsSeq(s) {
		switch {
		case w == "linh" || w == "le":
		case w == "muoi":
			if last < 0 { // mười
				part += 10
			} else { // bốn mươi
				part += 10*last - last
			}
			last = -1
		case w == "tram":
			part += 99 * max(last, 0)
			last = -1
		case w == "nghin" || w == "ngan":
			total, part, last = total+1000*part, 0, -1
		default:
			part += units[w]
			last = units[w]
		}
	}
	return total + part
}
