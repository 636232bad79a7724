package store_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/audit"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

func verified(t *testing.T, db *store.DB) *audit.Report {
	t.Helper()
	c := audit.New(time.Time{}, nil)
	head, err := db.Links(t.Context(), 0, c.Add)
	if err != nil {
		t.Fatal(err)
	}
	return c.End(head)
}

// A history of an earlier version is chained when it is opened, and says so.
func TestAdoptedHistory(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, db *store.DB, dsn string) {
		store.Migrate(t, db, 8)
		for i := range 1203 {
			store.Exec(t, db, `INSERT INTO events (at, actor, what, case_id, plan_id, mail_id, detail) VALUES ($1, 'vanthu', 'old', 1, 0, 0, '{}')`, 1_700_000_000_000_000+i)
		}
		store.Exec(t, db, `DELETE FROM events WHERE id IN (1, 700)`) // a sequence has gaps
		store.Migrate(t, db, newest)
		store.Adopt(t, db)
		store.Adopt(t, db)
		r := verified(t, db)
		if !r.OK() || r.Events != 1202 || len(r.Adopted) != 1 || r.Adopted[0].From != 2 || r.Adopted[0].To != 1203 {
			t.Errorf("%d events, %+v: %+v", r.Events, r.Adopted, r.Faults)
		}
		storetest.Tamper(t, dsn, `UPDATE events SET at = at + 1 WHERE id = 701`)
		if got := verified(t, db).Faults; len(got) != 1 || got[0].Says() != "event 701 was changed: time" {
			t.Error(got)
		}
	})
}

// What it costs that all events are one chain: transactions with two events each, from eight at once.
func BenchmarkEvents(b *testing.B) {
	for name, open := range map[string]func() *store.DB{
		"SQLite":     func() *store.DB { return storetest.SQLite(b) },
		"PostgreSQL": func() *store.DB { return storetest.Postgres(b).Open(b) },
	} {
		b.Run(name, func(b *testing.B) {
			db := open()
			var n atomic.Int64
			b.SetParallelism(4)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					err := db.Write(b.Context(), func(tx *store.Tx) error {
						for range 2 {
							if err := tx.AddEvent(b.Context(), bot.Event{Actor: bot.System, What: "row_created", Case: n.Add(1), Detail: map[string]string{"row": fmt.Sprint(n.Load()), "platform": "ldap"}}); err != nil {
								return err
							}
						}
						return nil
					})
					if err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

// A million events are verified in bounded memory; go test -bench Verify -benchtime 1x says how long it takes.
func BenchmarkVerify(b *testing.B) {
	db := storetest.SQLite(b)
	const events, batch = 1_000_000, 20_000
	for range events / batch {
		storetest.Write(b, db, func(ctx context.Context, tx *store.Tx) error {
			for range batch {
				if err := tx.AddEvent(ctx, bot.Event{Actor: bot.System, What: "row_created", Case: 7, Detail: map[string]string{"row": "12", "platform": "ldap"}}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	b.ReportAllocs()
	for b.Loop() {
		c := audit.New(time.Time{}, nil)
		head, err := db.Links(b.Context(), 0, c.Add)
		if r := c.End(head); err != nil || !r.OK() || r.Events != events {
			b.Fatal(err, r.Events, r.Faults)
		}
	}
}
