package bot_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
)

var drawnArrow = regexp.MustCompile(`(?m)^\s*(\w+) --> (\w+)`)

// What docs/states.md draws under "Case" is what the program allows, no more and no less.
func TestStatesAreDrawnAsTheyAre(t *testing.T) {
	t.Parallel()
	page := read(t, filepath.Join("..", "docs", "states.md"))
	_, section, found := strings.Cut(page, "\n## Case\n")
	if !found {
		t.Fatal("docs/states.md has no section Case")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var drawn []string
	for _, arrow := range drawnArrow.FindAllStringSubmatch(section, -1) {
		drawn = append(drawn, arrow[1]+" --> "+arrow[2])
	}
	slices.Sort(drawn)

	var allowed []string
	for from, tos := range bot.Arrows() {
		for _, to := range tos {
			allowed = append(allowed, string(from)+" --> "+string(to))
		}
	}
	slices.Sort(allowed)
	if diff := cmp.Diff(allowed, drawn); diff != "" {
		t.Errorf("docs/states.md draws other arrows than bot.Arrows (-allowed +drawn):\n%s", diff)
	}
}

func TestArrowsJoinKnownStates(t *testing.T) {
	t.Parallel()
	for from, tos := range bot.Arrows() {
		for _, state := range append([]bot.State{from}, tos...) {
			if !slices.Contains(bot.States(), state) {
				t.Errorf("an arrow of %s names %s, which is no state", from, state)
			}
		}
		if !from.Open() {
			t.Errorf("%s is an end, but an arrow leaves it", from)
		}
	}
	for _, state := range bot.States() {
		if _, leaves := bot.Arrows()[state]; !leaves && state.Open() {
			t.Errorf("no arrow leaves %s", state)
		}
	}
}

var (
	casesTable = regexp.MustCompile(`(?s)CREATE TABLE cases \(.*?\n\);`)
	stateCheck = regexp.MustCompile(`(?s)\bstate\s+TEXT[^,]*?CHECK \(state IN \(([^)]*)\)\)`)
	quoted     = regexp.MustCompile(`'([^']*)'`)
)

// The databases know exactly the states of the program.
func TestDatabasesKnowTheStates(t *testing.T) {
	t.Parallel()
	var want []string
	for _, state := range bot.States() {
		want = append(want, string(state))
	}
	slices.Sort(want)
	for _, dialect := range []string{"sqlite", "postgres"} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			files, err := filepath.Glob(filepath.Join("store", "migrations", dialect, "*.sql"))
			if err != nil || len(files) == 0 {
				t.Fatalf("no migrations: %v", err)
			}
			slices.Sort(files)
			known := make(map[string]bool)
			for _, file := range files { // the last CREATE TABLE is the one in force
				check := stateCheck.FindStringSubmatch(casesTable.FindString(read(t, file)))
				if check == nil {
					continue
				}
				clear(known)
				for _, name := range quoted.FindAllStringSubmatch(check[1], -1) {
					known[name[1]] = true
				}
			}
			if diff := cmp.Diff(want, slices.Sorted(maps.Keys(known))); diff != "" {
				t.Errorf("the CHECK on cases.state lists other states than bot.States (-program +database):\n%s", diff)
			}
		})
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
