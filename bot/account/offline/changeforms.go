package offline

import (
	"cmp"
	"maps"
	"strconv"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"

	"vanthu/bot/store"
)

// change is how accounts that are there are changed in a form: in the platform's own where it has one, else as a list for its admin.
func (f form) change(s Settings, act store.BundleAct) form {
	f.hashed = f.hashed || act != store.ActReset // the others hold no password
	switch {
	case f.name == Google && act != store.ActErase:
		f.row = googleChange(act)
	case f.name == Entra && act == store.ActErase:
		f.describe = "Microsoft Entra admin center > Users > All users > Bulk operations > Bulk delete"
		f.head = func(Settings, int) ([]byte, error) {
			return []byte("version:v1.0\nUser name [userPrincipalName] Required\n"), nil
		}
		f.row = func(_ Settings, r Row) ([]byte, error) { return record(r.Address) }
	case f.name == Zimbra:
		f.row = zimbraChange(act)
	case f.name == LDIF && (act == store.ActReset || act == store.ActErase || s.Suspend != ""):
		f.describe = "ldapmodify -c -x -f (OpenLDAP)"
		f.row = ldifChange(act)
	default:
		return plainForm(act)
	}
	return f
}

// googleChange: the same upload as for new accounts. "If you're updating existing users and you don't want to change their passwords, enter
// ****"; "New Status [UPLOAD ONLY]" is Active or Suspended (support.google.com/a/answer/40057). Only the columns that must be filled in and
// what changes are: no other value of the account is touched.
func googleChange(act store.BundleAct) func(Settings, Row) ([]byte, error) {
	return func(s Settings, r Row) ([]byte, error) {
		values := map[string]string{
			"First Name [Required]": cmp.Or(r.Given, r.Family), "Last Name [Required]": r.Family, "Email Address [Required]": r.Address,
			"Password [Required]": "****", "Org Unit Path [Required]": cmp.Or(s.OrgUnit, "/"),
		}
		switch act {
		case store.ActReset:
			hash, err := s.Hash(r.Password)
			if err != nil {
				return nil, err
			}
			maps.Copy(values, map[string]string{"Password [Required]": hash, "Password Hash Function [UPLOAD ONLY]": "crypt", "Change Password at Next Sign-In": "TRUE"})
		case store.ActSuspend:
			values["New Status [UPLOAD ONLY]"] = "Suspended"
		default:
			values["New Status [UPLOAD ONLY]"] = "Active"
		}
		line := make([]string, len(googleHeader))
		for column, value := range values {
			line[index(googleHeader, column)] = value
		}
		return record(line...)
	}
}

// zimbraChange: after each account the file asks for it, as for new ones; what zmprov prints then is the result.
func zimbraChange(act store.BundleAct) func(Settings, Row) ([]byte, error) {
	return func(_ Settings, r Row) ([]byte, error) {
		var b strings.Builder
		switch act {
		case store.ActReset:
			command(&b, "sp", r.Address, r.Password)
			command(&b, "ma", r.Address, "zimbraPasswordMustChange", "TRUE")
		case store.ActSuspend:
			command(&b, "ma", r.Address, zimbraStatus, "locked") // mails still come
		case store.ActErase:
			command(&b, "da", r.Address)
		default:
			command(&b, "ma", r.Address, zimbraStatus, "active")
		}
		command(&b, "ga", r.Address, zimbraMarker, "employeeNumber", zimbraStatus, zimbraPassword)
		return []byte(b.String()), nil
	}
}

// ldifChange is RFC 2849 for ldapmodify. A lock is taken off by replacing it by nothing: an entry without one is as it should be.
func ldifChange(act store.BundleAct) func(Settings, Row) ([]byte, error) {
	return func(s Settings, r Row) ([]byte, error) {
		var b strings.Builder
		b.WriteByte('\n')
		attribute(&b, "dn", "uid="+goldap.EscapeDN(r.User)+","+s.Base)
		replace := func(name, value string) {
			attribute(&b, "replace", name)
			if value != "" {
				attribute(&b, name, value)
			}
			b.WriteString("-\n")
		}
		if act == store.ActErase {
			attribute(&b, "changetype", "delete")
			return []byte(b.String()), nil
		}
		attribute(&b, "changetype", "modify")
		lock, locked, _ := strings.Cut(s.Suspend, "=")
		switch act {
		case store.ActReset:
			hash, err := s.Hash(r.Password)
			if err != nil {
				return nil, err
			}
			replace("userPassword", hash)
			if change, value, ok := strings.Cut(s.Change, "="); ok {
				replace(change, value)
			}
		case store.ActSuspend:
			replace(lock, locked)
		default:
			replace(lock, "")
		}
		return []byte(b.String()), nil
	}
}

// plainForm is a list for the admin of a platform that takes no file of this act: he does it as he is used to, and answers in our form.
func plainForm(act store.BundleAct) form {
	header := []string{"case", "row", "act", "address", "student code", "name"}
	if act == store.ActReset {
		header = append(header, "new password")
	}
	return form{ext: "csv", hashed: act != store.ActReset, rows: 10_000, plain: true,
		head: headed(header...),
		row: func(_ Settings, r Row) ([]byte, error) {
			line := []string{r.Case, strconv.Itoa(r.N), string(act), r.Address, r.Code, r.Name}
			if act == store.ActReset {
				line = append(line, r.Password)
			}
			return record(line...)
		}}
}
