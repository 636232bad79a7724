package audit_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/audit"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// written is a history of ten events in three transactions.
func written(t *testing.T, db *store.DB) {
	t.Helper()
	now := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	db.Now = func() time.Time { now = now.Add(time.Minute); return now }
	n := 0
	for _, size := range []int{4, 1, 5} {
		storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error {
			for range size {
				n++
				if err := tx.AddEvent(ctx, bot.Event{Actor: "officer:lan", What: fmt.Sprintf("what_%02d", n), Case: int64(n), Mail: 7,
					Detail: map[string]string{"row": fmt.Sprintf("row %02d", n)}}); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

func verify(t *testing.T, db *store.DB, heads ...string) *audit.Report {
	t.Helper()
	c := audit.New(time.Time{}, heads)
	head, err := db.Links(t.Context(), 0, c.Add)
	if err != nil {
		t.Fatal(err)
	}
	return c.End(head)
}

func said(r *audit.Report) string {
	var all []string
	for _, f := range r.Faults {
		all = append(all, f.Says())
	}
	return strings.Join(all, "; ")
}

// Whatever is done to the table behind our back is found and named.
func TestBroken(t *testing.T) {
	t.Parallel()
	tampered := map[string]struct{ how, says string }{
		"nothing":              {``, ``},
		"a character":          {`UPDATE events SET detail = replace(detail, 'row 05', 'row 55') WHERE id = 5`, "event 5 was changed: detail"},
		"the time":             {`UPDATE events SET at = at + 1 WHERE id = 1`, "event 1 was changed: time"},
		"who":                  {`UPDATE events SET actor = 'officer:minh' WHERE id = 10`, "event 10 was changed: actor"},
		"what":                 {`UPDATE events SET what = 'what_99' WHERE id = 2`, "event 2 was changed: what"},
		"which case":           {`UPDATE events SET case_id = 1 WHERE id = 3`, "event 3 was changed: about"},
		"which mail":           {`UPDATE events SET mail_id = 8 WHERE id = 3`, "event 3 was changed: about"},
		"which plan":           {`UPDATE events SET plan_id = 8 WHERE id = 3`, "event 3 was changed: about"},
		"the salt":             {`UPDATE events SET salt = 'A' || substr(salt, 2) || 'B' WHERE id = 3`, "event 3 was changed: detail"},
		"the hash":             {`UPDATE events SET hash = replace(replace(hash, 'a', '0'), '1', '2') WHERE id = 4`, "event 4 was changed: hash"},
		"the last hash":        {`UPDATE events SET hash = replace(replace(hash, 'a', '0'), '1', '2') WHERE id = 10`, "event 10 was changed: hash"},
		"the sums":             {`UPDATE events SET sums = replace(replace(sums, 'a', '0'), '1', '2') WHERE id = 4`, "event 4 was changed: sums"},
		"the head":             {`UPDATE event_head SET hash = replace(replace(hash, 'a', '0'), '1', '2')`, "the head of the chain is not that of event 10"},
		"two fields":           {`UPDATE events SET what = 'x', actor = 'y' WHERE id = 4`, "event 4 was changed: actor, what"},
		"one is gone":          {`DELETE FROM events WHERE id = 4`, "event 4 is gone"},
		"the first is gone":    {`DELETE FROM events WHERE id = 1`, "event 1 is gone"},
		"three are gone":       {`DELETE FROM events WHERE id BETWEEN 4 AND 6`, "events 4 to 6 is gone"},
		"the end is gone":      {`DELETE FROM events WHERE id > 8`, "events 9 to 10 is gone: the end was cut off"},
		"all is gone":          {`DELETE FROM events`, "events 1 to 10 is gone: the end was cut off"},
		"one behind the head":  {`INSERT INTO events SELECT 11, at, actor, what, case_id, plan_id, mail_id, detail, salt, sums, hash, leaf, destroyed FROM events WHERE id = 3`, "event 11 is not the one that was written under this number: moved, or put in; event 11 stands behind the head of the chain: nobody chained it"},
		"one without a hash":   {`INSERT INTO events (id, at, actor, what, case_id, plan_id, mail_id, detail) SELECT 11, at, actor, what, case_id, plan_id, mail_id, detail FROM events WHERE id = 3`, "event 11 was changed: sums; event 11 stands behind the head of the chain: nobody chained it"},
		"one that was renamed": {`UPDATE events SET id = 12 WHERE id = 10`, "events 10 to 11 is gone; event 12 is not the one that was written under this number: moved, or put in; events 11 to 12 stands behind the head of the chain: nobody chained it"},
		"two in other order": {`UPDATE events SET id = -id WHERE id IN (4, 5); UPDATE events SET id = CASE id WHEN -4 THEN 5 ELSE 4 END WHERE id < 0`,
			"event 4 is not the one that was written under this number: moved, or put in; event 5 is not the one that was written under this number: moved, or put in"},
		"one in the place of another": {`DELETE FROM events WHERE id = 6; INSERT INTO events SELECT 6, at, actor, what, case_id, plan_id, mail_id, detail, salt, sums, hash, leaf, destroyed FROM events WHERE id = 3`,
			"event 6 is not the one that was written under this number: moved, or put in"},
	}
	storetest.EachURL(t, func(t *testing.T, db *store.DB, dsn string) {
		written(t, db)
		storetest.Tamper(t, dsn, `CREATE TABLE whole AS SELECT * FROM events; CREATE TABLE whole_head AS SELECT * FROM event_head`)
		for name, c := range tampered {
			if c.how != "" {
				storetest.Tamper(t, dsn, c.how)
			}
			if got := said(verify(t, db)); got != c.says {
				t.Errorf("%s: got  %q\nwant %q", name, got, c.says)
			}
			storetest.Tamper(t, dsn, `DELETE FROM events; DELETE FROM event_head; INSERT INTO events SELECT * FROM whole; INSERT INTO event_head SELECT * FROM whole_head`)
		}
	})
}

// The tables refuse it in the first place.
func TestAppendOnly(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, db *store.DB, dsn string) {
		written(t, db)
		for _, how := range []string{
			`UPDATE events SET detail = '{}' WHERE id = 5`, `UPDATE events SET hash = '' WHERE id = 5`, `DELETE FROM events WHERE id = 5`, `DELETE FROM events`,
			`INSERT INTO events (at, actor, what, case_id, plan_id, mail_id, detail, hash) VALUES (1, 'a', 'w', 0, 0, 0, '{}', '')`,
			`INSERT INTO events (id, at, actor, what, case_id, plan_id, mail_id, detail, hash) VALUES (3, 1, 'a', 'w', 0, 0, 0, '{}', 'x')`,
		} {
			if err := storetest.Behind(t, dsn, how); err == nil {
				t.Errorf("%s: nobody minds", how)
			}
		}
		for _, how := range []string{`INSERT OR REPLACE INTO events (id, at, actor, what, case_id, plan_id, mail_id, detail, hash) VALUES (3, 1, 'a', 'w', 0, 0, 0, '{}', 'x')`, `TRUNCATE events`} {
			if err := storetest.Behind(t, dsn, how); err == nil { // each is no SQL for one of the two
				t.Errorf("%s: nobody minds", how)
			}
		}
		if r := verify(t, db); !r.OK() || r.Events != 10 || r.Head.Event != 10 {
			t.Errorf("%+v", r)
		}
	})
}

// Who can write the whole chain anew cannot write the head that somebody kept elsewhere.
func TestHeadKeptElsewhere(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, db *store.DB, dsn string) {
		written(t, db)
		kept := verify(t, db).Head.Hash
		write := func() {
			storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error {
				return tx.AddEvent(ctx, bot.Event{Actor: bot.System, What: "later"})
			})
		}
		write()
		if r := verify(t, db, kept); !r.OK() || r.Heads != 1 {
			t.Errorf("a head of before is in the chain: %s", said(r))
		}
		// The end is cut off with its head, and the history goes on.
		storetest.Tamper(t, dsn, `DELETE FROM events WHERE id > 8; UPDATE event_head SET n = 8, hash = (SELECT hash FROM events WHERE id = 8)`)
		write()
		if r := verify(t, db); !r.OK() {
			t.Errorf("nothing in the database tells: %s", said(r))
		}
		if got := said(verify(t, db, kept)); got != "the head "+kept+" was kept, and is not in this chain: events were taken away or written anew" {
			t.Errorf("got %q", got)
		}
	})
}

