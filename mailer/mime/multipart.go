package mime

import (
	"bytes"
	"iter"
)

// A piece is what stands between two boundary lines.
type piece struct {
	data    []byte
	closed  bool // the line behind it is a closing one
	outside bool // it stands before the first part, or behind a closing line
}

// split cuts a multipart body at its boundary lines (RFC 2046 §5.1.1), with CRLF or bare LF; without any it gives nothing.
// The pieces are parts of body. Working on bytes and not on a stream lets one broken part header spoil nothing but its own
// part. A closing line ends nothing while further boundary lines follow: a multipart in another one with the same boundary
// closes too early, and what comes behind it would be lost.
func split(body []byte, boundary string) iter.Seq[piece] {
	return func(yield func(piece) bool) {
		rest, inside := body, false
		for any := false; ; any = true {
			data, behind, closing, ok := cutAtBoundary(rest, boundary)
			if !ok && (!any || len(bytes.TrimSpace(data)) == 0) {
				return // a boundary line and nothing behind it is a clumsy end, not an empty part
			}
			if !yield(piece{data: data, closed: closing, outside: !inside}) || !ok {
				return
			}
			rest, inside = behind, !closing
		}
	}
}

// outsideFields is where a part begins that stands outside of the boundaries of its multipart: at its first field of MIME.
func outsideFields(text []byte) int {
	at := 0
	for line := range bytes.Lines(text) {
		if isContentField(line) && whyNoField(bytes.TrimRight(line, "\r\n")) == "" {
			return at
		}
		at += len(line)
	}
	return -1
}

// cutAtBoundary returns what stands before the next boundary line, without the line break that belongs to that line, and
// what stands behind it.
func cutAtBoundary(b []byte, boundary string) (before, after []byte, closing, ok bool) {
	mark := []byte("--" + boundary)
	for at := 0; boundary != ""; {
		i := bytes.Index(b[at:], mark)
		if i < 0 {
			break
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
	return b, nil, false, false
}

func trimLineBreak(b []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
}

// longestBoundary is the length of a boundary by RFC 2046 §5.1.1, with its hyphens.
const longestBoundary = 72

// guessBoundary takes the first line that looks like one and has a field of MIME beneath it. When the multipart does not say
// its boundary (said is false), any line that looks like one will do.
func guessBoundary(body []byte, said bool) string {
	var first, last []byte
	for line := range bytes.Lines(body) {
		if last != nil && isContentField(line) {
			return string(last)
		}
		last = nil
		line = bytes.TrimRight(line, " \t\r\n")
		if len(line) > 2 && len(line) <= longestBoundary && bytes.HasPrefix(line, []byte("--")) {
			last = line[2:]
			if first == nil {
				first = last
			}
		}
	}
	if said {
		return ""
	}
	return string(first)
}
