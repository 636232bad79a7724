package html

import (
	"strings"

	"vanthu/parser"
)

// attributes are those that matter.
type attributes struct {
	class, style, face, colspan, rowspan string
	number, shown                        string // stored number, and its format, as LibreOffice writes them
	span                                 string
	value, kind                          string // of a form's field
	hasNumber, hasFormula, isText        bool
	bool, err                            string
	hidden                               bool
}

func (w *walk) attributes(more bool) (a attributes) {
	for more {
		var key, val []byte
		key, val, more = w.z.TagAttr()
		switch string(key) {
		case "class":
			a.class = string(val)
		case "style":
			a.style = string(val)
		case "face":
			a.face = string(val)
		case "colspan":
			a.colspan = string(val)
		case "rowspan":
			a.rowspan = string(val)
		case "span":
			a.span = string(val)
		case "x:num", "sdval":
			a.number, a.hasNumber = string(val), true
		case "sdnum":
			a.shown = string(val)
		case "x:str":
			a.isText = true
		case "x:fmla":
			a.hasFormula = true
		case "x:bool":
			a.bool = string(val)
		case "x:err":
			a.err = string(val)
		case "hidden":
			a.hidden = true
		case "value":
			a.value = string(val)
		case "type":
			a.kind = strings.ToLower(string(val))
		}
	}
	return a
}

// tagName is string(b) without a copy for what lists are made of.
func tagName(b []byte) string {
	switch string(b) {
	case "td":
		return "td"
	case "tr":
		return "tr"
	case "th":
		return "th"
	case "p":
		return "p"
	case "br":
		return "br"
	case "span":
		return "span"
	case "font":
		return "font"
	case "b":
		return "b"
	case "div":
		return "div"
	case "o:p":
		return "o:p"
	}
	return string(b)
}

func (w *walk) start() error {
	name, more := w.z.TagName()
	tag := tagName(name)
	a := w.attributes(more)
	switch tag {
	case "br":
		w.current().br()
		return nil
	case "input":
		if !w.top().hidden && !a.hidden && (a.kind == "" || a.kind == "text") {
			w.current().add([]byte(a.value), w.top())
		}
		return nil
	case "col":
		if t := w.table(); t != nil && t.cell == nil {
			t.column(a, w.css.style(tag, a, style{}).hidden, w.lim.Columns)
		}
		return nil
	case "hr":
		w.breakBlock()
		return nil
	case "img", "meta", "link", "wbr", "area", "base", "embed", "param", "source", "track":
		return nil
	}
	return w.open(tag, a)
}

func (w *walk) open(tag string, a attributes) error {
	switch tag {
	case "table":
		return w.openTable(a)
	case "tr", "thead", "tbody", "tfoot", "colgroup", "caption":
		if t := w.table(); t != nil {
			if err := w.closeRow(t); err != nil {
				return err
			}
			if tag == "tr" {
				return w.openRow(t, a)
			}
			w.stack = w.stack[:t.base+1]
		}
	case "td", "th":
		if t := w.table(); t != nil {
			return w.openCell(t, tag, a)
		}
		w.breakBlock()
	default:
		if isBlock(tag) {
			w.breakBlock()
		}
		if tag == "p" || tag == "li" || tag == "option" {
			w.implied(tag)
		}
	}
	return w.push(tag, w.css.style(tag, a, w.top()))
}

func (w *walk) push(tag string, s style) error {
	if len(w.stack) >= w.lim.Depth*unclosed {
		return parser.Beyond(w.lim.Depth*unclosed, "cấp lồng nhau")
	}
	s.tag = tag
	w.stack = append(w.stack, element{tag, s})
	return nil
}

// bottom is the lowest open element that an end tag may close here: those outside of the current cell stay open.
func (w *walk) bottom() int {
	n := 0
	if t := w.table(); t != nil {
		switch {
		case t.cell != nil:
			n = t.cell.base + 1
		case t.row != nil:
			n = t.row.base + 1
		default:
			n = t.base + 1
		}
	}
	return max(n, len(w.stack)-reach)
}

// implied closes an open p or li, which nobody closes.
func (w *walk) implied(tag string) {
	for i := len(w.stack) - 1; i >= w.bottom(); i-- {
		switch w.stack[i].tag {
		case tag:
			w.stack = w.stack[:i]
			return
		case "ul", "ol", "div", "select":
			return
		}
	}
}

func (w *walk) end(tag string) error {
	t := w.table()
	switch tag {
	case "table":
		if t != nil {
			return w.closeTable()
		}
	case "tr":
		if t != nil {
			return w.closeRow(t)
		}
	case "td", "th":
		if t != nil {
			return w.closeCell(t)
		}
	case "thead", "tbody", "tfoot":
		if t != nil {
			if err := w.closeRow(t); err != nil {
				return err
			}
		}
	case "body", "html": // the end, whoever forgot to close his table
		for len(w.tables) > 0 {
			if err := w.closeTable(); err != nil {
				return err
			}
		}
	}
	if isBlock(tag) {
		w.breakBlock()
	}
	for i := len(w.stack) - 1; i >= w.bottom(); i-- {
		if w.stack[i].tag == tag {
			w.stack = w.stack[:i]
			break
		}
	}
	return nil
}

func isBlock(tag string) bool {
	switch tag {
	case "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ul", "ol", "dl", "dt", "dd", "center", "form", "pre", "blockquote",
		"body", "head", "section", "article", "header", "footer", "caption", "fieldset", "address", "main", "nav", "legend", "option":
		return true
	}
	return false
}
