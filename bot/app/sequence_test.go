package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"mime"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/config"
	"vanthu/bot/desk"
	"vanthu/bot/job"
	"vanthu/bot/secret"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
	"vanthu/mailer/inbox"
	"vanthu/mailer/outbox"
)

// Units mail what they like, officers do what they like, in any order and at any time; the answers are sent, accounts made. Then,
// after each step (the properties of the procedure): every case, row and account has gone along drawn arrows; nothing was created,
// reset, suspended or erased but what an approved plan says, made by one officer and approved by another; a person has one account.
//
// VANTHU_SEQUENCES is how many sequences are tried, VANTHU_SEED makes them other ones.
func TestSequences(t *testing.T) {
	want := []string{"received", "waiting_unit", "in_work", "delivered", "closed", "withdrawn", "superseded", "row delivered", "row missing", "reset", "suspended",
		"row suspended", "row restored", "row erased", "account deleted"}
	seed, err := strconv.Atoi(cmp.Or(os.Getenv("VANTHU_SEED"), "20270128"))
	if err := errors.Join(err, flag.Set("rapid.checks", cmp.Or(os.Getenv("VANTHU_SEQUENCES"), "30")), flag.Set("rapid.steps", "60"), flag.Set("rapid.nofailfile", "true")); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	unseen := func(state string) bool { return !seen[state] }
	for more := 0; more < 5 && slices.ContainsFunc(want, unseen); more++ { // what came to nothing shows nothing
		if err := flag.Set("rapid.seed", strconv.Itoa(seed+1000*more)); err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(rt *rapid.T) {
			w := newSequence(t, rt)
			w.seen = seen
			defer w.close()
			rt.Repeat(w.steps())
		})
	}
	if left := slices.DeleteFunc(want, func(state string) bool { return seen[state] }); len(left) > 0 {
		t.Errorf("no sequence came to %s", strings.Join(left, ", "))
	}
}

// sequence is one desk with everything real but the wires.
type sequence struct {
	t     *rapid.T
	app   *App
	parts *parts
	close func()
	now   time.Time

	uid   uint32
	seen  map[string]bool    // states that were reached
	acted map[bot.Actor]bool // officers who did anything at all

	cases        map[int64]bot.State
	rows         map[[2]int64]bot.RowState
	accounts     map[string]bot.AccountState
	platform     map[string]account.Account // by code, as it was after the last step
	held, erased map[string]bool            // by code
	passwords    map[string]string          // hashes
}

var sequenceOfficers = []bot.Officer{{ID: "lan", Name: "Trần Thị Lan"}, {ID: "minh", Name: "Châu Văn Minh", Approver: true}, {ID: "hoa", Name: "Lý Thị Hoa", Approver: true}}

func newSequence(t *testing.T, rt *rapid.T) *sequence {
	dir := t.TempDir()
	w := &sequence{t: rt, now: time.Date(2027, 1, 28, 2, 0, 0, 0, time.UTC), acted: map[bot.Actor]bool{}, cases: map[int64]bot.State{},
		rows: map[[2]int64]bot.RowState{}, accounts: map[string]bot.AccountState{}, held: map[string]bool{}, erased: map[string]bool{}, platform: map[string]account.Account{}}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(secret.GenerateKey(filepath.Join(dir, "vanthu.key")))
	must(os.WriteFile(filepath.Join(dir, "pass"), []byte("correct horse battery staple"), 0o600))
	must(os.WriteFile(filepath.Join(dir, "vanthu.toml"), []byte(sequenceConfig), 0o600))
	cfg, err := config.Load(filepath.Join(dir, "vanthu.toml"))
	must(err)
	cfg.Store.URL = storetest.SQLiteURL(t)
	clock := func() time.Time { return w.now }
	ctx := t.Context()
	w.app, err = open(ctx, cfg, slog.New(slog.DiscardHandler), clock)
	must(err)
	w.parts, err = newParts(ctx, w.app, Hooks{})
	must(err)
	w.parts.postman = newPostman(w.app, func(context.Context, outbox.Message) (string, error) { return "250 ok", nil })
	w.close = func() { w.parts.close(); w.app.Close() }
	return w
}

