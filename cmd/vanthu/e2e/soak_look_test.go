//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/jackc/pgx/v5"

	"vanthu/mailer/mime"
)

// lying is what stands in the folders of the service mailbox, seen from outside.
type lying struct {
	total       int
	folders     map[string][]string // Message-ID → folders
	seen        map[string]bool     // marked as read
	redelivered map[string]int      // what Postfix gave to Dovecot more than once
}

func (s *soak) lying() lying {
	l := lying{folders: make(map[string][]string), seen: make(map[string]bool), redelivered: make(map[string]int)}
	box := s.mailbox(service)
	queue := make(map[string]bool)
	section := &imap.FetchItemBodySection{Specifier: imap.PartSpecifierHeader, Peek: true}
	for _, folder := range box.folders() {
		if box.count(folder) == 0 {
			continue
		}
		if _, err := box.client.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
			s.t.Fatal(err)
		}
		cmd := box.client.Fetch(imap.SeqSet{{Start: 1}}, &imap.FetchOptions{Flags: true, BodySection: []*imap.FetchItemBodySection{section}})
		got, err := cmd.Collect()
		if err != nil {
			s.t.Fatal(err)
		}
		for _, g := range got {
			m, err := mime.Parse(g.FindBodySection(section), mime.DefaultLimits())
			if err != nil {
				s.t.Fatal(err)
			}
			l.total++
			l.folders[m.ID] = append(l.folders[m.ID], folder)
			l.seen[m.ID] = l.seen[m.ID] || slices.Contains(g.Flags, imap.FlagSeen)
			id := m.ID + " " + queueID(m) + " " + m.Header("Delivered-To")
			if queue[id] && s.extra[m.ID] == 0 {
				l.redelivered[m.ID]++
			}
			queue[id] = true
		}
	}
	return l
}

// open opens a folder, over a new connection when the kept one has died.
func (r *reader) open(folder string) error {
	for again := range 2 {
		if r.client == nil {
			client, err := imapclient.DialTLS(os.Getenv("VANTHU_CI_IMAPS"), &imapclient.Options{TLSConfig: r.soak.tls()})
			if err != nil {
				return err
			}
			r.client = client
			if err := client.Login(r.address, r.soak.password).Wait(); err != nil {
				r.close()
				return err
			}
		}
		data, err := r.client.Select(folder, nil).Wait()
		if err == nil {
			r.count = data.NumMessages
			return nil
		}
		r.close()
		if again == 1 {
			return err
		}
	}
	return nil
}

// one reads a mail by its number.
func (r *reader) one(n uint32) (*mime.Message, error) {
	section := &imap.FetchItemBodySection{Peek: true}
	got, err := r.client.Fetch(imap.SeqSetNum(n), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	if err != nil || len(got) == 0 {
		r.close()
		return nil, err
	}
	return mime.Parse(got[0].FindBodySection(section), mime.DefaultLimits())
}

// dump is every table of the schema as text.
func (s *soak) dump() []byte {
	ctx := s.t.Context()
	cfg, err := pgx.ParseConfig(s.a.Config.Store.DSN())
	if err != nil {
		s.t.Fatal(err)
	}
	cfg.Password = s.password
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close(ctx)
	rows, _ := conn.Query(ctx, "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'")
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 10 {
		s.t.Fatalf("%d tables, %v", len(tables), err)
	}
	var out bytes.Buffer
	for _, table := range tables {
		if table == "outbox_raw" || table == "mail_raw" { // as hexadecimal; the mails are looked at by themselves
			continue
		}
		if _, err := conn.PgConn().CopyTo(ctx, &out, "COPY "+pgx.Identifier{table}.Sanitize()+" TO STDOUT"); err != nil {
			s.t.Fatal(err)
		}
	}
	return out.Bytes()
}

// keep saves what is needed to find the cause of a failure.
func (s *soak) keep() {
	if !s.t.Failed() {
		return
	}
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("vanthu-soak-%s-%d", s.database, s.seed))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		s.t.Log(err)
		return
	}
	save := func(name string, v any) {
		data, err := json.MarshalIndent(v, "", " ")
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), data, 0o600)
		}
		if err != nil {
			s.t.Log(err)
		}
	}
	b := s.books(true)
	save("mails.json", b.mails)
	save("letters.json", b.letters)
	save("cases.json", b.cases)
	save("events.json", b.events)
	save("cuts.json", slices.Concat(s.mishaps, s.cutter.cuts))
	save("dots.json", s.cutter.dots)
	for _, name := range []string{"serve.log", "vanthu.toml"} {
		if data, err := os.ReadFile(filepath.Join(s.dir, name)); err == nil {
			_ = os.WriteFile(filepath.Join(dir, name), data, 0o600)
		}
	}
	if data, err := os.ReadFile(filepath.Join(os.Getenv("VANTHU_CI_DIR"), "log", "mail")); err == nil {
		_ = os.WriteFile(filepath.Join(dir, "postfix.log"), []byte(strings.ToValidUTF8(string(data), "?")), 0o600)
	}
	s.t.Logf("journal, logs and the list of cuts are in %s", dir)
}
