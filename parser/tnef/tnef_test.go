package tnef

import (
	"bytes"
	"encoding/binary"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vanthu/parser"
)

func attribute(level byte, id uint32, value []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte{level}, id)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(value)))
	b = append(b, value...)
	return binary.LittleEndian.AppendUint16(b, checksum(value))
}

func wide(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s + "\x00")) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// property writes one value of variable size.
func property(kind, id uint16, value []byte) []byte {
	b := binary.LittleEndian.AppendUint16(nil, kind)
	b = binary.LittleEndian.AppendUint16(b, id)
	b = binary.LittleEndian.AppendUint32(b, 1)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(value)))
	b = append(b, value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func list(all ...[]byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(all)))
	for _, p := range all {
		b = append(b, p...)
	}
	return b
}

func stream(parts ...[]byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, signature)
	b = append(b, 1, 0)
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// sample is a mail with two files as Outlook writes it.
func sample() []byte {
	number := append([]byte{0x03, 0, 0x05, 0x37}, 1, 0, 0, 0)                                         // PR_ATTACH_METHOD
	named := append(append([]byte{0x03, 0, 0x01, 0x80}, make([]byte, 20)...), 7, 0, 0, 0, 9, 0, 0, 0) // a named property with a number
	flag := []byte{0x0B, 0, 0x0E, 0x37, 1, 0, 0, 0}                                                   // a truth value
	return stream(
		attribute(1, 0x00089006, []byte{0, 0, 1, 0}), attribute(1, oemCodepage, []byte{0xEA, 4, 0, 0, 0, 0, 0, 0}),
		attribute(1, 0x00018004, []byte("subject\x00")),
		attribute(2, rendData, make([]byte, 14)), attribute(2, title, []byte("DANHSA~1.XLS\x00")), attribute(2, contents, []byte("list")),
		attribute(2, properties, list(number, named, flag, property(typeString, longName, wide("Danh sách.xls")))),
		attribute(2, rendData, make([]byte, 14)), attribute(2, title, []byte("\xd0\xea.docx\x00")),
		attribute(2, properties, list(property(typeBinary, bytesOf, []byte("letter")))),
		attribute(2, rendData, make([]byte, 14)), attribute(2, title, []byte("mail\x00")),
		attribute(2, properties, list(property(typeObject, bytesOf, append(bytes.Clone(message[:]), "a mail"...)))),
		attribute(2, rendData, make([]byte, 14)), attribute(2, title, []byte("chart\x00")),
		attribute(2, properties, list(property(typeObject, bytesOf, append(make([]byte, 16), "a chart"...)))),
		attribute(2, rendData, make([]byte, 14)), attribute(2, title, []byte("empty.xls\x00")), attribute(2, contents, nil),
	)
}

func TestRead(t *testing.T) {
	t.Parallel()
	got, err := Read(sample())
	if err != nil {
		t.Fatal(err)
	}
	want := []parser.File{{Name: "Danh sách.xls", Data: []byte("list")}, {Name: "Đê.docx", Data: []byte("letter")},
		{Name: "mail", Data: []byte("a mail")}, {Name: "chart", Type: Object, Data: []byte("a chart")}, {Name: "empty.xls"}}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestDamaged(t *testing.T) {
	t.Parallel()
	whole := sample()
	wrong := append([]byte(nil), whole...)
	wrong[len(wrong)-1]++
	for name, data := range map[string][]byte{
		"nothing": nil, "no signature": []byte("x\x9f\x3e\x23\x00\x00"), "cut off": whole[:len(whole)-5], "a wrong checksum": wrong,
		"an attribute that is too long": stream([]byte{2, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0}),
		"properties that are too long":  stream(attribute(2, rendData, nil), attribute(2, properties, []byte{9, 0, 0, 0, 0x1f, 0, 7, 0x37, 1, 0, 0, 0, 99, 0, 0, 0})),
	} {
		if _, err := Read(data); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sample())
	f.Add(stream(attribute(2, rendData, nil), attribute(2, contents, []byte("x"))))
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := Read(data)
		size := 0
		for _, file := range files {
			size += len(file.Data)
		}
		if err != nil && files != nil || size > len(data) {
			t.Errorf("%d bytes give %d, error %v", len(data), size, err)
		}
	})
}
