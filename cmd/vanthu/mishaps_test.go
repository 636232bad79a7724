package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/config"
	"vanthu/parser"
)

// TestMishaps puts one mishap into a plain list and holds that nobody is served wrong: a row is read as it was meant, or it is
// refused, and the rows beside it are not touched. Each mishap is one that happens to people who type lists.
func TestMishaps(t *testing.T) {
	t.Parallel()
	rounds, seed := setting(t, "VANTHU_GENERATED", 60)/12+1, uint64(setting(t, "VANTHU_SEED", 20261125))
	cfg, err := config.LoadOffline("testdata/corpus.toml")
	if err != nil {
		t.Fatal(err)
	}
	world, err := app.NewWorld(cfg)
	if err != nil {
		t.Fatal(err)
	}
	letter := attachments(t, "testdata/corpus/a01-xlsx-plain/message.eml")[0]
	for name, mishap := range mishaps {
		for n := range rounds {
			t.Run(fmt.Sprint(name, "/", n), func(t *testing.T) {
				t.Parallel()
				r := rand.New(rand.NewPCG(seed, uint64(n))) //nolint:gosec // a test that can be repeated
				l := plainList(r)
				mishap(r, l)
				files := []parser.File{letter, {Name: "Danh sách.xlsx", Data: l.bytes(t)}}
				checked, err := world.CheckFiles(t.Context(), files, nil, time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC))
				if err != nil {
					t.Fatal(err)
				}
				l.compare(t, checked.Request)
			})
		}
	}
}

// A plainTable is a list as rows of cells, and who must come out of it.
type plainTable struct {
	head         []string
	rows         [][]any
	want         []student
	bad          map[int]bool // rows that may be refused
	alarm        bool         // the whole list may be refused
	strike, hide int          // a row of rows, from 1
}

func plainList(r *rand.Rand) *plainTable {
	g := &generator{r: r}
	l := &plainTable{head: []string{"Stt", "Mã số SV/HV", "Họ và tên", "Lớp", "Khóa", "Ghi chú"}, bad: map[int]bool{}}
	for i, s := range g.people(8+r.IntN(12), "YBK50", "K50") {
		l.rows = append(l.rows, []any{i + 1, s.code, s.name, s.class, s.cohort, s.note})
		l.want = append(l.want, s)
	}
	return l
}

