package intake

import (
	"slices"

	"vanthu/bot"
)

// ofLetter are the rules that speak of the letter alone, whatever list comes with it. FRM-11 and FRM-18 are not among them: the
// rules weigh signatures and evidence of an earlier letter themselves.
var ofLetter = []string{"FRM-02", "FRM-03", "FRM-04", "FRM-05", "FRM-06", "FRM-08", "FRM-12"}

// keepsLetter says again what was said of the letter of a case when its corrected list comes without one: the letter still
// stands for the request, and what rejected it still does.
func (e earlier) keepsLetter(request bot.Request) bot.Request {
	if request.LetterFile != "" || e.c.LetterFile == "" {
		return request
	}
	var kept []bot.Finding
	for _, f := range e.findings {
		if !slices.Contains(ofLetter, f.Rule) {
			continue
		}
		kept = append(kept, f)
		if f.Severity == bot.RejectRequest && (request.Action == bot.Queue || request.Action == bot.QueueWithDefects) {
			request.Action = bot.Return
		}
	}
	request.Findings = append(kept, request.Findings...) // those of the whole request stand first
	return request
}
