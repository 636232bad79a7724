package intake

import (
	"slices"
	"strings"
)

// wishWords is how many words a mail has at most that asks for the form and nothing else.
const wishWords = 60

// formWish reports whether somebody asks for the blank form: in a short text a sentence that asks, names the form, and does
// not say that one comes along ("gửi kèm biểu mẫu đã điền") or is about one that was filled in.
func formWish(text string) bool {
	if len(strings.Fields(text)) > wishWords {
		return false
	}
	return slices.ContainsFunc(sentences(text), func(sentence string) bool {
		folded := words(sentence)
		return meaning("form").in(folded) && meaning("form_wish").in(folded) && !meaning("form_stop").in(folded)
	})
}
