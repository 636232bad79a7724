package app

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"vanthu/bot"
	"vanthu/bot/balance"
	"vanthu/bot/store"
	"vanthu/mailer/inbox"
)

// Restored is what Restore did.
type Restored struct {
	Moved   int      `json:"moved"`   // mails that go back into the mailbox
	Numbers []string `json:"numbers"` // the last number of each series that is taken as given
}

// Restore is for the hour after a database came back from a backup, before it serves again. Mails that lie in the folders of
// outcomes and that the database has never seen were served after the backup: their cases are lost, and the numbers of these
// cases stand in letters. Each lost case was opened by one such mail, or by one that waits in the journal still: the counters
// are put past as many, and past every number that a subject in the folders names. Then the mails go back into the mailbox.
func (a *App) Restore(ctx context.Context) (r Restored, err error) {
	p := &parts{}
	if err := p.openMail(a, Hooks{}); err != nil {
		return r, err
	}
	defer p.close()
	census, err := inbox.NewCensus(ctx, p.inboxConfig)
	if err != nil {
		return r, fmt.Errorf("the mailbox cannot be read: %w", err)
	}
	defer census.Close()
	folders, subjects, err := a.folders(ctx, census)
	if err != nil {
		return r, err
	}
	mails, _, err := a.journal(ctx)
	if err != nil {
		return r, err
	}
	var lost []balance.Listing
	for _, f := range folders {
		if f.UIDs = balance.Unknown(mails, f); len(f.UIDs) > 0 {
			lost = append(lost, f)
			r.Moved += len(f.UIDs)
		}
	}
	if r.Moved == 0 {
		return r, nil
	}
	skip := int64(r.Moved)
	for _, m := range mails {
		if m.Outcome == "" && m.Number == "" {
			skip++
		}
	}
	err = a.DB.Write(ctx, func(tx *store.Tx) error {
		if r.Numbers, err = tx.SkipNumbers(ctx, []string{"YC", "KH"}, skip, highest(subjects)); err != nil {
			return err
		}
		return tx.AddEvent(ctx, bot.Event{Actor: bot.System, What: "database_restored",
			Detail: map[string]string{"mails": strconv.Itoa(r.Moved), "numbers": strings.Join(r.Numbers, ", ")}})
	})
	if err != nil {
		return r, err
	}
	for _, f := range lost { // the numbers first: a serve that runs judges them at once
		if _, err := p.filer.MoveAll(ctx, f.Server, f.Validity, f.UIDs, a.Config.IMAP.Mailbox); err != nil {
			return r, err
		}
	}
	return r, nil
}

var numberTag = regexp.MustCompile(`(?i)\b((?:YC|KH)-\d{4})-(\d{4,9})\b`)

// highest returns the highest number of each series that the subjects name: "YC-2026" → 57.
func highest(subjects []string) map[string]int64 {
	most := make(map[string]int64)
	for _, s := range subjects {
		for _, tag := range numberTag.FindAllStringSubmatch(s, -1) {
			n, err := strconv.ParseInt(tag[2], 10, 64)
			if series := strings.ToUpper(tag[1]); err == nil && n < 1_000_000 { // a made-up number must not use them up
				most[series] = max(most[series], n)
			}
		}
	}
	return most
}
