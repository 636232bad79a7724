// Package intake takes a mail from first sight to its one outcome: a case, a follow-up of a case, quarantine, or ignored
// with a reason. Raw bytes are stored durably before anything is done to the mailbox; every step may be repeated after a
// crash and gives one result.
//
// It must not know how letters look, how mail is fetched or filed, nor what officers do.
package intake

import (
	"bytes"
	"context"
	"html"
	"regexp"
	"slices"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/mailer/mime"
	"vanthu/parser"
	"vanthu/parser/form"
)

// A Reading is what one mail says, before anybody judges it.
type Reading struct {
	Kind       bot.Kind
	Submission parser.Submission
	Files      []parser.File // the attachments that were read, in the order of Submission.Files
	Faults     []Fault       // what did not come whole
	Said       Said
	Wishes     Wishes          // what the words ask beside letter and list
	Classes    []bot.Class     // that the office knows when the mail is judged
	Trial      trialDegree     // how sure it is that the list is only to be checked
	Case       string          // number of the case that it speaks of, "YC-2026-0042"; "" none
	Numbers    Numbers         // all case numbers that it names
	Text       string          // what the sender wrote himself: without quotation and signature
	Below      string          // what stands below the signature
	Links      []string        // web addresses in Text
	Password   bool            // Text tells a password
	Doubt      Doubt           // why an officer must decide what is meant
	Signatures []bot.Signature // digital ones, of the mail and its files
	Sent       time.Time       // as the mail says; zero: it does not
	Arrived    time.Time       // when it was received; zero: not known
}

// Doubt is why a mail is not understood without a person.
type Doubt string

// The doubts.
const (
	NoDoubt          Doubt = ""
	SpeaksOfDeletion Doubt = "speaks_of_deletion" // the letter asks for accounts, the mail speaks of deletion
	ConfirmsAndAsks  Doubt = "confirms_and_asks"  // the mail confirms or thanks, and carries a letter or a list
	AddsToEarlier    Doubt = "adds_to_earlier"    // people added to an earlier mail, without letter and list

	OnlyTheMailDeletes Doubt = "only_the_mail_deletes" // its words speak of deletion, the list beside them is called another one
)

// Said is what a unit said about its case. Only what cannot be misread counts; the rest is left to an officer.
type Said struct {
	AcceptGoodRows bool        // "Đồng ý cấp phần hợp lệ" (M02)
	Withdraw       bool        // "Xin rút đề nghị"
	Status         bool        // asks how far the case is
	Receipt        bot.Receipt // "Đã nhận đủ", "Đã bàn giao", "Thiếu: …" (M04), as far as it is understood without the case
}

func (s Said) clear() bool {
	return s.AcceptGoodRows || s.Withdraw || s.Receipt.Clear()
}

func (s Said) onlyWithdraws() bool {
	return s.Withdraw && !s.AcceptGoodRows && !s.Receipt.Clear()
}

var (
	caseNumber = regexp.MustCompile(`(?i)\bYC-\d{4}-\d{4,}\b`)
	webAddress = regexp.MustCompile(`https?://[^\s<>"')\]]+`)
	password   = regexp.MustCompile(`(?i)(mật khẩu|mat khau|pass(word)?|\bmk)( (mở|mo|giải nén|giai nen|của|cua) [^:\n]{0,40})?\s*(:|=| là | la )\s*\S+`)
)

// A Reader reads the files of a request: ReadFiles, in this process or in another one that may die of them. It returns the
// files as they were read, in the order of Submission.Files. An error is the machine's, never the files': they may be read
// again later.
type Reader func(ctx context.Context, files []parser.File) ([]parser.File, parser.Submission, error)

// ReadFiles reads files: those of archives apart, each once.
func ReadFiles(files []parser.File, lim parser.Limits) ([]parser.File, parser.Submission) {
	files = once(form.Unpack(files, lim))
	return files, form.Read(files, lim)
}

