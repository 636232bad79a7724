package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"vanthu/bot/alarm"
)

// health answers on loopback for programs that watch programs: /healthz says whether an alarm stands, /metrics the same and
// the queues in the text format of Prometheus. It goes on while the database does not, with what was known last.
func (w *watch) health(ctx context.Context) error {
	if w.cfg.Listen == "" {
		return nil
	}
	var listening net.ListenConfig
	l, err := listening.Listen(ctx, "tcp", w.cfg.Listen)
	if err != nil {
		return fmt.Errorf("app: alarm.listen: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", w.healthz)
	mux.HandleFunc("GET /metrics", w.metrics)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("app: alarm.listen: %w", err)
	}
	return ctx.Err()
}

func (w *watch) healthz(out http.ResponseWriter, _ *http.Request) {
	out.Header().Set("Content-Type", "text/plain; charset=utf-8")
	standing, _ := w.alarms.Standing()
	if len(standing) == 0 {
		fmt.Fprintln(out, "ok")
		return
	}
	out.WriteHeader(http.StatusServiceUnavailable)
	for _, row := range standing {
		_, en := alarm.Text(alarm.Condition(row.Condition), row.Code)
		fmt.Fprintf(out, "%s/%s: %s\n", row.Condition, row.Code, en)
	}
}

func (w *watch) metrics(out http.ResponseWriter, _ *http.Request) {
	out.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	w.mu.Lock()
	q, canary, spaces := w.waiting, w.canary, w.spaces
	w.mu.Unlock()
	gauge := func(name, help string, values ...any) { // label, value, label, value …
		fmt.Fprintf(out, "# HELP vanthu_%s %s\n# TYPE vanthu_%s gauge\n", name, help, name)
		for i := 0; i < len(values); i += 2 {
			fmt.Fprintf(out, "vanthu_%s%s %v\n", name, values[i], values[i+1])
		}
	}
	label := func(name, value string) string {
		return fmt.Sprintf("{%s=\"%s\"}", name, strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(value))
	}
	var alarms, disks []any
	standing, _ := w.alarms.Standing()
	for _, row := range standing {
		alarms = append(alarms, label("condition", row.Condition), 1)
	}
	for _, s := range spaces {
		disks = append(disks, label("folder", s.Folder), s.MB<<20)
	}
	gauge("alarm", "An alarm that stands.", alarms...)
	gauge("waiting", "What is not done yet.", label("what", "unjudged"), q.Unjudged.N, label("what", "unfiled"), q.Unfiled.N, label("what", "unsent"), q.Unsent.N,
		label("what", "failed"), q.Failed.N, label("what", "unknown"), q.Unknown.N, label("what", "quarantine"), q.Quarantine.N, label("what", "accounts"), q.Accounts.N)
	gauge("up", "Whether a connection works.", label("connection", "imap"), number(!w.imap.State().Bad), label("connection", "smtp"), number(!w.smtp.State().Bad))
	gauge("disk_free_bytes", "What is left.", disks...)
	if !q.LastMail.IsZero() {
		gauge("last_mail_seconds", "When the last mail was seen.", "", q.LastMail.Unix())
	}
	if !canary.BackAt.IsZero() {
		gauge("canary_seconds", "How long the last canary took.", "", canary.BackAt.Sub(canary.SentAt).Seconds())
		gauge("canary_back_seconds", "When the last canary came back.", "", canary.BackAt.Unix())
	}
}

func number(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
