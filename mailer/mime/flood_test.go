package mime_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"vanthu/mailer/mime"
)

// floods are mails that want to cost more than their size: each is about n bytes, of whatever a program or an enemy could
// write very often.
func floods() map[string]func(n int) string {
	const head = "From: a@truong.example\r\nMIME-Version: 1.0\r\n"
	const mixed = head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	again := func(s string, n int) string { return strings.Repeat(s, n/len(s)+1) }
	field := func(name, before, each, after string) func(int) string {
		return func(n int) string {
			return head + name + ": " + before + again(each, min(n, 1<<20-500)) + after + "\r\n\r\nabc"
		}
	}
	return map[string]func(n int) string{
		"parts":         func(n int) string { return mixed + again("--b\r\n\r\nx\r\n", n) + "--b--\r\n" },
		"empty parts":   func(n int) string { return mixed + again("--b\n", n) },
		"closing lines": func(n int) string { return mixed + "--b\r\n\r\nx\r\n" + again("--b--\n", n) },
		"nested parts":  nestedParts,
		"nested signatures": func(n int) string {
			return head + again("Content-Type: application/pkcs7-mime\r\n\r\n0\x80\x06\x09", n)
		},
		"lines that look alike":   func(n int) string { return mixed + "--b\r\n\r\n" + again("--bb\r\n", n) },
		"boundary in one line":    func(n int) string { return mixed + "--b\r\n\r\n" + again("--b--b", n) },
		"no boundary":             func(n int) string { return head + "Content-Type: multipart/mixed\r\n\r\n" + again("--x\r\n", n) },
		"lost content type":       func(n int) string { return head + "\r\n" + again("--x\r\nContent-A: b\r\n", n) },
		"parts without type":      func(n int) string { return mixed + again("--b\r\nX: y\r\n\r\n"+again("--c\r\n", n/150)+"\r\n", n) },
		"fields":                  func(n int) string { return again("A:\n", n) + "\n\nabc" },
		"lines that are no field": func(n int) string { return head + again("abc\n", min(n, 1<<20-500)) + "\n\nabc" },
		"continuations":           field("X", "", "\r\n a", ""),
		"continuations at once":   field("X", "", "\r\n ", ""),
		"unindented":              field("Content-Type", "text/plain", "\r\nname=a", ""),
		"one line":                field("X", "", "a", ""),
		"header without end":      func(n int) string { return head + again("A", n) },
		"encoded words":           field("Subject", "", "=?utf-8?q?=C3=A1?= ", ""),
		"words of one letter":     field("Subject", "", "=?utf-8?b?Y?=", ""),
		"words without end":       field("Subject", "", "=?utf-8?b?", ""),
		"words of two charsets":   field("Subject", "", "=?utf-8?q?a?= =?iso-8859-2?q?a?= ", ""),
		"addresses":               field("From", "", "a@b.example, ", "a@b.example"),
		"broken addresses":        field("From", "", "a@b <", ""),
		"comments":                field("From", "", "(", " a@b.example"),
		"quoted pairs":            field("From", "\"", "\\\\", "\" <a@b.example>"),
		"domain literals":         field("From", "a@[", "1[", "]"),
		"references":              field("References", "", "<a@b> ", ""),
		"parameters":              field("Content-Type", "text/plain", "; a=b", ""),
		"different parameters": func(n int) string {
			return head + "Content-Type: text/plain" + counted("; a%d=b", min(n, 1<<20-500)) + "\r\n\r\nabc"
		},
		"segments": func(n int) string {
			return head + "Content-Type: text/plain" + counted("; name*%d=b", min(n, 1<<20-500)) + "\r\n\r\nabc"
		},
		"quotes": field("Content-Type", "text/plain; name=", "\"a", ""),
		"dates":  field("Date", "", "(", ""),
		"content types": func(n int) string {
			return mixed + "--b\r\n" + again("Content-Type: multipart/mixed; boundary=q\r\n", min(n, 1<<19)) + "\r\n" + again("x", n)
		},
		"base64 lines":  func(n int) string { return head + "Content-Transfer-Encoding: base64\r\n\r\n" + again("QUJD\n", n) },
		"base64 chunks": func(n int) string { return head + "Content-Transfer-Encoding: base64\r\n\r\n" + again("QQ==\n", n) },
		"base64 strays": func(n int) string {
			return head + "Content-Transfer-Encoding: base64\r\n\r\nQUJD\n" + again("A!b c\n", n)
		},
		"quoted-printable": func(n int) string {
			return head + "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + again("==\n=", n)
		},
		"uuencode beginnings": func(n int) string { return head + "\r\n" + again("begin 644 a\n", n) },
		"uuencode files":      func(n int) string { return head + "\r\n" + again("begin 644 a\n#86)C\n`\nend\n", n) },
		"yenc beginnings":     func(n int) string { return head + "\r\n" + "begin\n" + again("=ybegin name=a\n", n) },
		"yenc after uuencode": func(n int) string { return head + "\r\n" + again("=ybegin name=a\nbegin 644 a\n", n) },
		"utf-7": func(n int) string {
			return head + "Content-Type: text/plain; charset=utf-7\r\n\r\n" + again("+AGE-+", n)
		},
		"flowed": func(n int) string {
			return head + "Content-Type: text/plain; format=flowed\r\n\r\n" + again("> > a \n", n)
		},
		"carriage returns": func(n int) string { return "Subject: a\r\r" + again("b\r", n) },
		"combining marks":  func(n int) string { return head + "\r\na" + again("\u0301", n) },
		"pictures":         func(n int) string { return pictures(n) },
		"report groups":    func(n int) string { return report(n) },
	}
}

