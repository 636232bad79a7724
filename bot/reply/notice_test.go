package reply

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
)

func notice(n int) Notice {
	p := Notice{Number: "TB-2026-0007", Case: "YC-2026-0042", Unit: "Phòng Công tác sinh viên", At: time.Date(2026, 12, 7, 2, 5, 0, 0, time.UTC), LetterDate: "2026-11-20",
		HandOverBy: time.Date(2026, 12, 8, 16, 59, 59, 0, time.UTC),
		Definition: bot.Definition{Code: "QT.CNTT.03", Edition: "01", Issued: "2018-11-26", VI: "Cấp mới tài khoản email cho sinh viên, học viên Trường",
			Bases: []bot.Basis{{VI: "Nghị định số 64/2007/NĐ-CP ngày 10 tháng 4 năm 2007 của Chính phủ về Ứng dụng công nghệ thông tin trong hoạt động của cơ quan nhà nước"}}}}
	for i := range n {
		code := fmt.Sprintf("21530106%02d", i)
		p.Accounts = append(p.Accounts, bot.NewAccount{Row: bot.Row{Code: code, Name: "Nguyễn Thị Ánh", Class: []string{"YK47A", "YK47B", ""}[i%3], Cohort: "47"}, User: code,
			Address: code + "@sv.truong.example", Password: []byte("canary-password")})
	}
	return p
}

// The notices, their texts beside them.
func TestNoticePaper(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Notice){
		"first": func(*Notice) {},
		"again": func(n *Notice) {
			n.Again, n.LetterDate, n.HandOverBy, n.Accounts = true, "", time.Time{}, n.Accounts[:1]
		},
		"hostile": func(n *Notice) {
			n.Accounts = n.Accounts[:2]
			n.Accounts[0].Row.Name, n.Accounts[1].Row.Class, n.Unit = "<w:b/>Ánh\n& Co", strings.Repeat("x", 300), "]]><x>"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := notice(9)
			change(&n)
			file, err := New(testOffice, nil, nil).NoticePaper(n)
			if err != nil {
				t.Fatal(err)
			}
			got, golden := paragraphs(t, file.Data), filepath.Join("testdata", "notices", name+".txt")
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
			again, err := New(testOffice, nil, nil).NoticePaper(n)
			if err != nil || !bytes.Equal(again.Data, file.Data) {
				t.Errorf("written twice it differs: %v", err)
			}
			for part, data := range mustArchive(t, file.Data).parts {
				if bytes.Contains(data, []byte("canary")) {
					t.Errorf("a password is in %s", part)
				}
			}
			if dir := os.Getenv("VANTHU_PAPER_OUT"); dir != "" {
				if err := os.WriteFile(filepath.Join(dir, name+".docx"), file.Data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
