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
		case html.DoctypeToken:
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
