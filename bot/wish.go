package bot

import "time"

// WishKind is something that a unit may ask in words, and that is answered at once.
type WishKind string

// The wishes.
const (
	WishForm     WishKind = "form"     // the blank form (FR-35)
	WishStatus   WishKind = "status"   // how far a case is, or all open ones
	WishTrial    WishKind = "trial"    // to have a list checked before it is sent in: no case, no clock
	WishWithdraw WishKind = "withdraw" // to withdraw a case
	WishHelp     WishKind = "help"     // what may be asked
	WishOutside  WishKind = "outside"  // something that is not of this procedure (FR-03)
)

// A Topic is something outside this procedure.
type Topic string

// The topics outside (FR-03, Q12).
const (
	OutsidePassword   Topic = "password"
	OutsideRename     Topic = "rename"
	OutsideStaff      Topic = "staff"
	OutsideGraduation Topic = "graduation"
	OutsideReserved   Topic = "reserved"
	OutsideTransfer   Topic = "transfer"
)

// Topics lists all topics outside.
func Topics() []Topic {
	return []Topic{OutsidePassword, OutsideRename, OutsideStaff, OutsideGraduation, OutsideReserved, OutsideTransfer}
}

// A Wish is one thing that a unit asks in words.
type Wish struct {
	Kind  WishKind `json:"kind"`
	Cases []string `json:"cases,omitempty"` // numbers that it names
	Topic Topic    `json:"topic,omitempty"` // of WishOutside
}

// An Asked is what a mail asked in words, and what is known of it.
type Asked struct {
	Wishes   []Wish
	Unclear  []string // in the unit's words, what was not understood: an officer sees it
	Status   []CaseStatus
	Unknown  []string // numbers that the mail names and this unit has no case of
	Refused  string   // number of the case that is not withdrawn any more, "" none
	Which    bool     // a case is to be withdrawn, and it is not said which
	NoList   bool     // a list is to be checked, and there is none
	NoLetter bool     // the list that was checked came without its letter
}

// Asks says whether one of the wishes is of that kind.
func (c Asked) Asks(kind WishKind) bool {
	for _, w := range c.Wishes {
		if w.Kind == kind {
			return true
		}
	}
	return false
}

// A CaseStatus is how far a case is, for the unit that sent it.
type CaseStatus struct {
	Number     string
	Kind       Kind
	State      State
	ReceivedAt time.Time
	Rows, Good int
	CreateBy   time.Time // step 4; zero: not said
	Progress   Progress
	EraseAt    time.Time // step 7; zero: not said
	HeldSince  time.Time // on hold; zero: it is not
}
