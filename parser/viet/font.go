package viet

import (
	"strings"
)

// FontEncoding says which encoding the name of a font speaks of, Unicode when it speaks of none that is known here, and
// whether the font draws small letters as capitals. Fonts lie: people set Times New Roman on TCVN3 text and .VnTime on
// Unicode, so it is a hint only. SVN-, UTM, UVN, iCiel and 1FTV fonts are Unicode in spite of their names.
func FontEncoding(font string) (e Encoding, capitals bool) {
	if len(font) < 4 {
		return Unicode, false
	}
	name := strings.TrimLeft(font, `\"' `) // font-family:"\.VnTime" in HTML
	name = strings.TrimRight(name, `"' `)
	lower := strings.ToLower(name)
	switch {
	case strings.HasPrefix(lower, ".vn"):
		return TCVN3, capitalFont(name)
	case strings.HasPrefix(lower, "vni-"), strings.HasPrefix(lower, "vni "):
		return VNI, false
	case strings.HasPrefix(lower, "vps "):
		return VPS, false
	case strings.HasPrefix(lower, "vi "), strings.HasPrefix(lower, "viscii"), lower == "hoangyen":
		return VISCII, false
	}
	return Unicode, false
}

// capitalFont reports whether a .Vn font is one of those whose small letters look like capitals: .VnTimeH. Where the name
// was made small (as in style sheets), a final h that is no part of ch, gh, sh, th is taken for it.
func capitalFont(name string) bool {
	if name != strings.ToLower(name) {
		return strings.HasSuffix(name, "H")
	}
	return strings.HasSuffix(name, "h") && len(name) > 4 && !strings.ContainsRune("cgst", rune(name[len(name)-2]))
}
