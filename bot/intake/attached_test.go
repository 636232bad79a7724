package intake

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/mailer/mime"
	"vanthu/parser"
	"vanthu/parser/form"
)

const list = "STT,Mã số SV/HV,Họ và tên,Lớp,Khóa\n1,2153010001,Nguyễn Văn An,YK48,48\n2,2153010002,Trần Thị Bích,YK48,48\n"

// winmail is the list as Outlook wraps it ([MS-OXTNEF]).
func winmail(name, data string) []byte {
	b := binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint32(nil, 0x223E9F78), 1)
	for _, a := range []struct {
		id    uint32
		value string
	}{{0x00069002, strings.Repeat("\x00", 14)}, {0x00018010, name + "\x00"}, {0x0006800F, data}} {
		b = binary.LittleEndian.AppendUint32(append(b, 2), a.id)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(a.value)))
		sum := uint16(0)
		for _, c := range []byte(a.value) {
			sum += uint16(c)
		}
		b = binary.LittleEndian.AppendUint16(append(b, a.value...), sum)
	}
	return b
}

// mailOf is a mail with a text and these parts, each a header and its bytes.
func mailOf(text string, parts ...[2]string) string {
	var b strings.Builder
	b.WriteString("From: Phong CTSV <ctsv@truong.example>\r\nSubject: De nghi cap tai khoan email\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_b" +
		fmt.Sprint(len(text)+len(parts)*100) + "\"\r\n\r\n")
	mark := "--=_b" + fmt.Sprint(len(text)+len(parts)*100)
	b.WriteString(mark + "\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text + "\r\n")
	for _, p := range parts {
		fmt.Fprintf(&b, "%s\r\n%s\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n", mark, p[0], base64.StdEncoding.EncodeToString([]byte(p[1])))
	}
	return b.String() + mark + "--\r\n"
}

func parsed(t *testing.T, raw string) *mime.Message {
	t.Helper()
	msg, err := mime.Parse([]byte(raw), mime.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

// Pain 15: Outlook sends winmail.dat and the list is invisible; a list that was forwarded as a mail in a mail, too.
func TestPain15WinmailAndForwards(t *testing.T) {
	t.Parallel()
	dat := [2]string{"Content-Type: application/ms-tnef; name=winmail.dat", string(winmail("DS.csv", list))}
	csv := [2]string{"Content-Type: text/csv; name=\"DS.csv\"", list}
	forward := func(kind, inner string) [2]string { return [2]string{"Content-Type: " + kind, inner} }
	for name, raw := range map[string]string{
		"winmail.dat":                       mailOf("Gui danh sach", dat),
		"winmail.dat without its type":      mailOf("Gui danh sach", [2]string{"Content-Type: application/octet-stream; name=ATT00001", dat[1]}),
		"message/rfc822":                    mailOf("Fwd", forward("message/rfc822", mailOf("a", csv))),
		"a forward of a forward":            mailOf("Fwd", forward("message/rfc822", mailOf("ab", forward("message/rfc822", mailOf("abc", csv))))),
		"four forwards":                     mailOf("F", forward("message/rfc822", mailOf("Fw", forward("message/rfc822", mailOf("Fwd", forward("message/rfc822", mailOf("Fwd:", forward("message/rfc822", mailOf("a", csv))))))))),
		"an .eml of no type":                mailOf("Fwd", [2]string{"Content-Type: application/octet-stream; name=\"Fwd.EML\"", mailOf("a", csv)}),
		"winmail.dat in a forward":          mailOf("Fwd", forward("message/rfc822; name=x.eml", mailOf("a", dat))),
		"the whole mail is a forward":       "From: ctsv@truong.example\r\nContent-Type: message/rfc822\r\n\r\n" + mailOf("a", csv),
		"forwarded inline":                  mailOf("Chuyển tiếp.\r\n\r\n---------- Forwarded message ---------\r\nFrom: Ai <ai@xa.example>\r\nSubject: x\r\n\r\nGui danh sach", csv),
		"uuencode in the text":              "From: ctsv@truong.example\r\n\r\nGui danh sach\r\nbegin-base64 644 DS.csv\r\n" + base64.StdEncoding.EncodeToString([]byte(list)) + "\r\n====\r\n",
		"a digest":                          "From: ctsv@truong.example\r\nContent-Type: multipart/digest; boundary=d\r\n\r\n--d\r\n\r\n" + mailOf("a", csv) + "--d--\r\n",
		"beside the half that macOS writes": mailOf("Gui", [2]string{"Content-Type: application/applefile; name=DS.csv", "\x00\x05\x16\x07\x00\x02"}, csv),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := Read(t.Context(), parsed(t, raw), InProcess(parser.DefaultLimits()))
			if err != nil || len(r.Submission.Rows) != 2 || r.Kind != bot.AccountRequest || len(r.Faults) != 0 {
				t.Errorf("%v: %d rows, %s, faults %v, files %+v", err, len(r.Submission.Rows), r.Kind, r.Faults, r.Submission.Files)
			}
		})
	}
}

// Pain 16: no attachment vanishes between the mail and its readers. Types lie; the bytes decide what may be passed over.
func TestPain16NoAttachmentIsPassedOver(t *testing.T) {
	t.Parallel()
	for _, header := range []string{
		"Content-Type: text/calendar", "Content-Type: application/ics; name=moi.ics", "Content-Type: application/pkcs7-signature; name=smime.p7s",
		"Content-Type: application/pgp-signature", "Content-Type: application/pgp-keys", "Content-Type: application/applefile",
		"Content-Type: message/rfc822", "Content-Type: message/rfc822; name=thu.eml", "Content-Type: application/octet-stream; name=ds.eml",
		"Content-Type: image/png\r\nContent-ID: <logo>\r\nContent-Disposition: inline", "Content-Type: message/delivery-status", "Content-Type: text/rfc822-headers",
		"Content-Type: text/html", "Content-Type: application/x-nonsense", "Content-Type: nonsense", "Content-Disposition: inline; filename=ds.csv",
		"Content-Type: text/plain; name=winmail.dat", "Content-Type: application/pkcs7-mime; name=smime.p7m", "Content-Type: multipart/mixed; name=ds.csv", "X-A: b",
	} {
		t.Run(header, func(t *testing.T) {
			t.Parallel()
			data := "PK\x03\x04" + strings.Repeat("workbook\x00", 200)
			raw := mailOf("Gui", [2]string{"Content-Type: text/html", `<img src="cid:logo">`}, [2]string{header, data})
			files, _ := attached(parsed(t, raw))
			if !slices.ContainsFunc(files, func(f parser.File) bool { return string(f.Data) == data }) {
				t.Errorf("the file is gone; there are %d", len(files))
			}
		})
	}
}

// A list that is only called a mail is a list.
func TestPain16AListCalledAMail(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"Content-Type: message/rfc822", "Content-Type: application/octet-stream; name=ds.eml"} {
		files, _ := attached(parsed(t, mailOf("Gui", [2]string{header, list})))
		if len(files) != 1 || string(files[0].Data) != list {
			t.Errorf("%s: %d files", header, len(files))
		}
	}
}

