package intake

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"vanthu/bot"
	"vanthu/parser/viet"
)

//go:embed words.tsv
var wordsTSV string

//go:embed wishes.tsv
var wishesTSV string

// phrases are what units write, by meaning; in each meaning the longest first. Read-only.
var phrases = readPhrases(wordsTSV + wishesTSV + receiptTSV)

func readPhrases(tsv string) map[string]phraseList {
	all := make(map[string]phraseList)
	for line := range strings.Lines(tsv) {
		kind, phrase, found := strings.Cut(strings.TrimRight(line, "\r\n"), "\t")
		if found && !strings.HasPrefix(kind, "#") {
			all[kind] = append(all[kind], phrase)
		}
	}
	for _, list := range all {
		slices.SortStableFunc(list, func(a, b string) int { return len(b) - len(a) })
	}
	return all
}

// A phraseList holds the phrases of one meaning.
type phraseList []string

func meaning(kind string) phraseList { return phrases[kind] }

func (p phraseList) is(phrase string) bool { return slices.Contains(p, phrase) }

// in reports whether one of the phrases stands in a folded text, as whole words.
func (p phraseList) in(folded string) bool {
	return slices.ContainsFunc(p, func(phrase string) bool { return strings.Contains(" "+folded+" ", " "+phrase+" ") })
}

func (p phraseList) starts(folded string) bool {
	return slices.ContainsFunc(p, func(phrase string) bool { return strings.HasPrefix(folded+" ", phrase+" ") })
}

// longest is the length of a sentence, in bytes, up to which it may be a confirmation and is looked at word by word.
const longest = 1000

// without takes the phrases out of a folded sentence, the longest first.
func (p phraseList) without(folded string) string {
	if len(folded) > longest {
		return folded
	}
	rest := " " + folded + " "
	for _, phrase := range p {
		for strings.Contains(rest, " "+phrase+" ") {
			rest = strings.Replace(rest, " "+phrase+" ", "  ", 1)
		}
	}
	return strings.Join(strings.Fields(rest), " ")
}

