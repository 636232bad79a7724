package form_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"vanthu/parser"
	"vanthu/parser/form"
)

// inFonts builds a list whose cells may name their font: ".VnTime>NguyÔn". The headings stand in row 1.
func inFonts(t *testing.T, rows ...string) parser.File {
	t.Helper()
	plain := make([]string, len(rows))
	for i, r := range rows {
		var cells []string
		for c := range strings.SplitSeq(r, "|") {
			if _, text, ok := strings.Cut(c, ">"); ok {
				c = text
			}
			cells = append(cells, c)
		}
		plain[i] = strings.Join(cells, "|")
	}
	return list(t, func(f *excelize.File) {
		for i, r := range rows {
			for j, c := range strings.Split(r, "|") {
				font, _, ok := strings.Cut(c, ">")
				if !ok {
					continue
				}
				style, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Family: font, Size: 12}})
				must(t, err)
				cell, err := excelize.CoordinatesToCellName(j+1, i+1)
				must(t, err)
				must(t, f.SetCellStyle("Sheet1", cell, cell, style))
			}
		}
	}, plain...)
}

// names returns the names read, as they are.
func names(s parser.Submission) []string {
	var out []string
	for _, r := range s.Rows {
		out = append(out, r.Name.Text)
	}
	return out
}

// encodingRemarks returns what was said of encodings, without the values side by side: "code N cell args".
func encodingRemarks(s parser.Submission) []string {
	var out []string
	for _, r := range s.Remarks {
		switch r.Code {
		case parser.EncodingConverted:
			if r.N > 0 {
				continue
			}
			out = append(out, "converted "+r.At.Cell()+" "+r.Args["h"]+r.Args["where"]+" "+r.Args["enc"]+" "+r.Args["font"]+" "+r.Args["n"])
		case parser.EncodingUnknown:
			out = append(out, "unknown "+r.At.Cell()+" "+r.Args["h"])
		case parser.LetterLost:
			out = append(out, "lost "+r.At.Cell()+" "+r.Value)
		case parser.ReplacementChars:
			out = append(out, "replaced "+r.At.Cell()+" "+r.Value)
		case parser.FontMisleads:
			out = append(out, "font "+r.At.Cell()+" "+r.Args["font"])
		default:
		}
	}
	return out
}

const vietHeader = "Stt|Mã số SV/HV|Họ và tên|Lớp|Khóa|Ghi chú"