// InProcess reads in this process.
func InProcess(lim parser.Limits) Reader {
	return func(_ context.Context, files []parser.File) ([]parser.File, parser.Submission, error) {
		files, sub := ReadFiles(files, lim)
		return files, sub, nil
	}
}

// Read says what a mail is and what stands in it. It decides nothing about the sender. An error is the reader's.
func Read(ctx context.Context, msg *mime.Message, read Reader) (Reading, error) {
	r := Reading{Sent: msg.Date}
	r.Text, r.Below = atSignature(ownText(msg))
	r.Numbers = numbersIn(msg, r.Text)
	if all := slices.Concat(r.Numbers.Subject, r.Numbers.Text, r.Numbers.Quoted); len(all) > 0 {
		r.Case = all[0]
	}
	if r.Kind = machineKind(msg); r.Kind != "" {
		return r, nil
	}
	for _, link := range webAddress.FindAllString(r.Text, -1) {
		r.Links = append(r.Links, strings.TrimRight(link, ".,;:!?"))
	}
	r.Password = password.MatchString(r.Text)
	r.Files, r.Faults = attached(msg)
	if len(r.Files) > 0 {
		var err error
		if r.Files, r.Submission, err = read(ctx, r.Files); err != nil {
			return r, err
		}
	}
	r.Said = saidIn(r.Text)
	r.understand(msg)
	r.Kind, r.Doubt = r.kind(msg)
	if err := r.fromBody(ctx, msg, read); err != nil {
		return r, err
	}
	if r.Kind == bot.AccountRequest || r.Kind == bot.DeletionRequest { // the rest of its words belongs to the request
		r.Wishes.Unclear = nil
	}
	if r.Kind == bot.AccountRequest && r.asksForTrial() && len(r.Files) == 0 { // a list is to be checked, and there is none
		r.Kind, r.Doubt, r.Trial = bot.Question, NoDoubt, notAtAll
	}
	return r, nil
}

// understand reads what the words ask.
func (r *Reading) understand(msg *mime.Message) {
	subject := msg.Subject
	if isReply(msg) { // the other side's
		subject = ""
	}
	var names []string
	for _, f := range r.Files {
		names = append(names, f.Name)
	}
	r.Wishes = understand(subject, r.Text)
	if r.Wishes.only(bot.WishWithdraw) && !r.Said.Status {
		r.Said.Withdraw = true
	}
	r.Trial = trialIn(subject, r.Text, names)
}

// asksForTrial reports whether the words, and not only the name of a file, ask for a look at a list.
func (r *Reading) asksForTrial() bool { return r.Trial != notAtAll && r.Wishes.asks(bot.WishTrial) }

// WithoutMail reads the files of a request that came without a mail.
func WithoutMail(ctx context.Context, files []parser.File, read Reader) (r Reading, err error) {
	r = Reading{Kind: bot.AccountRequest}
	if r.Files, r.Submission, err = read(ctx, files); err != nil {
		return r, err
	}
	switch letter := r.Submission.Letter; {
	case letter != nil && letter.Deletes, letter == nil && r.listsDelete():
		r.Kind = bot.DeletionRequest
	case letter != nil && r.listsDelete():
		r.Doubt = SpeaksOfDeletion
	}
	return r, nil
}

// listsDelete reports whether all lists are of people who left, by their titles.
func (r *Reading) listsDelete() bool {
	lists := r.Submission.Lists
	return len(lists) > 0 && !slices.ContainsFunc(lists, func(l parser.List) bool { return !l.Deletes })
}

// listsSayOtherwise reports whether a list has a title that speaks of no leaving: "DANH SÁCH ĐỀ NGHỊ CẤP TÀI KHOẢN", "DANH SÁCH LỚP".
func (r *Reading) listsSayOtherwise() bool {
	return slices.ContainsFunc(r.Submission.Lists, func(l parser.List) bool { return l.Title != "" && !l.Deletes })
}