// One byte of the file itself, wherever in an event it lies.
func TestOneByteOfTheFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := dir + "/vanthu.db"
	open := func() *store.DB {
		db, err := store.Open(t.Context(), "sqlite:"+name, "", time.Now)
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	db := open()
	written(t, db)
	links := make(map[int64]store.Link)
	if _, err := db.Links(t.Context(), 0, func(l store.Link) { links[l.ID] = l }); err != nil {
		t.Fatal(err)
	}
	db.Close()
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	l := links[5]
	for group, text := range map[string]string{"detail": "row 05", "what": "what_05", "hash": l.Hash, "sums": l.Sums, "detail ": l.Salt} {
		at := strings.LastIndex(string(whole), text) // the record is behind what the page held before
		for i := range len(text) {
			flipped := []byte(string(whole))
			flipped[at+i] ^= 1
			if err := os.WriteFile(name, flipped, 0o600); err != nil {
				t.Fatal(err)
			}
			db := open()
			want := "event 5 was changed: " + strings.TrimSpace(group)
			if got := said(verify(t, db)); got != want && !strings.HasPrefix(got, want+",") {
				t.Errorf("byte %d of %s: %q", i, text, got)
			}
			db.Close()
		}
	}
}

// Ten processes write at once: one chain, no gap, no fork.
func TestOneChain(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, db *store.DB, dsn string) {
		const writers, each = 10, 20
		done := make(chan error, writers)
		for range writers {
			go func() {
				other, err := store.Open(t.Context(), dsn, "", time.Now)
				if err != nil {
					done <- err
					return
				}
				defer other.Close()
				for i := range each {
					err = other.Write(t.Context(), func(tx *store.Tx) error {
						if i%5 == 4 { // one that is rolled back leaves no gap
							return tx.AddEvent(t.Context(), bot.Event{Actor: bot.System, What: "twice"})
						}
						return tx.AddEvent(t.Context(), bot.Event{Actor: bot.System, What: "once"})
					})
					if err != nil {
						break
					}
					_ = other.Write(t.Context(), func(tx *store.Tx) error {
						_ = tx.AddEvent(t.Context(), bot.Event{Actor: bot.System, What: "never"})
						_, _ = tx.Events(t.Context(), 0)
						return context.Canceled
					})
				}
				done <- err
			}()
		}
		for range writers {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if r := verify(t, db); !r.OK() || r.Events != writers*each || r.Head.Event != writers*each {
			t.Errorf("%d events, head %d: %s", r.Events, r.Head.Event, said(r))
		}
	})
}

