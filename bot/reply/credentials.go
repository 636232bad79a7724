package reply

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"vanthu/bot"
)

// A CredentialSheet is the accounts of one case, in sending order.
type CredentialSheet struct {
	Case, Unit string
	Accounts   []Credential
}

// A Credential is one account with its initial password. It shows itself without the password, whatever prints it.
type Credential struct {
	STT, Code, Name, Class, Cohort string
	User                           string // "2153010345"
	Address                        string // "2153010345@sv.truong.example"
	Password                       []byte `json:"-"`
}

// String keeps the password out of every message and log, and so do GoString and LogValue.
func (c Credential) String() string { return c.Address + " (password hidden)" }

// GoString is String.
func (c Credential) GoString() string { return c.String() }

// LogValue is String.
func (c Credential) LogValue() slog.Value { return slog.StringValue(c.String()) }

// ShortestPassphrase is in characters. The file's encryption (AES-128, SHA-1 over 50,000 rounds) is only as strong as
// the passphrase: one that is guessed in an evening opens it.
const ShortestPassphrase = 12

// longestPassphrase is what spreadsheet programs take.
const longestPassphrase = 255

// Credentials writes the workbook with initial passwords, encrypted with the unit's passphrase (ECMA-376 Standard, which
// Excel and LibreOffice open): a sheet of instructions and one for each class in sending order. It never returns a file
// that is not encrypted, and keeps no copy of a password.
func (w *Writer) Credentials(c CredentialSheet, passphrase string) ([]byte, error) {
	if err := checkPassphrase(passphrase); err != nil {
		return nil, err
	}
	for i, account := range c.Accounts {
		if len(account.Password) == 0 {
			return nil, bot.Errorf(bot.Invalid, "account %d has no initial password", i+1)
		}
	}
	f, err := w.classSheets(c, instructions, true)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := written(f, excelize.Options{Password: passphrase})
	if err != nil {
		return nil, fmt.Errorf("write the workbook of initial passwords: %w", err)
	}
	if !strings.HasPrefix(string(data[:min(len(data), 8)]), "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
		return nil, errors.New("the workbook of initial passwords did not come out encrypted")
	}
	return data, nil
}

func checkPassphrase(passphrase string) error {
	switch n := utf8.RuneCountInString(passphrase); {
	case n < ShortestPassphrase:
		return bot.Errorf(bot.Invalid, "the passphrase has %d characters, at least %d are needed", n, ShortestPassphrase)
	case n > longestPassphrase:
		return bot.Errorf(bot.Invalid, "the passphrase has %d characters, at most %d are possible", n, longestPassphrase)
	case strings.TrimSpace(passphrase) != passphrase, strings.ContainsFunc(passphrase, unicode.IsControl), !utf8.ValidString(passphrase):
		return bot.Errorf(bot.Invalid, "the passphrase begins or ends with a blank or holds characters that nobody can type")
	}
	return nil
}

// UserNames writes the plain workbook of user names by class, without passwords.
func (w *Writer) UserNames(c CredentialSheet) ([]byte, error) {
	f, err := w.classSheets(c, nil, false)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return written(f)
}

// instructions stand on the first sheet, Vietnamese and English.
var instructions = []string{
	"1. Mật khẩu ban đầu chỉ dùng để đăng nhập lần đầu. Người sử dụng phải đổi mật khẩu ngay ở lần đăng nhập đầu tiên.",
	"2. Giao cho từng sinh viên, học viên đúng dòng của mình. Không công khai, không chụp ảnh, không gửi tệp này qua mạng xã hội.",
	"3. Xoá tệp này sau khi bàn giao xong. Tài khoản bị mất mật khẩu được cấp lại mật khẩu mới, không gửi lại mật khẩu cũ.",
	"4. Nhà trường không bao giờ hỏi mật khẩu qua thư, điện thoại hoặc mạng xã hội.",
	"",
	"1. An initial password is for the first sign-in only. The user must change it at once.",
	"2. Give every student or learner their own row. Do not publish, photograph or forward this file over social networks.",
	"3. Delete this file after the hand-over. Whoever loses a password gets a new one; the old one is not sent again.",
	"4. The school never asks for a password by mail, telephone or social networks.",
}

// classSheets writes one sheet for each class, in the order in which the classes first come, after a sheet of
// instructions when there are any.
func (w *Writer) classSheets(c CredentialSheet, guide []string, passwords bool) (*excelize.File, error) {
	f := excelize.NewFile()
	t := tabler{f: f, sheet: "Sheet1", row: 1}
	names := sheetNames{}
	if guide != nil {
		t.rename(names.take("Hướng dẫn", ""))
		t.lay()
		t.width(1, 120)
		t.line(strings.ToUpper(w.office.School), true)
		t.line(fmt.Sprintf("%s – mã hồ sơ %s – %s", w.office.Office, c.Case, c.Unit), true)
		t.line("", false)
		for _, text := range guide {
			t.line(text, false)
		}
	}
	started := guide == nil && len(c.Accounts) > 0
	for i, class := range byClass(c.Accounts) {
		name := names.take(class.name, "Chưa ghi lớp")
		if i == 0 && started {
			t.rename(name)
		} else {
			t.sheetNamed(name)
		}
		t.accounts(class.accounts, passwords)
	}
	if t.err != nil {
		_ = f.Close()
		return nil, t.err
	}
	f.SetActiveSheet(0)
	return f, nil
}

type class struct {
	name     string
	accounts []Credential
}

// byClass groups accounts by class; both classes and accounts keep the order of sending.
func byClass(accounts []Credential) []class {
	var classes []class
	place := map[string]int{}
	for _, a := range accounts {
		i, known := place[a.Class]
		if !known {
			i = len(classes)
			place[a.Class] = i
			classes = append(classes, class{name: a.Class})
		}
		classes[i].accounts = append(classes[i].accounts, a)
	}
	return classes
}

func (t *tabler) sheetNamed(name string) {
	_, err := t.f.NewSheet(name)
	t.keep(err)
	t.sheet, t.row = name, 1
}

func (t *tabler) accounts(accounts []Credential, passwords bool) {
	t.lay()
	headers := []string{"STT", "Mã số", "Họ và tên", "Lớp", "Khóa", "Tên đăng nhập", "Địa chỉ email"}
	widths := []float64{6, 16, 30, 14, 8, 18, 36}
	if passwords {
		headers, widths = append(headers, "Mật khẩu ban đầu"), append(widths, 24)
	}
	for i, width := range widths {
		t.width(i+1, width)
	}
	t.header(headers...)
	for _, a := range accounts {
		values := []string{a.STT, a.Code, a.Name, a.Class, a.Cohort, a.User, a.Address}
		if passwords {
			values = append(values, string(a.Password))
		}
		t.text(values...)
	}
	t.keep(t.f.SetPanes(t.sheet, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}))
}