// mishaps change a list; what may be refused for it is marked as bad.
var mishaps = map[string]func(r *rand.Rand, l *plainTable){
	"code and name of one row swapped": func(r *rand.Rand, l *plainTable) {
		i := r.IntN(len(l.rows))
		l.rows[i][1], l.rows[i][2] = l.rows[i][2], l.rows[i][1]
		l.bad[i] = true
	},
	"one row moved a cell to the right": func(r *rand.Rand, l *plainTable) {
		i := r.IntN(len(l.rows))
		l.rows[i] = append([]any{""}, l.rows[i]...)
		l.bad[i] = true
	},
	"one row moved a cell to the left": func(r *rand.Rand, l *plainTable) {
		i := r.IntN(len(l.rows))
		l.rows[i] = l.rows[i][1:]
		l.bad[i] = true
	},
	"codes and names swapped": func(_ *rand.Rand, l *plainTable) {
		for i := range l.rows {
			l.rows[i][1], l.rows[i][2] = l.rows[i][2], l.rows[i][1]
			l.bad[i] = true
		}
		l.alarm = true
	},
	"headings of class and cohort swapped": func(_ *rand.Rand, l *plainTable) { // it is read as it says, and warned of
		l.head[3], l.head[4] = l.head[4], l.head[3]
		for i := range l.want {
			l.want[i].class, l.want[i].cohort = l.want[i].cohort, l.want[i].class
		}
	},
	"a digit is missing": func(r *rand.Rand, l *plainTable) {
		i := r.IntN(len(l.rows))
		l.rows[i][1] = l.want[i].code[1:]
		l.want[i].code = l.want[i].code[1:]
		l.bad[i] = true
	},
	"a letter for a digit": func(r *rand.Rand, l *plainTable) {
		i := r.IntN(len(l.rows))
		l.want[i].code = l.want[i].code[:5] + []string{"O", "l", "o", "I"}[r.IntN(4)] + l.want[i].code[6:]
		l.rows[i][1] = l.want[i].code
		l.bad[i] = true
	},
	"an exponent": func(r *rand.Rand, l *plainTable) {
		i := r.IntN(len(l.rows))
		l.rows[i][1] = "2.45301E+09"
		l.bad[i] = true
	},
	"a fraction": func(r *rand.Rand, l *plainTable) {
		i := r.IntN(len(l.rows))
		l.rows[i][1] = 2453010680.5
		l.bad[i] = true
	},
	"two people in one row": func(r *rand.Rand, l *plainTable) {
		i := r.IntN(len(l.rows) - 1)
		for k := 1; k < 5; k++ {
			l.rows[i][k] = fmt.Sprint(l.rows[i][k], "\n", l.rows[i+1][k])
		}
		l.rows[i][5] = ""
		l.want[i].note, l.want[i+1].note = "", ""
		l.rows = append(l.rows[:i+1], l.rows[i+2:]...)
		l.bad[i], l.bad[i+1] = true, true
	},
	"two names in one cell": func(r *rand.Rand, l *plainTable) {
		i := r.IntN(len(l.rows))
		l.rows[i][2] = fmt.Sprint(l.rows[i][2], "\nNguyễn Thị Thêm")
		l.bad[i] = true
	},
	"two codes in one cell": func(r *rand.Rand, l *plainTable) {
		i := r.IntN(len(l.rows))
		l.rows[i][1] = fmt.Sprint(l.rows[i][1], []string{"\n", ", ", " / ", " "}[r.IntN(4)], "2453019999")
		l.bad[i] = true
	},
	"a name over two rows": func(r *rand.Rand, l *plainTable) {
		i := r.IntN(len(l.rows))
		words := strings.Fields(l.want[i].name)
		l.rows[i][2] = strings.Join(words[:1], " ")
		l.rows = append(l.rows[:i+1], append([][]any{{"", "", strings.Join(words[1:], " "), "", "", ""}}, l.rows[i+1:]...)...)
		l.bad[i] = true
		l.alarm = true // a row more than was meant
	},
	"ditto marks": func(r *rand.Rand, l *plainTable) { // the class above, and said (LST-14)
		for i := 1; i < len(l.rows); i++ {
			l.rows[i][3] = `"`
			l.want[i].class = l.want[0].class
		}
		l.alarm = true
	},
	"class only in the first row": func(_ *rand.Rand, l *plainTable) {
		for i := 1; i < len(l.rows); i++ {
			l.rows[i][3] = ""
			l.want[i].class = ""
		}
	},
	"a date instead of a code": func(r *rand.Rand, l *plainTable) {
		i := r.IntN(len(l.rows))
		l.rows[i][1] = time.Date(2006, 3, 5, 0, 0, 0, 0, time.UTC)
		l.bad[i] = true
	},
	"an error value": func(r *rand.Rand, l *plainTable) {
		i := r.IntN(len(l.rows))
		l.rows[i][2] = "#N/A"
		l.bad[i] = true
	},
	"a part of a name struck through": func(r *rand.Rand, l *plainTable) {
		i := r.IntN(len(l.rows))
		l.rows[i][2] = []excelize.RichTextRun{{Text: l.want[i].name + " "}, {Text: "An", Font: &excelize.Font{Strike: true}}, {Text: " Ân"}}
		l.bad[i] = true
	},
	"question marks": func(r *rand.Rand, l *plainTable) {
		i := r.IntN(len(l.rows))
		l.rows[i][2] = "Nguy?n V?n An"
		l.want[i].name = "Nguy?n V?n An"
		l.bad[i] = true
	},
	"a title where a name should be": func(r *rand.Rand, l *plainTable) {
		i := r.IntN(len(l.rows))
		l.rows[i][2] = ""
		l.want[i].name = ""
		l.bad[i] = true
	},
	"one row of totals in the middle": func(r *rand.Rand, l *plainTable) {
		i := r.IntN(len(l.rows))
		l.rows = append(l.rows[:i+1], append([][]any{{"Cộng trang 1: 5 sinh viên"}}, l.rows[i+1:]...)...)
	},
	"the same person twice": func(r *rand.Rand, l *plainTable) {
		i := r.IntN(len(l.rows))
		l.rows = append(l.rows, l.rows[i])
		l.want = append(l.want, l.want[i])
		l.bad[i], l.bad[len(l.want)-1] = true, true
	},
	"a remark beneath the table": func(_ *rand.Rand, l *plainTable) {
		l.rows = append(l.rows, []any{"Ghi chú: các em chưa có tên sẽ gửi bổ sung sau"}, []any{"", "Người lập: Nguyễn Thị Bảo Trân"})
	},
	"a struck row": func(r *rand.Rand, l *plainTable) { l.strike = 1 + r.IntN(len(l.rows)) },
	"a hidden row": func(r *rand.Rand, l *plainTable) {
		l.hide = 1 + r.IntN(len(l.rows))
		l.want = append(l.want[:l.hide-1], l.want[l.hide:]...)
	},
	"no header": func(_ *rand.Rand, l *plainTable) {
		l.head = nil
		l.alarm = true
	},
	"no heading over the names": func(_ *rand.Rand, l *plainTable) {
		l.head[2] = ""
		l.alarm = true
	},
	"blanks for codes": func(r *rand.Rand, l *plainTable) {
		i := r.IntN(len(l.rows))
		l.rows[i][1], l.want[i].code = "\u00a0", ""
		l.bad[i] = true
	},
	"a code in blanks": func(r *rand.Rand, l *plainTable) {
		i := r.IntN(len(l.rows))
		c := l.want[i].code
		l.rows[i][1] = c[:4] + " " + c[4:7] + "\u2009" + c[7:]
	},
}

