//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/mailer/mime"
)

// answersAreSteps: each letter of the outbox was received, under one Message-ID, and more than once only where the wire or
// the process broke between the final dot and our note. Each mail has exactly the letters of its story.
func (s *soak) answersAreSteps(b books) map[string][]*mime.Message {
	t := s.t
	copies := make(map[string][]*mime.Message)
	total := 0
	for _, address := range []string{ctsv, dtsdh, stranger} {
		for _, m := range s.mailbox(address).mails("INBOX") {
			copies[m.ID] = append(copies[m.ID], m)
			total++
		}
	}
	notes := 0
	byMail, repeated, steps := make(map[int64][]string), 0, make(map[string]bool)
	for _, l := range b.letters {
		if steps[l.Step] {
			t.Errorf("step %q has two letters", l.Step)
		}
		steps[l.Step] = true
		switch bot.AnswerKind(l.Kind) {
		case bot.CredentialsOf: // accountsAreRows
		case bot.StrangerNote:
			notes++
		default:
			byMail[l.MailID] = append(byMail[l.MailID], l.Kind)
		}
		queue := make(map[string]bool) // one for each time that Postfix took it
		for _, m := range copies[l.MessageID] {
			queue[queueID(m)] = true
		}
		dots := s.cutter.dots[l.MessageID]
		accepted, uncertain := 0, 0
		for _, d := range dots {
			if d.Accepted {
				accepted++
			} else if d.Uncertain {
				uncertain++
			}
		}
		if len(queue) < max(1, accepted) || len(queue) > accepted+uncertain {
			t.Errorf("letter %q: received %d times, Postfix took it %d times, perhaps %d more", l.Step, len(queue), accepted, uncertain)
		}
		for i := 1; i < len(dots); i++ {
			if l.Kind == string(bot.CredentialsOf) && dots[i-1].Accepted {
				t.Errorf("credentials %q were sent again after Postfix had taken them", l.Step)
			}
			if (dots[i-1].Accepted || dots[i-1].Uncertain) && !s.excused(dots[i-1]) {
				t.Errorf("letter %q was sent again %v after Postfix had taken it and we were told so", l.Step, dots[i].At.Sub(dots[i-1].At))
			}
		}
		repeated += max(0, len(queue)-1)
	}
	if notes > 1 {
		t.Errorf("the stranger was written to %d times in a day", notes)
	}
	known := make(map[string]bool)
	for _, l := range b.letters {
		known[l.MessageID] = true
	}
	for id := range copies {
		if !known[id] {
			t.Errorf("a mail that is in no outbox was received: %s", id)
		}
	}
	answered, wanted := make(map[*story][]string), make(map[*story][]string)
	for _, m := range b.mails {
		if l := s.byID[m.MessageID]; l != nil {
			answered[l.story] = append(answered[l.story], byMail[m.ID]...)
		}
	}
	for _, l := range s.byID {
		wanted[l.story] = append(wanted[l.story], l.answers...)
	}
	for _, story := range s.stories {
		if missing, surplus := match(wanted[story], answered[story]); len(missing)+len(surplus) > 0 {
			t.Errorf("%s: lacks the letters %q and got %q", story.mails[0].id, missing, surplus)
		}
	}
	t.Logf("%d letters, %d mails received, %d letters came again under the same Message-ID", len(b.letters), total, repeated)
	return copies
}

// excused says whether we could not know, or not note, that a letter was taken: nobody told us, the process was killed right
// then, or the database was away.
func (s *soak) excused(d dot) bool {
	return d.Cut || d.Uncertain || slices.ContainsFunc(s.mishaps, func(m mishap) bool {
		within := map[string]time.Duration{"kill": 3 * time.Second, "postgres": 15 * time.Second, "disk": 15 * time.Second}[m.What]
		return within > 0 && !m.Until.Before(d.At) && m.At.Before(d.At.Add(within))
	})
}

// queueID is the name under which Postfix had a mail in its queue: the same for what it delivered twice.
func queueID(m *mime.Message) string {
	for _, f := range m.Fields {
		if strings.EqualFold(f.Name, "Received") && strings.Contains(f.Value, "(Postfix)") {
			if _, rest, ok := strings.Cut(f.Value, " id "); ok {
				return strings.Trim(strings.Fields(rest)[0], ";")
			}
		}
	}
	return m.ID
}
