package config

import (
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
	c.oneOf("rules.evidence", c.cfg.Rules.Evidence, "mailbox", "signed")
	if len(c.cfg.Rules.Codes) == 0 {
		c.add("rules.code", `is missing; write [[rules.code]] with pattern = '[0-9]{10}' and shown = "10 chữ số"`)
	}
	for i, code := range c.cfg.Rules.Codes {
		at := element("rules.code", i)
		path := join(at, "pattern")
		if c.need(path, code.Pattern, `'[0-9]{10}'`) {
			if _, err := regexp.Compile(code.Pattern); err != nil {
				c.add(path, "is not a regular expression (%v); write for example '[0-9]{10}'", err)
			}
		}
		c.need(join(at, "shown"), code.Shown, `"10 chữ số"`)
		for j, id := range code.Units {
			if !c.hasUnit(id) {
				c.add(element(join(at, "units"), j), "there is no unit %q; the units are %s", id, strings.Join(c.unitIDs(), ", "))
			}
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
