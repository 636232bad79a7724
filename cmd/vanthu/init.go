package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"vanthu/bot/config"
	"vanthu/bot/secret"
)

// initCmd writes what a new installation begins with: a commented configuration and the key that seals initial passwords.
type initCmd struct {
	Folder string `arg:"" optional:"" default:"." help:"Where to write vanthu.toml and vanthu.key."`
}

// Run overwrites nothing: a lost key would make every waiting password unreadable.
func (c initCmd) Run(e *env) error {
	file := filepath.Join(c.Folder, "vanthu.toml")
	key := filepath.Join(c.Folder, "vanthu.key")
	for _, path := range []string{file, key} {
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("init: %s is there already; nothing was written", path)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("init: %w", err)
		}
	}
	if err := os.MkdirAll(c.Folder, 0o750); err != nil {
		return fmt.Errorf("init: %w", err)
	}
	if err := secret.GenerateKey(key); err != nil {
		return fmt.Errorf("init: %w", err)
	}
	if err := writeNew(file, config.Template); err != nil {
		return fmt.Errorf("init: %w", err)
	}
	fmt.Fprintf(e.stdout, `Wrote %[1]s and %[2]s.

Next:
  1. Fill in every "<…>" of %[1]s.
  2. Put each password into the file that password_file names, mode 0600, owned by the user that vanthu runs as.
  3. Back up %[2]s in another place than the database: without it waiting passwords cannot be delivered,
     and with both a thief can read them.
  4. Start it: vanthu serve --config %[1]s   (it names every mistake that is left, with its line)
`, file, key)
	return nil
}

// writeNew fails if the file exists, also when it appeared a moment ago.
func writeNew(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
