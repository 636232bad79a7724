package config

import (
	"crypto/x509"
	"net"
	"net/mail"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A checker holds the read settings against what their reader will need.
type checker struct {
	*report
	cfg    *Config
	getenv func(string) string
}

func (c *checker) all() {
	c.world()
	c.service()
}

func (c *checker) desk() {
	c.world()
	c.store()
	c.accounts(false)
	c.officers()
}

func (c *checker) deskAndPlatform() {
	c.world()
	c.store()
	c.accounts(true)
	c.officers()
}

func (c *checker) offline() {
	c.world()
	c.existing()
}

// What every table asks of single values. An absent value is reported with an example to write.

func (c *checker) need(path, value, example string) bool {
	if value == "" {
		c.add(path, "is missing; write for example %s = %s", path[strings.LastIndex(path, ".")+1:], example)
		return false
	}
	return true
}

func (c *checker) oneOf(path, value string, allowed ...string) {
	if value == "" {
		c.add(path, "is missing; possible: %s", strings.Join(allowed, ", "))
	} else if !slices.Contains(allowed, value) {
		c.add(path, "is %q; possible: %s", value, strings.Join(allowed, ", "))
	}
}

func (c *checker) positive(path string, value int) {
	if value <= 0 {
		c.add(path, "is %d; it must be greater than 0 (leave it out for the default)", value)
	}
}

func (c *checker) length(path string, value, least time.Duration) {
	if value < least {
		c.add(path, "is %v; it must be at least %v (leave it out for the default)", value, least)
	}
}

// hostPort checks the address of a server.
func (c *checker) hostPort(path, value, example string) {
	if !c.need(path, value, strconv.Quote(example)) {
		return
	}
	host, port, err := net.SplitHostPort(value)
	n, numErr := strconv.Atoi(port)
	if err != nil || host == "" || numErr != nil || n < 1 || n > 65535 {
		c.add(path, "%q is not host:port; write for example %q", value, example)
	}
}

// address checks a bare e-mail address (RFC 5321 §4.1.2, without a display name).
func (c *checker) address(path, value string) {
	parsed, err := mail.ParseAddress(value)
	if err != nil || parsed.Address != value || !domainName.MatchString(value[strings.LastIndex(value, "@")+1:]) {
		c.add(path, "%q is not an e-mail address; write for example \"ctsv@truong.example\"", value)
	}
}

func (c *checker) domain(path, value string) {
	if !domainName.MatchString(strings.ToLower(value)) {
		c.add(path, "%q is not a domain; write for example \"truong.example\"", value)
	}
}

var domainName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]*[a-z][a-z0-9-]*$`)

func (c *checker) caFile(path, name string) {
	if name == "" {
		return
	}
	data, err := os.ReadFile(name)
	if err != nil {
		c.add(path, "the certificates cannot be read (%v); leave it out to trust the system's", err)
	} else if !x509.NewCertPool().AppendCertsFromPEM(data) {
		c.add(path, "%s holds no certificate; it must be PEM (-----BEGIN CERTIFICATE-----)", name)
	}
}

// password reads the one way that was chosen to prove who we are: a password, or a command that prints a token.
func (c *checker) password(table string, s *Secret, command []string) {
	stored := s.File != "" || s.Env != ""
	path := join(table, "token_command")
	switch {
	case stored && len(command) > 0:
		c.add(path, "and a password are both given; keep one of password_file, password_env and token_command")
	case c.cfg.ByOAuth(*s, command):
	case !stored && len(command) == 0:
		c.add(join(table, "password_file"), "is missing; name the file that holds the password, or use password_env, token_command or [oauth]")
	case stored:
		c.secret(table, s)
	default:
		if _, err := exec.LookPath(command[0]); err != nil {
			c.add(path, "cannot be run (%v); its first word must be a program, the others its arguments", err)
		}
	}
}

// A namesake finds things that must differ from each other.
type namesake map[string]string

// unique complains when value was seen before under another path.
func (c *checker) unique(seen namesake, path, value, what string) {
	if value == "" {
		return
	}
	key := strings.ToLower(value)
	if first, ok := seen[key]; ok {
		c.add(path, "%q is also %s in line %d; %s", value, shown(first), c.lines.of(first), what)
		return
	}
	seen[key] = path
}
