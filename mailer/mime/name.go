package mime

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the length in bytes that every file system takes, with room for a prefix.
const maxName = 200

// fileName is the name of a part: of its Content-Disposition, or else of its Content-Type.
func fileName(disposition, kind params) string {
	first := ""
	for _, said := range []struct {
		of  params
		key string
	}{{disposition, "filename"}, {disposition, "name"}, {kind, "name"}, {kind, "filename"}} {
		name := said.of.get(said.key)
		if !said.of.extended[said.key] {
			name = unescaped(name)
		}
		name = CleanName(name)
		if hasExtension(name) {
			return name
		}
		if first == "" {
			first = name
		}
	}
	return first
}

// hasExtension says whether a name tells its kind: of two names of one part the one that does is whole.
func hasExtension(name string) bool {
	i := strings.LastIndexByte(name, '.')
	return i > 0 && len(name)-i >= 3 && len(name)-i <= 6
}

// unescaped undoes the percents of programs that write a name as in a web address ("Danh%20s%C3%A1ch.xlsx"): only where
// they hide a blank or letters beyond ASCII.
func unescaped(name string) string {
	if !strings.Contains(name, "%") {
		return name
	}
	decoded := percent(name)
	if !utf8.ValidString(decoded) || isASCII([]byte(decoded)) && strings.Count(decoded, " ") == strings.Count(name, " ") {
		return name
	}
	return decoded
}

// CleanName makes a file name safe to show and to store: no path (of any system), no control or invisible formatting
// character, at most 200 bytes with the extension kept. It may return "".
func CleanName(name string) string {
	name = clean(strings.Map(func(r rune) rune { // before composing: a control between a letter and its mark would hide it
		// Cf holds the direction marks that turn "exe.xslx" around before the reader's eyes.
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, name))
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.TrimSpace(name)
	if name == "." || name == ".." {
		return ""
	}
	if len(name) <= maxName {
		return name
	}
	ext := ""
	if i := strings.LastIndexByte(name, '.'); i > 0 && len(name)-i <= 12 {
		name, ext = name[:i], name[i:]
	}
	return strings.TrimSpace(cutBytes(name, maxName-len(ext))) + ext
}

// cutBytes cuts at a rune.
func cutBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
