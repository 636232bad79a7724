package store_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// whole is a look at each line of a table that grows for ever.
var whole = regexp.MustCompile(`^SCAN (m|mails|o|outbox|outbox_tries|c|cases|r|case_rows|a|accounts|e|events)( USING (COVERING )?INDEX .*)?$`)

// partial are indexes of the few lines that wait for something: going through one is what they are for.
var partial = regexp.MustCompile(`INDEX (mails_todo|mails_unfiled|mails_waiting|mails_own|outbox_due|outbox_open)\b`)

// What is asked for each letter, each mail or each minute goes through no table of all mails, letters or cases: after years
// they hold millions. SQLite takes an index with a condition only for a query that repeats it.
func TestNothingGoesThroughTheWholeJournal(t *testing.T) {
	t.Parallel()
	db := storetest.SQLite(t)
	c := addCase(t, db, 1, "2153010001")
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.AddLetter(ctx, store.Letter{Step: "s", MessageID: "<a@x>", Token: "t", Kind: "k", CaseID: c.ID, To: "a@x.example", Raw: []byte("x")})
		return err
	})
	store.Plans(t, db, func(query, plan string) {
		if whole.MatchString(plan) && !partial.MatchString(plan) && !strings.Contains(query, "ORDER BY id DESC LIMIT 20)") {
			t.Errorf("%s\n%s", plan, query)
		}
	})
	pace := store.Pace{PerMinute: 30, PerDay: 1000, Connections: 4}
	for name, ask := range map[string]func(ctx context.Context, tx *store.Tx) error{
		"each letter": func(ctx context.Context, tx *store.Tx) error {
			if _, err := tx.StrandLetters(ctx); err != nil {
				return err
			}
			l, _, _, err := tx.NextLetter(ctx, tx.Now.Add(time.Hour), pace)
			if err != nil {
				return err
			}
			if _, err := tx.Ahead(ctx, l); err != nil {
				return err
			}
			l.State = store.LetterSent
			return tx.EndTry(ctx, l, "sent")
		},
		"each mail": func(ctx context.Context, tx *store.Tx) error {
			m, err := tx.Mail(ctx, c.MailID)
			if err != nil {
				return err
			}
			m.ListHash, m.Unit = "list", "CTSV"
			for _, ask := range []func() error{
				func() error { _, err := tx.UnknownUIDs(ctx, "INBOX", 7, []uint32{1, 2}); return err },
				func() error { _, _, err := tx.Twin(ctx, m); return err },
				func() error { _, _, err := tx.CaseByToken(ctx, "t"); return err },
				func() error { _, _, err := tx.AnswerByToken(ctx, "t"); return err },
				func() error { _, _, err := tx.Answer(ctx, "<a@x>"); return err },
				func() error { _, _, err := tx.CaseOfReference(ctx, "<none@x>", "CTSV"); return err },
				func() error { _, _, err := tx.SameList(ctx, "CTSV", bot.AccountRequest, "list"); return err },
				func() error { _, err := tx.SameListInHand(ctx, m); return err },
				func() error { _, err := tx.EndMail(ctx, m.ID, store.Quarantined, "r", "Q", 0); return err },
				func() error {
					_, err := tx.CountAnswers(ctx, store.Answers{Kinds: []bot.AnswerKind{"k"}, To: "a@x.example"}, tx.Now)
					return err
				},
				func() error {
					_, err := tx.CountAnswers(ctx, store.Answers{Kinds: []bot.AnswerKind{"k"}}, tx.Now)
					return err
				},
				func() error { _, err := tx.LettersOfKind(ctx, "k", tx.Now); return err },
			} {
				if err := ask(); err != nil {
					return err
				}
			}
			return nil
		},
		"each minute": func(ctx context.Context, tx *store.Tx) error {
			if _, err := tx.Waits(ctx); err != nil {
				return err
			}
			if _, err := tx.Unsent(ctx, false); err != nil {
				return err
			}
			if _, err := tx.Unjudged(ctx); err != nil {
				return err
			}
			if _, err := tx.Unfiled(ctx, 10); err != nil {
				return err
			}
			if _, err := tx.OldCanaries(ctx, tx.Now, 10); err != nil {
				return err
			}
			for _, ask := range []func() error{
				func() error { _, err := tx.LateLetters(ctx, tx.Now); return err },
				func() error { _, err := tx.Digested(ctx, "2026-11-26"); return err },
				func() error { _, err := tx.ReadyToBegin(ctx, "2026-11-26"); return err },
				func() error { _, err := tx.Cases(ctx, bot.Suspended); return err },
				func() error { _, err := tx.AllOpen(ctx); return err },
				func() error { _, err := tx.ToSuspend(ctx); return err },
				func() error { _, err := tx.ToErase(ctx); return err },
				func() error { _, err := tx.HasLetter(ctx, "step"); return err },
			} {
				if err := ask(); err != nil {
					return err
				}
			}
			return nil
		},
		"each case, each minute": func(ctx context.Context, tx *store.Tx) error {
			for _, ask := range []func() error{
				func() error { _, err := tx.Events(ctx, c.ID); return err },
				func() error { _, _, err := tx.CountRows(ctx, c.ID); return err },
				func() error { _, err := tx.Rows(ctx, c.ID); return err },
				func() error { _, err := tx.Stops(ctx, c.ID); return err },
				func() error { _, err := tx.Held(ctx, []string{"1", "2"}); return err },
				func() error { _, err := tx.SuspendedSince(ctx, "1"); return err },
				func() error { _, err := tx.DeletionsOf(ctx, "CTSV", []string{"1"}); return err },
			} {
				if err := ask(); err != nil {
					return err
				}
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) { write(t, db, ask) })
	}
}