func (l *plainTable) bytes(t *testing.T) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	row := 3
	if l.head != nil {
		for i, h := range l.head {
			if err := f.SetCellValue("Sheet1", cell(i+1, row), h); err != nil {
				t.Fatal(err)
			}
		}
		row++
	}
	struck, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Strike: true}})
	if err != nil {
		t.Fatal(err)
	}
	for k, cells := range l.rows {
		for i, v := range cells {
			if v == "" {
				continue
			}
			if runs, ok := v.([]excelize.RichTextRun); ok {
				if err := f.SetCellRichText("Sheet1", cell(i+1, row+k), runs); err != nil {
					t.Fatal(err)
				}
				continue
			}
			if err := f.SetCellValue("Sheet1", cell(i+1, row+k), v); err != nil {
				t.Fatal(err)
			}
		}
		if k+1 == l.strike {
			_ = f.SetCellStyle("Sheet1", cell(1, row+k), cell(6, row+k), struck)
		}
		if k+1 == l.hide {
			_ = f.SetRowVisible("Sheet1", row+k, false)
		}
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// compare holds that whoever would be served is one of those that were meant, cell by cell, and that who has no part in the
// mishap is served.
func (l *plainTable) compare(t *testing.T, req bot.Request) {
	t.Helper()
	goesOn := req.Action == bot.Queue || req.Action == bot.QueueWithDefects
	meant := map[string]student{}
	for _, s := range l.want {
		meant[s.code] = s
	}
	served := map[string]bool{}
	for _, r := range req.Rows {
		got := student{r.Code, r.Name, r.Class, r.Cohort, r.Note}
		if !r.OK {
			continue
		}
		served[r.Code] = true
		if want, ok := meant[r.Code]; goesOn && (!ok || got != want) {
			t.Errorf("served: %q, meant %q", got, want)
		}
	}
	for i, s := range l.want {
		if !served[s.code] && !l.bad[i] && !l.alarm {
			t.Errorf("not served: %q; %v", s, reject(req))
		}
	}
	if !l.alarm && !goesOn {
		t.Errorf("%s: %v", req.Action, reject(req))
	}
	for i := range l.bad {
		if i < len(l.want) && goesOn && !served[l.want[i].code] && len(reject(req)) == 0 {
			t.Errorf("row %d is refused and nothing says why", i+1)
		}
	}
}
