package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/config"
	"vanthu/bot/desk"
	"vanthu/bot/job"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
	"vanthu/mailer/inbox"
	"vanthu/mailer/outbox"
)

// post is an outbox with one letter of credentials, on a case that is created.
type post struct {
	t      *testing.T
	db     *store.DB
	man    *postman
	now    time.Time
	mu     sync.Mutex
	sent   []string // the bytes that were handed over, in order
	from   []string // and from whom
	answer error    // of the server
	early  bool     // its answer comes before the final dot
	id     int64    // of the letter
}

const answerStep = "YC delivered 4"

func newPost(t *testing.T, db *store.DB) *post {
	t.Helper()
	p := &post{t: t, db: db, now: time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)}
	db.Now = func() time.Time { return p.now }
	smtp := config.SMTP{From: "cntt@truong.example", NullPath: true, Connections: 4, GiveUp: 5 * 24 * time.Hour}
	p.man = &postman{db: db, desk: &desk.Desk{DB: db}, smtp: smtp, logger: slog.New(slog.DiscardHandler), send: p.send}
	p.write(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.AddMails(ctx, []store.NewMail{{Mailbox: "INBOX", UIDValidity: 7, UID: 1, ArrivedAt: tx.Now, Raw: []byte("x")}}); err != nil {
			return err
		}
		mails, err := tx.Mails(ctx, "")
		if err != nil {
			return err
		}
		c, err := tx.AddCase(ctx, bot.Case{Number: "YC-2026-0001", Kind: bot.AccountRequest, Unit: "CTSV", State: bot.Received, MailID: mails[0].ID, ReceivedAt: tx.Now})
		if err != nil {
			return err
		}
		if err := tx.SetRows(ctx, c.ID, []bot.Row{{N: 1, Code: "2153010001", Name: "Nguyễn Văn An", OK: true}}, nil); err != nil {
			return err
		}
		r, err := tx.Row(ctx, c.ID, 1)
		if err != nil {
			return err
		}
		r.State = bot.RowCreated
		if err := errors.Join(tx.SaveRow(ctx, r), tx.KeepSecret(ctx, c.ID, 1, []byte("sealed"))); err != nil {
			return err
		}
		c.Checked, c.Planned = bot.Stamp{At: tx.Now, By: "officer:lan"}, bot.Stamp{At: tx.Now, By: "officer:minh"}
		for _, state := range []bot.State{bot.InWork, bot.Creating, bot.Created} {
			c.State = state
			if c, err = tx.SaveCase(ctx, c); err != nil {
				return err
			}
		}
		_, err = tx.AddLetter(ctx, store.Letter{Step: answerStep, MessageID: "<a@truong.example>", Token: "abc", Kind: string(bot.CredentialsOf), CaseID: c.ID, To: "ctsv@truong.example",
			Raw: []byte("sealed mail"), Once: true, Urgency: 1})
		return err
	})
	p.id = p.letters()[0].ID
	return p
}

