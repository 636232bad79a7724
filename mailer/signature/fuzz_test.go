package signature_test

import (
	"bytes"
	"testing"

	"vanthu/mailer/signature"
	"vanthu/mailer/signature/signaturetest"
)

// FuzzMail lets the sender write content and CMS object: nothing may be taken for a signature of somebody whose key he has
// not. The seeds are real signatures of Lan over another content; what is intact must be that content.
func FuzzMail(f *testing.F) {
	ca := signaturetest.Authority(f, "CA ví dụ")
	lan := ca.Issue(f, "Nguyễn Thị Lan", "ctsv@truong.example", nil)
	const signed = "Content-Type: text/plain\r\n\r\nMot thu khac.\r\n"
	for _, o := range []signaturetest.Options{{}, {Indefinite: true}, {Names: &lan}, {NoAttributes: true}} {
		f.Add([]byte(signed), lan.CMS(f, []byte(signed), o))
		o.Opaque = true
		f.Add([]byte(nil), lan.CMS(f, []byte(signed), o))
	}
	f.Fuzz(func(t *testing.T, content, object []byte) {
		if len(content) == 0 {
			content = nil
		}
		for _, s := range signature.InMail(content, object, true) {
			if s.Fault != signature.Intact || len(s.Certificates) == 0 || !bytes.Equal(s.Certificates[0], lan.Cert.Raw) {
				continue
			}
			if content != nil && !bytes.Equal(bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n")), bytes.ReplaceAll([]byte(signed), []byte("\r\n"), []byte("\n"))) {
				t.Errorf("Lan is said to have signed %q", content)
			}
			if content == nil && !bytes.Contains(object, []byte("Mot thu khac.")) {
				t.Errorf("Lan is said to have signed what is not there")
			}
		}
	})
}

// FuzzPDF lets a file be anything: nothing panics, and what is whole and intact is the file that was signed.
func FuzzPDF(f *testing.F) {
	lan := signaturetest.Authority(f, "CA ví dụ").Issue(f, "Nguyễn Thị Lan", "ctsv@truong.example", nil)
	file := lan.PDF(f, signaturetest.Page("BAN DE NGHI"), signaturetest.Options{})
	f.Add(file)
	f.Add(update(file))
	f.Add(lan.PDF(f, file, signaturetest.Options{}))
	f.Add([]byte("%PDF-1.7 /ByteRange [0 1 3 4] <>"))
	at := bytes.Index(file, []byte("/Contents <")) + len("/Contents <")
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = signature.MaySign(data)
		for _, s := range signature.InPDF("x.pdf", data) {
			if s.Fault != signature.Intact || !s.Whole {
				continue
			}
			if len(data) == len(file) && !bytes.Equal(data[:at], file[:at]) {
				t.Error("a changed file is whole")
			}
		}
	})
}
