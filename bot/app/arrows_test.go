package app_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The arrows of the design: cmd → bot/app → bot/* → {parser, mailer}. Only what ships is judged; tests may look around.

// An arrow says what the packages in may not import. Every name means the package and all below it.
type arrow struct {
	in     []string
	except []string // packages that in would cover
	never  []string
	but    []string // of what never covers; may be imported all the same
	reason string
}

var arrows = []arrow{
	{
		in: []string{"vanthu/parser"}, never: []string{"vanthu/bot", "vanthu/mailer", "vanthu/cmd"},
		reason: "parser turns bytes into a Submission for whoever asks; it knows neither the desk nor the mail",
	},
	{
		in: []string{"vanthu/mailer"}, never: []string{"vanthu/bot", "vanthu/parser", "vanthu/cmd"},
		reason: "mailer speaks mail and knows no university",
	},
	{
		in: []string{"vanthu/parser"}, never: []string{"net", "os", "log", "database/sql"},
		but:    []string{"net/mail", "net/textproto"}, // grammars of a mail attached as a file; they open nothing
		reason: "parser is pure: same bytes, same Submission; no network, no files, no log, no SQL",
	},
	{
		in: []string{"vanthu"}, except: []string{"vanthu/bot/store", "vanthu/bot/job", "vanthu/bot/account/passwd"},
		never:  []string{"database/sql", "github.com/jackc/pgx/v5", "modernc.org/sqlite", "github.com/pressly/goose/v3"},
		reason: "SQL stands in bot/store alone; bot/job hands a transaction of it to River's drivers, bot/account/passwd writes to another system's table",
	},
	{
		in: []string{"vanthu"}, except: []string{"vanthu/bot/job"}, never: []string{"github.com/riverqueue/river"},
		reason: "River is wired in bot/job; the others know kinds of work, not a queue",
	},
	{
		in: []string{"vanthu"}, except: []string{"vanthu/parser/xlsx", "vanthu/bot/reply"}, never: []string{"github.com/xuri/excelize/v2"},
		reason: "workbooks are read in parser/xlsx and written in bot/reply",
	},
	{
		in: []string{"vanthu"}, except: []string{"vanthu/mailer/oauth", "vanthu/bot/account"}, never: []string{"golang.org/x/oauth2"},
		reason: "tokens for the mailbox come from mailer/oauth, which stores what the library would keep in memory alone; those of a platform need no person",
	},
	{
		in: []string{"vanthu/bot/account/rest"}, never: []string{"vanthu/bot/store", "vanthu/bot/config", "vanthu/bot/account/file", "vanthu/bot/account/ldap", "vanthu/mailer"},
		reason: "the HTTP side of the platforms knows none of them; what an answer means is handed in",
	},
	{
		in: []string{"vanthu/bot"}, except: []string{"vanthu/bot/app"}, never: []string{"vanthu/cmd", "vanthu/bot/app"},
		reason: "bot/app builds the others; they do not know by whom they are built",
	},
	{
		in: []string{"vanthu/bot/store"}, never: []string{"vanthu/parser", "vanthu/mailer"},
		reason: "the store keeps what bot names; it knows neither files nor mail",
	},
}

func TestArrows(t *testing.T) {
	t.Parallel()
	packages := list(t)
	known := importable(t)
	for _, a := range arrows {
		for _, name := range slices.Concat(a.in, a.except, a.never) {
			if !slices.ContainsFunc(known, func(k string) bool { return within(k, []string{name}) }) {
				t.Errorf("a rule names %s, which is gone: change the rule (%s)", name, a.reason)
			}
		}
		for _, p := range packages {
			if !within(p.ImportPath, a.in) || within(p.ImportPath, a.except) {
				continue
			}
			for _, imported := range p.Imports {
				if within(imported, a.never) && !slices.Contains(a.but, imported) {
					t.Errorf("%s imports %s: %s", p.ImportPath, imported, a.reason)
				}
			}
		}
	}
}

func TestBotImportsOnlyTheStandardLibrary(t *testing.T) {
	t.Parallel()
	for _, imported := range find(t, list(t), "vanthu/bot").Imports {
		if first, _, _ := strings.Cut(imported, "/"); strings.Contains(first, ".") || first == "vanthu" {
			t.Errorf("vanthu/bot imports %s: the desk's language must mean the same to everybody who imports it", imported)
		}
	}
}

// Siblings under bot meet in bot/app. bot/account and bot/account/ldap are one family. Helpers of tests may look around, as tests may.
func TestSiblingsMeetInApp(t *testing.T) {
	t.Parallel()
	for _, p := range list(t) {
		family := sibling(p.ImportPath)
		if family == "" || family == "app" || strings.HasSuffix(p.ImportPath, "test") {
			continue
		}
		for _, imported := range p.Imports {
			switch other := sibling(imported); other {
			case "", "store", family:
			default:
				t.Errorf("%s imports %s: siblings under bot know only bot and bot/store and meet in bot/app; take a function instead",
					p.ImportPath, imported)
			}
		}
	}
}

// sibling is the folder under bot that a package belongs to: "account" for vanthu/bot/account/ldap.
func sibling(name string) string {
	rest, ok := strings.CutPrefix(name, "vanthu/bot/")
	if !ok {
		return ""
	}
	family, _, _ := strings.Cut(rest, "/")
	return family
}

// A package named …test holds a conformance suite or a double, for tests to import.
func TestHelpersOfTestsStayOutOfTheProgram(t *testing.T) {
	t.Parallel()
	helpers := []string{"testing", "github.com/google/go-cmp", "go.uber.org/goleak"}
	for _, p := range list(t) {
		if strings.HasSuffix(p.ImportPath, "test") {
			continue
		}
		for _, imported := range p.Imports {
			if within(imported, helpers) || within(imported, []string{"vanthu"}) && strings.HasSuffix(imported, "test") {
				t.Errorf("%s imports %s: what helps tests stays out of the program", p.ImportPath, imported)
			}
		}
	}
}

func TestParserHasNoClock(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, p := range list(t) {
		if !within(p.ImportPath, []string{"vanthu/parser"}) {
			continue
		}
		for _, name := range p.GoFiles {
			seen++
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok && readsClock(s) {
					t.Errorf("%s reads the clock: the same bytes must give the same Submission tomorrow", files.Position(s.Pos()))
				}
				return true
			})
		}
	}
	if seen == 0 {
		t.Error("no file of parser was looked at")
	}
}

func readsClock(s *ast.SelectorExpr) bool {
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "After", "Tick", "Sleep", "NewTimer", "NewTicker"}, s.Sel.Name)
}

// A listed package is what `go list -json` says of it.
type listed struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
}

func list(t *testing.T) []listed {
	t.Helper()
	out := goList(t, "-json=ImportPath,Dir,GoFiles,Imports", "vanthu/...")
	var packages []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

func find(t *testing.T, packages []listed, name string) listed {
	t.Helper()
	i := slices.IndexFunc(packages, func(p listed) bool { return p.ImportPath == name })
	if i < 0 {
		t.Fatalf("%s is gone", name)
	}
	return packages[i]
}

// importable lists the packages that the names of the rules still mean.
func importable(t *testing.T) []string {
	t.Helper()
	args := []string{"-e", "-f", "{{.ImportPath}}"}
	for _, a := range arrows {
		for _, name := range slices.Concat(a.in, a.except, a.never) {
			args = append(args, name+"/...")
		}
	}
	return strings.Fields(string(goList(t, args...)))
}

func goList(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", fmt.Sprint(cmd.Args), err, complaint.String())
	}
	return out
}

// within says whether name is one of the packages or below one.
func within(name string, packages []string) bool {
	return slices.ContainsFunc(packages, func(p string) bool { return name == p || strings.HasPrefix(name, p+"/") })
}
