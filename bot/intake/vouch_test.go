package intake_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/intake"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// unsigned is a world in which CTSV's mail server proves nothing, and whose requests for confirmation are kept.
func unsigned(t *testing.T, db *store.DB) (w *world, asked *[]bot.Answer) {
	t.Helper()
	w = newWorld(t, db)
	w.in.Units = []bot.Unit{units[0], units[1]}
	w.in.Units[0].Confirm, w.in.Units[0].Addresses = true, []string{ctsv, "ctsv2@truong.example"}
	w.in.Ask = intake.Confirming{Valid: 72 * time.Hour, Waiting: 3, Day: 5}
	asked = &[]bot.Answer{}
	w.in.Compose = func(a bot.Answer) (store.Letter, error) {
		if a.Kind == bot.ConfirmSender {
			*asked = append(*asked, a)
		}
		return compose(a)
	}
	return w, asked
}

// request is a mail of CTSV that nothing proves.
func request(text string) letter {
	return letter{from: ctsv, login: "none", text: text, codes: []string{"2153010001", "2153010002"}}
}

// yes confirms a mail as a unit does: from its mailbox, which proves nothing, by the tag in the subject.
func yes(a bot.Answer) letter {
	return letter{from: ctsv, login: "none", subject: "Re: [QT.CNTT.03] [XN-" + a.Token + "] De nghi xac nhan", text: "XÁC NHẬN"}
}

// A list beside the words is not lost: the words confirm, and an officer sees what came with them.
func TestAConfirmationThatBringsAList(t *testing.T) {
	t.Parallel()
	w, asked := unsigned(t, storetest.SQLite(t))
	m := w.takes(request(""))
	l := yes((*asked)[0])
	l.codes = []string{"2153010003"}
	a := w.takes(l)
	if a.Outcome != store.Quarantined || !strings.HasPrefix(a.Reason, "needs_person: ") {
		t.Errorf("the answer: %s %s", a.Outcome, a.Reason)
	}
	if err := w.in.Mail(t.Context(), m.ID); err != nil {
		t.Fatal(err)
	}
	if m = w.mail(m.ID); m.Outcome != store.IsCase {
		t.Errorf("the request: %s %s", m.Outcome, m.Reason)
	}
}

// Only the answer with the token lets a mail of a unit without signatures go on.
func TestAUnitWithoutSignatures(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(bot.Answer) letter{
		"by the subject": yes,
		"by the address": func(a bot.Answer) letter {
			return letter{from: ctsv, login: "none", to: "cntt+x" + a.Token + "@truong.example", subject: "Re: x", text: "Kính gửi Phòng CNTT,\r\n\r\nXác nhận.\r\n\r\nTrân trọng."}
		},
		"from another address of the unit": func(a bot.Answer) letter {
			l := yes(a)
			l.from = "ctsv2@truong.example"
			return l
		},
		"above our letter": func(a bot.Answer) letter {
			l := yes(a)
			l.text = "XÁC NHẬN\r\n\r\nVào Th 6, 20 thg 11, 2026 lúc 09:05 Phòng CNTT <cntt@truong.example> đã viết:\r\n\r\n> viết ngay ở dòng đầu hai chữ \"XÁC NHẬN\"\r\n> không phải làm gì"
			return l
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, w *world) {
				w, asked := unsigned(t, w.db)
				m := w.takes(request(""))
				if m.Outcome != store.Quarantined || !strings.HasPrefix(m.Reason, "awaiting_confirmation: asked "+ctsv) || len(w.cases()) != 0 {
					t.Fatalf("the request: %s %s", m.Outcome, m.Reason)
				}
				if len(*asked) != 1 || (*asked)[0].Files != 1 || (*asked)[0].Mail != m.ID || (*asked)[0].Unit.Addresses[0] != ctsv {
					t.Fatalf("asked %+v", *asked)
				}
				a := w.takes(answer((*asked)[0]))
				if a.Outcome != store.Ignored || a.Folder != "Done" || !strings.HasPrefix(a.Reason, "confirmed") {
					t.Fatalf("the answer: %s %s in %s", a.Outcome, a.Reason, a.Folder)
				}
				if err := w.in.Mail(t.Context(), m.ID); err != nil {
					t.Fatal(err)
				}
				if m = w.mail(m.ID); m.Outcome != store.IsCase || !strings.HasPrefix(m.Vouched, "token:") || len(w.cases()) != 1 {
					t.Errorf("confirmed: %s %s, vouched %q", m.Outcome, m.Reason, m.Vouched)
				}
				// The token is spent; a second mail is asked about anew.
				again := answer((*asked)[0])
				again.text += " "
				again.id = "<again@pc.example>"
				if a := w.takes(again); a.Outcome != store.Quarantined || !strings.Contains(a.Reason, "was confirmed before") {
					t.Errorf("the token again: %s %s", a.Outcome, a.Reason)
				}
				if m := w.takes(request("mail 2")); !strings.HasPrefix(m.Reason, "awaiting_confirmation") || len(*asked) != 2 {
					t.Errorf("the next request: %s", m.Reason)
				}
			})
		})
	}
}

