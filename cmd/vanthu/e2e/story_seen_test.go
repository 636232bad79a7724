//go:build e2e

package e2e

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"vanthu/bot"
	"vanthu/mailer/mime"
	"vanthu/parser"
	"vanthu/parser/form"
)

// A letterSeen is a mail of ours in a mailbox.
type letterSeen struct{ *mime.Message }

// tell writes text into what was seen, each line behind an indent, with everything that chance makes replaced by what it
// means.
func (s *tale) tell(indent, text string) {
	if strings.TrimSpace(text) == "" && indent != "  | " {
		return
	}
	for _, line := range strings.Split(strings.TrimRight(s.stable(text), "\n"), "\n") {
		fmt.Fprintln(&s.out, strings.TrimRight(indent+line, " "))
	}
}

var (
	caseToken = regexp.MustCompile(`cntt\+[a-z0-9]{6,}@`)
	ourID     = regexp.MustCompile(`<vanthu\.[0-9a-f]+@[^>]*>`)
	sha256hex = regexp.MustCompile(`\b[0-9a-f]{64}\b`)
	shortHash = regexp.MustCompile(`(SHA-256 )?\b[0-9a-f]{12}(…|\.json)`)
	queuedAs  = regexp.MustCompile(`queued as \w+`)
	uid       = regexp.MustCompile(`UID \d+/\d+`)
	ahead     = regexp.MustCompile(`preflight: .*`) // what serve saw last: its looks do not wait for the steps of the clock
	pace      = regexp.MustCompile(`, \d+ a minute`)
)

// stable replaces tokens, identifiers and hashes.
func (s *tale) stable(text string) string {
	text = strings.NewReplacer(filepath.Join(s.dir, "out"), "{out}", s.dir, "{dir}").Replace(text)
	text = caseToken.ReplaceAllString(text, "cntt+{token}@")
	text = ourID.ReplaceAllStringFunc(text, func(id string) string { return "<" + cmp.Or(s.byID[id], "a letter of ours") + ">" })
	text = sha256hex.ReplaceAllStringFunc(text, func(hash string) string {
		if plan := s.hashes[hash]; plan != "" {
			return "{hash " + plan + "}"
		}
		return "{sha-256}"
	})
	text = shortHash.ReplaceAllString(text, "${1}{hash}${2}")
	text = queuedAs.ReplaceAllString(text, "queued as {id}")
	text = pace.ReplaceAllString(text, "")
	text = ahead.ReplaceAllString(text, "preflight: {the last look}")
	return uid.ReplaceAllString(text, "UID {uid}")
}

// tellMails tells of every mail that has come to a unit or an officer since the last time, to its last word, and where the
// mails to the service lie.
func (s *tale) tellMails() {
	for _, name := range []string{"ctsv", "dtsdh", "lan", "minh", "hien"} {
		var fresh []*letterSeen
		for _, m := range s.boxes[name].mails("INBOX")[len(s.mails[name]):] {
			fresh = append(fresh, &letterSeen{m})
		}
		slices.SortStableFunc(fresh, func(a, b *letterSeen) int { // two letters of one moment come as they like
			return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Text, b.Text))
		})
		for _, l := range fresh {
			s.mails[name] = append(s.mails[name], l)
			title := fmt.Sprintf("%s %d", name, len(s.mails[name]))
			s.byID[l.ID] = title
			s.tellMail(title, l)
		}
	}
}

func (s *tale) tellMail(title string, l *letterSeen) {
	fmt.Fprintf(&s.out, "\n--- mail %s\n", title)
	addresses := func(all []mime.Address) string {
		var shown []string
		for _, a := range all {
			shown = append(shown, fmt.Sprintf("%s <%s>", a.Name, a.Address))
		}
		return strings.Join(shown, ", ")
	}
	for _, field := range [][2]string{{"From", addresses(l.From)}, {"To", addresses(l.To)}, {"Reply-To", addresses(l.ReplyTo)}, {"Subject", l.Subject},
		{"Date", weekday(l.Date)}, {"In-Reply-To", strings.Join(l.InReplyTo, " ")}, {"Auto-Submitted", l.Header("Auto-Submitted")}, {"X-Vanthu-Case", l.Header("X-Vanthu-Case")}} {
		if field[1] != "" {
			s.tell("", field[0]+": "+field[1])
		}
	}
	fmt.Fprintln(&s.out)
	s.tell("  | ", strings.ReplaceAll(l.Text, "\r\n", "\n"))
	for _, p := range l.Parts {
		fmt.Fprintf(&s.out, "\nattached: %s\n", s.stable(p.Name))
		s.tellFile(p.Name, p.Data)
	}
}

