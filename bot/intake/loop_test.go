package intake_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/intake"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

var brakes = intake.Brakes{Rounds: 10, SenderHour: 60, SenderDay: 300, DeskHour: 600}

// braking is a world with a clock that stands and the brakes of the defaults.
func braking(t *testing.T) (*world, *time.Time) {
	t.Helper()
	w := newWorld(t, storetest.SQLite(t))
	now := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	w.db.Now = func() time.Time { return now }
	w.in.Brakes = brakes
	return w, &now
}

// A program answers whatever it gets, and nothing in its mails tells it from a person: within ten rounds it waits for an
// officer, whatever it does about threads, lists and addresses (pain 9).
func TestPain09ProgramsThatAnswerEachOther(t *testing.T) {
	t.Parallel()
	codes := []string{"2153010001", "2153010002"}
	for _, tt := range []struct {
		name    string
		answers func(round int, to store.Letter) letter
		most    int
	}{
		{"no thread, no list", func(int, store.Letter) letter {
			return letter{from: ctsv, text: "Đề nghị cấp tài khoản email cho sinh viên."}
		}, 10},
		{"in the thread, no list", func(round int, to store.Letter) letter {
			if round == 0 {
				return letter{from: ctsv, text: "Đề nghị cấp tài khoản email cho sinh viên."}
			}
			return letter{from: ctsv, subject: "Re: " + to.Subject, refers: to.MessageID, text: "Đề nghị cấp tài khoản email."}
		}, 3}, // an officer is asked before the brake is
		{"no thread, the same list", func(int, store.Letter) letter { return letter{from: ctsv, codes: codes} }, 10},
		{"no thread, the same list with defects", func(int, store.Letter) letter { return letter{from: ctsv, codes: []string{"2153010001", "x"}} }, 10},
		{"in the thread, the same list", func(_ int, to store.Letter) letter {
			return letter{from: ctsv, subject: "Re: " + to.Subject, refers: to.MessageID, codes: codes}
		}, 10},
		{"in the thread, a list that changes", func(round int, to store.Letter) letter {
			return letter{from: ctsv, subject: "Re: " + to.Subject, refers: to.MessageID, codes: []string{"2153010001", fmt.Sprint("x", round)}}
		}, 10},
		{"asks for the blank form", func(int, store.Letter) letter {
			return letter{from: ctsv, subject: "Xin mẫu", text: "Cho em xin mẫu BM-CNTT31"}
		}, 3},
		{"another address each time", func(round int, _ store.Letter) letter {
			return letter{from: fmt.Sprintf("robot%d@evil.example", round), codes: codes}
		}, 0},
		{"a list that nobody has seen, each time", func(round int, _ store.Letter) letter {
			return letter{from: ctsv, codes: []string{fmt.Sprintf("21530%05d", round)}}
		}, 60},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, now := braking(t)
			var to store.Letter
			var last store.Mail
			for round := range tt.most + 8 {
				l := tt.answers(round, to)
				l.id, l.via = fmt.Sprintf("<robot%d@truong.example>", round), fmt.Sprint("r", round)
				last = w.takes(l)
				*now = now.Add(10 * time.Second)
				if letters := w.letters(); len(letters) > 0 {
					to = letters[len(letters)-1]
				}
			}
			if n := len(w.letters()); n > tt.most || n == 0 && tt.most > 0 {
				t.Errorf("%d answers, %d at the most", n, tt.most)
			}
			if last.Outcome != store.Quarantined || tt.most > 3 && !strings.HasPrefix(last.Reason, "brake: ") {
				t.Errorf("the last mail: %s, %s", last.Outcome, last.Reason)
			}
		})
	}
}

// Two units at once, each below its own count: the brake of the desk.
func TestPain09BrakeOfTheWholeDesk(t *testing.T) {
	t.Parallel()
	w, _ := braking(t)
	w.in.Brakes.DeskHour = 5
	for i := range 10 {
		from := []string{ctsv, dtsdh}[i%2]
		w.takes(letter{from: from, id: fmt.Sprintf("<%d@x>", i), codes: []string{fmt.Sprintf("21530%05d", i)}})
	}
	if n := len(w.letters()); n != 5 {
		t.Errorf("%d answers", n)
	}
}

