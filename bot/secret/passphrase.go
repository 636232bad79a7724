package secret

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Lengths of a unit's passphrase in characters. Excel takes at most 255.
const (
	MinPassphrase = 12
	MaxPassphrase = 255
)

// Passphrase reads a unit's passphrase from its file: one line, spaces around it removed, 12 to 255 characters, not
// readable by others. Errors name the file and never show what stands in it.
func Passphrase(path string) (string, error) {
	text, err := readPrivate(path, 4<<10)
	if err != nil {
		return "", fmt.Errorf("passphrase: %w", err)
	}
	phrase := strings.TrimSpace(string(bytes.TrimPrefix(text, []byte("\ufeff")))) // Notepad writes a byte order mark
	n := utf8.RuneCountInString(phrase)
	switch {
	case !utf8.ValidString(phrase):
		return "", fmt.Errorf("passphrase: %s is not UTF-8 text", path)
	case strings.ContainsFunc(phrase, unicode.IsControl):
		return "", fmt.Errorf("passphrase: %s must hold one line", path)
	case n < MinPassphrase:
		return "", fmt.Errorf("passphrase: %s holds %d characters, at least %d are needed", path, n, MinPassphrase)
	case n > MaxPassphrase:
		return "", fmt.Errorf("passphrase: %s holds %d characters, at most %d are allowed", path, n, MaxPassphrase)
	}
	return phrase, nil
}

// readPrivate reads a small file that only its owner (and at most its group) may read. The group may: systemd shows
// credentials as 0440, and a service often reads its secrets through a group.
func readPrivate(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat() // of what was opened: the name may change hands in between
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a plain file", path)
	}
	if mode := info.Mode().Perm(); mode&0o027 != 0 {
		return nil, fmt.Errorf("%s can be read or changed by others (mode %04o); chmod 600 it", path, mode)
	}
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > limit {
		return nil, errors.New(path + " is too big to be right")
	}
	return text, nil
}
