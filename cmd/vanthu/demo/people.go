package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"vanthu/mailer/compose"
	"vanthu/mailer/mime"
	"vanthu/mailer/outbox"
)

// A person is somebody with a mailbox and a mail program.
type person struct {
	short, name, address string
	password, passphrase string
	sender               *outbox.Sender
	read                 int // mails of the INBOX that were read
}

// inboxFolder is where new mail lies.
const inboxFolder = "INBOX"

// A mailSent is one mail to the service address, and the folder in which it must end.
type mailSent struct{ id, folder string }

// write makes a mail to the service address, as a mail program does.
func (d *demo) write(from *person, subject, text string, files ...compose.Attachment) compose.Mail {
	return compose.Mail{
		From: mime.Address{Name: from.name, Address: from.address}, To: []mime.Address{{Address: service}},
		Subject: subject, MessageID: fmt.Sprintf("<thu-%d.%s>", len(d.sent)+1, from.address), Date: d.story.now(),
		Text: text, Attachments: files,
	}
}

// reply makes an answer to a letter of vanthu, with the letter quoted below, as mail programs do.
func (d *demo) reply(from *person, to *mime.Message, text string, files ...compose.Attachment) compose.Mail {
	var quoted strings.Builder
	fmt.Fprintf(&quoted, "%s\n\nVào ngày %s, %s đã viết:\n", text, to.Date.Format("02/01/2006"), service)
	for line := range strings.Lines(to.Text) {
		quoted.WriteString("> " + line)
	}
	m := d.write(from, "Re: "+to.Subject, quoted.String(), files...)
	m.InReplyTo, m.References = to.ID, append(slices.Clone(to.References), to.ID)
	return m
}

// send submits a mail with the person's login and returns when the server had taken it. It must end in that folder.
func (d *demo) send(ctx context.Context, from *person, m compose.Mail, folder string) (accepted time.Time, err error) {
	raw, err := m.Bytes()
	if err != nil {
		return time.Time{}, err
	}
	d.sent = append(d.sent, mailSent{m.MessageID, folder})
	if _, err := from.sender.Send(ctx, from.address, []string{service}, raw); err != nil {
		return time.Time{}, fmt.Errorf("%s cannot send: %w", from.address, err)
	}
	return d.story.now(), nil
}

// bring delivers a mail as another server does: nobody logged in.
func (d *demo) bring(envelope string, m compose.Mail, folder string) error {
	raw, err := m.Bytes()
	if err != nil {
		return err
	}
	d.sent = append(d.sent, mailSent{m.MessageID, folder})
	return d.mail.Receive(envelope, service, raw)
}

// next waits for the next n mails of a person.
func (d *demo) next(ctx context.Context, p *person, n int) ([]*mime.Message, error) {
	all, err := d.mail.Wait(ctx, p.address, inboxFolder, p.read+n)
	if err != nil {
		return nil, err
	}
	var fresh []*mime.Message
	for _, raw := range all[p.read : p.read+n] {
		m, err := mime.Parse(raw, mime.DefaultLimits())
		if err != nil {
			return nil, fmt.Errorf("a mail to %s cannot be read: %w", p.address, err)
		}
		fresh = append(fresh, m)
	}
	p.read += n
	return fresh, nil
}

// caseOf is the number that a letter of vanthu carries.
func caseOf(m *mime.Message) string { return m.Header("X-Vanthu-Case") }

// attached returns the attachment whose name ends so, nil when there is none.
func attached(m *mime.Message, ending string) []byte {
	for _, p := range m.Parts {
		if strings.HasSuffix(p.Name, ending) {
			return p.Data
		}
	}
	return nil
}
