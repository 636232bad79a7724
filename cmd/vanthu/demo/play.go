package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/bot/desk"
	"vanthu/bot/store"
	"vanthu/mailer/compose"
	"vanthu/mailer/mime"
)

// A request is one case as its unit knows it.
type request struct {
	unit   *person
	number string
	answer *mime.Message // the last letter of vanthu about it
	list   []byte        // as the unit sent it
	marked []byte        // as it came back, nil when nothing was wrong
	took   time.Duration // from the unit's mail to the answer
	rows   int           // people who are to be served
}

// unitWantsForm asks for the blank form, before any case.
func (d *demo) unitWantsForm(ctx context.Context) error {
	d.story.heading("A unit asks for the blank form")
	m := d.write(d.dtsdh, "Xin biểu mẫu", "Kính gửi Phòng Công nghệ Thông tin,\n\nPhòng Đào tạo sau đại học xin biểu mẫu BM-CNTT31 để đề nghị cấp email cho học viên.\n\nTrân trọng.")
	d.story.mail(d.dtsdh.short, m.Subject, nil)
	accepted, err := d.send(ctx, d.dtsdh, m, "Done")
	if err != nil {
		return err
	}
	answers, err := d.next(ctx, d.dtsdh, 1)
	if err != nil {
		return err
	}
	d.story.answer(answers[0].Subject, d.story.now().Sub(accepted))
	d.story.with(partNames(answers[0]))
	if attached(answers[0], ".docx") == nil || attached(answers[0], ".xlsx") == nil || caseOf(answers[0]) != "" {
		return fmt.Errorf("%q does not bring the blank form, or opened a case", answers[0].Subject)
	}
	return nil
}

// unitsAsk sends three requests: one without defects, one with many, and one whose letter is a PDF (steps 1 to 3).
func (d *demo) unitsAsk(ctx context.Context) error {
	d.story.heading("Units ask (in brackets: from the mail server's OK to the answer in the unit's mailbox)")
	requests := []struct {
		from          *person
		subject, text string
		files         []string // embedded file, name
		good, rows    int      // what vanthu must find
		state         bot.State
		folder        string
	}{
		{from: d.ctsv, subject: "Đề nghị cấp tài khoản email cho sinh viên khóa 52",
			files: []string{"ctsv-letter.docx", "BM-CNTT31 Đề nghị cấp email K52.docx", "ctsv-list.xlsx", "Danh sách sinh viên K52.xlsx"},
			good:  12, rows: 12, state: bot.Received, folder: "Done"},
		{from: d.ctsv, subject: "Đề nghị cấp tài khoản email, lớp Răng Hàm Mặt khóa 52",
			files: []string{"ctsv-letter-2.docx", "BM-CNTT31 Đề nghị cấp email RK52.docx", "ctsv-list-2.xlsx", "Danh sách RK52.xlsx"},
			good:  3, rows: 9, state: bot.WaitingUnit, folder: "Returned"},
		{from: d.dtsdh, subject: "Đề nghị cấp email cho học viên khóa 31",
			files: []string{"dtsdh-letter.pdf", "Bản đề nghị.pdf", "dtsdh-list.xlsx", "Danh sách học viên K31.xlsx"},
			good:  8, rows: 8, state: bot.Received, folder: "Done"},
	}
	for _, r := range requests {
		attachments, err := attachAll(r.files...)
		if err != nil {
			return err
		}
		text := "Kính gửi Phòng Công nghệ Thông tin,\n\n" + r.from.name + " gửi kèm bản đề nghị và danh sách cấp tài khoản email.\n\nTrân trọng."
		q := &request{unit: r.from, list: attachments[1].Data, rows: r.good}
		if err := d.ask(ctx, q, d.write(r.from, r.subject, text, attachments...), r.folder); err != nil {
			return err
		}
		d.requests = append(d.requests, q)
		if err := d.understood(ctx, q, r.rows, r.good, r.state); err != nil {
			return err
		}
	}
	return nil
}

// ask sends a list and waits for the answer.
func (d *demo) ask(ctx context.Context, q *request, m compose.Mail, folder string) error {
	d.story.mail(q.unit.short, m.Subject, names(m.Attachments))
	accepted, err := d.send(ctx, q.unit, m, folder)
	if err != nil {
		return err
	}
	answers, err := d.next(ctx, q.unit, 1)
	if err != nil {
		return err
	}
	q.took = d.story.now().Sub(accepted)
	q.answer, q.number = answers[0], caseOf(answers[0])
	if q.number == "" {
		return fmt.Errorf("the answer %q names no case", q.answer.Subject)
	}
	if folder == "Returned" {
		q.marked = attached(q.answer, ".xlsx")
	}
	return nil
}

