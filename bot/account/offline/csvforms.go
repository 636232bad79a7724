package offline

import (
	"bytes"
	"cmp"
	"encoding/csv"
)

// mark begins a file of CSV whose names are to be read as UTF-8: Excel takes it for the code page of the machine without, and Google asks for
// it ("save the CSV file in UTF-8, including BOM", support.google.com/a/answer/40057).
const mark = "\ufeff"

// headed is the head of a CSV that begins with the mark.
func headed(columns ...string) func(Settings, int) ([]byte, error) {
	return func(Settings, int) ([]byte, error) {
		head, err := record(columns...)
		return append([]byte(mark), head...), err
	}
}

// record is a line of CSV (RFC 4180, with LF as Google's and Microsoft's templates have it). Values are written as they are:
// a name that begins with "=" is that name, and a platform reads it so. The instructions say not to open the file in a
// spreadsheet program, which would not.
func record(fields ...string) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.Write(fields); err != nil {
		return nil, err
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

// googleHeader is that of the template which the Admin console offers ("Add or update multiple users from a CSV file",
// support.google.com/a/answer/40057: "you can enter information only in the columns available in the downloaded template").
var googleHeader = []string{"First Name [Required]", "Last Name [Required]", "Email Address [Required]", "Password [Required]",
	"Password Hash Function [UPLOAD ONLY]", "Org Unit Path [Required]", "New Primary Email [UPLOAD ONLY]", "Recovery Email", "Home Secondary Email",
	"Work Secondary Email", "Recovery Phone [MUST BE IN THE E.164 FORMAT]", "Work Phone", "Home Phone", "Mobile Phone", "Work Address", "Home Address",
	"Employee ID", "Employee Type", "Employee Title", "Manager Email", "Department", "Cost Center", "Building ID", "Floor Name", "Floor Section",
	"Change Password at Next Sign-In", "New Status [UPLOAD ONLY]"}

// googleForm: 150,000 records and 35 MB a file, first and last name up to 60 characters each (the same page). The password may
// be given as a hash, so that none lies in the file.
func googleForm() form {
	return form{name: Google, ext: "csv", hashed: true, rows: 150_000, size: 35 << 20, longest: 60,
		describe: "Google Admin console > Directory > Users > Bulk update users > Attach CSV",
		head:     headed(googleHeader...),
		row: func(s Settings, r Row) ([]byte, error) {
			hash, err := s.Hash(r.Password)
			if err != nil {
				return nil, err
			}
			line := make([]string, len(googleHeader))
			for column, value := range map[string]string{
				"First Name [Required]": cmp.Or(r.Given, r.Family), // both must be filled in; who has one word has it twice
				"Last Name [Required]":  r.Family, "Email Address [Required]": r.Address, "Password [Required]": hash,
				"Password Hash Function [UPLOAD ONLY]": "crypt", "Org Unit Path [Required]": cmp.Or(s.OrgUnit, "/"),
				"Employee ID": r.Code, "Department": r.Class, googleMarker: r.Marker, "Change Password at Next Sign-In": "TRUE",
			} {
				line[index(googleHeader, column)] = value
			}
			return record(line...)
		}}
}

// googleMarker is the column that carries our marker: of those that take any text it is the one that no school fills in.
const googleMarker = "Cost Center"

// entraHeader is the second row of the template ("Bulk create users in Microsoft Entra ID", learn.microsoft.com).
var entraHeader = []string{"Name [displayName] Required", "User name [userPrincipalName] Required", "Initial password [passwordProfile] Required",
	"Block sign in (Yes/No) [accountEnabled] Required", "First name [givenName]", "Last name [surname]", "Job title [jobTitle]", "Department [department]",
	"Usage location [usageLocation]", "Street address [streetAddress]", "State or province [state]", "Country or region [country]",
	entraMarker, "City [city]", "ZIP or postal code [postalCode]", "Office phone [telephoneNumber]", "Mobile phone [mobile]"}

const entraMarker = "Office [physicalDeliveryOfficeName]"

// entraForm: the first two rows are as in the template; "if you are adding only one entry using the CSV template, you must
// preserve row 3" (the same page). A run may take an hour, which is enough for "at least 50,000 users". It takes passwords
// alone, no hashes. jobTitle is left to the school.
func entraForm() form {
	return form{name: Entra, ext: "csv", rows: 50_000,
		describe: "Microsoft Entra admin center > Users > All users > Bulk operations > Bulk create",
		head: func(_ Settings, n int) ([]byte, error) {
			head, err := record(entraHeader...)
			if err != nil {
				return nil, err
			}
			head = append([]byte("version:v1.0\n"), head...)
			if n != 1 {
				return head, nil
			}
			example := make([]string, len(entraHeader))
			copy(example, []string{"Example: Chris Green", "chris@contoso.com", "myPassword1234", "No", "Chris", "Green"})
			third, err := record(example...)
			return append(head, third...), err
		},
		row: func(s Settings, r Row) ([]byte, error) {
			line := make([]string, len(entraHeader))
			copy(line, []string{r.Name, r.Address, r.Password, "No", cmp.Or(r.Given, r.Family), r.Family, "", r.Class, s.Location})
			line[index(entraHeader, entraMarker)] = r.Marker
			return record(line...)
		}}
}

func index(header []string, column string) int {
	for i, name := range header {
		if name == column {
			return i
		}
	}
	panic("offline: no column " + column) // a constant of this file
}
