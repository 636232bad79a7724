package rules

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"vanthu/parser"

	"vanthu/bot"
)

// envelope judges the mail itself: its date, and how it was matched to a case.
func (j *judge) envelope() {
	c := j.context
	if c.ByThread && c.Case != "" {
		j.say("ENV-10", place{}, "", "ref", c.Case)
	}
	if hours := j.policy.ClockHours; hours > 0 && !c.Sent.IsZero() && !c.Arrived.IsZero() {
		if off := c.Arrived.Sub(c.Sent).Abs(); off > time.Duration(hours)*time.Hour {
			j.say("ENV-12", place{}, "", "hdr", c.Sent.In(c.Now.Location()).Format("15:04 02/01/2006"), "n", strconv.Itoa(hours))
		}
	}
}

// files says what became of every file, and whether the request has its two parts: letter and list.
func (j *judge) files() {
	hasLetter, hasList := j.sub.Letter != nil || j.context.LetterKnown, j.hasList()
	locked := 0 // files that may be the missing part
	var beside []string
	for _, f := range j.sub.Files {
		if f.Role != parser.RoleProblem || f.Problem == nil {
			continue
		}
		whole := place{at: parser.Place{File: f.Name}}
		if _, faulty := j.faultOf(f.Name); faulty && f.Problem.Code != parser.Picture {
			locked++ // ENV-14 says more
			continue
		}
		switch f.Problem.Code {
		case parser.Picture:
			switch {
			case hasList && !hasLetter && j.scan == "":
				j.scan = f.Name // a scanned letter is the usual signed one
				j.say("FRM-12", whole, "", "file", f.Name)
			case hasList && (hasLetter || j.scan != ""):
				beside = append(beside, f.Name)
			default:
				locked++
				j.say("ENV-13", whole, "", "file", f.Name)
			}
		case parser.Unsupported:
			if hasLetter && hasList && !mayHoldPeople(f) {
				j.sayAs(bot.Warn, "ENV-04", whole, "", "file", f.Name, "why", familyOf(f.Format))
				continue
			}
			locked++
			j.say("ENV-04", whole, "", "file", f.Name, "why", familyOf(f.Format))
		case parser.Encrypted:
			locked++
			j.say("ENV-06", whole, "", "file", f.Name)
		case parser.Damaged, parser.TooLarge, parser.Empty:
			locked++
			j.say("ENV-07", whole, "", "file", f.Name, "limit", f.Problem.Limit)
		}
	}
	if len(beside) > 0 {
		j.sayAs(bot.Warn, "ENV-13", place{at: parser.Place{File: beside[0]}}, "", "file", fewOf(beside))
	}
	if j.context.Password {
		j.sayAs(bot.Warn, "ENV-11", place{}, "")
	}
	locked += j.faults()
	j.parts(hasLetter || j.scan != "", hasList, locked)
}

// parts says which of letter and list is missing; a file that cannot be opened may be one of them, so each such file
// excuses one missing part.
func (j *judge) parts(hasLetter, hasList bool, locked int) {
	if !hasList {
		if locked == 0 {
			j.say("ENV-03", place{}, "", "link", fewOf(j.context.Links))
		}
		locked = max(0, locked-1)
	}
	if !hasLetter && locked == 0 {
		j.say("FRM-01", place{}, "")
	}
}

func (j *judge) hasList() bool {
	return len(j.sub.Rows) > 0 || len(j.sub.Lists) > 0 || slices.ContainsFunc(j.sub.Files, func(f parser.FileReport) bool {
		return f.Role == parser.RoleList || f.Role == parser.RoleBoth
	}) || slices.ContainsFunc(j.sub.Remarks, func(r parser.Remark) bool {
		return r.Code == parser.HeaderMissing || r.Code == parser.NoRows || r.Code == parser.ColumnMissing
	})
}

// mayHoldPeople reports whether a file that is not read could be another list: then the request must not pass as whole.
func mayHoldPeople(f parser.FileReport) bool {
	switch strings.ToLower(strings.TrimPrefix(path.Ext(f.Name), ".")) {
	case "xls", "xlsm", "xlsb", "ods", "csv", "tsv", "txt", "doc", "docm", "odt", "rtf", "htm", "html", "pages", "numbers",
		"zip", "rar", "7z", "gz", "dat", "p7m", "eml", "msg", "mht", "mhtml", "wps", "et", "dbf", "mdb", "xml":
		return true
	}
	switch f.Format {
	case "xls", "xlsb", "xlsx", "ods", "csv", "txt", "doc", "docx", "odt", "rtf", "html", "mht", "zip", "rar", "7z", "gzip", "bzip2", "xz", "tar", "cab",
		"ole", "works", "xml", "xmlss", "wordml", "flatopc", "fods", "fodt", "iwork", "tnef", "msg", "eml", "dbf", "mdb", "sylk", "dif", "biff2", "biff3", "biff4", "biff5":
		return true
	}
	return false
}

// familyOf names the kind of a format that is not read, whose term says what to do; "" when nothing particular helps.
func familyOf(format string) string {
	switch format {
	case "7z", "rar", "bzip2", "xz", "tar", "cab":
		return "other_archive"
	case "iwork":
		return "apple_office"
	case "xlsb":
		return "binary_workbook"
	case "dbf", "mdb":
		return "database"
	case "biff2", "biff3", "biff4", "biff5", "sylk", "dif":
		return "old_workbook"
	case "works", "wordml", "flatopc", "xml", "ole", "pub":
		return "old_document"
	case "msg", "eml", "p7m", "tnef":
		return "wrapped_mail"
	case "ppt", "pptx", "odp", "xps", "ps", "epub":
		return "slides"
	case "exe", "elf", "lnk", "jar":
		return "program"
	}
	return ""
}

// fewOf names the first three and counts the rest.
func fewOf(names []string) string {
	if len(names) <= 3 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s (+%d)", strings.Join(names[:3], ", "), len(names)-3)
}
