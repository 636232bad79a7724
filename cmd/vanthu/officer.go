package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"time"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/config"
)

// officerFlags are what every officer's command takes.
type officerFlags struct {
	Config string `required:"" type:"existingfile" placeholder:"FILE" help:"Configuration file."`
	JSON   bool   `name:"json" help:"Print JSON."`
	As     string `help:"Act as this officer (root only; recorded)."`
}

// look opens the database for a command that only reads.
func (f *officerFlags) look(e *env, run func(a *app.App) error) error {
	return f.open(e, func(a *app.App, _ bot.Officer) error { return run(a) })
}

// act opens the database for a command that changes something. That root acted as an officer is recorded beside the act.
func (f *officerFlags) act(e *env, run func(a *app.App, officer bot.Officer) error) error {
	return f.open(e, func(a *app.App, officer bot.Officer) error {
		if f.As != "" {
			if err := a.RecordActingAs(e.ctx, officer); err != nil {
				return err
			}
		}
		return run(a, officer)
	})
}

// open needs no secret but the database's, so that officers can work under their own logins.
func (f *officerFlags) open(e *env, run func(a *app.App, officer bot.Officer) error) error {
	return f.openWith(e, config.LoadDesk, func(a *app.App) error {
		officer, err := a.Officer(f.As)
		if err != nil {
			return err
		}
		if a.Config.Plan.OfficeOfOne {
			fmt.Fprintln(e.stderr, "note: office_of_one is on: whoever makes a plan may approve it")
		}
		return run(a, officer)
	})
}

// openWith opens the database with a configuration that was read so. A command for a timer needs no officer.
func (f *officerFlags) openWith(e *env, load func(string) (*config.Config, error), run func(a *app.App) error) error {
	cfg, err := load(f.Config)
	if err != nil {
		return err
	}
	a, err := app.Open(e.ctx, cfg, slog.New(slog.NewTextHandler(e.stderr, &slog.HandlerOptions{Level: slog.LevelWarn})), clock)
	if err != nil {
		return err
	}
	defer a.Close()
	return run(a)
}

// writeJSON prints a value for programs; an empty list is [], never null.
func writeJSON(e *env, v any) error {
	if list := reflect.ValueOf(v); list.Kind() == reflect.Slice && list.IsNil() {
		v = []any{}
	}
	enc := json.NewEncoder(e.stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// jsonList writes a list as writeJSON does, one thing at a time, so that a list of any length takes no memory. It is no list before end:
// what was cut off cannot be taken for all.
type jsonList struct {
	e     *env
	begun bool
}

func (l *jsonList) add(v any) error {
	data, err := json.MarshalIndent(v, "  ", "  ")
	if err != nil {
		return err
	}
	before := ",\n  "
	if !l.begun {
		l.begun, before = true, "[\n  "
	}
	_, err = fmt.Fprintf(l.e.stdout, "%s%s", before, data)
	return err
}

func (l *jsonList) end() error {
	text := "\n]\n"
	if !l.begun {
		text = "[]\n"
	}
	_, err := io.WriteString(l.e.stdout, text)
	return err
}

// local shows an instant as the office reads it.
func local(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(bot.ICT).Format("02/01/2006 15:04")
}
