// Package job is the wiring of River (riverqueue.com): jobs are inserted in the transaction of the state that they follow
// and only wake somebody up. The row is the truth: every handler looks at it first and is harmless when run twice, and a
// sweep at start and each minute wakes whatever is due and has no live job.
//
// It must not know what the handlers do.
package job

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"vanthu/bot/store"
)

// A Handler does what is due for the row with that id. Later(d) puts it off, any other error is tried again with a
// growing pause.
type Handler func(ctx context.Context, id int64) error

// A Queue says who works on one kind of job.
type Queue struct {
	Kind    string
	Workers int
	Handler Handler
}

// Config is what a Runner works on.
type Config struct {
	Queues []Queue
	// Sweep returns what is due; with later also what was put off.
	Sweep  func(ctx context.Context, later bool) ([]store.Job, error)
	Logger *slog.Logger
	ID     string // of this process among several; "": the queue's own choice
	Token  string // of its connections to PostgreSQL
}

// A Runner inserts and, once started, works jobs.
type Runner struct {
	client client
	bell   *bell // SQLite only
	kinds  map[string]bool
	sweep  func(ctx context.Context, later bool) ([]store.Job, error)
	close  func()
	swept  time.Time // by the clock on the wall
}

// Close gives the connections back. Stop must have returned, or Start never been called.
func (r *Runner) Close() { r.close() }

// client is the part of River that is the same for both databases.
type client interface {
	insertTx(ctx context.Context, tx *store.Tx, params []river.InsertManyParams) error
	insert(ctx context.Context, params []river.InsertManyParams) error
	start(ctx context.Context) error
	stop(ctx context.Context) error
	putBack(ctx context.Context, id string) error
}

// timeout bounds one run of a handler; a job that was running when its process was killed is rescued a little later.
const timeout = 5 * time.Minute

// wake is the one job there is: look at the row What/ID.
type wake struct {
	What  string `json:"what"`
	ID    int64  `json:"id"`
	Again bool   `json:"again,omitempty"` // asked for while the same job ran
}

func (wake) Kind() string { return "wake" }

type worker struct {
	river.WorkerDefaults[wake]
	handlers map[string]Handler
}

func (w *worker) Work(ctx context.Context, job *river.Job[wake]) error {
	handler := w.handlers[job.Args.What]
	if handler == nil {
		return river.JobCancel(fmt.Errorf("job: nobody handles %q", job.Args.What))
	}
	err := handler(ctx, job.Args.ID)
	if later, ok := errors.AsType[Later](err); ok {
		return river.JobSnooze(time.Duration(later))
	}
	return err
}

// longest is the longest pause after a failure. River's own grows to days; what failed because a server was away must go on
// soon after it is back.
const longest = time.Minute

// NextRetry is when a job that failed is tried again: after a second, then later and later.
func (w *worker) NextRetry(job *river.Job[wake]) time.Time {
	now := time.Now() //nolint:forbidigo // River times its jobs by the machine's clock
	return now.Add(min(time.Second<<min(max(job.Attempt, 1)-1, 10), longest))
}

// Later puts a job off.
type Later time.Duration

func (l Later) Error() string { return "later: " + time.Duration(l).String() }

// NewSQLite returns a Runner on the writing connection of a SQLite database.
func NewSQLite(ctx context.Context, db *sql.DB, cfg Config) (*Runner, error) {
	driver := newSQLiteDriver(db)
	c, err := newClient(ctx, driver, cfg, func(tx *store.Tx) (*sql.Tx, error) { return tx.SQL(), nil })
	if err != nil {
		return nil, err
	}
	return newRunner(c, driver.bell, cfg), nil
}

// NewPostgres returns a Runner with connections of its own; any number of processes share its queue.
func NewPostgres(ctx context.Context, dsn, password string, cfg Config) (*Runner, error) {
	pool, err := store.Postgres(ctx, dsn, password, cfg.Token)
	if err != nil {
		return nil, err
	}
	c, err := newClient(ctx, riverpgxv5.New(pool), cfg, func(tx *store.Tx) (pgx.Tx, error) {
		conn, err := tx.Pgx()
		return &pgxTx{conn}, err
	})
	if err != nil {
		pool.Close()
		return nil, err
	}
	r := newRunner(c, nil, cfg)
	r.close = pool.Close
	return r, nil
}

func newRunner(c client, b *bell, cfg Config) *Runner {
	kinds := make(map[string]bool)
	for _, q := range cfg.Queues {
		kinds[q.Kind] = true
	}
	return &Runner{client: c, bell: b, kinds: kinds, sweep: cfg.Sweep, close: func() {}}
}

// Enqueue inserts jobs inside tx; it is the store's Enqueue function. Kinds without a queue are left to their own loops.
func (r *Runner) Enqueue(ctx context.Context, tx *store.Tx, jobs []store.Job) error {
	params := r.params(jobs, true)
	if len(params) == 0 {
		return nil
	}
	return r.client.insertTx(ctx, tx, params)
}

// Wake rings for jobs that have just been committed. PostgreSQL rings by itself.
func (r *Runner) Wake(jobs []store.Job) {
	if r.bell == nil {
		return
	}
	for _, j := range jobs {
		r.bell.ring(j.Kind)
	}
}

