package intake

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"vanthu/mailer/mime"
	"vanthu/parser"
)

// A Fault is a file that did not come whole: the unit is told which one, and to send it again (ENV-14, ENV-15).
type Fault struct {
	File string // as among Reading.Files; "" the text of the mail
	Why  mime.Damage
}

// A picture inside the text is a logo or a signature up to the one size, in bytes; up to the other it may be anything, and
// counts when nothing else is attached: some units photograph their list.
const (
	logoPicture  = 10 << 10
	smallPicture = 200 << 10
)

// forwards is how deep mails in mails are opened: a forward of a forward of a forward.
const forwards = 5

// attached are the attachments that may belong to a request, and what is wrong with them.
func attached(msg *mime.Message) ([]parser.File, []Fault) {
	g := gathering{names: map[string]bool{}}
	g.mail(msg, "", 0)
	if len(g.files) == 0 {
		return g.shown, g.faults
	}
	return g.files, g.faults
}

func files(msg *mime.Message) []parser.File {
	all, _ := attached(msg)
	return all
}

// brings says whether somebody attached files, beside pictures in the text.
func brings(msg *mime.Message) bool {
	g := gathering{names: map[string]bool{}}
	g.mail(msg, "", 0)
	return len(g.files) > 0
}

// A gathering goes through a mail and the mails in it.
type gathering struct {
	files  []parser.File
	shown  []parser.File // pictures in the text
	faults []Fault
	names  map[string]bool
}

// mail gathers the parts beside the text. Those of a forwarded mail count as if they were attached themselves. name is the
// mail's own where it is attached to another one.
func (g *gathering) mail(msg *mime.Message, name string, depth int) {
	if msg.Damage == mime.Cut || name == "" && msg.Damage != mime.Whole {
		g.faults = append(g.faults, Fault{File: name, Why: msg.Damage})
	}
	for _, p := range msg.Parts {
		switch {
		case p.Damage == mime.Whole && isPicture(p) && len(p.Data) <= logoPicture:
		case p.Inline && isPicture(p) && len(p.Data) <= smallPicture:
			g.shown = append(g.shown, parser.File{Name: g.name(p), Type: p.Type, Data: p.Data})
		case accompanies(p):
		case !g.forward(p, depth):
			g.add(p)
		}
	}
}

// add takes a part as a file. One whose bytes are not in the mail is not read.
func (g *gathering) add(p mime.Part) {
	file := parser.File{Name: g.name(p), Type: p.Type, Data: p.Data}
	switch p.Damage {
	case mime.Piece, mime.Elsewhere:
		file.Problem, file.Data = parser.Damage("%s", p.Damage), nil
	case mime.Undecoded:
		if len(p.Data) == 0 {
			file.Problem = parser.Damage("%s", p.Damage)
		}
	case mime.Whole, mime.Cut, mime.Garbled:
	}
	if p.Damage != mime.Whole {
		g.faults = append(g.faults, Fault{File: file.Name, Why: p.Damage})
	} else if bytes.HasPrefix(p.Data, []byte("-----BEGIN PGP MESSAGE-----")) { // RFC 3156 §4
		file.Problem = &parser.Problem{Code: parser.Encrypted, Detail: "PGP"}
	}
	g.files = append(g.files, file)
}

// forward opens a mail that is attached, and says whether the part is one. A mail over a limit is a file that cannot be read.
func (g *gathering) forward(p mime.Part, depth int) bool {
	said := p.Type == "message/rfc822" || p.Type == "message/global"
	if !said && !strings.HasSuffix(strings.ToLower(p.Name), ".eml") || depth >= forwards {
		return false
	}
	inner, err := mime.Parse(p.Data, mime.DefaultLimits())
	if limit, ok := errors.AsType[*mime.LimitError](err); ok {
		g.files = append(g.files, parser.File{Name: g.name(p), Type: p.Type, Problem: overLimit(limit)})
		return true
	}
	if err != nil || !isMail(inner) {
		return false
	}
	before := len(g.files)
	g.mail(inner, g.name(p), depth+1)
	if p.Damage != mime.Whole { // its last file, or what stood behind that
		fault := Fault{File: g.name(p), Why: p.Damage}
		if len(g.files) > before {
			fault.File = g.files[len(g.files)-1].Name
		}
		g.faults = append(g.faults, fault)
	}
	return true
}

// isMail says whether bytes have the head of a mail: whatever is called so may be a list.
func isMail(msg *mime.Message) bool {
	return slices.ContainsFunc([]string{"From", "Received", "Mime-Version", "Message-Id", "Date", "Subject"}, func(name string) bool { return msg.Header(name) != "" })
}

// isPicture believes the bytes: who calls a workbook a picture must not lose it.
func isPicture(p mime.Part) bool {
	if !p.Inline || !strings.HasPrefix(p.Type, "image/") {
		return false
	}
	for _, begin := range []string{"\x89PNG", "\xff\xd8", "GIF8", "RIFF", "BM", "II*\x00", "MM\x00*", "\x00\x00\x01\x00", "\xd7\xcd\xc6\x9a", "\x01\x00\x00\x00", "<svg", "<?xml", "\x00\x00\x00"} {
		if bytes.HasPrefix(p.Data, []byte(begin)) {
			return true
		}
	}
	return len(p.Data) == 0
}

// accompanies says whether a part is none that a person attached: an invitation, a signature, what macOS keeps of a file. The
// bytes must be what the type says.
func accompanies(p mime.Part) bool {
	data := bytes.TrimLeft(p.Data, " \t\r\n\xef\xbb\xbf")
	switch {
	case p.Type == "text/calendar" || p.Type == "application/ics":
		return bytes.HasPrefix(data, []byte("BEGIN:VCALENDAR")) || len(data) == 0
	case strings.HasSuffix(p.Type, "pkcs7-signature"):
		return bytes.HasPrefix(p.Data, []byte{0x30}) || len(data) == 0
	case p.Type == "application/pgp-signature" || p.Type == "application/pgp-keys":
		return bytes.HasPrefix(data, []byte("-----BEGIN PGP")) || len(data) == 0
	case p.Type == "application/applefile": // RFC 1740: the half of AppleDouble that holds no bytes of the file
		return bytes.HasPrefix(p.Data, []byte{0x00, 0x05, 0x16, 0x07})
	}
	return false
}

// unnamed is how a file without a name is called in letters.
const unnamed = "tệp không tên"

// name is what a part is called in this request: files of one name are told apart, for answers go by the name.
func (g *gathering) name(p mime.Part) string {
	name := p.Name
	if name == "" {
		name = unnamed + map[string]string{"text/html": ".html", "text/csv": ".csv", "text/plain": ".txt", "message/rfc822": ".eml"}[p.Type]
	}
	ext := path.Ext(name)
	out := name
	for n := 2; g.names[out]; n++ {
		out = fmt.Sprintf("%s (%d)%s", strings.TrimSuffix(name, ext), n, ext)
	}
	g.names[out] = true
	return out
}
