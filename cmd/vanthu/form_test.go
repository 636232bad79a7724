package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestForm(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "biểu mẫu")
	run := func() (int, string, string) {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), []string{"form", "--config", "testdata/corpus.toml", "--out", out}, &stdout, &stderr)
		return code, stdout.String(), stderr.String()
	}
	code, said, failed := run()
	letter, list := filepath.Join(out, "BM-CNTT31 Đề nghị cấp email.docx"), filepath.Join(out, "BM-CNTT31 Danh sách.xlsx")
	if code != 0 || said != letter+"\n"+list+"\n" {
		t.Fatalf("exit %d: %s%s", code, said, failed)
	}
	if err := os.WriteFile(list, []byte("filled in"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, failed := run(); code == 0 || !strings.Contains(failed, "nothing was written") {
		t.Errorf("again: exit %d, %s", code, failed)
	}
	if data, err := os.ReadFile(list); err != nil || string(data) != "filled in" {
		t.Errorf("a form that was filled in is lost: %s %v", data, err)
	}
	// What a unit has not filled in is told to it.
	var report bytes.Buffer
	if code := runTo(t, &report, "check", "--config", "testdata/corpus.toml", letter); code == 0 || !strings.Contains(report.String(), "FRM-02") {
		t.Errorf("check of the blank letter: exit %d\n%s", code, &report)
	}
}

func runTo(t *testing.T, stdout io.Writer, args ...string) int {
	t.Helper()
	return run(t.Context(), args, stdout, io.Discard)
}
