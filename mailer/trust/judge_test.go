package trust_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/mailer/mime"
	"vanthu/mailer/trust"
)

func ourPolicy() trust.Policy {
	return trust.Policy{AuthservID: "mail.truong.example", Domains: []string{"truong.example"}}
}

// TestCases judges every testdata/*/message.eml by the policy of want.json (ours when it names none). Real mails go to
// testdata/private/*/, which is never committed.
func TestCases(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob("testdata/[0-9]*/message.eml")
	if len(files) < 35 {
		t.Fatalf("only %d cases found", len(files))
	}
	private, _ := filepath.Glob("testdata/private/*/message.eml")
	for _, file := range append(files, private...) {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(filepath.Join(filepath.Dir(file), "want.json"))
			if err != nil {
				t.Fatal(err)
			}
			want := struct {
				Policy  *trust.Policy
				Verdict trust.Verdict
			}{}
			if err := json.Unmarshal(data, &want); err != nil {
				t.Fatal(err)
			}
			policy := ourPolicy()
			if want.Policy != nil {
				policy = *want.Policy
			}
			got := trust.Judge(read(t, file), policy)
			if diff := cmp.Diff(want.Verdict, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func read(t *testing.T, file string) *mime.Message {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := mime.Parse(raw, mime.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

// FuzzJudge lets the sender write a whole mail, below what our MTA wrote of it: nothing may make it authenticated.
func FuzzJudge(f *testing.F) {
	const above = "Return-Path: <a@evil.example>\r\n" +
		"Received: from mail.truong.example by store with LMTP id 1; Sat, 21 Nov 2026 22:03:35 +0000\r\n" +
		"Authentication-Results: mail.truong.example; dkim=none\r\n" +
		"Received: from mx.evil.example ([198.51.100.7]) by mail.truong.example (Postfix) with ESMTP id 2\r\n"
	files, _ := filepath.Glob("testdata/[0-9]*/message.eml")
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(raw))
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if strings.HasPrefix(raw, " ") || strings.HasPrefix(raw, "\t") {
			return // no MTA lets a mail continue its own field
		}
		msg, err := mime.Parse([]byte(above+raw), mime.Limits{Size: 1 << 20})
		if err != nil {
			return
		}
		policy := ourPolicy()
		policy.DMARC = true
		if v := trust.Judge(msg, policy); v.Level == trust.Authenticated {
			t.Errorf("believed: %+v", v)
		}
	})
}

// FuzzResults lets a field of our MTA hold anything within a comment or a quoted string: it must not become a proof.
func FuzzResults(f *testing.F) {
	for _, s := range []string{"x", "; dkim=pass header.d=truong.example", `\) dkim=pass`, `" dkim=pass header.d=truong.example "`, "a\\"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		comment := strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(s)
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s)
		for _, said := range []string{"dkim=fail (" + comment + ") header.d=evil.example", `dkim=fail reason="` + quoted + `" header.d=evil.example`} {
			msg := &mime.Message{
				From: []mime.Address{{Address: "ctsv@truong.example"}},
				Fields: []mime.Field{
					{Name: "Authentication-Results", Value: "mail.truong.example; " + said},
					{Name: "Received", Value: "from a by b with ESMTP id 1"},
					{Name: "From", Value: "ctsv@truong.example"},
				},
			}
			if v := trust.Judge(msg, ourPolicy()); v.Level != trust.Unverified {
				t.Errorf("%q: %+v", said, v)
			}
		}
	})
}
