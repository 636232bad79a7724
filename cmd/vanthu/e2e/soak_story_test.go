//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"vanthu/mailer/compose"
	"vanthu/mailer/mime"
)

// A story is what one sender wants, from his first mail to the last, with what must come of each mail. The generator writes
// both at the same time, so that nothing that vanthu says is needed to know what is right.
type story struct {
	kind   string
	unit   string
	opens  int // cases
	mails  []*letterIn
	people []person
	then   map[string]reaction // kind of an answer, by its subject → what the sender does when it comes

	reacted map[string]bool
}

// A reaction writes the mail that answers one of ours.
type reaction func(to *mime.Message) *letterIn

// letterIn is one mail to the service address and what must come of it.
type letterIn struct {
	story   *story
	id      string // Message-ID
	from    string // envelope sender
	login   string // "": through the MX, as a stranger's server
	to      []string
	times   int // how often it is sent as it is
	raw     []byte
	want    []string // for each copy "OUTCOME REASON FOLDER", with | between fair ones; the order does not count
	answers []string // kinds of the letters that answer it, not those that the case brings later
}

// makeStories invents at least n mails. Mails that wait for an answer count with those that begin a story.
func makeStories(t testing.TB, n int, random *rand.Rand) []*story {
	m := &plotter{t: t, random: random, files: make(map[string][]byte)}
	var all []*story
	for count := 0; count < n; {
		s := m.story(len(all))
		for _, l := range s.mails {
			l.story = s
			count += len(l.want)
		}
		count += len(s.then)
		all = append(all, s)
	}
	return all
}

type plotter struct {
	t      testing.TB
	random *rand.Rand
	forms  int
	talks  int
	files  map[string][]byte // letters by unit, and what is made once only
	next   int               // student codes
}

var plots = []struct {
	weight int
	kind   string
}{{30, "clean"}, {16, "defects"}, {4, "returned"}, {3, "empty"}, {3, "cut"}, {6, "same"}, {4, "again"}, {2, "shared"}, {3, "addresses"}, {3, "forwarded"}, {4, "stranger"}, {3, "signed"}, {3, "unproved"},
	{3, "forged"}, {3, "evil"}, {5, "automatic"}, {3, "report"}, {3, "list"}, {5, "question"}, {2, "incident"}, {2, "form"}, {2, "status"}, {2, "trial"}, {2, "leavers"}}

func (m *plotter) story(i int) *story {
	total := 0
	for _, p := range plots {
		total += p.weight
	}
	kind := ""
	for at, p := range plots {
		if pick := m.random.IntN(total); pick < p.weight || at == len(plots)-1 {
			kind = p.kind
			break
		}
		total -= p.weight
	}
	if i == 7 || i > 0 && i%800 == 0 {
		kind = "bomb"
	}
	unit := []string{ctsv, ctsv, dtsdh}[m.random.IntN(3)]
	s := &story{kind: kind, unit: unit, then: make(map[string]reaction), reacted: make(map[string]bool)}
	id := fmt.Sprintf("s%d-%s", i, kind)
	s.people = people(m.next, 1+m.random.IntN(3))
	m.next += 4
	switch kind {
	case "form":
		if m.forms++; m.forms > 3 { // one unit gets three a day
			s.kind, kind = "question", "question"
		} else {
			s.unit = ctsv
		}
	case "status", "trial":
		if m.talks++; m.talks > 20 { // one unit gets twenty answers in words a day
			s.kind, kind = "question", "question"
		} else {
			s.unit = dtsdh
		}
	}
	switch kind {
	case "clean", "same", "addresses", "forwarded":
		m.good(s, id, kind)
	case "defects":
		m.defects(s, id)
	case "again": // the same list in a new mail: one case, whichever of the two comes first (ENV-09)
		const want = "case queue Done / followup same_list Done"
		s.add(m.request(s, id, s.people), want, "acknowledged")
		s.add(m.request(s, id+".again", s.people), want, "already_here")
		s.opens = 1
	case "shared": // two lists ask for one person: who comes first has him, the other is told
		const want = "case queue Done / case queue_with_defects Returned"
		s.people = people(m.next, 3)
		m.next += 4
		s.add(m.request(s, id, s.people[:2]), want, "acknowledged|defects")
		s.add(m.request(s, id+".too", s.people[1:]), want, "acknowledged|defects")
		s.opens = 2
	case "returned":
		s.people[0].code, s.people = fmt.Sprint(10+m.next), s.people[:1] // too short, and nobody else has it
		s.add(m.request(s, id, s.people), "case return Returned", "returned|defects")
		s.opens = 1
	case "empty":
		mail := request(m.t, s.unit, id, nil)
		mail.Attachments = nil
		s.add(mail, "case ask_sender Returned", "returned")
		s.opens = 1
	case "cut", "bomb":
		mail := m.request(s, id, s.people)
		if kind == "cut" {
			mail.Attachments[1].Data = mail.Attachments[1].Data[:len(mail.Attachments[1].Data)/2]
		} else {
			mail.Attachments[1].Data = m.once("bomb", func() []byte { return bomb(m.t) })
		}
		s.add(mail, "case ask_sender Returned", "returned")
		s.opens = 1
	case "leavers": // nobody of the list has an account: it is returned, and nothing is done to anybody (DEL-02)
		s.unit = ctsv
		s.add(leavers(m.t, id, s.people), "case return Returned", "returned")
		s.opens = 1
	default:
		m.noCase(s, id, kind)
	}
	return s
}

