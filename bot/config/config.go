// Package config reads vanthu.toml: defaults, then the file, then the environment for secrets, then validation with file
// and line in every error. It prints the effective settings with secrets hidden.
//
// It must not build anything from the settings (bot/app does).
package config

import (
	"time"

	"vanthu/bot"
)

// A Config is everything that vanthu can be told. Relative paths are relative to the file's folder.
type Config struct {
	School   School    `toml:"school"`
	IMAP     IMAP      `toml:"imap"`
	SMTP     SMTP      `toml:"smtp"`
	OAuth    OAuth     `toml:"oauth"`
	Trust    Trust     `toml:"trust"`
	Confirm  Confirm   `toml:"confirm"`
	Stranger Strangers `toml:"strangers"`
	Evidence Evidence  `toml:"evidence"`
	Outside  Outside   `toml:"outside"`
	Store    Store     `toml:"store"`
	Secret   SecretKey `toml:"secret"`
	Accounts Accounts  `toml:"accounts"`
	Groups   Groups    `toml:"groups"`
	Rules    Rules     `toml:"rules"`
	Deletion Deleting  `toml:"deletion"`
	Plan     Plan      `toml:"plan"`
	Deadline Deadlines `toml:"deadlines"`
	Retain   Retention `toml:"retention"`
	Limits   Limits    `toml:"limits"`
	Alarm    Alarm     `toml:"alarm"`
	Brakes   Brakes    `toml:"brakes"`
	Units    []Unit    `toml:"unit"`
	Officers []Officer `toml:"officer"`
	Editions []Edition `toml:"edition"`

	File string `toml:"-"` // where it was read from, for messages
}

// School is how the office signs its letters.
type School struct {
	Name    string `toml:"name"`    // "TRƯỜNG ĐẠI HỌC Y DƯỢC CẦN THƠ"
	Office  string `toml:"office"`  // "Phòng Công nghệ Thông tin"
	Place   string `toml:"place"`   // "Cần Thơ"
	Contact string `toml:"contact"` // telephone and address shown in letters
}

// Secret is a password: from the environment or a file, never from a flag or from vanthu.toml itself. When both are named,
// the environment variable wins if it is set (a container overrides what the machine has), else the file is read; white
// space at the end of the file is dropped. Value is filled by Load and never printed (secret.go).
type Secret struct {
	File  string `toml:"password_file"`
	Env   string `toml:"password_env"`
	Value string `toml:"-"`
}

// IMAP is the mailbox that is watched.
type IMAP struct {
	Address    string `toml:"address"`     // host:port
	TLS        string `toml:"tls"`         // "implicit" or "starttls"
	ServerName string `toml:"server_name"` // name on the certificate, default the host
	CAFile     string `toml:"ca_file"`     // default: the system's
	User       string `toml:"user"`
	Secret
	TokenCommand []string      `toml:"token_command"` // prints an OAuth 2 access token; instead of a password
	Mailbox      string        `toml:"mailbox"`       // default INBOX
	Poll         time.Duration `toml:"poll"`          // default 2m
	Timeout      time.Duration `toml:"timeout"`       // of one command, default 1m
	Folders      Folders       `toml:"folders"`
}

// Folders is where a mail goes by its outcome.
type Folders struct {
	Done       string `toml:"done"`
	Returned   string `toml:"returned"`
	Ignored    string `toml:"ignored"`
	Quarantine string `toml:"quarantine"`
}

// SMTP is where answers are submitted.
type SMTP struct {
	Address    string `toml:"address"`
	TLS        string `toml:"tls"`
	ServerName string `toml:"server_name"`
	CAFile     string `toml:"ca_file"`
	User       string `toml:"user"` // "" submits without a login
	Secret
	TokenCommand []string      `toml:"token_command"`
	From         string        `toml:"from"` // the service address: From and envelope sender
	FromName     string        `toml:"from_name"`
	Timeout      time.Duration `toml:"timeout"`     // default 1m
	Plus         string        `toml:"plus"`        // what parts a token from the local part of From, "+"; "": the mail server delivers no such addresses
	NullPath     bool          `toml:"null_path"`   // the server takes MAIL FROM:<>
	PerMinute    int           `toml:"per_minute"`  // letters a minute; 0: no limit
	PerDay       int           `toml:"per_day"`     // letters in 24 hours; 0: no limit
	Connections  int           `toml:"connections"` // at a time
	GiveUp       time.Duration `toml:"give_up"`     // a letter that was refused for now all this time has failed
}

