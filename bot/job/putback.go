package job

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
)

// PutBack makes the jobs ready again that a process had in its hands when it died or froze. River itself does so only when a job
// has run for longer than any may. What two run at a time does no harm: each handler looks at its row first. A frozen process that
// wakes ends its job, or puts it off, whoever has it then (River asks for the state alone); when the other's try fails after that,
// the sweep finds the row.
func (r *Runner) PutBack(ctx context.Context, process string) error {
	if err := r.client.putBack(ctx, process); err != nil {
		return fmt.Errorf("job: put back: %w", err)
	}
	return nil
}

const putBackSet = 500

func (c *riverClient[TTx]) putBack(ctx context.Context, process string) error {
	exec := c.driver.GetExecutor()
	now := time.Now() //nolint:forbidigo // River times its jobs by the machine's clock
	horizon, after := now.Add(time.Hour), int64(0)
	queues := make(map[string]bool)
	for {
		running, err := exec.JobGetStuck(ctx, &riverdriver.JobGetStuckParams{AfterID: after, Max: putBackSet, StuckHorizon: horizon})
		if err != nil {
			return err
		}
		p := &riverdriver.JobRescueManyParams{StuckHorizon: horizon}
		for _, j := range running {
			after = j.ID
			if n := len(j.AttemptedBy); n == 0 || j.AttemptedBy[n-1] != process {
				continue
			}
			said, err := json.Marshal(rivertype.AttemptError{At: now.UTC(), Attempt: max(j.Attempt, 0), Error: "the process is gone"})
			if err != nil {
				return err
			}
			p.ID, p.Error, p.FinalizedAt = append(p.ID, j.ID), append(p.Error, said), append(p.FinalizedAt, nil)
			p.ScheduledAt, p.State = append(p.ScheduledAt, now), append(p.State, string(rivertype.JobStateAvailable))
			queues[j.Queue] = true
		}
		if len(p.ID) > 0 {
			if _, err := exec.JobRescueMany(ctx, p); err != nil {
				return err
			}
		}
		if len(running) < putBackSet {
			break
		}
	}
	if len(queues) == 0 || !c.driver.SupportsListenNotify() {
		return nil
	}
	rings := &riverdriver.NotifyManyParams{Topic: "river_insert"}
	for _, queue := range slices.Sorted(maps.Keys(queues)) {
		rings.Payload = append(rings.Payload, fmt.Sprintf(`{"queue": %q}`, queue))
	}
	return exec.NotifyMany(ctx, rings)
}
