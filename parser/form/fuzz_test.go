package form_test

import (
	"testing"

	"vanthu/parser"
	"vanthu/parser/form"
)

// fuzzLimits keep one try short.
func fuzzLimits() parser.Limits {
	return parser.Limits{FileSize: 1 << 20, Unpacked: 4 << 20, Rows: 1000, Columns: 50, Sheets: 20, Depth: 64, Files: 20}
}

func FuzzRead(f *testing.F) {
	f.Add(document(f, "BM-CNTT31", printedLetter...))
	f.Add(document(f, "", "DANH SÁCH", header, "1|2453010001|Lý Vy|Y|K50|"))
	f.Add(paper("BẢN ĐỀ NGHỊ", "Kính gửi: Phòng CNTT"))
	f.Add(compound("EncryptedPackage"))
	f.Add([]byte("Stt,Mã\n1,2\n"))
	f.Add([]byte("LỚP YAK50;;\nStt;Mã số;Họ và tên;;Lớp\n;SV/HV;Họ đệm;Tên;\n1;2453010001;Lý Thị Vân;Vy;Y A - K50\nLớp B - Khóa 50;;;;\n2;2453010002 2453010003;Lý;Ba;\n"))
	f.Add(packed(f, false, "\xd0\xea.csv", "MSSV,Họ tên\n2453010001,Lý Vy\n", "__MACOSX/x", ""))
	f.Add(gzipped(f, "a.txt", "BẢN ĐỀ NGHỊ\nKính gửi: Phòng CNTT\nĐề nghị cấp email cho một trăm hai sinh viên lớp YAK50, YBK50 khóa 50\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		files := form.Unpack([]parser.File{{Name: "f", Data: data}}, fuzzLimits())
		s := form.Read(files, fuzzLimits())
		if len(files) == 0 || len(s.Files) != len(files) {
			t.Fatalf("%d files, %d reports", len(files), len(s.Files))
		}
		if len(files) != 1 {
			return
		}
		if len(s.Files) != 1 || s.Files[0].Role == "" || (s.Files[0].Problem == nil) == (s.Files[0].Role == parser.RoleProblem) {
			t.Errorf("not accounted for: %+v", s.Files)
		}
		for i, r := range s.Rows {
			if r.N != i+1 {
				t.Errorf("row %d is numbered %d", i+1, r.N)
			}
		}
	})
}
