package reply

import (
	"time"

	"vanthu/bot"
)

// A Digest tells an officer what is due (M08). No student is named in it.
type Digest struct {
	At time.Time
	bot.Digest
}

// mostSteps bounds a digest; the command shows all.
const mostSteps = 60

// A digestPart is the steps of one stage.
type digestPart struct {
	VI, EN string
	Steps  []digestStep
}

// A digestStep is one step in a digest, with its fields as lines.
type digestStep struct {
	N            int
	Case, Unit   line
	Officer      line
	VI, EN       line // name of the step
	Number       int
	People       int
	New          bool
	Started, Due time.Time
	Day, Of      int
	Over         int
	ID           bot.StepID
	Plan         line
	Reminds      int
}

// Due writes the digest of a day.
func (w *Writer) Due(d Digest) (Draft, error) {
	facts := struct {
		page
		Name             line
		Parts            []digestPart
		Steps, More      int
		Overdue, Near    int // steps of this digest
		Open, OverdueAll int // cases of the office
		Years            []int
	}{page: w.page("", "", d.At), Name: plain(d.Name, longest), Steps: len(d.Items), Open: d.Open, OverdueAll: d.Digest.Overdue, Years: d.Years}
	for _, part := range []struct {
		stage  bot.Stage
		vi, en string
	}{
		{bot.StageOverdue, "QUÁ HẠN", "OVERDUE"}, {bot.StageDue, "HẾT HẠN HÔM NAY", "DUE TODAY"},
		{bot.StageNear, "SẮP HẾT HẠN (đã qua 80% thời gian)", "NEARLY DUE (80% of the time has run)"},
		{bot.StageHalf, "ĐÃ QUA NỬA THỜI GIAN", "HALF OF THE TIME HAS RUN"},
	} {
		p := digestPart{VI: part.vi, EN: part.en}
		for _, i := range d.Items {
			switch {
			case i.Limit.Stage != part.stage:
			case facts.Steps-facts.More > mostSteps && len(p.Steps)+stepsIn(facts.Parts) >= mostSteps:
				facts.More++
			default:
				p.Steps = append(p.Steps, stepOf(stepsIn(facts.Parts)+len(p.Steps)+1, i))
			}
		}
		if part.stage == bot.StageOverdue {
			facts.Overdue = len(p.Steps)
		}
		if len(p.Steps) > 0 {
			facts.Parts = append(facts.Parts, p)
		}
	}
	facts.Near = facts.Steps - facts.Overdue
	return w.draft("digest", "", facts)
}

func stepsIn(parts []digestPart) (n int) {
	for _, p := range parts {
		n += len(p.Steps)
	}
	return n
}

func stepOf(n int, i bot.DigestItem) digestStep {
	l := i.Limit
	return digestStep{
		N: n, Case: plain(i.Case.Number, longest), Unit: plain(i.UnitName, longest), Officer: plain(i.Officer, longest),
		VI: plain(l.Step.VI, longest), EN: plain(l.Step.EN, longest), Number: l.Step.Number, People: i.Rows, New: i.New,
		Started: l.Started, Due: l.Due, Day: l.Used, Of: l.Used + l.Left, Over: l.Over, ID: l.Step.ID, Plan: plain(i.Plan, longest), Reminds: i.Reminds,
	}
}
