package offline

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/store"
)

// verdict is what all files together say of an address.
type verdict struct {
	made, refused, shown, exists *Result
	other                        *Result // something else was done than was to be
	file                         string
	whole                        bool // a list of all accounts was read
}

func gather(s Settings, b store.Bundle, rows []store.BundleRow, inputs []Input, whole bool, reading *Reading) (map[string]*verdict, error) {
	known, users := make(map[string]*verdict, len(rows)), make(map[string]*verdict)
	for _, r := range rows {
		v := &verdict{}
		known[r.Address], users[strings.ToLower(r.User)] = v, v
	}
	s.Form = b.Form
	for _, in := range inputs {
		read, err := Read(s, in.Data)
		if err != nil {
			return nil, bot.Errorf(bot.Invalid, "%s: %w", in.Name, err)
		}
		for i := range read.Results {
			r := &read.Results[i]
			if r.Bundle != "" && r.Bundle != b.Number {
				return nil, bot.Errorf(bot.Invalid, "%s: line %d is about bundle %s, not %s; nothing was read", in.Name, r.Line, said(r.Bundle), b.Number)
			}
			v := known[r.Address]
			if r.Address == "" {
				v = users[r.User]
			}
			switch {
			case v == nil && read.Listing:
				reading.Others++
			case v == nil:
				reading.Strange = append(reading.Strange, Told{Address: said(cmp.Or(r.Address, r.User)), File: in.Name, Line: r.Line, Said: "is not in bundle " + b.Number})
			default:
				v.take(r, in.Name, b.Act, read.Marks)
			}
		}
		if b.Act == store.ActErase && (read.Whole || whole && read.Listing) {
			if !slices.ContainsFunc(read.Results, func(r Result) bool { return r.Status == Shown }) { // who may see nobody sees nobody
				return nil, bot.Errorf(bot.Invalid, "%s: the list shows no account at all, so it does not tell who is gone; make it with the rights to see them, or fill in the …-result.csv of the bundle", in.Name)
			}
			for _, v := range known {
				v.whole = true
			}
		}
	}
	return known, nil
}

func (v *verdict) take(r *Result, file string, act store.BundleAct, marks bool) {
	v.file = file
	switch r.Status {
	case Made:
		if !r.of(act) {
			v.other = r
			return
		}
		v.made = r
	case Refused:
		v.refused = r
	case Shown:
		if act == store.ActCreate && !marks { // whose it is the list does not tell
			v.exists = r
			return
		}
		if v.shown == nil || r.Marker != "" { // two entries with one address: ours counts below
			v.shown = r
		}
	case Exists:
		v.exists = r
	}
}

// judge says what becomes of a row. What the platform shows counts more than what was said; what contradicts itself settles nothing.
func (v *verdict) judge(b store.Bundle, r store.BundleRow) (state store.BundleRowState, told Told) {
	if r.Act == store.ActCreate {
		state, told = v.created(r)
	} else {
		state, told = v.changed(b, r)
	}
	if state == store.RowBundled && v.other != nil {
		told = v.told(r, v.other, "its status is not the word for what was to be done ("+past(r.Act)+"); "+lookAndSay)
	}
	return state, told
}

func (v *verdict) told(r store.BundleRow, of *Result, text string) Told {
	return Told{r.Address, v.file, of.Line, text}
}

const lookAndSay = "look at the platform and say done or failed in the -result.csv"

func (v *verdict) contradicts(r store.BundleRow) (store.BundleRowState, Told) {
	return store.RowBundled, v.told(r, v.made, fmt.Sprintf("said to be %s, and in line %d to be refused; %s", past(r.Act), v.refused.Line, lookAndSay))
}

func (v *verdict) created(r store.BundleRow) (store.BundleRowState, Told) {
	marker := account.Marker(r.Case, r.N)
	switch {
	case v.shown != nil && v.shown.Marker == marker:
		return store.RowDone, v.told(r, v.shown, "shown with our marker")
	case v.shown != nil && v.shown.Marker == "":
		return store.RowRefused, v.told(r, v.shown, anothers)
	case v.shown != nil:
		return store.RowRefused, v.told(r, v.shown, anotherOfOurs+said(v.shown.Marker))
	case v.made != nil && v.refused != nil:
		return v.contradicts(r)
	case v.made != nil && v.made.Marker != "" && v.made.Marker != marker:
		return store.RowBundled, v.told(r, v.made, "said to be made for "+said(v.made.Marker)+", which is another row")
	case v.made != nil:
		return store.RowDone, v.told(r, v.made, "said to be made")
	case v.refused != nil:
		return store.RowRefused, v.told(r, v.refused, cmp.Or(v.refused.Said, noReason))
	case v.exists != nil:
		return store.RowBundled, v.told(r, v.exists, "there is such an account already: read the list of what is there, too, or say done (it is ours) or taken (it is not) in the -result.csv")
	}
	return store.RowBundled, Told{Address: r.Address, Said: "no result"}
}

