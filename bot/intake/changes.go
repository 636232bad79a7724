package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"vanthu/bot"
	"vanthu/parser/viet"
)

// listHash is the same for two lists of the same people, whatever their order and numbering; "" for a list of nobody.
func listHash(rows []bot.Row) string {
	if len(rows) == 0 {
		return ""
	}
	lines := make([]string, len(rows))
	for i, r := range rows {
		var line strings.Builder
		for _, v := range values(r) {
			line.WriteString(v.text + "\x1f")
		}
		lines[i] = line.String()
	}
	slices.Sort(lines)
	return digest([]byte(strings.Join(lines, "\x1e")))
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// A value is one field of a row, as it is compared.
type value struct {
	field bot.Field
	text  string
}

func values(r bot.Row) []value {
	monitor := ""
	if r.Monitor {
		monitor = "x"
	}
	return []value{{bot.FieldCode, strings.ToUpper(r.Code)}, {bot.FieldName, r.Name}, {bot.FieldClass, r.Class}, {bot.FieldCohort, r.Cohort},
		{bot.FieldNote, r.Note}, {bot.FieldMonitor, monitor}}
}

// changes compares a corrected list with the one that it supersedes. Rows are matched by their student code; what is left, by
// name and class, because the code is what is corrected most. Of rows that look alike, the first meets the first.
func changes(was, now []bot.Row) bot.Changes {
	partner := make([]int, len(now)) // place in was, -1 none
	for i := range partner {
		partner[i] = -1
	}
	taken := make([]bool, len(was))
	for _, key := range []func(bot.Row) string{byCode, byPerson} {
		free := make(map[string][]int)
		for i, r := range was {
			if k := key(r); k != "" && !taken[i] {
				free[k] = append(free[k], i)
			}
		}
		for i, r := range now {
			k := key(r)
			if at := free[k]; partner[i] < 0 && k != "" && len(at) > 0 {
				partner[i], taken[at[0]], free[k] = at[0], true, at[1:]
			}
		}
	}
	var c bot.Changes
	for i, r := range now {
		if partner[i] < 0 {
			c.Rows = append(c.Rows, bot.Change{Kind: bot.RowAdded, N: r.N, Code: r.Code, Name: r.Name, Class: r.Class})
			continue
		}
		old := was[partner[i]]
		if fields := fieldChanges(old, r); len(fields) > 0 {
			c.Rows = append(c.Rows, bot.Change{Kind: bot.RowChanged, Was: old.N, N: r.N, Code: r.Code, Name: r.Name, Class: r.Class, Fields: fields})
			continue
		}
		c.Unchanged++
	}
	for i, r := range was {
		if !taken[i] {
			c.Rows = append(c.Rows, bot.Change{Kind: bot.RowRemoved, Was: r.N, Code: r.Code, Name: r.Name, Class: r.Class})
		}
	}
	return c
}

func byCode(r bot.Row) string { return strings.ToUpper(r.Code) }

func byPerson(r bot.Row) string {
	if r.Name == "" {
		return ""
	}
	return viet.Fold(r.Name) + "\x1f" + viet.Fold(r.Class)
}

func fieldChanges(was, now bot.Row) (fields []bot.FieldChange) {
	old := values(was)
	for i, v := range values(now) {
		if v.text != old[i].text {
			fields = append(fields, bot.FieldChange{Field: v.field, Was: old[i].text, Is: v.text})
		}
	}
	return fields
}
