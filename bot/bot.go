// Package bot is the desk's language: the case, its rows, what a rule finds, who may act, and the arrows that
// QT.CNTT.03 allows between states. It imports only the standard library; everything else under bot imports it.
//
// It must not know how anything is stored, mailed, parsed or shown.
package bot

import (
	"slices"
	"time"
)

// ICT is the clock on the wall of the office, and the time zone of every limit and date: UTC+7 without summer time. A fixed zone, so
// that a machine without zone files counts the same.
var ICT = time.FixedZone("Asia/Ho_Chi_Minh", 7*60*60) // read-only

// A Unit is an office that may send requests (FR-08).
type Unit struct {
	ID        string   // "CTSV"
	Name      string   // "Phòng Công tác sinh viên"
	Aliases   []string // other spellings found on letters (Q19)
	Addresses []string // mailboxes entitled to ask, lower case; the first gets the mails
	Confirm   bool     // its mail server signs nothing: an unproven mail is confirmed by answering a letter to the first address
	Signers   []string // whose digital signatures count as the unit's: addresses or common names of certificates
}

// An Officer works in Phòng CNTT. Login is the operating-system user that may act as the officer.
type Officer struct {
	ID       string // "lan"
	Name     string
	Login    string
	Approver bool   // may approve plans (Q7)
	Address  string // his own mailbox, lower case; "" none: he is told nothing by mail
	Head     bool   // trưởng phòng: told what his officers let pass
}

// An Actor is who did something: "unit:CTSV", "officer:lan", "vanthu" itself.
type Actor string

// System is vanthu acting by itself.
const System Actor = "vanthu"

// Kind is what a mail or a case asks for; the words are those of `vanthu check --json`.
type Kind string

// The kinds of mail. Only AccountRequest opens a case in this edition.
const (
	AccountRequest  Kind = "account_request"
	DeletionRequest Kind = "deletion_request"
	Confirmation    Kind = "confirmation" // "Đã nhận đủ", "Đã bàn giao", "Đồng ý cấp phần hợp lệ"
	Incident        Kind = "incident"
	Conversation    Kind = "conversation"
	FormRequest     Kind = "form_request"  // "Cho em xin mẫu BM-CNTT31"
	Question        Kind = "question"      // answered at once: how far a case is, what may be asked, where to go (wish.go)
	OtherRequest    Kind = "other_request" // staff with a list: outside this procedure (FR-03), and a person's to answer
	Other           Kind = "other"
	Automatic       Kind = "automatic" // RFC 3834
	Bounce          Kind = "bounce"    // RFC 3464
	MailingList     Kind = "mailing_list"
	OwnMail         Kind = "own_mail"
	PlanAnswer      Kind = "plan_answer" // an approver answers a letter that asks him to approve a plan
	Spoofed         Kind = "spoofed"
	NotEntitled     Kind = "not_entitled"
)

// Action is what follows from reading a mail (docs/flow.md).
type Action string

// The actions.
const (
	Queue            Action = "queue"              // the case is open, at most warnings
	QueueWithDefects Action = "queue_with_defects" // the case is open, bad rows are named, nobody is served before
	Return           Action = "return"             // nothing usable as sent, with reasons
	AskSender        Action = "ask_sender"         // something is missing or cannot be opened
	Human            Action = "human"              // an officer decides
	Ignore           Action = "ignore"             // recorded, not answered
	ConfirmReceived  Action = "confirm_received"
	ReplyStatus      Action = "reply_status"
	SendForm         Action = "send_form"  // the blank form is sent, no case is opened
	CheckOnly        Action = "check_only" // the list is judged as if, no case is opened
)

// Severity is what a finding does.
type Severity string

// The severities of the rule catalogue.
const (
	RejectRequest Severity = "reject_request"
	RejectRow     Severity = "reject_row"
	Warn          Severity = "warn"
	Quarantine    Severity = "quarantine"
)

// A Finding is what a rule says of a row or of the whole request. Its message is rendered late, from the catalogue, by
// Rule and Args.
type Finding struct {
	Rule     string            `json:"rule"` // "ROW-02"
	Severity Severity          `json:"severity"`
	N        int               `json:"n"` // row of the request, 0: the whole
	File     string            `json:"file,omitempty"`
	Sheet    string            `json:"sheet,omitempty"`
	Cell     string            `json:"cell,omitempty"` // "B14"
	Value    string            `json:"value,omitempty"`
	Args     map[string]string `json:"args,omitempty"` // the {fields} of the message
}

