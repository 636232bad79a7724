package rules

import (
	"time"

	"regexp"
	"slices"
	"strings"

	"vanthu/bot"
)

// A Policy is what the school expects of a request.
type Policy struct {
	Units     []bot.Unit
	Codes     []CodeRule                // a code must match one of them; none: every code passes
	Classes   []string                  // known classes
	ClassBook bool                      // they are all there are: another one is said (ROW-09)
	Notes     []string                  // notes that need no officer (ROW-12), beside those that everybody writes
	Needs     map[bot.Kind]bot.Evidence // what must be proved for a kind of request (FRM-04, FRM-18); none: its mailbox is enough
	MaxRows   int                       // rows of one request; 0: no limit (LST-12)

	// CohortZero is the year before the first cohort: with 1974, K47 began in 2021. 0: what most rows of a request say (ROW-11).
	CohortZero int

	// ClockHours is how far the date in a mail may be from its receipt (ENV-12); 0: not checked.
	ClockHours int

	Deletion Deletion

	// NameFault says why a person gets no user name, ACC-02 or ACC-03 with what the message quotes: "v" the code or user name, or
	// "name"; rule is "" when he gets one. nil: not judged.
	NameFault func(bot.NameRow) (rule, field, value string)

	// Address is the address that the account of a person would get, "" when only the plan can say it (ACC-01). nil: not judged.
	Address func(bot.NameRow) string
}

// A CodeRule is one form of student or learner codes.
type CodeRule struct {
	// Pattern matches the whole code, which is handed over in capitals. A group named year holds the year of enrolment in two
	// or four digits: (?P<year>[0-9]{2})[0-9]{8} (ROW-11).
	Pattern *regexp.Regexp
	Shown   string   // how a person says it: "10 chữ số"
	Units   []string // ids of the units whose people have such codes; empty: all (FRM-13)
}

// of reports whether people of the unit have such codes.
func (c CodeRule) of(unit *bot.Unit) bool {
	return unit == nil || len(c.Units) == 0 || slices.Contains(c.Units, unit.ID)
}

// Deletion is what the school expects of a list of leavers (procedure step 7).
type Deletion struct {
	Units []string // ids of the units that may ask; empty: all (DEL-08)
	Most  int      // accounts of one request that need no second person; 0: no limit (DEL-06)
	Days  int      // from the decision to its receipt (DEL-05)
	// Due is the last moment of so many days after a day, a last day off rolled on (BLDS 2015 Điều 148); nil: no day is off.
	Due func(day time.Time, days int) time.Time
}

// wellFormed returns the rule that a code matches, one of the unit's own if there is one; nil when it matches none.
func (p *Policy) wellFormed(code string, unit *bot.Unit) *CodeRule {
	var other *CodeRule
	for i := range p.Codes {
		c := &p.Codes[i]
		ours := c.of(unit)
		if (ours || other == nil) && c.Pattern.MatchString(code) {
			if ours {
				return c
			}
			other = c
		}
	}
	return other
}

// forms says how codes look, those of the asking unit alone when some are its own.
func (p *Policy) forms(unit *bot.Unit) string {
	var shown []string
	for _, c := range p.Codes {
		if c.of(unit) && !slices.Contains(shown, c.Shown) {
			shown = append(shown, c.Shown)
		}
	}
	return strings.Join(shown, " / ")
}
