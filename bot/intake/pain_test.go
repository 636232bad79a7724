package intake_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"

	"vanthu/bot"
	"vanthu/bot/store"
)

// One bad mail blocks no other (zammad #2754, #1877, osTicket #3504): one that kills the process, one that uses up its time,
// and those whose texts a database refuses: NUL, bytes that are no UTF-8, fields of a megabyte. A hundred good ones pass
// meanwhile, and each bad one ends, in a case or with an officer.
func TestPain04OneBadMailBlocksNoOther(t *testing.T) {
	t.Parallel()
	const (
		killer = "2153019998"
		slow   = "2153019999"
	)
	onBoth(t, func(t *testing.T, w *world) {
		w.judging = func(codes []string) {
			for _, code := range codes {
				switch code {
				case killer:
					panic("killed")
				case slow:
					panic(context.DeadlineExceeded)
				}
			}
		}
		bad := hostile()
		bad = append(bad, letter{from: ctsv, codes: []string{killer}}.raw(), letter{from: ctsv, codes: []string{slow}}.raw())
		var raws [][]byte
		for i := range 100 {
			raws = append(raws, letter{from: ctsv, id: fmt.Sprintf("<good%d@truong.example>", i), codes: []string{fmt.Sprintf("215301%04d", i)}}.raw())
			if i%4 == 0 && i/4 < len(bad) {
				raws = append(raws, bad[i/4])
			}
		}
		w.untilDone(w.arrive(raws...))
		good := 0
		for i, m := range w.mails() {
			switch raw := raws[i]; {
			case bytes.Contains(raw, []byte("<good")):
				if m.Outcome != store.IsCase {
					t.Errorf("a good mail: %q %s", m.Outcome, m.Reason)
				}
				good++
			case m.Outcome == "":
				t.Errorf("mail %d has no outcome: %.200q", m.ID, raw)
			}
			if len(m.Reason) > 3000 || len(m.Sender) > 2000 || strings.ContainsRune(m.Sender+m.Reason+m.MessageID, 0) {
				t.Errorf("mail %d: stored as it came: %.100q %.100q", m.ID, m.Sender, m.Reason)
			}
		}
		if gaveUp := look(w, func(ctx context.Context, tx *store.Tx) ([]store.Mail, error) { return tx.Mails(ctx, store.Quarantined) }); good != 100 ||
			!strings.HasPrefix(gaveUp[len(gaveUp)-1].Reason, "gave_up") || !strings.HasPrefix(gaveUp[len(gaveUp)-2].Reason, "gave_up") {
			t.Errorf("%d good mails; quarantined last: %+v", good, gaveUp[len(gaveUp)-1])
		}
	})
}

// One mail to two addresses of ours comes twice, by two ways: it is one request, not two (znuny PR#384), and each delivery has
// its line in the journal. Two requests that differ are two (zammad #1578, osTicket #2936), whatever their Message-IDs say: some
// programs give the same one to everything they send.
func TestPain07SameMailToTwoAddresses(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		first := letter{from: ctsv, id: "<1@truong.example>", codes: []string{"2153010001"}}
		second := first
		second.via = "cntt-cu" // the other address is an alias: the trace fields differ
		for _, l := range []letter{first, second} {
			w.takes(l)
		}
		ends := w.mails()
		if len(ends) != 2 || ends[0].Outcome != store.IsCase || ends[1].Outcome != store.IsFollowUp || ends[1].CaseID != ends[0].CaseID || len(w.cases()) != 1 || len(w.letters()) != 1 {
			t.Fatalf("%+v, %d cases, %d letters", ends, len(w.cases()), len(w.letters()))
		}
		another := first // the same Message-ID, another list
		another.codes = []string{"2153010002"}
		stolen := letter{from: dtsdh, id: first.id, codes: []string{"2153010003"}} // and another sender
		for _, l := range []letter{another, stolen} {
			if m := w.takes(l); m.Outcome != store.IsCase {
				t.Errorf("a request of its own: %s %s", m.Outcome, m.Reason)
			}
		}
		if len(w.cases()) != 3 || len(w.letters()) != 3 {
			t.Errorf("%d cases, %d letters", len(w.cases()), len(w.letters()))
		}
	})
}

