package mime

import (
	"net/mail"
	"regexp"
	"strings"
	"time"

	stdmime "mime"
)

var (
	messageID   = regexp.MustCompile(`<[^<>\s]+>`)
	addressLike = regexp.MustCompile(`[^\s<>(),;:"\\@]+@[^\s<>(),;:"\\@]+`)
	zoneName    = regexp.MustCompile(`\s*\([^()]*\)\s*$`)
)

// envelope reads the fields of the top header that a Message names.
func (r *reader) envelope(h header) {
	m := r.msg
	m.ID = firstID(h.get("Message-Id"))
	m.InReplyTo = allIDs(h.get("In-Reply-To"))
	m.References = allIDs(h.get("References"))
	for _, value := range h.all("From") {
		m.From = append(m.From, r.addresses("From", value)...)
	}
	m.Sender = r.addresses("Sender", h.get("Sender"))
	m.ReplyTo = r.addresses("Reply-To", h.get("Reply-To"))
	m.To = r.addresses("To", h.get("To"))
	m.Cc = r.addresses("Cc", h.get("Cc"))
	m.ReturnPath = returnPath(h.get("Return-Path"))
	m.Subject = strings.TrimSpace(word(h.get("Subject")))
	m.Date = r.date(h.get("Date"))
}

// firstID takes the Message-ID as programs write it: also without its brackets.
func firstID(s string) string {
	if ids := allIDs(s); len(ids) > 0 {
		return ids[0]
	}
	if words := strings.Fields(strings.Trim(clean(s), "<> \t")); len(words) == 1 {
		return "<" + strings.Trim(words[0], "<>") + ">"
	}
	return ""
}

// maxIDs bounds the references of a mail: whoever looks each one up must not be kept busy by a header of a megabyte. The
// first one began the thread, the last ones are nearest (RFC 5322 §3.6.4).
const maxIDs = 100

func allIDs(s string) []string {
	ids := messageID.FindAllString(clean(s), -1)
	if len(ids) > maxIDs {
		ids = append(ids[:1:1], ids[len(ids)-maxIDs+1:]...)
	}
	return ids
}

// addresses reads an address list (RFC 5322 §3.4). A list that breaks the grammar is searched for whatever looks like an
// address. When the count of @ shows that some were not found, none is given: a wrong sender is worse than none.
func (r *reader) addresses(field, value string) []Address {
	if strings.TrimSpace(value) == "" {
		return nil
	}
	value = decodeText([]byte(value), "")
	parser := mail.AddressParser{WordDecoder: &stdmime.WordDecoder{CharsetReader: tolerantReader}}
	list, err := parser.ParseList(value)
	if err == nil {
		found := make([]Address, 0, len(list))
		for _, a := range list {
			found = append(found, Address{Name: strings.TrimSpace(clean(a.Name)), Address: lowerDomain(a.Address)})
		}
		return found
	}
	r.problem("the %s field is not a list of addresses", field)
	matches := addressLike.FindAllString(value, -1)
	if len(matches) != strings.Count(value, "@") {
		return nil
	}
	var found []Address
	seen := map[string]bool{}
	for _, address := range matches {
		if key := strings.ToLower(address); !seen[key] {
			seen[key] = true
			found = append(found, Address{Address: lowerDomain(address)})
		}
	}
	return found
}

func lowerDomain(address string) string {
	address = clean(address)
	at := strings.LastIndexByte(address, '@')
	return address[:at+1] + strings.ToLower(address[at+1:])
}

func returnPath(s string) string {
	s = strings.TrimSpace(clean(s))
	if s == "" || s == "<>" {
		return s
	}
	return lowerDomain(strings.Trim(s, "<>"))
}

// date reads the Date field; zero when it cannot be read.
func (r *reader) date(s string) time.Time {
	if s = strings.TrimSpace(s); s == "" {
		return time.Time{}
	}
	if t, err := mail.ParseDate(s); err == nil {
		return t
	}
	bare := strings.TrimSpace(zoneName.ReplaceAllString(s, ""))
	for _, layout := range []string{
		time.RFC1123, time.RFC1123Z, time.RFC850, time.ANSIC, time.RFC3339, "2006-01-02 15:04:05 -0700",
		"Mon, 2 Jan 2006 15:04:05", "Mon, 2 Jan 2006 15:04:05 GMT-07:00", "Mon, 2 Jan 2006 15:04:05 -07:00", "2006-01-02 15:04:05",
	} {
		if t, err := time.Parse(layout, bare); err == nil {
			r.problem("the Date field is not of RFC 5322")
			return t
		}
	}
	r.problem("the Date field cannot be read")
	return time.Time{}
}
