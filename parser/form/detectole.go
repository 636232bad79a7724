package form

import (
	"bytes"
	"strings"
	"unicode/utf16"

	"vanthu/parser/cfb"
)

// Streams in the root of a compound file ([MS-CFB] §2.6) and the format that each belongs to; the first that is there
// decides. What stands deeper belongs to an embedded object.
var streams = []struct {
	name string
	kind kind
}{
	{"EncryptedPackage", kind{format: formatOLE, encrypted: true}}, // [MS-OFFCRYPTO] §1.3.3
	{"Workbook", kind{format: formatXLS}},
	{"Book", kind{format: formatXLS}},
	{"WordDocument", kind{format: formatDOC}},
	{"PowerPoint Document", kind{format: "ppt"}},
	{"__properties_version1.0", kind{format: "msg"}},
	{"MatOST", kind{format: "works"}},
	{"VisioDocument", kind{format: "vsd"}},
	{"Quill", kind{format: "pub"}},
}

// detectOLE tells the formats that are compound files.
func detectOLE(data []byte) kind {
	root := rootEntries(data)
	for _, s := range streams {
		if len(root) > 0 && root[strings.ToLower(s.name)] || len(root) == 0 && hasName(data, s.name) {
			return s.kind
		}
	}
	if len(root) == 0 {
		return kind{format: lostDirectory(data)}
	}
	return kind{format: formatOLE}
}

// lostDirectory looks for the first bytes of a workbook ([MS-XLS] §2.4.21 BOF) or a text ([MS-DOC] §2.5.2 FibBase) at the
// beginning of a sector: the directory stands at the end of a file, and is the first thing that a broken download loses.
func lostDirectory(data []byte) string {
	const sector = 512
	for at := sector; at+8 <= len(data); at += sector {
		switch b := data[at:]; {
		case bytes.HasPrefix(b, []byte("\x09\x08\x10\x00\x00\x06\x05\x00")), bytes.HasPrefix(b, []byte("\x09\x08\x08\x00\x00\x05\x05\x00")):
			return formatXLS
		case bytes.HasPrefix(b, []byte("\xec\xa5\xc1\x00")):
			return formatDOC
		}
	}
	return formatOLE
}

// rootEntries returns the names in the root of a compound file, in lower case; none when it does not hold together.
func rootEntries(data []byte) map[string]bool {
	file, err := cfb.Open(data)
	if err != nil {
		return nil
	}
	names := map[string]bool{}
	for _, n := range file.Names() {
		names[strings.ToLower(n)] = true
	}
	return names
}

// hasName looks for a directory entry anywhere: what is left of a damaged file still says what it was.
func hasName(data []byte, name string) bool {
	var b []byte
	for _, u := range utf16.Encode([]rune(name)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return bytes.Contains(data, append(b, 0, 0))
}
