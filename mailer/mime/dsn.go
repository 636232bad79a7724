package mime

import (
	"bytes"
	"strings"
)

// readDSN reads the delivery report among the parts (RFC 3464 §2, RFC 6533), or one that is none by the standard; nil when there
// is none.
func (r *reader) readDSN() *DSN {
	if r.other() != "" {
		return nil
	}
	var dsn *DSN
	original := ""
	for _, part := range r.msg.Parts {
		switch part.Type {
		case "message/delivery-status", "message/global-delivery-status":
			if !r.report && !byDaemon(r.msg) { // a person passes it on
				continue
			}
			if dsn == nil {
				dsn = &DSN{}
			}
			dsn.Recipients = append(dsn.Recipients, r.recipients(part.Data)...)
		case "text/rfc822-headers", "message/rfc822", "message/global", "message/global-headers":
			if original == "" {
				if head, _, err := r.header(part.Data, "header of the returned mail"); err == nil {
					original = firstID(head.get("Message-Id"))
				}
			}
		}
	}
	if dsn == nil || len(dsn.Recipients) == 0 && !r.report {
		dsn = r.textDSN()
	}
	if dsn != nil && original != "" {
		dsn.OriginalID = original
	}
	return dsn
}

// other names a report that is about no delivery: what a reader did with a mail (RFC 8098), or a complaint (RFC 5965).
func (r *reader) other() string {
	for _, part := range r.msg.Parts {
		switch part.Type {
		case "message/disposition-notification", "message/global-disposition-notification":
			return "read receipt (RFC 8098)"
		case "message/feedback-report":
			return "complaint (RFC 5965)"
		}
	}
	return ""
}

// recipients reads the groups of fields: the first is about the message, each other about one recipient.
func (r *reader) recipients(data []byte) []DSNRecipient {
	var found []DSNRecipient
	for len(data) > 0 && len(found) < r.lim.Parts {
		block, rest, _ := cutHeader(data)
		data = bytes.TrimLeft(rest, "\r\n")
		group, ok := r.fields(block, "delivery report")
		address := group.get("Final-Recipient")
		if address == "" {
			address = group.get("Original-Recipient")
		}
		if !ok || address == "" {
			continue
		}
		found = append(found, DSNRecipient{
			Address: lowerDomain(strings.Trim(typed(address), "<>")),
			Action:  token(group.get("Action")),
			Status:  token(group.get("Status")),
			Said:    clip(typed(group.get("Diagnostic-Code")), 500),
		})
	}
	return found
}

// typed cuts the type off "rfc822; ctsv@truong.example" (RFC 3464 §2.1.2).
func typed(s string) string {
	if _, value, ok := strings.Cut(s, ";"); ok {
		s = value
	}
	return strings.TrimSpace(clean(s))
}
