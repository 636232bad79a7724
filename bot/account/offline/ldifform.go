package offline

import (
	"encoding/base64"
	"fmt"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"
)

// ldifForm is LDIF (RFC 2849) for `ldapadd -c`, with the hash of the password: the entry is the one that the ldap platform would
// add. No limit is published; 50,000 entries are some minutes.
func ldifForm() form {
	return form{name: LDIF, ext: "ldif", hashed: true, rows: 50_000,
		describe: "ldapadd -c -x -f (OpenLDAP)",
		head:     func(Settings, int) ([]byte, error) { return []byte("version: 1\n"), nil },
		row: func(s Settings, r Row) ([]byte, error) {
			hash, err := s.Hash(r.Password)
			if err != nil {
				return nil, err
			}
			var b strings.Builder
			b.WriteByte('\n')
			change, value, _ := strings.Cut(s.Change, "=")
			for _, a := range [][2]string{
				{"dn", "uid=" + goldap.EscapeDN(r.User) + "," + s.Base}, {"objectClass", "inetOrgPerson"}, {"uid", r.User}, {"employeeNumber", r.Code},
				{"mail", r.Address}, {"cn", r.Name}, {"displayName", r.Name}, {"sn", r.Family}, {"givenName", r.Given}, {s.Marker, r.Marker},
				{"userPassword", hash}, {change, value},
			} {
				if a[0] != "" && a[1] != "" { // an attribute without a value is an error in LDAP
					attribute(&b, a[0], a[1])
				}
			}
			return []byte(b.String()), nil
		}}
}

// ldifWidth is where lines are folded; the RFC sets none, 76 is what everybody writes.
const ldifWidth = 76

// attribute writes a line, in base64 where the value is no SAFE-STRING, and folds it (RFC 2849, notes 2 and 4).
func attribute(b *strings.Builder, name, value string) {
	line := fmt.Sprintf("%s: %s", name, value)
	if !safe(value) {
		line = fmt.Sprintf("%s:: %s", name, base64.StdEncoding.EncodeToString([]byte(value)))
	}
	for width := ldifWidth; len(line) > width; width = ldifWidth - 1 {
		b.WriteString(line[:width] + "\n ")
		line = line[width:]
	}
	b.WriteString(line + "\n")
}

func safe(value string) bool {
	if value == "" {
		return true
	}
	if strings.ContainsAny(value[:1], " :<") || strings.HasSuffix(value, " ") { // a space at the end is lost on the way
		return false
	}
	for i := range len(value) {
		if c := value[i]; c == 0 || c == '\n' || c == '\r' || c > 127 {
			return false
		}
	}
	return true
}
