package intake

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"vanthu/bot"
)

// A clause is a sentence about accounts, taken apart: each of its words is a statement, a person, a class, a number, politeness,
// or stands in others.
type clause struct {
	raw       string
	folded    string
	paragraph int

	means       []string // of the statements in it: "received", "not_there" …
	codes       []string // folded
	stts        []string
	names       [][]int // rows that have the name, for each name
	classes     []int   // places in hearing.classes
	counts      []int   // of people
	classCounts []int
	others      []string // what is not understood
	afterClass  bool     // the first of others stands where a class should
	inClass     bool     // "lớp YA còn thiếu": somebody of it, not all
	signs       bool     // a program's or a telephone's signature
	phone       bool     // a line with a telephone number
}

func (c *clause) has(kind string) bool { return slices.Contains(c.means, kind) }

func (c *clause) people() bool { return len(c.codes)+len(c.stts)+len(c.names) > 0 }

// missing is what the clause says is wrong with an account, "" nothing.
func (c *clause) missing() bot.MissingWhy {
	for _, why := range []bot.MissingWhy{bot.WrongPassword, bot.NoSignIn, bot.NotThere} {
		if c.has(string(why)) {
			return why
		}
	}
	return ""
}

// turns says whether what is not understood may turn the sentence: a negation, a condition, a wish.
func (c *clause) turns() bool {
	rest := strings.Join(c.others, " ")
	return meaning("stop").in(rest) || meaning("beware").in(rest) || meaning("asks").in(rest)
}

// reach is how many paragraphs below the clause its list may begin: one behind a colon.
func (c *clause) reach() int {
	if c.people() || !strings.HasSuffix(strings.TrimSpace(c.raw), ":") {
		return 0
	}
	return 1
}

// join adds the people and classes of a line to the clause that they belong to.
func (c *clause) join(of *clause) {
	c.codes = append(c.codes, of.codes...)
	c.stts = append(c.stts, of.stts...)
	c.names = append(c.names, of.names...)
	c.classes = append(c.classes, of.classes...)
	c.counts = append(c.counts, of.counts...)
	c.paragraph = of.paragraph
}

// isName reports whether a clause looks like the name or title below a letter: "Nguyễn Thị Mai", whose last word folds to
// "tomorrow".
func (c *clause) isName() bool {
	fields := strings.Fields(strings.Trim(c.raw, " \t,.-–*"))
	if len(fields) < 2 || len(fields) > 6 {
		return false
	}
	return !slices.ContainsFunc(fields, func(w string) bool { return !isTitle(w) })
}

var (
	bullet    = regexp.MustCompile(`^\s*(\(?\d{1,3}[.)]\s+|[-–—*•+▪]\s*)+`)
	dates     = regexp.MustCompile(`\b\d{1,2}[/.-]\d{1,2}[/.-](\d{4}|\d{2})\b`)
	dayMonth  = regexp.MustCompile(`(?i)\b(ngày|ngay|hôm|hom|sáng|sang|chiều|chieu|tối|từ|tu|thứ \S+|on)\s+\d{1,2}[/-]\d{1,2}\b`)
	hours     = regexp.MustCompile(`(?i)\b\d{1,2}\s?([hg]|giờ|:)\s?([0-5]\d)?\b`)
	fractions = regexp.MustCompile(`\b(\d{1,5})\s?/\s?(\d{1,5})\b`)
	longDate  = regexp.MustCompile(`\b(ngay|thang|nam|thu) \d{1,4}\b`)
	codeWord  = regexp.MustCompile(`^[a-z]{0,3}\d{6,14}$`)
	phoneLine = regexp.MustCompile(`(?i)(đt|điện thoại|dien thoai|sđt|sdt|tel|phone|mobile|hotline|zalo|fax|di động|số máy)\b|\(?0\d{2,3}\)?[ .-]\d{3}[ .-]?\d{3,4}`)
)

