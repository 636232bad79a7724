package mime

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
)

// der writes an element with its length; pieces writes one without.
func der(tag byte, content ...[]byte) []byte {
	all := bytes.Join(content, nil)
	if len(all) < 0x80 {
		return append([]byte{tag, byte(len(all))}, all...)
	}
	return append([]byte{tag, 0x82, byte(len(all) >> 8), byte(len(all))}, all...)
}

func pieces(tag byte, content ...[]byte) []byte {
	return bytes.Join([][]byte{{tag, 0x80}, bytes.Join(content, nil), {0, 0}}, nil)
}

const signedText = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nKính gửi\r\n--b\r\nContent-Disposition: attachment; filename=ds.csv\r\n\r\na,b\r\n--b--\r\n"

func signedData(write func(tag byte, content ...[]byte) []byte, octets []byte) []byte {
	encapsulated := write(tagSequence, der(tagOID, oidData), write(tagContext0, octets))
	signed := write(tagSequence, der(2, []byte{1}), der(0x31), encapsulated, der(0x31))
	return write(tagSequence, der(tagOID, oidSignedData), write(tagContext0, signed))
}

// What is signed in one piece with its signature is read like any other mail.
func TestSignedContent(t *testing.T) {
	t.Parallel()
	text := []byte(signedText)
	for name, data := range map[string][]byte{
		"with lengths":    signedData(der, der(tagOctets, text)),
		"without lengths": signedData(pieces, pieces(tagOctets|constructed, der(tagOctets, text[:40]), der(tagOctets, text[40:]))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for cut := range len(data) { // never more than was there
				if content, ok := signedContent(data[:cut]); ok && !bytes.HasPrefix(text, content) {
					t.Errorf("cut at %d: %q", cut, content)
				}
			}
			mail := "From: a@truong.example\r\nContent-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(data)
			msg, err := Parse([]byte(mail), Limits{})
			if err != nil || len(msg.Parts) != 1 || msg.Parts[0].Name != "ds.csv" || strings.TrimSpace(msg.Text) != "Kính gửi" {
				t.Errorf("%v: %+v", err, msg)
			}
		})
	}
	for name, data := range map[string][]byte{
		"encrypted":      der(tagSequence, der(tagOID, []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03}), der(tagContext0, der(tagSequence))),
		"detached":       signedData(der, nil),
		"nothing":        nil,
		"text":           []byte("Kính gửi"),
		"a deep tower":   bytes.Repeat([]byte{tagSequence, 0x80}, 10_000),
		"endless length": {tagSequence, 0x84, 0xff, 0xff, 0xff, 0xff, 0x06},
	} {
		if content, ok := signedContent(data); ok {
			t.Errorf("%s: %q", name, content)
		}
	}
}

// Signatures in signatures end at the limit of depth.
func TestSignedManyTimes(t *testing.T) {
	t.Parallel()
	mail := []byte("\r\nx")
	for range 30 {
		mail = append([]byte("Content-Type: application/pkcs7-mime\r\n\r\n"), signedData(pieces, der(tagOctets, mail))...)
	}
	if _, err := Parse(append([]byte("From: a@truong.example\r\n"), mail...), Limits{}); err == nil {
		t.Error("no limit")
	}
}

func FuzzSignedContent(f *testing.F) {
	f.Add(signedData(der, der(tagOctets, []byte(signedText))))
	f.Add(signedData(pieces, pieces(tagOctets|constructed, der(tagOctets, []byte("a")), der(tagOctets, []byte("b")))))
	f.Fuzz(func(t *testing.T, data []byte) {
		if content, ok := signedContent(data); ok && len(content) > len(data) {
			t.Errorf("%d bytes of %d", len(content), len(data))
		}
	})
}
