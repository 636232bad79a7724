// Package procedure reads the editions of QT.CNTT.03 (FR-01): its steps with their time limits, the texts it rests on (FR-04),
// its forms. Edition 01 is built in; a later one comes as a file of the same kind, with the day from which new cases follow it.
//
// It must not know how days are counted (bot/calendar does) nor what follows when a limit has passed.
package procedure

import (
	_ "embed"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/BurntSushi/toml"

	"vanthu/bot"
)

//go:embed qt-cntt-03-01.toml
var first string

// An Edition is a definition and the day from which new cases follow it; the zero day: from ever.
type Edition struct {
	bot.Definition
	From time.Time
}

// A Book holds the editions in the order of their days.
type Book struct{ editions []Edition }

// A Source is the file of a later edition.
type Source struct {
	File string
	From time.Time // the day from which new cases follow it
}

// Read returns the book of edition 01 and the later ones.
func Read(later ...Source) (*Book, error) {
	def, err := Parse(first)
	if err != nil {
		return nil, fmt.Errorf("procedure: edition 01: %w", err)
	}
	b := &Book{editions: []Edition{{Definition: def}}}
	for _, source := range later {
		text, err := os.ReadFile(source.File)
		if err != nil {
			return nil, fmt.Errorf("procedure: %w; [[edition]] must name a file such as `vanthu procedure` prints", err)
		}
		if def, err = Parse(string(text)); err != nil {
			return nil, fmt.Errorf("procedure: %s: %w", source.File, err)
		}
		if i := slices.IndexFunc(b.editions, func(e Edition) bool { return e.Edition == def.Edition }); i >= 0 {
			return nil, fmt.Errorf("procedure: %s: edition %s is there already; an edition is never written anew, because cases follow it: give the new text the next number", source.File, def.Edition)
		}
		b.editions = append(b.editions, Edition{def, source.From})
	}
	slices.SortStableFunc(b.editions, func(x, y Edition) int { return x.From.Compare(y.From) })
	return b, nil
}

// At returns the edition that a case follows which comes at that moment.
func (b *Book) At(at time.Time) bot.Definition {
	def := b.editions[0].Definition
	for _, e := range b.editions {
		if !e.From.After(at) {
			def = e.Definition
		}
	}
	return def
}

// Of returns an edition by its number; false when it is not in the book.
func (b *Book) Of(edition string) (bot.Definition, bool) {
	for _, e := range b.editions {
		if e.Edition == edition {
			return e.Definition, true
		}
	}
	return bot.Definition{}, false
}

// Editions lists all of them.
func (b *Book) Editions() []Edition { return slices.Clone(b.editions) }

// Text is the file of edition 01, to begin a later one with.
func Text() string { return first }

// file is how an edition is written.
type file struct {
	Code, Edition, Issued string
	VI, EN                string
	Step                  []bot.Step
	Basis                 []struct {
		Short     string
		ShortEN   string `toml:"short_en"`
		VI, EN    string
		InLetters bool `toml:"in_letters"`
	}
	Form []bot.Form
}

// longest and most bound what a definition may hold: its texts stand in letters.
const (
	longest = 500
	most    = 1000 // days
)

// Parse reads one edition. Every error says what to write instead.
func Parse(text string) (bot.Definition, error) {
	var f file
	meta, err := toml.Decode(text, &f)
	if err != nil {
		return bot.Definition{}, fmt.Errorf("is not TOML: %w", err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return bot.Definition{}, fmt.Errorf("%s is not known; compare with edition 01 (`vanthu procedure`)", unknown[0])
	}
	d := bot.Definition{Code: f.Code, Edition: f.Edition, Issued: f.Issued, VI: f.VI, EN: f.EN, Steps: f.Step, Forms: f.Form}
	for _, b := range f.Basis {
		d.Bases = append(d.Bases, bot.Basis{Short: b.Short, ShortEN: b.ShortEN, VI: b.VI, EN: b.EN, InLetters: b.InLetters})
	}
	for i := range d.Steps {
		if s := &d.Steps[i]; s.Target == 0 {
			s.Target = s.Days
		}
	}
	return d, check(d)
}

func check(d bot.Definition) error {
	if d.Code != bot.Procedure {
		return fmt.Errorf("code is %q; this program follows %s", d.Code, bot.Procedure)
	}
	if d.Edition == "" {
		return fmt.Errorf(`edition is missing; write for example edition = "02"`)
	}
	if _, err := time.Parse(time.DateOnly, d.Issued); err != nil {
		return fmt.Errorf("issued is %q; write the day of issue as 2018-11-26", d.Issued)
	}
	if err := texts(d); err != nil {
		return err
	}
	for _, id := range bot.StepIDs() {
		if n := count(d.Steps, id); n != 1 {
			return fmt.Errorf("the step %q stands %d times; each of %v must stand once, for the arrows between them are fixed", id, n, bot.StepIDs())
		}
	}
	for _, s := range d.Steps {
		switch {
		case !slices.Contains(bot.StepIDs(), s.ID):
			return fmt.Errorf("step %q is not known; the steps are %v", s.ID, bot.StepIDs())
		case s.Whose != bot.WhoseUnit && s.Whose != bot.WhoseOffice:
			return fmt.Errorf("step %q: whose is %q; write \"unit\" or \"office\"", s.ID, s.Whose)
		case s.ID == bot.StepRequest && s.Days != 0:
			return fmt.Errorf("step %q: no time runs before the request is here; leave days out", s.ID)
		case s.ID != bot.StepRequest && (s.Days < 1 || s.Days > most):
			return fmt.Errorf("step %q: days is %d; write 1 to %d", s.ID, s.Days, most)
		case s.Target < 0 || s.Target > s.Days:
			return fmt.Errorf("step %q: target is %d; it must be within the limit of %d days", s.ID, s.Target, s.Days)
		}
	}
	return nil
}

func count(steps []bot.Step, id bot.StepID) (n int) {
	for _, s := range steps {
		if s.ID == id {
			n++
		}
	}
	return n
}

// texts refuses what would leave a gap in a letter, or break its lines.
func texts(d bot.Definition) error {
	type named struct{ name, text string }
	all := []named{{"edition", d.Edition}, {"vi", d.VI}, {"en", d.EN}}
	for _, s := range d.Steps {
		all = append(all, named{"vi of step " + string(s.ID), s.VI}, named{"en of step " + string(s.ID), s.EN})
	}
	for i, b := range d.Bases {
		of := fmt.Sprintf(" of basis %d", i+1)
		all = append(all, named{"short" + of, b.Short}, named{"short_en" + of, b.ShortEN}, named{"vi" + of, b.VI}, named{"en" + of, b.EN})
	}
	for i, f := range d.Forms {
		of := fmt.Sprintf(" of form %d", i+1)
		all = append(all, named{"code" + of, f.Code}, named{"vi" + of, f.VI}, named{"en" + of, f.EN})
	}
	for _, n := range all {
		if strings.TrimSpace(n.text) == "" {
			return fmt.Errorf("%s is missing or empty", n.name)
		}
		if len(n.text) > longest || strings.ContainsFunc(n.text, unicode.IsControl) {
			return fmt.Errorf("%s must be one line of at most %d bytes", n.name, longest)
		}
	}
	return nil
}