// A Row is one person of a case, as judged.
type Row struct {
	N       int               `json:"n"` // place in the request, from 1
	STT     string            `json:"stt"`
	Code    string            `json:"id"` // student code
	Name    string            `json:"name"`
	Class   string            `json:"class"`
	Cohort  string            `json:"cohort"`
	Note    string            `json:"note"`
	Monitor bool              `json:"monitor,omitempty"` // Lớp trưởng (Q15)
	File    string            `json:"file"`
	Sheet   string            `json:"sheet"`
	Line    int               `json:"sheet_row"`       // 1-based row of the sheet
	Cells   map[string]string `json:"cells,omitempty"` // field → cell: "code" → "B14"
	OK      bool              `json:"ok"`              // no finding rejects it

	// Of a deletion (step 7): the decision that it rests on, and the address of the account that was found for code and name.
	Decision     string `json:"decision,omitempty"`
	DecisionDate string `json:"decision_date,omitempty"` // 2027-03-01
	Account      string `json:"account,omitempty"`
}

// A Request is a submission after judging: what a case is opened with.
type Request struct {
	Kind       Kind
	Action     Action
	Unit       string // id of the unit that asks
	UnitName   string
	Reason     string
	LetterDate string // 2026-11-20, "" unknown
	Signer     string
	LetterFile string
	ListFiles  []string
	Rows       []Row
	Findings   []Finding // in the order of their places
	Evidence   Evidence  // "" of what asks for nothing
	Signatures []Signature

	Decision     string // of a deletion: the numbers of its decisions, each once
	DecisionDate string // the earliest of their dates: from it the unit's clock runs (Q10)
}

// Good counts the rows that may be served.
func (r Request) Good() int {
	n := 0
	for _, row := range r.Rows {
		if row.OK {
			n++
		}
	}
	return n
}

// ReadWhole reports whether a list file was read to its end: only then does it come back marked.
func (r Request) ReadWhole(file string) bool {
	return !slices.ContainsFunc(r.Findings, func(f Finding) bool { return (f.Rule == "ENV-07" || f.Rule == "ENV-14") && f.File == file })
}

// Existing is an account that the register or the platform already knows for a student code.
type Existing struct {
	Code    string
	Name    string
	User    string // user name, "" not known
	Address string
	Alias   string    // the address that was asked for, when it only is an alias of Address
	Since   time.Time // zero: unknown
	Case    string    // number of the open case that asks for it (ROW-06); "" for an account

	State    AccountState
	Changed  time.Time // since when it is suspended or deleted; zero: unknown
	Decision string    // the dismissal that its holder is named in (ROW-07), "" none
	Owns     string    // the mail group or class that its holder speaks for (DEL-07), "" none
}

// NameRow is whom a user name is made for.
type NameRow struct{ Code, Name, Class, Cohort string }

// A Case is one request being handled (hồ sơ).
type Case struct {
	ID         int64     `json:"id"`
	Number     string    `json:"number"` // "YC-2026-0042"
	Procedure  string    `json:"procedure"`
	Edition    string    `json:"edition"`
	Kind       Kind      `json:"kind"`
	Unit       string    `json:"unit"`
	State      State     `json:"state"`
	Version    int64     `json:"version"` // grows with every change: two people never overwrite each other
	Reason     string    `json:"reason"`
	LetterDate string    `json:"letter_date"`
	Signer     string    `json:"signer"`
	LetterFile string    `json:"letter_file"`
	ListFile   string    `json:"list_file"`
	MailID     int64     `json:"mail_id"` // the journal entry of the mail that (last) gave the rows
	ReceivedAt time.Time `json:"received_at,omitzero"`
	Checked    Stamp     `json:"checked,omitzero"` // step 3, by an officer
	Planned    Stamp     `json:"planned,omitzero"` // the plan that holds it was approved, step 2
	PlanID     int64     `json:"plan_id"`          // 0: in no plan
	UpdatedAt  time.Time `json:"updated_at,omitzero"`
	Token      string    `json:"-"` // in the address to which answers about the case are answered; "" none
	ListHash   string    `json:"-"` // SHA-256 over the people of the list: the same list again
	LetterHash string    `json:"-"` // SHA-256 of the file of the letter, "" without one

	Evidence   Evidence    `json:"evidence"`
	Signatures []Signature `json:"signatures"`

	Owner      string    `json:"owner"`                // the officer who took it (FR-06), "" nobody yet
	Held       Stamp     `json:"held,omitzero"`        // on hold: its clock stands still; the events tell the periods
	HeldWhy    string    `json:"held_why,omitempty"`   //
	Promised   time.Time `json:"promised,omitzero"`    // the day that the first answer promised
	Supersedes int64     `json:"supersedes,omitempty"` // the case that it stands in for, 0: none

	// Of a deletion (step 7).
	Decision     string    `json:"decision,omitempty"`      // number of the dismissal
	DecisionDate string    `json:"decision_date,omitempty"` // 2027-03-01
	EraseAt      time.Time `json:"erase_at,omitzero"`       // when what is suspended will be erased; zero: not suspended yet
}

