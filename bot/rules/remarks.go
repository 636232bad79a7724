package rules

import (
	"maps"
	"strconv"

	"vanthu/bot"
	"vanthu/parser"
)

// ruleOf maps what the readers remark to the rule that speaks of it.
func ruleOf(code parser.RemarkCode) string {
	switch code {
	case parser.HeaderMissing:
		return "LST-01"
	case parser.ColumnMissing:
		return "LST-02"
	case parser.HeaderRead:
		return "LST-03"
	case parser.HeaderTwice:
		return "LST-04"
	case parser.NoRows:
		return "LST-05"
	case parser.NumberingJumps:
		return "LST-06"
	case parser.HiddenPart:
		return "LST-07"
	case parser.SeveralSheets, parser.ListLeftOut:
		return "LST-08"
	case parser.RowsSkipped:
		return "LST-09"
	case parser.MergedDown:
		return "LST-10"
	case parser.CellUnusable:
		return "LST-11"
	case parser.TooManyRows:
		return "LST-12"
	case parser.RowStruck:
		return "LST-13"
	case parser.ValueTaken:
		return "LST-14"
	case parser.RowSplit:
		return "LST-15"
	case parser.SeveralPeople:
		return "LST-16"
	case parser.RowShifted:
		return "LST-17"
	case parser.ColumnsSwapped:
		return "LST-18"
	case parser.HeaderCarried:
		return "LST-19"
	case parser.PartlyStruck:
		return "LST-22"
	case parser.CellsWorkedOut:
		return "LST-20"
	case parser.NoteBelow:
		return "LST-21"
	case parser.ColumnDropped:
		return "ROW-16"
	case parser.CodeDamaged:
		return "ROW-03"
	case parser.TextNormalised:
		return "NAM-05"
	case parser.EthReplaced:
		return "NAM-06"
	case parser.EncodingConverted:
		return "ENC-01"
	case parser.EncodingUnknown:
		return "ENC-02"
	case parser.LetterLost:
		return "ENC-03"
	case parser.ReplacementChars:
		return "ENC-04"
	case parser.FontMisleads:
		return "ENC-06"
	case parser.CharsetRead:
		return "ENC-05"
	case parser.ColumnsCut:
		return "ENV-07"
	case parser.MacrosPresent:
		return "ENV-05"
	case parser.SeveralLists:
		return "ENV-08"
	case parser.LetterAmbiguous:
		return "FRM-14"
	}
	return ""
}

// remarks turns what the readers remarked into findings.
func (j *judge) remarks() {
	tooMany := false
	for _, r := range j.sub.Remarks {
		rule := ruleOf(r.Code)
		if rule == "" {
			continue
		}
		tooMany = tooMany || r.Code == parser.TooManyRows
		j.record(j.severityOf(r, rule), rule, place{n: r.N, at: r.At}, r.Value, argsOf(r))
	}
	if most := j.policy.MaxRows; most > 0 && len(j.sub.Rows) > most && !tooMany {
		j.say("LST-12", place{}, "", "max", strconv.Itoa(most))
	}
}

// severityOf is the catalogue's, except where only class, cohort or note suffer: those never stop an account (LST-02).
func (j *judge) severityOf(r parser.Remark, rule string) bot.Severity {
	switch r.Code {
	case parser.ColumnMissing:
		if col := r.Args["col"]; col != "code" && col != "name" {
			return bot.Warn
		}
	case parser.ColumnsSwapped:
		if r.Args["field"] != "code" {
			return bot.Warn
		}
	case parser.CellUnusable, parser.PartlyStruck, parser.LetterLost, parser.ReplacementChars:
		if r.N == 0 || !j.needed(r) {
			return bot.Warn
		}
	case parser.EncodingUnknown: // of one value, of a column, or of a line around the list
		switch {
		case r.N > 0 && j.needed(r):
			return bot.RejectRow
		case r.N > 0, r.Args["h"] == "", j.spare(r):
			return bot.Warn
		}
	default:
	}
	return catalogue[rule].Severity
}

// needed reports whether a remark's cell is the code or the name of its row.
func (j *judge) needed(r parser.Remark) bool {
	if r.N > len(j.sub.Rows) {
		return true
	}
	row := j.sub.Rows[r.N-1]
	for _, other := range []parser.Value{row.STT, row.Class, row.Cohort, row.Note} {
		if other.At.Col > 0 && other.At == r.At {
			return false
		}
	}
	return true
}

// spare reports whether a remark's column is one that no account needs: class, cohort, note.
func (j *judge) spare(r parser.Remark) bool {
	for _, l := range j.sub.Lists {
		for _, field := range []string{"stt", "class", "cohort", "note"} {
			if at := l.Columns[field].At; at.Col == r.At.Col && at.File == r.At.File && at.Sheet == r.At.Sheet {
				return true
			}
		}
	}
	return false
}

// argsOf gives the message the fields that stand in the remark's place or value.
func argsOf(r parser.Remark) map[string]string {
	args := maps.Clone(r.Args)
	if args == nil {
		args = make(map[string]string)
	}
	for field, value := range map[string]string{"v": r.Value, "cell": r.At.Cell(), "file": r.At.File} {
		if args[field] == "" && value != "" {
			args[field] = value
		}
	}
	return args
}