const sequenceConfig = `
[school]
name = "TRƯỜNG ĐẠI HỌC Y DƯỢC VÍ DỤ"
office = "Phòng Công nghệ Thông tin"
place = "Cần Thơ"
contact = "cntt@truong.example"
[imap]
address = "127.0.0.1:9"
tls = "implicit"
user = "cntt@truong.example"
password_file = "pass"
[smtp]
address = "127.0.0.1:9"
tls = "starttls"
from = "cntt@truong.example"
from_name = "Phòng CNTT"
[trust]
authserv_id = "mail.truong.example"
domains = ["truong.example"]
[store]
url = "sqlite:vanthu.db"
[secret]
key_file = "vanthu.key"
[accounts]
platform = "file"
domain = "sv.truong.example"
file_path = "accounts.jsonl"
[brakes]
rounds = 0
sender_hour = 0
sender_day = 0
desk_hour = 0
[[rules.code]]
pattern = '\d{10}'
shown = "10 chữ số"
[[unit]]
id = "CTSV"
name = "Phòng Công tác sinh viên"
addresses = ["ctsv@truong.example"]
passphrase_file = "pass"
[[unit]]
id = "DTSDH"
name = "Phòng Đào tạo Sau đại học"
addresses = ["dtsdh@truong.example"]
passphrase_file = "pass"
[[officer]]
id = "lan"
name = "Trần Thị Lan"
login = "lan"
[[officer]]
id = "minh"
name = "Châu Văn Minh"
login = "minh"
approver = true
[[officer]]
id = "hoa"
name = "Lý Thị Hoa"
login = "hoa"
approver = true
`

func (w *sequence) ctx() context.Context { return context.Background() }

func (w *sequence) read(f func(ctx context.Context, tx *store.Tx) error) {
	if err := w.app.DB.Read(w.ctx(), func(tx *store.Tx) error { return f(w.ctx(), tx) }); err != nil {
		w.t.Fatal(err)
	}
}

// steps are what may happen, and what must hold after each of it.
func (w *sequence) steps() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"a unit asks":       w.unitAsks,
		"a unit says":       w.unitSays,
		"an officer acts":   w.officerActs,
		"an officer plans":  w.officerPlans,
		"an officer agrees": w.officerApproves,
		"officers serve":    w.officersServe,
		"a window ends":     w.windowEnds,
		"vanthu works":      func(*rapid.T) { w.works() },
		"vanthu works on":   func(*rapid.T) { w.works() },
		"time passes": func(t *rapid.T) {
			w.now = w.now.Add(time.Duration(rapid.IntRange(1, 24*40).Draw(t, "hours")) * time.Hour)
		},
		"": func(*rapid.T) { w.holds() },
	}
}

// people are few, so that lists overlap; the last code is not one.
var sequencePeople = []string{"2153010001", "2153010002", "2153010003", "2153010004", "2153010005", "2153010006", "21530"}

