package bot

// Changes is what a corrected list changes of the one that it supersedes.
type Changes struct {
	Unchanged int      `json:"unchanged"` // rows
	Rows      []Change `json:"rows"`      // changed and added ones in the order of the new list, then those removed
}

// A Change is one row that is not as it was.
type Change struct {
	Kind   ChangeKind    `json:"kind"`
	Was    int           `json:"was,omitzero"` // its row in the earlier list, 0: it is new
	N      int           `json:"n,omitzero"`   // its row in the new list, 0: it is gone
	Code   string        `json:"id"`
	Name   string        `json:"name"`
	Class  string        `json:"class"`
	Fields []FieldChange `json:"fields,omitempty"` // of a changed row
}

// A FieldChange is one value of a row.
type FieldChange struct {
	Field Field  `json:"field"`
	Was   string `json:"was"`
	Is    string `json:"is"`
}

// ChangeKind is what became of a row.
type ChangeKind string

// The kinds of change.
const (
	RowAdded   ChangeKind = "added"
	RowRemoved ChangeKind = "removed"
	RowChanged ChangeKind = "changed"
)

// Field is a value of a row that may be corrected.
type Field string

// The fields; STT is no value of a person.
const (
	FieldCode    Field = "id"
	FieldName    Field = "name"
	FieldClass   Field = "class"
	FieldCohort  Field = "cohort"
	FieldNote    Field = "note"
	FieldMonitor Field = "monitor"
)

// Count counts the rows of a kind.
func (c Changes) Count(kind ChangeKind) int {
	n := 0
	for _, r := range c.Rows {
		if r.Kind == kind {
			n++
		}
	}
	return n
}
