package app

import (
	"bytes"
	"testing"
	"time"

	"vanthu/bot/reply"
	"vanthu/mailer/compose"
	"vanthu/mailer/mime"
)

// A unit that sends the workbook of passwords back does not bring it into the archive.
func TestLocked(t *testing.T) {
	t.Parallel()
	writer := reply.New(reply.Office{}, nil, nil)
	sheet := reply.CredentialSheet{Accounts: []reply.Credential{{Code: "1", Password: []byte("x")}}}
	closed, err := writer.Credentials(sheet, "invented for this test")
	if err != nil {
		t.Fatal(err)
	}
	open, err := writer.UserNames(sheet)
	if err != nil {
		t.Fatal(err)
	}
	for want, data := range map[bool][]byte{true: closed, false: open} {
		m := compose.Mail{From: mime.Address{Address: "ctsv@truong.example"}, To: []mime.Address{{Address: "cntt@truong.example"}}, Subject: "x", MessageID: "<1@truong.example>", Date: time.Unix(1_800_000_000, 0), Text: "Đã nhận\n",
			Attachments: []compose.Attachment{{Name: "x.xlsx", Type: reply.XLSX, Data: data}}}
		raw, err := m.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		msg, err := mime.Parse(raw, mime.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		if locked(raw, msg) != want || bytes.Contains(spoken(msg), data[:100]) {
			t.Errorf("locked: %v", !want)
		}
	}
}
