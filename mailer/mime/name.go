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
	if name := CleanName(disposition.get("filename")); name != "" {
		return name
	}
	if name := CleanName(disposition.get("name")); name != "" {
		return name
	}
	return CleanName(kind.get("name"))
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
