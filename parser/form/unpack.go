package form

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"

	"vanthu/parser"
	"vanthu/parser/tnef"
)

// Unpack puts the files of each archive in the place of the archive: "hồ sơ.zip" becomes "hồ sơ.zip/Danh sách.xlsx" and so
// on. An archive that cannot be unpacked stays, with its Problem. Read takes files as they are: whoever wants archives
// opened calls Unpack before, and has the bytes of each inner file beside its report.
func Unpack(files []parser.File, lim parser.Limits) []parser.File {
	u := unpacker{lim: lim, left: lim.Unpacked, files: lim.Files}
	var out []parser.File
	for _, f := range files {
		out = append(out, u.file(f, 1)...)
	}
	return out
}

// nested is how many archives may stand in each other: some units zip what was zipped.
const nested = 2

// An unpacker bounds the archives of one request together.
type unpacker struct {
	lim   parser.Limits
	left  int64 // bytes that may still be unpacked
	files int   // files that may still come
}

// file returns what stands for f: the files in it, or itself.
func (u *unpacker) file(f parser.File, depth int) []parser.File {
	if f.Problem != nil || int64(len(f.Data)) > u.lim.FileSize {
		return []parser.File{f}
	}
	k := detect(f.Data)
	var open func(parser.File) ([]parser.File, error)
	switch {
	case k.format == formatZIP && k.encrypted:
		return []parser.File{withProblem(f, &parser.Problem{Code: parser.Encrypted})}
	case k.format == formatZIP:
		open = u.zip
	case k.format == formatGZIP:
		open = u.gzip
	case k.format == formatTNEF:
		open = u.tnef
	case k.format == formatMHT || k.format == formatEML:
		open = u.archivedMail
	default:
		return []parser.File{f}
	}
	if depth > nested {
		return []parser.File{withProblem(f, parser.Beyond(nested, "tệp nén lồng nhau"))}
	}
	before := *u
	var inner []parser.File
	problem := guard(func() (err error) {
		inner, err = open(f)
		return err
	})
	if problem == nil && len(inner) == 0 {
		problem = &parser.Problem{Code: parser.Empty}
	}
	if problem != nil { // half an archive must not pass for a whole one
		*u = before
		return []parser.File{withProblem(f, problem)}
	}
	var out []parser.File
	for _, i := range inner {
		out = append(out, u.file(i, depth+1)...)
	}
	return out
}

func withProblem(f parser.File, p *parser.Problem) parser.File {
	f.Problem = p
	return f
}

// ratio is how much smaller an honest file of more than a megabyte can be when it is packed: text of a list reaches 30,
// blank pages of a bitmap some hundred, a bomb the 1032 of deflate.
const ratio = 400

// zip unpacks the regular files of a zip. What the directory says is judged before anything is unpacked; archive/zip stops
// where a file turns out to be longer than that.
func (u *unpacker) zip(f parser.File) ([]parser.File, error) {
	z, err := zip.NewReader(bytes.NewReader(f.Data), int64(len(f.Data)))
	if err != nil {
		return nil, parser.Damage("zip: %v", err)
	}
	var entries []*zip.File
	taken := map[string]bool{}
	for _, e := range z.File {
		name := entryName(e)
		if !e.Mode().IsRegular() || strings.HasSuffix(name, "/") || passedOver(name) {
			continue
		}
		switch {
		case e.UncompressedSize64 > uint64(u.left):
			return nil, parser.BeyondBytes(u.lim.Unpacked, "sau khi giải nén")
		case e.UncompressedSize64 > 1<<20 && e.UncompressedSize64 > ratio*e.CompressedSize64:
			return nil, parser.Beyond(ratio, "lần nén")
		case u.files <= 0:
			return nil, parser.Beyond(u.lim.Files, "tệp trong một tệp nén")
		}
		u.left -= int64(e.UncompressedSize64)
		u.files--
		entries = append(entries, e)
	}
	out := make([]parser.File, 0, len(entries))
	for _, e := range entries {
		data, err := u.entry(e)
		if err != nil {
			return nil, err
		}
		out = append(out, parser.File{Name: unique(taken, f.Name+"/"+cleanPath(entryName(e))), Data: data})
	}
	return out, nil
}

func (u *unpacker) entry(e *zip.File) ([]byte, error) {
	r, err := e.Open()
	switch {
	case errors.Is(err, zip.ErrAlgorithm):
		return nil, &parser.Problem{Code: parser.Unsupported, Detail: "zip method " + strconv.Itoa(int(e.Method))}
	case err != nil:
		return nil, parser.Damage("zip: %v", err)
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, u.lim.Unpacked+1))
	if err != nil {
		return nil, parser.Damage("zip: %v", err)
	}
	return data, nil
}

