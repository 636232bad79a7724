//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"vanthu/bot"
	"vanthu/mailer/compose"
	"vanthu/mailer/mime"
)

// Each server goes away for a while and comes back: nothing is lost, nobody is quarantined for it, every mail is answered
// once. While the directory is away vanthu is started anew, and answers what needs no directory.
func TestServersGoAway(t *testing.T) {
	w := newWorld(t, "sqlite")
	serve := w.serve()
	answered := func(n int) func() bool {
		return func() bool { return w.mailbox(ctsv).count("INBOX") == n }
	}
	w.append(t, "first", 100)
	w.await("an answer with everything up", 30*time.Second, answered(1))

	answers := 1
	for i, c := range []struct{ service, says string }{
		{"postfix", "answer_temporary"}, // the answer waits in the outbox
		{"slapd", "cannot be asked"},    // the mail waits for the directory: is somebody there already?
		{"dovecot", "mailbox_lost"},     // the watcher comes back
	} {
		w.service("stop", c.service)
		if c.service == "slapd" {
			if err := serve.stop(t); err != nil {
				t.Errorf("SIGTERM: %v", err)
			}
			serve = w.serve()
			w.await("it says that the directory is away", 10*time.Second, func() bool { return serve.log.contains("platform_away") })
			w.put(t, compose.Mail{From: mime.Address{Address: ctsv}, To: []mime.Address{{Address: service}}, Subject: "Xin biểu mẫu", MessageID: "<form@truong.example>", Date: time.Now(),
				Text: "Cho em xin biểu mẫu BM-CNTT31 ạ."})
			answers++
			w.await("the form while the directory is away", 30*time.Second, answered(answers))
		}
		if c.service != "dovecot" {
			w.append(t, c.service, 200+100*i)
		}
		if c.service != "slapd" { // River says it, in words of its own
			w.await(c.service+" missed", 60*time.Second, func() bool { return serve.log.contains(c.says) || w.noted(c.says) })
		}
		w.service("start", c.service)
		if c.service == "dovecot" {
			w.append(t, c.service, 200+100*i)
		}
		answers++
		w.await("the answer after "+c.service+" was away", 90*time.Second, answered(answers))
	}
	service := w.mailbox(service)
	w.await("everything filed", 60*time.Second, func() bool { return service.count("Done")+service.count("Ignored") == 5 && service.count("INBOX") == 0 })
	if n := service.count("Quarantine"); n != 0 {
		t.Errorf("%d mails in quarantine", n)
	}
	seen := make(map[string]bool)
	for _, m := range w.mailbox(ctsv).mails("INBOX") {
		if seen[m.ID] {
			t.Errorf("%s was answered twice", m.Subject)
		}
		seen[m.ID] = true
	}
	if err := serve.stop(t); err != nil {
		t.Errorf("SIGTERM: %v", err)
	}
}

// append puts a request of 3 people into the mailbox as the MTA would have, so that it arrives with any other server down.
func (w *world) append(t *testing.T, id string, first int) {
	t.Helper()
	w.put(t, request(t, ctsv, id, people(first, 3)))
}

// put is append for any mail.
func (w *world) put(t *testing.T, m compose.Mail) {
	t.Helper()
	raw, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	w.mailbox(service).append("INBOX", append([]byte("Return-Path: <ctsv@truong.example>\r\nAuthentication-Results: mail.truong.example; auth=pass smtp.auth=ctsv@truong.example\r\n"+
		"Received: from localhost by mail.truong.example with ESMTPSA; Sat, 21 Nov 2026 08:00:00 +0700\r\n"), raw...))
}

// service stops or starts one of the real servers.
func (w *world) service(command, name string) {
	w.t.Helper()
	out, err := exec.Command("../../../.ci/servers", command, os.Getenv("VANTHU_CI_DIR"), name).CombinedOutput()
	if err != nil {
		w.t.Fatalf("%s %s: %v\n%s", command, name, err, out)
	}
}

// noted says whether the history has an event of that name.
func (w *world) noted(what string) bool {
	w.t.Helper()
	for i := 1; ; i++ {
		out, err := w.run("case", "show", fmt.Sprintf("YC-%d-%04d", time.Now().In(time.FixedZone("+07", 7*3600)).Year(), i), "--as", "lan", "--json")
		if err != nil {
			return false
		}
		var v struct {
			Events []bot.Event `json:"events"`
		}
		decode(w.t, out, &v)
		for _, e := range v.Events {
			if e.What == what {
				return true
			}
		}
	}
}
