package bot

import "time"

// AnswerKind names a letter.
type AnswerKind string

// The letters (M01 to M05 of the procedure's annex, and what stands between them).
const (
	Acknowledged  AnswerKind = "acknowledged"   // M01
	Defects       AnswerKind = "defects"        // M02: bad rows, good ones wait
	Returned      AnswerKind = "returned"       // M02: nothing usable, or something is missing
	ReturnedByUs  AnswerKind = "returned_by_us" // M02: an officer returns it with his reason
	CredentialsOf AnswerKind = "delivered"      // M03
	Reminder      AnswerKind = "reminder"       // M04
	Closing       AnswerKind = "closing"        // M05
	WithdrawnNote AnswerKind = "withdrawn"
	PartAccepted  AnswerKind = "part_accepted"
	BlankForm     AnswerKind = "blank_form"     // may belong to no case
	ConfirmSender AnswerKind = "confirm_sender" // belongs to no case: is that mail yours?
	StrangerNote  AnswerKind = "stranger_note"  // belongs to no case, says nothing of anybody
	AlreadyHere   AnswerKind = "already_here"   // the same list again: which case it is in, and how far that is
	ReceiptNoted  AnswerKind = "receipt_noted"  // what a unit said of its accounts, and what follows
	ReceiptAsked  AnswerKind = "receipt_asked"  // what a unit said of its accounts is in doubt: what to write
	OfficerNote   AnswerKind = "officer_note"   // answers a quarantined mail; may belong to no case
	Talk          AnswerKind = "talk"           // what a unit asked in words (wish.go); may belong to no case

	OnHold         AnswerKind = "on_hold"
	Resumed        AnswerKind = "resumed"
	SupersededNote AnswerKind = "superseded"

	// To officers; they belong to no case.
	ApprovalAsked   AnswerKind = "approval_asked"   // is this plan approved? with its document
	PlanDecided     AnswerKind = "plan_decided"     // what an approver's answer has done, to him and to the maker
	ApprovalUnclear AnswerKind = "approval_unclear" // why an approver's answer has done nothing
	DueNote         AnswerKind = "digest"           // M08: what is due
)

// The letters of a deletion (step 7); M07a is Acknowledged.
const (
	SuspendedNote AnswerKind = "suspended"        // M07b goes with it: who is suspended, and until when that can be undone
	EraseReminder AnswerKind = "erase_reminder"   // the days that are left
	RestoredNote  AnswerKind = "restored"         // access was given back
	ErasedNote    AnswerKind = "erased"           // M07c
	StopAsked     AnswerKind = "deletion_stopped" // to an officer: a unit wants a deletion stopped
)

// Unasked are the letters that no proven mail of a unit has just asked for: time or an officer wrote them, or a mail that may be
// anybody's led to them and has limits of its own. All others are what the brakes count.
func Unasked() []AnswerKind {
	return []AnswerKind{CredentialsOf, ReturnedByUs, Reminder, OfficerNote, ConfirmSender, StrangerNote, SuspendedNote, EraseReminder, RestoredNote, ErasedNote, StopAsked, OnHold, Resumed, SupersededNote,
		ApprovalAsked, PlanDecided, ApprovalUnclear, DueNote}
}

// Urgency is the order in which letters are sent when not all may go at once; 0 is first.
func (k AnswerKind) Urgency() int {
	switch k {
	case CredentialsOf, ReturnedByUs:
		return 1
	case Reminder, StrangerNote, DueNote:
		return 2
	default:
		return 0
	}
}

// An Answer is everything a letter may say; the letter takes what it needs.
type Answer struct {
	Kind       AnswerKind
	Step       string // its identity in the outbox: one answer for each step, whatever crashes
	Case       Case
	Unit       Unit
	To         string     // an officer's address, for letters within the office; "" the unit's first
	Request    Request    // as judged; for letters of the desk the rows and findings of the case
	Lists      []ListFile // the unit's own list files, to come back marked
	Reason     string     // an officer's words
	Template   string     // the prepared letter that an officer chose instead of words of his own
	At         time.Time
	Promise    Promise   // M01
	ConfirmDue time.Time // M03, M04
	Progress   Progress  // how far the case is, for letters after the first one
	Digest     *Digest   // of a DueNote
	Delivered  time.Time // M04
	Reminder   int       // M04: which one it is
	Made       int       // rows that became accounts
	Accounts   []NewAccount
	Notice     Notice // M03: the number under which the unit files it
	Thread     Thread
	Receipt    *ReceiptNote // of ReceiptNoted and ReceiptAsked
	Classes    []ClassCount // after delivery: where each class stands
	NotReset   []Row        // of CredentialsOf: rows that are still missing
	Again      bool         // of CredentialsOf: new passwords for accounts that were made before
	Groups     []ClassGroup // of CredentialsOf
	Changes    *Changes     // of a corrected list; nil: there was none before

	Talk   Asked // what the mail asked in words, and what is known of it
	Trial  bool  // of a Talk: Request and Lists are of a list that was only to be checked
	Unsure bool  // whether the list was to be checked only, or sent in

	// Of a deletion.
	SuspendBy time.Time    // M07a: the end of step 7
	EraseOn   time.Time    // M07a, M07b: the day on which what is suspended is erased
	Deletion  []CaseRow    // its rows as they stand
	Waits     map[int]bool // rows of it that are on hold or stopped

	// Of a mail whose sender is to be confirmed.
	Token    string `json:"-"` // also of a plan that is to be approved
	Mail     int64
	Received time.Time
	Files    int

	// Of a plan, to an officer.
	Plan      *Plan
	PlanCases map[string]Case // by number
	Person    string          // the officer's name
	Decider   string          // who has approved or refused it, by name
	Decision  PlanDecision
	Wrong     WrongApproval
}

// A Notice is the number and the day of a document (section VII.3), given once.
type Notice struct {
	Number string // "TB-2026-0007", "" none
	At     time.Time
	Again  bool // the case had one before: new passwords for rows that the unit missed
}

// A ListFile is one attachment of the unit that gave rows.
type ListFile struct {
	Name string
	Data []byte
}

// A NewAccount is one line of the credentials workbook. It never leaves memory unencrypted.
type NewAccount struct {
	Row      Row
	User     string
	Address  string
	Password []byte `json:"-"`
}

// A Thread is where an answer belongs (RFC 5322 §3.6.4). Ids have their angle brackets.
type Thread struct {
	InReplyTo  string
	References []string
	Subject    string // of the mail that is answered
}
