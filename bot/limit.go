package bot

import "time"

// A Limit is one step of one case against its time limit.
type Limit struct {
	Step    Step      `json:"step"`
	Whose   Whose     `json:"whose"`            // of step 7 the unit's part, decision to mail, has a clock of its own (Q10)
	Round   int       `json:"round"`            // 1; 2 and more when accounts were made anew for rows that the unit missed
	Started time.Time `json:"started,omitzero"` // zero: not known yet; it may lie ahead
	Target  time.Time `json:"target,omitzero"`  // before Due, where the text names two numbers (Q8)
	Due     time.Time `json:"due,omitzero"`     // zero: not known yet, or on hold
	Done    Stamp     `json:"done,omitzero"`
	Used    int       `json:"used"` // days that have run, holds left out
	Left    int       `json:"left"` // days until it is due; on hold: those that remain
	Over    int       `json:"over"` // days after it was due
	Held    bool      `json:"held"` // its clock stands still
	Stage   Stage     `json:"stage"`
}

// Stage is how far a limit has run.
type Stage string

// The stages of a limit, those of one that runs in their order.
const (
	StageAhead   Stage = "ahead"   // has not begun
	StageRuns    Stage = "runs"    //
	StageHalf    Stage = "half"    // half of its days have run
	StageNear    Stage = "near"    // 80 % have
	StageDue     Stage = "due"     // this is the last day
	StageOverdue Stage = "overdue" //
	StageHeld    Stage = "held"    // on hold
	StageOnTime  Stage = "on_time" // done
	StageLate    Stage = "late"    // done too late
)

// Runs says whether the limit runs, and somebody has something to do.
func (s Stage) Runs() bool { return s.Urgency() > 0 }

// Urgency orders the stages of a limit that runs; 0 for all others.
func (s Stage) Urgency() int {
	switch s {
	case StageRuns:
		return 1
	case StageHalf:
		return 2
	case StageNear:
		return 3
	case StageDue:
		return 4
	case StageOverdue:
		return 5
	case StageAhead, StageHeld, StageOnTime, StageLate:
	}
	return 0
}

// A Progress says to a unit how far its case is: the step that runs, the day of its limit, and what was promised.
type Progress struct {
	Step     Step      // zero: none runs
	Day, Of  int       // "ngày thứ 12 trên 30"
	Over     int       // days past the limit; Day and Of say nothing then
	Promised time.Time // zero: nothing was, or it is done
}

// ProgressOf says how far a case is.
func ProgressOf(c Case, limits []Limit) Progress {
	p := Progress{Promised: c.Promised}
	for _, l := range limits {
		if l.Step.ID == StepHandOver || !l.Stage.Runs() { // the last step is the unit's own
			continue
		}
		p.Step, p.Day, p.Of, p.Over = l.Step, l.Used, l.Used+l.Left, l.Over
		return p
	}
	return p
}
