package bot

import "time"

// Procedure is the one that this desk follows. Its arrows are code; what an edition of it says, its Definition, is data.
const Procedure = "QT.CNTT.03"

// A Definition is one edition of the procedure (FR-01). A case keeps the edition that it was opened under.
type Definition struct {
	Code    string // "QT.CNTT.03"
	Edition string // "01"
	Issued  string // "2018-11-26"
	VI, EN  string // its name
	Steps   []Step // in the order of the text
	Bases   []Basis
	Forms   []Form
}

// StepID names a step in data, configuration and on the command line.
type StepID string

// The steps of QT.CNTT.03. Its edition 01 numbers them from 1 to 7.
const (
	StepRequest  StepID = "request"   // the unit writes and sends; has no limit
	StepPlan     StepID = "plan"      // D2
	StepCheck    StepID = "check"     // D3
	StepCreate   StepID = "create"    // D4
	StepDeliver  StepID = "deliver"   // D5
	StepHandOver StepID = "hand_over" // D6
	StepDelete   StepID = "delete"    // D7
)

// StepIDs lists all steps in the order of the text.
func StepIDs() []StepID {
	return []StepID{StepRequest, StepPlan, StepCheck, StepCreate, StepDeliver, StepHandOver, StepDelete}
}

// A Step is one of the procedure, with its time limit.
type Step struct {
	ID      StepID
	Number  int // "Bước 4"
	VI, EN  string
	Whose   Whose
	Days    int  // the limit; 0: none
	Target  int  // when it should be done within the limit (Q8: 20 of 30); Days where the text names one number only
	Working bool // only working days count ("ngày làm việc"); plain "ngày" is a calendar day
}

// Whose says who has to do a step.
type Whose string

// Who may have to.
const (
	WhoseUnit   Whose = "unit"
	WhoseOffice Whose = "office"
)

// A Basis is a text that the procedure rests on (FR-04).
type Basis struct {
	Short, ShortEN string // "Quyết định 1336/QĐ-ĐHYDCT"
	VI, EN         string // the whole line, as in section III
	InLetters      bool   // named in the first answer; documents name all
}

// A Form is a sheet that the procedure asks for (Q1: no rule depends on its code).
type Form struct {
	Code, VI, EN string
}

// Step returns a step; the zero Step when the edition has none of that name.
func (d Definition) Step(id StepID) Step {
	for _, s := range d.Steps {
		if s.ID == id {
			return s
		}
	}
	return Step{}
}

// IssuedOn is the day of issue at midnight UTC.
func (d Definition) IssuedOn() time.Time {
	day, _ := time.Parse(time.DateOnly, d.Issued) // procedure.Parse lets no other through
	return day
}

// A Promise is what the first answer to a request says of its time: the last days by which the procedure has it checked and its
// accounts handed over, when every step takes the whole of its limit, and when the accounts are expected.
type Promise struct {
	Check    time.Time
	Expected time.Time // with the target of step 4 in the place of its limit
	Accounts time.Time
}
