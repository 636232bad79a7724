package config

import (
	"net/netip"
	"net/url"
	"os/exec"
	"strings"
	"time"
)

// alarm checks who is told and when. There may be nobody: the log is always told.
func (c *checker) alarm() {
	a := &c.cfg.Alarm
	c.length("alarm.after", a.After, time.Second)
	if a.Remind != 0 {
		c.length("alarm.remind", a.Remind, time.Second)
	}
	if a.Canary != 0 {
		c.length("alarm.canary", a.Canary, time.Second)
		c.length("alarm.canary_late", a.CanaryLate, time.Second)
	}
	c.length("alarm.mail_age", a.MailAge, time.Second)
	c.length("alarm.letter_age", a.LetterAge, time.Second)
	c.length("alarm.account_age", a.AccountAge, time.Second)
	if a.Unseen != 0 {
		c.length("alarm.unseen", a.Unseen, time.Second)
	}
	c.positive("alarm.disk_mb", a.DiskMB)
	if a.Listen != "" {
		if at, err := netip.ParseAddrPort(a.Listen); err != nil || !at.Addr().IsLoopback() {
			c.add("alarm.listen", "%q is no loopback address with a port; write for example \"127.0.0.1:9090\"", a.Listen)
		}
	}
	if len(a.Command) > 0 {
		if _, err := exec.LookPath(a.Command[0]); err != nil {
			c.add("alarm.command", "cannot be run (%v); its first word must be a program, the others its arguments", err)
		}
	}
	if a.Webhook.URL != "" {
		c.webhook(&a.Webhook)
	} else if a.Webhook.File != "" || a.Webhook.Env != "" {
		c.add("alarm.webhook.url", "is missing although a secret is given; write for example url = \"https://alarm.truong.example/vanthu\"")
	}
}

func (c *checker) webhook(w *Webhook) {
	const remedy = `write for example "https://alarm.truong.example/vanthu"`
	u, err := url.Parse(w.URL)
	switch { // no message repeats the URL: it may hold a secret that should not stand there
	case err != nil || u.Host == "":
		c.add("alarm.webhook.url", "is not a URL; %s", remedy)
	case u.User != nil:
		c.add("alarm.webhook.url", "holds a user name or a password; use password_file")
	case strings.Contains(u.Host, "{"):
		c.add("alarm.webhook.url", "{secret} may not stand in the name of the host")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		c.add("alarm.webhook.url", "http is for a loopback address only; %s", remedy)
	case u.Scheme != "https" && u.Scheme != "http":
		c.add("alarm.webhook.url", "is neither https nor http; %s", remedy)
	}
	c.oneOf("alarm.webhook.format", w.Format, "json", "slack", "teams", "telegram")
	if w.Format == "telegram" {
		c.need("alarm.webhook.chat", w.Chat, `"-1001234567890"`)
	}
	c.caFile("alarm.webhook.ca_file", w.CAFile)
	if w.File != "" || w.Env != "" {
		c.secret("alarm.webhook", &w.Secret)
	} else if strings.Contains(w.URL, "{secret}") {
		c.add("alarm.webhook.password_file", "is missing: url has {secret} in it")
	}
}
