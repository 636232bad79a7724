package compose

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	stdmime "mime"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"vanthu/mailer/mime"
)

var (
	// ErrInjection is wrapped by the error of a field that would begin another one.
	ErrInjection = errors.New("compose: line break in a header field")

	messageID = regexp.MustCompile(`^<[!-;=?-~]+>$`)
	fieldName = regexp.MustCompile(`^[!-9;-~]+$`)
)

// maxReferences bounds the chain: the thread's first mail and the last ones are what programs look at.
const maxReferences = 20

// Bytes writes the mail: CRLF, 7-bit, no line over 998 (RFC 5322 §2.1.1). A Mail that cannot be written rightly is an error;
// a line break in any field wraps ErrInjection. An InReplyTo or reference that is no message id is left out: it came from
// another's program.
func (m Mail) Bytes() ([]byte, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	m.writeFields(&b)
	b.WriteString("MIME-Version: 1.0\r\n")
	if len(m.Attachments) == 0 {
		m.writeBody(&b)
		return b.Bytes(), nil
	}
	mixed := m.boundary("mixed")
	fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n--%s\r\n", mixed, mixed)
	m.writeBody(&b)
	for _, a := range m.Attachments {
		fmt.Fprintf(&b, "\r\n--%s\r\n", mixed)
		writeAttachment(&b, a)
	}
	fmt.Fprintf(&b, "\r\n--%s--\r\n", mixed)
	return b.Bytes(), nil
}

func (m Mail) check() error {
	lines := []string{m.Subject, m.MessageID, m.InReplyTo, m.AutoSubmitted}
	lines = append(lines, m.References...)
	for _, a := range slices.Concat([]mime.Address{m.From}, m.To, m.Cc, m.ReplyTo) {
		lines = append(lines, a.Name, a.Address)
	}
	for _, f := range m.Header {
		lines = append(lines, f.Name, f.Value)
	}
	for _, a := range m.Attachments {
		lines = append(lines, a.Name, a.Type)
	}
	for _, s := range lines {
		if strings.ContainsAny(s, "\r\n\x00") {
			return fmt.Errorf("%w: %q", ErrInjection, s)
		}
	}
	switch {
	case len(m.To) == 0:
		return errors.New("compose: no recipient")
	case m.Date.IsZero():
		return errors.New("compose: no date")
	case !validID(m.MessageID) || !strings.Contains(m.MessageID, "@"):
		return fmt.Errorf("compose: %q is no message id", m.MessageID)
	}
	switch m.AutoSubmitted {
	case "", "auto-replied", "auto-generated", "auto-notified":
	default:
		return fmt.Errorf("compose: Auto-Submitted cannot be %q (RFC 3834 §5)", m.AutoSubmitted)
	}
	return errors.Join(m.checkAddresses(), m.checkHeader(), m.checkAttachments())
}

func (m Mail) checkAddresses() error {
	for _, a := range slices.Concat([]mime.Address{m.From}, m.To, m.Cc, m.ReplyTo) {
		parsed, err := mail.ParseAddress("<" + a.Address + ">")
		if err != nil || parsed.Address != a.Address || !isASCII(a.Address) || len(a.Address) > 254 {
			return fmt.Errorf("compose: %q is no mail address in ASCII", a.Address)
		}
	}
	return nil
}

func (m Mail) checkHeader() error {
	for _, f := range m.Header {
		if !fieldName.MatchString(f.Name) || len(f.Name) > 60 {
			return fmt.Errorf("compose: %q is no field name", f.Name)
		}
		switch name := strings.ToLower(f.Name); name {
		case "date", "from", "to", "cc", "bcc", "reply-to", "sender", "subject", "message-id", "in-reply-to", "references",
			"auto-submitted", "x-auto-response-suppress", "mime-version":
			return fmt.Errorf("compose: the field %s is not for Header", f.Name)
		default:
			if strings.HasPrefix(name, "content-") {
				return fmt.Errorf("compose: the field %s is not for Header", f.Name)
			}
		}
	}
	return nil
}

func (m Mail) checkAttachments() error {
	for _, a := range m.Attachments {
		kind, _, err := stdmime.ParseMediaType(a.Type)
		if err != nil || kind != a.Type || !strings.Contains(kind, "/") || len(kind) > 127 {
			return fmt.Errorf("compose: %q is no media type", a.Type)
		}
		if strings.HasPrefix(kind, "multipart/") || strings.HasPrefix(kind, "message/") {
			return fmt.Errorf("compose: %s may not be encoded (RFC 2046 §5)", kind)
		}
		if mime.CleanName(a.Name) == "" {
			return errors.New("compose: an attachment without a name")
		}
	}
	return nil
}