// clauses splits a text into sentences, each with its paragraph. A line that goes on in small letters belongs to the one before;
// a comma does not end a sentence, a dot within a number or an abbreviation does not either.
func clauses(text string) []clause {
	var all []clause
	paragraph := 0
	var lines []string
	flush := func() {
		for _, line := range lines {
			for _, sentence := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune("!?;…", r) }) {
				for _, s := range atDots(sentence) {
					if strings.TrimSpace(s) != "" && len(s) <= longest {
						all = append(all, clause{raw: s, paragraph: paragraph})
					} else if len(s) > longest {
						all = append(all, clause{raw: s[:0], paragraph: paragraph, others: []string{"…"}})
					}
				}
			}
		}
		lines = nil
	}
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" {
			flush()
			paragraph++
			continue
		}
		listed := bullet.MatchString(trimmed)
		trimmed = bullet.ReplaceAllString(trimmed, "")
		if trimmed == "" {
			continue
		}
		first := []rune(trimmed)[0]
		if unicode.IsLower(first) && len(lines) > 0 && !listed && !codeWord.MatchString(firstWord(trimmed)) {
			lines[len(lines)-1] += " " + trimmed
		} else {
			lines = append(lines, trimmed)
		}
	}
	flush()
	return all
}

func firstWord(s string) string {
	first, _, _ := strings.Cut(words(s), " ")
	return first
}

// atDots splits at dots that end a sentence: a blank or the end follows, and no abbreviation stands before.
func atDots(s string) (parts []string) {
	start := 0
	for i := 0; i < len(s); i++ {
		if s[i] != '.' || i+1 < len(s) && s[i+1] != ' ' && s[i+1] != '.' {
			continue
		}
		before := s[start:i]
		last := before[strings.LastIndexAny(before, " \t")+1:]
		if slices.Contains([]string{"P", "Th", "ThS", "TS", "GS", "PGS", "BS", "CN", "TP", "Mr", "Ms", "Mrs"}, last) { // "P. CTSV"
			continue
		}
		parts = append(parts, before)
		start = i + 1
	}
	return append(parts, s[start:])
}

// read takes a clause apart.
func (h *hearing) read(c *clause) {
	if len(c.others) > 0 { // too long
		return
	}
	c.folded = words(c.raw)
	c.signs = meaning("signs").starts(c.folded)
	c.phone = phoneLine.MatchString(c.raw)
	raw := dates.ReplaceAllString(c.raw, " ")
	raw = dayMonth.ReplaceAllString(raw, " ")
	raw = hours.ReplaceAllString(raw, " ")
	for _, m := range fractions.FindAllStringSubmatch(raw, -1) {
		c.counts = append(c.counts, atoi(m[1]), atoi(m[2]))
	}
	raw = fractions.ReplaceAllString(raw, " ")
	folded := longDate.ReplaceAllString(caseWords.ReplaceAllString(words(raw), " "), " ")
	tokens := strings.Fields(folded)
	lop := slices.ContainsFunc(tokens, func(t string) bool { return t == "lop" || t == "class" || t == "classes" })
	afterLop := false
	for i := 0; i < len(tokens); {
		n := h.token(c, tokens, i, lop, &afterLop)
		i += n
	}
	c.settle()
}

// token understands what begins at tokens[i] and returns how many tokens that is.
func (h *hearing) token(c *clause, tokens []string, i int, lop bool, afterLop *bool) int {
	t := tokens[i]
	rest := tokens[i:]
	was := *afterLop
	*afterLop = false
	if codeWord.MatchString(t) && !(c.phone && h.byCode(t) == 0) || h.byCode(t) > 0 && strings.ContainsAny(t, "0123456789") {
		if !slices.Contains(c.codes, t) {
			c.codes = append(c.codes, t)
		}
		return 1
	}
	if n := sttHead(rest); n > 0 {
		m := n
		for m < len(rest) && (atoi(rest[m]) >= 0 || rest[m] == "va" || rest[m] == "and" || rest[m] == "stt") {
			if atoi(rest[m]) >= 0 {
				c.stts = append(c.stts, rest[m])
			}
			m++
		}
		if m > n {
			return m
		}
	}
	if n, rows := h.name(rest); n > 0 {
		c.names = append(c.names, rows)
		return n
	}
	if n, at := h.class(rest, lop, was); n > 0 {
		if !slices.Contains(c.classes, at) {
			c.classes = append(c.classes, at)
		}
		*afterLop = true
		return n
	}
	if n, kind := phraseAt(rest); n > 0 {
		switch kind {
		case "filler", "around":
			*afterLop = t == "lop" && n == 1 || t == "class" || t == "classes" || was && (t == "va" || t == "and" || t == "cac")
		case "beside": // filler only where something is missing; judged below
			c.others = append(c.others, besideMark+strings.Join(rest[:n], " "))
		default:
			c.inClass = c.inClass || kind == string(bot.NotThere) && len(c.classes) > 0 && slices.Contains(rest[:n], "thieu")
			c.means = append(c.means, kind)
		}
		return n
	}
	if n := atoi(t); n >= 0 {
		if len(rest) > 1 && (rest[1] == "lop" || rest[1] == "classes") {
			c.classCounts = append(c.classCounts, n)
			return 1
		}
		c.counts = append(c.counts, n)
		return 1
	}
	if n := numeral(t); n > 0 && len(rest) > 1 && startsAny("counted", rest[1:]) {
		c.counts = append(c.counts, n)
		return 1
	}
	if len(c.others) == 0 {
		c.afterClass = was
	}
	c.others = append(c.others, t)
	return 1
}