func TestOldEncodings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rows  []string
		names []string
		said  []string
	}{
		"all of it in TCVN3": {
			[]string{".VnTime>Stt|.VnTime>M· sè SV/HV|.VnTime>Hä vµ tªn|.VnTime>Líp|.VnTime>Khãa|.VnTime>Ghi chó",
				"1|2453010001|.VnTime>TrÇn Nh\u00AD Tr©m|YAK50|K50|.VnTime>Líp tr\u00ADëng",
				"2|2453010002|.VnTime>Qu¸ch ThÞ Hoa|YAK50|K50|", "3|2453010003|.VnTime>Lª ThÞ ¸nh|YAK50|K50|", "4|2453010004|.VnTimeH>§ç h÷u nghÜa|YAK50|K50|"},
			[]string{"Trần Như Trâm", "Quách Thị Hoa", "Lê Thị Ánh", "ĐỖ HỮU NGHĨA"},
			[]string{"converted C1 Họ và tên TCVN3 (ABC) .VnTime 4", "converted F1 Ghi chú TCVN3 (ABC) .VnTime 1", "converted B1 around_list TCVN3 (ABC) .VnTime 5"},
		},
		"VNI without a font's name": {
			[]string{vietHeader, "1|2453010001|Döông Höõu Kieân|YAK50|K50|", "2|2453010002|Traàn AÙnh Hieàn|YAK50|K50|", "3|2453010003|Phan Quang Vuõ|YAK50|K50|", "4|2453010004|Hoà Lan|YAK50|K50|"},
			[]string{"Dương Hữu Kiên", "Trần Ánh Hiền", "Phan Quang Vũ", "Hoà Lan"},
			[]string{"converted C1 Họ và tên VNI Calibri 3", "unknown C5 ", "font C2 Calibri"},
		},
		"Unicode in a font of TCVN3": {
			[]string{vietHeader, "1|2453010001|.VnTime>Nguyễn Thị Thùy Dương|YAK50|K50|", "2|2453010002|.VnTime>Lê Toàn|YAK50|K50|", "3|2453010003|.VnTime>Hoàng Hà|YAK50|K50|"},
			[]string{"Nguyễn Thị Thùy Dương", "Lê Toàn", "Hoàng Hà"},
			[]string{"font C2 .VnTime"},
		},
		"TCVN3 in Times New Roman": {
			[]string{vietHeader, "1|2453010001|Times New Roman>NguyÔn V¨n An|YAK50|K50|", "2|2453010002|Times New Roman>TrÇn ThÞ B×nh|YAK50|K50|"},
			[]string{"Nguyễn Văn An", "Trần Thị Bình"},
			[]string{"converted C1 Họ và tên TCVN3 (ABC) Times New Roman 2", "font C2 Times New Roman"},
		},
		"one cell pasted from an old file": {
			[]string{vietHeader, "1|2453010001|Nguyễn Thị Thùy Dương|YAK50|K50|", "2|2453010002|Lê Toàn|YAK50|K50|", "3|2453010003|.VnTime>§ç ThÞ H¹nh|YAK50|K50|",
				"4|2453010004|Hoàng Hà|YAK50|K50|", "5|2453010005|Trần Thu Hà|YAK50|K50|"},
			[]string{"Nguyễn Thị Thùy Dương", "Lê Toàn", "Đỗ Thị Hạnh", "Hoàng Hà", "Trần Thu Hà"},
			[]string{"converted C1 Họ và tên TCVN3 (ABC) .VnTime 1"},
		},
		"a column in two encodings": {
			[]string{vietHeader, "1|2453010001|.VnTime>NguyÔn V¨n An|YAK50|K50|", "2|2453010002|VNI-Times>Traàn Thò Bình|YAK50|K50|", "3|2453010003|.VnTime>§ç ThÞ H¹nh|YAK50|K50|",
				"4|2453010004|VNI-Times>Ñoã Thò Haïnh|YAK50|K50|", "5|2453010005|Lý Thị Hạnh|YAK50|K50|"},
			[]string{"Nguyễn Văn An", "Trần Thị Bình", "Đỗ Thị Hạnh", "Đỗ Thị Hạnh", "Lý Thị Hạnh"},
			[]string{"converted C1 Họ và tên TCVN3 (ABC) .VnTime 4"},
		},
		"UTF-8 opened as windows-1252": {
			[]string{"Stt|MÃ£ sá»‘ SV/HV|Há»\u008D vÃ\u00A0 tÃªn|Lá»›p|KhÃ³a|Ghi chÃº", "1|2453010001|Nguyá»…n VÄƒn An|YAK50|K50|", "2|2453010002|Tráº§n HoÃ\u00A0ng|YAK50|K50|", "3|2453010003|TÃ´ Mai|YAK50|K50|"},
			[]string{"Nguyễn Văn An", "Trần Hoàng", "Tô Mai"},
			nil,
		},
		"ư of TCVN3 lost": {
			[]string{vietHeader, "1|2453010001|.VnTime>NguyÔn ThÞ D¬ng|YAK50|K50|", "2|2453010002|.VnTime>TrÇn Nh|YAK50|K50|", "3|2453010003|.VnTime>Lu ThÞ H¹nh|YAK50|K50|",
				"4|2453010004|.VnTime>§ç ThÞ H¹nh|YAK50|K50|", "5|2453010005|.VnTime>Kim Nh|YAK50|K50|Líp trëng"},
			[]string{"Nguyễn Thị Dơng", "Trần Nh", "Lu Thị Hạnh", "Đỗ Thị Hạnh", "Kim Nh"},
			[]string{"converted C1 Họ và tên TCVN3 (ABC) .VnTime 4", "converted F1 Ghi chú TCVN3 (ABC) Calibri 1", "lost C2 Nguyễn Thị Dơng", "lost C3 Trần Nh",
				"lost C4 Lu Thị Hạnh", "lost C6 Kim Nh", "lost F6 Lớp trởng", "font F6 Calibri"},
		},
		"classes that are no words": {
			[]string{vietHeader, "1|2453010001|Döông Höõu Kieân|ÑD-K51|K51|", "2|2453010002|Traàn AÙnh Hieàn|ÑD-K51|K51|", "3|2453010003|Phan Quang Vuõ|ÑD-K51|K51|", "4|2453010004|Nguyeãn Lan|ÑD-K51|K51|"},
			[]string{"Dương Hữu Kiên", "Trần Ánh Hiền", "Phan Quang Vũ", "Nguyễn Lan"},
			[]string{"converted C1 Họ và tên VNI Calibri 4", "converted D1 Lớp VNI Calibri 4", "font C2 Calibri"},
		},
		"two encodings in one cell": {
			[]string{vietHeader, "1|2453010001|Nguyễn V¨n An|YAK50|K50|", "2|2453010002|Lê Hòa|YAK50|K50|", "3|2453010003|Trần Thị Ánh|YAK50|K50|"},
			[]string{"Nguyễn V¨n An", "Lê Hòa", "Trần Thị Ánh"},
			[]string{"unknown C2 "},
		},
		"letters replaced": {
			[]string{vietHeader, "1|2453010001|Nguy?n V?n An|YAK50|K50|", "2|2453010002|Tr\uFFFDn Hoa|YAK50|K50|", "3|2453010003|Lê Toàn|YAK50|K50|xong?"},
			[]string{"Nguy?n V?n An", "Tr\uFFFDn Hoa", "Lê Toàn"},
			[]string{"replaced C2 Nguy?n V?n An", "replaced C3 Tr\uFFFDn Hoa"},
		},
		"an encoding that nobody knows": {
			[]string{vietHeader, "1|2453010001|Ng§y¤n Vªªn|YAK50|K50|", "2|2453010002|Tr§¨n Hoª|YAK50|K50|", "3|2453010003|L¤§ To¶§n|YAK50|K50|", "4|2453010004|H¤¤ L§n|YAK50|K50|"},
			[]string{"Ng§y¤n Vªªn", "Tr§¨n Hoª", "L¤§ To¶§n", "H¤¤ L§n"},
			[]string{"unknown C1 Họ và tên"},
		},
		"minorities, foreigners, signs": {
			[]string{vietHeader, "1|2453010001|H’Hen Niê|YAK50|K50|", "2|2453010002|Anna Müller|YAK50|K50|", "3|2453010003|José Núñez|YAK50|K50|½ học phí", "4|2453010004|Y Blô Êban|YAK50|K50|25 m² §"},
			[]string{"H'Hen Niê", "Anna Müller", "José Núñez", "Y Blô Êban"},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := form.Read([]parser.File{inFonts(t, c.rows...)}, parser.DefaultLimits())
			if diff := cmp.Diff(c.names, names(s)); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
			said := encodingRemarks(s)
			if c.said == nil && strings.HasPrefix(name, "min") && len(said) > 0 || c.said != nil && !cmp.Equal(c.said, said) {
				t.Errorf("said (-want +got):\n%s", cmp.Diff(c.said, said))
			}
			converted := map[string]bool{}
			for _, r := range s.Remarks {
				if r.Code == parser.EncodingConverted && r.N > 0 {
					converted[r.At.Cell()] = true
					if r.Args["text"] != r.Value || r.Args["raw"] == r.Value {
						t.Errorf("%s: %v", r.At.Cell(), r.Args)
					}
				}
			}
			for _, r := range s.Rows {
				if (r.Name.Raw != r.Name.Text && r.Name.Raw != strings.ReplaceAll(r.Name.Text, "'", "’")) != converted[r.Name.At.Cell()] {
					t.Errorf("%s: %q was read from %q and nothing said", r.Name.At.Cell(), r.Name.Text, r.Name.Raw)
				}
			}
		})
	}
}

