package reply

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/mailer/compose"
)

var update = flag.Bool("update", false, "write the letters into want.txt")

// A letterCase is testdata/letters/<case>/input.json. A new case needs no Go: the name of the letter, the texts of its
// rules and its facts, under the names of the Go structs.
type letterCase struct {
	Letter string
	Office *Office
	Rules  map[string]struct{ Vi, En, FixVi, FixEn string } // {value} and the finding's args are filled in
	In     json.RawMessage
	Repeat int // this many copies of the first row and its findings, for long tables
}

var testOffice = Office{
	School: "Trường Đại học Y Dược Ví Dụ", Office: "Phòng Công nghệ Thông tin", Place: "Ví Dụ",
	Contact: "0292 0000 000, cntt@truong.example", ServiceAddress: "cntt@truong.example",
}

func (c letterCase) writer() *Writer {
	fill := func(text string, f bot.Finding) string {
		text = strings.ReplaceAll(text, "{value}", f.Value)
		for name, value := range f.Args {
			text = strings.ReplaceAll(text, "{"+name+"}", value)
		}
		return text
	}
	office := testOffice
	if c.Office != nil {
		office = *c.Office
	}
	return New(office,
		func(f bot.Finding) (string, string) { r := c.Rules[f.Rule]; return fill(r.Vi, f), fill(r.En, f) },
		func(f bot.Finding) (string, string) { r := c.Rules[f.Rule]; return fill(r.FixVi, f), fill(r.FixEn, f) })
}

// write calls the method of Writer that has the letter's name.
func (c letterCase) write(t *testing.T) Draft {
	t.Helper()
	method := reflect.ValueOf(c.writer()).MethodByName(c.Letter)
	if !method.IsValid() {
		t.Fatalf("there is no letter %q", c.Letter)
	}
	in := reflect.New(method.Type().In(0))
	d := json.NewDecoder(strings.NewReader(string(c.In)))
	d.DisallowUnknownFields()
	if err := d.Decode(in.Interface()); err != nil {
		t.Fatal(err)
	}
	if answer, ok := in.Interface().(*Answer); ok {
		repeat(&answer.Request, c.Repeat)
	}
	out := method.Call([]reflect.Value{in.Elem()})
	if err, failed := out[1].Interface().(error); failed {
		t.Fatal(err)
	}
	return out[0].Interface().(Draft)
}

func repeat(req *bot.Request, times int) {
	findings := req.Findings
	for i := range times {
		row := req.Rows[0]
		row.N, row.Line, row.STT = 1000+i, 1000+i, fmt.Sprint(1000+i)
		req.Rows = append(req.Rows, row)
		for _, f := range findings {
			if f.N == req.Rows[0].N {
				f.N, f.Cell = row.N, fmt.Sprintf("B%d", row.Line)
				req.Findings = append(req.Findings, f)
			}
		}
	}
}

func (d Draft) golden() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Subject: %s\n", d.Subject)
	for _, a := range d.Attachments {
		fmt.Fprintf(&b, "Attachment: %s\n", a.Name)
	}
	return b.String() + "\n" + d.Text
}

func TestLetters(t *testing.T) {
	t.Parallel()
	inputs, err := filepath.Glob("testdata/letters/*/input.json")
	if err != nil || len(inputs) == 0 {
		t.Fatalf("no letters: %v", err)
	}
	written := map[string]bool{}
	for _, input := range inputs {
		var c letterCase
		raw, err := os.ReadFile(input)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, &c); err != nil {
			t.Fatalf("%s: %v", input, err)
		}
		written[c.Letter] = true
		t.Run(filepath.Base(filepath.Dir(input)), func(t *testing.T) {
			t.Parallel()
			got := c.write(t).golden()
			want := filepath.Join(filepath.Dir(input), "want.txt")
			if *update {
				if err := os.WriteFile(want, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			expected, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(expected), got); diff != "" {
				t.Errorf("letter changed (-want +got):\n%s", diff)
			}
		})
	}
	for _, name := range letterNames() {
		if !written[name] {
			t.Errorf("letter %s has no case", name)
		}
	}
}

// letterNames are the methods of Writer that return a Draft.
func letterNames() []string {
	var names []string
	for m := range reflect.TypeFor[*Writer]().Methods() {
		if m.Type.NumOut() == 2 && m.Type.Out(0) == reflect.TypeFor[Draft]() {
			names = append(names, m.Name)
		}
	}
	return names
}

// Whatever stands in any field, a letter keeps its lines: no header field, no template action, no paragraph of its own.
func TestLettersAreInert(t *testing.T) {
	t.Parallel()
	hostile := "x\r\nBcc: a@evil.example\n{{.Case}}\u2028Kính gửi: kẻ gian\u202e\x00" + strings.Repeat("dài ", 3000)
	say := func(bot.Finding) (string, string) { return hostile, hostile }
	office := Office{School: hostile, Office: hostile, Place: hostile, Contact: hostile, ServiceAddress: hostile}
	w := New(office, say, say)
	for _, name := range letterNames() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			method := reflect.ValueOf(w).MethodByName(name)
			in := reflect.New(method.Type().In(0)).Elem()
			flood(in, hostile)
			out := method.Call([]reflect.Value{in})
			if err, failed := out[1].Interface().(error); failed {
				t.Fatal(err)
			}
			d := out[0].Interface().(Draft)
			if strings.ContainsAny(d.Subject, "\r\n\u2028\x00") || len([]rune(d.Subject)) > 500 {
				t.Errorf("subject %q", d.Subject)
			}
			if strings.ContainsAny(d.Text, "\r\u2028\u202e\x00") {
				t.Error("control characters in the text")
			}
			if !strings.Contains(d.Text, "{{.Case}}") {
				t.Error("the value is not shown as it stands")
			}
			for line := range strings.SplitSeq(d.Text, "\n") {
				if strings.HasPrefix(line, "Bcc:") || strings.HasPrefix(line, "Kính gửi: kẻ") {
					t.Errorf("a value began a line: %.60s", line)
				}
			}
		})
	}
}

