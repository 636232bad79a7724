package signature_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"vanthu/mailer/signature"
	"vanthu/mailer/signature/signaturetest"
)

var writeSeeds = flag.Bool("seeds", false, "sign the seeds of the fuzz targets anew")

// signedText is what Lan signed in every seed.
const signedText = "Content-Type: text/plain\r\n\r\nMot thu khac.\r\n"

// TestSeeds holds that the seeds are what they are taken for. They stand in files: keys made at run time would give every
// worker other ones.
func TestSeeds(t *testing.T) {
	if *writeSeeds {
		lan := signaturetest.Authority(t, "CA ví dụ").Issue(t, "Nguyễn Thị Lan", "ctsv@truong.example", nil)
		file := lan.PDF(t, signaturetest.Page("BAN DE NGHI"), signaturetest.Options{})
		for name, data := range map[string][]byte{
			"lan.cer": lan.Cert.Raw, "detached.p7s": lan.CMS(t, []byte(signedText), signaturetest.Options{}),
			"named.p7s":  lan.CMS(t, []byte(signedText), signaturetest.Options{Names: &lan}),
			"bare.p7s":   lan.CMS(t, []byte(signedText), signaturetest.Options{NoAttributes: true}),
			"opaque.p7m": lan.CMS(t, []byte(signedText), signaturetest.Options{Opaque: true}),
			"pieces.p7m": lan.CMS(t, []byte(signedText), signaturetest.Options{Opaque: true, Indefinite: true}),
			"signed.pdf": file, "updated.pdf": update(file), "twice.pdf": lan.PDF(t, file, signaturetest.Options{}),
		} {
			if err := os.WriteFile(filepath.Join("testdata", name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, want := range map[string]signature.Fault{"detached.p7s": "", "named.p7s": "", "bare.p7s": signature.Unknown} {
		if got := signature.InMail([]byte(signedText), seed(t, name), true); len(got) != 1 || got[0].Fault != want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := signature.InPDF("x", seed(t, "signed.pdf")); len(got) != 1 || got[0].Fault != "" || !got[0].Whole {
		t.Errorf("%+v", got)
	}
}

func seed(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// FuzzMail lets the sender write content and CMS object: nothing may be taken for a signature of Lan but the text that she signed.
func FuzzMail(f *testing.F) {
	lan := seed(f, "lan.cer")
	for _, name := range []string{"detached.p7s", "named.p7s", "bare.p7s"} {
		f.Add([]byte(signedText), seed(f, name))
	}
	for _, name := range []string{"opaque.p7m", "pieces.p7m"} {
		f.Add([]byte(nil), seed(f, name))
	}
	lines := func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")) }
	f.Fuzz(func(t *testing.T, content, object []byte) {
		if len(content) == 0 {
			content = nil
		}
		for _, s := range signature.InMail(content, object, true) {
			if s.Fault != signature.Intact || !bytes.Equal(s.Certificates[0], lan) {
				continue
			}
			if content != nil && !bytes.Equal(lines(content), lines([]byte(signedText))) {
				t.Errorf("Lan is said to have signed %q", content)
			}
			if content == nil && !bytes.Contains(object, []byte("Mot thu khac.")) {
				t.Error("Lan is said to have signed what is not there")
			}
		}
	})
}

// FuzzPDF lets a file be anything: what is whole and of Lan is the file that she signed.
func FuzzPDF(f *testing.F) {
	lan, file, twice := seed(f, "lan.cer"), seed(f, "signed.pdf"), seed(f, "twice.pdf")
	f.Add(file)
	f.Add(twice)
	f.Add(seed(f, "updated.pdf"))
	f.Add([]byte("%PDF-1.7 /ByteRange [0 1 3 4] <>"))
	gap := bytes.Index(file, []byte("/Contents <")) + len("/Contents <")
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = signature.MaySign(data)
		for _, s := range signature.InPDF("x.pdf", data) {
			if s.Fault != signature.Intact || !s.Whole || !bytes.Equal(s.Certificates[0], lan) {
				continue
			}
			if !bytes.HasPrefix(data, file[:gap]) {
				t.Error("a changed file is whole")
			}
		}
	})
}
