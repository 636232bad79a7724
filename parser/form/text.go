package form

import (
	"strings"

	"vanthu/parser"
	"vanthu/parser/charset"
	"vanthu/parser/grid"
	"vanthu/parser/html"
)

// readText reads text without columns: a letter that somebody saved as .txt.
func readText(data []byte, lim parser.Limits) (grid.Document, error) {
	text, name := charset.Decode(data)
	if int64(len(text)) > lim.Unpacked {
		return grid.Document{}, parser.BeyondBytes(lim.Unpacked, "sau khi giải nén")
	}
	if page, ok := pageOf(text); ok { // columns set under each other, as Excel's "formatted text" has them
		d, err := html.Read([]byte(page), lim)
		d.Format, d.Charset = formatTXT, name
		return d, err
	}
	d := grid.Document{Book: grid.Book{Format: formatTXT, Charset: name}}
	page := 1
	for l := range strings.Lines(text) {
		page += strings.Count(l, "\f")
		if strings.TrimSpace(l) == "" {
			continue
		}
		d.Blocks = append(d.Blocks, grid.Block{Text: strings.TrimRight(strings.ReplaceAll(l, "\f", ""), "\r\n"), Page: page})
	}
	return d, nil
}