// tellFile tells what a person reads who opens a file.
func (s *tale) tellFile(name string, data []byte) {
	switch filepath.Ext(name) {
	case ".xlsx":
		s.tellWorkbook(data)
	case ".docx", ".pdf":
		d, err := form.Open(parser.File{Name: name, Data: data}, parser.DefaultLimits())
		check(s.t, err)
		for _, b := range d.Blocks {
			if b.Table == 0 {
				s.tell("  : ", b.Text)
				continue
			}
			for _, row := range d.Sheets[b.Table-1].Rows {
				var cells []string
				for _, c := range row.Cells {
					cells = append(cells, strings.ReplaceAll(c.Text, "\n", " / "))
				}
				s.tell("  : ", strings.Join(cells, "\t"))
			}
		}
	case ".eml":
		m, err := mime.Parse(data, mime.DefaultLimits())
		check(s.t, err)
		s.tell("  : ", fmt.Sprintf("a mail: %s, %s", m.Subject, m.ID))
	case ".json":
		fmt.Fprintln(&s.out, "  : (for machines)")
	case ".txt", ".tsv", ".csv", ".md", ".html":
		s.tell("  : ", string(data))
	default:
		fmt.Fprintln(&s.out, "  : (not shown)")
	}
}

// shownFiles tells of every file below a folder, or of one file.
func (s *tale) shownFiles(root string) {
	check(s.t, filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(&s.out, "\nfile: %s\n", s.stable(name))
		s.tellFile(name, data)
		return nil
	}))
}

// tellWorkbook tells the cells of each sheet, the notes on cells, and of passwords whether they open what they should.
func (s *tale) tellWorkbook(data []byte) {
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil { // encrypted
		f, err = excelize.OpenReader(bytes.NewReader(data), excelize.Options{Password: passphrase})
		check(s.t, err)
		fmt.Fprintln(&s.out, "  : (encrypted; opened with the passphrase of the unit)")
	}
	defer f.Close()
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		check(s.t, err)
		s.tell("  : ", "["+sheet+"]")
		code, password := -1, -1
		for _, row := range rows {
			for i, cell := range row {
				switch {
				case strings.HasPrefix(cell, "Mã số"):
					code = i
				case strings.HasPrefix(cell, "Mật khẩu ban đầu"):
					password = i
				case i == password && code >= 0 && cell != "" && row[code] != "":
					s.passwords[row[code]] = append(s.passwords[row[code]], cell)
					row[i] = "{password: signs in}"
					if err := s.signIn(s.dn(row[code]), cell); err != nil {
						row[i] = "{password: does not sign in}"
					}
				}
				row[i] = strings.ReplaceAll(row[i], "\n", " / ")
			}
			s.tell("  : ", strings.TrimRight(strings.Join(row, "\t"), "\t"))
		}
		notes, err := f.GetComments(sheet)
		check(s.t, err)
		for _, n := range notes {
			text := n.Text
			for _, p := range n.Paragraph {
				text += p.Text
			}
			s.tell("  : ", "note on "+n.Cell+": "+strings.ReplaceAll(strings.TrimSpace(text), "\n", " / "))
		}
	}
}

// tellStates tells, at the end of a folder, what has changed since the end of the one before: cases, plans, accounts, and where
// the mails to the service lie.
func (s *tale) tellStates() {
	fmt.Fprint(&s.out, "\n=== how things stand at the end of this step\n")
	var cases []struct{ Number string }
	decode(s.t, s.must("case", "list", "--as", "lan", "--json"), &cases)
	for _, c := range cases {
		s.changed("case show", c.Number)
	}
	for _, number := range s.plans() {
		s.changed("plan show", number)
	}
	s.news("accounts in the directory", s.tellDirectory())
	s.news("mails to the service, by folder", s.tellFolders())
}

