package config

import (
	"strings"
	"time"
)

// Offline is where another admin makes the accounts, from files that vanthu writes (decision 34).
type Offline struct {
	Form           string        `toml:"form"`            // "google", "entra", "zimbra" or "ldif"
	SigningKey     string        `toml:"signing_key"`     // private key of OpenSSH, ed25519, that signs the bundles
	Recipient      string        `toml:"recipient"`       // the other admin's public key of age: bundles are encrypted to it
	PassphraseFile string        `toml:"passphrase_file"` // or with this passphrase
	Quiet          time.Duration `toml:"quiet"`           // a bundle is made when nothing has been added to it for so long
	Rows           int           `toml:"rows"`            // most accounts in one bundle; 0: as the platform's vendor says
	OrgUnit        string        `toml:"org_unit"`        // google
	UsageLocation  string        `toml:"usage_location"`  // entra
	COS            string        `toml:"cos"`             // zimbra: class of service; "" that of the domain
	Base           string        `toml:"base"`            // ldif
	Hash           string        `toml:"hash"`            // ldif: "ssha512", "argon2" or "ssha"
	MarkerAttr     string        `toml:"marker_attribute"`
	MustChange     string        `toml:"must_change"`
	Suspend        string        `toml:"suspend"` // ldif: attribute=value that stops sign-in; "" the other admin knows how
}

// bundles checks who gets the bundles; makes: this process makes them and reads the keys.
func (c *checker) bundles(o *Offline, makes bool) {
	const table = "accounts.offline"
	c.oneOf(join(table, "form"), o.Form, "google", "entra", "zimbra", "ldif")
	c.length(join(table, "quiet"), o.Quiet, time.Second)
	if o.Rows < 0 {
		c.add(join(table, "rows"), "is %d; it must not be negative (0: as the platform's vendor says)", o.Rows)
	}
	if c.need(join(table, "signing_key"), o.SigningKey, `"bundle.key"`) && makes {
		c.secretFile(join(table, "signing_key"), o.SigningKey)
	}
	switch {
	case o.Recipient != "" && o.PassphraseFile != "":
		c.add(join(table, "recipient"), "and passphrase_file are both given; keep one")
	case o.Recipient != "" && !strings.HasPrefix(o.Recipient, "age1"):
		c.add(join(table, "recipient"), `is no public key of age; the other admin's age-keygen prints it, "age1…"`)
	case o.PassphraseFile != "" && makes:
		c.passphrase(join(table, "passphrase_file"), o.PassphraseFile)
	case o.Recipient == "" && o.PassphraseFile == "" && (o.Form == "entra" || o.Form == "zimbra"):
		c.add(join(table, "recipient"), "is missing: this form holds passwords, which may not lie in the clear; write the other admin's public key of age, or use passphrase_file")
	}
	switch o.Form {
	case "google":
		if !strings.HasPrefix(o.OrgUnit, "/") {
			c.add(join(table, "org_unit"), `%q does not begin with "/"; write for example "/Sinh viên"`, o.OrgUnit)
		}
	case "entra":
		if len(o.UsageLocation) != 2 || o.UsageLocation != strings.ToUpper(o.UsageLocation) {
			c.add(join(table, "usage_location"), `%q is no country code; write for example "VN"`, o.UsageLocation)
		}
	case "ldif":
		c.dn(join(table, "base"), o.Base, `"ou=students,dc=truong,dc=example"`)
		c.oneOf(join(table, "hash"), o.Hash, "ssha512", "argon2", "ssha")
		c.need(join(table, "marker_attribute"), o.MarkerAttr, `"description"`)
		c.attributeValue(join(table, "must_change"), o.MustChange, "pwdReset=TRUE")
		c.attributeValue(join(table, "suspend"), o.Suspend, "pwdAccountLockedTime=000001010000Z")
	}
}

func defaultOffline() Offline {
	return Offline{Quiet: time.Minute, OrgUnit: "/", UsageLocation: "VN", Hash: "ssha512", MarkerAttr: "description"}
}
