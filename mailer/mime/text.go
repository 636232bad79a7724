package mime

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	stdmime "mime"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/charset"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// decode undoes the transfer encoding. What a broken encoding still gave is kept.
func (r *reader) decode(body []byte, encoding, where string) []byte {
	var h message.Header
	known := transferEncoding(encoding)
	if known == "" {
		r.problem("%s: unknown transfer encoding %q, kept as it is", where, clip(encoding, 40))
		return bytes.Clone(body)
	}
	if known != strings.ToLower(strings.TrimSpace(encoding)) && encoding != "" {
		r.problem("%s: transfer encoding %q read as %s", where, clip(encoding, 40), known)
	}
	h.Set("Content-Transfer-Encoding", known)
	e, err := message.New(h, bytes.NewReader(body))
	if err != nil {
		r.problem("%s: transfer encoding %s cannot be undone, kept as it is", where, known)
		return bytes.Clone(body)
	}
	var data bytes.Buffer
	data.Grow(len(body) + bytes.MinRead)
	_, err = data.ReadFrom(e.Body)
	if errors.Is(err, io.ErrUnexpectedEOF) && known == "base64" {
		data.Write(lastGroup(body)) // cut off, or just sent without its padding
		r.problem("%s: its base64 ends in the middle, kept %d bytes", where, data.Len())
	} else if err != nil {
		r.problem("%s: its %s is broken after %d bytes, the rest is lost", where, known, data.Len())
	}
	return data.Bytes()
}

// lastGroup decodes the two or three letters that are left over at the end of unpadded base64.
func lastGroup(body []byte) []byte {
	letters, n := make([]byte, 0, 4), 0
	for _, c := range body {
		if c == '\r' || c == '\n' || c == ' ' || c == '\t' || c == '=' {
			continue
		}
		if n%4 == 0 {
			letters = letters[:0]
		}
		letters = append(letters, c)
		n++
	}
	last, err := base64.RawStdEncoding.DecodeString(string(letters))
	if err != nil || n%4 == 0 {
		return nil
	}
	return last
}

// transferEncoding strips what does not belong there ("base64;", "Base64 (encoded)", "8 bit"); "" is unknown.
func transferEncoding(s string) string {
	s, _, _ = strings.Cut(s, ";")
	s, _, _ = strings.Cut(s, "(")
	s = strings.ToLower(strings.Trim(strings.TrimSpace(s), `"'`))
	switch s {
	case "7bit", "8bit", "binary", "base64", "quoted-printable":
		return s
	case "", "7-bit", "7 bit", "8-bit", "8 bit", "utf-8", "utf8", "none":
		return "8bit"
	case "base-64", "b":
		return "base64"
	case "quoted printable", "quotedprintable", "qp":
		return "quoted-printable"
	}
	return ""
}

// text decodes a text part: UTF-8, NFC, line ends LF.
func (r *reader) text(data []byte, label, where string) string {
	if label != "" && !knownCharset(label) {
		r.problem("%s: unknown charset %q", where, clip(label, 40))
	} else if (label == "" || isUTF8(label)) && !utf8.Valid(data) {
		r.problem("%s: not in the charset it names", where)
	}
	text := decodeText(data, label)
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}

func isUTF8(label string) bool {
	return strings.EqualFold(label, "utf-8") || strings.EqualFold(label, "us-ascii") || strings.EqualFold(label, "utf8")
}

func knownCharset(label string) bool {
	_, err := charset.Reader(strings.TrimSpace(label), strings.NewReader(""))
	return err == nil
}

// decodeText decodes bytes of the charset as well as can be: bytes that are valid UTF-8 are that, whatever the unknown
// label says; others are windows-1258, the old code page of Vietnamese Windows.
func decodeText(data []byte, label string) string {
	if label = strings.TrimSpace(label); label != "" && !isUTF8(label) {
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

// word decodes a field's text: RFC 2047 words wherever they stand, and raw 8-bit.
func word(s string) string {
	if !utf8.ValidString(s) {
		s = decodeText([]byte(s), "")
	}
	if !strings.Contains(s, "=?") {
		return clean(s)
	}
	dec := stdmime.WordDecoder{CharsetReader: tolerantReader}
	decoded, err := dec.DecodeHeader(s)
	if err != nil {
		decoded = s
	}
	return decodeText([]byte(decoded), "")
}

// tolerantReader decodes a known charset and guesses for an unknown one; it never refuses.
func tolerantReader(label string, in io.Reader) (io.Reader, error) {
	data, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	return strings.NewReader(decodeText(data, label)), nil
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
