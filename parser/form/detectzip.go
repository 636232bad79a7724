package form

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
)

// zipFacts is what the directory of a zip file says.
type zipFacts struct {
	encrypted, content bool // an entry has a password; it is an Open Packaging container
	names              map[string]*zip.File
	folder             map[string]bool // first parts of the names
}

// detectZip tells the formats that are zip files by their parts. A folder "Word" of somebody's files is no Word document.
func detectZip(data []byte) kind {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return guessBrokenZip(data)
	}
	facts := zipFacts{names: make(map[string]*zip.File, len(z.File)), folder: map[string]bool{}}
	iwork := false
	for _, f := range z.File {
		name := strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(f.Name, `\`, "/"), "/"))
		facts.names[name] = f
		facts.encrypted = facts.encrypted || f.Flags&1 != 0
		first, _, _ := strings.Cut(name, "/")
		facts.folder[first] = true
		iwork = iwork || strings.HasSuffix(name, ".iwa") || name == "index.zip" && facts.names["metadata/properties.plist"] != nil
	}
	facts.content = facts.names["[content_types].xml"] != nil || facts.names["_rels/.rels"] != nil
	if k := facts.openDocument(); k.format != "" {
		return k
	}
	k := kind{format: formatZIP, encrypted: facts.encrypted}
	has := func(name string) bool { return facts.names[name] != nil }
	switch {
	case has("xl/workbook.bin"):
		k.format = "xlsb"
	case has("xl/workbook.xml"), facts.content && facts.folder["xl"]:
		k.format = formatXLSX
	case has("word/document.xml"), facts.content && facts.folder["word"]:
		k.format = formatDOCX
	case has("ppt/presentation.xml"), facts.content && facts.folder["ppt"]:
		k.format = "pptx"
	case has("fixeddocseq.fdseq"), has("fixeddocumentsequence.fdseq"):
		k.format = "xps"
	case iwork, has("buildversionhistory.plist"), has("index.apxl"):
		k.format = "iwork" // Pages, Numbers, Keynote
	case has("meta-inf/manifest.mf"):
		k.format = "jar"
	}
	return k
}

// openDocument names an OpenDocument file by its mimetype part (ODF 1.2 part 3 §3.3), or by its manifest where some program
// left that part out. Its parts are encrypted one by one, which the manifest says (§3.4.1).
func (z zipFacts) openDocument() kind {
	manifest := z.names["meta-inf/manifest.xml"]
	source := z.names["mimetype"]
	if source == nil && z.names["content.xml"] != nil {
		source = manifest
	}
	if source == nil {
		return kind{}
	}
	head := beginning(source)
	k := kind{}
	for _, t := range []struct{ mime, format string }{
		{"opendocument.spreadsheet", formatODS}, {"opendocument.text", formatODT}, {"opendocument.presentation", "odp"},
		{"opendocument.graphics", "odg"}, {"epub+zip", "epub"},
	} {
		if bytes.Contains(head, []byte(t.mime)) {
			k.format = t.format
			break
		}
	}
	k.encrypted = k.format != "" && (z.encrypted || manifest != nil && bytes.Contains(beginning(manifest), []byte("encryption-data")))
	return k
}

// beginning returns the first bytes of a part, as far as they can be read.
func beginning(f *zip.File) []byte {
	r, err := f.Open()
	if err != nil {
		return nil
	}
	defer r.Close()
	head, _ := io.ReadAll(io.LimitReader(r, 64<<10))
	return head
}

// guessBrokenZip names a zip whose directory is lost by the names of its parts, which stand in the clear.
func guessBrokenZip(data []byte) kind {
	for _, g := range []struct{ part, format string }{
		{"xl/w", formatXLSX}, {"xl/sharedStrings", formatXLSX}, {"word/", formatDOCX},
		{"mimetypeapplication/vnd.oasis.opendocument.spreadsheet", formatODS}, {"mimetypeapplication/vnd.oasis.opendocument.text", formatODT},
	} {
		if bytes.Contains(data, []byte(g.part)) {
			return kind{format: g.format}
		}
	}
	return kind{format: formatZIP}
}
