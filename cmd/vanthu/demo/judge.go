package demo

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/store"
	"vanthu/mailer/mime"
	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/xlsx"
)

// judge looks at everything that the play left, from outside where it can. Each check says what it saw, or what is wrong.
func (d *demo) judge(ctx context.Context) error {
	if err := d.export(); err != nil {
		return err
	}
	d.story.heading(fmt.Sprintf("\nChecked, after %.1f s", d.story.now().Sub(d.story.began).Seconds()))
	var errs []error
	for _, check := range []func(context.Context) (string, error){d.mailsEnded, d.answersInOrder, d.listMarked, d.accountsOnce, d.noPasswordAnywhere, d.casesClosed} {
		saw, err := check(ctx)
		if err != nil {
			errs = append(errs, err)
			d.story.print("  FAILED  %s", err)
			continue
		}
		d.story.print("  ok      %s", saw)
	}
	return errors.Join(errs...)
}

// mailsEnded: every mail has exactly one outcome and lies in the folder of its outcome.
func (d *demo) mailsEnded(ctx context.Context) (string, error) {
	lies := make(map[string][]string) // by Message-ID: folders
	folders, err := d.mail.Folders(service)
	if err != nil {
		return "", err
	}
	perFolder := make(map[string]int)
	for _, folder := range folders {
		mails, err := d.messages(service, folder)
		if err != nil {
			return "", err
		}
		for _, m := range mails {
			lies[m.ID] = append(lies[m.ID], folder)
			perFolder[folder]++
		}
	}
	var journal []store.Mail
	if err := d.read(ctx, func(tx *store.Tx) (err error) { journal, err = tx.Mails(ctx, ""); return err }); err != nil {
		return "", err
	}
	outcome := make(map[string][]store.Outcome)
	for _, m := range journal {
		outcome[m.MessageID] = append(outcome[m.MessageID], m.Outcome)
	}
	for _, s := range d.sent {
		if !slices.Equal(lies[s.id], []string{s.folder}) {
			return "", fmt.Errorf("mail %s lies in %q and belongs into %s", s.id, lies[s.id], s.folder)
		}
		if len(outcome[s.id]) != 1 || outcome[s.id][0] == "" {
			return "", fmt.Errorf("mail %s has the outcomes %q and should have one", s.id, outcome[s.id])
		}
	}
	if len(journal) != len(d.sent) {
		return "", fmt.Errorf("%d mails were sent, %d stand in the journal", len(d.sent), len(journal))
	}
	var counts []string
	for _, folder := range slices.Sorted(maps.Keys(perFolder)) {
		counts = append(counts, fmt.Sprintf("%s %d", folder, perFolder[folder]))
	}
	return fmt.Sprintf("%d mails came, each has one outcome and lies in its folder: %s", len(d.sent), strings.Join(counts, ", ")), nil
}

// answersInOrder: every answer is threaded, marked as automatic, numbered, sent once, and nobody got one but the units.
func (d *demo) answersInOrder(context.Context) (string, error) {
	written := make(map[string]bool)
	for _, s := range d.sent {
		written[s.id] = true
	}
	seen := make(map[string]bool)
	for _, p := range d.people {
		if p.address == service {
			continue
		}
		mails, err := d.messages(p.address, inboxFolder)
		if err != nil {
			return "", err
		}
		if p.address == stranger && len(mails) > 0 {
			return "", fmt.Errorf("the stranger got %q", mails[0].Subject)
		}
		if len(mails) != p.read {
			return "", fmt.Errorf("%s got %d mails; promised were %d", p.address, len(mails), p.read)
		}
		for _, m := range mails {
			if err := inOrder(m, written); err != nil {
				return "", fmt.Errorf("the answer %q to %s %w", m.Subject, p.address, err)
			}
			if seen[m.ID] {
				return "", fmt.Errorf("the answer %q came twice", m.Subject)
			}
			seen[m.ID] = true
		}
	}
	return fmt.Sprintf("%d answers, each once, threaded, Auto-Submitted, with its case in the subject; none to the stranger or the out-of-office", len(seen)), nil
}

