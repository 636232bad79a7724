package demo

import (
	"embed"
	"fmt"
	"path"

	"vanthu/mailer/compose"
)

// What the units send: BM-CNTT31 letters and lists of invented people, made with LibreOffice.
//
//go:embed files
var files embed.FS

var mediaTypes = map[string]string{
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".pdf":  "application/pdf",
}

// attach takes an embedded file under the name that its sender gave it.
func attach(file, name string) (compose.Attachment, error) {
	data, err := files.ReadFile(path.Join("files", file))
	if err != nil {
		return compose.Attachment{}, fmt.Errorf("embedded file: %w", err)
	}
	return compose.Attachment{Name: name, Type: mediaTypes[path.Ext(file)], Data: data}, nil
}

// attachAll takes pairs of an embedded file and its name.
func attachAll(pairs ...string) ([]compose.Attachment, error) {
	var all []compose.Attachment
	for i := 0; i+1 < len(pairs); i += 2 {
		a, err := attach(pairs[i], pairs[i+1])
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}
