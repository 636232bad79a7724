package config

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every setting stands in the file that `vanthu init` writes, in the section that it belongs to, and no other setting stands there.
func TestTemplateNamesEverySetting(t *testing.T) {
	t.Parallel()
	sections := map[string]string{}
	section := ""
	for line := range strings.Lines(Template) {
		if head := header.FindStringSubmatch(line); head != nil {
			section = head[1]
		}
		sections[section] += line
		if table := inline.FindStringSubmatch(line); table != nil { // # key = { a = "…", b = "…" }
			sections[section+"."+table[1]] = strings.ReplaceAll(table[2], ", ", "\n") + "\n"
		}
	}
	known := map[string]bool{}
	settings("", reflect.TypeFor[Config](), func(section, key string) {
		known[section+"."+key] = true
		at := `(?m)^(?:# )?` + key + ` *= `
		if strings.Contains(key, "_") { // no word of prose: "password_file = … # or password_env"
			at = `\b` + key + `\b`
		}
		if !regexp.MustCompile(at).MatchString(sections[section]) {
			t.Errorf("vanthu.toml does not say that [%s] may have %s", section, key)
		}
	})
	said := map[string]bool{}
	for section, text := range sections {
		for _, key := range assignment.FindAllStringSubmatch(text, -1) {
			said[section+"."+key[1]] = true
		}
	}
	maps.DeleteFunc(said, func(setting string, _ bool) bool { return known[setting] || sections[setting] != "" })
	if len(said) > 0 {
		t.Errorf("vanthu.toml has settings that nothing reads: %q", slices.Sorted(maps.Keys(said)))
	}
}

var (
	header     = regexp.MustCompile(`^(?:# )?\[{1,2}([a-z_.]+)\]{1,2}`)
	inline     = regexp.MustCompile(`^(?:# )?([a-z_]+) *= \{ (.*) \}`)
	assignment = regexp.MustCompile(`(?m)^(?:# )?([a-z_]+) *= ("[^"]*"|'[^']*'|\[.*\]|\{.*\}|\w+) *(?:#.*)?$`)
)

// settings calls f for each setting below a type, with its section.
func settings(section string, of reflect.Type, f func(section, key string)) {
	for i := range of.NumField() {
		field := of.Field(i)
		key := field.Tag.Get("toml")
		below := field.Type
		if below.Kind() == reflect.Slice {
			below = below.Elem()
		}
		switch {
		case field.Anonymous:
			settings(section, field.Type, f)
		case key == "" || key == "-":
		case below.Kind() == reflect.Struct:
			settings(join(section, key), below, f)
		default:
			f(section, key)
		}
	}
}