// Thirty lists in an hour are served, defects or none, and the deliveries of that hour do not count; the hour after, a brake
// that held is released, and an officer can let a mail through before.
func TestBrakeServesAUnitThatHasMuchToSay(t *testing.T) {
	t.Parallel()
	w, now := braking(t)
	list := func(i int) letter {
		codes := []string{fmt.Sprintf("21530%05d", i)}
		if i%2 == 0 {
			codes = append(codes, fmt.Sprint("x", i))
		}
		return letter{from: ctsv, id: fmt.Sprintf("<l%d@truong.example>", i), codes: codes}
	}
	for i := range 30 {
		if m := w.takes(list(i)); m.Outcome != store.IsCase {
			t.Fatalf("list %d: %s, %s", i, m.Outcome, m.Reason)
		}
		err := w.db.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.AddLetter(t.Context(), store.Letter{Step: fmt.Sprint("delivery ", i), MessageID: fmt.Sprintf("<d%d@x>", i), Kind: string(bot.CredentialsOf), CaseID: 1, To: ctsv, Raw: []byte("x")})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		*now = now.Add(time.Minute)
	}
	if m := w.takes(letter{from: ctsv, id: "<c@truong.example>", subject: "Re: " + w.cases()[0].Number, text: "Đồng ý cấp phần hợp lệ"}); m.Outcome != store.IsFollowUp {
		t.Errorf("a confirmation: %s, %s", m.Outcome, m.Reason)
	}
	w.in.Brakes.SenderHour = 20
	held := w.takes(list(31))
	if held.Outcome != store.Quarantined || !strings.HasPrefix(held.Reason, "brake: ") {
		t.Fatalf("%s, %s", held.Outcome, held.Reason)
	}
	retry := func(vouched string) store.Mail {
		err := w.db.Write(t.Context(), func(tx *store.Tx) error { return tx.RetryMail(t.Context(), held.ID, vouched) })
		if err == nil {
			err = w.in.Mail(t.Context(), held.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
		return w.mail(held.ID)
	}
	if m := retry(""); m.Outcome != store.Quarantined {
		t.Errorf("again at once: %s", m.Outcome)
	}
	other := w.takes(list(32))
	if m := retry("officer:lan"); m.Outcome != store.IsCase {
		t.Errorf("an officer lets it through: %s, %s", m.Outcome, m.Reason)
	}
	*now, held = now.Add(time.Hour), other
	if m := retry(""); m.Outcome != store.IsCase {
		t.Errorf("the hour is over: %s, %s", m.Outcome, m.Reason)
	}
}

// Our own letters come back: by a rule that forwards, by a list that writes its own From, by a provider that changes the Message-ID.
func TestOwnLettersAreKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	w.takes(letter{from: ctsv, codes: []string{"2153010001"}})
	l := w.letters()[0]
	mark := intake.OwnMark + ": " + l.Token + "\r\n"
	for _, tt := range []struct {
		name    string
		mail    letter
		outcome store.Outcome
		reason  string
	}{
		{"the From of a list", letter{from: "can-bo@truong.example", login: "none", header: mark, codes: []string{"2153010009"}}, store.Ignored, "own_mail"},
		{"its Message-ID", letter{from: "can-bo@truong.example", login: "none", id: l.MessageID, codes: []string{"2153010009"}}, store.Ignored, "own_mail"},
		{"somebody else's mark", letter{from: ctsv, header: intake.OwnMark + ": aaaaaaaaaaaaaaaa\r\n", codes: []string{"2153010010"}}, store.IsCase, "queue"},
		{"a unit with our mark", letter{from: ctsv, header: mark, codes: []string{"2153010011"}}, store.Quarantined, "own_mail"},
		{"a unit with our mark, not proven", letter{from: ctsv, login: "none", header: mark, codes: []string{"2153010012"}}, store.Quarantined, "own_mail"},
	} {
		m := w.takes(tt.mail)
		if m.Outcome != tt.outcome || !strings.HasPrefix(m.Reason, tt.reason) {
			t.Errorf("%s: %s, %s", tt.name, m.Outcome, m.Reason)
		}
	}
}

// A report is tied to its answer by the token of our return path or by the Message-ID that it returns; one with neither changes
// nothing, whoever it speaks of (pain 38).
func TestPain38BounceBelongsToItsLetter(t *testing.T) {
	t.Parallel()
	const gone = "550 5.1.1 no such user"
	for _, tt := range []struct {
		name   string
		report func(l store.Letter) letter
		action string
		fate   store.Fate
		events []string
	}{
		{"by the token it was sent to", func(l store.Letter) letter { return letter{to: "cntt+b" + l.Token + "@truong.example"} }, "failed", store.Bounced, []string{"answer_failed"}},
		{"by the token at delivery", func(l store.Letter) letter {
			return letter{header: "Delivered-To: <cntt+b" + l.Token + "@truong.example>\r\n"}
		}, "failed", store.Bounced, []string{"answer_failed"}},
		{"by the Message-ID", func(l store.Letter) letter { return letter{id: l.MessageID} }, "failed", store.Bounced, []string{"answer_failed"}},
		{"only late", func(l store.Letter) letter { return letter{id: l.MessageID} }, "delayed", store.Delayed, []string{"answer_delayed"}},
		{"arrived", func(l store.Letter) letter { return letter{id: l.MessageID} }, "delivered", "", []string{"answer_delivered"}},
		{"a token of nobody", func(store.Letter) letter { return letter{to: "cntt+baaaaaaaaaaaaaaaa@truong.example"} }, "failed", "", nil},
		{"a Message-ID of nobody", func(store.Letter) letter { return letter{id: "<YC-2026-0001.mail.2@truong.example>"} }, "failed", "", nil},
		{"nothing but the unit's address", func(store.Letter) letter { return letter{} }, "failed", "", nil},
		{"the case's token, which stands in every answer", func(store.Letter) letter { return letter{to: "cntt+aaaaaaaaaaaaaaaa@truong.example"} }, "failed", "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, storetest.SQLite(t))
			w.takes(letter{from: ctsv, codes: []string{"2153010001"}})
			r := tt.report(w.letters()[0])
			if r.to == "" {
				r.to = service
			}
			raw := fmt.Sprintf("Return-Path: <>\r\n%sFrom: MAILER-DAEMON@mail.truong.example\r\nTo: %s\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"+
				"Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nsorry\r\n"+
				"--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.truong.example\r\n\r\nFinal-Recipient: rfc822; %s\r\nAction: %s\r\nStatus: 5.1.1\r\n"+
				"Diagnostic-Code: smtp; %s\r\n\r\n--x\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: %s\r\n\r\n--x--\r\n", r.header, r.to, ctsv, tt.action, gone, r.id)
			id := w.arrive([]byte(raw))[0]
			if err := w.in.Mail(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			m, l := w.mail(id), w.letters()[0]
			if l.Fate != tt.fate || l.NeedsPerson() != (tt.fate == store.Bounced) || len(w.letters()) != 1 {
				t.Errorf("fate %q, want %q; %d letters", l.Fate, tt.fate, len(w.letters()))
			}
			if tied := tt.events != nil; (m.CaseID == l.CaseID) != tied || (m.Outcome == store.IsFollowUp) != tied {
				t.Errorf("the report: %s, case %d", m.Outcome, m.CaseID)
			}
			var said []string
			for _, e := range look(w, func(ctx context.Context, tx *store.Tx) ([]bot.Event, error) { return tx.Events(ctx, l.CaseID) }) {
				if strings.HasPrefix(e.What, "answer_") {
					said = append(said, e.What)
				}
			}
			if !slices.Equal(said, tt.events) {
				t.Errorf("events %v", said)
			}
		})
	}
}
