package mime

import "strings"

// A Signed is what a sender signed (S/MIME, RFC 8551). It is not verified here.
type Signed struct {
	Whole    bool   // nothing of the body stands outside
	Content  []byte // the bytes that were signed, as they stand in the mail (RFC 1847 §2.1): a part of raw; nil: Object holds them
	Object   []byte // CMS
	Document []byte // the attached file that Object holds, as in Parts; nil: a part of the mail, or all of it
}

// maxSigned bounds Message.Signed; honest mail has one, signed twice by a gateway two.
const maxSigned = 4

func (r *reader) addSigned(s Signed) {
	if len(r.msg.Signed) < maxSigned {
		r.msg.Signed = append(r.msg.Signed, s)
	}
}

// A detached gathers what a multipart/signed holds (RFC 1847): the content, and the signature behind it.
type detached struct {
	pieces  int
	outside bool // something stands outside of the boundaries and was read all the same
	content []byte
	object  []byte
}

// piece notes one piece that was read; from is how many parts there were before it.
func (d *detached) piece(r *reader, data []byte, from int) {
	d.pieces++
	switch d.pieces {
	case 1:
		d.content = data
	case 2:
		if len(r.msg.Parts) == from+1 && strings.HasSuffix(r.msg.Parts[from].Type, "pkcs7-signature") {
			d.object = r.msg.Parts[from].Data
		}
	}
}

// end files the signature of a multipart of that media type.
func (d *detached) end(r *reader, kind string, top bool) {
	if kind == "multipart/signed" && d.object != nil {
		r.addSigned(Signed{Whole: top && d.pieces == 2 && !d.outside, Content: d.content, Object: d.object})
	}
}