// understood tells what vanthu made of a list and what it answered.
func (d *demo) understood(ctx context.Context, q *request, rows, good int, state bot.State) error {
	var c bot.Case
	var people []bot.CaseRow
	var findings []bot.Finding
	err := d.read(ctx, func(tx *store.Tx) (err error) {
		if c, err = tx.CaseByNumber(ctx, q.number); err != nil {
			return err
		}
		if people, err = tx.Rows(ctx, c.ID); err != nil {
			return err
		}
		findings, err = tx.Findings(ctx, c.ID)
		return err
	})
	if err != nil {
		return err
	}
	served := 0
	for _, p := range people {
		if p.OK {
			served++
		}
	}
	d.story.line("vanthu", "reads", "%d people, %d can be served", len(people), served)
	d.story.findings(findings)
	d.story.answer(q.answer.Subject, q.took)
	d.story.with(partNames(q.answer))
	if len(people) != rows || served != good || c.State != state {
		return fmt.Errorf("case %s is %s with %d people of whom %d can be served; promised was %s, %d, %d", c.Number, c.State, len(people), served, state, rows, good)
	}
	return nil
}

// othersWrite brings what nobody may answer: a stranger who calls himself a unit, and an out-of-office (RFC 3834 §2).
func (d *demo) othersWrite(ctx context.Context) error {
	d.story.heading("Strangers and machines write; CTSV corrects its list")
	list, err := attach("dtsdh-list.xlsx", "danh sach khan.xlsx")
	if err != nil {
		return err
	}
	liar := &person{short: "stranger", name: d.ctsv.name, address: stranger}
	m := d.write(liar, "KHẨN: cấp ngay tài khoản theo danh sách", "Cấp ngay và gửi mật khẩu về địa chỉ này.", list)
	if err := d.unanswered(ctx, "stranger", stranger, m, store.Quarantined, "Quarantine"); err != nil {
		return err
	}
	ours := d.requests[len(d.requests)-1].answer
	m = d.write(d.dtsdh, "Trả lời tự động: "+ours.Subject, "Tôi đi công tác đến hết tuần và sẽ trả lời sau.")
	m.AutoSubmitted, m.InReplyTo = "auto-replied", ours.ID
	return d.unanswered(ctx, "DTSDH", "", m, store.Ignored, "Ignored")
}

// unanswered brings a mail and waits for its outcome.
func (d *demo) unanswered(ctx context.Context, who, envelope string, m compose.Mail, outcome store.Outcome, folder string) error {
	d.story.mail(who, m.Subject, names(m.Attachments))
	began := d.story.now()
	if err := d.bring(envelope, m, folder); err != nil {
		return err
	}
	var judged store.Mail
	err := d.until(ctx, "a mail from "+who+" is judged", func(tx *store.Tx) (bool, error) {
		mails, err := tx.Mails(ctx, "")
		for _, line := range mails {
			if line.MessageID == m.MessageID && line.Outcome != "" {
				judged = line
			}
		}
		return judged.Outcome != "", err
	})
	if err != nil {
		return err
	}
	d.story.silence(string(judged.Outcome), judged.Reason, d.story.now().Sub(began))
	if judged.Outcome != outcome {
		return fmt.Errorf("the mail %q ended as %s (%s); promised was %s", m.Subject, judged.Outcome, judged.Reason, outcome)
	}
	return nil
}

// unitCorrects answers the returned list with a corrected one; the case keeps its number (FR-15).
func (d *demo) unitCorrects(ctx context.Context) error {
	q := d.requests[1]
	list, err := attach("ctsv-list-2-corrected.xlsx", "Danh sách RK52 (đã sửa).xlsx")
	if err != nil {
		return err
	}
	before := q.number
	m := d.reply(q.unit, q.answer, "Kính gửi Phòng Công nghệ Thông tin,\n\nPhòng Công tác sinh viên gửi lại danh sách đã sửa.", list)
	if err := d.ask(ctx, q, m, "Done"); err != nil {
		return err
	}
	if q.number != before {
		return fmt.Errorf("case %s became %s by a correction", before, q.number)
	}
	q.rows = 7
	return d.understood(ctx, q, 7, 7, bot.Received)
}

// officersDecide checks, plans and approves by the functions of the command line (steps 2 and 3).
func (d *demo) officersDecide(ctx context.Context) error {
	d.story.heading("Officers decide")
	lan, minh := d.officer("lan"), d.officer("minh")
	var numbers []string
	for _, q := range d.requests {
		if _, err := d.server.Desk.Check(ctx, desk.OfficerActor(lan), q.number); err != nil {
			return err
		}
		numbers = append(numbers, q.number)
	}
	d.story.line("Lan", "checks", "%s", strings.Join(numbers, ", "))
	plan, err := d.server.Desk.MakePlan(ctx, desk.OfficerActor(lan), numbers)
	if err != nil {
		return err
	}
	d.story.line("Lan", "plans", "%s: %d accounts of two units, frozen with hash %s…", plan.Number, len(plan.Items), plan.Hash[:16])
	if _, err = d.server.Desk.ApprovePlan(ctx, lan, plan.Number, plan.Hash); bot.ErrorCode(err) != bot.Forbidden {
		return fmt.Errorf("the maker of plan %s could approve it: %w", plan.Number, err)
	}
	d.story.line("Lan", "approves", "and is refused: %s", err)
	d.approved = d.story.now()
	if _, err := d.server.Desk.ApprovePlan(ctx, minh, plan.Number, plan.Hash); err != nil {
		return err
	}
	d.story.line("Minh", "approves", "exactly that hash")
	return nil
}

