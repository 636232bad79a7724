package inbox

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"vanthu/mailer/oauth"
)

// A Watcher hands every mail of one mailbox to a Journal, once, whatever the server or the line does in between.
type Watcher struct {
	cfg     Config
	journal Journal
	pauses  backoff
	rest    time.Duration // between the last tries

	// What is remembered between two connections is about trying only; it may be lost at any time.
	validity uint32           // the key space that the maps below speak of
	trouble  map[uint32]tries // mails that were asked for and did not come
	lost     map[uint32]bool  // mails that Journal.Lost was told of
	bySeq    bool             // this server hides mails from UID FETCH (see Watcher.pull)
	byUID    bool             // it does not
}

// tries is how often a mail was asked for in vain.
type tries struct {
	n     int
	why   error
	rests time.Time // it is not asked for before
}

const (
	probe    = 8   // of more mails the first is fetched alone, to learn how the server answers
	together = 500 // mails asked for in one FETCH: a command line stays under 8 KB (RFC 2683 §3.2.1.5)

	// A mail that did not come is asked for in company, then alone, then alone and without the items that a server may
	// write in a way the library cannot read, then a few times more after a rest, for it may be the server that is ill, and
	// then given to a person.
	companyTries = 2
	richTries    = 4
	allTries     = 7
	lastTries    = 11
)

// New returns a watcher; Run starts it.
func New(cfg Config, j Journal) *Watcher {
	return &Watcher{
		cfg: cfg.withDefaults(), journal: j,
		pauses:  backoff{shortest: time.Second, longest: 2 * time.Minute},
		rest:    15 * time.Minute,
		trouble: make(map[uint32]tries), lost: make(map[uint32]bool),
	}
}

// Run watches until ctx ends and then returns nil; whatever fails is logged and tried again after a pause. The only error
// it returns is ErrConfig.
func (w *Watcher) Run(ctx context.Context) error {
	if err := w.cfg.check(); err != nil {
		return err
	}
	for ctx.Err() == nil {
		began := w.cfg.Now()
		if err := w.connection(ctx); ctx.Err() == nil {
			wait := w.pauses.next()
			if p := pressed(err); p != nil { // a part of it by chance, as ever
				wait = max(wait, p.Wait/2+rand.N(p.Wait/2+1))
			}
			w.cfg.Logger.WarnContext(ctx, "mailbox_lost", "platform", w.cfg.Address, "code", Code(err), "error", err,
				"duration_ms", w.cfg.Now().Sub(began).Milliseconds())
			w.cfg.Lost(Code(err))
			w.cfg.Status(Disconnected)
			pause(ctx, wait)
		}
	}
	return nil
}

// Code sorts an error for the log. What a person must heal of a token has the name of its kind ("grant_dead").
func Code(err error) string {
	if p := pressed(err); p != nil {
		return p.Code
	}
	switch {
	case errors.Is(err, errJournal):
		return "journal"
	case oauth.KindOf(err) != "" && oauth.KindOf(err) != oauth.Temporary:
		return string(oauth.KindOf(err))
	case oauth.KindOf(err) != "", errors.Is(err, errToken):
		return "token"
	case errors.Is(err, ErrTimeout):
		return "timeout"
	case refused(err), errors.Is(err, ErrNoMove):
		return "refused"
	default:
		return "connection"
	}
}

// connection logs in and works until something fails. The mailbox is opened read-only: not even a mistake of ours or of
// the server could mark a mail as read.
func (w *Watcher) connection(ctx context.Context) error {
	s, err := connect(ctx, w.cfg)
	if err != nil {
		return err
	}
	defer s.close()
	for first := true; ; first = false {
		s.forgetNews()
		if err := w.look(ctx, s); err != nil {
			return err
		}
		if first {
			w.cfg.Logger.InfoContext(ctx, "mailbox_connected", "platform", w.cfg.Address)
			w.cfg.Status(Connected)
		}
		if err := w.round(ctx, s); err != nil {
			return err
		}
		if w.troubled() {
			// Not cut short by news: a stream of new mail would use up all tries while the server has a bad minute.
			pause(ctx, min(w.pauses.next(), w.cfg.Poll))
			continue
		}
		w.pauses.reset()
		if err := s.idle(ctx, w.cfg.Poll, func() { w.cfg.Status(Idle) }); err != nil {
			return err
		}
	}
}

// look opens the mailbox, again before each round: a session that has lost touch with it hears of no new mail, and nothing
// tells it of another UIDVALIDITY, with which UIDs mean other mails (RFC 9051 §2.3.1.1).
func (w *Watcher) look(ctx context.Context, s *session) error {
	validity, err := s.open(ctx, w.cfg.Mailbox, true)
	if err != nil {
		return err
	}
	if validity != w.validity {
		w.validity = validity
		clear(w.trouble)
		clear(w.lost)
	}
	return nil
}

// round lists the mailbox and fetches what the journal does not know: mails without a history first, so that a bad one
// holds up nobody, and the worst last.
func (w *Watcher) round(ctx context.Context, s *session) error {
	listed, err := s.list(ctx)
	if err != nil {
		return err
	}
	w.forget(listed)
	unknown, err := w.journal.Unknown(ctx, w.cfg.Mailbox, w.validity, listed)
	if err != nil {
		return fmt.Errorf("%w: %w", errJournal, err)
	}
	var company, alone []uint32
	for _, uid := range unknown {
		switch t := w.trouble[uid]; {
		case w.lost[uid]:
		case w.cfg.Now().Before(t.rests):
		case t.n >= lastTries:
			if err := w.giveUp(ctx, uid, t); err != nil {
				return err
			}
		case t.n >= companyTries:
			alone = append(alone, uid)
		default:
			company = append(company, uid)
		}
	}
	if len(company) > probe && !w.byUID && !w.bySeq { // what the server hides goes over the line twice
		if err := w.get(ctx, s, company[:1], false); err != nil {
			return err
		}
		company = company[1:]
	}
	for mails := range slices.Chunk(company, together) {
		if err := w.get(ctx, s, mails, false); err != nil {
			return err
		}
	}
	slices.SortStableFunc(alone, func(a, b uint32) int { return w.trouble[a].n - w.trouble[b].n })
	for _, uid := range alone {
		if err := w.get(ctx, s, []uint32{uid}, w.trouble[uid].n >= richTries); err != nil {
			return err
		}
	}
	return nil
}

// troubled says whether some mail is to be asked for again soon.
func (w *Watcher) troubled() bool {
	for _, t := range w.trouble {
		if !w.cfg.Now().Before(t.rests) {
			return true
		}
	}
	return false
}

// forget drops the history of mails that are no longer in the mailbox.
func (w *Watcher) forget(listed []uint32) {
	for uid := range w.trouble {
		if _, there := slices.BinarySearch(listed, uid); !there {
			delete(w.trouble, uid)
		}
	}
}

// giveUp tells the journal of a mail that no way brought.
func (w *Watcher) giveUp(ctx context.Context, uid uint32, t tries) error {
	if err := w.journal.Lost(ctx, w.cfg.Mailbox, w.validity, uid, t.why.Error()); err != nil {
		return fmt.Errorf("%w: %w", errJournal, err)
	}
	w.cfg.Logger.ErrorContext(ctx, "gave_up", "mail", fmt.Sprintf("%s/%d/%d", w.cfg.Mailbox, w.validity, uid),
		"code", Code(t.why), "error", t.why)
	w.lost[uid] = true
	delete(w.trouble, uid)
	return nil
}
