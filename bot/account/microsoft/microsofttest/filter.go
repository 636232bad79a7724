package microsofttest

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// A clause is one comparison of a $filter; several are joined by or.
type clause struct{ path, value string }

var (
	equals   = regexp.MustCompile(`^([A-Za-z0-9/]+) eq '((?:[^']|'')*)'`)
	anyOf    = regexp.MustCompile(`^([A-Za-z]+)/any\(([a-z]):([a-z]) eq '((?:[^']|'')*)'\)`)
	advanced = []string{"onPremisesExtensionAttributes/", "description"}
)

// What the service says of a filter that it does not take.
type refusal string

func (r refusal) Error() string { return string(r) }

const errInvalid = refusal("Invalid filter clause")

func tooMany(n int) error {
	return refusal(fmt.Sprintf("Too many child clauses specified in search filter expression containing 'OR' operators: %d. Max allowed: 15.", n))
}

func unsupported(property string) error {
	return refusal("Unsupported or invalid query filter clause specified for property '" + property + "'.")
}

// clauses reads the part of $filter that the platform uses. The limit of 15 is that of the service: "Too many child clauses specified
// in search filter expression containing 'OR' operators".
func clauses(r *http.Request) ([]clause, error) {
	text := r.URL.Query().Get("$filter")
	if text == "" {
		return nil, nil
	}
	eventual := r.Header.Get("ConsistencyLevel") == "eventual" && r.URL.Query().Get("$count") == "true"
	var all []clause
	for {
		var c clause
		if m := equals.FindStringSubmatch(text); m != nil {
			c, text = clause{m[1], m[2]}, text[len(m[0]):]
		} else if m := anyOf.FindStringSubmatch(text); m != nil && m[2] == m[3] {
			c, text = clause{m[1], m[4]}, text[len(m[0]):]
		} else {
			return nil, errInvalid
		}
		for _, a := range advanced {
			if strings.HasPrefix(c.path, a) && !eventual {
				return nil, unsupported(c.path)
			}
		}
		c.value = strings.ReplaceAll(c.value, "''", "'")
		all = append(all, c)
		if text == "" {
			break
		}
		var ok bool
		if text, ok = strings.CutPrefix(text, " or "); !ok {
			return nil, errInvalid
		}
	}
	if len(all) > 15 {
		return nil, tooMany(len(all))
	}
	return all, nil
}

// matches says whether one of the clauses holds. Comparisons of the directory know no case.
func matches(all []clause, get func(path string) []string) bool {
	if all == nil {
		return true
	}
	for _, c := range all {
		for _, have := range get(c.path) {
			if have != "" && strings.EqualFold(have, c.value) {
				return true
			}
		}
	}
	return false
}
