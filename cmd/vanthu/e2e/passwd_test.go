//go:build e2e

package e2e

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/jackc/pgx/v5"

	"vanthu/bot"
)

// The platform passwd from the mail to the sign-in: four people are asked for, their rows stand in a table of PostgreSQL that a real
// Dovecot reads, and they open their mailboxes by IMAP with the passwords of the encrypted workbook. One of them leaves: he is
// suspended, and Dovecot lets him in no more until he is restored. Table and Dovecot's queries are those of docs/operations.md.
func TestPasswd(t *testing.T) {
	w := newWorld(t, "sqlite")
	w.change(`platform = "ldap"`, `platform = "passwd"`)
	w.change("[brakes]", fmt.Sprintf("[accounts.passwd]\nurl = %q\npassword_file = \"password\"\nmust_change = \"must_change=true\"\naliases = { table = \"aliases\" }\n\n[brakes]", os.Getenv("VANTHU_CI_SQLMAIL_TABLE")))
	table := w.table()
	sql := func(statement string, args ...any) {
		if _, err := table.Exec(t.Context(), statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	sql("DELETE FROM users")
	serve := w.serve()
	unit, inbox := w.courier(ctsv), w.mailbox(ctsv)
	list := people(500, 4)
	address := func(p person) string { return p.code + "@sv.truong.example" }
	sql("INSERT INTO users (address, password, name) VALUES ($1, '{PLAIN}nobody-knows', 'Hoàng Thị Cũ')", "cu@sv.truong.example") // somebody was here before

	if err := w.opens(address(list[0]), "anything"); err == nil {
		t.Fatal("Dovecot lets in who is not there")
	}
	unit.send(request(t, ctsv, "passwd", list))
	w.await("the acknowledgement", 20*time.Second, func() bool { return inbox.count("INBOX") == 1 })
	w.served(inbox.mails("INBOX")[0].Header("X-Vanthu-Case"))
	w.await("the credentials", 30*time.Second, func() bool { return inbox.count("INBOX") == 2 })
	passwords := credentials(t, inbox.mails("INBOX")[1])

	var rows, ours int
	if err := table.QueryRow(t.Context(), "SELECT count(*), count(*) FILTER (WHERE marker LIKE 'vanthu:YC-%' AND must_change AND password LIKE '{SSHA512}%') FROM users").Scan(&rows, &ours); err != nil || rows != 5 || ours != 4 {
		t.Errorf("%d rows, %d of ours, %v", rows, ours, err)
	}
	for _, p := range list {
		if err := w.opens(address(p), passwords[p.code]); err != nil {
			t.Errorf("%s cannot open the mailbox: %v", p.code, err)
		}
		if err := w.opens(address(p), passwords[p.code]+"x"); err == nil {
			t.Errorf("%s opens the mailbox with another password", p.code)
		}
	}

	stays, leaves := list[0], list[1]
	unit.send(leavers(t, "left", []person{leaves}))
	w.await("M07a", 20*time.Second, func() bool { return inbox.count("INBOX") == 3 })
	number := inbox.mails("INBOX")[2].Header("X-Vanthu-Case")
	w.served(number)
	w.await("suspended", 30*time.Second, func() bool { return w.state(number) == bot.Suspended })
	if w.opens(address(stays), passwords[stays.code]) != nil || w.opens(address(leaves), passwords[leaves.code]) == nil {
		t.Error("who is suspended must not open the mailbox, the others must")
	}
	w.must("case", "restore", number, "1", "--reason", "Sinh viên được học tiếp.", "--as", "lan")
	w.await("restored", 30*time.Second, func() bool { return w.opens(address(leaves), passwords[leaves.code]) == nil })

	if err := serve.stop(t); err != nil {
		t.Errorf("SIGTERM: %v\n%s", err, serve.log)
	}
	for _, p := range list {
		if serve.log.contains(passwords[p.code]) || serve.log.contains(p.name) {
			t.Errorf("the log holds the password or the name of %s", p.code)
		}
	}

	// A table that it may not read is refused at the start, with the SQL that puts it right.
	w.change(`table = "aliases"`, `table = "nowhere"`)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, w.binary, "serve", "--config", w.config).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "GRANT SELECT") {
		t.Errorf("serve without its aliases: %v\n%s", err, out)
	}
}

// table opens the database of the mail server as vanthu does.
func (w *world) table() *pgx.Conn {
	w.t.Helper()
	cfg, err := pgx.ParseConfig(os.Getenv("VANTHU_CI_SQLMAIL_TABLE"))
	if err != nil {
		w.t.Fatal(err)
	}
	cfg.Password = w.password
	conn, err := pgx.ConnectConfig(w.t.Context(), cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = conn.PgConn().Conn().Close() })
	return conn
}

// opens signs in by IMAP to the Dovecot that reads the table, and selects the mailbox.
func (w *world) opens(address, password string) error {
	client, err := imapclient.DialTLS(os.Getenv("VANTHU_CI_SQLMAIL"), &imapclient.Options{TLSConfig: &tls.Config{RootCAs: w.roots, ServerName: w.serverName}})
	if err != nil {
		w.t.Fatal(err)
	}
	defer client.Close()
	if err := client.Login(address, password).Wait(); err != nil {
		return err
	}
	_, err = client.Select("INBOX", nil).Wait()
	return err
}
