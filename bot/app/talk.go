package app

import (
	"slices"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/bot/reply"
	"vanthu/mailer/compose"
)

// filled is the form with what was read, after a rejection (FR-35): the letter when there is none that can be used, the list when it
// does not stand on the form. Half a list is none.
func (l *letters) filled(a bot.Answer) []compose.Attachment {
	req := a.Request
	f := reply.Fill{Unit: a.Unit.Name, Request: req, Letter: req.LetterFile == "", List: !reply.OnForm(req)}
	for _, finding := range req.Findings {
		f.Letter = f.Letter || finding.Severity == bot.RejectRequest && strings.HasPrefix(finding.Rule, "FRM-")
	}
	if len(req.Rows) == 0 && req.LetterFile == "" || slices.ContainsFunc(req.ListFiles, func(file string) bool { return !req.ReadWhole(file) }) {
		return nil
	}
	files, err := l.writer.FilledForm(blankOf(l.cfg), f)
	if err != nil {
		return nil // the letter says everything, too
	}
	return files
}

// talk fills the answer to what a unit asks in words.
func (l *letters) talk(a bot.Answer) reply.Talk {
	return reply.Talk{Case: a.Case.Number, Unit: a.Unit.Name, At: a.At, Asked: a.Talk, To: a.Unit.Addresses[0], Outside: l.cfg.Outside.Texts(), Blank: blankOf(l.cfg),
		Unsure: a.Unsure}
}

// promised is the day that the case was promised, else what it would be today.
func promised(a bot.Answer) time.Time {
	if a.Case.Promised.IsZero() {
		return a.Promise.Accounts
	}
	return a.Case.Promised
}