// send is the mail server.
func (p *post) send(ctx context.Context, m outbox.Message) (string, error) {
	p.mu.Lock()
	answer, early := p.answer, p.early
	p.mu.Unlock()
	if len(m.To) != 1 || m.To[0] != "ctsv@truong.example" {
		p.t.Errorf("sent %q to %v", m.Raw, m.To)
	}
	if m.BeforeDot != nil && !early {
		if err := m.BeforeDot(ctx); err != nil {
			return "", &outbox.Error{Outcome: outbox.Temporary, Reply: "the connection is closed", Err: err}
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if answer == nil || !early {
		p.sent, p.from = append(p.sent, string(m.Raw)), append(p.from, m.From)
	}
	return "2.0.0 queued as 4XyZ", answer
}

func (p *post) write(f func(ctx context.Context, tx *store.Tx) error) {
	p.t.Helper()
	if err := p.db.Write(p.t.Context(), func(tx *store.Tx) error { return f(p.t.Context(), tx) }); err != nil {
		p.t.Fatal(err)
	}
}

func (p *post) letters() (letters []store.Letter) {
	p.t.Helper()
	p.read(func(ctx context.Context, tx *store.Tx) (err error) { letters, err = tx.Letters(ctx, 0); return err })
	return letters
}

func (p *post) read(f func(ctx context.Context, tx *store.Tx) error) {
	p.t.Helper()
	if err := p.db.Read(p.t.Context(), func(tx *store.Tx) error { return f(p.t.Context(), tx) }); err != nil {
		p.t.Fatal(err)
	}
}

// due returns the ids of letters that a sweep would wake.
func (p *post) due() (ids []int64) {
	p.t.Helper()
	p.read(func(ctx context.Context, tx *store.Tx) (err error) { ids, err = tx.Unsent(ctx, false); return err })
	return ids
}

// stands compares letter, case, passwords and events with what is wanted.
func (p *post) stands(letter store.LetterState, c bot.State, row bot.RowState, secrets int, events ...string) {
	p.t.Helper()
	var got struct {
		c       bot.Case
		row     bot.CaseRow
		secrets map[int][]byte
		events  []string
	}
	p.read(func(ctx context.Context, tx *store.Tx) (err error) {
		if got.c, err = tx.CaseByNumber(ctx, "YC-2026-0001"); err != nil {
			return err
		}
		if got.row, err = tx.Row(ctx, got.c.ID, 1); err != nil {
			return err
		}
		if got.secrets, err = tx.Secrets(ctx, got.c.ID); err != nil {
			return err
		}
		all, err := tx.Events(ctx, got.c.ID)
		for _, e := range all {
			got.events = append(got.events, e.What)
		}
		return err
	})
	if l := p.letters()[0]; l.State != letter || got.c.State != c || got.row.State != row || len(got.secrets) != secrets {
		p.t.Errorf("letter %s, case %s, row %s, %d passwords; want %s, %s, %s, %d", l.State, got.c.State, got.row.State, len(got.secrets), letter, c, row, secrets)
	}
	if diff := cmp.Diff(events, got.events); diff != "" {
		p.t.Errorf("events:\n%s", diff)
	}
}

func TestLetterIsTaken(t *testing.T) {
	t.Parallel()
	p := newPost(t, storetest.SQLite(t))
	for range 2 { // a job that comes twice
		if err := p.man.letter(t.Context(), p.id); err != nil {
			t.Fatal(err)
		}
	}
	p.stands(store.LetterSent, bot.Delivered, bot.RowDelivered, 0, "answer_sent", "case_delivered")
	if l := p.letters()[0]; len(p.sent) != 1 || l.Reply != "2.0.0 queued as 4XyZ" || !l.SentAt.Equal(p.now) || l.Tries != 1 || len(p.due()) != 0 {
		t.Errorf("sent %d times: %+v", len(p.sent), l)
	}
}

func TestLetterFails(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		outcome outbox.Outcome
		state   store.LetterState
		again   bool
	}{
		{outbox.Permanent, store.LetterFailed, false},
		{outbox.Temporary, store.LetterQueued, true},
		{outbox.Limited, store.LetterQueued, true},
		{outbox.Unknown, store.LetterUnknown, false}, // credentials: a person decides
	} {
		t.Run(string(tt.outcome), func(t *testing.T) {
			t.Parallel()
			p := newPost(t, storetest.SQLite(t))
			p.answer = &outbox.Error{Outcome: tt.outcome, Reply: "550 5.1.1 no such user", Rest: time.Minute}
			err := p.man.letter(t.Context(), p.id)
			later, putOff := errors.AsType[job.Later](err)
			if putOff != tt.again || !tt.again && err != nil {
				t.Fatalf("%v", err)
			}
			p.stands(tt.state, bot.Created, bot.RowCreated, 1, "answer_"+string(tt.outcome))
			if l := p.letters()[0]; l.Reply != "550 5.1.1 no such user" {
				t.Errorf("the server's word is lost: %q", l.Reply)
			}
			if err := p.man.letter(t.Context(), p.id); tt.again == (err == nil) || len(p.sent) != 1 {
				t.Errorf("at once again: %v, sent %d times", err, len(p.sent))
			}

			p.answer, p.now = nil, p.now.Add(time.Duration(later))
			if got := len(p.due()); tt.again != (got == 1) {
				t.Fatalf("%d are due", got)
			}
			if err := p.man.letter(t.Context(), p.id); err != nil {
				t.Fatal(err)
			}
			if tt.again {
				p.stands(store.LetterSent, bot.Delivered, bot.RowDelivered, 0, "answer_"+string(tt.outcome), "answer_sent", "case_delivered")
				return
			}
			p.stands(tt.state, bot.Created, bot.RowCreated, 1, "answer_"+string(tt.outcome))
			if len(p.sent) != 1 {
				t.Errorf("a refused letter was sent %d times", len(p.sent))
			}
		})
	}
}

// A process that is killed with a letter of credentials in its hands leaves it to the next one: after the lease, or at once to
// one that is alone. Before the mark the final dot was certainly not sent, and the letter goes again; after it nobody knows,
// and an officer decides (pain 37).
func TestPain37CredentialsOfADeadProcess(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		survive int // commits: the claim, the mark, the note
		state   store.LetterState
		handed  int // copies that the server got from the dead one
	}{{1, store.LetterSent, 0}, {2, store.LetterUnknown, 1}} {
		for _, alone := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d commits, alone %v", tt.survive, alone), func(t *testing.T) {
				t.Parallel()
				p := newPost(t, storetest.SQLite(t))
				commits := 0
				p.db.Commit = func() error {
					if commits++; commits > tt.survive {
						return errors.New("killed")
					}
					return nil
				}
				if err := p.man.letter(t.Context(), p.id); err == nil {
					t.Fatal("not killed")
				}
				p.stands(store.LetterSending, bot.Created, bot.RowCreated, 1)
				if len(p.due()) != 0 || len(p.sent) != tt.handed {
					t.Errorf("%d due while the process may live, %d handed over", len(p.due()), len(p.sent))
				}
				p.db.Commit = nil
				if alone {
					p.write(func(ctx context.Context, tx *store.Tx) error { return tx.ReleaseLetters(ctx) })
				} else {
					p.now = p.now.Add(lease)
				}
				if len(p.due()) != 1 {
					t.Fatal("not due")
				}
				if err := p.man.letter(t.Context(), p.id); err != nil {
					t.Fatal(err)
				}
				if len(p.sent) != 1 {
					t.Errorf("sent %d times", len(p.sent))
				}
				if tt.state == store.LetterSent {
					p.stands(store.LetterSent, bot.Delivered, bot.RowDelivered, 0, "answer_sent", "case_delivered")
				} else {
					p.stands(store.LetterUnknown, bot.Created, bot.RowCreated, 1, "answer_unknown")
				}
			})
		}
	}
}

