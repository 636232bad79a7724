package app

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/config"
	"vanthu/parser"
)

const (
	formLetter = `<html><body><p>FORM</p><p>TRƯỜNG ĐẠI HỌC Y DƯỢC VÍ DỤ</p><p>ĐƠN VỊ: PHÒNG CÔNG TÁC SINH VIÊN</p><p>Cần Thơ, ngày 20 tháng 11 năm 2026</p>
		<p>BẢN ĐỀ NGHỊ</p><p>Về việc cấp tài khoản email</p><p>Kính gửi: Phòng Công nghệ Thông tin</p><p>Lý do cấp email: nhập học</p>
		<p>Đề nghị cấp mới tài khoản email cho sinh viên theo danh sách đính kèm.</p><p>Thủ trưởng đơn vị</p><p>ThS. Đoàn Thị Hạnh</p></body></html>`
	formList = "FORM;;;;;\nDANH SÁCH ĐỀ NGHỊ CẤP TÀI KHOẢN EMAIL;;;;;\nStt;Mã số SV/HV;Họ và tên;Lớp;Khóa;Ghi chú\n1;2153010001;Nguyễn Văn An;YAK47;K47;Lớp trưởng\n2;12;Trần Thị Bích;YAK47;K47;\n"
)

// BM-CNTT31 and BM-CNTT32, in whatever spelling, on the letter or on the list, or no code at all: the same is read and judged (Q1, Q3).
func TestFormCodeChangesNothing(t *testing.T) {
	t.Parallel()
	cfg, err := config.LoadOffline(filepath.Join("..", "..", "cmd", "vanthu", "testdata", "corpus.toml"))
	if err != nil {
		t.Fatal(err)
	}
	world, err := NewWorld(cfg)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 26, 9, 0, 0, 0, time.FixedZone("ICT", 7*3600))
	judged := func(letter, list string) bot.Request {
		c, err := world.CheckFiles(t.Context(), []parser.File{{Name: "de nghi.html", Data: []byte(strings.Replace(formLetter, "FORM", letter, 1))},
			{Name: "ds.csv", Data: []byte(strings.Replace(formList, "FORM", list, 1))}}, nil, now)
		if err != nil {
			t.Fatal(err)
		}
		return c.Request
	}
	want := judged("BM-CNTT31", "BM-CNTT31")
	if want.LetterFile == "" || len(want.Rows) != 2 || want.Good() != 1 || !want.Rows[0].Monitor || want.Action != bot.QueueWithDefects {
		t.Fatalf("read %+v", want)
	}
	for _, c := range [][2]string{{"BM-CNTT32", "BM-CNTT32"}, {"BM-CNTT31", "BM-CNTT32"}, {"bm.cntt-032", "BM CNTT 31"}, {"", ""}, {"BM-CNTT32", ""}} {
		if diff := cmp.Diff(want, judged(c[0], c[1])); diff != "" {
			t.Errorf("%q on the letter, %q on the list:\n%s", c[0], c[1], diff)
		}
	}
}
