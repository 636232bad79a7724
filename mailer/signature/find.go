package signature

import (
	"bytes"
	"encoding/hex"
	"regexp"
	"strconv"
)

// InMail verifies the signature of a mail. content is the signed part with its header, as it stands in the mail (multipart/signed,
// RFC 1847 §2.1); nil when the CMS object holds it itself (application/pkcs7-mime). whole says that nothing of the mail's body
// stands outside.
func InMail(content, object []byte, whole bool) []Signature {
	if len(object) > maxCMS || content != nil && len(object) > maxDetached {
		return []Signature{{Fault: Unreadable, Whole: whole}}
	}
	c, ok := parse(object)
	if !ok || !c.kind.Equal(oidData) || c.detached != (content != nil) {
		return []Signature{{Fault: Unreadable, Whole: whole}}
	}
	if c.detached {
		content = canonical(content)
	} else {
		content = c.content
	}
	found := make([]Signature, 0, len(c.signers))
	for _, info := range c.signers {
		s := c.verify(info, content)
		s.Whole = whole
		found = append(found, s)
	}
	return found
}

// canonical ends every line with CRLF, as it was signed (RFC 8551 §3.1.1); a mailbox may keep bare line feeds.
func canonical(content []byte) []byte {
	if bytes.Count(content, []byte("\n")) == bytes.Count(content, []byte("\r\n")) {
		return content
	}
	return bytes.ReplaceAll(bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
}

// byteRange finds the ranges of a signature dictionary (ISO 32000-2 §12.8.1). The dictionary stands in the open: its own bytes
// are signed by their offsets.
var byteRange = regexp.MustCompile(`/ByteRange\s*\[\s*(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s*\]`)

// MaySign says whether a file can hold a PDF signature; it costs little.
func MaySign(data []byte) bool {
	return bytes.Contains(data, []byte("%PDF-")) && bytes.Contains(data, []byte("/ByteRange"))
}

// InPDF verifies the signatures of a file. Whole are those whose two ranges are the file from its first to its last byte but
// for one hexadecimal string, the signature itself: nothing else can be hidden in the gap, and no update was appended.
// Time stamps of the document are no signatures and are left out.
func InPDF(name string, data []byte) []Signature {
	var found []Signature
	ranges := byteRange.FindAllSubmatch(data, -1)
	if len(ranges) > maxInPDF {
		ranges = ranges[len(ranges)-maxInPDF:]
	}
	for _, r := range ranges {
		var at [4]int
		for i := range at {
			at[i], _ = strconv.Atoi(string(r[i+1])) // ten digits at most
		}
		for _, s := range inRange(data, at) {
			s.File = name
			found = append(found, s)
		}
	}
	return found
}

func inRange(data []byte, at [4]int) []Signature {
	start, gap, behind, length := at[0], at[1], at[2], at[3]
	unreadable := []Signature{{Fault: Unreadable}}
	if start != 0 || gap <= 0 || behind < gap+2 || behind > len(data) || length < 0 || behind+length > len(data) ||
		data[gap] != '<' || data[behind-1] != '>' || behind-gap > 2*maxDetached {
		return unreadable
	}
	object := make([]byte, hex.DecodedLen(behind-gap-2))
	if _, err := hex.Decode(object, data[gap+1:behind-1]); err != nil {
		return unreadable
	}
	c, ok := parse(object)
	if !ok {
		return unreadable
	}
	if c.kind.Equal(oidTimeStamp) {
		return nil
	}
	if !c.detached || !c.kind.Equal(oidData) { // adbe.pkcs7.sha1 signs a SHA-1 hash, not the file
		return []Signature{{Fault: Unknown}}
	}
	content := make([]byte, 0, gap+length)
	content = append(append(content, data[:gap]...), data[behind:behind+length]...)
	found := make([]Signature, 0, len(c.signers))
	for _, info := range c.signers {
		s := c.verify(info, content)
		s.Whole = behind+length == len(data)
		found = append(found, s)
	}
	return found
}
