package viet

import (
	"slices"
	"strings"
)

// A Sample is one cell or paragraph: its text, as the 1252 view of whatever bytes it was, and the name of its font, ""
// where that is not known.
type Sample struct{ Text, Font string }

// A Doubt says what cannot be read for certain.
type Doubt uint8

// The doubts.
const (
	Certain         Doubt = iota
	UnknownEncoding       // signs of an old encoding, but no reading of them is clearly right (ENC-02)
	LetterLost            // after decoding, a letter is missing (ENC-03)
	ReplacedLetters       // letters were replaced by � or ? before it was sent (ENC-04)
)

// A Reading is how one sample is read.
type Reading struct {
	Encoding Encoding
	Text     string // the sample's own text when Encoding is Unicode
	Doubt    Doubt
}

// A Decision is how the samples of one column are read.
type Decision struct {
	Encoding Encoding  // of most samples that are not Unicode; Unicode when there are none
	Readings []Reading // one for each sample
	Misled   []Misled
	Unknown  bool // most of what is not ASCII cannot be read (ENC-02 of the column)
}

// A Misled is a font whose name speaks of another encoding than the text that is set in it, and the first such sample
// (ENC-06).
type Misled struct {
	Font   string
	Sample int
}

// A Judge decides encodings. It remembers the words it has seen, so one Judge is used for a whole file; not for several
// goroutines.
type Judge struct {
	known map[string]value
	fine  map[string]bool // parts between blanks of texts that were right; for Suspect
	liars map[string]bool // fonts whose names were found to say something else than the text in them
	font  string          // the last one that was looked at, and whether its name speaks of an old encoding
	old   bool
	work  int // words looked at closely, samples tried alone
	alone int
	bytes int
}

// NewJudge returns a Judge that has seen nothing.
func NewJudge() *Judge {
	return &Judge{known: make(map[string]value), fine: make(map[string]bool), liars: make(map[string]bool)}
}

// Decide is Judge.Decide for one column alone.
func Decide(samples []Sample) Decision { return NewJudge().Decide(samples, Unicode) }

// margin is how much better a decoded column must be than the column as it stands.
const margin = 0.05

// nearly is how close two encodings must come for the choice to be a guess.
const nearly = 0.03

// maxScored bounds how many samples of a group are read in every encoding.
const maxScored = 300

// Decide finds out how the samples of one column are to be read. Content is the judge and the font a hint. Samples of one
// font are decided together; a sample that disagrees with its group, by itself. A sample with a letter that only Unicode
// has is Unicode. Nothing is converted that is Vietnamese as it stands, unless its font or the rest of the group say so
// and the conversion makes it likelier. lean is an encoding that other columns of the file were found to be in, Unicode
// when there is none. A font that misled in most of a column is no hint in later ones.
func (j *Judge) Decide(samples []Sample, lean Encoding) Decision {
	d := Decision{Readings: make([]Reading, len(samples))}
	groups := map[string]*group{}
	var order []*group
	for i, s := range samples {
		d.Readings[i].Text = s.Text
		if Replaced(s.Text) {
			d.Readings[i].Doubt = ReplacedLetters
		}
		if isASCII(s.Text) {
			continue
		}
		g := groups[s.Font]
		if g == nil {
			g = &group{judge: j, font: s.Font, lean: lean}
			g.hint, g.capitals = FontEncoding(s.Font)
			if j.liars[s.Font] {
				g.hint = Unicode
			}
			groups[s.Font] = g
			order = append(order, g)
		}
		g.add(i, s.Text)
	}
	for _, g := range order {
		g.decide()
		for _, m := range g.members {
			r := &d.Readings[m.index]
			replaced := r.Doubt
			if m.read.Encoding != Unicode || m.read.Doubt != Certain {
				*r = m.read
			}
			if replaced != Certain {
				r.Doubt = replaced
			}
		}
		at, mostly := g.misled()
		if mostly {
			j.liars[g.font] = true
		}
		if at >= 0 {
			d.Misled = append(d.Misled, Misled{g.font, at})
		}
	}
	d.sum()
	j.lostLetters(&d, samples)
	return d
}

// sum says what the column is as a whole.
func (d *Decision) sum() {
	var of [encodings]int
	unknown, other := 0, 0
	for _, r := range d.Readings {
		switch {
		case r.Doubt == UnknownEncoding:
			unknown++
		case r.Encoding != Unicode:
			of[r.Encoding]++
		case !isASCII(r.Text):
			other++
		}
	}
	most := slices.Max(of[:])
	if most > 0 {
		d.Encoding = Encoding(slices.Index(of[:], most))
	}
	d.Unknown = unknown >= 3 && unknown > other+most
}

// lostLetters doubts readings of TCVN3 that have lost an ư. Where the whole column has none, words of plain ASCII may
// have lost theirs, too: "Nh" was Như.
func (j *Judge) lostLetters(d *Decision, samples []Sample) {
	stripped := d.Encoding == TCVN3
	for i, r := range d.Readings {
		stripped = stripped && !(r.Encoding == TCVN3 && strings.Contains(samples[i].Text, "\u00AD"))
	}
	seen := false
	for i := range d.Readings {
		r := &d.Readings[i]
		if r.Encoding == TCVN3 && r.Doubt == Certain && j.lost(r.Text, stripped) {
			r.Doubt = LetterLost
			seen = true
		}
	}
	if !stripped || !seen {
		return
	}
	for i := range d.Readings {
		r := &d.Readings[i]
		if r.Encoding == Unicode && r.Doubt == Certain && isASCII(r.Text) && j.lost(r.Text, true) {
			r.Doubt = LetterLost
		}
	}
}