// unitAsks mails a list, most often with its letter, as a new mail or as a reply to any letter of ours.
func (w *sequence) unitAsks(t *rapid.T) {
	deletes := rapid.IntRange(0, 2).Draw(t, "what") == 0
	people := sequencePeople[:6]
	if have := slices.Sorted(maps.Keys(w.platform)); deletes && len(have) > 0 && rapid.IntRange(0, 5).Draw(t, "of those who have one") > 0 {
		people = have
	}
	codes := rapid.SliceOfNDistinct(rapid.SampledFrom(people), 1, min(3, len(people)), rapid.ID[string]).Draw(t, "people")
	if rapid.IntRange(0, 3).Draw(t, "bad row") == 0 {
		codes = append(codes, sequencePeople[6])
	}
	var list strings.Builder
	title := "DANH SÁCH ĐỀ NGHỊ CẤP TÀI KHOẢN EMAIL"
	letter := "ĐƠN VỊ: {unit}\nCần Thơ, ngày 25 tháng 01 năm 2027\nBẢN ĐỀ NGHỊ\nVề việc cấp tài khoản email\nKính gửi: Phòng Công nghệ Thông tin\nLý do cấp email: sinh viên nhập học\nĐề nghị Phòng CNTT cấp mới tài khoản email cho sinh viên theo danh sách đính kèm.\nThủ trưởng đơn vị\nNguyễn Thị Thu Hà"
	if deletes {
		title = "DANH SÁCH SINH VIÊN THÔI HỌC\n(Kèm theo Quyết định số 12/QĐ-ĐHYD ngày 25/01/2027)"
		letter = "ĐƠN VỊ: {unit}\nCần Thơ, ngày 25 tháng 01 năm 2027\nBẢN ĐỀ NGHỊ\nVề việc xoá tài khoản email của sinh viên thôi học\nKính gửi: Phòng Công nghệ Thông tin\nCăn cứ Quyết định số 12/QĐ-ĐHYD ngày 25/01/2027 về việc thôi học\nĐề nghị Phòng CNTT xoá tài khoản email theo danh sách đính kèm.\nThủ trưởng đơn vị\nNguyễn Thị Thu Hà"
	}
	fmt.Fprintf(&list, "%s\nStt,Mã số SV/HV,Họ và tên,Lớp,Khóa,Ghi chú\n", title)
	for i, code := range codes {
		note := ""
		if i == 0 && !deletes {
			note = "Lớp trưởng"
		}
		fmt.Fprintf(&list, "%d,%s,Nguyễn Văn %s,YA K47,K47,%s\n", i+1, code, []string{"An", "Bình", "Chi", "Dũng", "Em", "Giang", "Hà"}[slices.Index(sequencePeople, code)], note)
	}
	if rapid.IntRange(0, 5).Draw(t, "no letter") == 0 {
		letter = "Em gửi danh sách ạ."
	}
	w.mail(t, letter, list.String())
}

// unitSays mails words without a list, as a reply to any letter of ours.
func (w *sequence) unitSays(t *rapid.T) {
	w.mail(t, rapid.SampledFrom([]string{
		"Đã nhận đủ.", "Đã bàn giao cho toàn bộ sinh viên.", "Đồng ý cấp phần hợp lệ.", "Xin rút hồ sơ.", "Thiếu: {code}, 2153010002", "Thiếu: {code}", "Còn thiếu {code} ạ.", "Thiếu: {code}.", "Đã bàn giao lớp YA K47.", "{code} đã đăng nhập được rồi ạ.",
		"Hồ sơ đến đâu rồi ạ?", "Đề nghị xoá tài khoản 2153010001.", "Đề nghị dừng xoá tài khoản 2153010001.", "Cho em xin mẫu BM-CNTT31.", "DUYỆT", "Đồng ý duyệt kế hoạch.",
		"Đề nghị cấp lại mật khẩu cho 2153010001."}).Draw(t, "words"), "")
}

