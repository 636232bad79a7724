package reply

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
)

func planPaper() PlanPaper {
	made := time.Date(2026, 12, 7, 2, 5, 0, 0, time.UTC)
	p := PlanPaper{
		Plan: bot.Plan{Number: "KH-2026-0003", Hash: strings.Repeat("0123456789abcdef", 4), Made: bot.Stamp{At: made, By: "officer:lan"}, Kind: bot.PlanCreate, Needs: 1,
			Starts: "2027-02-01", Ends: "2027-02-12", Officer: "lan", Batches: []bot.PlanBatch{{N: 1, Starts: "2027-02-01"}, {N: 2, Starts: "2027-02-08"}}},
		Units: map[string]string{"YC-2026-0041": "Phòng Công tác sinh viên", "YC-2026-0042": "Phòng Đào tạo Sau đại học"}, Maker: "Lê Thị Lan", Officer: "Lê Thị Lan",
		Bases: []string{"Nghị định số 64/2007/NĐ-CP", "Quy trình QT.CNTT.03, lần ban hành 01"},
	}
	for i := range 9 {
		item := bot.PlanItem{Case: "YC-2026-0041", N: i + 1, Code: fmt.Sprintf("21530106%02d", i), Name: "Nguyễn Thị Ánh", Class: "YK47A", Cohort: "47", Platform: "ldap", Action: "create", Batch: 1}
		if i > 5 {
			item.Case, item.N, item.Class, item.Batch = "YC-2026-0042", i-5, "CK1", 2
		}
		item.User = item.Code
		item.Address = item.Code + "@sv.truong.example"
		p.Plan.Items = append(p.Plan.Items, item)
	}
	return p
}

var wordText = regexp.MustCompile(`<w:t(?: [^>]*)?>([^<]*)</w:t>|(</w:p>)`)

// paragraphs are the texts of a document, a paragraph in a line.
func paragraphs(t *testing.T, docx []byte) string {
	t.Helper()
	var b strings.Builder
	for _, m := range wordText.FindAllStringSubmatch(string(mustArchive(t, docx).parts["word/document.xml"]), -1) {
		b.WriteString(m[1])
		if m[2] != "" {
			b.WriteString("\n")
		}
	}
	return b.String()
}

// The documents of the three kinds of plan, their texts beside them.
func TestPlanPaper(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*PlanPaper){
		"create": func(*PlanPaper) {},
		"reset-at-once": func(p *PlanPaper) {
			p.Plan.Kind, p.Plan.Starts, p.Plan.Ends, p.Plan.Batches, p.Officer = bot.PlanReset, "", "", nil, ""
			p.Plan.Items = p.Plan.Items[:2]
			for i := range p.Plan.Items {
				p.Plan.Items[i].Batch, p.Plan.Items[i].Action = 0, "reset"
			}
			p.Approvals = []PlanApproval{{"Trần Văn Minh", p.Plan.Made.At.Add(time.Hour)}}
		},
		"suspend-by-two": func(p *PlanPaper) {
			p.Plan.Kind, p.Plan.Needs, p.Plan.Batches, p.Plan.Starts = bot.PlanSuspend, 2, nil, ""
			for i := range p.Plan.Items {
				p.Plan.Items[i].Batch, p.Plan.Items[i].Action, p.Plan.Items[i].EraseOn = 0, "suspend", "2027-03-01"
			}
			p.Plan.Items[0].Name, p.Plan.Items[1].Class = "<w:b/>Ánh\n& Co", strings.Repeat("x", 300)
			p.Approvals = []PlanApproval{{"Trần Văn Minh", p.Plan.Made.At.Add(time.Hour)}}
		},
		"groups": func(p *PlanPaper) {
			for i := range p.Plan.Items {
				p.Plan.Items[i].Group = "lop-yk47a@sv.truong.example"
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := planPaper()
			change(&p)
			file, err := New(testOffice, nil, nil).PlanPaper(p)
			if err != nil {
				t.Fatal(err)
			}
			if file.Name != "KH-2026-0003 Kế hoạch.docx" || file.Type != DOCX {
				t.Errorf("%s %s", file.Name, file.Type)
			}
			got, golden := paragraphs(t, file.Data), filepath.Join("testdata", "plans", name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
			again, err := New(testOffice, nil, nil).PlanPaper(p)
			if err != nil || !bytes.Equal(again.Data, file.Data) {
				t.Errorf("written twice it differs: %v", err)
			}
			if dir := os.Getenv("VANTHU_PLAN_OUT"); dir != "" {
				if err := os.WriteFile(filepath.Join(dir, name+".docx"), file.Data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