// A mail that stays in the mailbox for ever, as one whose bytes the server does not give, does not make each look at the mailbox
// go through everything that came after it.
func TestOneOldMailInTheMailbox(t *testing.T) {
	t.Parallel()
	db := storetest.SQLite(t)
	const last = 60_000
	store.Exec(t, db, `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) INSERT INTO mails
		(mailbox, uid_validity, uid, hash, body_hash, size, arrived_at, seen_at) SELECT 'INBOX', 7, i, 'h' || i, 'h' || i, 1, 1, 1 FROM n WHERE i % 2 = 0`, last)
	ask := func(uids ...uint32) (unknown []uint32, took time.Duration) {
		took = time.Hour
		for range 5 {
			began := time.Now()
			unknown = read(t, db, func(ctx context.Context, tx *store.Tx) ([]uint32, error) {
				return tx.UnknownUIDs(ctx, "INBOX", 7, uids)
			})
			took = min(took, time.Since(began))
		}
		return unknown, took
	}
	_, near := ask(last-2, last-1, last)
	unknown, far := ask(2, 3, last-1, last)
	if !slices.Equal(unknown, []uint32{3, last - 1}) {
		t.Errorf("unknown %v", unknown)
	}
	if far > 10*near+time.Millisecond {
		t.Errorf("%v, and %v without the old one", far, near)
	}
}

// Of the plans that wait for their approval those of one kind are read, and nothing of the others: what stands in an old one may be
// anything, and be long.
func TestPlansToApprove(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var ids []int64
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			for _, kind := range []bot.PlanKind{bot.PlanCreate, bot.PlanCreate, bot.PlanCreate, bot.PlanReset} {
				p, err := tx.AddPlan(ctx, store.StoredPlan{Plan: bot.Plan{Hash: "x", Kind: kind, Made: bot.Stamp{By: "officer:hoa"}}, Frozen: []byte(`[{"n":1}]`)})
				if err != nil {
					return err
				}
				ids = append(ids, p.ID)
			}
			if _, err := tx.ApprovePlan(ctx, ids[0], "officer:lan", "x", store.ByCommand); err != nil {
				return err
			}
			return tx.DropPlan(ctx, ids[1], "officer:lan", "no")
		})
		store.Exec(t, db, fmt.Sprintf(`UPDATE plans SET items = 'no plan' WHERE id <> %d`, ids[2]))
		waiting := read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.StoredPlan, error) {
			return tx.PlansToApprove(ctx, bot.PlanCreate)
		})
		if len(waiting) != 1 || waiting[0].ID != ids[2] || len(waiting[0].Items) != 1 {
			t.Errorf("waiting %+v", waiting)
		}
	})
}
