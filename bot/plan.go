package bot

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// A PlanWish is how an officer wants a plan to be (FR-10).
type PlanWish struct {
	Batch   int    // people in a batch, 0: not by number
	ByClass bool   // each class is a batch
	Starts  string // 2027-02-01, "" at once
	Ends    string // the last day on which a batch may begin, "" open
	Officer string // who carries it out, "" its maker
}

// Wish is how the plan was wanted: made anew it is wanted so again.
func (p Plan) Wish() PlanWish {
	return PlanWish{Batch: p.Batch, ByClass: p.ByClass, Starts: p.Starts, Ends: p.Ends, Officer: p.Officer}
}

// A PlanBatch is done from its day on.
type PlanBatch struct {
	N      int    `json:"n"`                // from 1
	Starts string `json:"starts,omitempty"` // 2027-02-08, "" at once
}

// The formats of frozen plans. Those of before 00011 were a list of items alone; they are read and approved as they are.
const (
	ItemsFormat  = 1
	objectFormat = 2
)

// frozenPlan is what is hashed and approved. Its fields are written in this order, always all of them, so that one plan has one
// text. Number, maker and approvals are not of it: they are what happens to it.
type frozenPlan struct {
	Format  int         `json:"format"`
	Kind    PlanKind    `json:"kind"`
	Starts  string      `json:"starts"`
	Ends    string      `json:"ends"`
	Officer string      `json:"officer"`
	Needs   int         `json:"needs"`
	Batch   int         `json:"batch"`
	ByClass bool        `json:"by_class"`
	Batches []PlanBatch `json:"batches"`
	Items   []PlanItem  `json:"items"`
}

// Freeze returns the bytes of a plan that are approved, and their hash.
func (p Plan) Freeze() (frozen []byte, hash string, err error) {
	var content any = frozenPlan{Format: objectFormat, Kind: p.Kind, Starts: p.Starts, Ends: p.Ends, Officer: p.Officer, Needs: p.Needs, Batch: p.Batch, ByClass: p.ByClass, Batches: p.Batches, Items: p.Items}
	if p.Format == ItemsFormat {
		content = p.Items
	}
	if frozen, err = json.Marshal(content); err != nil {
		return nil, "", fmt.Errorf("bot: plan: %w", err)
	}
	return frozen, HashPlan(frozen), nil
}

// HashPlan is SHA-256 over the frozen bytes, hex.
func HashPlan(frozen []byte) string {
	sum := sha256.Sum256(frozen)
	return hex.EncodeToString(sum[:])
}

// Thaw reads the frozen bytes into the plan: what stands in them counts, whatever the plan said before.
func (p *Plan) Thaw(frozen []byte) error {
	if len(frozen) > 0 && frozen[0] == '[' {
		p.Format, p.Kind, p.Starts, p.Ends, p.Officer, p.Needs, p.Batch, p.ByClass, p.Batches, p.Items = ItemsFormat, PlanCreate, "", "", "", 1, 0, false, nil, nil
		return json.Unmarshal(frozen, &p.Items)
	}
	var f frozenPlan
	if err := json.Unmarshal(frozen, &f); err != nil {
		return err
	}
	if f.Format != objectFormat || f.Needs < 1 {
		return Errorf(Conflict, "the plan is frozen in format %d, which this vanthu does not know", f.Format)
	}
	p.Format, p.Kind, p.Starts, p.Ends, p.Officer, p.Needs, p.Batch, p.ByClass, p.Batches, p.Items = f.Format, f.Kind, f.Starts, f.Ends, f.Officer, f.Needs, f.Batch, f.ByClass, f.Batches, f.Items
	return nil
}

// Due is the first day on which something of a case may be done, "" at once; has is false when the plan does nothing for it.
func (p Plan) Due(number string) (day string, has bool) {
	for _, i := range p.Items {
		if i.Case != number {
			continue
		}
		if start := p.StartOf(i); !has || start < day {
			day = start
		}
		has = true
	}
	return day, has
}

// StartOf is the first day on which an item may be done, "" at once.
func (p Plan) StartOf(i PlanItem) string {
	for _, b := range p.Batches {
		if b.N == i.Batch {
			return b.Starts
		}
	}
	return p.Starts
}