// A tail begins anywhere and takes the hash there as given.
func TestTail(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, db *store.DB, dsn string) {
		written(t, db)
		tail := func() string {
			c := audit.Tail(time.Time{})
			head, err := db.Links(t.Context(), 6, c.Add)
			if err != nil {
				t.Fatal(err)
			}
			r := c.End(head)
			return fmt.Sprint(r.From, r.Events, said(r))
		}
		if got := tail(); got != "7 4" {
			t.Error(got)
		}
		storetest.Tamper(t, dsn, `UPDATE events SET actor = 'x' WHERE id IN (3, 9)`)
		if got := tail(); got != "7 4event 9 was changed: actor" && got != "7 4 event 9 was changed: actor" {
			t.Error(got)
		}
	})
}

func TestHeads(t *testing.T) {
	t.Parallel()
	hash := strings.Repeat("0123456789abcdef", 4)
	for text, n := range map[string]int{
		hash: 1, " " + hash + "\r\n": 1, "": 0, "nothing": 0, hash[1:]: 0, strings.ToUpper(hash): 0,
		"head  12  26/11/2026 15:04  " + hash + "\nsomething\nhead  13  27/11/2026 15:04  " + hash + "\n": 2,
		"# head 12 2026-11-26T15:04:05+07:00 " + hash + "\n":                                              1,
		`{"at": "x", "head": {"event": 12, "hash": "` + hash + `"}}`:                                      1,
		"file " + hash + "\n": 0,
	} {
		heads, err := audit.Heads([]byte(text))
		if len(heads) != n || (err == nil) != (n > 0) {
			t.Errorf("%q: %v, %v", text, heads, err)
		}
	}
}

func FuzzHeads(f *testing.F) {
	hash := strings.Repeat("0123456789abcdef", 4)
	for _, seed := range []string{hash, "head  12  26/11/2026 15:04  " + hash + "\n", `{"head": {"event": 12, "hash": "` + hash + `"}}`, "head 1 "} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		heads, err := audit.Heads(data)
		if (err == nil) != (len(heads) > 0) {
			t.Errorf("%d heads, %v", len(heads), err)
		}
		for _, h := range heads {
			if len(h) != 64 || !strings.Contains(string(data), h) {
				t.Errorf("head %q", h)
			}
		}
	})
}
