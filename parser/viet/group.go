package viet

import "strings"

// A group is the samples of one column in one font.
type group struct {
	judge     *Judge
	font      string
	hint      Encoding // of the font
	capitals  bool     // of the font
	lean      Encoding
	members   []member
	converted int
	unicode   int // members that are certainly Unicode
}

// A member is one sample of a group that is not plain ASCII.
type member struct {
	index  int
	text   string
	closed bool  // holds letters that only Unicode has
	asIs   tally // of its words as they stand
	read   Reading
}

// A trial is a text read in one encoding.
type trial struct {
	encoding Encoding
	text     string
	tally    tally
	ok       bool
}

func (g *group) add(index int, text string) {
	m := member{index: index, text: text, closed: strings.ContainsFunc(text, onlyUnicode)}
	m.read.Text = text
	if m.closed && !strings.ContainsFunc(text, continues) {
		g.members = append(g.members, m)
		return
	}
	if g.judge.bytes += len(text); g.judge.bytes > maxBytes {
		m.asIs = tally{words: 1, wrong: 1, odd: 1}
		g.members = append(g.members, m)
		return
	}
	m.asIs = g.judge.count(text)
	if m.asIs.fine() && strings.ContainsFunc(text, continues) {
		if t := g.try(&m, UTF8); t.ok && t.tally.fine() { // "TÃ´": each word might be a syllable, the signs in them are no chance
			m.asIs.words, m.asIs.wrong = max(1, m.asIs.words), max(1, m.asIs.words)
		}
	}
	g.members = append(g.members, m)
}

// continues reports characters that bytes inside of UTF-8 look like, but for the blank.
func continues(r rune) bool {
	c, ok := byteOf(r)
	return ok && 0x80 <= c && c < 0xC0 && c != 0xA0
}

// suspect reports whether a member holds a word that is no Vietnamese as it stands.
func (m *member) suspect() bool { return !m.asIs.fine() }

// try reads a member in one encoding. Letters that no font in use draws count as wrong.
func (g *group) try(m *member, e Encoding) trial {
	t := trial{encoding: e}
	var rare bool
	if g.judge.bytes += len(m.text); g.judge.bytes <= maxBytes {
		t.text, rare, t.ok = decode(m.text, e)
	}
	if !t.ok {
		t.tally = tally{words: m.asIs.words, wrong: m.asIs.words}
		return t
	}
	t.tally = g.judge.count(t.text)
	if rare || t.tally.words == 0 {
		t.tally.wrong, t.tally.common = max(1, t.tally.words), 0
	}
	if e == UTF8 || e == UTF8Twice || e == UTF8Via58 { // hardly anything is UTF-8 by chance: foreign words count, too
		t.tally.wrong, t.tally.common = t.tally.odd, t.tally.words-t.tally.odd
	}
	return t
}

// likely is what an encoding has for it before the text is looked at.
func (g *group) likely(e Encoding) float64 {
	p := [encodings]float64{TCVN3: 0.04, VNI: 0.04, UTF8: 0.04, UTF8Twice: 0.04, UTF8Via58: 0.04, CP1258: 0.03, VISCII: 0.005, VPS: 0}[e]
	if g.hint == e {
		p += 0.2
	}
	if g.lean == e {
		p += 0.1
	}
	return p
}

// decide reads every member.
func (g *group) decide() {
	e, support := g.encoding()
	if e == Unicode {
		e = g.hint
	}
	if e == Unicode {
		e = g.lean
	}
	if e == Unicode {
		for i := range g.members {
			if g.members[i].closed {
				g.unicode++
			}
			g.alone(&g.members[i])
		}
		return
	}
	g.unicode = 0
	trials := make([]trial, len(g.members))
	for i := range g.members {
		m := &g.members[i]
		if trials[i] = g.try(m, e); m.closed && !trials[i].ok || !m.suspect() && !trials[i].tally.fine() {
			g.unicode++
		}
	}
	names := namesIn(trials)
	for i := range g.members {
		g.member(&g.members[i], trials[i], support, names)
	}
}

