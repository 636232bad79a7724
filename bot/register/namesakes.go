package register

import (
	"slices"
	"strings"

	"vanthu/bot"
)

// someone is a person as he is held against others of his name.
type someone struct{ code, class, cohort string }

// who makes one, with class and cohort as they are compared.
func who(code, class, cohort string) someone {
	return someone{code, bot.ClassKey(class), strings.ToLower(cohort)}
}

// namesakes are people of one name, in the order in which they came. A directory may well name everybody "Sinh viên": more than a few are
// not held against each other one by one, but found by class, cohort and code.
type namesakes struct {
	people []someone
	index  *nameIndex // nil: a few
}

const aFew = 32

// nameIndex says who was the first of each class, and so on.
type nameIndex struct {
	classes, cohorts, unclassed map[string]int // unclassed: the first of a cohort whose class is not known
	codes                       map[string]int
	letters                     []byte // that occur in codes
}

func (n *namesakes) add(s someone) {
	n.people = append(n.people, s)
	switch {
	case n.index != nil:
		n.index.add(len(n.people)-1, s)
	case len(n.people) > aFew:
		n.index = &nameIndex{classes: make(map[string]int), cohorts: make(map[string]int), unclassed: make(map[string]int), codes: make(map[string]int)}
		for i, s := range n.people {
			n.index.add(i, s)
		}
	}
}

// near returns who of them somebody else may be, in order: of those of his class or cohort the first, and all whose codes are his but for
// a slip. So nobody is left out, and a name that a thousand have in one class gives a thousand hints, not half a million.
func (n *namesakes) near(me someone) (all []int) {
	if n.index != nil {
		return n.index.near(me)
	}
	said := false
	for i, other := range n.people {
		by := together(me, other)
		if by != "" && !said || slip(me.code, other.code) {
			all = append(all, i)
			said = said || by != ""
		}
	}
	return all
}

func (x *nameIndex) add(i int, s someone) {
	first := func(m map[string]int, key string) {
		if _, there := m[key]; !there && key != "" {
			m[key] = i
		}
	}
	first(x.classes, s.class)
	first(x.cohorts, s.cohort)
	if s.class == "" {
		first(x.unclassed, s.cohort)
	}
	first(x.codes, s.code)
	for _, c := range []byte(s.code) {
		if !slices.Contains(x.letters, c) {
			x.letters = append(x.letters, c)
		}
	}
}

func (x *nameIndex) near(me someone) (all []int) {
	mate := -1
	if i, there := x.classes[me.class]; there {
		mate = i
	}
	byCohort := x.unclassed
	if me.class == "" {
		byCohort = x.cohorts
	}
	if i, there := byCohort[me.cohort]; there && (mate < 0 || i < mate) {
		mate = i
	}
	if mate >= 0 {
		all = append(all, mate)
	}
	like := []byte(me.code)
	look := func() {
		if i, there := x.codes[string(like)]; there && i != mate {
			all = append(all, i)
		}
	}
	for at, was := range like {
		if len(like) < shortestCode {
			break
		}
		for _, c := range x.letters {
			if like[at] = c; c != was {
				look()
			}
		}
		like[at] = was
		if at+1 < len(like) && like[at+1] != was {
			like[at], like[at+1] = like[at+1], was
			look()
			like[at], like[at+1] = was, like[at]
		}
	}
	slices.Sort(all)
	return all
}
