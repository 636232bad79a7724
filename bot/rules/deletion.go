package rules

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/parser"
)

// leavers judges a list of people who left (procedure step 7, rules DEL). What is said here deletes nobody: an officer checks
// it, and a plan is made by one and approved by another.
func (j *judge) leavers(req *bot.Request) {
	j.mayDelete()
	j.decisions()
	j.classList()
	j.resting(req)
	for i := range j.people {
		if p := &j.people[i]; !p.misfit {
			req.Rows[i].Account = j.leaver(p)
		}
	}
	j.repeatedCodes()
	if most := j.policy.Deletion.Most; most > 0 && len(j.people) > most {
		j.say("DEL-06", place{}, "", "n", strconv.Itoa(len(j.people)), "max", strconv.Itoa(most))
	}
	j.reasons()
}

func (j *judge) mayDelete() {
	if may := j.policy.Deletion.Units; j.unit != nil && len(may) > 0 && !slices.Contains(may, j.unit.ID) {
		j.say("DEL-08", place{}, "", "unit", j.unit.Name)
	}
}

// few is how many people a list may have without looking like a class.
const few = 5

// classList says DEL-10 of a list that looks like one of people who study: whoever sends the wrong file must be able to say so
// before anything is done. What share of a class it is, is for the desk to count; here its title counts, the monitors in it, and
// that no line says why somebody leaves.
func (j *judge) classList() {
	var why []string
	monitors, reasons, classes := 0, 0, make(map[string]int)
	for i := range j.people {
		p := &j.people[i]
		if p.monitor {
			monitors++
		}
		if p.Leaving != nil && (p.Leaving.Reason.Text != "" || p.Leaving.Decision.Text != "") || p.Note.Text != "" && !p.monitor {
			reasons++
		}
		classes[p.Class.Text]++
	}
	if reasons == 0 && slices.ContainsFunc(j.sub.Lists, func(l parser.List) bool { return l.Title != "" && !l.Deletes }) {
		why = append(why, "class_title")
	}
	if monitors > 0 {
		why = append(why, "monitor_there")
	}
	for _, n := range classes {
		if n > few && reasons == 0 && 10*n >= 8*len(j.people) {
			why = append(why, "no_reasons")
		}
	}
	if len(why) > 0 {
		j.say("DEL-10", place{}, "", "why", strings.Join(why, ", "))
	}
}

// resting writes down on what decision each row rests, and the case on which ones.
func (j *judge) resting(req *bot.Request) {
	var numbers []string
	for i := range j.people {
		d := j.decisionOf(&j.people[i])
		row := &req.Rows[i]
		row.Decision = clip(d.number, maxShown)
		if d.number != "" && !slices.Contains(numbers, row.Decision) {
			numbers = append(numbers, row.Decision)
		}
		if whole(d.date) {
			row.DecisionDate = iso(d.date)
			if req.DecisionDate == "" || row.DecisionDate < req.DecisionDate {
				req.DecisionDate = row.DecisionDate
			}
		}
	}
	req.Decision = clip(strings.Join(numbers, ", "), 4*maxShown)
}

// A decision is what a row's dismissal rests on: its own columns, else what stands above its table, else the letter's.
type decision struct {
	number string
	date   parser.Date
}

func (j *judge) decisionOf(p *person) decision {
	var d decision
	take := func(number parser.Value, date parser.Date) {
		if d.number == "" {
			d.number = number.Text
		}
		if d.date.Year == 0 {
			d.date = date
		}
	}
	if p.Leaving != nil {
		take(p.Leaving.Decision, p.Leaving.DecisionDate)
	}
	if p.list != nil {
		take(p.list.Decision, p.list.DecisionDate)
	}
	if l := j.sub.Letter; l != nil {
		take(l.Decision, l.DecisionDate)
	}
	return d
}

// decisions says DEL-01 of people without the number or the date of a decision, once for all, and DEL-05 of each decision
// that came too late. The copy of the decision is a file of its own: that none came along is only shown, for a scan may be
// in the mail of the letter.
func (j *judge) decisions() {
	var noNumber, noDate []*person
	late := make(map[string]bool)
	for i := range j.people {
		p := &j.people[i]
		d := j.decisionOf(p)
		if d.number == "" {
			noNumber = append(noNumber, p)
		}
		if d.date.Year == 0 {
			noDate = append(noDate, p)
		}
		if j.late(d.date) && !late[d.number+iso(d.date)] {
			late[d.number+iso(d.date)] = true
			at := place{}
			if p.Leaving != nil {
				at.at = p.Leaving.DecisionDate.At
			}
			j.say("DEL-05", at, d.date.Text, "qd", d.number, "d", iso(d.date), "d2", j.day(j.arrived()))
		}
	}
	say := func(severity bot.Severity, what string, people []*person) {
		pairs := []string{"what", what}
		if len(people) > 0 && len(people) < len(j.people) {
			pairs = append(pairs, j.lines(people...)...)
		}
		j.sayAs(severity, "DEL-01", place{}, "", pairs...)
	}
	switch {
	case len(j.people) == 0:
	case slices.Equal(noNumber, noDate) && len(noNumber) > 0:
		say(bot.RejectRequest, "decision_number, decision_date", noNumber)
	default:
		if len(noNumber) > 0 {
			say(bot.RejectRequest, "decision_number", noNumber)
		}
		if len(noDate) > 0 {
			say(bot.RejectRequest, "decision_date", noDate)
		}
	}
	if len(j.people) > 0 && !slices.ContainsFunc(j.sub.Files, mayBeDecision) {
		say(bot.Warn, "decision_copy", nil)
	}
}