func validID(id string) bool { return len(id) <= 900 && messageID.MatchString(id) }

func (m Mail) writeFields(b *bytes.Buffer) {
	writeField(b, "Date", []string{m.Date.Format(time.RFC1123Z)})
	writeField(b, "From", addressWords([]mime.Address{m.From}))
	writeField(b, "To", addressWords(m.To))
	if len(m.Cc) > 0 {
		writeField(b, "Cc", addressWords(m.Cc))
	}
	if len(m.ReplyTo) > 0 {
		writeField(b, "Reply-To", addressWords(m.ReplyTo))
	}
	writeField(b, "Subject", textWords(m.Subject))
	writeField(b, "Message-ID", []string{m.MessageID})
	if validID(m.InReplyTo) {
		writeField(b, "In-Reply-To", []string{m.InReplyTo})
	}
	if refs := m.references(); len(refs) > 0 {
		writeField(b, "References", refs)
	}
	if m.AutoSubmitted != "" {
		writeField(b, "Auto-Submitted", []string{m.AutoSubmitted}) // RFC 3834 §5
		writeField(b, "X-Auto-Response-Suppress", []string{"All"}) // the same for Exchange, which reads only its own
	}
	for _, f := range m.Header {
		writeField(b, f.Name, textWords(f.Value))
	}
}

// references is the parent's chain with the parent at its end (RFC 5322 §3.6.4).
func (m Mail) references() []string {
	var chain []string
	for _, id := range append(slices.Clone(m.References), m.InReplyTo) {
		if validID(id) && !slices.Contains(chain, id) {
			chain = append(chain, id)
		}
	}
	if i := slices.Index(chain, m.InReplyTo); i >= 0 {
		chain = append(slices.Delete(chain, i, i+1), m.InReplyTo)
	}
	if len(chain) > maxReferences {
		chain = append(chain[:1:1], chain[len(chain)-maxReferences+1:]...)
	}
	return chain
}

// writeBody writes the text, or text and HTML as alternatives, with the Content fields in front.
func (m Mail) writeBody(b *bytes.Buffer) {
	if m.HTML == "" {
		writeText(b, "text/plain", m.Text)
		return
	}
	alternative := m.boundary("alternative")
	fmt.Fprintf(b, "Content-Type: multipart/alternative; boundary=\"%s\"\r\n\r\n--%s\r\n", alternative, alternative)
	writeText(b, "text/plain", m.Text)
	fmt.Fprintf(b, "\r\n--%s\r\n", alternative)
	writeText(b, "text/html", m.HTML)
	fmt.Fprintf(b, "\r\n--%s--\r\n", alternative)
}

// boundary is the same for the same mail. "=_" stands in no line of quoted-printable or base64 (RFC 2045 §6.7).
func (m Mail) boundary(level string) string {
	sum := sha256.Sum256([]byte(level + m.MessageID))
	return "=_" + hex.EncodeToString(sum[:12])
}

// writeText takes the shorter encoding: quoted-printable stays readable, base64 is shorter for much Vietnamese.
func writeText(b *bytes.Buffer, kind, text string) {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	text = strings.ReplaceAll(text, "\n", "\r\n")
	var quoted bytes.Buffer
	w := quotedprintable.NewWriter(&quoted)
	_, _ = w.Write([]byte(text)) // a bytes.Buffer takes everything
	_ = w.Close()
	fmt.Fprintf(b, "Content-Type: %s; charset=utf-8\r\n", kind)
	if quoted.Len() <= base64.StdEncoding.EncodedLen(len(text)) {
		b.WriteString("Content-Transfer-Encoding: quoted-printable\r\n\r\n")
		b.Write(quoted.Bytes())
		return
	}
	b.WriteString("Content-Transfer-Encoding: base64\r\n\r\n")
	writeBase64(b, []byte(text))
}

func writeBase64(b *bytes.Buffer, data []byte) {
	const line = 57 // 76 letters
	letters := make([]byte, base64.StdEncoding.EncodedLen(line))
	b.Grow(base64.StdEncoding.EncodedLen(len(data)) * 78 / 76)
	for chunk := range slices.Chunk(data, line) {
		n := base64.StdEncoding.EncodedLen(len(chunk))
		base64.StdEncoding.Encode(letters, chunk)
		b.Write(letters[:n])
		b.WriteString("\r\n")
	}
}
