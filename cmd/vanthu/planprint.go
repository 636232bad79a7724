package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"vanthu/bot"
	"vanthu/bot/rules"
	"vanthu/bot/store"
)

// planView is a plan for --json.
type planView struct {
	bot.Plan
	Dropped    bool             `json:"dropped,omitempty"`
	DroppedBy  bot.Actor        `json:"dropped_by,omitempty"`
	DroppedWhy string           `json:"dropped_why,omitempty"`
	Given      []store.Approval `json:"given,omitempty"` // each approval with the hash that it was for
	Paused     bot.Stamp        `json:"paused,omitzero"`
	PausedWhy  string           `json:"paused_why,omitempty"`
}

func viewOf(p store.StoredPlan) planView {
	return planView{Plan: p.Plan, Dropped: p.Dropped, DroppedBy: p.DroppedBy, DroppedWhy: p.DroppedWhy, Given: p.Given, Paused: p.Paused, PausedWhy: p.PausedWhy}
}

// planState says in a few words where a plan stands.
func planState(p store.StoredPlan) string {
	switch {
	case p.Number == "":
		return "a preview: nothing is kept"
	case p.Dropped && p.DroppedWhy != "":
		return "dropped by " + string(p.DroppedBy) + ": " + harmless(p.DroppedWhy, widest)
	case p.Dropped:
		return "dropped: a case in it has changed"
	case p.Paused.Done():
		return fmt.Sprintf("STOPPED by %s %s: %s", p.Paused.By, local(p.Paused.At), harmless(p.PausedWhy, widest))
	case p.Approved.Done():
		return fmt.Sprintf("approved by %s %s", p.Approved.By, local(p.Approved.At))
	case p.Needs > 1:
		return fmt.Sprintf("waits for approval (%d of %d)", len(p.Given), p.Needs)
	}
	return "waits for approval"
}

