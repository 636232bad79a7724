package intake

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
)

func person(n int, code, name, class string) bot.Row {
	return bot.Row{N: n, Code: code, Name: name, Class: class}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	was := []bot.Row{
		person(1, "2153010001", "Nguyễn Văn An", "YK48"),
		person(2, "21530103", "Trần Công Hùng", "YK48"), // its code is corrected
		person(3, "2153010003", "", "YK48"),             // its name is added
		person(4, "2153010004", "Lê Văn Tám", "YK48"),   // goes
		person(5, "2153010005", "Đỗ Minh Khôi", "YK48"), // twice on the list
		person(6, "2153010005", "Đỗ Minh Khôi", "YK48"),
	}
	now := []bot.Row{
		person(1, "2153010006", "Vũ Thị Trang", "DK48"), // new
		person(2, "2153010003", "Phạm Thị Hoa", "YK48"),
		person(3, "2153010302", "TRẦN CÔNG HÙNG", "YK48"),
		person(4, "2153010001", "Nguyễn Văn An", "YK48"),
		person(5, "2153010005", "Đỗ Minh Khôi", "YK48"),
	}
	now[3].STT, now[3].Line, now[4].Monitor = "9", 12, true // where a row stands is no change
	want := bot.Changes{Unchanged: 1, Rows: []bot.Change{
		{Kind: bot.RowAdded, N: 1, Code: "2153010006", Name: "Vũ Thị Trang", Class: "DK48"},
		{Kind: bot.RowChanged, Was: 3, N: 2, Code: "2153010003", Name: "Phạm Thị Hoa", Class: "YK48", Fields: []bot.FieldChange{{Field: bot.FieldName, Is: "Phạm Thị Hoa"}}},
		{Kind: bot.RowChanged, Was: 2, N: 3, Code: "2153010302", Name: "TRẦN CÔNG HÙNG", Class: "YK48", Fields: []bot.FieldChange{
			{Field: bot.FieldCode, Was: "21530103", Is: "2153010302"}, {Field: bot.FieldName, Was: "Trần Công Hùng", Is: "TRẦN CÔNG HÙNG"}}},
		{Kind: bot.RowChanged, Was: 5, N: 5, Code: "2153010005", Name: "Đỗ Minh Khôi", Class: "YK48", Fields: []bot.FieldChange{{Field: bot.FieldMonitor, Is: "x"}}},
		{Kind: bot.RowRemoved, Was: 4, Code: "2153010004", Name: "Lê Văn Tám", Class: "YK48"},
		{Kind: bot.RowRemoved, Was: 6, Code: "2153010005", Name: "Đỗ Minh Khôi", Class: "YK48"},
	}}
	if diff := cmp.Diff(want, changes(was, now)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := changes(was, was); got.Unchanged != len(was) || got.Rows != nil {
		t.Errorf("the same list: %+v", got)
	}
}

// The hash is the same for the same people, whatever their order, and for no others.
func TestListHash(t *testing.T) {
	t.Parallel()
	a, b := person(1, "2153010001", "Nguyễn Văn An", "YK48"), person(2, "2153010002", "Lê Văn Tám", "YK48")
	seen := map[string]string{}
	for name, rows := range map[string][]bot.Row{
		"two": {a, b}, "one": {a}, "twice": {a, a}, "another name": {a, person(2, "2153010002", "Lê Văn Tám ", "YK48")},
		"moved between fields": {a, person(2, "2153010002Lê Văn Tám", "", "YK48")},
	} {
		h := listHash(rows)
		if other := seen[h]; other != "" {
			t.Errorf("%s and %s have one hash", name, other)
		}
		seen[h] = name
	}
	if listHash([]bot.Row{b, a}) != listHash([]bot.Row{a, b}) || listHash(nil) != "" {
		t.Error("the order counts, or nobody has a hash")
	}
}
