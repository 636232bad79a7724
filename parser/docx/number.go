package docx

import (
	"strconv"
	"strings"
)

// A list is a paragraph's place in one (§17.9.18).
type list struct {
	id    int // numId
	level int
	none  bool // numId 0: taken out of the list of its style
}

// over returns the list with what it leaves unsaid from a more general one.
func (l list) over(m list) list {
	if l.id == 0 && !l.none {
		m.level = max(m.level, l.level)
		return m
	}
	return l
}

const levels = 9

// A level is one of a list: how it counts and how the number looks.
type level struct {
	start int
	text  string // "%1."
	plain bool   // counts 1, 2, 3
	zero  bool   // 01, 02, 03
}

// An abstract list has its levels and where they stand; the lists that are made of it count on together.
type abstract struct {
	levels  [levels]level
	count   [levels]int
	counted [levels]bool
}

type override struct {
	of     *abstract
	start  [levels]int
	starts [levels]bool // the list starts anew where it comes first
}

// numbering is numbering.xml.
type numbering struct {
	abstracts map[int]*abstract
	lists     map[int]*override
}

func (n *numbering) init() { n.abstracts, n.lists = map[int]*abstract{}, map[int]*override{} }

// maxLists bounds the lists of a document.
const maxLists = 10_000

// next counts a paragraph and returns its number as it is shown, "" when it is no plain number.
func (n *numbering) next(l list) string {
	o := n.lists[l.id]
	if o == nil || o.of == nil || l.level < 0 || l.level >= levels {
		return ""
	}
	a := o.of
	switch {
	case o.starts[l.level]:
		a.count[l.level], o.starts[l.level] = o.start[l.level], false
	case !a.counted[l.level]:
		a.count[l.level] = a.levels[l.level].start
	default:
		a.count[l.level]++
	}
	a.counted[l.level] = true
	for i := l.level + 1; i < levels; i++ {
		a.counted[i] = false
	}
	s := a.levels[l.level].text
	for i := range levels {
		mark := "%" + strconv.Itoa(i+1)
		if !strings.Contains(s, mark) {
			continue
		}
		v := a.levels[i]
		if !v.plain && !v.zero {
			return ""
		}
		at := a.count[i]
		if !a.counted[i] {
			at = v.start
		}
		text := strconv.Itoa(at)
		if v.zero && at < 10 {
			text = "0" + text
		}
		s = strings.ReplaceAll(s, mark, text)
	}
	if !strings.ContainsAny(s, "0123456789") {
		return ""
	}
	return s
}

// numPr reads a paragraph's place in a list.
func (d *walk) numPr(l *list) error {
	for {
		ok, err := d.child()
		if !ok || err != nil {
			return err
		}
		switch string(d.x.Local()) {
		case "ilvl":
			l.level, _ = d.number()
		case "numId":
			l.id, _ = d.number()
			l.none = l.id == 0
		}
		if err := d.x.Skip(); err != nil {
			return err
		}
	}
}

// listOf reads the pPr of a style.
func (d *walk) listOf(l *list) error {
	for {
		ok, err := d.child()
		if !ok || err != nil {
			return err
		}
		if d.x.Is("numPr") {
			err = d.numPr(l)
		} else {
			err = d.x.Skip()
		}
		if err != nil {
			return err
		}
	}
}

// readNumbering reads numbering.xml as far as it goes.
func (d *walk) readNumbering() {
	if ok, err := d.child(); !ok || err != nil {
		return
	}
	n := &d.looks.numbers
	for {
		ok, err := d.child()
		if !ok || err != nil {
			return
		}
		switch string(d.x.Local()) {
		case "abstractNum":
			a := &abstract{}
			id := d.attribute("abstractNumId")
			if err = d.lvls(a, nil); err == nil && len(n.abstracts) < maxLists {
				n.abstracts[id] = a
			}
		case "num":
			o := &override{}
			id := d.attribute("numId")
			if err = d.num(o); err == nil && len(n.lists) < maxLists {
				n.lists[id] = o
			}
		default:
			err = d.x.Skip()
		}
		if err != nil {
			return
		}
	}
}

func (d *walk) attribute(name string) int {
	v, _ := d.x.Attr(name)
	n, err := strconv.Atoi(string(v))
	if err != nil {
		return -1
	}
	return n
}

// num reads a list: the abstract one, and levels that start anew or differ.
func (d *walk) num(o *override) error {
	for {
		ok, err := d.child()
		if !ok || err != nil {
			return err
		}
		switch string(d.x.Local()) {
		case "abstractNumId":
			if n, ok := d.number(); ok {
				o.of = d.looks.numbers.abstracts[n]
			}
			err = d.x.Skip()
		case "lvlOverride":
			at := d.attribute("ilvl")
			if o.of == nil || at < 0 || at >= levels {
				err = d.x.Skip()
				break
			}
			if err = d.lvls(o.of, func(start int) { o.start[at], o.starts[at] = start, true }); err != nil {
				return err
			}
		default:
			err = d.x.Skip()
		}
		if err != nil {
			return err
		}
	}
}

// lvls reads the levels of a list, and where one starts anew.
func (d *walk) lvls(a *abstract, starts func(int)) error {
	for {
		ok, err := d.child()
		if !ok || err != nil {
			return err
		}
		switch at := d.attribute("ilvl"); {
		case d.x.Is("startOverride") && starts != nil:
			if n, ok := d.number(); ok {
				starts(n)
			}
			err = d.x.Skip()
		case d.x.Is("lvl") && 0 <= at && at < levels:
			a.levels[at] = level{}
			err = d.lvl(&a.levels[at])
		default:
			err = d.x.Skip()
		}
		if err != nil {
			return err
		}
	}
}

// lvl reads one level (§17.9.6).
func (d *walk) lvl(v *level) error {
	v.plain = true // decimal is what counts unsaid
	for {
		ok, err := d.child()
		if !ok || err != nil {
			return err
		}
		switch string(d.x.Local()) {
		case "start":
			v.start, _ = d.number()
		case "numFmt":
			format := d.val()
			v.plain, v.zero = format == "decimal", format == "decimalZero"
		case "lvlText":
			v.text = d.val()
		}
		if err := d.x.Skip(); err != nil {
			return err
		}
	}
}
