package doc

import (
	"encoding/binary"
	"unicode/utf16"

	"vanthu/parser/cfb/cfbtest"
)

func le16(values ...int) []byte {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	return b
}

func le32(values ...int) []byte {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	return b
}

// sprm is one modifier with an operand of its usual size.
func sprm(n, operand int) []byte {
	size, _ := operandSize(n, []byte{1, 1})
	return append(le16(n), le32(operand)[:size]...)
}

func join(parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// A part is some text with its format as characters; the format as a paragraph counts where it ends one.
type part struct {
	text  string
	chars []byte
	para  []byte
	style int
}

// A writer builds a document whose text lies in one piece, in bytes or in UTF-16.
type writer struct {
	parts   []part
	bytes   bool
	fonts   []string
	styles  []byte // STSH
	data    []byte
	extra   []byte // Prc before the piece table
	prm     int
	flags   int
	stories [storyCount]int // those behind the main text
	tables  map[int][]byte
	change  func(text, table []byte)
	storage []string
}

func (w *writer) file() []byte {
	const start = 0x800
	text := make([]byte, start)
	width := 2
	if w.bytes {
		width = 1
	}
	chars, paras := le32(start), le32(start)
	var charPages, paraPages [][]byte
	from, n := start, 0
	for _, p := range w.parts {
		at := len(text)
		if w.bytes {
			text = append(text, p.text...)
		} else {
			for _, u := range utf16.Encode([]rune(p.text)) {
				text = append(text, byte(u), byte(u>>8))
			}
		}
		n += (len(text) - at) / width
		chars = append(chars, le32(len(text))...)
		charPages = append(charPages, page(at, len(text), append([]byte{byte(len(p.chars))}, p.chars...), 1))
		if p.para != nil || p.style != 0 {
			papx := append(le16(p.style), p.para...)
			if len(papx)%2 == 0 {
				papx = append([]byte{0, byte(len(papx) / 2)}, papx...)
			} else {
				papx = append([]byte{byte(len(papx)/2 + 1)}, papx...)
			}
			paras = append(paras, le32(len(text))...)
			paraPages = append(paraPages, page(from, len(text), papx, 13))
			from = len(text)
		}
	}
	for _, kind := range []struct {
		plc   *[]byte
		pages [][]byte
	}{{&chars, charPages}, {&paras, paraPages}} {
		for _, p := range kind.pages {
			text = append(text, make([]byte, (pageSize-len(text)%pageSize)%pageSize)...)
			*kind.plc = append(*kind.plc, le32(len(text)/pageSize)...)
			text = append(text, p...)
		}
	}
	fc := start
	if w.bytes {
		fc = start*2 | 1<<30
	}
	plcPcd := join(le32(0, n), le16(0), le32(fc), le16(w.prm))
	clx := join(w.extra, []byte{2}, le32(len(plcPcd)), plcPcd)
	fonts := le16(len(w.fonts), 0)
	for _, f := range w.fonts {
		name := le16(0)
		for i, u := range utf16.Encode([]rune(f)) {
			name = append(name[:2*i], le16(int(u), 0)...)
		}
		fonts = append(append(append(fonts, byte(39+len(name))), make([]byte, 39)...), name...)
	}
	fib := join(le16(0xa5ec, 0xc1, 0, 0, 0, 0x0200|w.flags), make([]byte, 20), le16(14), make([]byte, 28), le16(22), make([]byte, 88), le16(93), make([]byte, 93*8))
	main := n
	for i, s := range w.stories {
		main -= s
		copy(fib[76+4*i:], le32(s))
	}
	copy(fib[76:], le32(main))
	table := make([]byte, 16)
	parts := map[int][]byte{fcClx: clx, fcPlcfBteChpx: chars, fcPlcfBtePapx: paras, fcSttbfFfn: fonts, fcStshf: w.styles}
	for i, b := range w.tables {
		parts[i] = b
	}
	for i := range 93 {
		if b := parts[i]; b != nil {
			copy(fib[154+8*i:], le32(len(table), len(b)))
			table = append(table, b...)
		}
	}
	copy(text, fib)
	if w.change != nil {
		w.change(text, table)
	}
	entries := []cfbtest.Entry{{Name: "WordDocument", Data: text}, {Name: "1Table", Data: table}}
	if w.data != nil {
		entries = append(entries, cfbtest.Entry{Name: "Data", Data: w.data})
	}
	for _, s := range w.storage {
		entries = append(entries, cfbtest.Entry{Name: s})
	}
	return cfbtest.File(entries...)
}

// page is a formatted disk page of one run.
func page(from, to int, format []byte, entry int) []byte {
	p := make([]byte, pageSize)
	copy(p, le32(from, to))
	at := (pageSize - 2 - len(format)) &^ 1
	p[8] = byte(at / 2)
	copy(p[at:], format)
	p[pageSize-1] = 1
	_ = entry // one run: its entry follows the two places, whatever its size
	return p
}

// Formats of paragraphs in tables.
func cell() []byte { return sprm(sprmPFInTable, 1) }

func rowEnd(more ...[]byte) []byte {
	return join(append([][]byte{sprm(sprmPFInTable, 1), sprm(sprmPFTtp, 1)}, more...)...)
}

// cells is sprmTDefTable: edges in twips and a TCGRF for each cell.
func cells(edges []int, tcgrf ...int) []byte {
	b := append([]byte{byte(len(edges) - 1)}, le16(edges...)...)
	for _, t := range tcgrf {
		b = append(b, append(le16(t), make([]byte, 18)...)...)
	}
	return join(le16(sprmTDefTable, len(b)+1), b)
}
