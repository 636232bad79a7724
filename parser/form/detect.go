package form

import "bytes"

// The formats that detection tells apart. What is not read yet is named all the same, so that the answer can name the
// remedy ("save as .xlsx").
const (
	formatXLSX  = "xlsx"
	formatDOCX  = "docx"
	formatPDF   = "pdf"
	formatXLS   = "xls"
	formatDOC   = "doc"
	formatODS   = "ods"
	formatODT   = "odt"
	formatFODS  = "fods" // an .ods as one XML file
	formatFODT  = "fodt" // an .odt as one XML file
	formatRTF   = "rtf"
	formatHTML  = "html"
	formatXMLSS = "xmlss" // SpreadsheetML 2003
	formatCSV   = "csv"   // text in columns, whatever divides them
	formatTXT   = "txt"   // text without columns
	formatZIP   = "zip"
	formatGZIP  = "gzip"
	formatTNEF  = "tnef" // winmail.dat of Outlook
	formatMHT   = "mht"  // a web archive
	formatEML   = "eml"  // a mail as a file
	formatOLE   = "ole"  // a compound file of unknown content
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
	{"AT&TFORM", kind{format: "djvu", picture: true}},
	{"7z\xbc\xaf\x27\x1c", kind{format: "7z"}},
	{"Rar!\x1a\x07", kind{format: "rar"}},
	{"\x1f\x8b\x08", kind{format: formatGZIP}},
	{"BZh", kind{format: "bzip2"}},
	{"\xfd7zXZ\x00", kind{format: "xz"}},
	{"MSCF\x00\x00\x00\x00", kind{format: "cab"}},
	{"\x78\x9f\x3e\x22", kind{format: formatTNEF}},
	{"\x00\x01\x00\x00Standard Jet DB", kind{format: "mdb"}},
	{"\x00\x01\x00\x00Standard ACE DB", kind{format: "mdb"}},
	{"\x09\x08\x10\x00\x00\x06", kind{format: formatXLS}}, // a BIFF8 stream without its container ([MS-XLS] §2.4.21)
	{"\x09\x08\x08\x00\x00\x05", kind{format: formatXLS}}, // BIFF5, and what scripts write
	{"\x09\x08\x08\x00\x00\x00", kind{format: formatXLS}},
	{"\x09\x08\x10\x00\x00\x00", kind{format: formatXLS}},
	{"\x09\x04\x06\x00", kind{format: "biff4"}},
	{"\x09\x02\x06\x00", kind{format: "biff3"}},
	{"\x09\x00\x04\x00", kind{format: "biff2"}},
	{"ID;P", kind{format: "sylk"}},
	{"%!PS", kind{format: "ps"}},
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
	case bytes.HasPrefix(data, []byte("PK\x03\x04")), bytes.HasPrefix(data, []byte("PK\x05\x06")), bytes.HasPrefix(data, []byte("PK\x07\x08")):
		return detectZip(data)
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return detectOLE(data)
	case bytes.Contains(head, []byte("%PDF-")):
		return kind{format: formatPDF}
	case bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n"), []byte(`{\rtf`)):
		return kind{format: formatRTF}
	case bytes.HasPrefix(data, []byte("BM")) && len(data) > 54 && bytes.Equal(data[6:10], []byte{0, 0, 0, 0}):
		return kind{format: "bmp", picture: true}
	case len(data) > 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		return kind{format: "webp", picture: true}
	case len(data) > 12 && string(data[4:8]) == "ftyp":
		return detectFtyp(string(data[8:12]))
	case len(data) > 262 && string(data[257:262]) == "ustar":
		return kind{format: "tar"}
	case isDBF(data):
		return kind{format: "dbf"}
	case bytes.HasPrefix(data, []byte("\x30")) && bytes.Contains(head, []byte("\x2a\x86\x48\x86\xf7\x0d\x01\x07")):
		return kind{format: "p7m"} // a CMS envelope, RFC 5652 §3
	}
	if isBelatedZip(data) {
		return detectZip(data)
	}
	return detectText(data)
}

// detectFtyp tells the pictures of phones from films by their brand (ISO 14496-12 §4.3).
func detectFtyp(brand string) kind {
	switch brand {
	case "heic", "heix", "mif1", "msf1", "hevc", "avif":
		return kind{format: "heic", picture: true}
	}
	return kind{format: "mp4"}
}

// isDBF recognises a table of dBASE or FoxPro, as old student software keeps it: version, date, sizes that fit.
func isDBF(data []byte) bool {
	if len(data) < 65 {
		return false
	}
	switch data[0] {
	case 0x03, 0x30, 0x31, 0x83, 0x8b, 0xf5:
	default:
		return false
	}
	head := int(data[8]) | int(data[9])<<8
	month, day := data[2], data[3]
	if month < 1 || month > 12 || day < 1 || day > 31 || head < 65 || head > len(data) {
		return false
	}
	return data[head-1] == '\r' || head > 264 && data[head-264] == '\r' // Visual FoxPro keeps 263 bytes behind the fields
}

// isBelatedZip recognises a zip with something before its first entry, as some report generators and downloads leave it.
// The end of the directory stands in the last 64 KB (APPNOTE §4.3.16).
func isBelatedZip(data []byte) bool {
	tail := data[max(0, len(data)-(64<<10)-22):]
	return bytes.Contains(tail, []byte("PK\x05\x06")) && bytes.Contains(data[:min(len(data), 64<<10)], []byte("PK\x03\x04"))
}
