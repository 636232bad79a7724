package inbox

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
)

// dovecot starts a real Dovecot on a free loopback port, with all it owns in a folder of the test. more is added to its
// configuration; {} in it is that folder.
func dovecot(t testing.TB, more ...string) Config {
	t.Helper()
	program, err := exec.LookPath("dovecot")
	if err != nil {
		program = "/usr/sbin/dovecot" // not in everybody's PATH
		if _, err := os.Stat(program); err != nil {
			t.Skip("no dovecot on this machine")
		}
	}
	dir := t.TempDir()
	me, err := user.Current()
	if err != nil {
		t.Skip("cannot find out who runs this: ", err)
	}
	service, login, owner := me.Username, me.Username, me.Username
	if me.Uid == "0" { // root may not own mail; the package's own users do
		service, login, owner = "dovecot", "dovenull", "dovecot"
		for _, name := range []string{service, login} {
			if _, err := user.Lookup(name); err != nil {
				t.Skip("dovecot's users are missing: ", err)
			}
		}
		for _, open := range []string{dir, filepath.Dir(dir)} {
			if err := os.Chmod(open, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	mails := filepath.Join(dir, "mail")
	if err := os.Mkdir(mails, 0o700); err != nil {
		t.Fatal(err)
	}
	if me.Uid == "0" {
		account, _ := user.Lookup(owner)
		var uid, gid int
		_, _ = fmt.Sscan(account.Uid+" "+account.Gid, &uid, &gid)
		if err := os.Chown(mails, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	settings, _ := selfSigned(t)
	pool := x509.NewCertPool()
	cert, _ := x509.ParseCertificate(settings.Certificates[0].Certificate[0])
	pool.AddCert(cert)
	der, err := x509.MarshalPKCS8PrivateKey(settings.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	crt := write("crt.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})))
	key := write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	users := write("users", desk+":{PLAIN}pw::::::\n")
	ip, port := ownIP(), "10993"
	conf := write("dovecot.conf", fmt.Sprintf(`
base_dir = %[1]s/run
state_dir = %[1]s/run
instance_name = vanthu-test
protocols = imap
listen = %[10]s
log_path = /dev/stderr
default_internal_user = %[2]s
default_login_user = %[3]s
default_internal_group = %[4]s
ssl = yes
ssl_cert = <%[5]s
ssl_key = <%[6]s
mail_location = maildir:%[1]s/mail/%%n
mail_uid = %[7]s
mail_gid = %[4]s
first_valid_uid = 1
first_valid_gid = 1
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%%u %[8]s
}
userdb {
  driver = static
  args = uid=%[7]s gid=%[4]s home=%[1]s/mail/%%n
}
namespace inbox {
  inbox = yes
}
service imap-login {
  chroot =
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    address = %[10]s
    port = %[9]s
    ssl = yes
  }
}
service anvil {
  chroot =
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
`, dir, service, login, groupOf(t, owner), crt, key, owner, users, port, ip)+strings.ReplaceAll(strings.Join(more, "\n"), "{}", dir))
	run(t, program, conf)
	return Config{Address: net.JoinHostPort(ip, port), TLS: TLSImplicit, RootCAs: pool, ServerName: "mail.truong.example",
		User: desk, Timeout: 10 * time.Second, Poll: time.Hour,
		Password: func(context.Context) (string, error) { return "pw", nil }}
}

// run starts dovecot in the foreground and waits until it says that it listens; the test's end stops it by its id.
func run(t testing.TB, program, conf string) {
	t.Helper()
	cmd := exec.Command(program, "-F", "-c", conf)
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = in, in
	if err := cmd.Start(); err != nil {
		t.Skip("dovecot cannot be started here: ", err)
	}
	_ = in.Close()
	started, ended := make(chan bool, 1), make(chan string, 1)
	go func() {
		var log strings.Builder
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			log.WriteString(lines.Text() + "\n")
			if strings.Contains(lines.Text(), "starting up") {
				started <- true
			}
		}
		ended <- log.String()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		log := <-ended
		_ = out.Close()
		if t.Failed() {
			t.Log(log)
		}
	})
	select {
	case <-started:
	case log := <-ended:
		ended <- log
		t.Skip("dovecot does not run here: ", log)
	}
}

// ownIP is an address for one server alone, in 127.0.0.0/8: a port that was found free may be somebody else's before Dovecot takes it.
func ownIP() string {
	return net.IPv4(127, byte(1+rand.IntN(250)), byte(rand.IntN(256)), byte(1+rand.IntN(250))).String()
}

func groupOf(t testing.TB, name string) string {
	t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	g, err := user.LookupGroupId(u.Gid)
	if err != nil {
		t.Fatal(err)
	}
	return g.Name
}

// put appends mails to the desk's INBOX as another client would.
func put(t testing.TB, cfg Config, mails ...[]byte) {
	t.Helper()
	s, err := connect(t.Context(), cfg.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	for _, raw := range mails {
		err := s.do(t.Context(), "append", func() error {
			cmd := s.c.Append("INBOX", int64(len(raw)), nil)
			if _, err := cmd.Write(raw); err != nil {
				return err
			}
			if err := cmd.Close(); err != nil {
				return err
			}
			_, err := cmd.Wait()
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// seen counts the mails of a folder that are marked as read.
func seen(t *testing.T, cfg Config, folder string) int {
	t.Helper()
	s, err := connect(t.Context(), cfg.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if _, err := s.open(t.Context(), folder, true); err != nil {
		t.Fatal(err)
	}
	data, err := s.c.UIDSearch(&imap.SearchCriteria{Flag: []imap.Flag{imap.FlagSeen}}, nil).Wait()
	if err != nil {
		t.Fatal(err)
	}
	return len(data.AllUIDs())
}

// servers are the two that the whole way is tried on.
func servers(t *testing.T, test func(t *testing.T, cfg Config)) {
	t.Helper()
	t.Parallel()
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		_, cfg := embedded(t, 0)
		test(t, cfg)
	})
	t.Run("dovecot", func(t *testing.T) {
		t.Parallel()
		test(t, dovecot(t))
	})
}

func TestWatchAndFile(t *testing.T) {
	servers(t, func(t *testing.T, cfg Config) {
		first := []byte("Subject: one\r\n\r\n" + strings.Repeat("line with \xff and \x01\r\n", 2000))
		put(t, cfg, first, []byte("Subject: two\r\n\r\nbody\r\n"))
		n := observe(t, cfg)
		got := n.gets(1, 2)
		if !bytes.Equal(got[1].Raw, first) || got[1].Size != int64(len(first)) || got[1].InternalDate.IsZero() {
			t.Errorf("%d bytes, size %d, want %d; date %v", len(got[1].Raw), got[1].Size, len(first), got[1].InternalDate)
		}
		n.until(Idle)
		put(t, cfg, []byte("Subject: three\r\n\r\nseen by IDLE\r\n"))
		n.gets(3)
		n.until(Idle)

		f := filer(t, cfg)
		validity := got[1].UIDValidity
		for range 2 {
			moved, err := f.MoveAll(t.Context(), "INBOX", validity, []uint32{1, 2, 77}, "Hoàn thành")
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%+v", moved)
			if !moved[2].Gone || moved[0].Gone != moved[1].Gone || !moved[0].Gone && (moved[0].FolderUID != 1 || moved[1].FolderUID != 2) {
				t.Errorf("%+v", moved)
			}
		}
		if _, err := f.Move(t.Context(), "INBOX", validity+1, 3, "Hoàn thành"); err == nil {
			t.Error("a renumbered mailbox is the same to the filer")
		}
		if _, err := f.Move(t.Context(), "INBOX", validity, 3, "Trả lại.Lần hai"); err != nil {
			t.Error(err)
		}
		for folder, mails := range map[string]int{"INBOX": 0, "Hoàn thành": 2, "Trả lại.Lần hai": 1} {
			s, err := connect(t.Context(), cfg.withDefaults())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.open(t.Context(), folder, true); err != nil {
				t.Error(folder, err)
			} else if uids, err := s.list(t.Context()); err != nil || len(uids) != mails {
				t.Errorf("%v in %s, %v", uids, folder, err)
			}
			s.close()
			if read := seen(t, cfg, folder); read != 0 {
				t.Errorf("%d mails of %s are marked as read", read, folder)
			}
		}
		put(t, cfg, []byte("Subject: four\r\n\r\n"))
		n.gets(4)
	})
}

func TestBacklog(t *testing.T) {
	servers(t, func(t *testing.T, cfg Config) {
		put(t, cfg, backlog(300)...)
		began := time.Now()
		n := observe(t, cfg)
		n.until(Idle)
		t.Logf("300 mails in %v", time.Since(began))
		if len(n.stored) != 300 {
			t.Fatalf("%d mails", len(n.stored))
		}
		uids := make([]uint32, 300)
		var validity uint32
		for i := range uids {
			d := <-n.stored
			uids[i], validity = d.UID, d.UIDValidity
		}
		moved, err := filer(t, cfg).MoveAll(t.Context(), "INBOX", validity, uids, "Done")
		if err != nil || len(moved) != 300 || moved[299].Gone {
			t.Error(len(moved), err)
		}
	})
}

// backlog is n mails of 20 KB.
func backlog(n int) [][]byte {
	body := strings.Repeat(strings.Repeat("QUJD", 19)+"\r\n", 20_000/78)
	mails := make([][]byte, n)
	for i := range mails {
		mails[i] = fmt.Appendf(nil, "Subject: mail %d\r\n\r\n%s", i, body)
	}
	return mails
}

// BenchmarkBacklog is 2,000 mails of 20 KB, from the login to the last one stored; "fetch" is one mail.
func BenchmarkBacklog(b *testing.B) {
	const mails = 2000
	for _, kind := range []string{"embedded", "dovecot"} {
		b.Run(kind, func(b *testing.B) {
			var cfg Config
			if kind == "embedded" {
				_, cfg = embedded(b, 0)
			} else {
				cfg = dovecot(b)
			}
			put(b, cfg, backlog(mails)...)
			b.ResetTimer()
			for b.Loop() {
				ctx, cancel := context.WithCancel(b.Context())
				got := 0
				cfg.Status = func(s Status) {
					if s == Idle {
						cancel()
					}
				}
				w := New(cfg, Journal{
					Unknown: func(_ context.Context, _ string, _ uint32, uids []uint32) ([]uint32, error) { return uids, nil },
					Store: func(_ context.Context, batch []Delivery) error {
						got += len(batch)
						return nil
					},
				})
				if err := w.Run(ctx); err != nil || got != mails {
					b.Fatal(got, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/mails, "ns/mail")
		})
	}
}