// machineKind is set when no person wrote the mail: it is recorded and never answered (RFC 3834 §2).
func machineKind(msg *mime.Message) bot.Kind {
	switch {
	case msg.DSN != nil:
		return bot.Bounce
	case msg.List:
		return bot.MailingList
	case msg.Automated != "" || meaning("automatic").starts(words(msg.Subject)):
		return bot.Automatic
	}
	return ""
}

// kind decides what a person's mail asks for: by its files first, then by its words. doubt is set where they disagree.
func (r *Reading) kind(msg *mime.Message) (kind bot.Kind, doubt Doubt) {
	subject, text := words(msg.Subject), words(r.Text)
	letter, people := r.Submission.Letter, len(r.Submission.Rows) > 0 || len(r.Submission.Lists) > 0
	deletes := meaning("deletion").in(subject) || meaning("deletion").in(text) || r.listsDelete()
	if deletes && letter == nil && !people && len(r.Files) == 0 && r.leavesOtherwise() {
		deletes = false
	}
	switch {
	case letter != nil && letter.Deletes:
		return bot.DeletionRequest, NoDoubt
	case letter != nil && !letter.Scan && letter.Request.Text == "" && meaning("incident").in(subject):
		return bot.Incident, NoDoubt
	case letter != nil && (meaning("staff").in(subject) || meaning("staff").in(words(letter.Reason.Text))):
		return bot.OtherRequest, NoDoubt
	case letter != nil && deletes:
		return bot.AccountRequest, SpeaksOfDeletion
	case letter != nil && (r.Said.clear() || r.Wishes.asks(bot.WishWithdraw)):
		return bot.AccountRequest, ConfirmsAndAsks
	case letter != nil:
		return bot.AccountRequest, NoDoubt
	case deletes && r.listsSayOtherwise(): // words of closing beside a list that is called another one
		return bot.DeletionRequest, OnlyTheMailDeletes
	case deletes:
		return bot.DeletionRequest, NoDoubt
	case people && meaning("staff").in(subject):
		return bot.OtherRequest, NoDoubt
	case people && r.Trial == surely && !r.Said.clear():
		return bot.AccountRequest, NoDoubt
	case people && (r.Said.clear() || r.Wishes.asks(bot.WishWithdraw) || isReply(msg) && meaning("thanks").in(text)):
		return bot.Conversation, ConfirmsAndAsks
	case people || r.locked():
		return bot.AccountRequest, NoDoubt
	case r.spreadsheet() && !r.Said.clear() && !meaning("thanks").in(text): // a list in which nobody was found
		return bot.AccountRequest, NoDoubt
	}
	return r.kindByWords(isReply(msg), subject, text)
}

// leavesOtherwise reports whether the words ask about graduation, reserved study or a transfer, which are no dismissal (Q12).
func (r *Reading) leavesOtherwise() bool {
	return !meaning("dismissal").in(words(r.Text)) && slices.ContainsFunc(r.Wishes.List, func(w bot.Wish) bool {
		return w.Topic == bot.OutsideGraduation || w.Topic == bot.OutsideReserved || w.Topic == bot.OutsideTransfer
	})
}

// kindByWords is for mails without a letter or a list.
func (r *Reading) kindByWords(reply bool, subject, text string) (kind bot.Kind, doubt Doubt) {
	asks := r.Wishes
	if r.Said.clear() && (len(asks.List) == 0 || asks.only(bot.WishWithdraw)) {
		return bot.Confirmation, NoDoubt
	}
	all := text
	if !reply { // the subject of a reply is the other side's
		all = subject + " " + text
	}
	people := len(studentCode.FindAllString(r.Text, -1)) > 0 // may be a list in the text
	requests := meaning("account_request").in(all)
	switch {
	case meaning("incident").in(all):
		return bot.Incident, NoDoubt
	case r.Said.clear() && !r.Said.onlyWithdraws(), asks.asks(bot.WishWithdraw) && len(asks.Unclear) > 0: // and something else that a person must answer
		return bot.Conversation, NoDoubt
	case people && requests && meaning("staff").in(all): // a list of staff
		return bot.OtherRequest, NoDoubt
	case asks.asks(bot.WishTrial) && people:
		return bot.AccountRequest, NoDoubt
	case asks.only(bot.WishForm):
		return bot.FormRequest, NoDoubt
	case len(asks.List) > 0 && !(requests && people):
		return bot.Question, NoDoubt
	case r.Said.Status || meaning("status").in(subject) || meaning("question").in(subject):
		return bot.Conversation, NoDoubt
	case meaning("withdraw").in(text) || reply && meaning("thanks").in(text):
		return bot.Conversation, NoDoubt
	case requests:
		if reply {
			return bot.AccountRequest, AddsToEarlier
		}
		return bot.AccountRequest, NoDoubt
	case reply || r.Case != "":
		return bot.Conversation, NoDoubt
	}
	return bot.Other, NoDoubt
}