// Brakes stop answers that lead to more mail: a mail over one of these counts is answered by nobody and waits for an officer. 0
// switches one off.
type Brakes struct {
	Rounds     int `toml:"rounds"`      // answers in an hour about one case, or to one address that sends no list
	SenderHour int `toml:"sender_hour"` // answers to one address in an hour
	SenderDay  int `toml:"sender_day"`  // in 24 hours
	DeskHour   int `toml:"desk_hour"`   // answers of the whole desk in an hour
}

// Trust says whose word about a sender is believed.
type Trust struct {
	AuthservID string   `toml:"authserv_id"` // what our own MTA writes into Authentication-Results
	Domains    []string `toml:"domains"`     // our mail domains
	DKIM       string   `toml:"dkim"`        // who verifies DKIM: "mta", or "own" where the MTA says nothing of it
	Resolver   string   `toml:"resolver"`    // host:port of the name server that is asked; "" those of the machine
}

// Confirm bounds how units without signatures confirm their mails ([[unit]] confirm).
type Confirm struct {
	Hours   int `toml:"hours"`   // how long a question may be answered
	Waiting int `toml:"waiting"` // most that wait at once for one unit
	Day     int `toml:"day"`     // most that one unit is asked in 24 hours
}

// Strangers is what those are told who may not ask. Off by default: a desk that is updated must not begin to write to people
// outside by itself, and their mails wait for an officer in any case.
type Strangers struct {
	Note bool `toml:"note"` // one neutral note a day, to addresses whose domain is proven
	Day  int  `toml:"day"`  // most to one domain in 24 hours
	Hour int  `toml:"hour"` // most of the whole desk in an hour
}

// Evidence says how strongly it must be proved that the head of a unit asks (E1, E2, E3), for each kind of request.
type Evidence struct {
	RootsFile       string `toml:"roots_file"`       // PEM: whose certificates of signers are believed; "" none
	AccountRequest  string `toml:"account_request"`  // default by rules.evidence: E1, signed: E2
	DeletionRequest string `toml:"deletion_request"` // default E1
}

// Outside says where to go with what is not of this procedure (FR-03), in the words of the office; "" the usual ones.
type Outside struct {
	Password   string `toml:"password"`
	Rename     string `toml:"rename"`
	Staff      string `toml:"staff"`
	Graduation string `toml:"graduation"`
	Reserved   string `toml:"reserved"`
	Transfer   string `toml:"transfer"`
}

// Texts returns the words by topic.
func (o Outside) Texts() map[bot.Topic]string {
	return map[bot.Topic]string{bot.OutsidePassword: o.Password, bot.OutsideRename: o.Rename, bot.OutsideStaff: o.Staff,
		bot.OutsideGraduation: o.Graduation, bot.OutsideReserved: o.Reserved, bot.OutsideTransfer: o.Transfer}
}

// Store is the database: "sqlite:vanthu.db" or "postgres://…" (its password may stand in password_file/_env).
type Store struct {
	URL string `toml:"url"`
	Secret
}

// SecretKey seals initial passwords; the file is made by `vanthu init` and kept apart from the database and its backups.
type SecretKey struct {
	KeyFile string `toml:"key_file"`
}

// Accounts says where and how accounts are made.
type Accounts struct {
	Platform  string    `toml:"platform"` // "ldap", "google", "microsoft", "zimbra", "passwd", "offline" or "file"
	Domain    string    `toml:"domain"`   // user names are <code>@domain, or as Names say
	Reserved  []string  `toml:"reserved"` // user names never given (ACC-03), beside the built-in ones
	Names     Names     `toml:"names"`
	LDAP      LDAP      `toml:"ldap"`
	FilePath  string    `toml:"file_path"` // of the file directory
	Offline   Offline   `toml:"offline"`
	Passwd    Passwd    `toml:"passwd"`
	Zimbra    Zimbra    `toml:"zimbra"`
	Microsoft Microsoft `toml:"microsoft"`
	Google    Google    `toml:"google"`
}