// besideMark marks words that are filler beside what is missing, and strange everywhere else.
const besideMark = "\x00"

// settle decides about the words that are filler only beside what is missing.
func (c *clause) settle() {
	missing := c.missing() != "" || c.has("found")
	kept := c.others[:0]
	for _, o := range c.others {
		if w, ok := strings.CutPrefix(o, besideMark); !ok {
			kept = append(kept, o)
		} else if !missing {
			kept = append(kept, w)
		}
	}
	c.others = kept
}

// sttHead is the length of "STT", "số thứ tự" at the beginning of tokens, 0 for none.
func sttHead(tokens []string) int {
	for _, head := range [][]string{{"stt", "so"}, {"stt"}, {"so", "thu", "tu"}, {"no", "s"}} {
		if len(tokens) > len(head) && slices.Equal(tokens[:len(head)], head) {
			return len(head)
		}
	}
	return 0
}

// name finds the longest name of the case that tokens begin with, and who is called so.
func (h *hearing) name(tokens []string) (length int, rows []int) {
	for _, c := range h.names[tokens[0]] {
		if len(c.name) < length || len(c.name) > len(tokens) || !slices.Equal(tokens[:len(c.name)], c.name) {
			continue
		}
		if len(c.name) > length {
			length, rows = len(c.name), nil
		}
		rows = append(rows, c.row)
	}
	return length, rows
}

// class finds the longest class of the case that tokens begin with. Short ones ("A", "YA") count where the text speaks of classes.
func (h *hearing) class(tokens []string, spoken, after bool) (length, at int) {
	for i, c := range h.classes {
		short := len(c.compact) < 3 || !strings.ContainsAny(c.compact, "0123456789")
		if short && !spoken || len(c.compact) == 1 && !after {
			continue
		}
		for _, t := range c.tokens {
			if len(t) > length && len(t) <= len(tokens) && slices.Equal(tokens[:len(t)], t) {
				length, at = len(t), i
			}
		}
	}
	return length, at
}

// spoken are the phrases that a clause is made of, by their first word, the longest first. Read-only.
var spoken = spokenPhrases()

type spokenPhrase struct {
	tokens []string
	kind   string
}

func spokenPhrases() map[string][]spokenPhrase {
	all := make(map[string][]spokenPhrase)
	for _, kind := range []string{"received", "part", "handed_over", "not_there", "no_sign_in", "wrong_password", "found", "filler", "around", "beside"} {
		for _, phrase := range meaning(kind) {
			if meaning("no_filler").is(phrase) {
				continue
			}
			tokens := strings.Fields(phrase)
			all[tokens[0]] = append(all[tokens[0]], spokenPhrase{tokens, kind})
		}
	}
	for _, list := range all { // of the same length the statement goes before the filler
		slices.SortStableFunc(list, func(a, b spokenPhrase) int { return len(b.tokens) - len(a.tokens) })
	}
	return all
}

// phraseAt is the longest phrase that tokens begin with.
func phraseAt(tokens []string) (length int, kind string) {
	for _, p := range spoken[tokens[0]] {
		if len(p.tokens) <= len(tokens) && slices.Equal(tokens[:len(p.tokens)], p.tokens) {
			return len(p.tokens), p.kind
		}
	}
	return 0, ""
}

func startsAny(kind string, tokens []string) bool {
	return meaning(kind).starts(strings.Join(tokens, " "))
}

// numeral reads a number in words, of few people.
func numeral(word string) int {
	return slices.Index([]string{"", "mot", "hai", "ba", "bon", "nam", "sau", "bay", "tam", "chin", "muoi"}, word)
}
