package mime

import "bytes"

// notBase64 marks what is no letter of base64 in values.
const notBase64 = 0xff

// base64Value is the value of a letter (RFC 4648 §4).
func base64Value(c byte) byte {
	switch {
	case c >= 'A' && c <= 'Z':
		return c - 'A'
	case c >= 'a' && c <= 'z':
		return c - 'a' + 26
	case c >= '0' && c <= '9':
		return c - '0' + 52
	case c == '+':
		return 62
	case c == '/':
		return 63
	}
	return notBase64
}

// A base64Report says how an encoding looked.
type base64Report struct {
	strays int // characters that do not belong there
	chunks int // pieces that were padded each for itself, before the last one
	short  int // letters behind the last whole group of four: 2 and 3 are missing padding, 1 is a lost letter
	behind int // lines behind the padding that are none of it: what a virus scanner or a list appended
}

// decodeBase64 decodes as RFC 2045 §6.8 wants it, skipping what does not belong there, and beyond: pieces that were padded
// each for itself are joined, a missing padding is no loss, and lines of words, in the middle or behind the padding, are not
// taken for letters.
func decodeBase64(body []byte) (data []byte, report base64Report) {
	data = make([]byte, 0, len(body)/4*3+3)
	var bits uint32
	n, padded := 0, false
	flush := func() {
		switch n {
		case 2:
			data = append(data, byte(bits>>4))
		case 3:
			data = append(data, byte(bits>>10), byte(bits>>2))
		}
		bits, n = 0, 0
	}
	for at := 0; at < len(body); {
		line, next := cutLine(body, at)
		at = next
		strays := straysOf(line)
		if padded && !isBase64Line(line) {
			if !blank(line) {
				report.behind++
			}
			continue
		}
		report.strays += strays
		if strays*8 > len(line) {
			continue
		}
		for _, c := range line {
			v := base64Value(c)
			switch {
			case v != notBase64:
				if padded {
					padded = false
					report.chunks++
				}
				if bits, n = bits<<6|uint32(v), n+1; n == 4 {
					data = append(data, byte(bits>>16), byte(bits>>8), byte(bits))
					bits, n = 0, 0
				}
			case c == '=':
				if n == 1 {
					report.short = 1
				}
				flush()
				padded = true
			}
		}
	}
	if n > 0 {
		report.short = n
	}
	flush()
	return data, report
}

// straysOf counts what does not belong into a line of base64, with the blanks between words.
func straysOf(line []byte) (n int) {
	for i, c := range line {
		switch {
		case base64Value(c) != notBase64 || c == '=' || c == '\t' || c == '\r':
		case c != ' ':
			n++
		case i > 0 && i+1 < len(line) && base64Value(line[i-1]) != notBase64 && base64Value(line[i+1]) != notBase64:
			n++
		}
	}
	return n
}

func blank(line []byte) bool { return len(bytes.TrimSpace(line)) == 0 }

// isBase64Line says whether a line holds nothing but whole groups of letters, each padded or not.
func isBase64Line(line []byte) bool {
	n, padding := 0, 0
	for _, c := range bytes.TrimSpace(line) {
		switch {
		case c == '=':
			padding++
		case base64Value(c) == notBase64:
			return false
		default:
			n++
		}
	}
	return n > 0 && (n+padding)%4 == 0
}
