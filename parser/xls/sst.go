package xls

import (
	"unicode/utf16"

	"vanthu/parser"
)

// shared is the table of shared strings. All text lies in one string, so that a long list costs one allocation.
type shared struct {
	text string
	ends []int // of each string in text
	runs map[int][]run
}

// A run says from which character (counted in UTF-16) a font holds ([MS-XLS] §2.5.132 FormatRun).
type run struct{ from, font int }

func (s *shared) at(i int) string {
	from := 0
	if i > 0 {
		from = s.ends[i-1]
	}
	return s.text[from:s.ends[i]]
}

// readSST reads SST with its continuations ([MS-XLS] §2.4.265). The counts at its head are not believed.
func readSST(p *parts) (shared, error) {
	p.u32() // references, which nobody counts right
	n := p.u32()
	size := len(p.now)
	for _, m := range p.more {
		size += len(m)
	}
	if n > size/3 { // the shortest string takes three bytes
		return shared{}, parser.Damage("xls: %d strings in %d bytes", n, size)
	}
	s := shared{ends: make([]int, 0, n), runs: map[int][]run{}}
	text := make([]byte, 0, size+size/4)
	for i := range n {
		chars := p.u16()
		flags := p.u8()
		runs, extra := 0, 0
		if flags&8 != 0 {
			runs = p.u16()
		}
		if flags&4 != 0 {
			extra = p.u32()
		}
		text = p.chars(text, chars, flags&1 != 0)
		for range runs {
			r := run{p.u16(), p.u16()}
			if p.short {
				break
			}
			s.runs[i] = append(s.runs[i], r)
		}
		p.skip(extra)
		if p.short {
			return shared{}, parser.Damage("xls: shared strings cut off at %d of %d", i, n)
		}
		s.ends = append(s.ends, len(text))
	}
	s.text = string(text)
	return s, nil
}

// dress finds the font of a text with runs: the one under which most of it stands. Struck is a text of which every
// character but blanks is struck through.
func (b *book) dress(text string, base font, runs []run) (name string, struck bool) {
	if len(runs) == 0 {
		return base.name, base.struck
	}
	count := map[string]int{}
	now, next, at := base, 0, 0
	name, struck = base.name, true
	for _, r := range text {
		for next < len(runs) && runs[next].from <= at {
			now = b.fontAt(runs[next].font)
			next++
		}
		at += utf16.RuneLen(r)
		if r == ' ' || r == '\n' || r == '\u00a0' {
			continue
		}
		struck = struck && now.struck
		if count[now.name]++; count[now.name] > count[name] {
			name = now.name
		}
	}
	return name, struck
}
