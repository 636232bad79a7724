package app

import (
	"context"
	"slices"

	"pgregory.net/rapid"

	"vanthu/bot"
	"vanthu/bot/desk"
	"vanthu/bot/store"
)

// refused is what an officer may be told; anything else is a fault.
func refused(t *rapid.T, err error) {
	switch bot.ErrorCode(err) {
	case "", bot.Conflict, bot.Forbidden, bot.Invalid, bot.NotFound:
	case bot.Temporary, bot.Internal:
		t.Fatal(err)
	}
}

func (w *sequence) officer(t *rapid.T) bot.Officer {
	o := sequenceOfficers[rapid.IntRange(0, len(sequenceOfficers)-1).Draw(t, "officer")]
	w.acted[desk.OfficerActor(o)] = true
	return o
}

func (w *sequence) aCase(t *rapid.T) (number string) {
	var cases []bot.Case
	w.read(func(ctx context.Context, tx *store.Tx) (err error) {
		cases, err = tx.Cases(ctx, "")
		return err
	})
	if len(cases) == 0 {
		t.Skip("no case yet")
	}
	return cases[rapid.IntRange(0, len(cases)-1).Draw(t, "case")].Number
}

// likeCase is a case of the same unit that asks for the same, the newest.
func (w *sequence) likeCase(t *rapid.T, number string) string {
	var like string
	w.read(func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.CaseByNumber(ctx, number)
		if err != nil {
			return err
		}
		cases, err := tx.Cases(ctx, "")
		for _, k := range cases {
			if k.Unit == c.Unit && k.Kind == c.Kind && k.ID != c.ID && k.State.Open() {
				like = k.Number
			}
		}
		return err
	})
	if like == "" {
		t.Skip("there is no such case")
	}
	return like
}

func (w *sequence) officerActs(t *rapid.T) {
	number, o, d := w.aCase(t), w.officer(t), w.app.Desk
	actor := desk.OfficerActor(o)
	acts := map[string]func() error{
		"check":    func() error { _, err := d.Check(w.ctx(), actor, number); return err },
		"return":   func() error { _, err := d.Return(w.ctx(), actor, number, "lý do"); return err },
		"withdraw": func() error { _, err := d.Withdraw(w.ctx(), actor, number, ""); return err },
		"take":     func() error { _, err := d.Take(w.ctx(), o, number, true); return err },
		"hold":     func() error { _, err := d.Hold(w.ctx(), actor, number, "lý do"); return err },
		"resume":   func() error { _, err := d.Resume(w.ctx(), actor, number); return err },
		"supersede": func() error {
			_, err := d.Supersede(w.ctx(), actor, number, w.likeCase(t, number))
			return err
		},
		"sure": func() error { _, err := d.Sure(w.ctx(), actor, number, "đã gọi điện"); return err },
		"give back": func() error {
			_, err := d.GiveBack(w.ctx(), actor, number, []int{1}, "quyết định đã thu hồi")
			return err
		},
		"go on": func() error {
			_, err := d.GoOn(w.ctx(), actor, number, nil, "đơn vị đề nghị tiếp tục")
			return err
		},
		"hold person": func() error {
			code := rapid.SampledFrom(sequencePeople).Draw(t, "person")
			err := d.HoldPerson(w.ctx(), actor, code, "khiếu nại")
			w.held[code] = w.held[code] || err == nil
			return err
		},
		"lift hold": func() error {
			code := rapid.SampledFrom(sequencePeople).Draw(t, "person")
			err := d.LiftHold(w.ctx(), actor, code, "đã xong")
			w.held[code] = w.held[code] && err != nil
			return err
		},
	}
	names := []string{"check", "check", "check", "check", "resume", "take", "return", "withdraw", "hold", "supersede", "supersede", "sure", "give back", "go on", "hold person", "lift hold"}
	refused(t, acts[rapid.SampledFrom(names).Draw(t, "act")]())
}

func (w *sequence) officerPlans(t *rapid.T) {
	o, numbers := w.officer(t), []string{w.aCase(t)}
	if other := w.aCase(t); other != numbers[0] && rapid.Bool().Draw(t, "two") {
		numbers = append(numbers, other)
	}
	_, err := w.app.Desk.MakePlan(w.ctx(), desk.OfficerActor(o), numbers)
	refused(t, err)
}

func (w *sequence) officerApproves(t *rapid.T) {
	o := w.officer(t)
	var plans []store.StoredPlan
	w.read(func(ctx context.Context, tx *store.Tx) (err error) {
		plans, err = tx.Plans(ctx)
		return err
	})
	if len(plans) == 0 {
		t.Skip("no plan yet")
	}
	p := plans[rapid.IntRange(0, len(plans)-1).Draw(t, "plan")]
	_, err := w.app.Desk.ApprovePlan(w.ctx(), o, p.Number, p.Hash)
	refused(t, err)
}

// officersServe takes the next case in which something is to be done the whole way, as two officers do on a good day.
func (w *sequence) officersServe(t *rapid.T) {
	lan, minh, d := sequenceOfficers[0], sequenceOfficers[1], w.app.Desk
	w.acted[desk.OfficerActor(lan)], w.acted[desk.OfficerActor(minh)] = true, true
	var cases []bot.Case
	w.read(func(ctx context.Context, tx *store.Tx) (err error) {
		cases, err = tx.Cases(ctx, "")
		return err
	})
	slices.Reverse(cases)
	for _, c := range cases {
		_, err := d.Check(w.ctx(), desk.OfficerActor(lan), c.Number)
		refused(t, err)
		p, err := d.MakePlan(w.ctx(), desk.OfficerActor(lan), []string{c.Number})
		refused(t, err)
		if err != nil {
			continue
		}
		_, err = d.ApprovePlan(w.ctx(), minh, p.Number, p.Hash)
		refused(t, err)
		break
	}
	w.works()
}

// windowEnds gives a row of a suspended case back, or lets the time pass in which it may be undone. Few cases come so far by themselves:
// where none is, people are let go first.
func (w *sequence) windowEnds(t *rapid.T) {
	suspended := func() (cases []bot.Case) {
		w.read(func(ctx context.Context, tx *store.Tx) (err error) {
			cases, err = tx.Cases(ctx, bot.Suspended)
			return err
		})
		return cases
	}
	cases := suspended()
	if len(cases) == 0 {
		if len(w.platform) == 0 {
			t.Skip("nobody has an account")
		}
		w.asks(t, true)
		w.officersServe(t)
		if cases = suspended(); len(cases) == 0 {
			return
		}
		w.holds()
	}
	if rapid.Bool().Draw(t, "give back") {
		_, err := w.app.Desk.GiveBack(w.ctx(), desk.OfficerActor(w.officer(t)), cases[0].Number, []int{1}, "quyết định đã thu hồi")
		refused(t, err)
	} else {
		w.now = w.now.AddDate(0, 0, 40)
	}
	w.works()
}