// Start begins to work, after waking everything that was left when the last process ended. alone says that no other
// process works on this database: what looks as if it ran is then known to be dead, and is woken too.
func (r *Runner) Start(ctx context.Context, alone bool) error {
	jobs, err := r.sweep(ctx, alone)
	if err != nil {
		return err
	}
	if err := r.client.insert(ctx, r.params(jobs, !alone)); err != nil {
		return err
	}
	return r.client.start(ctx)
}

// Sweep wakes whatever is due and has no live job. When the clock was set back, jobs that were put in before wait until it has
// caught up, for hours perhaps: then everything that is due is woken whether it has a job or not. It is called by one goroutine.
func (r *Runner) Sweep(ctx context.Context) error {
	now := time.Now().Round(0) //nolint:forbidigo // River times its jobs by the machine's clock; Round takes the monotonic reading away
	back := now.Before(r.swept.Add(-time.Minute))
	jobs, err := r.sweep(ctx, false)
	if err == nil {
		err = r.client.insert(ctx, r.params(jobs, !back))
	}
	if err == nil {
		r.swept = now
		r.Wake(jobs)
	}
	return err
}

// Stop takes no new job and waits for the running ones until ctx ends; then they are cancelled and put back.
func (r *Runner) Stop(ctx context.Context) error { return r.client.stop(ctx) }

func (r *Runner) params(jobs []store.Job, unique bool) []river.InsertManyParams {
	var params []river.InsertManyParams
	for _, j := range jobs {
		if !r.kinds[j.Kind] {
			continue
		}
		opts := &river.InsertOpts{Queue: j.Kind}
		if unique {
			opts.UniqueOpts = river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending,
				rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled}}
		}
		params = append(params, river.InsertManyParams{Args: wake{What: j.Kind, ID: j.ID}, InsertOpts: opts})
	}
	return params
}

// riverClient is River for one kind of transaction.
type riverClient[TTx any] struct {
	*river.Client[TTx]
	unwrap func(*store.Tx) (TTx, error)
	driver riverdriver.Driver[TTx]
}

func newClient[TTx any](ctx context.Context, driver riverdriver.Driver[TTx], cfg Config, unwrap func(*store.Tx) (TTx, error)) (client, error) {
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: cfg.Logger})
	if err != nil {
		return nil, fmt.Errorf("job: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, fmt.Errorf("job: migrations: %w", err)
	}
	rc := &river.Config{
		ID:                          cfg.ID,
		Logger:                      cfg.Logger,
		FetchCooldown:               2 * time.Millisecond,
		FetchPollInterval:           5 * time.Second, // for jobs of other processes on SQLite, and behind every bell
		JobTimeout:                  timeout,
		RescueStuckJobsAfter:        timeout + time.Minute,
		CompletedJobRetentionPeriod: time.Hour, // the history is in events
	}
	workers := river.NewWorkers()
	w := &worker{handlers: make(map[string]Handler)}
	for _, q := range cfg.Queues {
		if q.Handler == nil {
			continue
		}
		if rc.Queues == nil {
			rc.Queues = make(map[string]river.QueueConfig)
		}
		w.handlers[q.Kind] = q.Handler
		rc.Queues[q.Kind] = river.QueueConfig{MaxWorkers: q.Workers}
	}
	if rc.Queues != nil {
		if err := river.AddWorkerSafely(workers, w); err != nil {
			return nil, fmt.Errorf("job: %w", err)
		}
		rc.Workers = workers
	}
	c, err := river.NewClient(driver, rc)
	if err != nil {
		return nil, fmt.Errorf("job: %w", err)
	}
	return &riverClient[TTx]{Client: c, unwrap: unwrap, driver: driver}, nil
}

func (c *riverClient[TTx]) insertTx(ctx context.Context, tx *store.Tx, params []river.InsertManyParams) error {
	inner, err := c.unwrap(tx)
	if err != nil {
		return err
	}
	inserted, err := c.InsertManyTx(ctx, inner, params)
	if again := missed(params, inserted); err == nil && len(again) > 0 {
		_, err = c.InsertManyTx(ctx, inner, again)
	}
	return err
}

// missed are the jobs that were not inserted because the same job runs: that run may have looked at its row before. Each is
// looked at once more a moment later; otherwise it would wait for the sweep.
func missed(params []river.InsertManyParams, inserted []*rivertype.JobInsertResult) (again []river.InsertManyParams) {
	soon := time.Now().Add(time.Second) //nolint:forbidigo // River times its jobs by the machine's clock
	for i, r := range inserted {
		args, ok := params[i].Args.(wake)
		if !ok || !r.UniqueSkippedAsDuplicate || r.Job.State != rivertype.JobStateRunning {
			continue
		}
		args.Again = true
		opts := *params[i].InsertOpts
		opts.ScheduledAt = soon
		again = append(again, river.InsertManyParams{Args: args, InsertOpts: &opts})
	}
	return again
}

func (c *riverClient[TTx]) insert(ctx context.Context, params []river.InsertManyParams) error {
	for len(params) > 0 {
		set := params[:min(200, len(params))]
		params = params[len(set):]
		if _, err := c.InsertMany(ctx, set); err != nil {
			return fmt.Errorf("job: %w", err)
		}
	}
	return nil
}

func (c *riverClient[TTx]) start(ctx context.Context) error { return c.Client.Start(ctx) }

// stop waits for running jobs while ctx lasts, then cancels them.
func (c *riverClient[TTx]) stop(ctx context.Context) error {
	err := c.Client.Stop(ctx)
	if err == nil || !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return c.StopAndCancel(hard)
}
