package desk_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/calendar"
	"vanthu/bot/clock"
	"vanthu/bot/desk"
	"vanthu/bot/procedure"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

var update = flag.Bool("update", false, "write what officers and units were told into testdata/*.txt")

func vietnam(t *testing.T) *calendar.Calendar {
	t.Helper()
	days, err := calendar.Vietnam()
	if err != nil {
		t.Fatal(err)
	}
	return days
}

// limits are those of edition 01, as bot/app hands them over.
func limits(t *testing.T) func(bot.Case, []bot.Event, time.Time) []bot.Limit {
	t.Helper()
	d, err := procedure.Parse(procedure.Text())
	if err != nil {
		t.Fatal(err)
	}
	days := vietnam(t)
	return clock.Clock{Step: d.Step, Due: days.Due, Days: days.Days}.Limits
}

// A told is an office whose clock is set by the test, with what its people are told.
type told struct {
	*world
	out  bytes.Buffer
	days *calendar.Calendar
	at   time.Time
}

var (
	lanMail  = bot.Officer{ID: "lan", Name: "Lê Thị Lan", Address: "lan@truong.example"}
	hoaMail  = bot.Officer{ID: "hoa", Name: "Hồ Thị Hoa", Address: "hoa@truong.example"}
	minhMail = bot.Officer{ID: "minh", Name: "Trần Văn Minh", Approver: true, Head: true, Address: "minh@truong.example"}
	mute     = bot.Officer{ID: "nam", Name: "Nguyễn Nam"}
)

func newTold(t *testing.T, db *store.DB, start string) *told {
	t.Helper()
	o := &told{world: newWorldOn(t, db), days: vietnam(t)}
	o.desk.Officers = []bot.Officer{lanMail, hoaMail, minhMail, mute}
	o.desk.RemindEvery = 7
	o.desk.Digests = desk.Digests{On: true, Missing: func(time.Time) []int { return nil },
		Days: func(from, to time.Time) int { return o.days.Days(from, to, false) },
		Open: func(now time.Time) bool {
			at := now.In(bot.ICT)
			return !o.days.IsOff(now) && at.Hour() >= 8 && at.Hour() < 16
		}}
	o.set(start)
	db.Now = func() time.Time { return o.at }
	compose := o.desk.Compose
	o.desk.Compose = func(a bot.Answer) (store.Letter, error) {
		if a.Digest != nil {
			fmt.Fprintf(&o.out, "%s  %s:", o.at.In(bot.ICT).Format("Mon 02/01 15:04"), a.To)
			for _, i := range a.Digest.Items {
				fmt.Fprintf(&o.out, "  %s %s %s", i.Case.Number, i.Limit.Step.ID, i.Limit.Stage)
				if i.New {
					o.out.WriteString(" (new)")
				}
			}
			for _, year := range a.Digest.Years {
				fmt.Fprintf(&o.out, "  year %d", year)
			}
			fmt.Fprintf(&o.out, "  of %d open, %d overdue\n", a.Digest.Open, a.Digest.Overdue)
			return store.Letter{Step: a.Step, MessageID: "<" + strings.ReplaceAll(a.Step, " ", ".") + "@truong.example>", Kind: string(a.Kind), To: a.To, Raw: []byte("x")}, nil
		}
		if a.Kind == bot.Reminder {
			fmt.Fprintf(&o.out, "%s  %s: reminder %d about %s\n", o.at.In(bot.ICT).Format("Mon 02/01 15:04"), a.Unit.Addresses[0], a.Reminder, a.Case.Number)
		}
		return compose(a)
	}
	return o
}

func (o *told) set(at string) {
	o.t.Helper()
	var err error
	if o.at, err = time.ParseInLocation("2006-01-02 15:04", at, bot.ICT); err != nil {
		o.t.Fatal(err)
	}
}

// sweep does what the sweep of each minute leads to.
func (o *told) sweep() {
	o.t.Helper()
	ctx := o.t.Context()
	var day int64
	var silent []int64
	err := o.db.Read(ctx, func(tx *store.Tx) (err error) {
		if day, err = o.desk.DigestDay(ctx, tx); err != nil {
			return err
		}
		silent, err = o.desk.Silent(ctx, tx)
		return err
	})
	if err == nil && day != 0 {
		err = o.desk.Digest(ctx, day)
	}
	if err != nil {
		o.t.Fatal(err)
	}
	for _, id := range silent {
		if err := o.desk.Remind(ctx, id); err != nil {
			o.t.Fatal(err)
		}
	}
}

