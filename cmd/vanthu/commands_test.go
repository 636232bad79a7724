package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// Each command that the pages for people name can be typed so: its words are commands, its options are its own. And each command is named.
func TestPagesAndCommands(t *testing.T) {
	t.Parallel()
	parser, err := kong.New(&commands{})
	if err != nil {
		t.Fatal(err)
	}
	named := map[*kong.Node]bool{}
	for _, page := range []string{"README.md", "docs/operations.md", "docs/huong-dan.md", "docs/flow.md", "docs/states.md"} {
		text, err := os.ReadFile("../../" + page)
		if err != nil {
			t.Fatal(err)
		}
		block := false
		for n, line := range strings.Split(string(text), "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "```") {
				block = !block
				continue
			}
			var before []*kong.Node // the commands that the line has named
			for _, words := range typed(line, block) {
				command, wrong := follow(parser.Model.Node, before, words)
				if wrong != "" {
					t.Errorf("%s:%d: vanthu %s: %s", page, n+1, strings.TrimSpace(strings.Join(words, " ")), wrong)
				}
				if command != nil {
					before, named[command] = append(before, command), true
				}
			}
		}
	}
	for _, leaf := range parser.Model.Leaves(true) {
		if !named[leaf] {
			t.Errorf("no page tells of vanthu %s", leaf.Path())
		}
	}
}

var (
	span  = regexp.MustCompile("`([^`]+)`")
	begun = regexp.MustCompile(`\bvanthu ([a-z][^|&>;]*)`)
)

// typed are the command lines of a line of a page, in words: in a block what follows "vanthu", else each code span. In one that begins with
// "vanthu" the first word is "".
func typed(line string, block bool) (all [][]string) {
	if block {
		line, _, _ = strings.Cut(line, " # ")
		for _, found := range begun.FindAllStringSubmatch(strings.ReplaceAll(line, "vanthu vanthu", "vanthu"), -1) { // sudo -u vanthu vanthu …
			all = append(all, append([]string{""}, strings.Fields(found[1])...))
		}
		return all
	}
	for _, found := range span.FindAllStringSubmatch(line, -1) {
		text, whole := strings.CutPrefix(found[1], "vanthu ")
		words := strings.Fields(text)
		if whole {
			words = append([]string{""}, words...)
		}
		all = append(all, words)
	}
	return all
}

// follow goes down the tree of commands by the words of a line. One that is written in short stands beside one before it: "`case take N`,
// `release`"; an option alone belongs to one of them. It is nil for what is no command.
func follow(root *kong.Node, before []*kong.Node, words []string) (command *kong.Node, wrong string) {
	at := root
	switch {
	case len(words) == 0 || len(before) == 0 && words[0] != "" && !whole(root, words):
		return nil, ""
	case words[0] == "":
		words = words[1:]
	case whole(root, words):
	case strings.HasPrefix(words[0], "--"):
		for _, at = range before {
			if wrong = options(at, words); wrong == "" {
				break
			}
		}
		return nil, wrong
	default:
		at = before[len(before)-1].Parent
		if at == root || below(at, words[0]) == nil {
			return nil, ""
		}
	}
	for len(words) > 0 {
		next := below(at, words[0])
		if next == nil {
			break
		}
		at, words = next, words[1:]
	}
	if len(at.Children) > 0 && len(words) > 0 && !strings.HasPrefix(words[0], "…") {
		return at, "no such command"
	}
	if at == root {
		return nil, options(at, words)
	}
	return at, options(at, words)
}

// whole says whether words are a command of a group.
func whole(root *kong.Node, words []string) bool {
	group := below(root, words[0])
	return group != nil && len(words) > 1 && below(group, words[1]) != nil
}

// options says which of the words is an option that a command does not have.
func options(command *kong.Node, words []string) (wrong string) {
	for _, word := range words {
		if option, _, _ := strings.Cut(strings.Trim(word, "[]…,"), "="); strings.HasPrefix(option, "--") && !has(command, option[2:]) {
			return "it has no option " + option
		}
	}
	return ""
}

func below(n *kong.Node, name string) *kong.Node {
	for _, child := range n.Children {
		if child.Name == name {
			return child
		}
	}
	return nil
}

func has(command *kong.Node, option string) bool {
	for _, group := range command.AllFlags(false) {
		for _, flag := range group {
			if flag.Name == option {
				return true
			}
		}
	}
	return false
}
