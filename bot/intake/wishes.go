package intake

import (
	"slices"
	"strings"
	"unicode"

	"vanthu/bot"
	"vanthu/parser/viet"
)

// Wishes is what the words of a mail ask, sentence by sentence, and what was not understood of them.
type Wishes struct {
	List    []bot.Wish
	Unclear []string // in the unit's own words, cut
}

// asks says whether one of the wishes is of that kind.
func (w Wishes) asks(kind bot.WishKind) bool {
	return slices.ContainsFunc(w.List, func(x bot.Wish) bool { return x.Kind == kind })
}

// only says whether nothing but wishes of that kind was read.
func (w Wishes) only(kind bot.WishKind) bool {
	return len(w.List) > 0 && len(w.Unclear) == 0 && !slices.ContainsFunc(w.List, func(x bot.Wish) bool { return x.Kind != kind })
}

// Bounds of what is looked at and told again.
const (
	mostSentences = 200
	mostUnclear   = 5
	longUnclear   = 160 // runes
)

// A sentence is one sentence of a text: as written, folded, and whether it ends with a question mark.
type sentence struct {
	text, folded string
	question     bool
}

// said splits a text into sentences. A full stop ends one only before white space, so that an address, a date or a file name
// stays whole; what stands in quotation marks is somebody else's word, unless nothing else stands there.
func said(text string) (all []sentence) {
	runes := []rune(paragraphs(text))
	begin := 0
	cut := func(end int, mark rune) {
		s := strings.TrimSpace(string(runes[begin:end]))
		begin = min(end+1, len(runes))
		folded := words(unspoken(s))
		if folded != "" && len(all) < mostSentences {
			all = append(all, sentence{text: s, folded: folded[:min(len(folded), longest)], question: mark == '?'})
		}
	}
	for i, r := range runes {
		switch r {
		case '\n', ';', '!', '?', '…':
			cut(i, r)
		case '.':
			if i+1 == len(runes) || unicode.IsSpace(runes[i+1]) {
				cut(i, r)
			}
		}
	}
	cut(len(runes), 0)
	return all
}

// unspoken takes what stands in quotation marks out of a sentence that says something beside it.
func unspoken(s string) string {
	rest := s
	for _, pair := range [][2]string{{"“", "”"}, {"«", "»"}, {"\"", "\""}} {
		rest = between(rest, pair[0], pair[1])
	}
	if len(strings.Fields(words(rest))) < 3 {
		return s
	}
	return rest
}

// between takes out what stands between an opening and a closing mark.
func between(s, opening, closing string) string {
	var kept strings.Builder
	for {
		before, after, opens := strings.Cut(s, opening)
		_, after, closes := strings.Cut(after, closing)
		if !opens || !closes {
			kept.WriteString(s)
			return kept.String()
		}
		kept.WriteString(before + " ")
		s = after
	}
}

// understand reads what a mail without a letter asks. subject is "" for a reply: that one is the other side's.
func understand(subject, text string) (w Wishes) {
	sentences := said(text)
	things := words(subject + " " + text)
	if len(things) > readable {
		things = things[:readable]
	}
	about := meaning("status_thing").in(things)
	last := -1
	var unclear []int
	for i, s := range sentences {
		found := wishesOf(s, about)
		for _, wish := range found {
			w.add(wish)
		}
		switch {
		case len(found) > 0:
			last = i
		case !s.asksNothing():
			unclear = append(unclear, i)
		}
	}
	if subject := said(subject); len(w.List) == 0 || len(w.List) == 1 {
		for _, s := range subject {
			for _, wish := range wishesOf(s, about) {
				if len(w.List) == 0 || wish.Kind == w.List[0].Kind && len(wish.Cases) > 0 {
					w.add(wish)
				}
			}
		}
	}
	if len(w.List) == 0 {
		return Wishes{}
	}
	for _, i := range unclear {
		if s := sentences[i]; (i < last || !signs(s.text)) && len(w.Unclear) < mostUnclear {
			w.Unclear = append(w.Unclear, clipped(s.text, longUnclear))
		}
	}
	return w
}

func clipped(s string, most int) string {
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	return string(runes[:most]) + "…"
}

// add takes a wish up once; of two that ask the same the numbers are joined.
func (w *Wishes) add(wish bot.Wish) {
	for i := range w.List {
		if x := &w.List[i]; x.Kind == wish.Kind && x.Topic == wish.Topic {
			for _, number := range wish.Cases {
				if !slices.Contains(x.Cases, number) && len(x.Cases) < mostNumbers {
					x.Cases = append(x.Cases, number)
				}
			}
			return
		}
	}
	w.List = append(w.List, wish)
}

