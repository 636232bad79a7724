//go:build e2e

package e2e

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/mailer/compose"
	"vanthu/mailer/mime"
)

// A corpusCase is a folder of the corpus, and what came of it.
type corpusCase struct {
	name           string
	Kind           string        `json:"kind"`
	Action         string        `json:"action"`
	AcceptActions  []string      `json:"accept_actions"`
	Rows           []corpusRow   `json:"rows"`
	RowsMayRepeat  bool          `json:"rows_may_repeat"`
	Loose          []string      `json:"loose"`
	Either         []any         `json:"either_defects"`
	First          *any          `json:"first_message"`
	MustNot        []string      `json:"must_not"`
	SecretIDs      []string      `json:"secret_ids"`
	SecretNames    []string      `json:"secret_names"`
	HiddenPassword string        `json:"hidden_password"`
	Limits         *corpusLimits `json:"limits"`
	Messages       []*corpusMail `json:"messages"`
	mails          []*corpusMail

	journal []store.Mail
	opened  []bot.Case
	answers []received
}

type corpusRow struct {
	ID       string   `json:"id"`
	IDAccept []string `json:"id_accept"`
	Name     string   `json:"name"`
	OK       bool     `json:"ok"`
}

type corpusLimits struct {
	Seconds int `json:"max_seconds"`
}

// A corpusMail is one mail of a case and how its sender sends it.
type corpusMail struct {
	File   string   `json:"file"`
	From   string   `json:"mail_from"`
	Rcpt   []string `json:"rcpt"`
	Via    string   `json:"via"`
	Auth   string   `json:"auth"`
	DKIM   string   `json:"dkim"`
	sender string   // From of the header
	id     string   // Message-ID
	raw    []byte
	first  bool // of its case
	reply  bool // answers our letter about the case's first mail
}

func readCase(t *testing.T, folder string) *corpusCase {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	c := &corpusCase{name: filepath.Base(folder)}
	if err := json.Unmarshal(data, c); err != nil {
		t.Fatalf("%s: %v", folder, err)
	}
	c.mails = c.Messages
	for i, m := range c.mails {
		if m.raw, err = os.ReadFile(filepath.Join(folder, m.File)); err != nil {
			t.Fatal(err)
		}
		head, _, _ := strings.Cut(strings.ReplaceAll(string(m.raw), "\r\n", "\n"), "\n\n")
		msg, err := mime.Parse([]byte(head+"\n\n"), mime.DefaultLimits())
		if err != nil {
			t.Fatalf("%s: %v", folder, err)
		}
		m.id, m.sender, m.first, m.reply = msg.ID, m.From, i == 0, i > 0 && len(msg.InReplyTo) > 0
	}
	return c
}

// replies says whether a mail of the case answers us.
func (c *corpusCase) replies() bool {
	return slices.ContainsFunc(c.mails, func(m *corpusMail) bool { return m.reply })
}

// last is the newest answer in the thread.
func (c *corpusCase) last() *mime.Message {
	if len(c.answers) == 0 {
		return nil
	}
	return c.answers[len(c.answers)-1].Message
}

func (c *corpusCase) consentID() string { return "<consent-" + c.name + "@truong.example>" }

// answerTo is the unit's consent to the good rows.
func answerTo(c *corpusCase, letter *mime.Message) compose.Mail {
	return answer(c.mails[0].sender, letter, "consent-"+c.name, "Đồng ý cấp phần hợp lệ.")
}

var referring = regexp.MustCompile(`(?im)^(In-Reply-To|References):[^\r\n]*(\r?\n[ \t][^\r\n]*)*\r?\n`)

// bytes is the mail as it goes over the wire: a reply refers to our answer, the signature is made now.
func (m *corpusMail) bytes(c *corpusCase) ([]byte, error) {
	raw := m.raw
	if m.reply {
		letter := c.last()
		if letter == nil {
			return nil, fmt.Errorf("nothing was answered that %s could reply to", m.File)
		}
		raw = slices.Concat([]byte("In-Reply-To: "+letter.ID+"\r\nReferences: "+letter.ID+"\r\n"), referring.ReplaceAll(raw, nil))
	}
	if m.DKIM == "" {
		return raw, nil
	}
	return signed(raw, m.DKIM)
}