// What became of a try is noted although the process is being stopped.
func TestLetterWhileStopping(t *testing.T) {
	t.Parallel()
	p := newPost(t, storetest.SQLite(t))
	ctx, cancel := context.WithCancel(t.Context())
	p.man.send = func(_ context.Context, m outbox.Message) (string, error) {
		cancel()
		return p.send(t.Context(), m)
	}
	if err := p.man.letter(ctx, p.id); err != nil {
		t.Fatal(err)
	}
	p.stands(store.LetterSent, bot.Delivered, bot.RowDelivered, 0, "answer_sent", "case_delivered")
}

// Two jobs for one letter, in one process or in two: it is sent once.
func TestLetterIsSentOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPost(t, db)
		var group sync.WaitGroup
		for range 6 {
			group.Go(func() {
				if err := p.man.letter(context.WithoutCancel(t.Context()), p.id); err != nil {
					if _, putOff := errors.AsType[job.Later](err); !putOff {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		if len(p.sent) != 1 {
			t.Errorf("sent %d times", len(p.sent))
		}
	})
}

// A folder that the server refuses holds up no other; a renumbered mailbox is no failure; what was moved is not moved again.
func TestFiling(t *testing.T) {
	t.Parallel()
	db := storetest.SQLite(t)
	ctx := t.Context()
	moved := make(map[string][]uint32)
	refused := "Returned"
	f := &filing{db: db, bell: make(chan struct{}, 1), logger: slog.New(slog.DiscardHandler),
		file: func(_ context.Context, _ string, validity uint32, uids []uint32, folder string) ([]inbox.Moved, error) {
			if folder == refused {
				return nil, errors.New("permission denied")
			}
			if validity != 7 {
				return nil, fmt.Errorf("moving: %w", inbox.ErrRenumbered)
			}
			moved[folder] = append(moved[folder], uids...)
			var told []inbox.Moved
			for _, uid := range uids {
				told = append(told, inbox.Moved{UID: uid, Folder: "INBOX." + folder, FolderValidity: 3, FolderUID: 100 + uid, Gone: uid == 4})
			}
			return told, nil
		}}
	err := db.Write(ctx, func(tx *store.Tx) error {
		for uid, folder := range []string{"", "Returned", "Done", "Ignored", "Done"} {
			if folder == "" {
				continue
			}
			m := store.NewMail{Mailbox: "INBOX", UIDValidity: 7, UID: uint32(uid), ArrivedAt: tx.Now, Raw: fmt.Append(nil, uid)}
			if folder == "Ignored" {
				m.UIDValidity = 6
			}
			if err := tx.AddMails(ctx, []store.NewMail{m}); err != nil {
				return err
			}
			if _, err := tx.EndMail(ctx, int64(uid), store.Ignored, "x", folder, 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := f.once(ctx); err == nil {
			t.Error("nothing is said of the refused folder")
		}
	}
	if diff := cmp.Diff(map[string][]uint32{"Done": {2, 4}}, moved); diff != "" {
		t.Error(diff)
	}
	refused = ""
	if err := f.once(ctx); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string][]uint32{"Done": {2, 4}, "Returned": {1}}, moved); diff != "" {
		t.Error(diff)
	}
	lies := make(map[int64]string)
	for _, m := range storetest.Read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.Mail, error) { return tx.Mails(ctx, "") }) {
		lies[m.ID] = fmt.Sprint(m.Lies.Folder, " ", m.Lies.UIDValidity, " ", m.Lies.UID, " ", !m.FiledAt.IsZero())
	}
	want := map[int64]string{1: "INBOX.Returned 3 101 true", 2: "INBOX.Done 3 102 true", 3: " 0 0 true", 4: " 0 0 true"}
	if diff := cmp.Diff(want, lies); diff != "" {
		t.Error(diff)
	}
}

// A mail that was judged again is moved from the folder that it lies in.
func TestFilingFromAFolder(t *testing.T) {
	t.Parallel()
	db := storetest.SQLite(t)
	ctx := t.Context()
	var asked []string
	f := &filing{db: db, bell: make(chan struct{}, 1), logger: slog.New(slog.DiscardHandler),
		file: func(_ context.Context, mailbox string, validity uint32, uids []uint32, folder string) (moved []inbox.Moved, _ error) {
			asked = append(asked, fmt.Sprint(mailbox, " ", validity, " ", uids, " ", folder))
			for i, uid := range uids {
				moved = append(moved, inbox.Moved{UID: uid, Folder: folder, FolderValidity: 3, FolderUID: uint32(i + 20)})
			}
			return moved, nil
		}}
	end := func(outcome store.Outcome, folder string) {
		storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error {
			for id := range int64(2) {
				if _, err := tx.EndMail(ctx, id+1, outcome, "x", folder, 0); err != nil {
					return err
				}
			}
			return nil
		})
		if err := f.once(ctx); err != nil {
			t.Fatal(err)
		}
	}
	storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error {
		return tx.AddMails(ctx, []store.NewMail{{Mailbox: "INBOX", UIDValidity: 7, UID: 5, Size: 1, Raw: []byte("a")}, {Mailbox: "INBOX", UIDValidity: 7, UID: 6, Size: 1, Raw: []byte("b")}})
	})
	end(store.Quarantined, "Quarantine")
	storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.RetryMail(ctx, 1, ""), tx.RetryMail(ctx, 2, ""))
	})
	end(store.IsCase, "Done")
	if diff := cmp.Diff([]string{"INBOX 7 [5 6] Quarantine", "Quarantine 3 [20 21] Done"}, asked); diff != "" {
		t.Error(diff)
	}
}