// wishesOf reads one sentence. about says whether the mail speaks of requests at all.
func wishesOf(s sentence, about bool) (found []bot.Wish) {
	asking := s.question || meaning("ask").in(s.folded)
	if formWish(s.text) {
		found = append(found, bot.Wish{Kind: bot.WishForm})
	}
	if withdraws(s.folded) && !s.question {
		found = append(found, bot.Wish{Kind: bot.WishWithdraw, Cases: numbers(s.text)})
	}
	if about && !namesPerson(s.text) && (isSaid("status_ask", s.folded) || asking && isSaid("status_of", s.folded)) && !outsideOf(s.folded, asking) {
		found = append(found, bot.Wish{Kind: bot.WishStatus, Cases: numbers(s.text)})
	}
	if trialOf(s) == surely || trialOf(s) == perhaps && asking {
		found = append(found, bot.Wish{Kind: bot.WishTrial})
	}
	if meaning("help").in(s.folded) || slices.Contains(meaning("help_only"), meaning("filler").without(s.folded)) {
		found = append(found, bot.Wish{Kind: bot.WishHelp})
	}
	if asking {
		for _, t := range topicsOf(s.folded) {
			found = append(found, bot.Wish{Kind: bot.WishOutside, Topic: t})
		}
	}
	return found
}

// namesPerson reports whether a student code stands in a sentence: what is asked about one person is for an officer.
func namesPerson(text string) bool {
	return studentCode.MatchString(caseNumber.ReplaceAllString(text, " "))
}

// isSaid reports whether a phrase of a meaning stands in a sentence, and no "không" or "chưa" before it.
func isSaid(kind, folded string) bool {
	for _, phrase := range meaning(kind) {
		before, _, found := strings.Cut(" "+folded+" ", " "+phrase+" ")
		if found && !denied(before) {
			return true
		}
	}
	return false
}

// denied reports whether one of the last words before a phrase takes it back.
func denied(before string) bool {
	fields := strings.Fields(before)
	near := strings.Join(fields[max(0, len(fields)-3):], " ")
	return meaning("no").in(near)
}

// withdraws reports whether a sentence withdraws a case and nothing less: "Xin rút 02 sinh viên khỏi hồ sơ" is no withdrawal. A
// reason may follow.
func withdraws(folded string) bool {
	head, reason := folded+" ", ""
	for _, phrase := range meaning("because") {
		if before, after, found := strings.Cut(head, " "+phrase+" "); found && meaning("withdraw").in(before) {
			head, reason = before+" ", after+" "+reason
		}
	}
	head = strings.TrimSpace(head)
	if !isSaid("withdraw", head) || meaning("reason_stop").in(strings.TrimSpace(reason)) {
		return false
	}
	rest := meaning("withdraw").without(caseWords.ReplaceAllString(head, " "))
	return meaning("filler").without(meaning("polite").without(rest)) == ""
}

// topicsOf are the things outside this procedure that a sentence names.
func topicsOf(folded string) (topics []bot.Topic) {
	for _, t := range bot.Topics() {
		kind := string(t)
		if t == bot.OutsideStaff {
			kind = "staff_account"
		}
		if isSaid(kind, folded) {
			topics = append(topics, t)
		}
	}
	return topics
}

func outsideOf(folded string, asking bool) bool { return asking && len(topicsOf(folded)) > 0 }

// asksNothing reports whether a sentence is polite, or tells what was done before.
func (s sentence) asksNothing() bool {
	if meaning("received").in(s.folded) || meaning("handed_over").in(s.folded) || meaning("accept_good").in(s.folded) || meaning("missing").in(s.folded) {
		return false
	}
	rest := meaning("filler").without(meaning("polite").without(caseWords.ReplaceAllString(s.folded, " ")))
	if !strings.ContainsFunc(rest, unicode.IsLetter) {
		return true
	}
	return !s.question && meaning("background").in(s.folded)
}

// signs reports whether a line looks like the name of a person or an office: few words, each with a capital.
func signs(line string) bool {
	fields := strings.FieldsFunc(line, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("-–,()/:", r) })
	if len(fields) > 8 {
		return false
	}
	small := 0
	for _, f := range fields {
		if r := []rune(f)[0]; unicode.IsLower(r) {
			small++
		}
	}
	return len(fields) > 0 && small*3 <= len(fields) || telephone(line)
}

// telephone reports whether a line gives a telephone number or an address.
func telephone(line string) bool {
	folded := viet.Fold(line)
	return strings.HasPrefix(folded, "dt") || strings.HasPrefix(folded, "sdt") || strings.HasPrefix(folded, "tel") || strings.HasPrefix(folded, "dien thoai") ||
		strings.HasPrefix(folded, "email:") || strings.HasPrefix(folded, "mobile")
}

// paragraphs joins lines that mail programs have wrapped: one that begins with a small letter goes on.
func paragraphs(text string) string {
	var joined strings.Builder
	open := false // the paragraph may go on
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			open = false
			continue
		}
		if open && unicode.IsLower([]rune(line)[0]) {
			joined.WriteByte(' ')
		} else {
			joined.WriteByte('\n')
		}
		joined.WriteString(line)
		open = true
	}
	return joined.String()
}

// beside is what a request asks beside what it is: its own answer tells that, too.
func (r *Reading) beside() Wishes {
	var w Wishes
	for _, wish := range r.Wishes.List {
		if wish.Kind != bot.WishTrial && wish.Kind != bot.WishWithdraw {
			w.List = append(w.List, wish)
		}
	}
	return w
}
