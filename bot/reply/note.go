package reply

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Note answers a mail that an officer took out of quarantine: in his words, or by one of the prepared letters.
type Note struct {
	Case, Unit string // both "" for a sender that is no unit
	At         time.Time
	Template   string // one of NoteTemplates; else Text
	Text       string
}

// NoteTemplates are the prepared letters. None says anything of a list, a name, a code or a case: a stranger may get them.
func NoteTemplates() []string { return []string{"resend", "not_entitled", "outside"} }

// longestNote is how many characters an officer may write.
const longestNote = 20_000

// Note writes an officer's answer.
func (w *Writer) Note(n Note) (Draft, error) {
	facts := struct {
		page
		Lines []line
	}{page: w.page(n.Case, n.Unit, n.At)}
	if HasNote(n.Template) {
		return w.draft("note_"+n.Template, n.Case, facts)
	}
	if strings.TrimSpace(n.Text) == "" || len([]rune(n.Text)) > longestNote {
		return Draft{}, fmt.Errorf("the text is empty or longer than %d characters", longestNote)
	}
	for l := range strings.SplitSeq(strings.ReplaceAll(n.Text, "\r\n", "\n"), "\n") {
		facts.Lines = append(facts.Lines, plain(l, longestNote))
	}
	return w.draft("note", n.Case, facts)
}

// HasNote says whether there is such a prepared letter.
func HasNote(template string) bool { return slices.Contains(NoteTemplates(), template) }
