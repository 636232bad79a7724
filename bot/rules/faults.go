package rules

import (
	"slices"
	"strings"

	"vanthu/bot"
	"vanthu/parser"
)

// cutOff is why a file and whatever stood behind it in the mail may be missing.
const cutOff = "cut"

// faultOf finds what is wrong with a file, or with the one that it was packed in.
func (j *judge) faultOf(name string) (Fault, bool) {
	i := slices.IndexFunc(j.context.Faults, func(f Fault) bool { return f.File != "" && (name == f.File || strings.HasPrefix(name, f.File+"/")) })
	if i < 0 {
		return Fault{}, false
	}
	return j.context.Faults[i], true
}

// faults says which files came damaged. Half a list must not pass for a whole one; but a file that carries its own checksums
// and was read is what was sent, however it came. It returns how many missing parts the lost end of the mail may have been.
func (j *judge) faults() (lost int) {
	for _, f := range j.context.Faults {
		whole := place{at: parser.Place{File: f.File}}
		reports := j.reportsOf(f.File)
		proven := len(reports) > 0 && !slices.ContainsFunc(reports, func(r parser.FileReport) bool { return !checksItself(r) })
		switch {
		case f.Why == cutOff && (len(reports) == 0 || proven): // in a text, or behind a file
			severity := catalogue["ENV-15"].Severity
			if (j.sub.Letter != nil || j.context.LetterKnown || j.scan != "") && j.hasList() { // nothing is known to be missing
				severity = bot.Warn
			}
			j.sayAs(severity, "ENV-15", whole, "", "file", f.File)
			lost++
		case f.File == "": // the text of the mail; its files are another matter
			if slices.ContainsFunc(j.sub.Rows, func(r parser.Row) bool { return r.At.File == bodyName }) {
				j.say("ENV-14", place{at: parser.Place{File: bodyName}}, "", "file", bodyName, "why", f.Why)
			}
		case !proven:
			j.say("ENV-14", whole, "", "file", f.File, "why", f.Why)
		}
	}
	return lost
}

// bodyName is how the readers call the text of the mail (form.BodyName).
const bodyName = "nội dung thư"

// reportsOf are the reports of a file, or of those in it.
func (j *judge) reportsOf(name string) (reports []parser.FileReport) {
	for _, r := range j.sub.Files {
		if name != "" && (r.Name == name || strings.HasPrefix(r.Name, name+"/")) {
			reports = append(reports, r)
		}
	}
	return reports
}

// checksItself says whether a file was read whole for certain: every part of a zip has a checksum.
func checksItself(r parser.FileReport) bool {
	return r.Problem == nil && slices.Contains([]string{"xlsx", "docx", "ods", "odt"}, r.Format)
}