// What cannot be read for certain is a fault with the name of the file; names are told apart, for answers go by them.
func TestFaults(t *testing.T) {
	t.Parallel()
	part := func(header, body string) string { return "--b\r\n" + header + "\r\n\r\n" + body + "\r\n" }
	const top = "From: ctsv@truong.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nGui\r\n"
	csv := func(encoding string) string {
		return "Content-Disposition: attachment; filename=\"DS.csv\"\r\nContent-Transfer-Encoding: " + encoding
	}
	for _, tt := range []struct {
		name, raw string
		files     []string
		faults    []Fault
	}{
		{"whole", top + part(csv("8bit"), "a") + "--b--", []string{"DS.csv"}, nil},
		{"cut in a file", top + part(csv("8bit"), "a"), []string{"DS.csv"}, []Fault{{"DS.csv", mime.Cut}}},
		{"cut in the text", top, nil, []Fault{{"", mime.Cut}}},
		{"broken base64", top + part(csv("base64"), "QUJDQUJDQUJD*QUJDQUJD\r\nQ") + "--b--", []string{"DS.csv"}, []Fault{{"DS.csv", mime.Garbled}}},
		{"two of one name", top + part(csv("8bit"), "a") + part(csv("base64"), "QUJDQUJDQUJDQUJDQUJDQU!JDQ") + "--b--", []string{"DS.csv", "DS (2).csv"}, []Fault{{"DS (2).csv", mime.Garbled}}},
		{"without a name", top + part("Content-Disposition: attachment", "a") + part("Content-Type: application/pdf", "b") + "--b--", []string{"tệp không tên.txt", "tệp không tên"}, nil},
		{"a made-up encoding", top + part(csv("x-new"), "a") + "--b--", []string{"DS.csv"}, []Fault{{"DS.csv", mime.Undecoded}}},
		{"a piece", "From: a@truong.example\r\nContent-Type: message/partial; number=1; total=2\r\n\r\nabc", []string{"tệp không tên"}, []Fault{{"tệp không tên", mime.Piece}}},
		{"elsewhere", top + part("Content-Type: message/external-body; access-type=URL; name=DS.xlsx", "Content-Type: text/csv\r\n\r\n") + "--b--", []string{"DS.xlsx"}, []Fault{{"DS.xlsx", mime.Elsewhere}}},
		{"a forward that is cut", top + part("Content-Type: message/rfc822; name=thu.eml\r\nContent-Transfer-Encoding: 8bit", "From: a@truong.example\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\nabc\r\n") + "--b--",
			nil, []Fault{{"thu.eml", mime.Cut}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files, faults := attached(parsed(t, tt.raw))
			var names []string
			for _, f := range files {
				names = append(names, f.Name)
			}
			if diff := cmp.Diff(tt.files, names); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.faults, faults); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A forward over a limit is named with the limit, like a mail.
func TestForwardOverALimit(t *testing.T) {
	t.Parallel()
	inner := "From: a@truong.example\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n" + strings.Repeat("--i\r\n\r\nx\r\n", 300)
	r, err := Read(t.Context(), parsed(t, mailOf("Fwd", [2]string{"Content-Type: message/rfc822; name=thu.eml", inner})), InProcess(parser.DefaultLimits()))
	if err != nil || len(r.Submission.Files) != 1 || r.Submission.Files[0].Problem == nil || r.Submission.Files[0].Problem.Limit != "200 phần một thư" {
		t.Errorf("%v: %+v", err, r.Submission.Files)
	}
}

// A file of PGP is encrypted, not a text of no meaning (ENV-06).
func TestEncryptedWithPGP(t *testing.T) {
	t.Parallel()
	r, err := Read(t.Context(), parsed(t, mailOf("Gui", [2]string{"Content-Type: application/octet-stream; name=encrypted.asc", "-----BEGIN PGP MESSAGE-----\n\nhQ=="})), InProcess(parser.DefaultLimits()))
	if err != nil || len(r.Submission.Files) != 1 || r.Submission.Files[0].Problem == nil || r.Submission.Files[0].Problem.Code != parser.Encrypted {
		t.Errorf("%v: %+v", err, r.Submission.Files)
	}
}

// A list in a text that is too long to be searched is not read by half: the limit is named (ENV-07).
func TestLongBodies(t *testing.T) {
	t.Parallel()
	row := "<tr><td>1</td><td>2153010001</td><td>Nguyễn Văn An</td></tr>"
	page := "<p>Đề nghị cấp tài khoản email</p><table><tr><td>STT</td><td>Mã số SV/HV</td><td>Họ và tên</td></tr>" + row + "</table>"
	text := "Đề nghị cấp tài khoản email\n\nSTT\tMã số SV/HV\tHọ và tên\n1\t2153010001\tNguyễn Văn An\n"
	for _, tt := range []struct {
		name  string
		msg   mime.Message
		rows  int
		limit string
	}{
		{"a short page", mime.Message{HTML: page}, 1, ""},
		{"a long page", mime.Message{HTML: page + strings.Repeat("<p>abc</p>\n", longestPage/11+1)}, 0, "4 MB nội dung thư"},
		{"a short text", mime.Message{Text: text}, 1, ""},
		{"a long text", mime.Message{Text: text + strings.Repeat("abc\n", readable/4)}, 0, "262.144 byte nội dung thư"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.msg.Subject = "Đề nghị cấp tài khoản email"
			r := reading(t, &tt.msg)
			limit := ""
			for _, f := range r.Submission.Files {
				if f.Name == form.BodyName && f.Problem != nil {
					limit = f.Problem.Limit
				}
			}
			if len(r.Submission.Rows) != tt.rows || limit != tt.limit {
				t.Errorf("%d rows, limit %q; want %d, %q", len(r.Submission.Rows), limit, tt.rows, tt.limit)
			}
		})
	}
}

// Fifty attachments are all read, and two hundred cost no more than their bytes.
func TestManyAttachments(t *testing.T) {
	t.Parallel()
	var parts [][2]string
	for i := range 50 {
		parts = append(parts, [2]string{fmt.Sprintf("Content-Type: text/csv; name=\"DS %d.csv\"", i), strings.ReplaceAll(list, "215301", fmt.Sprintf("21%04d", i))})
	}
	r, err := Read(t.Context(), parsed(t, mailOf("Gui", parts...)), InProcess(parser.DefaultLimits()))
	if err != nil || len(r.Files) != 50 || len(r.Submission.Rows) != 100 {
		t.Errorf("%v: %d files, %d rows", err, len(r.Files), len(r.Submission.Rows))
	}
}

// FuzzAttached holds that no bytes make an attachment vanish: what a mail has beside its text is a file here, a picture in
// the text, a mail that was opened, or something that accompanies.
func FuzzAttached(f *testing.F) {
	f.Add([]byte(mailOf("a", [2]string{"Content-Type: text/csv; name=a.csv", list})))
	f.Add([]byte(mailOf("a", [2]string{"Content-Type: message/rfc822", mailOf("b", [2]string{"Content-Type: image/png", "\x89PNG"})})))
	f.Add([]byte("Content-Type: message/partial\r\n\r\na"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		msg, err := mime.Parse(raw, mime.Limits{Size: 1 << 16, Parts: 50})
		if err != nil {
			return
		}
		files, faults := attached(msg)
		names := map[string]bool{"": true}
		for _, f := range files {
			if names[f.Name] {
				t.Errorf("two files are called %q", f.Name)
			}
			names[f.Name] = true
		}
		for _, p := range msg.Parts {
			mail, _ := mime.Parse(p.Data, mime.DefaultLimits())
			switch {
			case len(p.Data) == 0, isPicture(p), accompanies(p), p.Damage == mime.Piece, p.Damage == mime.Elsewhere, mail != nil && isMail(mail):
			case !slices.ContainsFunc(files, func(f parser.File) bool { return bytes.Equal(f.Data, p.Data) }):
				t.Errorf("%q (%s) is gone", p.Name, p.Type)
			}
			if p.Damage != mime.Whole && !isPicture(p) && len(faults) == 0 {
				t.Errorf("%q came %s and nobody is told", p.Name, p.Damage)
			}
		}
	})
}
