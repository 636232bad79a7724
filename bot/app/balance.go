package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"vanthu/bot"
	"vanthu/bot/alarm"
	"vanthu/bot/balance"
	"vanthu/bot/store"
	"vanthu/mailer/inbox"
	"vanthu/mailer/mime"
)

// Count says what a balance looks at beyond the tables.
type Count struct {
	Offline  bool          // the mailbox is not asked
	Bytes    bool          // the bytes of every mail are held against its hash
	Patience time.Duration // how long a mail in the mailbox may take to reach the journal
}

// Balance counts mailbox, journal and outcomes for an officer.
func (a *App) Balance(ctx context.Context, c Count) (*balance.Balance, error) {
	if c.Offline {
		return a.balanceWith(ctx, c, nil)
	}
	p := &parts{}
	if err := p.openMail(a, Hooks{}); err != nil {
		return nil, err
	}
	defer p.close()
	return a.balanceOf(ctx, c, p.inboxConfig)
}

func (a *App) balanceOf(ctx context.Context, c Count, mailbox inbox.Config) (*balance.Balance, error) {
	census, err := inbox.NewCensus(ctx, mailbox)
	if err != nil {
		return nil, fmt.Errorf("the mailbox cannot be counted (--offline counts the rest): %w", err)
	}
	defer census.Close()
	return a.balanceWith(ctx, c, census)
}

func (a *App) balanceWith(ctx context.Context, c Count, census *inbox.Census) (*balance.Balance, error) {
	var box balance.Listing
	var folders []balance.Listing
	if census != nil {
		var err error
		if box, err = a.stored(ctx, c, census); err != nil {
			return nil, err
		}
		if folders, _, err = a.folders(ctx, census); err != nil {
			return nil, err
		}
	}
	mails, torn, err := a.journal(ctx)
	if err != nil {
		return nil, err
	}
	b := balance.Journal(a.DB.Now(), mails, torn)
	if c.Bytes {
		if err := a.bytes(ctx, b, mails); err != nil {
			return nil, err
		}
	}
	if census != nil {
		b.Mailbox(mails, box)
		b.Filed(mails, folders)
	}
	return b, nil
}

func (a *App) journal(ctx context.Context) (mails []store.Mail, torn store.Torn, err error) {
	err = a.DB.Read(ctx, func(tx *store.Tx) error {
		if mails, err = tx.Mails(ctx, ""); err != nil {
			return err
		}
		torn, err = tx.Torn(ctx)
		return err
	})
	return mails, torn, err
}

// bytes reads one mail at a time: a balance must not take the memory of all.
func (a *App) bytes(ctx context.Context, b *balance.Balance, mails []store.Mail) error {
	for _, m := range mails {
		var raw []byte
		err := a.DB.Read(ctx, func(tx *store.Tx) (err error) {
			raw, err = tx.Raw(ctx, m.Hash)
			return err
		})
		if bot.ErrorCode(err) == bot.NotFound {
			continue // said already
		}
		if err != nil {
			return err
		}
		b.Bytes(m, raw)
	}
	return nil
}

// stored lists the mailbox and waits while something in it is on its way into the journal.
func (a *App) stored(ctx context.Context, c Count, census *inbox.Census) (balance.Listing, error) {
	name := a.Config.IMAP.Mailbox
	deadline := time.Now().Add(c.Patience)
	for pause := time.Second; ; pause = min(2*pause, 15*time.Second) {
		began := a.DB.Now()
		f, err := census.Folder(ctx, name)
		if err != nil {
			return balance.Listing{}, err
		}
		var unknown []uint32
		err = a.DB.Read(ctx, func(tx *store.Tx) error {
			unknown, err = tx.UnknownUIDs(ctx, name, f.Validity, f.UIDs)
			return err
		})
		if err != nil || len(unknown) == 0 || time.Now().After(deadline) {
			return balance.Listing{Name: name, Server: f.Name, Validity: f.Validity, UIDs: f.UIDs, At: began}, err
		}
		if err := wait(ctx, min(pause, time.Until(deadline))); err != nil {
			return balance.Listing{}, err
		}
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// folders lists the folders of outcomes, and asks what those mails are that the journal does not know by their place; their
// subjects stand beside.
func (a *App) folders(ctx context.Context, census *inbox.Census) (all []balance.Listing, subjects []string, err error) {
	mails, _, err := a.journal(ctx)
	if err != nil {
		return nil, nil, err
	}
	f := a.Config.IMAP.Folders
	for _, name := range []string{f.Done, f.Returned, f.Ignored, f.Quarantine} {
		began := a.DB.Now()
		found, err := census.Folder(ctx, name)
		if err != nil {
			return nil, nil, err
		}
		l := balance.Listing{Name: name, Server: found.Name, Validity: found.Validity, UIDs: found.UIDs, At: began, Known: make(map[uint32]balance.Identity)}
		listed, err := census.Describe(ctx, balance.Unplaced(mails, l))
		if err != nil {
			return nil, nil, err
		}
		for _, m := range listed {
			id, subject := asStored(m)
			l.Known[m.UID] = balance.Identity{Size: m.Size, ID: id}
			subjects = append(subjects, subject)
		}
		all = append(all, l)
	}
	return all, subjects, nil
}

// asStored is the Message-ID of a mail as the journal has it, and its subject.
func asStored(m inbox.Listed) (id, subject string) {
	msg, err := mime.Parse(append(m.Header, "\r\n"...), mime.DefaultLimits())
	if err != nil {
		return "", ""
	}
	return msg.ID, msg.Subject
}

// The balance of a serving process: at the start without reading all bytes again, then daily with them. While the mailbox
// cannot be reached (which has an alarm of its own) it is tried again.
const (
	balanceEvery = 24 * time.Hour
	balanceAgain = 10 * time.Minute
	balanceWaits = 10 * time.Minute // a backlog may take that long to be fetched
)

// balancing counts at the start and daily, and raises an alarm when it does not balance.
func (s *Server) balancing(ctx context.Context) error {
	c := Count{Patience: balanceWaits}
	for {
		pause := balanceEvery
		b, err := s.balanceOf(ctx, c, s.parts.inboxConfig)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			s.Logger.Warn("balance", "code", "uncounted", "error", err.Error())
			pause = balanceAgain
		default:
			s.tellBalance(ctx, b)
			c.Bytes = true
		}
		if err := wait(ctx, pause); err != nil {
			return err
		}
	}
}

func (s *Server) tellBalance(ctx context.Context, b *balance.Balance) {
	what, detail := "journal_balanced", map[string]string{"mails": fmt.Sprint(b.Mails), "pending": fmt.Sprint(b.Pending), "moved": fmt.Sprint(len(b.Moved))}
	if b.OK() {
		s.Alarms.Clear(alarm.Balance)
		s.Logger.Info("balance", "code", "balanced", "mails", b.Mails, "pending", b.Pending)
	} else {
		what = "journal_unbalanced"
		for _, f := range b.Faults {
			detail[f.Check] = strings.Join(f.What[:min(len(f.What), 20)], ", ")
			s.Logger.Error("balance", "code", f.Check, "count", len(f.What), "what", detail[f.Check])
		}
		s.Alarms.Raise(alarm.Balance, "", fmt.Sprintf("%d checks of vanthu mail count", len(b.Faults)))
	}
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		return tx.AddEvent(ctx, bot.Event{Actor: bot.System, What: what, Detail: detail})
	})
	if err != nil && ctx.Err() == nil {
		s.Logger.Warn("balance", "code", "unrecorded", "error", err.Error())
	}
}