// printPlan shows exactly what would be done: row, user name, address, group, platform, act. What no row has is not shown.
func printPlan(e *env, p store.StoredPlan, asJSON bool) error {
	if asJSON {
		return writeJSON(e, viewOf(p))
	}
	what := map[bot.PlanKind]string{bot.PlanReset: " to get a new password", bot.PlanSuspend: " to be suspended"}[p.Kind]
	fmt.Fprintf(e.stdout, "%s  %s%s  made by %s %s  %s\nhash %s\n", or(p.Number, "(no number)"), count(len(p.Items), "account"), what, p.Made.By, local(p.Made.At), planState(p), p.Hash)
	printTerms(e, p)
	fmt.Fprintln(e.stdout)
	has := func(of func(bot.PlanItem) string) bool {
		return slices.ContainsFunc(p.Items, func(i bot.PlanItem) bool { return of(i) != "" })
	}
	type column struct {
		title string
		of    func(bot.PlanItem) string
	}
	columns := []column{
		{"CASE", func(i bot.PlanItem) string { return i.Case }}, {"N", func(i bot.PlanItem) string { return fmt.Sprint(i.N) }},
		{"CODE", func(i bot.PlanItem) string { return i.Code }}, {"NAME", func(i bot.PlanItem) string { return i.Name }}, {"CLASS", func(i bot.PlanItem) string { return i.Class }},
		{"USER", func(i bot.PlanItem) string { return i.User }}, {"ADDRESS", func(i bot.PlanItem) string { return i.Address }},
		{"GROUP", func(i bot.PlanItem) string { return i.Group }}, {"PLATFORM", func(i bot.PlanItem) string { return i.Platform }},
		{"ACTION", func(i bot.PlanItem) string { return i.Action }}, {"ERASE ON", func(i bot.PlanItem) string { return i.EraseOn }},
		{"BATCH", func(i bot.PlanItem) string {
			if i.Batch == 0 {
				return ""
			}
			return strings.TrimSpace(fmt.Sprint(i.Batch, " ", p.StartOf(i)))
		}},
	}
	columns = slices.DeleteFunc(columns, func(c column) bool { return !has(c.of) })
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	line := func(cell func(column) string) {
		var cells []string
		for _, c := range columns {
			cells = append(cells, cell(c))
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	line(func(c column) string { return c.title })
	for _, i := range p.Items {
		line(func(c column) string { return foreign(c.of(i)) })
	}
	if err := w.Flush(); err != nil {
		return err
	}
	printSuffixes(e, p.Items)
	return nil
}

// printSuffixes says of whom the names of the plan are numbered, and who has the name that they would have had (ACC-04).
func printSuffixes(e *env, items []bot.PlanItem) {
	at := make(map[string]bot.PlanItem, len(items))
	for _, i := range items {
		at[i.Code] = i
	}
	for _, i := range items {
		if i.Wanted == "" {
			continue
		}
		args := map[string]string{"a": i.Wanted, "b": i.User}
		if other, here := at[i.Holder]; here {
			args["rows"] = fmt.Sprintf("%s/%d, %s/%d", other.Case, other.N, i.Case, i.N)
		} else {
			args["v"] = or(i.Holder, "?")
		}
		vi, en := rules.Text(bot.Finding{Rule: "ACC-04", Args: args})
		fmt.Fprintf(e.stdout, "\nACC-04 %s row %d (%s)\n       %s\n       %s\n", i.Case, i.N, foreign(i.Code), harmless(vi, longest), harmless(en, longest))
	}
}

// printTerms says when, by whom and in which batches, where there is anything to say.
func printTerms(e *env, p store.StoredPlan) {
	if p.Starts != "" || p.Ends != "" {
		fmt.Fprintf(e.stdout, "from %s until %s\n", or(p.Starts, "its approval"), or(p.Ends, "it is done"))
	}
	if p.Officer != "" && bot.Actor("officer:"+p.Officer) != p.Made.By {
		fmt.Fprintf(e.stdout, "carried out by %s\n", p.Officer)
	}
	for _, b := range p.Batches {
		n := 0
		for _, i := range p.Items {
			if i.Batch == b.N {
				n++
			}
		}
		fmt.Fprintf(e.stdout, "batch %d  %s  %s\n", b.N, or(b.Starts, "at once"), count(n, "account"))
	}
	if p.Needs > 1 {
		for _, g := range p.Given {
			fmt.Fprintf(e.stdout, "approved by %s %s\n", g.Officer, local(g.At))
		}
	}
	if p.Format == bot.ItemsFormat {
		fmt.Fprintln(e.stdout, "frozen by an earlier vanthu: a list of accounts alone; it can be approved as it is")
	}
}

func printPlans(e *env, plans []store.StoredPlan, asJSON bool) error {
	if asJSON {
		all := make([]planView, 0, len(plans))
		for _, p := range plans {
			all = append(all, viewOf(p))
		}
		return writeJSON(e, all)
	}
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PLAN\tKIND\tACCOUNTS\tCASES\tFROM\tMADE BY\tSTATE\tHASH")
	for _, p := range plans {
		cases := make(map[string]bool)
		for _, i := range p.Items {
			cases[i.Case] = true
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%s\t%s\t%s\t%s\n", p.Number, p.Kind, len(p.Items), len(cases), dash(p.Starts), p.Made.By, planState(p), p.Hash)
	}
	return w.Flush()
}

// printDifferences says row by row what a plan that was made anew does otherwise.
func printDifferences(e *env, was string, differs []bot.PlanDifference) {
	if len(differs) == 0 {
		fmt.Fprintf(e.stdout, "as %s, which was dropped\n\n", was)
		return
	}
	fmt.Fprintf(e.stdout, "otherwise than %s:\n", was)
	for _, d := range differs {
		fmt.Fprintf(e.stdout, "  %-7s", d.Kind)
		if d.Case != "" {
			fmt.Fprintf(e.stdout, "  %s row %d  %s  %s", d.Case, d.N, foreign(d.Code), foreign(d.Name))
		}
		for _, f := range d.Fields {
			fmt.Fprintf(e.stdout, "  %s: %s → %s", f.Field, foreign(f.Was), foreign(f.Is))
		}
		fmt.Fprintln(e.stdout)
	}
	fmt.Fprintln(e.stdout)
}
