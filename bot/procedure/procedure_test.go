package procedure

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
)

// What edition 01 says of its steps (procedure of 26/11/2018, section VI).
func TestEdition01(t *testing.T) {
	t.Parallel()
	d, err := Parse(Text())
	if err != nil {
		t.Fatal(err)
	}
	type step struct {
		ID           bot.StepID
		Number, Days int
		Target       int
		Whose        bot.Whose
		Working      bool
	}
	var got []step
	for _, s := range d.Steps {
		got = append(got, step{s.ID, s.Number, s.Days, s.Target, s.Whose, s.Working})
	}
	want := []step{
		{bot.StepRequest, 1, 0, 0, bot.WhoseUnit, false},
		{bot.StepPlan, 2, 1, 1, bot.WhoseOffice, false},
		{bot.StepCheck, 3, 1, 1, bot.WhoseOffice, false},
		{bot.StepCreate, 4, 30, 20, bot.WhoseOffice, false},
		{bot.StepDeliver, 5, 1, 1, bot.WhoseOffice, false},
		{bot.StepHandOver, 6, 1, 1, bot.WhoseUnit, false},
		{bot.StepDelete, 7, 1, 1, bot.WhoseOffice, false},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if d.Code != bot.Procedure || d.Edition != "01" || d.IssuedOn() != time.Date(2018, 11, 26, 0, 0, 0, 0, time.UTC) {
		t.Errorf("it is %s, edition %s of %s", d.Code, d.Edition, d.Issued)
	}
	if len(d.Bases) != 4 || len(d.Forms) != 2 || d.Forms[0].Code != "BM-CNTT31" || d.Forms[1].Code != "BM-CNTT32" {
		t.Errorf("%d bases, forms %v", len(d.Bases), d.Forms)
	}
	if got := d.Step("another"); got != (bot.Step{}) {
		t.Errorf("an unknown step is %v", got)
	}
}

// Each file of testdata/bad is an edition with one mistake; its first line is the complaint that it must give.
func TestBadEditions(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/bad/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			edit, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Parse(edited(t, string(edit)))
			want, _, _ := strings.Cut(string(edit), "\n")
			if want = strings.TrimPrefix(want, "# "); err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

// edited is edition 01 with one place of it written otherwise: the lines after "# was", put in the place of those that follow
// "# is" up to the end.
func edited(t *testing.T, edit string) string {
	t.Helper()
	_, edit, _ = strings.Cut(edit, "# was\n")
	was, is, ok := strings.Cut(edit, "# is\n")
	if !ok || !strings.Contains(Text(), was) {
		t.Fatalf("edition 01 does not hold\n%s", was)
	}
	return strings.Replace(Text(), was, is, 1)
}

// A case keeps its edition; a new one follows the edition of its day.
func TestTwoEditionsBesideEachOther(t *testing.T) {
	t.Parallel()
	second := filepath.Join(t.TempDir(), "02.toml")
	text := strings.NewReplacer(`edition = "01"`, `edition = "02"`, "days   = 30", "days   = 15", "target = 20", "target = 10\nworking = true").Replace(Text())
	if err := os.WriteFile(second, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	from := time.Date(2027, 9, 1, 0, 0, 0, 0, time.UTC)
	b, err := Read(Source{second, from})
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Time]string{from.Add(-time.Second): "01", from: "02", from.AddDate(3, 0, 0): "02"} {
		if got := b.At(at).Edition; got != want {
			t.Errorf("at %s: edition %s, want %s", at, got, want)
		}
	}
	for edition, want := range map[string]bot.Step{
		"01": {ID: bot.StepCreate, Number: 4, VI: "Tạo tài khoản", EN: "Make the accounts", Whose: bot.WhoseOffice, Days: 30, Target: 20},
		"02": {ID: bot.StepCreate, Number: 4, VI: "Tạo tài khoản", EN: "Make the accounts", Whose: bot.WhoseOffice, Days: 15, Target: 10, Working: true},
	} {
		d, ok := b.Of(edition)
		if diff := cmp.Diff(want, d.Step(bot.StepCreate)); !ok || diff != "" {
			t.Errorf("edition %s: %t %s", edition, ok, diff)
		}
	}
	if _, ok := b.Of("03"); ok {
		t.Error("there is no edition 03")
	}
	if _, err := Read(Source{second, from}, Source{second, from}); err == nil || !strings.Contains(err.Error(), "edition 02 is there already") {
		t.Errorf("an edition twice: %v", err)
	}
	if _, err := Read(Source{filepath.Join(t.TempDir(), "none"), from}); err == nil || !strings.Contains(err.Error(), "[[edition]] must name a file") {
		t.Errorf("no file: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Text())
	f.Add(strings.ReplaceAll(Text(), "days", "Days"))
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse(text)
		if err != nil {
			return
		}
		for _, id := range bot.StepIDs() {
			if s := d.Step(id); s.VI == "" || s.Days < 0 || s.Target > s.Days || id != bot.StepRequest && s.Days == 0 {
				t.Errorf("%q passed as %+v", id, s)
			}
		}
	})
}
