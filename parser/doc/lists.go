package doc

import (
	"strconv"
)

// lists numbers paragraphs: in many a list the column of numbers is numbered by Word, and nothing else stands in it.
type lists struct {
	levels  map[int][]level // of each list, by its number (lsid)
	formats []listUse       // LFOs: what paragraphs name, from 1
	at      map[int]*[9]int // where the counting is, by list
	begun   map[int]bool    // LFOs that were met
}

// A level is what matters of LVL ([MS-DOC] §2.9.150).
type level struct {
	start int
	kind  int      // nfc: 0 is 1, 2, 3 …; 22 is 01, 02 …
	text  []uint16 // numbers below 9 stand for the number of that level
}

// A listUse is what matters of LFO and its data (§2.9.131, §2.9.132): a list, and the numbers where levels begin anew.
type listUse struct {
	list   int
	starts map[int]int
}

// readLists reads PlfLst (§2.9.191) with the levels that lie behind it in the table stream, and PlfLfo (§2.9.188), as far as
// they hold together.
func readLists(b, uses []byte) lists {
	l := lists{levels: map[int][]level{}, at: map[int]*[9]int{}, begun: map[int]bool{}}
	const lstf, lfo = 28, 16
	if len(b) < 2 || len(b) < 2+lstf*u16(b, 0) {
		return l
	}
	count := u16(b, 0)
	rest := b[len(b):cap(b)]
	for i := range count {
		head := b[2+lstf*i:]
		levels := 9
		if head[26]&1 != 0 { // fSimpleList
			levels = 1
		}
		var list []level
		for range levels {
			v, size := readLevel(rest)
			if size == 0 {
				return l
			}
			list, rest = append(list, v), rest[size:]
		}
		l.levels[u32(head, 0)] = list
	}
	if len(uses) < 4 || u32(uses, 0) > (len(uses)-4)/lfo {
		return l
	}
	count = u32(uses, 0)
	data := uses[4+lfo*count:]
	for i := range count {
		head := uses[4+lfo*i:]
		use := listUse{list: u32(head, 0)}
		if use.starts, data = readStarts(data, int(head[12])); data == nil {
			count = 0
		}
		l.formats = append(l.formats, use)
		if count == 0 {
			break
		}
	}
	return l
}

// readLevel reads one LVL; size is 0 when it is cut off.
func readLevel(b []byte) (l level, size int) {
	const lvlf = 28
	if len(b) < lvlf {
		return l, 0
	}
	l.start, l.kind = u32(b, 0), int(b[4])
	size = lvlf + int(b[24]) + int(b[25])
	if len(b) < size+2 || len(b) < size+2+2*u16(b, size) {
		return l, 0
	}
	n := u16(b, size)
	for i := range min(n, 32) {
		l.text = append(l.text, uint16(u16(b, size+2+2*i)))
	}
	return l, size + 2 + 2*n
}

// readStarts reads the LFOData of one LFO; rest is nil when it is cut off.
func readStarts(b []byte, n int) (starts map[int]int, rest []byte) {
	if len(b) < 4 {
		return nil, nil
	}
	b = b[4:]
	for range n {
		if len(b) < 8 {
			return starts, nil
		}
		flags := b[4]
		if flags&0x10 != 0 {
			if starts == nil {
				starts = map[int]int{}
			}
			starts[int(flags&15)] = u32(b, 0)
		}
		b = b[8:]
		if flags&0x20 != 0 {
			_, size := readLevel(b)
			if size == 0 {
				return starts, nil
			}
			b = b[size:]
		}
	}
	return starts, b
}

// next counts one paragraph on, and returns what Word writes before it; "" for signs and for numbers in letters.
func (l *lists) next(format, depth int) string {
	if format < 1 || format > len(l.formats) || depth < 0 || depth > 8 {
		return ""
	}
	use := l.formats[format-1]
	levels := l.levels[use.list]
	if depth >= len(levels) {
		return ""
	}
	at := l.at[use.list]
	if at == nil {
		at = &[9]int{}
		for i := range at {
			at[i] = -1
		}
		l.at[use.list] = at
	}
	if !l.begun[format] {
		l.begun[format] = true
		for i, start := range use.starts {
			if i < len(levels) {
				levels[i].start = start
				at[i] = -1
			}
		}
	}
	if at[depth]++; at[depth] == 0 {
		at[depth] = levels[depth].start
	}
	for i := depth + 1; i < len(at); i++ {
		at[i] = -1
	}
	var out []byte
	for _, c := range levels[depth].text {
		switch {
		case c > 8:
			out = append(out, string(rune(c))...)
		case int(c) >= len(levels):
			return ""
		case levels[c].kind == 0:
			out = strconv.AppendInt(out, int64(max(at[c], levels[c].start)), 10)
		case levels[c].kind == 22:
			if at[c] < 10 {
				out = append(out, '0')
			}
			out = strconv.AppendInt(out, int64(at[c]), 10)
		default:
			return ""
		}
	}
	if levels[depth].kind != 0 && levels[depth].kind != 22 {
		return ""
	}
	return string(out)
}