// What fails after the case was opened, while the mail is put away, opens no second one (zammad #1662: "requested messages no
// longer exist"): it is moved again until it is filed or found gone, and nobody judges it meanwhile.
func TestPain06AFailedMoveJudgesNothingAgain(t *testing.T) {
	t.Parallel()
	db := storetest.SQLite(t)
	ctx := t.Context()
	delivered := []store.NewMail{{Mailbox: "INBOX", UIDValidity: 7, UID: 5, Size: 1, Raw: []byte("a")}}
	var judged int
	db.Enqueue = func(_ context.Context, _ *store.Tx, jobs []store.Job) error {
		for _, j := range jobs {
			if j.Kind == store.JudgeJob {
				judged++
			}
		}
		return nil
	}
	tries := 0
	f := &filing{db: db, bell: make(chan struct{}, 1), logger: slog.New(slog.DiscardHandler),
		file: func(_ context.Context, _ string, _ uint32, uids []uint32, folder string) ([]inbox.Moved, error) {
			if tries++; tries < 4 {
				return nil, errors.New("some of the requested messages no longer exist")
			}
			return []inbox.Moved{{UID: uids[0], Folder: folder, Gone: true}}, nil
		}}
	add := func(ctx context.Context, tx *store.Tx) error { return tx.AddMails(ctx, delivered) }
	storetest.Write(t, db, add)
	storetest.Write(t, db, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.EndMail(ctx, 1, store.IsCase, "queue", "Done", 1)
		return err
	})
	for i := range 6 {
		if err := f.once(ctx); (err != nil) != (i < 3) {
			t.Errorf("try %d: %v", i+1, err)
		}
		storetest.Write(t, db, add) // the mailbox lists it still
		left := storetest.Read(t, db, func(ctx context.Context, tx *store.Tx) ([]int64, error) { return tx.Unjudged(ctx) })
		if len(left) != 0 {
			t.Fatalf("to be judged again: %v", left)
		}
	}
	mails := storetest.Read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.Mail, error) { return tx.Mails(ctx, "") })
	if judged != 1 || tries != 4 || len(mails) != 1 || mails[0].Outcome != store.IsCase || mails[0].FiledAt.IsZero() {
		t.Errorf("judged %d times, moved %d times, %+v", judged, tries, mails)
	}
}
