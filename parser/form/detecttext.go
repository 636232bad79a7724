package form

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
)

// detectText tells text formats apart; "" when data is no text.
func detectText(data []byte) kind {
	head, whole := textHead(data)
	if head == "" {
		return kind{}
	}
	lower := strings.ToLower(strings.TrimLeftFunc(head, unicode.IsSpace))
	switch {
	case strings.HasPrefix(lower, "<?xml") || strings.HasPrefix(lower, "<workbook") || strings.HasPrefix(lower, "<office:document"):
		return detectXML(lower)
	case mailRE.MatchString(lower):
		return detectMail(lower)
	case strings.Contains(lower, "<html"), strings.Contains(lower, "<table"), strings.HasPrefix(lower, "<!doctype html"), htmlRE.MatchString(lower):
		return kind{format: formatHTML}
	case strings.HasPrefix(lower, "begin:vcard"), strings.HasPrefix(lower, "begin:vcalendar"):
		return kind{format: "vcard"}
	case strings.HasPrefix(lower, "table\r\n0,1"), strings.HasPrefix(lower, "table\n0,1"):
		return kind{format: "dif"}
	case inColumns(head, whole):
		return kind{format: formatCSV}
	}
	return kind{format: formatTXT}
}

// headSize is how much of a text is looked at.
const headSize = 16 << 10

// textHead returns the beginning of a text as UTF-8 as far as telling formats apart needs: letters that are not ASCII may be
// wrong in an 8-bit encoding. "" when the data is no text. whole says that nothing was cut off.
func textHead(data []byte) (head string, whole bool) {
	b := data[:min(headSize, len(data))]
	whole = len(b) == len(data)
	little, big := bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff"))
	if !little && !big {
		little, big = nulls(b, 1), nulls(b, 0)
	}
	if little || big {
		units := make([]uint16, 0, len(b)/2)
		for i := 0; i+1 < len(b); i += 2 {
			u := uint16(b[i]) | uint16(b[i+1])<<8
			if big {
				u = u<<8 | u>>8
			}
			units = append(units, u)
		}
		return strings.TrimPrefix(string(utf16.Decode(units)), "\uFEFF"), whole
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	control := 0
	for _, c := range b {
		if c < '\t' {
			return "", whole
		}
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1a && c != 0x1b {
			control++
		}
	}
	if len(b) == 0 || control*20 > len(b) {
		return "", whole
	}
	return string(b), whole
}

// nulls recognises UTF-16 without its mark: nearly every other byte of markup, digits and blanks is 0.
func nulls(b []byte, from int) bool {
	n, other := 0, 0
	for i := from; i < len(b); i += 2 {
		if b[i] == 0 {
			n++
		}
		if j := i ^ 1; j < len(b) && b[j] == 0 {
			other++
		}
	}
	return len(b) >= 8 && n*2 > len(b)/2 && other == 0
}

// htmlRE matches a fragment that a program wrote without <html>.
var htmlRE = regexp.MustCompile(`^(<!--[^>]*-->\s*)*<(head|meta|style|body|div|p|center|font|tr|b|span|h\d)[\s>]`)

// detectXML tells the XML dialects apart by their root and namespaces.
func detectXML(lower string) kind {
	switch {
	case strings.Contains(lower, "urn:schemas-microsoft-com:office:spreadsheet") || strings.Contains(lower, "excel.sheet"):
		return kind{format: formatXMLSS}
	case strings.Contains(lower, "schemas.microsoft.com/office/word/2003/wordml") || strings.Contains(lower, "word.document"):
		return kind{format: "wordml"}
	case strings.Contains(lower, "schemas.microsoft.com/office/2006/xmlpackage"):
		return kind{format: "flatopc"}
	case strings.Contains(lower, "opendocument.spreadsheet"):
		return kind{format: formatFODS}
	case strings.Contains(lower, "opendocument.text"):
		return kind{format: formatFODT}
	case strings.Contains(lower, "<html"), strings.Contains(lower, "<table"):
		return kind{format: formatHTML}
	case strings.Contains(lower, "<workbook"):
		return kind{format: formatXMLSS}
	}
	return kind{format: "xml"}
}

// mailRE matches the head of a mail, or of a web archive, which is one (RFC 2557).
var mailRE = regexp.MustCompile(`^(mime-version|return-path|received|delivered-to|from|to|date|subject|message-id|content-type|x-[a-z-]+): .*(\n[ \t].*)*(\n[!-9;-~]+: )`)

func detectMail(lower string) kind {
	head, _, _ := strings.Cut(strings.ReplaceAll(lower, "\r\n", "\n"), "\n\n")
	if strings.Contains(head, "multipart/related") || strings.Contains(head, "mimeole") && !strings.Contains(head, "received:") ||
		strings.Contains(head, "<saved by ") || strings.Contains(head, "snapshot-content-location") {
		return kind{format: formatMHT}
	}
	return kind{format: formatEML}
}

// inColumns reports whether the lines of a text are divided into columns: one of them is a header, or most agree.
func inColumns(head string, whole bool) bool {
	lines := strings.FieldsFunc(strings.ReplaceAll(head, "\r", "\n"), func(r rune) bool { return r == '\n' })
	if !whole && len(lines) > 1 {
		lines = lines[:len(lines)-1]
	}
	for _, sep := range []struct {
		by    string
		least int // as many as make columns: a sentence may have a comma or two
	}{{"\t", 1}, {";", 1}, {"|", 1}, {",", 2}} {
		counts := map[int]int{}
		most, filled, alone := 0, 0, 0
		for _, l := range lines {
			if strings.TrimSpace(l) == "" {
				continue
			}
			filled++
			n := strings.Count(l, sep.by)
			if n == 0 {
				continue
			}
			if isHeaderLine(l, sep.by) {
				return true
			}
			if n == 1 {
				alone++
			}
			if n >= sep.least {
				counts[n]++
				most = max(most, counts[n])
			}
		}
		if most >= 2 && most*2 > filled || alone >= 2 && alone == filled {
			return true
		}
	}
	return false
}

// isHeaderLine reports whether a line divided by sep names the two columns that a list needs.
func isHeaderLine(line, sep string) bool {
	if len(line) > 2000 {
		return false
	}
	known := 0
	for cell := range strings.SplitSeq(line, sep) {
		if fieldOf(strings.Trim(cell, "\" ")) != "" {
			known++
		}
	}
	return known >= 2
}
