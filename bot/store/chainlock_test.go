package store_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// Who reads the history in the middle of his work, his own events among it, holds nobody up: the head of the chain is the last thing
// that anybody waits for, else two writers would wait for each other.
func TestReadersOfTheHistoryDoNotLockIt(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var all sync.WaitGroup
		for writer := range 6 {
			all.Go(func() {
				for i := range 5 {
					if err := db.Write(context.WithoutCancel(t.Context()), func(tx *store.Tx) error {
						caseID := int64(10 + writer)
						if err := tx.AddEvent(t.Context(), bot.Event{Actor: bot.System, What: "one", Case: caseID, Detail: map[string]string{"row": "3"}}); err != nil {
							return err
						}
						if writer%2 == 0 {
							events, err := tx.Events(t.Context(), caseID)
							if err != nil {
								return err
							}
							if last := events[len(events)-1]; len(events) != 2*i+1 || last.What != "one" || last.Case != caseID || last.Detail["row"] != "3" || !last.At.Equal(tx.Now) {
								t.Errorf("%d events, the last %+v", len(events), last)
							}
						}
						if _, err := tx.SkipNumbers(t.Context(), []string{"YC"}, 1, nil); err != nil { // a row that everybody wants
							return err
						}
						return tx.AddEvent(t.Context(), bot.Event{Actor: bot.System, What: "two", Case: caseID})
					}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if r := verified(t, db); !r.OK() {
			t.Errorf("the history: %+v", r)
		}
	})
}

// The events of an earlier version are chained page by page: not all of them are looked at for each page, for there may be a million.
func TestAdoptGoesOnceThroughTheEvents(t *testing.T) {
	t.Parallel()
	db := storetest.SQLite(t)
	store.Migrate(t, db, 0, 1)
	firstVersion(t, db, time.Now())
	store.Exec(t, db, `INSERT INTO events (at, actor, what, case_id, plan_id, mail_id, detail)
		WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 1200) SELECT n, 'vanthu', 'old', 1, 0, 0, '{}' FROM s`)
	store.Migrate(t, db, newest)
	whole := 0
	store.Plans(t, db, func(query, plan string) {
		if strings.HasPrefix(query, "UPDATE events") && strings.HasPrefix(plan, "SCAN events") {
			whole++
		}
	})
	store.Adopt(t, db)
	if whole > 0 {
		t.Errorf("%d pages went through all events", whole)
	}
	if r := verified(t, db); !r.OK() || len(r.Adopted) != 1 {
		t.Errorf("the history: %+v", r)
	}
}
