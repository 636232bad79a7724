package odf

import (
	"strconv"

	"vanthu/parser/xmlscan"
)

// maxText bounds the text of one cell or paragraph, in bytes; a spreadsheet's cell ends at 32,767 characters.
const maxText = 1 << 20

// A Text gathers paragraphs, each on a line of its own.
type Text struct {
	Bytes   []byte
	Font    string // of the first characters
	Picture bool
	struck  int // bytes struck through
	total   int
	open    bool // a paragraph has begun: the next one begins on a new line
	blank   bool // a blank waits for a character behind it (§6.1.2: at the end of a paragraph there is none)
	start   int  // where the paragraph begins
}

// Reset empties the text and keeps its memory.
func (t *Text) Reset() { *t = Text{Bytes: t.Bytes[:0]} }

// Struck reports whether all of the text is struck through.
func (t *Text) Struck() bool { return t.total > 0 && t.struck == t.total }

// Partly reports whether a part of the text is, and not all of it.
func (t *Text) Partly() bool { return t.struck > 0 && t.struck < t.total }

// Begun reports whether a paragraph was read, be it empty.
func (t *Text) Begun() bool { return t.open }

// Inside handles an element inside a paragraph that is more than text, as a text box is. It must read to the end of the
// element and return true, or return false and read nothing.
type Inside func() (bool, error)

// Paragraph reads a paragraph whose start was just returned, in the format in, to its end.
func (t *Text) Paragraph(x *xmlscan.Scanner, styles Styles, in Format, inside Inside) error {
	if t.open {
		t.Bytes = append(t.Bytes, '\n')
	}
	t.open, t.blank, t.start = true, false, len(t.Bytes)
	return t.inline(x, styles, in, inside)
}

func (t *Text) inline(x *xmlscan.Scanner, styles Styles, in Format, inside Inside) error {
	for {
		kind, err := x.Next()
		if err != nil {
			return err
		}
		switch kind {
		case xmlscan.End:
			return nil
		case xmlscan.Text:
			t.characters(x.Text(), in)
		case xmlscan.Start:
			if err := t.element(x, styles, in, inside); err != nil {
				return err
			}
		case xmlscan.None:
		}
	}
}

func (t *Text) element(x *xmlscan.Scanner, styles Styles, in Format, inside Inside) error {
	switch string(x.Local()) {
	case "span":
		return t.inline(x, styles, styles.Format("text", attr(x, "style-name"), in), inside)
	case "s": // §6.1.3
		n, err := strconv.Atoi(attr(x, "c"))
		if err != nil || n < 1 {
			n = 1
		}
		for range min(n, 1000) {
			t.add(" ", in)
		}
	case "tab":
		t.add("\t", in)
	case "line-break":
		t.add("\n", in)
	case "annotation", "annotation-end", "note", "ruby-text", "tracked-changes", "image-map", "event-listeners", "title", "desc",
		"hidden-text", "hidden-paragraph", "script":
	default:
		if inside != nil {
			if done, err := inside(); done || err != nil {
				return err
			}
		}
		return t.inline(x, styles, in, inside)
	}
	return x.Skip()
}

// add adds characters that are no white space to be collapsed.
func (t *Text) add(s string, in Format) {
	if in.Hidden || len(t.Bytes) > maxText {
		return
	}
	t.flush()
	t.Bytes = append(t.Bytes, s...)
}

func (t *Text) flush() {
	if t.blank && len(t.Bytes) > t.start {
		t.Bytes = append(t.Bytes, ' ')
	}
	t.blank = false
}

// characters adds character data: runs of white space are one blank, at the ends of the paragraph none (§6.1.2).
func (t *Text) characters(b []byte, in Format) {
	if in.Hidden || len(t.Bytes) > maxText {
		return
	}
	for len(b) > 0 {
		n := 0
		for n < len(b) && b[n] > ' ' {
			n++
		}
		if n == 0 {
			t.blank = true
			b = b[1:]
			continue
		}
		t.flush()
		t.Bytes = append(t.Bytes, b[:n]...)
		if t.total == 0 {
			t.Font = in.Font
		}
		t.total += n
		if in.Struck {
			t.struck += n
		}
		b = b[n:]
	}
}
