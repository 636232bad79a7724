package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"vanthu/bot"
	"vanthu/bot/store"
)

// doubtful says why an officer must confirm by his own word, with a reason, that a list is one of people who left: it looks like
// the list of a current class (DEL-10), names another reason (DEL-09), or most accounts of a class are in it. "" : nothing is odd, or
// it was confirmed.
func (d *Desk) doubtful(ctx context.Context, tx *store.Tx, c bot.Case) (string, error) {
	if c.Kind != bot.DeletionRequest {
		return "", nil
	}
	if sure, err := tx.Sure(ctx, c); err != nil || sure.Done() {
		return "", err
	}
	findings, err := tx.Findings(ctx, c.ID)
	if err != nil {
		return "", err
	}
	var why []string
	for _, f := range findings {
		if (f.Rule == "DEL-09" || f.Rule == "DEL-10") && !slices.Contains(why, f.Rule) {
			why = append(why, f.Rule)
		}
	}
	rows, err := tx.Rows(ctx, c.ID)
	if err != nil {
		return "", err
	}
	var codes []string
	for _, r := range rows {
		codes = append(codes, r.Code)
	}
	known, err := tx.Standings(ctx, codes)
	if err != nil {
		return "", err
	}
	classes, _, err := d.Deleting.live(ctx, tx)
	if err != nil {
		return "", err
	}
	inClass, name := make(map[string]int), make(map[string]string)
	for _, r := range rows {
		if r.OK {
			class := classOf(known[r.Code], r.Class)
			inClass[class]++
			name[class] = cmp.Or(known[r.Code].Class, r.Class)
		}
	}
	for class, n := range inClass {
		if class != "" && classes[class] > 0 && share(n, classes[class], 50) {
			why = append(why, fmt.Sprintf("%d of the %d accounts of class %s that live", n, classes[class], name[class]))
		}
	}
	slices.Sort(why)
	return strings.Join(why, ", "), nil
}

// surely refuses a doubtful deletion that no officer has confirmed.
func (d *Desk) surely(ctx context.Context, tx *store.Tx, c bot.Case) error {
	why, err := d.doubtful(ctx, tx, c)
	if err != nil || why == "" {
		return err
	}
	return bot.Errorf(bot.Conflict, "case %s may be no list of people who left (%s): ask the unit, then confirm it with `case sure %s --reason …`, or return it", c.Number, why, c.Number)
}

// Sure notes an officer's word that a doubtful list is meant. It is no approval: check, plan and approval follow as ever.
func (d *Desk) Sure(ctx context.Context, actor bot.Actor, ref, reason string) (bot.Case, error) {
	if strings.TrimSpace(reason) == "" {
		return bot.Case{}, bot.Errorf(bot.Invalid, "say how you know that these people have left")
	}
	return d.act(ctx, ref, func(tx *store.Tx, c bot.Case) (bot.Case, error) {
		why, err := d.doubtful(ctx, tx, c)
		switch {
		case err != nil:
			return c, err
		case c.Kind != bot.DeletionRequest || !c.State.Open():
			return c, bot.Errorf(bot.Conflict, "case %s is no open deletion", c.Number)
		case why == "":
			return c, bot.Errorf(bot.Conflict, "nothing of case %s needs to be confirmed", c.Number)
		}
		if err := tx.KeepSure(ctx, c, reason, actor); err != nil {
			return c, err
		}
		return c, tx.AddEvent(ctx, bot.Event{Actor: actor, Case: c.ID, Mail: c.MailID, What: "deletion_confirmed", Detail: map[string]string{"doubt": why, "reason": reason}})
	})
}
