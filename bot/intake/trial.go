package intake

import (
	"path/filepath"
	"strings"

	"golang.org/x/text/unicode/norm"

	"vanthu/bot"
)

// A trialDegree is how sure it is that a list is only to be checked, and not sent in.
type trialDegree int

const (
	notAtAll trialDegree = iota
	perhaps              // "nhờ kiểm tra giúp": a real request may say so, too
	surely               // "chưa gửi chính thức"
)

// trialOf reads one sentence. What says "kiểm tra" and asks for accounts in one breath is a request.
func trialOf(s sentence) trialDegree {
	folded := meaning("list_name").without(s.folded)
	official, later := officially(folded)
	switch {
	case official:
		return notAtAll
	case later || isSaid("trial_sure", folded):
		return surely
	case isSaid("trial_maybe", folded) && !asksForAccounts(folded):
		return perhaps
	}
	return notAtAll
}

func asksForAccounts(folded string) bool {
	return meaning("account_request").in(meaning("list_name").without(folded))
}

// officially looks around "chính thức": "nay gửi chính thức" sends a list in, "chưa gửi chính thức" or "trước khi gửi chính thức" does
// not yet. Sentences in which the word means something else ("sinh viên chính thức") say neither.
func officially(folded string) (official, later bool) {
	before, _, found := strings.Cut(" "+folded+" ", " chinh thuc ")
	if !found {
		return false, false
	}
	fields := strings.Fields(before)
	near := strings.Join(fields[max(0, len(fields)-6):], " ")
	if !meaning("official").in(near) {
		return false, false
	}
	if meaning("not_yet").in(near) {
		return false, true
	}
	return true, false
}

// trialIn says how sure it is that the list of a mail is only to be checked: by the subject that the unit wrote, its words, and
// the names of its files.
func trialIn(subject, text string, files []string) trialDegree {
	var sure, maybe, official, asks bool
	for _, s := range append(said(text), said(subject)...) {
		folded := meaning("list_name").without(s.folded)
		now, _ := officially(folded)
		official = official || now
		sure = sure || now && isSaid("trial_sure", folded) // "bản trước là kiểm tra thử, nay gửi chính thức"
		switch trialOf(s) {
		case surely:
			sure = true
		case perhaps:
			maybe = true
		case notAtAll:
		}
	}
	for _, s := range said(text) {
		asks = asks || asksForAccounts(s.folded) && trialOf(s) != surely
	}
	for _, name := range files {
		maybe = maybe || draftName(name)
	}
	switch {
	case sure && !official && !asks:
		return surely
	case sure, maybe && !official && !asks:
		return perhaps
	}
	return notAtAll
}

// draftName reports whether a file is called a draft. "nhap" without its mark may be "nhập", as in "nhập học".
func draftName(name string) bool {
	name = strings.ToLower(norm.NFC.String(strings.TrimSuffix(name, filepath.Ext(name))))
	return strings.Contains(name, "nháp") || meaning("draft_name").in(words(name))
}

// isTrial decides whether the list of a mail is only checked. When in doubt it is a request only when a letter stands there, in the
// mail or in the case that it corrects; the answer says how it was taken.
func (r *Reading) isTrial(c *bot.Case) bool {
	switch r.Trial {
	case surely:
		return true
	case perhaps:
		return r.Submission.Letter == nil && c == nil
	case notAtAll:
	}
	return false
}

// ChecksOnly says whether a mail that corrects no case would open none.
func (r *Reading) ChecksOnly() bool {
	return (r.Kind == bot.AccountRequest || r.Kind == bot.DeletionRequest && len(r.Submission.Rows) > 0) && r.isTrial(nil)
}
