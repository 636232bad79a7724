package form

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The formats that detection tells apart. What is not read yet is named all the same, so that the answer can name it.
const (
	formatXLSX = "xlsx"
	formatDOCX = "docx"
	formatPDF  = "pdf"
	formatOLE  = "ole" // a compound file of unknown content
)

// A kind says what a file is, by its content alone.
type kind struct {
	format    string
	picture   bool
	encrypted bool
}

// Beginnings of files that need no second look.
var magics = []struct {
	prefix string
	kind   kind
}{
	{"\xff\xd8\xff", kind{format: "jpeg", picture: true}},
	{"\x89PNG\r\n\x1a\n", kind{format: "png", picture: true}},
	{"GIF8", kind{format: "gif", picture: true}},
	{"II*\x00", kind{format: "tiff", picture: true}},
	{"MM\x00*", kind{format: "tiff", picture: true}},
	{"7z\xbc\xaf\x27\x1c", kind{format: "7z"}},
	{"Rar!\x1a\x07", kind{format: "rar"}},
	{"\x1f\x8b", kind{format: "gzip"}},
	{"{\\rtf", kind{format: "rtf"}},
	{"\x78\x9f\x3e\x22", kind{format: "tnef"}},
	{"MZ", kind{format: "exe"}},
	{"\x7fELF", kind{format: "elf"}},
	{"L\x00\x00\x00\x01\x14\x02\x00", kind{format: "lnk"}},
}

// detect says what data is. Names and media types are not asked: they lie.
func detect(data []byte) kind {
	for _, m := range magics {
		if bytes.HasPrefix(data, []byte(m.prefix)) {
			return m.kind
		}
	}
	head := data[:min(1024, len(data))]
	switch {
	case bytes.HasPrefix(data, []byte("PK\x03\x04")), bytes.HasPrefix(data, []byte("PK\x05\x06")):
		return detectZip(data)
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return detectOLE(data)
	case bytes.Contains(head, []byte("%PDF-")):
		return kind{format: formatPDF}
	case bytes.HasPrefix(data, []byte("BM")) && len(data) > 54 && bytes.Equal(data[6:10], []byte{0, 0, 0, 0}):
		return kind{format: "bmp", picture: true}
	case len(data) > 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		return kind{format: "webp", picture: true}
	case len(data) > 12 && string(data[4:8]) == "ftyp":
		brand := string(data[8:12])
		heif := brand == "heic" || brand == "heix" || brand == "mif1" || brand == "msf1" || brand == "hevc" || brand == "avif"
		return kind{format: map[bool]string{true: "heic", false: "mp4"}[heif], picture: heif}
	}
	return detectText(data)
}

// detectZip tells the formats that are zip files by their parts.
func detectZip(data []byte) kind {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return guessBrokenZip(data)
	}
	k := kind{format: "zip"}
	for _, f := range z.File {
		name := strings.ToLower(strings.ReplaceAll(f.Name, `\`, "/"))
		k.encrypted = k.encrypted || f.Flags&1 != 0
		switch {
		case name == "xl/workbook.bin":
			return kind{format: "xlsb"}
		case strings.HasPrefix(name, "xl/"):
			k.format = formatXLSX
		case strings.HasPrefix(name, "word/"):
			k.format = formatDOCX
		case strings.HasPrefix(name, "ppt/"):
			k.format = "pptx"
		case name == "mimetype":
			k.format = openDocument(f)
		case name == "meta-inf/manifest.xml" && strings.HasPrefix(k.format, "od"):
			k.encrypted = k.encrypted || contains(f, "encryption-data")
		}
	}
	return k
}

// guessBrokenZip names a zip whose directory is lost by the names of its parts, which stand in the clear.
func guessBrokenZip(data []byte) kind {
	switch {
	case bytes.Contains(data, []byte("xl/w")):
		return kind{format: formatXLSX}
	case bytes.Contains(data, []byte("word/")):
		return kind{format: formatDOCX}
	}
	return kind{format: "zip"}
}

// openDocument names an OpenDocument file by its mimetype part (ODF 1.2 part 3 §3.3).
func openDocument(f *zip.File) string {
	switch {
	case contains(f, "opendocument.spreadsheet"):
		return "ods"
	case contains(f, "opendocument.text"):
		return "odt"
	}
	return "zip"
}

// contains reports whether the first bytes of a part hold s.
func contains(f *zip.File, s string) bool {
	r, err := f.Open()
	if err != nil {
		return false
	}
	defer r.Close()
	head, err := io.ReadAll(io.LimitReader(r, 64<<10))
	return err == nil && bytes.Contains(head, []byte(s))
}

// detectOLE tells the formats that are compound files by the names in their directory ([MS-CFB] §2.6.1, UTF-16).
func detectOLE(data []byte) kind {
	has := func(name string) bool {
		var b []byte
		for _, u := range utf16.Encode([]rune(name)) {
			b = append(b, byte(u), byte(u>>8))
		}
		return bytes.Contains(data, append(b, 0, 0))
	}
	switch {
	case has("EncryptedPackage"):
		return kind{format: formatOLE, encrypted: true}
	case has("WordDocument"):
		return kind{format: "doc"}
	case has("Workbook"), has("Book"):
		return kind{format: "xls"}
	case has("PowerPoint Document"):
		return kind{format: "ppt"}
	case has("__properties_version1.0"):
		return kind{format: "msg"}
	}
	return kind{format: formatOLE}
}

// detectText tells text formats apart; "" when data is no text.
func detectText(data []byte) kind {
	head := data[:min(4096, len(data))]
	switch {
	case bytes.HasPrefix(head, []byte("\x30")) && bytes.Contains(head, []byte("\x2a\x86\x48\x86\xf7\x0d\x01\x07")):
		return kind{format: "p7m"} // a CMS envelope, RFC 5652 §3
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return kind{format: "csv"} // UTF-16 text, as Excel's "Unicode text" is
	case bytes.ContainsFunc(head, func(r rune) bool { return r < '\t' }):
		return kind{}
	}
	lower := bytes.ToLower(bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))))
	switch {
	case bytes.Contains(lower, []byte("<html")), bytes.Contains(lower, []byte("<table")), bytes.HasPrefix(lower, []byte("<!doctype html")):
		return kind{format: "html"}
	case bytes.HasPrefix(lower, []byte("<?xml")):
		return kind{format: "xml"}
	case bytes.ContainsAny(lower, ",;\t") && bytes.ContainsRune(lower, '\n'):
		return kind{format: "csv"}
	case utf8.Valid(head):
		return kind{format: "txt"}
	}
	return kind{}
}
