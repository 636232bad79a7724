// Package offline is the platform of a university whose accounts another admin makes: what an approved plan would make is
// gathered into bundles, files in the form that his platform takes, and what came of them is read back from the files that it
// gives (issue 6, point 2). Nothing is asked of any network.
//
// A row stands in one bundle at most. The intent is the row of the table, written before the bundle; what counts as made is
// only what a result has shown.
//
// It must not know plans and their approval, nor mails; it finds cases by the marker alone.
package offline

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"vanthu/bot/account"
	"vanthu/bot/store"
)

// The forms of a bundle.
const (
	Google = "google" // CSV of the Admin console, "Bulk update users"
	Entra  = "entra"  // CSV of the Entra admin center, "Bulk create"
	Zimbra = "zimbra" // commands for zmprov
	LDIF   = "ldif"   // RFC 2849, for ldapadd
)

// Forms are all of them.
func Forms() []string { return []string{Google, Entra, Zimbra, LDIF} }

// A Row is an account that the other admin is to make or change.
type Row struct {
	Case string
	N    int
	account.Account
	Password string // a new one
}

// Settings are how the accounts are wanted on the platform.
type Settings struct {
	Form     string
	Rows     int    // most in one bundle; 0: as the platform's vendor has published
	OrgUnit  string // google: "/Sinh viên"
	Location string // entra: where licences are used, "VN"
	COS      string // zimbra: class of service; "" that of the domain
	Base     string // ldif: below which entries are made
	Marker   string // ldif: attribute of the marker
	Change   string // ldif: attribute=value written with an initial password, "pwdReset=TRUE"; "" none
	Suspend  string // ldif: attribute=value that stops every sign-in, "pwdAccountLockedTime=000001010000Z"; "" he knows how
	// Hash hashes a password as the platform takes it; of forms that take the password itself it is not asked.
	Hash func(password string) (string, error)
}

// A form writes rows for one platform and one act.
type form struct {
	name     string
	ext      string
	hashed   bool // it holds no password in the clear
	rows     int  // most in one file, as published
	size     int  // bytes of one file, as published; 0: none is
	longest  int  // characters of a name, as published; 0: none is
	lines    bool // a value may not hold a line break
	head     func(s Settings, n int) ([]byte, error)
	row      func(s Settings, r Row) ([]byte, error)
	plain    bool   // the platform takes no file of this: it is a list for its admin
	describe string // where the file goes, for the instructions
}

// formOf is how an act is written for a platform.
func formOf(s Settings, act store.BundleAct) (form, error) {
	f, err := forms(s.Form)
	if err != nil || act == store.ActCreate {
		return f, err
	}
	return f.change(s, act), nil
}

func forms(name string) (form, error) {
	switch name {
	case Google:
		return googleForm(), nil
	case Entra:
		return entraForm(), nil
	case Zimbra:
		return zimbraForm(), nil
	case LDIF:
		return ldifForm(), nil
	}
	return form{}, fmt.Errorf("offline: there is no form %q; forms are %s", name, strings.Join(Forms(), ", "))
}

// fits refuses what the form cannot hold: better now than by a platform that takes the rest.
func (f form) fits(a account.Account) error {
	for _, v := range []struct{ what, value string }{{"name", a.Name}, {"family name", a.Family}, {"given name", a.Given}} {
		switch n := utf8.RuneCountInString(v.value); {
		case !utf8.ValidString(v.value):
			return fmt.Errorf("%w: its %s is not UTF-8", account.ErrPermanent, v.what)
		case strings.ContainsRune(v.value, 0):
			return fmt.Errorf("%w: its %s holds a zero byte", account.ErrPermanent, v.what)
		case f.lines && strings.ContainsAny(v.value, "\r\n"):
			return fmt.Errorf("%w: its %s holds a line break, which the form cannot", account.ErrPermanent, v.what)
		case f.longest > 0 && n > f.longest && v.what != "name":
			return fmt.Errorf("%w: its %s has %d characters, the form holds %d; make this account by hand", account.ErrPermanent, v.what, n, f.longest)
		}
	}
	return nil
}

// A File is a data file of a bundle with the rows that are in it.
type File struct {
	Rows []Row
	Data []byte
}

// Write writes what is to be done with rows into as many files as the published limits need, in order.
func Write(s Settings, act store.BundleAct, rows []Row) ([]File, error) {
	f, err := formOf(s, act)
	if err != nil {
		return nil, err
	}
	return f.write(s, rows)
}

func (f form) write(s Settings, rows []Row) ([]File, error) {
	most := f.rows
	if s.Rows > 0 {
		most = s.Rows
	}
	var files []File
	for len(rows) > 0 {
		var body [][]byte
		head, err := f.head(s, 2)
		if err != nil {
			return nil, err
		}
		size := len(head)
		for _, r := range rows {
			line, err := f.row(s, r)
			if err != nil {
				return nil, fmt.Errorf("offline: row %d of case %s: %w", r.N, r.Case, err)
			}
			if len(body) == most || f.size > 0 && size+len(line) > f.size && len(body) > 0 {
				break
			}
			body = append(body, line)
			size += len(line)
		}
		if head, err = f.head(s, len(body)); err != nil {
			return nil, err
		}
		files = append(files, File{Rows: slices.Clone(rows[:len(body)]), Data: slices.Concat(head, bytes.Join(body, nil))})
		rows = rows[len(body):]
	}
	return files, nil
}
