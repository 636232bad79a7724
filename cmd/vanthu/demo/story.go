package demo

import (
	"fmt"
	"io"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/bot/rules"
)

// A story is the timeline that is printed: when, who, what.
type story struct {
	out   io.Writer
	now   func() time.Time
	began time.Time
}

func newStory(out io.Writer, now func() time.Time) *story {
	return &story{out: out, now: now, began: now()}
}

func (s *story) print(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

func (s *story) opening(folder string) {
	s.print("QT.CNTT.03 from the first mail to the last, on this machine alone, in %s", folder)
}

func (s *story) heading(text string) { s.print("%s", text) }

// line is one thing that somebody did.
func (s *story) line(who, verb, format string, args ...any) {
	s.print("%6.2f s  %-9s%-10s%s", s.now().Sub(s.began).Seconds(), who, verb, fmt.Sprintf(format, args...))
}

// more is a line below another one.
func (s *story) more(format string, args ...any) { s.print("%28s%s", "", fmt.Sprintf(format, args...)) }

func (s *story) mail(who, subject string, files []string) {
	s.line(who, "writes", "“%s”", subject)
	s.with(files)
}

// findings tells what was found, the same of several rows once.
func (s *story) findings(all []bot.Finding) {
	var texts []string
	places := make(map[string][]string)
	for _, f := range all {
		_, text := rules.Text(f)
		text = f.Rule + " %s" + text
		if _, known := places[text]; !known {
			texts = append(texts, text)
		}
		if f.N > 0 {
			places[text] = append(places[text], fmt.Sprintf("row %d (%s)", f.N, f.Cell))
		} else {
			places[text] = nil
		}
	}
	for _, text := range texts {
		where := strings.Join(places[text], ", ")
		if where != "" {
			where += ": "
		}
		s.more("%s", short(strings.Replace(text, "%s", where, 1)))
	}
}

// short keeps a line within a screen.
func short(text string) string {
	const widest = 100 // characters
	runes := []rune(text)
	if len(runes) <= widest {
		return text
	}
	return string(runes[:widest-1]) + "…"
}

func (s *story) answer(subject string, took time.Duration) {
	s.line("vanthu", "answers", "“%s” (%s)", subject, milliseconds(took))
}

func (s *story) with(files []string) {
	if len(files) > 0 {
		s.more("with %s", strings.Join(files, ", "))
	}
}

// silence is an outcome without an answer.
func (s *story) silence(outcome, reason string, took time.Duration) {
	s.line("vanthu", "answers", "nothing: %s, %s (%s)", outcome, reason, milliseconds(took))
}

// milliseconds shows how long something took. An answer may be there before the sender heard that his mail was taken.
func milliseconds(d time.Duration) string { return fmt.Sprintf("%d ms", max(0, d.Milliseconds())) }
