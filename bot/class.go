package bot

import "strings"

// A Class is a class of a school (lớp) that the office knows (FR-05): confirmed once by an officer, or delivered in a case.
type Class struct {
	Name   string `json:"name"` // "YBK47"
	Unit   string `json:"unit"` // id of the unit whose class it is, "" not known
	Cohort string `json:"cohort"`
	Known  Stamp  `json:"known,omitzero"` // zero: nobody has confirmed it
	Cases  string `json:"cases"`          // open cases that name it, of one that is not known
	Rows   int    `json:"rows"`
}

// ByOfficer says whether an officer has confirmed the class himself.
func (c Class) ByOfficer() bool { return strings.HasPrefix(string(c.Known.By), "officer:") }
