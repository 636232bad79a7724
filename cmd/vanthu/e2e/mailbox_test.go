//go:build e2e

package e2e

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"vanthu/bot/store"
)

// What persons and backups do to a mailbox of a real Dovecot, down to its files: nothing is lost, nothing is served twice, and
// the count balances after each.
func TestMailbox(t *testing.T) {
	w := newWorld(t, "sqlite")
	maildir := filepath.Join(os.Getenv("VANTHU_CI_DIR"), "mail/truong.example/cntt")
	n := 0
	send := func(times int) {
		unit := w.courier(ctsv)
		for range times {
			n++
			unit.send(request(t, ctsv, fmt.Sprintf("box%d", n), people(100*n, 2)))
		}
	}
	box := w.mailbox(service)
	// More may lie there: Postfix hands a mail over again when Dovecot lost its files while it took it. What was made of them is counted below.
	filed := func(done int) {
		t.Helper()
		w.await(fmt.Sprintf("%d mails in Done at least, none in the mailbox", done), 60*time.Second, func() bool { return box.count("INBOX") == 0 && box.count("Done") >= done })
		w.await("all filed", 10*time.Second, func() bool { return strings.Contains(w.must("mail", "count"), "it balances") })
	}

	// Mails that a person has read and flagged, and one that lies in another folder, too.
	send(2)
	w.await("two mails in the mailbox", 30*time.Second, func() bool { return box.count("INBOX") == 2 })
	box.selects("INBOX")
	flags := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagSeen, imap.FlagFlagged, imap.FlagAnswered}}
	if err := box.client.Store(imap.SeqSet{{Start: 1}}, flags, nil).Close(); err != nil {
		t.Fatal(err)
	}
	_ = box.client.Create("Riêng", nil).Wait() // it may be there
	if _, err := box.client.Copy(imap.SeqSet{{Start: 1}}, "Riêng").Wait(); err != nil {
		t.Fatal(err)
	}
	serve := w.serve()
	filed(2)
	w.mustHave(2, 0)

	// The copies come into the mailbox, what was filed comes back: each follows its twin.
	box.moves("Riêng", "INBOX")
	filed(4)
	box.moves("Done", "INBOX")
	filed(4)
	w.mustHave(2, 4) // the first lines of those four lie elsewhere now

	// A new UIDVALIDITY while mails lie in the mailbox.
	w.end(serve)
	send(1)
	box.moves("Done", "INBOX")
	_ = box.client.Logout().Wait() // a session would keep what it knows
	remove(t, maildir, "dovecot-uidlist", "dovecot.index", "dovecot.index.log", "dovecot.index.cache")
	box = w.mailbox(service)
	serve = w.serve()
	filed(5)
	w.mustHave(3, -1)

	// The files come back from a backup under the same UIDVALIDITY: the next mails get UIDs that were used already.
	w.end(serve)
	database := filepath.Join(w.dir, "vanthu.db")
	backup, early := filepath.Join(w.dir, "maildir"), filepath.Join(w.dir, "early.db")
	cloned(t, maildir, backup)
	cloned(t, database, early)
	before := box.uidNext("INBOX")
	serve = w.serve()
	send(2)
	filed(7)
	w.end(serve)
	_ = box.client.Logout().Wait()
	if err := os.RemoveAll(maildir); err != nil {
		t.Fatal(err)
	}
	cloned(t, backup, maildir)
	box = w.mailbox(service)
	if after := box.uidNext("INBOX"); after != before {
		t.Fatalf("the mailbox is not that of the backup: next UID %d, want %d", after, before)
	}
	execute(t, database, `UPDATE mails SET filed_at = filed_at - 600000000 WHERE filed_at > 0`) // ten minutes pass
	send(2)
	serve = w.serve()
	filed(7)
	w.mustHave(7, -1)

	// The database of before comes back as well: what it does not know is named, and comes back with numbers of its own.
	w.end(serve)
	numbers := w.numbers()
	cloned(t, early, database)
	if out, err := w.run("mail", "count"); err == nil || !strings.Contains(out, "unknown_in_folder") {
		t.Errorf("after the restore: %v\n%s", err, out)
	}
	if out := w.must("mail", "restore"); !strings.Contains(out, "2 mails") {
		t.Errorf("mail restore: %s", out)
	}
	w.serve()
	filed(7)
	again := w.numbers()
	if len(again) != 5 || slices.ContainsFunc(again[3:], func(n string) bool { return slices.Contains(numbers[:len(numbers)-2], n) }) {
		t.Errorf("numbers %v after %v", again, numbers)
	}
}

// mustHave counts cases and their first letters, and what somebody moved (-1: any number).
func (w *world) mustHave(cases, moved int) {
	w.t.Helper()
	var b struct {
		Cases, Letters int
		Moved          []any
	}
	out := w.must("mail", "count", "--json")
	if err := json.Unmarshal([]byte(out), &b); err != nil {
		w.t.Fatal(err)
	}
	if b.Cases != cases || b.Letters != cases || moved >= 0 && len(b.Moved) != moved {
		w.t.Errorf("%d cases, %d letters, %d moved; want %d, %d, %d", b.Cases, b.Letters, len(b.Moved), cases, cases, moved)
	}
}

func (w *world) numbers() (numbers []string) {
	w.t.Helper()
	a := w.open()
	err := a.DB.Read(w.t.Context(), func(tx *store.Tx) error {
		cases, err := tx.Cases(context.WithoutCancel(w.t.Context()), "")
		for _, c := range cases {
			numbers = append(numbers, c.Number)
		}
		return err
	})
	a.Close()
	if err != nil {
		w.t.Fatal(err)
	}
	return numbers
}

// end stops a serving process gracefully, so that the files of its database are whole.
func (w *world) end(p *process) {
	w.t.Helper()
	if err := p.stop(w.t); err != nil {
		w.t.Fatal(err)
	}
}

func (m *mailbox) selects(folder string) {
	m.t.Helper()
	if _, err := m.client.Select(folder, nil).Wait(); err != nil {
		m.t.Fatal(err)
	}
}

// moves is a person who moves everything in a folder into another one.
func (m *mailbox) moves(from, to string) {
	m.t.Helper()
	m.selects(from)
	if _, err := m.client.Move(imap.SeqSet{{Start: 1}}, to).Wait(); err != nil {
		m.t.Fatal(err)
	}
	_ = m.client.Unselect().Wait()
}

func (m *mailbox) uidNext(folder string) uint32 {
	m.t.Helper()
	status, err := m.client.Status(folder, &imap.StatusOptions{UIDNext: true}).Wait()
	if err != nil {
		m.t.Fatal(err)
	}
	return uint32(status.UIDNext)
}

func remove(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
}

// cloned copies a file or a folder with owners and times, as a backup does.
func cloned(t *testing.T, from, to string) {
	t.Helper()
	for _, tail := range []string{"-wal", "-shm"} { // of a database that comes back
		remove(t, filepath.Dir(to), filepath.Base(to)+tail)
	}
	if out, err := exec.Command("cp", "-aT", from, to).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func execute(t *testing.T, file, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}
