package offline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/store"
)

// A Maker puts what is gathered into bundles. Only the serving process can: it alone opens sealed passwords.
type Maker struct {
	DB     *store.DB
	S      Settings
	Sealer Sealer
	Key    Key
	Head   Head // school, office, contact
	Unseal func(sealed []byte, label string) ([]byte, error)
}

// Make puts the gathered rows of a plan into as many bundles as the form needs. Cases on hold are left out. What was approved is
// looked at again: passwords leave the house here.
func (m *Maker) Make(ctx context.Context, planID int64) error {
	var plan store.StoredPlan
	var rows []store.BundleRow
	sealed := make(map[int64]map[int][]byte)
	err := m.DB.Read(ctx, func(tx *store.Tx) (err error) {
		if plan, err = tx.Plan(ctx, planID); err != nil {
			return err
		}
		gathered, err := tx.Gathered(ctx, planID)
		if err != nil || len(gathered) == 0 {
			return err
		}
		if err := plan.Ready(); err != nil || plan.Paused.Done() { // stopped meanwhile: nothing more is handed over
			return err
		}
		held := make(map[int64]bool)
		for _, r := range gathered {
			if sealed[r.CaseID] == nil {
				c, err := tx.Case(ctx, r.CaseID)
				if err != nil {
					return err
				}
				held[r.CaseID] = c.Held.Done() || c.PlanID != planID
				if sealed[r.CaseID], err = tx.Secrets(ctx, r.CaseID); err != nil {
					return err
				}
			}
			if !held[r.CaseID] {
				rows = append(rows, r)
			}
		}
		return nil
	})
	if err != nil || len(rows) == 0 {
		return err
	}
	files, err := m.files(rows, sealed)
	if err != nil {
		return err
	}
	return m.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Lock(ctx, store.LockRegister); err != nil { // two numbers at once
			return err
		}
		for _, file := range files {
			in := rows[:len(file.Rows)]
			rows = rows[len(in):]
			if err := m.add(ctx, tx, plan, file, in); err != nil {
				return err
			}
		}
		return nil
	})
}

// files writes the data of the bundles: outside of any transaction, because hashing takes its time.
func (m *Maker) files(rows []store.BundleRow, sealed map[int64]map[int][]byte) ([]File, error) {
	wanted := make([]Row, len(rows))
	for i, r := range rows {
		plain, err := m.Unseal(sealed[r.CaseID][r.N], account.Label(r.Case, r.N))
		if err != nil {
			return nil, fmt.Errorf("offline: row %d of case %s: its password: %w", r.N, r.Case, err)
		}
		wanted[i] = Row{Case: r.Case, N: r.N, Account: accountOf(r), Password: string(plain)}
	}
	return Write(m.S, wanted)
}

func (m *Maker) add(ctx context.Context, tx *store.Tx, plan store.StoredPlan, file File, rows []store.BundleRow) error {
	h := m.Head
	h.Plan, h.PlanHash, h.MadeAt = plan.Number, plan.Hash, tx.Now
	var err error
	if h.Number, err = tx.NextBundle(ctx); err != nil {
		return err
	}
	docs, err := Pack(h, m.S, m.Sealer, m.Key, file)
	if err != nil {
		return err
	}
	b := store.Bundle{Number: h.Number, PlanID: plan.ID, Form: m.S.Form}
	var kept []store.BundleFile
	for _, d := range docs {
		kept = append(kept, store.BundleFile(d))
		if d.Name == sumsName {
			b.Sums = Sum(d.Data)
		}
	}
	if err := tx.AddBundle(ctx, b, kept, rows); err != nil {
		return err
	}
	for _, r := range rows { // "case explain" says for what it waits
		row, err := tx.Row(ctx, r.CaseID, r.N)
		if err != nil {
			return err
		}
		row.Said = waitsFor(b.Number, tx.Now)
		if err := tx.SaveRow(ctx, row); err != nil {
			return err
		}
	}
	return nil
}

// An Office is what officers do with bundles. It opens no password.
type Office struct{ DB *store.DB }

// Export writes the files of an open bundle below a folder, the same bytes each time. That they were taken out is written down
// before the first is.
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

// An Input is a file that the other admin has sent back.
type Input struct {
	Name string
	Data []byte
}

