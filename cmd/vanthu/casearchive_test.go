package main

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/mailer/compose"
	"vanthu/mailer/mime"
)

// closedCase takes a request through the whole procedure and returns the initial passwords that the unit was given.
func (o *office) closedCase() (passwords []string) {
	o.t.Helper()
	o.change("from          = \"cntt@truong.example\"", "from          = \"cntt@truong.example\"\nplus          = \"+\"")
	o.serve()
	o.arrive("INBOX", o.request(ctsvAddress, ctsvAddress, "<1@truong.example>", "2153010001", "2153010002"))
	o.settled(1)
	o.must("case", "check", "YC-"+thisYear()+"-0001")
	plan := o.must("plan", "make", "YC-"+thisYear()+"-0001")
	hash := regexp.MustCompile(`[0-9a-f]{64}`).FindString(plan)
	o.swapOfficers()
	o.must("plan", "approve", "KH-"+thisYear()+"-0001", "--hash", hash)
	o.swapOfficers()
	state := func() bot.State {
		return look(o, func(ctx context.Context, tx *store.Tx) (bot.State, error) {
			c, err := tx.CaseByNumber(ctx, "YC-"+thisYear()+"-0001")
			return c.State, err
		})
	}
	o.await("the delivery", func() bool { return state() == bot.Delivered })
	mails, err := o.mail.Messages(ctsvAddress, "INBOX")
	if err != nil {
		o.t.Fatal(err)
	}
	delivery, err := mime.Parse(mails[len(mails)-1], mime.DefaultLimits())
	if err != nil {
		o.t.Fatal(err)
	}
	var names []string
	for _, part := range delivery.Parts {
		names = append(names, part.Name)
		f, err := excelize.OpenReader(bytes.NewReader(part.Data), excelize.Options{Password: "invented for this test"})
		if err != nil || !strings.Contains(part.Name, "mật khẩu") {
			continue
		}
		rows, err := f.GetRows("RK52")
		if err != nil {
			o.t.Fatal(err)
		}
		for _, row := range rows[1:] {
			passwords = append(passwords, row[7])
		}
	}
	if len(passwords) != 2 || len(names) != 3 || !strings.HasPrefix(names[2], "TB-"+thisYear()+"-0001") {
		o.t.Fatalf("%d passwords in %q", len(passwords), names)
	}
	// The unit answers to the address with the token, and quotes it.
	reply := compose.Mail{From: mime.Address{Address: ctsvAddress}, To: delivery.ReplyTo, Subject: "Re: " + delivery.Subject, MessageID: "<2@truong.example>", InReplyTo: delivery.ID, Date: time.Now(),
		Text: "Đã bàn giao\n\n> Trả lời: " + delivery.ReplyTo[0].Address + "\n"}
	raw, err := reply.Bytes()
	if err != nil {
		o.t.Fatal(err)
	}
	o.arrive("INBOX", append(stamp(ctsvAddress), raw...))
	o.settled(2)
	o.await("the closing", func() bool { return state() == bot.Closed })
	return passwords
}

func thisYear() string { return fmt.Sprint(time.Now().Add(7 * time.Hour).UTC().Year()) }

// swapOfficers lets this login act as the other officer.
func (o *office) swapOfficers() {
	o.t.Helper()
	me, err := user.Current()
	if err != nil {
		o.t.Fatal(err)
	}
	text, err := os.ReadFile(o.config)
	if err != nil {
		o.t.Fatal(err)
	}
	mine, other := fmt.Sprintf("login = %q", me.Username), `login    = "nobody else"`
	if !strings.Contains(string(text), mine) {
		mine, other = fmt.Sprintf("login    = %q", me.Username), `login = "nobody else"`
	}
	swapped := strings.NewReplacer(mine, strings.Replace(mine, fmt.Sprintf("%q", me.Username), `"nobody else"`, 1), other, strings.Replace(other, `"nobody else"`, fmt.Sprintf("%q", me.Username), 1)).Replace(string(text))
	if err := os.WriteFile(o.config, []byte(swapped), 0o600); err != nil {
		o.t.Fatal(err)
	}
}

