package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/google/go-cmp/cmp"
)

const everyShape = `# comment [not] = "a key"
a = 1 # b = 2
"quoted key" = 'x = [1]'
c.d = """
[no.table]
no = "key" \""" """
[e]
f = [ # comment ]
  "one",
  { g = 1, h = "}" },

  [2,
   3],
]
[e.i]
j = '''
k = 1'''
[[l]]
m = 2026-11-20T08:00:00+07:00
[[l]]
m = {n = "#"}
[l.o]
p = true
[[l.q]]
[[ l . q ]]
r = """x"""""
`

func TestLocate(t *testing.T) {
	t.Parallel()
	want := map[string]int{
		"a": 2, `"quoted key"`: 3, "c": 4, "c.d": 4,
		"e": 7, "e.f": 8, "e.f[0]": 9, "e.f[1]": 10, "e.f[1].g": 10, "e.f[1].h": 10, "e.f[2]": 12, "e.f[2][0]": 12, "e.f[2][1]": 13,
		"e.i": 15, "e.i.j": 16,
		"l": 18, "l[0]": 18, "l[0].m": 19, "l[1]": 20, "l[1].m": 21, "l[1].m.n": 21, "l[1].o": 22, "l[1].o.p": 23,
		"l[1].q": 24, "l[1].q[0]": 24, "l[1].q[1]": 25, "l[1].q[1].r": 26,
	}
	got := locate(everyShape)
	if diff := cmp.Diff(want, got.at); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	for path, line := range map[string]int{"l[1].q[1].s": 25, "e.i.x.y": 15, "z": 26} {
		if n := got.of(path); n != line {
			t.Errorf("line of the absent %s: got %d, want %d", path, n, line)
		}
	}
}

// Whatever the TOML decoder finds in a text, the scanner must find too; and neither it nor what stands on it may panic.
func FuzzLocate(f *testing.F) {
	f.Add(everyShape)
	f.Add(Template)
	f.Fuzz(func(t *testing.T, text string) {
		tree := map[string]any{}
		if _, err := toml.Decode(text, &tree); err != nil {
			locate(text) // ends
			return
		}
		found := locate(text)
		for _, path := range slices.Sorted(maps.Keys(paths("", tree))) {
			if _, ok := found.at[path]; !ok {
				t.Errorf("%s was not found in\n%s", path, text)
			}
		}
		r := &report{file: "vanthu.toml", lines: found}
		cfg := defaults()
		decoder{r}.table("", tree, reflect.ValueOf(cfg).Elem())
		cfg.resolve("/etc/vanthu")
		(&checker{report: r, cfg: cfg}).world()
		for _, p := range r.list {
			if p.Line < 1 || p.Line > found.last {
				t.Errorf("no such line: %v", p)
			}
		}
	})
}

// paths lists what the decoder found, without keys that the scanner need not spell the same (escapes in quoted keys).
func paths(at string, v any) map[string]bool {
	all := map[string]bool{}
	add := func(path string, v any) {
		all[path] = true
		maps.Copy(all, paths(path, v))
	}
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if bareKey.MatchString(key) {
				add(join(at, key), value)
			}
		}
	case []any:
		for i, item := range v {
			add(element(at, i), item)
		}
	case []map[string]any:
		for i, item := range v {
			add(element(at, i), item)
		}
	}
	return all
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "poll", 4}, {"poll", "poll", 0}, {"pol", "poll", 1}, {"usr", "user", 1}, {"colour", "color", 1}, {"kitten", "sitting", 3}} {
		for _, pair := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
			if got := distance(pair[0], pair[1]); got != c.want {
				t.Errorf("distance(%s): got %d, want %d", fmt.Sprint(pair), got, c.want)
			}
		}
	}
}
