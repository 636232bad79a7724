package balance_test

import (
	"testing"
	"time"

	"vanthu/bot/balance"
	"vanthu/bot/store"
)

// The folders are listed before the journal is read again: a canary that is pruned, a mail that is judged again and moved, and
// one that a person takes away between the two are no fault. One that nobody ever knew is.
func TestWhatMovesWhileItIsCounted(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	moved := store.Mail{ID: 2, Size: 20, MessageID: "<2@x>", Outcome: store.IsCase, Folder: "Done", FiledAt: at.Add(time.Second), Lies: store.Place{Folder: "Done", UIDValidity: 9, UID: 1}}
	folder := balance.Listing{Name: "Ignored", Server: "Ignored", Validity: 8, UIDs: []uint32{1, 2, 3, 4}, At: at,
		Known: map[uint32]balance.Identity{4: {Size: 7, ID: "<never@x>"}}} // 1: pruned since, 2: moved since, 3: gone when it was asked for
	b := balance.Journal(at, []store.Mail{moved}, store.Torn{})
	b.Filed([]store.Mail{moved}, []balance.Listing{folder})
	if len(b.Faults) != 1 || len(b.Faults[0].What) != 1 || b.Faults[0].What[0] != "Ignored 8/4" {
		t.Errorf("%+v", b.Faults)
	}
}