// locked reports whether a file that is no picture could not be read: it may be the list.
func (r *Reading) locked() bool {
	return slices.ContainsFunc(r.Submission.Files, func(f parser.FileReport) bool {
		return f.Problem != nil && f.Problem.Code != parser.Picture
	})
}

// spreadsheet reports whether a workbook is attached, whatever stands in it.
func (r *Reading) spreadsheet() bool {
	return slices.ContainsFunc(r.Submission.Files, func(f parser.FileReport) bool {
		return slices.Contains([]string{"xlsx", "xls", "ods", "csv", "xmlss"}, f.Format)
	})
}

func isReply(msg *mime.Message) bool {
	subject := strings.ToLower(msg.Subject)
	return len(msg.InReplyTo) > 0 || strings.HasPrefix(subject, "re:") || strings.HasPrefix(subject, "trả lời:")
}

// once leaves out files that came before under another name: the same bytes attached twice are one list, not two.
func once(files []parser.File) []parser.File {
	var kept []parser.File
	for _, f := range files {
		again := func(k parser.File) bool { return len(f.Data) > 0 && bytes.Equal(k.Data, f.Data) }
		if !slices.ContainsFunc(kept, again) {
			kept = append(kept, f)
		}
	}
	return kept
}

// newText is what the sender wrote himself, without his signature.
func newText(msg *mime.Message) string { return unsigned(ownText(msg)) }

// ownText is what the sender wrote himself, from the plain text or, when there is none, from the HTML.
func ownText(msg *mime.Message) string {
	text := head(msg.Text)
	if strings.TrimSpace(text) == "" {
		text = plain(head(msg.HTML))
	}
	return unquoted(text)
}

// readable bounds the text in which words are looked for, in bytes: what a person writes above a quotation is short.
const readable = 256 << 10

func head(text string) string { return strings.ToValidUTF8(text[:min(len(text), readable)], "") }

var (
	hiddenHTML = regexp.MustCompile(`(?is)<(style|script|head|title)\b.*?</(style|script|head|title)\s*>|<!--.*?-->`)
	quotedHTML = regexp.MustCompile(`(?is)<blockquote\b.*|<div[^>]*(class="?(gmail_quote|yahoo_quoted|moz-cite-prefix)|id="?(divRplyFwdMsg|appendonsend)).*|` +
		`<hr[^>]*id="?zwchr.*|<div[^>]*border-top:\s*solid #(E1E1E1|B5C4DF) [^>]*>.*`) // Gmail, Yahoo, Thunderbird, Outlook, Zimbra
	breakHTML = regexp.MustCompile(`(?i)<(br|/p|/div|/tr|/li|/h\d)\b[^>]*>`)
	tagHTML   = regexp.MustCompile(`<[^>]*>`)
)

// plain is the text of an HTML part, without what it quotes. It is only searched for words, never shown as HTML.
func plain(source string) string {
	source = hiddenHTML.ReplaceAllString(source, "")
	source = quotedHTML.ReplaceAllString(source, "")
	source = strings.NewReplacer("\r", " ", "\n", " ").Replace(source)
	source = breakHTML.ReplaceAllString(source, "\n")
	return html.UnescapeString(tagHTML.ReplaceAllString(source, " "))
}
