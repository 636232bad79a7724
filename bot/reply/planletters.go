package reply

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"vanthu/bot"
)

// A PlanLetter is about a plan, to an officer.
type PlanLetter struct {
	Tag      string // with the token, for the subject
	Person   string // who is written to
	At       time.Time
	Paper    PlanPaper
	Until    time.Time
	Decision bot.PlanDecision
	Decider  string // by name
	Reason   string
	Wrong    bot.WrongApproval
}

// planLetter is what the letters about plans may use.
type planLetter struct {
	page
	Plan, Maker, Officer, Units, Hash, File line
	What, WhatEN, When, WhenEN              string
	Accounts, Cases, Needs, Given           int
	Step                                    int // of the procedure
	Until                                   time.Time
	Decision                                bot.PlanDecision
	Approved                                bool
	Decider, Reason                         line
	Wrong                                   bot.WrongApproval
}

func (w *Writer) planLetter(l PlanLetter) planLetter {
	p := l.Paper.Plan
	f := planLetter{page: w.page("", "", l.At), Plan: plain(p.Number, longest), Maker: plain(l.Paper.Maker, longest), Hash: plain(p.Hash, longest), Accounts: len(p.Items), Needs: p.Needs,
		Given: len(p.Approvals), Until: l.Until, Decision: l.Decision, Approved: p.Approved.Done(), Decider: plain(l.Decider, longest), Reason: plain(l.Reason, speech), Wrong: l.Wrong}
	f.page.Unit = "Ông/Bà " + plain(l.Person, longest)
	f.Officer = plain(l.Paper.Officer, longest)
	if f.Officer == "" {
		f.Officer = f.Maker
	}
	switch p.Kind {
	case bot.PlanReset:
		f.Step, f.What, f.WhatEN = 6, "cấp lại mật khẩu ban đầu", "new initial passwords"
	case bot.PlanSuspend:
		f.Step, f.What, f.WhatEN = 7, "tạm khoá rồi xoá tài khoản email", "accounts are suspended, and erased later"
	case bot.PlanCreate:
		f.Step, f.What, f.WhatEN = 2, "cấp mới tài khoản email", "new accounts"
	}
	cases := make(map[string]bool)
	var units []string
	n := make(map[string]int)
	for _, i := range p.Items {
		cases[i.Case] = true
		unit := string(plain(l.Paper.Units[i.Case], longest))
		if n[unit]++; !slices.Contains(units, unit) {
			units = append(units, unit)
		}
	}
	for i, unit := range units {
		units[i] = fmt.Sprintf("%s (%d)", unit, n[unit])
	}
	f.Cases, f.Units = len(cases), plain(strings.Join(units, "; "), speech)
	f.When, f.WhenEN = planDays(p)
	return f
}

// planDays says when a plan is carried out.
func planDays(p bot.Plan) (vi, en string) {
	starts, ends := isoDate(p.Starts), isoDate(p.Ends)
	vi, en = "ngay sau khi được duyệt", "as soon as it is approved"
	if !starts.IsZero() {
		vi, en = "từ "+ngay(starts), "from "+date(starts)
	}
	if !ends.IsZero() {
		vi, en = vi+", đến "+ngay(ends), en+" until "+date(ends)
	}
	if n := len(p.Batches); n > 1 {
		vi, en = vi+fmt.Sprintf(", %s đợt", so(n)), en+fmt.Sprintf(", in %d batches", n)
	}
	return vi, en
}

// ApprovalAsked asks an approver, with the plan's document.
func (w *Writer) ApprovalAsked(l PlanLetter) (Draft, error) {
	document, err := w.PlanPaper(l.Paper)
	if err != nil {
		return Draft{}, err
	}
	f := w.planLetter(l)
	f.File = plain(document.Name, longest)
	return w.draft("approval_asked", l.Tag, f, document)
}

// PlanDecided says what an approver's answer has done.
func (w *Writer) PlanDecided(l PlanLetter) (Draft, error) {
	return w.draft("plan_decided", "", w.planLetter(l))
}

// ApprovalUnclear says why an approver's answer has done nothing.
func (w *Writer) ApprovalUnclear(l PlanLetter) (Draft, error) {
	return w.draft("approval_unclear", "", w.planLetter(l))
}
