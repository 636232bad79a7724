package app

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/config"
	"vanthu/bot/intake"
	"vanthu/bot/rules"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
	"vanthu/mailer/inbox"
	"vanthu/mailer/mime"
	"vanthu/mailer/signature"
	"vanthu/mailer/signature/signaturetest"
	"vanthu/parser"
)

// An office is a world with roots, and people who sign in it.
type office struct {
	cfg                          *config.Config
	world                        World
	ca, ctsv, head, other, alien signaturetest.Person
}

func newOffice(t *testing.T, change func(*config.Config)) *office {
	t.Helper()
	cfg, err := config.LoadOffline("../../cmd/vanthu/testdata/corpus.toml")
	if err != nil {
		t.Fatal(err)
	}
	o := &office{cfg: cfg, ca: signaturetest.Authority(t, "CA ví dụ")}
	cfg.SMTP.From, cfg.SMTP.FromName, cfg.Trust.AuthservID = "cntt@truong.example", "Phòng CNTT", "mail.truong.example"
	cfg.Evidence.RootsFile = filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(cfg.Evidence.RootsFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: o.ca.Cert.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.Units[0].Signers = []string{"Nguyễn  Thị Lan", "truong.phong@truong.example"}
	if change != nil {
		change(cfg)
	}
	if o.world, err = NewWorld(cfg); err != nil {
		t.Fatal(err)
	}
	o.ctsv = o.ca.Issue(t, "Phòng CTSV", "ctsv@truong.example", nil)
	o.head = o.ca.Issue(t, "NGUYỄN THỊ LAN", "lan@truong.example", nil)
	o.other = o.ca.Issue(t, "Trần Văn Minh", "minh@truong.example", nil)
	o.alien = signaturetest.Authority(t, "CA ví dụ").Issue(t, "Phòng CTSV", "ctsv@truong.example", nil)
	return o
}

// corpusMail is the header of a mail of the corpus without what MIME adds, and its body with that.
func corpusMail(t *testing.T, name string) (header, content string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("../../cmd/vanthu/testdata/corpus", name, "message.eml"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(strings.ReplaceAll(string(raw), "\r\n", "\n"), "\n", "\r\n")
	header, content, ok := strings.Cut(text, "MIME-Version: 1.0\r\n")
	if !ok {
		t.Fatal("no MIME-Version in", name)
	}
	return header, strings.TrimSuffix(content, "\r\n")
}

// withFile replaces the PDF of a mail.
func withFile(t *testing.T, content string, change func([]byte) []byte) string {
	t.Helper()
	msg, err := mime.Parse([]byte("MIME-Version: 1.0\r\n"+content), mime.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(msg.Parts, func(p mime.Part) bool { return strings.HasSuffix(p.Name, ".pdf") })
	encode := func(data []byte) string {
		text, lines := base64.StdEncoding.EncodeToString(data), ""
		for ; len(text) > 76; text = text[76:] {
			lines += text[:76] + "\r\n"
		}
		return lines + text
	}
	changed := strings.Replace(content, encode(msg.Parts[at].Data), encode(change(msg.Parts[at].Data)), 1)
	if changed == content {
		t.Fatal("the file was not replaced")
	}
	return changed
}

func (o *office) check(t *testing.T, raw string) bot.Request {
	t.Helper()
	got, err := o.world.CheckMail(t.Context(), []byte(raw), nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return got.Request
}

// said is a request in short: its level, the verdicts on its signatures, what is found of them.
func said(r bot.Request) string {
	words := []string{string(r.Evidence)}
	for _, s := range r.Signatures {
		words = append(words, string(s.Verdict))
	}
	for _, f := range r.Findings {
		if f.Rule == "FRM-11" || f.Rule == "FRM-18" {
			words = append(words, f.Rule+" "+f.Args["why"])
		}
	}
	return strings.TrimSpace(strings.Join(words, ", "))
}

// TestPain39SignedMails is every part of that pain: a signer who is not the sender, a signature in one piece, chains.
func TestPain39SignedMails(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	header, content := corpusMail(t, "a01-xlsx-plain")
	plain := o.check(t, header+"MIME-Version: 1.0\r\n"+content)
	if said(plain) != "E1" || len(plain.Rows) == 0 {
		t.Fatalf("unsigned: %s", said(plain))
	}
	type options = signaturetest.Options
	sub := o.ca.Issue(t, "CA cấp dưới", "", func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage, c.ExtKeyUsage = true, true, x509.KeyUsageCertSign, nil
	})
	below := sub.Issue(t, "Phòng CTSV", "ctsv@truong.example", nil)
	for _, tt := range []struct{ name, body, want string }{
		{"by the sender", o.ctsv.Detached(t, content, options{}), "E3, good"},
		{"in one piece", o.ctsv.Opaque(t, content, options{}), "E3, good"},
		{"in one piece of many", o.ctsv.Opaque(t, content, options{Indefinite: true}), "E3, good"},
		{"by the head of the unit", o.head.Detached(t, content, options{}), "E3, good"},
		{"by another person", o.other.Detached(t, content, options{}), "E1, other_person, FRM-11 sig_other_person"},
		{"in one piece by another person", o.other.Opaque(t, content, options{}), "E1, other_person, FRM-11 sig_other_person"},
		{"by a foreign authority", o.alien.Detached(t, content, options{}), "E1, untrusted, FRM-11 sig_untrusted"},
		{"chain", below.Detached(t, content, options{With: []signaturetest.Person{sub}}), "E3, good"},
		{"chain with its root", below.Detached(t, content, options{With: []signaturetest.Person{sub, o.ca}}), "E3, good"},
		{"chain without its middle", below.Detached(t, content, options{}), "E1, untrusted, FRM-11 sig_untrusted"},
		{"another content", strings.Replace(o.ctsv.Detached(t, content, options{}), "base64", "BASE64", 1), "E1, changed, FRM-11 sig_changed"},
		{"dated back", o.ctsv.Detached(t, content, options{At: time.Now().Add(-90 * 24 * time.Hour)}), "E1, expired, FRM-11 sig_expired"},
		{"a list beside it", "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\n" +
			strings.TrimPrefix(o.ctsv.Detached(t, content, options{}), "MIME-Version: 1.0\r\n") + "\r\n--out\r\nContent-Type: text/plain\r\n\r\nvà 100 người nữa\r\n--out--\r\n",
			"E1, part, FRM-11 sig_part"},
		{"a part behind it", strings.Replace(o.ctsv.Detached(t, content, options{}), "--sgn--", "--sgn\r\nContent-Type: text/plain\r\n\r\nvà 100 người nữa\r\n--sgn--", 1),
			"E1, part, FRM-11 sig_part"},
	} {
		got := o.check(t, header+tt.body)
		if said(got) != tt.want {
			t.Errorf("%s: %s; want %s", tt.name, said(got), tt.want)
		}
		if len(got.Rows) != len(plain.Rows) || got.Action != plain.Action {
			t.Errorf("%s: %d rows, %s; unsigned: %d, %s", tt.name, len(got.Rows), got.Action, len(plain.Rows), plain.Action)
		}
	}
}

// A signature on the letter itself; roots that nobody has configured; levels that are asked for.
func TestSignedLetters(t *testing.T) {
	t.Parallel()
	header, content := corpusMail(t, "a04-pdf-letter-xlsx")
	mail := func(content string) string { return header + "MIME-Version: 1.0\r\n" + content }
	type options = signaturetest.Options
	needs := func(level string) func(*config.Config) {
		return func(c *config.Config) { c.Evidence.AccountRequest = level }
	}
	for _, tt := range []struct {
		name   string
		change func(*config.Config)
		sign   func(o *office, file []byte) []byte // nil: as it is
		want   string
	}{
		{"unsigned", nil, nil, "E1"},
		{"by the head", nil, func(o *office, f []byte) []byte { return o.head.PDF(t, f, options{}) }, "E3, good"},
		{"by the head, then by the office", nil, func(o *office, f []byte) []byte { return o.ctsv.PDF(t, o.head.PDF(t, f, options{}), options{}) }, "E3, earlier, good"},
		{"by the head, then by somebody", nil, func(o *office, f []byte) []byte { return o.other.PDF(t, o.head.PDF(t, f, options{}), options{}) },
			"E1, part, other_person, FRM-11 sig_part, FRM-11 sig_other_person"},
		{"changed afterwards", nil, func(o *office, f []byte) []byte {
			return append(o.head.PDF(t, f, options{}), "\n% added\n"...)
		}, "E1, part, FRM-11 sig_part"},
		{"no roots", func(c *config.Config) { c.Evidence.RootsFile = "" }, func(o *office, f []byte) []byte { return o.head.PDF(t, f, options{}) }, "E2, unchecked"},
		{"enough", needs("E3"), func(o *office, f []byte) []byte { return o.head.PDF(t, f, options{}) }, "E3, good"},
		{"not enough", needs("E3"), func(o *office, f []byte) []byte { return o.other.PDF(t, f, options{}) }, "E1, other_person, FRM-11 sig_other_person, FRM-18"},
		{"unsigned, not enough", needs("E3"), nil, "E1, FRM-18"},
	} {
		o := newOffice(t, tt.change)
		raw := mail(content)
		if tt.sign != nil {
			raw = mail(withFile(t, content, func(f []byte) []byte { return tt.sign(o, f) }))
		}
		if got := said(o.check(t, raw)); got != tt.want {
			t.Errorf("%s: %s; want %s", tt.name, got, tt.want)
		}
	}
}

// A letter that was signed by itself as one piece ("de nghi.pdf.p7m"), and another file that borrows the name of a signed one.
func TestSignedDocuments(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	header, content := corpusMail(t, "a04-pdf-letter-xlsx")
	msg, err := mime.Parse([]byte("MIME-Version: 1.0\r\n"+content), mime.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	mail := func(files ...mime.Part) string {
		var b strings.Builder
		b.WriteString(header + "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=out\r\n\r\n")
		for _, p := range files {
			fmt.Fprintf(&b, "--out\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=%q\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n",
				p.Name, base64.StdEncoding.EncodeToString(p.Data))
		}
		return b.String() + "--out--\r\n"
	}
	at := slices.IndexFunc(msg.Parts, func(p mime.Part) bool { return strings.HasSuffix(p.Name, ".pdf") })
	letter, list := msg.Parts[at], msg.Parts[1-at]
	opaque := func(p signaturetest.Person) mime.Part {
		return mime.Part{Name: letter.Name + ".p7m", Data: p.CMS(t, letter.Data, signaturetest.Options{Opaque: true})}
	}
	signed := mime.Part{Name: letter.Name, Data: o.head.PDF(t, letter.Data, signaturetest.Options{})}
	for _, tt := range []struct {
		name  string
		files []mime.Part
		want  string
	}{
		{"as one piece", []mime.Part{opaque(o.head), list}, "E3, good"},
		{"as one piece by somebody", []mime.Part{opaque(o.other), list}, "E1, other_person, FRM-11 sig_other_person"},
		{"the list, not the letter", []mime.Part{letter, {Name: list.Name + ".p7m", Data: o.head.CMS(t, list.Data, signaturetest.Options{Opaque: true})}}, "E1, good"},
		{"a borrowed name", []mime.Part{{Name: letter.Name, Data: append(bytes.Clone(letter.Data), "\n"...)}, signed, list}, "E1, good"},
		{"a name borrowed from one piece", []mime.Part{{Name: letter.Name, Data: append(bytes.Clone(letter.Data), "\n"...)}, opaque(o.head), list}, "E1, good"},
	} {
		if got := said(o.check(t, mail(tt.files...))); got != tt.want {
			t.Errorf("%s: %s; want %s", tt.name, got, tt.want)
		}
	}
}

// intakeOf is an intake with the real rules and letters.
func (o *office) intakeOf(t *testing.T, db *store.DB, read intake.SignatureReader) *intake.Intake {
	t.Helper()
	letters := newLetters(o.cfg, "")
	in := &intake.Intake{
		DB: db, Units: o.cfg.BotUnits(), Service: o.cfg.SMTP.From, Trust: trustPolicy(o.cfg), MIME: o.world.MIME, Files: intake.InProcess(o.world.Parse),
		Logger: slog.New(slog.DiscardHandler), Folders: intake.Folders{Done: "Done", Returned: "Returned", Ignored: "Ignored", Quarantine: "Quarantine"},
		Accounts: func(context.Context, []string, []string) ([]bot.Existing, error) { return nil, nil }, Codes: rules.Codes, Judge: o.world.Judge, Compose: letters.compose,
		Edition: func(time.Time) string { return "01" }, Promise: func(bot.Case, time.Time) bot.Promise { return bot.Promise{} }, Notary: o.world.notary,
	}
	if read != nil {
		in.Notary.Read = read
	}
	return in
}

// TestPain39OpaqueSignatureOpensACase lets such a mail arrive: its list becomes a case, with the level, the signature and the
// event, read by a child as `serve` does; whose signature it is stands in no event.
func TestPain39OpaqueSignatureOpensACase(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	children := newTestReaders(t, config.Limits{ReaderMB: 256, ReaderSeconds: 60})
	header, content := corpusMail(t, "a01-xlsx-plain")
	for _, tt := range []struct {
		body     string
		evidence bot.Evidence
		verdict  bot.SignatureVerdict
	}{
		{o.head.Opaque(t, content, signaturetest.Options{}), bot.E3, bot.SignatureGood},
		{o.head.Detached(t, content, signaturetest.Options{}), bot.E3, bot.SignatureGood},
		{o.other.Opaque(t, content, signaturetest.Options{}), bot.E1, bot.SignatureOther},
	} {
		db := storetest.SQLite(t)
		in := o.intakeOf(t, db, children.verify)
		raw := []byte("Authentication-Results: mail.truong.example; auth=pass smtp.auth=ctsv@truong.example\r\nReceived: from pc by mail.truong.example with ESMTPSA id 1\r\n" + header + tt.body)
		if err := in.Store(t.Context(), []inbox.Delivery{{Mailbox: "INBOX", UIDValidity: 1, UID: 1, InternalDate: time.Now(), Size: int64(len(raw)), Raw: raw}}); err != nil {
			t.Fatal(err)
		}
		if err := in.Mail(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		cases := storetest.Read(t, db, func(ctx context.Context, tx *store.Tx) ([]bot.Case, error) { return tx.Cases(ctx, "") })
		if len(cases) != 1 {
			t.Fatalf("%d cases", len(cases))
		}
		c := cases[0]
		if c.Evidence != tt.evidence || len(c.Signatures) != 1 || c.Signatures[0].Verdict != tt.verdict || c.Signatures[0].By == "" {
			t.Errorf("%s, %+v", c.Evidence, c.Signatures)
		}
		rows := storetest.Read(t, db, func(ctx context.Context, tx *store.Tx) ([]bot.CaseRow, error) { return tx.Rows(ctx, c.ID) })
		events := storetest.Read(t, db, func(ctx context.Context, tx *store.Tx) ([]bot.Event, error) { return tx.Events(ctx, c.ID) })
		told := fmt.Sprint(events)
		if len(rows) == 0 || !strings.Contains(told, "evidence:"+string(tt.evidence)) || !strings.Contains(told, "signatures:"+string(tt.verdict)) || strings.Contains(told, c.Signatures[0].By) {
			t.Errorf("%d rows, events %s", len(rows), told)
		}
	}
}

// A signature that costs a child its life is one that cannot be read; the others are still verified.
func TestChildVerifies(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	r := newTestReaders(t, config.Limits{ReaderMB: 48, ReaderSeconds: 60})
	file := o.head.PDF(t, signaturetest.Page("BAN DE NGHI"), signaturetest.Options{})
	gap, behind := bytes.Index(file, []byte("/Contents <"))+len("/Contents "), bytes.LastIndex(file, []byte("> >>\nendobj"))+1
	large := make([]byte, 80<<20)
	for i := range 8 { // each is hashed, so that the child is still at work when it is looked at
		copy(large[100*i:], fmt.Sprintf("/ByteRange [0 %d %d %d]", gap, behind, 60<<20))
	}
	hungry := intake.Signed{PDF: true, File: "large.pdf", Data: append(bytes.Clone(file), large...)}
	got, err := r.verify(t.Context(), []intake.Signed{{PDF: true, File: "x.pdf", Whole: true, Data: file}, hungry})
	if err != nil || len(got) != 2 || got[0].Fault != "" || !got[0].Whole || got[0].File != "x.pdf" || got[1].Fault != "unreadable" {
		t.Errorf("%+v, %v", got, err)
	}
}

// Without a signature no child is asked.
func TestNothingSigned(t *testing.T) {
	t.Parallel()
	n := intake.Notary{Read: func(context.Context, []intake.Signed) ([]signature.Signature, error) {
		t.Error("asked")
		return nil, nil
	}}
	if got, err := n.Judge(t.Context(), &mime.Message{}, []parser.File{{Name: "ds.xlsx", Data: []byte("PK")}}, "", bot.Unit{}, time.Now()); got != nil || err != nil {
		t.Error(got, err)
	}
}
