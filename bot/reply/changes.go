package reply

import (
	"cmp"
	"fmt"
	"strings"

	"vanthu/bot"
)

// shownDifferences is how many changed rows a letter names: the unit knows what it corrected.
const shownDifferences = 20

// changed is what a letter says of a corrected list.
type changed struct {
	Summary, SummaryEN string // "thêm 01 dòng, sửa 02 dòng"
	Unchanged          int
	Rows               []difference
	More               int
}

// A difference is one row, said.
type difference struct{ Say, SayEN line }

func shownChanges(c *bot.Changes) *changed {
	if c == nil {
		return nil
	}
	s := &changed{Unchanged: c.Unchanged}
	var parts, partsEN []string
	for _, p := range []struct {
		n      int
		vi, en string
	}{{c.Count(bot.RowAdded), "thêm", "added"}, {c.Count(bot.RowRemoved), "bỏ", "removed"}, {c.Count(bot.RowChanged), "sửa", "changed"}, {c.Unchanged, "giữ nguyên", "unchanged"}} {
		if p.n > 0 {
			parts, partsEN = append(parts, p.vi+" "+so(p.n)+" dòng"), append(partsEN, count(p.n, "row", "rows")+" "+p.en)
		}
	}
	s.Summary, s.SummaryEN = strings.Join(parts, ", "), strings.Join(partsEN, ", ")
	for i, r := range c.Rows {
		if i == shownDifferences {
			s.More = len(c.Rows) - i
			break
		}
		s.Rows = append(s.Rows, differenceOf(r))
	}
	return s
}

// differenceOf is "Sửa: 2153010001, Nguyễn Văn An (YK48): họ và tên “Nguyễn Văn Am” → “Nguyễn Văn An”". The values come from
// the unit's own lists; they are shown as they were read.
func differenceOf(r bot.Change) difference {
	verb := map[bot.ChangeKind][2]string{bot.RowAdded: {"Thêm", "Added"}, bot.RowRemoved: {"Bỏ", "Removed"}, bot.RowChanged: {"Sửa", "Changed"}}[r.Kind]
	who := fmt.Sprintf("%s, %s", cmp.Or(r.Code, "(chưa có mã số)"), cmp.Or(r.Name, "(chưa có họ và tên)"))
	whoEN := fmt.Sprintf("%s, %s", cmp.Or(r.Code, "(no code)"), cmp.Or(r.Name, "(no name)"))
	if r.Class != "" {
		who, whoEN = who+" ("+r.Class+")", whoEN+" ("+r.Class+")"
	}
	var what, whatEN []string
	for _, f := range r.Fields {
		name := fieldNames(f.Field)
		what = append(what, fmt.Sprintf("%s %s → %s", name[0], quoted(f.Was, "(trống)"), quoted(f.Is, "(trống)")))
		whatEN = append(whatEN, fmt.Sprintf("%s %s → %s", name[1], quoted(f.Was, "(blank)"), quoted(f.Is, "(blank)")))
	}
	say, sayEN := verb[0]+": "+who, verb[1]+": "+whoEN
	if len(what) > 0 {
		say, sayEN = say+": "+strings.Join(what, "; "), sayEN+": "+strings.Join(whatEN, "; ")
	}
	return difference{plain(say, speech), plain(sayEN, speech)}
}

func quoted(value, blank string) string {
	if value == "" {
		return blank
	}
	return "“" + value + "”"
}

func fieldNames(f bot.Field) [2]string {
	switch f {
	case bot.FieldCode:
		return [2]string{"mã số", "code"}
	case bot.FieldName:
		return [2]string{"họ và tên", "name"}
	case bot.FieldClass:
		return [2]string{"lớp", "class"}
	case bot.FieldCohort:
		return [2]string{"khóa", "cohort"}
	case bot.FieldNote:
		return [2]string{"ghi chú", "note"}
	case bot.FieldMonitor:
		return [2]string{"lớp trưởng", "monitor"}
	}
	return [2]string{string(f), string(f)}
}