// LDAP is a directory of inetOrgPerson entries, or Active Directory.
type LDAP struct {
	URL        string `toml:"url"` // ldaps://… or ldap://… with starttls = true
	StartTLS   bool   `toml:"starttls"`
	Insecure   bool   `toml:"insecure_loopback"` // ldap:// without TLS, allowed for a loopback address only
	ServerName string `toml:"server_name"`
	CAFile     string `toml:"ca_file"`
	BindDN     string `toml:"bind_dn"`
	Secret
	Base       string        `toml:"base"`             // where accounts are made
	SearchBase string        `toml:"search_base"`      // where existing ones are looked for, default base
	Layout     string        `toml:"layout"`           // "inetorgperson" or "ad"
	CodeAttr   string        `toml:"code_attribute"`   // default "employeeNumber", with "ad" "employeeID"
	UPNSuffix  string        `toml:"upn_suffix"`       // "ad": what stands behind the @ of userPrincipalName, default the domain of the address
	Hash       string        `toml:"hash"`             // "ssha512" (slapd: moduleload pw-sha2), "argon2" (moduleload argon2) or "ssha"
	MarkerAttr string        `toml:"marker_attribute"` // default "description", with "ad" "adminDescription"
	AliasAttrs []string      `toml:"alias_attributes"` // hold further addresses: "mailAlternateAddress"
	MustChange string        `toml:"must_change"`      // attribute=value written with every initial password: "pwdReset=TRUE", with "ad" "pwdLastSet=0"; "" none
	Suspend    string        `toml:"suspend"`          // attribute=value that stops sign-in: "pwdAccountLockedTime=000001010000Z"; "" the hash is set aside
	Timeout    time.Duration `toml:"timeout"`
}

// Rules is what the school expects of a list.
type Rules struct {
	Codes      []CodeRule `toml:"code"`
	Classes    []string   `toml:"classes"`         // known classes, beside those of `vanthu class`; none anywhere: not checked (ROW-09)
	Confirm    bool       `toml:"confirm_classes"` // a case with a class that nobody has confirmed cannot be checked (FR-05)
	Notes      []string   `toml:"notes"`           // notes that need no officer (ROW-12)
	CohortZero int        `toml:"cohort_zero"`     // the year before the first cohort; 0: as most rows of a list say (ROW-11)
	Evidence   string     `toml:"evidence"`        // "mailbox" or "signed" (FRM-04)
	ClockHours int        `toml:"clock_hours"`     // how far the date of a mail may be from its receipt; 0: not checked (ENV-12)
	Existing   string     `toml:"existing"`        // CSV of accounts for the offline `check`
	Deletion   Deletion   `toml:"deletion"`
}

// Deletion is what is expected of a list of people who left (procedure step 7).
type Deletion struct {
	Units []string `toml:"units"` // that may ask; empty: all (DEL-08)
	Most  int      `toml:"most"`  // accounts of one request that need no second person; 0: no limit (DEL-06)
	Days  int      `toml:"days"`  // from the decision to its receipt; 0: not checked (DEL-05)
}

// Deleting is how people who left are deleted (step 7). Above a share two others must approve, as above rules.deletion.most.
type Deleting struct {
	WindowDays int `toml:"window_days"` // from the suspension to the erasure; 0: erased at once (Q11)
	ClassShare int `toml:"class_share"` // percent of the accounts of a class; 0: no limit
	Share      int `toml:"share"`       // percent of all accounts; 0: no limit
}

// A CodeRule is one pattern of student codes.
type CodeRule struct {
	Pattern string   `toml:"pattern"` // regular expression over the whole code; the group (?P<year>…) holds the year of enrolment
	Shown   string   `toml:"shown"`   // how a person says it: "10 chữ số"
	Units   []string `toml:"units"`   // units whose people have such codes; empty: all (FRM-13)
}

// Plan is who may approve, and how.
type Plan struct {
	OfficeOfOne   bool `toml:"office_of_one"`   // the maker may approve his own plan; shown everywhere while on
	ApproveByMail bool `toml:"approve_by_mail"` // approvers with an address may answer by mail (decision 23)
	ApproveHours  int  `toml:"approve_hours"`   // how long one letter may be answered
}

// Retention is how long what is kept (QT.CNTT.03, section VII; Q18). Nothing is destroyed by itself: an approved list does.
type Retention struct {
	CaseYears    int `toml:"case_years"`    // whole years after the one in which a case ended; 0: for ever
	FilesMonths  int `toml:"files_months"`  // the bytes of mails and letters, after a case ended; 0: as long as the case
	AccountYears int `toml:"account_years"` // the register, whole years after the one in which an account was deleted; 0: for ever
}

