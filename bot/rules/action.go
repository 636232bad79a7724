package rules

import "vanthu/bot"

// action follows from the kind of the mail and from the findings (design, "From findings to the action"): what cannot be
// understood goes to an officer, what is missing or locked is asked for, what rejects the request returns it, bad rows wait
// beside good ones.
func action(req bot.Request, c Context) bot.Action {
	switch {
	case req.Kind != bot.AccountRequest && req.Kind != bot.DeletionRequest:
		return Follows(req.Kind)
	case c.Doubt != "":
		return bot.Human
	}
	if req.Kind == bot.DeletionRequest && len(req.Rows) == 0 { // words alone: an officer asks what is meant
		return bot.Human
	}
	ask, back, bad := false, false, false
	for _, f := range req.Findings {
		if f.Rule == "LST-08" && f.Args["why"] == "deletes" { // a list of leavers beside one of newcomers: what is meant?
			return bot.Human
		}
		switch f.Severity {
		case bot.RejectRequest:
			if missing(f.Rule) {
				ask = true
			} else {
				back = true
			}
		case bot.RejectRow:
			bad = true
		case bot.Warn, bot.Quarantine:
		}
	}
	switch {
	case ask:
		return bot.AskSender
	case back:
		return bot.Return
	case bad && req.Good() == 0: // nothing usable as sent
		return bot.Return
	case bad:
		return bot.QueueWithDefects
	}
	return bot.Queue
}

// Follows is the action for a mail that is not judged row by row.
func Follows(kind bot.Kind) bot.Action {
	switch kind {
	case bot.Automatic, bot.Bounce, bot.MailingList, bot.OwnMail, bot.NotEntitled:
		return bot.Ignore
	case bot.Confirmation:
		return bot.ConfirmReceived
	case bot.FormRequest:
		return bot.SendForm
	case bot.Question:
		return bot.ReplyStatus
	case bot.AccountRequest, bot.DeletionRequest, bot.Incident, bot.Conversation, bot.OtherRequest, bot.Other, bot.Spoofed, bot.PlanAnswer:
		return bot.Human
	}
	return bot.Human
}

// missing names the rules that say that a part of the request is not there or cannot be opened.
func missing(rule string) bool {
	switch rule {
	case "ENV-03", "ENV-04", "ENV-06", "ENV-07", "ENV-13", "ENV-14", "ENV-15", "FRM-01", "DEL-01":
		return true
	}
	return false
}
