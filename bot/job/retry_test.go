package job

import (
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// What failed because a server was away goes on soon after it is back, however long it was away.
func TestPausesStayShort(t *testing.T) {
	t.Parallel()
	before := time.Duration(0)
	for attempt := range 30 {
		now := time.Now()
		pause := (&worker{}).NextRetry(&river.Job[wake]{JobRow: &rivertype.JobRow{Attempt: attempt}}).Sub(now)
		if pause < time.Second || pause > longest+time.Second || pause < before-time.Second {
			t.Errorf("attempt %d: %s after %s", attempt, pause, before)
		}
		before = pause
	}
}
