package intake_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/desk"
	"vanthu/bot/intake"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
	"vanthu/mailer/inbox"
	"vanthu/mailer/mime"
	"vanthu/mailer/trust"
	"vanthu/parser"
)

const (
	ctsv, dtsdh, stranger = "ctsv@truong.example", "dtsdh@truong.example", "ctsv@evil.example"
	service               = "cntt@truong.example"
)

var units = []bot.Unit{
	{ID: "CTSV", Name: "Phòng Công tác sinh viên", Addresses: []string{ctsv}},
	{ID: "DTSDH", Name: "Phòng Đào tạo sau đại học", Addresses: []string{dtsdh}},
}

var folders = intake.Folders{Done: "Done", Returned: "Returned", Ignored: "Ignored", Quarantine: "Quarantine"}

// world is an intake on a real database with the real desk. The platform, the rules and the letters are doubles.
type world struct {
	t        *testing.T
	db       *store.DB
	in       *intake.Intake
	desk     *desk.Desk
	uid      uint32
	platform func(codes []string) ([]bot.Existing, error)
	judging  func(codes []string) // called while a request is judged, outside any transaction; nil: nothing
}

func newWorld(t *testing.T, db *store.DB) *world {
	t.Helper()
	w := &world{t: t, db: db}
	w.desk = &desk.Desk{DB: db, Units: units, Platform: "file", Compose: compose,
		StepDue: func(_ bot.Case, _ bot.StepID, from time.Time) time.Time { return from.AddDate(0, 0, 1) },
		Promise: promise,
		Names: desk.Naming{Nth: func(r bot.NameRow, _ int) (string, string, error) {
			return strings.ToLower(r.Code), strings.ToLower(r.Code) + "@sv.truong.example", nil
		}}}
	w.in = &intake.Intake{
		DB: db, Units: units, Service: service, Plus: "+", Trust: trust.Policy{AuthservID: "mail.truong.example", Domains: []string{"truong.example"}},
		MIME: mime.DefaultLimits(), Files: intake.InProcess(parser.DefaultLimits()), Folders: folders, Logger: slog.New(slog.DiscardHandler),
		Accounts: func(_ context.Context, codes, _ []string) ([]bot.Existing, error) {
			if w.platform == nil {
				return nil, nil
			}
			return w.platform(codes)
		},
		Codes: codesOf, Judge: w.judge, Compose: compose, Reopen: w.desk.Reopen, Edition: func(time.Time) string { return "01" }, Promise: promise,
		Progress: func(context.Context, *store.Tx, bot.Case) (bot.Progress, error) { return bot.Progress{}, nil },
		Confirm: func(ctx context.Context, tx *store.Tx, c bot.Case, said intake.Said, by bot.Unit, mailID int64) error {
			for word, meant := range map[desk.Said]bool{desk.SaidAcceptPart: said.AcceptGoodRows, desk.SaidWithdraw: said.Withdraw} {
				if meant {
					return w.desk.Confirm(ctx, tx, c, word, by, mailID)
				}
			}
			return bot.Errorf(bot.Conflict, "not clear")
		},
	}
	w.in.Receipt = w.desk.Receipt
	return w
}

func promise(_ bot.Case, from time.Time) bot.Promise {
	return bot.Promise{Accounts: from.AddDate(0, 0, 30)}
}

func compose(a bot.Answer) (store.Letter, error) {
	return store.Letter{Step: a.Step, MessageID: "<" + strings.ReplaceAll(a.Step, " ", ".") + "@truong.example>", Token: bot.NewToken(), Kind: string(a.Kind), CaseID: a.Case.ID,
		MailID: a.Case.MailID, To: a.Unit.Addresses[0], Subject: a.Case.Number, Raw: []byte(a.Step)}, nil
}

