//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/mailer/mime"
)

// books is everything that the database knows in the end.
type books struct {
	mails   []store.Mail
	letters []store.Letter
	cases   []bot.Case
	rows    map[int64][]bot.CaseRow
	plans   []store.StoredPlan
	events  []bot.Event
	secrets int // sealed passwords that are left
}

// books reads them; without whole only what says whether work is left.
func (s *soak) books(whole bool) books {
	b := books{rows: make(map[int64][]bot.CaseRow)}
	ctx := context.WithoutCancel(s.t.Context()) // it is asked after a failure, too
	s.look(func(tx *store.Tx) (err error) {
		if b.mails, err = tx.Mails(ctx, ""); err != nil {
			return err
		}
		if b.letters, err = tx.Letters(ctx, 0); err != nil {
			return err
		}
		if b.cases, err = tx.Cases(ctx, ""); err != nil || !whole {
			return err
		}
		if b.plans, err = tx.Plans(ctx); err != nil {
			return err
		}
		if b.events, err = tx.Events(ctx, 0); err != nil {
			return err
		}
		for _, c := range b.cases {
			if b.rows[c.ID], err = tx.Rows(ctx, c.ID); err != nil {
				return err
			}
			sealed, err := tx.Secrets(ctx, c.ID)
			if err != nil {
				return err
			}
			b.secrets += len(sealed)
		}
		return nil
	})
	return b
}

// left says what is still to be done.
func (s *soak) left() string {
	b := s.books(false)
	unjudged, unfiled, unsent, open := 0, 0, 0, 0
	for _, m := range b.mails {
		if m.Outcome == "" {
			unjudged++
		} else if m.FiledAt.IsZero() {
			unfiled++
		}
	}
	for _, l := range b.letters {
		if l.State != store.LetterSent {
			unsent++
		}
	}
	for _, c := range b.cases {
		switch c.State {
		case bot.Received, bot.Creating, bot.Created, bot.Suspending, bot.Erasing:
			open++
		case bot.InWork:
			if !s.never(c) {
				open++
			}
		case bot.WaitingUnit, bot.Delivered, bot.ReceivedByUnit, bot.HandedOver, bot.Suspended, bot.Closed, bot.Withdrawn, bot.Superseded:
		}
	}
	s.mu.Lock()
	missing := s.sent - len(b.mails)
	s.mu.Unlock()
	waiting := s.waiting(b)
	if len(b.mails) == 0 || missing > 0 || unjudged+unfiled+unsent+open+waiting > 0 {
		return fmt.Sprintf("%d mails not seen, %d not judged, %d not filed, %d letters not sent, %d cases in work, %d replies not written", missing, unjudged, unfiled, unsent, open, waiting)
	}
	return ""
}

// waiting counts letters that a story answers and has not.
func (s *soak) waiting(b books) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	byMail := make(map[int64]string)
	for _, m := range b.mails {
		byMail[m.ID] = m.MessageID
	}
	byCase := make(map[int64]string)
	for _, c := range b.cases {
		byCase[c.ID] = byMail[c.MailID]
	}
	n := 0
	for _, l := range b.letters {
		in := s.byID[byMail[l.MailID]]
		if in == nil {
			in = s.byID[byCase[l.CaseID]]
		}
		if kind := kindOf(l.Subject); in != nil && in.story.then[kind] != nil && !in.story.reacted[kind] {
			n++
		}
	}
	return n
}

// balance compares the books, the mailboxes and the directory with what the generator expects.
func (s *soak) balance() {
	s.t.Helper()
	b := s.books(true)
	s.mailsAreOutcomes(b)
	copies := s.answersAreSteps(b)
	s.accountsAreRows(b)
	s.nothingTold(b)
	s.noPassword(b, copies)
	for i, c := range b.cases {
		if !slices.ContainsFunc(b.cases, func(c bot.Case) bool { return strings.HasSuffix(c.Number, fmt.Sprintf("-%04d", i+1)) }) {
			s.t.Errorf("the case numbers have a gap: there is no %04d of %s…", i+1, c.Number[:7])
		}
	}
}

