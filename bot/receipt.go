package bot

import (
	"slices"
	"strings"
	"unicode"
)

// A Receipt is what a unit says about the accounts that it got (QT.CNTT.03 step 6), read against the rows of its case. With a Doubt
// nothing of it counts.
type Receipt struct {
	Received   bool      `json:"received,omitempty"`    // "Đã nhận đủ": everything
	HandedOver bool      `json:"handed_over,omitempty"` // "Đã bàn giao": to everybody, those apart who are missing
	Classes    []string  `json:"classes,omitempty"`     // "Đã bàn giao lớp YA": to these classes, as the case writes them
	Missing    []Missing `json:"missing,omitempty"`     // "Thiếu: …"
	Found      []int     `json:"found,omitempty"`       // rows that were missing and are there after all
	Unknown    []string  `json:"unknown,omitempty"`     // student codes that the case does not have
	Doubt      Doubt     `json:"doubt,omitempty"`
	About      string    `json:"about,omitempty"` // what the doubt is about, as the unit wrote it
}

// Clear says whether something was said, and nothing of it is in doubt.
func (r Receipt) Clear() bool {
	return r.Doubt == Sure && (r.Received || r.HandedOver || len(r.Classes)+len(r.Missing)+len(r.Found)+len(r.Unknown) > 0)
}

// A Missing is a row whose account the unit says it cannot use.
type Missing struct {
	N   int        `json:"n"`
	Why MissingWhy `json:"why"`
}

// MissingWhy is what is wrong with an account.
type MissingWhy string

// What units say. All of them end alike: a new password, by a plan.
const (
	NotThere      MissingWhy = "not_there"      // it is not among what came, or has no password there
	NoSignIn      MissingWhy = "no_sign_in"     // "không đăng nhập được"
	WrongPassword MissingWhy = "wrong_password" // "sai mật khẩu"
)

// Doubt is why what a unit wrote is not believed as it stands. A wrong confirmation closes a case over the heads of students
// who have nothing; so the unit is asked, or an officer reads.
type Doubt string

// The doubts. The unit is asked about those of Asks; the others are for an officer.
const (
	Sure         Doubt = ""
	DoubtCount   Doubt = "count"   // another number than the case has
	DoubtClass   Doubt = "class"   // a class that the case does not have
	DoubtPerson  Doubt = "person"  // a name that nobody or several have, or that is not the one of the code beside it
	DoubtWho     Doubt = "who"     // something is missing, and not said what
	DoubtPart    Doubt = "part"    // a part was received or handed over, and not said which
	DoubtMissing Doubt = "missing" // everything was received, but rows were said to be missing before
	DoubtWords   Doubt = "words"   // something else was said, too
	DoubtNothing Doubt = "nothing" // nothing is said about accounts
)

// Asks says whether the unit can settle the doubt by writing more plainly.
func (d Doubt) Asks() bool {
	return slices.Contains([]Doubt{DoubtCount, DoubtClass, DoubtPerson, DoubtWho, DoubtPart, DoubtMissing}, d)
}

// A ClassCount is where a class stands between delivery and hand-over.
type ClassCount struct {
	Class      string `json:"class"` // "" for rows without one
	Made       int    `json:"made"`  // accounts
	HandedOver int    `json:"handed_over"`
	Missing    int    `json:"missing"`
}

// Remains counts the accounts that are not handed over yet.
func (c ClassCount) Remains() int { return c.Made - c.HandedOver }

// ByClass counts the accounts of a case by class, in the order of the list. Spellings of one class count together.
func ByClass(rows []CaseRow) []ClassCount {
	var counts []ClassCount
	at := make(map[string]int)
	for _, r := range rows {
		if !r.IsAccount() {
			continue
		}
		key := ClassKey(r.Class)
		i, ok := at[key]
		if !ok {
			i = len(counts)
			at[key] = i
			counts = append(counts, ClassCount{Class: r.Class})
		}
		counts[i].Made++
		if r.State == RowMissing {
			counts[i].Missing++
		} else if r.HandedOver.Done() {
			counts[i].HandedOver++
		}
	}
	return counts
}

// Remaining sums what is not handed over yet.
func Remaining(counts []ClassCount) (n int) {
	for _, c := range counts {
		n += c.Remains()
	}
	return n
}

// IsAccount says whether an account was made for the row in this case.
func (r CaseRow) IsAccount() bool {
	return r.State == RowCreated || r.State == RowDelivered || r.State == RowMissing
}

// ClassKey is what spellings of one class have in common: "YA K51", "ya-k51".
func ClassKey(class string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, class)
}

// A ReceiptNote is what was made of a unit's words: the transcript that it gets back.
type ReceiptNote struct {
	Said     Receipt
	Reopened []CaseRow // delivered before, missing now
	Again    []CaseRow // said to be missing before already
	Found    []CaseRow // missing before, there after all
	NotMade  []CaseRow // they have no account in this case: rejected, or refused by the platform
	Here     []CaseRow // said to be found, and not noted as missing
	Handed   []string  // classes
	Open     []CaseRow // all that are missing now
}

// A ClassGroup is the mail group of a class.
type ClassGroup struct {
	Address string `json:"address"`
	Class   string `json:"class"`
	Owner   string `json:"owner"`   // student code of the monitor, "" none
	CaseID  int64  `json:"case_id"` // that made it
	Said    string `json:"said"`    // why it is not as planned, "" it is
}
