package reply

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"vanthu/bot"
)

// unpackedLimit bounds what a workbook may be after unpacking.
const unpackedLimit = 100 << 20

// An archive is the parts of an Office file (ECMA-376 part 2), in their order.
type archive struct {
	names []string
	parts map[string][]byte
}

func readArchive(data []byte) (*archive, error) {
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, bot.Errorf(bot.Invalid, "not a workbook of the .xlsx kind: %w", err)
	}
	a := &archive{parts: map[string][]byte{}}
	left := int64(unpackedLimit)
	for _, f := range r.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		part, err := readPart(f, left)
		if err != nil {
			return nil, err
		}
		left -= int64(len(part))
		if _, twice := a.parts[f.Name]; twice {
			return nil, bot.Errorf(bot.Invalid, "the workbook holds the part %q twice", f.Name)
		}
		a.put(f.Name, part)
	}
	return a, nil
}

func readPart(f *zip.File, limit int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, bot.Errorf(bot.Invalid, "the workbook does not unpack: %w", err)
	}
	defer r.Close()
	part, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, bot.Errorf(bot.Invalid, "the workbook does not unpack: %w", err)
	}
	if int64(len(part)) > limit {
		return nil, bot.Errorf(bot.Invalid, "the workbook is larger than %d MB after unpacking", unpackedLimit>>20)
	}
	return part, nil
}

func (a *archive) put(name string, part []byte) {
	if _, known := a.parts[name]; !known {
		a.names = append(a.names, name)
	}
	a.parts[name] = part
}

func (a *archive) drop(name string) {
	delete(a.parts, name)
	a.names = slices.DeleteFunc(a.names, func(n string) bool { return n == name })
}

// bytes writes the archive; no part carries a time, so the same parts give the same bytes.
func (a *archive) bytes() ([]byte, error) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range a.names {
		part, err := w.Create(name)
		if err == nil {
			_, err = part.Write(a.parts[name])
		}
		if err != nil {
			return nil, fmt.Errorf("write part %s: %w", name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("write workbook: %w", err)
	}
	return out.Bytes(), nil
}

// The parts of a package that say what the others are (ECMA-376 part 2, §10.1 and §9.3).
const (
	contentTypesPart = "[Content_Types].xml"
	relationTypes    = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	packageRelations = "http://schemas.openxmlformats.org/package/2006/relationships"
)

type contentTypes struct {
	XMLName  xml.Name `xml:"http://schemas.openxmlformats.org/package/2006/content-types Types"`
	Defaults []struct {
		Extension   string `xml:",attr"`
		ContentType string `xml:",attr"`
	} `xml:"Default"`
	Overrides []struct {
		PartName    string `xml:",attr"`
		ContentType string `xml:",attr"`
	} `xml:"Override"`
}

type relations struct {
	XMLName xml.Name   `xml:"http://schemas.openxmlformats.org/package/2006/relationships Relationships"`
	List    []relation `xml:"Relationship"`
}

type relation struct {
	ID     string `xml:"Id,attr"`
	Type   string `xml:",attr"`
	Target string `xml:",attr"`
	Mode   string `xml:"TargetMode,attr,omitempty"`
}

// relationsOf returns the relations of a part; a part without any has an empty list.
func (a *archive) relationsOf(part string) (relations, error) {
	var r relations
	raw, ok := a.parts[relationsName(part)]
	if !ok {
		return r, nil
	}
	if err := xml.Unmarshal(raw, &r); err != nil {
		return r, bot.Errorf(bot.Invalid, "the workbook's relations do not read: %w", err)
	}
	return r, nil
}

// relationsName is "xl/worksheets/_rels/sheet1.xml.rels" for "xl/worksheets/sheet1.xml", "_rels/.rels" for the package.
func relationsName(part string) string {
	if part == "" {
		return "_rels/.rels"
	}
	return path.Join(path.Dir(part), "_rels", path.Base(part)+".rels")
}

// target resolves where a relation of part leads.
func (r relation) target(part string) string {
	if strings.HasPrefix(r.Target, "/") {
		return strings.TrimPrefix(r.Target, "/")
	}
	return path.Join(path.Dir(part), r.Target)
}

// putXML writes a small part; the structures above marshal without fail.
func (a *archive) putXML(name string, v any) error {
	raw, err := xml.Marshal(v)
	if err != nil {
		return fmt.Errorf("write part %s: %w", name, err)
	}
	a.put(name, append([]byte(xml.Header), raw...))
	return nil
}

// dropMacros makes the workbook a plain .xlsx: the Visual Basic project goes, everything else stays (ENV-05: it is never
// run nor kept, nor sent on under the office's name). It says whether there was any. A workbook with sheets of the old
// macro language is refused: without them it would not be the unit's workbook.
func (a *archive) dropMacros() (dropped bool, err error) {
	var types contentTypes
	if err := xml.Unmarshal(a.parts[contentTypesPart], &types); err != nil {
		return false, bot.Errorf(bot.Invalid, "not a workbook: %w", err)
	}
	if bytes.Contains(a.parts[contentTypesPart], []byte("macrosheet")) {
		return false, bot.Errorf(bot.Invalid, "the workbook has sheets of the old macro language")
	}
	if !bytes.Contains(a.parts[contentTypesPart], []byte("macroEnabled")) && !slices.ContainsFunc(a.names, isMacro) {
		return false, nil
	}
	for _, name := range slices.Clone(a.names) {
		if isMacro(name) {
			a.drop(name)
		}
	}
	return true, a.forgetMacros(types)
}

func isMacro(name string) bool { return strings.Contains(strings.ToLower(path.Base(name)), "vba") }

// forgetMacros takes the Visual Basic project out of the content types and of every relation.
func (a *archive) forgetMacros(types contentTypes) error {
	const main = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
	for i := range types.Overrides {
		if strings.Contains(types.Overrides[i].ContentType, "macroEnabled") {
			types.Overrides[i].ContentType = main
		}
	}
	kept := types.Overrides[:0]
	for _, o := range types.Overrides {
		if !isMacro(o.PartName) {
			kept = append(kept, o)
		}
	}
	types.Overrides = kept
	if err := a.putXML(contentTypesPart, types); err != nil {
		return err
	}
	for _, name := range a.names {
		if !strings.HasSuffix(name, ".rels") {
			continue
		}
		var rels relations
		if err := xml.Unmarshal(a.parts[name], &rels); err != nil {
			return bot.Errorf(bot.Invalid, "the workbook's relations do not read: %w", err)
		}
		before := len(rels.List)
		rels.List = slices.DeleteFunc(rels.List, func(r relation) bool { return isMacro(r.Target) })
		if len(rels.List) == before {
			continue
		}
		if err := a.putXML(name, rels); err != nil {
			return err
		}
	}
	return nil
}