func codesOf(sub parser.Submission) []string {
	var codes []string
	for _, r := range sub.Rows {
		codes = append(codes, r.Code.Text)
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// judge is a small office: a code has ten digits and is known to nobody.
func (w *world) judge(r intake.Reading, unit bot.Unit, _ bot.Case, known map[string][]bot.Existing, _ time.Time) bot.Request {
	if w.judging != nil {
		w.judging(codesOf(r.Submission))
	}
	q := bot.Request{Kind: r.Kind, Unit: unit.ID, UnitName: unit.Name, Action: bot.Queue}
	if r.Doubt != intake.NoDoubt {
		q.Action = bot.Human
		return q
	}
	for _, f := range r.Submission.Files {
		q.ListFiles = append(q.ListFiles, f.Name)
	}
	for i, row := range r.Submission.Rows {
		code := row.Code.Text
		good := len(code) == 10 && len(known[code]) == 0
		q.Rows = append(q.Rows, bot.Row{N: i + 1, Code: code, Name: row.Name.Text, OK: good})
		if !good {
			q.Findings = append(q.Findings, bot.Finding{Rule: "ROW-02", Severity: bot.RejectRow, N: i + 1, Value: code})
			q.Action = bot.QueueWithDefects
		}
	}
	switch {
	case len(q.Rows) == 0:
		q.Action = bot.AskSender
		q.Findings = append(q.Findings, bot.Finding{Rule: "FRM-01", Severity: bot.RejectRequest})
	case q.Good() == 0:
		q.Action = bot.Return
	}
	return q
}

// A letter is a mail of a test.
type letter struct {
	from, login, id, subject, text string
	header                         string   // further fields, each with CRLF
	refers                         string   // In-Reply-To
	codes                          []string // a list is attached
	via                            string   // written into Received, so that the bytes differ
	signed                         bool     // the letter of BM-CNTT31 is attached
	proof                          string   // results of our mail server, "dkim=pass header.d=…"
	to                             string   // the address that it is sent to; "": the service's
}

func (l letter) raw() []byte {
	if l.login == "" {
		l.login = l.from
	}
	if l.subject == "" {
		l.subject = "De nghi cap tai khoan email"
	}
	if l.to == "" {
		l.to = service
	}
	var b bytes.Buffer
	if l.login != "none" {
		fmt.Fprintf(&b, "Authentication-Results: mail.truong.example; auth=pass smtp.auth=%s\r\n", l.login)
	}
	if l.proof != "" {
		fmt.Fprintf(&b, "Authentication-Results: mail.truong.example; %s\r\n", l.proof)
	}
	fmt.Fprintf(&b, "Received: from pc17 by mail.truong.example with ESMTPSA id %s; Sat, 21 Nov 2026 22:03:35 +0000\r\nFrom: <%s>\r\nTo: <%s>\r\nSubject: %s\r\n", l.via+"1", l.from, l.to, l.subject)
	if l.id != "" {
		fmt.Fprintf(&b, "Message-ID: %s\r\n", l.id)
	}
	if l.refers != "" {
		fmt.Fprintf(&b, "In-Reply-To: %s\r\n", l.refers)
	}
	b.WriteString(l.header + "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + l.text + "\r\n")
	if l.codes != nil {
		b.WriteString("--x\r\nContent-Type: application/octet-stream; name=ds.xlsx\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
			base64.StdEncoding.EncodeToString(workbook(l.codes)) + "\r\n")
	}
	if l.signed {
		b.WriteString("--x\r\nContent-Type: application/octet-stream; name=bm.docx\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
			base64.StdEncoding.EncodeToString(document("ĐƠN VỊ: PHÒNG CÔNG TÁC SINH VIÊN", "BẢN ĐỀ NGHỊ", "Về việc cấp tài khoản email",
				"Kính gửi: Phòng Công nghệ Thông tin", "Lý do cấp email: nhập học", "Đề nghị cấp mới tài khoản email theo danh sách đính kèm.", "Thủ trưởng đơn vị")) + "\r\n")
	}
	b.WriteString("--x--\r\n")
	return b.Bytes()
}

// document is a Word file with these paragraphs.
func document(paragraphs ...string) []byte {
	var body strings.Builder
	for _, p := range paragraphs {
		fmt.Fprintf(&body, `<w:p><w:r><w:t>%s</w:t></w:r></w:p>`, p)
	}
	return zipped([][2]string{
		{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`},
		{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`},
		{"word/document.xml", `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>` + body.String() + `</w:body></w:document>`},
	})
}

// workbook is a list with these student codes.
func workbook(codes []string) []byte {
	var rows strings.Builder
	line := func(n int, cells ...string) {
		fmt.Fprintf(&rows, `<row r="%d">`, n)
		for i, c := range cells {
			fmt.Fprintf(&rows, `<c r="%c%d" t="inlineStr"><is><t>%s</t></is></c>`, 'A'+i, n, c)
		}
		rows.WriteString("</row>")
	}
	line(1, "STT", "Mã số SV/HV", "Họ và tên", "Lớp", "Khóa", "Ghi chú")
	for i, code := range codes {
		line(i+2, fmt.Sprint(i+1), code, "Nguyễn Văn An", "YK48", "48", "")
	}
	return zipped([][2]string{
		{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`},
		{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="DS" sheetId="1" r:id="rId1"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`},
		{"xl/worksheets/sheet1.xml", `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>` + rows.String() + `</sheetData></worksheet>`},
	})
}

func zipped(files [][2]string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		out, err := z.Create(f[0])
		if err == nil {
			_, err = out.Write([]byte(f[1]))
		}
		if err != nil {
			panic(err)
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// arrive puts mails into the journal as the mailbox gives them, and returns their ids.
func (w *world) arrive(raws ...[]byte) []int64 {
	w.t.Helper()
	var batch []inbox.Delivery
	for _, raw := range raws {
		w.uid++
		batch = append(batch, inbox.Delivery{Mailbox: "INBOX", UIDValidity: 7, UID: w.uid, InternalDate: time.UnixMicro(1_800_000_000_000_000), Size: int64(len(raw)), Raw: raw})
	}
	if err := w.in.Store(w.t.Context(), batch); err != nil {
		w.t.Fatal(err)
	}
	all := w.mails()
	var ids []int64
	for _, m := range all[len(all)-len(raws):] {
		ids = append(ids, m.ID)
	}
	return ids
}

// takes lets a mail arrive, judges it and returns its line of the journal.
func (w *world) takes(l letter) store.Mail {
	w.t.Helper()
	id := w.arrive(l.raw())[0]
	if err := w.in.Mail(w.t.Context(), id); err != nil {
		w.t.Fatal(err)
	}
	return w.mail(id)
}

func (w *world) mail(id int64) store.Mail {
	w.t.Helper()
	return look(w, func(ctx context.Context, tx *store.Tx) (store.Mail, error) { return tx.Mail(ctx, id) })
}

func (w *world) mails() []store.Mail {
	w.t.Helper()
	return look(w, func(ctx context.Context, tx *store.Tx) ([]store.Mail, error) { return tx.Mails(ctx, "") })
}

func (w *world) cases() []bot.Case {
	w.t.Helper()
	return look(w, func(ctx context.Context, tx *store.Tx) ([]bot.Case, error) { return tx.Cases(ctx, "") })
}

func (w *world) letters() []store.Letter {
	w.t.Helper()
	return look(w, func(ctx context.Context, tx *store.Tx) ([]store.Letter, error) { return tx.Letters(ctx, 0) })
}

// answers lists the kinds of the letters in the outbox.
func (w *world) answers() []string {
	w.t.Helper()
	var kinds []string
	for _, l := range w.letters() {
		kinds = append(kinds, l.Kind)
	}
	return kinds
}

func (w *world) codes(c bot.Case) []string {
	w.t.Helper()
	var codes []string
	for _, r := range look(w, func(ctx context.Context, tx *store.Tx) ([]bot.CaseRow, error) { return tx.Rows(ctx, c.ID) }) {
		codes = append(codes, r.Code)
	}
	return codes
}

func look[T any](w *world, f func(ctx context.Context, tx *store.Tx) (T, error)) T {
	w.t.Helper()
	return storetest.Read(w.t, w.db, f)
}

// onBoth runs a test on SQLite and, where it is installed, on PostgreSQL.
func onBoth(t *testing.T, test func(t *testing.T, w *world)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) { test(t, newWorld(t, db)) })
}

var errCut = errors.New("cut off")

func (w *world) events() []bot.Event {
	w.t.Helper()
	return look(w, func(ctx context.Context, tx *store.Tx) ([]bot.Event, error) { return tx.Events(ctx, 0) })
}