// One-time links are opened, and buttons pressed, by scanners (onetimesecret 359, yopass 3961). There is nothing to open here: only
// a person's own words with the token confirm. What confirms nothing leaves the token as it is; the request waits on, and the officer sees what came.
func TestPain34WhatDoesNotConfirm(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer func(a bot.Answer) letter
		reason string
	}{
		"the words alone": {func(bot.Answer) letter { return letter{subject: "Re: De nghi xac nhan", text: "XÁC NHẬN"} }, "awaiting_confirmation"},
		"an invented token": {func(bot.Answer) letter {
			return letter{subject: "Re: [XN-aaaaaaaaaaaaaaaa]", text: "XÁC NHẬN"}
		}, "confirmation_refused"},
		"the token without the words": {func(a bot.Answer) letter { return letter{subject: yes(a).subject, text: "Da nhan thu."} }, "confirmation_refused"},
		"not we": {func(a bot.Answer) letter {
			return letter{subject: yes(a).subject, text: "Chúng tôi không xác nhận."}
		}, "confirmation_refused"},
		"not we, at length": {func(a bot.Answer) letter {
			return letter{subject: yes(a).subject, text: "XÁC NHẬN thư đó không phải của chúng tôi."}
		}, "confirmation_refused"},
		"a word beside it": {func(a bot.Answer) letter {
			return letter{subject: yes(a).subject, text: "XÁC NHẬN: thư giả mạo."}
		}, "confirmation_refused"},
		"a forgery, in the next sentence": {func(a bot.Answer) letter {
			return letter{subject: yes(a).subject, text: "Xác nhận.\r\nĐây là thư giả mạo, đề nghị chặn lại."}
		}, "confirmation_refused"},
		"somebody in our name": {func(a bot.Answer) letter {
			return letter{subject: yes(a).subject, text: "XÁC NHẬN\r\n\r\nCó người mạo danh phòng tôi."}
		}, "confirmation_refused"},
		"a question": {func(a bot.Answer) letter { return letter{subject: yes(a).subject, text: "Xác nhận?"} }, "confirmation_refused"},
		"the words in the quotation": {func(a bot.Answer) letter {
			return letter{subject: yes(a).subject, text: "Tôi vắng mặt đến hết tuần.\r\n\r\n> XÁC NHẬN"}
		}, "confirmation_refused"},
		"our letter without quotation marks": {func(a bot.Answer) letter {
			return letter{subject: yes(a).subject, text: "Kính gửi: Phòng Công tác sinh viên\r\n\r\nPhòng CNTT đã nhận được một thư.\r\n\r\nXÁC NHẬN\r\n"}
		}, "confirmation_refused"},
		"an out-of-office program": {func(a bot.Answer) letter {
			l := yes(a)
			l.header = "Auto-Submitted: auto-replied\r\n"
			return l
		}, "automatic"},
		"an out-of-office program that marks nothing": {func(a bot.Answer) letter {
			l := yes(a)
			l.subject = "Trả lời tự động: " + l.subject
			return l
		}, "automatic"},
		"another unit": {func(a bot.Answer) letter {
			l := yes(a)
			l.from, l.login = dtsdh, dtsdh
			return l
		}, "needs_person"},
		"a stranger": {func(a bot.Answer) letter {
			l := yes(a)
			l.from = stranger
			return l
		}, "not_entitled"},
		"a disproved sender": {func(a bot.Answer) letter {
			l := yes(a)
			l.login = "an@truong.example"
			return l
		}, "spoofed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, asked := unsigned(t, storetest.SQLite(t))
			m := w.takes(request(""))
			l := tt.answer((*asked)[0])
			if l.from == "" {
				l.from = ctsv
			}
			if l.login == "" {
				l.login = "none"
			}
			a := w.takes(l)
			if word, _, _ := strings.Cut(a.Reason, ":"); word != tt.reason {
				t.Errorf("the answer: %s %s", a.Outcome, a.Reason)
			}
			if m = w.mail(m.ID); m.Outcome != store.Quarantined || m.Vouched != "" || len(w.cases()) != 0 {
				t.Errorf("the request went on: %s %s", m.Outcome, m.Reason)
			}
			if l := w.takes(yes((*asked)[0])); !strings.HasPrefix(l.Reason, "confirmed") { // the token was not spent
				t.Errorf("the true answer afterwards: %s", l.Reason)
			}
		})
	}
}