// Limits bound what one mail may cost.
type Limits struct {
	MailMB     int `toml:"mail_mb"`
	Parts      int `toml:"parts"`
	UnpackedMB int `toml:"unpacked_mb"`
	Rows       int `toml:"rows"`
	Columns    int `toml:"columns"`
	Sheets     int `toml:"sheets"`
	Nesting    int `toml:"nesting"`
	ZipFiles   int `toml:"zip_files"`

	// The processes that read attachments.
	Readers       int `toml:"readers"` // 0: one for each processor, two at least
	ReaderMB      int `toml:"reader_mb"`
	ReaderSeconds int `toml:"reader_seconds"` // of processor time for one mail
}

// Alarm is who is told, and when, that vanthu cannot do its work.
type Alarm struct {
	After      time.Duration `toml:"after"`       // how long a connection may fail, default 3m
	Remind     time.Duration `toml:"remind"`      // told again while it lasts, default 24h; 0: once
	Canary     time.Duration `toml:"canary"`      // how often a mail goes to ourselves; 0: never
	CanaryLate time.Duration `toml:"canary_late"` // when it should be back, default 90s
	MailAge    time.Duration `toml:"mail_age"`    // how long a mail may wait for its outcome, default 10m
	LetterAge  time.Duration `toml:"letter_age"`  // how long an answer may wait to be sent, default 30m
	AccountAge time.Duration `toml:"account_age"` // how long accounts may wait for being made and delivered, default 1h
	Unseen     time.Duration `toml:"unseen"`      // how long a mail may lie in quarantine before an officer looks, default 24h; 0: for ever
	DiskMB     int           `toml:"disk_mb"`     // what must be free, default 500
	Listen     string        `toml:"listen"`      // loopback address of /healthz and /metrics; "": none
	Command    []string      `toml:"command"`     // gets the alarm as JSON on standard input
	Webhook    Webhook       `toml:"webhook"`
}

// Webhook is where alarms are posted.
type Webhook struct {
	URL    string `toml:"url"`    // "": nowhere; "{secret}" in it is replaced by the secret, which else is sent as bearer
	Format string `toml:"format"` // "json", "slack", "teams" or "telegram"
	Chat   string `toml:"chat"`   // of Telegram
	CAFile string `toml:"ca_file"`
	Secret
}

// A Unit may ask.
type Unit struct {
	ID             string   `toml:"id"`
	Name           string   `toml:"name"`
	Aliases        []string `toml:"aliases"`
	Addresses      []string `toml:"addresses"`
	Confirm        bool     `toml:"confirm"`         // its mail server signs nothing: mails are confirmed by answering a letter
	Signers        []string `toml:"signers"`         // e-mail or common name on the certificates that sign for the unit
	PassphraseFile string   `toml:"passphrase_file"` // opens the credentials workbook; the file is read when it is needed
}

// Officer works in the office.
type Officer struct {
	ID       string `toml:"id"`
	Name     string `toml:"name"`
	Login    string `toml:"login"` // operating-system user
	Approver bool   `toml:"approver"`
	Address  string `toml:"address"` // his own mailbox; "": he is told nothing by mail
	Head     bool   `toml:"head"`    // of the office: is told of what is overdue
}

// Deadlines says how the time limits of the procedure are counted (decision 22).
type Deadlines struct {
	Working []string `toml:"working"`  // steps whose limit counts working days only, beside those of which the edition says so
	DaysOff string   `toml:"days_off"` // the office's table of days off and worked Saturdays, over the one built in; "" none
	Digest  bool     `toml:"digest"`   // officers with an address are told what is due
	Hours   string   `toml:"hours"`    // "08:00-16:30": when
	Remind  int      `toml:"remind"`   // days between reminders to a unit that confirms no receipt; 0: one only
}

// An Edition is a later one of the procedure than what is built in.
type Edition struct {
	Definition string `toml:"file"` // as `vanthu procedure` prints one
	From       string `toml:"from"` // "2027-09-01": the day from which new cases follow it
}

// BotUnits returns the units as the rest of bot knows them.
func (c *Config) BotUnits() []bot.Unit {
	units := make([]bot.Unit, 0, len(c.Units))
	for _, u := range c.Units {
		units = append(units, bot.Unit{ID: u.ID, Name: u.Name, Aliases: u.Aliases, Addresses: u.Addresses, Confirm: u.Confirm, Signers: u.Signers})
	}
	return units
}

// BotOfficers returns the officers as the rest of bot knows them.
func (c *Config) BotOfficers() []bot.Officer {
	officers := make([]bot.Officer, 0, len(c.Officers))
	for _, o := range c.Officers {
		officers = append(officers, bot.Officer{ID: o.ID, Name: o.Name, Login: o.Login, Approver: o.Approver, Address: o.Address, Head: o.Head})
	}
	return officers
}
