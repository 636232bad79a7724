//go:build e2e

package e2e

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"vanthu/mailer/compose"
)

// Whatever a unit attaches, it gets a kind answer that names the file, and the next mail is served.
func TestBadInput(t *testing.T) {
	w := newWorld(t, "sqlite")
	serve := w.serve()
	unit, inbox := w.courier(ctsv), w.mailbox(ctsv)
	good := workbook(t, people(100, 3))
	letters := compose.Attachment{Name: "Bản đề nghị.docx", Type: docxType, Data: letter(t, "PHÒNG CÔNG TÁC SINH VIÊN")}
	for i, c := range []struct {
		name  string // of the bad list
		data  []byte
		rules string // one of these stands in the answer
	}{
		{"rỗng.xlsx", nil, "ENV-07"},
		{"cắt ngang.xlsx", good[:len(good)/2], "ENV-07"},
		{"có mật khẩu.xlsx", encrypted(t, good), "ENV-06"},
		{"bom.xlsx", bomb(t), "ENV-07"},
		{"ảnh.jpg", append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00"), bytes.Repeat([]byte{7}, 4000)...), "ENV-13 ENV-04"},
		{"lạ.7z", append([]byte("7z\xbc\xaf\x27\x1c"), bytes.Repeat([]byte{9}, 3000)...), "ENV-04"},
		{"chỉ tiêu đề.xlsx", workbook(t, nil), "LST-05"},
		{"không tiêu đề.xlsx", noHeader(t), "LST-01 LST-05"},
	} {
		m := request(t, ctsv, fmt.Sprintf("bad%d", i), nil)
		m.Attachments = []compose.Attachment{letters, {Name: c.name, Type: "application/octet-stream", Data: c.data}}
		unit.send(m)
		w.await("an answer about "+c.name, 30*time.Second, func() bool { return inbox.count("INBOX") == i+1 })
		told := inbox.mails("INBOX")[i]
		named := false
		for _, rule := range strings.Fields(c.rules) {
			named = named || strings.Contains(told.Text, rule)
		}
		if !named || !strings.Contains(told.Text, c.name) && !strings.HasPrefix(c.rules, "LST") {
			t.Errorf("the answer about %s does not name the file and %s:\n%s", c.name, c.rules, told.Text)
		}
	}

	// A mail over the limit, and one of a thousand parts: the MTA let them in, the unit is told the limit.
	box := w.mailbox(service)
	told := inbox.count("INBOX")
	for i, raw := range [][]byte{oversize(), manyParts()} {
		box.append("INBOX", append([]byte("Return-Path: <ctsv@truong.example>\r\nAuthentication-Results: mail.truong.example; auth=pass smtp.auth=ctsv@truong.example\r\n"+
			"Received: from localhost by mail.truong.example with ESMTPSA; Sat, 21 Nov 2026 08:00:00 +0700\r\n"), raw...))
		w.await("an answer about a limit", 60*time.Second, func() bool { return inbox.count("INBOX") == told+i+1 })
		if m := inbox.mails("INBOX")[told+i]; !strings.Contains(m.Text, []string{"40 MB", "200"}[i]) {
			t.Errorf("the limit is not named:\n%s", m.Text)
		}
	}

	unit.send(request(t, ctsv, "after", people(100, 3)))
	w.await("the next good mail", 30*time.Second, func() bool { return inbox.count("INBOX") == told+3 })
	if m := inbox.mails("INBOX")[told+2]; !strings.Contains(m.Subject, "Đã tiếp nhận") {
		t.Errorf("the good mail was answered %q", m.Subject)
	}
	if box.count("INBOX") != 0 || box.count("Quarantine") != 0 {
		t.Errorf("%d mails in the inbox, %d in quarantine, want none", box.count("INBOX"), box.count("Quarantine"))
	}
	if mb := serve.memory(t, "VmHWM"); mb > 256 {
		t.Errorf("serve took %.0f MB", mb)
	}
}

func encrypted(t *testing.T, data []byte) []byte {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out bytes.Buffer
	if err := f.Write(&out, excelize.Options{Password: "invented"}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// bomb is a workbook whose sheet unpacks to 300 MB of blanks.
func bomb(t testing.TB) []byte {
	t.Helper()
	original, err := zip.NewReader(bytes.NewReader(workbook(t, people(1, 1))), int64(len(workbook(t, people(1, 1)))))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range original.File {
		if !strings.HasSuffix(f.Name, "sheet1.xml") {
			if err := z.Copy(f); err != nil {
				t.Fatal(err)
			}
			continue
		}
		part, err := z.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		blank := bytes.Repeat([]byte(" "), 1<<20)
		for range 300 {
			if _, err := part.Write(blank); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func noHeader(t *testing.T) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, p := range people(100, 4) {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &[]any{p.code, p.name, p.class}); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func head(id string) string {
	return "From: ctsv@truong.example\r\nTo: cntt@truong.example\r\nSubject: Danh sach\r\nMessage-ID: <" + id + "@truong.example>\r\nMIME-Version: 1.0\r\n"
}

func oversize() []byte {
	var b bytes.Buffer
	b.WriteString(head("oversize") + "Content-Type: application/octet-stream; name=ds.xlsx\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	line := strings.Repeat("QUJD", 19) + "\r\n"
	for b.Len() < 42<<20 {
		b.WriteString(line)
	}
	return b.Bytes()
}

func manyParts() []byte {
	var b bytes.Buffer
	b.WriteString(head("parts") + "Content-Type: multipart/mixed; boundary=x\r\n\r\n")
	for i := range 1000 {
		fmt.Fprintf(&b, "--x\r\nContent-Type: text/plain; name=%d.txt\r\n\r\nmột\r\n", i)
	}
	b.WriteString("--x--\r\n")
	return b.Bytes()
}
