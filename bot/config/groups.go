package config

import (
	"strings"

	"vanthu/parser/viet"
)

// Groups are the mail groups of classes on the platform (Q15). Off by default: a desk that is updated makes nothing new by itself.
type Groups struct {
	Enabled bool   `toml:"enabled"`
	Address string `toml:"address"` // "lop-{class}@sv.truong.example"; {class} is the class in small letters and digits
	Base    string `toml:"base"`    // LDAP: where groups are made, below accounts.ldap.search_base
}

const classField = "{class}"

// GroupAddress is the address of the group of a class, "" for a class without a letter or digit.
func GroupAddress(pattern, class string) string {
	short := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, viet.Fold(class))
	if short == "" {
		return ""
	}
	return strings.ReplaceAll(pattern, classField, short)
}

func (c *checker) groups() {
	g := c.cfg.Groups
	if !g.Enabled {
		return
	}
	const example = `"lop-{class}@sv.truong.example"`
	if !c.need("groups.address", g.Address, example) {
		return
	}
	local, _, _ := strings.Cut(g.Address, "@")
	switch {
	case strings.Count(local, classField) != 1 || strings.Count(g.Address, classField) != 1:
		c.add("groups.address", "%q must hold {class} once, before the @; write for example %s", g.Address, example)
		return
	case local == classField:
		c.add("groups.address", "%q would give a class the address of a person who is called so; write for example %s", g.Address, example)
		return
	}
	c.address("groups.address", GroupAddress(g.Address, "YBK47"))
	if c.cfg.Accounts.Platform == "passwd" {
		c.add("groups.enabled", "the platform passwd keeps no groups; remove it, and make the groups of classes in the mail server")
	}
	if c.cfg.Accounts.Platform != "ldap" {
		return
	}
	c.dn("groups.base", g.Base, `"ou=groups,dc=truong,dc=example"`)
	below := strings.ToLower(strings.ReplaceAll(g.Base, " ", ""))
	if search := strings.ToLower(strings.ReplaceAll(c.cfg.Accounts.LDAP.SearchBase, " ", "")); g.Base != "" && search != "" && below != search && !strings.HasSuffix(below, ","+search) {
		c.add("groups.base", "%q does not lie below accounts.ldap.search_base %q: the address of a group would not be seen as taken", g.Base, c.cfg.Accounts.LDAP.SearchBase)
	}
}