// until sweeps every hour.
func (o *told) until(end string) {
	o.t.Helper()
	from := o.at
	o.set(end)
	stop := o.at
	for o.at = from; o.at.Before(stop); o.at = o.at.Add(time.Hour) {
		o.sweep()
	}
}

func (o *told) note(format string, args ...any) { fmt.Fprintf(&o.out, "# "+format+"\n", args...) }

func (o *told) same(name string) {
	o.t.Helper()
	want, err := os.ReadFile(name)
	if err != nil && !*update {
		o.t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(name, o.out.Bytes(), 0o600); err != nil {
			o.t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(want), o.out.String()); diff != "" {
		o.t.Errorf("(-want +got):\n%s", diff)
	}
}

// Who is told what and when, hour by hour over two months: half, 80 %, due, overdue daily, then weekly; the officer who has the case,
// the office where nobody has it, the head of what is overdue; nothing at night, on days off, or twice.
func TestRhythm(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newTold(t, db, "2026-11-20 10:00")
		o.note("Friday 20/11, 10:00: a case that nobody takes")
		number := o.opens(ctsv, bot.Received, "2153010001")
		o.until("2026-11-25 10:30")
		o.note("Wednesday 25/11: Lan takes it, checks it, has it planned and approved")
		o.takes(number)
		o.note("nobody makes the accounts")
		o.until("2027-01-25 08:00")
		o.same("testdata/rhythm.txt")
	})
}

// takes has Lan take, check and plan a case, and Minh approve.
func (o *told) takes(number string) {
	o.t.Helper()
	ctx := o.t.Context()
	if _, err := o.desk.Take(ctx, lanMail, number, false); err != nil {
		o.t.Fatal(err)
	}
	if _, err := o.desk.Check(ctx, "officer:lan", number); err != nil {
		o.t.Fatal(err)
	}
	plan, err := o.desk.MakePlan(ctx, "officer:lan", []string{number})
	if err != nil {
		o.t.Fatal(err)
	}
	if _, err := o.desk.ApprovePlan(ctx, minhMail, plan.Number, plan.Hash); err != nil {
		o.t.Fatal(err)
	}
}

// A unit that is silent after its delivery is reminded once, then weekly, then an officer must call.
func TestSilentUnit(t *testing.T) {
	t.Parallel()
	o := newTold(t, storetest.SQLite(t), "2026-12-01 09:00")
	number := o.opens(ctsv, bot.Received, "2153010001")
	o.takes(number)
	id := o.find(number).ID
	o.write(func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.Case(ctx, id)
		if err != nil {
			return err
		}
		r, err := tx.Row(ctx, id, 1)
		if err != nil {
			return err
		}
		r.State, c.State = bot.RowCreated, bot.Created
		if err := tx.SaveRow(ctx, r); err != nil {
			return err
		}
		if _, err = tx.SaveCase(ctx, c); err != nil {
			return err
		}
		if err := tx.AddEvent(ctx, bot.Event{Actor: bot.System, Case: id, What: "accounts_created"}); err != nil {
			return err
		}
		return o.desk.Sent(ctx, tx, store.Letter{CaseID: id, Kind: string(bot.CredentialsOf)})
	})
	o.note("delivered on Tuesday 01/12; the unit says nothing")
	o.until("2026-12-22 08:30")
	o.note("Tuesday 22/12: “Đã nhận đủ”, and again silence")
	if err := o.writes(ctsv, number, bot.Receipt{Received: true}); err != nil {
		t.Fatal(err)
	}
	o.until("2027-01-12 08:00")
	o.same("testdata/silent.txt")
}

