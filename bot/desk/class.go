package desk

import (
	"context"
	"fmt"
	"strings"

	"vanthu/bot"
	"vanthu/bot/store"
)

// A ClassBook is what the configuration says of classes.
type ClassBook struct {
	Known   []string // of [rules] classes
	Confirm bool     // a case with a class that nobody has confirmed cannot be checked
}

// has says whether a class stands in the configuration.
func (b ClassBook) has(name string) bool {
	for _, known := range b.Known {
		if bot.ClassKey(known) == bot.ClassKey(name) {
			return true
		}
	}
	return false
}

// Classes returns the classes that the office knows, and those that open cases ask for and nobody has confirmed.
func (d *Desk) Classes(ctx context.Context) (known, unknown []bot.Class, err error) {
	err = d.DB.Read(ctx, func(tx *store.Tx) error {
		if known, err = tx.Classes(ctx); err != nil {
			return err
		}
		unknown, err = d.unknownClasses(ctx, tx, 0)
		return err
	})
	for _, name := range d.ClassBook.Known {
		known = append(known, bot.Class{Name: name, Known: bot.Stamp{By: "vanthu.toml"}})
	}
	return known, unknown, err
}

// unknownClasses are the classes of one case, or of all open ones for 0, that nobody has confirmed.
func (d *Desk) unknownClasses(ctx context.Context, tx *store.Tx, caseID int64) (unknown []bot.Class, err error) {
	known, err := tx.Classes(ctx)
	if err != nil {
		return nil, err
	}
	keys := make(map[string]bool)
	for _, c := range known {
		keys[bot.ClassKey(c.Name)] = true
	}
	asked, err := tx.ClassesAskedFor(ctx, caseID)
	for _, c := range asked {
		if key := bot.ClassKey(c.Name); key != "" && !keys[key] && !d.ClassBook.has(c.Name) {
			unknown = append(unknown, c)
		}
	}
	return unknown, err
}

// confirmedClasses refuses a case with a class that nobody has confirmed, where the configuration asks for that (FR-05).
func (d *Desk) confirmedClasses(ctx context.Context, tx *store.Tx, c bot.Case) error {
	if !d.ClassBook.Confirm || c.Kind != bot.AccountRequest {
		return nil
	}
	unknown, err := d.unknownClasses(ctx, tx, c.ID)
	if err != nil || len(unknown) == 0 {
		return err
	}
	var names []string
	for _, u := range unknown {
		names = append(names, fmt.Sprintf("%q", u.Name))
	}
	return bot.Errorf(bot.Conflict, "case %s names classes that nobody has confirmed: %s; confirm each with `vanthu class confirm`, or return the case", c.Number, strings.Join(names, ", "))
}

// ConfirmClass notes that a class exists. What is not said of it is taken from the open cases that name it.
func (d *Desk) ConfirmClass(ctx context.Context, actor bot.Actor, c bot.Class) (bot.Class, error) {
	c.Name = strings.TrimSpace(c.Name)
	if bot.ClassKey(c.Name) == "" || len(c.Name) > 100 {
		return c, bot.Errorf(bot.Invalid, "%q is no name of a class", c.Name)
	}
	if c.Unit != "" && !d.knows(c.Unit) {
		return c, bot.Errorf(bot.Invalid, "there is no unit %q in the configuration", c.Unit)
	}
	err := d.DB.Write(ctx, func(tx *store.Tx) error {
		known, err := tx.Classes(ctx)
		if err != nil {
			return err
		}
		for _, k := range known {
			if bot.ClassKey(k.Name) == bot.ClassKey(c.Name) && k.Name != c.Name {
				return bot.Errorf(bot.Conflict, "the class is known as %q; to write it otherwise: `vanthu class rename`", k.Name)
			}
		}
		asked, err := tx.ClassesAskedFor(ctx, 0)
		if err != nil {
			return err
		}
		for _, a := range asked {
			if bot.ClassKey(a.Name) != bot.ClassKey(c.Name) {
				continue
			}
			if c.Unit == "" {
				c.Unit = a.Unit
			}
			if c.Cohort == "" {
				c.Cohort = a.Cohort
			}
		}
		c.Known = bot.Stamp{At: tx.Now, By: actor}
		if err := tx.AddClass(ctx, c); err != nil {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: actor, What: "class_confirmed", Detail: map[string]string{"class": c.Name, "unit": c.Unit, "cohort": c.Cohort}})
	})
	return c, err
}

// RenameClass writes a known class in another way. Cases keep what they were sent with.
func (d *Desk) RenameClass(ctx context.Context, actor bot.Actor, name, to string) error {
	to = strings.TrimSpace(to)
	if bot.ClassKey(to) == "" || len(to) > 100 {
		return bot.Errorf(bot.Invalid, "%q is no name of a class", to)
	}
	return d.DB.Write(ctx, func(tx *store.Tx) error {
		known, err := tx.Classes(ctx)
		if err != nil {
			return err
		}
		var was *bot.Class
		for i, k := range known {
			switch {
			case bot.ClassKey(k.Name) == bot.ClassKey(name):
				was = &known[i]
			case bot.ClassKey(k.Name) == bot.ClassKey(to):
				return bot.Errorf(bot.Conflict, "there is a class %q already", k.Name)
			}
		}
		if was == nil {
			return d.notKnown(name)
		}
		if _, err := tx.ForgetClass(ctx, name); err != nil {
			return err
		}
		c := *was
		c.Name, c.Known = to, bot.Stamp{At: tx.Now, By: actor}
		if err := tx.AddClass(ctx, c); err != nil {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: actor, What: "class_renamed", Detail: map[string]string{"class": was.Name, "to": to}})
	})
}

// ForgetClass takes a class out of the directory: the next list with it is told that nobody knows it.
func (d *Desk) ForgetClass(ctx context.Context, actor bot.Actor, name string) error {
	return d.DB.Write(ctx, func(tx *store.Tx) error {
		was, err := tx.ForgetClass(ctx, name)
		if err != nil {
			return err
		}
		if !was {
			return d.notKnown(name)
		}
		return tx.AddEvent(ctx, bot.Event{Actor: actor, What: "class_forgotten", Detail: map[string]string{"class": name}})
	})
}

func (d *Desk) notKnown(name string) error {
	if d.ClassBook.has(name) {
		return bot.Errorf(bot.Conflict, "the class %q stands in [rules] classes of the configuration; change it there", name)
	}
	return bot.Errorf(bot.NotFound, "no class %q is known", name)
}

// learnClasses notes the classes of a delivered case: an officer had checked it.
func (d *Desk) learnClasses(ctx context.Context, tx *store.Tx, c bot.Case, rows []bot.CaseRow) error {
	seen := make(map[string]bool)
	for _, r := range rows {
		if r.State != bot.RowDelivered && r.State != bot.RowCreated || r.Class == "" || seen[r.Class] {
			continue
		}
		seen[r.Class] = true
		if err := tx.AddClass(ctx, bot.Class{Name: r.Class, Unit: c.Unit, Cohort: r.Cohort, Known: bot.Stamp{At: tx.Now, By: bot.System}}); err != nil {
			return err
		}
	}
	return nil
}
