package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"vanthu/bot"
	"vanthu/bot/config"
	"vanthu/bot/store"
)

// What persons, servers and backups do to a mailbox: nothing is lost, nothing is served twice, and the count tells it.

// served is what must never grow by itself: cases and letters.
func (o *office) served() string {
	cases := look(o, func(ctx context.Context, tx *store.Tx) ([]bot.Case, error) { return tx.Cases(ctx, "") })
	letters := look(o, func(ctx context.Context, tx *store.Tx) ([]store.Letter, error) { return tx.Letters(ctx, 0) })
	var numbers []string
	for _, c := range cases {
		numbers = append(numbers, c.Number[len("YC-2026-"):])
	}
	slices.Sort(numbers) // four workers judge side by side
	return fmt.Sprintf("%s, %d letters", strings.Join(numbers, " "), len(letters))
}

func (o *office) mustServe(want string) {
	o.t.Helper()
	if got := o.served(); got != want {
		o.t.Errorf("served: %s, want %s", got, want)
	}
}

// mustBalance counts, and returns how many mails somebody moved.
func (o *office) mustBalance() int {
	o.t.Helper()
	b, code := o.balance()
	if code != 0 || len(b.Faults) > 0 {
		o.t.Errorf("it does not balance: exit %d, %+v", code, b)
	}
	return len(b.Moved)
}

// faults counts, and returns the checks that failed.
func (o *office) faults() string {
	o.t.Helper()
	b, code := o.balance()
	var checks []string
	for _, f := range b.Faults {
		checks = append(checks, fmt.Sprintf("%s %d", f.Check, len(f.What)))
	}
	if (code == 0) != (len(checks) == 0) {
		o.t.Errorf("exit %d with %v", code, checks)
	}
	return strings.Join(checks, ", ")
}

// three are two requests and a mail for quarantine.
func (o *office) three() [][]byte {
	return [][]byte{o.request(ctsvAddress, ctsvAddress, "<1@truong.example>", "2653010001"), o.request(ctsvAddress, ctsvAddress, "<2@truong.example>", "2653010002"),
		o.request(outsider, "", "<3@gmail.example>", "2653010003")}
}

// \Seen is never our state (freescout #4888): mails that were read, flagged or answered by somebody are served, and what
// vanthu reads stays unread for people.
func TestPain01ReadMailsAreServed(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.arrive("INBOX", o.three()...)
	flags := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagSeen, imap.FlagFlagged, imap.FlagAnswered, imap.FlagDraft}}
	if err := o.person("INBOX").Store(imap.SeqSet{{Start: 1, Stop: 2}}, flags, nil).Close(); err != nil {
		t.Fatal(err)
	}
	o.serve()
	o.settled(3)
	o.mustServe("0001 0002, 2 letters")
	seen, err := o.mail.Flags(serviceBox, "Quarantine")
	if err != nil || len(seen) != 1 || slices.Contains(seen[0], imap.FlagSeen) {
		t.Errorf("vanthu marked a mail as read: %v %v", seen, err)
	}
	o.mustBalance()
}

// A person who reads and moves about in the mailbox changes nothing (freescout #3406, #2416): mails that were moved before
// we saw them and come back, mails that were moved after, and mails that are moved back when they were served already.
func TestPain02APersonMovesMails(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	mails := o.three()
	o.arrive("INBOX", mails[0])
	o.moves("INBOX", "Riêng") // before we saw it
	o.arrive("INBOX", mails[1], mails[2])
	o.serve()
	o.settled(2)
	o.mustServe("0001, 1 letters")
	o.moves("Riêng", "INBOX") // and back
	o.settled(3)
	o.mustServe("0001 0002, 2 letters")
	if moved := o.mustBalance(); moved != 0 {
		t.Errorf("%d mails moved by somebody", moved)
	}
	o.moves("Done", "Lưu trữ") // after
	if moved := o.mustBalance(); moved != 2 {
		t.Errorf("%d mails moved by somebody, want 2", moved)
	}
	o.moves("Lưu trữ", "INBOX") // and back into the mailbox: each follows its twin
	o.moves("Quarantine", "INBOX")
	o.settled(6)
	o.mustServe("0001 0002, 2 letters")
	o.moves("Quarantine", "Done") // between our own folders
	if moved := o.mustBalance(); moved != 4 {
		t.Errorf("%d mails moved by somebody, want 4", moved)
	}
	if out := o.must("mail", "list"); strings.Count(out, "\n") != 2 {
		t.Errorf("a mail in quarantine that was moved back is asked about twice:\n%s", out)
	}
}

