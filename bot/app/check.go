// Package app builds all of vanthu from a configuration: it is the only package that knows everybody, and where siblings
// meet. What is decided belongs to them, not here.
package app

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/bot/config"
	"vanthu/bot/intake"
	"vanthu/bot/rules"
	"vanthu/mailer/mime"
	"vanthu/parser"
)

// A World is what a mail is read and judged with: `serve` and `check` use the same.
type World struct {
	Policy rules.Policy
	MIME   mime.Limits
	Parse  parser.Limits

	service string // our own address

	confirmClasses bool
	notary         intake.Notary
}

// NewWorld takes from a configuration what reading and judging need.
func NewWorld(cfg *config.Config) (World, error) {
	w := World{
		Policy:  policyOf(cfg),
		MIME:    mime.DefaultLimits(),
		Parse:   parseLimits(cfg.Limits),
		service: strings.ToLower(cfg.SMTP.From),

		confirmClasses: cfg.Rules.Confirm,
	}
	w.MIME.Size, w.MIME.Parts = int64(cfg.Limits.MailMB)<<20, cfg.Limits.Parts
	for _, code := range cfg.Rules.Codes {
		pattern, err := regexp.Compile(`(?i)^(?:` + code.Pattern + `)$`)
		if err != nil {
			return World{}, fmt.Errorf("rules.code: %w", err)
		}
		w.Policy.Codes = append(w.Policy.Codes, rules.CodeRule{Pattern: pattern, Shown: code.Shown, Units: code.Units})
	}
	days, err := Calendar(cfg)
	if err != nil {
		return World{}, err
	}
	w.Policy.Deletion.Due = func(day time.Time, n int) time.Time { return days.Due(day, n, false) }
	if w.notary, err = notary(cfg); err != nil {
		return World{}, err
	}
	names := namesOf(cfg)
	w.Policy.NameFault, w.Policy.Address = names.fault, names.address
	return w, nil
}

func policyOf(cfg *config.Config) rules.Policy {
	r := cfg.Rules
	return rules.Policy{Units: cfg.BotUnits(), Classes: r.Classes, Notes: r.Notes, CohortZero: r.CohortZero,
		Needs:      map[bot.Kind]bot.Evidence{bot.AccountRequest: bot.Evidence(cfg.Evidence.AccountRequest), bot.DeletionRequest: bot.Evidence(cfg.Evidence.DeletionRequest)},
		ClockHours: r.ClockHours, MaxRows: cfg.Limits.Rows, Deletion: rules.Deletion{Units: r.Deletion.Units, Most: r.Deletion.Most, Days: r.Deletion.Days}}
}

// parseLimits are what the files of one mail may cost.
func parseLimits(l config.Limits) parser.Limits {
	size := int64(l.MailMB) << 20
	return parser.Limits{FileSize: size, Unpacked: int64(l.UnpackedMB) << 20, Rows: l.Rows, Columns: l.Columns, Sheets: l.Sheets, Depth: l.Nesting, Files: l.ZipFiles}
}

// Judge judges what was read of a unit's mail. known holds what is there already for its codes; c is the open case that
// the mail corrects, zero for a new one, and unit is zero when only the letter can say it.
func (w World) Judge(r intake.Reading, unit bot.Unit, c bot.Case, known map[string][]bot.Existing, now time.Time) bot.Request {
	context := rules.Context{Kind: r.Kind, Now: now, Sent: r.Sent, Arrived: r.Arrived, Case: c.Number, ByThread: c.ID != 0 && r.Case == "",
		LetterKnown: c.ID != 0 && c.LetterFile != "", Links: r.Links, Password: r.Password, Doubt: string(r.Doubt),
		Signatures: r.Signatures, Earlier: c.Evidence}
	for _, f := range r.Faults {
		context.Faults = append(context.Faults, rules.Fault{File: f.File, Why: string(f.Why)})
	}
	if unit.ID != "" {
		context.Unit = &unit
	}
	policy := w.Policy
	policy.Classes, policy.ClassBook = w.classes(r.Classes)
	return rules.Judge(r.Submission, policy, known, context)
}

