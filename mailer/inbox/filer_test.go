package inbox

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vanthu/mailer/local"
)

const desk = "cntt@truong.example"

// embedded starts the local mail system with n mails in the desk's INBOX.
func embedded(t testing.TB, n int) (*local.Server, Config) {
	t.Helper()
	s, err := local.Start(local.Options{Mailboxes: []local.Account{{Address: desk, Password: "pw"}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for range n {
		if err := s.Deliver(desk, "INBOX", []byte("Subject: x\r\n\r\nbody\r\n")); err != nil {
			t.Fatal(err)
		}
	}
	return s, Config{Address: s.IMAPAddr(), TLS: TLSImplicit, RootCAs: s.RootCAs(), User: desk, Timeout: 10 * time.Second,
		Password: func(context.Context) (string, error) { return "pw", nil }, Poll: time.Hour}
}

func filer(t *testing.T, cfg Config) *Filer {
	f := NewFiler(cfg)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// key is the UIDVALIDITY of the desk's INBOX.
func key(t testing.TB, cfg Config) uint32 {
	t.Helper()
	s, err := connect(t.Context(), cfg.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	validity, err := s.open(t.Context(), "INBOX", true)
	if err != nil {
		t.Fatal(err)
	}
	return validity
}

func count(t *testing.T, s *local.Server, folder string) int {
	t.Helper()
	mails, err := s.Messages(desk, folder)
	if err != nil {
		t.Fatal(err)
	}
	return len(mails)
}

func TestFilerMoves(t *testing.T) {
	t.Parallel()
	s, cfg := embedded(t, 4)
	validity, f := key(t, cfg), filer(t, cfg)
	moved, err := f.MoveAll(t.Context(), "INBOX", validity, []uint32{3, 99, 1}, "Vanthu/Hoàn thành")
	if err != nil {
		t.Fatal(err)
	}
	for i := range moved {
		if (moved[i].FolderValidity == 0) != moved[i].Gone {
			t.Errorf("%+v", moved[i])
		}
		moved[i].FolderValidity = 0
	}
	folder := "Vanthu/Hoàn thành"
	want := []Moved{{UID: 3, Folder: folder, FolderUID: 2}, {UID: 99, Folder: folder, Gone: true}, {UID: 1, Folder: folder, FolderUID: 1}}
	if diff := cmp.Diff(want, moved); diff != "" {
		t.Error(diff)
	}
	again, err := f.Move(t.Context(), "INBOX", validity, 3, folder)
	if err != nil || !again.Gone {
		t.Errorf("the second time: %+v, %v", again, err)
	}
	if in, out := count(t, s, "INBOX"), count(t, s, folder); in != 2 || out != 2 {
		t.Errorf("%d in INBOX, %d filed", in, out)
	}
	if flags, err := s.Flags(desk, folder); err != nil || len(flags[0])+len(flags[1]) != 0 {
		t.Errorf("flags %v, %v", flags, err)
	}
}

func TestFilerKnowsARenumberedMailbox(t *testing.T) {
	t.Parallel()
	s, cfg := embedded(t, 2)
	validity, f := key(t, cfg), filer(t, cfg)
	if _, err := f.Move(t.Context(), "INBOX", validity, 1, "Done"); err != nil {
		t.Fatal(err)
	}
	if err := s.Renumber(desk, "INBOX"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Move(t.Context(), "INBOX", validity, 1, "Done"); !errors.Is(err, ErrRenumbered) {
		t.Errorf("got %v", err)
	}
	if got := count(t, s, "INBOX"); got != 1 {
		t.Errorf("%d in INBOX, want 1: another mail was moved", got)
	}
	if _, err := f.Move(t.Context(), "INBOX", key(t, cfg), 1, "Done"); err != nil {
		t.Error(err)
	}
}

func TestFilerComesBack(t *testing.T) {
	t.Parallel()
	s, cfg := embedded(t, 3)
	validity, f := key(t, cfg), filer(t, cfg)
	for uid := range uint32(3) {
		if _, err := f.Move(t.Context(), "INBOX", validity, uid+1, "Done"); err != nil {
			t.Fatal(err)
		}
		s.DropConnections()
	}
	if got := count(t, s, "Done"); got != 3 {
		t.Errorf("%d filed, want 3", got)
	}
}

func TestFilerIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	s, cfg := embedded(t, 40)
	validity, f := key(t, cfg), filer(t, cfg)
	var all sync.WaitGroup
	for uid := range uint32(40) {
		all.Go(func() {
			folder := []string{"Done", "Returned"}[uid%2]
			if moved, err := f.Move(t.Context(), "INBOX", validity, uid+1, folder); err != nil || moved.Gone {
				t.Errorf("%+v, %v", moved, err)
			}
		})
	}
	all.Wait()
	if count(t, s, "Done") != 20 || count(t, s, "Returned") != 20 {
		t.Error("not everything is where it belongs")
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := f.Move(t.Context(), "INBOX", validity, 1, "Done"); err == nil {
		t.Error("a closed filer moves")
	}
}

func TestFilerMovesABacklogInFewCommands(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	var uids []uint32
	for uid := range uint32(1200) {
		f.mails = append(f.mails, mail(3*uid+1))
		uids = append(uids, 3*uid+1)
	}
	f.caps = "IMAP4rev1 MOVE"
	moved, err := filer(t, plain(f.start())).MoveAll(t.Context(), "INBOX", 7, uids, "Done")
	if err != nil || len(moved) != 1200 {
		t.Fatal(len(moved), err)
	}
	if moves := f.said("UID MOVE"); len(moves) != 3 {
		t.Errorf("%d commands, want 3", len(moves))
	}
}

func TestFilerWithoutMove(t *testing.T) {
	t.Parallel()
	f := newFake(t, mail(5), mail(6), mail(7))
	f.caps = "IMAP4rev1 UIDPLUS"
	f.hook = func(c *fakeConn, command string) bool {
		if !strings.HasPrefix(command, "UID COPY") {
			return false
		}
		c.say("%s OK [COPYUID 9 5,7 40:41] done", c.tag)
		return true
	}
	moved, err := filer(t, plain(f.start())).MoveAll(t.Context(), "INBOX", 7, []uint32{7, 5}, "Done")
	if err != nil {
		t.Fatal(err)
	}
	want := []Moved{{UID: 7, Folder: "Done", FolderValidity: 9, FolderUID: 41}, {UID: 5, Folder: "Done", FolderValidity: 9, FolderUID: 40}}
	if diff := cmp.Diff(want, moved); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{`UID STORE 5,7 +FLAGS.SILENT (\Deleted)`, "UID EXPUNGE 5,7"}, append(f.said("STORE"), f.said("EXPUNGE")...)); diff != "" {
		t.Error(diff)
	}
}

// A copy that failed is no reason to delete anything.
func TestFilerCopyFails(t *testing.T) {
	t.Parallel()
	f := newFake(t, mail(5))
	f.caps = "IMAP4rev1 UIDPLUS"
	f.hook = func(c *fakeConn, command string) bool {
		switch {
		case strings.HasPrefix(command, "UID COPY"):
			c.say("%s NO [OVERQUOTA] full", c.tag)
		case strings.HasPrefix(command, "LIST"):
			c.say(`* LIST () "/" Done`)
			c.ok()
		default:
			return false
		}
		return true
	}
	if _, err := filer(t, plain(f.start())).Move(t.Context(), "INBOX", 7, 5, "Done"); !refusedWith(err, "OVERQUOTA") {
		t.Errorf("got %v", err)
	}
	if bad := append(append(f.said("STORE"), f.said("EXPUNGE")...), f.said("CREATE")...); len(bad) > 0 {
		t.Errorf("%q", bad)
	}
}

// What was copied and may not be removed, or could not because the line broke, is not copied again at each try.
func TestFilerCopiesOnce(t *testing.T) {
	t.Parallel()
	refuse := func(c *fakeConn) { c.say("%s NO [NOPERM] you may not", c.tag) }
	for name, fails := range map[string]struct {
		at   string
		with func(c *fakeConn)
	}{
		"mark":    {"UID STORE", refuse},
		"expunge": {"UID EXPUNGE", refuse},
		"line":    {"UID STORE", func(c *fakeConn) { _ = c.Close() }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, mail(5), mail(6))
			f.caps = "IMAP4rev1 UIDPLUS"
			var tries atomic.Int32
			f.hook = func(c *fakeConn, command string) bool {
				switch {
				case strings.HasPrefix(command, "UID COPY 5"):
					c.say("%s OK [COPYUID 9 5 40] done", c.tag)
				case strings.HasPrefix(command, "LIST"):
					c.say(`* LIST () "/" Done`)
					c.ok()
				case tries.Load() < 3 && strings.HasPrefix(command, fails.at):
					fails.with(c)
				default:
					return false
				}
				return true
			}
			filer := filer(t, plain(f.start()))
			for ; tries.Load() < 3; tries.Add(1) {
				if _, err := filer.MoveAll(t.Context(), "INBOX", 7, []uint32{5}, "Done"); err == nil {
					t.Fatal("it says that a mail was moved that is still there")
				}
			}
			moved, err := filer.MoveAll(t.Context(), "INBOX", 7, []uint32{6, 5}, "Done")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]Moved{{UID: 6, Folder: "Done"}, {UID: 5, Folder: "Done", FolderValidity: 9, FolderUID: 40}}, moved); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{`UID COPY 5 "Done"`, `UID COPY 6 "Done"`}, f.said("UID COPY")); diff != "" {
				t.Error(diff)
			}
			if last := f.said("UID EXPUNGE"); last[len(last)-1] != "UID EXPUNGE 5:6" {
				t.Errorf("%q", last)
			}
		})
	}
}