// mailsAreOutcomes: each mail in the mailbox has its line in the journal with the outcome that its story expects, lies in the
// folder of that outcome, and was not marked as read by us.
func (s *soak) mailsAreOutcomes(b books) {
	t := s.t
	got, cases := make(map[string][]string), make(map[*story]int)
	byID := make(map[int64]store.Mail)
	for _, m := range b.mails {
		byID[m.ID] = m
		word, _, _ := strings.Cut(m.Reason, ":")
		got[m.MessageID] = append(got[m.MessageID], fmt.Sprintf("%s %s %s", m.Outcome, word, m.Folder))
		if l := s.byID[m.MessageID]; l == nil {
			t.Errorf("mail %d, %q from %q (%s %s) was sent by nobody", m.ID, m.MessageID, m.Sender, m.Outcome, m.Reason)
		} else if m.Outcome == store.IsCase {
			cases[l.story]++
		}
	}
	lying := s.lying()
	total, again := 0, 0
	for id, l := range s.byID {
		found := got[id]
		want := slices.Clone(l.want)
		for range s.extra[id] {
			want = append(want, copied)
		}
		for len(found) > len(want) && lying.redelivered[id] > 0 { // Postfix gave it to Dovecot twice
			lying.redelivered[id]--
			again++
			want = append(want, copied+" / "+l.want[0])
		}
		if missing, surplus := match(want, found); len(missing)+len(surplus) > 0 {
			t.Errorf("%s (%s): the journal lacks %q and has %q", id, l.story.kind, missing, surplus)
		}
		total += len(found)
		folders := lying.folders[id]
		slices.Sort(folders)
		var filed []string
		for _, line := range found {
			filed = append(filed, line[strings.LastIndex(line, " ")+1:])
		}
		slices.Sort(filed)
		if !slices.Equal(filed, folders) {
			t.Errorf("%s (%s): filed in %q, lies in %q", id, l.story.kind, filed, folders)
		}
		if lying.seen[id] && !s.read[id] {
			t.Errorf("%s (%s) is marked as read, and nobody read it", id, l.story.kind)
		}
	}
	for _, story := range s.stories {
		if n := cases[story]; n != story.opens {
			t.Errorf("%s opened %d cases, want %d", story.mails[0].id, n, story.opens)
		}
	}
	t.Logf("%d mails sent, %d in the journal, %d in the folders; %d delivered twice by the MTA, %d copied by a person", s.sent, len(b.mails), lying.total, again, len(s.extra))
	if len(b.mails) != lying.total || total != len(b.mails) {
		t.Errorf("%d mails in the mailbox, %d in the journal, %d of them known", lying.total, len(b.mails), total)
	}
}

// match pairs what is wanted (fair ones with |) with what is there.
func match(want, got []string) (missing, surplus []string) {
	surplus = slices.Clone(got)
	for _, w := range want {
		i := slices.IndexFunc(surplus, func(g string) bool {
			for _, fair := range fairs(w) {
				if fair == g {
					return true
				}
			}
			return false
		})
		if i < 0 {
			missing = append(missing, w)
			continue
		}
		surplus = slices.Delete(surplus, i, i+1)
	}
	return missing, surplus
}

// copied is what becomes of one more copy of a mail.
const copied = "followup same_mail Done / ignored same_mail Ignored / ignored same_mail Done / followup bounce Done"

// fairs writes "quarantine a|b Quarantine / x y Z" out.
func fairs(w string) []string {
	var all []string
	for _, line := range strings.Split(w, " / ") {
		words := strings.Fields(line)
		if len(words) != 3 { // the kind of a letter
			all = append(all, strings.Split(line, "|")...)
			continue
		}
		for _, reason := range strings.Split(words[1], "|") {
			all = append(all, words[0]+" "+reason+" "+words[2])
		}
	}
	return all
}

