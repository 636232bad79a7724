package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// Load reads all that `vanthu serve` needs: defaults, then the file, then the secrets, then validation. The error is either
// the one of reading the file or Problems, which names every mistake at once.
func Load(path string) (*Config, error) {
	return load(path, os.Getenv, (*checker).all)
}

// LoadOffline reads what `vanthu check` needs: school, units, rules and limits. The other tables may be absent and are not
// judged, and no secret is read; but an unknown key or a wrong type is an error anywhere in the file.
func LoadOffline(path string) (*Config, error) {
	return load(path, os.Getenv, (*checker).offline)
}

// LoadDesk reads what an officer's command needs: the world, the database, the people. No secret but the database's is
// read, so that an officer's own login need not be able to open the others.
func LoadDesk(path string) (*Config, error) {
	return load(path, os.Getenv, (*checker).desk)
}

// LoadAccounts reads what an officer's command needs that asks the platform: as LoadDesk, and the secrets of where accounts are made.
func LoadAccounts(path string) (*Config, error) {
	return load(path, os.Getenv, (*checker).deskAndPlatform)
}

// load has its environment as a parameter so that tests can run beside each other.
func load(path string, getenv func(string) string, check func(*checker)) (*Config, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s does not exist; `vanthu init` writes one to fill in", path)
	}
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	tree := map[string]any{}
	if _, err := toml.Decode(string(data), &tree); err != nil {
		return nil, notTOML(path, err)
	}
	cfg := defaults()
	cfg.File = path
	report := &report{file: path, lines: locate(string(data))}
	decoder{report}.table("", tree, reflect.ValueOf(cfg).Elem())
	cfg.resolve(filepath.Dir(path))
	check(&checker{report: report, cfg: cfg, getenv: getenv})
	if err := report.err(); err != nil {
		return nil, err
	}
	return cfg, nil
}

// notTOML tells where a file stops being TOML. The decoder reports the first place only.
func notTOML(path string, err error) error {
	parse, ok := errors.AsType[toml.ParseError](err)
	if !ok {
		return fmt.Errorf("%s: %w", path, err)
	}
	return Problems{{
		File: path, Line: max(1, parse.Position.Line), Key: parse.LastKey,
		Message: "cannot be read as TOML: " + strings.TrimSuffix(parse.Message, ".") + "; a setting is written name = value, texts in double quotes, each name once",
	}}
}

func defaults() *Config {
	return &Config{
		IMAP: IMAP{
			TLS: "implicit", Mailbox: "INBOX", Poll: 2 * time.Minute, Timeout: time.Minute,
			Folders: Folders{Done: "Done", Returned: "Returned", Ignored: "Ignored", Quarantine: "Quarantine"},
		},
		SMTP:     SMTP{TLS: "starttls", Timeout: time.Minute, NullPath: true, Connections: 4, GiveUp: 5 * 24 * time.Hour},
		Trust:    Trust{DKIM: "mta"},
		Confirm:  Confirm{Hours: 72, Waiting: 3, Day: 10},
		Stranger: Strangers{Day: 5, Hour: 20},
		Evidence: Evidence{DeletionRequest: "E1"},
		Plan:     Plan{ApproveHours: 72},
		Store:    Store{URL: sqliteScheme + "vanthu.db"},
		Secret:   SecretKey{KeyFile: "vanthu.key"},
		Accounts: Accounts{LDAP: LDAP{Hash: "ssha512", Layout: "inetorgperson", Timeout: 30 * time.Second}, Google: defaultGoogle(), Passwd: defaultPasswd(), Zimbra: defaultZimbra(), Microsoft: defaultMicrosoft(), Offline: defaultOffline()},
		Rules:    Rules{Evidence: "mailbox", ClockHours: 24, Deletion: Deletion{Most: 50, Days: 1}},
		Deletion: Deleting{WindowDays: 30, ClassShare: 50, Share: 5},
		Limits:   Limits{MailMB: 40, Parts: 200, UnpackedMB: 100, Rows: 200_000, Columns: 200, Sheets: 200, Nesting: 256, ZipFiles: 200, ReaderMB: 256, ReaderSeconds: 5},
		Alarm: Alarm{After: 3 * time.Minute, Remind: 24 * time.Hour, CanaryLate: 90 * time.Second, MailAge: 10 * time.Minute, LetterAge: 30 * time.Minute,
			AccountAge: time.Hour, Unseen: 24 * time.Hour, DiskMB: 500, Webhook: Webhook{Format: "json"}},
		Retain:   Retention{CaseYears: 5, FilesMonths: 12, AccountYears: 5},
		Deadline: Deadlines{Digest: true, Hours: "08:00-16:30", Remind: 7},
		Brakes:   Brakes{Rounds: 10, SenderHour: 60, SenderDay: 300, DeskHour: 600},
	}
}

