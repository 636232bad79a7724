package app_test

import (
	"bytes"
	"context"
	"fmt"
	"mime"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vanthu/bot/alarm"
	"vanthu/bot/store/storetest"
)

// The table of accounts is away when vanthu starts: it starts, answers what needs no table, and a list waits for the alarm of every list
// that waits. When the table is back the list is answered, and nobody had to do anything.
func TestPlatformIsAwayAtTheStart(t *testing.T) {
	t.Parallel()
	table, password := usersTable(t)
	lies := newCable(t, table.Host)
	lies.set(true)
	table.Host = lies.Addr().String()
	s := newSilentOn(t, fmt.Sprintf("platform = \"passwd\"\ndomain = \"sv.truong.example\"\n[accounts.passwd]\nurl = %q\npassword_file = %q\ntimeout = \"5s\"", table, password),
		"mail_age = \"2s\"")
	s.post("Xin mẫu", "text/plain", "Cho em xin mẫu BM-CNTT31 ạ.")
	s.post("Danh sách", "text/csv; name=ds.csv", "DANH SÁCH ĐỀ NGHỊ CẤP TÀI KHOẢN EMAIL\nStt,Mã số SV/HV,Họ và tên,Lớp,Khóa,Ghi chú\n1,2153010001,Nguyễn Văn An,YA K47,K47,Lớp trưởng\n")
	s.hear(alarm.Raised, alarm.Judging, "late")
	if letters := s.letters(1); !bytes.Contains(letters[0], []byte("BM-CNTT31 Danh sach.xlsx")) {
		t.Errorf("while the table is away the unit got\n%s", letters[0])
	}
	lies.set(false)
	s.letters(2)
	s.hear(alarm.Cleared, alarm.Judging, "")
}

// usersTable is a database with the table of docs/operations.md: its URL, and the file with the password.
func usersTable(t *testing.T) (*url.URL, string) {
	t.Helper()
	dsn := storetest.Postgres(t).URL(t)
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), `CREATE TABLE users (address text NOT NULL, password text NOT NULL, active boolean NOT NULL DEFAULT true, name text NOT NULL DEFAULT '',
		code text, marker text NOT NULL DEFAULT ''); CREATE UNIQUE INDEX ON users (lower(address)); CREATE UNIQUE INDEX ON users (lower(code))`); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	word, ok := u.User.Password()
	if !ok {
		word = "invented" // this server asks for none, the configuration does
	}
	u.User = url.User(u.User.Username())
	file := filepath.Join(t.TempDir(), "pw")
	if err := os.WriteFile(file, []byte(word), 0o600); err != nil {
		t.Fatal(err)
	}
	return u, file
}

// post puts a mail of the unit into the mailbox, as its mail server would.
func (s *silent) post(subject, kind, body string) {
	s.t.Helper()
	raw := fmt.Sprintf("Authentication-Results: mail.truong.example; auth=pass smtp.auth=ctsv@truong.example\r\nReceived: from pc by mail.truong.example with ESMTPSA; Thu, 26 Nov 2026 02:00:00 +0000\r\n"+
		"From: ctsv@truong.example\r\nTo: cntt@truong.example\r\nDate: %s\r\nMessage-ID: <%d@truong.example>\r\nMIME-Version: 1.0\r\nSubject: %s\r\nContent-Type: %s; charset=utf-8\r\n\r\n%s\r\n",
		time.Now().Format(time.RFC1123Z), time.Now().UnixNano(), mime.BEncoding.Encode("utf-8", subject), kind, strings.ReplaceAll(body, "\n", "\r\n"))
	if err := s.mail.Deliver("cntt@truong.example", "INBOX", []byte(raw)); err != nil {
		s.t.Fatal(err)
	}
}

// letters waits until the unit has n.
func (s *silent) letters(n int) [][]byte {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 60*time.Second)
	defer cancel()
	letters, err := s.mail.Wait(ctx, "ctsv@truong.example", "INBOX", n)
	if err != nil {
		s.t.Fatal(err)
	}
	return letters
}
