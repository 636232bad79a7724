package store_test

import (
	"context"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// A notice has one number and one document, however often its delivery is tried.
func TestNotice(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := addCase(t, db, 1, "2153010001")
		now := time.Date(2026, 12, 31, 18, 0, 0, 0, time.UTC) // next year at the desk
		db.Now = func() time.Time { now = now.Add(time.Hour); return now }
		var first bot.Notice
		for try := range 3 {
			storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error {
				n, err := tx.KeepNotice(ctx, c.ID, c.Number+" delivered")
				if try == 0 {
					first = n
				}
				if err != nil || n != first || n.Number != "TB-2027-0001" {
					t.Errorf("try %d: %+v, %v", try, n, err)
				}
				return tx.SaveNotice(ctx, c.ID, n, []byte{byte('a' + try)})
			})
		}
		storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error {
			n, err := tx.KeepNotice(ctx, c.ID, c.Number+" delivered again")
			if n.Number != "TB-2027-0002" || !n.Again {
				t.Errorf("again: %+v", n)
			}
			return err
		})
		kept := storetest.Read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.StoredNotice, error) { return tx.Notices(ctx, c.ID) })
		events := storetest.Read(t, db, func(ctx context.Context, tx *store.Tx) ([]bot.Event, error) { return tx.Events(ctx, c.ID) })
		if len(kept) != 2 || string(kept[0].Doc) != "a" || len(events) == 0 || events[len(events)-1].What != "notice_given" || events[len(events)-1].Detail["sha256"] != kept[0].Hash {
			t.Errorf("%+v, %+v", kept, events)
		}
	})
}
