package job_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"vanthu/bot/job"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// world is one database with its queue.
type world struct {
	db     *store.DB
	runner func(cfg job.Config) *job.Runner
}

func eachDatabase(t *testing.T, test func(t *testing.T, w world)) {
	storetest.EachURL(t, func(t *testing.T, db *store.DB, dsn string) {
		test(t, world{db, func(cfg job.Config) *job.Runner {
			var r *job.Runner
			var err error
			if file := db.SQLite(); file != nil {
				r, err = job.NewSQLite(t.Context(), file, cfg)
			} else {
				r, err = job.NewPostgres(t.Context(), dsn, "", cfg)
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(r.Close)
			return r
		}})
	})
}

// start builds a runner for one kind of job and starts it.
func (w world) start(t *testing.T, handler job.Handler, sweep ...store.Job) *job.Runner {
	t.Helper()
	r := w.runner(job.Config{Queues: []job.Queue{{Kind: "judge", Workers: 2, Handler: handler}}, Logger: slog.New(slog.DiscardHandler),
		Sweep: func(context.Context, bool) ([]store.Job, error) { return sweep, nil }})
	w.db.Enqueue, w.db.Wake = r.Enqueue, r.Wake
	if err := r.Start(context.WithoutCancel(t.Context()), true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return r
}

func wake(t *testing.T, db *store.DB, id int64, fail error) error {
	t.Helper()
	return db.Write(t.Context(), func(tx *store.Tx) error {
		tx.Wake("judge", id)
		return fail
	})
}

func await(t *testing.T, c <-chan int64, want int64) {
	t.Helper()
	select {
	case got := <-c:
		if got != want {
			t.Fatalf("woken for %d, want %d", got, want)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("nobody was woken for %d", want)
	}
}

func TestWorksWhatIsCommitted(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, w world) {
		done := make(chan int64, 8)
		w.start(t, func(_ context.Context, id int64) error { done <- id; return nil })
		if err := wake(t, w.db, 1, errors.New("rolled back")); err == nil {
			t.Fatal("committed")
		}
		if err := wake(t, w.db, 2, nil); err != nil {
			t.Fatal(err)
		}
		await(t, done, 2) // and not 1
	})
}

func TestTriesAgain(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, w world) {
		done := make(chan int64, 8)
		var mu sync.Mutex
		tries := 0
		w.start(t, func(_ context.Context, id int64) error {
			mu.Lock()
			defer mu.Unlock()
			switch tries++; tries {
			case 1:
				return job.Later(time.Millisecond)
			case 2:
				panic("a handler that panics costs its own job a try")
			}
			done <- id
			return nil
		})
		if err := wake(t, w.db, 7, nil); err != nil {
			t.Fatal(err)
		}
		await(t, done, 7)
	})
}

// What is asked for while the same job runs is looked at once more: that run may have looked before.
func TestWakesWhileItRuns(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, w world) {
		woken, goOn := make(chan int64, 10), make(chan struct{})
		w.start(t, func(_ context.Context, id int64) error {
			woken <- id
			<-goOn
			return nil
		})
		if err := wake(t, w.db, 7, nil); err != nil {
			t.Fatal(err)
		}
		await(t, woken, 7)
		for range 3 {
			if err := wake(t, w.db, 7, nil); err != nil {
				t.Fatal(err)
			}
		}
		close(goOn)
		await(t, woken, 7)
		if err := wake(t, w.db, 8, nil); err != nil {
			t.Fatal(err)
		}
		await(t, woken, 8) // three that ask alike are looked at once
	})
}

func TestStartWakesWhatWasLeft(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, w world) {
		done := make(chan int64, 8)
		w.start(t, func(_ context.Context, id int64) error { done <- id; return nil }, store.Job{Kind: "judge", ID: 5})
		await(t, done, 5)
	})
}

