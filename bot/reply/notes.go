package reply

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"vanthu/bot"
)

// A note is a comment on a cell (ECMA-376 part 1, §18.7). Col and Row are 1-based.
type note struct {
	cell     string
	col, row int
	text     string
}

// notesLimit bounds the notes of a sheet: spreadsheet programs open more only slowly, and the reason column has all.
const notesLimit = 2000

// addNotes writes notes into a workbook, sheet by sheet. The notes of others stay as they are; one of ours on the same
// cell gets the new text, and one on a cell that has nothing left says so. Excelize is not used here: it places
// a note by walking over row heights, without end in a sheet whose rows are 0 high, and gives it a part by counting,
// which may be the one of another sheet's form controls or of a picture in the page header. With texts, programs are told not
// to warn of numbers that are stored as text.
func addNotes(book []byte, author string, notes map[string][]note, texts bool) ([]byte, error) {
	a, err := readArchive(book)
	if err != nil {
		return nil, err
	}
	sheets, err := a.sheets()
	if err != nil {
		return nil, err
	}
	for _, sheet := range sheets {
		if texts {
			a.put(sheet.part, withElement(a.parts[sheet.part], numbersAreTexts, afterIgnoredErrors))
		}
		list, marked := notes[sheet.name]
		if !marked {
			continue
		}
		if err := a.annotate(sheet.part, author, list[:min(len(list), notesLimit)]); err != nil {
			return nil, err
		}
	}
	return a.bytes()
}

type sheetPart struct{ name, part string }

// sheets names the parts of the workbook's sheets, in their order.
func (a *archive) sheets() ([]sheetPart, error) {
	top, err := a.relationsOf("")
	if err != nil {
		return nil, err
	}
	for _, r := range top.List {
		if !strings.HasSuffix(r.Type, "/officeDocument") {
			continue
		}
		book := r.target("")
		rels, err := a.relationsOf(book)
		if err != nil {
			return nil, err
		}
		var wb struct {
			Sheets []struct {
				Name string     `xml:"name,attr"`
				Attr []xml.Attr `xml:",any,attr"`
			} `xml:"sheets>sheet"`
		}
		if err := xml.Unmarshal(a.parts[book], &wb); err != nil {
			return nil, bot.Errorf(bot.Invalid, "the workbook does not read: %w", err)
		}
		var list []sheetPart
		for _, s := range wb.Sheets {
			for _, attr := range s.Attr {
				if attr.Name.Space == relationTypes && attr.Name.Local == "id" {
					list = append(list, sheetPart{s.Name, rels.find(attr.Value).target(book)})
				}
			}
		}
		return list, nil
	}
	return nil, bot.Errorf(bot.Invalid, "the file holds no workbook")
}

func (r relations) find(id string) relation {
	for _, rel := range r.List {
		if rel.ID == id {
			return rel
		}
	}
	return relation{}
}

func (r relations) ofType(kind string) (relation, bool) {
	for _, rel := range r.List {
		if rel.Type == relationTypes+"/"+kind {
			return rel, true
		}
	}
	return relation{}, false
}

// annotate writes the notes of one sheet. A sheet whose notes are written in an unusual way (other name-space prefixes)
// is left without: the reason column says the same.
func (a *archive) annotate(sheet, author string, notes []note) error {
	rels, err := a.relationsOf(sheet)
	if err != nil {
		return err
	}
	commentsRel, commented := rels.ofType("comments")
	comments := commentsRel.target(sheet)
	if commented {
		if !isUsual(a.parts[comments], "</authors>", "</commentList>") {
			return nil
		}
		if notes, err = a.rewriteComments(comments, notes); err != nil {
			return err
		}
	}
	if len(notes) == 0 {
		return nil
	}
	var drawing string
	if id := legacyDrawing(a.parts[sheet]); id != "" {
		drawing = rels.find(id).target(sheet)
		if !isUsual(a.parts[drawing], "xmlns:v=", "xmlns:o=", "xmlns:x=", "</xml>") {
			return nil
		}
	} else {
		drawing = a.free("xl/drawings/vanthuNotes%d.vml")
		rels.List = append(rels.List, relation{ID: "vanthuDrawing", Type: relationTypes + "/vmlDrawing", Target: "/" + drawing})
		a.put(drawing, []byte(emptyDrawing))
		a.put(sheet, withLegacyDrawing(a.parts[sheet], "vanthuDrawing"))
	}
	if !commented {
		comments = a.free("xl/vanthuComments%d.xml")
		rels.List = append(rels.List, relation{ID: "vanthuComments", Type: relationTypes + "/comments", Target: "/" + comments})
		a.put(comments, []byte(emptyComments))
	}
	a.put(comments, appendComments(a.parts[comments], author, notes))
	a.put(drawing, appendShapes(a.parts[drawing], notes))
	a.declare(comments)
	return a.putXML(relationsName(sheet), rels)
}