// accountsArrive waits for the credentials of every case and opens them as the unit does (steps 4 and 5).
func (d *demo) accountsArrive(ctx context.Context) error {
	d.story.heading("Accounts are made and delivered")
	waiting := make(map[*person]int)
	for _, q := range d.requests {
		waiting[q.unit]++
	}
	for _, unit := range []*person{d.ctsv, d.dtsdh} {
		letters, err := d.next(ctx, unit, waiting[unit])
		if err != nil {
			return err
		}
		took := d.story.now().Sub(d.approved)
		for _, letter := range letters {
			if err := d.credentials(unit, letter, took); err != nil {
				return err
			}
		}
	}
	return d.until(ctx, "the accounts are delivered", func(tx *store.Tx) (bool, error) { return d.all(ctx, tx, bot.Delivered) })
}

// credentials opens the workbook of a letter as the unit does. took is counted from the approval.
func (d *demo) credentials(unit *person, letter *mime.Message, took time.Duration) error {
	var q *request
	for _, r := range d.requests {
		if r.number == caseOf(letter) {
			q = r
		}
	}
	if q == nil {
		return fmt.Errorf("%s got %q, which belongs to none of its cases", unit.address, letter.Subject)
	}
	q.answer = letter
	d.story.line("vanthu", "delivers", "“%s” (%s after the approval)", letter.Subject, milliseconds(took))
	accounts, classes, err := openWorkbook(attached(letter, "(mã hoá).xlsx"), unit.passphrase)
	if err != nil {
		return fmt.Errorf("the credentials of case %s: %w", q.number, err)
	}
	d.story.line(unit.short, "opens", "the encrypted workbook with its passphrase: %d accounts, a sheet for each class (%d)", len(accounts), classes)
	if len(accounts) != q.rows {
		return fmt.Errorf("the workbook of case %s holds %d accounts; promised were %d", q.number, len(accounts), q.rows)
	}
	d.accounts = append(d.accounts, accounts...)
	return nil
}

// all says whether every case is in a state.
func (d *demo) all(ctx context.Context, tx *store.Tx, state bot.State) (bool, error) {
	for _, q := range d.requests {
		c, err := tx.CaseByNumber(ctx, q.number)
		if err != nil || c.State != state {
			return false, err
		}
	}
	return true, nil
}

// unitsConfirm says "Đã nhận đủ", then "Đã bàn giao", for each case (step 6).
func (d *demo) unitsConfirm(ctx context.Context) error {
	d.story.heading("Units confirm")
	for _, q := range d.requests {
		if _, err := d.send(ctx, q.unit, d.reply(q.unit, q.answer, "Đã nhận đủ.\n\nTrân trọng."), "Done"); err != nil {
			return err
		}
	}
	d.story.line("units", "write", "“Đã nhận đủ”, then “Đã bàn giao”, to each of the three letters")
	err := d.until(ctx, "all is received", func(tx *store.Tx) (bool, error) { return d.all(ctx, tx, bot.ReceivedByUnit) })
	if err != nil {
		return err
	}
	for _, q := range d.requests {
		accepted, err := d.send(ctx, q.unit, d.reply(q.unit, q.answer, "Đã bàn giao cho toàn bộ sinh viên.\n\nTrân trọng."), "Done")
		if err != nil {
			return err
		}
		letters, err := d.next(ctx, q.unit, 1)
		if err != nil {
			return err
		}
		took := d.story.now().Sub(accepted)
		if q.answer = letters[0]; caseOf(q.answer) != q.number {
			return fmt.Errorf("the hand-over of case %s was answered with %q", q.number, q.answer.Subject)
		}
		d.story.answer(q.answer.Subject, took)
	}
	return nil
}

// allFiled waits until every mail has left the watched mailbox, so that the end can be looked at in peace.
func (d *demo) allFiled(ctx context.Context) error {
	return d.until(ctx, "every mail is filed and every answer is noted", func(tx *store.Tx) (bool, error) {
		mails, err := tx.Mails(ctx, "")
		if err != nil || len(mails) < len(d.sent) {
			return false, err
		}
		for _, m := range mails {
			if m.FiledAt.IsZero() {
				return false, nil
			}
		}
		letters, err := tx.Letters(ctx, 0)
		for _, l := range letters {
			if l.State != store.LetterSent {
				return false, err
			}
		}
		return true, err
	})
}

func partNames(m *mime.Message) []string {
	var all []string
	for _, p := range m.Parts {
		all = append(all, p.Name)
	}
	return all
}

func names(files []compose.Attachment) []string {
	var all []string
	for _, f := range files {
		all = append(all, f.Name)
	}
	return all
}