// What the server does not say that it copied is not removed.
func TestFilerRemovesOnlyCopies(t *testing.T) {
	t.Parallel()
	f := newFake(t, mail(5), mail(6))
	f.caps = "IMAP4rev1 UIDPLUS"
	f.hook = func(c *fakeConn, command string) bool {
		if !strings.HasPrefix(command, "UID COPY") {
			return false
		}
		c.say("%s OK [COPYUID 9 5 40] done", c.tag)
		return true
	}
	if _, err := filer(t, plain(f.start())).MoveAll(t.Context(), "INBOX", 7, []uint32{5, 6}, "Done"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{`UID STORE 5 +FLAGS.SILENT (\Deleted)`, "UID EXPUNGE 5"}, append(f.said("STORE"), f.said("EXPUNGE")...)); diff != "" {
		t.Error(diff)
	}
}

func TestFilerNeverExpungesForOthers(t *testing.T) {
	t.Parallel()
	f := newFake(t, mail(5))
	if _, err := filer(t, plain(f.start())).Move(t.Context(), "INBOX", 7, 5, "Done"); !errors.Is(err, ErrNoMove) {
		t.Errorf("got %v", err)
	}
	if bad := append(f.said("EXPUNGE"), f.said("COPY")...); len(bad) > 0 {
		t.Errorf("%q", bad)
	}
	if code := Code(ErrNoMove); code != "refused" { // it is so for every machine, and the line is good
		t.Error(code)
	}
}

