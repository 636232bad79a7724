package register

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
)

// Of many namesakes the same ones are found as when each is held against each: nobody less, nobody else.
func TestNamesakes(t *testing.T) {
	t.Parallel()
	seed := uint64(20261126)
	if n, err := strconv.ParseUint(os.Getenv("VANTHU_SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Logf("VANTHU_SEED=%d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	found := make(map[string]int)
	for round := range 20 {
		var indexed, plain namesakes
		for range 200 {
			me := someone{fmt.Sprintf("%s%03d", []string{"CK", "21", "2"}[random.IntN(3)], random.IntN(1000)),
				[]string{"", "a", "b"}[min(2, random.IntN(4+round))], []string{"", "k47", "k48"}[min(2, random.IntN(4+round))]}
			if slices.ContainsFunc(plain.people, func(s someone) bool { return s.code == me.code }) {
				continue
			}
			got, want := indexed.near(me), plain.near(me)
			if !slices.Equal(got, want) {
				t.Fatalf("%v: %v, want %v of %v", me, got, want, plain.people)
			}
			all := slices.ContainsFunc(plain.people, func(s someone) bool { return near(me, s) != nil })
			if all != (len(got) > 0) {
				t.Fatalf("%v may be in %v: %v", me, plain.people, got)
			}
			if len(got) > 0 { // the first is the first by whatever
				first := slices.IndexFunc(plain.people, func(s someone) bool { return near(me, s) != nil })
				if got[0] != first {
					t.Fatalf("%v: first %d, want %d", me, got[0], first)
				}
			}
			for _, i := range got {
				for _, why := range near(me, plain.people[i]) {
					found[why]++
				}
			}
			indexed.add(me)
			plain.people = append(plain.people, me)
		}
		if indexed.index == nil || plain.index != nil {
			t.Fatal("the same way twice")
		}
	}
	if found["class"] < 100 || found["cohort"] < 100 || found["code"] < 100 {
		t.Errorf("too few hits to say anything: %v", found)
	}
}
