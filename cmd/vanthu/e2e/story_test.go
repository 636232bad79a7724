//go:build e2e

package e2e

import (
	"bytes"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/app"
)

var update = flag.Bool("update", false, "write what was seen into testdata/story/*/want.txt")

// TestStory plays testdata/story from its first folder to its last, once on each database, over real servers with a stepped
// clock, and compares everything that can be seen with the want.txt of each folder: what commands print, every mail to its
// last word, every case, plan and account. testdata/story/README.md says how to write a step; none needs Go.
func TestStory(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "vanthu")
	if out, err := exec.Command("go", "build", "-tags", "steppedclock", "-o", binary, "vanthu/cmd/vanthu").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Run("SQLite", func(t *testing.T) { playStory(t, binary, "sqlite") })
	t.Run("PostgreSQL", func(t *testing.T) { playStory(t, binary, "postgres") })
}

func playStory(t *testing.T, binary, database string) {
	folders, err := filepath.Glob("testdata/story/*/play.txt")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no story in testdata/story: %v", err)
	}
	s := openStory(t, binary, database)
	for _, play := range folders {
		s.folder = filepath.Dir(play)
		s.out.Reset()
		s.play(play)
		s.tellStates()
		s.compare()
		if t.Failed() && !*update {
			t.Log("what follows in the story hangs on it and is not played")
			return
		}
	}
	s.noPasswords()
}

// compare holds what was seen against want.txt. What is seen on PostgreSQL is held against what was written on SQLite.
func (s *tale) compare() {
	name := filepath.Join(s.folder, "want.txt")
	if *update && s.database == "sqlite" {
		if err := os.WriteFile(name, s.out.Bytes(), 0o644); err != nil {
			s.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		s.t.Errorf("%v (written by go test -update, then read it)", err)
		return
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(s.out.String(), "\n")); diff != "" {
		s.t.Errorf("%s on %s: - want, + seen\n%s", name, s.database, diff)
	}
}

// A tale is a world with a clock of its own, and what was seen in it so far.
type tale struct {
	*world
	database string
	folder   string
	out      bytes.Buffer // what is seen in this folder

	clock   string // the file of the clock
	now     time.Time
	stepped time.Time // when by the machine's clock
	arrived int       // mails that must be in the journal
	serving *process
	app     *app.App
	queue   *sql.DB

	boxes     map[string]*mailbox
	mails     map[string][]*letterSeen // by mailbox, in the order in which they are told
	byID      map[string]string        // Message-ID of ours → "ctsv 3"
	hashes    map[string]string        // hash of a plan → its number
	shown     map[string]string        // what was told of a case, plan or folder before
	lines     map[string]bool          // of their histories
	passwords map[string][]string      // by student code, as handed out
}

// people are those with a mailbox, by the name that they have in plays.
var storyPeople = map[string]string{"cntt": service, "ctsv": ctsv, "dtsdh": dtsdh, "lan": "lan@truong.example", "minh": "minh@truong.example", "hien": "hien@truong.example"}

func openStory(t *testing.T, binary, database string) *tale {
	t.Helper()
	w := &world{servers: theServers(t), t: t, dir: t.TempDir(), binary: binary}
	store := w.secrets(database)
	settings, err := os.ReadFile("testdata/story/vanthu.toml")
	if err != nil {
		t.Fatal(err)
	}
	w.write("vanthu.toml", os.Expand(string(settings), func(name string) string {
		if name == "STORE" {
			return store
		}
		return os.Getenv(name)
	}))
	s := &tale{world: w, database: database, clock: filepath.Join(w.dir, "clock"), boxes: map[string]*mailbox{}, mails: map[string][]*letterSeen{},
		byID: map[string]string{}, hashes: map[string]string{}, shown: map[string]string{}, lines: map[string]bool{}, passwords: map[string][]string{}}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s, the last that was seen:\n%s", s.folder, tail(s.out.Bytes(), 6000))
		}
	})
	t.Setenv("VANTHU_STEPPED_CLOCK", s.clock)
	check(t, os.Mkdir(filepath.Join(w.dir, "out"), 0o700))
	for name, address := range storyPeople {
		s.boxes[name] = w.mailbox(address)
		s.boxes[name].empty()
	}
	w.emptyDirectory()
	return s
}

// to sets the clock. It never goes back: the story is told in order.
func (s *tale) to(at time.Time) {
	s.t.Helper()
	if !at.After(s.now) {
		s.t.Fatalf("%s: the clock stands at %s and cannot go back to %s", s.folder, s.now.Format(time.DateTime), at.Format(time.DateTime))
	}
	s.now, s.stepped = at, time.Now()
	text := fmt.Sprintf("%s %s\n", at.Format(time.RFC3339Nano), s.stepped.Format(time.RFC3339Nano))
	if err := os.WriteFile(s.clock+".new", []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(s.clock+".new", s.clock); err != nil {
		s.t.Fatal(err)
	}
	if s.serving == nil {
		s.serving = s.serve()
	}
}

// weekday says a day as the office does.
func weekday(at time.Time) string {
	names := []string{"Chủ nhật", "thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy"}
	at = at.In(bot.ICT)
	return names[at.Weekday()] + " " + at.Format("02/01/2006 15:04")
}

// noPasswords looks for what was handed out where it must not be.
func (s *tale) noPasswords() {
	log, err := os.ReadFile(filepath.Join(s.dir, "serve.log"))
	if err != nil {
		s.t.Fatal(err)
	}
	handed := 0
	for code, all := range s.passwords {
		for _, password := range all {
			handed++
			if bytes.Contains(log, []byte(password)) {
				s.t.Errorf("a password of %s is in the log", code)
			}
		}
	}
	if handed == 0 {
		s.t.Error("no password was handed out in the whole story")
	}
}