// hostile are mails whose texts a database or its indexes refuse.
func hostile() [][]byte {
	long := strings.Repeat("x", 900<<10)
	var noise strings.Builder // what does not compress, for an index entry
	for i := range 4000 {
		fmt.Fprintf(&noise, "%x", i*2654435761)
	}
	nul := "=?utf-8?B?" + base64.StdEncoding.EncodeToString([]byte("a\x00b\xff")) + "?="
	raws := [][]byte{
		letter{from: ctsv, subject: "a\x00b \xff\xfe", codes: []string{"2153018001"}}.raw(),
		letter{from: ctsv, subject: nul, id: "<a\x00\xff@truong.example>", codes: []string{"2153018002"}}.raw(),
		letter{from: ctsv, subject: long, codes: []string{"2153018003"}}.raw(),
		letter{from: ctsv, id: "<" + noise.String() + "@truong.example>", codes: []string{"2153018004"}}.raw(),
		letter{from: ctsv, refers: "<" + nul + "@\x00\xff>", codes: []string{"2153018005"}}.raw(),
		letter{from: "a\x00\xff@evil.example", login: "none"}.raw(),
		letter{from: long + "@evil.example", login: "none"}.raw(),
		letter{from: ctsv, login: "x\x00\xff" + long}.raw(),
		letter{from: ctsv, header: "Auto-Submitted: \x00\xff" + long[:1000] + "\r\n"}.raw(),
		letter{from: ctsv, codes: []string{noise.String()}}.raw(),
		letter{from: ctsv, codes: []string{"\xff\xfe", "2153018006"}}.raw(),
		bytes.ReplaceAll(letter{from: ctsv, codes: []string{"2153018007"}}.raw(), []byte("name=ds.xlsx"), []byte("name=\"d\x00\xffs.xlsx\"")),
		bytes.ReplaceAll(letter{from: ctsv, codes: []string{"2153018008"}}.raw(), []byte("name=ds.xlsx"), []byte("name=\""+noise.String()+".xlsx\"")),
		{0}, {0xff, '\n', '\n', 0}, []byte(strings.Repeat("\x00", 1<<20)),
	}
	return raws
}

// untilDone judges mails by four workers, again and again as the queue does, until each has its outcome.
func (w *world) untilDone(ids []int64) {
	w.t.Helper()
	for range 12 {
		todo := make(chan int64)
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				for id := range todo {
					w.try(id)
				}
			})
		}
		left := look(w, func(ctx context.Context, tx *store.Tx) ([]int64, error) { return tx.Unjudged(ctx) })
		for _, id := range left {
			todo <- id
		}
		close(todo)
		group.Wait()
		if len(left) == 0 {
			return
		}
	}
	w.t.Errorf("of %d mails some never end", len(ids))
}

// try judges a mail once. A panic stands for the end of the process; one with DeadlineExceeded for the end of the job's time.
func (w *world) try(id int64) {
	defer func() {
		if recover() == context.DeadlineExceeded { //nolint:errorlint // the very value that was thrown
			storeTry(w, id)
		}
	}()
	if err := w.in.Mail(context.WithoutCancel(w.t.Context()), id); err != nil && bot.ErrorCode(err) == "" {
		w.t.Log(err)
	}
}

// storeTry counts a failed try as Mail does when the time of its job is over (TestAMailThatTakesTooLongIsCounted).
func storeTry(w *world, id int64) {
	if err := w.db.Write(context.WithoutCancel(w.t.Context()), func(tx *store.Tx) error { return tx.TryMail(context.WithoutCancel(w.t.Context()), id, 2) }); err != nil {
		w.t.Error(err)
	}
}

// A collector that fails half-way, or whose mail is not moved away, opens no ticket on every run (glpi #24200, #24760,
// #9893): the same mail is listed again and again, its letter cannot be written at first, its transaction does not commit.
func TestPain05AMailThatStaysOpensOneCase(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		raw := letter{from: ctsv, id: "<1@truong.example>", codes: []string{"2153010001"}}.raw()
		for run := range 8 {
			w.in.Compose, w.db.Commit = compose, nil
			w.uid = 0 // the same UID: it still lies there
			id := w.arrive(raw)[0]
			switch run {
			case 0:
				w.in.Compose = func(bot.Answer) (store.Letter, error) { return store.Letter{}, errCut }
			case 1:
				w.in.Compose = func(bot.Answer) (store.Letter, error) { panic("killed") }
			case 2:
				n := 0
				w.db.Commit = func() error { // the try is counted, the number is kept, what follows is not
					if n++; n > 2 {
						return bot.Errorf(bot.Temporary, "full")
					}
					return nil
				}
			}
			if err := w.dies(t.Context(), id); (err != nil) != (run < 3) {
				t.Fatalf("run %d: %v", run, err)
			}
		}
		m := w.mails()
		if len(m) != 1 || m[0].Outcome != store.IsCase || len(w.cases()) != 1 || len(w.letters()) != 1 || w.cases()[0].Number[8:] != "0001" {
			t.Errorf("mails %+v, cases %+v, %d letters", m, w.cases(), len(w.letters()))
		}
	})
}
