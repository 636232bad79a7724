package rules

import (
	"slices"

	"vanthu/bot"
	"vanthu/parser"
)

// evidence says how strongly it is proved that the head of the unit asks, and whether that is enough (procedure 1.2, Q14). Who
// comes here has been proved by his mailbox. A signature that is worth nothing takes nothing away from that.
func (j *judge) evidence(req *bot.Request) {
	kind := j.context.Kind
	if kind != bot.AccountRequest && kind != bot.DeletionRequest {
		return
	}
	req.Signatures = j.context.Signatures
	req.Evidence = j.level(req.LetterFile)
	for _, s := range req.Signatures {
		if s.Faulty() {
			j.say("FRM-11", place{at: parser.Place{File: s.File}}, "", "file", s.File, "why", "sig_"+string(s.Verdict))
		}
	}
	need := j.policy.need(kind)
	before := req.LetterFile == "" && j.context.LetterKnown && j.context.Earlier == "" // the case is older than these levels
	if req.Evidence >= need || before || j.asked() {
		return
	}
	j.say("FRM-18", place{at: parser.Place{File: req.LetterFile}}, "", "need", "evidence_"+string(need), "have", "evidence_"+string(req.Evidence))
}

// asked says whether something was said already that brings a stronger letter when it is followed.
func (j *judge) asked() bool {
	return slices.ContainsFunc(j.found, func(f finding) bool {
		return f.Severity == bot.RejectRequest && (f.Rule == "FRM-01" || f.Rule == "FRM-04" && j.policy.need(j.context.Kind) == bot.E2)
	})
}

// level is what the letter proves; of a corrected list that comes without one, what the letter of its case proved.
func (j *judge) level(letter string) bot.Evidence {
	level := bot.E1
	if letter == "" && j.context.LetterKnown {
		level = max(level, j.context.Earlier)
	}
	if j.signed(letter) {
		level = max(level, bot.E2)
	}
	if letter != "" && j.verified(letter) {
		level = bot.E3
	}
	return level
}

// verified says whether a good signature covers the letter: its file, or the mail that carries it.
func (j *judge) verified(letter string) bool {
	return slices.ContainsFunc(j.context.Signatures, func(s bot.Signature) bool {
		return s.Verdict == bot.SignatureGood && (s.File == "" || s.File == letter)
	})
}

// signed says whether the letter bears the mark of a signature, or is a scan, which usually has one. The mark of a digital
// signature that turned out to be worth nothing is none.
func (j *judge) signed(letter string) bool {
	l := j.sub.Letter
	if j.scan != "" || l != nil && l.Scan {
		return true
	}
	if letter != "" && j.verified(letter) {
		return true
	}
	faulty := slices.ContainsFunc(j.context.Signatures, func(s bot.Signature) bool { return s.File == letter && s.Faulty() })
	return l != nil && l.Signed && !faulty
}

// need is the level that a kind of request must reach.
func (p *Policy) need(kind bot.Kind) bot.Evidence { return max(p.Needs[kind], bot.E1) }