// flood sets every string under v, one element in every slice.
func flood(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Int:
		v.SetInt(1)
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[[]byte]() {
			v.SetBytes([]byte("data"))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		flood(v.Index(0), text)
	case reflect.Struct:
		switch x := v.Addr().Interface().(type) {
		case *time.Time:
			*x = time.Date(2026, 2, 5, 2, 0, 0, 0, time.UTC)
			return
		case *bot.Finding:
			*x = bot.Finding{Rule: text, Severity: bot.RejectRow, N: 1, File: text, Sheet: text, Cell: text, Value: text}
			return
		case *bot.Row:
			*x = bot.Row{N: 1, STT: text, Code: text, Name: text, File: text, Sheet: text, Line: 14}
			return
		}
		for i := range v.NumField() {
			flood(v.Field(i), text)
		}
	default: // no text goes in
	}
}

// What a letter is made of has no place for a password; the accounts travel in a type of their own.
func TestLettersCannotHoldCredentials(t *testing.T) {
	t.Parallel()
	var walk func(reflect.Type, string, map[reflect.Type]bool)
	walk = func(typ reflect.Type, path string, seen map[reflect.Type]bool) {
		if seen[typ] {
			return
		}
		seen[typ] = true
		if typ == reflect.TypeFor[Credential]() || typ == reflect.TypeFor[CredentialSheet]() {
			t.Errorf("%s can hold initial passwords", path)
		}
		switch typ.Kind() {
		case reflect.Slice, reflect.Pointer, reflect.Map:
			walk(typ.Elem(), path, seen)
		case reflect.Struct:
			for i := range typ.NumField() {
				f := typ.Field(i)
				if strings.Contains(strings.ToLower(f.Name), "password") {
					t.Errorf("%s.%s", path, f.Name)
				}
				walk(f.Type, path+"."+f.Name, seen)
			}
		default: // nothing below it
		}
	}
	for m := range reflect.TypeFor[*Writer]().Methods() {
		if m.Type.NumOut() == 2 && m.Type.Out(0) == reflect.TypeFor[Draft]() {
			walk(m.Type.In(1), m.Name, map[reflect.Type]bool{})
		}
	}
}

// The mail of a delivery, whole (pain 35): the canary stands nowhere that opens without the passphrase.
func TestPain35DeliveryHidesPasswords(t *testing.T) {
	t.Parallel()
	const canary = "CANARY-mk-7Qw9-xz"
	w := letterCase{}.writer()
	sheet := credentialsWith(canary)
	credentials, err := w.Credentials(sheet, testPassphrase)
	if err != nil {
		t.Fatal(err)
	}
	names, err := w.UserNames(sheet)
	if err != nil {
		t.Fatal(err)
	}
	d, err := w.Delivered(Delivery{
		Case: "YC-2026-0042", Unit: "Phòng Công tác sinh viên", Created: 2,
		UserNames: Workbook("ten-dang-nhap.xlsx", names), Credentials: Workbook("mat-khau.xlsx", credentials),
	})
	if err != nil {
		t.Fatal(err)
	}
	places := map[string]string{
		"subject": d.Subject, "text": d.Text, "names": unpacked(t, names), "encrypted": string(credentials),
		"%v": fmt.Sprintf("%v", sheet), "%+v": fmt.Sprintf("%+v", sheet), "%#v": fmt.Sprintf("%#v", sheet.Accounts),
	}
	if raw, err := json.Marshal(sheet); err != nil {
		t.Error(err)
	} else {
		places["json"] = string(raw)
	}
	for place, text := range places {
		if strings.Contains(text, canary) {
			t.Errorf("the password stands in %s", place)
		}
	}
	if want := []string{"ten-dang-nhap.xlsx", "mat-khau.xlsx"}; !cmp.Equal(want, attachmentNames(d.Attachments)) {
		t.Errorf("attachments %v, want %v", attachmentNames(d.Attachments), want)
	}
}

func attachmentNames(list []compose.Attachment) []string {
	var names []string
	for _, a := range list {
		names = append(names, a.Name)
	}
	return names
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in    string
		limit int
		want  line
	}{
		{"  Nguyễn\u00a0Văn \t An ", 99, "Nguyễn Văn An"},
		{"a\r\nBcc: b", 99, "a Bcc: b"},
		{"\u202egnp.exe", 99, "gnp.exe"},
		{"a\xffb", 99, "a\uFFFDb"},
		{"dòng\u2028mới\u0085a", 99, "dòng mới a"},
		{"\u200b\u2060", 99, ""},
		{strings.Repeat("ă", 30), 10, line(strings.Repeat("ă", 9) + "…")},
		{"vừa đủ", 6, "vừa đủ"},
	} {
		if got := plain(tt.in, tt.limit); got != tt.want {
			t.Errorf("plain(%q, %d) = %q, want %q", tt.in, tt.limit, got, tt.want)
		}
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	for day, want := range map[time.Time]string{
		time.Date(2026, 2, 4, 18, 0, 0, 0, time.UTC):  "ngày 05 tháng 02 năm 2026", // past midnight in Cần Thơ
		time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC):   "ngày 05 tháng 3 năm 2026",
		time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC): "ngày 20 tháng 11 năm 2026",
	} {
		if got := ngay(day); got != want {
			t.Errorf("ngay(%s) = %q, want %q", day, got, want)
		}
	}
}
