package intake

import (
	"regexp"
	"slices"
	"strings"

	"vanthu/bot"
)

// decisionIn reads what an approver has written above any quotation: "DUYỆT" and nothing else, or "KHÔNG DUYỆT" with a reason. name is
// his own, office the names that may stand in his signature, too. "" is everything that could be meant otherwise: it decides nothing.
func decisionIn(text, name string, office []string) (said bot.PlanDecision, reason string) {
	all := sentences(addressLike.ReplaceAllString(text, " "))
	if len(all) == 0 {
		return "", ""
	}
	first := words(all[0])
	if line, _, _ := strings.Cut(strings.TrimSpace(text), "\n"); meaning("refuse").starts(first) && !strings.Contains(line, "?") {
		return bot.PlanRefuses, refusal(text)
	}
	own := phraseList(append(strings.Fields(words(name)), words(name))).sorted()
	whole := own.without(words(text)) // "Nhung" signs; "nhưng" speaks against
	if strings.Contains(text, "?") || meaning("stop").in(whole) || meaning("disowns").in(whole) {
		return "", ""
	}
	if !meaning("approve").in(first) || meaning("approve_filler").without(meaning("approve").without(planWords.ReplaceAllString(first, " "))) != "" {
		return "", ""
	}
	sign := slices.Concat(own, meaning("approve_sign"))
	for _, n := range office {
		sign = append(sign, words(n))
	}
	sign = sign.sorted()
	for _, sentence := range all[1:] {
		if sign.without(digits.ReplaceAllString(words(sentence), " ")) != "" {
			return "", ""
		}
	}
	return bot.PlanApproves, ""
}

// sorted puts the longest phrase first.
func (p phraseList) sorted() phraseList {
	sorted := slices.DeleteFunc(slices.Clone(p), func(s string) bool { return s == "" })
	slices.SortStableFunc(sorted, func(a, b string) int { return len(b) - len(a) })
	return sorted
}

var (
	planWords   = regexp.MustCompile(`\bkh \d{4} \d{4,}\b`) // a plan's number after folding
	planNumber  = regexp.MustCompile(`(?i)\bKH-\d{4}-\d{4,}\b`)
	addressLike = regexp.MustCompile(`\S+@\S+|https?://\S+|www\.\S+`)
	digits      = regexp.MustCompile(`\b\d+\b`)
	refuses     = regexp.MustCompile(`(?is)^.*?(duyệt|duyêt|duyet|approved)[\s:,.;–-]*`)
)

// refusal is the reason of a refusal: what stands behind its word.
func refusal(text string) string {
	if at := refuses.FindStringIndex(text); at != nil {
		text = text[at[1]:]
	}
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest-1]) + "…"
	}
	return text
}

// namesAnother says whether a text names a plan, and not that one alone.
func namesAnother(text, number string) bool {
	for _, n := range planNumber.FindAllString(text, -1) {
		if !strings.EqualFold(n, number) {
			return true
		}
	}
	return false
}