// plans lists the plans, and learns their hashes.
func (s *tale) plans() (numbers []string) {
	var plans []struct{ Number, Hash string }
	decode(s.t, s.must("plan", "list", "--as", "lan", "--json"), &plans)
	for _, p := range plans {
		s.hashes[p.Hash] = p.Number
		numbers = append(numbers, p.Number)
	}
	return numbers
}

// changed tells what an officer's command shows, when it shows anything new. Of a history only what is new is told.
func (s *tale) changed(command, number string) {
	shown := s.must(append(strings.Fields(command), number, "--as", "lan")...)
	title := command + " " + number
	if s.shown[title] == shown {
		return
	}
	s.shown[title] = shown
	fmt.Fprintf(&s.out, "\n--- %s\n", title)
	s.tell("  ", s.inOrder(number, shown))
}

var dated = regexp.MustCompile(`^(answer )?\d\d/\d\d/\d{4} \d\d:\d\d `)

// inOrder leaves out the lines of a history that were told before, and brings into an order those of one kind that several
// hands wrote in one minute (accounts are made eight at a time).
func (s *tale) inOrder(number, shown string) string {
	var lines []string
	for _, line := range strings.Split(shown, "\n") {
		if dated.MatchString(line) {
			if s.lines[number+line] {
				continue
			}
			s.lines[number+line] = true
		}
		lines = append(lines, line)
	}
	return s.sorted(lines)
}

// sorted brings the lines of one kind of a history into an order.
func (s *tale) sorted(lines []string) string {
	for i := 0; i < len(lines); {
		j := i + 1
		for kind := lineKind(lines[i]); kind != "" && j < len(lines) && lineKind(lines[j]) == kind; {
			j++
		}
		slices.SortStableFunc(lines[i:j], func(a, b string) int { return cmp.Compare(s.stable(a), s.stable(b)) })
		i = j
	}
	return strings.Join(lines, "\n")
}

// lineKind is when, by whom and what of a line of a history, "" of any other line.
func lineKind(line string) string {
	if words := strings.Fields(line); dated.MatchString(line) && len(words) >= 4 {
		return strings.Join(words[:4], " ")
	}
	return ""
}

// news tells a text when it is another than the last time.
func (s *tale) news(title, text string) {
	if s.shown[title] == text {
		return
	}
	s.shown[title] = text
	fmt.Fprintf(&s.out, "\n--- %s\n", title)
	s.tell("  ", text)
}

func (s *tale) dn(code string) string { return "uid=" + code + "," + s.app.Config.Accounts.LDAP.Base }

// tellDirectory tells of every account: what the directory says of it, and which of the passwords that were handed out for it
// opens it.
func (s *tale) tellDirectory() string {
	var lines []string
	for _, e := range s.search("(objectClass=*)", "*", "+") {
		var values []string
		for _, a := range e.Attributes {
			switch a.Name {
			case "cn", "mail", "employeeNumber", "description", "pwdAccountLockedTime":
				values = append(values, a.Name+"="+strings.Join(a.Values, "|"))
			}
		}
		slices.Sort(values)
		code := e.GetAttributeValue("employeeNumber")
		opens := "no password was handed out"
		for i, password := range s.passwords[code] {
			if i == 0 {
				opens = "none of the passwords handed out signs in"
			}
			if s.signIn(e.DN, password) == nil {
				opens = fmt.Sprintf("password %d of %d signs in", i+1, len(s.passwords[code]))
			}
		}
		lines = append(lines, fmt.Sprintf("%s  %s  (%s)", e.GetAttributeValue("uid"), strings.Join(values, "  "), opens))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// tellFolders tells which mails lie in which folder of the service.
func (s *tale) tellFolders() string {
	var text strings.Builder
	box := s.boxes["cntt"]
	folders := box.folders()
	slices.Sort(folders) // servers list them as they like
	for _, folder := range folders {
		mails := box.mails(folder)
		if len(mails) == 0 {
			continue
		}
		fmt.Fprintf(&text, "%s\n", folder)
		var lines []string
		for _, m := range mails {
			lines = append(lines, fmt.Sprintf("  %s  %s  %s", m.Date.In(bot.ICT).Format("02/01 15:04"), m.From[0].Address, m.ID))
		}
		slices.Sort(lines)
		fmt.Fprintln(&text, strings.Join(lines, "\n"))
	}
	return text.String()
}