// encoding finds the encoding that makes most of what is no Vietnamese as it stands, and how many members speak for it.
// Unicode: none does clearly.
func (g *group) encoding() (Encoding, int) {
	var suspects []*member
	var asIs tally
	for i := range g.members {
		if m := &g.members[i]; m.suspect() && len(suspects) < maxScored {
			suspects = append(suspects, m)
			asIs.add(m.asIs)
		}
	}
	if len(suspects) == 0 {
		return Unicode, 0
	}
	best, second := Unicode, Unicode
	var tallies [encodings]tally
	var support [encodings]int
	rank := func(e Encoding) float64 {
		if e == Unicode {
			return -1
		}
		return tallies[e].score() + g.likely(e)
	}
	for e := TCVN3; e < encodings; e++ {
		for _, m := range suspects {
			t := g.try(m, e)
			tallies[e].add(t.tally)
			if t.ok && t.tally.wrong < m.asIs.wrong {
				support[e]++
			}
		}
		if rank(e) > rank(best) {
			best, second = e, best
		} else if rank(e) > rank(second) {
			second = e
		}
	}
	share := tallies[best].share()
	switch {
	case support[best] < 2, share < 0.5, share < asIs.share()+margin:
		return Unicode, 0
	case best != g.hint && best != g.lean && 10*tallies[best].common < 4*tallies[best].words: // "Bö", "Lö": syllables by chance
		return Unicode, 0
	case second != Unicode && rank(best)-rank(second) < nearly && support[second] >= 2:
		return Unicode, 0
	}
	return best, support[best]
}

// namesIn reports whether the texts are names: their words begin with capitals, wherever the encoding can tell.
func namesIn(trials []trial) bool {
	capitals, all := 0, 0
	for _, t := range trials[:min(len(trials), maxScored)] {
		if t.ok {
			c, n := initials(t.text)
			capitals += c
			all += n
		}
	}
	return all >= 3 && capitals*10 >= all*7 // a heading or a note may stand among them
}

// member decides one sample of a group that is, or may be, in the encoding of t. support members speak for it.
func (g *group) member(m *member, t trial, support int, names bool) {
	hinted := g.hint == t.encoding
	clear := support >= 4 && support >= 4*g.unicode
	take := func() { g.convert(m, t, names) }
	switch {
	case m.closed && !t.ok:
		g.mixed(m)
	case !t.ok || t.tally.wrong > m.asIs.wrong:
		if m.suspect() && !g.alone(m) && !t.ok && (clear || hinted) {
			m.read.Doubt = LetterLost // a mark without its letter, half a sequence of UTF-8
		}
	case t.text == m.text:
		if c, all := initials(t.text); names && c == all && support > 0 && t.encoding == TCVN3 && repairCase(t.text, true) != t.text {
			take() // "Lý ý"
		}
	case t.tally.wrong < m.asIs.wrong:
		if support > 0 || hinted {
			take()
			return
		}
		g.alone(m)
	case m.suspect(): // neither is Vietnamese: a foreign name among the others
		if hinted && (support > 0 || g.unicode == 0) || clear || g.follows(m, t) {
			take()
			return
		}
		g.alone(m)
	default: // both are
		g.either(m, t, support, names)
	}
}

// follows reports whether a sample that is no Vietnamese in any reading goes with the other columns of its file: a class as
// "§D-K51" or "ÑD-K51", or a word that has lost its ư.
func (g *group) follows(m *member, t trial) bool {
	if g.lean != t.encoding || 4*g.unicode > len(g.members) {
		return false
	}
	return t.tally.odd < m.asIs.odd || hasDigit(m.text) || t.encoding == TCVN3 && g.judge.lost(t.text, false)
}

func hasDigit(s string) bool { return strings.ContainsAny(s, "0123456789") }