// A Stamp is a moment and who made it. The zero Stamp: not yet.
type Stamp struct {
	At time.Time `json:"at,omitzero"`
	By Actor     `json:"by"`
}

// Done says whether the stamp was given.
func (s Stamp) Done() bool { return !s.At.IsZero() }

// A CaseRow is a row in its case, with what has been made of it.
type CaseRow struct {
	Row
	CaseID    int64     `json:"case_id"`
	State     RowState  `json:"state"`
	User      string    `json:"user,omitempty"` // user name of the account, "" before it is made
	Address   string    `json:"address"`        // planned or created address, "" before planning
	Platform  string    `json:"platform"`
	CreatedAt time.Time `json:"created_at,omitzero"`
	Said      string    `json:"said"` // what the platform said, for `case explain`

	HandedOver Stamp `json:"handed_over,omitzero"` // its person has the account, as the unit or an officer says
}

// An Event is one line of the history, append-only.
type Event struct {
	ID     int64             `json:"id"`
	At     time.Time         `json:"at,omitzero"`
	Actor  Actor             `json:"actor"`
	Case   int64             `json:"case"` // 0: about no case
	Plan   int64             `json:"plan"`
	Mail   int64             `json:"mail"`
	What   string            `json:"what"`   // "case_received", "plan_approved" …
	Detail map[string]string `json:"detail"` // never a secret
}

// A Plan gathers cases; it is frozen when made and approved by its hash (step 2).
type Plan struct {
	ID       int64      `json:"id"`
	Number   string     `json:"number"` // "KH-2026-0003"
	Hash     string     `json:"hash"`   // SHA-256 over the items, hex
	Made     Stamp      `json:"made,omitzero"`
	Approved Stamp      `json:"approved,omitzero"` // the last approval that was needed
	Items    []PlanItem `json:"items"`

	Kind      PlanKind    `json:"kind"`
	Starts    string      `json:"starts,omitempty"` // 2027-02-01, "" at once
	Ends      string      `json:"ends,omitempty"`
	Officer   string      `json:"officer,omitempty"`  // who carries it out
	Needs     int         `json:"needs"`              // approvals beside its maker
	Batch     int         `json:"batch,omitempty"`    // people in a batch, 0: not by number
	ByClass   bool        `json:"by_class,omitempty"` // each class is a batch
	Batches   []PlanBatch `json:"batches,omitempty"`  // none: all at once
	Format    int         `json:"-"`                  // of the frozen bytes (Plan.Freeze), 0: the present one
	Approvals []Stamp     `json:"approvals,omitempty"`
}

// PlanKind is what a plan would do.
type PlanKind string

// The kinds of plan.
const (
	PlanCreate  PlanKind = "create"  // new accounts (step 4)
	PlanReset   PlanKind = "reset"   // new passwords for rows that the unit misses (step 6)
	PlanSuspend PlanKind = "suspend" // suspend now, erase on the day that each item names (step 7)
)

// A PlanItem is exactly what would be done for one row.
type PlanItem struct {
	CaseID   int64  `json:"-"`
	Case     string `json:"case"`
	N        int    `json:"n"`
	Code     string `json:"code"`
	Name     string `json:"name"`
	Class    string `json:"class"`
	Cohort   string `json:"cohort"`
	User     string `json:"user"`
	Address  string `json:"address"`
	Platform string `json:"platform"`
	Action   string `json:"action"`             // that of the plan's kind
	Batch    int    `json:"batch,omitempty"`    // from 1, 0: all at once
	Group    string `json:"group,omitempty"`    // address of the class group that it joins
	EraseOn  string `json:"erase_on,omitempty"` // 2027-03-01

	// Of who gets another name than the first that the policy has for him (ACC-04).
	Nth    int    `json:"nth,omitempty"`    // which it is, from 2
	Wanted string `json:"wanted,omitempty"` // the first
	Holder string `json:"holder,omitempty"` // code of who has it, "" not known
}