// gzip unpacks the one file of a .gz.
func (u *unpacker) gzip(f parser.File) ([]parser.File, error) {
	r, err := gzip.NewReader(bytes.NewReader(f.Data))
	if err != nil {
		return nil, parser.Damage("gzip: %v", err)
	}
	name := r.Name
	if name == "" {
		name = strings.TrimSuffix(path.Base(f.Name), path.Ext(f.Name))
	}
	data, err := io.ReadAll(io.LimitReader(r, u.left+1))
	switch {
	case int64(len(data)) > u.left:
		return nil, parser.BeyondBytes(u.lim.Unpacked, "sau khi giải nén")
	case err != nil:
		return nil, parser.Damage("gzip: %v", err)
	}
	u.left -= int64(len(data))
	return []parser.File{{Name: f.Name + "/" + cleanPath(decodeName(name)), Data: data}}, nil
}

// tnef takes the attachments out of Outlook's winmail.dat.
func (u *unpacker) tnef(f parser.File) ([]parser.File, error) {
	all, err := tnef.Read(f.Data)
	if err != nil {
		return nil, err
	}
	var files []parser.File
	for _, inner := range all { // a picture or a chart in the text is no file; a workbook is one
		if format := detect(inner.Data).format; inner.Type != tnef.Object || format != "ole" && format != "" && format != "txt" {
			inner.Type = ""
			files = append(files, inner)
		}
	}
	if len(files) > u.files {
		return nil, parser.Beyond(u.lim.Files, "tệp trong một tệp nén")
	}
	u.files -= len(files)
	taken := map[string]bool{}
	for i := range files {
		files[i].Name = unique(taken, f.Name+"/"+cleanPath(files[i].Name))
	}
	return files, nil
}

// entryName is the name of an entry as its maker saw it. Without the flag of UTF-8 (APPNOTE §4.4.4 bit 11) it may be UTF-8
// all the same (macOS), the code page of a Vietnamese Windows, or that of the IBM PC, which has no Vietnamese letters.
func entryName(e *zip.File) string {
	name := e.Name
	if !e.NonUTF8 || utf8.ValidString(name) {
		name = strings.ToValidUTF8(name, "_")
	} else {
		name = decodeName(name)
	}
	return strings.ReplaceAll(name, `\`, "/")
}

func decodeName(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	page := charmap.Windows1258
	for i := range len(name) {
		if c := name[i]; c >= 0x80 && c < 0xc0 { // no letter there in windows-1258
			page = charmap.CodePage437
			break
		}
	}
	decoded, err := page.NewDecoder().String(name)
	if err != nil {
		return strings.ToValidUTF8(name, "_")
	}
	return norm.NFC.String(decoded)
}

// passedOver are files that no person put in: what macOS, Windows, Word and LibreOffice keep for themselves.
func passedOver(name string) bool {
	if strings.HasPrefix(name, "__MACOSX/") || strings.Contains(name, "/__MACOSX/") {
		return true
	}
	base := path.Base(name)
	switch strings.ToLower(base) {
	case "thumbs.db", "desktop.ini", ".ds_store", "icon\r", "ehthumbs.db":
		return true
	}
	return strings.HasPrefix(base, "._") || strings.HasPrefix(base, "~$") || strings.HasPrefix(base, ".~lock.")
}

// maxName bounds the name of an inner file, in bytes.
const maxName = 200

// cleanPath takes out of a name what leads elsewhere or does not show: "..", drives, control characters.
func cleanPath(name string) string {
	var parts []string
	for p := range strings.SplitSeq(strings.ReplaceAll(name, `\`, "/"), "/") {
		p = strings.TrimSpace(strings.Map(func(r rune) rune {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune(`<>:"|?*`, r) {
				return -1
			}
			return r
		}, p))
		if p != "" && strings.Trim(p, ".") != "" {
			parts = append(parts, p)
		}
	}
	clean := norm.NFC.String(strings.Join(parts, "/"))
	for len(clean) > maxName { // the end is what tells files apart
		_, size := utf8.DecodeRuneInString(clean)
		clean = clean[max(size, 1):]
	}
	if clean = strings.Trim(clean, "/"); clean == "" {
		return "?"
	}
	return clean
}

// unique makes names that are alike after cleaning differ: reports and answers go by them.
func unique(taken map[string]bool, name string) string {
	ext := path.Ext(name)
	out := name
	for n := 2; taken[out]; n++ {
		out = strings.TrimSuffix(name, ext) + " (" + strconv.Itoa(n) + ")" + ext
	}
	taken[out] = true
	return out
}
