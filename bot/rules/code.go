package rules

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"vanthu/bot"
	"vanthu/parser"
)

// spoiled codes, as Excel leaves them: 2.15301E+09, 2153010680.0 (ROW-03).
var spoiled = regexp.MustCompile(`^\d+([.,]\d+)?[Ee]\+?\d+$|^\d{6,}[.,]0+$`)

// codeOf judges a code by itself and against the register.
func (j *judge) codeOf(p *person, codes codesOfList) {
	v, at := p.Code.Text, in(p, p.Code)
	switch {
	case v == "":
		if p.column("code") {
			j.say("ROW-01", at, "")
		}
		return
	case j.has("ROW-03", p.N):
		return
	case p.form == nil && len(j.policy.Codes) > 0:
		j.badCode(p, codes)
		return
	}
	if j.policy.NameFault != nil {
		if rule, field, value := j.policy.NameFault(p.nameRow()); rule != "" {
			j.say(rule, at, v, field, value)
		}
	}
	j.register(p, at)
}

// badCode says what is wrong with a code and, where only one code can be meant, which: the unit decides, nothing is put right.
func (j *judge) badCode(p *person, codes codesOfList) {
	v, at := p.Code.Text, in(p, p.Code)
	if spoiled.MatchString(v) {
		meant := strings.TrimRight(strings.TrimRight(v, "0"), ".,")
		if strings.ContainsAny(v, "Ee") || j.policy.wellFormed(meant, j.unit) == nil {
			meant = ""
		}
		j.say("ROW-03", at, v, "v", v, "a", meant)
		return
	}
	if head := j.lostHead(p.code, codes); head != "" {
		j.say("ROW-03", at, v, "v", v, "n", strconv.Itoa(len(head)), "a", head+p.code)
		return
	}
	pairs := []string{"v", v, "pattern", j.policy.forms(j.unit)}
	if meant := retyped(p.code); meant != p.code && j.policy.wellFormed(meant, j.unit) != nil {
		pairs = append(pairs, "a", meant)
	} else if n := len(v); n <= maxShown && strings.Trim(v, "0123456789") == "" {
		pairs = append(pairs, "n", strconv.Itoa(n))
	}
	j.say("ROW-02", at, v, pairs...)
}

// retyped is a code without what slips in while typing: the letters O, I and l for digits, blanks and signs between digits.
func retyped(code string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == 'O' || r == 'o':
			return '0'
		case r == 'I' || r == 'l' || r == 'L' || r == '|':
			return '1'
		case '０' <= r && r <= '９': // full width
			return r - '０' + '0'
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			return r
		}
		return -1
	}, code)
}

// codesOfList is what the codes of one table have in common.
type codesOfList struct {
	good  int    // that have a right form
	head  string // digits that all good codes begin with
	short int    // that would have a right form with zeros before them
	all   int
}

// zeros are as many leading digits of a code as are looked for.
const zeros = "000"

// codesPerList looks at the codes of each table before they are judged one by one: "18530123" is damaged when the others
// are "0018530124", and a slip of the pen when they are "1853012345".
func (j *judge) codesPerList() map[*parser.List]codesOfList {
	all := make(map[*parser.List]codesOfList)
	for i := range j.people {
		p := &j.people[i]
		if p.code == "" {
			continue
		}
		c, begun := all[p.list]
		c.all++
		switch {
		case p.form != nil && !begun || p.form != nil && c.good == 0:
			c.good, c.head = c.good+1, p.code
		case p.form != nil:
			c.good++
			if !strings.HasPrefix(p.code, c.head) {
				c.head = common(c.head, p.code)
			}
		case j.zerosLost(p.code) > 0:
			c.short++
		}
		all[p.list] = c
	}
	return all
}

func common(a, b string) string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return a[:n]
}

// zerosLost returns how many zeros before a number make it a code, 0 for none.
func (j *judge) zerosLost(code string) int {
	if code == "" || strings.Trim(code, "0123456789") != "" || code[0] == '0' {
		return 0
	}
	for n := range len(zeros) + 1 {
		if n > 0 && j.policy.wellFormed(zeros[:n]+code, j.unit) != nil {
			return n
		}
	}
	return 0
}

// lostHead returns the leading digits that a code has lost, "" when it is not known to have lost any: the others of the list
// begin with digits that it lacks, or the whole column is too short by the same zeros.
func (j *judge) lostHead(code string, codes codesOfList) string {
	n := j.zerosLost(code)
	switch {
	case n == 0:
		return ""
	case codes.good == 0:
		if codes.short > 1 && codes.short*2 > codes.all {
			return zeros[:n]
		}
		return ""
	case len(codes.head) < n+2 || strings.HasPrefix(code, codes.head[:n]) || !strings.HasPrefix(code, codes.head[n:min(n+4, len(codes.head))]):
		return ""
	}
	return codes.head[:n]
}

// sameAccount says whether two tell of one account, and nothing that matters otherwise.
func (j *judge) sameAccount(a, b bot.Existing) bool {
	return a.Case == "" && b.Case == "" && a.Decision == b.Decision && strings.EqualFold(a.Address, b.Address) && (a.State == bot.AccountDeleted) == (b.State == bot.AccountDeleted) &&
		j.words.name(a.Name).key == j.words.name(b.Name).key
}

// register says which accounts and open cases are there for a code already (FR-17). What the platform and then the register say of one
// account is said once, as the register knows it: it knows the day.
func (j *judge) register(p *person, at place) {
	for i, e := range j.known[p.code] {
		if slices.ContainsFunc(j.known[p.code][i+1:], func(later bot.Existing) bool { return j.sameAccount(e, later) }) {
			continue
		}
		switch {
		case e.Case != "":
			if e.Case != j.context.Case {
				j.say("ROW-06", at, p.code, "v", p.code, "ref", e.Case)
			}
			continue
		case e.Decision != "":
			j.say("ROW-07", at, p.code, "v", p.code, "qd", e.Decision)
		case e.State == bot.AccountDeleted:
			j.say("ACC-01", at, p.code, "addr", e.Address, "date", j.day(e.Changed))
		default:
			j.say("ROW-05", at, p.code, "v", p.code, "addr", e.Address, "date", j.day(e.Since))
		}
		if e.Name != "" && p.Name.Text != "" && j.words.name(e.Name).key != p.name.key {
			j.say("NAM-10", in(p, p.Name), p.Name.Text, "v", p.code, "a", p.Name.Text, "b", otherName(p.Name.Text, e.Name))
		}
	}
	if j.policy.Address == nil || len(j.known) == 0 {
		return
	}
	address := j.policy.Address(p.nameRow())
	for _, e := range j.known[address] {
		if e.Code != p.code {
			primary := ""
			if e.Alias != "" {
				primary = e.Address
			}
			deleted := ""
			if e.State == bot.AccountDeleted {
				deleted = j.day(e.Changed)
			}
			j.say("ACC-01", at, p.code, "addr", address, "date", deleted, "primary", primary)
			break
		}
	}
}
