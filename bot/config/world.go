package config

import (
	"crypto/x509"
	"os"
	"regexp"
	"slices"
	"strings"
)

// world checks what judging a request needs: school, units, rules, limits.
func (c *checker) world() {
	c.need("school.name", c.cfg.School.Name, `"TRƯỜNG ĐẠI HỌC …"`)
	c.need("school.office", c.cfg.School.Office, `"Phòng Công nghệ Thông tin"`)
	c.units()
	c.rules()
	c.names()
	c.evidence()
	c.deadlines()
	l := c.cfg.Limits
	c.positive("limits.mail_mb", l.MailMB)
	c.positive("limits.parts", l.Parts)
	c.positive("limits.unpacked_mb", l.UnpackedMB)
	c.positive("limits.rows", l.Rows)
	c.positive("limits.columns", l.Columns)
	c.positive("limits.sheets", l.Sheets)
	c.positive("limits.nesting", l.Nesting)
	c.positive("limits.zip_files", l.ZipFiles)
	c.positive("limits.reader_mb", l.ReaderMB)
	c.positive("limits.reader_seconds", l.ReaderSeconds)
	if l.Readers < 0 {
		c.add("limits.readers", "is %d; it must be 0 (one for each processor) or more", l.Readers)
	}
}

// identifier is what may stand in an actor ("unit:CTSV") and in a file name.
var identifier = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

func (c *checker) identifier(path, value, example string) {
	if c.need(path, value, example) && !identifier.MatchString(value) {
		c.add(path, "%q may hold only the letters A-Z and a-z, digits, dot, hyphen and underscore", value)
	}
}

func (c *checker) units() {
	if len(c.cfg.Units) == 0 {
		c.add("unit", "is missing; every office that may send requests needs a [[unit]] with id, name and addresses")
	}
	ids, names, addresses := namesake{}, namesake{}, namesake{}
	for i, u := range c.cfg.Units {
		at := element("unit", i)
		c.identifier(join(at, "id"), u.ID, `"CTSV"`)
		c.unique(ids, join(at, "id"), u.ID, "each unit needs an id of its own")
		c.need(join(at, "name"), u.Name, `"Phòng Công tác sinh viên"`)
		c.unique(names, join(at, "name"), u.Name, "each spelling may stand once, for one unit")
		for j, alias := range u.Aliases {
			path := element(join(at, "aliases"), j)
			c.need(path, alias, `["P. CTSV"]`)
			c.unique(names, path, alias, "each spelling may stand once, for one unit")
		}
		c.words(join(at, "signers"), u.Signers, `["truongphong@truong.example", "Nguyễn Thị Lan"]`)
		if len(u.Addresses) == 0 {
			c.add(join(at, "addresses"), `is missing; write for example addresses = ["ctsv@truong.example"]`)
		}
		for j, address := range u.Addresses {
			path := element(join(at, "addresses"), j)
			c.address(path, address)
			c.unique(addresses, path, address, "each address may stand once, for one unit")
			if address != "" && address == c.cfg.SMTP.From {
				c.add(path, "%q is the service address smtp.from; vanthu would answer itself", address)
			}
		}
	}
}

func (c *checker) rules() {
	r := c.cfg.Rules
	c.oneOf("rules.evidence", r.Evidence, "mailbox", "signed")
	if len(r.Codes) == 0 {
		c.add("rules.code", `is missing; write [[rules.code]] with pattern = '[0-9]{10}' and shown = "10 chữ số"`)
	}
	for i, code := range r.Codes {
		at := element("rules.code", i)
		path := join(at, "pattern")
		if c.need(path, code.Pattern, `'[0-9]{10}'`) {
			c.pattern(path, code.Pattern)
		}
		c.need(join(at, "shown"), code.Shown, `"10 chữ số"`)
		c.someUnits(join(at, "units"), code.Units)
	}
	c.words("rules.classes", r.Classes, `["YBK47", "DHK48"]`)
	c.words("rules.notes", r.Notes, `["Lớp phó"]`)
	if zero := r.CohortZero; zero != 0 && (zero < 1900 || zero > 2100) {
		c.add("rules.cohort_zero", "is %d; it must be a year such as 1974, with which K47 began in 2021 (leave it out to go by the list)", zero)
	}
	c.notNegative("rules.clock_hours", r.ClockHours)
	c.someUnits("rules.deletion.units", r.Deletion.Units)
	c.notNegative("rules.deletion.most", r.Deletion.Most)
	c.notNegative("rules.deletion.days", r.Deletion.Days)
	d := c.cfg.Deletion
	c.between("deletion.window_days", d.WindowDays, 0, 3650)
	c.between("deletion.class_share", d.ClassShare, 0, 100)
	c.between("deletion.share", d.Share, 0, 100)
}

