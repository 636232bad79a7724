package intake

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"vanthu/bot"
)

// people resolves whom a clause names.
func (h *hearing) people(c *clause) {
	if len(c.others) > 0 {
		d := bot.DoubtPerson
		if c.turns() {
			d = bot.DoubtWords
		} else if c.afterClass {
			d = bot.DoubtClass
		}
		h.doubt(d, strings.Join(c.others, " "))
		return
	}
	var named []int
	for _, code := range c.codes {
		if n := h.byCode(code); n > 0 {
			named = append(named, n)
		} else if up := strings.ToUpper(code); !slices.Contains(h.r.Unknown, up) {
			h.r.Unknown = append(h.r.Unknown, up)
		}
	}
	for _, stt := range c.stts {
		found := h.bySTT(stt)
		if len(found) != 1 {
			h.doubt(bot.DoubtPerson, "STT "+stt)
			return
		}
		named = append(named, found...)
	}
	byName := c.names
	for _, same := range byName {
		switch {
		case len(c.codes)+len(c.stts) > 0:
			if !slices.ContainsFunc(same, func(n int) bool { return slices.Contains(named, n) }) {
				h.doubt(bot.DoubtPerson, c.raw) // the name is not the one of the code
				return
			}
		case len(same) == 1:
			named = append(named, same[0])
		default:
			if same = h.inClasses(same, c.classes); len(same) != 1 {
				h.doubt(bot.DoubtPerson, c.raw)
				return
			}
			named = append(named, same[0])
		}
	}
	for _, i := range c.classes { // a class beside people says where they are
		of := h.classes[i].rows
		switch {
		case c.people() && len(named) > 0 && !slices.ContainsFunc(of, func(n int) bool { return slices.Contains(named, n) }):
			h.doubt(bot.DoubtClass, c.raw)
			return
		case c.people():
		case c.has("found") || c.inClass || len(c.counts) > 0 && !slices.Contains(c.counts, len(of)):
			h.doubt(bot.DoubtWho, c.raw)
			return
		default:
			named = append(named, of...)
		}
	}
	slices.Sort(named)
	named = slices.Compact(named)
	all := len(named) + len(c.codes) - h.knownCodes(c.codes)
	switch {
	case all == 0 && (c.has("received") || c.has("handed_over")):
		h.doubt(bot.DoubtWords, c.raw)
	case all == 0:
		h.doubt(bot.DoubtWho, c.raw)
	case h.rows != nil && slices.ContainsFunc(c.counts, func(n int) bool { return n != all && n != h.made && n != h.made-all }):
		h.doubt(bot.DoubtCount, c.raw)
	case c.has("found"):
		h.r.Found = append(h.r.Found, named...)
	default:
		for _, n := range named {
			if !slices.ContainsFunc(h.r.Missing, func(m bot.Missing) bool { return m.N == n }) {
				h.r.Missing = append(h.r.Missing, bot.Missing{N: n, Why: c.missing()})
			}
		}
	}
}

func (h *hearing) byCode(code string) int { return h.codes[code] }

func (h *hearing) knownCodes(codes []string) (n int) {
	for _, code := range codes {
		if h.byCode(code) > 0 {
			n++
		}
	}
	return n
}

func (h *hearing) bySTT(stt string) (found []int) {
	for _, r := range h.rows {
		if strings.TrimLeft(strings.TrimSpace(r.STT), "0") == strings.TrimLeft(stt, "0") {
			found = append(found, r.N)
		}
	}
	return found
}

func (h *hearing) inClasses(ns, classes []int) (in []int) {
	for _, n := range ns {
		if slices.ContainsFunc(classes, func(i int) bool { return slices.Contains(h.classes[i].rows, n) }) {
			in = append(in, n)
		}
	}
	return in
}

// atoi reads a small number, -1 for what is none.
func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || len(s) > 6 {
		return -1
	}
	return n
}

// isTitle says whether a word is written like one of a name.
func isTitle(word string) bool {
	for i, r := range []rune(word) {
		if i == 0 && !unicode.IsUpper(r) || i > 0 && !unicode.IsLower(r) && r != '.' && r != '\'' {
			return false
		}
	}
	return word != ""
}
