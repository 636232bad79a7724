package form

import (
	"bytes"
	"strings"
	"unicode/utf16"

	"github.com/richardlehane/mscfb"
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
	return kind{format: formatOLE}
}

// rootEntries returns the names in the root of a compound file, in lower case; none when it does not hold together.
func rootEntries(data []byte) (names map[string]bool) {
	defer func() {
		if recover() != nil { // the library trusts its input here and there
			names = nil
		}
	}()
	file, err := mscfb.New(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	names = map[string]bool{}
	for _, f := range file.File {
		if len(f.Path) == 0 {
			names[strings.ToLower(f.Name)] = true
		}
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
