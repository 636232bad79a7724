package balance_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot/balance"
	"vanthu/bot/store"
)

var then = time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)

// filed is a mail that we moved to a folder; uid 0: the server did not tell its new UID.
func filed(id int64, folder string, uid uint32, at time.Time) store.Mail {
	m := store.Mail{ID: id, Mailbox: "INBOX", UIDValidity: 7, UID: uint32(id), Size: 100 + id, MessageID: "<x>", Outcome: store.Ignored, Folder: folder, FiledAt: at,
		Lies: store.Place{Folder: folder}}
	if uid != 0 {
		m.Lies.UIDValidity, m.Lies.UID = 3, uid
	}
	return m
}

// Mails are found by their place, else by size and Message-ID; who is elsewhere was moved, what nobody knows is a fault, and
// what happens while the count looks is none.
func TestFiled(t *testing.T) {
	t.Parallel()
	late := then.Add(time.Minute)
	mails := []store.Mail{filed(1, "Done", 11, then), filed(2, "Done", 0, then), filed(3, "Done", 13, then), filed(4, "Done", 14, then), filed(5, "Done", 15, late),
		filed(6, "Old name", 16, then), {ID: 7, Mailbox: "INBOX", UIDValidity: 7, UID: 7, Size: 107}, {ID: 8, Outcome: store.Quarantined, Folder: "Quarantine", FiledAt: then}}
	known := func(sizes ...int64) map[uint32]balance.Identity {
		m := make(map[uint32]balance.Identity)
		for i, size := range sizes {
			m[uint32(20+i)] = balance.Identity{Size: size, ID: "<x>"}
		}
		return m
	}
	done := balance.Listing{Name: "Done", Server: "Done", Validity: 3, UIDs: []uint32{11, 20, 21, 22}, At: then.Add(time.Second), Known: known(102, 102, 999)}
	quarantine := balance.Listing{Name: "Quarantine", Server: "INBOX.Quarantine", Validity: 4, UIDs: []uint32{20}, At: then.Add(time.Second), Known: known(103)}
	if diff := cmp.Diff([]uint32{20, 21, 22}, balance.Unplaced(mails, done)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]uint32{22}, balance.Unknown(mails, done)); diff != "" {
		t.Error(diff)
	}
	b := balance.Journal(then, mails, store.Torn{})
	b.Mailbox(mails, balance.Listing{Name: "INBOX", Server: "INBOX", Validity: 7, UIDs: []uint32{1, 5, 7, 9}, At: then.Add(time.Second)})
	b.Filed(mails, []balance.Listing{done, quarantine})
	want := []balance.Fault{
		{Check: "filed_and_there", Says: "are filed, and lie in the mailbox still", What: []string{"mail 1"}},
		{Check: "not_in_journal", Says: "lie in the mailbox and are not in the journal", What: []string{"INBOX 7/9"}},
		{Check: "unknown_in_folder", Says: "lie in a folder of ours and were never seen", What: []string{"Done 3/22"}},
	}
	if diff := cmp.Diff(want, b.Faults); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]balance.Moved{{Mail: 3, From: "Done", To: "Quarantine"}, {Mail: 4, From: "Done"}}, b.Moved); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]balance.Count{{Name: "INBOX", Journal: 1, There: 4, Found: 3}, {Name: "Done", Journal: 4, There: 4, Found: 2}, {Name: "Quarantine", There: 1}}, b.Folders); diff != "" {
		t.Error(diff)
	}
	if b.OK() || b.Pending != 1 || b.Mails != 8 {
		t.Errorf("%+v", b)
	}
}

// Each gap between the tables is a fault, with its mails.
func TestJournal(t *testing.T) {
	t.Parallel()
	b := balance.Journal(then, nil, store.Torn{NoCase: []string{"mail 1"}, NoMail: []string{"YC-2026-0001"}, NoLetter: []string{"mail 2", "mail 3"}, NoLetterBytes: []string{"answer 4"}, NoBytes: []string{"mail 5"}})
	raw := []byte("Subject: x\r\n\r\nx\r\n")
	hash, body := store.Hashes(raw)
	b.Bytes(store.Mail{ID: 6, Hash: hash, BodyHash: body}, raw)
	b.Bytes(store.Mail{ID: 7, Hash: hash, BodyHash: body}, raw[1:])
	got := make(map[string]int)
	for _, f := range b.Faults {
		got[f.Check] = len(f.What)
	}
	want := map[string]int{"no_case": 1, "no_mail": 1, "no_letter": 2, "no_letter_bytes": 1, "no_bytes": 1, "changed_bytes": 1}
	if diff := cmp.Diff(want, got); diff != "" || b.Hashed != 2 {
		t.Error(diff, b.Hashed)
	}
}