func (m *plotter) once(name string, make func() []byte) []byte {
	if m.files[name] == nil {
		m.files[name] = make()
	}
	return m.files[name]
}

// request is a unit's mail; the letter is made once for each unit.
func (m *plotter) request(s *story, id string, list []person) compose.Mail {
	unit := map[string]string{ctsv: "PHÒNG CÔNG TÁC SINH VIÊN", dtsdh: "PHÒNG ĐÀO TẠO SAU ĐẠI HỌC"}[s.unit]
	data := m.once(s.unit, func() []byte { return letter(m.t, unit) })
	return compose.Mail{From: mime.Address{Name: unit, Address: s.unit}, To: []mime.Address{{Address: service}}, Subject: "Đề nghị cấp tài khoản email",
		MessageID: "<" + id + "@truong.example>", Date: time.Now(), Text: "Kính gửi Phòng CNTT,\nĐơn vị gửi bản đề nghị và danh sách kèm theo.\n",
		Attachments: []compose.Attachment{{Name: "Bản đề nghị.docx", Type: docxType, Data: data}, {Name: "Danh sách.xlsx", Type: xlsxType, Data: workbook(m.t, list)}}}
}

// add writes a mail of a unit into the story.
func (s *story) add(mail compose.Mail, want string, answers ...string) *letterIn {
	raw, err := mail.Bytes()
	if err != nil {
		panic(err) // the mails of this file are well formed
	}
	l := &letterIn{story: s, id: mail.MessageID, from: s.unit, login: s.unit, to: []string{service}, times: 1, raw: raw, want: []string{want}, answers: answers}
	s.mails = append(s.mails, l)
	return l
}

const sameMail = "followup same_mail Done"

// good is a request without fault that may come twice, by two addresses or within another mail.
func (m *plotter) good(s *story, id, kind string) {
	s.opens = 1
	mail := m.request(s, id, s.people)
	l := s.add(mail, "case queue Done", "acknowledged")
	switch kind {
	case "same":
		l.times, l.want = 2, append(l.want, sameMail)
	case "addresses":
		l.to, l.want = append(l.to, "cntt+hoso@truong.example"), append(l.want, sameMail)
	case "forwarded":
		l.id = "<" + id + ".fwd@truong.example>"
		l.raw = fmt.Appendf(nil, "From: %s\r\nTo: %s\r\nSubject: Fwd: De nghi cap tai khoan email\r\nMessage-ID: %s\r\nDate: %s\r\nMIME-Version: 1.0\r\n"+
			"Content-Type: multipart/mixed; boundary=fwd\r\n\r\n--fwd\r\nContent-Type: text/plain\r\n\r\nChuyen tiep.\r\n--fwd\r\nContent-Type: message/rfc822\r\n\r\n%s\r\n--fwd--\r\n",
			s.unit, service, l.id, time.Now().Format(time.RFC1123Z), l.raw)
	}
	switch m.random.IntN(8) {
	case 0, 1:
		s.reply("delivered", id+".got", "Đã nhận đủ.\n\nTrân trọng.", "followup confirmation Done")
	case 2:
		s.reply("delivered", id+".over", "Phòng đã bàn giao tài khoản cho toàn bộ sinh viên.", "followup confirmation Done", "closing")
	case 3:
		s.then["acknowledged"] = func(to *mime.Message) *letterIn {
			mail := answer(s.unit, to, id+".away", "Tôi đi vắng.")
			mail.AutoSubmitted, mail.Subject = "auto-replied", "Trả lời tự động: vắng mặt"
			return s.add(mail, "ignored automatic Ignored")
		}
	case 4:
		s.then["acknowledged"] = func(to *mime.Message) *letterIn {
			l := &letterIn{story: s, id: "<" + id + ".dsn@truong.example>", to: []string{service}, times: 1, raw: deliveryReport(id+".dsn", s.unit, to.ID), want: []string{"followup bounce Done"}}
			s.mails = append(s.mails, l)
			return l
		}
	}
}

// reply answers the letter of a kind, in the unit's words.
func (s *story) reply(to, id, text, want string, answers ...string) {
	s.then[to] = func(to *mime.Message) *letterIn { return s.add(answer(s.unit, to, id, text), want, answers...) }
}