// A job that put its row off and died before that was written still looks as if it ran: nobody else would wake the row for
// minutes. Who begins alone wakes what was put off, too. Found by the soak, seed 15.
func TestStartWakesWhatWasPutOff(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, w world) {
		done := make(chan int64, 8)
		r := w.runner(job.Config{Logger: slog.New(slog.DiscardHandler),
			Queues: []job.Queue{{Kind: "judge", Workers: 1, Handler: func(_ context.Context, id int64) error { done <- id; return nil }}},
			Sweep: func(_ context.Context, later bool) ([]store.Job, error) {
				if !later {
					return nil, nil
				}
				return []store.Job{{Kind: "judge", ID: 7}}, nil
			}})
		if err := r.Start(context.WithoutCancel(t.Context()), true); err != nil {
			t.Fatal(err)
		}
		await(t, done, 7)
		if err := r.Sweep(t.Context()); err != nil { // each minute only what is due
			t.Error(err)
		}
		if err := r.Stop(context.Background()); err != nil || len(done) != 0 {
			t.Errorf("%v, woken %d times more", err, len(done))
		}
	})
}

// The clock was ahead and is set back: what was put off by it has a job that waits for hours. It is woken all the same, once.
func TestClockIsSetBack(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, w world) {
		done := make(chan int64, 8)
		r := w.start(t, func(_ context.Context, id int64) error {
			done <- id
			return job.Later(7 * time.Hour)
		}, store.Job{Kind: "judge", ID: 5})
		await(t, done, 5)
		if err := r.Sweep(t.Context()); err != nil { // the job of a start alone is no obstacle to another one, this one is
			t.Fatal(err)
		}
		await(t, done, 5)
		r.SweptAt(time.Now().Add(7 * time.Hour))
		if err := r.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		await(t, done, 5)
		if err := r.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := r.Stop(context.Background()); err != nil || len(done) != 0 {
			t.Errorf("%v, woken %d times more", err, len(done))
		}
	})
}

func TestStopWaitsForRunningWork(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, w world) {
		began, finish, done := make(chan int64, 1), make(chan struct{}), make(chan int64, 1)
		r := w.start(t, func(_ context.Context, id int64) error {
			began <- id
			<-finish
			done <- id
			return nil
		})
		if err := wake(t, w.db, 3, nil); err != nil {
			t.Fatal(err)
		}
		await(t, began, 3)
		stopped := make(chan error, 1)
		go func() { stopped <- r.Stop(context.Background()) }()
		close(finish)
		if err := <-stopped; err != nil {
			t.Fatal(err)
		}
		await(t, done, 3)
	})
}

// What a process had in its hands when it died or froze is another's as soon as somebody says so; what the frozen one then ends does
// no harm, and the jobs of others stay where they are.
func TestPutBack(t *testing.T) {
	t.Parallel()
	dsn := storetest.Postgres(t).URL(t)
	begin := func(id string, handler job.Handler) (*job.Runner, *store.DB) {
		t.Helper()
		db, err := store.Open(t.Context(), dsn, "", time.Now)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(db.Close)
		r, err := job.NewPostgres(t.Context(), dsn, "", job.Config{ID: id, Token: db.Token(), Logger: slog.New(slog.DiscardHandler),
			Queues: []job.Queue{{Kind: "judge", Workers: 1, Handler: handler}}, Sweep: func(context.Context, bool) ([]store.Job, error) { return nil, nil }})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(r.Close)
		db.Enqueue, db.Wake = r.Enqueue, r.Wake
		if err := r.Start(context.WithoutCancel(t.Context()), true); err != nil {
			t.Fatal(err)
		}
		return r, db
	}
	began, frozen := make(chan int64, 2), make(chan struct{})
	first, db := begin("host/1/a", func(_ context.Context, id int64) error {
		began <- id
		<-frozen
		return errors.New("it wakes and fails")
	})
	if err := wake(t, db, 7, nil); err != nil {
		t.Fatal(err)
	}
	await(t, began, 7)
	done := make(chan int64, 2)
	second, _ := begin("host/2/b", func(_ context.Context, id int64) error { done <- id; return nil })
	if err := second.PutBack(t.Context(), "host/3/c"); err != nil || len(done) > 0 {
		t.Errorf("of another process: %v, %d", err, len(done))
	}
	if err := second.PutBack(t.Context(), "host/1/a"); err != nil {
		t.Fatal(err)
	}
	await(t, done, 7)
	if err := second.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	close(frozen)
	if err := first.Stop(context.Background()); err != nil || len(done)+len(began) != 0 {
		t.Errorf("%v, done %d times more", err, len(done)+len(began))
	}
}
