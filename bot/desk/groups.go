package desk

import (
	"context"
	"strings"

	"vanthu/bot"
	"vanthu/bot/store"
)

// groupsFree makes sure that the class groups of a plan have addresses of their own: no person has one, gets one or ever had one, by
// address or by user name, and no person gets the address of a group (FR-17, Q17). What only the platform knows is seen when the
// group is made.
func (d *Desk) groupsFree(ctx context.Context, tx *store.Tx, p *bot.Plan) error {
	var groups, people []string
	seen := make(map[string]bool)
	given := make(map[string]string) // address or user name → row
	class := make(map[string]string) // group → its class
	for _, i := range p.Items {
		people = append(people, i.Address)
		given[strings.ToLower(i.Address)], given[strings.ToLower(i.User)] = i.Code, i.Code
		group := strings.ToLower(i.Group)
		switch {
		case group == "":
		case !seen[group]:
			seen[group], class[group] = true, i.Class
			groups = append(groups, group)
		case bot.ClassKey(class[group]) != bot.ClassKey(i.Class):
			return twoClasses(group, class[group], i.Class)
		}
	}
	const remedy = "the groups of classes need another [groups] address"
	for _, g := range groups {
		local, _, _ := strings.Cut(strings.ToLower(g), "@")
		if given[strings.ToLower(g)] != "" || given[local] != "" {
			return bot.Errorf(bot.Conflict, "the group %s would have the address or user name of a student; %s", g, remedy)
		}
	}
	if len(groups) > 0 {
		taken, err := tx.Registered(ctx, groups)
		if err != nil {
			return err
		}
		if len(taken) > 0 {
			return bot.Errorf(bot.Conflict, "%s is or was the address of a student, and would be that of a group; %s", taken[0], remedy)
		}
	}
	have, err := tx.ClassGroups(ctx, groups)
	if err != nil {
		return err
	}
	for _, g := range have {
		if bot.ClassKey(g.Class) != bot.ClassKey(class[g.Address]) {
			return twoClasses(g.Address, g.Class, class[g.Address])
		}
	}
	of, err := tx.ClassGroups(ctx, people)
	if err != nil {
		return err
	}
	if len(of) > 0 {
		return bot.Errorf(bot.Conflict, "%s is the address of the group of class %s, and would be that of a student", of[0].Address, of[0].Class)
	}
	return nil
}

// twoClasses refuses that one class reads the mails of another: "ĐDK47" and "DDK47" have one address when letters lose their marks.
func twoClasses(group, a, b string) error {
	return bot.Errorf(bot.Conflict, "%s would be the group of two classes, %q and %q: have the list put right where one class is meant, else switch [groups] off for them", group, a, b)
}

// groupsOf are the groups that the people of a case joined, as the letter of delivery tells them.
func groupsOf(ctx context.Context, tx *store.Tx, c bot.Case, plan store.StoredPlan, rows []bot.CaseRow) ([]bot.ClassGroup, error) {
	var addresses []string
	seen := make(map[string]bool)
	for _, i := range plan.Items {
		if i.Case == c.Number && i.Group != "" && !seen[i.Group] {
			seen[i.Group] = true
			addresses = append(addresses, i.Group)
		}
	}
	groups, err := tx.ClassGroups(ctx, addresses)
	if err != nil {
		return nil, err
	}
	for i := range groups { // who owns it may stand in an earlier case
		if groups[i].Owner == "" {
			continue
		}
		for _, r := range rows {
			if strings.EqualFold(r.Code, groups[i].Owner) {
				groups[i].Owner = r.Name + " (" + r.Code + ")"
				break
			}
		}
	}
	return groups, nil
}