// The records of a closed case are whole, can be checked without vanthu, and hold no password, passphrase or token.
func TestCaseArchive(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	passwords := o.closedCase()
	number := "YC-" + thisYear() + "-0001"
	o.told(number)
	dir, file := filepath.Join(t.TempDir(), "hồ sơ"), filepath.Join(t.TempDir(), "hồ sơ.zip")
	o.must("case", "archive", number, "--to", dir)
	o.must("case", "archive", number, "--to", file)
	o.stop()
	if out, code := o.run("case", "archive", number, "--to", dir); code == 0 {
		t.Errorf("written again: %s", out)
	}
	check := exec.CommandContext(t.Context(), "sha256sum", "--strict", "-c", "SHA256SUMS")
	check.Dir = dir
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	secrets := append(passwords, "invented for this test")
	tokens := look(o, func(ctx context.Context, tx *store.Tx) (tokens []string, err error) {
		c, err := tx.CaseByNumber(ctx, number)
		if err != nil {
			return nil, err
		}
		letters, err := tx.Letters(ctx, c.ID)
		for _, l := range letters {
			tokens = append(tokens, l.Token)
		}
		return append(tokens, c.Token), err
	})
	if len(tokens) < 4 || tokens[len(tokens)-1] == "" {
		t.Fatalf("tokens %q", tokens)
	}
	secrets = append(secrets, tokens...)
	var names []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		relative, _ := filepath.Rel(dir, name)
		names = append(names, relative)
		for _, text := range unpacked(t, data) {
			for _, secret := range secrets {
				if bytes.Contains(text, []byte(secret)) {
					t.Errorf("%q is in %s", secret, relative)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(names, "\n")
	for _, want := range []string{"1 Danh sách và đề nghị/Thư 1 ", "/BM-CNTT31.docx", "/Danh sách.csv", "danh sách đã đọc.xlsx", "2 Sổ tài khoản/" + number, "3 Thông báo cấp tài khoản/TB-" + thisYear() + "-0001",
		"4 Kế hoạch/KH-" + thisYear() + "-0001 Kế hoạch.docx", ".json", "5 Thư đã gửi/01 ", "6 Nhật ký/sự kiện.jsonl", "DOC TRUOC"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in\n%s", want, all)
		}
	}
	readMe, err := os.ReadFile(filepath.Join(dir, "DOC TRUOC - READ ME.txt"))
	if err != nil || !strings.Contains(string(readMe), "tokens are replaced by x") || !strings.Contains(string(readMe), "its bytes were erased") {
		t.Errorf("%v\n%s", err, readMe)
	}
	// The head that stands in it is one that the audit finds.
	if out := o.must("audit", "verify", "--head", filepath.Join(dir, "DOC TRUOC - READ ME.txt"), "--deep"); !strings.Contains(out, "1 earlier heads found") {
		t.Error(out)
	}
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if len(z.File) != len(names) {
		t.Errorf("%d files in the folder, %d in the .zip", len(names), len(z.File))
	}
}

// told looks at what explains and reports the case.
func (o *office) told(number string) {
	o.t.Helper()
	for args, wants := range map[string][]string{
		"case explain " + number:                   {"CTSV", "letter 1 acknowledged to ctsv@truong.example", "officer:lan", "case_checked", "plan KH-" + thisYear() + "-0001 (create) is frozen under", "officer:minh", "approves", "notice TB-", "2 rows: 2 delivered"},
		"case explain " + number + " 2":            {"row 2: 2153010002", "platform  file"},
		"case report " + number:                    {"3 check", "on time", "officer:lan", "unit:CTSV", "2 accounts"},
		"report --from 2020-01-01":                 {"Phòng Công tác sinh viên", "DAYS LATE"},
		"report --from 2020-01-01 --json":          {`"stage": "on_time"`},
		"report --from 2020-01-01 --to 2020-01-02": {"UNIT"},
	} {
		out := o.must(strings.Fields(args)...)
		for _, want := range wants {
			if !strings.Contains(out, want) {
				o.t.Errorf("vanthu %s: no %q in\n%s", args, want, out)
			}
		}
	}
	dir := o.t.TempDir()
	o.must("case", "report", number, "--to", filepath.Join(dir, "r.docx"))
	o.must("report", "--from", "2020-01-01", "--out", filepath.Join(dir, "r.xlsx"))
	o.must("report", "--from", "2020-01-01", "--out", filepath.Join(dir, "r.csv"))
	f, err := excelize.OpenFile(filepath.Join(dir, "r.xlsx"))
	if err != nil {
		o.t.Fatal(err)
	}
	if rows, err := f.GetRows("Từng bước"); err != nil || len(rows) != 6 || rows[2][6] != "Kiểm tra yêu cầu" || rows[2][12] != "đúng hạn" {
		o.t.Errorf("%v, %v", rows, err)
	}
	for _, wrong := range [][]string{{"--from", "1/1/2020"}, {"--from", "2020-01-02", "--to", "2020-01-01"}, {"--from", "2020-01-01", "--out", filepath.Join(dir, "r.txt")}, {"--from", "2020-01-01", "--out", filepath.Join(dir, "r.csv")}} {
		if out, code := o.run(append([]string{"report"}, wrong...)...); code == 0 {
			o.t.Errorf("%v is taken: %s", wrong, out)
		}
	}
	if out := os.Getenv("VANTHU_PAPER_OUT"); out != "" {
		o.must("case", "report", number, "--to", filepath.Join(out, "report.docx"))
	}
}

// unpacked is a file and, of an office document, its parts; of a mail, its decoded parts too.
func unpacked(t *testing.T, data []byte) [][]byte {
	t.Helper()
	all := [][]byte{data}
	if z, err := zip.NewReader(bytes.NewReader(data), int64(len(data))); err == nil {
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			part, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, part)
		}
		return all
	}
	if msg, err := mime.Parse(data, mime.DefaultLimits()); err == nil {
		all = append(all, []byte(msg.Text), []byte(msg.HTML), fmt.Append(nil, msg.Fields))
		for _, p := range msg.Parts {
			all = append(all, unpacked(t, p.Data)...)
		}
	}
	return all
}
