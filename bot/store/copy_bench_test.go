package store_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// BenchmarkCopy copies a database of VANTHU_COPY ("MAILS EVENTS", 1,000 and 10,000) from SQLite to PostgreSQL and back, every row
// read again on the other side. VANTHU_COPY_FILE keeps the SQLite file there, to copy it by hand.
func BenchmarkCopy(b *testing.B) {
	mails, events := 1000, 10_000
	if v := os.Getenv("VANTHU_COPY"); v != "" {
		if _, err := fmt.Sscan(v, &mails, &events); err != nil {
			b.Fatal(err)
		}
	}
	url := storetest.SQLiteURL(b)
	if file := os.Getenv("VANTHU_COPY_FILE"); file != "" {
		url = "sqlite:" + file
	}
	lite, err := store.Open(b.Context(), url, "", time.Now)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(lite.Close)
	body := strings.Repeat("Kính gửi Phòng CNTT, danh sách kèm theo.\r\n", 20)
	for at := 0; at < mails; at += 500 {
		storetest.Write(b, lite, func(ctx context.Context, tx *store.Tx) error {
			var set []store.NewMail
			for i := at; i < min(at+500, mails); i++ {
				set = append(set, store.NewMail{Mailbox: "INBOX", UIDValidity: 7, UID: uint32(i + 1), ArrivedAt: tx.Now, Raw: fmt.Appendf(nil, "Message-ID: <%d@truong.example>\r\n\r\n%s", i, body)})
			}
			return tx.AddMails(ctx, set)
		})
	}
	for at := 0; at < events; at += 1000 {
		storetest.Write(b, lite, func(ctx context.Context, tx *store.Tx) error {
			for i := at; i < min(at+1000, events); i++ {
				if err := tx.AddEvent(ctx, bot.Event{Actor: bot.System, Mail: int64(i%mails + 1), What: "judged", Detail: map[string]string{"outcome": "case", "n": fmt.Sprint(i)}}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	cluster := storetest.Postgres(b)
	for b.Loop() {
		b.StopTimer()
		pg, back := cluster.Open(b), storetest.SQLite(b)
		b.StartTimer()
		for _, way := range []struct {
			name     string
			from, to *store.DB
		}{{"to-postgres", lite, pg}, {"to-sqlite", pg, back}} {
			began, rows := time.Now(), int64(0)
			if err := way.from.CopyTo(b.Context(), way.to, func(c store.Copied) { rows += c.Rows }); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(rows)/time.Since(began).Seconds(), way.name+"-rows/s")
		}
	}
}
