// Package retention destroys what the law does not want kept (section VII, Q18; Circular 10/2022/TT-BNV; Law 91/2025/QH15, article 3),
// and nothing else: what is old enough goes onto a list, the list is frozen and hashed, another person approves that hash, and only
// then is each thing on it destroyed, when it still is old enough and nobody holds it.
//
// It must not know how anything is destroyed (bot/store does), nor who is on hold (a function handed in).
package retention

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
)

// A Keeper keeps what must be kept.
type Keeper struct {
	DB            *store.DB
	CaseYears     int // whole years after the year in which a case ended; 0: for ever
	FilesMonths   int // after a case ended; 0: as long as the case
	RegisterYears int // whole years after the year in which an account was deleted; 0: for ever
	OfficeOfOne   bool
	Actor         func(bot.Officer) bot.Actor
	Held          func(ctx context.Context, tx *store.Tx, codes []string) (map[string]bool, error) // named people on hold; may be nil
}

// ages says before when something must have ended. Years are counted from the end of the one in which the work ended.
func (k *Keeper) ages(now time.Time) (a store.Ages) {
	local := now.In(bot.ICT)
	years := func(n int) time.Time {
		if n == 0 {
			return time.Time{}
		}
		return time.Date(local.Year()-n, 1, 1, 0, 0, 0, 0, bot.ICT)
	}
	a.Cases, a.Accounts, a.Files = years(k.CaseYears), years(k.RegisterYears), years(k.CaseYears)
	if k.FilesMonths > 0 {
		a.Files = local.AddDate(0, -k.FilesMonths, 0)
	}
	return a
}

// Due lists what may be destroyed now, and the cases that stay because somebody named in them is on hold.
func (k *Keeper) Due(ctx context.Context) (due, held []store.RetentionItem, err error) {
	err = k.DB.Read(ctx, func(tx *store.Tx) error {
		due, held, err = k.due(ctx, tx)
		return err
	})
	return due, held, err
}

func (k *Keeper) due(ctx context.Context, tx *store.Tx) (due, held []store.RetentionItem, err error) {
	items, err := tx.Expired(ctx, k.ages(tx.Now))
	if err != nil {
		return nil, nil, err
	}
	for _, i := range items {
		stays, err := k.holds(ctx, tx, i)
		if err != nil {
			return nil, nil, err
		}
		if stays {
			held = append(held, i)
		} else {
			due = append(due, i)
		}
	}
	return due, held, nil
}

func (k *Keeper) holds(ctx context.Context, tx *store.Tx, i store.RetentionItem) (bool, error) {
	if k.Held == nil {
		return false, nil
	}
	codes, err := tx.CodesOf(ctx, i)
	if err != nil || len(codes) == 0 {
		return false, err
	}
	held, err := k.Held(ctx, tx, codes)
	return len(held) > 0, err
}

// Make freezes what may be destroyed now as a list.
func (k *Keeper) Make(ctx context.Context, by bot.Actor) (l store.RetentionList, err error) {
	err = k.DB.Write(ctx, func(tx *store.Tx) error {
		due, _, err := k.due(ctx, tx)
		if err != nil {
			return err
		}
		if len(due) == 0 {
			return bot.Errorf(bot.Conflict, "nothing is old enough to be destroyed")
		}
		l = store.RetentionList{Items: due, Made: bot.Stamp{By: by}}
		if l.Frozen, err = json.Marshal(due); err != nil {
			return fmt.Errorf("retention: %w", err)
		}
		l.Hash = hash(l.Frozen)
		if l, err = tx.AddRetentionList(ctx, l); err != nil {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: by, What: "retention_listed", Detail: map[string]string{"list": l.Number, "hash": l.Hash, "items": fmt.Sprint(len(l.Items))}})
	})
	return l, err
}

func hash(frozen []byte) string {
	sum := sha256.Sum256(frozen)
	return hex.EncodeToString(sum[:])
}