// either decides a sample that is Vietnamese as it stands and after decoding.
func (g *group) either(m *member, t trial, support int, names bool) {
	hinted := g.hint == t.encoding
	was, is := m.asIs.familiar(), t.tally.familiar()
	switch {
	case was && !is:
		if support > 0 && g.unicode == 0 {
			m.read.Doubt = UnknownEncoding
		}
	case is && !was && (hinted && (support > 0 || g.unicode == 0) || support > g.unicode || g.lean == t.encoding && support == 0 && g.unicode == 0):
		g.convert(m, t, names)
	case support >= 4 && g.unicode == 0, hinted && support > 0:
		g.convert(m, t, names)
	case support > 0, hinted && g.unicode == 0, is && !was && g.lean == t.encoding:
		m.read.Doubt = UnknownEncoding
	}
}

// alone decides a sample by itself. It must become Vietnamese throughout, and clearly in one encoding only; one word that
// is not frequent is not enough, for foreign names turn into syllables by chance.
func (g *group) alone(m *member) bool {
	if !m.suspect() {
		return false
	}
	if g.judge.alone++; g.judge.alone > maxAlone {
		g.mixed(m)
		return m.read.Doubt != Certain
	}
	var best, second trial
	rank := func(t trial) float64 {
		if !t.ok {
			return -1
		}
		return t.tally.score() + g.likely(t.encoding)
	}
	for e := TCVN3; e < encodings; e++ {
		t := g.try(m, e)
		if !t.ok || t.text == m.text || !t.tally.fine() || m.asIs.wrong < 2 && !t.tally.familiar() && g.hint != e {
			continue
		}
		if e != g.hint && e != g.lean && !g.plausible(t.text) {
			continue
		}
		if rank(t) > rank(best) {
			best, second = t, best
		} else if rank(t) > rank(second) {
			second = t
		}
	}
	if !best.ok {
		g.mixed(m)
		return m.read.Doubt != Certain
	}
	if second.ok && second.text != best.text && rank(best)-rank(second) < nearly {
		m.read.Doubt = UnknownEncoding
		return true
	}
	c, n := initials(best.text)
	g.convert(m, best, n > 0 && c == n)
	return true
}

// plausible reports whether most plain words of a text are Vietnamese, too: "Hans Tö" is not "Hans Tư".
func (g *group) plausible(s string) bool {
	words, bad := 0, 0
	for _, w := range strings.FieldsFunc(s, divides) {
		if isASCII(w) && len(w) > 1 {
			words++
			if g.judge.value(w) == wrong {
				bad++
			}
		}
	}
	return 2*bad < words || bad == 0
}

// mixed doubts a sample that keeps its text although signs of an old encoding stand in its words. A soft hyphen alone is
// none: word processors leave those behind.
func (g *group) mixed(m *member) {
	if m.asIs.odd == 0 {
		return
	}
	eachWord(m.text, func(word string, odd bool) {
		if odd && strings.ContainsFunc(strings.ReplaceAll(word, "\u00AD", ""), func(r rune) bool { return !isLetter(r) }) {
			m.read.Doubt = UnknownEncoding
		}
	})
}

// convert reads a sample in the encoding of t.
func (g *group) convert(m *member, t trial, names bool) {
	text := t.text
	switch {
	case t.encoding == TCVN3 && g.capitals:
		text = strings.ToUpper(text)
	case t.encoding == TCVN3, t.encoding == VPS, t.encoding == VISCII:
		c, all := initials(text)
		text = repairCase(text, names && c == all)
	}
	m.read = Reading{Encoding: t.encoding, Text: text}
	g.converted++
}

// misled returns the first sample of which the font's name says something else than the text, -1 when none is, and
// whether that goes for most.
func (g *group) misled() (first int, mostly bool) {
	if g.font == "" {
		return -1, false
	}
	hint, _ := FontEncoding(g.font)
	against, agreed := 0, 0
	first = -1
	for _, m := range g.members {
		switch e := m.read.Encoding; e {
		case hint:
			if e != Unicode {
				agreed++
			}
		case Unicode, UTF8, UTF8Twice, UTF8Via58, CP1258: // whole files go wrong that way, in any font
		default:
			against++
			if first < 0 {
				first = m.index
			}
		}
	}
	if hint != Unicode && g.converted == 0 && g.unicode > 0 {
		return g.members[0].index, true
	}
	return first, hint != Unicode && against > agreed
}