// signed puts a DKIM signature of a domain above a mail; .ci/servers has the key.
func signed(raw []byte, domain string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(os.Getenv("VANTHU_CI_DKIM"), domain+".key"))
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("no key in %s.key", domain)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	raw = bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
	err = dkim.Sign(&out, bytes.NewReader(raw), &dkim.SignOptions{Domain: domain, Selector: "k1", Signer: key.(crypto.Signer),
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed})
	return out.Bytes(), err
}

// post sends a mail with its envelope over a connection of its own.
func (w *world) post(m *corpusMail, raw []byte) error {
	dial := func() (*smtp.Client, error) { return smtp.Dial(os.Getenv("VANTHU_CI_MX")) }
	if m.Via == "submission" {
		dial = func() (*smtp.Client, error) { return smtp.DialStartTLS(os.Getenv("VANTHU_CI_SUBMISSION"), w.tls()) }
	}
	client, err := dial()
	if err != nil {
		return err
	}
	defer client.Close()
	if m.Auth != "" {
		if err := client.Auth(sasl.NewPlainClient("", m.Auth, w.password)); err != nil {
			return err
		}
	}
	return client.SendMail(m.From, m.Rcpt, bytes.NewReader(raw))
}

// action is what the journal says of the mail that expected.json describes: the first, or the last when it says so.
func (c *corpusCase) action() string {
	if len(c.journal) == 0 {
		return ""
	}
	m := c.journal[max(0, slices.IndexFunc(c.journal, func(m store.Mail) bool { return !strings.HasPrefix(m.Reason, "same_mail") }))] // of two copies either may come first
	if c.First != nil {
		m = c.journal[len(c.mails)-1]
	}
	switch m.Outcome {
	case store.IsCase, store.IsFollowUp:
		word, _, _ := strings.Cut(m.Reason, ":")
		return word
	case store.Ignored:
		word, _, _ := strings.Cut(m.Reason, ":")
		if action := map[string]string{"answered": "reply_status", "form_sent": "send_form"}[word]; action != "" {
			return action
		}
		return "ignore"
	case store.Quarantined:
		return "human"
	}
	return "none"
}

// letters of the catalogue, by what they say of the case (bot/reply/letters). A list without one good row is told of its
// defects, too.
var letterOf = map[string][]string{
	"queue":              {"Đã tiếp nhận đề nghị"},
	"queue_with_defects": {"Đề nghị hoàn thiện danh sách"},
	"return":             {"Trả lại đề nghị", "Đề nghị hoàn thiện danh sách"},
	"ask_sender":         {"Đề nghị bổ sung hồ sơ"},
	"reply_status":       {"Trả lời thư của Quý đơn vị"},
	"send_form":          {"Biểu mẫu đề nghị"},
}

// told says whether the answer in the thread is the one for the action; for all others nobody may be answered.
func (c *corpusCase) told(action string) bool {
	wanted := letterOf[action]
	if c.Kind == "deletion_request" && len(wanted) > 0 {
		wanted = []string{"xoá tài khoản"}
	}
	if c.Kind == "not_entitled" { // one neutral note, or nothing
		return len(c.answers) == 0 || len(c.answers) == 1 && strings.Contains(c.answers[0].Subject, "không được xử lý tự động") && len(c.answers[0].Parts) == 0
	}
	if len(wanted) == 0 {
		return len(c.answers) == 0
	}
	return slices.ContainsFunc(c.answers, func(r received) bool {
		return r.to == c.mails[0].sender && slices.ContainsFunc(wanted, func(s string) bool { return strings.Contains(r.Subject, s) })
	})
}

// beforeOfficers looks at what an officer must see before he serves anybody.
func (c *corpusCase) beforeOfficers(t *testing.T) {
	if !slices.Contains(c.MustNot, "create_without_showing_second_mail") {
		return
	}
	first, second := c.journal[0], c.journal[len(c.journal)-1]
	if first.ID == second.ID || second.CaseID != first.CaseID || first.CaseID == 0 {
		t.Errorf("%s: the second mail does not stand beside the case of the first: %s %s", c.name, second.Outcome, second.Reason)
	}
}

// took is how long the mail was in our hands.
func (c *corpusCase) took() time.Duration {
	longest := time.Duration(0)
	for _, m := range c.journal {
		longest = max(longest, m.JudgedAt.Sub(m.SeenAt))
	}
	return longest
}
