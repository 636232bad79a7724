//go:build e2e

package e2e

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// settle waits until nothing is left to be done: a sweep that began after what was done last is over, and so is each job that
// was there then; and once more for what those have left. What waits for its day has a job at each sweep, and goes on waiting.
func (s *tale) settle() {
	s.t.Helper()
	if s.serving == nil {
		return
	}
	if s.app == nil {
		s.app = s.open()
		s.queue = s.openQueue()
	}
	why := ""
	defer func() {
		if why != "" {
			s.t.Logf("not settled: %s", why)
		}
	}()
	for range 2 {
		since, last := s.inPlay(time.Now()), int64(-1)
		s.await("the story to settle", time.Minute, func() bool {
			if last < 0 {
				if why = s.noSweep(since); why != "" {
					return false
				}
				check(s.t, s.queue.QueryRowContext(s.t.Context(), "SELECT coalesce(max(id), 0) FROM river_job").Scan(&last))
			}
			why = s.unrest(last)
			return why == ""
		})
	}
}

// inPlay is what time the program thinks it is (cmd/vanthu/clock_stepped.go).
func (s *tale) inPlay(at time.Time) time.Time { return s.now.Add(at.Sub(s.stepped) / 100) }

// openQueue opens the table of the queue, to see whether anybody works.
func (s *tale) openQueue() *sql.DB {
	driver, dsn := "sqlite", "file:"+filepath.Join(s.dir, "vanthu.db")+"?mode=ro&_pragma=busy_timeout(10000)"
	if s.database == "postgres" {
		driver, dsn = "pgx", s.app.Config.Store.DSN()
	}
	db, err := sql.Open(driver, dsn)
	check(s.t, err)
	s.t.Cleanup(func() { _ = db.Close() })
	return db
}

// noSweep says that there was no sweep since.
func (s *tale) noSweep(since time.Time) string {
	text, err := os.ReadFile(s.clock + ".swept")
	if err != nil {
		return err.Error()
	}
	if began, err := time.Parse(time.RFC3339Nano, string(text)); err != nil || !began.After(since) {
		return "no sweep since"
	}
	return ""
}

// unrest says what is still to be done, of the jobs up to the one with that id; "" nothing. A job that was put off says nothing:
// the letter that it is about may be in the hands of another, and is looked at below.
func (s *tale) unrest(last int64) string {
	jobs, what := 0, "json(args) || ' ' || coalesce(json(errors), '')"
	if s.database == "postgres" {
		what = "args::text || ' ' || coalesce(errors::text, '')"
	}
	var work string
	if err := s.queue.QueryRowContext(s.t.Context(), `SELECT count(*), coalesce(max(work), '') FROM (SELECT state || ' ' || `+what+` AS work
		FROM river_job WHERE id <= $1 AND state IN ('available', 'pending', 'running', 'retryable')) AS live`, last).Scan(&jobs, &work); err != nil {
		return err.Error()
	}
	if jobs > 0 {
		return fmt.Sprintf("%d jobs: %s", jobs, work)
	}
	var why string
	letters := 0
	err := s.app.DB.Read(s.t.Context(), func(tx *store.Tx) error {
		ctx := s.t.Context()
		counts, err := tx.CountMails(ctx)
		unfiled, err2 := tx.Unfiled(ctx, 1)
		all, err3 := tx.Letters(ctx, 0)
		created, err4 := tx.Cases(ctx, bot.Created) // to be delivered at once
		if err := errors.Join(err, err2, err3, err4); err != nil {
			return err
		}
		total := 0
		for _, n := range counts {
			total += n
		}
		switch {
		case total < s.arrived:
			why = fmt.Sprintf("%d of %d mails have come", total, s.arrived)
		case counts[""] > 0 || len(unfiled) > 0:
			why = "mails are judged or filed"
		case len(created) > 0:
			why = created[0].Number + " is to be delivered"
		}
		for _, l := range all {
			if l.State == store.LetterSent {
				letters++
				continue
			}
			why = fmt.Sprintf("%s to %s is %s", l.Kind, l.To, l.State)
		}
		return nil
	})
	if err != nil {
		return err.Error()
	}
	if why != "" {
		return why
	}
	delivered := 0
	for name, box := range s.boxes {
		if name != "cntt" {
			delivered += box.count("INBOX")
		}
	}
	if delivered < letters {
		return fmt.Sprintf("%d of %d letters are delivered", delivered, letters)
	}
	return ""
}