func counted(format string, n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()[:n]
}

// nestedParts is as deep as is allowed, each level with its own boundary, and all the bytes within the last one.
func nestedParts(n int) string {
	var b strings.Builder
	b.WriteString("From: a@truong.example\r\n")
	for i := range 18 {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	b.WriteString("\r\n" + strings.Repeat("--b\r\n", n/5))
	return b.String()
}

func pictures(n int) string {
	var b strings.Builder
	b.WriteString("From: a@truong.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n" + strings.Repeat("cid:", n/4) + "\r\n")
	for i := range 190 {
		fmt.Fprintf(&b, "--b\r\nContent-Type: image/png\r\nContent-ID: <cid:cid:%d>\r\n\r\nx\r\n", i)
	}
	return b.String() + "--b--\r\n"
}

func report(n int) string {
	return "From: a@truong.example\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n" +
		strings.Repeat("Final-Recipient: rfc822; a\r\n\r\n", n/30) + "--b--\r\n"
}

// BenchmarkFloods reads each of them at the largest size that a mail may have.
func BenchmarkFloods(b *testing.B) {
	for name, flood := range floods() {
		b.Run(name, func(b *testing.B) {
			raw := []byte(flood(39 << 20))
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				_, _ = mime.Parse(raw, mime.Limits{})
			}
		})
	}
}

// What is too much is refused at once, and the error names what and where.
func TestFloodsNameTheLimit(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"parts":                "mime: the mail has more than 200 parts",
		"fields":               "mime: the mail's header is over the limit of 1048576 bytes",
		"uuencode files":       "mime: the mail has more than 200 parts (uuencode in part 1)",
		"content types":        "mime: the mail has more than 5000 fields in one header (header of part 2)",
		"header without end":   "mime: the mail's header is over the limit of 1048576 bytes",
		"nested signatures":    "",
		"nested parts":         "",
		"lost content type":    "mime: the mail has more than 200 parts",
		"parts without type":   "",
		"unindented":           "",
		"boundary in one line": "",
	} {
		_, err := mime.Parse([]byte(floods()[name](11<<20)), mime.Limits{}) // a million parts of eleven bytes
		if said := fmt.Sprint(err); said != want && (err != nil || want != "") {
			t.Errorf("%s: %q, not %q", name, said, want)
		}
	}
}

// largeMail has one attachment of n bytes in base64.
func largeMail(n int) []byte {
	line := strings.Repeat("QUJD", 19) + "\r\n"
	return []byte("From: a@truong.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nabc\r\n--b\r\n" +
		"Content-Disposition: attachment; filename=DS.xlsx\r\nContent-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat(line, n/57) + "--b--\r\n")
}

// Pain 17: a large attachment killed the fetcher, and the memory limit had to be raised again and again. Here a mail of the
// largest size costs its bytes and once more the attachment; one byte beyond is refused before anything is read, with the
// limit in the error.
func TestPain17BigAttachmentBoundedMemory(t *testing.T) {
	raw := largeMail(28 << 20)
	if len(raw) < 36<<20 {
		t.Fatalf("only %d bytes", len(raw))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	msg, err := mime.Parse(raw, mime.Limits{})
	runtime.ReadMemStats(&after)
	if err != nil || len(msg.Parts) != 1 || len(msg.Parts[0].Data) != 28<<20/57*57 {
		t.Fatalf("%v: %d parts", err, len(msg.Parts))
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > uint64(len(raw)) {
		t.Errorf("%d MB were allocated for a mail of %d MB", took>>20, len(raw)>>20)
	}
	_, err = mime.Parse(make([]byte, 40<<20+1), mime.Limits{})
	limit, ok := errors.AsType[*mime.LimitError](err)
	if !ok || limit.What != "size" || limit.Limit != 40<<20 {
		t.Errorf("%v", err)
	}
}

func BenchmarkBigAttachment(b *testing.B) {
	raw := largeMail(28 << 20)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := mime.Parse(raw, mime.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
