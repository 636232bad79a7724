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
	Suspending     State = "suspending"       // dang_khoa: a deletion (step 7) begins
	Suspended      State = "suspended"        // da_tam_khoa: the window in which it can be undone
	Erasing        State = "erasing"          // dang_xoa
	Closed         State = "closed"           // dong
	Withdrawn      State = "withdrawn"        // rut
	Superseded     State = "superseded"       // thay_the
)

// States lists all states in the order of the procedure.
func States() []State {
	return []State{Received, WaitingUnit, InWork, Creating, Created, Delivered, ReceivedByUnit, HandedOver, Suspending, Suspended, Erasing,
		Closed, Withdrawn, Superseded}
}

// Arrows is the one table of allowed moves of a case of that kind: a deletion goes another way than a request for accounts. The
// CHECK constraint of the database holds the names, MayMove the arrows.
func Arrows(kind Kind) map[State][]State {
	arrows := map[State][]State{
		Received:    {InWork, WaitingUnit, Withdrawn, Superseded},
		WaitingUnit: {Received, WaitingUnit, Withdrawn, Superseded},
	}
	if kind == DeletionRequest {
		arrows[InWork] = []State{Suspending, WaitingUnit, Received, Withdrawn, Superseded}
		arrows[Suspending] = []State{Suspended}
		arrows[Suspended] = []State{Erasing, Closed} // closed: everybody was restored
		arrows[Erasing] = []State{Closed, Suspended} // suspended: somebody of it was put on hold meanwhile
		return arrows
	}
	arrows[InWork] = []State{Creating, WaitingUnit, Received, Withdrawn, Superseded}
	arrows[Creating] = []State{Created}
	arrows[Created] = []State{Delivered}
	arrows[Delivered] = []State{ReceivedByUnit, HandedOver, Creating} // creating again: new passwords for rows that the unit misses
	arrows[ReceivedByUnit] = []State{HandedOver, Creating}
	arrows[HandedOver] = []State{Closed}
	return arrows
}

// MayMove says whether a case of that kind in state from may go to state to.
func MayMove(kind Kind, from, to State) bool { return slices.Contains(Arrows(kind)[from], to) }

// Move returns an error that a person understands when the arrow is not drawn.
func Move(kind Kind, from, to State) error {
	if MayMove(kind, from, to) {
		return nil
	}
	return Errorf(Conflict, "a case that is %s cannot become %s", from, to)
}

// Open says whether the case still asks for something.
func (s State) Open() bool {
	switch s {
	case Closed, Withdrawn, Superseded:
		return false
	case Received, WaitingUnit, InWork, Creating, Created, Delivered, ReceivedByUnit, HandedOver, Suspending, Suspended, Erasing:
		return true
	}
	return false
}

// RowState is where a row of a case stands.
type RowState string

// The states of a row (procedure 1.5).
const (
	RowGood      RowState = "good"      // hop_le
	RowWarned    RowState = "warned"    // canh_bao
	RowBad       RowState = "bad"       // bi_tra
	RowCreated   RowState = "created"   // da_tao
	RowDelivered RowState = "delivered" // da_cap
	RowMissing   RowState = "missing"   // the unit says that it has not got it, or cannot use it (step 6)
	RowSuspended RowState = "suspended" // tam_khoa
	RowRestored  RowState = "restored"  // a deletion was undone within its window
	RowErased    RowState = "erased"    // da_xoa
)

// RowStates lists all states of a row in the order of the procedure.
func RowStates() []RowState {
	return []RowState{RowGood, RowWarned, RowBad, RowCreated, RowDelivered, RowMissing, RowSuspended, RowRestored, RowErased}
}

// RowArrows is the table of allowed moves of a row. A corrected list does not move rows: it replaces them.
func RowArrows() map[RowState][]RowState {
	return map[RowState][]RowState{
		RowGood:      {RowCreated, RowSuspended, RowBad},
		RowWarned:    {RowCreated, RowSuspended, RowBad},
		RowCreated:   {RowDelivered},
		RowDelivered: {RowMissing},
		RowMissing:   {RowCreated, RowDelivered}, // delivered: found after all
		RowSuspended: {RowErased, RowRestored},
	}
}

// MoveRow returns an error that a person understands when the arrow is not drawn. Staying is no move.
func MoveRow(from, to RowState) error {
	if from == to || slices.Contains(RowArrows()[from], to) {
		return nil
	}
	return Errorf(Conflict, "a row that is %s cannot become %s", from, to)
}

// AccountState is what has become of an account.
type AccountState string

// The states of an account in the register. A deleted one keeps its address for ever: no address is given twice (Q17).
const (
	AccountLives     AccountState = ""                   // nothing is known but that the platform has it
	AccountNew       AccountState = "new"                // moi: made, its password not yet handed to the unit
	AccountHandedOut AccountState = "waits_for_password" // cho_doi_mat_khau: its initial password is with the unit
	AccountActive    AccountState = "active"             // hoat_dong: the platform says that the password was changed
	AccountSuspended AccountState = "suspended"          // tam_khoa
	AccountDeleted   AccountState = "deleted"            // da_xoa
)

// AccountStates lists the states of the register.
func AccountStates() []AccountState {
	return []AccountState{AccountNew, AccountHandedOut, AccountActive, AccountSuspended, AccountDeleted}
}

// AccountArrows is the table of allowed moves of an account. Back to "new" it goes when its password is made anew.
func AccountArrows() map[AccountState][]AccountState {
	return map[AccountState][]AccountState{
		AccountNew:       {AccountHandedOut, AccountSuspended},
		AccountHandedOut: {AccountActive, AccountNew, AccountSuspended},
		AccountActive:    {AccountNew, AccountSuspended},
		AccountSuspended: {AccountDeleted, AccountActive, AccountHandedOut, AccountNew}, // restored: as it was before
	}
}

// MoveAccount returns an error that a person understands when the arrow is not drawn. Staying is no move.
func MoveAccount(from, to AccountState) error {
	if from == to || slices.Contains(AccountArrows()[from], to) {
		return nil
	}
	return Errorf(Conflict, "an account that is %s cannot become %s", from, to)
}
