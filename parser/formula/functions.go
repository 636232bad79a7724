package formula

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// call reads the arguments of a function up to ")" and works it out. Only what is needed of IF and IFERROR would count in
// Excel; here every argument must have a value, but for these two.
func (p *parser) call(name string) operand {
	switch name {
	case "IF", "IFERROR":
		return p.choice(name)
	}
	var args []operand
	for p.take(")") == "" {
		if len(args) > 0 && p.take(",", ";") == "" || len(args) == 255 {
			return p.fail()
		}
		args = append(args, p.compare())
		if p.failed {
			return operand{}
		}
	}
	v, ok := p.apply(name, args)
	if !ok || p.failed || len(v.Text) > 32767 {
		return p.fail()
	}
	return operand{value: v}
}

// choice works out only the argument that counts: the other may well have no value.
func (p *parser) choice(name string) operand {
	branch := func() (operand, bool) {
		from := *p
		o := p.compare()
		bad := p.failed
		if bad { // skip to the end of the argument
			p.at, p.failed, p.depth = from.at, false, from.depth
			p.skipArgument()
		}
		return o, !bad
	}
	first, ok := branch()
	if p.take(",", ";") == "" {
		return p.fail()
	}
	second, ok2 := branch()
	third, ok3 := operand{value: truth(false)}, true
	if p.take(",", ";") != "" {
		third, ok3 = branch()
	}
	if p.take(")") == "" || p.failed {
		return p.fail()
	}
	if name == "IFERROR" { // why the first has no value is not known: only a good one is sure
		if !ok {
			return p.fail()
		}
		return first
	}
	yes, known := first.value.number()
	switch {
	case !ok || !known || first.ranged:
		return p.fail()
	case yes != 0 && ok2:
		return second
	case yes == 0 && ok3:
		return third
	}
	return p.fail()
}

func (p *parser) skipArgument() {
	depth, quoted := 0, false
	for ; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth == 0 && (c == ')' || c == ',' || c == ';'):
			return
		}
	}
}

// apply works out a function of arguments that all have values.
func (p *parser) apply(name string, args []operand) (Value, bool) {
	switch name {
	case "CONCATENATE", "CONCAT":
		var b strings.Builder
		for _, v := range p.values(args) {
			b.WriteString(v.String())
		}
		return text(b.String()), len(args) > 0
	case "TEXTJOIN":
		return p.textJoin(args)
	case "SUM", "MAX", "MIN", "COUNT", "COUNTA":
		return p.aggregate(name, args)
	case "VLOOKUP":
		return p.lookup(args)
	case "ROW", "COLUMN":
		at := area{row: p.row, col: p.col}
		if len(args) == 1 {
			at = args[0].area
		}
		if name == "ROW" {
			return num(float64(at.row)), len(args) < 2 && at.row > 0
		}
		return num(float64(at.col)), len(args) < 2 && at.col > 0
	}
	values := make([]Value, len(args))
	for i, a := range args {
		values[i] = p.single(a)
	}
	return plain(name, values)
}

// plain works out a function of single values.
func plain(name string, v []Value) (Value, bool) {
	s := func(i int) string { return v[i].String() }
	n := func(i int, missing float64) (int, bool) {
		if i >= len(v) {
			return int(missing), true
		}
		f, ok := v[i].number()
		return int(math.Trunc(f)), ok && math.Abs(f) < 1e9
	}
	switch {
	case name == "TRIM" && len(v) == 1: // of blanks U+0020 only
		return text(strings.Join(strings.FieldsFunc(s(0), func(r rune) bool { return r == ' ' }), " ")), true
	case name == "UPPER" && len(v) == 1:
		return text(strings.ToUpper(s(0))), true
	case name == "LOWER" && len(v) == 1:
		return text(strings.ToLower(s(0))), true
	case name == "PROPER" && len(v) == 1:
		return text(proper(s(0))), true
	case name == "LEN" && len(v) == 1:
		return num(float64(utf8.RuneCountInString(s(0)))), true
	case name == "T" && len(v) == 1:
		return text(v[0].Text), true
	case name == "VALUE" && len(v) == 1:
		f, ok := v[0].number()
		return num(f), ok && !v[0].empty()
	case name == "CHAR" && len(v) == 1:
		c, ok := n(0, 0)
		return text(string(rune(c))), ok && (c == 9 || c == 10 || c == 32 || c == 160 || '!' <= c && c <= '~')
	case name == "SUBSTITUTE" && len(v) == 3 && s(1) != "":
		return text(strings.ReplaceAll(s(0), s(1), s(2))), true
	case (name == "LEFT" || name == "RIGHT") && (len(v) == 1 || len(v) == 2):
		count, ok := n(1, 1)
		r := []rune(s(0))
		if count = min(count, len(r)); !ok || count < 0 {
			return Value{}, false
		}
		if name == "LEFT" {
			return text(string(r[:count])), true
		}
		return text(string(r[len(r)-count:])), true
	case name == "MID" && len(v) == 3:
		from, ok1 := n(1, 0)
		count, ok2 := n(2, 0)
		r := []rune(s(0))
		if !ok1 || !ok2 || from < 1 || count < 0 {
			return Value{}, false
		}
		from = min(from-1, len(r))
		return text(string(r[from:min(from+count, len(r))])), true
	}
	return Value{}, false
}

