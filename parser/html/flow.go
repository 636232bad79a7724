package html

import "bytes"

// A flow is text as a browser sets it: runs of blanks are one blank, blanks at the ends of lines are none.
type flow struct {
	b      []byte
	blank  bool
	lines  int    // line breaks that wait for text behind them
	font   string // of the first text
	struck int    // bytes of text that are struck through
	total  int
	gone   []byte // deleted text (<del>), of which nothing remains beside other text
}

func (f *flow) add(s []byte, in style) {
	if in.deleted {
		if seen := bytes.Join(bytes.Fields(s), []byte(" ")); len(seen) > 0 {
			f.gone = append(append(f.gone, ' '), seen...)
			if f.font == "" {
				f.font = in.font
			}
		}
		return
	}
	if in.pre {
		s = bytes.ReplaceAll(bytes.ReplaceAll(s, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	}
	for len(s) > 0 {
		if in.pre && s[0] == '\n' {
			f.br()
			s = s[1:]
			continue
		}
		i := indexBlank(s)
		if i == 0 {
			if in.pre && len(f.b) > 0 && f.lines == 0 {
				f.b = append(f.b, s[0])
			} else {
				f.blank = true
			}
			s = s[1:]
			continue
		}
		if i < 0 {
			i = len(s)
		}
		f.word(s[:i], in)
		s = s[i:]
	}
}

func indexBlank(s []byte) int {
	for i, c := range s {
		switch c {
		case ' ', '\n', '\t', '\r', '\f':
			return i
		}
	}
	return -1
}

func (f *flow) word(s []byte, in style) {
	if len(f.b) > 0 {
		if f.lines > 0 {
			f.b = append(f.b, "\n\n\n"[:min(f.lines, 3)]...)
		} else if f.blank {
			f.b = append(f.b, ' ')
		}
	}
	f.lines, f.blank = 0, false
	f.b = append(f.b, s...)
	if seen := bytes.Trim(s, "\u00A0"); len(seen) > 0 {
		if f.font == "" {
			f.font = in.font
		}
		f.total += len(seen)
		if in.struck {
			f.struck += len(seen)
		}
	}
}

// br breaks the line.
func (f *flow) br() { f.lines, f.blank = f.lines+1, false }

// block begins a new line, unless one has begun.
func (f *flow) block() { f.lines, f.blank = max(f.lines, 1), false }

// A text is what a flow holds.
type text struct {
	s, font string
	struck  bool
	partly  bool
}

// take returns the text and empties the flow. What holds nothing but blanks (&nbsp; makes browsers draw an empty cell) is
// empty.
func (f *flow) take() text {
	t := text{font: f.font, struck: f.total > 0 && f.struck == f.total, partly: f.struck > 0 && f.struck < f.total}
	if f.total > 0 {
		t.s = string(f.b)
	} else if len(f.gone) > 0 { // all of it: as if it were struck through
		t.s, t.struck = string(f.gone[1:]), true
	}
	*f = flow{b: f.b[:0]}
	return t
}
