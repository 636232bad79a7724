package reply

import (
	"embed"
	"fmt"
	"strings"
	"text/template"
	"time"

	"vanthu/mailer/compose"
)

// DOCX is the media type of the blank letter.
const DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

// The names of the blank form's two files.
const (
	letterName = "BM-CNTT31 Đề nghị cấp email.docx"
	listName   = "BM-CNTT31 Danh sách.xlsx"
)

//go:embed forms/*.xml
var forms embed.FS

// letterForm is the letter of BM-CNTT31 in the layout of Decree 30/2020/NĐ-CP, Appendix I, with the words of QT.CNTT.03,
// edition 01. One of them is put right: the printed form asks for "cán bộ", which the procedure does not serve (FRM-08).
var letterForm = template.Must(template.New("").Funcs(template.FuncMap{"x": func(s any) string { return escape(fmt.Sprint(s)) }}).
	ParseFS(forms, "forms/document.xml"))

// A field is a place to be filled in: what is typed there takes the place of its dots. Without Dots they reach to the end of
// the line.
type field struct {
	Name, Tag string
	Dots      string
	Choices   []string
	Text      string // filled in already (FR-35)
}

// BlankLetter is the letter part of the blank form. The units' names may be chosen in it.
func (w *Writer) BlankLetter(units []string) (compose.Attachment, error) {
	return w.letterWith(units, nil)
}

// letterWith is the letter with texts in its fields, by their tags.
func (w *Writer) letterWith(units []string, texts map[string]string) (compose.Attachment, error) {
	in := func(f field) field {
		f.Text = texts[f.Tag]
		return f
	}
	p := w.page("", "", time.Time{})
	p.School = upper(p.School)
	var document strings.Builder
	err := letterForm.ExecuteTemplate(&document, "document.xml", struct {
		page
		Unit, Day, Month, Year    field
		Reason1, Reason2, Reason3 field
		Signer                    field
	}{
		page: p,
		Unit: in(field{Name: "Đơn vị", Tag: "unit", Dots: strings.Repeat(".", 40), Choices: capitals(units)}),
		Day:  in(field{Name: "Ngày", Tag: "day", Dots: "....."}), Month: in(field{Name: "Tháng", Tag: "month", Dots: "....."}),
		Year:    in(field{Name: "Năm", Tag: "year", Dots: "20....."}),
		Reason1: in(field{Name: "Lý do", Tag: "reason1"}), Reason2: in(field{Name: "Lý do", Tag: "reason2"}), Reason3: in(field{Name: "Lý do", Tag: "reason3"}),
		Signer: in(field{Name: "Họ tên thủ trưởng đơn vị", Tag: "signer", Dots: strings.Repeat(".", 40)}),
	})
	if err != nil {
		return compose.Attachment{}, fmt.Errorf("blank letter: %w", err)
	}
	styles, err := forms.ReadFile("forms/styles.xml")
	if err != nil {
		return compose.Attachment{}, fmt.Errorf("blank letter: %w", err)
	}
	a := &archive{parts: map[string][]byte{}}
	a.put(contentTypesPart, []byte(wordContentTypes))
	a.put("_rels/.rels", []byte(wordRelations("officeDocument", "word/document.xml")))
	a.put("word/document.xml", []byte(document.String()))
	a.put("word/_rels/document.xml.rels", []byte(wordRelations("styles", "styles.xml", "header", "header1.xml")))
	a.put("word/styles.xml", styles)
	a.put("word/header1.xml", []byte(wordHeader))
	data, err := a.bytes()
	return compose.Attachment{Name: letterName, Type: DOCX, Data: data}, err
}

func capitals(names []string) []string {
	var all []string
	for _, name := range names {
		all = append(all, strings.ToUpper(string(plain(name, longest))))
	}
	return all
}

const (
	wordMain         = "application/vnd.openxmlformats-officedocument.wordprocessingml."
	wordContentTypes = xmlHead + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/word/document.xml" ContentType="` + wordMain + `document.main+xml"/>` +
		`<Override PartName="/word/styles.xml" ContentType="` + wordMain + `styles+xml"/>` +
		`<Override PartName="/word/header1.xml" ContentType="` + wordMain + `header+xml"/></Types>`
	wordHeader = xmlHead + `<w:hdr xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:p><w:pPr><w:pStyle w:val="FormCode"/></w:pPr><w:r><w:t>BM-CNTT31</w:t></w:r></w:p></w:hdr>`
	xmlHead    = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
)

// wordRelations lists relations rId1, rId2 … of pairs of type and target.
func wordRelations(pairs ...string) string {
	var list strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		fmt.Fprintf(&list, `<Relationship Id="rId%d" Type="%s/%s" Target="%s"/>`, i/2+1, relationTypes, pairs[i], pairs[i+1])
	}
	return xmlHead + `<Relationships xmlns="` + packageRelations + `">` + list.String() + `</Relationships>`
}
