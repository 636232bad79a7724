package mime

import (
	"bytes"
	"iter"
)

// split cuts a multipart body at its boundary lines (RFC 2046 §5.1.1), with CRLF or bare LF. The second value says, true
// on the last piece only, that the closing line was there: a mail cut off by a relay keeps its last part. The pieces are
// parts of body. Working on bytes and not on a stream lets one broken part header spoil nothing but its own part.
func split(body []byte, boundary string) iter.Seq2[[]byte, bool] {
	return func(yield func([]byte, bool) bool) {
		if boundary == "" {
			return
		}
		_, rest, closing, ok := cutAtBoundary(body, boundary)
		for ok && !closing {
			var piece []byte
			piece, rest, closing, ok = cutAtBoundary(rest, boundary)
			if !ok && len(bytes.TrimSpace(piece)) == 0 {
				return // a boundary line and nothing behind it is a clumsy end, not an empty part
			}
			if !yield(piece, closing) {
				return
			}
		}
	}
}

// cutAtBoundary returns what stands before the next boundary line, without the line break that belongs to that line, and
// what stands behind it.
func cutAtBoundary(b []byte, boundary string) (before, after []byte, closing, ok bool) {
	mark := []byte("--" + boundary)
	for at := 0; ; {
		i := bytes.Index(b[at:], mark)
		if i < 0 {
			return b, nil, false, false
		}
		start := at + i
		at = start + len(mark)
		if start > 0 && b[start-1] != '\n' {
			continue
		}
		line, behind, _ := bytes.Cut(b[at:], []byte("\n"))
		line = bytes.TrimRight(line, " \t\r")
		switch string(line) {
		case "":
		case "--":
			closing = true
		default:
			continue // a longer boundary that begins alike
		}
		return trimLineBreak(b[:start]), behind, closing, true
	}
}

func trimLineBreak(b []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
}

// guessBoundary takes the first line that looks like one, for a multipart that forgot to say it.
func guessBoundary(body []byte) string {
	for line := range bytes.Lines(body) {
		line = bytes.TrimRight(line, " \t\r\n")
		if len(line) > 2 && len(line) <= 72 && bytes.HasPrefix(line, []byte("--")) {
			return string(line[2:])
		}
	}
	return ""
}