func (c *checker) evidence() {
	e := c.cfg.Evidence
	if data, err := os.ReadFile(e.RootsFile); e.RootsFile != "" && err != nil {
		c.add("evidence.roots_file", "the certificates cannot be read (%v); leave it out to verify no digital signature", err)
	} else if e.RootsFile != "" && !x509.NewCertPool().AppendCertsFromPEM(data) {
		c.add("evidence.roots_file", "%s holds no certificate; it must be PEM (-----BEGIN CERTIFICATE-----)", e.RootsFile)
	}
	c.oneOf("evidence.account_request", e.AccountRequest, "E1", "E2", "E3")
	c.oneOf("evidence.deletion_request", e.DeletionRequest, "E1", "E2", "E3")
	if e.AccountRequest == "E1" && c.cfg.Rules.Evidence == "signed" {
		c.add("evidence.account_request", `is "E1", but rules.evidence = "signed" asks for a signed letter; write "E2", or leave one of them out`)
	}
	if e.RootsFile == "" && (e.AccountRequest == "E3" || e.DeletionRequest == "E3") {
		c.add("evidence.roots_file", "is missing, but E3 needs verified signatures; name the PEM file of the authorities that issue the signers' certificates")
	}
}

// pattern checks a regular expression over codes. Its one group with a meaning is year.
func (c *checker) pattern(path, pattern string) {
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		c.add(path, "is not a regular expression (%v); write for example '[0-9]{10}'", err)
		return
	}
	for _, group := range compiled.SubexpNames() {
		if group != "" && group != "year" {
			c.add(path, "has the group %q; only year has a meaning, for example '(?P<year>[0-9]{2})[0-9]{8}'", group)
		}
	}
	if compiled.MatchString("") {
		c.add(path, "matches an empty code; write for example '[0-9]{10}'")
	}
}

// words checks a list of texts: none empty, none twice.
func (c *checker) words(path string, words []string, example string) {
	seen := namesake{}
	for i, word := range words {
		at := element(path, i)
		if strings.TrimSpace(word) == "" {
			c.add(at, "is empty; write for example %s = %s", path[strings.LastIndex(path, ".")+1:], example)
		}
		c.unique(seen, at, word, "each may stand once")
	}
}

func (c *checker) between(path string, value, least, most int) {
	if value < least || value > most {
		c.add(path, "is %d; it must be from %d to %d", value, least, most)
	}
}

func (c *checker) notNegative(path string, value int) {
	if value < 0 {
		c.add(path, "is %d; it must not be negative (0 switches it off, leave it out for the default)", value)
	}
}

func (c *checker) someUnits(path string, units []string) {
	for i, id := range units {
		if !c.hasUnit(id) {
			c.add(element(path, i), "there is no unit %q; the units are %s", id, strings.Join(c.unitIDs(), ", "))
		}
	}
}

func (c *checker) hasUnit(id string) bool { return slices.Contains(c.unitIDs(), id) }

func (c *checker) unitIDs() []string {
	ids := make([]string, len(c.cfg.Units))
	for i, u := range c.cfg.Units {
		ids[i] = u.ID
	}
	return ids
}

// existing checks that the list of accounts for the offline check is there; ReadExisting reads it.
func (c *checker) existing() {
	if c.cfg.Rules.Existing == "" {
		return
	}
	if _, err := os.Stat(c.cfg.Rules.Existing); err != nil {
		c.add("rules.existing", "the file cannot be read (%v); leave it out to check without the accounts that exist", err)
	}
}