func inOrder(m *mime.Message, written map[string]bool) error {
	switch {
	case len(m.InReplyTo) != 1 || !written[m.InReplyTo[0]] || !slices.Contains(m.References, m.InReplyTo[0]):
		return errors.New("is not threaded to a mail of the unit")
	case m.Header("Auto-Submitted") != "auto-replied":
		return errors.New("does not say that it is automatic")
	case m.ReturnPath != service:
		return fmt.Errorf("has the envelope sender %q: a bounce would not come back", m.ReturnPath)
	case caseOf(m) == "" && attached(m, ".docx") != nil: // the blank form belongs to no case
	case !strings.HasPrefix(m.Subject, "["+bot.Procedure+"] ["+caseOf(m)+"] ") || caseOf(m) == "":
		return errors.New("does not name procedure and case in its subject")
	}
	return nil
}

// listMarked: the unit's own workbook came back, everything in its place, with reasons and comments added.
func (d *demo) listMarked(context.Context) (string, error) {
	for _, q := range d.requests {
		if q.marked == nil {
			continue
		}
		sent, err := xlsx.Read(q.list, parser.DefaultLimits())
		if err != nil {
			return "", err
		}
		back, err := xlsx.Read(q.marked, parser.DefaultLimits())
		if err != nil {
			return "", fmt.Errorf("the marked workbook cannot be read: %w", err)
		}
		added, err := addedTo(sent, back)
		if err != nil {
			return "", err
		}
		parts, err := unzipped(q.marked)
		if err != nil {
			return "", err
		}
		comments := slices.ContainsFunc(slices.Collect(maps.Keys(parts)), func(name string) bool { return strings.Contains(strings.ToLower(name), "comments") })
		if added == 0 || !comments {
			return "", fmt.Errorf("the list of case %s came back with %d reasons (comments: %t)", q.number, added, comments)
		}
		return fmt.Sprintf("the list with defects came back as the unit's own workbook, unchanged but for marks, comments and %d cells of reasons", added), nil
	}
	return "", errors.New("no list came back marked")
}

// addedTo counts the cells that a workbook has beyond another one, and fails when a cell of that one is gone or changed.
func addedTo(sent, back grid.Book) (added int, err error) {
	if len(sent.Sheets) != len(back.Sheets) {
		return 0, fmt.Errorf("%d sheets came back of %d", len(back.Sheets), len(sent.Sheets))
	}
	for i, sheet := range sent.Sheets {
		was, is := cells(sheet), cells(back.Sheets[i])
		for place, text := range was {
			if is[place] != text {
				return 0, fmt.Errorf("cell %s of sheet %q was changed", place, sheet.Name)
			}
		}
		added += len(is) - len(was)
	}
	return added, nil
}

func cells(s grid.Sheet) map[string]string {
	all := make(map[string]string)
	for _, row := range s.Rows {
		for _, c := range row.Cells {
			if c.Text != "" {
				all[fmt.Sprintf("%s%d", parser.ColumnName(c.Col), row.Number)] = c.Text
			}
		}
	}
	return all
}

// accountsOnce: everybody has one account, with our marker, and the password that the unit got opens it.
func (d *demo) accountsOnce(context.Context) (string, error) {
	text, err := os.ReadFile(d.config.Accounts.FilePath)
	if err != nil {
		return "", err
	}
	type entry struct{ Code, User, Address, Marker, Password string }
	directory := make(map[string][]entry)
	total := 0
	for line := range bytes.Lines(text) {
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return "", fmt.Errorf("the directory has a line that is no account: %w", err)
		}
		directory[e.Code] = append(directory[e.Code], e)
		total++
	}
	for _, a := range d.accounts {
		found := directory[a.code]
		switch {
		case len(found) != 1:
			return "", fmt.Errorf("code %s has %d accounts", a.code, len(found))
		case found[0].User != a.user || found[0].Address != a.address || a.user != strings.ToLower(a.code):
			return "", fmt.Errorf("code %s has another account than its unit was told", a.code)
		case !strings.HasPrefix(found[0].Marker, "vanthu:"):
			return "", fmt.Errorf("the account of code %s does not say who made it", a.code)
		case !account.CheckPassword(found[0].Password, a.password):
			return "", fmt.Errorf("the password of code %s does not open its account", a.code)
		}
	}
	promised := 0
	for _, q := range d.requests {
		promised += q.rows
	}
	if len(d.accounts) != promised || total != promised+1 {
		return "", fmt.Errorf("%d accounts were promised, %d delivered, %d stand in the directory beside the old one", promised, len(d.accounts), total-1)
	}
	return fmt.Sprintf("%d accounts made, one for each person; each opens with the password of its unit's workbook", promised), nil
}

