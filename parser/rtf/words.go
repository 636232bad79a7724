package rtf

// characters are the words that stand for a character ("Special Characters").
var characters = map[string]string{
	"tab": "\t", "line": "\n", "lbr": "\n", "softline": "\n", "page": "\n", "column": "\n", "emdash": "—", "endash": "–", "lquote": "‘",
	"rquote": "’", "ldblquote": "“", "rdblquote": "”", "bullet": "•", "emspace": "\u2003", "enspace": "\u2002", "qmspace": "\u2005",
	"zwj": "\u200d", "zwnj": "\u200c",
}

// unseen are destinations that come without \* and are no text of the document ("Destination Control Words"). Foot and end
// notes are left out: a mark in a cell is not part of its value.
var unseen = map[string]bool{
	"stylesheet": true, "colortbl": true, "info": true, "filetbl": true, "revtbl": true, "listtable": true, "listoverridetable": true,
	"footnote": true, "annotation": true, "xe": true, "tc": true, "tcn": true, "nonesttables": true, "shprslt": true, "sp": true,
	"fldinst": true, "objdata": true, "pntxta": true, "pntxtb": true, "mmath": true, "mmathPr": true, "private": true, "rsidtbl": true,
	"themedata": true, "colorschememapping": true, "datastore": true, "latentstyles": true, "generator": true, "template": true,
	"bkmkstart": true, "bkmkend": true, "ftnsep": true, "ftnsepc": true, "ftncn": true, "aftnsep": true, "aftnsepc": true, "aftncn": true,
	"background": true, "pgdsctbl": true, "userprops": true, "xmlnstbl": true, "atnid": true, "atnauthor": true, "falt": true, "panose": true,
}

// word does what a control word says.
func (r *reader) word(t token) error {
	name := string(t.text)
	if r.st.place == hidden && name != "pict" && name != "ud" && name != "shppict" {
		return nil
	}
	if s, ok := characters[name]; ok {
		r.st.star = false
		r.put(s)
		return nil
	}
	if r.destination(name) || r.format(name, t) || r.tableWord(name, t) {
		return nil
	}
	return r.mark(name)
}

// symbol does what a backslash and a character say.
func (r *reader) symbol(c byte) error {
	if c == '*' {
		r.st.star = true
		return nil
	}
	r.st.star, r.st.fresh = false, false
	switch c {
	case '\\', '{', '}':
		r.text([]byte{c})
	case '~':
		r.put("\u00a0")
	case '-':
		r.put("\u00ad") // an optional hyphen, and the letter "ư" of a font of TCVN3
	case '_':
		r.put("-")
	case '\t':
		r.put("\t")
	case '\r', '\n':
		return r.mark("par")
	}
	return nil
}

// destination sets what becomes of the text of the group whose first word it is.
func (r *reader) destination(name string) bool {
	st := &r.st
	switch name {
	case "fonttbl":
		st.place = fonts
	case "pict":
		if !st.noPict {
			st.flow.picture()
		}
		st.place = hidden
	case "nonshppict":
		st.place, st.noPict = hidden, true
	case "header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf":
		r.branch(&flow{r: r, margin: true})
	case "shptxt", "dptxbxtext":
		box := &flow{r: r}
		st.flow.boxes = append(st.flow.boxes, box)
		r.branch(box)
	case "listtext", "pntext":
		st.place = number
	case "upr":
		st.place, st.upr = hidden, true
	case "ud":
		if st.upr {
			st.place, st.upr = visible, false
		}
	case "nesttableprops":
		st.nested = true
	case "shppict", "shpinst", "do": // pictures and shapes that old programs pass over
		if name == "shppict" && st.place == hidden {
			return true
		}
	default:
		if !unseen[name] && !(st.star && st.fresh) {
			return false
		}
		st.place = hidden
		// Pictures of list marks and the page's background are no part of the letter; those of a shape are.
		st.noPict = st.noPict || name != "sp" && name != "shprslt"
	}
	return true
}

// branch makes the group write somewhere else.
func (r *reader) branch(f *flow) {
	r.st.flow, r.st.inTable, r.st.level = f, false, 0
}

// format takes words of character and paragraph formatting.
func (r *reader) format(name string, t token) bool {
	st, on := &r.st, !t.given || t.num != 0
	switch name {
	case "u":
		r.unicode(t.num)
	case "uc":
		st.uc = t.num
	case "f":
		st.font = t.num
		if st.place == fonts {
			r.endFont()
			r.named = t.num
			if _, ok := r.fonts[t.num]; !ok && len(r.fonts) < maxFonts {
				r.fonts[t.num] = font{charset: -1}
				if r.first < 0 {
					r.first = t.num
				}
			}
		}
	case "fcharset", "cpg":
		if f, ok := r.fonts[r.named]; ok && st.place == fonts {
			if name == "cpg" {
				f.page = page(t.num)
			} else {
				f.charset = t.num
			}
			r.fonts[r.named] = f
		}
	case "deff":
		r.deff = t.num
	case "ansicpg":
		if t.num > 0 {
			r.own = page(t.num)
		}
	case "mac":
		r.own = 10000
	case "pc":
		r.own = 437
	case "pca":
		r.own = 850
	case "plain":
		st.font, st.struck, st.vanish, st.gone = noFont, false, false, false
	case "strike", "striked":
		st.struck = on
	case "v":
		st.vanish = on
	case "deleted", "mvf":
		st.gone = on
	case "pard":
		st.inTable, st.level = false, 0
	case "intbl":
		st.inTable = true
	case "itap":
		st.level = min(max(t.num, 0), r.lim.Depth)
	default:
		return false
	}
	return true
}

// maxFonts bounds the font table; real ones have some hundreds.
const maxFonts = 10_000

// mark takes words that end a paragraph, a cell or a row.
func (r *reader) mark(name string) error {
	if r.st.place != visible {
		return nil
	}
	f, level := r.st.flow, r.st.level
	if level == 0 && (r.st.inTable || f.inRow()) {
		level = 1
	}
	switch name {
	case "par", "sect":
		f.endParagraph(level)
	case "cell":
		f.endCell(1)
	case "nestcell":
		f.endCell(max(level, 2))
	case "row":
		f.endRow(1, r.def)
	case "nestrow":
		f.endRow(max(level, 2), r.inner)
	}
	if r.problem != nil {
		return r.problem
	}
	return nil
}

// tableWord takes words that describe a row: they stand before its cells, behind them, or both.
func (r *reader) tableWord(name string, t token) bool {
	def := &r.def
	if r.st.nested {
		def = &r.inner
	}
	if name == "trowd" {
		*def = &rowDef{}
		return true
	}
	d := *def
	if d == nil {
		return false
	}
	switch name {
	case "trleft":
		d.left = t.num
	case "clvmgf":
		d.next.down = first
	case "clvmrg":
		d.next.down = more
	case "clmgf":
		d.next.right = first
	case "clmrg":
		d.next.right = more
	case "cldel", "cldelauth":
		d.next.gone = true
	case "cellx":
		d.next.edge = t.num
		d.cells = append(d.cells, d.next)
		d.next = cellDef{}
	default:
		return false
	}
	return true
}
