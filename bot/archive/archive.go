// Package archive writes the files of one case so that somebody without vanthu can keep, read and check them in ten years: plain
// folders, names that every system takes, and SHA256SUMS for `sha256sum -c`. It also takes out of a mail what must not lie in a
// cupboard (hide.go).
//
// It must not know what a case is, nor where its files come from.
package archive

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// An Archive is being written.
type Archive struct {
	create func(name string) (io.WriteCloser, error)
	finish func() error
	taken  map[string]bool
	sums   strings.Builder
	Files  int
}

// Folder writes into a new or empty folder.
func Folder(dir string) (*Archive, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if left, err := os.ReadDir(dir); err != nil {
		return nil, err
	} else if len(left) > 0 {
		return nil, fmt.Errorf("%s is not empty: an archive is written once", dir)
	}
	root, err := os.OpenRoot(dir) // no name leads out of it
	if err != nil {
		return nil, err
	}
	create := func(name string) (io.WriteCloser, error) {
		if err := root.MkdirAll(filepath.FromSlash(path.Dir(name)), 0o700); err != nil {
			return nil, err
		}
		return root.OpenFile(filepath.FromSlash(name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	}
	return &Archive{create: create, finish: root.Close, taken: map[string]bool{}}, nil
}

// Zip writes a new .zip file. at is the time of all of its files.
func Zip(file string, at time.Time) (*Archive, error) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%s is there already: an archive is written once", file)
	}
	if err != nil {
		return nil, err
	}
	z := zip.NewWriter(f)
	create := func(name string) (io.WriteCloser, error) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at})
		return open{w}, err
	}
	return &Archive{create: create, finish: func() error { return errors.Join(z.Close(), f.Close()) }, taken: map[string]bool{}}, nil
}

// open is an entry of a .zip file, which ends where the next one begins.
type open struct{ io.Writer }

func (open) Close() error { return nil }

// Add writes a file. Each part of the name is made harmless; a second one of that name gets a number.
func (a *Archive) Add(data []byte, parts ...string) (name string, err error) {
	for i, p := range parts {
		parts[i] = Name(p)
	}
	name = a.free(path.Join(parts...))
	w, err := a.create(name)
	if err != nil {
		return name, err
	}
	_, err = w.Write(data)
	if err := errors.Join(err, w.Close()); err != nil {
		return name, err
	}
	sum := sha256.Sum256(data)
	fmt.Fprintf(&a.sums, "%s  %s\n", hex.EncodeToString(sum[:]), name)
	a.Files++
	return name, nil
}

// free is the name, or with a number behind it. "A.pdf" and "a.pdf" are one file on some systems.
func (a *Archive) free(name string) string {
	ext := path.Ext(name)
	full := name
	for i := 2; a.taken[strings.ToLower(full)]; i++ {
		full = fmt.Sprintf("%s (%d)%s", strings.TrimSuffix(name, ext), i, ext)
	}
	a.taken[strings.ToLower(full)] = true
	return full
}

// Sums is the name of the list of hashes.
const Sums = "SHA256SUMS"

// Close writes the hashes and ends the archive.
func (a *Archive) Close() error {
	w, err := a.create(Sums)
	if err != nil {
		return errors.Join(err, a.finish())
	}
	_, err = io.WriteString(w, a.sums.String())
	return errors.Join(err, w.Close(), a.finish())
}

// longest is in bytes: the file systems of archives take 255, with room for a number.
const longest = 150

// Name makes a harmless file name of whatever stands in a mail.
func Name(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == unicode.ReplacementChar, unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), unicode.Is(unicode.Cf, r), strings.ContainsRune(`/\:*?"<>|`, r):
			return '_'
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, norm.NFC.String(strings.ToValidUTF8(s, "_")))
	ext := path.Ext(s)
	if len(ext) > 12 {
		ext = ""
	}
	base := strings.TrimSuffix(s, ext)
	for len(base)+len(ext) > longest { // at a character
		base = strings.TrimRightFunc(base[:len(base)-1], func(r rune) bool { return r == unicode.ReplacementChar })
	}
	s = strings.TrimLeft(strings.TrimRight(base+ext, ". "), " -.")
	if s == "" {
		return "_"
	}
	switch strings.ToUpper(strings.TrimSuffix(s, path.Ext(s))) {
	case "CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "LPT1", "LPT2", "LPT3": // devices of Windows
		return "_" + s
	}
	return s
}