// What the server can do is heard until the login, and then stays: the library follows each list, and its Move without MOVE
// expunges what others have marked, and even what could not be copied.
func TestFilerCapabilitiesStay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		at, says string
		moves    bool
	}{
		"list":                 {"UID SEARCH", "* CAPABILITY IMAP4rev1 IDLE\r\n", true},
		"code":                 {"UID SEARCH", "* OK [CAPABILITY IMAP4rev1 IDLE] changed\r\n", true},
		"code without a list":  {"UID SEARCH", "* OK [CAPABILITY] changed\r\n", true},
		"answer with code":     {"SELECT", "* OK [UIDVALIDITY 7] valid\r\n%s OK [CAPABILITY IMAP4rev1 IDLE] done\r\n", true},
		"login with code":      {"LOGIN", "%s OK [CAPABILITY IMAP4rev1 MOVE] done\r\n", true},
		"more than before":     {"LOGIN", "", true},
		"list behind the code": {"LOGIN", "%s OK [CAPABILITY IMAP4rev1 MOVE] done\r\n* CAPABILITY IMAP4rev1 IDLE\r\n", false}, // seen or not
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, mail(5))
			f.caps = "IMAP4rev1"
			f.hook = func(conn *fakeConn, command string) bool {
				if strings.HasPrefix(command, "LOGIN") {
					f.mu.Lock()
					f.caps = "IMAP4rev1 MOVE"
					f.mu.Unlock()
				}
				if !strings.HasPrefix(command, c.at) {
					return false
				}
				tagged := strings.Contains(c.says, "%s")
				_, _ = io.WriteString(conn, strings.Replace(c.says, "%s", conn.tag, 1)) // in one piece
				return tagged
			}
			_, err := filer(t, plain(f.start())).Move(t.Context(), "INBOX", 7, 5, "Done")
			if err != nil && (c.moves || !errors.Is(err, ErrNoMove)) {
				t.Error(err)
			}
			if bad := append(f.said("EXPUNGE"), f.said("COPY")...); len(bad) > 0 || c.moves && len(f.said("UID MOVE")) != 1 {
				t.Errorf("%q, %q", bad, f.said("MOVE"))
			}
		})
	}
}

