package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"vanthu/bot"
	"vanthu/bot/app"
	"vanthu/bot/reply"
)

type caseReportCmd struct {
	officerFlags
	Case string `arg:"" help:"Case number."`
	To   string `placeholder:"FILE.docx" help:"Write a document instead."`
}

// Run says of each step when it began, was due, was done, by whom, and whether that was in time.
func (c *caseReportCmd) Run(e *env) error {
	return c.look(e, func(a *app.App) error {
		r, err := a.StepReport(e.ctx, c.Case)
		if err != nil {
			return err
		}
		switch {
		case c.JSON:
			return writeJSON(e, r)
		case c.To != "":
			paper, err := a.ReportPaper(r)
			if err != nil {
				return err
			}
			return writeFresh(c.To, paper.Data)
		}
		fmt.Fprintf(e.stdout, "%s  %s  %s  received %s  %s, %s\n", r.Case.Number, foreign(r.Unit), r.Case.State, local(r.Case.ReceivedAt), count(r.People, "person"), count(r.Made, "account"))
		if err := printLimits(e, r.Limits); err != nil {
			return err
		}
		for _, h := range r.Holds {
			fmt.Fprintf(e.stdout, "on hold %s to %s by %s: %s\n", local(h.From), local(h.To), h.By, harmless(h.Why, longest))
		}
		return nil
	})
}

// reportCmd is for the head: all cases of a period, by unit.
type reportCmd struct {
	officerFlags
	From string `required:"" placeholder:"2026-11-01" help:"First day on which the cases came."`
	Till string `name:"to" placeholder:"2026-11-30" help:"Last day; today without it."`
	Out  string `name:"out" placeholder:"FILE.xlsx|FILE.csv" help:"Write a workbook, or the steps as CSV, instead."`
}

func (c *reportCmd) Run(e *env) error {
	from, err := officeDay("--from", c.From)
	if err != nil {
		return err
	}
	var to time.Time
	if c.Till != "" {
		if to, err = officeDay("--to", c.Till); err != nil {
			return err
		}
		if to.Before(from) {
			return fmt.Errorf("--to %s is before --from %s", c.Till, c.From)
		}
	}
	return c.look(e, func(a *app.App) error {
		reports, err := a.StepReports(e.ctx, from, to)
		if err != nil {
			return err
		}
		sheets := a.ReportTables(reports)
		switch name := strings.ToLower(c.Out); {
		case c.JSON:
			return writeJSON(e, struct {
				Units []reply.UnitSum `json:"units"`
				Cases []reply.Report  `json:"cases"`
			}{reply.SumUnits(reports), reports})
		case strings.HasSuffix(name, ".xlsx"):
			data, err := a.Workbook(sheets)
			if err != nil {
				return err
			}
			return c.wrote(e, writeFresh(c.Out, data))
		case strings.HasSuffix(name, ".csv"):
			data, err := asCSV(sheets[1])
			if err != nil {
				return err
			}
			return c.wrote(e, writeFresh(c.Out, data))
		case c.Out != "":
			return fmt.Errorf("--out %s: the name must end in .xlsx or .csv", printable(c.Out))
		}
		w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "UNIT\tCASES\tOPEN\tPEOPLE\tACCOUNTS\tSTEPS\tON TIME\tLATE\tOVERDUE\tDAYS LATE\tHOLDS")
		for _, s := range reply.SumUnits(reports) {
			fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n", foreign(s.Unit), s.Cases, s.Open, s.People, s.Made, s.Steps, s.OnTime, s.Late, s.Overdue, s.LateDays, s.Held)
		}
		return w.Flush()
	})
}

// wrote names the file.
func (c *reportCmd) wrote(e *env, err error) error {
	if err == nil {
		fmt.Fprintln(e.stdout, printable(c.Out))
	}
	return err
}

func officeDay(flag, day string) (time.Time, error) {
	t, err := time.ParseInLocation(time.DateOnly, day, bot.ICT)
	if err != nil {
		return t, fmt.Errorf("%s %s: write the day as 2026-11-30", flag, printable(day))
	}
	return t, nil
}

// asCSV is for spreadsheet programs: UTF-8 with its mark. What would be a formula there is a text.
func asCSV(s reply.SheetData) ([]byte, error) {
	var b strings.Builder
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	var titles []string
	for _, c := range s.Columns {
		titles = append(titles, c.Title)
	}
	for _, row := range append([][]string{titles}, s.Rows...) {
		safe := make([]string, 0, len(row))
		for _, cell := range row {
			if strings.HasPrefix(cell, "=") || strings.HasPrefix(cell, "+") || strings.HasPrefix(cell, "-") || strings.HasPrefix(cell, "@") {
				cell = "'" + cell
			}
			safe = append(safe, cell)
		}
		if err := w.Write(safe); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return []byte(b.String()), w.Error()
}

// writeFresh writes a file that is not there yet.
func writeFresh(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
