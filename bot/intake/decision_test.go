package intake

import (
	"os"
	"strings"
	"testing"

	"vanthu/bot"
)

// testdata/decisions.tsv: what an approver writes (\n is a new line), what it decides, and the reason of a refusal.
func TestDecisions(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile("testdata/decisions.tsv")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[bot.PlanDecision]int{}
	for line := range strings.Lines(string(table)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(line, "\t")
		for len(cells) < 3 {
			cells = append(cells, "")
		}
		text := strings.ReplaceAll(cells[0], `\n`, "\n")
		said, reason := decisionIn(unsigned(unquoted(text)), "Trần Thị Hồng Nhung", []string{"Phòng Công nghệ Thông tin", "Trường Đại học Y Dược Ví Dụ"})
		if want := bot.PlanDecision(strings.TrimPrefix(cells[1], "nothing")); said != want || reason != cells[2] {
			t.Errorf("%q decides %q, reason %q; want %q, %q", text, said, reason, want, cells[2])
		}
		seen[said]++
	}
	if seen[bot.PlanApproves] < 15 || seen[bot.PlanRefuses] < 8 || seen[""] < 25 {
		t.Errorf("too few of a kind: %v", seen)
	}
}

// Nothing but the words of the catalogue ever approves: whatever else is written before, between or behind them.
func FuzzDecision(f *testing.F) {
	for _, seed := range []string{"", "bỏ dòng 3", "nhé", "?", "Trần", "01", ">", "\n", "không", "Kính gửi", "a@b"} {
		f.Add(seed, "DUYỆT", seed)
		f.Add(seed, "KHÔNG DUYỆT", seed)
	}
	f.Fuzz(func(t *testing.T, before, word, after string) {
		text := before + word + after
		said, reason := decisionIn(unsigned(unquoted(text)), "Trần Văn Minh", nil)
		folded := words(text)
		switch {
		case len(reason) > 4*longest:
			t.Errorf("a reason of %d bytes", len(reason))
		case said == bot.PlanApproves && (!meaning("approve").in(folded) || strings.Contains(unsigned(unquoted(text)), "?")):
			t.Errorf("%q approves", text)
		case said == bot.PlanRefuses && !meaning("refuse").in(folded):
			t.Errorf("%q refuses", text)
		}
	})
}
