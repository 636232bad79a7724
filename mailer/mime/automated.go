package mime

import "strings"

// automated says why a machine sent the mail, "" for a person's. X-Auto-Response-Suppress alone proves nothing: Outlook
// writes it for people who ask for no receipts.
func (r *reader) automated() string {
	m := r.msg
	// RFC 3834 §5: every value but "no" is a machine's.
	if said := token(m.Header("Auto-Submitted")); said != "" && said != "no" {
		return "Auto-Submitted: " + said
	}
	switch {
	case m.DSN != nil:
		return "delivery report (RFC 3464)"
	case r.report:
		return "multipart/report (RFC 6522)"
	}
	switch said := token(m.Header("Precedence")); said {
	case "bulk", "junk", "auto_reply":
		return "Precedence: " + said
	}
	for _, name := range []string{"X-Autoreply", "X-Autorespond"} {
		if said := token(m.Header(name)); said != "" && said != "no" {
			return name + ": " + said
		}
	}
	if m.ReturnPath == "<>" {
		return "empty Return-Path" // RFC 5321 §4.5.5
	}
	for _, from := range m.From {
		local, _, _ := strings.Cut(strings.ToLower(from.Address), "@")
		if local == "mailer-daemon" || local == "postmaster" {
			return "From: " + local
		}
	}
	if prefix := machineSubject(m.Subject); prefix != "" {
		return "Subject: " + prefix
	}
	switch r.calendar {
	case "REQUEST", "REPLY", "CANCEL": // RFC 5546: an invitation, its answer, its end
		return "calendar " + r.calendar
	}
	return ""
}

// machineSubject knows the subjects of out-of-office programs that mark their mails with nothing else.
func machineSubject(subject string) string {
	lower := strings.ToLower(subject)
	for _, prefix := range []string{
		"automatic reply:", "auto reply:", "auto-reply:", "autoreply:", "out of office",
		"trả lời tự động:", "tự động trả lời:",
	} {
		if strings.HasPrefix(lower, prefix) {
			return prefix
		}
	}
	return ""
}

// token is the first word of a field, without comments and parameters, in lower case.
func token(s string) string {
	s, _, _ = strings.Cut(s, ";")
	s, _, _ = strings.Cut(s, "(")
	return clip(strings.ToLower(strings.TrimSpace(clean(s))), 60)
}

// isList says whether a mailing list passed the mail on (RFC 2369, RFC 2919).
func isList(m *Message) bool {
	for _, name := range []string{"List-Id", "List-Post", "List-Unsubscribe"} {
		if m.Header(name) != "" {
			return true
		}
	}
	return false
}
