package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"vanthu/parser/viet"
)

// longName is longer than any person's name, in characters: Vietnamese identity papers hold 50.
const longName = 100

// name judges a name by itself (rules NAM). Names of minorities and foreigners, of one word or of ten, pass.
func (j *judge) nameOf(p *person) {
	v, at := p.Name.Text, in(p, p.Name)
	if v == "" {
		if p.column("name", "name_given", "name_first_part") {
			j.say("NAM-01", at, "")
		}
		return
	}
	if n := utf8.RuneCountInString(v); n > longName {
		j.say("NAM-03", at, clip(v, maxShown), "n", strconv.Itoa(n), "max", strconv.Itoa(longName))
		return
	}
	if p.name.strange {
		illegal, alien := strange(v)
		if len(illegal) > 0 {
			j.say("NAM-03", at, v, "chars", strings.Join(illegal, " "))
		}
		if len(alien) > 0 {
			j.say("NAM-08", at, v, "chars", strings.Join(alien, ", "))
		}
		return // what follows reads Latin names
	}
	if p.name.words == 1 {
		j.say("NAM-02", at, v, "v", v)
	}
	switch {
	case p.recorded != v:
		j.say("NAM-04", at, v, "v", v, "name", p.recorded)
	case p.name.uneven:
		j.say("NAM-04", at, v, "a", v, "b", viet.TitleCase(strings.ToLower(v)))
	}
	if p.name.odd {
		j.say("NAM-07", at, v, "v", j.words.oddIn(v))
	}
}

// oddIn lists the words of a name that Vietnamese spelling does not know: minority and foreign names, or slips. The message
// puts the list between quotes, so they also stand between its words.
func (l lexicon) oddIn(name string) string {
	var odd []string
	for part := range strings.FieldsSeq(name) {
		if l.word(part).odd && !slices.Contains(odd, part) {
			odd = append(odd, part)
		}
	}
	return strings.Join(odd, `", "`)
}

// mostNamed bounds how many characters a message names.
const mostNamed = 10

// strange lists the characters of a name that are no letters (NAM-03) and those of other scripts, which may look like
// Latin ones (NAM-08).
func strange(name string) (illegal, alien []string) {
	for _, r := range name {
		switch {
		case r == ' ' || belongs(r):
		case unicode.IsLetter(r):
			if s := letter(r); !slices.Contains(alien, s) && len(alien) < mostNamed {
				alien = append(alien, s)
			}
		default:
			s := string(r)
			if !unicode.IsPrint(r) {
				s = fmt.Sprintf("%U", r)
			}
			if !slices.Contains(illegal, s) && len(illegal) < mostNamed {
				illegal = append(illegal, s)
			}
		}
	}
	return illegal, alien
}

// letter names a letter that nobody can tell from a Latin one by looking at it: "а (U+0430 Cyrillic, a)".
func letter(r rune) string {
	about := []string{fmt.Sprintf("%U", r)}
	for name, script := range map[string]*unicode.RangeTable{"Cyrillic": unicode.Cyrillic, "Greek": unicode.Greek, "Khmer": unicode.Khmer, "Lao": unicode.Lao,
		"Han": unicode.Han, "Cham": unicode.Cham, "Armenian": unicode.Armenian, "Thai": unicode.Thai, "Cherokee": unicode.Cherokee} {
		if unicode.Is(script, r) {
			about[0] += " " + name
		}
	}
	if latin, ok := lookAlikes[unicode.ToLower(r)]; ok {
		if unicode.IsUpper(r) {
			latin = strings.ToUpper(latin)
		}
		about = append(about, "≈ "+latin)
	}
	return fmt.Sprintf("%c (%s)", r, strings.Join(about, " "))
}

// lookAlikes are the small letters of other scripts that look Latin, or whose capital does, with the Latin letter.
var lookAlikes = map[rune]string{
	'а': "a", 'в': "b", 'с': "c", 'ԁ': "d", 'е': "e", 'һ': "h", 'н': "h", 'і': "i", 'ј': "j", 'к': "k", 'м': "m", 'о': "o", 'р': "p", 'ѕ': "s", 'т': "t", 'у': "y", 'х': "x",
	'α': "a", 'β': "b", 'ε': "e", 'η': "h", 'ι': "i", 'κ': "k", 'μ': "m", 'ν': "v", 'ο': "o", 'ρ': "p", 'τ': "t", 'υ': "u", 'χ': "x", 'ζ': "z",
}

// otherName is the name that somebody with the same code has, as a unit may read it: initials, since whoever sends codes with made-up
// names, or has such a list looked at, must not learn whose they are (Law 91/2025/QH15, article 3). One that differs by marks and letters'
// case only is shown, for then it is known already, and that is what is to be put right.
func otherName(listed, registered string) string {
	words := strings.Fields(registered)
	if len(words) == 0 {
		return "?"
	}
	if slices.Equal(strings.Fields(viet.Fold(listed)), strings.Fields(viet.Fold(registered))) {
		return registered
	}
	for i, w := range words {
		first, _ := utf8.DecodeRuneInString(w)
		words[i] = string(first) + "."
	}
	return strings.Join(words, " ")
}
