package app

import (
	"bytes"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/config"
	"vanthu/mailer/mime"
)

func lettersOf(t *testing.T) *letters {
	t.Helper()
	cfg, err := config.LoadOffline("../../cmd/vanthu/testdata/corpus.toml")
	if err != nil {
		t.Fatal(err)
	}
	cfg.School.Place, cfg.SMTP.From, cfg.SMTP.FromName, cfg.SMTP.Plus = "Ví Dụ", "cntt@truong.example", "Phòng CNTT", "+"
	return newLetters(cfg, "salt")
}

var clickable = regexp.MustCompile(`(?i)https?:|www\.|mailto:|href|List-Unsubscribe`)

// Links in mails are opened by scanners before a person sees them, and some press the buttons, too (onetimesecret 359, yopass 3961).
// The request for confirmation has none: only a reply counts. Its token is in the letter alone, not in the row of the outbox.
func TestPain34NothingToClick(t *testing.T) {
	t.Parallel()
	token := bot.NewToken()
	l, err := lettersOf(t).compose(bot.Answer{Kind: bot.ConfirmSender, Step: "confirm mail 7 x", Token: token, Mail: 7, Files: 2, At: time.Unix(1_800_000_000, 0),
		Received: time.Unix(1_799_999_000, 0), ConfirmDue: time.Unix(1_800_200_000, 0),
		Unit: bot.Unit{ID: "CTSV", Name: "Phòng Công tác sinh viên", Addresses: []string{"ctsv@truong.example", "ctsv2@truong.example"}}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := mime.Parse(l.Raw, mime.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if link := clickable.FindString(string(l.Raw) + m.Text); link != "" || m.HTML != "" || len(m.Parts) > 0 {
		t.Errorf("there is something to click: %q", link)
	}
	if l.To != "ctsv@truong.example" || len(m.ReplyTo) != 1 || m.ReplyTo[0].Address != "cntt+x"+token+"@truong.example" || !strings.Contains(m.Subject, "[XN-"+token+"]") {
		t.Errorf("to %s, reply to %v, %q", l.To, m.ReplyTo, m.Subject)
	}
	row := l.Subject + l.Step + l.MessageID
	if strings.Contains(row, token) || strings.Contains(m.Text, token) {
		t.Error("the token stands beside the letter, or in its text")
	}
}

// The note to a stranger is the same for everybody: of his mail it knows the Message-ID, and nothing of ours is in it.
func TestANoteSaysNothing(t *testing.T) {
	t.Parallel()
	note := func(to string) []byte {
		l, err := lettersOf(t).compose(bot.Answer{Kind: bot.StrangerNote, Step: "note mail 7", At: time.Unix(1_800_000_000, 0),
			Unit: bot.Unit{Addresses: []string{to}}, Thread: bot.Thread{InReplyTo: "<1@ngoai.example>"}})
		if err != nil {
			t.Fatal(err)
		}
		return l.Raw
	}
	raw := note("an@ngoai.example")
	if other := bytes.ReplaceAll(note("ke.la@khac.example"), []byte("ke.la@khac.example"), []byte("an@ngoai.example")); !bytes.Equal(raw, other) {
		t.Errorf("two notes differ:\n%s\n%s", raw, other)
	}
	m, err := mime.Parse(raw, mime.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if m.Header("Auto-Submitted") != "auto-replied" || len(m.Parts) > 0 || len(m.ReplyTo) > 0 || m.HTML != "" {
		t.Errorf("%+v", m)
	}
	if s := clickable.FindString(m.Text); s != "" || regexp.MustCompile(`YC-|\d{8,}`).MatchString(m.Text) {
		t.Errorf("it says too much: %q\n%s", s, m.Text)
	}
	if strings.Contains(string(raw), base64.StdEncoding.EncodeToString([]byte("ctsv"))) || strings.Contains(m.Text, "ctsv@") {
		t.Error("it names who may ask")
	}
}

// A letter about a case asks to be answered at the address with its token, where the mail server delivers such addresses.
func TestAnswersCarryTheToken(t *testing.T) {
	t.Parallel()
	for plus, want := range map[string]string{"+": "cntt+abcdefgh234567ab@truong.example", "": ""} {
		ls := lettersOf(t)
		ls.cfg.SMTP.Plus = plus
		l, err := ls.compose(bot.Answer{Kind: bot.AlreadyHere, Step: "x", At: time.Unix(1_800_000_000, 0), Case: bot.Case{Number: "YC-2026-0042", State: bot.InWork, Token: "abcdefgh234567ab"},
			Unit: bot.Unit{ID: "CTSV", Name: "Phòng Công tác sinh viên", Addresses: []string{"ctsv@truong.example"}}})
		if err != nil {
			t.Fatal(err)
		}
		m, err := mime.Parse(l.Raw, mime.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(m.ReplyTo) > 0 {
			got = m.ReplyTo[0].Address
		}
		if got != want {
			t.Errorf("plus %q: Reply-To %q", plus, got)
		}
	}
}
