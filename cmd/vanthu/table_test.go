package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

// What stands in a column begins at one place of the terminal, however its letters are put together and however wide they are; what was
// written is not waited for, and a later page does not shrink what an earlier one has made wide.
func TestTable(t *testing.T) {
	t.Parallel()
	const name = "Nguyễn Thị Ngọc Ẩn"
	var out bytes.Buffer
	table := table{w: &out}
	add := func(cells ...string) {
		if err := table.add(cells...); err != nil {
			t.Fatal(err)
		}
	}
	add("NAME", "STATE")
	for _, n := range []string{name, norm.NFD.String(name), "李小龙 (Lý Tiểu Long) x", "－"} {
		add(n, "here")
	}
	for range pageSize - 5 {
		add("An", "here")
	}
	first := out.String()
	if n := strings.Count(first, "\n"); n != pageSize {
		t.Fatalf("%d lines after a page", n)
	}
	add("Bé", "here")
	if err := table.flush(); err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		before, _, ok := strings.Cut(line, map[bool]string{true: "STATE", false: "here"}[i == 0])
		if at := columns(before); !ok || at != len("liXlXX (Ly Tieu Long) x")+2 {
			t.Fatalf("line %d: the second column begins at %d: %q", i+1, at, line)
		}
	}
	broken := table
	broken.w, broken.rows = shut{}, [][]string{{"x"}}
	if err := broken.flush(); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("nobody reads: %v", err)
	}
}

// The tables of the register stand below their headings, with names of the longest and the shortest, and one in letters and marks.
func TestTablesOfTheRegister(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	file := filepath.Join(o.dir, "co-san.csv")
	const name = "Nguyễn Phúc Bảo Ngọc Quỳnh Như"
	text := "Mã số,Họ và tên,Email,Lớp\n2153010001," + name + ",bao.ngoc.quynh.nhu@sv.truong.example,YBK47\n2153010010," + norm.NFD.String(name) + ",b@sv.truong.example,YBK47\n" +
		"2153010002,Lê Bé,c@sv.truong.example,K\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	imported := o.must("account", "import", "--yes", file)
	if want := "near  2153010010  b@sv.truong.example  same name, same class, code but for a slip  2153010001  -      line 3\n"; !strings.Contains(imported, want) {
		t.Errorf("who is near whom, and why, is not said:\n%s", imported)
	}
	other := filepath.Join(o.dir, "khac.csv")
	if err := os.WriteFile(other, []byte(strings.Replace(text, "2153010001", "2153010007", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	reconciled, _ := o.run("account", "reconcile", other)
	for what, c := range map[string]struct {
		text    string
		columns []string
		rows    int
	}{
		"list":      {o.must("account", "list"), []string{"USER", "ADDRESS", "NAME", "CLASS", "STATE", "ORIGIN", "CASE"}, 3},
		"near":      {o.must("account", "near"), []string{"OTHER", "NAME", "CLASS OF THE OTHER", "ITS STATE", "SAME NAME, AND SAME"}, 1},
		"reconcile": {reconciled[strings.Index(reconciled, "WHAT"):], []string{"CODE", "ADDRESS", "FIELD", "REGISTER", "THERE", "WHERE"}, 2},
	} {
		lines := strings.Split(c.text, "\n")
		if len(lines) < c.rows+1 {
			t.Fatalf("%s:\n%s", what, c.text)
		}
		for _, line := range lines[1 : c.rows+1] {
			for _, column := range c.columns {
				at := columns(lines[0][:strings.Index(lines[0], column)])
				before, rest := "", []rune(line)
				for len(rest) > 0 && columns(before) < at {
					before, rest = before+string(rest[0]), rest[1:]
				}
				if !strings.HasSuffix(before, "  ") || len(rest) == 0 || rest[0] == ' ' {
					t.Errorf("%s: %s is not below its heading:\n%s\n%s", what, column, lines[0], line)
				}
			}
		}
		fmt.Fprintln(t.Output(), c.text)
	}
	if got := o.must("account", "show", "2153010001"); !strings.HasPrefix(got, "code       2153010001\nname       "+name+"\nclass      YBK47\n") {
		t.Errorf("%q", got)
	}
}
