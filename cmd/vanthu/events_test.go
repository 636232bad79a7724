package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// docs/operations.md names every event that the code can write to the history, and no other.
func TestEveryEventIsInOperations(t *testing.T) {
	t.Parallel()
	written := make(map[string]bool)
	for _, p := range packages(t, "../../bot") {
		for _, kind := range p.events(t) {
			written[kind] = true
		}
	}
	listed := make(map[string]bool)
	for _, cell := range firstCells(section(t, "../../docs/operations.md", "## The history (events)")) {
		for _, name := range names(cell) {
			listed[name] = true
		}
	}
	for kind := range maps.Clone(written) { // "answer_*": its end is the word of somebody else, and the page gives examples
		if begin, some := strings.CutSuffix(kind, "*"); some {
			delete(written, kind)
			for name := range listed {
				if strings.HasPrefix(name, begin) {
					written[name] = true
				}
			}
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(listed)), slices.Sorted(maps.Keys(written))); diff != "" {
		t.Errorf("docs/operations.md and the events of the code (-listed +written):\n%s", diff)
	}
}

// section returns what stands under a heading of a page, up to the next one of its kind.
func section(t *testing.T, page, heading string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\n"+heading+"\n")
	if !found {
		t.Fatalf("%s has no section %q", page, heading)
	}
	level, _, _ := strings.Cut(heading, " ")
	rest, _, _ = strings.Cut(rest, "\n"+level+" ")
	return rest
}

// A goPackage is the source of one, without its tests.
type goPackage struct {
	files  *token.FileSet
	source []*ast.File
}

func packages(t *testing.T, root string) (all []goPackage) {
	t.Helper()
	err := filepath.WalkDir(root, func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		names, err := filepath.Glob(filepath.Join(dir, "*.go"))
		p := goPackage{files: token.NewFileSet()}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(p.files, name, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			p.source = append(p.source, file)
		}
		if len(p.source) > 0 {
			all = append(all, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// events returns the kinds of all events that a package makes, wherever their words stand: in the event, in a variable or a constant, in
// a field, or at the calls of the function that makes it. One that it cannot find fails the test.
func (p goPackage) events(t *testing.T) (kinds []string) {
	for _, file := range p.source {
		for _, decl := range file.Decls {
			ast.Inspect(decl, func(n ast.Node) bool {
				var what ast.Expr
				switch n := n.(type) {
				case *ast.CompositeLit:
					if named(n.Type) == "bot.Event" {
						what = valueOf(n, "What")
					}
				case *ast.AssignStmt: // event.What = "…"
					if len(n.Lhs) == 1 && strings.HasSuffix(named(n.Lhs[0]), "vent.What") {
						what = n.Rhs[0]
					}
				}
				if what == nil {
					return true
				}
				words := p.words(what, decl)
				if len(words) == 0 {
					t.Errorf("%s: the test cannot tell which event this is", p.files.Position(n.Pos()))
				}
				kinds = append(kinds, words...)
				return true
			})
		}
	}
	return kinds
}

// words are the texts that an expression of a declaration may stand for. What nobody can tell at the end of a text is a "*".
func (p goPackage) words(e ast.Expr, in ast.Decl) (words []string) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(e.Value)
		return []string{text}
	case *ast.BinaryExpr:
		ends := p.words(e.Y, in)
		if len(ends) == 0 {
			ends = []string{"*"}
		}
		for _, begin := range p.words(e.X, in) {
			for _, end := range ends {
				words = append(words, begin+end)
			}
		}
	case *ast.IndexExpr: // map[…]string{…}[x]
		if table, ok := e.X.(*ast.CompositeLit); ok {
			for _, pair := range table.Elts {
				words = append(words, p.words(pair.(*ast.KeyValueExpr).Value, in)...)
			}
		}
	case *ast.SelectorExpr: // of a field
		p.each(func(n ast.Node, decl ast.Decl) {
			if made, ok := n.(*ast.CompositeLit); ok {
				if value := valueOf(made, e.Sel.Name); value != nil {
					words = append(words, p.words(value, decl)...)
				}
			}
		})
	case *ast.Ident:
		return p.named(e.Name, in)
	}
	return words
}

// named are the texts of a variable, constant or parameter.
func (p goPackage) named(name string, in ast.Decl) (words []string) {
	parameter := func(function string, t *ast.FuncType) {
		at := 0
		for _, field := range t.Params.List {
			for _, param := range field.Names {
				if param.Name == name {
					words = append(words, p.arguments(function, at)...)
				}
				at++
			}
		}
	}
	local := func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			parameter(n.Name.Name, n.Type)
		case *ast.AssignStmt:
			for i, to := range n.Lhs {
				if len(n.Lhs) != len(n.Rhs) {
					continue
				}
				if f, is := n.Rhs[i].(*ast.FuncLit); is {
					parameter(named(to), f.Type)
				} else if named(to) == name {
					words = append(words, p.words(n.Rhs[i], in)...)
				}
			}
		}
		return true
	}
	ast.Inspect(in, local)
	p.each(func(n ast.Node, decl ast.Decl) {
		if one, ok := n.(*ast.ValueSpec); ok && len(one.Values) == 1 && one.Names[0].Name == name {
			words = append(words, p.words(one.Values[0], decl)...)
		}
	})
	return words
}

// arguments are the texts that a function of the package is called with in one place.
func (p goPackage) arguments(function string, at int) (words []string) {
	p.each(func(n ast.Node, decl ast.Decl) {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) <= at {
			return
		}
		if called := named(call.Fun); called == function || strings.HasSuffix(called, "."+function) {
			if _, itself := call.Args[at].(*ast.Ident); itself {
				return // handed on: its own words are found where they stand
			}
			words = append(words, p.words(call.Args[at], decl)...)
		}
	})
	return words
}

func (p goPackage) each(f func(ast.Node, ast.Decl)) {
	for _, file := range p.source {
		for _, decl := range file.Decls {
			ast.Inspect(decl, func(n ast.Node) bool {
				f(n, decl)
				return true
			})
		}
	}
}

// valueOf is what a composite literal gives to a field by name, or nil.
func valueOf(made *ast.CompositeLit, field string) ast.Expr {
	for _, e := range made.Elts {
		if pair, ok := e.(*ast.KeyValueExpr); ok && named(pair.Key) == field {
			return pair.Value
		}
	}
	return nil
}

// named writes a name, x or x.y.
func named(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return named(e.X) + "." + e.Sel.Name
	}
	return ""
}
