package mime

import (
	"bytes"
	"regexp"
)

// A uuFile is a file that stands in a text, encoded by uuencode (POSIX uuencode, both ways: the old one and base64).
type uuFile struct {
	name  string
	data  []byte
	ended bool
	yenc  bool // of the kind of news groups, which is not read
}

var (
	uuBegin   = regexp.MustCompile(`^begin(-base64)? [0-7]{3,4} (\S.*)$`)
	yencBegin = regexp.MustCompile(`^=ybegin .*\bname=(\S.*)$`)
)

// uuFiles takes the files out of a text, up to most; text is what remains of it.
func uuFiles(body []byte, most int) (files []uuFile, text []byte) {
	if most <= 0 || !bytes.Contains(body, []byte("begin")) {
		return nil, body
	}
	kept, yend := 0, true // up to where body went into text; whether an end of yEnc may still follow
	for at := 0; at < len(body) && len(files) < most; {
		line, next := cutLine(body, at)
		var f uuFile
		end := -1
		if bytes.HasPrefix(line, []byte("begin")) {
			if m := uuBegin.FindSubmatch(line); m != nil {
				f, end = uuBody(body, next, len(m[1]) > 0)
				f.name = string(m[2])
			}
		} else if m := yencBegin.FindSubmatch(line); m != nil {
			f = uuFile{name: string(m[1]), yenc: true}
			end = next
			if yend {
				i := bytes.Index(body[next:], []byte("\n=yend"))
				if yend = i >= 0; yend {
					_, end = cutLine(body, next+i+1)
				}
			}
		}
		if end < 0 {
			at = next
			continue
		}
		files = append(files, f)
		text = append(text, body[kept:at]...)
		at, kept = end, end
	}
	if len(files) == 0 {
		return nil, body
	}
	return files, append(text, body[kept:]...)
}

// cutLine returns the line at a place, without its end, and where the next one begins.
func cutLine(b []byte, at int) (line []byte, next int) {
	line, _, found := bytes.Cut(b[at:], []byte("\n"))
	next = at + len(line)
	if found {
		next++
	}
	return bytes.TrimRight(line, "\r"), next
}

// uuBody decodes the lines from a place on. It returns -1 when the first one is none: the words only look like a beginning.
func uuBody(body []byte, at int, in64 bool) (f uuFile, end int) {
	start := at
	for at < len(body) {
		line, next := cutLine(body, at)
		last := "end"
		if in64 {
			last = "===="
		}
		if string(bytes.TrimRight(line, " ")) == last {
			f.ended = true
			if at == start { // a file of no bytes
				return f, next
			}
			at = next
			break
		}
		if in64 {
			if !isBase64Line(line) {
				break
			}
			at = next
			continue
		}
		data, ok := uuLine(line)
		if after, _ := cutLine(body, next); len(line) == 0 && string(after) == "end" { // the line of no bytes, without its blank
			ok = true
		}
		if !ok {
			break
		}
		f.data = append(f.data, data...)
		at = next
	}
	if at == start {
		return f, -1
	}
	if in64 {
		f.data, _ = decodeBase64(body[start:at])
	}
	return f, at
}

// uuLine decodes one line: a letter for its length, then four letters for three bytes. Blanks at its end may be lost.
func uuLine(line []byte) (data []byte, ok bool) {
	if len(line) == 0 || line[0] < ' ' || line[0] > '`' {
		return nil, false
	}
	n := int(line[0]-' ') & 63
	letters := line[1:]
	if len(letters) > (n+2)/3*4+2 { // some programs write a check letter behind
		return nil, false
	}
	data = make([]byte, 0, n+2)
	for i := 0; len(data) < n; i += 4 {
		var group uint32
		for j := range 4 {
			var c byte = ' '
			if i+j < len(letters) {
				c = letters[i+j]
			}
			if c < ' ' || c > '`' {
				return nil, false
			}
			group = group<<6 | uint32(c-' ')&63
		}
		data = append(data, byte(group>>16), byte(group>>8), byte(group))
	}
	return data[:n], true
}