// defects has a bad row; the unit corrects it, agrees to the rest, or says nothing.
func (m *plotter) defects(s *story, id string) {
	s.opens = 1
	s.people = people(m.next, 3)
	m.next += 4
	bad := append([]person(nil), s.people...)
	bad[1].name = ""
	s.add(m.request(s, id, bad), "case queue_with_defects Returned", "defects")
	switch m.random.IntN(3) {
	case 0:
		s.then["defects"] = func(to *mime.Message) *letterIn {
			mail := m.request(s, id+".fixed", s.people)
			mail.InReplyTo, mail.References, mail.Subject = to.ID, append(to.References, to.ID), "Re: "+to.Subject
			return s.add(mail, "followup queue Done", "acknowledged")
		}
	case 1:
		s.reply("defects", id+".yes", "Đồng ý cấp phần hợp lệ.", "followup confirmation Done", "part_accepted")
	}
}

// noCase is everything that opens no case.
func (m *plotter) noCase(s *story, id, kind string) {
	mail := m.request(s, id, s.people)
	outside := func(from, want string) *letterIn {
		l := s.add(mail, want)
		l.from, l.login = from, ""
		return l
	}
	switch kind {
	case "stranger":
		mail.From.Address, mail.MessageID = stranger, "<"+id+"@evil.example>"
		outside(stranger, "quarantine spoofed|not_entitled Quarantine") // his domain says that it signs everything
	case "signed":
		mail.From.Address, mail.MessageID = stranger, "<"+id+"@evil.example>"
		m.sign(outside(stranger, "quarantine not_entitled Quarantine"))
	case "unproved":
		outside(s.unit, "quarantine spoofed|not_authenticated Quarantine")
	case "forged":
		mail.Header = []mime.Field{{Name: "Authentication-Results", Value: "mail.truong.example; auth=pass smtp.auth=" + s.unit}}
		outside(stranger, "quarantine spoofed|not_authenticated Quarantine")
	case "evil":
		m.sign(outside(stranger, "quarantine spoofed|not_authenticated Quarantine"))
	case "automatic":
		mail.AutoSubmitted, mail.Subject, mail.Attachments = "auto-replied", "Trả lời tự động", nil
		s.add(mail, "ignored automatic Ignored")
	case "list":
		mail.Header = []mime.Field{{Name: "List-Id", Value: "<thongbao.truong.example>"}}
		s.add(mail, "ignored mailing_list Ignored")
	case "report":
		s.mails = append(s.mails, &letterIn{story: s, id: "<" + id + "@truong.example>", to: []string{service}, times: 1, raw: deliveryReport(id, s.unit, "<nobody@truong.example>"),
			want: []string{"ignored bounce Ignored"}})
	case "form":
		mail.Subject, mail.Text, mail.Attachments = "Xin mẫu", "Cho em xin mẫu BM-CNTT31 ạ.\n", nil
		s.add(mail, "ignored form_sent Done", "blank_form")
	case "status":
		mail.Subject, mail.Text, mail.Attachments = "Hỏi tình hình", "Cho hỏi tình hình xử lý các đề nghị của Phòng ạ?\n", nil
		s.add(mail, "ignored answered Done", "talk")
	case "trial":
		mail.Subject, mail.Text, mail.Attachments = "Kiểm tra danh sách", "Nhờ Phòng kiểm tra thử danh sách, chưa gửi chính thức.\n", mail.Attachments[1:]
		s.add(mail, "ignored answered Done", "talk")
	case "incident":
		mail.Subject, mail.Text, mail.Attachments = "Báo sự cố", "Sinh viên không đăng nhập được.\n", nil
		s.add(mail, "quarantine needs_person Quarantine")
	default:
		mail.Subject, mail.Text, mail.Attachments = "Hỏi về biểu mẫu", "Khi nào thì có hướng dẫn mới ạ?\n"+strings.Repeat("Nhờ Phòng xem giúp.\n", m.random.IntN(3)), nil
		s.add(mail, "quarantine needs_person Quarantine")
	}
}

// sign puts a signature of evil.example above a mail.
func (m *plotter) sign(l *letterIn) {
	raw, err := signed(l.raw, "evil.example")
	if err != nil {
		m.t.Fatal(err)
	}
	l.raw = raw
}

// deliveryReport is a report (RFC 3464) that a mail did not arrive.
func deliveryReport(id, to, original string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: MAILER-DAEMON@truong.example\r\nTo: %s\r\nSubject: Undelivered Mail Returned to Sender\r\nMessage-ID: <%s@truong.example>\r\nDate: %s\r\nAuto-Submitted: auto-replied\r\n", service, id, time.Now().Format(time.RFC1123Z))
	b.WriteString("MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nsorry\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\n")
	fmt.Fprintf(&b, "Reporting-MTA: dns; mail.truong.example\r\n\r\nFinal-Recipient: rfc822; %s\r\nAction: failed\r\nStatus: 5.2.2\r\nDiagnostic-Code: smtp; 552 5.2.2 mailbox full\r\n\r\n--x\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: %s\r\nSubject: x\r\n\r\n--x--\r\n", to, original)
	return b.Bytes()
}

// kindOf tells a letter by its subject.
func kindOf(subject string) string {
	for kind, words := range map[string]string{"acknowledged": "Đã tiếp nhận đề nghị", "defects": "Đề nghị hoàn thiện danh sách", "delivered": "Thông báo cấp tài khoản email"} {
		if strings.Contains(subject, words) {
			return kind
		}
	}
	return ""
}
