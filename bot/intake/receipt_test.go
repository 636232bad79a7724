package intake

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vanthu/bot"
	"vanthu/mailer/mime"
)

var update = flag.Bool("update", false, "write what was understood into testdata/receipts")

// receiptRows is the case of testdata/receipts (rows.txt shows it to who reads the mails).
func receiptRows(t testing.TB) []bot.CaseRow {
	t.Helper()
	raw, err := os.ReadFile("testdata/receipts/rows.txt")
	if err != nil {
		t.Fatal(err)
	}
	var rows []bot.CaseRow
	for line := range strings.Lines(string(raw)) {
		f := strings.Split(strings.TrimSpace(line), " | ")
		if len(f) != 5 || strings.HasPrefix(line, "#") {
			continue
		}
		n := len(rows) + 1
		rows = append(rows, bot.CaseRow{Row: bot.Row{N: n, STT: f[0], Code: f[1], Name: f[2], Class: f[3], OK: f[4] != "bad"}, State: bot.RowState(f[4])})
	}
	return rows
}

// Every mail of testdata/receipts stands below what is understood of it. A new case needs no Go.
func TestReceipts(t *testing.T) {
	t.Parallel()
	rows := receiptRows(t)
	files, err := filepath.Glob("testdata/receipts/*.mails")
	if err != nil || len(files) == 0 {
		t.Fatalf("no mails: %v", err)
	}
	cases := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		head, blocks, _ := strings.Cut(string(raw), "=== ")
		var out strings.Builder
		out.WriteString(head)
		for block := range strings.SplitSeq(blocks, "\n=== ") {
			want, text, _ := strings.Cut(block, "\n")
			cases++
			above, below := atSignature(ownText(&mime.Message{Text: text}))
			got := shownReceipt(Understood(above, below, rows))
			if got != want && !*update {
				t.Errorf("%s\n%s\nwant  %s\ngot   %s", file, text, want, got)
			}
			fmt.Fprintf(&out, "=== %s\n%s\n", got, strings.TrimRight(text, "\n"))
		}
		if *update {
			if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if cases < 120 {
		t.Errorf("%d mails", cases)
	}
}

// shownReceipt says in words what a receipt is.
func shownReceipt(r bot.Receipt) string {
	var said []string
	if r.Received {
		said = append(said, "received")
	}
	if r.HandedOver {
		said = append(said, "handed over")
	}
	if len(r.Classes) > 0 {
		said = append(said, "handed over "+strings.Join(r.Classes, " "))
	}
	for _, m := range r.Missing {
		said = append(said, fmt.Sprintf("missing %d %s", m.N, m.Why))
	}
	for _, n := range r.Found {
		said = append(said, fmt.Sprintf("found %d", n))
	}
	for _, code := range r.Unknown {
		said = append(said, "unknown "+code)
	}
	switch {
	case r.Doubt == bot.DoubtNothing:
		return "nothing"
	case r.Doubt == bot.DoubtWords:
		return "officer"
	case r.Doubt != bot.Sure:
		return "ask " + string(r.Doubt)
	}
	return strings.Join(said, ", ")
}
