package app

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"vanthu/bot"
	"vanthu/bot/register"
	"vanthu/parser"
	"vanthu/parser/csv"
	"vanthu/parser/grid"
	"vanthu/parser/viet"
)

type csvLimits = parser.Limits

// accountHeads are the headings of a file of accounts, folded: small letters without marks, signs as blanks. Those of codes, names, classes
// are the ones of lists (parser/form/headers.tsv); the others are what platforms write into their exports.
var accountHeads = map[string][]string{ // read-only
	"code":    {"code", "ma so", "ma so sv hv", "ma so sinh vien", "ma so sinh vien hoc vien", "ma sinh vien", "mssv", "ma sv", "masv", "mshv", "ma hv", "ma hoc vien", "student id", "employee id", "employeenumber", "employeeid"},
	"name":    {"name", "ho va ten", "ho ten", "ho ten sinh vien", "full name", "display name", "displayname", "cn"},
	"first":   {"ho", "ho lot", "ho dem", "ho va ten dem", "ho va chu lot", "last name", "family name", "sn", "last name required"},
	"given":   {"ten", "first name", "given name", "givenname", "first name required"},
	"address": {"address", "email", "e mail", "mail", "dia chi", "dia chi thu", "dia chi email", "email address", "email address required", "user principal name", "userprincipalname", "tai khoan"},
	"user":    {"user", "ten dang nhap", "username", "user name", "uid", "samaccountname"},
	"class":   {"class", "lop", "ten lop", "ma lop"},
	"cohort":  {"cohort", "khoa", "khoa hoc", "nien khoa"},
	"state":   {"state", "status", "status read only", "accountenabled", "account enabled", "trang thai", "tinh trang"},
}

// accountStates are the words of a state, folded.
var accountStates = map[string]bot.AccountState{ // read-only
	"": bot.AccountLives, "active": bot.AccountLives, "hoat dong": bot.AccountLives, "dang hoat dong": bot.AccountLives, "enabled": bot.AccountLives, "true": bot.AccountLives,
	"suspended": bot.AccountSuspended, "tam khoa": bot.AccountSuspended, "khoa": bot.AccountSuspended, "da khoa": bot.AccountSuspended, "disabled": bot.AccountSuspended, "locked": bot.AccountSuspended, "false": bot.AccountSuspended,
	"deleted": bot.AccountDeleted, "da xoa": bot.AccountDeleted, "xoa": bot.AccountDeleted,
}

// longestField bounds a value: nothing of an account is longer (RFC 5321 §4.5.3.1: an address has 254).
const longestField = 254

// readAccounts reads a table of accounts in whatever encoding and with whatever separator. A line that cannot be an account is one with a
// Fault; the error is about the whole file, and says what to do.
func readAccounts(data []byte, limits parser.Limits) ([]register.Account, error) {
	book, err := csv.Read(data, limits)
	if problem, ok := errors.AsType[*parser.Problem](err); ok && problem.Code == parser.TooLarge {
		return nil, fmt.Errorf("it is over the limit of %s; part it, or raise [limits]", problem.Limit)
	}
	if err != nil {
		return nil, errors.New("it cannot be read as a table (its last line is not whole); export it again as CSV in UTF-8")
	}
	for _, sheet := range book.Sheets {
		for i, row := range sheet.Rows {
			columns := headsOf(row)
			if columns == nil {
				if i >= 20 {
					break
				}
				continue
			}
			var all []register.Account
			for _, r := range sheet.Rows[i+1:] {
				if a, filled := accountOf(r, columns); filled {
					all = append(all, a)
				}
			}
			return all, nil
		}
	}
	return nil, errors.New("it has no headings; its first line must name code, name and address (Mã số, Họ và tên, Email), and may name user, class, cohort and state")
}

// headsOf reads a row as headings: nil when it names no code, name and address.
func headsOf(r grid.Row) map[string]int {
	columns := make(map[string]int)
	for _, cell := range r.Cells {
		words := strings.Join(strings.FieldsFunc(viet.Fold(cell.Text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ")
		for field, heads := range accountHeads {
			if _, twice := columns[field]; !twice && slices.Contains(heads, words) {
				columns[field] = cell.Col
			}
		}
	}
	_, name := columns["name"]
	_, given := columns["given"]
	_, first := columns["first"]
	if columns["code"] == 0 || columns["address"] == 0 || !name && !(given && first) {
		return nil
	}
	return columns
}

// accountOf reads a row as an account; filled is false for an empty one.
func accountOf(r grid.Row, columns map[string]int) (a register.Account, filled bool) {
	value := func(field string) string {
		text, _ := viet.Clean(r.Cell(columns[field]).Text)
		if len(text) > longestField {
			a.Fault = fmt.Sprintf("column %s is longer than %d characters", parser.ColumnName(columns[field]), longestField)
			return ""
		}
		filled = filled || text != ""
		return strings.TrimPrefix(text, "'") // what keeps a spreadsheet from reading a number or a formula
	}
	a.Where = fmt.Sprintf("line %d", r.Number)
	a.Code, a.User, a.Address, a.Class, a.Cohort = value("code"), value("user"), value("address"), value("class"), value("cohort")
	if a.Name = value("name"); a.Name == "" {
		a.Name = strings.TrimSpace(value("first") + " " + value("given"))
	}
	state, ok := accountStates[viet.Fold(value("state"))]
	switch {
	case a.Fault != "":
	case !ok:
		a.Fault = "the state is none of active, suspended, deleted"
	case strings.ContainsAny(a.Code, " ,;@+") || spoiledCode(a.Code):
		a.Fault = "the code is none; write the column of codes as text"
	case strings.Count(a.Address, "@") != 1 || strings.ContainsAny(a.Address, " ,;<>\"") || strings.HasPrefix(a.Address, "@") || strings.HasSuffix(a.Address, "@"):
		a.Fault = "the address is none"
	}
	a.State = state
	return a, filled
}

// spoiledCode is what a spreadsheet makes of a long number: 2.15301E+09.
func spoiledCode(code string) bool {
	return strings.Contains(code, ".") && strings.ContainsAny(code, "Ee") || strings.HasSuffix(code, ".0")
}
