//go:build e2e

package e2e

import (
	"archive/zip"
	"bytes"
	"crypto/tls"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/go-ldap/ldap/v3"
	"github.com/xuri/excelize/v2"

	"vanthu/mailer/compose"
	"vanthu/mailer/mime"
)

// person is one line of a list.
type person struct{ code, name, class, cohort, note string }

// people invents n students with codes from first on.
func people(first, n int) []person {
	names := []string{"Nguyễn Văn An", "Trần Thị Bích Đào", "Lê Hoàng Đăng Khoa", "Phạm Thị Hoà", "Võ Ngọc Quý", "H'Hen Niê", "Thạch Sa Rây", "Ðặng Đức Đạt"}
	var all []person
	for i := range n {
		note := ""
		if i == 0 {
			note = "Lớp trưởng"
		}
		all = append(all, person{fmt.Sprintf("24530%05d", first+i), names[(first+i)%len(names)] + letters(first+i), "YBK50", "K50", note})
	}
	return all
}

// letters gives each number a name of its own.
func letters(i int) string {
	syllables := []string{"Anh", "Bảo", "Chi", "Dung", "Giang", "Hà", "Khang", "Lan", "Minh", "Nga"}
	return " " + syllables[i/10%10] + " " + syllables[i%10]
}

func workbook(t testing.TB, list []person) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	set := func(cell string, row []any) {
		if err := f.SetSheetRow("Sheet1", cell, &row); err != nil {
			t.Fatal(err)
		}
	}
	set("A1", []any{"DANH SÁCH ĐỀ NGHỊ CẤP TÀI KHOẢN EMAIL"})
	set("A3", []any{"Stt", "Mã số SV/HV", "Họ và tên", "Lớp", "Khóa", "Ghi chú"})
	for i, p := range list {
		set(fmt.Sprintf("A%d", i+4), []any{i + 1, p.code, p.name, p.class, p.cohort, p.note})
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// letter is a BM-CNTT31 in Word's format.
func letter(t testing.TB, unit string) []byte {
	t.Helper()
	paragraphs := []string{"TRƯỜNG ĐẠI HỌC Y DƯỢC VÍ DỤ", "ĐƠN VỊ: " + unit, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập – Tự do – Hạnh phúc",
		"Cần Thơ, ngày 10 tháng 11 năm 2026", "BẢN ĐỀ NGHỊ", "Về việc cấp tài khoản email", "Kính gửi: Phòng Công nghệ Thông tin",
		"Lý do cấp email: Bổ sung tài khoản cho sinh viên nhập học", "Đề nghị Phòng CNTT cấp mới tài khoản email cho sinh viên theo danh sách đính kèm.",
		"Trân trọng.", "Thủ trưởng đơn vị", "Nguyễn Thị Thu Hà"}
	return wordFile(t, paragraphs)
}

// wordFile is a file of Word with these paragraphs.
func wordFile(t testing.TB, paragraphs []string) []byte {
	t.Helper()
	var body strings.Builder
	for _, p := range paragraphs {
		fmt.Fprintf(&body, `<w:p><w:r><w:t xml:space="preserve">%s</w:t></w:r></w:p>`, p)
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, text := range map[string]string{
		"[Content_Types].xml": `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`,
		"_rels/.rels":         `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`,
		"word/document.xml":   `<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>` + body.String() + `</w:body></w:document>`,
	} {
		part, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const (
	xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	docxType = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
)

// request is a unit's mail with letter and list.
func request(t testing.TB, from, id string, list []person) compose.Mail {
	unit := map[string]string{ctsv: "PHÒNG CÔNG TÁC SINH VIÊN", dtsdh: "PHÒNG ĐÀO TẠO SAU ĐẠI HỌC"}[from]
	return compose.Mail{From: mime.Address{Name: unit, Address: from}, To: []mime.Address{{Address: service}}, Subject: "Đề nghị cấp tài khoản email",
		MessageID: "<" + id + "@" + strings.SplitN(from, "@", 2)[1] + ">", Date: time.Now(), Text: "Kính gửi Phòng CNTT,\nĐơn vị gửi bản đề nghị và danh sách kèm theo.\n",
		Attachments: []compose.Attachment{{Name: "Bản đề nghị.docx", Type: docxType, Data: letter(t, unit)}, {Name: "Danh sách.xlsx", Type: xlsxType, Data: workbook(t, list)}}}
}

// answer is a unit's reply to one of our letters.
func answer(from string, to *mime.Message, id, text string) compose.Mail {
	return compose.Mail{From: mime.Address{Address: from}, To: []mime.Address{{Address: service}}, Subject: "Re: " + to.Subject, MessageID: "<" + id + "@truong.example>",
		InReplyTo: to.ID, References: append(to.References, to.ID), Date: time.Now(), Text: text}
}

// courier is a kept submission connection of one sender.
type courier struct {
	t      testing.TB
	client *smtp.Client
	from   string
}

func (w *world) courier(from string) *courier {
	w.t.Helper()
	client, err := smtp.DialStartTLS(os.Getenv("VANTHU_CI_SUBMISSION"), w.tls())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = client.Close() })
	if err := client.Auth(sasl.NewPlainClient("", from, w.password)); err != nil {
		w.t.Fatal(err)
	}
	return &courier{t: w.t, client: client, from: from}
}

func (c *courier) send(m compose.Mail) {
	c.t.Helper()
	raw, err := m.Bytes()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.client.SendMail(c.from, []string{service}, bytes.NewReader(raw)); err != nil {
		c.t.Fatal(err)
	}
}

// receive hands a mail to the MX port, as a stranger's server does.
func (w *world) receive(from string, m compose.Mail) {
	w.t.Helper()
	raw, err := m.Bytes()
	if err != nil {
		w.t.Fatal(err)
	}
	client, err := smtp.Dial(os.Getenv("VANTHU_CI_MX"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer client.Close()
	if err := client.SendMail(from, []string{service}, bytes.NewReader(raw)); err != nil {
		w.t.Fatal(err)
	}
}

// mailbox reads one person's mail by IMAP.
type mailbox struct {
	t      testing.TB
	client *imapclient.Client
}

func (w *world) mailbox(address string) *mailbox {
	w.t.Helper()
	client, err := imapclient.DialTLS(os.Getenv("VANTHU_CI_IMAPS"), &imapclient.Options{TLSConfig: &tls.Config{RootCAs: w.roots, ServerName: w.serverName}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = client.Close() })
	if err := client.Login(address, w.password).Wait(); err != nil {
		w.t.Fatal(err)
	}
	return &mailbox{t: w.t, client: client}
}

func (m *mailbox) folders() []string {
	m.t.Helper()
	list, err := m.client.List("", "*", nil).Collect()
	if err != nil {
		m.t.Fatal(err)
	}
	var names []string
	for _, l := range list {
		names = append(names, l.Mailbox)
	}
	return names
}

// count returns how many mails lie in a folder; none when there is no such folder.
func (m *mailbox) count(folder string) int {
	m.t.Helper()
	_ = m.client.Unselect().Wait() // of a selected mailbox STATUS tells what the session has seen; refused when none is
	status, err := m.client.Status(folder, &imap.StatusOptions{NumMessages: true}).Wait()
	if err != nil {
		return 0
	}
	return int(*status.NumMessages)
}

// mails returns what lies in a folder, in order.
func (m *mailbox) mails(folder string) []*mime.Message {
	m.t.Helper()
	if m.count(folder) == 0 {
		return nil
	}
	if _, err := m.client.Select(folder, nil).Wait(); err != nil {
		m.t.Fatal(err)
	}
	section := &imap.FetchItemBodySection{Peek: true}
	got, err := m.client.Fetch(imap.SeqSet{{Start: 1}}, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	if err != nil {
		m.t.Fatal(err)
	}
	var all []*mime.Message
	for _, g := range got {
		msg, err := mime.Parse(g.FindBodySection(section), mime.DefaultLimits())
		if err != nil {
			m.t.Fatal(err)
		}
		all = append(all, msg)
	}
	return all
}

// empty deletes everything.
func (m *mailbox) empty() {
	m.t.Helper()
	for _, folder := range m.folders() {
		if m.count(folder) == 0 {
			continue
		}
		if _, err := m.client.Select(folder, nil).Wait(); err != nil {
			m.t.Fatal(err)
		}
		if err := m.client.Store(imap.SeqSet{{Start: 1}}, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err != nil {
			m.t.Fatal(err)
		}
		if err := m.client.Expunge().Close(); err != nil {
			m.t.Fatal(err)
		}
	}
}

// entry is one account in the directory, seen from outside.
type entry struct{ dn, code, mail, name, marker string }

func (w *world) directory() *ldap.Conn {
	w.t.Helper()
	conn, err := ldap.DialURL(os.Getenv("VANTHU_CI_LDAPS"), ldap.DialWithTLSConfig(w.tls()))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = conn.Close() })
	if err := conn.Bind(os.Getenv("VANTHU_CI_LDAP_BIND_DN"), w.password); err != nil {
		w.t.Fatal(err)
	}
	return conn
}

// accounts returns everything that vanthu made.
func (w *world) accounts() []entry {
	w.t.Helper()
	var all []entry
	for _, e := range w.search("(description=vanthu:*)", "employeeNumber", "mail", "cn", "description") {
		all = append(all, entry{e.DN, e.GetAttributeValue("employeeNumber"), e.GetAttributeValue("mail"), e.GetAttributeValue("cn"), e.GetAttributeValue("description")})
	}
	return all
}

// search asks the directory for people.
func (w *world) search(filter string, attributes ...string) []*ldap.Entry {
	w.t.Helper()
	conn := w.directory()
	defer conn.Close()
	found, err := conn.SearchWithPaging(ldap.NewSearchRequest(os.Getenv("VANTHU_CI_LDAP_BASE"), ldap.ScopeSingleLevel, ldap.NeverDerefAliases, 0, 0, false,
		filter, attributes, nil), 200)
	if err != nil {
		w.t.Fatal(err)
	}
	return found.Entries
}

func (w *world) emptyDirectory() {
	conn := w.directory()
	for _, e := range w.accounts() {
		if err := conn.Del(ldap.NewDelRequest(e.dn, nil)); err != nil {
			w.t.Fatal(err)
		}
	}
}

// signIn binds as a student with the password that the unit got.
func (w *world) signIn(dn, password string) error {
	conn, err := ldap.DialURL(os.Getenv("VANTHU_CI_LDAPS"), ldap.DialWithTLSConfig(w.tls()))
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Bind(dn, password)
}

// credentials opens the encrypted workbook of a delivery: student code → password.
func credentials(t testing.TB, m *mime.Message) map[string]string {
	t.Helper()
	for _, part := range m.Parts {
		if !strings.Contains(part.Name, "mật khẩu") {
			continue
		}
		f, err := excelize.OpenReader(bytes.NewReader(part.Data), excelize.Options{Password: passphrase})
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		passwords := make(map[string]string)
		for _, sheet := range f.GetSheetList() {
			rows, err := f.GetRows(sheet)
			if err != nil {
				t.Fatal(err)
			}
			code, password := -1, -1
			for _, row := range rows {
				for i, cell := range row {
					if strings.HasPrefix(cell, "Mã số") {
						code = i
					}
					if strings.HasPrefix(cell, "Mật khẩu ban đầu") && code >= 0 {
						password = i
					}
				}
				if password >= 0 && len(row) > password && strings.HasPrefix(row[code], "24") {
					passwords[row[code]] = row[password]
				}
			}
		}
		return passwords
	}
	t.Fatal("the delivery has no credentials workbook")
	return nil
}
