package app

import (
	"bytes"
	"fmt"
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
		m.Attachments = []compose.Attachment{{Name: "thư.eml", Type: "application/octet-stream", Data: raw}} // forwarded as a file
		outer, err := m.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		if msg, err = mime.Parse(outer, mime.DefaultLimits()); err != nil || locked(outer, msg) != want {
			t.Errorf("in a mail of its own, locked: %v, %v", !want, err)
		}
		report := fmt.Appendf(nil, "From: mailer-daemon@truong.example\r\nTo: cntt@truong.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"+
			"--b\r\n\r\nKhông gửi được.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; ctsv@truong.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"+
			"--b\r\nContent-Type: message/rfc822\r\n\r\n%s\r\n--b--\r\n", raw)
		if msg, err = mime.Parse(report, mime.DefaultLimits()); err != nil || locked(report, msg) != want {
			t.Errorf("in a delivery report, locked: %v, %v", !want, err)
		}
	}
}
