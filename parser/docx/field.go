package docx

import (
	"vanthu/parser/xmlscan"
)

// A field is one whose end was not read yet (§17.16.18).
type field struct {
	instruction bool   // what stands here is the instruction, not what is shown
	choice      string // of a list to choose from, which shows nothing else
}

// instruction reports whether the instruction of a field goes on.
func (d *walk) instruction() bool {
	for _, f := range d.fields {
		if f.instruction {
			return true
		}
	}
	return false
}

// field reads fldChar: between begin and separate stands the instruction, between separate and end what is shown.
func (d *walk) field(p *text, look look) error {
	v, _ := d.x.Attr("fldCharType")
	switch n := len(d.fields); string(v) {
	case "begin":
		choice, err := d.choice()
		if n < d.lim.Depth {
			d.fields = append(d.fields, field{instruction: true, choice: choice})
		}
		return err
	case "separate":
		if n > 0 {
			d.fields[n-1] = field{}
		}
	case "end":
		if n > 0 {
			choice := d.fields[n-1].choice
			d.fields = d.fields[:n-1]
			d.add(p, look, []byte(choice))
		}
	}
	return d.x.Skip()
}

// choice reads what was chosen in a form's list (§17.16.9 ddList), anywhere inside the current element.
func (d *walk) choice() (string, error) {
	at, n, chosen := 0, 0, ""
	for end := d.x.Depth() - 1; d.x.Depth() > end; {
		kind, err := d.x.Next()
		if err != nil {
			return "", err
		}
		if kind != xmlscan.Start {
			continue
		}
		switch string(d.x.Local()) {
		case "result":
			at, _ = d.number()
		case "listEntry":
			if n == at {
				chosen = d.val()
			}
			n++
		}
	}
	return chosen, nil
}
