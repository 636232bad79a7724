package main

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each line of docs/pains.md has its test, and each such test its line.
func TestEveryPainHasItsTest(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/pains.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, line := range regexp.MustCompile(`(?m)^\| ([0-9]{2}) \|`).FindAllSubmatch(page, -1) {
		listed[string(line[1])] = true
	}
	test := regexp.MustCompile(`(?m)^func TestPain([0-9]{2})[A-Z]\w*\(`)
	tested := map[string]bool{}
	err = filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, found := range test.FindAllSubmatch(source, -1) {
			tested[string(found[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(listed)), slices.Sorted(maps.Keys(tested))); diff != "" {
		t.Errorf("docs/pains.md and the tests (-listed +tested):\n%s", diff)
	}
}
