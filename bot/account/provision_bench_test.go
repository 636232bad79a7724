package account_test

import (
	"testing"

	"vanthu/bot"
	"vanthu/bot/desk"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// BenchmarkCreate is what vanthu itself takes for a row: a platform in memory answers at once.
func BenchmarkCreate(b *testing.B) {
	const rows = 1000
	many := func([]bot.Row) (all []bot.Row) {
		for n := 1; n <= rows; n++ {
			all = append(all, bot.Row{N: n, Code: code(n), Name: "Nguyễn Văn An", OK: true})
		}
		return all
	}
	for name, open := range map[string]func(testing.TB) *store.DB{"SQLite": storetest.SQLite, "PostgreSQL": func(t testing.TB) *store.DB { return storetest.Postgres(t).Open(t) }} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				w := newWorldOf(b, open(b), bot.PlanWish{}, func(*desk.Desk) {}, many)
				w.prov.InFlight, w.prov.Platform = 8, newCloud(w.db.Now, 0)
				b.StartTimer()
				if err := w.prov.Create(b.Context(), w.id); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*rows), "µs/row")
		})
	}
}