// noPassword: no initial password stands anywhere in the clear, in no mail, attachment, database, directory or log.
func (d *demo) noPassword(context.Context) (string, error) {
	var passwords [][]byte
	for _, a := range d.accounts {
		if len(a.password) < 8 {
			return "", fmt.Errorf("the password of code %s is %d characters long", a.code, len(a.password))
		}
		passwords = append(passwords, []byte(a.password))
	}
	searched := 0
	err := filepath.WalkDir(d.folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || strings.HasPrefix(entry.Name(), database) {
			return err // a descriptor of the open database that is closed drops SQLite's locks (fcntl(2)): its copy is searched
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		searched++
		for _, text := range insides(data) {
			if slices.ContainsFunc(passwords, func(p []byte) bool { return bytes.Contains(text, p) }) {
				return fmt.Errorf("an initial password stands in the clear in %s", path)
			}
		}
		return nil
	})
	return fmt.Sprintf("no initial password in the clear in any of %d files, mails and database included", searched), err
}

const database = "vanthu.db"

// noPasswordAnywhere makes a copy of the database that may be read as a file while the server has it open, and searches
// everything.
func (d *demo) noPasswordAnywhere(ctx context.Context) (string, error) {
	copied := filepath.Join(d.folder, "copy of "+database)
	if err := d.server.DB.Copy(ctx, copied); err != nil {
		return "", err
	}
	said, err := d.noPassword(ctx)
	return said, errors.Join(err, os.Remove(copied))
}

// insides returns the bytes of a file, and what is packed in them: the texts of a mail, the parts of an Office file.
func insides(data []byte) [][]byte {
	all := [][]byte{data}
	if parts, err := unzipped(data); err == nil {
		all = slices.AppendSeq(all, maps.Values(parts))
	}
	if m, err := mime.Parse(data, mime.DefaultLimits()); err == nil && m.ID != "" {
		all = append(all, []byte(m.Subject), []byte(m.Text), []byte(m.HTML))
		for _, p := range m.Parts {
			all = append(all, insides(p.Data)...)
		}
	}
	return all
}

func unzipped(data []byte) (map[string][]byte, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	parts := make(map[string][]byte)
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		part, err := io.ReadAll(r) // of files that the demo or vanthu made itself
		if err := errors.Join(err, r.Close()); err != nil {
			return nil, err
		}
		parts[f.Name] = part
	}
	return parts, nil
}

// casesClosed: every case is closed, and nothing is left in the register's drawers.
func (d *demo) casesClosed(ctx context.Context) (string, error) {
	var cases []bot.Case
	waiting := 0
	err := d.read(ctx, func(tx *store.Tx) (err error) {
		if cases, err = tx.Cases(ctx, ""); err != nil {
			return err
		}
		for _, c := range cases {
			secrets, err := tx.Secrets(ctx, c.ID)
			if err != nil {
				return err
			}
			waiting += len(secrets)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	for _, c := range cases {
		if c.State != bot.Closed {
			return "", fmt.Errorf("case %s is %s", c.Number, c.State)
		}
	}
	if len(cases) != len(d.requests) || waiting > 0 {
		return "", fmt.Errorf("%d cases of %d requests, %d sealed passwords left", len(cases), len(d.requests), waiting)
	}
	return fmt.Sprintf("%d cases are closed, every sealed password is forgotten", len(cases)), nil
}

func (d *demo) messages(address, folder string) ([]*mime.Message, error) {
	mails, err := d.mail.Messages(address, folder)
	if err != nil {
		return nil, err
	}
	var all []*mime.Message
	for _, raw := range mails {
		m, err := mime.Parse(raw, mime.DefaultLimits())
		if err != nil {
			return nil, fmt.Errorf("a mail in %s of %s cannot be read: %w", folder, address, err)
		}
		all = append(all, m)
	}
	return all, nil
}
