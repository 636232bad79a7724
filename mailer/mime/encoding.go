package mime

import (
	"bytes"
	"strings"
)

// The transfer encodings of RFC 2045 §6, and uuencode.
const (
	encodingNone   = "8bit"
	encodingBase64 = "base64"
	encodingQuoted = "quoted-printable"
	encodingUU     = "uuencode"
)

// decode undoes the transfer encoding. What a broken encoding still gave is kept; damage says that it may not be all. The
// result shares no memory with body.
func (r *reader) decode(body []byte, encoding, where string) (data []byte, damage Damage) {
	known := transferEncoding(encoding)
	if known == "" {
		r.problem("%s: unknown transfer encoding %q, kept as it is", where, clip(encoding, 40))
		return bytes.Clone(body), Undecoded
	}
	if said := strings.ToLower(strings.TrimSpace(encoding)); known != said && said != "" && said != "7bit" && said != "binary" {
		r.problem("%s: transfer encoding %q read as %s", where, clip(encoding, 40), known)
	}
	switch known {
	case encodingBase64:
		return r.base64(body, where)
	case encodingQuoted:
		data, broken := decodeQuoted(body)
		if broken > 0 {
			r.problem("%s: its quoted-printable has %d signs of equality that mean nothing, kept as they are", where, broken)
		}
		return data, Whole // nothing is lost: a sender who forgot to encode wrote them himself
	case encodingUU:
		if files, _ := uuFiles(body, 1); len(files) > 0 {
			if !files[0].ended {
				r.problem("%s: its uuencode has no end", where)
				damage = Garbled
			}
			return files[0].data, damage
		}
		r.problem("%s: its uuencode has no beginning, kept as it is", where)
		return bytes.Clone(body), Undecoded
	}
	return bytes.Clone(body), Whole
}

func (r *reader) base64(body []byte, where string) ([]byte, Damage) {
	data, report := decodeBase64(body)
	first, _ := cutLine(body, 0)
	// Prose has a blank or a comma in each dozen of letters. Where the first line is base64, the rest was spoilt.
	if report.strays > 0 && report.strays*12 > len(data)/3*4 && !isBase64Line(first) {
		r.problem("%s: says base64 and is none, kept as it is", where)
		return bytes.Clone(body), Whole
	}
	damage := Whole
	if report.strays > 0 {
		r.problem("%s: its base64 holds %d characters that do not belong there, skipped", where, report.strays)
		damage = Garbled
	}
	if report.chunks > 0 {
		r.problem("%s: its base64 is %d pieces, joined", where, report.chunks+1)
	}
	if report.behind > 0 {
		r.problem("%s: %d lines behind the end of its base64, left out", where, report.behind)
	}
	if report.short > 0 {
		r.problem("%s: its base64 ends in the middle, kept %d bytes", where, len(data))
		damage = Garbled
	}
	return data, damage
}

// transferEncoding strips what does not belong there ("base64;", "Base64 (encoded)", "8 bit"); "" is unknown.
func transferEncoding(s string) string {
	s, _, _ = strings.Cut(s, ";")
	s, _, _ = strings.Cut(s, "(")
	s = strings.ToLower(strings.Trim(strings.TrimSpace(s), `"'`))
	switch s {
	case "", "7bit", "8bit", "binary", "7-bit", "7 bit", "8-bit", "8 bit", "utf-8", "utf8", "none", "us-ascii", "text":
		return encodingNone
	case "base64", "base-64", "base 64", "b", "x-base64":
		return encodingBase64
	case "quoted-printable", "quoted printable", "quotedprintable", "quoted_printable", "qp", "q":
		return encodingQuoted
	case "uuencode", "x-uuencode", "uue", "x-uue", "x-uu", "uu":
		return encodingUU
	}
	return ""
}

// decodeQuoted decodes quoted-printable (RFC 2045 §6.7); an "=" that means nothing stays, and is counted.
func decodeQuoted(body []byte) (data []byte, broken int) {
	data = make([]byte, 0, len(body))
	for line := range bytes.Lines(body) {
		text := bytes.TrimRight(line, "\r\n")
		ending := line[len(text):]
		text = bytes.TrimRight(text, " \t") // added on the way, §6.7 (3)
		for i := 0; i < len(text); i++ {
			if text[i] != '=' {
				data = append(data, text[i])
				continue
			}
			if i == len(text)-1 { // a soft line break
				ending = nil
				break
			}
			if i+2 < len(text) {
				if hi, lo := hexValue(text[i+1]), hexValue(text[i+2]); hi < 16 && lo < 16 {
					data = append(data, hi<<4|lo)
					i += 2
					continue
				}
			}
			broken++
			data = append(data, '=')
		}
		data = append(data, ending...)
	}
	return data, broken
}

func hexValue(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	}
	return 16
}
