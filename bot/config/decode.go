package config

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A decoder puts parsed TOML into the fields of Config by their toml tags. It stands here instead of the library's own
// because that one stops at the first value of a wrong type, takes a bare number as nanoseconds and ignores the case of keys.
type decoder struct{ *report }

func (d decoder) table(path string, in map[string]any, out reflect.Value) {
	fields := fieldsOf(out)
	for key, value := range in {
		if field, ok := fields[key]; ok {
			d.value(join(path, key), value, field)
			continue
		}
		d.add(join(path, key), "%s", unknown(key, fields))
	}
}

func (d decoder) value(path string, in any, out reflect.Value) {
	switch target := out.Addr().Interface().(type) {
	case *time.Duration:
		d.duration(path, in, target)
	case *string:
		d.text(path, in, target)
	case *bool:
		if v, ok := in.(bool); ok {
			*target = v
		} else {
			d.add(path, "needs true or false (without quotes), found %s", kindOf(in))
		}
	case *int:
		if v, ok := in.(int64); ok {
			*target = int(v)
		} else {
			d.add(path, "needs a whole number without quotes, such as %d, found %s", *target, kindOf(in))
		}
	case *[]string:
		d.texts(path, in, target)
	default:
		if out.Kind() == reflect.Slice {
			d.tables(path, in, out)
		} else if v, ok := in.(map[string]any); ok {
			d.table(path, v, out)
		} else {
			d.add(path, "is a table, written as [%s] on a line of its own, found %s", shown(path), kindOf(in))
		}
	}
}

func (d decoder) text(path string, in any, out *string) {
	v, ok := in.(string)
	switch {
	case !ok:
		d.add(path, "needs a text in quotes, found %s", kindOf(in))
	case strings.HasPrefix(v, "<") && strings.HasSuffix(v, ">"):
		d.add(path, "%s is still the placeholder of `vanthu init`: fill it in", v)
	default:
		*out = v
	}
}

func (d decoder) texts(path string, in any, out *[]string) {
	list, ok := in.([]any)
	if !ok {
		d.add(path, `needs a list such as ["…", "…"], found %s`, kindOf(in))
		return
	}
	*out = make([]string, len(list))
	for i, item := range list {
		d.text(element(path, i), item, &(*out)[i])
	}
}

func (d decoder) tables(path string, in any, out reflect.Value) {
	var list []map[string]any
	switch v := in.(type) {
	case []map[string]any:
		list = v
	case []any: // an array of inline tables, or of something else
		for _, item := range v {
			if table, ok := item.(map[string]any); ok {
				list = append(list, table)
			}
		}
		if len(list) != len(v) {
			list = nil
		}
	}
	if list == nil {
		d.add(path, "may stand several times, each as [[%s]] with two brackets, found %s", shown(path), kindOf(in))
		return
	}
	out.Set(reflect.MakeSlice(out.Type(), len(list), len(list)))
	for i, table := range list {
		d.table(element(path, i), table, out.Index(i))
	}
}

func (d decoder) duration(path string, in any, out *time.Duration) {
	const remedy = `write a number and its unit (ms, s, m, h or d) in quotes, such as "90s", "2m", "1h30m" or "5d"`
	switch v := in.(type) {
	case string:
		length, err := time.ParseDuration(v)
		if days, ok := strings.CutSuffix(v, "d"); ok {
			var n int
			n, err = strconv.Atoi(days)
			length = time.Duration(n) * 24 * time.Hour
		}
		if err != nil {
			d.add(path, "%q is not a length of time; %s", v, remedy)
			return
		}
		*out = length
	case int64, float64:
		d.add(path, "the number %v has no unit of time; %s", v, remedy)
	default:
		d.add(path, "needs a length of time, found %s; %s", kindOf(in), remedy)
	}
}

// fieldsOf lists the settings of a struct by their names in the file; embedded structs add theirs.
func fieldsOf(v reflect.Value) map[string]reflect.Value {
	fields := map[string]reflect.Value{}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Anonymous {
			for name, value := range fieldsOf(v.Field(i)) {
				fields[name] = value
			}
		} else if tag := field.Tag.Get("toml"); tag != "" && tag != "-" {
			fields[tag] = v.Field(i)
		}
	}
	return fields
}

func kindOf(v any) string {
	switch v.(type) {
	case string:
		return "a text"
	case bool:
		return "true or false"
	case int64, float64:
		return "a number"
	case time.Time:
		return "a date"
	case map[string]any:
		return "a table"
	default:
		return "a list"
	}
}

// unknown says what a key that does not exist was probably meant to be.
func unknown(key string, fields map[string]reflect.Value) string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	best, nearest := max(2, len(key)/3)+1, ""
	for _, name := range names {
		if n := distance(strings.ToLower(key), name); n < best {
			best, nearest = n, name
		}
	}
	if nearest != "" {
		return "unknown setting; did you mean " + nearest + "?"
	}
	return "unknown setting; possible here: " + strings.Join(names, ", ")
}

// distance is the number of letters to insert, delete or replace between a and b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
