package xls

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf16"

	"vanthu/parser"
)

// shared is the table of shared strings. All text lies in one string and all runs in one list, so that a long table costs
// little more than the file.
type shared struct {
	text  string
	ends  []uint32 // of each string in text
	dress []dress  // strings with runs, in order
	runs  []run
	known map[dressKey]font // what dressed found
}

// A dress says where the runs of a string begin; they end where those of the next one begin.
type dress struct{ index, at uint32 }

// A run says from which character (counted in UTF-16) a font holds ([MS-XLS] §2.5.132 FormatRun).
type run struct{ from, font uint16 }

func (s *shared) at(i int) string {
	from := uint32(0)
	if i > 0 {
		from = s.ends[i-1]
	}
	return s.text[from:s.ends[i]]
}

// runsOf returns the runs of a string.
func (s *shared) runsOf(i int) []run {
	if len(s.dress) == 0 {
		return nil
	}
	k, ok := slices.BinarySearchFunc(s.dress, i, func(d dress, i int) int { return cmp.Compare(int(d.index), i) })
	if !ok {
		return nil
	}
	end := len(s.runs)
	if k+1 < len(s.dress) {
		end = int(s.dress[k+1].at)
	}
	return s.runs[s.dress[k].at:end]
}

// readSST reads SST with its continuations ([MS-XLS] §2.4.265). The counts at its head are not believed.
func readSST(p *parts) (shared, error) {
	p.u32() // references, which nobody counts right
	n := p.u32()
	size := len(p.now) + len(p.from.b) - p.from.pos
	if n > size/3 { // the shortest string takes three bytes
		return shared{}, parser.Damage("xls: %d strings in %d bytes", n, size)
	}
	s := shared{ends: make([]uint32, 0, n), known: map[dressKey]font{}}
	var all strings.Builder
	var text []byte
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
		text = p.chars(text[:0], chars, flags&1 != 0)
		all.Write(text)
		if runs > 0 {
			s.dress = append(s.dress, dress{uint32(i), uint32(len(s.runs))})
		}
		for range runs {
			s.runs = append(s.runs, run{uint16(p.u16()), uint16(p.u16())})
			if p.short {
				break
			}
		}
		p.skip(extra)
		if p.short {
			return shared{}, parser.Damage("xls: shared strings cut off at %d of %d", i, n)
		}
		s.ends = append(s.ends, uint32(all.Len()))
	}
	s.text = all.String()
	return s, nil
}

// size is what the table costs.
func (s *shared) size() int { return len(s.text) + 4*len(s.ends) + 8*len(s.dress) + 4*len(s.runs) }

type dressKey struct{ index, font int }

// dressed finds the font of a shared string, for one with runs once for each font of a cell.
func (b *book) dressed(i int, st *style) font {
	runs := b.sst.runsOf(i)
	if len(runs) == 0 {
		return st.font
	}
	key := dressKey{i, st.index}
	f, ok := b.sst.known[key]
	if !ok {
		f = b.dress(b.sst.at(i), st.font, runs)
		b.sst.known[key] = f
	}
	return f
}

// dress finds the font of a text with runs: the one under which most of it stands. Struck is a text of which every
// character but blanks is struck through.
func (b *book) dress(text string, base font, runs []run) font {
	const most = 16 // fonts that are counted
	if len(runs) == 0 {
		return base
	}
	count := map[string]int{}
	now, next, at := base, 0, 0
	best := font{name: base.name, struck: true}
	for _, r := range text {
		for next < len(runs) && int(runs[next].from) <= at {
			now = b.fontAt(int(runs[next].font))
			next++
		}
		at += utf16.RuneLen(r)
		if r == ' ' || r == '\n' || r == '\u00a0' {
			continue
		}
		best.struck, best.partly = best.struck && now.struck, best.partly || now.struck
		if _, ok := count[now.name]; !ok && len(count) == most {
			continue
		}
		if count[now.name]++; count[now.name] > count[best.name] {
			best.name = now.name
		}
	}
	return best
}