func (w *sequence) mail(t *rapid.T, text, list string) {
	from := rapid.SampledFrom([]string{"ctsv@truong.example", "ctsv@truong.example", "dtsdh@truong.example"}).Draw(t, "unit")
	var letters []store.Letter
	w.read(func(ctx context.Context, tx *store.Tx) (err error) {
		letters, err = tx.Letters(ctx, 0)
		return err
	})
	subject, reply := "Đề nghị về tài khoản email", ""
	if n := len(letters); n > 0 && rapid.IntRange(0, 2).Draw(t, "reply") > 0 {
		back := rapid.IntRange(0, n-1).Draw(t, "letters back") // the newest most often
		l := letters[n-1-back]
		subject, reply = "Re: "+l.Subject, "In-Reply-To: "+l.MessageID+"\r\n"
		if rapid.IntRange(0, 7).Draw(t, "another unit") > 0 {
			from = l.To
		}
		w.read(func(ctx context.Context, tx *store.Tx) error {
			rows, err := tx.Rows(ctx, l.CaseID)
			if len(rows) > 0 {
				text = strings.ReplaceAll(text, "{code}", rows[rapid.IntRange(0, len(rows)-1).Draw(t, "row")].Code)
			}
			return err
		})
	}
	auth := "Authentication-Results: mail.truong.example; auth=pass smtp.auth=" + from + "\r\n"
	if rapid.IntRange(0, 9).Draw(t, "forged") == 0 {
		auth = ""
	}
	text = strings.ReplaceAll(text, "{code}", "2153010001")
	text = strings.ReplaceAll(text, "{unit}", map[string]string{"ctsv@truong.example": "PHÒNG CÔNG TÁC SINH VIÊN", "dtsdh@truong.example": "PHÒNG ĐÀO TẠO SAU ĐẠI HỌC"}[from])
	w.uid++
	head := fmt.Sprintf("%sReceived: from pc by mail.truong.example with ESMTPSA; Thu, 28 Jan 2027 02:00:00 +0000\r\nFrom: %s\r\nTo: cntt@truong.example\r\nDate: %s\r\nMessage-ID: <%d@truong.example>\r\nMIME-Version: 1.0\r\n%s",
		auth, from, w.now.Format(time.RFC1123Z), w.uid, reply)
	head += "Subject: " + mime.BEncoding.Encode("utf-8", subject) + "\r\n"
	body := "Content-Type: text/plain; charset=utf-8\r\n\r\n" + text + "\r\n"
	if list != "" {
		body = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8; name=\"de-nghi.txt\"\r\n\r\n" + text +
			"\r\n--b\r\nContent-Type: text/csv; charset=utf-8; name=\"danh-sach.csv\"\r\nContent-Disposition: attachment; filename=\"danh-sach.csv\"\r\n\r\n" + list + "\r\n--b--\r\n"
	}
	if err := w.parts.intake.Store(w.ctx(), []inbox.Delivery{{Mailbox: "INBOX", UIDValidity: 7, UID: w.uid, InternalDate: w.now, Raw: []byte(head + body), Size: int64(len(head + body))}}); err != nil {
		t.Fatal(err)
	}
	var mails []store.Mail
	w.read(func(ctx context.Context, tx *store.Tx) (err error) {
		mails, err = tx.Mails(ctx, "")
		return err
	})
	m := mails[len(mails)-1]
	if err := w.parts.intake.Mail(w.ctx(), m.ID); err != nil {
		t.Fatalf("mail %d: %v", m.ID, err)
	}
}

// refused is what an officer may be told; anything else is a fault.
func refused(t *rapid.T, err error) {
	switch bot.ErrorCode(err) {
	case "", bot.Conflict, bot.Forbidden, bot.Invalid, bot.NotFound:
	case bot.Temporary, bot.Internal:
		t.Fatal(err)
	}
}

func (w *sequence) officer(t *rapid.T) bot.Officer {
	o := sequenceOfficers[rapid.IntRange(0, len(sequenceOfficers)-1).Draw(t, "officer")]
	w.acted[desk.OfficerActor(o)] = true
	return o
}

func (w *sequence) aCase(t *rapid.T) (number string) {
	var cases []bot.Case
	w.read(func(ctx context.Context, tx *store.Tx) (err error) {
		cases, err = tx.Cases(ctx, "")
		return err
	})
	if len(cases) == 0 {
		t.Skip("no case yet")
	}
	return cases[rapid.IntRange(0, len(cases)-1).Draw(t, "case")].Number
}