func isUsual(part []byte, needed ...string) bool {
	for _, n := range needed {
		if !bytes.Contains(part, []byte(n)) {
			return false
		}
	}
	return true
}

// free is the first name of the pattern that no part has.
func (a *archive) free(pattern string) string {
	for n := 1; ; n++ {
		name := fmt.Sprintf(pattern, n)
		if _, taken := a.parts[name]; !taken {
			return name
		}
	}
}

// declare tells the package what the new parts are.
func (a *archive) declare(comments string) {
	types := string(a.parts[contentTypesPart])
	var more string
	if !strings.Contains(types, `Extension="vml"`) {
		more += `<Default Extension="vml" ContentType="application/vnd.openxmlformats-officedocument.vmlDrawing"></Default>`
	}
	if !strings.Contains(types, `PartName="/`+comments+`"`) {
		more += `<Override PartName="/` + comments + `" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"></Override>`
	}
	a.put(contentTypesPart, []byte(insertBefore(types, "</Types>", more)))
}

// legacyDrawing is the relation of the drawing that holds a sheet's notes and form controls; "" without one.
func legacyDrawing(sheet []byte) string {
	if !bytes.Contains(sheet, []byte("legacyDrawing")) { // most have none, and a long list takes long to read
		return ""
	}
	d := xml.NewDecoder(bytes.NewReader(sheet))
	for {
		token, err := d.Token()
		if err != nil {
			return ""
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "legacyDrawing" {
			return attribute(start, "id")
		}
	}
}

func attribute(start xml.StartElement, name string) string {
	for _, attr := range start.Attr {
		if attr.Name.Local == name {
			return attr.Value
		}
	}
	return ""
}

// What may follow in the sequence of a worksheet (§18.3.1.99): after its legacyDrawing, and after its ignoredErrors.
var (
	afterLegacyDrawing = []string{
		"<legacyDrawingHF", "<drawingHF", "<picture", "<oleObjects", "<controls", "<webPublishItems", "<mc:AlternateContent", "<tableParts", "<extLst",
	}
	afterIgnoredErrors = append([]string{"<smartTags", "<drawing", "<legacyDrawing"}, afterLegacyDrawing...)
)

// numbersAreTexts says of all cells that a number stored as text is meant so (§18.3.1.50).
const numbersAreTexts = `<ignoredErrors><ignoredError sqref="A1:XFD1048576" numberStoredAsText="1"></ignoredError></ignoredErrors>`

func withLegacyDrawing(sheet []byte, id string) []byte {
	return withElement(sheet, `<legacyDrawing xmlns:r="`+relationTypes+`" r:id="`+id+`"></legacyDrawing>`, afterLegacyDrawing)
}

// withElement puts an element at its place in the sequence of a worksheet: before whatever may follow. What is not written in
// the usual way stays as it is.
func withElement(sheet []byte, element string, following []string) []byte {
	tail := max(bytes.LastIndex(sheet, []byte("</sheetData>")), bytes.LastIndex(sheet, []byte("<sheetData/>")), 0)
	at := bytes.LastIndex(sheet, []byte("</worksheet>"))
	for _, later := range following {
		if i := bytes.Index(sheet[tail:], []byte(later)); i >= 0 && tail+i < at {
			at = tail + i
		}
	}
	if at < 0 {
		return sheet
	}
	return slices.Concat(sheet[:at], []byte(element), sheet[at:])
}

const (
	emptyComments = xml.Header + `<comments xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><authors></authors><commentList></commentList></comments>`
	emptyDrawing  = `<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="1"/></o:shapelayout></xml>`
	noteShapeType = `<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>`
	nothingLeft   = "Không còn nội dung cần sửa ở ô này.\nNothing left to correct in this cell."
)

// appendComments adds notes to a comments part. The author is added last, so no number of the others changes.
func appendComments(part []byte, author string, notes []note) []byte {
	text := string(part)
	id := strings.Count(text, "</author>") + strings.Count(text, "<author/>")
	text = insertBefore(text, "</authors>", "<author>"+escape(author)+"</author>")
	var more strings.Builder
	for _, n := range notes {
		fmt.Fprintf(&more, `<comment ref="%s" authorId="%d"><text>%s</text></comment>`, n.cell, id, commentRun(n.text))
	}
	return []byte(insertBefore(text, "</commentList>", more.String()))
}

func commentRun(text string) string {
	return `<r><rPr><sz val="9"/><color indexed="81"/><rFont val="Tahoma"/><family val="2"/></rPr><t xml:space="preserve">` + escape(text) + `</t></r>`
}

// appendShapes draws the boxes of notes: hidden, three columns wide, beside their cells.
func appendShapes(part []byte, notes []note) []byte {
	first := 70_000 + bytes.Count(part, []byte("<v:shape "))
	var more strings.Builder
	if !bytes.Contains(part, []byte(`id="_x0000_t202"`)) {
		more.WriteString(noteShapeType)
	}
	for i, n := range notes {
		lines := 2 + len([]rune(n.text))/40 + strings.Count(n.text, "\n")
		fmt.Fprintf(&more, `<v:shape id="_x0000_s%d" type="#_x0000_t202" style="position:absolute;width:220pt;height:%dpt;z-index:1;visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto">`+
			`<v:fill color2="#ffffe1"/><v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/>`+
			`<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>`+
			`<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>%d, 15, %d, 2, %d, 31, %d, 4</x:Anchor>`+
			`<x:AutoFill>False</x:AutoFill><x:Row>%d</x:Row><x:Column>%d</x:Column></x:ClientData></v:shape>`,
			first+i, 14*lines, n.col, max(n.row-2, 0), n.col+3, max(n.row-2, 0)+lines, n.row-1, n.col-1)
	}
	return []byte(insertBefore(string(part), "</xml>", more.String()))
}

// rewriteComments gives our old notes their new text and returns the notes that are still to be added: those on cells
// without any note. It edits the bytes in place, so that whatever else the part holds stays.
func (a *archive) rewriteComments(part string, notes []note) ([]note, error) {
	raw := a.parts[part]
	old, err := readComments(raw)
	if err != nil {
		return nil, bot.Errorf(bot.Invalid, "the workbook's comments do not read: %w", err)
	}
	texts := map[string]string{}
	for _, n := range notes {
		texts[n.cell] = n.text
	}
	var out bytes.Buffer
	from := int64(0)
	for _, c := range old {
		text, again := texts[c.ref]
		delete(texts, c.ref)
		if !c.isOurs() {
			continue
		}
		if !again {
			text = nothingLeft
		}
		out.Write(raw[from:c.from])
		out.WriteString(commentRun(text))
		from = c.to
	}
	out.Write(raw[from:])
	a.put(part, out.Bytes())
	return slices.DeleteFunc(slices.Clone(notes), func(n note) bool {
		_, left := texts[n.cell]
		return !left
	}), nil
}

// An oldComment is a note that stands already; its text is the bytes from..to.
type oldComment struct {
	ref, text string
	from, to  int64
}

// isOurs goes by how the text begins: LibreOffice does not keep the authors of notes.
func (c oldComment) isOurs() bool {
	return isReason(c.text) || c.text == nothingLeft
}

// readComments returns the notes of a part that have a text, in their order.
func readComments(raw []byte) ([]oldComment, error) {
	var list []oldComment
	var ref string
	d := xml.NewDecoder(bytes.NewReader(raw))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		start, ok := token.(xml.StartElement)
		switch {
		case ok && start.Name.Local == "comment":
			ref = attribute(start, "ref")
		case ok && start.Name.Local == "text":
			c := oldComment{ref: ref, from: d.InputOffset()}
			if c.text, err = innerText(d); err != nil {
				return nil, err
			}
			if length := bytes.LastIndex(raw[c.from:d.InputOffset()], []byte("</")); length >= 0 {
				c.to = c.from + int64(length)
				list = append(list, c)
			}
		}
	}
}

// innerText reads up to the end of the element that was begun.
func innerText(d *xml.Decoder) (string, error) {
	var text strings.Builder
	for depth := 1; depth > 0; {
		token, err := d.Token()
		if err != nil {
			return "", err
		}
		switch token := token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		case xml.CharData:
			text.Write(token)
		}
	}
	return text.String(), nil
}

func insertBefore(text, end, more string) string {
	if i := strings.LastIndex(text, end); i >= 0 {
		return text[:i] + more + text[i:]
	}
	return text
}

func escape(s string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(s)) // a strings.Builder does not fail
	return out.String()
}
