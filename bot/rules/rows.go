package rules

import (
	"slices"
	"strings"

	"vanthu/parser/viet"
)

// rows judges every row by itself and against the register.
func (j *judge) rows() {
	codes := j.codesPerList()
	for i := range j.people {
		p := &j.people[i]
		if p.misfit {
			if j.has("LST-17", p.N) && p.Code.Text != "" && p.form == nil { // where the whole list is at fault, LST-18 is enough
				j.badCode(p, codesOfList{})
			}
			continue
		}
		j.codeOf(p, codes[p.list])
		j.nameOf(p)
		j.classOf(p)
		j.note(p)
	}
}

// note judges what stands under "Ghi chú". A note never stops an account; one that says that somebody has left is shown as
// what it is.
func (j *judge) note(p *person) {
	note := p.Note.Text
	if p.Leaving != nil && speaksOfLeaving(p.Leaving.Reason.Text) { // "Lý do: thôi học" in a list that asks for accounts
		j.say("ROW-12", in(p, p.Leaving.Reason), p.Leaving.Reason.Text, "name", p.Leaving.Reason.Text)
	}
	switch {
	case note == "" || p.monitor || j.usual(note):
	case speaksOfLeaving(note):
		j.say("ROW-12", in(p, p.Note), note, "name", note)
	default:
		j.say("ROW-12", in(p, p.Note), note, "v", note)
	}
}

// usual reports whether a note is one that needs no officer.
func (j *judge) usual(note string) bool {
	if len(note) > maxShown {
		return false
	}
	words := wordsOf(note)
	switch words {
	case "lop pho", "lop pho hoc tap", "lop pho phong trao", "bi thu", "bi thu chi doan", "pho bi thu", "bo sung", "moi", "sinh vien moi", "hoc vien moi", "nhap hoc bo sung", "nam", "nu":
		return true
	}
	return slices.ContainsFunc(j.policy.Notes, func(known string) bool { return wordsOf(known) == words })
}

// leaving are the folded words of people who do not study now, or will not.
var leaving = []string{"thoi hoc", "nghi hoc", "bo hoc", "bao luu", "xoa ten", "buoc thoi hoc", "dinh chi", "rut ho so", "chuyen truong", "da tot nghiep", "tu tran", "da mat"}

func speaksOfLeaving(note string) bool {
	folded := " " + wordsOf(clip(note, 4*maxShown)) + " "
	return slices.ContainsFunc(leaving, func(phrase string) bool { return strings.Contains(folded, " "+phrase+" ") })
}

// isStaff reports whether a note says that the row is staff. Only the bare word counts: "cán bộ lớp" is a student.
func isStaff(note string) bool {
	if note == "" || len(note) > maxShown {
		return false
	}
	switch viet.Fold(note) {
	case "can bo", "vien chuc", "can bo vien chuc", "can bo, vien chuc", "giang vien", "nhan vien", "chuyen vien":
		return true
	}
	return false
}