// words folds a text: lower case, no marks, no punctuation, single blanks.
func words(s string) string {
	return strings.Join(strings.FieldsFunc(viet.Fold(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ")
}

// saidIn reads what a unit says about its case. A wrong confirmation would close a case or serve people too early, so a sentence
// counts only when nothing but polite words stands around what was asked for, and nothing in the whole text speaks against it.
func saidIn(text string) Said {
	said := Said{Status: meaning("status").in(words(text)), Receipt: receiptIn(text, nil)}
	if strings.Contains(text, "?") || said.Status {
		return said
	}
	withdraw, stopped := false, false
	sure := said
	for _, sentence := range sentences(text) {
		folded := words(sentence)
		switch {
		case meaning("withdraw").in(folded):
			withdraw = true
			sure.Withdraw = only(folded, "withdraw")
			folded = meaning("withdraw").without(folded)
		case meaning("accept_good").in(folded):
			sure.AcceptGoodRows = only(folded, "accept_good")
		}
		stopped = stopped || meaning("stop").in(folded)
	}
	if stopped || said.Receipt.Doubt != bot.DoubtNothing && (withdraw || sure.AcceptGoodRows) || withdraw && sure.AcceptGoodRows {
		return said
	}
	return sure
}

var number = regexp.MustCompile(`^\d+$`)

// only reports whether a sentence says nothing beyond a phrase and polite words. A number needs "đủ" or "toàn bộ" beside
// it: "Đã bàn giao 100 tài khoản" may be a part of them.
func only(folded, kind string) bool {
	rest := meaning("filler").without(meaning(kind).without(caseWords.ReplaceAllString(folded, " ")))
	for word := range strings.FieldsSeq(rest) {
		if !number.MatchString(word) || !meaning("whole").in(folded) {
			return false
		}
	}
	return true
}

var studentCode = regexp.MustCompile(`\b[A-Za-z]{0,3}\d{6,14}\b`)

// caseWords is a case number after folding.
var caseWords = regexp.MustCompile(`\byc \d{4} \d{4,}\b`)

// sentences splits a text; a line that goes on in small letters belongs to the one before.
func sentences(text string) []string {
	var joined strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			joined.WriteString("\n")
			continue
		}
		if first := []rune(line)[0]; unicode.IsLower(first) {
			joined.WriteString(" ")
		} else {
			joined.WriteString("\n")
		}
		joined.WriteString(line)
	}
	return strings.FieldsFunc(joined.String(), func(r rune) bool { return strings.ContainsRune(".!?;\n", r) })
}

var (
	attribution = regexp.MustCompile(`(?i)^(on|vào|vao|le|am)\b.{4,}(wrote|đã viết|da viet|viết|a écrit|schrieb)\s*:\s*$`)
	attrOpens   = regexp.MustCompile(`(?i)^(on|vào|vao)\b.*(\d{4}|lúc|luc|thg|@)`)
	attrCloses  = regexp.MustCompile(`(?i)(wrote|đã viết|da viet)\s*:\s*$`)
	divider     = regexp.MustCompile(`(?i)^\s*-{2,}\s*(original message|forwarded message|thư gốc|thu goc|tin nhắn gốc|thư chuyển tiếp|tin nhắn chuyển tiếp)|^_{10,}\s*$`)
	headLine    = regexp.MustCompile(`(?i)^\W*(từ|tu|from)\s*:\W*\s\S`)
	headNext    = regexp.MustCompile(`(?i)^\W*(đã gửi|da gui|gửi|gui|ngày|ngay|sent|date|tới|toi|đến|den|to|chủ đề|chu de|subject|cc)\s*:`)
)

// unquoted leaves out what a reply quotes: lines with ">", and everything below the head of a quotation. What stands below
// a ">" quotation is the sender's again.
func unquoted(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	var kept []string
	for i := 0; i < len(lines); i++ {
		line := strings.TrimSpace(lines[i])
		if strings.HasPrefix(line, ">") {
			continue
		}
		if divider.MatchString(line) || headLine.MatchString(line) && slices.ContainsFunc(upTo(lines, i+1, 3), headNext.MatchString) {
			break
		}
		if length := attributionAt(lines, i); length > 0 {
			next := slices.IndexFunc(lines[i+length:], func(s string) bool { return strings.TrimSpace(s) != "" })
			if next < 0 || !strings.HasPrefix(strings.TrimSpace(lines[i+length+next]), ">") {
				break // the quotation has no marks: it goes to the end
			}
			i += length - 1
			continue
		}
		kept = append(kept, lines[i])
	}
	return strings.TrimSpace(strings.Join(kept, "\n"))
}

// attributionAt is the number of lines of an "On … wrote:" that begins at line i, which mail programs wrap; 0 for none.
func attributionAt(lines []string, i int) int {
	if attribution.MatchString(strings.TrimSpace(lines[i])) {
		return 1
	}
	if !attrOpens.MatchString(strings.TrimSpace(lines[i])) {
		return 0
	}
	for n, next := range upTo(lines, i+1, 2) {
		if strings.TrimSpace(next) == "" {
			return 0
		}
		if attrCloses.MatchString(next) {
			return n + 2
		}
	}
	return 0
}

func upTo(lines []string, from, count int) []string {
	from = min(from, len(lines))
	return lines[from:min(from+count, len(lines))]
}

var (
	signature = regexp.MustCompile(`(?im)^(--\s*|(trân trọng|tran trong|kính thư|kinh thu|thân ái|than ai|best regards|kind regards|regards|sincerely|(many )?thanks (and|&) (best )?regards)\W*)$`)
	// What telephones and programs write below a mail, wherever they put it.
	sentFrom = regexp.MustCompile(`(?im)^\W*(sent from (my|mail|yahoo|outlook)|(được |đã )?gửi từ |(duoc |da )?gui tu |tải outlook cho|get outlook for|nhận outlook cho)[^\n]{0,80}$`)
)

// unsigned cuts the signature off: names and disclaimers say nothing about a case.
func unsigned(text string) string {
	above, _ := atSignature(text)
	return above
}

// atSignature parts a text from its signature and what stands below that.
func atSignature(text string) (above, below string) {
	text = sentFrom.ReplaceAllString(text, "")
	if at := signature.FindStringIndex(text); at != nil && at[0] > 0 {
		text, below = text[:at[0]], text[at[1]:]
	}
	return strings.TrimSpace(text), strings.TrimSpace(below)
}