// likeCase is a case of the same unit that asks for the same, the newest.
func (w *sequence) likeCase(t *rapid.T, number string) string {
	var like string
	w.read(func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.CaseByNumber(ctx, number)
		if err != nil {
			return err
		}
		cases, err := tx.Cases(ctx, "")
		for _, k := range cases {
			if k.Unit == c.Unit && k.Kind == c.Kind && k.ID != c.ID && k.State.Open() {
				like = k.Number
			}
		}
		return err
	})
	if like == "" {
		t.Skip("there is no such case")
	}
	return like
}

func (w *sequence) officerActs(t *rapid.T) {
	number, o, d := w.aCase(t), w.officer(t), w.app.Desk
	actor := desk.OfficerActor(o)
	acts := map[string]func() error{
		"check":    func() error { _, err := d.Check(w.ctx(), actor, number); return err },
		"return":   func() error { _, err := d.Return(w.ctx(), actor, number, "lý do"); return err },
		"withdraw": func() error { _, err := d.Withdraw(w.ctx(), actor, number, ""); return err },
		"take":     func() error { _, err := d.Take(w.ctx(), o, number, true); return err },
		"hold":     func() error { _, err := d.Hold(w.ctx(), actor, number, "lý do"); return err },
		"resume":   func() error { _, err := d.Resume(w.ctx(), actor, number); return err },
		"supersede": func() error {
			_, err := d.Supersede(w.ctx(), actor, number, w.likeCase(t, number))
			return err
		},
		"sure": func() error { _, err := d.Sure(w.ctx(), actor, number, "đã gọi điện"); return err },
		"give back": func() error {
			_, err := d.GiveBack(w.ctx(), actor, number, []int{1}, "quyết định đã thu hồi")
			return err
		},
		"go on": func() error {
			_, err := d.GoOn(w.ctx(), actor, number, nil, "đơn vị đề nghị tiếp tục")
			return err
		},
		"hold person": func() error {
			code := rapid.SampledFrom(sequencePeople).Draw(t, "person")
			err := d.HoldPerson(w.ctx(), actor, code, "khiếu nại")
			w.held[code] = w.held[code] || err == nil
			return err
		},
		"lift hold": func() error {
			code := rapid.SampledFrom(sequencePeople).Draw(t, "person")
			err := d.LiftHold(w.ctx(), actor, code, "đã xong")
			w.held[code] = w.held[code] && err != nil
			return err
		},
	}
	names := []string{"check", "check", "check", "check", "resume", "take", "return", "withdraw", "hold", "supersede", "supersede", "sure", "give back", "go on", "hold person", "lift hold"}
	refused(t, acts[rapid.SampledFrom(names).Draw(t, "act")]())
}

func (w *sequence) officerPlans(t *rapid.T) {
	o, numbers := w.officer(t), []string{w.aCase(t)}
	if other := w.aCase(t); other != numbers[0] && rapid.Bool().Draw(t, "two") {
		numbers = append(numbers, other)
	}
	_, err := w.app.Desk.MakePlan(w.ctx(), desk.OfficerActor(o), numbers)
	refused(t, err)
}

func (w *sequence) officerApproves(t *rapid.T) {
	o := w.officer(t)
	var plans []store.StoredPlan
	w.read(func(ctx context.Context, tx *store.Tx) (err error) {
		plans, err = tx.Plans(ctx)
		return err
	})
	if len(plans) == 0 {
		t.Skip("no plan yet")
	}
	p := plans[rapid.IntRange(0, len(plans)-1).Draw(t, "plan")]
	_, err := w.app.Desk.ApprovePlan(w.ctx(), o, p.Number, p.Hash)
	refused(t, err)
}

