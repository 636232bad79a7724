package desk

import (
	"cmp"
	"context"
	"slices"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
)

// Deleting are the brakes of a deletion ([deletion], step 7). The zero value has none but the second person of every plan.
type Deleting struct {
	Window     int // days from the suspension to the erasure; 0: erased at once
	Most       int // accounts of a plan above which two must approve (DEL-06); 0: no limit
	ClassShare int // the same, in percent of the accounts of a class that live; 0: no limit
	Share      int // the same, in percent of all accounts of the register; 0: no limit
}

// few is how many people of a class, or of all, are no share worth counting: two of a register of four are half of it.
const few = 5

// together is how many days of plans count as one deletion: a long list that is cut into short ones is as long as it was.
const together = 7

// Needs says how many others must approve a plan of deletions: two when it is above one of the brakes, with the plans of the days
// before it.
func (d Deleting) Needs(ctx context.Context, tx *store.Tx, p bot.Plan) (int, error) {
	if p.Kind != bot.PlanSuspend {
		return 1, nil
	}
	before, err := tx.DeletionsPlanned(ctx, p.Made.At.AddDate(0, 0, -together), p.ID)
	if err != nil {
		return 0, err
	}
	people := make(map[string]string) // code → class as the lists write it
	var codes []string
	for _, i := range slices.Concat(p.Items, before) {
		if _, there := people[i.Code]; !there {
			codes = append(codes, i.Code)
			people[i.Code] = i.Class
		}
	}
	known, err := tx.Standings(ctx, codes)
	if err != nil {
		return 0, err
	}
	classes, all, err := d.live(ctx, tx)
	if err != nil {
		return 0, err
	}
	leave := make(map[string]int)
	for code, class := range people {
		class = classOf(known[code], class)
		leave[class]++
		if known[code].Gone { // by one of the plans before: it was there when they were made
			classes[class]++
			all++
		}
	}
	above := d.Most > 0 && len(people) > d.Most || share(len(people), all, d.Share)
	for _, i := range p.Items { // a class that this plan leaves alone is not its matter
		class := classOf(known[i.Code], i.Class)
		above = above || class != "" && share(leave[class], classes[class], d.ClassShare)
	}
	if above {
		return 2, nil
	}
	return 1, nil
}

// classOf is the class in which somebody counts: that of the register, whatever a list of leavers writes, else that of the list.
func classOf(known store.Standing, listed string) string {
	return bot.ClassKey(cmp.Or(known.Class, listed))
}

// live counts the accounts that live, by class; spellings of one class count together.
func (Deleting) live(ctx context.Context, tx *store.Tx) (classes map[string]int, all int, err error) {
	spelt, all, err := tx.LiveByClass(ctx)
	classes = make(map[string]int, len(spelt))
	for class, n := range spelt {
		classes[bot.ClassKey(class)] += n
	}
	return classes, all, err
}

// share says whether n of all are more than percent of them. What the register does not know of counts with the others.
func share(n, all, percent int) bool {
	return percent > 0 && n > few && 100*n > percent*max(all, n)
}

// EraseOn is the day on which an account is erased that a plan made at that moment suspends.
func (d Deleting) EraseOn(made time.Time) string {
	return made.In(bot.ICT).AddDate(0, 0, d.Window).Format(time.DateOnly)
}
