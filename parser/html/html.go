// Package html reads tables and text of HTML files: what old web software and PHP pages export under the name .xls, what
// Excel, LibreOffice and Word save as a web page, and the HTML body of a mail. It follows what a browser shows, without
// scripts: hidden parts are marked or left out, and sloppy nesting is forgiven as browsers forgive it.
//
// It must not know what a letter or a list is, nor fetch anything that a file points at.
package html

import (
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/text/encoding/htmlindex"

	"vanthu/parser"
	"vanthu/parser/charset"
	"vanthu/parser/grid"
)

// Bounds on memory beside parser.Limits.
const (
	around   = 1000 // rows of titles and signatures beside the people that parser.Limits counts
	unclosed = 16   // open elements for each level of nesting that is allowed: old pages never close a <font>
	reach    = 128  // open elements among which an end tag looks for its start
)

// Read reads a page. A page that is one table and nothing else is a book of one sheet, numbered as the spreadsheet program
// that opens it does; any other is a document with tables "Bảng 1", "Bảng 2" … Errors are *parser.Problem.
func Read(data []byte, lim parser.Limits) (grid.Document, error) {
	text, name := decode(data)
	if int64(len(text)) > lim.Unpacked {
		return grid.Document{}, parser.BeyondBytes(lim.Unpacked, "sau khi giải nén")
	}
	w := &walk{z: html.NewTokenizer(strings.NewReader(text)), lim: lim, css: sheets{said: map[string]rule{}, inline: map[string]rule{}}}
	if err := w.run(); err != nil {
		return grid.Document{}, err
	}
	d := w.document()
	d.Format, d.Charset = "html", name
	return d, nil
}

var (
	metaRE = regexp.MustCompile(`(?i)<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]+)`)
	declRE = regexp.MustCompile(`^\s*<\?xml[^>]{0,100}encoding\s*=\s*["']([\w.:-]+)`)
)

// decode decodes the page by its mark, its declaration, or what it looks like; in the last case name says how (ENC-05).
func decode(data []byte) (text, name string) {
	head := data[:min(len(data), 8192)]
	label := ""
	for _, re := range []*regexp.Regexp{metaRE, declRE} {
		if m := re.FindSubmatch(head); m != nil && label == "" {
			label = string(m[1])
		}
	}
	text, name = charset.DecodeAs(data, label)
	if name == charset.UTF16LE || name == charset.UTF16BE {
		return text, ""
	}
	if enc, err := htmlindex.Get(label); err == nil {
		if said, err := htmlindex.Name(enc); err == nil && said == name {
			return text, ""
		}
	}
	return text, name
}

// An element is an open element with the style that holds inside it.
type element struct {
	tag   string
	style style
}

// A walk goes through the page once.
type walk struct {
	z      *html.Tokenizer
	lim    parser.Limits
	css    sheets
	stack  []element
	tables []*table // open ones, the innermost last
	flow   flow     // text outside of tables
	blocks []block
	names  []string // of Excel's sheets
	rows   int
	filled int     // tables that hold something
	spare  []*cell // one for each level of nesting, used again and again
	nested bool
}

// A block is a paragraph or a table in the order of the page.
type block struct {
	grid.Block
	table *table
}

func (w *walk) run() error {
	for {
		switch w.z.Next() {
		case html.ErrorToken:
			if err := w.z.Err(); !errors.Is(err, io.EOF) {
				return parser.Damage("html: %v", err)
			}
			if len(w.tables) > 0 { // half a list must not pass for a whole one
				return parser.Damage("html: cut off in a table")
			}
			w.paragraph()
			return nil
		case html.TextToken:
			w.text(w.z.Text())
		case html.CommentToken:
			w.comment(w.z.Text())
		case html.StartTagToken, html.SelfClosingTagToken:
			if err := w.start(); err != nil {
				return err
			}
		case html.EndTagToken:
			name, _ := w.z.TagName()
			if err := w.end(tagName(name)); err != nil {
				return err
			}
		}
	}
}

// top is the style that holds here.
func (w *walk) top() style {
	if len(w.stack) == 0 {
		return style{}
	}
	return w.stack[len(w.stack)-1].style
}

// current is where text goes: the innermost open cell, or outside of all tables. Text in a table but in no cell is shown
// around the table.
func (w *walk) current() *flow {
	for _, t := range slices.Backward(w.tables) {
		if t.cell != nil {
			return &t.cell.flow
		}
	}
	return &w.flow
}

func (w *walk) text(b []byte) {
	s := w.top()
	if s.tag == "style" {
		w.css.read(string(b))
		return
	}
	if s.tag == "x:name" {
		w.names = append(w.names, string(b))
	}
	if !s.hidden && !s.mute {
		w.current().add(b, s)
	}
}

var sheetNameRE = regexp.MustCompile(`<x:Name>([^<]*)</x:Name>`)

// comment takes the names of sheets from what Excel hides from browsers.
func (w *walk) comment(b []byte) {
	for _, m := range sheetNameRE.FindAllSubmatch(b, 8) {
		w.names = append(w.names, html.UnescapeString(string(m[1])))
	}
}

// paragraph ends the paragraph outside of tables.
func (w *walk) paragraph() {
	if text := w.flow.take(); text.s != "" {
		w.blocks = append(w.blocks, block{Block: grid.Block{Text: text.s, Font: text.font}})
	}
}

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

// breakBlock begins a new line in a cell, a new paragraph outside.
func (w *walk) breakBlock() {
	if f := w.current(); f != &w.flow {
		f.block()
	} else if len(w.tables) == 0 {
		w.paragraph()
	} else {
		f.block()
	}
}

func isBlock(tag string) bool {
	switch tag {
	case "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ul", "ol", "dl", "dt", "dd", "center", "form", "pre", "blockquote",
		"body", "head", "section", "article", "header", "footer", "caption", "fieldset", "address", "main", "nav", "legend", "option":
		return true
	}
	return false
}

// document puts the result together.
func (w *walk) document() grid.Document {
	var d grid.Document
	only := !w.nested
	for _, b := range w.blocks {
		if b.table == nil {
			only = false
			d.Blocks = append(d.Blocks, b.Block)
			continue
		}
		if len(b.table.sheet.Rows) == 0 {
			continue
		}
		s := b.table.sheet
		s.Name = "Bảng " + strconv.Itoa(len(d.Sheets)+1)
		d.Sheets = append(d.Sheets, s)
		d.Blocks = append(d.Blocks, grid.Block{Table: len(d.Sheets)})
	}
	if only && len(d.Sheets) == 1 && !d.Sheets[0].Hidden {
		d.Blocks = nil
		d.Sheets[0].Name = ""
		if len(w.names) == 1 {
			d.Sheets[0].Name = w.names[0]
		}
	}
	return d
}