// officersServe takes the next case in which something is to be done the whole way, as two officers do on a good day.
func (w *sequence) officersServe(t *rapid.T) {
	lan, minh, d := sequenceOfficers[0], sequenceOfficers[1], w.app.Desk
	w.acted[desk.OfficerActor(lan)], w.acted[desk.OfficerActor(minh)] = true, true
	var cases []bot.Case
	w.read(func(ctx context.Context, tx *store.Tx) (err error) {
		cases, err = tx.Cases(ctx, "")
		return err
	})
	slices.Reverse(cases)
	for _, c := range cases {
		_, err := d.Check(w.ctx(), desk.OfficerActor(lan), c.Number)
		refused(t, err)
		p, err := d.MakePlan(w.ctx(), desk.OfficerActor(lan), []string{c.Number})
		refused(t, err)
		if err != nil {
			continue
		}
		_, err = d.ApprovePlan(w.ctx(), minh, p.Number, p.Hash)
		refused(t, err)
		break
	}
	w.works()
}

// windowEnds gives a row of a suspended case back, or lets the time pass in which it may be undone.
func (w *sequence) windowEnds(t *rapid.T) {
	var cases []bot.Case
	w.read(func(ctx context.Context, tx *store.Tx) (err error) {
		cases, err = tx.Cases(ctx, bot.Suspended)
		return err
	})
	if len(cases) == 0 {
		t.Skip("nothing is suspended")
	}
	if rapid.Bool().Draw(t, "give back") {
		_, err := w.app.Desk.GiveBack(w.ctx(), desk.OfficerActor(w.officer(t)), cases[0].Number, []int{1}, "quyết định đã thu hồi")
		refused(t, err)
	} else {
		w.now = w.now.AddDate(0, 0, 40)
	}
	w.works()
}

// works does what the queue would do now.
func (w *sequence) works() {
	for range 3 {
		jobs, err := w.app.sweep(w.ctx(), true)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, j := range jobs {
			for _, q := range w.parts.queues(w.app) {
				if q.Kind == j.Kind {
					w.worked(q.Handler(w.ctx(), j.ID))
				}
			}
		}
	}
}

// worked is what a job may say.
func (w *sequence) worked(err error) {
	if _, later := errors.AsType[job.Later](err); !later {
		refused(w.t, err)
	}
}

// holds looks at everything from outside.
func (w *sequence) holds() {
	var cases []bot.Case
	var plans []store.StoredPlan
	rows := map[int64][]bot.CaseRow{}
	w.read(func(ctx context.Context, tx *store.Tx) (err error) {
		if cases, err = tx.Cases(ctx, ""); err != nil {
			return err
		}
		for _, c := range cases {
			if rows[c.ID], err = tx.Rows(ctx, c.ID); err != nil {
				return err
			}
		}
		plans, err = tx.Plans(ctx)
		return err
	})
	for _, c := range cases {
		if from, known := w.cases[c.ID]; known && !leads(bot.Arrows(c.Kind), from, c.State) {
			w.t.Fatalf("case %s went from %s to %s", c.Number, from, c.State)
		}
		w.seen[string(c.State)] = true
		w.cases[c.ID] = c.State
		for _, r := range rows[c.ID] {
			key := [2]int64{c.ID, int64(r.N)}
			from, known := w.rows[key]
			if replaced := from == bot.RowGood || from == bot.RowWarned || from == bot.RowBad; known && !replaced && !leads(bot.RowArrows(), from, r.State) {
				w.t.Fatalf("row %d of case %s went from %s to %s", r.N, c.Number, from, r.State)
			}
			w.seen["row "+string(r.State)] = true
			w.rows[key] = r.State
		}
	}
	var register []bot.Existing
	w.read(func(ctx context.Context, tx *store.Tx) (err error) {
		register, err = tx.Accounts(ctx)
		return err
	})
	for _, a := range register {
		if from, known := w.accounts[a.Code]; known && !leads(bot.AccountArrows(), from, a.State) {
			w.t.Fatalf("the account of %s went from %s to %s", a.Code, from, a.State)
		}
		w.accounts[a.Code] = a.State
		w.seen["account "+string(a.State)] = true
	}
	w.accountsHold(plans)
}