const sqliteScheme = "sqlite:"

// resolve makes every path of the file relative to its folder, and fills in what follows from other settings.
func (c *Config) resolve(folder string) {
	paths := []*string{
		&c.IMAP.CAFile, &c.IMAP.File, &c.SMTP.CAFile, &c.SMTP.File, &c.Store.File, &c.Secret.KeyFile,
		&c.Accounts.FilePath, &c.Accounts.LDAP.CAFile, &c.Accounts.LDAP.File, &c.Accounts.Passwd.File, &c.Accounts.Zimbra.CAFile, &c.Accounts.Zimbra.File, &c.Accounts.Google.KeyFile, &c.Accounts.Microsoft.SecretFile, &c.Accounts.Microsoft.CertificateFile, &c.Accounts.Offline.SigningKey, &c.Accounts.Offline.PassphraseFile, &c.Rules.Existing, &c.Evidence.RootsFile,
		&c.Deadline.DaysOff, &c.OAuth.SecretFile, &c.OAuth.TokenFile, &c.OAuth.CAFile,
		&c.Alarm.Webhook.CAFile, &c.Alarm.Webhook.File,
	}
	for i, domain := range c.Trust.Domains {
		c.Trust.Domains[i] = strings.ToLower(domain)
	}
	for i, o := range c.Officers {
		c.Officers[i].Address = strings.ToLower(o.Address)
	}
	for i := range c.Editions {
		paths = append(paths, &c.Editions[i].Definition)
	}
	for i := range c.Units {
		paths = append(paths, &c.Units[i].PassphraseFile)
		for j, address := range c.Units[i].Addresses {
			c.Units[i].Addresses[j] = strings.ToLower(address)
		}
	}
	for _, command := range [][]string{c.IMAP.TokenCommand, c.SMTP.TokenCommand, c.Alarm.Command} {
		if len(command) > 0 && strings.ContainsRune(command[0], filepath.Separator) {
			paths = append(paths, &command[0])
		}
	}
	for _, path := range paths {
		*path = under(folder, *path)
	}
	if file, ok := strings.CutPrefix(c.Store.URL, sqliteScheme); ok {
		c.Store.URL = sqliteScheme + under(folder, file)
	}
	c.servers()
	c.Evidence.AccountRequest = or(c.Evidence.AccountRequest, map[bool]string{false: "E1", true: "E2"}[c.Rules.Evidence == "signed"])
	c.SMTP.FromName = or(c.SMTP.FromName, c.School.Office)
	c.SMTP.From = strings.ToLower(c.SMTP.From)
	c.Accounts.resolveNames()
	l := &c.Accounts.LDAP
	l.SearchBase = or(l.SearchBase, l.Base)
	marker, code := "description", "employeeNumber"
	if l.Layout == "ad" {
		marker, code = "adminDescription", "employeeID"
	}
	l.MarkerAttr, l.CodeAttr = or(l.MarkerAttr, marker), or(l.CodeAttr, code)
}

func under(folder, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