// The journal is counted against the mailbox (freescout #2001): whatever is not there is named, and the exit code says so.
func TestPain03WhatDoesNotBalanceIsNamed(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.arrive("INBOX", o.three()...)
	o.serve()
	o.settled(3)
	o.mustBalance()
	o.stop()
	file := filepath.Join(o.dir, "vanthu.db")
	for _, tt := range []struct{ breaks, want string }{
		{`UPDATE mails SET case_id = 99 WHERE id = 1`, "no_case 1, no_mail 1"},
		{`DELETE FROM outbox_raw; DELETE FROM outbox`, "no_letter 2"},
		{`UPDATE mail_raw SET raw = CAST('x' AS BLOB) WHERE hash = (SELECT hash FROM mails WHERE id = 2)`, "changed_bytes 1"},
		{`DELETE FROM mail_raw WHERE hash = (SELECT hash FROM mails WHERE id = 3)`, "no_bytes 1"},
		{`UPDATE outbox SET state = 'queued'; DELETE FROM outbox_raw`, "no_letter_bytes 2"},
		{`UPDATE mails SET size = 1, lies_uid = 0 WHERE id = 3`, "unknown_in_folder 1"},
	} {
		before, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		execute(t, file, tt.breaks)
		if got := o.faults(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.breaks, got, tt.want)
		}
		for _, tail := range []string{"-wal", "-shm"} {
			_ = os.Remove(file + tail)
		}
		if err := os.WriteFile(file, before, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o.mustBalance()
	o.arrive("INBOX", o.request(ctsvAddress, ctsvAddress, "<4@truong.example>", "2653010004")) // nobody serves
	if got := o.faults(); got != "not_in_journal 1" {
		t.Errorf("a mail that nobody fetched: %q", got)
	}
	if out, code := o.run("mail", "count", "--offline"); code != 0 || !strings.Contains(out, "it balances") {
		t.Errorf("offline: exit %d\n%s", code, out)
	}
	o.arrive("Done", o.request(ctsvAddress, ctsvAddress, "<5@truong.example>", "2653010005")) // a person filed it before we saw it
	o.serve()
	o.settled(4)
	if got := o.faults(); got != "unknown_in_folder 1" {
		t.Errorf("a mail that nobody judged: %q", got)
	}
}

// Mails do not vanish from the mailbox when something fails before they are safe (zammad #243): while nothing can be written,
// nothing is moved, marked or deleted; later everything is served.
func TestPain08NothingIsMovedBeforeItIsStored(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	mails := o.three()
	var full atomic.Bool
	refused := make(chan struct{}, 100)
	o.commit = func() error {
		if !full.Load() {
			return nil
		}
		select {
		case refused <- struct{}{}:
		default:
		}
		return bot.Errorf(bot.Temporary, "the disk is full")
	}
	o.serve()
	full.Store(true)
	o.arrive("INBOX", mails...)
	for range 3 {
		<-refused
	}
	there, err := o.mail.Messages(serviceBox, "INBOX")
	flags, err2 := o.mail.Flags(serviceBox, "INBOX")
	folders, err3 := o.mail.Folders(serviceBox)
	if err := errors.Join(err, err2, err3); err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(there, mails, bytes.Equal) || len(folders) != 1 || slices.ContainsFunc(flags, func(f []imap.Flag) bool {
		return slices.Contains(f, imap.FlagSeen) || slices.Contains(f, imap.FlagDeleted)
	}) {
		t.Errorf("%d mails, folders %v, flags %v", len(there), folders, flags)
	}
	full.Store(false)
	o.settled(3)
	o.mustServe("0001 0002, 2 letters")
	o.mustBalance()
	o.stop()
	if log := o.log.String(); !strings.Contains(log, "code=journal") {
		t.Errorf("the journal refused no mail:\n%s", log)
	}
}

// A new UIDVALIDITY, and UIDs that name other mails than before (paperless-ngx #8939, deltachat-core #106): mails that come
// again are known by their bytes, new ones under old UIDs are served.
func TestPain14RenumberedMailbox(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	mails := o.three()
	o.arrive("INBOX", mails...)
	o.serve()
	o.settled(3)
	o.stop()
	o.moves("Done", "INBOX")
	o.moves("Quarantine", "INBOX")
	if err := o.mail.Renumber(serviceBox, "INBOX"); err != nil {
		t.Fatal(err)
	}
	o.arrive("INBOX", o.request(ctsvAddress, ctsvAddress, "<4@truong.example>", "2653010004"))
	o.serve()
	all := o.settled(7)
	uids := make(map[uint32]int)
	for _, m := range all {
		uids[m.UID]++
	}
	if uids[1] < 2 || all[0].UIDValidity == all[6].UIDValidity {
		t.Errorf("no UID was used again: %v", uids)
	}
	o.mustServe("0001 0002 0003, 3 letters")
	o.mustBalance()

	// While it serves: the folders, then the mailbox, are renumbered under its feet.
	for _, folder := range []string{"Done", "Quarantine", "INBOX"} {
		if err := o.mail.Renumber(serviceBox, folder); err != nil {
			t.Fatal(err)
		}
	}
	o.arrive("INBOX", o.request(ctsvAddress, ctsvAddress, "<5@truong.example>", "2653010005"))
	o.settled(8)
	o.mustServe("0001 0002 0003 0004, 4 letters")
	o.mustBalance()
}

// The same mail in two folders, and the mailbox under another name: it is served once.
func TestCopiesAndRenamedMailbox(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	mails := o.three()
	o.arrive("INBOX", mails...)
	o.arrive("Yêu cầu", mails...)
	o.arrive("Yêu cầu", o.request(ctsvAddress, ctsvAddress, "<4@truong.example>", "2653010004"))
	o.serve()
	o.settled(3)
	o.stop()
	o.change("[imap]\n", "[imap]\nmailbox = \"Yêu cầu\"\n")
	o.serve()
	o.settled(7)
	o.mustServe("0001 0002 0003, 3 letters")
	o.mustBalance()
}

// A mailbox comes back from a backup: everything returns with new UIDs, what was handled stays handled.
func TestMailboxRestored(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	mails := o.three()
	o.arrive("INBOX", mails...)
	o.serve()
	o.settled(3)
	o.must("mail", "done", "3", "--reason", "thư rác")
	o.arrive("INBOX", mails...)
	o.settled(6)
	o.mustServe("0001 0002, 2 letters")
	if out := o.must("mail", "list"); strings.Count(out, "\n") != 1 {
		t.Errorf("what was handled is asked again:\n%s", out)
	}
	o.mustBalance()
}

// The database comes back from a backup, alone or with the mailbox: the count names what it has lost, `mail restore` brings
// it back, and no number is given to two requests.
func TestDatabaseRestored(t *testing.T) {
	t.Parallel()
	for _, both := range []bool{false, true} {
		t.Run(fmt.Sprintf("mailbox too %v", both), func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			mails := o.three()
			o.arrive("INBOX", mails[0])
			o.serve()
			o.settled(1)
			o.stop()
			backup := o.backup()
			o.arrive("INBOX", mails[1], mails[2], o.request(ctsvAddress, ctsvAddress, "<4@truong.example>", "2653010004"))
			o.serve()
			o.settled(4)
			o.mustServe("0001 0002 0003, 3 letters")
			o.stop()
			o.restore(backup)
			if got := o.faults(); got != "unknown_in_folder 3" {
				t.Errorf("after the restore: %q", got)
			}
			n := 4
			if both { // the mailbox is that of before, too: what came since is gone from the folders, and lies in the mailbox
				o.moves("Done", "INBOX")
				o.moves("Quarantine", "INBOX")
				n = 5 // the first mail, again
			} else if out := o.must("mail", "restore"); !strings.Contains(out, "3 mails") || !strings.Contains(out, "YC-2026-0004") {
				t.Errorf("mail restore: %s", out)
			}
			o.serve()
			o.settled(n)
			want := "0001 0005 0006, 3 letters"
			if both {
				want = "0001 0002 0003, 3 letters"
			}
			o.mustServe(want)
			o.mustBalance()
			if out := o.must("mail", "restore"); !strings.Contains(out, "nothing to do") {
				t.Errorf("a second time: %s", out)
			}
		})
	}
}

func (o *office) backup() string {
	o.t.Helper()
	cfg, err := config.LoadDesk(o.config)
	if err != nil {
		o.t.Fatal(err)
	}
	db, err := store.Open(o.t.Context(), cfg.Store.DSN(), "", time.Now)
	if err != nil {
		o.t.Fatal(err)
	}
	defer db.Close()
	file := filepath.Join(o.dir, "backup.db")
	if err := db.Copy(o.t.Context(), file); err != nil {
		o.t.Fatal(err)
	}
	return file
}

// restore does what docs/operations.md says.
func (o *office) restore(backup string) {
	o.t.Helper()
	file := filepath.Join(o.dir, "vanthu.db")
	for _, tail := range []string{"-wal", "-shm"} {
		_ = os.Remove(file + tail)
	}
	if err := os.Rename(backup, file); err != nil {
		o.t.Fatal(err)
	}
}
