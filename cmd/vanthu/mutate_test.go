package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/config"
	"vanthu/bot/intake"
	"vanthu/mailer/mime"
	"vanthu/parser"
	"vanthu/parser/form"
)

// TestMutations reads copies of the corpus's files with bytes flipped, cut out, doubled or swapped, and holds that no reader
// panics, that what is read stands in the copy where the answer says, and that a copy that lost its end is not read as if it
// were whole. VANTHU_MUTATIONS says how many copies of each file (a hundred in .ci/nightly), VANTHU_SEED which ones.
func TestMutations(t *testing.T) {
	t.Parallel()
	copies, seed := setting(t, "VANTHU_MUTATIONS", 2), uint64(setting(t, "VANTHU_SEED", 20261125))
	cfg, err := config.LoadOffline("testdata/corpus.toml")
	if err != nil {
		t.Fatal(err)
	}
	world, err := app.NewWorld(cfg)
	if err != nil {
		t.Fatal(err)
	}
	mails, err := filepath.Glob("testdata/corpus/*/message.eml")
	if err != nil || len(mails) < 50 {
		t.Fatalf("%d mails, %v", len(mails), err)
	}
	for _, path := range mails {
		t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) {
			t.Parallel()
			files := attachments(t, path)
			whole, before := intake.ReadFiles(files, world.Parse)
			for i, f := range files {
				if len(f.Data) == 0 || len(f.Data) > 1<<20 {
					continue
				}
				h := fnv.New64a()
				fmt.Fprint(h, path, i)
				r := rand.New(rand.NewPCG(seed, h.Sum64())) //nolint:gosec // a test that can be repeated
				for n := range copies {
					m := mutate(r, f.Data)
					changed := slices.Clone(files)
					changed[i].Data = m.data
					t.Run(fmt.Sprintf("%d/%d %s", i, n, m.how), func(t *testing.T) {
						judgeCopy(t, world, changed, m, whole, before)
					})
				}
			}
		})
	}
}

func setting(t *testing.T, name string, usual int) int {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return usual
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

func attachments(t *testing.T, path string) (files []parser.File) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := mime.Parse(raw, mime.DefaultLimits())
	if err != nil {
		return nil
	}
	for _, p := range msg.Parts {
		files = append(files, parser.File{Name: p.Name, Type: p.Type, Data: p.Data})
	}
	return files
}

// A mutation is a changed copy.
type mutation struct {
	data []byte
	how  string
	cut  bool // its end is gone
}

func mutate(r *rand.Rand, data []byte) mutation {
	at := r.IntN(len(data))
	from, to := at, min(len(data), at+1+r.IntN(1+len(data)/4))
	switch r.IntN(7) {
	case 0:
		m := slices.Clone(data)
		m[at] ^= 1 << r.IntN(8)
		return mutation{data: m, how: fmt.Sprintf("bit at %d", at)}
	case 1:
		m := slices.Clone(data)
		for i := at; i < min(len(m), at+32); i++ {
			m[i] = byte(r.Uint32())
		}
		return mutation{data: m, how: fmt.Sprintf("noise at %d", at)}
	case 2:
		return mutation{data: data[:at:at], how: fmt.Sprintf("cut at %d", at), cut: true}
	case 3:
		return mutation{data: slices.Concat(data[:from], data[to:]), how: fmt.Sprintf("without %d-%d", from, to)}
	case 4:
		return mutation{data: slices.Concat(data[:to], data[from:]), how: fmt.Sprintf("twice %d-%d", from, to)}
	case 5:
		half := (to - from) / 2
		return mutation{data: slices.Concat(data[:from], data[from+half:to], data[from:from+half], data[to:]), how: fmt.Sprintf("swapped %d-%d", from, to)}
	}
	if m, how := swapParts(r, data); m != nil {
		return mutation{data: m, how: how}
	}
	return mutation{data: data[at:], how: fmt.Sprintf("from %d on", at)}
}

// swapParts writes a zip anew with two of its parts in each other's place, or one of them gone; nil for other files.
func swapParts(r *rand.Rand, data []byte) ([]byte, string) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil || len(z.File) < 2 {
		return nil, ""
	}
	a, b := r.IntN(len(z.File)), r.IntN(len(z.File))
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i, f := range z.File {
		from := f
		switch i {
		case a:
			from = z.File[b]
		case b:
			from = z.File[a]
		}
		if a == b && i == a {
			continue
		}
		part, err := w.Create(f.Name)
		if err != nil {
			return nil, ""
		}
		rc, err := from.Open()
		if err != nil {
			return nil, ""
		}
		_, err = io.Copy(part, io.LimitReader(rc, 8<<20))
		rc.Close()
		if err != nil {
			return nil, ""
		}
	}
	if w.Close() != nil {
		return nil, ""
	}
	return out.Bytes(), fmt.Sprintf("parts %s, %s", z.File[a].Name, z.File[b].Name)
}

func judgeCopy(t *testing.T, world app.World, files []parser.File, m mutation, whole []parser.File, before parser.Submission) {
	t.Helper()
	read, sub := intake.ReadFiles(files, world.Parse)
	for _, f := range sub.Files {
		if f.Problem != nil && strings.Contains(f.Problem.Detail, "panic") {
			t.Errorf("%s: %s", f.Name, f.Problem.Detail)
		}
	}
	standsThere(t, world, read, sub)
	if !m.cut || len(read) != len(whole) {
		return
	}
	checked, err := world.CheckFiles(t.Context(), files, nil, time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	goesOn := checked.Request.Action == bot.Queue || checked.Request.Action == bot.QueueWithDefects
	if goesOn && len(sub.Rows) < len(before.Rows) && !slices.ContainsFunc(checked.Request.Findings, func(f bot.Finding) bool { return says(f.Rule) }) {
		t.Errorf("%d rows of %d are read, and nothing says that the file is not whole: %v", len(sub.Rows), len(before.Rows), checked.Request.Findings)
	}
}

// says reports whether a rule says that something of a list may be missing.
func says(rule string) bool {
	return slices.Contains([]string{"ENV-03", "ENV-04", "ENV-06", "ENV-07", "FRM-10", "LST-01", "LST-02", "LST-05"}, rule)
}

// standsThere holds that every code and name of the rows stands in the file at the row that the answer names.
func standsThere(t *testing.T, world app.World, files []parser.File, sub parser.Submission) {
	t.Helper()
	rows := map[string]string{} // file, sheet, number → all that stands in the row
	for _, f := range files {
		d, err := form.Open(f, world.Parse)
		if err != nil {
			continue
		}
		for _, s := range d.Sheets {
			for _, r := range s.Rows {
				var text strings.Builder
				for _, c := range r.Cells {
					text.WriteString(c.Text + " " + c.Raw + " ")
				}
				rows[fmt.Sprint(f.Name, "\n", s.Name, "\n", r.Number)] += squeezed(text.String())
			}
		}
	}
	for _, row := range sub.Rows {
		there := rows[fmt.Sprint(row.At.File, "\n", row.At.Sheet, "\n", row.At.Row)]
		for _, v := range []parser.Value{row.Code, row.Name} {
			for word := range strings.FieldsSeq(v.Raw) {
				if !strings.Contains(there, squeezed(word)) {
					t.Errorf("row %d: %q does not stand in row %d of %s in %s: %q", row.N, v.Raw, row.At.Row, row.At.Sheet, row.At.File, there)
					return
				}
			}
		}
	}
}

func squeezed(s string) string { return strings.Join(strings.Fields(s), "") }
