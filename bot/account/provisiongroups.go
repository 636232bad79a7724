package account

import (
	"context"
	"errors"
	"fmt"

	"vanthu/bot"
	"vanthu/bot/store"
)

// groups makes the class groups of a case, or lets its people join them, once their accounts are there. A group that cannot be made
// (its address is somebody else's) holds up nobody's account: an officer is told by the history. Anything else is tried again.
func (p *Provisioner) groups(ctx context.Context, c bot.Case, plan store.StoredPlan) error {
	if plan.Kind != bot.PlanCreate {
		return nil
	}
	var rows []bot.CaseRow
	err := p.DB.Read(ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.Rows(ctx, c.ID)
		return err
	})
	if err != nil {
		return err
	}
	for _, g := range groupsOf(c, plan, rows) {
		if err := p.group(ctx, c, g); err != nil {
			return err
		}
	}
	return nil
}

// classGroup is a group as a case wants it.
type classGroup struct {
	Group
	class string
	owner string // student code
}

// groupsOf gathers the people of a case by their groups: those who have accounts. The first monitor of the class owns it (Q15).
func groupsOf(c bot.Case, plan store.StoredPlan, rows []bot.CaseRow) (all []classGroup) {
	byN := make(map[int]bot.CaseRow, len(rows))
	for _, r := range rows {
		byN[r.N] = r
	}
	at := make(map[string]int)
	for _, item := range plan.Items {
		r := byN[item.N]
		if item.Case != c.Number || item.Group == "" || !r.IsAccount() {
			continue
		}
		i, ok := at[item.Group]
		if !ok {
			i = len(all)
			at[item.Group] = i
			all = append(all, classGroup{Group: Group{Address: item.Group, Name: "Lớp " + item.Class}, class: item.Class})
		}
		g := &all[i]
		g.Members = append(g.Members, item.User)
		if r.Monitor && g.Owner == "" {
			g.Owner, g.owner = item.User, item.Code
		}
	}
	return all
}

func (p *Provisioner) group(ctx context.Context, c bot.Case, g classGroup) error {
	got, made, err := EnsureGroup(ctx, p.Platform, g.Group)
	what, said := "group_joined", fmt.Sprintf("%s: %d members", p.Platform.Name(), len(got.Members))
	switch {
	case errors.Is(err, ErrExists), errors.Is(err, ErrPermanent):
		what, said = "group_refused", err.Error()
	case err != nil:
		return err
	case made:
		what = "group_made"
	}
	owner := ""
	if g.Owner != "" && got.Owner == g.Owner { // else somebody owned it before
		owner = g.owner
	}
	return p.DB.Write(ctx, func(tx *store.Tx) error {
		now, err := tx.Case(ctx, c.ID)
		if err != nil || now.State != bot.Creating {
			return err
		}
		if what != "group_refused" {
			if err := tx.SaveGroup(ctx, bot.ClassGroup{Address: g.Address, Class: g.class, Owner: owner, CaseID: c.ID}); err != nil {
				return err
			}
		}
		return tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: c.ID, Plan: c.PlanID, What: what,
			Detail: map[string]string{"group": g.Address, "platform": p.Platform.Name(), "said": said}})
	})
}
