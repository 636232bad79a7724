package bot

import "slices"

// State is where a case stands. Overdue and on hold are flags, not states.
type State string

// The states of a case (docs/states.md).
const (
	Received       State = "received"         // da_nhan: read and numbered, no bad rows
	WaitingUnit    State = "waiting_unit"     // yeu_cau_lam_lai: bad rows or a missing part; keeps its number
	InWork         State = "in_work"          // da_tiep_nhan: an officer has begun (checked or planned)
	Creating       State = "creating"         // dang_tao
	Created        State = "created"          // da_tao
	Delivered      State = "delivered"        // da_cap
	ReceivedByUnit State = "received_by_unit" // don_vi_da_nhan
	HandedOver     State = "handed_over"      // da_ban_giao
	Closed         State = "closed"           // dong
	Withdrawn      State = "withdrawn"        // rut
	Superseded     State = "superseded"       // thay_the
)

// States lists all states in the order of the procedure.
func States() []State {
	return []State{Received, WaitingUnit, InWork, Creating, Created, Delivered, ReceivedByUnit, HandedOver, Closed, Withdrawn, Superseded}
}

// Arrows is the one table of allowed moves. The CHECK constraint of the database holds the names, MayMove the arrows.
func Arrows() map[State][]State {
	return map[State][]State{
		Received:       {InWork, WaitingUnit, Withdrawn, Superseded},
		WaitingUnit:    {Received, WaitingUnit, Withdrawn, Superseded},
		InWork:         {Creating, WaitingUnit, Received, Withdrawn, Superseded},
		Creating:       {Created},
		Created:        {Delivered},
		Delivered:      {ReceivedByUnit, HandedOver},
		ReceivedByUnit: {HandedOver},
		HandedOver:     {Closed},
	}
}

// MayMove says whether a case in state from may go to state to.
func MayMove(from, to State) bool { return slices.Contains(Arrows()[from], to) }

// Move returns an error that a person understands when the arrow is not drawn.
func Move(from, to State) error {
	if MayMove(from, to) {
		return nil
	}
	return Errorf(Conflict, "a case that is %s cannot become %s", from, to)
}

// Open says whether the case still asks for something.
func (s State) Open() bool {
	switch s {
	case Closed, Withdrawn, Superseded:
		return false
	case Received, WaitingUnit, InWork, Creating, Created, Delivered, ReceivedByUnit, HandedOver:
		return true
	}
	return false
}
