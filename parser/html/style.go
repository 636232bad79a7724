package html

import (
	"regexp"
	"strings"
)

// A style is what holds inside an element.
type style struct {
	tag     string
	font    string
	struck  bool
	deleted bool // by a tracked change
	hidden  bool
	mute    bool // text that is none: scripts, titles, Office's data islands
	pre     bool
}

// A rule is what one selector says; nil says nothing.
type rule struct {
	font           string
	struck, hidden *bool
}

// sheets are the rules of the page's style sheets by selector: "td", ".xl65", "td.xl65". Others (by place, by id) are not
// followed: nobody hides a list by them.
type sheets struct {
	said   map[string]rule
	inline map[string]rule // what style attributes say, each read once
}

const maxRules = 10_000

var (
	yes, no   = new(true), new(false)
	commentRE = regexp.MustCompile(`(?s)/\*.*?\*/`)
	simpleRE  = regexp.MustCompile(`^[a-z0-9]*(\.[\w-]+)?$`)
)

// read reads a style sheet (CSS 2.1 §4). What it does not understand it leaves out.
func (m sheets) read(css string) {
	css = commentRE.ReplaceAllString(strings.NewReplacer("<!--", "", "-->", "").Replace(css), "")
	for css != "" && len(m.said) < maxRules {
		selectors, rest, ok := strings.Cut(css, "{")
		if !ok {
			return
		}
		body, after, _ := strings.Cut(rest, "}")
		css = after
		if strings.Contains(selectors, "@") || strings.Contains(body, "{") {
			continue
		}
		said := declarations(body)
		if said == (rule{}) {
			continue
		}
		for s := range strings.SplitSeq(selectors, ",") {
			if s = strings.ToLower(strings.TrimSpace(s)); s != "" && simpleRE.MatchString(s) {
				m.said[s] = m.said[s].with(said)
			}
		}
	}
}

func (r rule) with(over rule) rule {
	if over.font != "" {
		r.font = over.font
	}
	if over.struck != nil {
		r.struck = over.struck
	}
	if over.hidden != nil {
		r.hidden = over.hidden
	}
	return r
}

func declarations(css string) (r rule) {
	for d := range strings.SplitSeq(css, ";") {
		key, value, ok := strings.Cut(d, ":")
		if !ok {
			continue
		}
		lower := strings.ToLower(strings.TrimSpace(value))
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "font-family", "mso-ascii-font-family":
			if r.font == "" || strings.EqualFold(strings.TrimSpace(key), "font-family") {
				r.font = family(value)
			}
		case "text-decoration", "text-decoration-line":
			r.struck = no
			if strings.Contains(lower, "line-through") {
				r.struck = yes
			}
		case "display":
			r.hidden = no
			if strings.HasPrefix(lower, "none") {
				r.hidden = yes
			}
		case "visibility":
			if strings.HasPrefix(lower, "hidden") || strings.HasPrefix(lower, "collapse") {
				r.hidden = yes
			}
		case "mso-hide":
			if lower == "all" {
				r.hidden = yes
			}
		}
	}
	return r
}

// family returns the first font of a list: `"\.VnTime", sans-serif` is ".VnTime".
func family(list string) string {
	first, _, _ := strings.Cut(list, ",")
	first = strings.Trim(strings.TrimSpace(first), `"'`)
	return strings.ReplaceAll(first, `\`, "")
}

// style returns the style inside an element: what the tag means, then the style sheets, then what the element says itself.
func (m sheets) style(tag string, a attributes, outer style) style {
	s := outer
	s.tag = tag
	switch tag {
	case "s", "strike":
		s.struck = true
	case "del":
		s.deleted = true
	case "pre", "xmp", "textarea":
		s.pre = true
	case "script", "style", "title", "xml", "noframes", "template", "noscript", "select", "object":
		s.mute = true
	case "font":
		if a.face != "" {
			s.font = family(a.face)
		}
	}
	var r rule
	if len(m.said) > 0 {
		r = m.said[tag]
		for class := range strings.FieldsSeq(strings.ToLower(a.class)) {
			r = r.with(m.said["."+class]).with(m.said[tag+"."+class])
		}
	}
	if a.style != "" {
		said, ok := m.inline[a.style]
		if !ok {
			if said = declarations(a.style); len(m.inline) < maxRules {
				m.inline[a.style] = said
			}
		}
		r = r.with(said)
	}
	if r.font != "" {
		s.font = r.font
	}
	switch {
	case r.struck == yes:
		s.struck = true
	case r.struck == no && (tag == "font" || tag == "td" || tag == "th"): // in other elements the line of the outer one is drawn on
		s.struck = false
	}
	if r.hidden == yes || a.hidden {
		s.hidden = true
	}
	return s
}
