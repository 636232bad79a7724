package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Trial makes a throw-away account and does with it all that is ever done with one: what no look ahead can see, it shows.
type Trial struct {
	Platform Platform
	Account  Account // see TrialAccount
	Password string
	Wait     func(ctx context.Context, d time.Duration) error
	Now      func() time.Time
	Settled  time.Duration // at most, while the platform shows late what it has done; 0: what it describes, and a minute
}

// trialMarker begins the marker of a throw-away account.
const trialMarker = ours + "preflight:"

const ours = "vanthu:"

// TrialAccount is an invented one: nobody's code, nobody's name. tag tells it from that of another trial; four
// letters, for employeeID of Active Directory holds 16.
func TrialAccount(domain, tag string) Account {
	user := "vanthu-thu-" + strings.ToLower(tag)
	a := Account{Code: user, User: user, Address: user + "@" + domain, Name: "Văn Thư Chạy Thử", Marker: trialMarker + strings.ToLower(tag)}
	a.Family, a.Given = SplitName(a.Name)
	return a
}

// Run makes, reads back, signs in where it can, suspends and erases. What it could not take away again it says in left, "" nothing.
func (t Trial) Run(ctx context.Context) (checks []Check, left string) {
	say := func(what string, err error, ok string) bool {
		if err != nil {
			checks = append(checks, Check{What: what, Level: CheckFailed, Said: err.Error()})
			return false
		}
		checks = append(checks, Check{What: what, Level: CheckOK, Said: ok})
		return true
	}
	// A try that was cut off may have made it all the same: from here on it is taken away, however this ends.
	unseen := false // it was asked for and did not show: to erase who is not shown is no error, and takes nobody away
	defer func() {  // after the others
		ctx := context.WithoutCancel(ctx)
		hidden := unseen && !t.shows(ctx)
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		err := t.Platform.Erase(ctx, t.Account)
		if err == nil {
			err = t.gone(ctx)
		}
		if err == nil && hidden {
			err = errors.New("the platform was asked to make it and does not show it yet; it may do so later")
		}
		if err != nil {
			checks = append(checks, Check{What: "erase", Level: CheckFailed, Said: err.Error()})
			left = fmt.Sprintf("the account %s (%s, marked %s) may be left behind on %s: delete it there by hand; nobody has its password",
				t.Account.User, t.Account.Address, t.Account.Marker, t.Platform.Name())
			return
		}
		said := "gone again"
		if keeps := t.Platform.Describe().Undelete; keeps > 0 {
			said = fmt.Sprintf("erased; the platform keeps it for %d days", int(keeps.Hours()/24))
		}
		checks = append(checks, Check{What: "erase", Level: CheckOK, Said: said})
	}()
	var err error
	unseen, err = t.make(ctx)
	if !say("make", err, "made and read back, with our marker") {
		return checks, left
	}
	if o, can := t.Platform.(Opener); can && !say("sign_in", t.opens(ctx, o, true), "the initial password opens it") {
		return checks, left
	}
	if !say("suspend", t.suspend(ctx), "suspended") {
		return checks, left
	}
	if o, can := t.Platform.(Opener); can {
		say("locked", t.opens(ctx, o, false), "and opens no more")
	}
	return checks, left
}

// make says, too, whether it may be there and has not been seen.
func (t Trial) make(ctx context.Context) (unseen bool, err error) {
	began := t.Now()
	r, err := Ensure(ctx, t.Platform, t.Account, t.Password)
	unseen = r.Asked && r.Account.Code == "" && t.Platform.Describe().Settle > 0
	for errors.Is(err, ErrUnseen) && r.Agreed && t.Now().Sub(began) < t.patience() {
		if err := t.Wait(ctx, lookAgain); err != nil {
			return unseen, err
		}
		r, err = Try{Now: t.Now(), Acknowledged: true}.Ensure(ctx, t.Platform, t.Account, t.Password)
		r.Agreed, unseen = true, unseen && r.Account.Code == ""
	}
	return unseen, err
}

// shows waits a little for an account that was asked for.
func (t Trial) shows(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return t.until(ctx, func(found []Account) bool { return len(found) > 0 }, "") == nil
}

// lookAgain is how long a trial waits between two looks.
const lookAgain = 3 * time.Second

func (t Trial) patience() time.Duration {
	if t.Settled > 0 {
		return t.Settled
	}
	return t.Platform.Describe().Settle + time.Minute
}

func (t Trial) opens(ctx context.Context, o Opener, want bool) error {
	got, err := o.Opens(ctx, t.Account, t.Password)
	switch {
	case err != nil:
		return err
	case got != want && want:
		return fmt.Errorf("%w: the account is there, and its initial password does not open it; is the module of the hash loaded?", ErrPermanent)
	case got != want:
		return fmt.Errorf("%w: the account is suspended, and its password opens it all the same", ErrPermanent)
	}
	return nil
}

// until looks until the account is as it should be, or for as long as the platform may take to show it.
func (t Trial) until(ctx context.Context, is func(found []Account) bool, otherwise string) error {
	began := t.Now()
	for {
		found, err := t.Platform.Lookup(ctx, Keys{Codes: []string{t.Account.Code}, Addresses: []string{t.Account.Address}})
		if err != nil {
			return err
		}
		if is(found) {
			return nil
		}
		if t.Now().Sub(began) >= t.patience() || t.Platform.Describe().Settle == 0 {
			return errors.New(otherwise)
		}
		if err := t.Wait(ctx, lookAgain); err != nil {
			return err
		}
	}
}

func (t Trial) suspend(ctx context.Context) error {
	if err := t.Platform.Suspend(ctx, t.Account); err != nil {
		return err
	}
	return t.until(ctx, func(found []Account) bool { return len(found) == 1 && found[0].Suspended }, "the platform does not show that it is suspended")
}

func (t Trial) gone(ctx context.Context) error {
	return t.until(ctx, func(found []Account) bool {
		for _, a := range found {
			if !a.Deleted() {
				return false
			}
		}
		return true
	}, "the platform still shows it")
}
