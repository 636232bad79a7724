//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"vanthu/bot/store"
	"vanthu/mailer/compose"
)

// The figures of `serve` over real servers: .ci/bench/answers prints them. One run is one figure; ratios count, not absolutes.
const (
	answered = 200   // requests whose answer is timed
	backlog  = 2_000 // mails that wait when serve starts
	listRows = 50
	idleTime = time.Minute
)

func BenchmarkAnswerSQLite(b *testing.B)    { benchmarkAnswer(b, "sqlite") }
func BenchmarkAnswerPostgres(b *testing.B)  { benchmarkAnswer(b, "postgres") }
func BenchmarkBacklogSQLite(b *testing.B)   { benchmarkBacklog(b, "sqlite") }
func BenchmarkBacklogPostgres(b *testing.B) { benchmarkBacklog(b, "postgres") }

// benchmarkAnswer times requests one by one: own is from the journal's first sight to the MTA's reply to the answer;
// all is from the MTA's reply to the unit, its delivery and Dovecot's IDLE notice (up to half a second) included.
func benchmarkAnswer(b *testing.B, database string) {
	for b.Loop() {
		w := newWorld(b, database)
		w.serve()
		a := w.open()
		unit := w.courier(ctsv)
		accepted := make([]time.Time, answered)
		for i := range answered {
			unit.send(request(b, ctsv, fmt.Sprintf("b%d", i), people(listRows*i, listRows)))
			accepted[i] = time.Now()
			w.await("an answer", 20*time.Second, func() bool { return count(b, a.DB, store.LetterSent) == i+1 })
		}
		var own, all []time.Duration
		err := a.DB.Read(b.Context(), func(tx *store.Tx) error {
			letters, err := tx.Letters(b.Context(), 0)
			if err != nil {
				return err
			}
			for i, l := range letters {
				m, err := tx.Mail(b.Context(), l.MailID)
				if err != nil {
					return err
				}
				own, all = append(own, l.SentAt.Sub(m.SeenAt)), append(all, l.SentAt.Sub(accepted[i]))
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		report(b, "own", own)
		report(b, "all", all)
	}
}

func report(b *testing.B, name string, d []time.Duration) {
	slices.Sort(d)
	b.ReportMetric(float64(d[len(d)/2].Microseconds())/1000, name+"-median-ms")
	b.ReportMetric(float64(d[len(d)*99/100].Microseconds())/1000, name+"-p99-ms")
}

// count returns how many answers are in a state.
func count(b testing.TB, db *store.DB, state store.LetterState) int {
	n := 0
	err := db.Read(b.Context(), func(tx *store.Tx) error {
		letters, err := tx.Letters(b.Context(), 0)
		for _, l := range letters {
			if l.State == state {
				n++
			}
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// judged returns how many mails have become cases; cheap enough to be asked while the daemon works.
func judged(b testing.TB, db *store.DB) int {
	var counts map[store.Outcome]int
	err := db.Read(b.Context(), func(tx *store.Tx) (err error) {
		counts, err = tx.CountMails(b.Context())
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return counts[store.IsCase]
}

// benchmarkBacklog starts serve before a full mailbox, and looks at its memory, then at its rest.
func benchmarkBacklog(b *testing.B, database string) {
	for b.Loop() {
		w := newWorld(b, database)
		box := w.mailbox(service)
		letter := letter(b, "PHÒNG CÔNG TÁC SINH VIÊN")
		for i := range backlog {
			m := request(b, ctsv, fmt.Sprintf("l%d", i), nil)
			m.Attachments = []compose.Attachment{{Name: "Bản đề nghị.docx", Type: docxType, Data: letter}, {Name: "Danh sách.xlsx", Type: xlsxType, Data: workbook(b, people(listRows*i, listRows))}}
			raw, err := m.Bytes()
			if err != nil {
				b.Fatal(err)
			}
			box.append("INBOX", append([]byte("Return-Path: <ctsv@truong.example>\r\nAuthentication-Results: mail.truong.example; auth=pass smtp.auth=ctsv@truong.example\r\n"+
				"Received: from localhost by mail.truong.example with ESMTPSA; Sat, 21 Nov 2026 08:00:00 +0700\r\n"), raw...))
		}
		a := w.open()
		began := time.Now()
		p := w.serve()
		w.await("the backlog judged", 10*time.Minute, func() bool { return judged(b, a.DB) == backlog })
		w.await("the backlog answered", time.Minute, func() bool { return count(b, a.DB, store.LetterSent) == backlog })
		b.ReportMetric(backlog/time.Since(began).Seconds(), "requests/s")
		b.ReportMetric(float64(p.cpu(b).Microseconds())/1000/backlog, "CPU-ms/request")
		w.await("the backlog filed", time.Minute, func() bool { return box.count("INBOX") == 0 })
		b.ReportMetric(p.memory(b, "VmHWM"), "peak-MB")
		before := p.cpu(b)
		<-time.After(idleTime)
		b.ReportMetric(float64((p.cpu(b)-before).Microseconds())/1000/idleTime.Minutes(), "idle-CPU-ms/min")
		b.ReportMetric(p.memory(b, "VmRSS"), "idle-MB")
	}
}

func (m *mailbox) append(folder string, raw []byte) {
	m.t.Helper()
	cmd := m.client.Append(folder, int64(len(raw)), &imap.AppendOptions{Time: time.Now()})
	if _, err := cmd.Write(raw); err != nil {
		m.t.Fatal(err)
	}
	if err := cmd.Close(); err != nil {
		m.t.Fatal(err)
	}
	if _, err := cmd.Wait(); err != nil {
		m.t.Fatal(err)
	}
}

// memory reads a field of proc(5) status, in MB.
func (p *process) memory(b testing.TB, field string) float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			kb, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				b.Fatal(err)
			}
			return float64(kb) / 1024
		}
	}
	b.Fatalf("no %s", field)
	return 0
}

// cpu is what the process has used so far: fields 14 and 15 of proc(5) stat, in ticks of 10 ms.
func (p *process) cpu(b testing.TB) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}
