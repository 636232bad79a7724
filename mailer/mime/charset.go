package mime

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// text decodes a text part: UTF-8, NFC, line ends LF.
func (r *reader) text(data []byte, label, where string) string {
	label = charsetLabel(label)
	switch {
	case label != "" && label != "utf-7" && !knownCharset(label):
		r.problem("%s: unknown charset %q", where, clip(label, 40))
	case (label == "" || isUTF8(label)) && !utf8.Valid(data):
		r.problem("%s: not in the charset it names", where)
	case isWestern(label) && utf8.Valid(data) && !isASCII(data):
		r.problem("%s: says %s and is UTF-8", where, clip(label, 40))
	}
	text := decodeText(data, label)
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}

// charsetLabel takes off a label what does not belong to it, and gives "" for those that say nothing.
func charsetLabel(label string) string {
	label = strings.ToLower(strings.Trim(strings.TrimSpace(label), `"'`))
	switch label {
	case "x-user-defined", "x-unknown", "unknown", "unknown-8bit", "default", "default_charset", "default-charset", "binary", "8bit", "ascii", "ansi", "none", "us-ascii":
		return ""
	case "utf_8", "utf8mb4", "utf-8-sig", "utf-8n", "unicode-1-1-utf-8", "x-utf-8", "utf=8", "=utf-8", "utf-8;", "unicode":
		return "utf-8"
	case "cp-1258", "windows1258", "windows_1258", "win-1258", "ms-1258", "1258", "vietnamese":
		return "windows-1258"
	case "utf7", "unicode-1-1-utf-7", "x-utf-7":
		return "utf-7"
	}
	return label
}

func isUTF8(label string) bool { return label == "utf-8" || label == "utf8" }

// isWestern says whether a label is what programs write who know no other: no Vietnamese can be written in these charsets.
func isWestern(label string) bool {
	return label == "iso-8859-1" || label == "iso-8859-15" || label == "windows-1252" || label == "latin1"
}

func isASCII(data []byte) bool {
	for _, c := range data {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func knownCharset(label string) bool {
	_, err := charset.Reader(label, strings.NewReader(""))
	return err == nil
}

// decodeText decodes bytes of the charset as well as can be: bytes that are valid UTF-8 are that, whatever an unknown or a
// western label says; others are windows-1258, the old code page of Vietnamese Windows.
func decodeText(data []byte, label string) string {
	label = charsetLabel(label)
	switch {
	case label == "utf-7" && isASCII(data):
		return clean(decodeUTF7(string(data)))
	case label == "" || isUTF8(label), isWestern(label) && utf8.Valid(data):
	default:
		if rd, err := charset.Reader(label, bytes.NewReader(data)); err == nil {
			if decoded, err := io.ReadAll(rd); err == nil {
				return clean(string(decoded))
			}
		}
	}
	if !utf8.Valid(data) {
		if decoded, err := charmap.Windows1258.NewDecoder().Bytes(data); err == nil {
			data = decoded
		}
	}
	return clean(string(data))
}

// decodeUTF7 decodes RFC 2152: what stands between "+" and "-" is UTF-16 in base64. What breaks the rules stays as it is.
func decodeUTF7(s string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "+")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		end := 0
		for end < len(rest) && base64Value(rest[end]) != notBase64 {
			end++
		}
		switch {
		case end == 0 && strings.HasPrefix(rest, "-"):
			b.WriteByte('+')
		case end == 0:
			b.WriteByte('+')
			s = rest
			continue
		default:
			data, _ := decodeBase64([]byte(rest[:end]))
			units := make([]uint16, len(data)/2)
			for i := range units {
				units[i] = uint16(data[2*i])<<8 | uint16(data[2*i+1])
			}
			b.WriteString(string(utf16.Decode(units)))
		}
		s = strings.TrimPrefix(rest[end:], "-")
	}
}

// clean makes a string valid UTF-8 in NFC, without NUL, which databases refuse.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	return norm.NFC.String(s)
}

// clip cuts a string for a remark.
func clip(s string, runes int) string {
	n := 0
	for i := range s {
		if n == runes {
			return s[:i] + "…"
		}
		n++
	}
	return s
}
