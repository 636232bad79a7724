package account

import (
	"strings"
	"unicode"

	"vanthu/parser/viet"
)

// A spelling is what a policy makes of a person, before anybody looks whether somebody has that name.
type spelling struct {
	user    string
	given   string // the given name in it, "" none
	foreign bool   // the name holds letters that are not Latin: half a name is nobody's
	instead bool   // the code took the place of a name that cannot be given
	steps   []Step
}

// A Step is one thing that happened on the way from a person to a user name, for `vanthu username`.
type Step struct {
	What string `json:"what"` // "folded", "fields", "policy", "shortened", "fault", "instead"
	Is   string `json:"is"`
}

// parts of a name, folded.
type parts struct {
	family, middle, given, initials string
	foreign                         bool
}

// partsOf takes a name apart as Vietnamese user names do: the last word is the one that people are called by, what stands before it
// gives its first letters (nguyen van an: nvan). That is a convention of writing, not a fact about the person: of H'Ơn Niê Kđăm it takes
// the name of the clan, and so do the universities that name people this way. Apostrophes and hyphens join.
func partsOf(name string) (p parts, folded string) {
	clean, _ := viet.Clean(name)
	var words []string
	for word := range strings.FieldsSeq(viet.Fold(clean)) {
		word, foreign := latin(word)
		p.foreign = p.foreign || foreign
		if word != "" {
			words = append(words, word)
		}
	}
	folded = strings.Join(words, " ")
	if len(words) == 0 {
		return p, folded
	}
	last := len(words) - 1
	p.given = words[last]
	for i, word := range words[:last] {
		p.initials += word[:1]
		if i == 0 {
			p.family = word
		} else {
			p.middle += word
		}
	}
	return p, folded
}

// ligatures are the Latin letters that fold to two.
var ligatures = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "þ", "th")

// latin keeps the letters and digits of a folded word. foreign says that it held a letter of another script, or of none that is known.
func latin(word string) (kept string, foreign bool) {
	kept = strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			foreign = true
		}
		return -1
	}, ligatures.Replace(word))
	return kept, foreign
}

// Explain says step by step how a person comes to his user name, before it is known whether somebody has it.
func (p Policy) Explain(h Holder) (steps []Step, err error) {
	s, err := p.spell(h)
	return s.steps, err
}

// spell makes the user name that the policy means for a person.
func (p Policy) spell(h Holder) (spelling, error) {
	s := p.compose(h)
	fault := p.fault(s, h)
	if fault == nil {
		return s, nil
	}
	s.step("fault", fault.Rule+" "+s.user)
	if !p.Instead {
		return s, fault
	}
	code := p
	code.Kind, code.Instead = "code", false
	second := code.compose(h)
	if worse := code.fault(second, h); worse != nil {
		return s, fault
	}
	s.user, s.instead, s.given = second.user, true, ""
	s.step("instead", s.user)
	return s, nil
}

func (s *spelling) step(what, is string) { s.steps = append(s.steps, Step{What: what, Is: is}) }

func (p Policy) compose(h Holder) (s spelling) {
	template := p.template()
	pieces, err := cut(template)
	if err != nil { // Check says so when the configuration is read
		return s
	}
	code := strings.ToLower(strings.TrimSpace(h.Code))
	if len(pieces) == 1 && pieces[0].field == "code" { // as it is: what it holds beside letters and digits is its fault
		s.user = code
		s.step("policy", template+" = "+code)
		return s
	}
	name, folded := partsOf(h.Name)
	s.step("folded", folded)
	s.given = name.given
	values := map[string]string{"given": name.given, "family": name.family, "middle": name.middle, "initials": name.initials, "code": code,
		"class": plainWord(h.Class), "cohort": plainWord(h.Cohort)}
	var said []string
	for i, piece := range pieces {
		if piece.field == "" {
			continue
		}
		pieces[i].text = values[piece.field]
		said = append(said, piece.field+" "+values[piece.field])
		s.foreign = s.foreign || name.foreign && ofName(piece.field)
	}
	s.step("fields", strings.Join(said, ", "))
	s.user = joined(pieces)
	s.step("policy", template+" = "+s.user)
	if over := len(s.user) - p.longest(); over > 0 {
		s.user = shortened(pieces, over)
		s.step("shortened", s.user)
	}
	return s
}

func plainWord(text string) string {
	word, _ := latin(strings.ReplaceAll(viet.Fold(text), " ", ""))
	return word
}

func ofName(field string) bool {
	return field == "given" || field == "family" || field == "middle" || field == "initials"
}

// joined writes the pieces behind each other. A dot that has nothing on one side goes: a name of one word has no family name.
func joined(pieces []piece) string {
	var b strings.Builder
	for _, piece := range pieces {
		b.WriteString(piece.text)
	}
	return strings.Trim(b.String(), ".")
}

// shortened takes letters away from the end of the parts of the name, the last part first, never the last letter of one, and nothing
// from the code: what tells two people apart stays.
func shortened(pieces []piece, over int) string {
	for i := len(pieces) - 1; i >= 0 && over > 0; i-- {
		if !ofName(pieces[i].field) || len(pieces[i].text) < 2 {
			continue
		}
		cut := min(over, len(pieces[i].text)-1)
		pieces[i].text = pieces[i].text[:len(pieces[i].text)-cut]
		over -= cut
	}
	return joined(pieces)
}
