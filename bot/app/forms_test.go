package app

import (
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/config"
	"vanthu/bot/intake"
	"vanthu/mailer/mime"
	"vanthu/parser"
)

// The answer to a unit that asks for the form: both files, in the thread of its mail, of no case, and nothing in it that we
// would take for a wish ourselves.
func TestBlankFormLetter(t *testing.T) {
	t.Parallel()
	cfg, err := config.LoadOffline("../../cmd/vanthu/testdata/corpus.toml")
	if err != nil {
		t.Fatal(err)
	}
	cfg.SMTP.From = "cntt@truong.example"
	letter, err := newLetters(cfg, "").compose(bot.Answer{
		Kind: bot.BlankForm, Step: "form mail 7", At: time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC), Thread: bot.Thread{InReplyTo: "<a@truong.example>", References: []string{"<a@truong.example>"}},
		Unit: bot.Unit{ID: "CTSV", Name: "Phòng Công tác sinh viên", Addresses: []string{"ctsv@truong.example"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := mime.Parse(letter.Raw, mime.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range m.Parts {
		names = append(names, p.Name)
	}
	if got := strings.Join(names, ", "); got != "BM-CNTT31 Đề nghị cấp email.docx, BM-CNTT31 Danh sách.xlsx" {
		t.Errorf("attached %q", got)
	}
	if m.Header("X-Vanthu-Case") != "" || m.Header("Auto-Submitted") != "auto-replied" || len(m.InReplyTo) != 1 || letter.CaseID != 0 || letter.To != "ctsv@truong.example" {
		t.Errorf("case %q, Auto-Submitted %q, In-Reply-To %v, to %s", m.Header("X-Vanthu-Case"), m.Header("Auto-Submitted"), m.InReplyTo, letter.To)
	}
	// Should it come back without its marks, as if a person had written it:
	echo := &mime.Message{Subject: m.Subject, Text: m.Text}
	for _, echo := range []*mime.Message{echo, {Subject: m.Subject, Text: "x"}, {Subject: "Re: " + m.Subject, Text: m.Text}} {
		got, err := intake.Read(t.Context(), echo, intake.InProcess(parser.DefaultLimits()))
		if err != nil || got.Kind == bot.FormRequest {
			t.Errorf("our own letter asks for the form: %s, %v", got.Kind, err)
		}
	}
}
