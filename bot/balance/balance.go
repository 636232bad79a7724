// Package balance holds the journal against what it speaks of: every mail ever seen has one outcome or waits for it, every
// outcome has its case, every case its mail, every answered step its letter, every line its bytes; what lies in the mailbox
// is in the journal, and what was filed lies where the journal says, unless a person moved it.
//
// It must not know how a mailbox is listed, nor put anything right: it tells a person.
package balance

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"vanthu/bot/store"
)

// A Balance is one count.
type Balance struct {
	At       time.Time             `json:"at"`
	Mails    int                   `json:"mails"` // in the journal
	Pending  int                   `json:"pending"`
	Outcomes map[store.Outcome]int `json:"outcomes"`
	Cases    int                   `json:"cases"`
	Letters  int                   `json:"letters"`
	Hashed   int                   `json:"hashed"` // whose bytes were held against their hash
	Folders  []Count               `json:"folders,omitempty"`
	Moved    []Moved               `json:"moved,omitempty"` // by somebody; no fault
	Faults   []Fault               `json:"faults"`
}

// OK says that everything balances.
func (b *Balance) OK() bool { return len(b.Faults) == 0 }

// A Count is one folder, or the watched mailbox.
type Count struct {
	Name    string `json:"name"`
	Journal int    `json:"journal"` // mails that should lie there
	There   int    `json:"there"`   // that do lie there
	Found   int    `json:"found"`   // of the journal's
}

// Moved is a filed mail that does not lie where we put it.
type Moved struct {
	Mail int64  `json:"mail"`
	From string `json:"from"`
	To   string `json:"to"` // another folder of ours, "" somewhere else
}

// A Fault is one thing that does not balance, with the mails or cases concerned.
type Fault struct {
	Check string   `json:"check"` // "no_case", "not_in_journal" …
	Says  string   `json:"says"`
	What  []string `json:"what"` // "mail 7", "INBOX 12/5", "YC-2026-0003"
}

// fault adds to the fault of that check.
func (b *Balance) fault(check, says, what string) {
	for i := range b.Faults {
		if b.Faults[i].Check == check {
			b.Faults[i].What = append(b.Faults[i].What, what)
			return
		}
	}
	b.Faults = append(b.Faults, Fault{check, says, []string{what}})
}

// Journal begins a balance with what the database alone can say.
func Journal(at time.Time, mails []store.Mail, torn store.Torn) *Balance {
	b := &Balance{At: at, Mails: len(mails), Outcomes: make(map[store.Outcome]int), Cases: torn.Cases, Letters: torn.Letters}
	for _, m := range mails {
		if m.Outcome == "" {
			b.Pending++
			continue
		}
		b.Outcomes[m.Outcome]++
	}
	for _, t := range []struct {
		check, says string
		what        []string
	}{
		{"no_case", "became a case or a follow-up, and there is no such case", torn.NoCase},
		{"no_mail", "cases that no mail became, or more than one", torn.NoMail},
		{"no_letter", "mails that ask for an answer, and there is none", torn.NoLetter},
		{"no_letter_bytes", "answers that are to be sent, and their bytes are not there", torn.NoLetterBytes},
		{"no_bytes", "mails whose bytes are not there", torn.NoBytes},
	} {
		for _, what := range t.what {
			b.fault(t.check, t.says, what)
		}
	}
	return b
}

// Bytes notes that the bytes of a mail were held against its hashes.
func (b *Balance) Bytes(m store.Mail, raw []byte) {
	b.Hashed++
	if hash, body := store.Hashes(raw); hash != m.Hash || body != m.BodyHash {
		b.fault("changed_bytes", "mails whose bytes are not those that came", mail(m))
	}
}

// A Listing is what a folder holds. ID and Size are known of those mails that Unplaced asked for.
type Listing struct {
	Name     string // as the configuration calls it
	Server   string // as the server calls it
	Validity uint32
	UIDs     []uint32
	At       time.Time // when the listing began: what is filed later is not missed
	Known    map[uint32]Identity
}

// An Identity is by what a mail is known again where its UID says nothing.
type Identity struct {
	Size int64
	ID   string // Message-ID as the journal keeps it
}

