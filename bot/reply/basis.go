package reply

import (
	"strings"
	"time"

	"vanthu/bot"
)

// A basis is what a letter rests on (FR-04), short: the edition of the procedure and the texts that it wants named. Documents
// name all.
type basis struct {
	Code, Edition line
	Issued        time.Time
	Texts         line // each after a semicolon
	TextsEN       line
}

// A progress is how far the running step of a case is; without a number none runs.
type progress struct {
	Number, Day, Of, Over int
	VI, EN                line
}

func progressOf(p bot.Progress) progress {
	return progress{Number: p.Step.Number, Day: p.Day, Of: p.Of, Over: p.Over, VI: plain(p.Step.VI, longest), EN: plain(p.Step.EN, longest)}
}

func basisOf(d bot.Definition) basis {
	b := basis{Code: plain(d.Code, longest), Edition: plain(d.Edition, longest), Issued: d.IssuedOn()}
	var vi, en strings.Builder
	for _, text := range d.Bases {
		if text.InLetters {
			vi.WriteString("; " + text.Short)
			en.WriteString("; " + text.ShortEN)
		}
	}
	b.Texts, b.TextsEN = plain(vi.String(), speech), plain(en.String(), speech)
	return b
}
