//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"net/textproto"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"vanthu/bot"
	"vanthu/mailer/compose"
	"vanthu/mailer/mime"
)

// play does what a play.txt says, line by line, and after each line tells what followed.
func (s *tale) play(name string) {
	text, err := os.ReadFile(name)
	if err != nil {
		s.t.Fatal(err)
	}
	said := false
	for _, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if line[0] == '#' {
			if !said && s.out.Len() > 0 {
				fmt.Fprintln(&s.out)
			}
			fmt.Fprintln(&s.out, line)
			said = true
			continue
		}
		said = false
		verb, rest, _ := strings.Cut(line, " ")
		fmt.Fprintf(&s.out, "\n=== %s\n", line)
		who, officer := strings.CutSuffix(verb, ":")
		switch {
		case verb == "clock":
			at, err := time.ParseInLocation("2006-01-02 15:04", rest, bot.ICT)
			if err != nil {
				s.t.Fatalf("%s: %v", name, err)
			}
			s.to(at)
			fmt.Fprintf(&s.out, "(%s)\n", weekday(at))
		case verb == "mail":
			s.mail(rest)
		case verb == "shown":
			s.shownFiles(s.filled(rest))
		case verb == "killed":
			s.serving.kill()
			s.serving = s.serve()
		case officer:
			s.officer(who, rest)
		default:
			s.t.Fatalf("%s: %q is not understood; see testdata/story/README.md", name, line)
		}
		s.settle()
		s.tellMails()
	}
}

var placeholder = regexp.MustCompile(`\{hash (KH-[0-9-]+)\}`)

// officer runs a command of an officer and tells what it prints.
func (s *tale) officer(who, line string) {
	line = placeholder.ReplaceAllStringFunc(line, func(found string) string {
		var p bot.Plan
		decode(s.t, s.must("plan", "show", placeholder.FindStringSubmatch(found)[1], "--as", who, "--json"), &p)
		return p.Hash
	})
	args := words(line)
	for i, a := range args {
		args[i] = s.filled(a)
	}
	out, err := s.run(append(args, "--as", who)...)
	if args[0] == "plan" {
		s.plans()
	}
	s.tell("  ", s.sorted(strings.Split(out, "\n")))
	if err != nil {
		_, said, _ := strings.Cut(err.Error(), "\n")
		s.tell("  refused: ", strings.TrimSpace(said)+"\n")
	}
}

// filled puts names of folders in the place of {folder} and {out}.
func (s *tale) filled(arg string) string {
	return strings.NewReplacer("{folder}", s.folder, "{out}", filepath.Join(s.dir, "out")).Replace(arg)
}

// words divides a command line; "…" holds words together.
func words(line string) (all []string) {
	quoted := false
	for _, w := range strings.FieldsFunc(line, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	}) {
		all = append(all, strings.ReplaceAll(w, `"`, ""))
	}
	return all
}

// mail sends the mail that a file of the folder describes: fields, an empty line, text. Answers names whose letter it
// answers, the last one in that mailbox whose subject holds what is named, and Attach the files beside it.
func (s *tale) mail(file string) {
	raw, err := os.ReadFile(filepath.Join(s.folder, file))
	if err != nil {
		s.t.Fatal(err)
	}
	head, text, _ := strings.Cut(string(raw), "\n\n")
	fields := textproto.MIMEHeader{}
	for _, line := range strings.Split(head, "\n") {
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			s.t.Fatalf("%s: %q is no field", file, line)
		}
		fields.Add(key, strings.TrimSpace(value))
	}
	from := fields.Get("From")
	address := storyPeople[from]
	id := strings.TrimSuffix(file, filepath.Ext(file)) + "." + filepath.Base(s.folder)
	m := compose.Mail{From: mime.Address{Address: address}, To: []mime.Address{{Address: service}}, Subject: fields.Get("Subject"),
		MessageID: "<" + id + "@truong.example>", Date: s.now, Text: text}
	if of, answers := fields["Answers"]; answers {
		s.answers(&m, from, of[0])
	}
	for _, a := range fields["Attach"] {
		m.Attachments = append(m.Attachments, s.attachment(a))
	}
	bytesOf, err := m.Bytes()
	check(s.t, err)
	c := s.courier(address)
	check(s.t, c.client.SendMail(address, []string{m.To[0].Address}, bytes.NewReader(bytesOf)))
	check(s.t, c.client.Quit())
	s.arrived++
}

// answers makes m a reply to the last letter whose subject holds what is named, with the letter quoted below as mail programs
// do, to the address that the letter wants.
func (s *tale) answers(m *compose.Mail, from, to string) {
	box := s.mails[from]
	i := slices.IndexFunc(box, func(l *letterSeen) bool { return strings.Contains(l.Subject, to) })
	if i < 0 {
		s.t.Fatalf("%s has no letter with %q in its subject", from, to)
	}
	for j, l := range box {
		if strings.Contains(l.Subject, to) {
			i = j
		}
	}
	l := box[i]
	if m.Subject == "" {
		m.Subject = "Re: " + l.Subject
	}
	m.InReplyTo, m.References = l.ID, append(slices.Clone(l.References), l.ID)
	if len(l.ReplyTo) > 0 {
		m.To = []mime.Address{{Address: l.ReplyTo[0].Address}}
	}
	m.Text += fmt.Sprintf("\nVào %s, %s đã viết:\n> %s\n", weekday(l.Date), service, strings.ReplaceAll(strings.TrimSpace(l.Text), "\n", "\n> "))
}

// attachment makes a file of "NAME = SOURCE", where SOURCE is a file of the folder: a .docx of the lines of a .txt, an .xlsx
// of the cells of a .tsv, any other as it is.
func (s *tale) attachment(line string) compose.Attachment {
	name, source, ok := strings.Cut(line, " = ")
	if !ok {
		s.t.Fatalf("Attach: %q; want a name, \" = \" and a file of the folder", line)
	}
	data, err := os.ReadFile(filepath.Join(s.folder, source))
	if err != nil {
		s.t.Fatal(err)
	}
	a := compose.Attachment{Name: name, Type: "application/octet-stream", Data: data}
	switch {
	case strings.HasSuffix(name, ".docx") && strings.HasSuffix(source, ".txt"):
		a.Type, a.Data = docxType, wordFile(s.t, strings.Split(strings.TrimSpace(string(data)), "\n"))
	case strings.HasSuffix(name, ".xlsx") && strings.HasSuffix(source, ".tsv"):
		a.Type, a.Data = xlsxType, s.cells(string(data))
	}
	return a
}

// cells makes a workbook of tab-separated lines; "[name]" begins a sheet. What looks like a number stays text, as the form has
// it.
func (s *tale) cells(text string) []byte {
	f := excelize.NewFile()
	defer f.Close()
	sheet, row := "", 0
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if name, ok := strings.CutPrefix(line, "["); ok {
			if sheet == "" {
				check(s.t, f.SetSheetName("Sheet1", strings.TrimSuffix(name, "]")))
			} else if _, err := f.NewSheet(strings.TrimSuffix(name, "]")); err != nil {
				s.t.Fatal(err)
			}
			sheet, row = strings.TrimSuffix(name, "]"), 0
			continue
		}
		row++
		values := strings.Split(line, "\t")
		check(s.t, f.SetSheetRow(sheet, fmt.Sprintf("A%d", row), &values))
	}
	var out bytes.Buffer
	check(s.t, f.Write(&out))
	return out.Bytes()
}