// leads reports whether arrows lead from one state to another, in at most as many moves as one act makes.
func leads[S comparable](arrows map[S][]S, from, to S) bool {
	reached := map[S]bool{from: true}
	for range 4 {
		for s := range reached {
			for _, next := range arrows[s] {
				reached[next] = true
			}
		}
	}
	return reached[to]
}

// accountsHold looks at the platform: what has changed since the last step stands in a plan that two people are behind.
func (w *sequence) accountsHold(plans []store.StoredPlan) {
	found, err := w.parts.platform.Lookup(w.ctx(), account.Keys{Codes: sequencePeople})
	if err != nil {
		w.t.Fatal(err)
	}
	now, addresses := map[string]account.Account{}, map[string]bool{}
	for _, a := range found {
		if _, twice := now[a.Code]; twice || addresses[a.Address] {
			w.t.Fatalf("%s has two accounts, or %s is given twice", a.Code, a.Address)
		}
		now[a.Code], addresses[a.Address] = a, true
		was, known := w.platform[a.Code]
		if !known && !behind(plans, a, "create") {
			w.t.Fatalf("an account was made for %s that no two people have agreed to", a.Code)
		}
		w.seen["restored"] = w.seen["restored"] || was.Suspended && !a.Suspended
		if a.Suspended && !was.Suspended && !behind(plans, a, "suspend") {
			w.t.Fatalf("the account of %s was suspended, and no two people have agreed to it", a.Code)
		}
		if a.Suspended && !was.Suspended && w.held[a.Code] {
			w.t.Fatalf("the account of %s was suspended, who is on hold", a.Code)
		}
		if w.erased[a.Code] {
			w.t.Fatalf("the address of %s, whose account was erased, was given again", a.Code)
		}
	}
	passwords := w.passwordsNow()
	for code, hash := range passwords {
		if was, known := w.passwords[code]; known && was != hash && !behind(plans, now[code], "reset") {
			w.t.Fatalf("the password of %s was made anew, and no two people have agreed to it", code)
		}
		w.seen["reset"] = w.seen["reset"] || w.passwords[code] != "" && w.passwords[code] != hash
	}
	w.passwords = passwords
	for code, a := range w.platform {
		if _, lives := now[code]; !lives && !behind(plans, a, "suspend") {
			w.t.Fatalf("the account of %s was erased, and no two people have agreed to it", code)
		} else if !lives && (!a.Suspended || w.held[code]) {
			w.t.Fatalf("the account of %s was erased at once, or on hold", code)
		} else if !lives {
			w.erased[code] = true
		}
	}
	w.platform = now
	if len(now) > 0 && len(w.acted) < 2 {
		w.t.Fatal("one person alone has made an account")
	}
}

// passwordsNow are the hashes of the directory, by code.
func (w *sequence) passwordsNow() map[string]string {
	data, err := os.ReadFile(w.app.Config.Accounts.FilePath)
	if err != nil {
		w.t.Fatal(err)
	}
	now := map[string]string{}
	for line := range strings.Lines(string(data)) {
		var l struct {
			Code, Password string
			Erased         bool
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			w.t.Fatal(err)
		}
		now[l.Code] = l.Password
		if l.Erased {
			delete(now, l.Code)
		}
	}
	return now
}

// behind reports whether an approved plan says exactly that, made by one officer and approved by another.
func behind(plans []store.StoredPlan, a account.Account, action string) bool {
	return slices.ContainsFunc(plans, func(p store.StoredPlan) bool {
		return p.Approved.Done() && p.Made.By != p.Approved.By && slices.ContainsFunc(p.Items, func(i bot.PlanItem) bool {
			return i.Action == action && i.Code == a.Code && i.User == a.User && i.Address == a.Address
		})
	})
}
