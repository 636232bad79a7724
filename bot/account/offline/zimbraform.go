package offline

import "strings"

// zimbraForm is a file of commands for `zmprov -f FILE`. After each account the file asks for it again: what zmprov prints then
// names the account and its marker, and is the result. -v must not be used with it: it would print the passwords.
//
// No limit is published; 10,000 accounts are some two hours of zmprov, which talks to the server once a command.
func zimbraForm() form {
	return form{name: Zimbra, ext: "zmprov", rows: 10_000,
		describe: "zmprov -f (Zimbra, user zimbra)",
		head:     func(Settings, int) ([]byte, error) { return nil, nil }, // it knows no comments
		row: func(s Settings, r Row) ([]byte, error) {
			var b strings.Builder
			create := []string{r.Address, r.Password}
			for _, a := range [][2]string{{"displayName", r.Name}, {"cn", r.Name}, {"sn", r.Family}, {"givenName", r.Given}, {"employeeNumber", r.Code},
				{zimbraMarker, r.Marker}, {"zimbraPasswordMustChange", "TRUE"}} {
				if a[1] != "" {
					create = append(create, a[0], a[1])
				}
			}
			command(&b, "ca", create...)
			if s.COS != "" {
				command(&b, "sac", r.Address, s.COS)
			}
			command(&b, "ga", r.Address, zimbraMarker, "employeeNumber")
			return []byte(b.String()), nil
		}}
}

const (
	zimbraMarker   = "zimbraNotes"
	zimbraStatus   = "zimbraAccountStatus"
	zimbraPassword = "zimbraPasswordModifiedTime"
)

// command writes a line as zmprov splits it (StringUtil.parseLine of zm-mailbox): within double quotes a backslash escapes a
// backslash, a quote, and n, r and t.
func command(b *strings.Builder, name string, args ...string) {
	b.WriteString(name)
	for _, arg := range args {
		b.WriteString(" " + quoted(arg))
	}
	b.WriteByte('\n')
}

func quoted(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(value) + `"`
}