// After an outage there is one digest; a clock that jumps leads to one for each day it shows at most; a restart repeats nothing.
func TestNoStorm(t *testing.T) {
	t.Parallel()
	o := newTold(t, storetest.SQLite(t), "2026-12-01 09:00")
	for i := range 20 {
		o.opens(ctsv, bot.Received, fmt.Sprintf("21530100%02d", i))
	}
	o.set("2026-12-15 09:00") // away for two weeks
	for range 5 {
		o.sweep()
	}
	digests := func() int { return strings.Count(o.out.String(), "lan@truong.example") }
	if n := digests(); n != 1 {
		t.Errorf("after an outage Lan got %d digests:\n%s", n, o.out.String())
	}
	for _, at := range []string{"2026-12-15 15:00", "2031-05-05 10:00", "2026-12-15 10:00", "2026-12-15 11:00", "2031-05-05 10:00"} {
		o.set(at)
		o.sweep()
	}
	if n := digests(); n != 2 {
		t.Errorf("after a clock that jumps to and fro Lan got %d digests, not one more:\n%s", n, o.out.String())
	}
	o.set("2026-12-16 09:00")
	if err := o.desk.Digest(t.Context(), 20261215); err != nil || digests() != 2 {
		t.Errorf("the job of yesterday told %d times, %v", digests(), err)
	}
	o.sweep()
	if n := digests(); n != 3 {
		t.Errorf("the day after, what is overdue was told %d times", n)
	}
}

// Two processes that come to the day's digest together write one for each person.
func TestTwoProcessesTellOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newTold(t, db, "2026-12-01 09:00")
		o.opens(ctsv, bot.Received, "2153010001")
		o.desk.Compose = func(a bot.Answer) (store.Letter, error) { // together: nothing of the test is written
			return store.Letter{Step: a.Step, MessageID: "<" + strings.ReplaceAll(a.Step, " ", ".") + "@truong.example>", Kind: string(a.Kind), To: a.To, Raw: []byte("x")}, nil
		}
		o.set("2026-12-07 09:00")
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				if err := o.desk.Digest(t.Context(), 20261207); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		letters := look(o.world, func(ctx context.Context, tx *store.Tx) ([]store.Letter, error) { return tx.Letters(ctx, 0) })
		if len(letters) != 3 {
			t.Errorf("%d letters for three people", len(letters))
		}
	})
}

// A digest that cannot be written holds up nobody else's, and is tried again.
func TestOneDigestFails(t *testing.T) {
	t.Parallel()
	o := newTold(t, storetest.SQLite(t), "2026-12-01 09:00")
	o.opens(ctsv, bot.Received, "2153010001")
	compose, broken := o.desk.Compose, true
	o.desk.Compose = func(a bot.Answer) (store.Letter, error) {
		if broken && a.To == lanMail.Address {
			return store.Letter{}, errors.New("no letter")
		}
		return compose(a)
	}
	o.set("2026-12-07 09:00")
	for _, want := range []int{2, 3} { // the first of three fails
		err := o.desk.Digest(t.Context(), 20261207)
		letters := look(o.world, func(ctx context.Context, tx *store.Tx) ([]store.Letter, error) { return tx.Letters(ctx, 0) })
		if len(letters) != want || (err != nil) != broken {
			t.Errorf("%d letters, want %d; %v", len(letters), want, err)
		}
		broken = false
	}
}

// The office is asked for the official days off once a month, whether anything is due or not.
func TestMissingYear(t *testing.T) {
	t.Parallel()
	o := newTold(t, storetest.SQLite(t), "2026-10-29 08:00")
	o.desk.Digests.Missing = o.days.Missing
	o.until("2027-01-08 16:00")
	o.same("testdata/missing-year.txt")
}

// What a unit was promised moves when its case has stood still, and the unit is told.
func TestPromiseMovesWithAHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := w.opens(ctsv, bot.WaitingUnit, "2153010001", "!12")
	if err := w.says(ctsv, number, desk.SaidAcceptPart); err != nil {
		t.Fatal(err)
	}
	promised := w.find(number).Promised
	if promised.IsZero() {
		t.Fatal("the consent to the good rows promised nothing")
	}
	if _, err := w.desk.Hold(t.Context(), "officer:lan", number, "chờ đơn vị"); err != nil {
		t.Fatal(err)
	}
	c, err := w.desk.Resume(t.Context(), "officer:lan", number)
	if err != nil || !c.Promised.Equal(promised.AddDate(0, 0, 1)) || !w.find(number).Promised.Equal(c.Promised) {
		t.Errorf("promised %s, then %s: %v", promised, c.Promised, err)
	}
}
