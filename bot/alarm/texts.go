package alarm

import (
	_ "embed"
	"strings"
)

//go:embed texts.tsv
var textsTSV string

// texts holds the words of a condition by condition, tab, code. Read-only.
var texts = readTexts(textsTSV)

func readTexts(tsv string) map[string][2]string {
	all := make(map[string][2]string)
	for line := range strings.Lines(tsv) {
		fields := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(fields) == 4 && !strings.HasPrefix(line, "#") {
			all[fields[0]+"\t"+fields[1]] = [2]string{fields[2], fields[3]}
		}
	}
	return all
}

// Text says a condition to a person, in Vietnamese and in English.
func Text(c Condition, code string) (vi, en string) {
	kind := string(c.kind())
	text, ok := texts[kind+"\t"+code]
	if !ok {
		text, ok = texts[kind+"\t"]
	}
	if !ok {
		return string(c) + " " + code, string(c) + " " + code
	}
	return text[0], text[1]
}
