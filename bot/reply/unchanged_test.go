package reply

import (
	"bytes"
	"encoding/xml"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A node is any XML element: the comparison below reads the files without the library that wrote them.
type node struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Text    string     `xml:",chardata"`
	Nodes   []node     `xml:",any"`
}

func (n node) attr(name string) string {
	for _, a := range n.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (n node) child(name string) node {
	for _, c := range n.Nodes {
		if c.XMLName.Local == name {
			return c
		}
	}
	return node{}
}

// show writes an element in one form whatever its prefixes and the order of its attributes. Attributes that say what
// holds anyway, counts, and the marks of Excel's co-editing are left out.
func (n node) show() string {
	var attrs []string
	for _, a := range n.Attrs {
		noise := a.Name.Space == "xmlns" || a.Name.Local == "xmlns" || a.Value == "false" || a.Value == "0" && a.Name.Local != "xfId" ||
			slices.Contains([]string{"count", "uniqueCount", "uid", "Ignorable", "dyDescent", "spans"}, a.Name.Local)
		if !noise {
			value := a.Value
			if value == "true" {
				value = "1"
			}
			if a.Name.Local == "Target" {
				value = strings.TrimPrefix(value, "/xl/")
			}
			attrs = append(attrs, a.Name.Local+"="+value)
		}
	}
	slices.Sort(attrs)
	var inner []string
	for _, c := range n.Nodes {
		if text := c.show(); !strings.HasPrefix(c.XMLName.Local, "odd") || strings.TrimSpace(c.Text) != "" {
			inner = append(inner, text) // an empty page header says nothing
		}
	}
	if n.XMLName.Local == "font" { // a choice in any order
		slices.Sort(inner)
	}
	return "<" + n.XMLName.Local + " " + strings.Join(attrs, " ") + ">" + strings.TrimSpace(n.Text) + strings.Join(inner, "") + "\n"
}

func parseNode(t *testing.T, raw []byte) node {
	t.Helper()
	var n node
	if len(raw) == 0 {
		return n
	}
	if err := xml.Unmarshal(raw, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// checkUnchanged compares original and marked part by part. Every part that is not named here must be the same bytes;
// of the sheets, everything but the new column, the marked cells' fill and the link to the notes must be equal.
func checkUnchanged(t *testing.T, original, marked []byte, painted []string) {
	t.Helper()
	before, after := mustArchive(t, original), mustArchive(t, marked)
	for _, name := range before.names {
		a, b := before.parts[name], after.parts[name]
		switch {
		case strings.HasPrefix(name, "xl/worksheets/sheet"):
			checkSheet(t, before, after, name, painted)
		case name == "xl/styles.xml":
			checkStyles(t, parseNode(t, a), parseNode(t, b))
		case name == "xl/sharedStrings.xml":
			old, now := parseNode(t, a).Nodes, parseNode(t, b).Nodes
			for i := range old {
				if diff := cmp.Diff(old[i].show(), now[i].show()); diff != "" {
					t.Errorf("shared string %d: %s", i, diff)
				}
			}
		case name == "xl/workbook.xml", name == "_rels/.rels", strings.HasSuffix(name, "workbook.xml.rels"):
			if diff := cmp.Diff(parseNode(t, a).show(), parseNode(t, b).show()); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		case name == contentTypesPart, strings.HasPrefix(name, "xl/worksheets/_rels/"):
			for _, n := range parseNode(t, a).Nodes {
				if !slices.ContainsFunc(parseNode(t, b).Nodes, func(m node) bool { return m.show() == n.show() }) {
					t.Errorf("%s lost %s", name, n.show())
				}
			}
		case strings.HasPrefix(name, "xl/comments"), strings.HasSuffix(name, ".vml"): // notes may be added
			shown := parseNode(t, b).show()
			for _, n := range parseNode(t, a).Nodes {
				for _, m := range n.Nodes {
					if !strings.Contains(shown, m.show()) {
						t.Errorf("%s lost %s", name, m.show())
					}
				}
			}
		default:
			if !bytes.Equal(a, b) {
				t.Errorf("part %s changed:\n%.300s\n%.300s", name, a, b)
			}
		}
	}
}

func mustArchive(t *testing.T, data []byte) *archive {
	t.Helper()
	a, err := readArchive(data)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// checkStyles wants every style at its number as it was; new ones may follow.
func checkStyles(t *testing.T, before, after node) {
	t.Helper()
	for _, list := range before.Nodes {
		now := after.child(list.XMLName.Local)
		for i := range list.Nodes {
			if i >= len(now.Nodes) {
				t.Errorf("%s %d is gone", list.XMLName.Local, i)
			} else if diff := cmp.Diff(list.Nodes[i].show(), now.Nodes[i].show()); diff != "" {
				t.Errorf("%s %d: %s", list.XMLName.Local, i, diff)
			}
		}
	}
}

func checkSheet(t *testing.T, before, after *archive, name string, painted []string) {
	t.Helper()
	old, now := parseNode(t, before.parts[name]), parseNode(t, after.parts[name])
	for _, part := range old.Nodes {
		switch part.XMLName.Local {
		case "sheetData":
		case "cols":
			was, is := columns(part), columns(now.child("cols"))
			for number, col := range was {
				if is[number] != col {
					t.Errorf("%s: column %d: %s is now %s", name, number, col, is[number])
				}
			}
		default:
			var found bool
			for _, p := range now.Nodes {
				found = found || p.show() == part.show()
			}
			if !found {
				t.Errorf("%s: %s changed to %s", name, part.show(), now.child(part.XMLName.Local).show())
			}
		}
	}
	cells := map[string]node{}
	rows := map[string]string{}
	for _, row := range now.child("sheetData").Nodes {
		for _, c := range row.Nodes {
			cells[c.attr("r")] = c
		}
		row.Nodes = nil
		rows[row.attr("r")] = row.show()
	}
	for i, row := range old.child("sheetData").Nodes {
		number := row.attr("r")
		if number == "" {
			number = strconv.Itoa(i + 1)
		}
		for _, c := range row.Nodes {
			if ref := c.attr("r"); ref != "" {
				checkCell(t, before, after, c, cells[ref], slices.Contains(painted, ref))
			}
		}
		row.Nodes = nil
		if got := rows[number]; got != row.show() && row.attr("r") != "" && len(row.Attrs) > 1 {
			t.Errorf("%s: row %s changed to %s", name, row.show(), got)
		}
	}
}

// columns shows each column by its number; those beyond Z are all set alike in any list of ours.
func columns(cols node) map[int]string {
	each := map[int]string{}
	for _, col := range cols.Nodes {
		first, _ := strconv.Atoi(col.attr("min"))
		last, _ := strconv.Atoi(col.attr("max"))
		col.Attrs = slices.DeleteFunc(slices.Clone(col.Attrs), func(a xml.Attr) bool { return a.Name.Local == "min" || a.Name.Local == "max" })
		for i := first; i <= min(last, 26); i++ {
			each[i] = col.show()
		}
	}
	return each
}

func checkCell(t *testing.T, before, after *archive, old, now node, painted bool) {
	t.Helper()
	oldXf, nowXf := xf(t, before, old.attr("s")), xf(t, after, now.attr("s"))
	if painted {
		for _, x := range []*node{&oldXf, &nowXf} {
			x.Attrs = slices.DeleteFunc(slices.Clone(x.Attrs), func(a xml.Attr) bool {
				return strings.HasSuffix(strings.ToLower(a.Name.Local), "fill") || a.Name.Local == "fillId"
			})
		}
	}
	if diff := cmp.Diff(oldXf.show(), nowXf.show()); diff != "" {
		t.Errorf("style of %s: %s", old.attr("r"), diff)
	}
	bare := func(c node) string {
		c.Attrs = slices.DeleteFunc(slices.Clone(c.Attrs), func(a xml.Attr) bool {
			return a.Name.Local == "s" || a.Name.Local == "t" && a.Value == "n" // a number's type need not be said
		})
		return c.show()
	}
	if len(old.Nodes) == 0 && now.XMLName.Local == "" {
		return // an empty cell without a style need not be written
	}
	if diff := cmp.Diff(bare(old), bare(now)); diff != "" {
		t.Errorf("cell %s: %s", old.attr("r"), diff)
	}
}

func xf(t *testing.T, a *archive, index string) node {
	t.Helper()
	i, _ := strconv.Atoi(index)
	list := parseNode(t, a.parts["xl/styles.xml"]).child("cellXfs").Nodes
	if i >= len(list) {
		t.Fatalf("style %q of %d", index, len(list))
	}
	return list[i]
}