// classes are those that a list is held against: of the configuration, and of the directory. It is kept, so that a class that is not
// in it is said, once an officer has confirmed one, or the configuration names one or asks for it.
func (w World) classes(known []bot.Class) (all []string, kept bool) {
	all = slices.Clone(w.Policy.Classes)
	kept = len(all) > 0 || w.confirmClasses || slices.ContainsFunc(known, bot.Class.ByOfficer)
	for _, c := range known {
		all = append(all, c.Name)
	}
	return all, kept
}

// Checked is what `vanthu check` tells of a mail or of files.
type Checked struct {
	Reading intake.Reading
	Request bot.Request
}

// CheckMail reads and judges one mail offline: its From address is taken as authenticated, for no server has judged it.
// The error is one of mime.Parse, for a mail that cannot be read at all.
func (w World) CheckMail(ctx context.Context, raw []byte, known map[string][]bot.Existing, now time.Time) (Checked, error) {
	msg, err := mime.Parse(raw, w.MIME)
	if err != nil {
		return Checked{}, err
	}
	reading, err := intake.Read(ctx, msg, intake.InProcess(w.Parse))
	if err != nil {
		return Checked{}, err
	}
	unit, kind := w.sender(msg, reading.Kind)
	if kind == bot.OwnMail || kind == bot.NotEntitled || kind == bot.Spoofed {
		return Checked{Reading: reading, Request: bot.Request{Kind: kind, Action: rules.Follows(kind)}}, nil
	}
	if reading.Signatures, err = w.notary.Judge(ctx, msg, reading.Files, sole(msg), unit, now); err != nil {
		return Checked{}, err
	}
	request := w.Judge(reading, unit, bot.Case{}, known, now)
	if request.Action != bot.Human && reading.ChecksOnly() {
		request.Action = bot.CheckOnly
	}
	return Checked{Reading: reading, Request: request}, nil
}

// sole is the one From address, lower case; "" when there is not exactly one.
func sole(msg *mime.Message) string {
	if len(msg.From) != 1 {
		return ""
	}
	return strings.ToLower(msg.From[0].Address)
}

// CheckFiles reads and judges the files of a request before it is mailed.
func (w World) CheckFiles(ctx context.Context, files []parser.File, known map[string][]bot.Existing, now time.Time) (Checked, error) {
	reading, err := intake.WithoutMail(ctx, files, intake.InProcess(w.Parse))
	if err != nil {
		return Checked{}, err
	}
	var any bot.Unit // the letter alone says which it is: whoever signs for one of them
	for _, u := range w.Policy.Units {
		any.Signers = slices.Concat(any.Signers, u.Signers, u.Addresses)
	}
	if reading.Signatures, err = w.notary.Judge(ctx, nil, reading.Files, "", any, now); err != nil {
		return Checked{}, err
	}
	return Checked{Reading: reading, Request: w.Judge(reading, bot.Unit{}, bot.Case{}, known, now)}, nil
}

// sender finds the unit of the From address. What a machine wrote keeps its kind, whoever sent it.
func (w World) sender(msg *mime.Message, kind bot.Kind) (bot.Unit, bot.Kind) {
	if len(msg.From) > 1 {
		return bot.Unit{}, bot.Spoofed
	}
	if len(msg.From) == 1 {
		from := sole(msg)
		if from == w.service && from != "" {
			return bot.Unit{}, bot.OwnMail
		}
		for _, u := range w.Policy.Units {
			if slices.Contains(u.Addresses, from) { // exactly, as intake does: "ſ" is no "s"
				return u, kind
			}
		}
	}
	switch kind {
	case bot.Automatic, bot.Bounce, bot.MailingList:
		return bot.Unit{}, kind
	default:
		return bot.Unit{}, bot.NotEntitled
	}
}