// Mailbox counts the watched mailbox: what lies there must be in the journal, and whatever we filed must not lie there any
// more.
func (b *Balance) Mailbox(mails []store.Mail, box Listing) {
	here := make(map[uint32]store.Mail)
	for _, m := range mails {
		if m.Mailbox == box.Name && m.UIDValidity == box.Validity {
			here[m.UID] = m
		}
	}
	c := Count{Name: box.Name, There: len(box.UIDs)}
	for _, uid := range box.UIDs {
		m, known := here[uid]
		switch {
		case !known:
			b.fault("not_in_journal", "lie in the mailbox and are not in the journal", fmt.Sprintf("%s %d/%d", box.Name, box.Validity, uid))
			continue
		case m.Lies.Folder != "" && !m.FiledAt.IsZero() && m.FiledAt.Before(box.At):
			b.fault("filed_and_there", "are filed, and lie in the mailbox still", mail(m))
		}
		c.Found++
	}
	for _, m := range here {
		if m.FiledAt.IsZero() {
			c.Journal++
		}
	}
	b.Folders = append(b.Folders, c)
}

// Unplaced returns the UIDs of a folder that the journal does not know by their place: their Identity is needed.
func Unplaced(mails []store.Mail, box Listing) []uint32 {
	placed := places(mails)
	return slices.DeleteFunc(slices.Clone(box.UIDs), func(uid uint32) bool {
		_, ok := placed[store.Place{Folder: box.Server, UIDValidity: box.Validity, UID: uid}]
		return ok
	})
}

// Unknown returns the UIDs of a folder whose mails the journal has never seen.
func Unknown(mails []store.Mail, box Listing) []uint32 {
	seen := make(map[Identity]bool)
	for _, m := range mails {
		seen[Identity{m.Size, m.MessageID}] = true
	}
	return slices.DeleteFunc(Unplaced(mails, box), func(uid uint32) bool { return seen[box.Known[uid]] })
}

func places(mails []store.Mail) map[store.Place]int64 {
	placed := make(map[store.Place]int64, len(mails))
	for _, m := range mails {
		if m.Lies.UID != 0 {
			placed[m.Lies] = m.ID
		}
	}
	return placed
}

// Filed counts the folders of outcomes. Who is not where we put him was moved by somebody. What lies there and was never seen
// is a fault: a mail that nobody judged, or one that the database has lost.
func (b *Balance) Filed(mails []store.Mail, folders []Listing) {
	found := make(map[int64]string) // mail → folder
	placed := places(mails)
	byIdentity := make(map[Identity][]store.Mail)
	for _, m := range mails {
		id := Identity{m.Size, m.MessageID}
		byIdentity[id] = append(byIdentity[id], m)
	}
	for _, f := range folders {
		for _, uid := range f.UIDs {
			if id, ok := placed[store.Place{Folder: f.Server, UIDValidity: f.Validity, UID: uid}]; ok {
				found[id] = f.Name
			}
		}
	}
	for _, f := range folders {
		for _, uid := range Unplaced(mails, f) {
			id, asked := f.Known[uid]
			if !asked { // it had its place when the folder was listed, or was gone when it was asked for: it was moved or pruned meanwhile
				continue
			}
			same := byIdentity[id]
			if len(same) == 0 {
				b.fault("unknown_in_folder", "lie in a folder of ours and were never seen", fmt.Sprintf("%s %d/%d", f.Name, f.Validity, uid))
				continue
			}
			missing := func(here bool) func(store.Mail) bool {
				return func(m store.Mail) bool { return found[m.ID] == "" && (!here || m.Folder == f.Name) }
			}
			i := slices.IndexFunc(same, missing(true))
			if i < 0 {
				i = slices.IndexFunc(same, missing(false))
			}
			if i >= 0 { // else a person made a copy
				found[same[i].ID] = f.Name
			}
		}
		b.Folders = append(b.Folders, Count{Name: f.Name, There: len(f.UIDs)})
	}
	for _, m := range mails {
		if m.FiledAt.IsZero() || m.Lies == (store.Place{}) && m.Size == 0 { // not filed, or never fetched
			continue
		}
		i := slices.IndexFunc(b.Folders, func(c Count) bool { return c.Name == m.Folder })
		if i < 0 { // a folder of an earlier configuration
			continue
		}
		listed := folders[i-(len(b.Folders)-len(folders))]
		if m.FiledAt.After(listed.At) && found[m.ID] == "" {
			continue
		}
		b.Folders[i].Journal++
		if found[m.ID] == m.Folder {
			b.Folders[i].Found++
			continue
		}
		b.Moved = append(b.Moved, Moved{m.ID, m.Folder, found[m.ID]})
	}
	slices.SortFunc(b.Moved, func(x, y Moved) int { return cmp.Compare(x.Mail, y.Mail) })
}

func mail(m store.Mail) string { return fmt.Sprintf("mail %d", m.ID) }
