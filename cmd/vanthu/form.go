package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"vanthu/bot/app"
	"vanthu/bot/config"
)

// formCmd writes the blank form BM-CNTT31: the letter and its list, for a unit to fill in.
type formCmd struct {
	Config string `help:"Where the school, its units, classes and code patterns stand." default:"vanthu.toml" placeholder:"FILE"`
	Out    string `help:"Folder to write to." default:"." placeholder:"DIR"`
}

// Run overwrites nothing: what has that name may be a form that somebody has filled in.
func (c formCmd) Run(e *env) error {
	cfg, err := config.LoadOffline(c.Config)
	if err != nil {
		return err
	}
	files, err := app.BlankForm(cfg)
	if err != nil {
		return fmt.Errorf("form: %w", err)
	}
	for _, f := range files {
		if _, err := os.Lstat(filepath.Join(c.Out, f.Name)); err == nil {
			return fmt.Errorf("form: %s is there already; nothing was written", filepath.Join(c.Out, f.Name))
		} else if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("form: %w", err)
		}
	}
	if err := os.MkdirAll(c.Out, 0o755); err != nil { //nolint:gosec // a blank form is for everybody
		return fmt.Errorf("form: %w", err)
	}
	for _, f := range files {
		path := filepath.Join(c.Out, f.Name)
		if err := writeNew(path, string(f.Data)); err != nil {
			return fmt.Errorf("form: %w", err)
		}
		fmt.Fprintln(e.stdout, path)
	}
	return nil
}
