package bot_test

import (
	"errors"
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

// What docs/states.md draws is what the program allows, no more and no less.
func TestStatesAreDrawnAsTheyAre(t *testing.T) {
	t.Parallel()
	page := read(t, filepath.Join("..", "docs", "states.md"))
	for name, allowed := range map[string][]string{
		"Case":     named(bot.Arrows(bot.AccountRequest)),
		"Deletion": named(bot.Arrows(bot.DeletionRequest)),
		"Row":      named(bot.RowArrows()),
		"Account":  named(bot.AccountArrows()),
	} {
		_, section, found := strings.Cut(page, "\n## "+name+"\n")
		if !found {
			t.Errorf("docs/states.md has no section %s", name)
			continue
		}
		section, _, _ = strings.Cut(section, "\n## ")
		var drawn []string
		for _, arrow := range drawnArrow.FindAllStringSubmatch(section, -1) {
			drawn = append(drawn, arrow[1]+" --> "+arrow[2])
		}
		slices.Sort(drawn)
		if diff := cmp.Diff(allowed, drawn); diff != "" {
			t.Errorf("docs/states.md draws other arrows under %s than bot/state.go allows (-allowed +drawn):\n%s", name, diff)
		}
	}
}

func named[S ~string](arrows map[S][]S) (all []string) {
	for from, tos := range arrows {
		for _, to := range tos {
			all = append(all, string(from)+" --> "+string(to))
		}
	}
	slices.Sort(all)
	return all
}

// Every arrow joins known states, every open state can be reached and left, an end is not left.
func TestArrowsJoinKnownStates(t *testing.T) {
	t.Parallel()
	reached := make(map[bot.State]bool)
	for _, kind := range []bot.Kind{bot.AccountRequest, bot.DeletionRequest} {
		arrows := bot.Arrows(kind)
		of := map[bot.State]bool{bot.Received: true, bot.WaitingUnit: true} // where a case begins
		for grew := true; grew; {
			grew = false
			for from, tos := range arrows {
				for _, to := range tos {
					grew = grew || of[from] && !of[to]
					of[to] = of[to] || of[from]
				}
			}
		}
		for from, tos := range arrows {
			for _, state := range append([]bot.State{from}, tos...) {
				if !slices.Contains(bot.States(), state) {
					t.Errorf("an arrow of %s names %s, which is no state", from, state)
				}
			}
			if !from.Open() || !of[from] {
				t.Errorf("%s: an arrow leaves %s, open %v, reached %v", kind, from, from.Open(), of[from])
			}
		}
		for state := range of {
			reached[state] = true
			if len(arrows[state]) == 0 && state.Open() {
				t.Errorf("%s: no arrow leaves %s", kind, state)
			}
		}
	}
	for _, state := range bot.States() {
		if !reached[state] {
			t.Errorf("no case can become %s", state)
		}
	}
}

func TestMoves(t *testing.T) {
	t.Parallel()
	if err := bot.Move(bot.AccountRequest, bot.InWork, bot.Suspending); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("a request for accounts goes the way of a deletion: %v", err)
	}
	if err := bot.Move(bot.DeletionRequest, bot.InWork, bot.Creating); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("a deletion goes the way of a request for accounts: %v", err)
	}
	if err := bot.MoveRow(bot.RowErased, bot.RowCreated); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("an erased row comes back: %v", err)
	}
	if err := bot.MoveAccount(bot.AccountDeleted, bot.AccountNew); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("a deleted account comes back: %v", err)
	}
	if err := errors.Join(bot.MoveRow(bot.RowErased, bot.RowErased), bot.MoveAccount(bot.AccountDeleted, bot.AccountDeleted)); err != nil {
		t.Errorf("staying is no move: %v", err)
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