// A Reading is what files said of a bundle.
type Reading struct {
	Bundle  store.Bundle `json:"bundle"`  // as it is then
	Done    int          `json:"done"`    // rows that these files have shown to be made
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
// go on; the others wait. Reading again changes nothing.
func (o *Office) Read(ctx context.Context, by bot.Actor, number string, inputs []Input) (reading Reading, err error) {
	err = o.DB.Write(ctx, func(tx *store.Tx) error {
		b, err := tx.Bundle(ctx, number)
		if err != nil {
			return err
		}
		rows, err := tx.BundleRows(ctx, b.ID)
		if err != nil {
			return err
		}
		said, err := gather(b, rows, inputs, &reading)
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
			detail := map[string]string{"bundle": b.Number, "done": fmt.Sprint(reading.Done), "refused": fmt.Sprint(reading.Refused), "waits": fmt.Sprint(b.Waits)}
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

// verdict is what all files together say of an address.
type verdict struct {
	made, refused, shown, exists *Result
	file                         string
}

func gather(b store.Bundle, rows []store.BundleRow, inputs []Input, reading *Reading) (map[string]*verdict, error) {
	known := make(map[string]*verdict, len(rows))
	for _, r := range rows {
		known[r.Address] = &verdict{}
	}
	for _, in := range inputs {
		results, listing, err := Read(b.Form, in.Data)
		if err != nil {
			return nil, bot.Errorf(bot.Invalid, "%s: %w", in.Name, err)
		}
		for i := range results {
			r := &results[i]
			if r.Bundle != "" && r.Bundle != b.Number {
				return nil, bot.Errorf(bot.Invalid, "%s: line %d is about bundle %s, not %s; nothing was read", in.Name, r.Line, said(r.Bundle), b.Number)
			}
			v := known[r.Address]
			switch {
			case v == nil && listing:
				reading.Others++
			case v == nil:
				reading.Strange = append(reading.Strange, Told{Address: said(r.Address), File: in.Name, Line: r.Line, Said: "is not in bundle " + b.Number})
			default:
				v.file = in.Name
				switch r.Status {
				case Made:
					v.made = r
				case Refused:
					v.refused = r
				case Shown:
					if v.shown == nil || r.Marker != "" { // two entries with one address: ours counts below
						v.shown = r
					}
				case Exists:
					v.exists = r
				}
			}
		}
	}
	return known, nil
}

// judge says what becomes of a row. What the platform shows counts more than what was said; what contradicts itself settles nothing.
func (v *verdict) judge(r store.BundleRow) (store.BundleRowState, Told) {
	marker := account.Marker(r.Case, r.N)
	tell := func(of *Result, text string) Told { return Told{r.Address, v.file, of.Line, text} }
	switch {
	case v.shown != nil && v.shown.Marker == marker:
		return store.RowDone, tell(v.shown, "shown with our marker")
	case v.shown != nil && v.shown.Marker == "":
		return store.RowRefused, tell(v.shown, anothers)
	case v.shown != nil:
		return store.RowRefused, tell(v.shown, anotherOfOurs+said(v.shown.Marker))
	case v.made != nil && v.refused != nil:
		return store.RowBundled, tell(v.made, fmt.Sprintf("said to be made, and in line %d to be refused; look at the platform and say done or failed in the -result.csv", v.refused.Line))
	case v.made != nil && v.made.Marker != "" && v.made.Marker != marker:
		return store.RowBundled, tell(v.made, "said to be made for "+said(v.made.Marker)+", which is another row")
	case v.made != nil:
		return store.RowDone, tell(v.made, "said to be made")
	case v.refused != nil:
		return store.RowRefused, tell(v.refused, cmp.Or(v.refused.Said, noReason))
	case v.exists != nil:
		return store.RowBundled, tell(v.exists, "there is such an account already: read the list of what is there, too, or say done (it is ours) or failed (it is not) in the -result.csv")
	}
	return store.RowBundled, Told{Address: r.Address, Said: "no result"}
}

func (o *Office) apply(ctx context.Context, tx *store.Tx, b store.Bundle, rows []store.BundleRow, verdicts map[string]*verdict, reading *Reading) error {
	cases := make(map[int64]bool)
	for _, r := range rows {
		state, told := verdicts[r.Address].judge(r)
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
	return tx.ResumeCases(ctx, b.PlanID, ids)
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
