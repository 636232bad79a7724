package offline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
)

// An Office is what officers do with bundles. It opens no password.
type Office struct {
	DB *store.DB
	S  Settings
}

// Export writes the files of an open bundle below a folder, the same bytes each time. That they were taken out is written down
// before the first is. What officers have held or stopped since the bundle was made does not leave the house.
func (o *Office) Export(ctx context.Context, by bot.Actor, number, dir string) (folder string, err error) {
	var docs []Doc
	err = o.DB.Write(ctx, func(tx *store.Tx) error {
		b, err := tx.Bundle(ctx, number)
		if err != nil {
			return err
		}
		if b.State != "open" {
			return bot.Errorf(bot.Conflict, "bundle %s is %s; its files were destroyed", b.Number, b.State)
		}
		if err := mayLeave(ctx, tx, b); err != nil {
			return err
		}
		files, err := tx.BundleFiles(ctx, b.ID)
		if err != nil {
			return err
		}
		for _, f := range files {
			docs = append(docs, Doc(f))
		}
		return tx.NoteExport(ctx, b, by)
	})
	if err != nil {
		return "", err
	}
	return Export(dir, number, docs)
}

// mayLeave is an error when something of a bundle is not to be carried out now. Its files cannot be made without that any more.
func mayLeave(ctx context.Context, tx *store.Tx, b store.Bundle) error {
	plan, err := tx.Plan(ctx, b.PlanID)
	if err != nil {
		return err
	}
	if plan.Paused.Done() {
		return bot.Errorf(bot.Conflict, "plan %s is paused: continue it, or void bundle %s", plan.Number, b.Number)
	}
	rows, err := tx.BundleRows(ctx, b.ID)
	if err != nil {
		return err
	}
	keep, err := keeper(ctx, tx, b.PlanID, rows)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.State == store.RowBundled && keep(r) {
			return bot.Errorf(bot.Conflict, "row %d of case %s is held, stopped or left alone since bundle %s was made: lift that, or void the bundle, and another is made without it", r.N, r.Case, b.Number)
		}
	}
	return nil
}

// An Input is a file that the other admin has sent back.
type Input struct {
	Name string
	Data []byte
}

// A Reading is what files said of a bundle.
type Reading struct {
	Bundle  store.Bundle `json:"bundle"`  // as it is then
	Done    int          `json:"done"`    // rows that these files have shown to be done
	Refused int          `json:"refused"` // and that they have shown to be refused
	Waits   []Told       `json:"waits"`   // rows of which nothing that counts was said, and what was
	Strange []Told       `json:"strange"` // what was said of addresses that are not in the bundle; nothing was done with it
	Others  int          `json:"others"`  // other accounts in a list of all
}

// Told is what was said of an address, or why nothing was done with it.
type Told struct {
	Address string `json:"address"`
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Said    string `json:"said"`
}

// Read reads what came of a bundle, from one file or several that belong together. Rows that are done or refused let their cases
// go on; the others wait. whole: the officer knows that the lists are of all accounts, so that who is in none is not there. Reading again
// changes nothing.
func (o *Office) Read(ctx context.Context, by bot.Actor, number string, inputs []Input, whole bool) (reading Reading, err error) {
	err = o.DB.Write(ctx, func(tx *store.Tx) error {
		b, err := tx.Bundle(ctx, number)
		if err != nil {
			return err
		}
		if err := ofThis(ctx, tx, b, inputs); err != nil {
			return err
		}
		rows, err := tx.BundleRows(ctx, b.ID)
		if err != nil {
			return err
		}
		said, err := gather(o.S, b, rows, inputs, whole, &reading)
		if err != nil {
			return err
		}
		if err := o.apply(ctx, tx, b, rows, said, &reading); err != nil {
			return err
		}
		if b, err = tx.Bundle(ctx, number); err != nil {
			return err
		}
		if reading.Done+reading.Refused > 0 {
			detail := map[string]string{"bundle": b.Number, "act": string(b.Act), "done": fmt.Sprint(reading.Done), "refused": fmt.Sprint(reading.Refused), "waits": fmt.Sprint(b.Waits)}
			for i, in := range inputs {
				detail[fmt.Sprintf("sha256_%d", i+1)] = Sum(in.Data)
			}
			if err := tx.AddEvent(ctx, bot.Event{Actor: by, Plan: b.PlanID, What: "bundle_read", Detail: detail}); err != nil {
				return err
			}
		}
		if b.State == "open" && b.Waits == 0 {
			if err := tx.EndBundle(ctx, b, "closed", "every row has a result", by); err != nil {
				return err
			}
		}
		reading.Bundle, err = tx.Bundle(ctx, number)
		return err
	})
	return reading, err
}