// proper gives each run of letters a capital, as PROPER does.
func proper(s string) string {
	letter := false
	return strings.Map(func(r rune) rune {
		was := letter
		letter = unicode.IsLetter(r) || unicode.Is(unicode.Mn, r)
		if was {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, s)
}

// values are those of all arguments, ranges row by row.
func (p *parser) values(args []operand) (all []Value) {
	for _, a := range args {
		if !a.ranged {
			all = append(all, a.value)
			continue
		}
		for row := a.area.row; row <= a.area.lastRow && !p.failed; row++ {
			for col := a.area.col; col <= a.area.lastC && !p.failed; col++ {
				all = append(all, p.cell(a.area.sheet, row, col))
			}
		}
	}
	return all
}

func (p *parser) textJoin(args []operand) (Value, bool) {
	if len(args) < 3 {
		return Value{}, false
	}
	skip, ok := p.single(args[1]).number()
	var parts []string
	for _, v := range p.values(args[2:]) {
		if skip == 0 || !v.empty() {
			parts = append(parts, v.String())
		}
	}
	return text(strings.Join(parts, p.single(args[0]).String())), ok
}

// aggregate counts over numbers of ranges, where texts do not count; a text given alone is left to Excel.
func (p *parser) aggregate(name string, args []operand) (Value, bool) {
	for _, a := range args {
		if !a.ranged && a.value.Kind == Text && name != "COUNTA" {
			return Value{}, false
		}
	}
	sum, most, least, numbers, filled := 0.0, math.Inf(-1), math.Inf(1), 0, 0
	for _, v := range p.values(args) {
		if v.Kind != Empty {
			filled++
		}
		if v.Kind == Number {
			sum, most, least = sum+v.Number, max(most, v.Number), min(least, v.Number)
			numbers++
		}
	}
	if numbers == 0 {
		most, least = 0, 0
	}
	return num(map[string]float64{"SUM": sum, "MAX": most, "MIN": least, "COUNT": float64(numbers), "COUNTA": float64(filled)}[name]), len(args) > 0
}

// lookup is VLOOKUP with an exact match, the only one whose answer does not hang on the order of the rows. A key with a
// wildcard is left to Excel.
func (p *parser) lookup(args []operand) (Value, bool) {
	if len(args) != 4 || !args[1].ranged {
		return Value{}, false
	}
	key, in := p.single(args[0]), args[1].area
	nth, ok1 := p.single(args[2]).number()
	near, ok2 := p.single(args[3]).number()
	col := in.col + int(nth) - 1
	if !ok1 || !ok2 || near != 0 || nth < 1 || col > in.lastC || key.empty() || strings.ContainsAny(key.Text, "*?~") {
		return Value{}, false
	}
	for row := in.row; row <= in.lastRow && !p.failed; row++ {
		if v := p.cell(in.sheet, row, in.col); v.Kind != Empty && equal(v, key) {
			found := p.cell(in.sheet, row, col)
			if found.Kind == Empty { // Excel shows 0 for it
				return num(0), true
			}
			return found, true
		}
	}
	return Value{}, false
}
