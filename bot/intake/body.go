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

// longestPage bounds the HTML in which a list is looked for, in bytes: 4 MB, or 20,000 rows as mail programs write them.
const longestPage = 4 << 20

// tooLong is the text of a mail as a file that is not read: half a list must not pass for a whole one (ENV-07).
func tooLong(limit int64) parser.File {
	return parser.File{Name: form.BodyName, Body: true, Problem: parser.BeyondBytes(limit, "nội dung thư")}
}

// fromBody reads the list that stands in the text of a request whose attachments give nobody. Only the words say whether
// the mail is a request: a table of people also stands in a report or a question.
func (r *Reading) fromBody(ctx context.Context, msg *mime.Message, read Reader) error {
	if len(r.Submission.Rows) > 0 || r.Kind != bot.AccountRequest && r.Kind != bot.DeletionRequest {
		return nil
	}
	if len(msg.HTML) > longestPage || len(msg.Text) > readable && msg.HTML == "" {
		limit := int64(longestPage)
		if msg.HTML == "" {
			limit = readable
		}
		var err error
		r.Files, r.Submission, err = read(ctx, append(slices.Clone(r.Files), tooLong(limit)))
		return err
	}
	page := quotedHTML.ReplaceAllString(msg.HTML, "")
	if len(page) < len(msg.HTML) { // the quotation may have stood in a table that lays out the page
		page += "</body>"
	}
	text := r.Text
	if len(msg.Text) > readable { // the page has all of it
		text = ""
	}
	for i, body := range form.Bodies(text, page) {
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
