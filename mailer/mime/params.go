package mime

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxSegments bounds the pieces of one parameter: looking each one up must stay cheap.
const maxSegments = 100

// params is a field value with parameters, as Content-Type and Content-Disposition have. Values are decoded.
type params struct {
	value    string // lower case: "text/plain", "attachment"
	list     map[string]string
	extended map[string]bool // written as RFC 2231: its percents are undone already
}

func (p params) get(name string) string { return p.list[name] }

// parseParams reads a value with parameters as real programs write them: unquoted values with spaces, a parameter given
// twice (the first counts), no semicolon in front of the first, raw 8-bit, backslashes of Windows paths, RFC 2231 with and without continuations, RFC 2047
// within quotes. It refuses nothing.
func parseParams(s string) params {
	s = strings.TrimSpace(s)
	value, rest := s, ""
	if end := strings.IndexAny(s, ";, \t("); end >= 0 { // RFC 2045 §5.1 knows ";" alone
		value, rest = s[:end], strings.TrimLeft(s[end:], ";, \t")
		if after, ok := strings.CutPrefix(rest, "/"); ok { // "text / plain"
			value, rest = value+"/", strings.TrimSpace(after)
			end := strings.IndexAny(rest+";", ";, \t(")
			value, rest = value+rest[:end], strings.TrimLeft(rest[end:], ";, \t")
		}
	}
	p := params{value: strings.ToLower(strings.TrimSpace(clean(value))), list: map[string]string{}, extended: map[string]bool{}}
	segments := map[string][]segment{}
	for rest != "" {
		var name, raw string
		name, raw, rest = nextParam(rest)
		base, seg := readSegment(name, raw)
		if base == "" {
			continue
		}
		same := func(s segment) bool { return s.n == seg.n && (s.n >= 0 || s.extended == seg.extended) }
		if len(segments[base]) < maxSegments && !slices.ContainsFunc(segments[base], same) {
			segments[base] = append(segments[base], seg)
		}
	}
	for base, segs := range segments {
		p.list[base] = joinSegments(segs)
		p.extended[base] = slices.ContainsFunc(segs, func(s segment) bool { return s.extended })
	}
	if segs := segments["boundary"]; len(segs) == 1 { // bytes that must be found again as they stand
		p.list["boundary"] = segs[0].value
	}
	return p
}

// nextParam cuts the next name=value off s.
func nextParam(s string) (name, value, rest string) {
	end := strings.IndexAny(s, "=;")
	if end < 0 {
		return "", "", ""
	}
	if s[end] == ';' {
		return "", "", s[end+1:]
	}
	name = strings.ToLower(strings.TrimSpace(s[:end]))
	s = strings.TrimLeft(s[end+1:], " \t")
	if !strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s, ";")
		return name, strings.TrimSpace(value), rest
	}
	value, s = unquote(s[1:])
	_, rest, _ = strings.Cut(s, ";")
	return name, value, rest
}

// unquote reads up to the closing quote. A backslash quotes only a quote or a backslash: Windows paths are not escaped
// by the programs that send them.
func unquote(s string) (value, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:]
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}

// A segment is one piece of a parameter (RFC 2231 §3): filename*0*=…
type segment struct {
	n        int  // place, -1 for a parameter that is whole
	extended bool // percent-encoded, the first piece with charset and language
	value    string
}

func readSegment(name, value string) (base string, seg segment) {
	name, seg.extended = strings.CutSuffix(name, "*")
	seg.n, seg.value = -1, value
	if i := strings.LastIndexByte(name, '*'); i > 0 {
		if n, err := strconv.Atoi(name[i+1:]); err == nil && n >= 0 {
			name, seg.n = name[:i], n
		}
	}
	return name, seg
}

// joinSegments gives the value of one parameter. The extended form is meant where a plain one stands beside it
// (RFC 6266 §4.3).
func joinSegments(segs []segment) string {
	for _, seg := range segs {
		if seg.n < 0 && seg.extended {
			charset, text := cutCharset(seg.value)
			return decodeText([]byte(percent(text)), charset)
		}
	}
	charset, joined := "", ""
	slices.SortStableFunc(segs, func(a, b segment) int { return cmp.Compare(a.n, b.n) })
	first := true
	for _, seg := range segs { // a piece that is missing is passed over: the end of a name has its kind
		if seg.n < 0 {
			continue
		}
		value := seg.value
		if seg.extended {
			if first {
				charset, value = cutCharset(value)
			}
			value = percent(value)
		}
		joined, first = joined+value, false
	}
	switch {
	case joined == "":
		return word(word(segs[0].value)) // some programs encode what was encoded
	case charset == "":
		return word(word(joined))
	default:
		return decodeText([]byte(joined), charset)
	}
}

// cutCharset cuts charset'language' off an extended value.
func cutCharset(s string) (charset, text string) {
	charset, rest, ok := strings.Cut(s, "'")
	if !ok {
		return "", s
	}
	_, text, ok = strings.Cut(rest, "'")
	if !ok {
		return "", s
	}
	return charset, text
}

// percent undoes "%C3%A1"; a "%" that means nothing stays.
func percent(s string) string {
	if decoded, err := url.PathUnescape(s); err == nil {
		return decoded
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if hi, lo := hexValue(s[i+1]), hexValue(s[i+2]); hi < 16 && lo < 16 {
				b.WriteByte(hi<<4 | lo)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