// On a server whose folders all stand below INBOX the configured name is tried as it is, then with the prefix.
func TestFilerWithNamespacePrefix(t *testing.T) {
	t.Parallel()
	f := newFake(t, mail(5), mail(6))
	f.caps = "IMAP4rev1 MOVE NAMESPACE"
	folders := map[string]bool{}
	f.hook = func(c *fakeConn, command string) bool {
		name := strings.Trim(command[strings.LastIndexByte(command, ' ')+1:], `"`)
		switch {
		case strings.HasPrefix(command, "UID MOVE") && !folders[name]:
			c.say("%s NO there is no such folder", c.tag)
		case command == "NAMESPACE":
			c.say(`* NAMESPACE (("INBOX." ".")) NIL NIL`)
			c.ok()
		case strings.HasPrefix(command, "LIST"):
			if folders[name] {
				c.say(`* LIST () "." %s`, name)
			}
			c.ok()
		case strings.HasPrefix(command, "CREATE") && !strings.HasPrefix(name, "INBOX."):
			c.say("%s NO folders go below INBOX", c.tag)
		case strings.HasPrefix(command, "CREATE"):
			folders[name] = true
			c.ok()
		default:
			return false
		}
		return true
	}
	filer := filer(t, plain(f.start()))
	for _, uid := range []uint32{5, 6} {
		if moved, err := filer.Move(t.Context(), "INBOX", 7, uid, "Done"); err != nil || moved.Folder != "INBOX.Done" {
			t.Fatalf("%+v, %v", moved, err)
		}
	}
	got := append(f.said("CREATE"), f.said("SUBSCRIBE")...)
	if diff := cmp.Diff([]string{`CREATE "Done"`, `CREATE "INBOX.Done"`, `SUBSCRIBE "INBOX.Done"`}, got); diff != "" {
		t.Error(diff)
	}
	delete(folders, "INBOX.Done") // a person removes the folder; the next mail makes it again
	if _, err := filer.Move(t.Context(), "INBOX", 7, 5, "Done"); err != nil || !folders["INBOX.Done"] {
		t.Error(err, folders)
	}
}

func TestFilerDoesNotHang(t *testing.T) {
	t.Parallel()
	for _, stage := range []string{"SELECT", "UID SEARCH", "UID MOVE", "NAMESPACE", "LIST", "CREATE", "SUBSCRIBE"} {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, mail(5))
			f.caps = "IMAP4rev1 MOVE NAMESPACE"
			f.hook = func(c *fakeConn, command string) bool {
				switch {
				case strings.HasPrefix(command, stage):
					return c.hang()
				case strings.HasPrefix(command, "UID MOVE"):
					c.say("%s NO [TRYCREATE] no such folder", c.tag)
				case command == "NAMESPACE":
					c.say(`* NAMESPACE (("" "/")) NIL NIL`)
					c.ok()
				default:
					return false
				}
				return true
			}
			cfg := plain(f.start())
			cfg.Timeout = 100 * time.Millisecond
			if _, err := filer(t, cfg).Move(t.Context(), "INBOX", 7, 5, "Done"); !errors.Is(err, ErrTimeout) {
				t.Errorf("got %v", err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := filer(t, cfg).Move(ctx, "INBOX", 7, 5, "Done"); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
	}
}
