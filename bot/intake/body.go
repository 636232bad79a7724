package intake

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"vanthu/bot"
	"vanthu/mailer/mime"
	"vanthu/parser"
	"vanthu/parser/form"
)

// fromBody reads the list that stands in the text of a request whose attachments give nobody. Only the words say whether
// the mail is a request: a table of people also stands in a report or a question.
func (r *Reading) fromBody(ctx context.Context, msg *mime.Message, read Reader) error {
	if len(r.Submission.Rows) > 0 || r.Kind != bot.AccountRequest && r.Kind != bot.DeletionRequest {
		return nil
	}
	page := quotedHTML.ReplaceAllString(msg.HTML, "")
	if len(page) < len(msg.HTML) { // the quotation may have stood in a table that lays out the page
		page += "</body>"
	}
	for i, body := range form.Bodies(r.Text, page) {
		files, sub, err := read(ctx, append(slices.Clone(r.Files), body))
		if err != nil {
			return err
		}
		if len(sub.Rows) == 0 || i == 0 && !allIn(sub.Rows, r.Text+"\n"+unquoted(plain(page))) {
			continue
		}
		r.Files, r.Submission = files, sub
		doubt := r.Doubt
		if r.Kind, r.Doubt = r.kind(msg); r.Doubt == NoDoubt { // the list may be one of people who left
			r.Doubt = doubt
		}
		return nil
	}
	return nil
}

// allIn reports whether the codes of all rows stand in what the sender wrote himself: mail programs mark what they quote in
// many ways, and an old list that is quoted is no new request.
func allIn(rows []parser.Row, text string) bool {
	text = withoutBlanks(text)
	return !slices.ContainsFunc(rows, func(row parser.Row) bool { return !strings.Contains(text, withoutBlanks(row.Code.Raw)) })
}

func withoutBlanks(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}
