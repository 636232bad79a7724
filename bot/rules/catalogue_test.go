package rules

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"vanthu/bot"
)

// raised are the rules that Judge can say in this edition: each needs a place in letter M02.
const raised = `ENV-03 ENV-04 ENV-05 ENV-06 ENV-07 ENV-08 ENV-11 ENV-13 ENV-14 ENV-15
	FRM-01 FRM-02 FRM-03 FRM-04 FRM-05 FRM-06 FRM-07 FRM-08 FRM-09 FRM-10 FRM-11 FRM-12 FRM-13 FRM-14 FRM-18
	LST-01 LST-02 LST-03 LST-04 LST-05 LST-06 LST-07 LST-08 LST-09 LST-10 LST-11 LST-12 LST-13
	LST-14 LST-15 LST-16 LST-17 LST-18 LST-19 LST-20 LST-21 LST-22
	ROW-01 ROW-02 ROW-03 ROW-04 ROW-05 ROW-06 ROW-08 ROW-09 ROW-10 ROW-11 ROW-12 ROW-13 ROW-14 ROW-16 ROW-17
	NAM-01 NAM-02 NAM-03 NAM-04 NAM-05 NAM-06 NAM-07 NAM-08 NAM-09 NAM-10 ACC-02 ACC-03 DEL-10
	ENC-01 ENC-02 ENC-03 ENC-04 ENC-05 ENC-06`

func TestCatalogue(t *testing.T) {
	t.Parallel()
	documented := map[string]bool{}
	field := regexp.MustCompile(`\{(\w+)\}`)
	for line := range strings.Lines(catalogueTSV) {
		if strings.HasPrefix(line, "#") {
			for _, m := range field.FindAllStringSubmatch(line, -1) {
				documented[m[1]] = true
			}
		}
	}
	id := regexp.MustCompile(`^[A-Z]{3}-\d\d$`)
	seen := map[string]bool{}
	for _, col := range table(catalogueTSV) {
		if len(col) != 7 {
			t.Errorf("%s has %d columns, not 7", col[0], len(col))
			continue
		}
		if !id.MatchString(col[0]) || seen[col[0]] {
			t.Errorf("rule id %q is malformed or stands twice", col[0])
		}
		seen[col[0]] = true
		switch bot.Severity(col[2]) {
		case bot.RejectRequest, bot.RejectRow, bot.Warn, bot.Quarantine:
		default:
			t.Errorf("%s has the unknown severity %q", col[0], col[2])
		}
		if col[3] == "" || col[4] == "" || (col[5] == "") != (col[6] == "") {
			t.Errorf("%s does not speak both languages", col[0])
		}
		for _, text := range col[3:] {
			if strings.Count(text, "[") != strings.Count(text, "]") || strings.Count(text, "{") != strings.Count(text, "}") {
				t.Errorf("%s has an open bracket: %s", col[0], text)
			}
			for _, m := range field.FindAllStringSubmatch(text, -1) {
				if !documented[m[1]] {
					t.Errorf("%s uses {%s}, which the head of the file does not explain", col[0], m[1])
				}
			}
		}
		if vi, en := fieldsOf(col[3]), fieldsOf(col[4]); vi != en {
			t.Errorf("%s: the English says %q, the Vietnamese %q", col[0], en, vi)
		}
	}
	for _, want := range strings.Fields(raised) {
		r, ok := catalogue[want]
		if !ok {
			t.Errorf("%s is raised and not in the catalogue", want)
		}
		if r.Severity != bot.Warn && r.RemedyVI == "" {
			t.Errorf("%s rejects and does not say what to do", want)
		}
	}
}

// fieldsOf lists the fields of a message, sorted, once each: both languages must use the same.
func fieldsOf(text string) string {
	var names []string
	for _, m := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " ")
}

func TestText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		f      bot.Finding
		vi, en string
	}{
		{"fields", bot.Finding{Rule: "ROW-02", Args: map[string]string{"v": "21530103", "pattern": "10 chữ số", "n": "8"}},
			`Mã số "21530103" không đúng định dạng (10 chữ số): có 8 chữ số.`, `The code "21530103" does not have the right form (10 chữ số): it has 8 digits.`},
		{"optional part filled", bot.Finding{Rule: "ROW-05", Args: map[string]string{"v": "1", "addr": "a@b", "date": "2026-11-02"}},
			"Mã số 1 đã có tài khoản a@b (cấp ngày 02/11/2026).", "The code 1 already has the account a@b (since 02/11/2026)."},
		{"optional part left out", bot.Finding{Rule: "ROW-05", Args: map[string]string{"v": "1", "addr": "a@b"}},
			"Mã số 1 đã có tài khoản a@b.", "The code 1 already has the account a@b."},
		{"a value with braces stays a value", bot.Finding{Rule: "NAM-02", Args: map[string]string{"v": "{v}[x]{{.Password}}"}},
			`Họ và tên chỉ có một từ: "{v}[x]{{.Password}}".`, `The name is one word only: "{v}[x]{{.Password}}".`},
		{"terms", bot.Finding{Rule: "LST-01", Args: map[string]string{"cols": "code, name"}},
			"Không xác định được dòng tiêu đề của danh sách (cần có: Mã số SV/HV, Họ và tên).",
			"The header row of the list was not found (needed: student or learner code, name)."},
		{"a list that was left out", bot.Finding{Rule: "LST-08", Args: map[string]string{"s": "DM", "why": "lookup"}},
			"Danh sách tại DM không được xử lý: danh sách khác của tệp lấy dữ liệu từ đây bằng công thức.",
			"The list on DM was left out: another list of the file takes its data from it by formula."},
		{"long value", bot.Finding{Rule: "NAM-02", Args: map[string]string{"v": strings.Repeat("ă", 500)}},
			`Họ và tên chỉ có một từ: "` + strings.Repeat("ă", 120) + `…".`, `The name is one word only: "` + strings.Repeat("ă", 120) + `…".`},
		{"unknown rule", bot.Finding{Rule: "XXX-99"}, "XXX-99", "XXX-99"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if vi, en := Text(tt.f); vi != tt.vi || en != tt.en {
				t.Errorf("got  %s | %s\nwant %s | %s", vi, en, tt.vi, tt.en)
			}
		})
	}
	if vi, en := Remedy(bot.Finding{Rule: "ROW-01"}); vi == "" || en == "" {
		t.Error("ROW-01 has no remedy")
	}
}