// changed judges a row whose account was there before.
func (v *verdict) changed(b store.Bundle, r store.BundleRow) (store.BundleRowState, Told) {
	if v.refused == nil {
		v.refused = v.exists // nothing was to be made: whatever exists, it was not done
	}
	shows := v.shown != nil
	switch {
	case shows && r.Marker != "" && v.shown.Marker != "" && v.shown.Marker != r.Marker:
		return store.RowRefused, v.told(r, v.shown, anotherOfOurs+said(v.shown.Marker))
	case shows && does(b, r.Act, *v.shown) && (v.refused == nil || !touched(r.Act, *v.shown)):
		return store.RowDone, v.told(r, v.shown, "shown to be "+past(r.Act))
	case shows && v.shown.Said != "": // what went wrong stands before what is shown
		return store.RowRefused, v.told(r, v.shown, v.shown.Said)
	case !shows && r.Act == store.ActErase && v.refused != nil && v.refused.Gone && b.Form == LDIF && !v.whole && !v.refused.ByHand:
		return store.RowBundled, v.told(r, v.refused, "no entry has the name that it should have; it may have been moved and be there under another name: read the list of all accounts, too")
	case !shows && r.Act == store.ActErase && v.refused != nil && v.refused.Gone:
		return store.RowDone, v.told(r, v.refused, "not there any more")
	case v.made != nil && v.refused != nil:
		return v.contradicts(r)
	case v.refused != nil:
		return store.RowRefused, v.told(r, v.refused, cmp.Or(v.refused.Said, noReason))
	case !shows && r.Act == store.ActErase && v.whole:
		return store.RowDone, Told{Address: r.Address, Said: "not shown any more"}
	case v.made != nil && shows && !does(b, r.Act, *v.shown) && tells(r.Act, *v.shown):
		return store.RowBundled, v.told(r, v.made, "said to be "+past(r.Act)+", and the list shows that it is not; "+lookAndSay)
	case v.made != nil:
		return store.RowDone, v.told(r, v.made, "said to be "+past(r.Act))
	case shows && tells(r.Act, *v.shown):
		return store.RowBundled, v.told(r, v.shown, "the list shows that it is not "+past(r.Act))
	case shows:
		return store.RowBundled, v.told(r, v.shown, "the list does not tell whether it was "+past(r.Act)+"; "+lookAndSay)
	case r.Act == store.ActErase:
		return store.RowBundled, Told{Address: r.Address, Said: "no result; when the list is of all accounts, read it with --whole, else say done in the -result.csv"}
	}
	return store.RowBundled, Told{Address: r.Address, Said: "no result"}
}

// does says whether an account that is shown is as an act leaves it.
func does(b store.Bundle, act store.BundleAct, shown Result) bool {
	since := b.MadeAt.Truncate(time.Second) // platforms tell no fractions
	switch act {
	case store.ActSuspend:
		return shown.Access == AccessStopped
	case store.ActRestore: // of LDIF, an entry without a lock may be one whose lock was not asked for: it must have been touched
		return shown.Access == AccessOpen && (b.Form != LDIF || !shown.Changed.Before(since))
	case store.ActReset:
		at := shown.Password
		if at.IsZero() {
			at = shown.Changed
		}
		return !at.Before(since)
	case store.ActCreate, store.ActErase:
	}
	return false
}

// touched says whether all that is seen is that somebody changed something of the account: a refusal counts more than that.
func touched(act store.BundleAct, shown Result) bool {
	return act == store.ActReset && shown.Password.IsZero() || act == store.ActRestore && !shown.Changed.IsZero()
}

// tells says whether it could have been seen of an account that is shown.
func tells(act store.BundleAct, shown Result) bool {
	switch act {
	case store.ActSuspend, store.ActRestore:
		return shown.Access != ""
	case store.ActReset:
		return !shown.Password.IsZero() || !shown.Changed.IsZero()
	case store.ActCreate, store.ActErase:
	}
	return true
}

func past(act store.BundleAct) string {
	return map[store.BundleAct]string{store.ActCreate: "made", store.ActReset: "given its new password", store.ActSuspend: "suspended", store.ActRestore: "restored", store.ActErase: "erased"}[act]
}
