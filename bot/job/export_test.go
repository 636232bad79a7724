package job

import "time"

// SweptAt pretends that the last sweep was then.
func (r *Runner) SweptAt(t time.Time) { r.swept = t }