// A PlanDifference is what one row of a new plan does not have in common with the old one.
type PlanDifference struct {
	Kind   ChangeKind    `json:"kind"`
	Case   string        `json:"case"` // "" about the plan as a whole
	N      int           `json:"n"`
	Code   string        `json:"code"`
	Name   string        `json:"name"`
	Fields []FieldChange `json:"fields,omitempty"`
}

// Differs compares two plans row by row: first what is said of the whole, then the rows of the new one in their order, then those
// that are gone.
func (p Plan) Differs(old Plan) (all []PlanDifference) {
	var whole []FieldChange
	compare := func(fields *[]FieldChange, name Field, was, is string) {
		if was != is {
			*fields = append(*fields, FieldChange{Field: name, Was: was, Is: is})
		}
	}
	compare(&whole, "kind", string(old.Kind), string(p.Kind))
	compare(&whole, "starts", old.Starts, p.Starts)
	compare(&whole, "ends", old.Ends, p.Ends)
	compare(&whole, "officer", old.Officer, p.Officer)
	compare(&whole, "needs", fmt.Sprint(old.Needs), fmt.Sprint(p.Needs))
	compare(&whole, "batches", fmt.Sprint(old.Batches), fmt.Sprint(p.Batches))
	if len(whole) > 0 {
		all = append(all, PlanDifference{Kind: RowChanged, Fields: whole})
	}
	type place struct {
		number string
		n      int
	}
	before := make(map[place]PlanItem, len(old.Items))
	for _, i := range old.Items {
		before[place{i.Case, i.N}] = i
	}
	differ := func(kind ChangeKind, i PlanItem, fields []FieldChange) {
		all = append(all, PlanDifference{Kind: kind, Case: i.Case, N: i.N, Code: i.Code, Name: i.Name, Fields: fields})
	}
	for _, i := range p.Items {
		was, ok := before[place{i.Case, i.N}]
		delete(before, place{i.Case, i.N})
		var fields []FieldChange
		for _, f := range []struct {
			name    Field
			was, is string
		}{
			{FieldCode, was.Code, i.Code}, {FieldName, was.Name, i.Name}, {FieldClass, was.Class, i.Class}, {FieldCohort, was.Cohort, i.Cohort}, {"user", was.User, i.User},
			{"address", was.Address, i.Address}, {"group", was.Group, i.Group}, {"platform", was.Platform, i.Platform}, {"action", was.Action, i.Action},
			{"batch", fmt.Sprint(was.Batch), fmt.Sprint(i.Batch)}, {"erase_on", was.EraseOn, i.EraseOn},
		} {
			compare(&fields, f.name, f.was, f.is)
		}
		switch {
		case !ok:
			differ(RowAdded, i, nil)
		case len(fields) > 0:
			differ(RowChanged, i, fields)
		}
	}
	for _, i := range old.Items {
		if _, gone := before[place{i.Case, i.N}]; gone {
			differ(RowRemoved, i, nil)
		}
	}
	return all
}

// A PlanDecision is what an approver says of a plan by mail.
type PlanDecision string

// The decisions. Everything else decides nothing.
const (
	PlanApproves PlanDecision = "approves" // "DUYỆT"
	PlanRefuses  PlanDecision = "refuses"  // "KHÔNG DUYỆT: lý do"
)

// WrongApproval says why a mail with the token of an approval has decided nothing.
type WrongApproval string

// The reasons.
const (
	ApprovalNotClear   WrongApproval = "unclear"     // the words
	ApprovalNotYours   WrongApproval = "not_yours"   // no token of this officer
	ApprovalExpired    WrongApproval = "expired"     //
	ApprovalUsed       WrongApproval = "used"        //
	ApprovalChanged    WrongApproval = "changed"     // the plan is not what he was asked about
	ApprovalDecided    WrongApproval = "decided"     // it was approved already
	ApprovalDropped    WrongApproval = "dropped"     //
	ApprovalOwnPlan    WrongApproval = "own_plan"    // its maker
	ApprovalNotAllowed WrongApproval = "not_allowed" // no approver any more
	ApprovalNotReady   WrongApproval = "not_ready"   // the platform would refuse accounts now
)