// mayBeDecision reports whether a file may be the copy of a decision: a document that is neither letter nor list, or a scan.
func mayBeDecision(f parser.FileReport) bool {
	return f.Role == parser.RoleOther || f.Role == parser.RoleProblem && f.Problem != nil && f.Problem.Code == parser.Picture
}

// arrived is when the request came, as far as that is known.
func (j *judge) arrived() time.Time {
	switch c := j.context; {
	case !c.Arrived.IsZero():
		return c.Arrived
	case !c.Sent.IsZero():
		return c.Sent
	}
	return j.context.Now
}

// late reports whether a decision of that day came later than the procedure allows (Q10).
func (j *judge) late(d parser.Date) bool {
	if !whole(d) || j.policy.Deletion.Days <= 0 {
		return false
	}
	zone := j.context.Now.Location()
	days := j.policy.Deletion.Days
	due := time.Date(d.Year, time.Month(d.Month), d.Day+days, 23, 59, 59, 0, zone)
	if j.policy.Deletion.Due != nil {
		due = j.policy.Deletion.Due(time.Date(d.Year, time.Month(d.Month), d.Day, 0, 0, 0, 0, zone), days)
	}
	return j.arrived().In(zone).After(due)
}

// leaver judges one person of the list against register and platform. It returns the address of the account that has his
// code and his name.
func (j *judge) leaver(p *person) (account string) {
	at := in(p, p.Code)
	if p.code == "" {
		if p.column("code") {
			j.say("ROW-01", at, "")
		}
		return ""
	}
	if p.Name.Text == "" && p.column("name", "name_given", "name_first_part") {
		j.say("NAM-01", in(p, p.Name), "")
	}
	found := false
	for _, e := range j.known[p.code] {
		switch {
		case e.Case != "" && e.Decision != "" && e.Case != j.context.Case: // an open request to delete it
			found = true
			j.say("DEL-11", at, p.code, "v", p.code, "ref", e.Case)
		case e.Case != "": // an open request for an account is none
			continue
		case e.State == bot.AccountSuspended || e.State == bot.AccountDeleted:
			found = true
			j.say("DEL-04", at, p.code, "v", p.code, "date", j.day(e.Changed))
		case p.Name.Text != "" && j.words.name(e.Name).key != p.name.key:
			found = true
			j.say("DEL-03", in(p, p.Name), p.Name.Text, "v", p.code, "a", p.Name.Text, "b", otherName(p.Name.Text, e.Name))
		case e.Owns != "":
			found = true
			j.say("DEL-07", at, p.code, "v", p.code, "grp", e.Owns)
		case p.monitor:
			found = true
			j.say("DEL-07", in(p, p.Note), p.code, "v", p.code, "grp", p.Class.Text)
		default:
			found, account = true, cmp.Or(account, e.Address)
			continue
		}
		if found { // one reason is enough; the register and the platform may say the same
			return ""
		}
	}
	switch {
	case found || j.has("ROW-03", p.N):
	case p.form == nil && len(j.policy.Codes) > 0:
		j.badCode(p, codesOfList{})
	default:
		j.say("DEL-02", at, p.code, "v", p.code)
	}
	return account
}

// reasons says DEL-09 of people whose reason is no dismissal (Q12): graduates, and those who only pause or move.
func (j *judge) reasons() {
	for i := range j.people {
		p := &j.people[i]
		if p.Leaving != nil && otherReason(p.Leaving.Reason.Text) {
			j.say("DEL-09", in(p, p.Leaving.Reason), p.Leaving.Reason.Text, "v", p.Leaving.Reason.Text)
		} else if otherReason(p.Note.Text) {
			j.say("DEL-09", in(p, p.Note), p.Note.Text, "v", p.Note.Text)
		}
	}
	if l := j.sub.Letter; l != nil && otherReason(l.Reason.Text) {
		j.say("DEL-09", place{at: l.Reason.At}, l.Reason.Text, "v", l.Reason.Text)
	}
}

// otherReason reports whether a text speaks of leaving for another reason than dismissal, and not of dismissal too.
func otherReason(text string) bool {
	folded := " " + wordsOf(clip(text, 4*maxShown)) + " "
	has := func(phrases ...string) bool {
		return slices.ContainsFunc(phrases, func(phrase string) bool { return strings.Contains(folded, " "+phrase+" ") })
	}
	return has("bao luu", "tot nghiep", "ra truong", "chuyen lop", "chuyen nganh", "chuyen truong", "chuyen khoa", "tam nghi", "nghi tam thoi", "di nghia vu", "nghia vu quan su") &&
		!has("thoi hoc", "buoc thoi hoc", "xoa ten")
}