// accountsAreRows: who has an account is who stands in an approved plan, once, and his row is delivered.
func (s *soak) accountsAreRows(b books) {
	t := s.t
	approved := make(map[string]string) // marker → code
	for _, p := range b.plans {
		if !p.Approved.Done() {
			continue
		}
		for _, item := range p.Items {
			approved[fmt.Sprintf("vanthu:%s:%d", item.Case, item.N)] = item.Code
		}
	}
	delivered := 0
	for _, c := range b.cases {
		made, told := 0, 0
		for _, l := range b.letters {
			if l.CaseID == c.ID && l.Kind == string(bot.CredentialsOf) {
				told++
			}
		}
		for _, r := range b.rows[c.ID] {
			marker := fmt.Sprintf("vanthu:%s:%d", c.Number, r.N)
			if r.State == bot.RowDelivered {
				made++
			}
			if (r.State == bot.RowDelivered) != (approved[marker] != "") {
				t.Errorf("%s is %s, approved: %v", marker, r.State, approved[marker] != "")
			}
		}
		if told != min(made, 1) {
			t.Errorf("case %s: %d rows are delivered by %d letters", c.Number, made, told)
		}
		delivered += made
	}
	accounts, codes := s.accounts(), make(map[string]bool)
	for _, e := range accounts {
		if approved[e.marker] != e.code {
			t.Errorf("the account %s (%s) was not approved", e.mail, e.marker)
		}
		if codes[e.code] {
			t.Errorf("%s has two accounts", e.code)
		}
		codes[e.code] = true
	}
	if len(accounts) != len(approved) || len(accounts) != delivered {
		t.Errorf("%d accounts, %d approved rows, %d delivered ones", len(accounts), len(approved), delivered)
	}
	if b.secrets > 0 {
		t.Errorf("%d sealed passwords are left", b.secrets)
	}
	t.Logf("%d cases, %d accounts", len(b.cases), len(accounts))
}

// nothingTold: strangers got nothing that holds anything of ours.
func (s *soak) nothingTold(b books) {
	notes := s.mailbox(stranger).mails("INBOX")
	for _, m := range notes {
		if len(m.Parts) > 0 || strings.Contains(m.Text, "24530") || strings.Contains(m.Text, "YC-") {
			s.t.Errorf("the stranger was told:\n%s", m.Text)
		}
	}
}

// noPassword opens a sample of what was delivered and looks for the passwords everywhere else.
func (s *soak) noPassword(b books, copies map[string][]*mime.Message) {
	t := s.t
	var places [][]byte
	for _, name := range []string{"serve.log", "disk/vanthu.db", "disk/vanthu.db-wal"} {
		if data, err := os.ReadFile(filepath.Join(s.dir, name)); err == nil {
			places = append(places, data)
		}
	}
	if s.database == "postgres" {
		places = append(places, s.dump())
	}
	var mails bytes.Buffer
	opened, passwords, dns := 0, make(map[string]string), make(map[string]string)
	for _, e := range s.accounts() {
		dns[e.code] = e.dn
	}
	for _, all := range copies {
		for _, m := range all {
			mails.WriteString(m.Text + m.HTML)
			for _, part := range m.Parts {
				mails.Write(part.Data)
			}
			if kindOf(m.Subject) == "delivered" && opened < 25 {
				opened++
				for code, password := range credentials(t, m) {
					passwords[code] = password
				}
			}
		}
	}
	places = append(places, mails.Bytes())
	for code, password := range passwords {
		for _, place := range places {
			if bytes.Contains(place, []byte(password)) {
				t.Errorf("the password of %s stands outside its workbook", code)
			}
		}
		if err := s.signIn(dns[code], password); err != nil {
			t.Errorf("%s cannot sign in with what was delivered: %v", code, err)
		}
	}
	if opened == 0 {
		t.Error("nothing was delivered")
	}
	t.Logf("%d passwords of %d workbooks looked for in %d places", len(passwords), opened, len(places))
}
