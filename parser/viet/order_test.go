package viet

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOrder(t *testing.T) {
	t.Parallel()
	for _, want := range [][]string{
		{"Lê An", "Lê Văn An", "Trần An", "Phạm Anh", "Nguyễn Ánh", "Phạm Ánh", "Lê Ân", "Lê Ẩn", "Lê Ấn", "Dương Dung", "Dương Dũng", "Vũ Dụng", "Hồ Đăng", "Đinh Đức"},
		{"ma", "mà", "mả", "mã", "má", "mạ"},
		{"a", "ă", "â", "b", "d", "đ", "e", "ê", "o", "ô", "ơ", "u", "ư", "y"},
		{"Hoa", "Hòa", "Hóa", "Hoan", "Hoàn"},
		{"", "An", "Lê An", "Lê Thị An", "Lê Văn An"},
		{"H'Hen", "Ro Phi Hen", "Niê"},
	} {
		got := slices.Clone(want)
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
		slices.SortFunc(got, NewOrder().Compare)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	o := NewOrder()
	for _, pair := range [][2]string{{"Hoà", "Hòa"}, {"Thuỳ", "Thùy"}, {"LÊ KHOẺ", "Lê Khỏe"}, {"Nguyễn", "Nguye\u0302\u0303n"}} {
		if o.Compare(pair[0], pair[1]) != 0 {
			t.Errorf("%q and %q sort apart", pair[0], pair[1])
		}
	}
}