// ofThis is an error when files cannot be what came of a bundle: it has not left the house, or they were there before it was. The log of an
// upload bears no number of a bundle, nor a time: who reads that of last month's passwords again would be told that this month's are set.
func ofThis(ctx context.Context, tx *store.Tx, b store.Bundle, inputs []Input) error {
	if !b.Exported.Done() {
		return bot.Errorf(bot.Conflict, "bundle %s was never taken out (bundle export): nobody can have carried it out", b.Number)
	}
	if b.Act != store.ActReset { // of the others a list may be the same, byte for byte, each time
		return nil
	}
	for _, in := range inputs {
		read, err := tx.ReadBefore(ctx, Sum(in.Data), b.MadeAt)
		if err != nil {
			return err
		}
		if read {
			return bot.Errorf(bot.Conflict, "%s was read before bundle %s was made, and does not tell what came of that; fill in the …-result.csv of the bundle", in.Name, b.Number)
		}
	}
	return nil
}

func (o *Office) apply(ctx context.Context, tx *store.Tx, b store.Bundle, rows []store.BundleRow, verdicts map[string]*verdict, reading *Reading) error {
	cases := make(map[int64]bool)
	for _, r := range rows {
		state, told := verdicts[r.Address].judge(b, r)
		switch {
		case r.State != store.RowBundled && (state == r.State || state == store.RowBundled):
			continue // read before
		case r.State != store.RowBundled:
			told.Said = fmt.Sprintf("is %s already; this file says otherwise: %s", r.State, told.Said)
			reading.Strange = append(reading.Strange, told)
			continue
		case state == store.RowBundled:
			reading.Waits = append(reading.Waits, told)
			continue
		}
		settled, err := tx.SettleRow(ctx, r.ID, state, told.Said)
		if err != nil {
			return err
		}
		if !settled {
			return errChanged
		}
		if cases[r.CaseID] = true; state == store.RowDone {
			reading.Done++
		} else {
			reading.Refused++
		}
	}
	return resume(ctx, tx, b, cases)
}

var errChanged = errors.New("offline: the bundle was changed by somebody else meanwhile; read again")

func resume(ctx context.Context, tx *store.Tx, b store.Bundle, cases map[int64]bool) error {
	ids := make([]int64, 0, len(cases))
	for id := range cases {
		ids = append(ids, id)
	}
	return tx.ResumeCases(ctx, b.PlanID, b.Act, ids)
}

// Close ends a bundle of which some rows have no result: they were not carried out and go into another.
func (o *Office) Close(ctx context.Context, by bot.Actor, number, why string) (store.Bundle, error) {
	return o.end(ctx, by, number, "closed", why)
}

// Void ends a bundle that was never carried out. All its rows go into another.
func (o *Office) Void(ctx context.Context, by bot.Actor, number, why string) (store.Bundle, error) {
	return o.end(ctx, by, number, "void", why)
}

func (o *Office) end(ctx context.Context, by bot.Actor, number, state, why string) (b store.Bundle, err error) {
	err = o.DB.Write(ctx, func(tx *store.Tx) error {
		if b, err = tx.Bundle(ctx, number); err != nil {
			return err
		}
		if state == "void" && b.Done+b.Refused > 0 {
			return bot.Errorf(bot.Conflict, "bundle %s was carried out for %d rows; close it, the others go into another", b.Number, b.Done+b.Refused)
		}
		rows, err := tx.BundleRows(ctx, b.ID)
		if err != nil {
			return err
		}
		if err := tx.EndBundle(ctx, b, state, why, by); err != nil {
			return err
		}
		cases := make(map[int64]bool)
		for _, r := range rows {
			if r.State == store.RowBundled {
				cases[r.CaseID] = true
			}
		}
		if err := resume(ctx, tx, b, cases); err != nil {
			return err
		}
		b, err = tx.Bundle(ctx, number)
		return err
	})
	return b, err
}

// Ask has the serving process make the bundles of a plan now, or of all plans with gathered rows for "".
func (o *Office) Ask(ctx context.Context, plan string) (n int, err error) {
	err = o.DB.Write(ctx, func(tx *store.Tx) error {
		plans, err := tx.ToBundle(ctx, tx.Now.Add(time.Minute))
		if err != nil {
			return err
		}
		for _, id := range plans {
			p, err := tx.Plan(ctx, id)
			if err != nil {
				return err
			}
			if plan == "" || p.Number == plan {
				tx.Wake(store.BundleJob, id)
				n++
			}
		}
		return nil
	})
	return n, err
}
