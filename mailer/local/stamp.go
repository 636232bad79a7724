package local

import (
	"bytes"
	"fmt"
	"strings"
)

// stamp does what the receiving MTA does to a header block: trace fields on top (RFC 5321 §4.4), our own
// Authentication-Results (RFC 8601), and away with those that pretend to be ours (RFC 8601 §5).
func (s *Server) stamp(e envelope, to string, raw []byte) []byte {
	header, body := splitHeader(raw)
	var out bytes.Buffer
	fmt.Fprintf(&out, "Return-Path: <%s>\r\n", e.from)
	result, protocol := "none", "ESMTP"
	if e.login != "" {
		result, protocol = "auth=pass smtp.auth="+e.login, "ESMTPSA"
	}
	fmt.Fprintf(&out, "Authentication-Results: %s; %s\r\n", s.authservID, result)
	fmt.Fprintf(&out, "Received: from %s ([127.0.0.1])\r\n\tby mail.%s with %s\r\n\tfor <%s>; %s\r\n",
		token(e.helo), s.domain, protocol, to, s.now().Format("Mon, 2 Jan 2006 15:04:05 -0700"))
	for _, field := range fields(header) {
		if !s.pretends(field) {
			out.Write(field)
		}
	}
	out.Write(body)
	return out.Bytes()
}

// pretends says whether a field is one that only the receiving MTA may write.
func (s *Server) pretends(field []byte) bool {
	name, value, _ := strings.Cut(string(field), ":")
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "return-path":
		return true
	case "authentication-results":
		return strings.EqualFold(authservID(value), s.authservID)
	default:
		return false
	}
}

// authservID reads the first word of an Authentication-Results value: comments before it are skipped, quotes taken off
// (RFC 8601 §2.2, RFC 5322 §3.2.2).
func authservID(value string) string {
	value = strings.TrimSpace(value)
	for strings.HasPrefix(value, "(") {
		value = strings.TrimSpace(afterComment(value))
	}
	if quoted, ok := strings.CutPrefix(value, `"`); ok {
		id, _, _ := strings.Cut(quoted, `"`)
		return id
	}
	if end := strings.IndexAny(value, "; \t\r\n("); end >= 0 {
		return value[:end]
	}
	return value
}

func afterComment(s string) string {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return s[i+1:]
			}
		}
	}
	return ""
}

// token keeps what a client called itself from breaking the Received field.
func token(s string) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	if s == "" {
		return "unknown"
	}
	return s
}

// splitHeader cuts a mail behind the empty line that ends its header block; a mail without one is all header.
func splitHeader(raw []byte) (header, body []byte) {
	for at := 0; at < len(raw); {
		end := bytes.IndexByte(raw[at:], '\n')
		if end < 0 {
			break
		}
		line := bytes.TrimRight(raw[at:at+end], "\r")
		at += end + 1
		if len(line) == 0 {
			return raw[:at], raw[at:]
		}
	}
	return raw, nil
}

// fields cuts a header block into fields with their continuation lines; the empty line at the end is a field of its own.
func fields(header []byte) [][]byte {
	var all [][]byte
	for line := range bytes.Lines(header) {
		if folded := line[0] == ' ' || line[0] == '\t'; folded && len(all) > 0 {
			all[len(all)-1] = append(all[len(all)-1], line...)
			continue
		}
		all = append(all, bytes.Clone(line))
	}
	return all
}
