// Package reply writes what a unit gets back: the letters in administrative Vietnamese with English beneath, the unit's
// own workbook marked cell by cell, and the workbooks that carry user names and initial passwords.
//
// It must not know how a letter is sent, where anything is stored, nor what a rule means: the texts of a finding come as
// functions. The texts of the letters are the files letters/*.txt.
package reply

import (
	"embed"
	"fmt"
	"strings"
	"text/template"
	"time"

	"vanthu/bot"
	"vanthu/mailer/compose"
)

// An Office is how letters are headed and signed.
type Office struct {
	School         string // "TRƯỜNG ĐẠI HỌC Y DƯỢC VÍ DỤ"
	Office         string // "Phòng Công nghệ Thông tin"
	Place          string // before the date, "Cần Thơ"; may be empty
	Contact        string // telephone and address for people
	ServiceAddress string // the mailbox that takes requests
}

// A Writer writes letters and workbooks of one office. It is safe for concurrent use.
type Writer struct {
	office Office
	say    func(bot.Finding) (vi, en string)
	fix    func(bot.Finding) (vi, en string)
}

// New returns a Writer. say gives the message of a finding, fix what the unit should do about it; both in Vietnamese
// and English, "" for none.
func New(office Office, say, fix func(bot.Finding) (vi, en string)) *Writer {
	return &Writer{office: office, say: say, fix: fix}
}

// A Draft is a letter before somebody gives it an address, a thread and a date.
type Draft struct {
	Subject     string // one line
	Text        string // text/plain, lines end in \n
	Attachments []compose.Attachment
}

//go:embed letters/*.txt
var texts embed.FS

// letters holds every text. The first line of a letter is what its subject says after [QT.CNTT.03] [case].
var letters = template.Must(template.New("").Funcs(template.FuncMap{
	"so": so, "ngay": ngay, "ngan": ngan, "gio": gio, "upper": upper, "count": count, "date": date, "clock": clock,
	"nghin": func(n int) string { return grouped(n, ".") }, "thousands": func(n int) string { return grouped(n, ",") },
	"add": func(a, b int) int { return a + b },
}).ParseFS(texts, "letters/*.txt"))

// A page is what every letter knows.
type page struct {
	School, Office, Place, Contact, ServiceAddress line
	Case, Unit                                     line
	At                                             time.Time // zero: the letter has no line of place and date
}

func (w *Writer) page(number, unit string, at time.Time) page {
	return page{
		At:     at,
		School: plain(w.office.School, longest), Office: plain(w.office.Office, longest),
		Place: plain(w.office.Place, longest), Contact: plain(w.office.Contact, longest),
		ServiceAddress: plain(w.office.ServiceAddress, longest),
		Case:           plain(number, longest), Unit: plain(unit, longest),
	}
}

// draft fills the letter called name. Only an error in a text can make it fail.
func (w *Writer) draft(name, number string, facts any, files ...compose.Attachment) (Draft, error) {
	var filled strings.Builder
	if err := letters.ExecuteTemplate(&filled, name+".txt", facts); err != nil {
		return Draft{}, fmt.Errorf("letter %s: %w", name, err)
	}
	subject, text, _ := strings.Cut(filled.String(), "\n")
	draft := Draft{Subject: subjectLine(number, subject), Text: tidy(text)}
	for _, file := range files {
		if len(file.Data) > 0 {
			draft.Attachments = append(draft.Attachments, file)
		}
	}
	return draft, nil
}

// subjectLine is "[QT.CNTT.03] [YC-2026-0042] Đã tiếp nhận …"; a mail without a case has no second bracket.
func subjectLine(number, what string) string {
	head := "[" + bot.Procedure + "] "
	if number != "" {
		head += "[" + string(plain(number, longest)) + "] "
	}
	return head + string(plain(what, longest))
}

// tidy takes the traces of a template away: blanks at line ends, more than one empty line, empty lines at both ends.
func tidy(text string) string {
	var kept []string
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimRight(line, " \t")
		if line == "" && (len(kept) == 0 || kept[len(kept)-1] == "") {
			continue
		}
		kept = append(kept, line)
	}
	return strings.TrimRight(strings.Join(kept, "\n"), "\n") + "\n"
}
