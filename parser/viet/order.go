package viet

import (
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
)

// An Order sorts names as Vietnamese lists do: by the given name, which stands last, then by the rest from left to right.
// Letters follow the Unicode collation of Vietnamese (CLDR vi): a ă â, d đ, e ê, o ô ơ, u ư are letters of their own; tones
// count only between words of the same letters, in the order ngang, huyền, hỏi, ngã, sắc, nặng. Two ways to place a tone
// are the same. Where the sender's order must be kept, nothing is to be sorted.
//
// An Order is not for several goroutines.
type Order struct {
	collator *collate.Collator
	buffer   collate.Buffer
}

// NewOrder returns an Order.
func NewOrder() *Order { return &Order{collator: collate.New(language.Vietnamese)} }

// Key returns a string whose bytes compare as the names do.
func (o *Order) Key(name string) string {
	words := strings.Fields(name)
	if len(words) == 0 {
		return ""
	}
	for i, w := range words {
		words[i] = toneLast(w)
	}
	last := len(words) - 1
	// Zeros divide the levels of a key (UTS #10 §7.3), so they may divide two keys as well: what ends first comes first.
	return o.key(words[last]) + "\x00\x00" + o.key(strings.Join(words[:last], " "))
}

func (o *Order) key(s string) string {
	o.buffer.Reset()
	return string(o.collator.KeyFromString(&o.buffer, s))
}

// Compare compares two names: negative when a comes first, 0 when they sort alike.
func (o *Order) Compare(a, b string) int { return strings.Compare(o.Key(a), o.Key(b)) }

// The marks of the tones, by their number.
var toneMarks = [...]string{ngang: "", huyen: "\u0300", hoi: "\u0309", nga: "\u0303", sac: "\u0301", nang: "\u0323"}

// toneLast moves the tone of a word behind its last letter, so that its place does not matter.
func toneLast(word string) string {
	base, tone := liftTone(word)
	return base + toneMarks[tone]
}
