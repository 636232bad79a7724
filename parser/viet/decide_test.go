package viet

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// rate counts the names that come back as they were.
type rate struct{ right, silent, told, all int }

func (r *rate) add(read Reading, want string) {
	r.all++
	switch {
	case read.Text == want:
		r.right++
	case read.Encoding == Unicode && read.Doubt == Certain:
		r.silent++
	default:
		r.told++
	}
}

func (r rate) percent() float64 { return 100 * float64(r.right) / float64(r.all) }

// TestRecognition measures invented names in every encoding, one cell alone and in columns of ten, without fonts. The
// floors are what was reached when the test was written, less a little.
func TestRecognition(t *testing.T) {
	t.Parallel()
	floors := map[Encoding][2]float64{
		Unicode: {100, 100}, TCVN3: {98, 99.9}, VNI: {98, 99.9}, CP1258: {93, 99.9}, UTF8: {99, 99.9}, UTF8Twice: {99, 99.9},
		UTF8Via58: {99, 99.9}, VISCII: {94, 99.9}, VPS: {95, 99.5},
	}
	names := inventNames(1, 2000)
	for e := Unicode; e < encodings; e++ {
		var single, column rate
		for i := 0; i+10 <= len(names); i += 10 {
			var samples []Sample
			var want []string
			for _, n := range names[i : i+10] {
				text, ok := encode(n, e)
				if !ok {
					t.Fatalf("%s has no %q", e, n)
				}
				samples, want = append(samples, Sample{Text: text}), append(want, norm.NFC.String(n))
				if !isASCII(n) {
					single.add(Decide(samples[len(samples)-1:]).Readings[0], want[len(want)-1])
				}
			}
			for k, r := range Decide(samples).Readings {
				if !isASCII(names[i+k]) {
					column.add(r, want[k])
				}
			}
		}
		t.Logf("%-30s one cell %5.1f %% (%d silent, %d told), ten cells %5.1f %% (%d silent, %d told)",
			e, single.percent(), single.silent, single.told, column.percent(), column.silent, column.told)
		if f := floors[e]; single.percent() < f[0] || column.percent() < f[1] {
			t.Errorf("%s: %.1f %% and %.1f %%, want %.1f and %.1f", e, single.percent(), column.percent(), f[0], f[1])
		}
	}
}

// latin1Only are the names whose letters all stand in Latin-1: the hard case, for they could be bytes of anything.
func latin1Only(names []string) []string {
	var out []string
	for _, n := range names {
		if !isASCII(n) && !strings.ContainsFunc(n, func(r rune) bool { return r > 0xFF }) {
			out = append(out, n)
		}
	}
	return out
}

// strange are right names that are no Vietnamese spelling: minorities, neighbours, guests.
var strange = strings.Split("Ro Phi Ah;H'Hen Niê;H’Hen Niê;Y Ngông Niê Kdăm;K'Brơi;K’Brơi;Danh Thị Sà Phol;Thạch Sa Rây;Sà Phol;Kdăm;Sok Dara;Sak Sôm;"+
	"Müller;Jürgen Müller;Señor;María Peña;François;Hélène Girard;Zoë;Noël;Ñ;Ña;Björn Åkesson;Søren Kjær;José Núñez;Bounmy Phommachanh;"+
	"Khamphet Sœur;Bùi Chămpa;Y Blô Êban;Ama Kông;H'Ñim Êñuôl;Rơ Châm H'Bia;Đinh Y Ñông;Cil Múp;Kơ Să;Jörg Groß;Bö;Tô Dü;Hồ A Páo;Vàng Mí Nô", ";")

func TestNothingRightIsConverted(t *testing.T) {
	t.Parallel()
	names := latin1Only(inventNames(5, 6000))
	if len(names) < 500 {
		t.Fatalf("only %d names", len(names))
	}
	names = append(names, "Hoàng", "Thùy", "Lê", "Trí", "Toàn", "Hòa", "Hà", "Bé", "Tú", "Vân", "Lê Toàn", "Ý", "Tô Hoài", "LÊ TOÀN", "HÒA", "lê hoà",
		"Ghi chú", "Khóa", "Bùi Ðình Tâm", "Ðoàn", "Ðinh Ðông", "ÐINH", "Khoá", "Lê Qúy Hòang", "25 m²", "§ 5", "30°C", "N° 5", "“Lê”", "«Lê»")
	names = append(names, strange...)
	for _, n := range names {
		if d := Decide([]Sample{{Text: n}}).Readings[0]; d.Encoding != Unicode || d.Doubt != Certain {
			t.Errorf("%q alone is read as %q, %s, doubt %d", n, d.Text, d.Encoding, d.Doubt)
		}
	}
	for i := 0; i+10 <= len(names); i += 10 {
		var samples []Sample
		for _, n := range names[i : i+10] {
			samples = append(samples, Sample{Text: n, Font: "Arial"})
		}
		for k, r := range Decide(samples).Readings {
			if r.Encoding != Unicode || r.Doubt != Certain {
				t.Errorf("%q in a column is read as %q, %s, doubt %d", samples[k].Text, r.Text, r.Encoding, r.Doubt)
			}
		}
	}
	d := Decide(samplesOf("", strange...))
	for k, r := range d.Readings {
		if r.Encoding != Unicode || r.Doubt != Certain {
			t.Errorf("%q in a column of strange names is read as %q, %s, doubt %d", strange[k], r.Text, r.Encoding, r.Doubt)
		}
	}
}

func samplesOf(font string, texts ...string) []Sample {
	out := make([]Sample, len(texts))
	for i, s := range texts {
		out[i] = Sample{Text: s, Font: font}
	}
	return out
}

// FuzzDecide feeds a column of three cells: nothing may break, every cell has a reading, and what is not converted is as
// it was.
func FuzzDecide(f *testing.F) {
	f.Add("NguyÔn V¨n An", "Nguyễn Văn An", "Nguyeãn Vaên An", ".VnTimeH")
	f.Add("Hoàng", "NguyêÞn", "Nguyá»…n", "")
	f.Add("\xff\xfe", "D\u00AD¬ng", "Nguy?n \uFFFD", "VNI-Times")
	f.Add("Ăª", "«Lê»", "H’Hen Niê", "Arial")
	f.Fuzz(func(t *testing.T, a, b, c, font string) {
		samples := []Sample{{a, font}, {b, font}, {c, ""}, {a, ""}}
		d := Decide(samples)
		if len(d.Readings) != len(samples) {
			t.Fatalf("%d readings", len(d.Readings))
		}
		for i, r := range d.Readings {
			if r.Encoding == Unicode && r.Text != samples[i].Text {
				t.Errorf("%q became %q", samples[i].Text, r.Text)
			}
			if r.Encoding != Unicode && isASCII(samples[i].Text) {
				t.Errorf("%q was converted", samples[i].Text)
			}
		}
		for e := Unicode; e < encodings; e++ {
			if text, ok := Decode(a, e, false); ok && utf8.ValidString(a) && !norm.NFC.IsNormalString(text) {
				t.Errorf("%s: %q is not NFC", e, text)
			}
		}
	})
}