// Approve approves exactly what a hash is over, by another person than the one who made the list.
func (k *Keeper) Approve(ctx context.Context, approver bot.Officer, number, approved string) (l store.RetentionList, err error) {
	actor := k.Actor(approver)
	err = k.DB.Write(ctx, func(tx *store.Tx) error {
		if l, err = tx.RetentionList(ctx, number); err != nil {
			return err
		}
		switch {
		case !approver.Approver:
			return bot.Errorf(bot.Forbidden, "%s may not approve", approver.Name)
		case l.Made.By == actor && !k.OfficeOfOne:
			return bot.Errorf(bot.Forbidden, "a list is approved by another person than the one who made it (%s)", l.Made.By)
		case hash(l.Frozen) != l.Hash || l.Hash != approved:
			return bot.Errorf(bot.Conflict, "list %s has another hash: look at it again", number)
		}
		if err := tx.ApproveRetention(ctx, l.ID, actor); err != nil {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: actor, What: "retention_approved", Detail: map[string]string{"list": number, "hash": approved}})
	})
	return l, err
}

// Destroy carries an approved list out, an item in a transaction. What is not old enough any more, or held meanwhile, stays and is
// named. Killed half-way it is called again.
func (k *Keeper) Destroy(ctx context.Context, by bot.Actor, number string) (l store.RetentionList, err error) {
	err = k.DB.Read(ctx, func(tx *store.Tx) error {
		l, err = tx.RetentionList(ctx, number)
		return err
	})
	switch {
	case err != nil:
		return l, err
	case !l.Approved.Done():
		return l, bot.Errorf(bot.Conflict, "list %s is not approved", number)
	case l.Approved.By == l.Made.By && !k.OfficeOfOne:
		return l, bot.Errorf(bot.Conflict, "list %s was approved by the one who made it", number)
	case hash(l.Frozen) != l.Hash:
		return l, bot.Errorf(bot.Conflict, "list %s is not what its hash is over", number)
	case l.Done.Done():
		return l, bot.Errorf(bot.Conflict, "list %s was carried out already", number)
	}
	err = k.DB.Shred(ctx, func() error {
		for _, i := range l.Items {
			if !i.Destroyed.IsZero() {
				continue
			}
			if err := k.DB.Write(ctx, func(tx *store.Tx) error { return k.destroy(ctx, tx, by, l, i) }); err != nil {
				return fmt.Errorf("%s of %s: %w", i.Kind, i.Case, err)
			}
		}
		return nil
	})
	if err != nil {
		return l, err
	}
	err = k.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.EndRetention(ctx, l.ID, by); err != nil {
			return err
		}
		if l, err = tx.RetentionList(ctx, number); err != nil {
			return err
		}
		left := 0
		for _, i := range l.Items {
			if i.Destroyed.IsZero() {
				left++
			}
		}
		return tx.AddEvent(ctx, bot.Event{Actor: by, What: "retention_done", Detail: map[string]string{"list": number, "hash": l.Hash, "destroyed": fmt.Sprint(len(l.Items) - left), "left": fmt.Sprint(left)}})
	})
	return l, err
}

func (k *Keeper) destroy(ctx context.Context, tx *store.Tx, by bot.Actor, l store.RetentionList, i store.RetentionItem) error {
	due, held, err := k.due(ctx, tx)
	if err != nil {
		return err
	}
	// What came to the case after the list was made is not on it: nobody has approved that. The events count what the list itself does.
	same := func(o store.RetentionItem) bool {
		return o.Kind == i.Kind && o.CaseID == i.CaseID && o.N == i.N && o.Case == i.Case && o.Mails == i.Mails && o.Letters == i.Letters && o.Rows == i.Rows
	}
	switch {
	case slices.ContainsFunc(held, func(o store.RetentionItem) bool { return o.Kind == i.Kind && o.CaseID == i.CaseID && o.N == i.N }):
		return tx.Keep(ctx, l.ID, i, "held")
	case !slices.ContainsFunc(due, same):
		return tx.Keep(ctx, l.ID, i, "changed")
	}
	if err := tx.Destroy(ctx, l.ID, i); err != nil {
		return err
	}
	detail := map[string]string{"list": l.Number, "hash": l.Hash, "kind": string(i.Kind)}
	for name, n := range map[string]int{"mails": i.Mails, "letters": i.Letters, "rows": i.Rows, "events": i.Events, "row": i.N} {
		if n > 0 {
			detail[name] = fmt.Sprint(n)
		}
	}
	return tx.AddEvent(ctx, bot.Event{Actor: by, Case: i.CaseID, What: "records_destroyed", Detail: detail})
}