// What comes back to the unit is what it sent.
func TestOpenDoesNotDecode(t *testing.T) {
	t.Parallel()
	d, err := form.Open(inFonts(t, "Hä vµ tªn", ".VnTime>NguyÔn V¨n An", ".VnTime>TrÇn ThÞ B×nh"), parser.DefaultLimits())
	if err != nil || d.Sheets[0].Rows[1].Cells[0].Text != "NguyÔn V¨n An" {
		t.Errorf("%v %+v", err, d.Sheets)
	}
}

// A letter typed before Unicode.
func TestLetterInTCVN3(t *testing.T) {
	t.Parallel()
	l := letterOf(t, parser.File{Name: "de nghi.docx", Data: document(t, "BM-CNTT31", "TR\u00ADêNG §¹I HäC Y D\u00ADîC VÝ Dô", "B¶N §Ò NGHÞ", "VÒ viÖc cÊp tµi kho¶n email",
		"KÝnh göi: Phßng C«ng nghÖ Th«ng tin", "§¬n vÞ ®Ò nghÞ: Phßng C«ng t¸c sinh viªn", "Lý do cÊp email: Sinh viªn ch\u00ADa cã tµi kho¶n",
		"CÇn Th¬, ngµy 05 th¸ng 11 n¨m 2026")})
	if l.Unit.Text != "Phòng Công tác sinh viên" || l.Date.Month != 11 || !strings.HasPrefix(l.Reason.Text, "Sinh viên chưa có tài khoản") {
		t.Errorf("%+v", l)
	}
}
