package config

import (
	"bufio"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"
)

// Print writes the effective settings, defaults included, as TOML that Load would read again. Secrets are never in it: it
// says where each comes from and whether it is set; of a token command it shows the program only.
func Print(w io.Writer, cfg *Config) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "# effective settings of %s\n", cfg.File)
	printTable(b, "", reflect.ValueOf(cfg).Elem())
	return b.Flush()
}

// printTable writes the values of a table before the tables in it, as TOML wants.
func printTable(w io.Writer, path string, v reflect.Value) {
	var inner []int
	for i := range v.NumField() {
		field := v.Type().Field(i)
		switch value := v.Field(i).Interface().(type) {
		case Secret:
			if field.Anonymous {
				printSecret(w, value)
			}
		case OAuth:
			if value.Provider != "" {
				inner = append(inner, i)
			}
		case []string:
			printTexts(w, field.Tag.Get("toml"), value)
		default:
			kind := v.Field(i).Kind()
			if kind == reflect.Struct || kind == reflect.Slice {
				if !otherPlatform(v, field.Tag.Get("toml")) {
					inner = append(inner, i)
				}
			} else if name := field.Tag.Get("toml"); name != "-" && value != "" {
				fmt.Fprintf(w, "%s = %s\n", name, scalar(value))
			}
		}
	}
	for _, i := range inner {
		name := join(path, v.Type().Field(i).Tag.Get("toml"))
		if field := v.Field(i); field.Kind() == reflect.Struct {
			fmt.Fprintf(w, "\n[%s]\n", name)
			printTable(w, name, field)
		} else {
			for j := range field.Len() {
				fmt.Fprintf(w, "\n[[%s]]\n", name)
				printTable(w, name, field.Index(j))
			}
		}
	}
}

// otherPlatform says whether a table is of a platform that is not the chosen one. The directory's has always been shown.
func otherPlatform(v reflect.Value, table string) bool {
	a, ok := v.Interface().(Accounts)
	return ok && table != a.Platform && table != "ldap" && table != "names"
}

func printSecret(w io.Writer, s Secret) {
	if s.File != "" {
		fmt.Fprintf(w, "password_file = %s # %s\n", quote(s.File), s)
	}
	if s.Env != "" {
		fmt.Fprintf(w, "password_env = %s # %s\n", quote(s.Env), s)
	}
}

func printTexts(w io.Writer, name string, list []string) {
	if len(list) == 0 {
		return
	}
	if name == "token_command" || name == "command" { // arguments may hold a client secret
		fmt.Fprintf(w, "# %s = %s and %d arguments\n", name, quote(list[0]), len(list)-1)
		return
	}
	quoted := make([]string, len(list))
	for i, item := range list {
		quoted[i] = quote(item)
	}
	fmt.Fprintf(w, "%s = [%s]\n", name, strings.Join(quoted, ", "))
}

func scalar(v any) string {
	switch v := v.(type) {
	case string:
		return quote(v)
	case time.Duration:
		return quote(v.String())
	default:
		return fmt.Sprint(v)
	}
}

// quote writes a basic string of TOML (v1.0 § String).
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
