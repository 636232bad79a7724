package desk_test

import (
	"context"
	"testing"

	"vanthu/bot"
	"vanthu/bot/store"
)

// outbox is a desk with a case whose credentials are in the outbox.
type outbox struct {
	*world
	number string
	id     int64 // of the letter
}

func newOutbox(t *testing.T) *outbox {
	t.Helper()
	w := newWorld(t)
	o := &outbox{world: w, number: w.created()}
	if err := w.desk.Deliver(t.Context(), w.unseal(), w.find(o.number).ID); err != nil {
		t.Fatal(err)
	}
	o.id = o.letter().ID
	return o
}

func (o *outbox) letter() store.Letter {
	return look(o.world, func(ctx context.Context, tx *store.Tx) (store.Letter, error) {
		all, err := tx.Letters(ctx, o.find(o.number).ID)
		if err != nil {
			return store.Letter{}, err
		}
		return all[len(all)-1], nil
	})
}

func (o *outbox) becomes(change func(l *store.Letter)) store.Letter {
	l := o.letter()
	change(&l)
	o.write(func(ctx context.Context, tx *store.Tx) error { return tx.SaveLetter(ctx, l) })
	return o.letter()
}

func TestResendLetter(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(l *store.Letter)
		code   bot.Code
	}{
		"queued":  {func(*store.Letter) {}, bot.Conflict},
		"sending": {func(l *store.Letter) { l.State = store.LetterSending }, bot.Conflict},
		"sent":    {func(l *store.Letter) { l.State = store.LetterSent }, bot.Conflict},
		"failed":  {func(l *store.Letter) { l.State = store.LetterFailed }, ""},
		"bounced": {func(l *store.Letter) { l.State, l.Fate, l.FateSaid = store.LetterSent, store.Bounced, "5.1.1" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOutbox(t)
			before := o.becomes(tt.change)
			got, err := o.desk.ResendLetter(t.Context(), "officer:lan", o.id)
			if bot.ErrorCode(err) != tt.code {
				t.Fatalf("%v, want %q", err, tt.code)
			}
			if tt.code == "" && (got.State != store.LetterQueued || got.MessageID != before.MessageID || got.Fate != "" || got.NeedsPerson()) {
				t.Errorf("%+v", got)
			}
			if now := o.letter(); tt.code != "" && now.State != before.State {
				t.Errorf("refused, and yet %s became %s", before.State, now.State)
			}
		})
	}
}

// An unknown letter of credentials: the officer who has looked says what became of it; so does the unit that has received it.
func TestSettle(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		state  store.LetterState
		settle func(o *outbox) error
		letter store.LetterState
		c      bot.State
	}{
		{"it arrived", store.LetterUnknown, func(o *outbox) error { return o.settle(true) }, store.LetterSent, bot.Delivered},
		{"it did not", store.LetterUnknown, func(o *outbox) error { return o.settle(false) }, store.LetterQueued, bot.Created},
		{"the unit has it", store.LetterUnknown, func(o *outbox) error { return o.writes(ctsv, o.number, bot.Receipt{Received: true}) }, store.LetterSent, bot.ReceivedByUnit},
		{"a refused one was brought by hand", store.LetterFailed, func(o *outbox) error { return o.settle(true) }, store.LetterSent, bot.Delivered},
		{"a refused one is given up", store.LetterFailed, func(o *outbox) error { return o.settle(false) }, store.LetterFailed, bot.Created},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newOutbox(t)
			if l := o.becomes(func(l *store.Letter) { l.State = tt.state }); !l.NeedsPerson() {
				t.Fatalf("%+v needs nobody", l)
			}
			if err := tt.settle(o); err != nil {
				t.Fatal(err)
			}
			if l, c := o.letter(), o.find(o.number); l.State != tt.letter || c.State != tt.c || l.NeedsPerson() {
				t.Errorf("letter %s, case %s; want %s, %s", l.State, c.State, tt.letter, tt.c)
			}
			if _, err := o.desk.Settle(t.Context(), "officer:lan", o.id, true); bot.ErrorCode(err) != bot.Conflict {
				t.Errorf("settled twice: %v", err)
			}
		})
	}
}

func (o *outbox) settle(delivered bool) error {
	_, err := o.desk.Settle(o.t.Context(), "officer:lan", o.id, delivered)
	return err
}

// The credentials do not stay in the outbox (pain 35): when the unit has confirmed them the mail is erased, and cannot be sent
// again; its row stays as proof.
func TestPain35CredentialsLeaveTheOutbox(t *testing.T) {
	t.Parallel()
	o := newOutbox(t)
	raw := func() []byte {
		return look(o.world, func(ctx context.Context, tx *store.Tx) ([]byte, error) { return tx.LetterRaw(ctx, o.id) })
	}
	o.becomes(func(l *store.Letter) { l.State = store.LetterUnknown })
	if err := o.settle(true); err != nil || len(raw()) == 0 {
		t.Fatalf("%v, %d bytes before the unit has confirmed", err, len(raw()))
	}
	if err := o.writes(ctsv, o.number, bot.Receipt{Received: true}); err != nil {
		t.Fatal(err)
	}
	secrets := look(o.world, func(ctx context.Context, tx *store.Tx) (map[int][]byte, error) {
		return tx.Secrets(ctx, o.find(o.number).ID)
	})
	if len(raw()) != 0 || len(secrets) != 0 {
		t.Errorf("%d bytes of the mail and %d passwords are left", len(raw()), len(secrets))
	}
	o.becomes(func(l *store.Letter) { l.Fate = store.Bounced })
	if _, err := o.desk.ResendLetter(t.Context(), "officer:lan", o.id); bot.ErrorCode(err) != bot.Conflict {
		t.Errorf("sent again: %v", err)
	}
}
