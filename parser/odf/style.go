package odf

import (
	"strings"

	"vanthu/parser/xmlscan"
)

// A Format is what of a style matters.
type Format struct {
	Font   string
	Struck bool // struck through (§20.366 style:text-line-through-style)
	Hidden bool // text:display="none" of text, table:display="false" of a table
}

// Styles are the styles of a document by family and name ("table-cell/ce1").
type Styles map[string]style

// A style is what one style says itself; nil says nothing.
type style struct {
	parent         string
	font           string
	struck, hidden *bool
}

var yes, no = new(true), new(false)

// maxParents bounds how far styles inherit: no program nests them deeper, and a ring has no end.
const maxParents = 16

// Format returns what holds in an element of that family with that style, on top of outer.
func (s Styles) Format(family, name string, outer Format) Format {
	if name == "" {
		return outer
	}
	return s.format(family, name, outer, maxParents)
}

func (s Styles) format(family, name string, outer Format, left int) Format {
	st, ok := s[family+"/"+name]
	if !ok || left == 0 {
		return outer
	}
	if st.parent != "" {
		outer = s.format(family, st.parent, outer, left-1)
	}
	if st.font != "" {
		outer.Font = st.font
	}
	if st.struck != nil {
		outer.Struck = *st.struck
	}
	if st.hidden != nil {
		outer.Hidden = *st.hidden
	}
	return outer
}

// Default returns what holds where no style says anything (§16.4).
func (s Styles) Default(family string) Format { return s.format(family, "", Format{}, 1) }

func attr(x *xmlscan.Scanner, local string) string {
	v, _ := x.Attr(local)
	return string(v)
}

// readFonts reads what the names of fonts stand for (§16.23).
func readFonts(x *xmlscan.Scanner, fonts map[string]string) error {
	return x.Children(func() error {
		if family := attr(x, "font-family"); family != "" {
			fonts[attr(x, "name")] = unquote(family)
		}
		return x.Skip()
	})
}

// unquote returns the first of a list of fonts without its quotation marks.
func unquote(family string) string {
	first, _, _ := strings.Cut(family, ",")
	return strings.Trim(strings.TrimSpace(first), `"'`)
}

func (s Styles) read(x *xmlscan.Scanner, fonts map[string]string) error {
	return x.Children(func() error {
		if !x.Is("style") && !x.Is("default-style") {
			return x.Skip()
		}
		name := ""
		if x.Is("style") {
			name = attr(x, "name")
		}
		key := attr(x, "family") + "/" + name
		st := style{parent: attr(x, "parent-style-name")}
		err := x.Children(func() error {
			switch {
			case x.Is("text-properties"):
				st.text(x, fonts)
			case x.Is("table-properties"):
				st.hidden = flag(attr(x, "display"), "false")
			}
			return x.Skip()
		})
		s[key] = st
		return err
	})
}

// text reads style:text-properties (§16.27.28).
func (st *style) text(x *xmlscan.Scanner, fonts map[string]string) {
	if name := attr(x, "font-name"); name != "" {
		st.font = name
		if family := fonts[name]; family != "" {
			st.font = family
		}
	} else if family := attr(x, "font-family"); family != "" {
		st.font = unquote(family)
	}
	for _, local := range []string{"text-line-through-style", "text-line-through-type", "text-crossing-out"} {
		if v := attr(x, local); v != "" {
			st.struck = yes
			if v == "none" {
				st.struck = no
				break
			}
		}
	}
	if v := attr(x, "display"); v != "" {
		st.hidden = flag(v, "none")
	}
}

// flag returns whether v is what means yes; nil when it is not there.
func flag(v, means string) *bool {
	switch v {
	case "":
		return nil
	case means:
		return yes
	}
	return no
}
