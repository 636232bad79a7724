package config

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"unicode/utf8"
)

// A Secret, and with it every struct that embeds one, shows itself to fmt, slog and encoders only as "(set)" or "(none)".
// There is no UnmarshalText: it would be promoted too and hide the fields of those structs from the decoder.

func (s Secret) String() string {
	if s.Value == "" {
		return "(none)"
	}
	return "(set)"
}

// Format keeps every verb of fmt from the value, also those that ignore String (%d, %x of a struct).
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// GoString is for whoever asks directly; fmt itself asks Format.
func (s Secret) GoString() string { return s.String() }

// LogValue is what slog shows.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is what JSON, XML and TOML encoders show.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// DSN is the URL with the password in it, to open the database with and for nothing else.
func (s Store) DSN() string {
	u, err := url.Parse(s.URL)
	if err != nil || s.Value == "" || strings.HasPrefix(s.URL, sqliteScheme) {
		return s.URL
	}
	u.User = url.UserPassword(u.User.Username(), s.Value)
	return u.String()
}

// maxSecret is more than any password; who names a wrong file should hear of it.
const maxSecret = 64 << 10

// secret fills s from the environment, else from its file.
func (c *checker) secret(table string, s *Secret) {
	if s.Env != "" {
		if s.Value = c.getenv(s.Env); s.Value != "" {
			return
		}
		if s.File == "" {
			c.add(join(table, "password_env"), "the environment variable %s is not set; set it, or use password_file", s.Env)
			return
		}
	}
	if s.File == "" {
		return
	}
	s.Value = c.secretFile(join(table, "password_file"), s.File)
}

// secretFile reads a file that only vanthu's own user and group may read; "" after a problem.
// passphrase checks a unit's passphrase now rather than at the first delivery (the encryption is only as strong as it is).
func (c *checker) passphrase(path, name string) {
	const shortest = 12
	if value := c.secretFile(path, name); value != "" && utf8.RuneCountInString(strings.TrimSpace(value)) < shortest {
		c.add(path, "%s holds fewer than %d characters; write a longer passphrase, five words for example", name, shortest)
	}
}

func (c *checker) secretFile(path, name string) string {
	info, err := os.Stat(name)
	if err != nil {
		c.add(path, "the file cannot be read (%v); make it, with mode 0600 and owned by the user that vanthu runs as", err)
		return ""
	}
	switch {
	case !info.Mode().IsRegular():
		c.add(path, "%s is not a file", name)
		return ""
	case info.Mode().Perm()&0o027 != 0:
		c.add(path, "others on this machine may open or change %s (mode %04o): chmod 0600 %s", name, info.Mode().Perm(), name)
		return ""
	case info.Size() > maxSecret:
		c.add(path, "%s is %d bytes long: that is no password, passphrase or key", name, info.Size())
		return ""
	}
	data, err := os.ReadFile(name)
	if err != nil {
		c.add(path, "the file cannot be read (%v); it must belong to the user that vanthu runs as", err)
	}
	value := strings.TrimRight(string(data), " \t\r\n")
	if value == "" {
		c.add(path, "%s is empty; write the secret into it", name)
	}
	return value
}