// A token is valid for so long, for that mail as it is, and of no use when the mail waits no more.
func TestATokenIsBound(t *testing.T) {
	t.Parallel()
	t.Run("expired", func(t *testing.T) {
		t.Parallel()
		w, asked := unsigned(t, storetest.SQLite(t))
		m := w.takes(request(""))
		now := w.db.Now
		w.db.Now = func() time.Time { return now().Add(72 * time.Hour) }
		if a := w.takes(yes((*asked)[0])); !strings.HasPrefix(a.Reason, "confirmation_refused: too late") {
			t.Errorf("the answer: %s", a.Reason)
		}
		if m = w.mail(m.ID); m.Outcome != store.Quarantined || !strings.Contains(m.Reason, "until") {
			t.Errorf("the officer sees %s %s", m.Outcome, m.Reason)
		}
	})
	t.Run("an officer was faster", func(t *testing.T) {
		t.Parallel()
		w, asked := unsigned(t, storetest.SQLite(t))
		m := w.takes(request(""))
		if err := w.db.Write(t.Context(), func(tx *store.Tx) error { return tx.RetryMail(t.Context(), m.ID, "officer:lan") }); err != nil {
			t.Fatal(err)
		}
		if err := w.in.Mail(t.Context(), m.ID); err != nil || w.mail(m.ID).Outcome != store.IsCase {
			t.Fatalf("%v, %s", err, w.mail(m.ID).Outcome)
		}
		if a := w.takes(yes((*asked)[0])); !strings.Contains(a.Reason, "does not wait for it any more") || len(w.cases()) != 1 {
			t.Errorf("the answer: %s", a.Reason)
		}
	})
	t.Run("an officer vouches for what confirms nothing", func(t *testing.T) {
		t.Parallel()
		w, asked := unsigned(t, storetest.SQLite(t))
		w.takes(request(""))
		l := yes((*asked)[0])
		l.text, l.codes = "Thư đó không phải của chúng tôi. Đây là danh sách đúng.", []string{"2153010009"}
		m := w.takes(l)
		if err := w.db.Write(t.Context(), func(tx *store.Tx) error { return tx.RetryMail(t.Context(), m.ID, "officer:lan") }); err != nil {
			t.Fatal(err)
		}
		if err := w.in.Mail(t.Context(), m.ID); err != nil || w.mail(m.ID).Outcome != store.IsCase {
			t.Errorf("%v, %s %s", err, w.mail(m.ID).Outcome, w.mail(m.ID).Reason)
		}
	})
	t.Run("hashed", func(t *testing.T) {
		t.Parallel()
		w, asked := unsigned(t, storetest.SQLite(t))
		w.takes(request(""))
		_, err := look2(w, (*asked)[0].Token)
		if bot.ErrorCode(err) != bot.NotFound {
			t.Errorf("the token itself is a key of the database: %v", err)
		}
	})
}

func look2(w *world, token string) (c store.Confirmation, err error) {
	err = w.db.Read(w.t.Context(), func(tx *store.Tx) error {
		c, err = tx.Confirmation(w.t.Context(), token)
		return err
	})
	return c, err
}

// Who writes in a unit's name makes it get few letters: three that wait, five a day, one for copies of one mail.
func TestConfirmationsAreBraked(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w, asked := unsigned(t, w.db)
		copies := w.arrive(request("").raw(), request("").raw())
		for _, id := range copies {
			if err := w.in.Mail(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		if m := w.mail(copies[1]); len(w.letters()) != 1 || !strings.HasPrefix(m.Reason, "awaiting_confirmation: a copy") {
			t.Errorf("copies: %d letters, %s", len(w.letters()), m.Reason)
		}
		for _, text := range []string{"2", "3", "4", "5"} {
			w.takes(request(text))
		}
		if n := len(w.letters()); n != 3 {
			t.Errorf("%d letters wait", n)
		}
		last := w.mails()
		if m := last[len(last)-1]; !strings.HasPrefix(m.Reason, "brake: too many") || m.Outcome != store.Quarantined {
			t.Errorf("over the brake: %s %s", m.Outcome, m.Reason)
		}
		// One of them may be the unit's own, kept from being served by who forges its address: that is an alarm.
		if q := look(w, func(ctx context.Context, tx *store.Tx) (store.Waiting, error) { return tx.Waits(ctx) }); q.Braked.N == 0 {
			t.Errorf("no alarm tells of it: %+v", q)
		}
		now := w.db.Now
		w.db.Now = func() time.Time { return now().Add(73 * time.Hour) } // those expired, the day is over
		w.takes(request("6"))
		if n := len(w.letters()); n != 4 {
			t.Errorf("three days later: %d letters, asked %d times", n, len(*asked))
		}
		told := 0
		for _, e := range w.events() {
			if e.What == "confirmations_braked" {
				told++
			}
		}
		if told != 2 {
			t.Errorf("the officer was told %d times", told)
		}
	})
}
