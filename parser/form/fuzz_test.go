package form_test

import (
	"testing"

	"vanthu/parser"
	"vanthu/parser/form"
)

// fuzzLimits keep one try short.
func fuzzLimits() parser.Limits {
	return parser.Limits{FileSize: 1 << 20, Unpacked: 4 << 20, Rows: 1000, Columns: 50, Sheets: 20, Depth: 64}
}

func FuzzRead(f *testing.F) {
	f.Add(document(f, "BM-CNTT31", printedLetter...))
	f.Add(document(f, "", "DANH SÁCH", header, "1|2453010001|Lý Vy|Y|K50|"))
	f.Add(paper("BẢN ĐỀ NGHỊ", "Kính gửi: Phòng CNTT"))
	f.Add(compound("EncryptedPackage"))
	f.Add([]byte("Stt,Mã\n1,2\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := form.Read([]parser.File{{Name: "f", Data: data}}, fuzzLimits())
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
