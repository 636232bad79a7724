package viet

import "strings"

// Decode is decode; capitals says that the font draws small letters as capitals (.VnTimeH).
func Decode(s string, e Encoding, capitals bool) (text string, ok bool) {
	text, _, ok = decode(s, e)
	if ok && capitals {
		text = strings.ToUpper(text)
	}
	return text, ok
}
