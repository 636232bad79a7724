package mime

import "strings"

// unflow joins the lines of format=flowed that belong together (RFC 3676 §4.2): those that end in a blank go on in the next
// one of the same depth of quotation. delSp says that the blank is not part of the text. The line of a signature, "-- ", is
// no flowed one (§4.3).
func unflow(text string, delSp bool) string {
	if !strings.Contains(text, " \n") && !strings.Contains(text, "\n ") {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	depth, open, first := 0, false, true // of the line before; open: it goes on
	for line := range strings.SplitSeq(text, "\n") {
		quoted := len(line) - len(strings.TrimLeft(line, ">"))
		said := strings.TrimPrefix(line[quoted:], " ") // space-stuffing, §4.4
		flowed := strings.HasSuffix(said, " ") && said != "-- "
		if open && quoted == depth && said != "-- " {
			b.WriteString(cutSpace(said, flowed && delSp))
		} else {
			if !first {
				b.WriteByte('\n')
			}
			b.WriteString(line[:quoted])
			if quoted > 0 && said != "" {
				b.WriteByte(' ')
			}
			b.WriteString(cutSpace(said, flowed && delSp))
		}
		depth, open, first = quoted, flowed, false
	}
	return b.String()
}

func cutSpace(s string, cut bool) string {
	if cut {
		return s[:len(s)-1]
	}
	return s
}
