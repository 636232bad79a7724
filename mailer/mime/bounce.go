package mime

import (
	"regexp"
	"slices"
	"strings"
)

// Reports that are no RFC 3464: old Exchange, qmail, Exim, text-only Postfix, Gmail's and Exchange's in the reader's language.
// They are recognised by who sent them (nobody, or a mail daemon) together with a phrase or X-Failed-Recipients; a person who
// forwards one is no daemon. What is read here is a hint: whose letter it is about is decided by a token or a Message-ID.

// bouncePhrases are what daemons say, in lower case.
func bouncePhrases() []string {
	return []string{
		"this is the qmail-send program", "this is the postfix program", "this is the mail system at host", "this is the mail delivery agent",
		"i'm sorry to have to inform you that your message", "message was created automatically by mail delivery software",
		"had permanent fatal errors", "had transient non-fatal errors", "delivery to the following recipient", "delivery has failed to these recipients",
		"did not reach some or all of the intended recipients", "did not reach the following recipient", "could not be delivered", "couldn't be delivered",
		"wasn't delivered to", "was not delivered to", "unable to deliver", "undeliverable", "undelivered mail", "returned to sender", "returned mail",
		"delivery status notification", "mail delivery failed", "mail delivery failure", "delivery failure", "failure notice", "message not delivered",
		"address not found", "message blocked", "temporary problem delivering your message", "delivery incomplete", "delivery delayed", "has been delayed",
		"không tìm thấy địa chỉ", "thư không được gửi", "thư chưa được gửi", "không gửi được", "không thể gửi", "không thể chuyển", "không chuyển được",
		"gửi thư không thành công", "gửi thư thất bại", "thư bị trả lại", "thư bị trả về", "thư đã bị chặn", "gửi không thành công",
	}
}

// delayPhrases say that nothing is lost yet.
func delayPhrases() []string {
	return []string{
		"warning message only", "you do not need to resend", "do not need to resend", "will be retried", "will keep trying", "will continue to be attempted",
		"will retry", "has been delayed", "delivery delayed", "(delay)", "delivery incomplete", "not yet been delivered", "temporary problem delivering", "still trying",
		"sẽ tiếp tục thử", "sẽ thử lại", "bị trì hoãn", "bị chậm", "chưa hoàn tất",
	}
}

var (
	statusCode = regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`)
	saidLine   = regexp.MustCompile(`(?m)^.*\b[45]\d\d[ -].*$`)
	anAddress  = regexp.MustCompile(`[A-Za-z0-9!#$%&'*+/=?^_{|}~.-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+`)
	onItsLine  = regexp.MustCompile(`(?m)^[ \t>]*<?([A-Za-z0-9!#$%&'*+/=?^_{|}~.-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)>?(?:[ \t]*\([^)\n]*\))?[ \t]*:?[ \t]*\r?$`)
	quotedID   = regexp.MustCompile(`(?im)^[ \t>]*message-id:[ \t]*(?:\r?\n[ \t]+)?(<[^<>\s]{1,500}>)`)
	copyOfMail = regexp.MustCompile(`(?im)^(?:-+ ?(?:below this line is a copy|below the next line|this is a copy|original message|this is the original|the following is the original|returned message|unsent message below|undelivered message).*|original message headers:.*|.*tiêu đề thư gốc.*|received: .*|return-path: .*)$`)
)

const (
	maxBouncing = 20        // recipients that are read from one text
	maxReport   = 256 << 10 // bytes of a text that are looked at
)

// byDaemon says whether the mail comes from nobody or from a mail daemon.
func byDaemon(m *Message) bool {
	return m.ReturnPath == "<>" || slices.ContainsFunc(m.From, func(a Address) bool { return isDaemon(a.Address) })
}

func isDaemon(address string) bool {
	local, _, _ := strings.Cut(strings.ToLower(address), "@")
	switch local {
	case "mailer-daemon", "mailerdaemon", "mail-daemon", "postmaster":
		return true
	}
	return strings.HasPrefix(local, "microsoftexchange329e71ec88ae4615bbc36ab6ce41109e") // how Exchange calls itself
}

// textDSN reads a report out of words.
func (r *reader) textDSN() *DSN {
	m := r.msg
	failed := m.Header("X-Failed-Recipients")
	text := m.Text
	if strings.TrimSpace(text) == "" {
		text = plain(m.HTML)
	}
	text = clip(text, maxReport)
	said, quoted := text, ""
	if at := copyOfMail.FindStringIndex(text); at != nil {
		said, quoted = text[:at[0]], text[at[0]:]
	}
	words := strings.ToLower(m.Subject + "\n" + strings.Join(strings.Fields(said), " "))
	has := func(phrases []string) bool {
		return slices.ContainsFunc(phrases, func(p string) bool { return strings.Contains(words, p) })
	}
	if !byDaemon(m) || failed == "" && !has(bouncePhrases()) {
		return nil
	}
	if said := token(m.Header("Auto-Submitted")); strings.HasPrefix(said, "auto-replied") && failed == "" && !slices.ContainsFunc(m.From, func(a Address) bool { return isDaemon(a.Address) }) {
		return nil // an out-of-office note that speaks of mail which could not be delivered
	}
	one := DSNRecipient{Action: "failed", Status: statusCode.FindString(said), Said: clip(strings.TrimSpace(clean(saidLine.FindString(said))), 300)}
	if has(delayPhrases()) {
		one.Action = "delayed"
	}
	dsn := &DSN{}
	for _, address := range r.bouncing(failed, said) {
		one.Address = address
		dsn.Recipients = append(dsn.Recipients, one)
	}
	if len(dsn.Recipients) == 0 {
		dsn.Recipients = append(dsn.Recipients, one)
	}
	if id := quotedID.FindStringSubmatch(quoted); id != nil {
		dsn.OriginalID = id[1]
	}
	return dsn
}

// bouncing returns the addresses that a text complains of: those of X-Failed-Recipients, else those that stand on a line of
// their own, else all; never the one that the report itself was sent to, nor a daemon.
func (r *reader) bouncing(failed, said string) (found []string) {
	own := func(address string) bool {
		return isDaemon(address) || slices.ContainsFunc(r.msg.To, func(a Address) bool { return strings.EqualFold(a.Address, address) }) ||
			slices.ContainsFunc(r.msg.From, func(a Address) bool { return strings.EqualFold(a.Address, address) })
	}
	add := func(address string) {
		address = lowerDomain(strings.TrimRight(address, "."))
		if !own(address) && !slices.Contains(found, address) && len(found) < maxBouncing {
			found = append(found, address)
		}
	}
	for _, address := range anAddress.FindAllString(failed, maxBouncing) {
		add(address)
	}
	if len(found) > 0 {
		return found
	}
	for _, match := range onItsLine.FindAllStringSubmatch(said, maxBouncing) {
		add(match[1])
	}
	if len(found) > 0 {
		return found
	}
	for _, address := range anAddress.FindAllString(said, maxBouncing) {
		add(address)
	}
	return found
}

var tags = regexp.MustCompile(`(?s)<(?:style|script)\b.*?</(?:style|script)>|<[^>]*>`)

// plain is the text of a page, roughly: enough to find phrases and addresses.
func plain(page string) string {
	page = strings.NewReplacer("<br>", "\n", "<br/>", "\n", "</p>", "\n", "</div>", "\n", "</td>", "\n", "</tr>", "\n").Replace(page)
	page = tags.ReplaceAllString(page, "")
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&nbsp;", " ", "&#39;", "'", "&quot;", `"`, "&amp;", "&").Replace(page)
}
