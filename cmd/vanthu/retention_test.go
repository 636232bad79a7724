package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A case of long ago is destroyed by a list that another officer approved; the mailbox and the journal still balance, the history
// still holds, and the records can be written for what is left.
func TestRetentionDesk(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.closedCase()
	o.stop()
	year := thisYear()
	if out, code := o.run("retention", "list"); code == 0 || !strings.Contains(out, "nothing is old enough") {
		t.Errorf("at once: %d %s", code, out)
	}
	execute(t, filepath.Join(o.dir, "vanthu.db"), `UPDATE cases SET updated_at = `+micros(time.Now().AddDate(-7, 0, 0)))
	if out := o.must("retention", "due"); !strings.Contains(out, "files  YC-"+year+"-0001") || !strings.Contains(out, "case   YC-"+year+"-0001") {
		t.Error(out)
	}
	hash := regexp.MustCompile(`[0-9a-f]{64}`).FindString(o.must("retention", "list"))
	list := "TH-" + year + "-0001"
	if out, code := o.run("retention", "approve", list, "--hash", hash); code == 0 {
		t.Errorf("approved by its maker: %s", out)
	}
	if out, code := o.run("retention", "destroy", list); code == 0 || !strings.Contains(out, "is not approved") {
		t.Errorf("not approved: %d %s", code, out)
	}
	to := t.TempDir()
	o.must("retention", "export", list, "--to", filepath.Join(to, "danh mục.docx"))
	o.swapOfficers()
	o.must("retention", "approve", list, "--hash", hash)
	o.swapOfficers()
	if out := o.must("retention", "destroy", list); strings.Count(out, "YC-"+year+"-0001") != 2 {
		t.Error(out)
	}
	o.must("retention", "export", list, "--to", filepath.Join(to, "biên bản.docx"))
	if out := o.must("audit", "verify", "--deep"); !strings.Contains(out, "without their detail, destroyed by approved lists") {
		t.Error(out)
	}
	if b, code := o.balance(); code != 0 || len(b.Faults) > 0 {
		t.Errorf("it does not balance: %+v", b)
	}
	if out := o.must("retention", "show"); !strings.Contains(out, list) {
		t.Error(out)
	}
	var lists []struct{ Number string }
	if err := json.Unmarshal([]byte(o.must("retention", "show", list, "--json")), &lists); err != nil || len(lists) != 1 {
		t.Errorf("%+v, %v", lists, err)
	}
	for _, args := range []string{"case show", "case explain", "case report"} {
		o.must(append(strings.Fields(args), "YC-"+year+"-0001")...)
	}
	o.must("case", "archive", "YC-"+year+"-0001", "--to", filepath.Join(to, "hs"))
	if out, code := o.run("plan", "export", "KH-"+year+"-0001", "--to", filepath.Join(to, "kh.docx")); code == 0 || !strings.Contains(out, "was destroyed") {
		t.Errorf("a plan that is gone: %d %s", code, out)
	}
	if out := os.Getenv("VANTHU_PAPER_OUT"); out != "" {
		o.must("retention", "export", list, "--to", filepath.Join(out, "retention.docx"))
	}
}

func micros(at time.Time) string { return fmt.Sprint(at.UnixMicro()) }
