package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/config"
	"vanthu/bot/rules"
	"vanthu/parser"
)

// checkCmd reads a mail, or the files of a request, offline: what a unit runs before it sends.
type checkCmd struct {
	Files  []string `arg:"" name:"file" help:"A mail (.eml), or the letter and the list of one request."`
	Config string   `help:"Where units, code patterns and existing accounts stand." default:"vanthu.toml" placeholder:"FILE"`
	JSON   bool     `name:"json" help:"Print one JSON object."`
	Lang   string   `help:"Language of the report: vi or en." enum:"vi,en" default:"vi"`
}

// The exit codes of check beside 0: something rejects, something cannot be read.
const (
	exitRejects    exit = 1
	exitUnreadable exit = 2
)

func (c *checkCmd) Run(e *env) error {
	cfg, err := config.LoadOffline(c.Config)
	if err != nil {
		return err
	}
	world, err := app.NewWorld(cfg)
	if err != nil {
		return err
	}
	known, err := existing(cfg.Rules.Existing)
	if err != nil {
		return err
	}
	now := clock().In(bot.ICT)
	checked, err := c.check(e.ctx, world, known, now)
	if err != nil {
		r := report{w: e.stderr, lang: c.Lang}
		r.line("%s", r.unread(err))
		if c.JSON {
			return errors.Join(printJSON(e.stdout, bot.Request{Kind: bot.Other, Action: bot.Human}), exitUnreadable)
		}
		return exitUnreadable
	}
	if c.JSON {
		err = printJSON(e.stdout, checked.Request)
	} else {
		r := report{w: e.stdout, lang: c.Lang}
		r.print(checked)
		err = r.err
	}
	if err != nil {
		return err
	}
	if code := verdict(checked); code != 0 {
		return code
	}
	return nil
}

var mailHead = regexp.MustCompile(`(?i)^(return-path|received|delivered-to|from|to|date|subject|message-id|mime-version|x-[a-z-]+):`)

// check tells a mail from files by the name, and by what it begins with.
func (c *checkCmd) check(ctx context.Context, world app.World, known map[string][]bot.Existing, now time.Time) (app.Checked, error) {
	var files []parser.File
	for _, path := range c.Files {
		data, err := os.ReadFile(path)
		if err != nil {
			return app.Checked{}, err
		}
		if strings.EqualFold(filepath.Ext(path), ".eml") || mailHead.Match(data) {
			if len(c.Files) > 1 {
				return app.Checked{}, mailBesideFiles(path)
			}
			return world.CheckMail(ctx, data, known, now)
		}
		files = append(files, parser.File{Name: filepath.Base(path), Data: data})
	}
	return world.CheckFiles(ctx, files, known, now)
}

// existing reads the accounts that are there already, by the code as the rules compare it and by the address.
func existing(path string) (map[string][]bot.Existing, error) {
	known := make(map[string][]bot.Existing)
	if path == "" {
		return known, nil
	}
	all, err := config.ReadExisting(path)
	if err != nil {
		return nil, err
	}
	for _, e := range all {
		e.Code = strings.ToUpper(e.Code)
		known[e.Code] = append(known[e.Code], e)
		if e.Address != "" {
			known[e.Address] = append(known[e.Address], e)
		}
	}
	return known, nil
}

func verdict(c app.Checked) exit {
	var code exit
	for _, f := range c.Request.Findings {
		if f.Severity != bot.RejectRequest && f.Severity != bot.RejectRow {
			continue
		}
		code = max(code, exitRejects)
		switch f.Rule {
		case "ENV-04", "ENV-06", "ENV-07", "ENV-13", "ENV-14", "ENV-15":
			code = exitUnreadable
		}
	}
	return code
}

// jsonReport is the contract of --json.
type jsonReport struct {
	Kind     bot.Kind      `json:"kind"`
	Action   bot.Action    `json:"action"`
	Unit     *string       `json:"unit"` // null: not known, or mailbox and letter disagree
	UnitName *string       `json:"unit_name"`
	Reason   *string       `json:"reason"`
	Date     *string       `json:"date"`
	Signer   *string       `json:"signer"`
	Decision *string       `json:"decision"`
	Evidence bot.Evidence  `json:"evidence"` // what it proves when it comes from the unit's mailbox; E0: nothing
	Rows     []jsonRow     `json:"rows"`
	Findings []jsonFinding `json:"findings"`

	Signatures []bot.Signature `json:"signatures"`
}

type jsonRow struct {
	N        int    `json:"n"`
	STT      string `json:"stt"`
	ID       string `json:"id"`
	Name     string `json:"name"`
	Class    string `json:"class"`
	Cohort   string `json:"cohort"`
	Note     string `json:"note"`
	File     string `json:"file"`
	Sheet    string `json:"sheet"`
	SheetRow int    `json:"sheet_row"`
	OK       bool   `json:"ok"`
}

type jsonFinding struct {
	Rule      string       `json:"rule"`
	Severity  bot.Severity `json:"severity"`
	N         *int         `json:"n"`
	File      string       `json:"file"`
	Sheet     string       `json:"sheet"`
	Cell      string       `json:"cell"`
	Value     string       `json:"value"`
	MessageVI string       `json:"message_vi"`
	MessageEN string       `json:"message_en"`
}

func printJSON(w io.Writer, req bot.Request) error {
	out := jsonReport{Kind: req.Kind, Action: req.Action, Unit: some(req.Unit), UnitName: some(req.UnitName), Reason: some(req.Reason),
		Date: some(req.LetterDate), Signer: some(req.Signer), Evidence: cmp.Or(req.Evidence, bot.E0), Signatures: append([]bot.Signature{}, req.Signatures...), Rows: []jsonRow{}, Findings: []jsonFinding{}}
	for _, r := range req.Rows {
		out.Rows = append(out.Rows, jsonRow{N: r.N, STT: r.STT, ID: r.Code, Name: r.Name, Class: r.Class, Cohort: r.Cohort, Note: r.Note,
			File: r.File, Sheet: r.Sheet, SheetRow: r.Line, OK: r.OK})
	}
	for _, f := range req.Findings {
		if f.Rule == "FRM-03" {
			out.Unit, out.UnitName = nil, nil
		}
		vi, en := rules.Text(f)
		j := jsonFinding{Rule: f.Rule, Severity: f.Severity, File: f.File, Sheet: f.Sheet, Cell: f.Cell, Value: f.Value, MessageVI: vi, MessageEN: en}
		if f.N > 0 {
			j.N = &f.N
		}
		out.Findings = append(out.Findings, j)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(out)
}

func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
