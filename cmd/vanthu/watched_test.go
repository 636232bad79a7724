package main

import (
	"go/ast"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot/alarm"
)

// The table of the log in docs/operations.md has each line that the code writes there, with its codes, and no other line.
func TestOperationsExplainTheLog(t *testing.T) {
	t.Parallel()
	listed := map[string]map[string]bool{}
	for _, cell := range firstCells(section(t, "../../docs/operations.md", "## The log")) {
		before, _, _ := strings.Cut(strings.ReplaceAll(cell, "another `code`", ""), "`code=")
		for _, message := range names(before) {
			if listed[message] == nil {
				listed[message] = map[string]bool{}
			}
			for _, code := range names(cell) {
				listed[message][strings.TrimPrefix(code, "code=")] = true
			}
		}
	}
	written := map[string]bool{"alarm": true, "case": true, "followup": true, "ignored": true, "quarantine": true} // by variables
	for _, p := range slices.Concat(packages(t, "../../bot"), packages(t, "../../mailer"), packages(t, ".")) {
		p.each(func(n ast.Node, _ ast.Decl) {
			call, ok := n.(*ast.CallExpr)
			if !ok || !logs.MatchString(named(call.Fun)) {
				return
			}
			texts := literals(call.Args)
			if strings.HasSuffix(named(call.Fun), "Context") {
				texts = texts[1:]
			}
			if texts[0] == "" { // the outcome of a mail
				return
			}
			written[texts[0]] = true
			if listed[texts[0]] == nil {
				t.Errorf("%s: docs/operations.md does not explain %q", p.files.Position(call.Pos()), texts[0])
				return
			}
			if at := slices.Index(texts, "code"); at >= 0 && texts[at+1] != "" && !listed[texts[0]][texts[at+1]] {
				t.Errorf("%s: docs/operations.md does not explain %q with the code %q", p.files.Position(call.Pos()), texts[0], texts[at+1])
			}
		})
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(written)), slices.Sorted(maps.Keys(listed))); diff != "" {
		t.Errorf("the log and docs/operations.md (-written +explained):\n%s", diff)
	}
}

// Each alarm has its words, and its line in the table of docs/operations.md, which has no other.
func TestOperationsExplainEveryAlarm(t *testing.T) {
	t.Parallel()
	explained := map[string]bool{}
	kinds := map[string]bool{}
	for _, cell := range firstCells(section(t, "../../docs/operations.md", "## Alarms: silence is not allowed")) {
		kind := ""
		for _, name := range names(cell) {
			of, code, both := strings.Cut(name, "/")
			if !both && kind == "" {
				of, code = name, ""
			} else if !both {
				of, code = kind, name
			}
			kind = of
			kinds[kind], explained[kind+"/"+code] = true, true
		}
	}
	conditions := map[string]bool{}
	raised := map[string]bool{}
	for _, p := range packages(t, "../../bot") {
		p.each(func(n ast.Node, _ ast.Decl) {
			switch n := n.(type) {
			case *ast.ValueSpec:
				if named(n.Type) == "Condition" {
					conditions[literals(n.Values)[0]] = true
				}
			case *ast.CallExpr:
				if of := named(n.Fun); strings.HasSuffix(of, ".Raise") || strings.HasSuffix(of, "larms.RaiseSince") {
					for _, code := range literals(n.Args[1:]) {
						raised[code] = raised[code] || code != "" && !strings.Contains(code, " ")
					}
				}
			}
		})
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(conditions)), slices.Sorted(maps.Keys(kinds))); diff != "" {
		t.Errorf("the conditions of bot/alarm and docs/operations.md (-raised +explained):\n%s", diff)
	}
	for condition := range conditions {
		if vi, en := alarm.Text(alarm.Condition(condition), ""); vi == en {
			t.Errorf("texts.tsv has no words for %s", condition)
		}
	}
	words, err := os.ReadFile("../../bot/alarm/texts.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range regexp.MustCompile(`(?m)^([a-z]+)\t([a-z_]+)\t`).FindAllStringSubmatch(string(words), -1) {
		if !explained[line[1]+"/"+line[2]] {
			t.Errorf("docs/operations.md does not explain the alarm %s/%s", line[1], line[2])
		}
	}
	for code, is := range raised {
		if is && !slices.ContainsFunc(slices.Collect(maps.Keys(explained)), func(name string) bool { return strings.HasSuffix(name, "/"+code) }) {
			t.Errorf("docs/operations.md does not explain alarms with the code %s", code)
		}
	}
}

// Each number of /metrics is in docs/operations.md, and no other.
func TestOperationsExplainEveryMetric(t *testing.T) {
	t.Parallel()
	page := section(t, "../../docs/operations.md", "### What /metrics says")
	explained, counted := map[string]bool{}, map[string]bool{}
	for _, name := range regexp.MustCompile(`\bvanthu_[a-z_]+`).FindAllString(page, -1) {
		explained[name] = true
	}
	for _, p := range packages(t, "../../bot/app") {
		p.each(func(n ast.Node, _ ast.Decl) {
			if call, ok := n.(*ast.CallExpr); ok && named(call.Fun) == "gauge" {
				counted["vanthu_"+literals(call.Args)[0]] = true
			}
		})
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(counted)), slices.Sorted(maps.Keys(explained))); diff != "" {
		t.Errorf("/metrics and docs/operations.md (-counted +explained):\n%s", diff)
	}
}

var logs = regexp.MustCompile(`ogger\.(Info|Warn|Error)(Context)?$`)

// firstCells are the first cells of the rows of the tables of a section.
func firstCells(section string) (cells []string) {
	for row := range strings.Lines(section) {
		if all := strings.Split(row, "|"); len(all) > 2 {
			cells = append(cells, all[1])
		}
	}
	return cells
}

// names are what stands in backticks.
func names(cell string) (names []string) {
	for _, found := range span.FindAllStringSubmatch(cell, -1) {
		names = append(names, found[1])
	}
	return names
}

// literals are arguments; what is no text is "".
func literals(args []ast.Expr) (texts []string) {
	for _, arg := range args {
		text := ""
		if literal, ok := arg.(*ast.BasicLit); ok {
			text, _ = strconv.Unquote(literal.Value)
		}
		texts = append(texts, text)
	}
	return texts
}
